"""Rules that choose people: read strictly, written back, and asked of facts."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.errors import InvalidTargeting
from loyalty.targeting import FIELDS, MOST_LEAVES, Group, Leaf, matches, read_targeting, write_targeting

NOBODY = dict.fromkeys(FIELDS)
ANNA = NOBODY | {"visits": Decimal(3), "spent": Decimal("4500.50"), "is_vip": True, "tier": "gold"}


def rule(*rules, combinator="and", **more):
    return {"version": 1, "where": {"combinator": combinator, "rules": list(rules), **more}}


def leaf(field, operator, value=None):
    return {"field": field, "operator": operator} | ({"value": value} if value is not None else {})


def ask(data, facts=None):
    return matches(read_targeting(data), ANNA if facts is None else facts)


@pytest.mark.parametrize(
    ("one", "answer"),
    [
        (leaf("visits", ">=", 3), True),
        (leaf("visits", ">", 3), False),
        (leaf("visits", "between", [1, 3]), True),
        (leaf("spent", "=", "4500.50"), True),
        (leaf("spent", "<", "4500.50"), False),
        (leaf("is_vip", "=", True), True),
        (leaf("is_vip", "=", False), False),
        (leaf("tier", "in", ["gold", "silver"]), True),
        (leaf("tier", "not_in", ["gold"]), False),
        (leaf("tier", "!=", "silver"), True),
        (leaf("average_check", "is_null"), True),
        (leaf("visits", "is_not_null"), True),
    ],
)
def test_each_comparison_says_what_it_says(one, answer):
    assert ask(rule(one)) is answer


def test_what_is_not_known_matches_nothing_but_is_null():
    for operator, value in (("=", 1), ("!=", 1), ("<", 1), (">", 1), ("between", [0, 9])):
        assert ask(rule(leaf("last_purchase_days", operator, value)), NOBODY) is False
    assert ask(rule(leaf("tier", "not_in", ["gold"])), NOBODY) is False
    assert ask(rule(leaf("last_purchase_days", ">", 30), **{"not": True}), NOBODY) is True


def test_groups_combine_and_are_negated():
    yes, no = leaf("visits", "=", 3), leaf("visits", "=", 4)
    assert ask(rule(yes, no)) is False and ask(rule(yes, no, combinator="or")) is True
    inner = {"combinator": "or", "not": True, "rules": [no]}
    assert ask(rule(yes, inner)) is True


DEEP = leaf("visits", "=", 1)
for _ in range(6):
    DEEP = {"combinator": "and", "rules": [DEEP]}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (None, "must be"),
        ({"version": 2, "where": {}}, "must be"),
        ({"version": 1, "where": {"combinator": "xor", "rules": [DEEP]}}, "combines"),
        ({"version": 1, "where": {"combinator": "and", "rules": []}}, "without rules"),
        ({"version": 1, "where": {"combinator": "and", "not": 1, "rules": [leaf("visits", "=", 1)]}}, "combines"),
        ({"version": 1, "where": DEEP}, "deeper"),
        (rule(*[leaf("visits", "=", 1)] * (MOST_LEAVES + 1)), "more than"),
        (rule(leaf("partner_id", "=", 1)), "unknown field: partner_id"),
        (rule(leaf("visits", "like", "%")), "something other than"),
        (rule(leaf("is_vip", "=", 1)), "no flag"),
        (rule(leaf("visits", "=", True)), "no number"),
        (rule(leaf("visits", "=", "NaN")), "no number"),
        (rule(leaf("visits", "=", 1.5)), "no number"),
        (rule(leaf("visits", "between", [3, 1])), "wrong order"),
        (rule(leaf("visits", "between", [3])), "two numbers"),
        (rule(leaf("tier", "in", [])), "1 to 1000"),
        (rule(leaf("tier", "is_null", "gold")), "does not take"),
        (rule({"event": "purchase", "aggregate": "count"}), "none"),
        (rule(leaf(["visits"], "=", 1)), "unknown field"),
    ],
)
def test_anything_else_is_refused_clearly(data, reason):
    with pytest.raises(InvalidTargeting, match=reason):
        read_targeting(data)


leaves = st.one_of(
    st.builds(Leaf, st.just("visits"), st.sampled_from(["=", "<", ">="]), st.integers(0, 9).map(Decimal)),
    st.builds(Leaf, st.just("tier"), st.just("in"), st.tuples(st.sampled_from(["gold", "silver"]))),
    st.builds(Leaf, st.just("is_vip"), st.just("="), st.booleans()),
)
groups = st.recursive(
    st.builds(
        Group, st.sampled_from(["and", "or"]), st.booleans(), st.lists(leaves, min_size=1, max_size=3).map(tuple)
    ),
    lambda inner: st.builds(
        Group,
        st.sampled_from(["and", "or"]),
        st.booleans(),
        st.lists(inner | leaves, min_size=1, max_size=3).map(tuple),
    ),
    max_leaves=4,
)


@given(groups, st.integers(0, 9), st.sampled_from([None, "gold", "silver"]), st.booleans())
def test_a_rule_written_and_read_again_means_the_same(group, visits, tier, is_vip):
    try:
        again = read_targeting(write_targeting(group))
    except InvalidTargeting as refused:
        assert "deeper" in str(refused)
        return
    facts = NOBODY | {"visits": Decimal(visits), "tier": tier, "is_vip": is_vip}
    assert again == group and matches(again, facts) == matches(group, facts)
