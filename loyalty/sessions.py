"""Signed-in devices: opaque refresh tokens that rotate, and who stands behind an access token.

A refresh token is `<session id>.<secret>`; only the secret's keyed hash is stored. Each use swaps the secret for another,
and any other secret than the present one ends the session: whoever is wrong about it, two parties hold this session. There
is no grace for a double click: it could not be told from a theft, so a client lets its tabs share one refresh.

A browser's session (`open_page_session`) is a cookie instead, which its tabs share: its secret stays as it is, is checked
at each request, and opens nothing but pages.

Rotation happens in a transaction of its own (`models.transaction_apart`), because an ended session must stay ended
although the request fails.
"""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import literal, select, update

from loyalty.errors import SessionEnded, SessionNotFound
from loyalty.plans import open_features
from loyalty.prepared import Prepared
from loyalty.sealing import keyed_hash
from models import db, transaction_apart
from models.customer import Customer, Session
from models.partner import Partner
from models.widget import WidgetSession

IDLE = timedelta(days=30)
"""A session that is not used for so long ends by itself."""
LONGEST = timedelta(days=180)
"""However much it is used, after this the person signs in again."""

_REFRESH = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([A-Za-z0-9_-]{40,70})")


_WHO = """
    SELECT s.customer_id, s.refresh_hash, s.last_seen_at, s.created_at, r.role AS platform_role, w.id AS staff_id,
           w.partner_id, w.role, w.branch_id, p.code, p.name, p.state, p.plan, p.features
    FROM session s
    JOIN customer c ON c.id = s.customer_id AND c.state = 'active'
    LEFT JOIN platform_role r ON r.customer_id = c.id
    LEFT JOIN staff w ON w.customer_id = c.id AND w.state = 'active'
    LEFT JOIN partner p ON p.id = w.partner_id
    WHERE s.id = $1 AND s.kind = '{kind}' AND s.ended_at IS NULL AND s.expires_at > $2
    ORDER BY w.created_at, w.id
    """
_identify = Prepared("kopilka_identify", "uuid, timestamptz", _WHO.format(kind="api"))
_identify_page = Prepared("kopilka_identify_page", "uuid, timestamptz", _WHO.format(kind="page"))

_staff_roles = Prepared(
    "kopilka_staff_roles",
    "uuid",
    """SELECT w.partner_id, p.code, p.name, w.role, w.branch_id, p.state, p.plan, p.features
    FROM staff w JOIN partner p ON p.id = w.partner_id
    WHERE w.customer_id = $1 AND w.state = 'active' ORDER BY w.created_at, w.id""",
)

TOUCH_AFTER = timedelta(minutes=10)
"""A page's session is written down as used no more often than this."""


@dataclass(frozen=True)
class Tokens:
    """What a door hands out after sign-in: it encodes the access token for `customer_id` and `session_id` itself."""

    customer_id: UUID
    session_id: UUID
    refresh_token: str
    expires_at: datetime

    def __repr__(self) -> str:
        return f"<Tokens of session {self.session_id}>"


@dataclass(frozen=True)
class StaffRole:
    """What the person is at one partner; only of active staff. `features` are what is open to that partner."""

    partner_id: UUID
    partner_code: str
    partner_name: str
    role: str
    branch_id: UUID | None
    partner_state: str
    plan: str
    features: frozenset[str]


@dataclass(frozen=True)
class Principal:
    """A person who is signed in, with everything that decides what they may do; `staff` in the order they were hired."""

    customer_id: UUID
    session_id: UUID
    platform_roles: frozenset[str]
    staff: tuple[StaffRole, ...]

    @property
    def caller(self) -> str:
        """How idempotency and quotes name this person."""
        return f"customer:{self.customer_id}"


def open_session(customer_id: UUID, device: str | None, now: datetime, *, kind: str = "api") -> Tokens:
    """Sign a person in on a device (a name for their list of sessions, cut at 200 characters).

    Of `kind` "page" the refresh token is the browser's cookie and refreshes nothing.
    """
    secret = secrets.token_urlsafe(32)
    session = Session(
        customer_id=customer_id,
        kind=kind,
        refresh_hash=_hash(secret),
        rotated_at=now,
        last_seen_at=now,
        expires_at=now + IDLE,
        device=_printable(device),
        created_at=now,
    )
    db.session.add(session)
    db.session.flush()
    return Tokens(customer_id, session.id, f"{session.id}.{secret}", session.expires_at)


def open_page_session(customer_id: UUID, device: str | None, now: datetime) -> str:
    """Sign a person in on a browser; the value of its cookie, good until it was not shown for 30 days."""
    return open_session(customer_id, device, now, kind="page").refresh_token


def identify_page(cookie: str | None, now: datetime) -> Principal | None:
    """Who the cookie of a page stands for; None when it is malformed, wrong, or no longer good."""
    written = _REFRESH.fullmatch(cookie) if cookie else None
    if written is None:
        return None
    session_id = UUID(written[1])
    rows = _identify_page(session_id, now)
    if not rows or not hmac.compare_digest(_hash(written[2]), rows[0].refresh_hash):
        return None
    if now - rows[0].last_seen_at > TOUCH_AFTER:
        seen = {"last_seen_at": now, "expires_at": min(now + IDLE, rows[0].created_at + LONGEST)}
        with transaction_apart() as connection:
            connection.execute(update(Session).where(Session.id == session_id).values(seen))
    return _principal(session_id, rows)


def rotate(refresh: str, now: datetime) -> Tokens:
    """Swap a refresh token for the next one. Committed at once, apart from the caller's transaction.

    Raises `SessionEnded`, one and the same for a malformed, unknown, expired, ended or reused token and for a person who
    may no longer sign in.
    """
    written = _REFRESH.fullmatch(refresh) if isinstance(refresh, str) else None
    if written is None:
        raise SessionEnded()
    session_id, secret, successor = UUID(written[1]), written[2], secrets.token_urlsafe(32)
    query = (
        select(Session.__table__, Customer.state)
        .join(Customer, Customer.id == Session.customer_id)
        .where(Session.id == session_id, Session.kind == "api")
        .with_for_update(of=Session)
    )
    with transaction_apart() as connection:
        session = connection.execute(query).one_or_none()
        changes = None if session is None or session.ended_at else _decide(session, secret, successor, now)
        if changes:
            connection.execute(update(Session).where(Session.id == session_id).values(changes))
    if not changes or "ended_at" in changes:
        raise SessionEnded()
    return Tokens(session.customer_id, session_id, f"{session_id}.{successor}", changes["expires_at"])


def identify(session_id: UUID, now: datetime) -> Principal | None:
    """Who an access token stands for; None when the session or the person is no longer good. One query.

    Read anew at every request, so a dismissal takes effect with the next one.
    """
    rows = _identify(session_id, now)
    return _principal(session_id, rows) if rows else None


def staff_roles(customer_id: UUID) -> tuple[StaffRole, ...]:
    """For whom a person works, in the order they were hired; for doors that know people without a session."""
    return tuple(_staff_role(row) for row in _staff_roles(customer_id))


def _staff_role(row) -> StaffRole:
    return StaffRole(
        partner_id=row.partner_id,
        partner_code=row.code,
        partner_name=row.name,
        role=row.role,
        branch_id=row.branch_id,
        partner_state=row.state,
        plan=row.plan,
        features=open_features(row.plan, row.features),
    )


def _principal(session_id: UUID, rows: list) -> Principal:
    roles = {row.staff_id: _staff_role(row) for row in rows if row.staff_id is not None}
    return Principal(
        customer_id=rows[0].customer_id,
        session_id=session_id,
        platform_roles=frozenset(row.platform_role for row in rows if row.platform_role is not None),
        staff=tuple(roles.values()),
    )


@dataclass(frozen=True)
class SignedIn:
    """A line of a person's list: an app (`kind` "api"), a browser ("page"), or a browser in which a partner's widget shows
    their points ("widget": `partner_name` says whose)."""

    id: UUID
    kind: str
    device: str | None
    partner_name: str | None
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime


def list_sessions(customer_id: UUID, now: datetime) -> list[SignedIn]:
    """The person's open sessions, those of widgets too, the most recently used first."""
    own = select(Session, literal(None).label("partner_name")).where(
        Session.customer_id == customer_id, *_is_open(Session, now)
    )
    widgets = (
        select(WidgetSession, Partner.name.label("partner_name"))
        .join(Partner, Partner.id == WidgetSession.partner_id)
        .where(WidgetSession.customer_id == customer_id, Partner.state == "active", *_is_open(WidgetSession, now))
    )
    found = [_line(*row) for row in (*db.session.execute(own), *db.session.execute(widgets))]
    return sorted(found, key=lambda line: (line.last_seen_at, line.id), reverse=True)


def _line(session: Session | WidgetSession, partner_name: str | None) -> SignedIn:
    return SignedIn(
        id=session.id,
        kind="widget" if isinstance(session, WidgetSession) else session.kind,
        device=session.device,
        partner_name=partner_name,
        created_at=session.created_at,
        last_seen_at=session.last_seen_at,
        expires_at=session.expires_at,
    )


def end_session(customer_id: UUID, session_id: UUID, now: datetime, reason: str = "signed_out") -> None:
    """End one of the person's own sessions at once; ending it again changes nothing. Raises `SessionNotFound`."""
    for kind in _KINDS:
        mine = select(kind).where(kind.customer_id == customer_id, kind.id == session_id)
        session = db.session.scalar(mine.with_for_update())
        if session is not None:
            if session.ended_at is None:
                session.ended_at, session.end_reason = now, reason
                db.session.flush()
            return
    raise SessionNotFound()


def end_all(customer_id: UUID, now: datetime, *, but: UUID | None = None, reason: str = "signed_out") -> int:
    """End all sessions of a person, `but` one; how many were ended."""
    ended = 0
    for kind in _KINDS:
        theirs = update(kind).where(kind.customer_id == customer_id, kind.ended_at.is_(None))
        if but is not None:
            theirs = theirs.where(kind.id != but)
        ended += db.session.execute(theirs.values(ended_at=now, end_reason=reason)).rowcount
    return ended


def forget_old_sessions(now: datetime) -> int:
    """Delete sessions that could not be used for 90 days; the number deleted."""
    old = now - timedelta(days=90)
    return sum(db.session.execute(kind.__table__.delete().where(kind.expires_at < old)).rowcount for kind in _KINDS)


_KINDS: tuple[type[Session] | type[WidgetSession], ...] = (Session, WidgetSession)


def _is_open(kind: type[Session] | type[WidgetSession], now: datetime) -> tuple:
    return kind.ended_at.is_(None), kind.expires_at > now


def _decide(session, secret: str, successor: str, now: datetime) -> dict:
    """What changes on an open session when this secret is shown. A change with `ended_at` ends it."""
    if session.state != "active":
        return {"ended_at": now, "end_reason": "customer_" + session.state}
    if session.expires_at <= now:
        return {"ended_at": now, "end_reason": "expired"}
    expires_at = min(now + IDLE, session.created_at + LONGEST)
    if hmac.compare_digest(_hash(secret), session.refresh_hash):
        return {
            "refresh_hash": _hash(successor),
            "rotated_at": now,
            "last_seen_at": now,
            "expires_at": expires_at,
        }
    return {"ended_at": now, "end_reason": "reuse"}


def _hash(secret: str) -> str:
    return keyed_hash("refresh_token", secret)


def _printable(device: str | None) -> str | None:
    return "".join(char for char in device if char.isprintable())[:200] if device else None
