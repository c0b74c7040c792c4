"""The verification of the ledger finds a breach of each of its rules, and nothing in a ledger that is right."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from loyalty import ledger, programme
from loyalty.ledger import Document
from loyalty.rules import Rules
from loyalty.types import Line
from loyalty.verify import RULES, breaches
from models import db
from tests.factories import NOW, make_member, make_partner, noise

OURS = "partner_id = :partner"
BREACHES = [
    ("entries of a membership are numbered", f"UPDATE membership SET seq = seq + 1 WHERE {OURS} AND debt > 0 RETURNING id"),
    ("each entry begins at the total", "UPDATE entry SET total_before = total_before + 1, total_after = total_after + 1"
     f" WHERE {OURS} AND seq = 2 RETURNING id"),
    ("a reward of an invitation", "UPDATE entry SET kind = 'bonus', source = 'referral', source_ref = 'referral:x/inviter'"
     f" WHERE {OURS} AND seq = 1 AND points = 100 RETURNING id"),
    ("lots add up", f"UPDATE membership SET pending = pending + 1 WHERE {OURS} AND debt > 0 RETURNING id"),
    ("lots add up", f"UPDATE membership SET active = active + 1 WHERE {OURS} AND held > 0 RETURNING id"),
    ("lots add up", f"UPDATE membership SET held = held - 1 WHERE {OURS} AND held > 0 RETURNING id"),
    ("unpaid debts add up", f"UPDATE debt SET remaining = remaining - 1 WHERE {OURS} RETURNING membership_id"),
    ("a lot has left", f"UPDATE lot SET remaining = remaining - 1 WHERE {OURS} AND points = 100 RETURNING id"),
    ("open holds reserve", f"UPDATE hold SET state = 'voided' WHERE {OURS}"
     " RETURNING (SELECT lot_id FROM hold_lot WHERE hold_id = hold.id)"),
    ("the lots of a hold", f"UPDATE hold SET points = points + 1 WHERE {OURS} RETURNING id"),
    ("reversals are opposite", "UPDATE entry SET points = points - 1000, total_after = total_after - 1000"
     f" WHERE {OURS} AND kind = 'reversal' AND points < 0 RETURNING reverses_id"),
    ("reversals are opposite", "UPDATE entry SET points = -points, total_after = total_before - points"
     f" WHERE {OURS} AND kind = 'reversal' AND points < 0 RETURNING reverses_id"),
    ("a credit opened one lot", f"DELETE FROM lot WHERE {OURS} AND points = 100 RETURNING entry_id"),
    ("a debit took its points", "DELETE FROM lot_use USING entry e WHERE e.id = lot_use.entry_id AND e.kind = 'spend'"
     " AND lot_use.partner_id = :partner RETURNING e.id"),
    ("an award stands for", f"UPDATE award SET kept = kept + 1 WHERE {OURS} AND kind = 'spend' RETURNING entry_id"),
    ("the lines of a purchase", f"UPDATE purchase_line SET amount = amount + 1 WHERE {OURS} RETURNING purchase_id"),
    ("the lines of a purchase", f"UPDATE purchase SET refunded = refunded + 1 WHERE {OURS} RETURNING id"),
    ("the lines of a purchase", f"UPDATE purchase SET paid_with_points = 0 WHERE {OURS} RETURNING id"),
    ("an entry has a cause", f"UPDATE entry SET source_ref = '' WHERE {OURS} AND points = 100 RETURNING id"),
    ("an entry has a cause", f"UPDATE entry SET purchase_id = NULL WHERE {OURS} AND kind = 'earn' RETURNING id"),
    ("an entry has a cause", f"UPDATE entry SET source_ref = 'receipt' WHERE {OURS} AND kind = 'spend' RETURNING id"),
]  # fmt: skip
"""The beginning of a rule's name; a statement that breaks it and gives the one id that is wrong then."""


@pytest.fixture
def partner_id(fresh_app):
    """A partner whose ledger has a row of every kind, beside another's; one member owes, one holds."""
    with fresh_app.app_context():
        other = noise()
        story(other.id, make_member(other).id)
        partner = make_partner()
        story(partner.id, make_member(partner).id)
        ledger.adjust(partner.id, make_member(partner).id, -30, source="admin", source_ref="debit", now=NOW)
        db.session.flush()
        yield partner.id
        db.session.rollback()


def story(partner_id, membership_id):
    def price(member):
        zone = ZoneInfo("Europe/Moscow")
        return programme.price([Line(Decimal(1000))], Rules(), member, at=NOW, zone=zone, spend_points=20)

    ledger.adjust(partner_id, membership_id, 100, source="admin", source_ref="credit", now=NOW)
    sale = ledger.sell(partner_id, membership_id, Document("pos_api", "receipt", NOW), price, now=NOW)
    ledger.hold(partner_id, membership_id, 10, expires_at=NOW + timedelta(minutes=15), now=NOW)
    ledger.refund(partner_id, sale.purchase_id, reference="part", lines={1: Decimal(10)}, now=NOW)


def found():
    return set(breaches(db.session.connection()))


@pytest.mark.parametrize(("rule", "statement"), BREACHES, ids=[rule for rule, _ in BREACHES])
def test_a_planted_breach_is_named_by_its_rule_and_its_row(partner_id, rule, statement):
    assert found() == set()
    db.session.execute(text("SET LOCAL session_replication_role = replica"))  # no trigger, no foreign key
    wrong = db.session.execute(text(statement), {"partner": partner_id}).scalar_one()
    (name,) = [name for name in RULES if name.startswith(rule)]
    assert f"{name}: partner {partner_id}, id {wrong}" in found()
    assert all(f"partner {partner_id}," in breach for breach in found())


def test_every_rule_has_a_planted_breach():
    planted = {name for name in RULES for rule, _ in BREACHES if name.startswith(rule)}
    assert planted == set(RULES)
