"""What people are told who run a business or are about to: applications, hiring, invitations. Decided when it is sent, from
ids, as `loyalty.notices`.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from loyalty import claim_alerts, claims, texts
from loyalty.access import is_allowed
from loyalty.customers import living
from loyalty.notices import FRESH, USUAL_QUIET, Notice, Route, quiet_until, routes_to
from loyalty.sales import Caller
from models import db
from models.customer import Customer, Identity
from models.partner import Partner, PartnerApplication, Staff
from models.telegram import DeepLink


def application_notice(application_id: UUID, site: str, now: datetime) -> Notice | None:
    """What became of an application, to whoever asked; `site` is our address. None when nobody can be told.

    The usual quiet hours hold it until the morning, unless it was decided while the applicant had hardly put the phone away.
    """
    application = db.session.get(PartnerApplication, application_id)
    person = alive(application.applicant_id) if application is not None else None
    if person is None or application.state == "pending":
        return None
    is_waiting_for_it = abs(application.decided_at - application.created_at) < FRESH
    locale, until = person.locale, _quiet_until(person, None if is_waiting_for_it else USUAL_QUIET, now)
    if application.state == "approved":
        partner = db.session.get_one(Partner, application.partner_id)
        text, telegram = texts.approved_text(locale, partner=partner.name, link=f"{site}/partner")
        button = (texts.button("to_work", locale), f"work:{partner.code}")
        return Notice(text, routes_to(person), until, telegram=telegram, buttons=(button,))
    link = f"{site}/partner/applications"
    text, sms, telegram = texts.refused_text(locale, name=application.name, reason=application.reason, link=link)
    button = (texts.button("apply_again", locale), "apply")
    return Notice(text, routes_to(person), until, sms=sms, telegram=telegram, buttons=(button,))


def hired_notice(partner_id: UUID, staff_id: UUID, now: datetime) -> Notice | None:
    """To somebody who was hired elsewhere than in the bot, in Telegram alone; None when they have none or are gone again."""
    staff = db.session.get(Staff, (partner_id, staff_id))
    person = alive(staff.customer_id) if staff is not None and staff.state == "active" else None
    routes = telegram_of(person) if person is not None else ()
    partner = db.session.get_one(Partner, partner_id)
    if not routes or partner.state != "active":
        return None
    text = texts.hired_text(person.locale, partner=partner.name, role=staff.role)
    button = (texts.button("to_work", person.locale), f"work:{partner.code}")
    return Notice(text, routes, _quiet_until(person, None, now), buttons=(button,))


def invitation_notice(partner_id: UUID, link_id: UUID, now: datetime) -> Notice | None:
    """Who accepted an invitation, or that nobody will, to whoever invited; None when they have left themselves."""
    link = db.session.get(DeepLink, link_id)
    if link is None or link.partner_id != partner_id or link.state not in ("used", "declined"):
        return None
    person = alive(link.made_by)
    if person is None or _works_for(partner_id, link.made_by) is None:
        return None
    partner = db.session.get_one(Partner, partner_id)
    said = {"partner": partner.name, "role": link.role}
    until = _quiet_until(person, None, now)
    if link.state == "declined":
        return Notice(texts.invitation_text(person.locale, "declined", **said), telegram_of(person), until)
    hired = _works_for(partner_id, link.used_by)
    if hired is None:
        return None
    text = texts.invitation_text(
        person.locale, "accepted", **said | {"role": hired.role}, name=hired.name, phone=_phone_of(link.used_by)
    )
    button = (texts.button("remove", person.locale), f"staff:{partner.code}:{hired.id.hex}")
    return Notice(text, routes_to(person), until, buttons=(button,))


def waiting_claims_notice(partner_id: UUID, staff_id: UUID, raised_at: datetime, now: datetime) -> Notice | None:
    """How many claims wait for somebody of the staff, in Telegram alone; None when nothing does by now, when they have
    looked meanwhile, or decide on claims no more."""
    staff = db.session.get(Staff, (partner_id, staff_id))
    if staff is None or not claim_alerts.is_unread(partner_id, staff_id, raised_at):
        return None
    person = alive(staff.customer_id)
    if person is None or not is_allowed(person.id, partner_id, "points:credit"):
        return None
    bound = staff.branch_id if staff.role == claim_alerts.BOUND else None
    waiting = claims.count_waiting(partner_id, Caller("alert", "manual", branch_id=bound))
    routes = telegram_of(person)
    if not waiting or not routes:
        return None
    partner = db.session.get_one(Partner, partner_id)
    text = texts.claims_waiting_text(person.locale, partner=partner.name, count=waiting)
    button = (texts.button("to_claims", person.locale), f"claims_of:{partner.code}")
    return Notice(text, routes, _quiet_until(person, None, now), buttons=(button,))


def alive(customer_id: UUID) -> Customer | None:
    """The person who acts under this id, unless they are blocked or forgotten."""
    customer = living(db.session.get(Customer, customer_id))
    return customer if customer is not None and customer.state == "active" else None


def _works_for(partner_id: UUID, customer_id: UUID) -> Staff | None:
    query = select(Staff).where(
        Staff.partner_id == partner_id, Staff.customer_id == customer_id, Staff.state == "active"
    )
    return db.session.scalar(query)


def telegram_of(person: Customer) -> tuple[Route, ...]:
    """The way to a person's Telegram; none where they have none."""
    return tuple(route for route in routes_to(person) if route.channel == "telegram")


def _phone_of(customer_id: UUID) -> str | None:
    """The phone that the person proved last."""
    query = select(Identity.value).where(
        Identity.customer_id == customer_id, Identity.kind == "phone", Identity.proven_at.is_not(None)
    )
    return db.session.scalar(query.order_by(Identity.proven_at.desc(), Identity.id.desc()).limit(1))


def _quiet_until(person: Customer, usual: tuple[str, str] | None, now: datetime) -> datetime | None:
    """The hours the person named, else the `usual` ones."""
    return quiet_until(person.notices.get("quiet", usual), person.timezone, now)
