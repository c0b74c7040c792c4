"""NPS adds up as the formula says, and every partner sees its own answers alone."""

from __future__ import annotations

import random
import statistics
from datetime import date, timedelta

import pytest

from loyalty import nps
from loyalty.errors import InvalidNps
from loyalty.nps import Nps, NpsFilter, NpsSettings
from tests.factories import make_branch, make_partner, make_staff, noise
from tests.loyalty.surveyed import NOON, ask, visit


def test_the_example_of_the_books():
    found = Nps(promoters=50, passives=30, detractors=20)
    assert found.n == 100 and found.value == 30 and not found.is_few
    assert found.error == pytest.approx(7.81, abs=0.005)
    assert (found.low, found.high) == (pytest.approx(14.69, abs=0.005), pytest.approx(45.31, abs=0.005))


def test_the_interval_is_that_of_the_mean_of_plus_one_nothing_and_minus_one():
    seed = random.Random(5)
    for _ in range(50):
        counts = [seed.randrange(40) for _ in range(3)]
        if not sum(counts):
            continue
        worth = [1] * counts[0] + [0] * counts[1] + [-1] * counts[2]
        found = Nps(*counts)
        assert found.value == pytest.approx(100 * statistics.fmean(worth))
        assert found.error == pytest.approx(100 * statistics.pstdev(worth) / len(worth) ** 0.5, abs=1e-6)
        assert found.high - found.low == pytest.approx(2 * 1.96 * found.error)


def test_few_answers_are_marked_and_none_have_no_value():
    none = Nps(0, 0, 0)
    assert (none.value, none.error, none.low, none.high, none.is_few) == (None, None, None, None, True)
    assert Nps(29, 0, 0).is_few and not Nps(30, 0, 0).is_few
    assert (Nps(1, 0, 0).low, Nps(0, 0, 2).value) == (100, -100)


def test_settings_are_read_as_written_and_nothing_else_is_taken():
    settings = NpsSettings(is_on=True, delay_hours=24, reminds=False, sms=True)
    assert NpsSettings.from_json(settings.to_json()) == settings
    assert NpsSettings.from_json({}) == NpsSettings(is_on=False, delay_hours=2, reminds=True, sms=False)
    wrong = [{"is_on": 1}, {"delay_hours": -1}, {"delay_hours": 73}, {"delay_hours": 1.5}, {"delay_hours": True}]
    for written in [*wrong, {"delay": 2}, [], {"sms": "yes"}]:
        with pytest.raises(InvalidNps):
            NpsSettings.from_json(written)


@pytest.fixture
def cafe(db_session):
    noise()
    partner = make_partner()
    partner.nps = NpsSettings(is_on=True).to_json()
    return partner


def test_answers_are_counted_by_period_branch_and_staff(cafe):
    other = make_branch(cafe, "Второй")
    cashier = make_staff(cafe)
    ask(visit(cafe), score=10)
    ask(visit(cafe, branch_id=other.id), score=3, comment="долго")
    ask(visit(cafe, actor=cashier.customer_id), score=8)
    ask(visit(cafe, at=NOON - timedelta(days=40)), score=0)
    ask(visit(cafe))
    elsewhere = make_partner()
    elsewhere.nps = cafe.nps
    ask(visit(elsewhere), score=0)

    def count(**wanted):
        found = nps.summarise(cafe, NpsFilter(**wanted), NOON)
        return found.nps.promoters, found.nps.passives, found.nps.detractors, found.asked, found.answered

    assert count(days=30) == (1, 1, 1, 4, 3)
    assert count(days=90) == (1, 1, 2, 5, 4)
    assert count(days=30, branch_id=other.id) == (0, 0, 1, 1, 1)
    assert count(days=30, actor=cashier.customer_id) == (0, 1, 0, 1, 1)
    rows = nps.list_answers(cafe, NpsFilter(days=30, group="detractors"), contacts=False, now=NOON)
    assert [(row.score, row.comment, row.branch_name, row.task_state) for row in rows] == [
        (3, "долго", "Второй", "open")
    ]
    assert rows[0].customer_phone is None
    everything = nps.list_answers(cafe, NpsFilter(days=365), contacts=True, now=NOON)
    assert len(everything) == 4 and all(row.customer_phone for row in everything)
    pages = nps.list_answers(cafe, NpsFilter(days=365), contacts=True, now=NOON, after=everything[1].survey_id)
    assert pages == everything[2:]


def test_the_trend_has_every_week_and_a_year_every_month(cafe):
    ask(visit(cafe), score=10)
    ask(visit(cafe, at=NOON - timedelta(days=8)), score=2)
    weeks = nps.draw_trend(cafe, NpsFilter(days=30), NOON)
    assert [day for day, _ in weeks] == [date(2026, 2, 9) + timedelta(days=7 * n) for n in range(5)]
    assert [found.value for _, found in weeks][-2:] == [-100, 100] and weeks[0][1].value is None
    months = nps.draw_trend(cafe, NpsFilter(days=365), NOON)
    assert (months[0][0], months[-1][0], len(months)) == (date(2025, 3, 1), date(2026, 3, 1), 13)
    assert months[-1][1] == Nps(1, 0, 1)
