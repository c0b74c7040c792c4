"""The demo world: four businesses, their staff and tills, and Иван with 750 points. The same every time.

Built once, in one transaction, from fixed ids; building again changes nothing, so points earned while playing stay.
The dates of Иван's first purchases lie a few weeks before the day the world was built.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from flask import Flask
from sqlalchemy import text

from loyalty import ledger
from loyalty.api_keys import TILL_SCOPES
from loyalty.clock import utcnow
from loyalty.programme import PRESETS, price
from loyalty.types import Line
from models import db, transaction
from models.customer import Consent, Customer, Identity, PlatformRole
from models.ledger import Membership, MembershipIdentity
from models.partner import ApiKey, Branch, Partner, Programme, Staff

NAMESPACE = UUID("6b6f7069-6c6b-4a61-8000-000000000000")
LOCK = "kopilka demo world"


@dataclass(frozen=True)
class Business:
    """One demo partner; its people have keys ``<key>-owner``, ``<key>-cashier``, ``<key>-till``."""

    key: str
    name: str
    code: str
    plan: str
    branches: tuple[str, ...]
    owner: tuple[str, str]
    cashier: tuple[str, str]
    preset: str = "default"


BUSINESSES = (
    Business(
        "espresso",
        "Кофейня Эспрессо",
        "406631153",
        "advanced",
        ("Эспрессо на Покровке",),
        ("Ольга Белова", "+79160000101"),
        ("Артём Клюев", "+79160000102"),
    ),
    Business(
        "style",
        "Салон Стиль",
        "406631201",
        "enterprise",
        ("Стиль на Тверской",),
        ("Марина Орлова", "+79160000201"),
        ("Дарья Котова", "+79160000202"),
    ),
    Business(
        "glame",
        "GLAME",
        "406631302",
        "enterprise",
        ("GLAME в Афимолле",),
        ("Алина Громова", "+79160000301"),
        ("Вера Лисина", "+79160000302"),
        preset="retail",
    ),
    Business(
        "krasota",
        "Салон Красота",
        "406631403",
        "enterprise",
        ("Красота на Арбате", "Красота на Соколе", "Красота в Химках"),
        ("Елена Воронина", "+79160000401"),
        ("Юлия Зайцева", "+79160000402"),
    ),
)
IVAN = ("Иван Петров", "+79161234567")
ADMIN = ("Анна Сергеева", "+79160000001")

IVANS_PURCHASES = (
    # business, days before, check, what
    ("style", 38, "4000.00", "Стрижка и укладка"),
    ("espresso", 24, "1800.00", "Завтрак на двоих"),
    ("espresso", 11, "3200.00", "Торт на заказ"),
    ("style", 9, "6000.00", "Окрашивание"),
)
"""At 5 % these are the 90 + 160 = 250 points at Эспрессо and the 200 + 300 = 500 at Стиль."""


def fixed_id(name: str) -> UUID:
    """The id of a thing of the demo world, the same on every machine."""
    return uuid5(NAMESPACE, name)


def till_key(secret_key: str, business: str) -> str:
    """The demo till's API key: the same for one installation, unknown to others."""
    digest = hmac.new(secret_key.encode(), f"sandbox till {business}".encode(), hashlib.sha256).hexdigest()
    return f"kp_{digest[:8]}_{digest[8:51]}"


def is_complete() -> bool:
    """Whether the world was built; readiness waits for it."""
    return db.session.get(Customer, fixed_id("ivan")) is not None


def would_meet_customers() -> bool:
    """Whether the database, migrated or not, has customers and no demo world: then it is somebody's own."""
    with db.engine.connect() as connection:
        if connection.scalar(text("SELECT to_regclass('customer')")) is None:
            return False
        found = text("SELECT count(*) > 0 AND NOT coalesce(bool_or(id = :ivan), false) FROM customer")
        return connection.scalar(found, {"ivan": fixed_id("ivan")})


def build(app: Flask) -> None:
    """Build the world if it is not there. Two processes that start at once build it once."""
    settings = app.config["SETTINGS"]
    now = utcnow()
    with app.app_context(), transaction():
        db.session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:lock, 0))"), {"lock": LOCK})
        if is_complete():
            return
        _add_person("admin", *ADMIN, now)
        db.session.add(PlatformRole(customer_id=fixed_id("admin"), role="admin"))
        for business in BUSINESSES:
            _add_business(business, settings.secret_key, now)
        _add_person("ivan", *IVAN, now)
        for business in ("espresso", "style"):
            _add_membership(business, now)
        for business, days, check, what in IVANS_PURCHASES:
            _sell(business, now - timedelta(days=days), Decimal(check), what, now)


def _add_person(key: str, name: str, phone: str, now: datetime) -> None:
    person = fixed_id(key)
    db.session.add(Customer(id=person, name=name, created_at=now))
    db.session.flush()
    telegram = str(int(hashlib.sha256(key.encode()).hexdigest()[:8], 16) + 10**9)
    for kind, value in (("phone", phone), ("telegram", telegram)):
        db.session.add(
            Identity(id=fixed_id(f"{key}/{kind}"), customer_id=person, kind=kind, value=value, proven_at=now)
        )
    db.session.flush()


def _add_business(business: Business, secret_key: str, now: datetime) -> None:
    partner = fixed_id(business.key)
    db.session.add(Partner(id=partner, code=business.code, name=business.name, plan=business.plan, created_at=now))
    db.session.flush()
    rules = PRESETS[business.preset].to_json()
    db.session.add(Programme(partner_id=partner, version=1, rules=rules, created_at=now))
    for n, name in enumerate(business.branches, 1):
        db.session.add(Branch(partner_id=partner, id=fixed_id(f"{business.key}/branch/{n}"), name=name))
    db.session.flush()
    branch = fixed_id(f"{business.key}/branch/1")
    for role, (name, phone) in (("owner", business.owner), ("cashier", business.cashier)):
        key = f"{business.key}-{role}"
        _add_person(key, name, phone, now)
        db.session.add(
            Staff(
                partner_id=partner,
                id=fixed_id(f"{key}/staff"),
                customer_id=fixed_id(key),
                name=name,
                role=role,
                branch_id=branch,
            )
        )
    plain = till_key(secret_key, business.key)
    db.session.add(
        ApiKey(
            partner_id=partner,
            id=fixed_id(f"{business.key}-till"),
            branch_id=branch,
            till_id=fixed_id(f"{business.key}-till"),
            name="Касса",
            prefix=plain[:11],
            key_hash=hashlib.sha256(plain.encode()).hexdigest(),
            scopes=sorted(TILL_SCOPES),
            created_at=now,
        )
    )
    db.session.flush()


def _add_membership(business: str, now: datetime) -> None:
    partner, membership = fixed_id(business), fixed_id(f"ivan@{business}")
    joined = now - timedelta(days=40)
    # welcomed long ago, before these books: no sign-in may add a bonus to his 750
    db.session.add(
        Membership(
            partner_id=partner,
            id=membership,
            customer_id=fixed_id("ivan"),
            name=IVAN[0],
            created_at=joined,
            welcomed_at=joined,
        )
    )
    db.session.flush()
    db.session.add(MembershipIdentity(partner_id=partner, membership_id=membership, identity_id=fixed_id("ivan/phone")))
    db.session.add(
        Consent(
            customer_id=fixed_id("ivan"),
            partner_id=partner,
            kind="personal_data",
            granted=True,
            text_version="demo",
            place="sandbox",
            at=joined,
        )
    )
    db.session.flush()


def _sell(business: str, at: datetime, check: Decimal, what: str, now: datetime) -> None:
    by_hand = business == "espresso"
    document = ledger.Document(
        source="manual" if by_hand else "yclients",
        origin="demo",
        source_ref=f"{business} {at.date()}",
        occurred_at=at,
        branch_id=fixed_id(f"{business}/branch/1"),
    )
    ledger.sell(
        fixed_id(business),
        fixed_id(f"ivan@{business}"),
        document,
        lambda member: price(
            [Line(check, name=what)], PRESETS["default"], member, at=at, zone=ZoneInfo("Europe/Moscow")
        ),
        now=now,
    )


def list_people(secret_key: str) -> list[dict[str, str | None]]:
    """The demo people for the page and for scripts; only tills have an `api_key`."""
    people = [_describe("ivan", "customer", *IVAN), _describe("admin", "admin", *ADMIN)]
    for business in BUSINESSES:
        place = {
            "partner_id": str(fixed_id(business.key)),
            "partner_code": business.code,
            "partner_name": business.name,
            "branch_id": str(fixed_id(f"{business.key}/branch/1")),
        }
        people.append(_describe(f"{business.key}-owner", "owner", *business.owner) | place)
        people.append(_describe(f"{business.key}-cashier", "cashier", *business.cashier) | place)
        # at the till stands the cashier
        till = _describe(f"{business.key}-till", "till", "Касса", business.cashier[1]) | place
        people.append(till | {"api_key": till_key(secret_key, business.key)})
    return people


def _describe(key: str, role: str, name: str, phone: str | None) -> dict[str, str | None]:
    return {
        "key": key,
        "role": role,
        "name": name,
        "phone": phone,
        "email": None,
        "partner_id": None,
        "partner_code": None,
        "partner_name": None,
        "branch_id": None,
        "api_key": None,
    }
