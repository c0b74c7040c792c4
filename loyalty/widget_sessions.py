"""Who is signed in inside a widget, and which browser a frame belongs to.

A widget stands on a stranger's page, which could draw a perfect copy of it and ask for the code; so what a code opens
here is worth little: it reads one person's points at one partner for a day, and nothing else takes it. These sessions are
a table of their own, which the person finds among their sessions (`loyalty.sessions.list_sessions`) and ends there.

A frame names its browser by a nonce (`frame_token`): a one-time code asked for in one browser is no good in another.
"""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update

from loyalty.sealing import keyed_hash
from models import db, new_id, transaction_apart
from models.customer import Customer
from models.partner import Partner
from models.widget import WidgetSession

LIFE = timedelta(hours=24)
TOUCH_AFTER = timedelta(minutes=10)
"""A session is written down as used no more often than this."""

BROWSER_COOKIE = "__Host-kopilka_widget"
"""In which both doors keep a frame's browser. `__Host-`: no other host can set it."""

_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")
_MARK = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Visitor:
    """Whose points the frame may show."""

    customer_id: UUID
    session_id: UUID


def session_cookie(code: str) -> str:
    """In which the session of one partner's widget lies: a site may show the widgets of two."""
    return f"{BROWSER_COOKIE}_{code}"


def new_browser() -> str:
    """The name of a browser that has none yet."""
    return secrets.token_urlsafe(32)


def is_browser(value: str | None) -> bool:
    return value is not None and _SECRET.fullmatch(value) is not None


def frame_token(browser: str, partner_id: UUID) -> str:
    """What a partner's frame in this browser shows with each call: only our own page can have it."""
    return f"{browser}.{_sign(browser, partner_id)}"


def read_frame_token(token: str | None, partner_id: UUID) -> str | None:
    """The browser of a frame token; None when it is not of a frame of this partner."""
    browser, _, signature = (token or "").partition(".")
    if not is_browser(browser) or not hmac.compare_digest(signature.encode(), _sign(browser, partner_id).encode()):
        return None
    return browser


def mark_of(browser: str, partner_id: UUID) -> str:
    """What names a frame's browser in the address of a page: by it nobody finds the nonce."""
    return keyed_hash("widget_mark", f"{partner_id}:{browser}")[:32]


def is_mark(text: str | None) -> bool:
    return text is not None and _MARK.fullmatch(text) is not None


def open_session(partner_id: UUID, customer_id: UUID, device: str | None, now: datetime) -> str:
    """Sign a person in inside a partner's widget for a day; returns the session's secret."""
    secret = secrets.token_urlsafe(32)
    db.session.add(
        WidgetSession(
            partner_id=partner_id,
            id=new_id(),
            customer_id=customer_id,
            token_hash=_hash(secret),
            created_at=now,
            last_seen_at=now,
            expires_at=now + LIFE,
            device="".join(char for char in device if char.isprintable())[:200] if device else None,
        )
    )
    db.session.flush()
    return secret


def identify(partner_id: UUID, secret: str | None, now: datetime) -> Visitor | None:
    """Who the session's secret stands for at this partner; None when it is no good (any more).

    A session met while the partner is suspended or the person is no longer served ends, and stays ended.
    """
    if secret is None or not _SECRET.fullmatch(secret):
        return None
    query = (
        select(
            WidgetSession.id,
            WidgetSession.customer_id,
            WidgetSession.last_seen_at,
            Customer.state,
            Partner.state.label("partner_state"),
        )
        .join(Customer, Customer.id == WidgetSession.customer_id)
        .join(Partner, Partner.id == WidgetSession.partner_id)
        .where(WidgetSession.partner_id == partner_id, WidgetSession.token_hash == _hash(secret))
        .where(WidgetSession.ended_at.is_(None), WidgetSession.expires_at > now)
    )
    session = db.session.execute(query).one_or_none()
    if session is None:
        return None
    if session.partner_state != "active" or session.state != "active":
        why = "partner_suspended" if session.partner_state != "active" else f"customer_{session.state}"
        _change_apart(partner_id, session.id, ended_at=now, end_reason=why)
        return None
    if now - session.last_seen_at > TOUCH_AFTER:
        _change_apart(partner_id, session.id, last_seen_at=now)
    return Visitor(session.customer_id, session.id)


def end(partner_id: UUID, session_id: UUID, now: datetime) -> None:
    """Sign the person out of this widget in this browser."""
    mine = update(WidgetSession).where(WidgetSession.partner_id == partner_id, WidgetSession.id == session_id)
    db.session.execute(mine.where(WidgetSession.ended_at.is_(None)).values(ended_at=now, end_reason="signed_out"))


def _change_apart(partner_id: UUID, session_id: UUID, **changes: object) -> None:
    """What stays when the request fails."""
    session = (WidgetSession.partner_id == partner_id) & (WidgetSession.id == session_id)
    with transaction_apart() as connection:
        connection.execute(update(WidgetSession).where(session).values(changes))


def _sign(browser: str, partner_id: UUID) -> str:
    return keyed_hash("widget_frame", f"{partner_id}:{browser}")


def _hash(secret: str) -> str:
    return keyed_hash("widget_session", secret)
