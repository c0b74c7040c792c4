"""The till: whose purchase it is, the check, what it comes to, and one button that posts it once.

What is asked for step by step and what is written in one line (`bot.lines`) meet in the same preview. Its button carries
the number of a draft: what was shown is posted, or shown anew.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from bot import lines
from bot.rooms import customers as customers_room
from bot.rooms import purchases
from bot.router import CUSTOMER, Room
from bot.talk import Talk
from bot.telling import say_steps, say_who
from loyalty import customers, drafts, partners, sales
from loyalty.access import NotAllowed
from loyalty.customers import CODE_KINDS, MemberRow
from loyalty.errors import (
    AboveShare,
    BranchNotFound,
    BranchRequired,
    CustomerNotFound,
    LoyaltyError,
    QuoteChanged,
    SpendRefused,
)
from loyalty.identities import Identifier, parse_identifier, recognise
from loyalty.sales import Basket, Preview, Promise
from loyalty.sums import read_points, read_sum
from models import db
from models.partner import Branch

room = Room()

WHO, SUM, POINTS, BRANCH = "till.who", "till.sum", "till.points", "till.branch"
KIND = "sale"
"""Of drafts."""
SEARCHES = (purchases.FIND, customers_room.SEARCH)
"""Questions that stay open behind a list; a sale is begun there as anywhere."""
MOST_FOUND = 10
MOST_BRANCHES = 50
LONGEST_QUERY = 100
_TELEGRAM = re.compile(r"(?:tg|id|тг)\s*:?\s*([1-9][0-9]{4,15})", re.IGNORECASE)
_BARE_TELEGRAM = re.compile(r"[1-9][0-9]{4,15}")


@dataclass(frozen=True)
class Plan:
    """What is about to be posted: a check to credit, points to spend on it, or points alone, which pay a whole check."""

    who: Identifier
    amount: Decimal | None = None
    points: int | None = None

    @classmethod
    def read(cls, written: dict[str, Any]) -> Plan:
        amount = written["amount"]
        return cls(Identifier(*written["who"]), amount and Decimal(amount), written["points"])

    def write(self) -> dict[str, Any]:
        amount = self.amount
        return {"who": _write_who(self.who), "amount": amount and str(amount), "points": self.points}


# In one line


@room.sentence(r"(?s).*[0-9].*", CUSTOMER)
def take_line(talk: Talk, found: re.Match) -> bool | None:
    """`500 +79161234567` and its kin, from staff and wherever they are. Raises what hinders the person from working."""
    try:
        partner = talk.partner
    except NotAllowed:
        partner = None
    if talk.step is not None and lines.is_an_answer(found[0], partner):
        return False
    line = lines.read_line(found[0], partner)
    if isinstance(line, lines.Unread):
        is_ours = talk.step is None or (talk.step in SEARCHES and line.trouble != "who")
        return _explain(talk, line) if partner is not None and is_ours else False
    if line is None or (partner is None and talk.step is not None):
        return False
    talk.require("points:spend" if line.points else "points:credit")
    _preview(talk, Plan(_see(talk, line.who), line.amount, line.points))
    return None


def _explain(talk: Talk, unread: lines.Unread) -> None:
    most = talk.words.money(lines.LARGEST, talk.partner.currency)
    trouble = talk.words(f"line_{unread.trouble}", part=unread.part[:40], most=most)
    talk.say(f"{trouble}\n\n{talk.words('line_forms')}")


# Step by step


@room.command("credit", "points:credit")
def begin_credit(talk: Talk) -> None:
    _ask_who(talk, "credit")


@room.command("spend", "points:spend")
def begin_spend(talk: Talk) -> None:
    _ask_who(talk, "spend")


@room.press(r"credit:([0-9a-f]{32})", "points:credit")
def begin_credit_of(talk: Talk, customer_id: str) -> None:
    """Credit a customer who was found already."""
    _take_who(talk, "credit", Identifier("customer_id", str(UUID(customer_id))))


@room.press(r"spend:([0-9a-f]{32})", "points:spend")
def begin_spend_of(talk: Talk, customer_id: str) -> None:
    """Spend points of a customer who was found already."""
    _take_who(talk, "spend", Identifier("customer_id", str(UUID(customer_id))))


@room.step(WHO, "points:credit")
def take_who(talk: Talk, text: str) -> None:
    """Whom the text names; of several the person chooses. Raises what is wrong with it when it names nobody."""
    way, found = talk.data["way"], _find(talk, text)
    if isinstance(found, Identifier):
        _take_who(talk, way, found)
        return
    rows, has_more = found
    buttons = [[(_label(row), f"{way}:{row.customer_id.hex}")] for row in rows]
    talk.say(talk.words("till_several_and_more" if has_more else "till_several"), buttons)


@room.step(SUM, "points:credit")
def take_sum(talk: Talk, text: str) -> None:
    amount = read_sum(text)
    if amount > lines.LARGEST:
        talk.say(talk.words("sum_too_large", most=talk.words.money(lines.LARGEST, talk.partner.currency)))
        return
    who, points = Identifier(*talk.data["who"]), talk.data.get("points")
    if talk.data["way"] == "spend" and points is None:
        _ask_points(talk, Plan(who, amount))
    else:
        _preview(talk, Plan(who, amount, points))


@room.step(POINTS, "points:spend")
def take_points(talk: Talk, text: str) -> None:
    _preview(talk, replace(Plan.read(talk.data), points=read_points(text)))


@room.press(r"most:([0-9]{1,12})", "points:spend")
def take_most(talk: Talk, points: str) -> None:
    """As many as were offered for the check we have just been told."""
    if talk.step == POINTS:
        take_points(talk, points)
    else:
        talk.say(talk.words("button_is_old"))


@room.step(BRANCH, "points:credit")
def take_branch_name(talk: Talk, text: str) -> None:
    named = [branch for branch in _branches(talk) if branch.name.casefold() == text.casefold()]
    if len(named) == 1:
        _stand_in(talk, named[0])
    else:
        _ask_branch(talk, Plan.read(talk.data))


@room.press(r"branch:([0-9a-f]{32})", "points:credit")
def take_branch(talk: Talk, branch_id: str) -> None:
    """The branch where the person stands, remembered. Raises `BranchNotFound` for a closed or foreign one, and for whoever
    is bound to one."""
    _stand_in(talk, next((branch for branch in _branches(talk) if branch.id == UUID(branch_id)), None))


def _ask_who(talk: Talk, way: str) -> None:
    talk.ask(WHO, way=way)
    talk.say(talk.words(f"till_who_{way}"))


def _take_who(talk: Talk, way: str, who: Identifier) -> None:
    seen = sales.preview(talk.partner, who, None, caller=talk.caller, now=talk.now, contacts=_contacts(talk))
    if way == "spend" and seen.member is None:
        talk.say(talk.words("till_nobody_to_spend"))
        return
    who = _settle(who, seen)
    talk.ask(SUM, way=way, who=_write_who(who))
    balance = seen.member.balance if seen.member else 0
    talk.rewrite(talk.words("till_sum", who=say_who(talk.words, who, seen.member), points=talk.words.points(balance)))


def _find(talk: Talk, text: str) -> Identifier | tuple[list[MemberRow], bool]:
    """Whoever is named, else up to ten of the partner's own whose name, phone or card has this in it, and whether there
    are more. A Telegram id names one's own customers only, as a customer id does."""
    if telegram := _TELEGRAM.fullmatch(text):
        return parse_identifier({"telegram_id": telegram[1]})
    partner = talk.partner
    try:
        return _see(talk, recognise(text, partner))
    except LoyaltyError as error:
        if error.code not in ("invalid_identifier", "invalid_phone") or not 0 < len(text) <= LONGEST_QUERY:
            raise
        if _BARE_TELEGRAM.fullmatch(text) and _is_member(talk, who := parse_identifier({"telegram_id": text})):
            return who
        rows, following = customers.search_members(
            partner.id, text, limit=MOST_FOUND, region=partner.region, contacts=_contacts(talk)
        )
        if len(rows) == 1:
            return Identifier("customer_id", str(rows[0].customer_id))
        if not rows:
            raise CustomerNotFound() if error.code == "invalid_identifier" else error from None
        return rows, following is not None


def _is_member(talk: Talk, who: Identifier) -> bool:
    try:
        customers.find_member(talk.partner, who)
    except CustomerNotFound:
        return False
    return True


def _label(row: MemberRow) -> str:
    told = [row.name, f"…{row.phone[-4:]}" if row.phone else None]
    return " · ".join(part[:40] for part in told if part) or "…"


def _see(talk: Talk, who: Identifier) -> Identifier:
    """A code is good for two minutes; one that was looked at in time is good until the purchase is typed in."""
    return customers.see_code(talk.partner, who, talk.now) if who.kind == "code" else who


def _settle(who: Identifier, seen: Preview) -> Identifier:
    """Whoever was shown is whoever is credited: an identity may change hands, a customer id does not."""
    if seen.member is None or who.kind in CODE_KINDS:
        return who
    return Identifier("customer_id", str(seen.member.customer_id))


def _write_who(who: Identifier) -> list[str]:
    return [who.kind, who.value]


def _contacts(talk: Talk) -> bool:
    return talk.may("customers:contacts")


# Where


def _branches(talk: Talk) -> list[Branch]:
    """Where the person may say that they stand; nowhere for those who are bound to a branch."""
    return [] if talk.caller.branch_id else partners.list_branches(talk.place.partner_id)


def _branch_of(talk: Talk) -> UUID | None:
    """Where the purchase happens. Raises `BranchRequired` where one of several must be named."""
    branches = _branches(talk)
    if len(branches) < 2:
        return branches[0].id if branches else talk.caller.branch_id
    if talk.branch_id not in {branch.id for branch in branches}:
        raise BranchRequired()
    return talk.branch_id


def _ask_branch(talk: Talk, plan: Plan) -> None:
    talk.ask(BRANCH, **plan.write())
    buttons = [[(branch.name[:40], f"branch:{branch.id.hex}")] for branch in _branches(talk)[:MOST_BRANCHES]]
    talk.rewrite(talk.words("till_branch"), buttons)


def _stand_in(talk: Talk, branch: Branch | None) -> None:
    if branch is None:
        raise BranchNotFound()
    talk.go_to_work(talk.place.partner_id, branch.id)
    if talk.step == BRANCH:
        _preview(talk, Plan.read(talk.data))
    else:
        talk.rewrite(talk.words("till_branch_chosen", branch=branch.name))


# What it comes to


def _ask_points(talk: Talk, plan: Plan) -> None:
    """How many points, up to as many as the check takes; where it takes none, it can be credited."""
    words, basket = talk.words, Basket(plan.amount)
    seen = sales.preview(talk.partner, plan.who, basket, caller=talk.caller, now=talk.now, contacts=_contacts(talk))
    most = seen.plain.max_redeemable
    if not most:
        available = words.points(seen.member.available if seen.member else 0)
        note = words("till_no_spending", available=available, minimum=words.of_points(seen.rules.min_spend))
        _preview(talk, plan, note)
        return
    talk.ask(POINTS, **plan.write())
    money = words.money(plan.amount, talk.partner.currency)
    buttons = [[(words("till_most", points=words.points(most)), f"most:{most}")]]
    if seen.wished and seen.wished < most:
        buttons.insert(0, [(words("till_wished", points=words.points(seen.wished)), f"most:{seen.wished}")])
    talk.rewrite(words("till_points", amount=money, points=words.of_points(most)), buttons)


def _preview(talk: Talk, plan: Plan, note: str | None = None) -> None:
    """Show what would be posted, over a button that posts just this. Ends what the till had asked for."""
    try:
        branch_id = _branch_of(talk)
        seen = _look(talk, plan, branch_id)
    except BranchRequired:
        _ask_branch(talk, plan)
        return
    except AboveShare as error:
        if plan.amount is not None:
            raise
        talk.ask(SUM, way="spend", who=_write_who(plan.who), points=plan.points)
        talk.rewrite(talk.words("till_sum_for_points", share=talk.words.decimal(error.share)))
        return
    except CustomerNotFound:
        if not plan.points:
            raise
        talk.say(talk.words("till_nobody_to_spend"))
        return
    plan = replace(plan, who=_settle(plan.who, seen))
    pricing = seen.spending if plan.points else seen.plain
    content = {
        "plan": plan.write(),
        "branch": str(branch_id) if branch_id else None,
        "amount": str(sum(line.amount for line in pricing.lines)),
        "promise": {"rules": seen.plain.frozen, "earn": seen.plain.total},
        "earned": pricing.total,
    }
    draft_id = drafts.propose(talk.place.partner_id, talk.customer.id, KIND, content, talk.now)
    if talk.step in (WHO, SUM, POINTS, BRANCH):
        talk.ask(None)
    text = "\n".join([*([note, ""] if note else []), *_tell(talk, plan, seen, branch_id)])
    talk.rewrite(text, _buttons(talk, plan, seen, draft_id))


def _look(talk: Talk, plan: Plan, branch_id: UUID | None) -> Preview:
    partner = talk.partner
    basket = sales.whole_check(partner, plan.points) if plan.amount is None else Basket(plan.amount)
    return sales.preview(
        partner,
        plan.who,
        basket,
        caller=talk.caller,
        now=talk.now,
        contacts=_contacts(talk),
        branch_id=branch_id,
        points=plan.points or None,
    )


def _tell(talk: Talk, plan: Plan, seen: Preview, branch_id: UUID | None) -> list[str]:
    words, partner = talk.words, talk.partner
    pricing = seen.spending if plan.points else seen.plain
    check, paid = sum(line.amount for line in pricing.lines), sum(line.spent for line in pricing.lines)

    def money(amount: Decimal) -> str:
        return words.money(amount, partner.currency)

    branch = next((branch.name for branch in _branches(talk) if branch.id == branch_id), None)
    told = [
        " · ".join(part for part in (partner.name, branch) if part),
        say_who(words, plan.who, seen.member),
        *([words("till_wished", points=words.points(seen.wished))] if seen.wished and not plan.points else []),
        words("till_check", amount=money(check)),
    ]
    if plan.points:
        told += [
            words("till_will_spend", points=words.points(plan.points), money=money(paid)),
            words("till_to_pay", amount=money(check - paid)),
        ]
    if plan.amount is not None:
        told += say_steps(words, pricing.breakdown, partner.currency)
        told.append(words("till_will_credit", points=words.points(pricing.total)))
        if pricing.total and seen.rules.pending_days:
            told.append(words("till_will_wait", days=words.count("till_days", seen.rules.pending_days)))
    before = seen.member.balance if seen.member else 0
    told.append(words("till_balance", before=words.number(before), after=words.points(seen.balance_after(pricing))))
    return told


def _buttons(talk: Talk, plan: Plan, seen: Preview, draft_id: UUID) -> list[list[tuple[str, str]]]:
    words, most = talk.words, seen.plain.max_redeemable
    spends = bool(plan.points)
    points = words.points(plan.points if spends else seen.plain.total)
    rows = [[(words("till_spend_now" if spends else "till_credit_now", points=points), f"sale:{draft_id.hex}")]]
    if not spends and most and talk.may("points:spend"):
        rows.append([(words("till_pay_with_points", points=words.of_points(most)), f"sale_points:{draft_id.hex}")])
    if len(_branches(talk)) > 1:
        rows.append([(words("till_change_branch"), f"sale_branch:{draft_id.hex}")])
    return [*rows, [(words("till_give_up"), f"sale_no:{draft_id.hex}")]]


# The buttons under it


@room.press(r"sale:([0-9a-f]{32})", "points:credit")
def confirm(talk: Talk, draft_id: str) -> None:
    """Post what was shown, once; what is different by now is shown anew. Pressed again it says what was done."""
    if (draft := _open_draft(talk, draft_id)) is None:
        return
    plan, content = Plan.read(draft.content["plan"]), draft.content
    if plan.points:
        talk.require("points:spend")
    is_whole = plan.amount is None
    try:
        with db.session.begin_nested():
            sale = sales.post_transaction(
                talk.partner,
                plan.who,
                Basket(Decimal(content["amount"])),
                kind="redemption" if is_whole else "accrual",
                caller=talk.caller,
                key=str(draft.id),
                now=talk.now,
                points=plan.points,
                branch_id=content["branch"] and UUID(content["branch"]),
                promise=Promise(**content["promise"]),
            )
            if sale.earned != content["earned"]:
                raise QuoteChanged()
    except (QuoteChanged, SpendRefused, BranchNotFound) as changed:
        if isinstance(changed, SpendRefused) and is_whole:
            raise
        drafts.cancel(draft)
        _preview(talk, _lower(talk, plan), talk.words("till_changed"))
        return
    drafts.finish(draft, {"purchase": str(sale.purchase_id)})
    purchases.show(talk, sale.purchase_id)


@room.press(r"sale_no:([0-9a-f]{32})", "points:credit")
def give_up(talk: Talk, draft_id: str) -> None:
    if (draft := _open_draft(talk, draft_id)) is not None:
        drafts.cancel(draft)
        talk.rewrite(talk.words("cancelled"))


@room.press(r"sale_points:([0-9a-f]{32})", "points:spend")
def pay_with_points(talk: Talk, draft_id: str) -> None:
    """The same check, partly paid with points."""
    if (draft := _open_draft(talk, draft_id)) is not None:
        drafts.cancel(draft)
        _ask_points(talk, Plan.read(draft.content["plan"]))


@room.press(r"sale_branch:([0-9a-f]{32})", "points:credit")
def change_branch(talk: Talk, draft_id: str) -> None:
    if (draft := _open_draft(talk, draft_id)) is not None:
        drafts.cancel(draft)
        _ask_branch(talk, Plan.read(draft.content["plan"]))


def _open_draft(talk: Talk, draft_id: str):
    """The draft that the person may decide on; None for one that was posted, and then that is shown."""
    draft = drafts.take(talk.place.partner_id, UUID(draft_id), talk.customer.id, KIND, talk.now)
    if draft.state == "open":
        return draft
    talk.toast = talk.words("done_already")
    # once under its message: who presses thirty times would wait half a minute for the next answer
    if talk.incoming.message_id is None or not draft.result.get("was_told"):
        drafts.finish(draft, draft.result | {"was_told": True})
        purchases.show(talk, UUID(draft.result["purchase"]))
    return None


def _lower(talk: Talk, plan: Plan) -> Plan:
    """As many of the points as may still be spent."""
    if not plan.points or plan.amount is None:
        return plan
    seen = sales.preview(talk.partner, plan.who, Basket(plan.amount), caller=talk.caller, now=talk.now, contacts=False)
    return replace(plan, points=min(plan.points, seen.plain.max_redeemable))
