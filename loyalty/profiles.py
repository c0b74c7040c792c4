"""What a person sees and changes of themselves, in the field names that partners' sites expect."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from loyalty import consents, notices, welcome
from loyalty.errors import ContactNeedsProof, InvalidProfile, LoyaltyError, PartnerNotFound
from loyalty.money import format_money
from loyalty.names import tidy_name
from loyalty.partners import check_timezone
from loyalty.prepared import Prepared
from models import db
from models.customer import Customer, Identity
from models.ledger import Membership
from models.partner import Partner

LOCALES = ("ru", "en")
CHANNELS = ("telegram", "sms", "email")

_OLDEST = date(1900, 1, 1)
_LARGEST_PREFERENCES = 10_000


def show_profile(customer: Customer) -> dict:
    """The person's profile, JSON-able; null where a value is unknown.

    Of several phones or e-mails the one that was proven last is shown, so that proving a new one changes it.
    `loyalty_points`, `total_purchases` and `total_spent` are sums over all partners; the segment is that of the partner
    where the person bought last.
    """
    (known,) = _known(customer.id)
    first: dict[str, str] = {}
    for identity in known.identities:
        first.setdefault(identity["kind"], identity["value"])
    return {
        "customer_id": str(customer.id),
        "name": customer.name,
        "phone": first.get("phone"),
        "email": first.get("email"),
        "birth_date": customer.birth_date.isoformat() if customer.birth_date else None,
        "discount_card_number": first.get("card"),
        "customer_id_1c": first.get("onec"),
        "loyalty_points": known.points,
        "total_purchases": known.visits,
        "total_spent": format_money(known.spent),
        "rfm_score": None,
        "segment": known.segment,
        "purchase_preferences": customer.purchase_preferences,
        "locale": customer.locale,
        "timezone": customer.timezone,
        "notices": customer.notices,
        "identities": [
            {name: identity[name] for name in ("kind", "value", "proven")}
            for identity in known.identities
            if identity["partner_id"] is None
        ],
        "consents": [
            answer | {"at": datetime.fromisoformat(answer["at"]).isoformat()} for answer in known.consents or ()
        ],
    }


_known = Prepared(
    "kopilka_profile",
    "uuid",
    f"""
    SELECT m.*,
           (SELECT coalesce(json_agg(json_build_object('kind', kind, 'value', value, 'partner_id', partner_id,
                                                       'proven', proven_at IS NOT NULL)
                                     ORDER BY proven_at DESC NULLS LAST, id), '[]')
            FROM identity WHERE customer_id = $1) AS identities,
           (SELECT json_agg(json_build_object('kind', kind, 'partner_id', partner_id, 'granted', granted,
                                              'text_version', text_version, 'at', at) ORDER BY kind, partner_id)
            FROM ({consents.NEWEST.format(customer="$1")}) c) AS consents
    FROM (SELECT coalesce(sum(balance), 0)::bigint AS points, coalesce(sum(visits), 0)::bigint AS visits,
                 coalesce(sum(spent), 0) AS spent,
                 (array_agg(segment ORDER BY last_purchase_at DESC NULLS LAST, id)
                  FILTER (WHERE segment IS NOT NULL))[1] AS segment
          FROM membership WHERE customer_id = $1 AND state = 'open') m
    """,
)


def show_consents(customer: Customer) -> list[dict]:
    """The person's present answers, one for each kind and partner (null: the platform as a whole), JSON-able."""
    return [
        {
            "kind": consent.kind,
            "partner_id": str(consent.partner_id) if consent.partner_id else None,
            "granted": consent.granted,
            "text_version": consent.text_version,
            "at": consent.at.isoformat(),
        }
        for consent in consents.current(customer.id)
    ]


def change_consents(
    customer: Customer, answers: Mapping[str, bool], *, partner_id: UUID | None = None, place: str, now: datetime
) -> None:
    """Note new answers to a partner where the person is a member, or (None) to the platform; a no withdraws.

    A welcome bonus that waited only for this consent is granted. Raises `InvalidConsent`, `PartnerNotFound`.
    """
    memberships = select(Membership.partner_id).where(Membership.customer_id == customer.id, Membership.state == "open")
    if partner_id is not None:
        memberships = memberships.where(Membership.partner_id == partner_id)
    here = db.session.scalars(memberships.order_by(Membership.partner_id)).all()
    if partner_id is not None and not here:
        raise PartnerNotFound()
    consents.record_answers(customer.id, answers, partner_id=partner_id, place=place, now=now)
    if answers.get(consents.PERSONAL_DATA):
        for one in here:
            partner = db.session.get_one(Partner, one)
            if partner.state == "active":
                welcome.grant_if_due(customer.id, partner, now)


def update_profile(customer: Customer, changes: Mapping[str, object], now: datetime) -> Customer:
    """Change name, birth_date, locale, timezone, purchase_preferences or notices; null empties what may be empty.

    All or nothing. Raises `ContactNeedsProof` for a contact that differs from the present one, `InvalidName`,
    `InvalidProfile` with the field.
    """
    checked = {}
    for field, value in changes.items():
        if field in ("phone", "email"):
            _check_contact(customer, field, value)
        elif field in _READERS:
            checked[field] = _READERS[field](value, customer, now)
        else:
            raise InvalidProfile("cannot be changed", field=field)
    for field, value in checked.items():
        setattr(customer, field, value)
    db.session.flush()
    return customer


def _check_contact(customer: Customer, kind: str, value: object) -> None:
    """A form that sends the whole profile back unchanged is fine."""
    theirs = select(Identity.id).where(Identity.customer_id == customer.id, Identity.kind == kind)
    if isinstance(value, str) and value.isprintable() and len(value) <= 320:
        theirs = theirs.where(Identity.value == value)
        unchanged = db.session.scalar(theirs.limit(1)) is not None
    else:
        unchanged = value is None and db.session.scalar(theirs.limit(1)) is None
    if not unchanged:
        raise ContactNeedsProof(field=kind)


def _read_birth_date(value: object, customer: Customer, now: datetime) -> date | None:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        try:
            value = date.fromisoformat(value)
        except ValueError:
            raise InvalidProfile("is not a date", field="birth_date") from None
    if value is None:
        return None
    if not isinstance(value, date) or isinstance(value, datetime):
        raise InvalidProfile("is not a date such as 1990-05-31", field="birth_date")
    if not _OLDEST <= value <= now.astimezone(ZoneInfo(customer.timezone or "Europe/Moscow")).date():
        raise InvalidProfile("lies outside the years people live in", field="birth_date")
    return value


def _read_locale(value: object, customer: Customer, now: datetime) -> str:
    if value not in LOCALES:
        raise InvalidProfile(f"must be one of: {', '.join(LOCALES)}", field="locale")
    return value


def _read_timezone(value: object, customer: Customer, now: datetime) -> str:
    try:
        return check_timezone(value)
    except LoyaltyError:
        raise InvalidProfile("is not a known time zone", field="timezone") from None


def _read_preferences(value: object, customer: Customer, now: datetime) -> dict | None:
    """Any JSON object of a sane size that PostgreSQL can hold."""
    if value is None:
        return None
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False)
        text.encode()
    except (ValueError, TypeError, RecursionError):
        raise InvalidProfile("is not JSON", field="purchase_preferences") from None
    if not isinstance(value, dict) or len(text) > _LARGEST_PREFERENCES or "\\u0000" in text:
        raise InvalidProfile("must be a JSON object of a sane size", field="purchase_preferences")
    return value


def _read_notices(value: object, customer: Customer, now: datetime) -> dict:
    """`channel`: the preferred one; `off`: kinds not wanted; `quiet`: ["22:00", "09:00"], or null for never quiet."""
    if not isinstance(value, dict) or not value.keys() <= {"channel", "off", "quiet"}:
        raise InvalidProfile("knows channel, off and quiet", field="notices")
    if value.get("channel") is not None and value["channel"] not in CHANNELS:
        raise InvalidProfile(f"has a channel other than: {', '.join(CHANNELS)}", field="notices")
    off = value.get("off") or []
    if not isinstance(off, list) or not all(kind in notices.PERSONAL_KINDS for kind in off):
        raise InvalidProfile(f"switches off something other than: {', '.join(notices.PERSONAL_KINDS)}", field="notices")
    if (quiet := value.get("quiet")) is not None:
        is_pair = isinstance(quiet, list | tuple) and len(quiet) == 2
        if not is_pair or not all(isinstance(at, str) and _CLOCK.fullmatch(at) for at in quiet):
            raise InvalidProfile('has quiet hours other than ["22:00", "09:00"]', field="notices")
    return dict(value)


_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")

_READERS = {
    "name": lambda value, customer, now: tidy_name(value),
    "birth_date": _read_birth_date,
    "locale": _read_locale,
    "timezone": _read_timezone,
    "purchase_preferences": _read_preferences,
    "notices": _read_notices,
}
