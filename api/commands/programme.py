"""``flask --app wsgi programme quote``: what a purchase would earn and why. Needs no database."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from api.commands.group import CommandGroup
from loyalty.errors import InvalidProgramme, LoyaltyError
from loyalty.money import format_money, parse_money
from loyalty.programme import PRESETS, Rules, check_spend, price
from loyalty.types import Line, Member, Pricing

programme_group = CommandGroup("programme", help="Try the rules of a programme.")


class _Refused(click.ClickException):
    """Bad input: one sentence on stderr, exit code 2."""

    exit_code = 2


@programme_group.command("quote")
@click.option("--preset", default="default", show_default=True, help=f"One of: {', '.join(PRESETS)}.")
@click.option("--rules", "rules_file", metavar="FILE.json", help="Rules as JSON instead of a preset.")
@click.option("--amount", help="The check as one line, for example 1000 or 1000.50.")
@click.option("--line", "lines", multiple=True, metavar="SUM[;category=NAME][;no-accrual][;no-spending]")
@click.option("--order-discount", default="0", help="Money off the whole check.")
@click.option("--vip", is_flag=True, help="The customer is a VIP.")
@click.option("--birthday", is_flag=True, help="It is the customer's birthday.")
@click.option("--average", help="The customer's average check.")
@click.option("--purchases", default="0", help="How many purchases the customer made before.")
@click.option("--spend", default="0", help="Points to pay with.")
@click.option("--available", help="Points the customer has; left out: as many as needed.")
@click.option("--at", "moment", metavar="ISO", help="When, with an offset: 2026-03-05T12:00+03:00. Default: now.")
@click.option("--zone", default="Europe/Moscow", show_default=True, help="The partner's time zone.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def quote(**options: Any) -> None:
    """Show what a purchase earns and how the number comes about."""
    try:
        pricing = _price(**{name: value for name, value in options.items() if name != "as_json"})
    except LoyaltyError as refused:
        raise _Refused(f"{refused.field}: {refused}" if _needs_field(refused) else str(refused)) from None
    click.echo(json.dumps(_to_json(pricing), ensure_ascii=False, indent=2) if options["as_json"] else _tell(pricing))


def _price(
    *,
    preset,
    rules_file,
    amount,
    lines,
    order_discount,
    vip,
    birthday,
    average,
    purchases,
    spend,
    available,
    moment,
    zone,
) -> Pricing:
    rules, at, partner_zone = _read_rules(preset, rules_file), _read_moment(moment), _read_zone(zone)
    check = _read_lines(amount, lines)
    points = _read_count("--spend", spend)
    purse = points if available is None else _read_count("--available", available)
    member = Member(
        is_vip=vip,
        birth_date=_birth_date_for(at.astimezone(partner_zone).date()) if birthday else None,
        earlier_purchases=_read_count("--purchases", purchases),
        average_check=None if average is None else parse_money(average, allow_zero=True, field="--average"),
        available=purse,
    )
    discount = parse_money(order_discount, allow_zero=True, field="--order-discount")
    check_spend(points, check, rules, purse, order_discount=discount)
    return price(check, rules, member, at=at, zone=partner_zone, spend_points=points, order_discount=discount)


def _read_rules(preset: str, path: str | None) -> Rules:
    if path is None:
        if preset not in PRESETS:
            raise _Refused(f"--preset must be one of: {', '.join(PRESETS)}.")
        return PRESETS[preset]
    try:
        return Rules.from_json(json.loads(Path(path).read_text("utf-8"), parse_float=Decimal))
    except OSError as failure:
        raise _Refused(f"--rules: cannot read {path}: {failure.strerror}.") from None
    except (ValueError, RecursionError):
        raise _Refused(f"--rules: {path} is not JSON.") from None


def _read_moment(text: str | None) -> datetime:
    if text is None:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _Refused("--at must be a time such as 2026-03-05T12:00+03:00.") from None
    if moment.utcoffset() is None:
        raise _Refused("--at needs its offset, such as 2026-03-05T12:00+03:00.")
    if not 1970 <= moment.year <= 9000:
        raise _Refused("--at must be from the year 1970 to the year 9000.")
    return moment


def _read_zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        raise _Refused("--zone must name a time zone such as Europe/Moscow.") from None


def _read_count(option: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise _Refused(f"{option} must be a whole number, zero or more.")
    return int(text)


def _read_lines(amount: str | None, lines: tuple[str, ...]) -> list[Line]:
    if (amount is None) == (not lines):
        raise _Refused("Give the check either as --amount or as one or more --line.")
    if amount is not None:
        return [Line(parse_money(amount, field="--amount"))]
    return [_read_line(text) for text in lines]


def _read_line(text: str) -> Line:
    amount, *marks = (part.strip() for part in text.split(";"))
    settings: dict[str, Any] = {}
    for mark in marks:
        name, _, value = mark.partition("=")
        if mark in ("no-accrual", "no-spending"):
            settings[mark.replace("-", "_")] = True
        elif name == "category" and value:
            settings["category"] = value
        else:
            raise _Refused(f"--line knows category=NAME, no-accrual and no-spending, not {mark!r}.")
    return Line(parse_money(amount, allow_zero=True, field="--line"), **settings)


def _birth_date_for(today: date) -> date:
    """Somebody born on this day, in a leap year so that 29 February works."""
    return date(1904, today.month, today.day)


def _needs_field(refused: LoyaltyError) -> bool:
    return refused.field is not None and not isinstance(refused, InvalidProgramme) and refused.field != "points"


def _to_json(pricing: Pricing) -> dict[str, Any]:
    return {
        "earn": pricing.earn,
        "spent_points": pricing.spent_points,
        "max_redeemable": pricing.max_redeemable,
        "lines": [
            {
                "amount": format_money(line.amount),
                "spent": format_money(line.spent),
                "weight": f"{line.weight:f}",
                "category": line.line.category,
            }
            for line in pricing.lines
        ],
        "breakdown": pricing.breakdown,
        "frozen": pricing.frozen,
        "birthday_on": pricing.birthday_on and pricing.birthday_on.isoformat(),
    }


_SENTENCES = {
    "check": "Check: {amount}",
    "order_discount": "- discount on the order: {amount}",
    "paid_with_points": "- paid with {points} points: {amount}",
    "not_eligible": "- earns nothing: {amount}",
    "base": "Base: {amount} x {percent:f} % = {points}",
    "vip": "x {factor} VIP = {points}",
    "large_check": "x {factor} large check = {points}",
    "birthday": "x {factor} birthday = {points}",
    "tier": "x {factor} «{name}» = {points}",
    "promotion": "× {factor} («{name}») = {points}",
    "promotion_bonus": "+ {bonus} («{name}») = {points}",
    "rounding": "rounded down = {points}",
}


def _tell(pricing: Pricing) -> str:
    """The breakdown for people, a step to a line."""
    told = [_SENTENCES[step["kind"]].format(**step, percent=_percent(step.get("rate"))) for step in pricing.breakdown]
    return "\n".join([*told, f"Earns {pricing.earn} points"])


def _percent(rate: str | None) -> Decimal:
    percent = Decimal(rate or 0) * 100
    return percent.normalize() if percent != percent.to_integral_value() else percent.quantize(Decimal(1))
