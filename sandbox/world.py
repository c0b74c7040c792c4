"""The demo world: four businesses, their staff and tills, and Иван with 750 points. The same every time.

Built once, in one transaction, from fixed ids; building again changes nothing, so points earned while playing stay. It has
chapters: a world that an earlier version built gets those it lacks. The dates of Иван's first purchases lie a few weeks
before the day the world was built.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from urllib.parse import urlsplit
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from flask import Flask
from sqlalchemy import delete, func, select, text

from config import Settings
from loyalty import (
    customers,
    ledger,
    nps,
    partners,
    promotions,
    referral_rewards,
    referrals,
    services,
    surveys,
    widget,
    widget_funnel,
    widget_look,
)
from loyalty.api_keys import TILL_SCOPES
from loyalty.clock import utcnow
from loyalty.errors import IdentityTaken
from loyalty.nps import NpsSettings
from loyalty.programme import PRESETS, price
from loyalty.referral_terms import Terms
from loyalty.types import Line
from models import db, transaction
from models.claim import Claim
from models.customer import Consent, Customer, Identity, PlatformRole
from models.ledger import Membership, Purchase
from models.partner import ApiKey, Branch, Partner, Programme, Staff
from models.referral import Referral
from models.service import Service
from models.work import Outbox
from sandbox import guests

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
    sources: tuple[str, ...]
    """By branch, where its purchases come from."""
    preset: str = "default"


BUSINESSES = (
    Business(
        "espresso",
        "Кофейня Эспрессо",
        "406631153",
        "enterprise",
        ("Эспрессо на Покровке",),
        ("Ольга Белова", "+79160000101"),
        ("Артём Клюев", "+79160000102"),
        ("manual",),
    ),
    Business(
        "style",
        "Салон Стиль",
        "406631201",
        "enterprise",
        ("Стиль на Тверской",),
        ("Марина Орлова", "+79160000201"),
        ("Дарья Котова", "+79160000202"),
        ("yclients",),
    ),
    Business(
        "glame",
        "GLAME",
        "406631302",
        "enterprise",
        ("GLAME в Афимолле",),
        ("Алина Громова", "+79160000301"),
        ("Вера Лисина", "+79160000302"),
        ("onec",),
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
        ("manual", "yclients", "altegio"),
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


def telegram_id(key: str) -> int:
    """The Telegram account of a demo person, linked to them or not."""
    return int(hashlib.sha256(key.encode()).hexdigest()[:8], 16) + 10**9


def till_key(secret_key: str, business: str) -> str:
    """The demo till's API key: the same for one installation, unknown to others."""
    digest = hmac.new(secret_key.encode(), f"sandbox till {business}".encode(), hashlib.sha256).hexdigest()
    return f"kp_{digest[:8]}_{digest[8:51]}"


def origin_of_sites(settings: Settings) -> str:
    """Where the partners' sites are: the same server by its other name, which is another site to a browser."""
    host = "localhost" if urlsplit(settings.public_url).hostname == "127.0.0.1" else "127.0.0.1"
    return f"http://{host}" + ("" if settings.port == 80 else f":{settings.port}")  # as browsers write it


def is_complete() -> bool:
    """Whether every chapter of the world was built; readiness waits for it."""
    people = [fixed_id(key) for key in CHAPTERS]
    return db.session.scalar(select(func.count()).where(Customer.id.in_(people))) == len(people)


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
        for key, add_chapter in CHAPTERS.items():
            if db.session.get(Customer, fixed_id(key)) is None:
                add_chapter(settings.secret_key, now)
        for business in BUSINESSES:
            _move_site(fixed_id(business.key), origin_of_sites(settings), now)
            _have_asked(business.key)
            _stock(business.key, now)
            _have_claims(business.key, now)


def _move_site(partner_id: UUID, origin: str, now: datetime) -> None:
    """Let the partner's site of this start show its widget: the port may have been another at the last one."""
    known = widget.list_sites(partner_id)
    for old in known:
        if old != origin and urlsplit(old).hostname in ("127.0.0.1", "localhost"):
            widget.remove_site(partner_id, old, by=None)
    if origin not in known:
        widget.add_site(partner_id, origin, by=None, now=now, loopback=True)


def _stock(business: str, now: datetime) -> None:
    """What the salon sells and what runs there; nothing is put back that somebody took away."""
    partner = db.session.get_one(Partner, fixed_id(business))
    has_had_any = db.session.scalar(select(Service.id).where(Service.partner_id == partner.id).limit(1))
    if has_had_any is not None:
        return
    for name, category, cost, minutes in guests.SERVICES.get(business, ()):
        draft = services.read_draft(name=name, category=category, price=cost, minutes=minutes)
        services.make(partner, draft, by=None, now=now)
    for n, (name, kind, terms) in enumerate(guests.PROMOTIONS.get(business, ())):
        made = promotions.make(
            partner, name=name, kind=kind, terms=terms, starts_at=now, ends_at=None, by=None, now=now
        )
        if n == 0:
            promotions.switch_on(partner, made.id, by=None, now=now)


def _have_asked(business: str) -> None:
    """Guests were asked about their last visit, and some have answered; where nobody has set this up otherwise."""
    partner = db.session.get_one(Partner, fixed_id(business))
    told = [(answer, _find_last_visit(answer[0], business)) for answer in guests.ANSWERS.get(business, ())]
    if partner.nps or not told or any(visit is None for _, visit in told):
        return
    nps.set_settings(partner, NpsSettings(is_on=True), by=fixed_id(f"{business}-owner"))
    for (key, score, comment), visit in told:
        at = visit.occurred_at + timedelta(hours=3)
        survey = surveys.add(partner.id, fixed_id(f"{key}@{business}/survey"), visit.membership_id, visit.id, at)
        survey.state, survey.asked_at = "asked", at
        db.session.flush()
        if score is not None:
            surveys.answer(survey, score, way="bot", now=at, comment=comment)
    _was_told(partner.id, "notify_survey_task")


def _have_claims(business: str, now: datetime) -> None:
    """Guests have scanned the poster, and the staff have yet to decide; where nobody has claimed anything there."""
    partner_id = fixed_id(business)
    if db.session.scalar(select(Claim.id).where(Claim.partner_id == partner_id).limit(1)) is not None:
        return
    for minutes, (key, amount, doubts) in enumerate(guests.CLAIMS.get(business, ()), 1):
        at, membership_id = now - timedelta(minutes=10 * minutes), fixed_id(f"{key}@{business}")
        if db.session.get(Membership, (partner_id, membership_id)) is None:
            continue
        told = {"amount": Decimal(amount), "doubts": list(doubts), "occurred_at": at, "created_at": at}
        row = {"id": fixed_id(f"{key}@{business}/claim"), "membership_id": membership_id}
        db.session.add(Claim(partner_id=partner_id, source="qr_code", has_receipt=False, **row, **told))
    db.session.flush()


def _was_told(partner_id: UUID, job: str) -> None:
    """Days ago, that is: told anew it would be untrue, and at night it would wait for the morning."""
    stale = (Outbox.job == job, Outbox.partner_id == partner_id, Outbox.done_at.is_(None))
    db.session.execute(delete(Outbox).where(*stale), execution_options={"synchronize_session": False})


def _find_last_visit(key: str, business: str) -> Purchase | None:
    theirs = (Purchase.partner_id == fixed_id(business), Purchase.membership_id == fixed_id(f"{key}@{business}"))
    return db.session.scalars(select(Purchase).where(*theirs).order_by(Purchase.occurred_at.desc())).first()


def _add_people_and_businesses(secret_key: str, now: datetime) -> None:
    opened = now - timedelta(days=120)
    _add_person("admin", *ADMIN, opened)
    db.session.add(PlatformRole(customer_id=fixed_id("admin"), role="admin"))
    for business in BUSINESSES:
        _add_business(business, secret_key, opened)
    _add_person("ivan", *IVAN, now - timedelta(days=40))
    for business in ("espresso", "style"):
        _add_membership("ivan", business, IVAN[0], now - timedelta(days=40))
    for n, (business, days, check, what) in enumerate(IVANS_PURCHASES):
        at = now - timedelta(days=days)
        _sell("ivan", business, [Line(Decimal(check), name=what)], at, now=now, ref=f"{100_117 + 31 * n}")


def _add_guests(_secret_key: str, now: datetime) -> None:
    """The invented customers of all businesses, their colours, and somebody who asks to become a partner."""
    joined = _find_first_visits(now)
    for key, guest in guests.GUESTS.items():
        _add_guest(key, guest, min(at for (_, who), at in joined.items() if who == key))
    for business, colour in guests.COLOURS.items():
        widget_look.set_look(db.session.get_one(Partner, fixed_id(business)), {"accent": colour}, by=None, now=now)
    for business, visits in guests.VISITS.items():
        _add_views(business, now)
        for key in dict.fromkeys(visit.guest for visit in visits):
            at = joined[business, key]
            place = "page:widget" if now - at < timedelta(days=45) else "sandbox"
            _add_membership(key, business, guests.GUESTS[key].name, at, place)
            if business in guests.GUESTS[key].vip_at:
                db.session.get_one(Membership, (fixed_id(business), fixed_id(f"{key}@{business}"))).is_vip = True
        told = [(visit, _tell_visit(business, n, visit, now)) for n, visit in enumerate(visits, 1)]
        for visit, sale in told:
            if visit.returned:
                days, amount = visit.returned
                at = now - timedelta(days=days)
                ledger.refund(fixed_id(business), sale.purchase_id, reference="demo", amount=Decimal(amount), now=at)
    _add_guest("applicant", guests.APPLICANT, now - timedelta(days=1))
    applicant = db.session.get_one(Customer, fixed_id("applicant"))
    partners.apply(applicant, guests.APPLICATION, now - timedelta(hours=20))


def _find_first_visits(now: datetime) -> dict[tuple[str, str], datetime]:
    """When each business met each guest: in the morning of their first visit."""
    found = {}
    for business, visits in guests.VISITS.items():
        for visit in visits:
            morning = (now - timedelta(days=visit.days)).replace(hour=6, minute=0, second=0, microsecond=0)
            found.setdefault((business, visit.guest), morning)
    return found


def _add_friends(_secret_key: str, now: datetime) -> None:
    """Иван invites to «Эспрессо»: one friend has not bought yet, and about another the owner has to decide."""
    espresso, came = db.session.get_one(Partner, fixed_id("espresso")), now - timedelta(days=2)
    if not espresso.referral_terms:
        referrals.set_terms(espresso, Terms(is_on=True), by=None)
    ivan = db.session.get_one(Membership, (espresso.id, fixed_id("ivan@espresso")))
    _add_guest("stanislav", guests.FRIEND, came)
    _add_membership("stanislav", "espresso", guests.FRIEND.name, came)
    referrals.accept(
        referrals.code_of(ivan), db.session.get_one(Customer, fixed_id("stanislav")), came_by="bot", now=came
    )
    terms, polina = referrals.terms_of(espresso), (espresso.id, fixed_id("polina@espresso"))
    doubted = Referral(
        partner_id=espresso.id,
        id=fixed_id("polina by ivan"),
        inviter_id=ivan.id,
        friend_id=polina[1],
        came_by="link",
        inviter_points=terms.inviter_points,
        friend_points=terms.friend_points,
        minimum=terms.minimum,
        return_days=terms.return_days,
        life_days=terms.life_days,
        doubts=["inviters_device"],
        created_at=db.session.get_one(Membership, polina).created_at,
    )
    db.session.add(doubted)
    db.session.flush()
    referral_rewards.settle(espresso.id, doubted.id, now)
    _was_told(espresso.id, "notify_referral")


CHAPTERS = {"ivan": _add_people_and_businesses, "applicant": _add_guests, "stanislav": _add_friends}
"""By the person whose presence tells that the chapter was told; each adds whole or not at all."""


def _add_person(key: str, name: str, phone: str, now: datetime) -> None:
    person = fixed_id(key)
    db.session.add(Customer(id=person, name=name, created_at=now))
    db.session.flush()
    for kind, value in (("phone", phone), ("telegram", str(telegram_id(key)))):
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


def _add_guest(key: str, guest: guests.Guest, at: datetime) -> None:
    person = Customer(id=fixed_id(key), name=guest.name, birth_date=guest.birth_date, created_at=at)
    db.session.add(person)
    db.session.flush()
    for kind, value in (("phone", guest.phone), ("email", guest.email)):
        if value:
            with contextlib.suppress(IdentityTaken):  # whoever played with an older demo may have registered it
                customers.attach_identity(person, kind, value, proven_at=at)


def _add_views(business: str, now: datetime) -> None:
    """How the widget was used on the business's site lately, more on weekends."""
    partner = db.session.get_one(Partner, fixed_id(business))
    for n in range(1, 61):
        at = now - timedelta(days=n)
        seen = 30 + 7 * (n * 5 % 4) + (25 if at.weekday() >= 5 else 0) - n // 4
        for step, times in (("shown", seen), ("opened", seen // 6), ("signed_in", seen // 17)):
            widget_funnel.record(partner, step, at, times=times)


def _add_membership(key: str, business: str, name: str, joined: datetime, place: str = "sandbox") -> None:
    """An account without points. Welcomed long ago, before these books: no sign-in may add a bonus to it."""
    partner, membership, person = fixed_id(business), fixed_id(f"{key}@{business}"), fixed_id(key)
    account = Membership(
        partner_id=partner, id=membership, customer_id=person, name=name, created_at=joined, welcomed_at=joined
    )
    db.session.add(account)
    db.session.flush()
    contacts = select(Identity).where(Identity.customer_id == person, Identity.kind.in_(("phone", "email")))
    for identity in db.session.scalars(contacts):
        customers.remember_known_identity(account, identity)
    db.session.add(
        Consent(
            customer_id=person,
            partner_id=partner,
            kind="personal_data",
            granted=True,
            text_version="demo",
            place=place,
            at=joined,
        )
    )
    db.session.flush()


def _tell_visit(business: str, n: int, visit: guests.Visit, now: datetime) -> ledger.Sale:
    # between ten in the morning and eight in the evening in Moscow
    at = (now - timedelta(days=visit.days)).replace(hour=7 + 3 * n % 10, minute=7 * n % 60, second=0, microsecond=0)
    parts = (part.rsplit(maxsplit=1) for part in visit.basket.split(";"))
    basket = [Line(Decimal(price), name=what.strip()) for what, price in parts]
    return _sell(
        visit.guest, business, basket, at, now=at, ref=f"{100_204 + 17 * n}", points=visit.points, branch=visit.branch
    )


def _sell(
    key: str,
    business: str,
    basket: list[Line],
    at: datetime,
    *,
    now: datetime,
    ref: str,
    points: int = 0,
    branch: int = 1,
) -> ledger.Sale:
    (place,) = (one for one in BUSINESSES if one.key == business)
    rules, zone = PRESETS[place.preset], ZoneInfo("Europe/Moscow")
    document = ledger.Document(
        source=place.sources[branch - 1],
        origin="demo",
        source_ref=ref,
        occurred_at=at,
        branch_id=fixed_id(f"{business}/branch/{branch}"),
    )
    return ledger.sell(
        fixed_id(business),
        fixed_id(f"{key}@{business}"),
        document,
        lambda member: price(basket, rules, member, at=at, zone=zone, spend_points=points),
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
