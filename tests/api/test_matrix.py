"""Every route × every role × every object: who gets in, and what a stranger learns (nothing).

`TABLE` is written by hand and holds every endpoint; a route without a row fails. For every id that a path, a query or a
body can carry, each role tries its own thing, another branch's, another partner's and one that does not exist. Checked in
each cell: the status, that a foreign thing answers exactly like a missing one, that no answer shows anything of another
partner, and that a refused call has changed no row of any table.
"""

from __future__ import annotations

import dataclasses
import json
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from flask_jwt_extended import create_access_token
from sqlalchemy import text

from api import create_app
from api.tokens import make_access_token
from loyalty import (
    claims,
    codes,
    customers,
    partners,
    pos,
    promotions,
    referrals,
    sale_codes,
    sales,
    services,
    sessions,
    surveys,
    widget,
)
from loyalty.api_keys import KEY_SCOPES
from loyalty.cards import new_card_number
from loyalty.clock import utcnow
from loyalty.identities import Identifier
from models import db, transaction
from models.customer import Customer, PlatformRole
from models.partner import Branch, Partner, PartnerApplication
from models.sale_code import SaleCode
from sandbox.application import add_sandbox
from tests.api import roles
from tests.api.roles import is_page
from tests.factories import (
    identity_of,
    make_api_key,
    make_branch,
    make_customer,
    make_email,
    make_member,
    make_partner,
    make_phone,
    make_staff,
)
from tests.loyalty.friends import TERMS, bring

# Who calls

HOME_STAFF = ("owner", "manager", "cashier", "ai_marketer", "content_manager")
PLATFORM = ("admin", "platform ai_marketer", "platform content_manager")
OTHER_PEOPLE = (
    "customer",
    "owner elsewhere",
    "owner naming another partner",
    "owner naming no partner",
    "owner of two",
    "dismissed owner",
    "owner of a suspended partner",
)
LOCKED_OUT = ("anonymous", "ended session", "expired token", "blocked person", "erased person", "forged token")
KEYS = ("key", "key of a branch", "key elsewhere", "key without the scope")
DEAD_KEYS = ("revoked key", "key of a suspended partner", "malformed key")

PEOPLE = (*HOME_STAFF, *PLATFORM, *OTHER_PEOPLE)
EVERYBODY = (*PEOPLE, *LOCKED_OUT, *KEYS, *DEAD_KEYS)

TILLS = ("key", "key of a branch", "key elsewhere")
BOUND = ("cashier", "key of a branch")  # to the home partner's first branch
ELSEWHERE = ("owner elsewhere", "key elsewhere")  # what is the home partner's own is foreign to them

# who names no partner acts for the first who hired them
LOOKERS = (*HOME_STAFF, "owner elsewhere", "owner of two")
CASHIERS = ("owner", "manager", "cashier", "owner elsewhere", "owner of two")
MANAGERS = ("owner", "manager", "owner elsewhere", "owner of two")
OWNERS = ("owner", "owner elsewhere", "owner of two")
PROMOTERS = (*MANAGERS, "content_manager")


def refusal(door: str, role: str) -> int:
    """What a role gets at a door that is not open to it, whatever it asks for."""
    if door == "machine":
        return 403 if role == "key without the scope" else 401
    if role in (*LOCKED_OUT, *KEYS, *DEAD_KEYS):
        return 401
    if door == "staff" and role in ("owner naming another partner", "owner naming no partner"):
        return 404
    return 403


# What is asked for


@dataclass(frozen=True)
class Thing:
    """An id: where it stands in a call, and how to come by one. `own` makes a new one for that role.

    `other_branch` is the home partner's, but of another branch than the one cashiers and some keys are bound to. With
    `is_filter` a foreign or missing one is an empty answer, not a refusal. `is_optional` leaves it out unless it is the
    thing tried.
    """

    place: str  # path:NAME, query:NAME or json:DOTTED
    own: Callable[[World, str], Any]
    foreign: Callable[[World, str], Any] | None = None
    other_branch: Callable[[World, str], Any] | None = None
    missing: Callable[[World, str], Any] = lambda world, role: str(uuid.uuid4())
    is_filter: bool = False
    is_optional: bool = False
    differ: bool = False  # the platform's admins may tell a foreign thing from a missing one
    refused: int = 404


@dataclass(frozen=True)
class Row:
    """Who may call a route, and with what. `body` may be made anew for each call."""

    door: str
    may: tuple[str, ...]
    status: int
    body: dict | Callable[[World, str], dict] | None = None
    query: dict | None = None
    things: tuple[Thing, ...] = ()
    key: bool = False
    before: Callable[[World, str], None] | None = None
    own_session: bool = False
    headers: Callable[[World, str], dict[str, str]] | None = None
    anybodys: bool = False  # what is asked for may be used by every partner

    def is_stranger(self, role: str) -> bool:
        """To people and tills of the other partner the home partner's things are foreign."""
        return role in ELSEWHERE and self.door in ("staff", "machine") and not self.anybodys


@dataclass(frozen=True)
class Place:
    """A partner or a branch as it was made, outside any session."""

    id: uuid.UUID
    name: str
    code: str | None = None

    @classmethod
    def of(cls, row) -> Place:
        return cls(row.id, row.name, getattr(row, "code", None))


@dataclass
class World:
    """Two partners that have one of everything, and a session or key for each role."""

    app: Any
    home: Place | None = None
    branch: Place | None = None
    other_branch: Place | None = None
    away: Place | None = None
    away_branch: Place | None = None
    suspended: Place | None = None
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    ids: dict[str, Any] = field(default_factory=dict)
    keys: dict[str, Any] = field(default_factory=dict)


def made(make: Callable[[World, str], Any]) -> Callable[[World, str], Any]:
    """Rows made in a transaction of their own; what is returned is read before it ends."""

    def run(world: World, role: str) -> Any:
        with transaction():
            return make(world, role)

    return run


def partner_row(world: World, name: str) -> Partner:
    return db.session.get_one(Partner, getattr(world, name).id)


def claim(partner_name: str, branch_name: str):
    """A claim that waits, of somebody new."""

    @made
    def make(world: World, role: str) -> str:
        branch_id, partner = getattr(world, branch_name).id, partner_row(world, partner_name)
        asked = claims.claim(partner, make_customer(), now=utcnow(), amount=Decimal("100.00"), branch_id=branch_id)
        return str(asked.id)

    return make


@made
def claim_of_caller(world: World, role: str) -> str:
    person = db.session.get_one(Customer, world.ids.get(role, world.ids["loner"]))
    return str(claims.claim(make_partner(), person, now=utcnow(), amount=Decimal("100.00")).id)


@made
def claim_of_other(world: World, role: str) -> str:
    return str(claims.claim(make_partner(), make_customer(), now=utcnow(), amount=Decimal("100.00")).id)


def newcomer(partner_name: str):
    """A member who has not bought yet."""

    @made
    def make(world: World, role: str) -> str:
        return str(make_member(partner_row(world, partner_name)).customer_id)

    return make


def invitation(partner_name: str):
    """The code of a member who invites to the partner."""

    @made
    def make(world: World, role: str) -> str:
        return _invite(partner_row(world, partner_name))

    return make


@made
def invitation_of_anybody(world: World, role: str) -> str:
    return _invite(make_partner())


def _invite(partner: Partner) -> str:
    referrals.set_terms(partner, TERMS, by=None)
    return referrals.code_of(make_member(partner))


def no_invitation(world: World, role: str) -> str:
    return "22222222"


def doubted_friend(partner_name: str):
    """A friend on whom the partner has to decide."""

    @made
    def make(world: World, role: str) -> str:
        return str(bring(partner_row(world, partner_name), utcnow(), doubts=("address",)).id)

    return make


def sale_code(partner_name: str, branch_name: str):
    """A code of 100 ₽ that whoever owns the partner shows."""

    @made
    def make(world: World, role: str) -> str:
        return str(_offer(partner_row(world, partner_name), getattr(world, branch_name).id).id)

    return make


@made
def token_of_open_code(world: World, role: str) -> str:
    return sale_codes.token_of(_offer(db.session.get_one(Partner, uuid.UUID(world.ids["open partner"])), None))


def _offer(partner: Partner, branch_id: uuid.UUID | None) -> SaleCode:
    caller = sales.Caller("counter", "manual", actor=make_staff(partner, "owner").customer_id)
    return sale_codes.offer(partner, Decimal("100.00"), caller=caller, now=utcnow(), branch_id=branch_id)


def drive(partner_name: str, branch_name: str):
    """A fiscal drive that stands in a branch."""

    @made
    def make(world: World, role: str) -> str:
        number, branch = new_drive(world, role), getattr(world, branch_name)
        claims.register_drive(partner_row(world, partner_name), number, branch.id, by=world.ids["loner"], now=utcnow())
        return number

    return make


def new_drive(world: World, role: str) -> str:
    return f"{uuid.uuid4().int % 10**16:016}"


def identifier(person) -> Identifier:
    return Identifier("customer_id", str(person))


def purchase(partner_name: str, branch_name: str, person_name: str, receipt: bool = False):
    """A purchase of 100 ₽; with `receipt` as the till of that role posted it, and its receipt number is returned."""

    @made
    def make(world: World, role: str) -> str:
        partner = partner_row(world, partner_name)
        branch_id = getattr(world, branch_name).id
        number = f"R-{uuid.uuid4().hex[:12]}"
        till = world.keys.get(role) or world.keys["key elsewhere" if partner_name == "away" else "key"]
        name, source = (f"till:{till}", "pos_api") if receipt else ("customer:test", "manual")
        sale = sales.post_transaction(
            partner,
            identifier(world.ids[person_name]),
            sales.Basket(Decimal("100.00")),
            kind="accrual",
            caller=sales.Caller(name, source),
            key=uuid.uuid4().hex,
            now=utcnow(),
            branch_id=branch_id,
            receipt_id=number if receipt else None,
        )
        return number if receipt else str(sale.purchase_id)

    return make


def quote(role_of_key: str | None, partner_name: str = "home", person_name: str = "member"):
    """A quote made by the calling key, or by that other one."""

    @made
    def make(world: World, role: str) -> str:
        key = world.keys[role_of_key or (role if role in world.keys else "key")]
        partner = partner_row(world, partner_name)
        quoted = pos.quote(
            partner,
            identifier(world.ids[person_name]),
            sales.Basket(Decimal("100.00")),
            caller=sales.Caller(f"till:{key}", "pos_api"),
            now=utcnow(),
        )
        return str(quoted.quote_id)

    return make


def hold(role_of_key: str | None, partner_name: str = "home", person_name: str = "member"):
    make_quote = quote(role_of_key, partner_name, person_name)

    def make(world: World, role: str) -> str:
        quote_id = uuid.UUID(make_quote(world, role))
        with transaction():
            key = world.keys[role_of_key or (role if role in world.keys else "key")]
            partner = partner_row(world, partner_name)
            caller = sales.Caller(f"till:{key}", "pos_api")
            return str(pos.hold(partner, quote_id, 0, caller=caller, now=utcnow()).hold_id)

    return make


def asked(partner: Partner, person: Customer, score: int | None = None) -> surveys.Survey:
    """A survey that was sent to the person, with an answer on request."""
    now = utcnow()
    member = customers.membership_of(person.id, partner.id) or make_member(partner, person)
    sale = sales.post_transaction(
        partner,
        identifier(person.id),
        sales.Basket(Decimal("100.00")),
        kind="accrual",
        caller=sales.Caller("customer:test", "manual"),
        key=uuid.uuid4().hex,
        now=now,
    )
    survey = surveys.add(partner.id, uuid.uuid4(), member.id, sale.purchase_id, now)
    surveys.note_asked(partner.id, survey.id, now)
    return survey if score is None else surveys.answer(survey, score, way="link", now=now)


@made
def survey_of_caller(world: World, role: str) -> str:
    return str(asked(make_partner(), db.session.get_one(Customer, world.ids.get(role, world.ids["loner"]))).id)


@made
def survey_of_other(world: World, role: str) -> str:
    return str(asked(make_partner(), make_customer()).id)


def survey_task(partner_name: str = "home"):
    return made(lambda world, role: str(asked(partner_row(world, partner_name), make_customer(), 3).id))


def survey_token(state: str = "active"):
    return made(lambda world, role: surveys.token_of(asked(make_partner(state=state), make_customer())))


@made
def application(world: World, role: str) -> str:
    return str(partners.apply(make_customer(), {"name": "Пекарня"}, utcnow()).id)


@made
def session_of_caller(world: World, role: str) -> str:
    return str(sessions.open_session(world.ids.get(role, world.ids["loner"]), "phone", utcnow()).session_id)


@made
def session_of_other(world: World, role: str) -> str:
    return str(sessions.open_session(world.ids["stranger"], "phone", utcnow()).session_id)


@made
def place_of_caller(world: World, role: str) -> str:
    """At a suspended partner: it opens no other door meanwhile."""
    person = db.session.get_one(Customer, world.ids.get(role, world.ids["loner"]))
    return str(make_staff(make_partner(state="suspended"), "cashier", person).partner_id)


@made
def joined_partner(world: World, role: str) -> str:
    person = db.session.get_one(Customer, world.ids.get(role, world.ids["loner"]))
    return str(make_member(make_partner(), person).partner_id)


@made
def place_of_other(world: World, role: str) -> str:
    return str(make_staff(make_partner(), "cashier").partner_id)


def home_branch(which: str = "home"):
    return made(lambda world, role: str(make_branch(partner_row(world, which), "Временный").id))


def home_staff(which: str = "home"):
    return made(lambda world, role: str(make_staff(partner_row(world, which), "cashier").id))


def home_key(which: str = "home"):
    return made(lambda world, role: str(make_api_key(partner_row(world, which))[0].id))


def site(which: str = "home"):
    """A site that may show the partner's widget."""

    @made
    def make(world: World, role: str) -> str:
        address = f"https://shop{uuid.uuid4().hex}.example"
        return str(widget.add_site(partner_row(world, which).id, address, by=None, now=utcnow()).id)

    return make


def draft(which: str = "home"):
    """A promotion that nobody has switched on."""

    @made
    def make(world: World, role: str) -> str:
        now = utcnow()
        row = promotions.make(
            partner_row(world, which),
            name=f"Акция {uuid.uuid4().hex}",
            kind="fixed",
            terms={"points": 10},
            starts_at=now,
            ends_at=None,
            by=None,
            now=now,
        )
        return str(row.id)

    return make


def service(which: str = "home", *, archived: bool = False):
    """A service of the catalogue, living or archived."""

    @made
    def make(world: World, role: str) -> str:
        partner, now = partner_row(world, which), utcnow()
        draft = services.read_draft(name=f"Услуга {uuid.uuid4().hex}", price="100.00")
        row = services.make(partner, draft, by=None, now=now)
        if archived:
            services.archive(partner, row.id, by=None, now=now)
        return str(row.id)

    return make


@made
def new_person(world: World, role: str) -> str:
    return str(make_customer().id)


@made
def fresh_member(world: World, role: str) -> str:
    return str(make_member(partner_row(world, "home")).customer_id)


@made
def withdraw_application(world: World, role: str) -> None:
    pending = (PartnerApplication.applicant_id == world.ids.get(role)) & (PartnerApplication.state == "pending")
    db.session.execute(db.update(PartnerApplication).where(pending).values(state="refused"))


@made
def code_of(world: World, role: str) -> str:
    return codes.issue(world.ids["loner"], utcnow())[0]


def fixed(value: Callable[[World], Any]) -> Callable[[World, str], Any]:
    return lambda world, role: value(world)


BRANCH_IN_PATH = Thing(
    "path:branch_id",
    own=home_branch(),
    foreign=fixed(lambda w: str(w.away_branch.id)),
)


def branch_at(place: str) -> Thing:
    return Thing(
        place,
        own=fixed(lambda w: str(w.branch.id)),
        foreign=fixed(lambda w: str(w.away_branch.id)),
        other_branch=fixed(lambda w: str(w.other_branch.id)),
        is_optional=True,
    )


STAFF_IN_PATH = Thing("path:staff_id", own=home_staff(), foreign=fixed(lambda w: str(w.ids["away cashier"])))
PURCHASE_IN_PATH = Thing(
    "path:purchase_id",
    own=purchase("home", "branch", "member"),
    foreign=fixed(lambda w: w.ids["away purchase"]),
    other_branch=purchase("home", "other_branch", "member"),
)
SITE_IN_PATH = Thing("path:site_id", own=site(), foreign=fixed(lambda w: w.ids["away site"]))
STAFF_AT_QUERY = Thing("query:staff_id", own=home_staff(), foreign=home_staff("away"), is_optional=True)
PROMOTION_IN_PATH = Thing("path:promotion_id", own=draft(), foreign=fixed(lambda w: w.ids["away promotion"]))
SERVICE_IN_PATH = Thing("path:service_id", own=service(), foreign=fixed(lambda w: w.ids["away service"]))
HOLD_IN_PATH = Thing("path:hold_id", own=hold(None), foreign=fixed(lambda w: w.ids["away hold"]))
OTHER_TILLS_HOLD = Thing("path:hold_id", own=hold(None), foreign=fixed(lambda w: w.ids["third key's hold"]))
PARTNER_FILTER = Thing(
    "query:partner_id",
    own=fixed(lambda w: str(w.home.id)),
    foreign=fixed(lambda w: str(w.away.id)),
    is_filter=True,
    is_optional=True,
)
CUSTOMER_BY_ID = Thing(
    "json:customer.customer_id",
    own=fixed(lambda w: str(w.ids["member"])),
    foreign=fixed(lambda w: str(w.ids["stranger"])),
)
CUSTOMER_BY_TELEGRAM = Thing(
    "json:customer.telegram_id",
    own=fixed(lambda w: w.ids["member telegram"]),
    foreign=fixed(lambda w: w.ids["stranger telegram"]),
    missing=lambda world, role: 4_000_000_000_000 + uuid.uuid4().int % 10**9,
)
MEMBER_BY_PHONE = Thing(
    "json:customer.phone",
    own=fixed(lambda w: w.ids["member phone"]),
    foreign=fixed(lambda w: w.ids["stranger phone"]),
    missing=lambda world, role: make_phone(),
)
MEMBER_BY_EMAIL = Thing(
    "json:customer.email",
    own=fixed(lambda w: w.ids["member email"]),
    foreign=fixed(lambda w: w.ids["stranger email"]),
    missing=lambda world, role: make_email(),
)
MEMBER_BY_CARD = Thing(
    "json:customer.card",
    own=fixed(lambda w: w.ids["member card"]),
    foreign=fixed(lambda w: w.ids["stranger card"]),
    missing=fixed(lambda w: w.ids["free card"]),
)
ISSUED_CARD = Thing(
    "json:customer.card",
    own=fixed(lambda w: w.ids["loner card"]),
    missing=fixed(lambda w: w.ids["free card"]),
)
MEMBER = dataclasses.replace(CUSTOMER_BY_ID, place="path:customer_id")
ANY_PARTNER = Thing("path:partner_id", own=fixed(lambda w: str(w.home.id)))
ANY_CUSTOMER = Thing("path:customer_id", own=new_person)
ANY_APPLICATION = Thing("path:application_id", own=application)

CLAIM_IN_PATH = Thing(
    "path:claim_id",
    own=claim("home", "branch"),
    foreign=fixed(lambda w: w.ids["away claim"]),
    other_branch=claim("home", "other_branch"),
)
REFERRAL_IN_PATH = Thing("path:referral_id", own=doubted_friend("home"), foreign=doubted_friend("away"))
SALE_CODE_IN_PATH = Thing(
    "path:code_id",
    own=sale_code("home", "branch"),
    foreign=sale_code("away", "away_branch"),
    other_branch=sale_code("home", "other_branch"),
)
TOKEN_IN_PATH = Thing("path:token", own=token_of_open_code, missing=lambda world, role: secrets.token_urlsafe(16))
OWN_CLAIM = Thing("path:claim_id", own=claim_of_caller, foreign=claim_of_other)
OWN_SURVEY = Thing("path:survey_id", own=survey_of_caller, foreign=survey_of_other)
TASK_IN_PATH = Thing("path:survey_id", own=survey_task(), foreign=survey_task("away"))
SURVEY_LINK = Thing(
    "path:token", own=survey_token(), foreign=survey_token("suspended"), missing=lambda world, role: "A" * 22
)
OPEN_BRANCH = Thing(
    "json:branch_id",
    own=fixed(lambda w: w.ids["open branch"]),
    foreign=fixed(lambda w: str(w.away_branch.id)),
    is_optional=True,
)
CLAIM = {"amount": "100.00", "consents": {"personal_data": True}}
TAKE = {"points": 5, "consents": {"personal_data": True}}

WIDGET = Thing(
    "path:partner",
    own=fixed(lambda w: w.home.code),
    foreign=fixed(lambda w: w.suspended.code),
    missing=fixed(lambda w: w.ids["free code"]),
)
WIDGET_BY_ID = Thing("path:partner", own=fixed(lambda w: str(w.home.id)), foreign=fixed(lambda w: str(w.suspended.id)))


def in_frame(person: str | None = None) -> Callable[[World, str], dict[str, str]]:
    """What the frame of the home partner's widget sends, for nobody or for a person who signed in there."""
    return lambda world, role: roles.in_frame(world.app, world.home.id, world.ids[person] if person else None).headers


PUBLIC = ("public", EVERYBODY)
SIGNED_IN = ("person", PEOPLE)
ADMIN = ("platform", ("admin",))
ACCRUAL = {"customer": {}, "type": "accrual", "amount": "100.00"}
REDEMPTION = {"customer": {}, "type": "redemption", "amount": "200.00", "points": 100}
PROMOTION = {"name": "Акция", "kind": "fixed", "terms": {"points": 10}}
BASKET = {"customer": {}, "amount": "100.00"}


def new_service(world: World, role: str) -> dict:
    return {"name": f"Услуга {uuid.uuid4().hex}", "price": "100.00"}


SENT = {"system": "bitrix24"}
SOLD = {"external_id": "p-1", "client": {"external_id": "c-1"}, "occurred_at": "2026-03-10T12:00:00+03:00"}


def of_member(body: dict) -> Callable[[World, str], dict]:
    """The body with a customer whom every partner may credit: the home member, or whoever is a member elsewhere."""

    def make(world: World, role: str) -> dict:
        person = world.ids["stranger" if role in ELSEWHERE else "member"]
        return body | {"customer": {"customer_id": str(person)}}

    return make


def known_or_not(place: str, known: str, missing: Callable[[World, str], Any], refused: int = 200) -> Thing:
    """Somebody's address, and one that nobody has: at public doors both answer alike."""
    return Thing(
        place,
        own=fixed(lambda w: w.ids[known]),
        foreign=fixed(lambda w: w.ids[known]),
        missing=missing,
        refused=refused,
        is_filter=refused == 200,
    )


_BOT_CALL = (
    Thing("path:token", own=fixed(lambda w: "1:nobodys"), is_filter=True),
    Thing("path:method", own=fixed(lambda w: "getMe"), is_filter=True),
)


TABLE: dict[str, tuple[Row, ...]] = {
    # the description, the state of the process
    "GET /api/docs": (Row(*PUBLIC, 200),),
    "GET /api/docs/docs.css": (Row(*PUBLIC, 200),),
    "GET /api/openapi.json": (Row(*PUBLIC, 200),),
    "GET /healthz": (Row(*PUBLIC, 200),),
    "GET /readyz": (Row(*PUBLIC, 503),),  # the demo world is not in this database
    "GET /sandbox/people.json": (Row(*PUBLIC, 200),),
    "GET /sandbox/sites/<business>": (
        Row(*PUBLIC, 302, things=(Thing("path:business", own=fixed(lambda w: "style")),)),
    ),
    "GET /sandbox/sites/files/<path:name>": (
        Row(*PUBLIC, 200, things=(Thing("path:name", own=fixed(lambda w: "site.css")),)),
    ),
    "GET /sandbox/messages.json": (Row(*PUBLIC, 200),),
    "GET /sandbox/messages/latest": (Row(*PUBLIC, 200),),
    # nobody of the demo lives in this database
    "POST /sandbox/sign-in/<person_key>": (
        Row(*PUBLIC, 404, things=(Thing("path:person_key", own=fixed(lambda w: "ivan")),)),
    ),
    "POST /sandbox/sign-out": (Row(*PUBLIC, 303),),
    "GET /sandbox/telegram/<person_key>/messages.json": (
        Row(*PUBLIC, 200, things=(Thing("path:person_key", own=fixed(lambda w: "ivan")),)),
    ),
    "POST /sandbox/telegram/<person_key>/messages": (
        Row(*PUBLIC, 202, {"text": "/start"}, things=(Thing("path:person_key", own=fixed(lambda w: "ivan")),)),
    ),
    "GET /sandbox/telegram/files/<file_id>": (
        Row(*PUBLIC, 404, things=(Thing("path:file_id", own=fixed(lambda w: "nothing")),)),
    ),
    "GET /sandbox/telegram/static/<name>": (
        Row(*PUBLIC, 200, things=(Thing("path:name", own=fixed(lambda w: "chat.css")),)),
    ),
    "GET /sandbox/telegram/api/file/bot<token>/files/<file_id>": (
        Row(*PUBLIC, 401, things=(_BOT_CALL[0], Thing("path:file_id", own=fixed(lambda w: "nothing"), is_filter=True))),
    ),
    "POST /sandbox/telegram/faults": (Row(*PUBLIC, 201, {"kind": "flooded", "times": 0}),),
    "DELETE /sandbox/telegram/faults": (Row(*PUBLIC, 200),),
    # opens to the token of the installation only
    "GET /sandbox/telegram/api/bot<token>/<method>": (Row(*PUBLIC, 401, things=_BOT_CALL),),
    "POST /sandbox/telegram/api/bot<token>/<method>": (Row(*PUBLIC, 401, things=_BOT_CALL),),
    "POST /sandbox/gateway/messages": (Row(*PUBLIC, 401),),  # opens to the secret of the installation only
    # signing in
    "POST /api/auth/request-code": (
        Row(*PUBLIC, 202, body={}, things=(known_or_not("json:phone", "member phone", lambda w, r: make_phone()),)),
        Row(*PUBLIC, 202, body={}, things=(known_or_not("json:email", "member email", lambda w, r: make_email()),)),
        Row(
            *PUBLIC,
            202,
            body={},
            things=(known_or_not("json:card_number", "member card", fixed(lambda w: w.ids["free card"])),),
        ),
    ),
    "POST /api/auth/verify-code": (
        Row(
            *PUBLIC,
            401,
            body={"code": "000000"},
            things=(known_or_not("json:phone", "loner phone", lambda w, r: make_phone(), 401),),
        ),
    ),
    "POST /api/auth/login-by-card": (
        Row(
            *PUBLIC,
            401,
            body={"code": "000000"},
            things=(
                known_or_not("json:card_number", "stranger card", fixed(lambda w: w.ids["another free card"]), 401),
            ),
        ),
    ),
    "POST /api/auth/verify-card": (
        Row(
            "public",
            tuple(
                role
                for role in EVERYBODY
                if role not in ("ended session", "expired token", "forged token", "blocked person", "erased person")
            ),
            200,
            body=lambda w, r: {"card_number": w.ids["member card"]},
        ),
    ),
    "POST /api/auth/refresh": (Row(*PUBLIC, 401, body={"refresh_token": f"{uuid.UUID(int=9)}.{'x' * 43}"}),),
    "POST /api/register": (
        Row(
            *PUBLIC,
            202,
            body=lambda w, r: {"phone": make_phone()},
            things=(
                Thing(
                    "json:partner_id",
                    own=fixed(lambda w: str(w.home.id)),
                    foreign=fixed(lambda w: str(w.suspended.id)),
                ),
            ),
        ),
        Row(
            *PUBLIC,
            202,
            body=lambda w, r: {"phone": make_phone()},
            things=(
                Thing(
                    "json:partner_id",
                    own=fixed(lambda w: w.home.code),
                    foreign=fixed(lambda w: w.suspended.code),
                    missing=fixed(lambda w: w.ids["free code"]),
                ),
            ),
        ),
    ),
    # the widget on a partner's site
    "GET /api/widget/<partner>": (
        Row(*PUBLIC, 200, things=(WIDGET,)),
        Row(*PUBLIC, 200, things=(WIDGET_BY_ID,)),
    ),
    "POST /api/widget/<partner>/request-code": (
        Row(
            *PUBLIC,
            202,
            body={},
            headers=in_frame(),
            things=(WIDGET, known_or_not("json:phone", "member phone", lambda w, r: make_phone())),
        ),
        Row(
            *PUBLIC,
            202,
            body={},
            headers=in_frame(),
            things=(WIDGET_BY_ID, known_or_not("json:email", "member email", lambda w, r: make_email())),
        ),
        Row(*PUBLIC, 403, body=lambda w, r: {"phone": make_phone()}, things=(WIDGET,)),
    ),
    "POST /api/widget/<partner>/verify-code": (
        Row(
            *PUBLIC,
            401,
            body={"code": "000000"},
            headers=in_frame(),
            things=(WIDGET, known_or_not("json:phone", "member phone", lambda w, r: make_phone(), 401)),
        ),
        Row(
            *PUBLIC,
            401,
            body={"code": "000000"},
            headers=in_frame(),
            things=(WIDGET, known_or_not("json:email", "member email", lambda w, r: make_email(), 401)),
        ),
    ),
    "POST /api/widget/<partner>/arrive": (
        Row(*PUBLIC, 401, body={"code": "000000"}, headers=in_frame(), things=(WIDGET,)),
        Row(*PUBLIC, 403, body={"code": "000000"}, things=(WIDGET,)),
    ),
    "GET /api/widget/<partner>/me": (
        Row(*PUBLIC, 200, headers=in_frame("member"), things=(WIDGET,)),
        Row(*PUBLIC, 401, headers=in_frame(), things=(WIDGET,)),
        Row(*PUBLIC, 403, things=(WIDGET,)),  # whatever else one is signed in to
    ),
    "GET /api/widget/<partner>/claims": (
        Row(*PUBLIC, 200, headers=in_frame("member"), things=(WIDGET,)),
        Row(*PUBLIC, 401, headers=in_frame(), things=(WIDGET,)),
    ),
    "GET /api/widget/<partner>/offers": (
        Row(*PUBLIC, 200, headers=in_frame("member"), things=(WIDGET,)),
        Row(*PUBLIC, 401, headers=in_frame(), things=(WIDGET,)),
    ),
    "POST /api/widget/<partner>/claims": (
        Row(
            *PUBLIC, 422, body={"amount": "100.00"}, headers=in_frame("stranger"), things=(WIDGET,), key=True
        ),  # joins by it never
        Row(*PUBLIC, 401, body={"amount": "100.00"}, headers=in_frame(), things=(WIDGET,), key=True),
        Row(*PUBLIC, 403, body={"amount": "100.00"}, things=(WIDGET,), key=True),
    ),
    "POST /api/widget/<partner>/sign-out": (
        Row(*PUBLIC, 204, headers=in_frame("member"), things=(WIDGET,)),
        Row(*PUBLIC, 403, things=(WIDGET,)),
    ),
    "POST /api/auth/logout": (Row(*SIGNED_IN, 204, own_session=True),),
    "GET /api/auth/me": (Row(*SIGNED_IN, 200),),
    "DELETE /api/auth/places/<uuid:partner_id>": (
        Row(*SIGNED_IN, 204, things=(Thing("path:partner_id", own=place_of_caller, foreign=place_of_other),)),
    ),
    "GET /api/auth/sessions": (Row(*SIGNED_IN, 200),),
    "DELETE /api/auth/sessions": (Row(*SIGNED_IN, 204),),
    "DELETE /api/auth/sessions/<uuid:session_id>": (
        Row(*SIGNED_IN, 204, things=(Thing("path:session_id", own=session_of_caller, foreign=session_of_other),)),
    ),
    # the customer's own
    "GET /api/customer/profile": (Row(*SIGNED_IN, 200),),
    "PUT /api/customer/profile": (Row(*SIGNED_IN, 200, body={"locale": "ru"}),),
    "GET /api/customer/balance": (Row(*SIGNED_IN, 200),),
    "GET /api/customer/loyalty": (Row(*SIGNED_IN, 200, things=(PARTNER_FILTER,)),),
    "GET /api/customer/purchase-history": (Row(*SIGNED_IN, 200, things=(PARTNER_FILTER,)),),
    "GET /api/customer/purchase-stats": (Row(*SIGNED_IN, 200, things=(PARTNER_FILTER,)),),
    "GET /api/customer/promotions": (Row(*SIGNED_IN, 200),),
    "GET /api/customer/tiers": (Row(*SIGNED_IN, 200),),
    "GET /api/customer/referrals": (Row(*SIGNED_IN, 200),),
    "GET /api/customer/referrals/came-by": (Row(*SIGNED_IN, 200),),
    "POST /api/customer/referrals": (
        Row(
            *SIGNED_IN,
            200,
            body={"consents": {"personal_data": True}},
            things=(Thing("json:invitation", own=invitation_of_anybody, missing=no_invitation),),
        ),
    ),
    "GET /api/customer/code": (Row(*SIGNED_IN, 200),),
    "GET /api/customer/export": (Row(*SIGNED_IN, 200),),
    "POST /api/customer/contacts/request-code": (
        Row(*SIGNED_IN, 202, body={}, things=(known_or_not("json:phone", "member phone", lambda w, r: make_phone()),)),
        Row(*SIGNED_IN, 202, body={}, things=(known_or_not("json:email", "member email", lambda w, r: make_email()),)),
    ),
    "POST /api/customer/contacts/verify-code": (
        Row(
            *SIGNED_IN,
            401,
            body={"code": "000000"},
            things=(known_or_not("json:phone", "loner phone", lambda w, r: make_phone(), 401),),
        ),
        Row(
            *SIGNED_IN,
            401,
            body={"code": "000000"},
            things=(known_or_not("json:email", "stranger email", lambda w, r: make_email(), 401),),
        ),
    ),
    "GET /api/customer/consents": (Row(*SIGNED_IN, 200),),
    "PUT /api/customer/consents": (
        Row(*SIGNED_IN, 200, body={"advertising": False}),
        Row(
            *SIGNED_IN,
            200,
            body={"personal_data": True},
            things=(Thing("json:partner_id", own=joined_partner, foreign=fixed(lambda w: w.ids["nobody's partner"])),),
        ),
    ),
    "POST /api/customer/claims": (
        Row(
            *SIGNED_IN,
            201,
            body=CLAIM,
            things=(
                Thing(
                    "json:partner_id",
                    own=fixed(lambda w: w.ids["open partner"]),
                    foreign=fixed(lambda w: str(w.suspended.id)),
                ),
                OPEN_BRANCH,
            ),
            key=True,
        ),
        Row(
            *SIGNED_IN,
            201,
            body=CLAIM,
            things=(
                Thing(
                    "json:partner_id",
                    own=fixed(lambda w: w.ids["open code"]),
                    foreign=fixed(lambda w: w.suspended.code),
                    missing=fixed(lambda w: w.ids["free code"]),
                ),
            ),
            key=True,
        ),
    ),
    "GET /api/customer/claims": (Row(*SIGNED_IN, 200),),
    "GET /api/customer/claims/<uuid:claim_id>": (Row(*SIGNED_IN, 200, things=(OWN_CLAIM,)),),
    "POST /api/customer/claims/<uuid:claim_id>/withdraw": (Row(*SIGNED_IN, 200, things=(OWN_CLAIM,)),),
    "GET /api/customer/sale-codes/<token>": (Row(*SIGNED_IN, 200, things=(TOKEN_IN_PATH,)),),
    "POST /api/customer/sale-codes/<token>/take": (Row(*SIGNED_IN, 201, body=TAKE, things=(TOKEN_IN_PATH,), key=True),),
    "GET /api/customer/surveys": (Row(*SIGNED_IN, 200),),
    "PUT /api/customer/surveys/<uuid:survey_id>": (Row(*SIGNED_IN, 200, body={"score": 9}, things=(OWN_SURVEY,)),),
    "GET /api/surveys/<token>": (Row(*PUBLIC, 200, things=(SURVEY_LINK,)),),
    "PUT /api/surveys/<token>": (Row(*PUBLIC, 200, body={"score": 9}, things=(SURVEY_LINK,)),),
    # becoming a partner
    "POST /api/partner/applications": (Row(*SIGNED_IN, 201, body={"name": "Пекарня"}, before=withdraw_application),),
    "GET /api/partner/applications": (Row(*SIGNED_IN, 200),),
    # the desk
    "GET /api/partner": (Row("staff", LOOKERS, 200),),
    "PUT /api/partner": (Row("staff", OWNERS, 200, body={"timezone": "Europe/Moscow", "notices_off": []}),),
    "GET /api/partner/programme": (Row("staff", LOOKERS, 200),),
    "PUT /api/partner/programme": (Row("staff", OWNERS, 200, body={"grace_days": 30}),),
    "POST /api/partner/programme/quote": (Row("staff", LOOKERS, 200, body={"amount": "100.00"}),),
    "GET /api/partner/branches": (Row("staff", LOOKERS, 200),),
    "POST /api/partner/branches": (Row("staff", MANAGERS, 201, body={"name": "Новый"}),),
    "GET /api/partner/branches/<uuid:branch_id>": (Row("staff", LOOKERS, 200, things=(BRANCH_IN_PATH,)),),
    "PUT /api/partner/branches/<uuid:branch_id>": (
        Row("staff", MANAGERS, 200, body={"name": "Другой"}, things=(BRANCH_IN_PATH,)),
    ),
    "DELETE /api/partner/branches/<uuid:branch_id>": (Row("staff", MANAGERS, 204, things=(BRANCH_IN_PATH,)),),
    "GET /api/partner/staff": (Row("staff", MANAGERS, 200),),
    "POST /api/partner/staff": (
        Row(
            "staff",
            OWNERS,
            201,
            body=lambda w, r: {"phone": make_phone(), "role": "cashier"},
            things=(branch_at("json:branch_id"),),
        ),
        Row(
            "staff",
            OWNERS,
            201,
            body={"role": "cashier"},
            things=(Thing("json:customer_id", own=fresh_member, foreign=fixed(lambda w: str(w.ids["stranger"]))),),
        ),
    ),
    "PUT /api/partner/staff/<uuid:staff_id>": (
        Row("staff", OWNERS, 200, body={"role": "cashier"}, things=(STAFF_IN_PATH, branch_at("json:branch_id"))),
    ),
    "DELETE /api/partner/staff/<uuid:staff_id>": (Row("staff", OWNERS, 204, things=(STAFF_IN_PATH,)),),
    "GET /api/partner/api-keys": (Row("staff", OWNERS, 200),),
    "POST /api/partner/api-keys": (
        Row(
            "staff",
            OWNERS,
            201,
            body={"name": "Касса 2", "scopes": ["pos:quote"]},
            things=(branch_at("json:branch_id"),),
        ),
    ),
    "DELETE /api/partner/api-keys/<uuid:key_id>": (
        Row(
            "staff",
            OWNERS,
            204,
            things=(Thing("path:key_id", own=home_key(), foreign=fixed(lambda w: str(w.keys["key elsewhere"]))),),
        ),
    ),
    "GET /api/partner/customers": (
        Row("staff", (*CASHIERS, "ai_marketer"), 200),
        Row(
            "staff",
            (*CASHIERS, "ai_marketer"),
            200,
            things=(
                Thing(
                    "query:query",
                    own=fixed(lambda w: w.ids["member phone"]),
                    foreign=fixed(lambda w: w.ids["stranger phone"]),
                    missing=lambda world, role: make_phone(),
                    is_filter=True,
                ),
            ),
        ),
    ),
    "GET /api/partner/customers/<uuid:customer_id>": (Row("staff", (*CASHIERS, "ai_marketer"), 200, things=(MEMBER,)),),
    "PUT /api/partner/customers/<uuid:customer_id>": (
        Row("staff", MANAGERS, 200, body={"is_vip": False}, things=(MEMBER,)),
    ),
    "GET /api/partner/customers/<uuid:customer_id>/transactions": (
        Row("staff", (*CASHIERS, "ai_marketer"), 200, things=(MEMBER,)),
    ),
    "POST /api/partner/transactions": (
        Row("staff", CASHIERS, 201, body=of_member(ACCRUAL), things=(branch_at("json:branch_id"),), key=True),
        Row("staff", CASHIERS, 201, body=ACCRUAL, things=(CUSTOMER_BY_ID,), key=True),
        Row("staff", CASHIERS, 201, body=ACCRUAL, things=(CUSTOMER_BY_TELEGRAM,), key=True),
        Row("staff", CASHIERS, 201, body=ACCRUAL, anybodys=True, things=(ISSUED_CARD,), key=True),
        Row("staff", CASHIERS, 201, body=REDEMPTION, things=(CUSTOMER_BY_ID,), key=True),
        Row("staff", CASHIERS, 201, body=REDEMPTION, things=(CUSTOMER_BY_TELEGRAM,), key=True),
        Row("staff", CASHIERS, 201, body=REDEMPTION, things=(MEMBER_BY_PHONE,), key=True),
        Row("staff", CASHIERS, 201, body=REDEMPTION, things=(MEMBER_BY_EMAIL,), key=True),
        Row("staff", CASHIERS, 201, body=REDEMPTION, things=(MEMBER_BY_CARD,), key=True),
        Row(
            "staff",
            CASHIERS,
            201,
            body=ACCRUAL,
            anybodys=True,
            things=(Thing("json:customer.code", own=code_of, missing=lambda world, role: "000000"),),
            key=True,
        ),
    ),
    "POST /api/partner/transactions/<uuid:purchase_id>/refunds": (
        Row("staff", CASHIERS, 201, body={"amount": "1.00"}, things=(PURCHASE_IN_PATH,), key=True),
    ),
    "GET /api/partner/claims": (
        Row("staff", CASHIERS, 200),
        Row("staff", CASHIERS, 200, query={"state": "decided"}),
    ),
    "POST /api/partner/claims/<uuid:claim_id>/approve": (
        Row("staff", CASHIERS, 200, body={}, things=(CLAIM_IN_PATH,), key=True),
    ),
    "POST /api/partner/claims/<uuid:claim_id>/refuse": (
        Row("staff", CASHIERS, 200, body={"reason": "Нет чека"}, things=(CLAIM_IN_PATH,)),
    ),
    "POST /api/partner/sale-codes": (
        Row("staff", CASHIERS, 201, body={"amount": "100.00"}, things=(branch_at("json:branch_id"),), key=True),
    ),
    "GET /api/partner/sale-codes/<uuid:code_id>": (Row("staff", CASHIERS, 200, things=(SALE_CODE_IN_PATH,)),),
    "GET /api/partner/sale-codes/<uuid:code_id>/qr.png": (Row("staff", CASHIERS, 200, things=(SALE_CODE_IN_PATH,)),),
    "GET /api/partner/sale-codes/<uuid:code_id>/qr.svg": (Row("staff", CASHIERS, 200, things=(SALE_CODE_IN_PATH,)),),
    "POST /api/partner/sale-codes/<uuid:code_id>/revoke": (Row("staff", CASHIERS, 200, things=(SALE_CODE_IN_PATH,)),),
    "GET /api/partner/claims/policy": (Row("staff", OWNERS, 200),),
    "PUT /api/partner/claims/policy": (Row("staff", OWNERS, 200, body={"receipt_hours": 72}),),
    "GET /api/partner/claims/drives": (Row("staff", OWNERS, 200),),
    "POST /api/partner/claims/drives": (
        Row(
            "staff",
            OWNERS,
            201,
            body=lambda w, r: {"drive": new_drive(w, r)},
            things=(dataclasses.replace(branch_at("json:branch_id"), is_optional=False),),
        ),
    ),
    "DELETE /api/partner/claims/drives/<drive>": (
        Row(
            "staff",
            OWNERS,
            204,
            things=(
                Thing(
                    "path:drive",
                    own=drive("home", "branch"),
                    foreign=fixed(lambda w: w.ids["away drive"]),
                    missing=new_drive,
                ),
            ),
        ),
    ),
    "GET /api/partner/stats": (Row("staff", (*MANAGERS, "ai_marketer"), 200, things=(branch_at("query:branch_id"),)),),
    "GET /api/partner/export/customers.csv": (Row("staff", MANAGERS, 200),),
    "GET /api/partner/export/transactions.csv": (Row("staff", MANAGERS, 200),),
    "GET /api/partner/export/nps.csv": (Row("staff", MANAGERS, 200),),
    # surveys
    "GET /api/partner/nps/settings": (Row("staff", LOOKERS, 200),),
    "PUT /api/partner/nps/settings": (Row("staff", OWNERS, 200, body={"delay_hours": 3}),),
    "GET /api/partner/nps": (
        Row("staff", (*MANAGERS, "ai_marketer"), 200, things=(branch_at("query:branch_id"), STAFF_AT_QUERY)),
    ),
    "GET /api/partner/nps/answers": (
        Row("staff", (*MANAGERS, "ai_marketer"), 200, things=(branch_at("query:branch_id"), STAFF_AT_QUERY)),
    ),
    "GET /api/partner/nps/tasks": (Row("staff", MANAGERS, 200),),
    "PUT /api/partner/nps/tasks/<uuid:survey_id>": (
        Row("staff", MANAGERS, 200, body={"state": "done"}, things=(TASK_IN_PATH,)),
    ),
    "GET /api/partner/export/referrals.csv": (Row("staff", MANAGERS, 200),),
    # invitations of friends
    "GET /api/partner/referrals": (Row("staff", (*CASHIERS, "ai_marketer"), 200, query={"state": "review"}),),
    "POST /api/partner/customers/<uuid:customer_id>/invitation": (
        Row(
            "staff",
            CASHIERS,
            200,
            things=(
                Thing("path:customer_id", own=newcomer("home"), foreign=newcomer("away")),
                Thing("json:invitation", own=invitation("home"), foreign=invitation("away"), missing=no_invitation),
            ),
            body={},
        ),
    ),
    "POST /api/partner/referrals/<uuid:referral_id>/approve": (
        Row("staff", MANAGERS, 200, things=(REFERRAL_IN_PATH,), key=True),
    ),
    "POST /api/partner/referrals/<uuid:referral_id>/refuse": (
        Row("staff", MANAGERS, 200, things=(REFERRAL_IN_PATH,), key=True),
    ),
    "GET /api/partner/referrals/results": (Row("staff", (*MANAGERS, "ai_marketer"), 200),),
    "GET /api/partner/referrals/terms": (Row("staff", LOOKERS, 200),),
    "PUT /api/partner/referrals/terms": (Row("staff", OWNERS, 200, body={"is_on": True}),),
    # promotions and tiers
    "GET /api/partner/promotions": (Row("staff", LOOKERS, 200),),
    "POST /api/partner/promotions": (Row("staff", PROMOTERS, 201, body=PROMOTION),),
    "POST /api/partner/promotions/try": (
        Row("staff", PROMOTERS, 200, body={"kind": "fixed", "terms": {"points": 10}}),
        Row(
            "staff",
            PROMOTERS,
            200,
            body={"kind": "fixed", "terms": {"points": 10}},
            things=(dataclasses.replace(PROMOTION_IN_PATH, place="json:promotion_id"),),
        ),
    ),
    "GET /api/partner/promotions/<uuid:promotion_id>": (Row("staff", LOOKERS, 200, things=(PROMOTION_IN_PATH,)),),
    "PUT /api/partner/promotions/<uuid:promotion_id>": (
        Row("staff", PROMOTERS, 200, body=PROMOTION, things=(PROMOTION_IN_PATH,)),
    ),
    "POST /api/partner/promotions/<uuid:promotion_id>/on": (Row("staff", PROMOTERS, 200, things=(PROMOTION_IN_PATH,)),),
    "POST /api/partner/promotions/<uuid:promotion_id>/stop": (
        Row("staff", PROMOTERS, 200, things=(PROMOTION_IN_PATH,)),
    ),
    "POST /api/partner/promotions/<uuid:promotion_id>/list": (
        Row(
            "staff",
            PROMOTERS,
            200,
            body={},
            things=(
                PROMOTION_IN_PATH,
                Thing(
                    "json:customer_ids",
                    own=fixed(lambda w: [str(w.ids["member"])]),
                    foreign=fixed(lambda w: [str(w.ids["stranger"])]),
                    missing=lambda world, role: [str(uuid.uuid4())],
                ),
            ),
        ),
    ),
    "GET /api/partner/promotions/<uuid:promotion_id>/results": (
        Row("staff", PROMOTERS, 200, things=(PROMOTION_IN_PATH,)),
    ),
    "GET /api/partner/tiers": (Row("staff", LOOKERS, 200),),
    "PUT /api/partner/tiers": (Row("staff", OWNERS, 200, body={"levels": []}),),
    # the catalogue
    "GET /api/partners/<partner>/services": (
        Row(
            *PUBLIC,
            200,
            things=(
                Thing(
                    "path:partner",
                    own=fixed(lambda w: str(w.home.id)),
                    foreign=fixed(lambda w: str(w.suspended.id)),
                ),
            ),
        ),
    ),
    "GET /api/partner/services": (Row("staff", LOOKERS, 200),),
    "POST /api/partner/services": (Row("staff", PROMOTERS, 201, body=new_service),),
    "GET /api/partner/services/<uuid:service_id>": (Row("staff", LOOKERS, 200, things=(SERVICE_IN_PATH,)),),
    "PUT /api/partner/services/<uuid:service_id>": (
        Row("staff", PROMOTERS, 200, body=new_service, things=(SERVICE_IN_PATH,)),
    ),
    "DELETE /api/partner/services/<uuid:service_id>": (Row("staff", PROMOTERS, 200, things=(SERVICE_IN_PATH,)),),
    "POST /api/partner/services/<uuid:service_id>/restore": (
        Row(
            "staff",
            PROMOTERS,
            200,
            things=(dataclasses.replace(SERVICE_IN_PATH, own=service(archived=True)),),
        ),
    ),
    "POST /api/partner/services/<uuid:service_id>/move": (
        Row("staff", PROMOTERS, 200, body={"to": "up"}, things=(SERVICE_IN_PATH,)),
    ),
    # how the widget looks and where it stands
    "GET /api/partner/widget": (Row("staff", OWNERS, 200),),
    "PUT /api/partner/widget": (Row("staff", OWNERS, 200, body={"theme": "dark"}),),
    "GET /api/partner/widget/stats": (Row("staff", (*MANAGERS, "ai_marketer"), 200),),
    "GET /api/partner/widget/sites": (Row("staff", OWNERS, 200),),
    "POST /api/partner/widget/sites": (Row("staff", OWNERS, 201, body={"origin": "https://shop.example"}),),
    "POST /api/partner/widget/sites/<uuid:site_id>/check": (Row("staff", OWNERS, 200, things=(SITE_IN_PATH,)),),
    "DELETE /api/partner/widget/sites/<uuid:site_id>": (Row("staff", OWNERS, 204, things=(SITE_IN_PATH,)),),
    "GET /api/partner/plan": (Row("staff", OWNERS, 200),),
    "PUT /api/partner/plan": (Row("staff", OWNERS, 200, body={"plan": "enterprise"}),),
    # tills
    "POST /api/pos/quotes": (
        Row("machine", TILLS, 200, body=of_member(BASKET), things=(branch_at("json:branch_id"),)),
        Row("machine", TILLS, 200, body=BASKET, things=(CUSTOMER_BY_ID,)),
        Row("machine", TILLS, 200, body=BASKET, things=(CUSTOMER_BY_TELEGRAM,)),
        Row("machine", TILLS, 200, body=BASKET, anybodys=True, things=(ISSUED_CARD,)),
    ),
    # any other system: items are judged one by one inside a 200 (tests/api/test_inbound.py)
    "POST /api/inbound/clients": (Row("machine", TILLS, 200, body=SENT | {"items": [{"external_id": "c-1"}]}),),
    "POST /api/inbound/purchases": (Row("machine", TILLS, 200, body=SENT | {"items": [SOLD]}),),
    "POST /api/pos/holds": (
        Row(
            "machine",
            TILLS,
            201,
            body={"points": 0},
            things=(Thing("json:quote_id", own=quote(None), foreign=fixed(lambda w: w.ids["away quote"])),),
            key=True,
        ),
        Row(
            "machine",
            TILLS,
            201,
            body={"points": 0},
            things=(Thing("json:quote_id", own=quote(None), foreign=fixed(lambda w: w.ids["third key's quote"])),),
            key=True,
        ),
    ),
    "POST /api/pos/holds/<uuid:hold_id>/capture": (
        Row("machine", TILLS, 200, body={"amount": "100.00"}, things=(HOLD_IN_PATH,), key=True),
        Row("machine", TILLS, 200, body={"amount": "100.00"}, things=(OTHER_TILLS_HOLD,), key=True),
    ),
    "POST /api/pos/holds/<uuid:hold_id>/void": (
        Row("machine", TILLS, 200, things=(HOLD_IN_PATH,), key=True),
        Row("machine", TILLS, 200, things=(OTHER_TILLS_HOLD,), key=True),
    ),
    "POST /api/pos/refunds": (
        Row(
            "machine",
            TILLS,
            201,
            body={"amount": "1.00"},
            things=(dataclasses.replace(PURCHASE_IN_PATH, place="json:transaction_id"),),
            key=True,
        ),
        Row(
            "machine",
            TILLS,
            201,
            body={"amount": "1.00"},
            things=(
                Thing(
                    "json:receipt_id",
                    own=purchase("home", "branch", "member", receipt=True),
                    foreign=fixed(lambda w: w.ids["away receipt"]),
                    missing=lambda world, role: f"R-{uuid.uuid4().hex[:12]}",
                ),
            ),
            key=True,
        ),
    ),
    # the platform
    "GET /api/admin/applications": (Row(*ADMIN, 200),),
    "POST /api/admin/applications/<uuid:application_id>/approve": (Row(*ADMIN, 200, things=(ANY_APPLICATION,)),),
    "POST /api/admin/applications/<uuid:application_id>/refuse": (
        Row(*ADMIN, 200, body={"reason": "Нет документов"}, things=(ANY_APPLICATION,)),
    ),
    "GET /api/admin/partners": (Row(*ADMIN, 200),),
    "GET /api/admin/partners/<uuid:partner_id>/plan": (Row(*ADMIN, 200, things=(ANY_PARTNER,)),),
    "PUT /api/admin/partners/<uuid:partner_id>/plan": (
        Row(*ADMIN, 200, body={"plan": "enterprise", "reason": "По договору"}, things=(ANY_PARTNER,)),
    ),
    "PUT /api/admin/partners/<uuid:partner_id>/features": (
        Row(*ADMIN, 200, body={"features": {"ai_analytics": None}, "reason": "По договору"}, things=(ANY_PARTNER,)),
    ),
    "GET /api/admin/customers": (Row(*ADMIN, 200, things=(dataclasses.replace(PARTNER_FILTER, differ=True),)),),
    "GET /api/admin/customers/<uuid:customer_id>": (Row(*ADMIN, 200, things=(ANY_CUSTOMER,)),),
    "PUT /api/admin/customers/<uuid:customer_id>": (Row(*ADMIN, 200, body={"locale": "ru"}, things=(ANY_CUSTOMER,)),),
    "POST /api/admin/customers/<uuid:customer_id>/loyalty/adjust": (
        Row(
            *ADMIN,
            201,
            body={"points": 1, "reason": "Извинение"},
            things=(
                Thing(
                    "path:customer_id",
                    own=fixed(lambda w: str(w.ids["member"])),
                    foreign=fixed(lambda w: str(w.ids["stranger"])),
                ),
                Thing(
                    "json:partner_id",
                    own=fixed(lambda w: str(w.home.id)),
                    foreign=fixed(lambda w: str(w.away.id)),
                    differ=True,
                ),
            ),
            key=True,
        ),
    ),
}
TABLE["POST /register"] = TABLE["POST /api/register"]
CASES = [(address, number) for address, rows in TABLE.items() for number in range(len(rows))]


# The two partners


@pytest.fixture(scope="module")
def world(settings, databases):
    url = databases.clone(settings)
    app = add_sandbox(create_app(dataclasses.replace(settings, database_url=url), url))
    with app.app_context():
        built = World(app)
        with transaction():
            _build_partners(built)
            _build_people(built)
        _build_documents(built)
        db.session.remove()
        yield built
        db.session.remove()
        db.engine.dispose()
    databases.drop(url)


def _build_partners(world: World) -> None:
    home, away = make_partner(name="Наша пекарня"), make_partner(name="Соседняя парикмахерская")
    world.home, world.away = Place.of(home), Place.of(away)
    world.suspended = Place.of(make_partner(name="Закрытый зал", state="suspended"))
    world.branch = Place.of(make_branch(home, f"Место {uuid.uuid4().hex}"))
    world.away_branch = Place.of(make_branch(away, f"Место {uuid.uuid4().hex}"))
    world.other_branch = Place.of(make_branch(home, "Второй"))
    for name, partner in (("member", home), ("stranger", away)):
        person = make_customer(email=make_email(), name=f"Лицо {uuid.uuid4().hex}")
        telegram = customers.attach_identity(person, "telegram", str(uuid.uuid4().int % 10**12 + 1), proven_at=utcnow())
        make_member(partner, person)
        world.ids |= {
            name: str(person.id),
            f"{name} name": person.name,
            f"{name} phone": identity_of(person, "phone").value,
            f"{name} email": identity_of(person, "email").value,
            f"{name} telegram": int(telegram.value),
            f"{name} card": customers.issue_card(person),
        }
    loner, open_partner = make_customer(), make_partner(name="Третий")
    world.ids |= {
        "open partner": str(open_partner.id),
        "open code": open_partner.code,
        "open branch": str(make_branch(open_partner, "Место").id),
        "loner": loner.id,
        "nobody's partner": str(make_partner().id),
        "loner phone": identity_of(loner, "phone").value,
        "loner card": customers.issue_card(loner),
        "free card": new_card_number(),
        "another free card": new_card_number(),
        "free code": "987654321098",
    }


def _build_people(world: World) -> None:
    home, away, suspended = (partner_row(world, name) for name in ("home", "away", "suspended"))
    branch = db.session.get_one(Branch, (home.id, world.branch.id))
    places = {
        "owner elsewhere": [(away, "owner")],
        "owner naming another partner": [(home, "owner")],
        "owner naming no partner": [(home, "owner")],
        "owner of two": [(home, "owner"), (away, "owner")],
        "dismissed owner": [(home, "owner")],
        "owner of a suspended partner": [(suspended, "owner")],
        "ended session": [(home, "owner")],
        "expired token": [(home, "owner")],
        "blocked person": [(home, "owner")],
        "erased person": [(home, "owner")],
        "forged token": [(home, "owner")],
    } | {role: [(home, role)] for role in HOME_STAFF}
    for role in (*PEOPLE, *LOCKED_OUT[1:]):
        person = make_customer(name="Ольга")
        world.ids[role] = person.id
        for partner, what in places.get(role, []):
            at = branch if role == "cashier" else None
            staff = make_staff(partner, what, person, branch=at)
            if role == "dismissed owner":
                staff.state = "dismissed"
        if role in PLATFORM:
            db.session.add(PlatformRole(customer_id=person.id, role=role.removeprefix("platform ")))
        session = sessions.open_session(person.id, "test", utcnow())
        token = make_access_token(person.id, session.session_id)
        if role == "ended session":
            sessions.end_session(person.id, session.session_id, utcnow())
        elif role == "expired token":
            claims = {"sid": str(session.session_id)}
            token = create_access_token(str(person.id), additional_claims=claims, expires_delta=timedelta(seconds=-60))
        elif role == "forged token":
            token = token[:-6] + ("aaaaaa" if not token.endswith("aaaaaa") else "bbbbbb")
        elif role == "blocked person":
            person.state = "blocked"
        elif role == "erased person":
            person.state, person.name = "erased", None
        world.headers[role] = {"Authorization": f"Bearer {token}"}
    world.headers["anonymous"] = {}
    world.headers["owner naming another partner"]["X-Partner-Id"] = str(away.id)
    world.headers["owner naming no partner"]["X-Partner-Id"] = str(uuid.uuid4())
    world.ids["away cashier"] = str(make_staff(away, "cashier").id)
    everything = tuple(KEY_SCOPES)
    for role, partner, scopes in (
        ("key", home, everything),
        ("key of a branch", home, everything),
        ("key elsewhere", away, everything),
        ("key without the scope", home, ("inbound:clients",)),
        ("revoked key", home, everything),
        ("key of a suspended partner", suspended, everything),
        ("third key", home, everything),
    ):
        key, plain = make_api_key(partner, scopes)
        if role == "key of a branch":
            key.branch_id = branch.id
        if role == "key without the scope":
            key.scopes = []
        if role == "revoked key":
            key.revoked_at = utcnow()
        world.keys[role] = key.id
        world.headers[role] = {"X-API-Key": plain}
    world.headers["malformed key"] = {"X-API-Key": "kp_nonsense"}
    db.session.flush()


def _build_documents(world: World) -> None:
    for partner, branch, person in (("home", "branch", "member"), ("away", "away_branch", "stranger")):
        with transaction():
            sales.post_transaction(
                partner_row(world, partner),
                identifier(world.ids[person]),
                sales.Basket(Decimal("2000000.00")),
                kind="accrual",
                caller=sales.Caller("customer:test", "manual"),
                key=f"first {partner}",
                now=utcnow(),
                branch_id=getattr(world, branch).id,
            )
    world.ids["away purchase"] = purchase("away", "away_branch", "stranger")(world, "owner elsewhere")
    world.ids["away receipt"] = purchase("away", "away_branch", "stranger", receipt=True)(world, "key elsewhere")
    world.ids["away quote"] = quote("key elsewhere", "away", "stranger")(world, "key elsewhere")
    world.ids["away hold"] = hold("key elsewhere", "away", "stranger")(world, "key elsewhere")
    world.ids["away claim"] = claim("away", "away_branch")(world, "owner elsewhere")
    world.ids["away drive"] = drive("away", "away_branch")(world, "owner elsewhere")
    world.ids["away site"] = site("away")(world, "owner elsewhere")
    world.ids["away promotion"] = draft("away")(world, "owner elsewhere")
    world.ids["away service"] = service("away")(world, "owner elsewhere")
    world.ids["third key's quote"] = quote("third key")(world, "key")
    world.ids["third key's hold"] = hold("third key")(world, "key")


# The cells


class Ground:
    """Whether anything in the database has changed, asked cheaply: a look at every row only when somebody wrote at all."""

    # counters of tries, and when a key was last seen, change with refused calls too, on purpose
    LEFT_OUT = ("attempt", "alembic_version")

    def __init__(self):
        tables = sorted(name for name in db.metadata.tables if name not in self.LEFT_OUT)
        rows = (
            f"SELECT '{name}' AS name, count(*) AS n, "
            f"coalesce(sum(hashtextextended((to_jsonb(t) - 'last_used_at')::text, 0)), 0) AS digest FROM \"{name}\" t"
            for name in tables
        )
        self._look = text(" UNION ALL ".join(rows))
        self._written, self._rows = None, {}

    def note(self) -> None:
        """Remember how it is now."""
        self.changed()

    def changed(self) -> list[str]:
        """The tables that changed since this was asked or noted last."""
        with db.engine.connect() as connection:
            # writers are counted before the rows are read: what is written in between shows the next time
            written = connection.scalar(text("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"))
            if written == self._written:
                return []
            before, self._written = self._rows, written
            self._rows = {row.name: (row.n, row.digest) for row in connection.execute(self._look)}
        return [name for name, row in self._rows.items() if before.get(name) != row]


class Cells:
    """Tries one row of the table with everybody and everything."""

    def __init__(self, world: World, address: str, row: Row):
        self.world, self.row = world, row
        self.method, self.rule = address.split(" ", 1)
        self.client = world.app.test_client()
        self.ground = Ground()
        self.count = 0
        self.wrong: list[str] = []
        self._marks = {
            which: {
                str(getattr(world, which).id),
                getattr(world, which).code,
                getattr(world, which).name,
                str(getattr(world, "branch" if which == "home" else "away_branch").id),
                *(
                    str(world.ids[f"{person}{what}"])
                    for what in ("", " name", " phone", " email", " card", " telegram")
                ),
            }
            for which, person in (("home", "member"), ("away", "stranger"))
        }

    def try_all(self) -> None:
        shared = {thing: thing.own(self.world, "nobody") for thing in self.row.things}
        for role in EVERYBODY:
            if role in self.row.may:
                self._try_admitted(role)
            else:
                self._try_refused(role, shared)

    def _try_refused(self, role: str, shared: dict) -> None:
        """One and the same refusal whatever is asked for: a door that is closed tells nothing of what is behind it."""
        expected = refusal(self.row.door, role)
        first = self._check(role, "own", self._call(role, shared), expected)
        for thing in self.row.things:
            for variant in ("foreign", "missing"):
                if (make := getattr(thing, variant)) is not None:
                    answer = self._call(role, shared | {thing: make(self.world, role)}, tried=thing)
                    self._same(first, self._check(role, f"{variant} {thing.place}", answer, expected), role, variant)

    def _try_admitted(self, role: str) -> None:
        row, world = self.row, self.world
        for thing in row.things:
            answers = []
            variants = ("own", "missing") if row.is_stranger(role) else ("foreign", "missing")
            expected = row.status if thing.is_filter else thing.refused
            for variant in variants:
                if (make := getattr(thing, variant)) is None:
                    continue
                answer = self._call(role, self._own(role) | {thing: make(world, role)}, tried=thing)
                answers.append(self._check(role, f"{variant} {thing.place}", answer, expected))
            if len(answers) == 2 and not thing.differ:
                self._same(*answers, role, f"foreign and missing {thing.place}")
            if thing.other_branch is not None and not row.is_stranger(role):
                expected = 404 if role in BOUND else row.status
                answer = self._call(role, self._own(role) | {thing: thing.other_branch(world, role)}, tried=thing)
                self._check(role, f"other branch {thing.place}", answer, expected)
        if row.is_stranger(role) and any(not thing.is_optional for thing in row.things):
            return
        if row.key and row.status not in (401, 403):  # who may not come in is not asked for a key
            answer = self._check(role, "no key", self._call(role, self._own(role), without_key=True), 400)
            if answer.get_json()["code"] != "idempotency_key_required":
                self.wrong.append(f"{role}, no key: {answer.get_data(as_text=True)[:200]}")
        if row.before:
            row.before(world, role)
        self._check(role, "own", self._call(role, self._own(role), own_session=row.own_session), row.status)
        for thing in row.things:
            if thing.is_optional and not row.is_stranger(role):
                self._check(role, f"own {thing.place}", self._call(role, self._own(role), tried=thing), row.status)

    def _own(self, role: str) -> dict:
        return {thing: thing.own(self.world, role) for thing in self.row.things}

    def _call(self, role: str, values: dict, *, tried: Thing | None = None, without_key=False, own_session=False):
        world, row = self.world, self.row
        path, query = self.rule, dict(row.query or {})
        body = row.body(world, role) if callable(row.body) else row.body
        body = json.loads(json.dumps(body)) if body is not None else None
        for thing, value in values.items():
            where, name = thing.place.split(":", 1)
            if thing.is_optional and thing is not tried:
                continue
            if where == "path":
                path = _fill(path, name, str(value))
            elif where == "query":
                query[name] = value
            else:
                _put(body, name.split("."), value)
        headers = world.headers[role] | (row.headers(world, role) if row.headers else {})
        if own_session and role in PEOPLE:
            with transaction():
                opened = sessions.open_session(world.ids[role], "phone", utcnow())
            headers["Authorization"] = f"Bearer {make_access_token(opened.customer_id, opened.session_id)}"
        if row.key and not without_key:
            headers["Idempotency-Key"] = uuid.uuid4().hex
        self.ground.note()
        answer = self.client.open(path, method=self.method, json=body, headers=headers, query_string=query)
        answer.get_data()
        return answer

    def _check(self, role: str, what: str, answer, expected: int):
        self.count += 1
        said = answer.get_data().decode(errors="replace")  # pictures too
        if answer.status_code != expected:
            self.wrong.append(f"{role}, {what}: {answer.status_code} instead of {expected}: {said[:200]}")
        if answer.status_code >= 400:
            if changed := self.ground.changed():
                self.wrong.append(f"{role}, {what}: refused with {answer.status_code}, and changed {changed}")
            in_other_words = self.rule == "/readyz" or self.rule.startswith("/sandbox/telegram/api/")
            if answer.mimetype != "application/problem+json" and not in_other_words:
                self.wrong.append(f"{role}, {what}: a refusal as {answer.mimetype}")
        if role != "admin" and not (role in ELSEWHERE and self.row.door == "public") and not self._is_at_both(role):
            marks = self._marks["home" if role in ELSEWHERE else "away"]
            if shown := sorted(mark for mark in marks if mark in said):
                self.wrong.append(f"{role}, {what}: shows of another partner {shown}")
        return answer

    def _is_at_both(self, role: str) -> bool:
        """What people are told of themselves spans all partners they work for."""
        return role == "owner of two" and self.row.door == "person"

    def _same(self, first, second, role: str, what: str) -> None:
        if _told(first) != _told(second):
            self.wrong.append(f"{role}, {what}: {_told(first)} is not {_told(second)}")


def _told(answer) -> Any:
    """All that an answer tells but the request's own id."""
    headers = {name: value for name, value in answer.headers.items() if name not in ("X-Request-Id", "Content-Length")}
    body = answer.get_json(silent=True)
    if isinstance(body, dict):
        return answer.status_code, headers, {name: value for name, value in body.items() if name != "request_id"}
    return answer.status_code, headers, answer.get_data()


def _fill(path: str, name: str, value: str) -> str:
    before, after = path.split("<", 1)
    inside, after = after.split(">", 1)
    assert inside.rpartition(":")[2] == name, path
    return before + value + after


def _put(body: dict, names: list[str], value: Any) -> None:
    for name in names[:-1]:
        body = body.setdefault(name, {})
    body[names[-1]] = value


def api_routes(app) -> list:
    """Pages have a matrix of their own (`tests/web/test_matrix.py`)."""
    return [rule for rule in app.url_map.iter_rules() if not is_page(app, rule)]


def test_every_route_has_a_row_and_every_row_a_route(world):
    served = {
        f"{method} {rule.rule}" for rule in api_routes(world.app) for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert served - TABLE.keys() == set(), "write rows for these routes"
    assert TABLE.keys() - served == set(), "these rows have no route"


def test_the_table_knows_who_needs_a_key_and_which_ids_there_are(world):
    for rule in api_routes(world.app):
        view = world.app.view_functions[rule.endpoint]
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            rows = TABLE[f"{method} {rule.rule}"]
            assert {row.key for row in rows} == {getattr(view, "needs_idempotency_key", False)}, rule
            tried = {thing.place for row in rows for thing in row.things}
            assert {f"path:{name}" for name in rule.arguments} <= tried, rule


ID_LIKE = ("id", "code", "card", "card_number", "phone", "email")
NOT_TRIED = {
    # what a caller gives as its own name for a thing: it finds nothing but that caller's own
    "receipt_id": "the till's own number, tried where it finds a purchase (/api/pos/refunds)",
    "external_id": "the number in a system of the caller's own, looked up within it",
    "refund_id": "the caller's own number of a refund, looked up within the purchase",
}


@cache
def _tried(address: str) -> frozenset[str]:
    return frozenset(thing.place.split(":", 1)[1] for row in TABLE[address] for thing in row.things)


def test_every_id_that_a_body_or_a_query_can_carry_is_tried(world):
    described = world.app.test_client().get("/api/openapi.json").get_json()
    schemas = described["components"]["schemas"]
    missing = []
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            if not isinstance(operation, dict) or "responses" not in operation:
                continue
            rule = next(
                rule
                for rule in api_routes(world.app)
                if method.upper() in rule.methods and _as_template(rule.rule) == path
            )
            names = [one["name"] for one in operation.get("parameters", []) if one["in"] == "query"]
            content = operation.get("requestBody", {}).get("content", {})
            for media in content.values():
                names += _field_names(schemas, media["schema"])
            for name in names:
                last = name.rpartition(".")[2]
                is_id = last in ID_LIKE or last.endswith("_id")
                if is_id and last not in NOT_TRIED and name not in _tried(f"{method.upper()} {rule.rule}"):
                    missing.append(f"{method.upper()} {rule.rule}: {name}")
    assert sorted(set(missing) - MAY_STAY_OUT) == []


MAY_STAY_OUT = {
    # one-time codes are tried in tests/loyalty/test_sign_in.py and the story; wrong ones stand in the rows
    "POST /api/auth/verify-code: code",
    "POST /api/auth/login-by-card: code",
    "POST /api/customer/contacts/verify-code: code",
    "POST /api/widget/<partner>/verify-code: code",
    "POST /api/widget/<partner>/arrive: code",
    # signing in is by one of three, the phone stands for them (the others are tried at request-code)
    "POST /api/auth/verify-code: email",
    "POST /api/auth/verify-code: card_number",
    # anybody's card may be asked for; whether it exists is told to staff only (its own test below)
    "POST /api/auth/verify-card: card_number",
    # registration and crediting take new people by phone or e-mail: known and unknown are one
    "POST /api/register: phone",
    "POST /api/register: email",
    "POST /register: phone",
    "POST /register: email",
    "POST /api/partner/staff: phone",
    "POST /api/partner/staff: email",
    "POST /api/inbound/clients: items.phone",
    "POST /api/inbound/clients: items.email",
    "POST /api/inbound/purchases: items.client.phone",
    "POST /api/inbound/purchases: items.branch_id",  # its own test in tests/api/test_inbound.py
    "POST /api/inbound/purchases: items.client.email",
    "POST /api/pos/quotes: customer.phone",
    "POST /api/pos/quotes: customer.email",
    "POST /api/pos/quotes: customer.code",
    # one's own, as it is: another one is refused (contact_needs_proof)
    "PUT /api/customer/profile: phone",
    "PUT /api/customer/profile: email",
    "PUT /api/admin/customers/{customer_id}: phone",
    "PUT /api/admin/customers/<uuid:customer_id>: phone",
    "PUT /api/admin/customers/<uuid:customer_id>: email",
}


def _as_template(rule: str) -> str:
    for piece in rule.split("<")[1:]:
        inside = piece.split(">", 1)[0]
        rule = rule.replace(f"<{inside}>", "{" + inside.rpartition(":")[2] + "}")
    return rule


def _field_names(schemas: dict, schema: dict, prefix: str = "") -> list[str]:
    if "allOf" in schema:
        schema = schema["allOf"][0]
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rsplit("/", 1)[1]]
    if schema.get("type") == "array":
        return _field_names(schemas, schema["items"], prefix)
    names = []
    for name, inner in schema.get("properties", {}).items():
        names += [prefix + name, *_field_names(schemas, inner, f"{prefix}{name}.")]
    return names


@pytest.mark.parametrize(("address", "number"), CASES, ids=lambda value: str(value))
def test_everybody_gets_what_the_table_says(world, address, number, record_property):
    cells = Cells(world, address, TABLE[address][number])
    cells.try_all()
    record_property("cells", cells.count)
    assert cells.wrong == []


def test_only_staff_learn_whether_a_card_exists(world):
    client = world.app.test_client()
    for role in EVERYBODY:
        answers = [
            client.post(
                "/api/auth/verify-card", json={"card_number": world.ids[card]}, headers=world.headers[role]
            ).get_json()
            for card in ("stranger card", "free card")
        ]
        if "exists" in answers[0]:
            assert role in HOME_STAFF or role.startswith(("owner elsewhere", "owner of two", "owner naming")), role
            assert [answer["exists"] for answer in answers] == [True, False]
        else:
            known, unknown = ({**answer, "request_id": None} for answer in answers)
            assert known == unknown, role
