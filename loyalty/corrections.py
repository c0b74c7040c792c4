"""Points corrected by the platform's admins, up or down, with a reason that stays apart from the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from loyalty import audit, ledger, programmes
from loyalty.customers import membership_of
from loyalty.errors import CustomerNotFound, InvalidPoints, NotEnoughPoints
from loyalty.lifetime import expires_at
from loyalty.sales import Caller
from models.partner import Partner


@dataclass(frozen=True)
class Forecast:
    """What a correction would do now. `points` may be nearer to zero than asked: a debit may stop at what is available.

    `expires_at` is until when a credit can be spent, None for ever.
    """

    asked: int
    points: int
    balance: int
    balance_after: int
    expires_at: datetime | None


def preview_correction(partner: Partner, customer_id: UUID, points: int, *, now: datetime) -> Forecast:
    """What `correct_points` would do; moves nothing. Raises what it would raise."""
    if not points:
        raise InvalidPoints(points)
    membership_id = _account(partner, customer_id)
    _, rules = programmes.current_rules(partner.id)
    account = ledger.bring_up(partner.id, membership_id, now)
    moved = points
    if points < 0 and rules.clawback != "debt":
        moved = -min(-points, max(account.available, 0))
        if not moved:
            raise NotEnoughPoints(0, -points)
    dies = expires_at(now, rules.bonus_life, ZoneInfo(partner.timezone)) if points > 0 else None
    return Forecast(points, moved, account.balance, account.balance + moved, dies)


def correct_points(
    partner: Partner, customer_id: UUID, points: int, reason: str, *, caller: Caller, key: str, now: datetime
) -> ledger.Posted:
    """Move the member's points by hand, once for a caller's key, as the partner's programme treats manual changes.

    A credit lives as long as the programme's bonuses. A debit makes debt where the programme's claw-back does, otherwise
    it stops at what is available. Raises `CustomerNotFound` for who is no member there, `InvalidPoints` for 0 and
    `NotEnoughPoints` when nothing could be taken.
    """
    _, rules = programmes.current_rules(partner.id)
    posted = ledger.adjust(
        partner.id,
        _account(partner, customer_id),
        points,
        source="admin",
        source_ref=caller.reference(key),
        now=now,
        reason=reason,
        mode=rules.clawback,
        life=rules.bonus_life,
        actor=caller.actor,
    )
    if not posted.repeated:
        audit.record(
            "points.adjust",
            actor=caller.actor,
            partner_id=partner.id,
            subject=customer_id,
            details={"points": posted.points, "entry_id": str(posted.entry_id)},
        )
    return posted


def _account(partner: Partner, customer_id: UUID) -> UUID:
    membership = membership_of(customer_id, partner.id)
    if membership is None:
        raise CustomerNotFound()
    return membership.id
