"""A partner's widget: what strangers may know of it, on whose sites it may stand, and what is done in it.

A site is an exact origin. The frame of the widget may be put into a page of these sites and of no other: browsers see to
it (`frame-ancestors`), so a partner without sites has a widget that nobody can show. A site counts once it is proved
(`loyalty.widget_proof`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from loyalty import audit, claims, joining, limits, partners, plans, widget_proof
from loyalty.customers import membership_of
from loyalty.errors import ConsentRequired, PartnerNotFound, SiteNotFound, TooManySites
from loyalty.origins import normalise_origin
from loyalty.widget_look import show_look
from models import db
from models.claim import Claim
from models.customer import Customer
from models.partner import Partner
from models.widget import WidgetSite

SITES = 20
"""On so many sites at most: they all stand in a header of every frame."""
CLAIMS_AN_HOUR = 20
"""So often one person may try to ask for points in widgets; receipts that are refused count too."""


@dataclass(frozen=True)
class Card:
    """What anybody may know of a widget before it is opened; `badge` says that there is something new."""

    name: str
    colour: str
    badge: str | None
    position: str
    label_ru: str | None
    label_en: str | None


def find_partner(reference: object) -> Partner:
    """The partner whose widget it is, by UUID or public code.

    Raises `PartnerNotFound`, also for a suspended one and for one whose plan opens no widget: strangers are not told.
    """
    partner = partners.get_partner(reference)
    if not has_widget(partner):
        raise PartnerNotFound()
    return partner


def has_widget(partner: Partner) -> bool:
    return partner.state == "active" and plans.is_open(partner, "web_widget")


def show_card(partner: Partner) -> Card:
    look = show_look(partner)
    return Card(partner.name, look.colour, None, look.position, look.label_ru, look.label_en)


def list_sites(partner_id: UUID) -> list[str]:
    """The origins that may show the partner's widget: those that are proved, in the order they were added."""
    query = select(WidgetSite.origin).where(WidgetSite.partner_id == partner_id, WidgetSite.proved_at.is_not(None))
    return list(db.session.scalars(query.order_by(WidgetSite.created_at, WidgetSite.origin)))


def list_site_rows(partner_id: UUID) -> list[WidgetSite]:
    """All sites that the partner named, proved or not."""
    query = select(WidgetSite).where(WidgetSite.partner_id == partner_id)
    return list(db.session.scalars(query.order_by(WidgetSite.created_at, WidgetSite.origin)))


def get_site(partner_id: UUID, site_id: UUID) -> WidgetSite:
    """Raises `SiteNotFound`."""
    site = db.session.scalar(select(WidgetSite).where(WidgetSite.partner_id == partner_id, WidgetSite.id == site_id))
    if site is None:
        raise SiteNotFound()
    return site


def add_site(
    partner_id: UUID, address: object, *, by: UUID | None, now: datetime, loopback: bool = False
) -> WidgetSite:
    """Name a site of the partner's; it shows the widget once it is proved. Adding it again changes nothing.

    `loopback` allows this machine (the sandbox). Raises `InvalidOrigin`, `TooManySites`.
    """
    origin = normalise_origin(address, loopback=loopback)
    # the partner's row makes two who add at once take turns; postings do not wait for it
    db.session.execute(select(Partner.id).where(Partner.id == partner_id).with_for_update(key_share=True))
    theirs = select(func.count()).select_from(WidgetSite).where(WidgetSite.partner_id == partner_id)
    if db.session.scalar(theirs.where(WidgetSite.origin != origin)) >= SITES:
        raise TooManySites(SITES)
    made = insert(WidgetSite).values(partner_id=partner_id, origin=origin, created_at=now).on_conflict_do_nothing()
    if db.session.execute(made).rowcount:
        audit.record("widget.site_added", actor=by, partner_id=partner_id, details={"origin": origin})
        widget_proof.begin(db.session.get_one(WidgetSite, (partner_id, origin)), now)
    return db.session.get_one(WidgetSite, (partner_id, origin))


def remove_site(partner_id: UUID, origin: str, *, by: UUID | None) -> None:
    """Let a site show the widget no longer; frames that are open there stay until they are loaded again."""
    theirs = (WidgetSite.partner_id == partner_id) & (WidgetSite.origin == origin)
    if db.session.execute(delete(WidgetSite).where(theirs)).rowcount:
        audit.record("widget.site_removed", actor=by, partner_id=partner_id, details={"origin": origin})


def claim(partner: Partner, customer_id: UUID, *, amount: Decimal | None, receipt: str | None, now: datetime) -> Claim:
    """Ask in the frame for the points of a purchase. It makes nobody a member: joining is done on a page of our own.

    Raises as `claims.claim`, `ConsentRequired` for who has not joined here yet, `TooMany`.
    """
    if membership_of(customer_id, partner.id) is None or joining.must_be_asked(customer_id, partner.id):
        raise ConsentRequired()
    limits.hit(f"widget_claim:{customer_id}", limit=CLAIMS_AN_HOUR, window=timedelta(hours=1), now=now)
    customer = db.session.get_one(Customer, customer_id)
    return claims.claim(partner, customer, now=now, amount=amount, receipt=receipt, source="web_widget")
