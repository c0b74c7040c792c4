"""A cashier's QR with the sum inside: whoever scans it within ten minutes gets the points, once.

What stands in the QR is 128 bits made of the row's random id under a key of ours, so that the page that shows it can be read
anew although only its keyed hash is kept; the sum, the branch and who showed it stay here, where nobody can change them. Two
who scan it at once take turns at the row: one gets the points, the other is told so.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from sqlalchemy import delete, select

from loyalty import accounts, joining, plans, sales
from loyalty.access import is_allowed
from loyalty.errors import ClaimNeedsSum, CustomerNotFound, QuoteChanged, SaleCodeGone, SaleCodeUsed
from loyalty.identities import Identifier
from loyalty.money import LIMIT
from loyalty.sales import Basket, Caller, Preview, Promise
from loyalty.sealing import keyed_hash
from models import db
from models.customer import Customer
from models.ledger import Purchase
from models.partner import Branch, Partner
from models.sale_code import SaleCode

LIFE = timedelta(minutes=10)
KEPT = timedelta(days=7)
"""How long an ended code is remembered, so that who used it and comes again is shown the same."""
_CALLER = "sale_code"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)


@dataclass(frozen=True)
class Offer:
    """What a code gives its reader, or what it gave them less what returns took back."""

    partner_id: UUID
    partner_name: str
    amount: Decimal
    points: int
    state: str
    expires_at: datetime
    needs_consent: bool
    purchase_id: UUID | None


def offer(
    partner: Partner, amount: Decimal, *, caller: Caller, now: datetime, branch_id: UUID | None = None
) -> SaleCode:
    """A code for a purchase; `token_of` says what stands in the QR. Raises `FeatureLocked`, `ClaimNeedsSum`, `BranchNotFound`."""
    plans.require(partner, "qr_codes")
    if not 0 < amount < LIMIT:
        raise ClaimNeedsSum()
    branch_id = sales.check_place(partner, branch_id, caller)
    made = SaleCode(
        partner_id=partner.id,
        id=uuid4(),  # of a UUID by time less than 128 bits are random
        branch_id=branch_id,
        amount=amount,
        made_by=caller.actor,
        expires_at=now + LIFE,
        created_at=now,
    )
    made.token_hash = _hash(token_of(made))
    db.session.add(made)
    db.session.flush()
    return made


def token_of(code: SaleCode) -> str:
    """What stands in the QR of a code, for those who may show it."""
    drawn = bytes.fromhex(keyed_hash("sale_code", str(code.id)))[:16]
    return urlsafe_b64encode(drawn).rstrip(b"=").decode()


def is_open(code: SaleCode, now: datetime) -> bool:
    return code.state == "open" and code.expires_at > now


def link_of(code: SaleCode, site: str) -> str:
    """What the QR of a code says; `site` is our address."""
    return f"{site}/r/{token_of(code)}"


def show(partner_id: UUID, code_id: UUID, *, caller: Caller) -> SaleCode:
    """A code of the caller's branch, to whoever stands there. Raises `SaleCodeGone`, the same for another partner's."""
    found = db.session.get(SaleCode, (partner_id, code_id), populate_existing=True)
    if found is None or (caller.branch_id is not None and found.branch_id not in (None, caller.branch_id)):
        raise SaleCodeGone()
    return found


def revoke(partner_id: UUID, code_id: UUID, *, caller: Caller, now: datetime) -> SaleCode:
    """The code works no more; one that was used or revoked stays as it is. Raises `SaleCodeGone`."""
    show(partner_id, code_id, caller=caller)
    found = db.session.get_one(SaleCode, (partner_id, code_id), with_for_update=True, populate_existing=True)
    if found.state == "open":
        found.state, found.ended_at = "revoked", now
        db.session.flush()
    return found


def find(token: str, now: datetime, reader: UUID | None = None) -> SaleCode:
    """The code of a QR that works now, or that the reader has used. Raises `SaleCodeGone`, `SaleCodeUsed`."""
    found = db.session.scalar(_with(token), execution_options={"populate_existing": True})
    _check(found, now, reader)
    return found


def preview(code: SaleCode, customer: Customer, now: datetime) -> Preview:
    """What the code gives the person; for a newcomer (`member` None), once they have joined. Makes nobody a member.

    Raises `CustomerNotFound` for an account that was closed for ever.
    """
    partner = db.session.get_one(Partner, code.partner_id)
    try:
        return _look(partner, code, customer, now)
    except CustomerNotFound:
        return sales.preview_newcomer(partner, customer, Basket(code.amount), now=now)


def look(token: str, customer: Customer, now: datetime) -> Offer:
    """What a code gives the person, or gave them. Raises `SaleCodeGone`, `SaleCodeUsed`, `CustomerNotFound`."""
    found = find(token, now, customer.id)
    partner, amount = db.session.get_one(Partner, found.partner_id), found.amount
    if found.state == "used":
        points, amount = points_of_taken(found)
    else:
        points = preview(found, customer, now).plain.total
    return Offer(
        partner_id=partner.id,
        partner_name=partner.name,
        amount=amount,
        points=points,
        state=found.state,
        expires_at=found.expires_at,
        needs_consent=joining.must_be_asked(customer.id, partner.id),
        purchase_id=found.purchase_id,
    )


def points_of_taken(code: SaleCode) -> tuple[int, Decimal]:
    """What a code that was used gave, as refunds left it, and the check by now."""
    purchase = db.session.get_one(Purchase, (code.partner_id, code.purchase_id))
    return accounts.points_of([purchase]).get(purchase.id, {"earned": 0})["earned"], purchase.amount


def redeem(
    token: str, customer: Customer, answers: Mapping[str, bool], *, earn: int, place: str, now: datetime
) -> UUID:
    """Credit the purchase to the person, who joins by it; its id. The same person again gets the same.

    `earn` is what they were shown: at another price nothing is posted. Raises `SaleCodeGone`, `SaleCodeUsed`,
    `ConsentRequired`, `QuoteChanged`.
    """
    found = db.session.scalar(_with(token).with_for_update(), execution_options={"populate_existing": True})
    _check(found, now, customer.id)
    if found.state == "used":
        return found.purchase_id
    partner = db.session.get_one(Partner, found.partner_id)
    joining.join(customer, partner, answers, place=place, now=now)
    plain = _look(partner, found, customer, now).plain
    if plain.total != earn:
        raise QuoteChanged()
    sale = sales.post_transaction(
        partner,
        _identifier(customer),
        Basket(found.amount),
        kind="accrual",
        caller=Caller(_CALLER, "qr_code", actor=found.made_by),
        key=str(found.id),
        now=now,
        branch_id=_branch_of(found),
        promise=Promise(plain.frozen, plain.total),
    )
    found.state, found.ended_at = "used", now
    found.used_by, found.purchase_id = customer.id, sale.purchase_id
    db.session.flush()
    return sale.purchase_id


def forget_of(people: Collection[UUID]) -> None:
    """Delete the codes that these people showed or took."""
    theirs = SaleCode.made_by.in_(people) | SaleCode.used_by.in_(people)
    db.session.execute(delete(SaleCode).where(theirs), execution_options={"synchronize_session": False})


def forget(now: datetime, chunk: int = 1000) -> int:
    """Delete codes that ended a week ago; how many."""
    old = select(SaleCode.id).where(SaleCode.expires_at < now - KEPT).limit(chunk).with_for_update(skip_locked=True)
    return db.session.execute(
        delete(SaleCode).where(SaleCode.id.in_(old)), execution_options={"synchronize_session": False}
    ).rowcount


def _with(token: str):
    """Whoever holds the token may see the row, whichever partner's it is."""
    if not _TOKEN.fullmatch(token):
        raise SaleCodeGone()
    return select(SaleCode).where(SaleCode.token_hash == _hash(token))


def _hash(token: str) -> str:
    return keyed_hash("sale_code_token", token)


def _check(found: SaleCode | None, now: datetime, reader: UUID | None) -> None:
    """Open, shown by somebody who may still credit there; or used by the reader."""
    if found is None:
        raise SaleCodeGone()
    if found.state == "used":
        if reader is None or found.used_by != reader:
            raise SaleCodeUsed()
        return
    if not is_open(found, now):
        raise SaleCodeGone()
    if not is_allowed(found.made_by, found.partner_id, "points:credit"):
        raise SaleCodeGone()


def _look(partner: Partner, code: SaleCode, customer: Customer, now: datetime) -> Preview:
    caller = Caller(_CALLER, "qr_code", actor=code.made_by)
    return sales.preview(partner, _identifier(customer), Basket(code.amount), caller=caller, now=now, contacts=False)


def _identifier(customer: Customer) -> Identifier:
    return Identifier("customer_id", str(customer.id))


def _branch_of(code: SaleCode) -> UUID | None:
    """Where it was shown, unless that was closed in the meantime."""
    branch = db.session.get(Branch, (code.partner_id, code.branch_id)) if code.branch_id else None
    return branch.id if branch is not None and branch.state == "open" else None
