"""A signed-in caller of every role, minted through the core: what stories and matrix tests stand on.

`make_cast(app)` makes two partners with everybody in them, committed. Each `Actor` carries its headers and opens JSON
requests through the test client.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from api.tokens import make_access_token
from loyalty import api_keys, platform_roles, sessions, widget_sessions
from loyalty.api_keys import KEY_SCOPES
from loyalty.clock import utcnow
from loyalty.rules import Rules
from loyalty.staff import ROLES
from models import db, transaction
from models.partner import Branch
from tests.factories import make_customer, make_email, make_member, make_partner, make_staff


@dataclass(frozen=True)
class Actor:
    """Somebody or something that calls. `customer_id` and `session_id` are None for a machine and for nobody."""

    app: Flask
    role: str
    headers: dict[str, str] = field(default_factory=dict)
    customer_id: UUID | None = None
    session_id: UUID | None = None
    partner_id: UUID | None = None

    def call(self, method: str, url: str, body: Any = ..., *, key: str | None = None, **headers: str) -> TestResponse:
        """`body` is sent as JSON; `key` is the Idempotency-Key; other headers with underscores for hyphens."""
        sent = self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        if key is not None:
            sent["Idempotency-Key"] = key
        data = {} if body is ... else {"data": json.dumps(body), "content_type": "application/json"}
        return self.app.test_client().open(url, method=method, headers=sent, buffered=True, **data)

    def get(self, url: str, **headers: str) -> TestResponse:
        return self.call("GET", url, **headers)

    def post(self, url: str, body: Any = ..., *, key: str | None = None, **headers: str) -> TestResponse:
        return self.call("POST", url, body, key=key, **headers)

    def put(self, url: str, body: Any = ..., **headers: str) -> TestResponse:
        return self.call("PUT", url, body, **headers)

    def delete(self, url: str, **headers: str) -> TestResponse:
        return self.call("DELETE", url, **headers)


@dataclass(frozen=True)
class House:
    """One partner with a branch, staff of every role, a till and a member."""

    partner_id: UUID
    partner_code: str
    branch_id: UUID
    staff: dict[str, Actor]
    till: Actor
    member: Actor
    phone: str


@dataclass(frozen=True)
class Cast:
    """Two partners that know nothing of each other, an admin, somebody without any role, and nobody."""

    ours: House
    theirs: House
    admin: Actor
    stranger: Actor
    nobody: Actor

    def everybody(self) -> dict[str, Actor]:
        """Every kind of caller by name; `foreign_…` belong to the other partner."""
        found = {"nobody": self.nobody, "stranger": self.stranger, "admin": self.admin}
        for prefix, house in (("", self.ours), ("foreign_", self.theirs)):
            found |= {prefix + role: actor for role, actor in house.staff.items()}
            found |= {f"{prefix}till": house.till, f"{prefix}member": house.member}
        return found


def make_cast(app: Flask, rules: Rules | None = None) -> Cast:
    with app.test_request_context(), transaction():
        admin = make_customer(name="Админ")
        platform_roles.grant_role(admin.id, "admin", by=None, now=utcnow())
        return Cast(
            ours=_make_house(app, rules),
            theirs=_make_house(app, rules),
            admin=sign_in(app, "admin", admin.id),
            stranger=sign_in(app, "stranger", make_customer(name="Прохожий").id),
            nobody=Actor(app, "nobody"),
        )


def sign_in(app: Flask, role: str, customer_id: UUID, partner_id: UUID | None = None) -> Actor:
    """Open a session inside the present application context and transaction."""
    tokens = sessions.open_session(customer_id, "tests", utcnow())
    headers = {"Authorization": f"Bearer {make_access_token(customer_id, tokens.session_id)}"}
    return Actor(app, role, headers, customer_id, tokens.session_id, partner_id)


def is_page(app: Flask, rule: Rule) -> bool:
    """Whether a route answers pages, which `tests/web` looks at, and not the API."""
    return getattr(app.view_functions[rule.endpoint], "is_page", False)


def in_frame(app: Flask, partner_id: UUID, customer_id: UUID | None = None) -> Actor:
    """A browser without cookies in which the partner's widget is open, for that person if one is named."""
    headers = {"Sec-Fetch-Site": "same-origin"}
    with app.app_context(), transaction():
        headers["X-Widget-Frame"] = widget_sessions.frame_token(widget_sessions.new_browser(), partner_id)
        if customer_id is not None:
            opened = widget_sessions.open_session(partner_id, customer_id, "tests", utcnow())
            headers["X-Widget-Session"] = opened
    return Actor(app, "widget", headers, customer_id, partner_id=partner_id)


def new_key() -> str:
    """An Idempotency-Key that nobody has used."""
    return uuid.uuid4().hex


def _make_house(app: Flask, rules: Rules | None) -> House:
    partner = make_partner(rules or Rules(welcome_bonus=0, min_spend=1))
    branch = db.session.scalars(db.select(Branch).where(Branch.partner_id == partner.id)).one()
    staff = {}
    for role in ROLES:
        person = make_customer(name=f"Сотрудник {role}")
        make_staff(partner, role, person, branch=branch)
        staff[role] = sign_in(app, role, person.id, partner.id)
    _, plain = api_keys.create(partner.id, "Касса", tuple(KEY_SCOPES), None, None, utcnow())
    customer = make_customer(email=make_email())
    make_member(partner, customer)
    phone = db.session.execute(
        db.text("SELECT value FROM identity WHERE customer_id = :id AND kind = 'phone'"), {"id": customer.id}
    ).scalar_one()
    return House(
        partner_id=partner.id,
        partner_code=partner.code,
        branch_id=branch.id,
        staff=staff,
        till=Actor(app, "till", {"X-API-Key": plain}, partner_id=partner.id),
        member=sign_in(app, "member", customer.id),
        phone=phone,
    )
