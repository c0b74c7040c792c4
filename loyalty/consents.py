"""What people agreed to: separate answers, each to one text, added and never changed. The newest answer holds.

An answer is given to one partner or to the platform as a whole (`partner_id` None). A partner has a consent when somebody
asked was told yes and nobody's newest answer is no: an opt-out at one partner outlives a yes to the platform, and an
opt-out from the platform reaches every partner.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select, text
from sqlalchemy.dialects.postgresql import distinct_on

from loyalty.errors import InvalidConsent
from models import db
from models.customer import Consent
from models.ledger import Membership
from models.partner import Partner

PERSONAL_DATA = "personal_data"
ADVERTISING = "advertising"

TEXT_VERSIONS: dict[str, str] = {PERSONAL_DATA: "2026-11", ADVERTISING: "2026-11"}
"""The version of each text that is shown now; a change of a text is a new version here."""


def record(
    customer_id: UUID,
    kind: str,
    granted: bool,
    *,
    partner_id: UUID | None = None,
    text_version: str | None = None,
    place: str,
    now: datetime,
) -> Consent:
    """Note an answer. `text_version` is that of the text the person saw (by default the present one), `place` where
    they saw it (`web`, `bot`, `widget`, `till`). Raises `InvalidConsent`."""
    if kind not in TEXT_VERSIONS or not isinstance(granted, bool):
        raise InvalidConsent(TEXT_VERSIONS)
    consent = Consent(
        customer_id=customer_id,
        partner_id=partner_id,
        kind=kind,
        granted=granted,
        text_version=text_version or TEXT_VERSIONS[kind],
        place=place,
        at=now,
    )
    db.session.add(consent)
    db.session.flush()
    return consent


def record_answers(
    customer_id: UUID,
    answers: Mapping[str, bool],
    *,
    partner_id: UUID | None = None,
    place: str,
    now: datetime,
) -> None:
    """Note several answers (kind → yes or no); a kind that is not there was not asked."""
    check_answers(answers)
    for kind, granted in sorted(answers.items()):
        record(customer_id, kind, granted, partner_id=partner_id, place=place, now=now)


def copy_answers(from_id: UUID, to_id: UUID) -> None:
    """What one record of a person answered holds for their other one, since when it was answered."""
    for given in current(from_id):
        told = {name: getattr(given, name) for name in ("partner_id", "kind", "granted", "text_version", "place", "at")}
        db.session.add(Consent(customer_id=to_id, **told))
    db.session.flush()


def check_answers(answers: Mapping[str, bool] | None) -> dict[str, bool]:
    """The answers as given, or {}. Raises `InvalidConsent` for an unknown kind or an answer that is not yes or no."""
    answers = dict(answers or {})
    if not answers.keys() <= TEXT_VERSIONS.keys() or not all(isinstance(given, bool) for given in answers.values()):
        raise InvalidConsent(TEXT_VERSIONS)
    return answers


NEWEST = """
    SELECT DISTINCT ON (kind, partner_id) *
    FROM consent WHERE customer_id = {customer}
    ORDER BY kind, partner_id, at DESC, id DESC
"""
"""The answers that hold, in SQL."""

_current = select(Consent).from_statement(text(NEWEST.format(customer=":customer")))


def current(customer_id: UUID) -> list[Consent]:
    """The newest answer for each kind and partner, the platform's (`partner_id` None) included."""
    return list(db.session.scalars(_current, {"customer": customer_id}))


@dataclass(frozen=True)
class Answers:
    """What a person has answered to one partner, or (None) to the platform: the newest consent of each kind, if any."""

    partner_id: UUID | None
    partner_name: str | None
    partner_code: str | None
    accent: str | None
    newest: dict[str, Consent]
    to_platform: dict[str, Consent]

    def allows(self, kind: str) -> bool:
        """Whether the present answers allow this there; the same as `has_consent`."""
        return _allow([given[kind].granted for given in (self.newest, self.to_platform) if kind in given])


def list_answers(customer_id: UUID) -> list[Answers]:
    """The person's present answers: the platform first, then every partner where they are a member, by name."""
    found: dict[UUID | None, dict[str, Consent]] = {}
    for consent in current(customer_id):
        found.setdefault(consent.partner_id, {})[consent.kind] = consent
    query = (
        select(Partner.id, Partner.name, Partner.code, Partner.accent)
        .join(Membership, Membership.partner_id == Partner.id)
        .where(Membership.customer_id == customer_id, Membership.state == "open")
        .order_by(Partner.name, Partner.id)
    )
    places = [(None, None, None, None), *db.session.execute(query)]
    return [Answers(*place, newest=found.get(place[0], {}), to_platform=found.get(None, {})) for place in places]


def has_consent(customer_id: UUID, kind: str, partner_id: UUID | None = None) -> bool:
    """Whether the person's present answers allow this to the partner (None: to the platform)."""
    query = (
        select(Consent.granted)
        .where(
            Consent.customer_id == customer_id,
            Consent.kind == kind,
            or_(Consent.partner_id.is_(None), Consent.partner_id == partner_id),
        )
        .ext(distinct_on(Consent.partner_id))
        .order_by(Consent.partner_id, Consent.at.desc(), Consent.id.desc())
    )
    return _allow(db.session.scalars(query).all())


def _allow(answers: Collection[bool]) -> bool:
    """Somebody was told yes, and nobody no."""
    return bool(answers) and all(answers)
