"""The story of points as an admin reads it: every way in which points come and go has its words."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from itertools import count
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from loyalty import ledger, programme
from loyalty.clock import utcnow
from loyalty.ledger import Document
from loyalty.partners import get_partner
from loyalty.rules import Rules
from loyalty.trail import LINKS_SHOWN
from loyalty.types import Life, Line
from models import transaction
from tests.factories import make_member, make_partner

ZONE = ZoneInfo("Europe/Moscow")


class Person:
    """A member whose ledger is written by hand, a day at a time, ending today."""

    def __init__(self, app, admin, words, rules):
        self.app, self.admin, self.words, self.rules = app, admin, words, rules
        with app.app_context(), transaction():
            member = make_member(make_partner(rules))
            self.partner_id, self.membership_id, self.customer_id = member.partner_id, member.id, member.customer_id
        self.start, self.deeds = utcnow() - timedelta(days=30), count()

    def at(self, day):
        return self.start + timedelta(days=day)

    def do(self, operation, *args, day, **terms):
        """An operation of the ledger at the partner, on that day."""
        with self.app.app_context(), transaction():
            return operation(self.partner_id, *args, now=self.at(day), **terms)

    def buy(self, day, amount, spend=0):
        def price(seen):
            lines = [Line(Decimal(amount))]
            return programme.price(lines, self.rules, seen, at=self.at(day), zone=ZONE, spend_points=spend)

        document = Document("manual", f"check {next(self.deeds)}", self.at(day))
        return self.do(ledger.sell, self.membership_id, document, price, day=day)

    def adjust(self, day, points, life=None):
        terms = {"source": "admin", "source_ref": f"by hand {next(self.deeds)}", "life": life}
        return self.do(ledger.adjust, self.membership_id, points, day=day, **terms)

    def read(self, query=""):
        """Each operation of the history as one line of text, the newest first."""
        page = self.admin.get(f"/admin/customers/{self.customer_id}{query}").text
        found = re.findall(r'<li id="e-[^"]+">(.*?)</details>', page, re.DOTALL)
        return [self.words(SimpleNamespace(text=text)).strip() for text in found]


@pytest.fixture
def person(app, admin, words):
    return lambda **rules: Person(app, admin, words, Rules(min_spend=1, **rules))


def test_a_spend_names_its_credits_and_a_credit_its_purchases(person):
    ivan = person()
    ivan.adjust(0, 30, life=Life(days=60))
    ivan.buy(1, 1000)
    ivan.buy(2, 500, spend=50)
    earned, spent, first, gift = ivan.read()
    assert re.search(r"Какие это были баллы 30 исправление .* 20 покупка .*, чек 1 000 ₽", spent)
    assert re.search(r"Что с ними стало 20 потрачены на покупку .*, чек 500 ₽ 30 остались, бессрочно", first)
    assert re.search(r"Что с ними стало 30 потрачены на покупку .*, чек 500 ₽$", gift)
    assert re.search(r"\+22 стало", earned)


def test_points_that_expired_and_points_that_will_are_told(person):
    ivan = person()
    ivan.adjust(0, 50, life=Life(days=3))
    ivan.adjust(0, 20, life=Life(days=60))
    expired, lasting, gone = ivan.read()
    assert re.search(r"Какие это были баллы 50 исправление", expired)
    assert re.search(r"20 остались, потратить можно по \d+ \w+ \d{4} г. включительно", lasting)
    assert re.search(r"50 сгорели \d+", gone)


def test_points_that_wait_and_points_that_a_till_holds_are_told(person):
    ivan = person(pending_days=14)
    ivan.adjust(0, 40)
    ivan.do(ledger.hold, ivan.membership_id, 15, expires_at=ivan.at(40), day=1)
    ivan.buy(29, 1000)
    bought, gift = ivan.read()
    assert re.search(r"50 ожидают до \d+", bought)
    assert "40 остались, бессрочно из них касса держит в резерве 15 баллов" in gift


def test_a_refund_tells_what_came_back_and_what_was_taken(person):
    ivan = person()
    ivan.adjust(0, 100)
    bought = ivan.buy(1, 200, spend=80)
    ivan.do(ledger.refund, bought.purchase_id, reference="half", amount=Decimal(100), day=2)
    lines = ivan.read()
    back = next(line for line in lines if "+40 стало" in line)
    taken = next(line for line in lines if "−3 стало" in line)
    spent = next(line for line in lines if "−80 стало" in line)
    gift = lines[-1]
    assert "Куда они вернулись 40 исправление" in back
    assert re.search(r"Какие это были баллы 3 покупка .*, чек 200 ₽", taken)
    assert re.search(r"80 исправление .* из них позже вернулось 40", spent)
    assert re.search(r"40 потрачены на покупку .*, чек 200 ₽ взято 80, вернулось 40", gift)


def test_a_debt_tells_that_it_is_owed_and_then_that_it_was_called_off(person):
    ivan = person()
    debit = ivan.adjust(1, -30)
    assert "30 долг: его погасят следующие начисления" in ivan.read()[0]
    ivan.do(ledger.reverse, debit.entry_id, day=2)
    undone, mistake = ivan.read()
    for line in (undone, mistake):
        assert "30 были долгом, долг снят" in line


def test_a_bonus_that_was_taken_back_tells_it_on_both_sides(person):
    ivan = person()
    credit = ivan.adjust(1, 30)
    ivan.do(ledger.reverse, credit.entry_id, day=2)
    undone, gift = ivan.read()
    assert "Какие это были баллы 30 исправление" in undone
    assert re.search(r"30 забраны обратно \d+", gift)


def test_joined_accounts_tell_where_the_points_moved(app, person):
    ivan = person()
    with app.app_context(), transaction():
        other = make_member(get_partner(ivan.partner_id)).id
    ivan.do(ledger.adjust, other, 60, source="admin", source_ref="gift", day=1)
    ivan.do(ledger.merge, other, ivan.membership_id, day=2)
    came, went, gift = ivan.read()
    assert "60 со счёта, который присоединили к этому" in came
    assert "60 на счёт, к которому присоединили этот" in went
    assert "60 остались, бессрочно" in gift


def test_of_very_many_purchases_the_rest_is_counted(person):
    ivan = person()
    ivan.adjust(0, 100)
    for _ in range(LINKS_SHOWN + 2):
        ivan.buy(1, 3, spend=3)
    (gift,) = ivan.read("?kind=corrected")
    assert "6 ещё 2 операции 58 остались" in gift
