"""A person is forgotten: whatever names them goes, in one transaction; entries and sums stay and name nobody.

What stays is the person's row without anything in it, so that entries, purchases and consents still belong to one nobody;
their accounts, closed for ever; what they did as staff, under their id; and their numbers in partners' own systems as keyed
hashes, so that a partner's next file leaves them out. By phone and e-mail they can begin anew, as anybody.

Whoever adds a table with something of people in it wipes it here: a test dumps the whole database and looks.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, tuple_, update

from loyalty import (
    audit,
    claims,
    deep_links,
    drafts,
    ledger,
    referrals,
    replies,
    sale_codes,
    sign_in,
    spending,
    staff,
    surveys,
    updates,
)
from loyalty.customers import number_of_nobody
from loyalty.errors import CustomerNotFound
from loyalty.identities import Identifier
from loyalty.phones import national_digits
from models import db
from models.customer import Customer, CustomerCode, Identity, PlatformRole, Session, Standing
from models.ledger import Entry, EntryReason, Membership, MembershipIdentity
from models.partner import Partner, PartnerApplication
from models.telegram import BotChat, ChatPace
from models.widget import WidgetSession
from models.work import ImportDocument, ImportLine


def erase_person(customer: Customer, now: datetime) -> None:
    """Forget the person for good. They are signed out everywhere, their points are lost, and no notice reaches them any more.

    Raises `LastOwner` for the only owner of an active partner, `CustomerNotFound` for who is forgotten already; then
    nothing is changed.
    """
    db.session.flush()
    people = _lock(customer)
    ids = [person.id for person in people]
    identities = db.session.scalars(select(Identity).where(Identity.customer_id.in_(ids))).all()
    known = [Identifier(one.kind, one.value, one.partner_id) for one in identities]
    names = {name for name in (*(person.name for person in people), *_names_at_partners(ids)) if name}
    staff.leave_everywhere(ids, now)
    referrals.forget_people(ids)
    _close_accounts(ids, now)
    _forget_contacts(ids, known)
    _forget_conversations(known, names, ids)
    _forget_applications(ids)
    _forget_imports(known)
    for person in people:
        _empty(person)
    customer.state = "erased"
    audit.record("customer.erase", actor=customer.id, subject=customer.id)
    db.session.flush()


def _lock(customer: Customer) -> list[Customer]:
    """The person and every record that was merged into theirs. Who opens an account for them or attaches an identity waits."""
    found, wave = [], [customer.id]
    while wave:
        query = select(Customer).where(Customer.id.in_(wave)).order_by(Customer.id).with_for_update()
        found += db.session.scalars(query, execution_options={"populate_existing": True}).all()
        merged = select(Customer.id).where(Customer.merged_into.in_(wave))
        wave = list(db.session.scalars(merged))
    if customer.state in ("erased", "merged"):
        raise CustomerNotFound()
    return found


def _names_at_partners(ids: list[UUID]) -> list[str | None]:
    return list(db.session.scalars(select(Membership.name).where(Membership.customer_id.in_(ids))))


def _close_accounts(ids: list[UUID], now: datetime) -> None:
    """Frozen, without a name; what staff wrote about the person's entries goes."""
    query = select(Membership.partner_id, Membership.id, Membership.state).where(Membership.customer_id.in_(ids))
    accounts = db.session.execute(query.order_by(Membership.partner_id, Membership.id)).all()
    for partner_id, membership_id, state in accounts:
        if state == "open":
            ledger.erase(partner_id, membership_id, now=now)
        claims.forget(partner_id, membership_id, now)
        spending.forget(partner_id, membership_id)
        surveys.forget(partner_id, membership_id)
    _change(update(Membership).where(Membership.customer_id.in_(ids)).values(name=None))
    theirs = (
        select(Entry.partner_id, Entry.id)
        .join(Membership, (Membership.partner_id == Entry.partner_id) & (Membership.id == Entry.membership_id))
        .where(Membership.customer_id.in_(ids))
    )
    _change(delete(EntryReason).where(tuple_(EntryReason.partner_id, EntryReason.entry_id).in_(theirs)))


def _forget_contacts(ids: list[UUID], known: list[Identifier]) -> None:
    """How they are found and how they came in. What partners knew of it goes with the identity."""
    sign_in.forget_codes(ids, known)
    for table in (CustomerCode, Session, WidgetSession, Standing, PlatformRole):
        _change(delete(table).where(table.customer_id.in_(ids)))
    deep_links.forget_made_by(ids)
    sale_codes.forget_of(ids)
    surveys.forget_turns(ids)
    theirs = Identity.customer_id.in_(ids)
    of_partners = select(Identity.id).where(theirs, Identity.partner_id.is_not(None))
    _change(delete(MembershipIdentity).where(MembershipIdentity.identity_id.in_(of_partners)))
    for one in known:
        if one.partner_id is not None:
            number = (Identity.kind == one.kind, Identity.value == one.value, Identity.partner_id == one.partner_id)
            _change(update(Identity).where(theirs, *number).values(value=number_of_nobody(one)))
    _change(delete(Identity).where(theirs, Identity.partner_id.is_(None)))


def _forget_conversations(known: list[Identifier], names: set[str], ids: list[UUID]) -> None:
    """The person's own chats, and what staff typed about them in theirs."""
    chats = [int(one.value) for one in known if one.kind == "telegram"]
    _change(delete(BotChat).where(BotChat.chat_id.in_(chats)))
    _change(delete(ChatPace).where(ChatPace.chat_id.in_(chats)))
    for chat_id in chats:
        replies.forget_chat(chat_id)
    contacts = [one.value for one in known if one.kind in ("phone", "email", "card")]
    updates.forget_about(chats, contacts)
    drafts.forget_about(ids, contacts)
    written = func.jsonb_path_query_array(BotChat.data, 'strict $.** ? (@.type() == "string")')
    told = [func.strpos(BotChat.data.cast(db.Text), contact) > 0 for contact in contacts]
    told += [written.op("?")(name) for name in names]
    typed = func.regexp_replace(BotChat.data.cast(db.Text), "[^0-9]", "", "g")
    told += [func.strpos(typed, digits) > 0 for digits in map(national_digits, contacts) if digits]
    if told:
        _change(update(BotChat).where(db.or_(*told)).values(step=None, data={}))


def _forget_applications(ids: list[UUID]) -> None:
    """Those that led to nothing go; of the others the words of the applicant do."""
    theirs = PartnerApplication.applicant_id.in_(ids)
    _change(delete(PartnerApplication).where(theirs, PartnerApplication.state != "approved"))
    name = select(Partner.name).where(Partner.id == PartnerApplication.partner_id).scalar_subquery()
    wiped = {"name": name, "city": None, "comment": None, "reason": None}
    _change(update(PartnerApplication).where(theirs).values(wiped))


def _forget_imports(known: list[Identifier]) -> None:
    """The person's number in what was staged of a partner's file; lines that are still to be posted are the partner's."""
    for one in known:
        if one.kind != "import":
            continue
        for table, empty in ((ImportLine, None), (ImportDocument, "")):
            lines = update(table).where(table.partner_id == one.partner_id, table.customer == one.value)
            _change(lines.where(table.outcome.is_not(None)).values(customer=empty))


def _empty(person: Customer) -> None:
    person.name = person.birth_date = person.purchase_preferences = None
    person.notices = {}


def _change(statement: Any) -> None:
    db.session.execute(statement, execution_options={"synchronize_session": False})
