import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.errors import InvalidProgramme
from loyalty.programme import PRESETS, Birthday, LargeCheck, Rules
from loyalty.rules import RANGES
from loyalty.types import Life

RETAIL = PRESETS["retail"].to_json()


def places(low, high, count):
    return st.decimals(low, high, places=count)


factors = places(1, 100, 4)
rules = st.builds(
    Rules,
    rate=places(0, 1, 6),
    welcome_bonus=st.integers(0, 10**6),
    min_spend=st.integers(0, 10**6),
    max_share=places(0, 100, 2),
    points_step=st.integers(1, 10**6),
    point_value=places("0.01", 10**6, 2),
    combine=st.sampled_from(["multiply", "best"]),
    vip_factor=st.none() | factors,
    large_check=st.none() | st.builds(LargeCheck, factors, places(0, 1000, 2), st.integers(1, 1000)),
    birthday=st.none() | st.builds(Birthday, factors, st.integers(0, 30), st.integers(0, 30)),
    eligible_categories=st.none() | st.sampled_from([("кофе",), ("a", "b")]),
    pending_days=st.integers(1, 365),
    base_life_months=st.none() | st.integers(1, 120),
    bonus_life_days=st.none() | st.integers(1, 3650),
    clawback=st.sampled_from(["debt", "within_balance", "pending_only"]),
    grace_days=st.integers(0, 365),
    hold_minutes=st.integers(1, 1440),
)


@given(rules)
def test_rules_come_back_from_json_equal(some):
    assert Rules.from_json(json.loads(json.dumps(some.to_json()))) == some


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_valid_rules(name):
    assert Rules.from_json(PRESETS[name].to_json()) == PRESETS[name]


def test_the_default_is_a_new_partners_programme():
    rules = Rules.from_json({})
    assert rules == PRESETS["default"]
    assert (rules.rate, rules.welcome_bonus, rules.min_spend, rules.max_share) == (Decimal("0.05"), 100, 100, 100)
    assert (rules.vip_factor, rules.large_check, rules.birthday, rules.base_life) == (None, None, None, None)


def test_the_retail_preset_is_the_designs():
    rules = PRESETS["retail"]
    assert (rules.rate, rules.welcome_bonus, rules.min_spend) == (Decimal("0.01"), 0, 100)
    assert rules.vip_factor == Decimal("1.5")
    assert rules.large_check == LargeCheck(Decimal("1.2"), Decimal(50), 3)
    assert rules.birthday == Birthday(Decimal(2), 3, 3)


def test_lives_are_read_in_months_or_days():
    assert Rules.from_json({"base_life_months": 12}).base_life == Life(months=12)
    assert Rules.from_json({"base_life_days": 90, "bonus_life_days": 7}).base_life == Life(days=90)
    assert Rules.from_json({"bonus_life_days": 7}).bonus_life == Life(days=7)


BIRTHDAY = {"factor": "2", "days_before": 3, "days_after": 3}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"rates": "0.05"}, "rates"),
        ({"rate": 0.05}, "rate"),
        ({"rate": "1.01"}, "rate"),
        ({"rate": "-0.01"}, "rate"),
        ({"rate": "5%"}, "rate"),
        ({"rate": "0.0000001"}, "rate"),
        ({"rate": "1e-2"}, "rate"),
        ({"rate": "٠"}, "rate"),
        ({"rate": True}, "rate"),
        ({"rate": None}, "rate"),
        ({"rate": Decimal("NaN")}, "rate"),
        ({"rate": [1]}, "rate"),
        ({"welcome_bonus": -1}, "welcome_bonus"),
        ({"welcome_bonus": "100"}, "welcome_bonus"),
        ({"welcome_bonus": True}, "welcome_bonus"),
        ({"min_spend": 1.5}, "min_spend"),
        ({"max_share": "100.01"}, "max_share"),
        ({"points_step": 0}, "points_step"),
        ({"point_value": "0"}, "point_value"),
        ({"point_value": "0.001"}, "point_value"),
        ({"combine": "sum"}, "combine"),
        ({"combine": ["best"]}, "combine"),
        ({"vip_factor": "0.5"}, "vip_factor"),
        ({"vip_factor": "100.5"}, "vip_factor"),
        ({"large_check": {"factor": "1.2"}}, "large_check.above_percent"),
        ({"large_check": []}, "large_check"),
        ({"large_check": {"factor": "1.2", "above_percent": "-1", "min_purchases": 3}}, "large_check.above_percent"),
        ({"birthday": BIRTHDAY | {"days_before": 31}}, "birthday.days_before"),
        ({"birthday": BIRTHDAY | {"colour": "red"}}, "birthday.colour"),
        ({"eligible_categories": []}, "eligible_categories"),
        ({"eligible_categories": "coffee"}, "eligible_categories"),
        ({"eligible_categories": ["a", "a"]}, "eligible_categories"),
        ({"eligible_categories": [" "]}, "eligible_categories"),
        ({"eligible_categories": [1]}, "eligible_categories"),
        ({"pending_days": 366}, "pending_days"),
        ({"base_life_months": 0}, "base_life_months"),
        ({"base_life_months": 1, "base_life_days": 1}, "base_life_days"),
        ({"clawback": "never"}, "clawback"),
        ({"clawback": "pending_only"}, "clawback"),
        ({"clawback": "pending_only", "pending_days": 0}, "clawback"),
        ({"grace_days": -1}, "grace_days"),
        ({"hold_minutes": 0}, "hold_minutes"),
    ],
)
def test_a_bad_rule_is_refused_by_its_name(change, field):
    with pytest.raises(InvalidProgramme) as caught:
        Rules.from_json(change)
    assert set(caught.value.errors) == {field} or field == "large_check.above_percent"
    assert field in caught.value.errors


def test_all_bad_fields_are_named_at_once():
    with pytest.raises(InvalidProgramme) as caught:
        Rules.from_json({"rate": "x", "colour": 1, "birthday": BIRTHDAY | {"factor": "0"}})
    assert set(caught.value.errors) == {"rate", "colour", "birthday.factor"}
    assert caught.value.code == "invalid_programme"


@pytest.mark.parametrize("data", [None, [], "rules", 5])
def test_rules_are_an_object(data):
    with pytest.raises(InvalidProgramme, match="must be an object"):
        Rules.from_json(data)


@pytest.mark.parametrize("name", RANGES)
def test_a_number_may_be_what_its_range_says_and_no_more(name):
    allowed = RANGES[name]
    step = Decimal(1).scaleb(-allowed.places)

    def read(number):
        value = str(number) if allowed.places else int(number)
        outer, _, inner = name.partition(".")
        first = {"base_life_months": None, "base_life_days": None}
        return Rules.from_json(first | ({outer: RETAIL[outer] | {inner: value}} if inner else {outer: value}))

    for number in (allowed.low, allowed.high):
        read(number)
    for number in (allowed.low - step, allowed.high + step):
        with pytest.raises(InvalidProgramme) as refused:
            read(number)
        assert name in refused.value.errors


def test_every_number_of_a_programme_has_a_range():
    numbers = {name for name, value in RETAIL.items() if name not in ("combine", "clawback", "eligible_categories")}
    assert {name.partition(".")[0] for name in RANGES} == numbers
