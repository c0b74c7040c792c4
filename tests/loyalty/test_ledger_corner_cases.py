"""Where the ledger and the reference model once disagreed, or the rules were silent: one test each."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from loyalty import ledger, programme
from loyalty.errors import MembershipClosed
from loyalty.ledger import Bonus, Document
from loyalty.rules import Rules
from loyalty.types import Life, Line
from models.partner import Partner
from tests.factories import NOW, make_member, make_partner, noise

ZONE = ZoneInfo("Europe/Moscow")


@pytest.fixture
def partner_id(db_session):
    noise()
    return make_partner().id


@pytest.fixture
def account(partner_id, db_session):
    return make_member_id(db_session, partner_id)


def make_member_id(db_session, partner_id):
    return make_member(db_session.get(Partner, partner_id)).id


@pytest.fixture
def lots(db_session, partner_id):
    def read(membership_id):
        query = "SELECT remaining FROM lot WHERE partner_id = :partner AND membership_id = :id ORDER BY id"
        return list(db_session.scalars(text(query), {"partner": partner_id, "id": membership_id}))

    return read


def pricer(amount, rules, spend=0, at=NOW):
    def price(member):
        return programme.price([Line(Decimal(amount))], rules, member, at=at, zone=ZONE, spend_points=spend)

    return price


def reconcile(partner_id, membership_id, amount, version, *, rules, ref="visit"):
    content = {"amount": amount}
    document = Document("yclients", ref, NOW, origin="branch", version=version, content=content)
    lines = [Line(Decimal(amount))] if amount else None
    return ledger.reconcile(partner_id, membership_id, document, lines, pricer(amount, rules), now=NOW)


def adjust(partner_id, membership_id, points, ref, mode="debt", life=None):
    terms = {"source": "admin", "source_ref": ref, "mode": mode, "life": life, "now": NOW}
    return ledger.adjust(partner_id, membership_id, points, **terms)


def test_a_part_of_a_sale_taken_back_leaves_its_bonus_points_their_short_life(partner_id, account, lots):
    sale = ledger.sell(
        partner_id,
        account,
        Document("pos_api", "receipt", NOW),
        pricer(1000, Rules()),
        bonuses=[Bonus(20, "week", Life(days=7))],
        now=NOW,
    )
    ledger.refund(partner_id, sale.purchase_id, reference="half", amount=Decimal(500), now=NOW)
    assert lots(account) == [25, 10]


def test_undoing_a_credit_stops_at_what_is_left_in_every_mode_but_debt(partner_id, db_session):
    for mode, balance in (("debt", -70), ("within_balance", 0), ("pending_only", 0)):
        account = make_member_id(db_session, partner_id)
        credit = adjust(partner_id, account, 100, "credit")
        adjust(partner_id, account, -70, "debit")
        undone = ledger.reverse(partner_id, credit.entry_id, now=NOW, mode=mode)
        assert undone.account.balance == balance


def test_undoing_a_debit_of_points_whose_date_has_passed_gives_the_programmes_grace(partner_id, account):
    adjust(partner_id, account, 50, "credit", life=Life(days=1))
    debit = adjust(partner_id, account, -50, "debit")
    later = NOW + timedelta(days=10)
    assert ledger.reverse(partner_id, debit.entry_id, now=later, grace_days=2).account.balance == 50
    assert ledger.bring_up(partner_id, account, later + timedelta(days=2)).balance == 50
    assert ledger.bring_up(partner_id, account, later + timedelta(days=3)).balance == 0


def test_undoing_a_debit_whose_debt_a_hold_that_just_ended_has_paid_returns_all_of_it(partner_id, account):
    adjust(partner_id, account, 100, "credit")
    until = NOW + timedelta(minutes=15)
    ledger.hold(partner_id, account, 100, expires_at=until, now=NOW)
    debit = adjust(partner_id, account, -70, "debit")
    assert debit.account.debt == 70
    undone = ledger.reverse(partner_id, debit.entry_id, now=until)  # nobody brought the account up to here before
    assert (undone.account.balance, undone.account.debt, undone.account.held) == (100, 0, 0)


def test_a_sync_that_reads_an_unchanged_document_again_does_not_undo_a_refund(partner_id, account):
    sale = reconcile(partner_id, account, 1000, 1, rules=Rules())
    ledger.refund(partner_id, sale.purchase_id, reference="desk", amount=Decimal(1000), now=NOW)
    for version in (1, 5):
        again = reconcile(partner_id, account, 1000, version, rules=Rules())
        assert (again.repeated, again.account.balance) == (True, 0)
    late = reconcile(partner_id, account, 400, 3, rules=Rules())  # older than what was seen unchanged
    assert (late.repeated, late.account.balance) == (True, 0)
    assert reconcile(partner_id, account, 400, 6, rules=Rules()).account.balance == 20


def test_a_document_that_comes_back_to_its_first_customer_does_not_pay_the_shortfall_twice(
    partner_id, account, db_session
):
    rules, other = Rules(clawback="within_balance"), make_member_id(db_session, partner_id)
    reconcile(partner_id, account, 1000, 1, rules=rules)
    adjust(partner_id, account, -40, "spent", mode="within_balance")
    assert reconcile(partner_id, other, 1000, 2, rules=rules).account.balance == 50
    back = reconcile(partner_id, account, 1000, 3, rules=rules)
    assert back.account.balance == 10  # 50 earned, 40 of them gone
    assert ledger.bring_up(partner_id, other, NOW).balance == 0


def test_the_shortfall_of_one_customer_is_not_paid_by_another(partner_id, account, db_session):
    rules, other = Rules(clawback="within_balance"), make_member_id(db_session, partner_id)
    reconcile(partner_id, account, 1000, 1, rules=rules)
    adjust(partner_id, account, -40, "spent", mode="within_balance")
    assert reconcile(partner_id, other, 1000, 2, rules=rules).account.balance == 50


def test_a_document_of_an_erased_person_moves_to_another_and_takes_nothing_from_the_first(
    partner_id, account, db_session
):
    other = make_member_id(db_session, partner_id)
    reconcile(partner_id, account, 1000, 1, rules=Rules())
    ledger.erase(partner_id, account, now=NOW)
    with pytest.raises(MembershipClosed):
        reconcile(partner_id, account, 500, 2, rules=Rules())
    assert reconcile(partner_id, other, 1000, 2, rules=Rules()).account.balance == 50
    assert ledger.bring_up(partner_id, account, NOW).balance == 50


def test_a_hold_of_no_points_carries_the_sale_of_a_member_in_debt(partner_id, account):
    adjust(partner_id, account, -30, "debit")
    hold = ledger.hold(partner_id, account, 0, expires_at=NOW + timedelta(minutes=15), now=NOW)
    sale = ledger.sell(
        partner_id,
        account,
        Document("pos_api", "receipt", NOW),
        pricer(1000, Rules()),
        now=NOW,
        hold_id=hold.hold_id,
    )
    assert sale.account.balance == 20
