"""Becoming a partner's customer by one's own act elsewhere than in a registration: by a QR on the counter or at the till.

The same is asked and the same comes of it as when one registers: consents to this partner, and its welcome bonus.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from loyalty import consents, customers, welcome
from loyalty.errors import ConsentRequired
from models import db
from models.customer import Customer, Identity
from models.ledger import Membership
from models.partner import Partner


def must_be_asked(customer_id: UUID, partner_id: UUID) -> bool:
    """Whether the person has yet to agree to the processing of their data by this partner."""
    return not consents.has_consent(customer_id, consents.PERSONAL_DATA, partner_id)


def join(customer: Customer, partner: Partner, answers: Mapping[str, bool], *, place: str, now: datetime) -> Membership:
    """The person's account at the partner, opened if there is none; `answers` (kind → yes or no) are noted.

    Whoever said no to the platform as a whole may say yes here and then joins, though that no holds for what else needs a
    consent, the bonus too. A partner that is new to the person learns their name and what they can be reached by: the
    phone they proved, else the e-mail. Raises `ConsentRequired`, `InvalidConsent`, `CustomerNotFound`.
    """
    consents.record_answers(customer.id, answers, partner_id=partner.id, place=place, now=now)
    if not answers.get(consents.PERSONAL_DATA) and must_be_asked(customer.id, partner.id):
        raise ConsentRequired()
    is_new = customers.membership_of(customer.id, partner.id) is None
    known = shown_contact(customer.id) if is_new else None
    membership = customers.join(customer, partner, known=known, name=customer.name if is_new else None, now=now)
    welcome.grant_if_due(customer.id, partner, now)
    return membership


def shown_contact(customer_id: UUID) -> Identity | None:
    """By what a partner meets the person: the phone they proved first, else the e-mail."""
    proven = select(Identity).where(
        Identity.customer_id == customer_id, Identity.kind.in_(("phone", "email")), Identity.proven_at.is_not(None)
    )
    return db.session.scalar(proven.order_by(Identity.kind.desc(), Identity.id).limit(1))
