"""Whether two records are one person, as far as what they are found by tells.

Every spelling of a phone is one number already, and a Telegram id is one record's only. What is left: an e-mail has many
spellings, and a partner's own system may number its people by their phones.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select

from loyalty.emails import mailbox_of
from loyalty.errors import InvalidPhone
from loyalty.phones import normalise_phone
from models import db
from models.customer import Identity

_OWN_NUMBERS = ("crm", "onec", "import")


def marks_of(people: Collection[UUID], region: str) -> dict[UUID, set[tuple[str, str]]]:
    """By what each of these people is found, in the one form that all spellings share.

    `region` (ISO 3166) is where a number of a partner's system would be a phone without its country code.
    """
    marks: dict[UUID, set[tuple[str, str]]] = {person: set() for person in people}
    for identity in db.session.scalars(select(Identity).where(Identity.customer_id.in_(marks))):
        marks[identity.customer_id].update(_marks(identity, region))
    return marks


def _marks(identity: Identity, region: str) -> list[tuple[str, str]]:
    if identity.kind == "email":
        return [("email", mailbox_of(identity.value))]
    if identity.kind not in _OWN_NUMBERS:
        return [(identity.kind, identity.value)]
    try:
        return [("phone", normalise_phone(identity.value, region))]
    except InvalidPhone:
        return []
