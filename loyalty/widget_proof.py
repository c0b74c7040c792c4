"""Proof that a site is the partner's who named it: a file or a meta tag on it, which only its owner can put there.

A site that was named may show the widget from the first time its proof is found. It is looked at again every week; one whose
proof is not found any more keeps the widget for `GRACE`, since sites are moved and repaired, and then loses it until the proof
is back. What is looked for is no secret, as everybody can read it on the site; it stands for one partner and no other.
Looking is a job (`workers/proving.py`): nobody waits for a stranger's server.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from html.parser import HTMLParser
from uuid import UUID

from sqlalchemy import select

from loyalty import limits, outbox
from loyalty.origins import is_loopback
from models import db
from models.partner import Partner
from models.widget import WidgetSite

AGAIN = timedelta(days=7)
"""A proved site is looked at so often."""
GRACE = timedelta(days=14)
"""So long a proved site keeps the widget while its proof is not found."""
FAILING_AGAIN = timedelta(days=1)
SOONEST, GIVEN_UP = timedelta(minutes=10), timedelta(days=30)
"""A new site is looked at by itself after ten minutes, ever more rarely, and not after a month."""
BEING_CHECKED = timedelta(minutes=2)
"""An answer that is later than this is not waited for."""
ASKS_AN_HOUR = 60
META = "kopilka-site"
STATES = ("proved", "failing", "unproved")
FAILURES = (
    "bad_answer", "bad_certificate", "elsewhere", "forbidden_address", "forbidden_port", "no_proof", "not_https", "other_proof",
    "timed_out", "too_many_redirects", "unreachable", "unresolved",
)  # fmt: skip
"""Why no proof was found."""
_OF_A_HEAD = {"html", "head", "title", "meta", "link", "script", "style", "base", "noscript", "template"}


def proof_of(partner_id: UUID) -> str:
    """What has to stand on the partner's sites; the same on all of them."""
    return sha256(f"kopilka site of {partner_id}".encode()).hexdigest()[:32]


def file_of(partner_code: str) -> str:
    """Where on a site the file with the proof lies."""
    return f"/.well-known/kopilka-{partner_code}.txt"


def meta_of(partner_id: UUID) -> str:
    """The tag for the head of a site's front page."""
    return f'<meta name="{META}" content="{proof_of(partner_id)}">'


def is_in_file(text: str, proof: str) -> bool:
    """Whether the file is the proof and nothing else: a page that answers every address is none."""
    return text.strip() == proof


def is_in_head(html: str, proof: str) -> bool:
    """Whether the head holds the tag. What visitors may write into the body is not looked at."""
    reader = _Head(proof)
    reader.feed(html)
    return reader.is_found


def begin(site: WidgetSite, now: datetime) -> None:
    """A site has just been named: this machine (the sandbox) needs no proof, others are looked at."""
    if is_loopback(site.origin):
        site.proved_at = now
        db.session.flush()
    else:
        _announce(site, now)


def ask(site: WidgetSite, now: datetime) -> None:
    """Have a site looked at now. One that is being looked at already is not looked at twice. Raises `TooMany`."""
    if is_being_checked(site, now) or is_loopback(site.origin):
        return
    limits.hit(f"prove:{site.partner_id}", limit=ASKS_AN_HOUR, window=timedelta(hours=1), now=now)
    _announce(site, now)


def is_being_checked(site: WidgetSite, now: datetime) -> bool:
    return (
        site.asked_at is not None
        and (site.checked_at is None or site.checked_at < site.asked_at)
        and now - site.asked_at < BEING_CHECKED
    )


def state_of(site: WidgetSite) -> str:
    """One of `STATES`; a failing one shows the widget until `shown_until`."""
    if site.proved_at is None:
        return "unproved"
    return "failing" if site.failing_since else "proved"


def shown_until(site: WidgetSite) -> datetime | None:
    """When a proved site that fails loses the widget."""
    return site.failing_since + GRACE if site.proved_at and site.failing_since else None


def ask_due(now: datetime, most: int = 100) -> int:
    """Have the next sites looked at whose time has come; how many. Those of suspended partners wait until they are not."""
    due = (
        select(WidgetSite)
        .join(Partner, Partner.id == WidgetSite.partner_id)
        .where(WidgetSite.next_check_at <= now, Partner.state == "active")
        .order_by(WidgetSite.next_check_at)
        .limit(most)
        .with_for_update(of=WidgetSite, skip_locked=True)
    )
    found = db.session.scalars(due).all()
    for site in found:
        _announce(site, now)
    return len(found)


def record(partner_id: UUID, site_id: UUID, failure: str | None, now: datetime) -> WidgetSite | None:
    """What was found: None for the proof, else why not. A site that was taken off meanwhile stays off: None is answered."""
    query = select(WidgetSite).where(WidgetSite.partner_id == partner_id, WidgetSite.id == site_id)
    site = db.session.scalar(query.with_for_update(), execution_options={"populate_existing": True})
    if site is None:
        return None
    site.checked_at, site.failure = now, failure
    if failure is None:
        site.proved_at, site.failing_since, site.next_check_at = now, None, now + AGAIN
    elif site.proved_at is None:
        site.next_check_at = _next_try(site, now)
    else:
        site.failing_since = site.failing_since or now
        site.next_check_at = now + FAILING_AGAIN
        if now - site.failing_since >= GRACE:
            site.proved_at = site.failing_since = None
    db.session.flush()
    return site


def _next_try(site: WidgetSite, now: datetime) -> datetime | None:
    age = now - site.created_at
    return None if age >= GIVEN_UP else now + max(SOONEST, min(age, FAILING_AGAIN))


def _announce(site: WidgetSite, now: datetime) -> None:
    """A job that dies is made up for by the schedule a day later; how the site is taken then, `record` says."""
    site.asked_at, site.next_check_at = now, now + FAILING_AGAIN
    db.session.flush()
    outbox.announce("prove_site", {"site_id": site.id}, partner_id=site.partner_id)


class _Head(HTMLParser):
    """Reads until the body begins."""

    def __init__(self, proof: str):
        super().__init__()
        self._proof, self._is_over, self.is_found = proof, False, False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._is_over |= tag not in _OF_A_HEAD
        values = dict(reversed(attrs))  # of an attribute written twice browsers take the first
        if tag == "meta" and not self._is_over and (values.get("name") or "").lower() == META:
            self.is_found |= (values.get("content") or "").strip() == self._proof

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self._is_over |= tag == "head"
