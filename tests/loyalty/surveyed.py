"""Visits, and surveys about them, at any time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from loyalty import ledger, surveys
from loyalty.programme import price
from loyalty.rules import Rules
from loyalty.types import Line
from models import db, new_id
from models.ledger import Purchase
from models.survey import Survey
from tests.factories import make_member

NOON = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
"""Noon in Moscow."""
HOUR = timedelta(hours=1)


def visit(partner, member=None, *, at=NOON - 3 * HOUR, source="manual", branch_id=None, actor=None) -> Purchase:
    """Somebody bought something."""
    member = member or make_member(partner)
    document = ledger.Document(
        source=source, origin="test", source_ref=str(new_id()), occurred_at=at, branch_id=branch_id
    )
    basket = [Line(Decimal("500.00"))]
    sale = ledger.sell(
        partner.id,
        member.id,
        document,
        lambda facts: price(basket, Rules(), facts, at=at, zone=UTC),
        now=at,
        actor=actor,
    )
    return db.session.get_one(Purchase, (partner.id, sale.purchase_id))


def survey_of(purchase) -> Survey | None:
    query = db.select(Survey).where(Survey.partner_id == purchase.partner_id, Survey.purchase_id == purchase.id)
    return db.session.scalar(query, execution_options={"populate_existing": True})


def invite(now=NOON) -> None:
    """One whole run of the schedule."""
    while surveys.invite(now):
        db.session.expire_all()


def ask(purchase, *, score=None, comment=None) -> Survey:
    """Ask about the visit as soon as the partner would, and have it answered at once."""
    now = purchase.occurred_at + 3 * HOUR
    invite(now)
    survey = survey_of(purchase)
    surveys.note_asked(survey.partner_id, survey.id, now)
    if score is not None:
        surveys.answer(survey, score, way="link", now=now, comment=comment)
    return survey
