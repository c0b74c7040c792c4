from dataclasses import fields, replace
from decimal import Decimal

import pytest

from loyalty.rules import PRESETS, Birthday, LargeCheck, Rules
from loyalty.terms import compare_rules, list_terms

OTHER = {
    "rate": Decimal("0.07"),
    "welcome_bonus": 50,
    "min_spend": 10,
    "max_share": Decimal(50),
    "points_step": 10,
    "point_value": Decimal("0.50"),
    "combine": "best",
    "vip_factor": Decimal("1.5"),
    "large_check": LargeCheck(Decimal("1.2"), Decimal(50), 3),
    "birthday": Birthday(Decimal(2), 3, 3),
    "eligible_categories": ("Кофе",),
    "pending_days": 14,
    "base_life_months": 12,
    "base_life_days": 90,
    "bonus_life_days": 30,
    "clawback": "within_balance",
    "grace_days": 7,
    "hold_minutes": 5,
}
"""A value for every setting that is not a new partner's."""


def told(rules):
    """What a summary tells: the values by kind."""
    return {term.kind: term.values for term in list_terms(rules) if term.is_on}


def test_percents_are_percents():
    assert told(Rules(rate=Decimal("0.07")))["rate"] == {"percent": Decimal(7)}
    assert told(Rules(rate=Decimal("0.0125")))["rate"] == {"percent": Decimal("1.25")}


def test_a_new_partners_programme_is_told_in_few_terms():
    kinds = ["rate", "welcome_bonus", "point_value", "min_spend", "life", "clawback", "grace", "hold"]
    assert list(told(PRESETS["default"])) == kinds


def test_the_retail_programme_tells_its_multipliers():
    terms = told(PRESETS["retail"])
    assert terms["vip"] == {"factor": Decimal("1.5")}
    assert terms["large_check"] == {"factor": Decimal("1.2"), "above_percent": Decimal(50), "min_purchases": 3}
    assert terms["birthday"] == {"factor": Decimal(2), "days_before": 3, "days_after": 3}
    assert terms["combine"] == {"how": "multiply"}
    assert "welcome_bonus" not in terms


def test_a_multiplier_of_one_is_none():
    assert "vip" not in told(Rules(vip_factor=Decimal(1)))
    assert "combine" not in told(Rules(vip_factor=Decimal(1), birthday=Birthday(Decimal(2), 3, 3)))


def test_every_setting_is_of_this_table():
    assert OTHER.keys() == {one.name for one in fields(Rules)} - {"promotions", "tiers"}


@pytest.mark.parametrize("name", OTHER)
def test_each_setting_is_told_by_one_term(name):
    before = Rules()
    (change,) = compare_rules(before, replace(before, **{name: OTHER[name]}))
    assert change.before.values != change.after.values


def test_equal_programmes_do_not_differ():
    assert compare_rules(Rules(rate=Decimal("0.050")), Rules()) == []


def test_changes_say_what_was_and_what_is():
    (change,) = compare_rules(Rules(), Rules(rate=Decimal("0.07")))
    assert (change.kind, change.before.values, change.after.values) == (
        "rate",
        {"percent": Decimal(5)},
        {"percent": Decimal(7)},
    )
