"""How many points: purchase, programme, member, time → points and the reasons. No clock, no database, no float.

The formula is `design.md` §4, «How many points»:
base = (eligible lines after discounts − the part paid with points) × rate, times the multipliers, rounded down once.
Sums are handled as whole kopecks and weights as exact decimals, so nothing but that one floor ever rounds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import (
    ROUND_DOWN,
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    DivisionByZero,
    Inexact,
    InvalidOperation,
    localcontext,
)
from fractions import Fraction
from functools import lru_cache
from math import prod
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from loyalty.birthdays import find_birthday
from loyalty.errors import (
    AboveShare,
    BelowMinimum,
    InvalidPoints,
    InvalidProgramme,
    InvalidPurchase,
    NotAStep,
    NotEnoughPoints,
    NotEnoughSpendable,
)
from loyalty.lifetime import available_at, expires_at, local_date
from loyalty.money import LIMIT, format_money, from_kopecks, split_largest_remainder, to_kopecks
from loyalty.offers import Promotion, choose, is_among
from loyalty.rules import PRESETS, Birthday, LargeCheck, Rules, write_decimal
from loyalty.types import Line, Member, PricedLine, Pricing, Promoted, Standing

__all__ = [
    "PRESETS",
    "Birthday",
    "LargeCheck",
    "Rules",
    "available_at",
    "bonus_weights",
    "check_spend",
    "expires_at",
    "find_birthday",
    "kept_points",
    "max_redeemable",
    "price",
    "reprice",
    "spendable_points",
]

FROZEN_VERSION = 1
"""Grows when the shape of `Pricing.frozen` changes; old snapshots must stay readable."""

SAME_BIRTHDAY_DAYS = 60
"""A birthday this near to one already used, in another calendar year, is a changed birth date, not a new birthday."""

_FROZEN_RULES = (
    "rate",
    "point_value",
    "min_spend",
    "max_share",
    "points_step",
    "eligible_categories",
    "clawback",
    "grace_days",
    "pending_days",
    "base_life_months",
    "base_life_days",
    "bonus_life_days",
)

_EXACT = Context(prec=100, rounding=ROUND_DOWN, traps=[Inexact, InvalidOperation, DivisionByZero])
"""Enough digits for every sum × rate × factors that `Rules.from_json` lets in; a lost digit raises."""


@dataclass(frozen=True)
class _Factor:
    """A multiplier; `promotion` is whose it is, when it is a promotion's, `name` a tier's."""

    kind: str
    factor: Decimal
    promotion: Promotion | None = None
    name: str | None = None

    def to_json(self) -> dict[str, str]:
        written = {"kind": self.kind, "factor": write_decimal(self.factor)}
        if self.promotion is not None:
            written |= {"promotion": str(self.promotion.id), "name": self.promotion.name}
        if self.name is not None:
            written |= {"name": self.name}
        return written


def price(
    lines: Sequence[Line],
    rules: Rules,
    member: Member,
    *,
    at: datetime,
    zone: ZoneInfo,
    spend_points: int = 0,
    order_discount: Decimal = Decimal(0),
) -> Pricing:
    """Price a purchase made `at` by the programme of a partner living in `zone`.

    `spend_points` pay first and earn nothing; `order_discount` is money off the whole check, spread over all lines.
    Raises `InvalidPurchase` (sums that are not money, no lines, a discount above the check), `InvalidPoints`, and
    `NotEnoughSpendable` when the lines cannot take the points; `ValueError` when `at` has no offset. Whether the
    member may spend that many (minimum, share, step, balance) is `check_spend`'s question and not asked here: the
    capture of a hold may be smaller than the minimum.
    """
    net = _discounted_kopecks(lines, order_discount)
    check, redeemable = from_kopecks(sum(net)), _redeemable(_limits(lines, net, rules), rules, member.available)
    chosen = choose(rules.promotions, lines, member, check=check, at=at, zone=zone) if rules.promotions else ()
    while True:
        factors, birthday_on = _find_factors(rules, member, chosen, check=check, on=local_date(at, zone))
        pricing = _apply(
            lines,
            net,
            _freeze(rules, factors),
            spend_points,
            promotions=chosen,
            birthday_on=birthday_on,
            redeemable=redeemable,
        )
        # a promotion whose budget cannot bear what it would give gives nothing
        beyond = {one.promotion_id for one in pricing.promoted if _is_beyond_budget(one, chosen, member)}
        if not beyond:
            return pricing
        chosen = tuple(one for one in chosen if one.id not in beyond)


def reprice(
    lines: Sequence[Line], frozen: dict[str, Any], *, spent_points: int, order_discount: Decimal = Decimal(0)
) -> Pricing:
    """Price a changed document at the rates frozen with its first accrual (`ledger.md` rule 9), never at today's.

    The multipliers that applied then apply now, whatever the check has become. `birthday_on` is None and
    `max_redeemable` 0: a written document opens no birthday and offers nothing. Raises as `price` does; a check that
    shrank below what was paid with points raises `NotEnoughSpendable`: give back down to `spendable_points` first.
    Raises `InvalidProgramme` on a snapshot of an unknown version.
    """
    return _apply(lines, _discounted_kopecks(lines, order_discount), frozen, spent_points)


def spendable_points(lines: Sequence[Line], point_value: Decimal, *, order_discount: Decimal = Decimal(0)) -> int:
    """How many points the lines can take at all, whatever the programme's limits. Raises `InvalidPurchase`."""
    net = _discounted_kopecks(lines, order_discount)
    return sum(_spendable_kopecks(lines, net)) // to_kopecks(point_value)


def max_redeemable(lines: Sequence[Line], rules: Rules, available: int, *, order_discount: Decimal = Decimal(0)) -> int:
    """The most points that may be spent on these lines; 0 means nothing is offered.

    The least of what is available, of S % of the check after discounts and of the lines that take points, down to a
    whole step; below the minimum nothing (`ledger.md` rule 14). Raises `InvalidPurchase`.
    """
    net = _discounted_kopecks(lines, order_discount)
    return _redeemable(_limits(lines, net, rules), rules, available)


def check_spend(
    points: int, lines: Sequence[Line], rules: Rules, available: int, *, order_discount: Decimal = Decimal(0)
) -> None:
    """Refuse a spend, naming the rule it breaks; passes exactly what `max_redeemable` and its steps allow, and 0.

    Raises `InvalidPoints`, then the first of `BelowMinimum`, `NotAStep`, `NotEnoughPoints`, and of `AboveShare` and
    `NotEnoughSpendable` the one with the lower limit. Raises `InvalidPurchase` as `price` does.
    """
    limits = _limits(lines, _discounted_kopecks(lines, order_discount), rules)
    if _checked_points(points) == 0:
        return
    if points < rules.min_spend:
        raise BelowMinimum(rules.min_spend, points)
    if points % rules.points_step:
        raise NotAStep(rules.points_step, points)
    if points > available:
        raise NotEnoughPoints(available, points)
    if points > limits.share and limits.share <= limits.lines:
        raise AboveShare(rules.max_share, limits.share, points)
    if points > limits.lines:
        raise NotEnoughSpendable(limits.lines, points)


def kept_points(
    points: int, weights: Sequence[Decimal], amounts: Sequence[Decimal], remaining: Sequence[Decimal]
) -> int:
    """What an award of `points` keeps after refunds: ⌊points × Σ wᵢ·remainingᵢ/amountᵢ ÷ Σ wᵢ⌋ (`ledger.md` rule 16).

    `amounts` are the lines' sums before points, `remaining` what refunds have left of them. Exact, with one floor, and
    a function of the state alone, so many small refunds take what one large refund takes. A line of 0 carries nothing
    and is skipped. Where no weight is left (a fixed bonus) the amounts weigh; where the whole check is 0 no refund can
    touch the award and it is kept (cancelling such a document is a reversal, not a refund).
    Raises `ValueError` unless 0 ≤ remaining ≤ amount on every line and nothing is negative.
    """
    counted = []
    for weight, amount, left in zip(weights, amounts, remaining, strict=True):
        if weight < 0 or not 0 <= left <= amount:
            raise ValueError("a line keeps between 0 and its amount, and weighs 0 or more")
        if amount:
            counted.append((Fraction(weight), Fraction(amount), Fraction(left)))
    if points < 0:
        raise ValueError("an award is never negative")
    if not counted:
        return points
    if not any(weight for weight, _, _ in counted):
        counted = [(amount, amount, left) for _, amount, left in counted]
    kept = points * sum(weight * left / amount for weight, amount, left in counted)
    return int(kept // sum(weight for weight, _, _ in counted))


def bonus_weights(lines: Sequence[Any], frozen: dict[str, Any], label: str | None) -> list[Decimal]:
    """What each stored line counts for in `kept_points` of a bonus (rule 16): the money paid for it where a promotion was
    for some lines only and this is one of them, else its amount. `label` is the entry's (`promotion:ID`)."""
    named = (one for one in frozen.get("bonuses", ()) if f"promotion:{one['promotion']}" == label)
    terms = next(named, {})
    categories, services = terms.get("categories", ()), terms.get("services", ())
    if not categories and not services:
        return [line.amount for line in lines]
    return [
        line.amount - line.spent if _earns(line, frozen) and is_among(line, categories, services) else Decimal(0)
        for line in lines
    ]


# Sums in kopecks


def _discounted_kopecks(lines: Sequence[Line], order_discount: Decimal) -> list[int]:
    """Each line's sum after its share of the order's discount."""
    if not lines:
        raise InvalidPurchase("has no lines", field="lines")
    gross = [_checked_kopecks(line.amount, f"lines.{index}.amount") for index, line in enumerate(lines)]
    if sum(gross) >= to_kopecks(LIMIT):
        raise InvalidPurchase("adds up to 1000000000000 or more", field="lines")
    discount = _checked_kopecks(order_discount, "order_discount")
    if discount > sum(gross):
        raise InvalidPurchase("has a discount above its sum", field="order_discount")
    return [line - part for line, part in zip(gross, split_largest_remainder(discount, gross), strict=True)]


def _checked_kopecks(amount: Decimal, field: str) -> int:
    if not isinstance(amount, Decimal) or not amount.is_finite() or not 0 <= amount < LIMIT:
        raise InvalidPurchase("has a sum that is not from 0 to 1000000000000", field=field)
    if amount.as_tuple().exponent < -20:
        raise InvalidPurchase("has a sum finer than a kopeck", field=field)
    try:
        return to_kopecks(amount)
    except ValueError:
        raise InvalidPurchase("has a sum finer than a kopeck", field=field) from None


def _spendable_kopecks(lines: Sequence[Line], net: list[int]) -> list[int]:
    return [0 if line.no_spending else kopecks for line, kopecks in zip(lines, net, strict=True)]


def _spent_kopecks(lines: Sequence[Line], net: list[int], points: int, point_value: Decimal) -> list[int]:
    """The part of each line that the points pay."""
    spendable, value = _spendable_kopecks(lines, net), to_kopecks(point_value)
    if _checked_points(points) > sum(spendable) // value:
        raise NotEnoughSpendable(sum(spendable) // value, points)
    return split_largest_remainder(points * value, spendable)


def _checked_points(points: int) -> int:
    if not isinstance(points, int) or isinstance(points, bool) or not 0 <= points < LIMIT:
        raise InvalidPoints(points)
    return points


# What may be spent


@dataclass(frozen=True)
class _Limits:
    """The most points by each limit of the check."""

    share: int
    lines: int


def _limits(lines: Sequence[Line], net: list[int], rules: Rules) -> _Limits:
    value = to_kopecks(rules.point_value)
    percent = Fraction(rules.max_share)
    return _Limits(
        share=int(sum(net) * percent // (100 * value)),
        lines=sum(_spendable_kopecks(lines, net)) // value,
    )


def _redeemable(limits: _Limits, rules: Rules, available: int) -> int:
    points = max(0, min(available, limits.share, limits.lines))
    points -= points % rules.points_step
    return points if points >= rules.min_spend else 0


# Multipliers


def _is_beyond_budget(promoted: Promoted, chosen: Sequence[Promotion], member: Member) -> bool:
    budget = next(one.terms.budget for one in chosen if one.id == promoted.promotion_id)
    spent = member.promotions.get(promoted.promotion_id, Standing()).all_points
    return budget is not None and spent + promoted.points > budget


def _find_factors(
    rules: Rules, member: Member, promotions: Sequence[Promotion], *, check: Decimal, on: date
) -> tuple[list[_Factor], date | None]:
    """The multipliers that apply, in the order they are shown, and the birthday if its multiplier is among them."""
    birthday = _unused_birthday(rules.birthday, member, on)
    found: list[_Factor] = []
    if (regular := _regular_factor(rules, member)) is not None:
        found.append(regular)
    if rules.large_check is not None and _is_large(check, rules.large_check, member):
        found.append(_Factor("large_check", rules.large_check.factor))
    if rules.birthday is not None and birthday is not None:
        found.append(_Factor("birthday", rules.birthday.factor))
    found += [_Factor("promotion", one.terms.factor, one) for one in promotions if one.terms.factor is not None]
    found = [one for one in found if one.factor != 1]
    if rules.combine == "best" and found:
        found = [max(found, key=lambda one: one.factor)]  # equal ones: the first, which spares the birthday
    return found, birthday if any(one.kind == "birthday" for one in found) else None


def _regular_factor(rules: Rules, member: Member) -> _Factor | None:
    """VIP is the tier that is given by hand: of it and the tier that was reached the larger factor counts."""
    vip = _Factor("vip", rules.vip_factor) if member.is_vip and rules.vip_factor is not None else None
    levels = rules.tiers.levels if rules.tiers is not None else ()
    reached = next((_Factor("tier", one.factor, name=one.name) for one in levels if one.name == member.tier), None)
    if vip is None or reached is None:
        return vip or reached
    return reached if reached.factor > vip.factor else vip


def _is_large(check: Decimal, rule: LargeCheck, member: Member) -> bool:
    """Compared at nine places: exact for an average in kopecks, and an average that is an unrounded quotient
    (200 ÷ 3) does not miss the border by its last digit."""
    average = member.average_check
    if average is None or average <= 0 or member.earlier_purchases < rule.min_purchases:
        return False
    context = Context(prec=100, rounding=ROUND_HALF_EVEN)
    threshold = context.multiply(average, context.add(Decimal(1), rule.above_percent.scaleb(-2, context)))
    return check >= threshold.quantize(Decimal("1e-9"), context=context)


def _unused_birthday(rule: Birthday | None, member: Member, on: date) -> date | None:
    """The birthday to celebrate `on` this day, unless a changed birth date makes it a second one of the same year."""
    if rule is None or member.birth_date is None:
        return None
    birthday, used = find_birthday(member.birth_date, on, rule), member.birthday_used_on
    if birthday is None or used is None or used == birthday:
        return birthday
    if used.year == birthday.year or abs((used - birthday).days) < SAME_BIRTHDAY_DAYS:
        return None
    return birthday


# The one formula


def _freeze(rules: Rules, factors: list[_Factor]) -> dict[str, Any]:
    """What re-pricing and refunds will need of today's rules; of the member only which factors applied."""
    with localcontext(_EXACT):
        multiplier = prod((one.factor for one in factors), start=Decimal(1))
    return {
        "version": FROZEN_VERSION,
        "factors": [one.to_json() for one in factors],
        "multiplier": write_decimal(multiplier),
        **_written(rules),
    }


@lru_cache(maxsize=1000)
def _written(rules: Rules) -> dict[str, Any]:
    """The frozen part of the rules; a programme prices many purchases."""
    written = rules.to_json()
    return {name: written[name] for name in _FROZEN_RULES}


def _apply(
    lines: Sequence[Line],
    net: list[int],
    frozen: dict[str, Any],
    points: int,
    *,
    promotions: Sequence[Promotion] = (),
    birthday_on: date | None = None,
    redeemable: int = 0,
) -> Pricing:
    """The formula, over nothing but the lines and the frozen rules: what `price` gives, `reprice` gives again."""
    if frozen.get("version") != FROZEN_VERSION:
        raise InvalidProgramme({"version": f"must be {FROZEN_VERSION}: the frozen rules are of another kind"})
    spent = _spent_kopecks(lines, net, points, Decimal(frozen["point_value"]))
    with localcontext(_EXACT):
        priced = tuple(
            PricedLine(
                amount=from_kopecks(amount),
                spent=from_kopecks(paid),
                weight=_weigh(line, from_kopecks(amount - paid), frozen),
                line=line,
            )
            for line, amount, paid in zip(lines, net, spent, strict=True)
        )
        exact = sum((line.weight for line in priced), Decimal(0))
        earn = int(exact)  # the one rounding: down, and exact is never negative
        promoted = _promote(priced, frozen, promotions)
        breakdown = _explain(priced, frozen, points, exact) + _explain_bonuses(earn, promoted, promotions)
    if bonuses := [_freeze_bonus(one, promotions) for one in promoted if one.is_bonus]:
        frozen = frozen | {"bonuses": bonuses}
    return Pricing(
        earn=earn,
        spent_points=points,
        lines=priced,
        breakdown=breakdown,
        frozen=frozen,
        birthday_on=birthday_on,
        max_redeemable=redeemable,
        promoted=promoted,
    )


def _freeze_bonus(given: Promoted, promotions: Sequence[Promotion]) -> dict[str, Any]:
    """What refunds will need of a bonus: how much, and which lines it was given for."""
    terms = next(one.terms for one in promotions if one.id == given.promotion_id)
    frozen: dict[str, Any] = {"promotion": str(given.promotion_id), "points": given.points}
    for name in ("categories", "services"):
        if names := getattr(terms, name):
            frozen[name] = list(names)
    return frozen


def _promote(
    priced: Sequence[PricedLine], frozen: dict[str, Any], promotions: Sequence[Promotion]
) -> tuple[Promoted, ...]:
    """What each promotion adds: a factor what it lifts the rounded sum by, in the order of the breakdown."""
    found = []
    paid = [(item.line, item.amount - item.spent) for item in priced if _earns(item.line, frozen)]
    running = _total(money for _, money in paid) * Decimal(frozen["rate"])
    for factor in frozen["factors"]:
        before, running = running, running * Decimal(factor["factor"])
        if "promotion" in factor and int(running) > int(before):
            found.append(Promoted(UUID(factor["promotion"]), int(running) - int(before), is_bonus=False))
    for one in promotions:
        terms = one.terms
        money = _total(money for line, money in paid if terms.takes(line))
        points = terms.points if terms.rate is None else int(money * terms.rate)
        if money and points:
            found.append(Promoted(one.id, points, is_bonus=True, life_days=terms.life_days))
    return tuple(found)


def _weigh(line: Line, paid_with_money: Decimal, frozen: dict[str, Any]) -> Decimal:
    """The line's exact points before rounding."""
    if not _earns(line, frozen):
        return Decimal(0)
    return paid_with_money * Decimal(frozen["rate"]) * Decimal(frozen["multiplier"])


def _earns(line: Line, frozen: dict[str, Any]) -> bool:
    categories = frozen["eligible_categories"]
    return not line.no_accrual and (categories is None or line.category in categories)


# The reasons


def _explain(priced: Sequence[PricedLine], frozen: dict[str, Any], points: int, exact: Decimal) -> list[dict[str, str]]:
    """The formula step by step: check − order discount − paid with points − not eligible = base, × rate × factors.

    Every value but `kind` is a decimal string; `points` is the running exact result after that step. Steps that
    change nothing are left out.
    """
    gross, check = _total(item.line.amount for item in priced), _total(item.amount for item in priced)
    spent = _total(item.spent for item in priced)
    base = _total(item.amount - item.spent for item in priced if _earns(item.line, frozen))
    steps = [{"kind": "check", "amount": format_money(gross)}]
    if gross != check:
        steps.append({"kind": "order_discount", "amount": format_money(gross - check)})
    if points:
        steps.append({"kind": "paid_with_points", "amount": format_money(spent), "points": str(points)})
    if base != check - spent:
        steps.append({"kind": "not_eligible", "amount": format_money(check - spent - base)})
    running = base * Decimal(frozen["rate"])
    steps.append(
        {
            "kind": "base",
            "amount": format_money(base),
            "rate": frozen["rate"],
            "points": write_decimal(running),
        }
    )
    for item in frozen["factors"]:
        running *= Decimal(item["factor"])
        steps.append({**item, "points": write_decimal(running)})
    if exact != int(exact):
        steps.append({"kind": "rounding", "dropped": write_decimal(exact % 1), "points": str(int(exact))})
    return steps


def _explain_bonuses(earn: int, promoted: Sequence[Promoted], promotions: Sequence[Promotion]) -> list[dict[str, str]]:
    """What promotions add beside the formula; `points` runs on."""
    names = {one.id: one.name for one in promotions}
    steps, running = [], earn
    for one in promoted:
        if one.is_bonus:
            running += one.points
            steps.append(
                {
                    "kind": "promotion_bonus",
                    "promotion": str(one.promotion_id),
                    "name": names[one.promotion_id],
                    "bonus": str(one.points),
                    "points": str(running),
                }
            )
    return steps


def _total(sums: Iterable[Decimal]) -> Decimal:
    return sum(sums, Decimal(0))
