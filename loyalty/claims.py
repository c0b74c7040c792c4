"""Claims: customers say what they bought, and the points come when somebody of the staff agrees.

Nobody prints points for themselves: a claim moves none. It is approved by hand, or by itself within limits that the partner
sets (`ClaimPolicy`) and only when nothing about it looks odd. What looks odd (`DOUBTS`) is shown to whoever decides and
refuses nothing. A fiscal receipt counts once on the whole platform, for ever; its number, not its text, is the key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, exists, func, null, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from loyalty import audit, claim_alerts, customers, ledger, outbox, plans, sales
from loyalty.customers import known_value
from loyalty.errors import (
    BranchNotFound,
    ClaimDecided,
    ClaimNeedsReason,
    ClaimNeedsSum,
    ClaimNotFound,
    ClaimsNotTaken,
    DriveNotFound,
    FiscalReceiptFuture,
    FiscalReceiptNotSale,
    FiscalReceiptOld,
    FiscalReceiptOtherSum,
    FiscalReceiptUsed,
    InvalidClaim,
    InvalidDrive,
    LoyaltyError,
    QuoteChanged,
    TooManyClaims,
)
from loyalty.fiscal import FiscalReceipt, read_receipt
from loyalty.identities import Identifier
from loyalty.money import LIMIT, format_money, parse_money
from loyalty.sales import Basket, Caller
from models import db, new_id
from models.claim import Claim, FiscalDrive, FiscalReceiptUse
from models.customer import Customer
from models.ledger import Award, Membership, Purchase
from models.partner import Branch, Partner

DOUBTS = (
    "drive_unknown",
    "drive_elsewhere",
    "drive_foreign",
    "other_sign",
    "out_of_order",
    "refused_before",
    "bought_already",
    "same_sum",
    "many_today",
    "large",
    "at_night",
)
"""What may look odd: the till is not one of the partner's, of another branch, or another partner's; the receipt's number is
known with another sign, or does not fit between its neighbours; it was refused before; the same sum was credited about
that time; the same sum was asked today; the third claim of a day; a large sum; a receipt of the small hours."""

FEATURES = {"qr_code": "qr_codes", "web_widget": "web_widget"}
"""Where a claim comes from, and what the partner's plan must open for that."""
MOST_WAITING = 10
"""How many claims of one person may wait at one partner."""
MANY_A_DAY = 3
WAITS = timedelta(days=14)
CLOCK_SKEW = timedelta(minutes=10)
"""A till's clock may be off by five minutes, and so may ours be shown."""
NEAR = timedelta(minutes=30)
LONGEST_REASON = 500
_CALLER = "claims"


@dataclass(frozen=True)
class ClaimPolicy:
    """When a claim is approved by itself, and what is odd. `from_json` is the only reader from outside.

    `most_amount`: up to this check; `a_day`: so many of one person in a day of the partner's; `known_only`: whose purchase
    was credited before; `receipt_only`: with a fiscal receipt; `receipt_hours`: how old one may be; `large_amount`: above
    this a claim looks odd.
    """

    is_automatic: bool = False
    most_amount: Decimal = Decimal("3000.00")
    a_day: int = 1
    known_only: bool = True
    receipt_only: bool = True
    receipt_hours: int = 72
    large_amount: Decimal = Decimal("10000.00")

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ClaimPolicy:
        """Raises `InvalidClaim` naming the field."""
        if not isinstance(data, Mapping):
            raise InvalidClaim("has limits that are no object", field="policy")
        values = {}
        for name, value in data.items():
            if name in ("is_automatic", "known_only", "receipt_only"):
                if not isinstance(value, bool):
                    raise InvalidClaim("must be yes or no", field=name)
            elif name in ("most_amount", "large_amount"):
                value = parse_money(value, field=name)
            elif name in _WHOLE:
                low, high = _WHOLE[name]
                if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
                    raise InvalidClaim(f"must be a whole number from {low} to {high}", field=name)
            else:
                raise InvalidClaim("is no limit that is known", field=str(name)[:40])
            values[name] = value
        return cls(**values)

    def to_json(self) -> dict[str, Any]:
        return {
            name: format_money(value) if isinstance(value, Decimal) else value for name, value in vars(self).items()
        }


_WHOLE = {"a_day": (1, 20), "receipt_hours": (1, 720)}


@dataclass(frozen=True)
class ClaimRow:
    """A claim as staff see it; phone only for those who may see contacts. `points` are what refunds left of those it gave."""

    claim_id: UUID
    customer_id: UUID
    customer_name: str | None
    customer_phone: str | None
    is_new: bool
    branch_name: str | None
    source: str
    amount: Decimal
    approved_amount: Decimal | None
    occurred_at: datetime
    created_at: datetime
    has_receipt: bool
    doubts: tuple[str, ...]
    state: str
    reason: str | None
    decided_at: datetime | None
    purchase_id: UUID | None
    points: int


@dataclass(frozen=True)
class OwnClaim:
    """A claim as the customer sees it: not what looked odd."""

    claim_id: UUID
    partner_id: UUID
    partner_code: str
    partner_name: str
    accent: str | None
    currency: str
    branch_id: UUID | None
    branch_name: str | None
    source: str
    amount: Decimal
    approved_amount: Decimal | None
    occurred_at: datetime
    created_at: datetime
    has_receipt: bool
    state: str
    reason: str | None
    decided_at: datetime | None
    purchase_id: UUID | None
    points: int


def takes_claims(partner: Partner, source: str = "qr_code") -> bool:
    """Whether customers may ask for points this way. What they have asked for already is decided in any case."""
    return plans.is_open(partner, FEATURES[source])


def policy_of(partner: Partner) -> ClaimPolicy:
    return ClaimPolicy.from_json(partner.claim_policy)


def set_policy(partner: Partner, policy: ClaimPolicy, *, by: UUID) -> None:
    """From now on claims are approved by themselves within these limits. Raises `FeatureLocked`."""
    plans.require(partner, "qr_codes")
    partner.claim_policy = policy.to_json()
    db.session.flush()
    audit.record("claims.policy", actor=by, partner_id=partner.id, details=policy.to_json())


def claim(
    partner: Partner,
    customer: Customer,
    *,
    now: datetime,
    amount: Decimal | None = None,
    receipt: str | None = None,
    branch_id: UUID | None = None,
    source: str = "qr_code",
) -> Claim:
    """Ask for the points of a purchase, by the sum, by the text of a fiscal receipt's QR, or by both.

    The person becomes a member; consents are the door's to ask. The same receipt shown again by the same person answers
    with their claim. Raises `ClaimNeedsSum`, `TooManyClaims`, the `InvalidFiscalReceipt` family (unreadable, a return, too
    old, in the future, another sum), `FiscalReceiptUsed`, `BranchNotFound`, `CustomerNotFound`,
    `ClaimsNotTaken`.
    """
    if not takes_claims(partner, source):
        raise ClaimsNotTaken()
    policy = policy_of(partner)
    shown = read_receipt(receipt) if receipt else None
    if branch_id is not None:
        _check_branch(partner.id, branch_id)
    bought_at = _check_receipt(shown, amount, partner, policy, now) if shown else now
    if shown is not None:
        amount = shown.amount
    if amount is None or not 0 < amount < LIMIT:
        raise ClaimNeedsSum()
    membership = customers.join(customer, partner, now=now)
    _lock_member(membership)
    if shown is not None and (known := _known_claim(shown, partner.id, membership.id)) is not None:
        return known
    if _count_waiting(membership) >= MOST_WAITING:
        raise TooManyClaims(MOST_WAITING)
    made = Claim(
        partner_id=partner.id,
        id=new_id(),
        membership_id=membership.id,
        branch_id=branch_id or (_branch_of_drive(partner.id, shown.drive) if shown else None),
        source=source,
        amount=amount,
        occurred_at=bought_at,
        has_receipt=shown is not None,
        doubts=_find_doubts(partner, membership, amount, bought_at, shown, branch_id, policy, now),
        created_at=now,
    )
    db.session.add(made)
    db.session.flush()
    if shown is not None:
        _use_receipt(shown, made, bought_at)
    if _may_pass(made, membership, policy, partner, now):
        _approve(partner, made, made.amount, by=None, now=now)
    else:
        claim_alerts.raise_for(made, now)
    return made


def link_of(partner: Partner, branch_id: UUID | None, site: str) -> str:
    """What the standing QR of a partner, or of one branch, says; `site` is our address."""
    return f"{site}/checkin?partner={partner.code}" + (f"&branch={branch_id}" if branch_id else "")


def preview(
    partner: Partner, claim_id: UUID, *, caller: Caller, now: datetime, amount: Decimal | None = None
) -> ledger.Sale:
    """What approving it would do: it is done and taken back. Raises as `approve`, also where it was approved already."""
    with db.session.begin_nested() as attempt:
        found = _lock(partner.id, claim_id, caller)
        _check_waiting(found)
        sale = _post(partner, found, found.amount if amount is None else amount, by=caller.actor, now=now)
        attempt.rollback()
    return sale


def approve(
    partner: Partner,
    claim_id: UUID,
    *,
    caller: Caller,
    now: datetime,
    amount: Decimal | None = None,
    earn: int | None = None,
) -> Claim:
    """Credit the purchase, with another sum where the customer was mistaken; twice is once.

    With `earn`, the points that were shown, nothing is credited at another price. Raises `ClaimNotFound` (another
    partner's and another branch's too), `ClaimDecided` when it was decided otherwise, `ClaimNeedsSum`, `QuoteChanged`.
    """
    found = _lock(partner.id, claim_id, caller)
    wanted = found.amount if amount is None else amount
    if found.state == "approved" and amount in (None, found.approved_amount):
        return found
    _check_waiting(found)
    _approve(partner, found, wanted, by=caller.actor, now=now, earn=earn)
    claim_alerts.note_look(partner.id, caller.actor, now)
    return found


def approve_sure(partner: Partner, claim_ids: Iterable[UUID], *, caller: Caller, now: datetime) -> list[UUID]:
    """Credit those that wait and raise no doubt; which they were. What cannot be credited is left to be looked at."""
    approved = []
    for claim_id in sorted(set(claim_ids)):
        try:
            with db.session.begin_nested():
                found = _lock(partner.id, claim_id, caller)
                if found.state != "waiting" or found.doubts:
                    continue
                _approve(partner, found, found.amount, by=caller.actor, now=now)
        except LoyaltyError:
            continue
        approved.append(claim_id)
    claim_alerts.note_look(partner.id, caller.actor, now)
    return approved


def refuse(partner: Partner, claim_id: UUID, reason: str, *, caller: Caller, now: datetime) -> Claim:
    """Say no, with a reason that the customer reads; twice is once. The receipt may be shown again.

    Raises as `approve`, and `InvalidClaim` without a reason.
    """
    reason = " ".join(reason.split())
    if not reason or len(reason) > LONGEST_REASON or not reason.isprintable():
        raise ClaimNeedsReason(LONGEST_REASON)
    found = _lock(partner.id, claim_id, caller)
    if found.state == "refused":
        return found
    _check_waiting(found)
    found.reason = reason
    _end(found, "refused", caller.actor, now)
    outbox.announce("notify_claim", {"claim_id": found.id}, partner_id=partner.id)
    audit.record("claim.refuse", actor=caller.actor, partner_id=partner.id, subject=found.id)
    claim_alerts.note_look(partner.id, caller.actor, now)
    return found


def withdraw(customer_id: UUID, claim_id: UUID, now: datetime) -> Claim:
    """The customer thinks better of it. Raises `ClaimNotFound`, `ClaimDecided`."""
    mine = (
        select(Claim.partner_id)
        .join(Membership, _is_of_claim())
        .where(Claim.id == claim_id, Membership.customer_id == customer_id)
    )
    partner_id = db.session.scalar(mine)
    if partner_id is None:
        raise ClaimNotFound()
    found = _lock(partner_id, claim_id, None)
    if found.state != "withdrawn":
        _check_waiting(found)
        _end(found, "withdrawn", customer_id, now)
    return found


def forget(partner_id: UUID, membership_id: UUID, now: datetime) -> None:
    """The member is being forgotten: what waits is withdrawn, and what staff wrote to them goes."""
    theirs = (Claim.partner_id == partner_id, Claim.membership_id == membership_id)
    for one in db.session.scalars(select(Claim).where(*theirs, Claim.state == "waiting").with_for_update()).all():
        _end(one, "withdrawn", None, now)
    wiped = update(Claim).where(*theirs, Claim.reason.is_not(None)).values(reason=None)
    db.session.execute(wiped, execution_options={"synchronize_session": False})


def expire_old(now: datetime, chunk: int = 500) -> int:
    """Give up claims that nobody decided on for two weeks; how many."""
    old = select(Claim).where(Claim.state == "waiting", Claim.created_at < now - WAITS).order_by(Claim.created_at)
    found = db.session.scalars(old.limit(chunk).with_for_update(skip_locked=True)).all()
    for one in found:
        _end(one, "expired", None, now)
    return len(found)


def register_drive(partner: Partner, drive: str, branch_id: UUID, *, by: UUID, now: datetime) -> FiscalDrive:
    """Note which fiscal drive stands in which branch. Raises `FeatureLocked`, `InvalidDrive`, `BranchNotFound`."""
    plans.require(partner, "qr_codes")
    drive = "".join(drive.split())
    if not (drive.isascii() and drive.isdigit() and len(drive) == 16):
        raise InvalidDrive()
    _check_branch(partner.id, branch_id)
    made = insert(FiscalDrive).values(partner_id=partner.id, drive=drive, branch_id=branch_id, created_at=now)
    db.session.execute(
        made.on_conflict_do_update(index_elements=["partner_id", "drive"], set_={"branch_id": branch_id})
    )
    audit.record("claims.drive", actor=by, partner_id=partner.id, details={"drive": drive})
    return db.session.get_one(FiscalDrive, (partner.id, drive), populate_existing=True)


def list_drives(partner_id: UUID) -> list[FiscalDrive]:
    return list(
        db.session.scalars(select(FiscalDrive).where(FiscalDrive.partner_id == partner_id).order_by(FiscalDrive.drive))
    )


def remove_drive(partner: Partner, drive: str, *, by: UUID) -> None:
    """The drive no longer stands in a branch. Raises `DriveNotFound`."""
    found = db.session.get(FiscalDrive, (partner.id, drive))
    if found is None:
        raise DriveNotFound()
    db.session.delete(found)
    db.session.flush()
    audit.record("claims.drive_removed", actor=by, partner_id=partner.id, details={"drive": drive})


def count_waiting(partner_id: UUID, caller: Caller) -> int:
    """How many claims wait for this caller's decision."""
    return db.session.scalar(select_waiting(partner_id, caller))


def select_waiting(partner_id: UUID, caller: Caller) -> Select:
    """The query of `count_waiting`, for who asks several such things at once."""
    waiting = select(func.count()).select_from(Claim).where(Claim.partner_id == partner_id, Claim.state == "waiting")
    return waiting.where(*_seen_by(caller))


def list_claims(
    partner_id: UUID,
    *,
    caller: Caller,
    contacts: bool,
    waiting: bool = True,
    after: UUID | None = None,
    limit: int = 20,
) -> list[ClaimRow]:
    """Claims that wait, the oldest first, or those that were decided, the latest made first; after one of them."""
    wanted = _rows(contacts).where(Claim.partner_id == partner_id, *_seen_by(caller))
    if waiting:
        wanted = wanted.where(Claim.state == "waiting").order_by(Claim.id)
        wanted = wanted.where(Claim.id > after) if after else wanted
    else:
        wanted = wanted.where(Claim.state != "waiting").order_by(Claim.id.desc())
        wanted = wanted.where(Claim.id < after) if after else wanted
    return [_row(found) for found in db.session.execute(wanted.limit(limit))]


def show_claim(partner_id: UUID, claim_id: UUID, *, caller: Caller, contacts: bool) -> ClaimRow:
    """One claim that the caller sees. Raises `ClaimNotFound`."""
    wanted = _rows(contacts).where(Claim.partner_id == partner_id, Claim.id == claim_id, *_seen_by(caller))
    found = db.session.execute(wanted).one_or_none()
    if found is None:
        raise ClaimNotFound()
    return _row(found)


def list_own(
    customer_id: UUID, *, partner_id: UUID | None = None, after: UUID | None = None, limit: int = 20
) -> list[OwnClaim]:
    """A customer's own claims, at one partner or at all, the latest first; after one of them."""
    wanted = _own(customer_id).order_by(Claim.id.desc()).limit(limit)
    wanted = wanted.where(Claim.partner_id == partner_id) if partner_id else wanted
    return [_own_row(found) for found in db.session.execute(wanted.where(Claim.id < after) if after else wanted)]


def show_own(customer_id: UUID, claim_id: UUID) -> OwnClaim:
    """One of a customer's own claims. Raises `ClaimNotFound`."""
    found = db.session.execute(_own(customer_id).where(Claim.id == claim_id)).one_or_none()
    if found is None:
        raise ClaimNotFound()
    return _own_row(found)


# The receipt


def _check_receipt(
    shown: FiscalReceipt, amount: Decimal | None, partner: Partner, policy: ClaimPolicy, now: datetime
) -> datetime:
    """When the purchase was, by the partner's clock. Raises `InvalidFiscalReceipt`."""
    if shown.kind != "sale":
        raise FiscalReceiptNotSale()
    if amount is not None and amount != shown.amount:
        raise FiscalReceiptOtherSum()
    bought_at = shown.at.replace(tzinfo=ZoneInfo(partner.timezone))
    if bought_at > now + CLOCK_SKEW:
        raise FiscalReceiptFuture()
    if bought_at < now - timedelta(hours=policy.receipt_hours):
        raise FiscalReceiptOld(policy.receipt_hours)
    return min(bought_at, now)


def _is_use(shown: FiscalReceipt) -> tuple:
    return (
        FiscalReceiptUse.drive == shown.drive,
        FiscalReceiptUse.number == shown.number,
        FiscalReceiptUse.sign == shown.sign,
    )


def _known_claim(shown: FiscalReceipt, partner_id: UUID, membership_id: UUID) -> Claim | None:
    """The member's own claim for this receipt, if it still stands."""
    wanted = (
        select(Claim)
        .join(
            FiscalReceiptUse,
            (FiscalReceiptUse.partner_id == Claim.partner_id) & (FiscalReceiptUse.claim_id == Claim.id),
        )
        .where(*_is_use(shown), FiscalReceiptUse.state != "refused")
        .where(Claim.partner_id == partner_id, Claim.membership_id == membership_id)
    )
    return db.session.scalar(wanted)


def _use_receipt(shown: FiscalReceipt, made: Claim, bought_at: datetime) -> None:
    """Take the receipt for a claim; whoever is second waits for the first. Raises `FiscalReceiptUsed`."""
    values = {
        "at": bought_at,
        "amount": shown.amount,
        "partner_id": made.partner_id,
        "claim_id": made.id,
        "state": "waiting",
    }
    taken = insert(FiscalReceiptUse).values(
        drive=shown.drive, number=shown.number, sign=shown.sign, created_at=made.created_at, **values
    )
    taken = taken.on_conflict_do_update(
        index_elements=["drive", "number", "sign"], set_=values, where=FiscalReceiptUse.state == "refused"
    ).returning(FiscalReceiptUse.claim_id)
    if db.session.scalar(taken, execution_options={"synchronize_session": False}) is None:
        raise FiscalReceiptUsed()


def _branch_of_drive(partner_id: UUID, drive: str) -> UUID | None:
    found = db.session.get(FiscalDrive, (partner_id, drive))
    return found.branch_id if found is not None and _is_open(partner_id, found.branch_id) else None


# What looks odd


def _find_doubts(
    partner: Partner,
    membership: Membership,
    amount: Decimal,
    bought_at: datetime,
    shown: FiscalReceipt | None,
    branch_id: UUID | None,
    policy: ClaimPolicy,
    now: datetime,
) -> list[str]:
    found = set()
    if shown is not None:
        found |= _doubts_of_drive(partner.id, shown.drive, branch_id) | _doubts_of_number(shown, bought_at)
        if bought_at.astimezone(ZoneInfo(partner.timezone)).hour < 6:
            found.add("at_night")
    if _was_credited(partner.id, membership.id, amount, bought_at):
        found.add("bought_already")
    today = _claims_since(membership, _day_of(partner, now))
    if len(today) + 1 >= MANY_A_DAY:
        found.add("many_today")
    if amount in today:
        found.add("same_sum")
    if amount > policy.large_amount:
        found.add("large")
    return [doubt for doubt in DOUBTS if doubt in found]


def _doubts_of_drive(partner_id: UUID, drive: str, branch_id: UUID | None) -> set[str]:
    known = db.session.execute(
        select(FiscalDrive.partner_id, FiscalDrive.branch_id).where(FiscalDrive.drive == drive)
    ).all()
    here = [row.branch_id for row in known if row.partner_id == partner_id]
    if not here:
        return {"drive_foreign"} if known else {"drive_unknown"}
    return {"drive_elsewhere"} if branch_id is not None and branch_id not in here else set()


def _doubts_of_number(shown: FiscalReceipt, bought_at: datetime) -> set[str]:
    """Both the number and the time of one drive's documents grow: a made-up receipt has to fit between its neighbours."""
    use = FiscalReceiptUse
    same_drive = use.drive == shown.drive
    forged = select(use.sign).where(same_drive, use.number == shown.number, use.sign != shown.sign)
    refused = select(use.state).where(*_is_use(shown))
    standing = (same_drive, use.state != "refused")
    before = select(use.at).where(*standing, use.number < shown.number).order_by(use.number.desc()).limit(1)
    after = select(use.at).where(*standing, use.number > shown.number).order_by(use.number).limit(1)
    earlier, later = db.session.scalar(before), db.session.scalar(after)
    found = set()
    if db.session.scalar(forged.limit(1)) is not None:
        found.add("other_sign")
    if db.session.scalar(refused) == "refused":
        found.add("refused_before")
    if (earlier is not None and earlier > bought_at) or (later is not None and later < bought_at):
        found.add("out_of_order")
    return found


def _was_credited(partner_id: UUID, membership_id: UUID, amount: Decimal, bought_at: datetime) -> bool:
    wanted = select(Purchase.id).where(
        Purchase.partner_id == partner_id,
        Purchase.membership_id == membership_id,
        Purchase.amount == amount,
        Purchase.occurred_at.between(bought_at - NEAR, bought_at + NEAR),
    )
    return db.session.scalar(wanted.limit(1)) is not None


def _claims_since(membership: Membership, since: datetime) -> list[Decimal]:
    """The sums that the member asked for."""
    wanted = select(Claim.amount).where(
        Claim.partner_id == membership.partner_id,
        Claim.membership_id == membership.id,
        Claim.created_at >= since,
        Claim.state.in_(("waiting", "approved")),
    )
    return list(db.session.scalars(wanted))


def _day_of(partner: Partner, now: datetime) -> datetime:
    """When the partner's day began."""
    local = now.astimezone(ZoneInfo(partner.timezone))
    return local.replace(hour=0, minute=0, second=0, microsecond=0)


# Deciding


def _may_pass(made: Claim, membership: Membership, policy: ClaimPolicy, partner: Partner, now: datetime) -> bool:
    """Whether it is approved by itself. The member's row is locked, so two at once are counted.

    What is asked for in a frame on somebody's site, away from any counter, needs a receipt, whatever the limits are.
    """
    if not policy.is_automatic or made.doubts or made.amount > policy.most_amount:
        return False
    needs_receipt = policy.receipt_only or made.source == "web_widget"
    if (needs_receipt and not made.has_receipt) or (policy.known_only and not membership.visits):
        return False
    wanted = (
        select(func.count())
        .select_from(Claim)
        .where(
            Claim.partner_id == partner.id,
            Claim.membership_id == membership.id,
            Claim.state == "approved",
            Claim.decided_by.is_(None),
            Claim.created_at >= _day_of(partner, now),
        )
    )
    return db.session.scalar(wanted) < policy.a_day


def _approve(
    partner: Partner, found: Claim, amount: Decimal, *, by: UUID | None, now: datetime, earn: int | None = None
) -> Claim:
    sale = _post(partner, found, amount, by=by, now=now)
    if earn is not None and sale.earned != earn:
        raise QuoteChanged()
    found.approved_amount, found.purchase_id = amount, sale.purchase_id
    _end(found, "approved", by, now)
    audit.record("claim.approve", actor=by, partner_id=partner.id, subject=found.id)
    return found


def _post(partner: Partner, found: Claim, amount: Decimal, *, by: UUID | None, now: datetime) -> ledger.Sale:
    if not 0 < amount < LIMIT:
        raise ClaimNeedsSum()
    branch_id = found.branch_id if found.branch_id and _is_open(partner.id, found.branch_id) else None
    member = _member_of(found)
    return sales.post_transaction(
        partner,
        Identifier("customer_id", str(member.customer_id)),
        Basket(amount),
        kind="accrual",
        caller=Caller(_CALLER, found.source, actor=by),
        key=f"claim:{found.id}",
        now=now,
        branch_id=branch_id,
        occurred_at=found.occurred_at,
    )


def _member_of(found: Claim) -> Membership:
    """Whose claim it is by now: accounts are merged."""
    member = db.session.get_one(Membership, (found.partner_id, found.membership_id))
    while member.state == "merged":
        member = db.session.get_one(Membership, (found.partner_id, member.merged_into))
    return member


def _end(found: Claim, state: str, by: UUID | None, now: datetime) -> None:
    found.state, found.decided_by, found.decided_at = state, by, now
    db.session.flush()
    freed = "approved" if state == "approved" else "refused"
    used = update(FiscalReceiptUse).where(
        FiscalReceiptUse.partner_id == found.partner_id, FiscalReceiptUse.claim_id == found.id
    )
    db.session.execute(used.values(state=freed), execution_options={"synchronize_session": False})


def _check_waiting(found: Claim) -> None:
    if found.state != "waiting":
        raise ClaimDecided(found.state)


def _lock(partner_id: UUID, claim_id: UUID, caller: Caller | None) -> Claim:
    wanted = select(Claim).where(Claim.partner_id == partner_id, Claim.id == claim_id)
    if caller is not None:
        wanted = wanted.where(*_seen_by(caller))
    found = db.session.scalar(wanted.with_for_update(), execution_options={"populate_existing": True})
    if found is None:
        raise ClaimNotFound()
    return found


def _lock_member(membership: Membership) -> None:
    """The ledger's own lock: what is counted here stays so until the transaction ends."""
    db.session.refresh(membership, with_for_update=True)


def _count_waiting(membership: Membership) -> int:
    wanted = (
        select(func.count())
        .select_from(Claim)
        .where(
            Claim.partner_id == membership.partner_id, Claim.membership_id == membership.id, Claim.state == "waiting"
        )
    )
    return db.session.scalar(wanted)


def _check_branch(partner_id: UUID, branch_id: UUID) -> None:
    if not _is_open(partner_id, branch_id):
        raise BranchNotFound()


def _is_open(partner_id: UUID, branch_id: UUID) -> bool:
    branch = db.session.get(Branch, (partner_id, branch_id))
    return branch is not None and branch.state == "open"


# Reading


def _is_of_claim():
    return (Membership.partner_id == Claim.partner_id) & (Membership.id == Claim.membership_id)


def _seen_by(caller: Caller) -> tuple:
    """A caller bound to a branch sees the claims of that branch and those of none."""
    if caller.branch_id is None:
        return ()
    return (or_(Claim.branch_id.is_(None), Claim.branch_id == caller.branch_id),)


def _points():
    """What the purchase of a claim gave, as refunds left it."""
    kept = select(func.coalesce(func.sum(Award.kept), 0)).where(
        Award.partner_id == Claim.partner_id, Award.purchase_id == Claim.purchase_id, Award.kind != "spend"
    )
    return kept.scalar_subquery().label("points")


def _own(customer_id: UUID):
    return (
        select(
            Claim,
            Partner.code,
            Partner.name.label("partner"),
            Partner.accent,
            Partner.currency,
            Branch.name.label("branch"),
            _points(),
        )
        .join(Membership, _is_of_claim())
        .join(Partner, Partner.id == Claim.partner_id)
        .outerjoin(Branch, (Branch.partner_id == Claim.partner_id) & (Branch.id == Claim.branch_id))
        .where(Membership.customer_id == customer_id)
    )


def _own_row(found: Any) -> OwnClaim:
    one = found.Claim
    return OwnClaim(
        claim_id=one.id,
        partner_id=one.partner_id,
        partner_code=found.code,
        partner_name=found.partner,
        accent=found.accent,
        currency=found.currency,
        branch_id=one.branch_id,
        branch_name=found.branch,
        source=one.source,
        amount=one.amount,
        approved_amount=one.approved_amount,
        occurred_at=one.occurred_at,
        created_at=one.created_at,
        has_receipt=one.has_receipt,
        state=one.state,
        reason=one.reason,
        decided_at=one.decided_at,
        purchase_id=one.purchase_id,
        points=int(found.points),
    )


def _rows(contacts: bool):
    earlier = exists().where(
        Purchase.partner_id == Claim.partner_id,
        Purchase.membership_id == Claim.membership_id,
        Purchase.id != func.coalesce(Claim.purchase_id, Claim.id),
    )
    phone = known_value(Membership.__table__, "phone") if contacts else null()
    return (
        select(
            Claim,
            Membership.customer_id,
            Membership.name,
            Branch.name.label("branch"),
            phone.label("phone"),
            (~earlier).label("is_new"),
            _points(),
        )
        .join(Membership, _is_of_claim())
        .outerjoin(Branch, (Branch.partner_id == Claim.partner_id) & (Branch.id == Claim.branch_id))
    )


def _row(found: Any) -> ClaimRow:
    one = found.Claim
    return ClaimRow(
        claim_id=one.id,
        customer_id=found.customer_id,
        customer_name=found.name,
        customer_phone=found.phone,
        is_new=found.is_new,
        branch_name=found.branch,
        source=one.source,
        amount=one.amount,
        approved_amount=one.approved_amount,
        occurred_at=one.occurred_at,
        created_at=one.created_at,
        has_receipt=one.has_receipt,
        doubts=tuple(one.doubts),
        state=one.state,
        reason=one.reason,
        decided_at=one.decided_at,
        purchase_id=one.purchase_id,
        points=int(found.points),
    )
