"""The welcome bonus: once per membership, when the person has proven an identity and consented."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from loyalty import consents, ledger, notices
from loyalty.customers import membership_of
from loyalty.programmes import current_rules
from models import db
from models.customer import Identity
from models.partner import Partner


def grant_if_due(customer_id: UUID, partner: Partner, now: datetime) -> ledger.Posted | None:
    """Grant it if everything is there; None when it is not, was given before, or the programme gives none.

    Never called by imports, CRM, 1C or a cashier's creation alone: only the person's own act leads here.
    """
    membership = membership_of(customer_id, partner.id)
    if membership is None or membership.welcomed_at is not None:
        return None
    _, rules = current_rules(partner.id)
    if not rules.welcome_bonus or not _has_proven(customer_id):
        return None
    if not consents.has_consent(customer_id, "personal_data", partner.id):
        return None
    posted = ledger.grant(
        partner.id,
        membership.id,
        rules.welcome_bonus,
        source="system",
        source_ref="welcome",
        now=now,
        life=rules.bonus_life,
        rules={"label": "welcome"},
    )
    membership.welcomed_at = now
    db.session.flush()
    if not posted.repeated:
        notices.announce_welcome(partner.id, posted.entry_id, membership_id=membership.id)
    return posted


def _has_proven(customer_id: UUID) -> bool:
    proven = select(Identity.id).where(Identity.customer_id == customer_id, Identity.proven_at.is_not(None))
    return db.session.scalar(proven.limit(1)) is not None
