"""Looks whether a site is the partner's who named it. Another's server is read here, through the gate, and nothing is sent."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import select

from connectors.errors import ConnectorError
from connectors.gate import Gate, Page
from loyalty import widget_proof
from models import db
from models.partner import Partner
from models.widget import WidgetSite

FILE_BYTES, PAGE_BYTES = 1_000, 300_000
"""So much is read of the file, and of the front page, whose head comes first."""


def prove_site(payload: dict, row, now: datetime) -> None:
    """`{site_id}`. What goes wrong out there is a result like any other, not a failure of the job."""
    site_id = UUID(payload["site_id"])
    site = (WidgetSite.partner_id == row.partner_id) & (WidgetSite.id == site_id)
    found = db.session.scalar(select(WidgetSite.origin).where(site))
    if found is not None:
        partner = db.session.get_one(Partner, row.partner_id)
        widget_proof.record(partner.id, site_id, look(Gate(), found, partner.id, partner.code), now)


def look(gate: Gate, origin: str, partner_id: UUID, partner_code: str) -> str | None:
    """Why the proof is not on a site, or None: it is. The site is asked on the port of https, whatever port it names."""
    host, proof = urlsplit(origin).hostname, widget_proof.proof_of(partner_id)
    try:
        file = gate.fetch(f"https://{host}{widget_proof.file_of(partner_code)}", most_bytes=FILE_BYTES)
        if _is_of(host, file) and widget_proof.is_in_file(_text(file), proof):
            return None
        page = gate.fetch(f"https://{host}/", most_bytes=PAGE_BYTES)
    except ConnectorError as error:
        return error.code
    if _is_of(host, page) and page.content_type == "text/html" and widget_proof.is_in_head(_text(page), proof):
        return None
    if urlsplit(page.url).hostname != host:
        return "elsewhere"
    has_another = _is_of(host, file) and file.content_type == "text/plain" and not file.is_cut
    return "other_proof" if has_another else "no_proof"


def _is_of(host: str, page: Page) -> bool:
    """Whether the page is there and the site's own: a redirect to another site proves that one."""
    return page.status == 200 and urlsplit(page.url).hostname == host


def _text(page: Page) -> str:
    return page.body.decode("utf-8-sig", "replace")
