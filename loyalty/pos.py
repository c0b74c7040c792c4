"""The till's way: quote → hold → capture or void. What was quoted is what is posted, or the till is told to ask again.

A quote moves nothing; a hold reserves points in the ledger; a capture posts the sale at the promised price. A price that
is no longer what was promised (a rule ended, the programme or the check changed) refuses with `QuoteChanged`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from loyalty import accounts, codes, ledger, promotions, sales, spending
from loyalty.customers import enrol
from loyalty.errors import HoldNotFound, HoldResolved, LoyaltyError, NotFound, PurchaseNotFound, QuoteChanged
from loyalty.identities import Identifier
from loyalty.programmes import rules_in_force
from loyalty.sales import Basket, Caller, Promise
from loyalty.types import Line
from models import db, new_id
from models.ledger import Hold, Membership, Purchase, Quote
from models.partner import Partner

QUOTE_LIFE = timedelta(minutes=15)


class QuoteNotFound(NotFound):
    """The quote was not found."""

    code = "quote_not_found"


class QuoteUsed(LoyaltyError):
    """A quote carries one hold at a time, and none after a sale."""

    code = "quote_used"
    status = 409

    def __init__(self) -> None:
        super().__init__("This quote has a hold or a sale already.")


@dataclass(frozen=True)
class Quoted:
    """What the till shows: the most points that may be spent, and what the purchase earns when none are.

    `wished`: how many the customer wants to spend, where the quote was asked for with their code and they said so.
    """

    quote_id: UUID
    customer_id: UUID
    max_redeemable: int
    will_earn: int
    breakdown: list[dict[str, Any]]
    lines: list[dict[str, Any]]
    expires_at: datetime
    wished: int | None = None


def quote(
    partner: Partner,
    identifier: Identifier,
    basket: Basket,
    *,
    caller: Caller,
    now: datetime,
    branch_id: UUID | None = None,
    receipt_id: str | None = None,
    name: str | None = None,
) -> Quoted:
    """Price a purchase and remember the promise for a quarter of an hour. Raises as `sales.post_transaction`.

    An unknown phone or e-mail becomes a member here: the till is about to credit them.
    """
    branch_id = sales.check_place(partner, branch_id, caller, receipt_id)
    code_id = codes.look(partner.id, identifier.value, now).id if identifier.kind == "code" else None
    buyer = enrol(partner, identifier, name, now=now)
    version, rules = rules_in_force(partner.id)
    member = accounts.member_facts(partner.id, buyer.membership_id, now)
    member = promotions.know(partner, buyer.membership_id, member, rules, now)
    pricing = basket.price(rules, member, at=now, zone=ZoneInfo(partner.timezone))
    made = Quote(
        partner_id=partner.id,
        id=new_id(),
        membership_id=buyer.membership_id,
        branch_id=branch_id,
        caller=caller.name,
        amount=basket.amount,
        lines=[_write_line(line) for line in basket.lines],
        receipt_id=receipt_id,
        code_id=code_id,
        programme_version=version,
        max_redeemable=pricing.max_redeemable,
        will_earn=pricing.total,
        breakdown=pricing.breakdown,
        rules=pricing.frozen,
        created_at=now,
        expires_at=now + QUOTE_LIFE,
    )
    db.session.add(made)
    db.session.flush()
    lines = [
        {
            "n": n,
            "name": priced.line.name,
            "amount": priced.amount,
            "exact_points": f"{priced.weight.normalize():f}",
            "earns": priced.weight > 0,
            "takes_points": not priced.line.no_spending,
        }
        for n, priced in enumerate(pricing.lines, 1)
    ]
    return Quoted(
        made.id,
        buyer.customer_id,
        pricing.max_redeemable,
        pricing.total,
        pricing.breakdown,
        lines,
        made.expires_at,
        spending.wished(partner.id, buyer.membership_id, now) if code_id is not None else None,
    )


def hold(partner: Partner, quote_id: UUID, points: int, *, caller: Caller, now: datetime) -> ledger.Held:
    """Reserve points for a quoted purchase; 0 points make a plain sale possible the same way.

    A hold for a quote that was asked for by a customer's code takes the code. Raises `QuoteNotFound` (an unknown
    or ended quote, or another till's), `QuoteUsed`, `CodeUnknown` (another sale has taken the code), and the
    `SpendRefused` family, which leaves the quote as it was.
    """
    made = _open_quote(partner, quote_id, caller, now)
    _, rules = rules_in_force(partner.id)
    member = accounts.member_facts(partner.id, made.membership_id, now)
    basket = _basket(made)
    basket.check_spend(points, rules, member.available)
    held = ledger.hold(
        partner.id,
        made.membership_id,
        points,
        expires_at=now + timedelta(minutes=rules.hold_minutes),
        now=now,
        quote_id=made.id,
    )
    if points:
        spending.note_hold(partner.id, made.membership_id, held.hold_id, now)
    if made.code_id is not None:  # after the account's lock, as a posting does
        codes.take(made.code_id, made.id, now)
    return held


def capture(
    partner: Partner,
    hold_id: UUID,
    amount: Decimal,
    *,
    caller: Caller,
    now: datetime,
    points: int | None = None,
) -> ledger.Sale:
    """Finish the sale: spend the held points (or fewer), release the rest, credit what the check earns.

    Raises `HoldNotFound`, `HoldResolved`, `QuoteChanged`, `NotEnoughPoints` (more than was held).
    """
    held, made = _find_hold(partner, hold_id, caller)
    if amount != made.amount:
        raise QuoteChanged()
    _, rules = rules_in_force(partner.id)
    sale = sales.post(
        partner,
        made.membership_id,
        _basket(made),
        rules,
        document=ledger.Document(
            source=caller.source,
            origin=sales.origin_of(caller, made.branch_id) if made.receipt_id else sales.HELD,
            source_ref=made.receipt_id or str(hold_id),
            occurred_at=now,
            branch_id=made.branch_id,
            content={"hold": str(hold_id)},
        ),
        points=held.points if points is None else points,
        caller=caller,
        now=now,
        hold_id=hold_id,
        promise=Promise(made.rules, made.will_earn),
    )
    if sale.repeated:
        raise HoldResolved("captured")
    return sale


@dataclass(frozen=True)
class HeldSale:
    """A purchase that waits for its money, as its till shows it. `earn` is what a capture now would credit.

    `state`: open, captured (then there is a purchase), voided or expired.
    """

    hold_id: UUID
    state: str
    points: int
    expires_at: datetime
    purchase_id: UUID | None
    customer_id: UUID
    customer_name: str | None
    balance: int
    amount: Decimal
    paid_with_points: Decimal
    earn: int
    receipt_id: str | None
    branch_id: UUID | None

    @property
    def to_pay(self) -> Decimal:
        return self.amount - self.paid_with_points


def show(partner: Partner, hold_id: UUID, *, caller: Caller, now: datetime) -> HeldSale:
    """One of the till's own holds, and of the caller's branch. Raises `HoldNotFound`."""
    held, made = _find_hold(partner, hold_id, caller)
    _, rules = rules_in_force(partner.id)
    facts = accounts.member_facts(partner.id, made.membership_id, now)
    facts = promotions.know(partner, made.membership_id, facts, rules, now)
    member = db.session.get_one(Membership, (partner.id, made.membership_id))
    pricing = _basket(made).price(rules, facts, at=now, zone=ZoneInfo(partner.timezone), points=held.points)
    return HeldSale(
        hold_id=held.id,
        state="expired" if held.state == "open" and held.expires_at <= now else held.state,
        points=held.points,
        expires_at=held.expires_at,
        purchase_id=held.purchase_id,
        customer_id=member.customer_id,
        customer_name=member.name,
        balance=member.balance,
        amount=made.amount,
        paid_with_points=sum((line.spent for line in pricing.lines), Decimal("0.00")),
        earn=pricing.total,
        receipt_id=made.receipt_id,
        branch_id=made.branch_id,
    )


def renew(partner: Partner, hold_id: UUID, *, caller: Caller, now: datetime) -> ledger.Held:
    """The same purchase held anew at today's price, with as many of the points as may still be spent; the old hold ends.

    For a capture that was refused with `QuoteChanged`. Raises `HoldNotFound`, `HoldResolved` for one that was captured,
    or given up: the other of two at once has renewed it.
    """
    held, made = _find_hold(partner, hold_id, caller)
    if held.state in ("captured", "voided"):
        raise HoldResolved(held.state)
    if held.state == "open" and held.expires_at > now:
        ledger.void(partner.id, hold_id, now=now)
    member = db.session.get_one(Membership, (partner.id, made.membership_id))
    quoted = quote(
        partner,
        Identifier("customer_id", str(member.customer_id)),
        _basket(made),
        caller=caller,
        now=now,
        branch_id=made.branch_id,
        receipt_id=made.receipt_id,
    )
    return hold(partner, quoted.quote_id, min(held.points, quoted.max_redeemable), caller=caller, now=now)


def void(partner: Partner, hold_id: UUID, *, caller: Caller, now: datetime) -> ledger.Balance:
    """Give a hold up. Raises `HoldNotFound`, `HoldResolved`."""
    _find_hold(partner, hold_id, caller)
    return ledger.void(partner.id, hold_id, now=now)


def find_by_receipt(partner: Partner, receipt_id: str, *, caller: Caller) -> UUID:
    """The purchase this till posted under its receipt number. Raises `PurchaseNotFound`."""
    found = db.session.scalar(
        select(Purchase.id).where(
            Purchase.partner_id == partner.id,
            Purchase.source == caller.source,
            Purchase.origin == caller.name,
            Purchase.source_ref == receipt_id,
        )
    )
    if found is None:
        raise PurchaseNotFound()
    return found


def _open_quote(partner: Partner, quote_id: UUID, caller: Caller, now: datetime) -> Quote:
    """The quote under its lock, so that two holds for it take turns."""
    found = db.session.scalar(
        select(Quote)
        .where(Quote.partner_id == partner.id, Quote.id == quote_id, Quote.caller == caller.name)
        .with_for_update(key_share=True)
    )
    if found is None or found.expires_at <= now:
        raise QuoteNotFound()
    taken = select(Hold.id).where(
        Hold.partner_id == partner.id,
        Hold.quote_id == quote_id,
        (Hold.state == "captured") | ((Hold.state == "open") & (Hold.expires_at > now)),
    )
    if db.session.scalar(taken) is not None:
        raise QuoteUsed()
    return found


def _find_hold(partner: Partner, hold_id: UUID, caller: Caller) -> tuple[Hold, Quote]:
    row = db.session.execute(
        select(Hold, Quote)
        .join(Quote, (Quote.partner_id == Hold.partner_id) & (Quote.id == Hold.quote_id))
        .where(Hold.partner_id == partner.id, Hold.id == hold_id, Quote.caller == caller.name)
    ).one_or_none()
    if row is None or (caller.branch_id is not None and row.Quote.branch_id not in (None, caller.branch_id)):
        raise HoldNotFound()
    return row.Hold, row.Quote


def _basket(made: Quote) -> Basket:
    return Basket(made.amount, tuple(_read_line(line) for line in made.lines))


def _write_line(line: Line) -> dict[str, Any]:
    return asdict(line) | {"amount": str(line.amount), "quantity": str(line.quantity)}


def _read_line(line: dict[str, Any]) -> Line:
    return Line(**(line | {"amount": Decimal(line["amount"]), "quantity": Decimal(line["quantity"])}))
