"""Purchases that were posted: what each gave and took, the list of them, and taking them back."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import current_app

from bot.masks import mask_phone
from bot.router import Room
from bot.talk import Buttons, Talk
from loyalty import drafts, members, purchases, sales
from loyalty.errors import AlreadyReturned, CannotUndo, CustomerNotFound, InvalidCursor, QuoteChanged
from loyalty.purchases import PurchaseCard, PurchaseRow
from loyalty.sums import read_sum
from models import db
from models.ledger import Refund

room = Room()

FIND, AMOUNT = "purchases.find", "purchases.amount"
"""Questions: which purchases to look for, and how much of one is returned."""
KIND = "refund"
"""Of drafts."""
A_PAGE = 8
A_ROW = 4
MOST_PAGES = 25
"""A page is found by reading those before it; who looks further back does so on the site."""
LONGEST_QUERY = 120
LONGEST_NAME = 40
PURCHASE = r"([0-9a-f]{32})"


# The list


@room.command("purchases", "transactions:read")
@room.press(r"purchases", "transactions:read")
def list_latest(talk: Talk) -> None:
    _list(talk, "", 1)


@room.press(rf"purchases_of:{PURCHASE}", "transactions:read")
def list_of_customer(talk: Talk, customer_id: str) -> None:
    """Those of one customer, by their id."""
    _list(talk, str(UUID(customer_id)), 1)


@room.press(r"purchases:([0-9]{1,2}):([0-9a-f]{8})", "transactions:read")
def turn_page(talk: Talk, page: str, mark: str) -> None:
    """A page beside the one shown. Raises `InvalidCursor` for a list of a search that was given up."""
    present = str(talk.data.get("query") or "") if talk.step == FIND else ""
    query = next((query for query in (present, "") if _mark(query) == mark), None)
    if query is None:
        raise InvalidCursor()
    _list(talk, query, min(max(int(page), 1), MOST_PAGES))


@room.step(FIND, "transactions:read")
def find(talk: Talk, text: str) -> None:
    """By a whole receipt number, or by the customer."""
    _list(talk, " ".join(text.split())[:LONGEST_QUERY], 1)


def _list(talk: Talk, query: str, page: int) -> None:
    words = talk.words
    if talk.step in (None, FIND):  # what else was begun stays begun
        talk.ask(FIND, query=query)
    found, following = purchases.list_purchases(
        talk.partner,
        query,
        caller=talk.caller,
        contacts=talk.may("customers:contacts"),
        now=talk.now,
        limit=A_PAGE * page,
    )
    rows = found[A_PAGE * (page - 1) :]
    if not rows:
        nothing = words("purchases_nothing", query=_say_query(talk, query)[:LONGEST_NAME])
        talk.rewrite(nothing if query else words("purchases_empty", credit=words.button("credit")))
        return
    head = (
        words("purchases_found", query=_say_query(talk, query), page=page)
        if query
        else words("purchases_head", page=page)
    )
    lines = [head, *(_tell_row(talk, row, n) for n, row in enumerate(rows, 1)), words("purchases_ask")]
    if following and page == MOST_PAGES:
        link = f"{current_app.config['SETTINGS'].public_url}/partner/purchases"
        lines.append(words("purchases_end", link=link))
    numbers = [(str(n), f"purchase:{row.purchase_id.hex}") for n, row in enumerate(rows, 1)]
    buttons = [numbers[n : n + A_ROW] for n in range(0, len(numbers), A_ROW)]
    talk.rewrite("\n\n".join(lines), [*buttons, *_turn(talk, query, page, bool(following))])


def _say_query(talk: Talk, query: str) -> str:
    """What was looked for; of a customer who was come from, the name and not the id."""
    try:
        customer_id = UUID(query)
        member = members.show_member(talk.place.partner_id, customer_id, talk.now, contacts=False)
    except (ValueError, CustomerNotFound):
        return query
    return member.name or talk.words("no_name")


def _turn(talk: Talk, query: str, page: int, has_more: bool) -> Buttons:
    row = [(talk.words("previous_page"), f"purchases:{page - 1}:{_mark(query)}")] if page > 1 else []
    if has_more and page < MOST_PAGES:
        row.append((talk.words("next_page"), f"purchases:{page + 1}:{_mark(query)}"))
    return [row] if row else []


def _mark(query: str) -> str:
    """By which a button knows the search that it belongs to."""
    return hashlib.sha256(query.encode()).hexdigest()[:8]


def _tell_row(talk: Talk, row: PurchaseRow, n: int) -> str:
    words, partner = talk.words, talk.partner
    marks = [words.change(points) for points in (-row.spent, row.earned) if points]
    if row.receipt_id:
        marks.append(words("purchase_mark_receipt", number=row.receipt_id[:LONGEST_NAME]))
    if row.is_undone:
        marks.append(words("purchase_mark_undone"))
    elif row.refunded and not row.remaining:
        marks.append(words("purchase_mark_returned"))
    elif row.refunded:
        marks.append(words("purchase_mark_partly", amount=words.money(row.refunded, partner.currency)))
    return words(
        "purchase_row",
        n=n,
        who=_name(talk, row),
        moment=words.moment(row.occurred_at, partner.timezone),
        amount=words.money(row.amount, partner.currency),
        points="".join(f" · {mark}" for mark in marks),
    )


# One


@room.press(rf"purchase:{PURCHASE}", "transactions:read")
def open_purchase(talk: Talk, purchase_id: str) -> None:
    """One of the list. Raises `PurchaseNotFound`, as for another partner's and another branch's."""
    show(talk, UUID(purchase_id), back=[(talk.words("purchases_back"), "purchases")])


def show(
    talk: Talk, purchase_id: UUID, *, note: str | None = None, back: Sequence[tuple[str, str]] | None = None
) -> None:
    """The purchase as it stands now, over the buttons that take it back. Raises as `open_purchase`."""
    card = _read(talk, purchase_id)
    lines = [*([note, ""] if note else []), *_describe(talk, card)]
    talk.rewrite("\n".join(lines), [*_buttons(talk, card.row), *([list(back)] if back else [])])


def _read(talk: Talk, purchase_id: UUID) -> PurchaseCard:
    contacts = talk.may("customers:contacts")
    return purchases.show_purchase(talk.partner, purchase_id, caller=talk.caller, contacts=contacts, now=talk.now)


def _buttons(talk: Talk, row: PurchaseRow) -> Buttons:
    if not talk.may("points:refund"):
        return []
    buttons = [(talk.words("undo"), f"undo:{row.purchase_id.hex}")] if row.undo_until else []
    buttons += [_refund_button(talk, row.purchase_id)] if row.remaining else []
    return [buttons] if buttons else []


def _refund_button(talk: Talk, purchase_id: UUID) -> tuple[str, str]:
    return talk.words("refund"), f"refund:{purchase_id.hex}"


def _describe(talk: Talk, card: PurchaseCard) -> list[str]:
    words, partner, row = talk.words, talk.partner, card.row
    told = [
        words(_head(row), earned=words.points(row.earned), spent=words.points(row.spent)),
        _name(talk, row) + (" ⭐ VIP" if card.is_vip else ""),
        words(
            "purchase_check",
            amount=words.money(row.amount, partner.currency),
            moment=words.moment(row.occurred_at, partner.timezone),
        ),
    ]
    if row.paid_with_points:
        rest = row.amount - row.paid_with_points
        paid = words.money(row.paid_with_points, partner.currency)
        told.append(words("purchase_paid", points=paid, money=words.money(rest, partner.currency)))
    if row.receipt_id:
        told.append(words("purchase_receipt", number=row.receipt_id))
    if row.branch_name and not talk.caller.branch_id:
        told.append(words("purchase_where", branch=row.branch_name))
    if card.cashier:
        told.append(words("purchase_cashier", name=card.cashier))
    if not row.is_undone:
        told += [_tell_refund(talk, refund) for refund in card.refunds]
        if row.refunded and row.remaining:
            told.append(words("purchase_left", amount=words.money(row.remaining, partner.currency)))
    told.append(words("purchase_balance", points=words.points(card.balance)))
    if card.pending:
        told.append(words("purchase_pending", points=words.points(card.pending)))
    return told


def _head(row: PurchaseRow) -> str:
    if row.is_undone:
        return "purchase_undone"
    if not row.remaining:
        return "purchase_returned"
    if row.spent:
        return "purchase_spent_and_credited" if row.earned else "purchase_spent"
    return "purchase_credited"


def _tell_refund(talk: Talk, refund: Refund) -> str:
    words, partner = talk.words, talk.partner
    moved = [words.change(points) for points in (refund.given_back, -refund.taken) if points]
    return words(
        "purchase_refund",
        moment=words.moment(refund.occurred_at, partner.timezone),
        amount=words.money(refund.amount, partner.currency),
        money=words.money(refund.money_back, partner.currency),
        points="".join(f", {change}" for change in moved),
    )


def _name(talk: Talk, row: PurchaseRow) -> str:
    phone = mask_phone(row.customer_phone) if row.customer_phone else None
    told = [row.customer_name and row.customer_name[:LONGEST_NAME], phone]
    return " · ".join(part for part in told if part) or talk.words("no_name")


# Taking it back


@room.press(rf"undo:{PURCHASE}", "points:refund")
def undo(talk: Talk, purchase_id: str) -> None:
    """As if it had not been; after a minute there is the refund. Raises `PurchaseNotFound`, `AlreadyReturned`."""
    try:
        undone = sales.undo(talk.partner, UUID(purchase_id), caller=talk.caller, now=talk.now)
    except CannotUndo as error:
        talk.say(talk.words.refusal(error), [[_refund_button(talk, UUID(purchase_id))]])
        return
    if undone.repeated:
        talk.toast = talk.words("undone_already")
    show(talk, UUID(purchase_id))


@room.press(rf"refund:{PURCHASE}", "points:refund")
def ask_amount(talk: Talk, purchase_id: str) -> None:
    """How much of it. Raises `PurchaseNotFound`, `AlreadyReturned`."""
    row = _read(talk, UUID(purchase_id)).row
    if not row.remaining:
        raise AlreadyReturned()
    talk.ask(AMOUNT, purchase=purchase_id)
    left = talk.words.money(row.remaining, talk.partner.currency)
    whole = [(talk.words("refund_all", amount=left), f"refund_all:{purchase_id}")]
    talk.rewrite(talk.words("refund_sum", left=left), [whole])


@room.step(AMOUNT, "points:refund")
def take_amount(talk: Talk, text: str) -> None:
    purchase_id = UUID(talk.data["purchase"])
    if not _read(talk, purchase_id).row.remaining:
        talk.ask(None)
        show(talk, purchase_id, note=talk.words.refusal(AlreadyReturned()))
        return
    _preview_refund(talk, purchase_id, read_sum(text))


@room.press(rf"refund_all:{PURCHASE}", "points:refund")
def take_all(talk: Talk, purchase_id: str) -> None:
    """All that is left of it. Raises `PurchaseNotFound`, `AlreadyReturned`."""
    remaining = _read(talk, UUID(purchase_id)).row.remaining
    if not remaining:
        raise AlreadyReturned()
    _preview_refund(talk, UUID(purchase_id), remaining)


def _preview_refund(talk: Talk, purchase_id: UUID, amount: Decimal, note: str | None = None) -> None:
    words, partner, card = talk.words, talk.partner, _read(talk, purchase_id)
    would = sales.preview_refund(partner, purchase_id, caller=talk.caller, now=talk.now, amount=amount)
    content = {"purchase": str(purchase_id), "amount": str(amount), "would": _consequences(would)}
    draft_id = drafts.propose(talk.place.partner_id, talk.customer.id, KIND, content, talk.now)
    if talk.step == AMOUNT:
        talk.ask(None)
    returned = words.money(amount, partner.currency)
    told = [
        words("refund_head", amount=returned, check=words.money(card.row.amount, partner.currency)),
        _name(talk, card.row),
        words("refund_money", amount=words.money(would.money_back, partner.currency)),
    ]
    moved = [
        words(name, points=words.points(points))
        for name, points in (("refund_gives", would.given_back), ("refund_takes", would.taken))
        if points
    ]
    told += moved or [words("refund_moves_none")]
    if would.shortfall:
        told.append(words("refund_shortfall", points=words.points(would.shortfall)))
    after = would.account.balance
    told.append(words("till_balance", before=words.number(card.balance), after=words.points(after)))
    if after < 0:
        told.append(words("refund_debt"))
    buttons = [
        [(words("refund_now", amount=returned), f"refund_now:{draft_id.hex}")],
        [(words("till_give_up"), f"refund_no:{draft_id.hex}")],
    ]
    talk.rewrite("\n".join([*([note, ""] if note else []), *told]), buttons)


@room.press(rf"refund_now:{PURCHASE}", "points:refund")
def confirm_refund(talk: Talk, draft_id: str) -> None:
    """Return what was shown, once; what is different by now is shown anew. Pressed again it says what was done."""
    if (draft := _open_draft(talk, draft_id)) is None:
        return
    purchase_id, amount = UUID(draft.content["purchase"]), Decimal(draft.content["amount"])
    try:
        with db.session.begin_nested():
            refunded = sales.post_refund(
                talk.partner, purchase_id, caller=talk.caller, key=str(draft.id), now=talk.now, amount=amount
            )
            if _consequences(refunded) != draft.content["would"]:
                raise QuoteChanged()
    except QuoteChanged:
        drafts.cancel(draft)
        _preview_refund(talk, purchase_id, amount, talk.words("till_changed"))
        return
    drafts.finish(draft, {"purchase": str(purchase_id), "money_back": str(refunded.money_back)})
    _show_refunded(talk, draft)


@room.press(rf"refund_no:{PURCHASE}", "points:refund")
def give_up_refund(talk: Talk, draft_id: str) -> None:
    if (draft := _open_draft(talk, draft_id)) is not None:
        drafts.cancel(draft)
        show(talk, UUID(draft.content["purchase"]), note=talk.words("cancelled"))


def _open_draft(talk: Talk, draft_id: str) -> Any:
    """The draft that the person may decide on; None for one that was carried out, and then that is shown."""
    draft = drafts.take(talk.place.partner_id, UUID(draft_id), talk.customer.id, KIND, talk.now)
    if draft.state == "open":
        return draft
    talk.toast = talk.words("done_already")
    _show_refunded(talk, draft)
    return None


def _show_refunded(talk: Talk, draft: Any) -> None:
    words, currency = talk.words, talk.partner.currency
    amount, money = (Decimal(value) for value in (draft.content["amount"], draft.result["money_back"]))
    done = words("refund_done", amount=words.money(amount, currency), money=words.money(money, currency))
    show(talk, UUID(draft.result["purchase"]), note=done)


def _consequences(refunded: Any) -> list[Any]:
    """What a cashier was shown of a return, as a draft keeps it."""
    return [refunded.taken, refunded.given_back, refunded.shortfall, str(refunded.money_back)]
