"""Where points came from and what became of them: told to the point, whatever the ledger did."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from loyalty import accounts, ledger, programme
from loyalty.ledger import Document
from loyalty.rules import Rules
from loyalty.trail import LINKS_SHOWN, follow_points
from loyalty.types import Life, Line
from models import db
from models.customer import Customer
from models.ledger import Entry, LotUse, Membership
from tests.factories import NOW, make_customer, make_member, make_partner, noise
from tests.loyalty.test_ledger_machine import Beside
from tests.reference.machine import Histories
from tests.statements import counted_statements

ZONE = ZoneInfo("Europe/Moscow")


@pytest.fixture
def partner(db_session):
    noise()
    return make_partner(Rules(min_spend=1))


@pytest.fixture
def member(partner):
    return make_member(partner)


def sell(member, amount, ref, *, spend=0, at=NOW):
    def price(seen):
        return programme.price([Line(Decimal(amount))], Rules(), seen, at=at, zone=ZONE, spend_points=spend)

    return ledger.sell(member.partner_id, member.id, Document("manual", ref, at), price, now=at)


def adjust(member, points, ref, *, life=None, at=NOW):
    terms = {"source": "admin", "source_ref": ref, "life": life, "now": at}
    return ledger.adjust(member.partner_id, member.id, points, **terms)


def steps_of(member, at=NOW, **terms):
    accounts.list_accounts(member.customer_id, at)
    return follow_points(member.customer_id, **terms)[0]


def told(links):
    return [(link.kind, link.points, link.returned) for link in links]


def test_a_purchase_paid_with_points_names_what_earned_them(member):
    adjust(member, 30, "gift", life=Life(days=10))
    sell(member, 1000, "first")
    spent, *_ = sell_and_read(member, 500, "second", spend=50)
    assert told(spent.links) == [("manual", 30, 0), ("earn", 20, 0)]
    assert spent.links[1].check_amount == Decimal(1000)
    assert spent.explained == 50


def sell_and_read(member, amount, ref, *, spend):
    """The steps from the spend of this purchase on."""
    sell(member, amount, ref, spend=spend)
    steps = steps_of(member)
    return steps[next(n for n, step in enumerate(steps) if step.entry.kind == "spend") :]


def test_a_credit_names_where_it_went_and_what_is_left(member):
    sell(member, 2000, "earned")
    sell(member, 40, "spent", spend=40)
    adjust(member, -25, "by hand")
    earned = steps_of(member)[-1]
    assert told(earned.links) == [("spend", 40, 0), ("manual", 25, 0)]
    assert (earned.rest.points, earned.rest.expires_at, earned.rest.is_pending) == (35, None, False)


def test_points_whose_date_has_passed_are_said_to_have_expired(member):
    adjust(member, 50, "gift", life=Life(days=3))
    expired, gift = steps_of(member, NOW + timedelta(days=10))
    assert told(gift.links) == [("expire", 50, 0)]
    assert gift.rest is None
    assert [(link.entry_id, link.points) for link in expired.links] == [(gift.entry.id, 50)]


def test_a_refund_says_what_came_back_and_to_which_credit(member):
    adjust(member, 100, "gift")
    bought = sell(member, 100, "bought", spend=80)
    ledger.refund(member.partner_id, bought.purchase_id, reference="half", amount=Decimal(50), now=NOW)
    steps = {(step.entry.kind, step.entry.points > 0): step for step in steps_of(member)}
    back, spent, gift = steps["reversal", True], steps["spend", False], steps["manual", True]
    assert told(back.links) == [("manual", 40, 0)]
    assert (back.reverses.kind, back.reverses.points, back.reverses.check_amount) == ("spend", -80, Decimal(100))
    assert told(spent.links) == [("manual", 80, 40)]
    assert ("spend", 80, 40) in told(gift.links)


def test_what_was_taken_from_nowhere_is_owed_until_a_credit_pays_it(member):
    bought = sell(member, 1000, "bought")
    adjust(member, -50, "by hand")
    ledger.refund(member.partner_id, bought.purchase_id, reference="all", amount=Decimal(1000), now=NOW)
    taken = steps_of(member)[0]
    assert (taken.entry.points, taken.links, taken.owed) == (-50, (), 50)
    adjust(member, 70, "gift")
    gift, taken, *_ = steps_of(member)
    assert (taken.owed, told(taken.links)) == (0, [("manual", 50, 0)])
    assert (told(gift.links), gift.rest.points) == ([("reversal", 50, 0)], 20)


def test_a_debt_that_was_called_off_is_not_looked_for_in_any_credit(member):
    debit = adjust(member, -30, "mistake")
    ledger.reverse(member.partner_id, debit.entry_id, now=NOW)
    undone, mistake = steps_of(member)
    assert (undone.cancelled, undone.links) == (30, ())
    assert (mistake.cancelled, mistake.owed, mistake.links) == (30, 0, ())


def test_a_merged_account_says_that_its_points_moved(partner, member):
    other = make_member(partner)
    adjust(other, 60, "gift")
    ledger.merge(partner.id, other.id, member.id, now=NOW)
    sell(member, 60, "spent", spend=60)
    spent, came, went, gift = steps_of(member)
    assert (came.moved, went.moved) == (60, 60)
    assert [link.entry_id for link in spent.links] == [gift.entry.id]


def test_of_many_purchases_the_first_are_named_and_the_rest_is_counted(member):
    adjust(member, 100, "gift")
    for n in range(LINKS_SHOWN + 3):
        sell(member, 2, f"coffee {n}", spend=2)
    gift = steps_of(member, limit=100)[-1]
    assert (len(gift.links), gift.more, gift.more_points) == (LINKS_SHOWN, 3, 6)
    assert gift.explained == 100


def test_nobody_elses_points_are_followed(partner, member):
    stranger = make_member(partner)
    adjust(stranger, 10, "gift")
    elsewhere = make_member(make_partner(), db.session.get(Customer, member.customer_id))
    adjust(elsewhere, 5, "gift")
    assert [step.entry.points for step in steps_of(member)] == [5]
    assert steps_of(member, partner_id=partner.id) == []


def test_one_kind_of_entries_is_followed_alone(member):
    adjust(member, 10, "gift")
    sell(member, 100, "bought", spend=4)
    (spent,) = steps_of(member, kind="spent")
    assert told(spent.links) == [("manual", 4, 0)]


def test_a_page_costs_one_statement_however_long_the_history(member):
    for n in range(30):
        adjust(member, 10, f"gift {n}")
        sell(member, 5, f"coffee {n}", spend=5)
    for limit in (2, 50):
        with counted_statements() as statements:
            steps, cursor = follow_points(member.customer_id, limit=limit)
        assert (len(steps), len(statements)) == (limit, 1)
    assert cursor
    assert follow_points(make_customer().id) == ([], None)


class Followed(Beside):
    """After any history, every entry of the partner is told once and its parts add up to its points."""

    def teardown(self) -> None:
        super().teardown()
        if hasattr(self, "book") and self.agreed:
            db.session.rollback()
            steps = {}
            people = db.session.scalars(db.select(Membership.customer_id).where(Membership.partner_id == self.partner))
            for customer_id in people.all():
                told = self.all_of(customer_id)
                assert not steps.keys() & told.keys()
                steps |= told
            check_whole(self.partner, steps)
            db.session.rollback()

    def all_of(self, customer_id):
        steps, cursor = follow_points(customer_id, limit=7)
        while cursor:
            page, cursor = follow_points(customer_id, cursor=cursor, limit=7)
            steps += page
        return {step.entry.id: step for step in steps}


def check_whole(partner_id, steps):
    entries = dict(db.session.execute(db.select(Entry.id, Entry.points).where(Entry.partner_id == partner_id)).all())
    assert steps.keys() == entries.keys()
    gross = {}
    for step in steps.values():
        assert step.explained == abs(entries[step.entry.id]), step
        parts = [step.more_points, step.owed, step.cancelled, step.moved, *(link.kept for link in step.links)]
        assert min(parts) >= 0, step
        if step.is_credit:
            for link in step.links:
                gross[link.entry_id, step.entry.id] = (link.points, link.returned)
    for step in steps.values():  # a debit says of a credit what the credit says of it
        if step.entry.points < 0:
            for link in step.links:
                there = steps[link.entry_id]
                if (step.entry.id, link.entry_id) in gross:
                    assert gross[step.entry.id, link.entry_id] == (link.points, link.returned)
                else:
                    assert there.more
    uses = db.session.scalar(db.select(db.func.count()).select_from(LotUse).where(LotUse.partner_id == partner_id))
    assert uses == 0 or any(step.links for step in steps.values())


@pytest.mark.parametrize("mode", Histories.modes)
def test_the_parts_of_every_entry_add_up_after_any_history(app, mode):
    class History(Followed):
        modes = (mode,)

    with app.app_context():
        run_state_machine_as_test(
            History,
            settings=settings(
                max_examples=25, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
            ),
        )
