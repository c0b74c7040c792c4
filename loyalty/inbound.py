"""What a partner's own system sends of its clients and purchases, whichever system it is.

A client is known by the system's name and its number there; a purchase is a document of that system, and the ledger ends
with what the document says last (rules 6–9 of the ledger), however often and in whatever order it is sent. Nobody is told
apart or joined on the word of a foreign system: a phone finds a person, but only the person can prove that it is theirs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from loyalty import customers, ledger, notices, sales, tiers
from loyalty.errors import IdentityTaken, InvalidPurchase
from loyalty.identities import Identifier
from loyalty.money import format_money, from_kopecks, split_largest_remainder, to_kopecks
from loyalty.names import tidy_name
from loyalty.programmes import rules_in_force
from loyalty.sales import CLOCK_SKEW, Basket, Caller
from loyalty.types import Line, Member, Pricing
from models import db
from models.customer import Customer, Identity
from models.ledger import Award, Purchase
from models.partner import Partner

SOURCE = "inbound"
HISTORY = "history"
"""The kind of a purchase from before the programme: it gives no points, and nothing is paid for it (`loyalty.bills`)."""


@dataclass(frozen=True)
class Client:
    """A client as a system describes them. Of phone and e-mail the phone finds the person."""

    external_id: str
    phone: str | None = None
    email: str | None = None
    name: str | None = None


@dataclass(frozen=True)
class Taken:
    """What became of a client: `created` (a person nobody knew, or a new customer here), `updated` or `unchanged`."""

    customer_id: UUID
    status: str


@dataclass(frozen=True)
class Document:
    """A purchase as a system describes it now. `version` grows with each change there; an older one changes nothing.

    `is_paid` False: it was cancelled, or is not paid yet. `earns` False: it is history, from before the programme.
    """

    external_id: str
    client: Identifier
    occurred_at: datetime
    basket: Basket | None
    version: int = 0
    is_paid: bool = True
    earns: bool = True
    branch_id: UUID | None = None


@dataclass(frozen=True)
class Booked:
    """What became of a purchase: `booked` (points moved or its sum changed), `cancelled`, `unchanged` or `ignored`.

    `points` are those that it stands for now; `purchase_id` None: it never was here.
    """

    purchase_id: UUID | None
    status: str
    points: int


def number_of(partner: Partner, system: str, external_id: str) -> Identifier:
    """How a client of that system is named; `system` is the name the partner gives it, such as ``bitrix24``."""
    return Identifier("crm", f"{system}:{external_id}", partner.id)


# Clients


def take_client(partner: Partner, system: str, client: Client, *, now: datetime) -> Taken:
    """Know a client by their number from now on, and by phone or e-mail where nobody else has it.

    The same again changes nothing. A name is kept where the partner has none. Raises `IdentityTaken` when number and phone
    are of two customers of this partner, `CustomerNotFound` for an account that was closed for ever, `InvalidName`.
    """
    number, name = number_of(partner, system, client.external_id), tidy_name(client.name)
    contact = _contact(client)
    owner = customers.owner_of_number(partner, number)
    found = customers.find(contact) if contact else None
    if owner is None:
        return _meet(partner, number, contact, name, now=now)
    changed = False
    if contact is not None and (found is None or found.id == owner.id):
        changed = _keep_contact(partner, owner, contact)
    elif found is not None and customers.membership_of(found.id, partner.id) is not None:
        raise IdentityTaken(contact.kind)
    membership = customers.membership_of(owner.id, partner.id)
    is_new = membership is None
    named = is_new or (membership.name is None and name is not None)
    customers.join(owner, partner, known=customers.find_identity(number), name=name, now=now)
    return Taken(owner.id, "created" if is_new else "updated" if changed or named else "unchanged")


def _contact(client: Client) -> Identifier | None:
    if client.phone is not None:
        return Identifier("phone", client.phone)
    return Identifier("email", client.email) if client.email is not None else None


def _meet(
    partner: Partner, number: Identifier, contact: Identifier | None, name: str | None, *, now: datetime
) -> Taken:
    """A number that is new: whoever has the contact, or somebody whom nobody knew."""
    customer = customers.find_or_create_by(contact or number, name=name)
    is_new = customers.membership_of(customer.id, partner.id) is None
    known = customers.find_identity(contact or number) if is_new else None
    membership = customers.join(customer, partner, known=known, name=name, now=now)
    if contact is not None:
        attached = customers.attach_identity(customer, "crm", number.value, partner.id)
        customers.remember_known_identity(membership, attached)
    return Taken(customer.id, "created" if is_new else "updated")


def _keep_contact(partner: Partner, owner: Customer, contact: Identifier) -> bool:
    """A contact that nobody has becomes that of a person whom only this partner's numbers name: nobody can sign in as
    them yet. Of anybody else a foreign system's word changes no contact."""
    if customers.find_identity(contact) is not None or not _is_only_a_number(partner, owner):
        return False
    attached = customers.attach_identity(owner, contact.kind, contact.value)
    membership = customers.membership_of(owner.id, partner.id)
    if membership is not None:
        customers.remember_known_identity(membership, attached)
    return True


def _is_only_a_number(partner: Partner, owner: Customer) -> bool:
    named_otherwise = select(Identity.id).where(
        Identity.customer_id == owner.id, func.coalesce(Identity.partner_id != partner.id, True)
    )
    return db.session.scalar(named_otherwise.limit(1)) is None


# Purchases


def take_purchase(partner: Partner, system: str, document: Document, *, caller: Caller, now: datetime) -> Booked:
    """Bring the ledger to what the document says: desired less booked, by the rules of its first accrual.

    Promotions do not count here yet; tiers do. Who gained points is told. A cancelled purchase that was never here is
    `ignored`. Raises `CustomerNotFound` for a client who was not sent before (one named by phone or e-mail becomes a
    customer), `BranchNotFound`, `InvalidPurchase`.
    """
    if document.occurred_at > now + CLOCK_SKEW:
        raise InvalidPurchase("must not lie in the future", field="occurred_at")
    lines = _lines(document)
    branch_id = sales.check_place(partner, document.branch_id, caller)
    before = _find(partner.id, system, document.external_id)
    if before is None and lines is None:
        return Booked(None, "ignored", 0)
    if document.client.kind == "crm":
        membership_id = customers.find_member(partner, document.client, now=now)[1].id
    else:
        membership_id = customers.enrol(partner, document.client, now=now).membership_id
    rules = replace(rules_in_force(partner.id)[1], promotions=())
    if rules.tiers is not None:
        tiers.bring_up(partner.id, membership_id, now)
    zone, at = ZoneInfo(partner.timezone), document.occurred_at

    def priced(member: Member) -> Pricing:
        return Basket(document.basket.amount, tuple(lines)).price(rules, member, at=at, zone=zone)

    sale = ledger.reconcile(
        partner.id,
        membership_id,
        ledger.Document(
            source=SOURCE,
            origin=system,
            source_ref=document.external_id,
            occurred_at=at,
            branch_id=branch_id,
            kind="accrual" if document.earns else HISTORY,
            version=document.version,
            content={"lines": [_written(line) for line in lines or ()], "at": at.isoformat()},
        ),
        lines,
        priced,
        now=now,
        actor=caller.actor,
    )
    if sale.repeated:
        return Booked(sale.purchase_id, "unchanged", _find(partner.id, system, document.external_id).points)
    member_id = sale.account.membership_id
    if rules.tiers is not None:
        tiers.review(partner, member_id, now)
        for touched in {member_id, before.membership_id if before else member_id}:
            tiers.after_refund(partner, touched, now)
    if sale.earned > (before.points if before and before.membership_id == member_id else 0):
        notices.announce_purchase(partner.id, sale.purchase_id, membership_id=member_id)
    return Booked(sale.purchase_id, "cancelled" if lines is None else "booked", sale.earned)


def _lines(document: Document) -> list[Line] | None:
    """What is bought, after the discount on the whole check; None for what is not paid. Raises `InvalidPurchase`."""
    if not document.is_paid:
        return None
    if document.basket is None:
        raise InvalidPurchase("has no sum", field="amount")
    lines, discount = document.basket.priced_lines, to_kopecks(document.basket.order_discount)
    gross = [to_kopecks(line.amount) for line in lines]
    off = split_largest_remainder(discount, gross)
    return [
        replace(line, amount=from_kopecks(kopecks - part), no_accrual=line.no_accrual or not document.earns)
        for line, kopecks, part in zip(lines, gross, off, strict=True)
    ]


def _written(line: Line) -> list[str | bool | None]:
    quantity = f"{line.quantity.normalize():f}"
    return [format_money(line.amount), line.name, line.sku, line.category, quantity, line.no_accrual]


@dataclass(frozen=True)
class _Known:
    """A document as it stood before: whose it was, and what its awards stood for."""

    membership_id: UUID
    points: int


def _find(partner_id: UUID, system: str, external_id: str) -> _Known | None:
    known = select(Purchase.id, Purchase.membership_id).where(
        Purchase.partner_id == partner_id,
        Purchase.source == SOURCE,
        Purchase.origin == system,
        Purchase.source_ref == external_id,
    )
    found = db.session.execute(known).one_or_none()
    if found is None:
        return None
    kept = select(func.coalesce(func.sum(Award.kept), 0)).where(
        Award.partner_id == partner_id, Award.purchase_id == found.id, Award.kind != "spend"
    )
    return _Known(found.membership_id, int(db.session.scalar(kept)))
