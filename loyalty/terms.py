"""A programme as facts that can be said: what a page or a bot puts into words, and what changed between two versions.

Every setting of `Rules` is in exactly one term, so that two programmes differ in their terms exactly when they differ.
Pure: no database, no language.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from loyalty.rules import Birthday, LargeCheck, Rules


@dataclass(frozen=True)
class Term:
    """One condition of a programme. `values` is what its sentence needs: percents as percents, 7 and not 0.07.

    `group` is earning, spending, life or returns. A term that is not `is_on` changes nothing for anybody (no
    multiplier, steps of one point): a summary leaves it out, a comparison does not.
    """

    kind: str
    group: str
    values: dict[str, Any] = field(default_factory=dict)
    is_on: bool = True


@dataclass(frozen=True)
class Change:
    """A term of an earlier programme and what became of it."""

    before: Term
    after: Term

    @property
    def kind(self) -> str:
        return self.after.kind


def list_terms(rules: Rules) -> list[Term]:
    """All terms in the order they are told: how points are earned, spent, how long they live, what a return does."""
    return [
        Term("rate", "earning", {"percent": rules.rate.scaleb(2)}),
        _multiplier("vip", rules.vip_factor, {"factor": rules.vip_factor}),
        _large_check(rules.large_check),
        _birthday(rules.birthday),
        Term("combine", "earning", {"how": rules.combine}, is_on=_count_multipliers(rules) > 1),
        Term(
            "categories", "earning", {"names": rules.eligible_categories}, is_on=rules.eligible_categories is not None
        ),
        Term("welcome_bonus", "earning", {"points": rules.welcome_bonus}, is_on=rules.welcome_bonus > 0),
        Term("point_value", "spending", {"money": rules.point_value}),
        Term("min_spend", "spending", {"points": rules.min_spend}, is_on=rules.min_spend > 1),
        Term("max_share", "spending", {"percent": rules.max_share}, is_on=rules.max_share < 100),
        Term("points_step", "spending", {"points": rules.points_step}, is_on=rules.points_step > 1),
        Term("pending", "life", {"days": rules.pending_days}, is_on=rules.pending_days > 0),
        Term("life", "life", {"months": rules.base_life_months, "days": rules.base_life_days}),
        Term("bonus_life", "life", {"days": rules.bonus_life_days}, is_on=rules.bonus_life_days is not None),
        Term("clawback", "returns", {"how": rules.clawback}),
        Term("grace", "returns", {"days": rules.grace_days}),
        Term("hold", "returns", {"minutes": rules.hold_minutes}),
    ]


def compare_rules(before: Rules, after: Rules) -> list[Change]:
    """What differs, in the order terms are told; nothing for equal rules."""
    pairs = zip(list_terms(before), list_terms(after), strict=True)
    return [Change(old, new) for old, new in pairs if old.values != new.values]


def _multiplier(kind: str, factor: Any, values: dict[str, Any]) -> Term:
    return Term(kind, "earning", values, is_on=factor is not None and factor != 1)


def _large_check(rule: LargeCheck | None) -> Term:
    values = vars(rule) if rule else {"factor": None, "above_percent": None, "min_purchases": None}
    return _multiplier("large_check", values["factor"], dict(values))


def _birthday(rule: Birthday | None) -> Term:
    values = vars(rule) if rule else {"factor": None, "days_before": None, "days_after": None}
    return _multiplier("birthday", values["factor"], dict(values))


def _count_multipliers(rules: Rules) -> int:
    found = (rules.vip_factor, *(rule.factor for rule in (rules.large_check, rules.birthday) if rule is not None))
    return sum(factor is not None and factor != 1 for factor in found)
