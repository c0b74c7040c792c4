"""Two records of one person become one, after both were proven.

So far the simple half: a record to which nothing was ever posted gives way to the one that was found. Where both have
accounts, entries tie them (`ledger.merge`), and whatever is given once to a person has to be counted anew.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from loyalty import audit, consents, deep_links, sessions, sign_in
from loyalty.errors import CannotMerge
from models import db
from models.customer import Customer, Identity, PlatformRole
from models.ledger import Membership
from models.partner import PartnerApplication, Staff


def give_way(blank: Customer, owner: Customer, now: datetime) -> None:
    """Whoever began anew turns out to be `owner`, and has just proven it: how they are found and what they agreed to since
    becomes the owner's, and of two answers about one thing the newer holds. The owner keeps name, birthday and settings.

    Raises `CannotMerge` where `blank` has an account or a role, or asked for one, and where the owner acts for others: for
    a till or the platform a phone is no proof.
    """
    wanted = select(Customer).where(Customer.id.in_((blank.id, owner.id))).order_by(Customer.id).with_for_update()
    states = [one.state for one in db.session.scalars(wanted, execution_options={"populate_existing": True})]
    if states != ["active", "active"] or not _is_blank(blank) or deep_links.needs_own_link(owner):
        raise CannotMerge()
    moved = update(Identity).where(Identity.customer_id == blank.id).values(customer_id=owner.id)
    db.session.execute(moved, execution_options={"synchronize_session": False})
    consents.copy_answers(blank.id, owner.id)
    sessions.end_all(blank.id, now, reason="merged")
    sign_in.forget_codes([blank.id], [])
    deep_links.forget_made_by([blank.id])
    owner.name, owner.birth_date = owner.name or blank.name, owner.birth_date or blank.birth_date
    blank.state, blank.merged_into = "merged", owner.id
    blank.name = blank.birth_date = blank.purchase_preferences = None
    audit.record("customer.merge", actor=owner.id, subject=owner.id, details={"merged": str(blank.id)})
    db.session.flush()
    db.session.expire_all()


def _is_blank(customer: Customer) -> bool:
    """Nothing was posted to them, they work nowhere and asked for nothing."""
    owners = (Membership.customer_id, Staff.customer_id, PlatformRole.customer_id, PartnerApplication.applicant_id)
    return not any(db.session.scalar(select(select(1).where(column == customer.id).exists())) for column in owners)
