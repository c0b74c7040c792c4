"""What promotions add to a price: each condition, each limit, and how they are laid over the programme."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.errors import InvalidPromotion
from loyalty.offers import KINDS, Promotion, Terms
from loyalty.programme import price, reprice
from loyalty.rules import Rules
from loyalty.types import Line, Member, Standing

MOSCOW = ZoneInfo("Europe/Moscow")
NOON = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
"""A Friday, noon in Moscow."""
REGULAR = Member(earlier_purchases=5, average_check=Decimal(1000), last_purchase_on=date(2026, 11, 10))


def promotion(n=1, kind="multiplier", *, starts_at=NOON - timedelta(days=1), ends_at=None, **terms):
    return Promotion(UUID(int=n), f"Акция {n}", kind, Terms.from_json(kind, terms), starts_at, ends_at)


def priced(*promotions, member=REGULAR, lines=None, at=NOON, rules=None, points=0):
    rules = replace(rules or Rules(), promotions=promotions)
    return price(lines or [Line(Decimal(1000))], rules, member, at=at, zone=MOSCOW, spend_points=points)


def test_a_factor_multiplies_and_is_named_in_the_breakdown():
    found = priced(promotion(factor="2"))
    assert (found.earn, found.bonus, found.total) == (100, 0, 100)
    assert found.breakdown[-1] == {
        "kind": "promotion", "factor": "2", "promotion": str(UUID(int=1)), "name": "Акция 1", "points": "100",
    }  # fmt: skip
    assert [(one.points, one.is_bonus) for one in found.promoted] == [(50, False)]
    again = reprice([Line(Decimal(500))], found.frozen, spent_points=0)
    assert again.earn == 50, "a changed document keeps what applied then"


def test_a_fixed_bonus_stands_beside_the_earn():
    found = priced(promotion(kind="fixed", points=100, life_days=30))
    assert (found.earn, found.bonus, found.total) == (50, 100, 150)
    assert found.breakdown[-1]["bonus"] == "100" and found.breakdown[-1]["points"] == "150"
    assert found.promoted[0].life_days == 30 and found.frozen["bonuses"]


def test_a_rate_is_of_the_money_paid_for_its_categories():
    lines = [Line(Decimal(1000), category="Кофе"), Line(Decimal("333.33"), category="Десерты"), Line(Decimal(50))]
    found = priced(promotion(kind="category", rate="0.1", categories=["Десерты"]), lines=lines)
    assert found.bonus == 33
    assert priced(promotion(kind="category", rate="0.1", categories=["Чай"]), lines=lines).promoted == ()
    assert priced(promotion(kind="category", points=20, categories=["Кофе"]), lines=lines).bonus == 20


def test_factors_multiply_or_only_the_best_counts():
    two, three = promotion(1, factor="2"), promotion(2, factor="3")
    assert priced(two, three).earn == 300
    best = priced(two, three, rules=Rules(combine="best"))
    assert best.earn == 150 and [one.promotion_id for one in best.promoted] == [UUID(int=2)]
    vip = replace(REGULAR, is_vip=True)
    rules = Rules(combine="best", vip_factor=Decimal(5))
    assert priced(two, member=vip, rules=rules).promoted == ()


def test_nothing_is_added_where_nothing_is_earned():
    free = [Line(Decimal(1000), no_accrual=True)]
    both = (promotion(1, factor="2"), promotion(2, kind="fixed", points=100))
    assert priced(*both, lines=free).promoted == ()
    paid = priced(*both, points=1000, member=replace(REGULAR, available=1000))
    assert (paid.total, paid.promoted) == (0, ())


@pytest.mark.parametrize(
    ("terms", "member", "applies"),
    [
        ({"min_amount": "1000"}, REGULAR, True),
        ({"min_amount": "1000.01"}, REGULAR, False),
        ({"audience": "new"}, Member(), True),
        ({"audience": "new"}, REGULAR, False),
        ({"audience": "tier", "tiers": ["Золото"]}, replace(REGULAR, tier="Золото"), True),
        ({"audience": "tier", "tiers": ["Золото"]}, REGULAR, False),
        ({"audience": "list"}, REGULAR, False),
        ({"audience": "list"}, replace(REGULAR, promotions={UUID(int=1): Standing(is_listed=True)}), True),
        ({"per_person": 2}, replace(REGULAR, promotions={UUID(int=1): Standing(uses=1)}), True),
        ({"per_person": 2}, replace(REGULAR, promotions={UUID(int=1): Standing(uses=2)}), False),
        ({"per_day": 1}, replace(REGULAR, promotions={UUID(int=1): Standing(uses=9, uses_today=0)}), True),
        ({"per_day": 1}, replace(REGULAR, promotions={UUID(int=1): Standing(uses=9, uses_today=1)}), False),
        ({"most_uses": 10}, replace(REGULAR, promotions={UUID(int=1): Standing(all_uses=10)}), False),
        ({"budget": 50}, replace(REGULAR, promotions={UUID(int=1): Standing(all_points=0)}), True),
        ({"budget": 50}, replace(REGULAR, promotions={UUID(int=1): Standing(all_points=1)}), False),
    ],
)
def test_every_condition_and_limit_is_asked(terms, member, applies):
    assert bool(priced(promotion(factor="2", **terms), member=member).promoted) is applies


def test_a_rule_asks_the_members_facts():
    rule = {"version": 1, "where": {"combinator": "and", "rules": [
        {"field": "visits", "operator": ">=", "value": 5},
        {"field": "last_purchase_days", "operator": "=", "value": 10},
        {"field": "spent", "operator": ">=", "value": 5000},
    ]}}  # fmt: skip
    assert priced(promotion(factor="2", audience="rule", rule=rule)).promoted
    assert not priced(promotion(factor="2", audience="rule", rule=rule), member=Member()).promoted


@pytest.mark.parametrize(
    ("kind", "terms", "member", "applies"),
    [
        ("welcome", {"visit": "first"}, Member(), True),
        ("welcome", {"visit": "first"}, REGULAR, False),
        ("second_visit", {"visit": "second"}, replace(REGULAR, earlier_purchases=1), True),
        ("second_visit", {"visit": "second"}, REGULAR, False),
        ("second_visit", {"visit": "second", "within_days": 10}, replace(REGULAR, earlier_purchases=1), True),
        ("second_visit", {"visit": "second", "within_days": 9}, replace(REGULAR, earlier_purchases=1), False),
        ("return", {"visit": "return", "within_days": 10}, REGULAR, True),
        ("return", {"visit": "return", "within_days": 11}, REGULAR, False),
        ("return", {"visit": "return", "within_days": 10}, Member(), False),
        ("birthday", {"birthday": [3, 3]}, replace(REGULAR, birth_date=date(1990, 11, 23)), True),
        ("birthday", {"birthday": [3, 3]}, replace(REGULAR, birth_date=date(1990, 11, 24)), False),
        ("birthday", {"birthday": [3, 3]}, REGULAR, False),
        (
            "birthday",
            {"birthday": [3, 3]},
            replace(
                REGULAR,
                birth_date=date(1990, 11, 23),
                promotions={UUID(int=1): Standing(uses=1, last_used_on=date(2026, 11, 19))},
            ),
            False,
        ),
    ],
)
def test_visits_and_birthdays(kind, terms, member, applies):
    assert bool(priced(promotion(kind=kind, points=10, **terms), member=member).promoted) is applies


@pytest.mark.parametrize(
    ("at", "applies"),
    [
        (datetime(2026, 11, 20, 10, 59, 59, tzinfo=UTC), False),
        (datetime(2026, 11, 20, 11, 0, tzinfo=UTC), True),
        (datetime(2026, 11, 20, 13, 59, 59, tzinfo=UTC), True),
        (datetime(2026, 11, 20, 14, 0, tzinfo=UTC), False),
        (datetime(2026, 11, 21, 12, 0, tzinfo=UTC), False),
        (datetime(2026, 11, 21, 20, 30, tzinfo=UTC), True),
        (datetime(2026, 11, 21, 22, 59, tzinfo=UTC), True),
        (datetime(2026, 11, 21, 23, 0, tzinfo=UTC), False),
    ],
)
def test_happy_hours_are_by_the_clock_on_the_wall_and_may_pass_midnight(at, applies):
    hours = [
        {"days": [1, 2, 3, 4, 5], "since": "14:00", "until": "17:00"},
        {"days": [6], "since": "23:00", "until": "02:00"},
    ]
    assert bool(priced(promotion(kind="happy_hours", factor="2", hours=hours), at=at).promoted) is applies


def test_it_begins_and_ends_to_the_second():
    one = promotion(factor="2", starts_at=NOON, ends_at=NOON + timedelta(hours=1))
    moments = [NOON - timedelta(seconds=1), NOON, NOON + timedelta(minutes=59, seconds=59), NOON + timedelta(hours=1)]
    assert [bool(priced(one, at=at).promoted) for at in moments] == [False, True, True, False]


def test_a_budget_that_cannot_bear_the_points_gives_none_of_them():
    left = replace(REGULAR, promotions={UUID(int=1): Standing(all_points=51)})
    found = priced(promotion(1, factor="2", budget=100), promotion(2, kind="fixed", points=7), member=left)
    assert (found.earn, found.bonus) == (50, 7)


@pytest.mark.parametrize(
    ("kind", "terms", "field"),
    [
        ("party", {"factor": "2"}, "kind"),
        ("multiplier", {}, "factor"),
        ("multiplier", {"factor": "2", "points": 5}, "factor"),
        ("multiplier", {"factor": "1"}, "factor"),
        ("multiplier", {"factor": "0.5"}, "factor"),
        ("multiplier", {"factor": 1.5}, "factor"),
        ("multiplier", {"points": 5}, "factor"),
        ("fixed", {"points": 0}, "points"),
        ("fixed", {"points": -5}, "points"),
        ("fixed", {"points": True}, "points"),
        ("fixed", {"points": 5, "budget": -1}, "budget"),
        ("fixed", {"points": 5, "colour": "red"}, "colour"),
        ("category", {"points": 5}, "categories"),
        ("fixed", {"rate": "0.1"}, "points"),
        ("multiplier", {"factor": "2", "categories": ["Кофе"]}, "categories"),
        ("multiplier", {"factor": "2", "life_days": 3}, "life_days"),
        ("multiplier", {"factor": "2", "audience": "tier"}, "tiers"),
        ("multiplier", {"factor": "2", "audience": "rule"}, "rule"),
        ("multiplier", {"factor": "2", "audience": "rule", "rule": {"version": 1}}, "rule"),
        ("return", {"points": 5, "visit": "return"}, "within_days"),
        ("welcome", {"points": 5}, "visit"),
        ("fixed", {"points": 5, "within_days": 3}, "within_days"),
        ("birthday", {"points": 5, "birthday": [3]}, "birthday"),
        ("birthday", {"points": 5, "birthday": [3, 31]}, "birthday"),
        ("happy_hours", {"factor": "2", "hours": []}, "hours"),
        ("happy_hours", {"factor": "2", "hours": [{"days": [0], "since": "10:00", "until": "11:00"}]}, "hours"),
        ("happy_hours", {"factor": "2", "hours": [{"days": [1], "since": "25:00", "until": "11:00"}]}, "hours"),
        ("happy_hours", {"factor": "2", "hours": [{"days": [1], "since": "10:00"}]}, "hours"),
        ("fixed", {"points": 5, "min_amount": "0"}, "min_amount"),
        ("fixed", {"points": 5, "min_amount": "1e3"}, "min_amount"),
    ],
)
def test_terms_that_are_none_are_refused_by_name(kind, terms, field):
    with pytest.raises(InvalidPromotion) as refused:
        Terms.from_json(kind, terms)
    assert refused.value.field == field


def test_terms_are_written_back_as_they_were_read():
    written = {
        "points": 50, "audience": "tier", "tiers": ["Золото"], "hours": [{"days": [1, 7], "since": "09:00", "until": "12:30"}],
        "categories": ["Кофе"], "min_amount": "300", "per_person": 1, "per_day": 1, "budget": 1000, "most_uses": 10,
        "life_days": 14, "birthday": [0, 3],
    }  # fmt: skip
    assert Terms.from_json("fixed", written).to_json() == written
    assert len(KINDS) == 8


amounts = st.integers(1, 10**7).map(lambda kopecks: Decimal(kopecks) / 100)


@given(
    amount=amounts,
    factors=st.lists(st.integers(11, 50).map(lambda tenths: Decimal(tenths) / 10), max_size=3),
    bonuses=st.lists(st.integers(1, 500), max_size=3),
    budgets=st.lists(st.integers(1, 3000) | st.none(), min_size=6, max_size=6),
    rate=st.sampled_from([Decimal("0.01"), Decimal("0.05"), Decimal("0.1")]),
)
def test_what_is_given_is_the_formula_and_every_point_has_an_owner(amount, factors, bonuses, budgets, rate):
    """Beside a model that knows only fractions: a promotion over its budget is left out, the others are as before."""
    made = [promotion(n, factor=str(one), **_budget(budgets[n])) for n, one in enumerate(factors)]
    made += [promotion(n + 3, kind="fixed", points=one, **_budget(budgets[n + 3])) for n, one in enumerate(bonuses)]
    found = priced(*made, lines=[Line(amount)], rules=Rules(rate=rate))
    given_by = {one.promotion_id: one.points for one in found.promoted}
    assert sum(given_by.values()) + int(Fraction(amount) * Fraction(rate)) == found.total
    assert all(given_by.get(one.id, 0) <= (one.terms.budget or 10**12) for one in made)
    model = Fraction(amount) * Fraction(rate)
    for one in factors:
        model *= Fraction(one)
    assert int(Fraction(amount) * Fraction(rate)) <= found.earn <= model
    if all(budget is None for budget in budgets):
        assert found.earn == int(model) and found.bonus == sum(bonuses)


def _budget(points):
    return {} if points is None else {"budget": points}
