"""Claims that wait for the staff: the list, one with what looks odd about it, and the decision.

What is shown before ✅ is done and taken back (`claims.preview`), and the button carries the number of a draft: just that is
credited, once, or shown anew where it would be something else by now.
"""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from bot import keyboards
from bot.masks import mask_phone
from bot.rooms import office, people
from bot.router import CUSTOMER, Room
from bot.talk import Talk
from loyalty import claim_alerts, claims, drafts
from loyalty.claims import ClaimRow
from loyalty.errors import ClaimDecided, QuoteChanged
from loyalty.sums import read_sum
from models import db

room = Room()

SUM, REASON = "claims.sum", "claims.reason"
"""Questions: what the check was, and why it is refused."""
KIND = "claim"
"""Of drafts."""
A_PAGE = 5
REASONS = 4
"""How many ready reasons there are."""
LONGEST_LABEL = 40
CLAIM = r"([0-9a-f]{32})"


@room.press(r"claims_of:([0-9]{6,12})", CUSTOMER)
def open_of_partner(talk: Talk, code: str) -> None:
    """From the message that claims wait: at that partner, whoever they act for now. Raises `NotStaff`."""
    people.go_to(talk, code)
    talk.require("points:credit")
    show(talk, "1")


@room.press(r"claims:([0-9]{1,3})", "points:credit")
def show(talk: Talk, page: str) -> None:
    """Those that wait, page by page."""
    words, number = talk.words, max(int(page), 1)
    found = claims.list_claims(
        talk.place.partner_id, caller=talk.caller, contacts=_contacts(talk), limit=A_PAGE * number + 1
    )
    rows = found[A_PAGE * (number - 1) : A_PAGE * number]
    if not found:
        text = words("claims_none", office=words.button("office"), qr=words("office_qr"))
    else:
        lines = [_say_line(talk, row) for row in rows] or [words("claims_end")]
        text = "\n\n".join([words("claims_head"), *lines])
    buttons = [[(_label(talk, row), f"claim:{row.claim_id.hex}")] for row in rows]
    turn = keyboards.turn(words, "claims", number, has_more=len(found) > A_PAGE * number)
    talk.rewrite(text, [*buttons, *turn, office.back(talk)])
    claim_alerts.note_look(talk.place.partner_id, talk.customer.id, talk.now)


@room.press(rf"claim:{CLAIM}", "points:credit")
def show_one(talk: Talk, claim_id: str) -> None:
    """What is asked, what looks odd, and what approving it would credit. Raises `ClaimNotFound`."""
    talk.ask(None)
    _show(talk, UUID(claim_id))


@room.press(rf"claim_sum:{CLAIM}", "points:credit")
def ask_sum(talk: Talk, claim_id: str) -> None:
    row = _find(talk, UUID(claim_id))
    talk.ask(SUM, claim=claim_id)
    talk.say(talk.words("claim_ask_sum", amount=_money(talk, row.amount)))


@room.step(SUM, "points:credit")
def take_sum(talk: Talk, text: str) -> None:
    """The claim with another sum, to be approved. Raises what is wrong with the sum."""
    claim_id, amount = UUID(talk.data["claim"]), read_sum(text)
    talk.ask(None)
    _show(talk, claim_id, amount)


@room.press(r"claim_yes:([0-9a-f]{32})", "points:credit")
def approve(talk: Talk, draft_id: str) -> None:
    """Credit what was shown, once; pressed again it says what became of it."""
    draft = drafts.take(talk.place.partner_id, UUID(draft_id), talk.customer.id, KIND, talk.now)
    claim_id, shown = UUID(draft.content["claim"]), draft.content
    if draft.state != "open":
        _tell_end(talk, _find(talk, claim_id))
        return
    amount = Decimal(shown["amount"]) if shown["amount"] else None
    try:
        with db.session.begin_nested():
            claims.approve(talk.partner, claim_id, caller=talk.caller, now=talk.now, amount=amount, earn=shown["earn"])
    except QuoteChanged:
        drafts.cancel(draft)
        _show(talk, claim_id, amount, talk.words("claim_changed"))
        return
    except ClaimDecided:  # a colleague was quicker
        drafts.cancel(draft)
        _tell_end(talk, _find(talk, claim_id))
        return
    drafts.finish(draft, {"claim": str(claim_id)})
    _tell_end(talk, _find(talk, claim_id))


@room.press(rf"claim_no:{CLAIM}", "points:credit")
def ask_reason(talk: Talk, claim_id: str) -> None:
    row, words = _find(talk, UUID(claim_id)), talk.words
    if row.state != "waiting":
        _tell_end(talk, row)
        return
    talk.ask(REASON, claim=claim_id)
    ready = [[(words(f"claim_reason_{n}"), f"claim_why:{n}:{claim_id}")] for n in range(1, REASONS + 1)]
    talk.rewrite(words("claim_ask_reason"), [*ready, [(words("claims_back"), f"claim:{claim_id}")]])


@room.press(rf"claim_why:([1-{REASONS}]):{CLAIM}", "points:credit")
def refuse(talk: Talk, number: str, claim_id: str) -> None:
    """With a ready reason."""
    _refuse(talk, UUID(claim_id), talk.words(f"claim_reason_{number}"))


@room.step(REASON, "points:credit")
def take_reason(talk: Talk, text: str) -> None:
    """With the person's own words. Raises `ClaimNeedsReason`."""
    _refuse(talk, UUID(talk.data["claim"]), text)


def count_waiting(talk: Talk) -> int:
    """How many wait for whoever talks."""
    return claims.count_waiting(talk.place.partner_id, talk.caller)


def _refuse(talk: Talk, claim_id: UUID, reason: str) -> None:
    try:
        with db.session.begin_nested():
            claims.refuse(talk.partner, claim_id, reason, caller=talk.caller, now=talk.now)
    except ClaimDecided:
        pass  # whatever was decided is told
    if talk.step == REASON:
        talk.ask(None)
    _tell_end(talk, _find(talk, claim_id))


def _show(talk: Talk, claim_id: UUID, amount: Decimal | None = None, note: str | None = None) -> None:
    words, row = talk.words, _find(talk, claim_id)
    if row.state != "waiting":
        _tell_end(talk, row)
        return
    amount = amount if amount != row.amount else None
    sale = claims.preview(talk.partner, claim_id, caller=talk.caller, now=talk.now, amount=amount)
    lines = [words("claim_head", amount=_money(talk, amount or row.amount))]
    if amount is not None:
        lines.append(words("claim_asked", amount=_money(talk, row.amount)))
    lines += [_who(talk, row), _say_details(talk, row)]
    if row.doubts:
        lines += ["", words("claim_look"), *(f"• {words(f'doubt_{doubt}')}" for doubt in row.doubts)]
    lines += ["", words("claim_will_credit", points=words.points(sale.earned))]
    shown = {"claim": str(claim_id), "amount": str(amount) if amount else None, "earn": sale.earned}
    draft_id = drafts.propose(talk.place.partner_id, talk.customer.id, KIND, shown, talk.now)
    buttons = [
        [(words("claim_approve", points=words.change(sale.earned)), f"claim_yes:{draft_id.hex}")],
        [
            (words("claim_correct"), f"claim_sum:{claim_id.hex}"),
            (words("claim_refuse"), f"claim_no:{claim_id.hex}"),
        ],
        [(words("claims_back"), "claims:1")],
    ]
    talk.rewrite("\n".join([*([note, ""] if note else []), *lines]), buttons)


def _tell_end(talk: Talk, row: ClaimRow) -> None:
    """How it was decided, by whomever, and the way to the next one."""
    words, buttons = talk.words, []
    told = {"who": _who(talk, row), "amount": _money(talk, row.approved_amount or row.amount)}
    if row.state == "waiting":
        _show(talk, row.claim_id)
        return
    if row.state == "approved":
        text = words("claim_approved", points=words.change(row.points), **told)
        if talk.may("transactions:read"):
            buttons.append([(words("claim_purchase"), f"purchase:{row.purchase_id.hex}")])
    elif row.state == "refused":
        text = words("claim_refused", reason=row.reason or "…", **told)
    else:
        text = words("claim_gone")
    left = claims.list_claims(talk.place.partner_id, caller=talk.caller, contacts=False, limit=1)
    if left:
        count = words.number(count_waiting(talk))
        buttons.append([(words("claim_next", count=count), f"claim:{left[0].claim_id.hex}")])
    talk.rewrite(text, [*buttons, [(words("claims_back"), "claims:1")]])


def _find(talk: Talk, claim_id: UUID) -> ClaimRow:
    return claims.show_claim(talk.place.partner_id, claim_id, caller=talk.caller, contacts=_contacts(talk))


def _contacts(talk: Talk) -> bool:
    return talk.may("customers:contacts")


def _who(talk: Talk, row: ClaimRow) -> str:
    known = [row.customer_name, mask_phone(row.customer_phone) if row.customer_phone else None]
    told = [part for part in known if part] or [talk.words("no_name")]
    return " · ".join([*told, *([talk.words("claim_new")] if row.is_new else [])])


def _say_line(talk: Talk, row: ClaimRow) -> str:
    details = [_say_details(talk, row)]
    if row.doubts:
        details.append(talk.words("claim_doubts", count=len(row.doubts)))
    return talk.words("claim_line", amount=_money(talk, row.amount), who=_who(talk, row), details=" · ".join(details))


def _say_details(talk: Talk, row: ClaimRow) -> str:
    words, zone = talk.words, talk.partner.timezone
    told = [words.moment(row.created_at, zone)]
    if row.branch_name:
        told.append(row.branch_name)
    if row.source == "web_widget":
        told.append(words("claim_from_site"))
    if row.has_receipt:
        told.append(words("claim_with_receipt", moment=words.moment(row.occurred_at, zone)))
    else:
        told.append(words("claim_without_receipt"))
    return " · ".join(told)


def _label(talk: Talk, row: ClaimRow) -> str:
    name = row.customer_name or (mask_phone(row.customer_phone) if row.customer_phone else talk.words("no_name"))
    label = f"{'⚠️ ' if row.doubts else ''}{_money(talk, row.amount)} · {name}"
    return label if len(label) <= LONGEST_LABEL else f"{label[:LONGEST_LABEL]}…"


def _money(talk: Talk, amount: Decimal) -> str:
    return talk.words.money(amount, talk.partner.currency)
