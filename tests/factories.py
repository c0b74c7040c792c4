"""Rows for tests, made through the core where it has a verb for it. Flushed, not committed.

Values that must be unique are drawn anew each time, so tests can share a database.
"""

from __future__ import annotations

import itertools
import random
from datetime import UTC, datetime
from uuid import UUID

from loyalty import api_keys, customers, widget, widget_proof
from loyalty.customers import attach_identity
from loyalty.identities import Identifier
from loyalty.rules import Rules
from models import db, new_id
from models.customer import Customer, Identity
from models.ledger import Membership
from models.partner import ApiKey, Branch, Partner, Programme, Staff
from models.widget import WidgetSite

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
_count = itertools.count(1)
_random = random.SystemRandom()  # Hypothesis seeds the other one, again and again alike
_first_phone, _phones = _random.randrange(10**7), itertools.count()


def make_phone() -> str:
    """A valid Russian mobile number, E.164, that no other test has, nor the demo world."""
    while True:
        number = (_first_phone + next(_phones) * 7_654_321) % 10**7
        if number >= 10**6 and number != 1_234_567:
            return f"+7916{number:07}"


def make_email() -> str:
    return f"person{next(_count)}.{_random.randrange(10**9)}@example.com"


def make_partner(
    rules: Rules | dict | None = None,
    timezone: str = "Europe/Moscow",
    *,
    name: str = "Кофейня",
    state: str = "active",
    region: str = "RU",
    plan: str = "enterprise",
) -> Partner:
    """A partner with one open branch and version 1 of a programme (the default one, if none is given).

    Everything is open to it: what a lower plan locks has tests of its own.
    """
    partner = Partner(code=_free_partner_code(), name=name, timezone=timezone, state=state, region=region, plan=plan)
    db.session.add(partner)
    db.session.flush()
    rules = rules or Rules()
    db.session.add(
        Programme(partner_id=partner.id, version=1, rules=rules.to_json() if isinstance(rules, Rules) else rules)
    )
    make_branch(partner)
    return partner


def make_branch(partner: Partner, name: str = "Главный", state: str = "open") -> Branch:
    branch = Branch(partner_id=partner.id, id=new_id(), name=name, state=state)
    db.session.add(branch)
    db.session.flush()
    return branch


def make_customer(
    phone: str | bool = True, *, email: str | None = None, name: str | None = "Иван", proven_at: datetime | None = NOW
) -> Customer:
    """A person with a proven phone (`True`: any, `False`: none) and, if given, an e-mail."""
    customer = Customer(name=name)
    db.session.add(customer)
    db.session.flush()
    if phone:
        attach_identity(customer, "phone", make_phone() if phone is True else phone, proven_at=proven_at)
    if email:
        attach_identity(customer, "email", email, proven_at=proven_at)
    return customer


def identity_of(customer: Customer, kind: str) -> Identity:
    """The person's first identity of a kind."""
    query = db.select(Identity).where(Identity.customer_id == customer.id, Identity.kind == kind)
    return db.session.scalars(query.order_by(Identity.id)).first()


def identifier_of(customer: Customer, kind: str = "phone") -> Identifier:
    return Identifier(kind, identity_of(customer, kind).value)


def make_member(partner: Partner, customer: Customer | None = None, *, name: str | None = None) -> Membership:
    """An empty account at the partner, which knows the person's phone and e-mail."""
    customer = customer or make_customer()
    membership = customers.join(customer, partner, name=name or customer.name, now=NOW)
    for kind in ("phone", "email"):
        if (identity := identity_of(customer, kind)) is not None:
            customers.remember_known_identity(membership, identity)
    return membership


def make_staff(
    partner: Partner, role: str = "cashier", customer: Customer | None = None, *, branch: Branch | None = None
) -> Staff:
    staff = Staff(
        partner_id=partner.id,
        id=new_id(),
        customer_id=(customer or make_customer(name="Ольга")).id,
        role=role,
        branch_id=branch.id if branch else None,
    )
    db.session.add(staff)
    db.session.flush()
    return staff


def make_api_key(partner: Partner, scopes: tuple[str, ...] = ("pos:quote", "pos:sale")) -> tuple[ApiKey, str]:
    """A till's key, and what the till sends as `X-API-Key`."""
    return api_keys.create(partner.id, "Касса 1", scopes, None, None, NOW)


def noise() -> Partner:
    """Another partner with people of its own, so that a forgotten filter finds too much. The names are everybody's."""
    partner = make_partner(name="Чужая кофейня")
    for number in range(3):
        make_member(partner, make_customer(email=make_email()), name=f"Иван {number}")
    make_staff(partner, "owner")
    return partner


def _free_partner_code() -> str:
    while True:
        code = str(_random.randrange(10**5, 10**6))
        if db.session.scalar(db.select(Partner.id).where(Partner.code == code)) is None:
            return code


def make_site(partner_id: UUID, origin: str, now: datetime | None = None) -> WidgetSite:
    """A site that shows the partner's widget: named, and proved to be the partner's."""
    site = widget.add_site(partner_id, origin, by=None, now=now or NOW, loopback=True)
    return widget_proof.record(partner_id, site.id, None, now or NOW)
