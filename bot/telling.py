"""What several rooms of the till say: who it is, and how a purchase's points came about."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from bot.masks import mask_card, mask_email, mask_phone
from bot.texts import Words
from loyalty.identities import Identifier
from loyalty.members import MemberCard

_MASKS = {"phone": mask_phone, "email": mask_email, "card": mask_card}


def say_who(words: Words, who: Identifier, member: MemberCard | None) -> str:
    """The member as the partner knows them, or the number of somebody who is about to become one."""
    if member is None:
        is_written = who.kind in ("phone", "email", "card")
        return words("till_new", number=who.value) if is_written else words("till_new_by_code")
    known = [_MASKS[kind](value) for kind in ("phone", "email", "card") if (value := getattr(member, kind))]
    told = [member.name or (None if known else words("no_name")), *known[:1]]
    return " · ".join(part for part in told if part) + (" ⭐ VIP" if member.is_vip else "")


def say_steps(words: Words, breakdown: Iterable[dict[str, Any]], currency: str) -> list[str]:
    """The arithmetic behind the points, a line a step; the check and what points pay of it are said elsewhere."""
    told = []
    for step in breakdown:
        values = {"factor": words.factor(step["factor"])} if "factor" in step else {}
        if "rate" in step:
            values["percent"] = words.decimal(Decimal(step["rate"]).scaleb(2))
        if "amount" in step:
            values["amount"] = words.money(Decimal(step["amount"]), currency)
        if "name" in step:
            values["name"] = step["name"]
        if "bonus" in step:
            values["bonus"] = words.change(int(step["bonus"]))
        if "points" in step:
            values["points"] = words.exact_points(Decimal(step["points"]))
        if words.has(name := f"step_{step['kind']}"):
            told.append(words(name, **values))
    return told
