"""People and their memberships: find a person by any identity, make one when nobody has it, join them to a partner.

A partner reaches people only through its own memberships, and sees of them only what it was told itself: the name in
`membership.name` and the identities in `membership_identity`. A person who is no member here looks like nobody.

Everything here is safe when two callers do the same at once: the database's unique keys decide, the loser reads what the
winner wrote.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Select, and_, false, func, null, or_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from loyalty import codes
from loyalty.cards import new_card_number
from loyalty.errors import CodeUnknown, CustomerNotFound, IdentityTaken, InvalidCursor, LoyaltyError
from loyalty.identities import IDENTITY_KINDS, Identifier, parse_identifier
from loyalty.names import tidy_name
from loyalty.prepared import Prepared
from loyalty.sealing import keyed_hash
from models import db, new_id
from models.customer import Customer, Identity
from models.ledger import Membership, MembershipIdentity
from models.partner import Partner

CODE_KINDS = ("code", "seen_code")
"""Six digits that a customer shows, and a code that was looked at (`see_code`): the person at the counter."""
ENROLLING_KINDS = ("phone", "email", "card")
"""By what a cashier may credit somebody who is no member yet; by phone and e-mail somebody nobody knows, too."""


def find(identifier: Identifier, *, now: datetime | None = None) -> Customer | None:
    """The person, across all partners; a merged one's survivor; None for nobody and for the erased.

    A `code` needs `now` and is looked at, not consumed.
    """
    if identifier.kind == "customer_id":
        return living(db.session.get(Customer, UUID(identifier.value)))
    if identifier.kind == "code":
        assert now is not None, "a code is valid or not at some moment"
        try:
            return living(db.session.get(Customer, codes.redeem_code(identifier.value, now, consume=False)))
        except CodeUnknown:
            return None
    query = select(Customer).join(Identity, Identity.customer_id == Customer.id).where(*_is(identifier))
    return living(db.session.scalar(query))


def find_identity(identifier: Identifier) -> Identity | None:
    """The identity itself, for a phone, an e-mail, a card or a number of one partner's system."""
    return db.session.scalar(select(Identity).where(*_is(identifier)))


def living(customer: Customer | None) -> Customer | None:
    """The person a record stands for now: the survivor of merges, None for an erased one."""
    while customer is not None and customer.state == "merged":
        customer = db.session.get(Customer, customer.merged_into)
    return None if customer is None or customer.state == "erased" else customer


def find_or_create_by(
    identifier: Identifier, *, name: str | None = None, proven_at: datetime | None = None
) -> Customer:
    """The person with this identity, made if there is none; an existing one keeps their name.

    `proven_at` marks the identity as proven, on an existing one too. A customer id only finds, and so does a card: who
    is made by a number that was never issued could not be reached. A code does neither. Raises `CustomerNotFound`.
    """
    if identifier.kind == "card" or identifier.kind not in IDENTITY_KINDS:
        customer = find(identifier) if identifier.kind in ("card", "customer_id") else None
        if customer is None:
            raise CustomerNotFound()
        return customer
    while True:
        if (identity := find_identity(identifier)) is not None:
            if proven_at is not None:
                prove_identity(identity, proven_at)
            customer = living(db.session.get(Customer, identity.customer_id))
            if customer is None:
                raise CustomerNotFound()
            return customer
        if (customer := _create(identifier, name, proven_at)) is not None:
            return customer


def attach_identity(
    customer: Customer,
    kind: str,
    value: str,
    partner_id: UUID | None = None,
    proven_at: datetime | None = None,
) -> Identity:
    """Give the person one more identity (normalised value); theirs already is fine. Raises `IdentityTaken`."""
    identifier = Identifier(kind, value, partner_id)
    _keep_alive(customer)
    _insert_identity(customer, identifier, proven_at)
    identity = find_identity(identifier)
    owner = living(db.session.get(Customer, identity.customer_id))
    if owner is None or owner.id != customer.id:
        raise IdentityTaken(kind)
    if proven_at is not None:
        prove_identity(identity, proven_at)
    return identity


def prove_identity(identity: Identity, now: datetime) -> None:
    """Note that the person has shown this identity to be theirs; the first proof counts."""
    if identity.proven_at is None:
        identity.proven_at = now
        db.session.flush()


def _keep_alive(customer: Customer) -> None:
    """The person is neither forgotten nor joined with another until the transaction ends. Raises `CustomerNotFound` for who
    was while we waited."""
    query = select(Customer.state).where(Customer.id == customer.id).with_for_update(key_share=True, read=True)
    if db.session.scalar(query) in ("erased", "merged"):
        raise CustomerNotFound()


def issue_card(customer: Customer) -> str:
    """The person's card number, made if they have none."""
    query = select(Identity.value).where(Identity.customer_id == customer.id, Identity.kind == "card")
    if (number := db.session.scalar(query.order_by(Identity.id).limit(1))) is not None:
        return number
    while True:
        card = Identifier("card", new_card_number())
        if _insert_identity(customer, card, None):
            return card.value


def membership_of(customer_id: UUID, partner_id: UUID) -> Membership | None:
    """The person's open account at the partner."""
    return db.session.scalar(
        select(Membership).where(
            Membership.partner_id == partner_id, Membership.customer_id == customer_id, Membership.state == "open"
        )
    )


def join(
    customer: Customer,
    partner: Partner,
    *,
    known: Identity | None = None,
    name: str | None = None,
    now: datetime,
) -> Membership:
    """The person's account at the partner, opened if there is none. No points move and no consent is implied.

    `known` is the identity through which the partner met the person: it sees that one from now on. `name` is kept if the
    partner has none for them yet.
    """
    membership = membership_of(customer.id, partner.id)
    if membership is None:
        _keep_alive(customer)
        opened = insert(Membership).values(
            partner_id=partner.id, id=new_id(), customer_id=customer.id, name=name, created_at=now
        )
        db.session.execute(
            opened.on_conflict_do_nothing(
                index_elements=["partner_id", "customer_id"], index_where=text("state <> 'merged'")
            )
        )
        membership = membership_of(customer.id, partner.id)
        if membership is None:  # the account of an erased person is closed for ever
            raise CustomerNotFound()
    if name and membership.name is None:
        membership.name = name
        db.session.flush()
    if known is not None:
        remember_known_identity(membership, known)
    return membership


def remember_known_identity(membership: Membership, identity: Identity) -> None:
    """From now on the membership's partner sees and searches this identity."""
    known = insert(MembershipIdentity).values(
        partner_id=membership.partner_id, membership_id=membership.id, identity_id=identity.id
    )
    db.session.execute(known.on_conflict_do_nothing())


def find_member(
    partner: Partner, identifier: Identifier, *, now: datetime | None = None
) -> tuple[Customer, Membership]:
    """The person and their account here. Raises `CustomerNotFound`, the same for nobody and for another partner's.

    The exact identifier is the person's own to give, so any of theirs will do; it does not become known by asking.
    A code needs `now` and is looked at, not consumed; one that is not valid raises `CodeUnknown`, too many `TooMany`.
    """
    customer = _shown(partner, identifier, now) if identifier.kind in CODE_KINDS else find(identifier)
    membership = membership_of(customer.id, partner.id) if customer else None
    if membership is None:
        raise CustomerNotFound()
    return customer, membership


def find_or_enrol(
    partner: Partner, identifier: Identifier, name: str | None = None, *, now: datetime
) -> tuple[Customer, Membership]:
    """The person and their account here, made by crediting them: a "virtual client".

    By phone, e-mail or an issued card whoever it is becomes a member, without consents and without a welcome bonus. A
    member met before becomes known by nothing more: a cashier who types an e-mail does not learn that it belongs to a
    phone. A code enrols the person who showed it; it is looked at, the posting consumes it (`loyalty.codes`). By customer
    id or Telegram id only a member is found. Raises `CustomerNotFound`, `CodeUnknown`, `TooMany`.
    """
    if identifier.kind in ENROLLING_KINDS:
        name = tidy_name(name)
        customer = find_or_create_by(identifier, name=name)
        is_new_here = membership_of(customer.id, partner.id) is None
        known = find_identity(identifier) if is_new_here else None
        return customer, join(customer, partner, known=known, name=name, now=now)
    if identifier.kind in CODE_KINDS:
        customer = _shown(partner, identifier, now)
        return customer, join(customer, partner, name=tidy_name(name), now=now)
    return find_member(partner, identifier, now=now)


def look_up(partner: Partner, identifier: Identifier, *, now: datetime) -> tuple[Customer, Membership] | None:
    """The person and the account that `enrol` would give; None where it would make somebody a member. Makes nothing.

    A person who is no member here looks like nobody, whoever else knows them. Raises as `find_or_enrol`.
    """
    if identifier.kind not in (*ENROLLING_KINDS, *CODE_KINDS):
        return find_member(partner, identifier, now=now)
    customer = _shown(partner, identifier, now) if identifier.kind in CODE_KINDS else find(identifier)
    if customer is None:
        if identifier.kind == "card" or find_identity(identifier) is not None:  # never issued; or of an erased person
            raise CustomerNotFound()
        return None
    membership = membership_of(customer.id, partner.id)
    if membership is None:
        check_not_closed(customer.id, partner.id)
        return None
    return customer, membership


def check_not_closed(customer_id: UUID, partner_id: UUID) -> None:
    """The account of an erased person is closed for ever. Raises `CustomerNotFound`."""
    erased = select(Membership.id).where(
        Membership.partner_id == partner_id, Membership.customer_id == customer_id, Membership.state == "erased"
    )
    if db.session.scalar(erased) is not None:
        raise CustomerNotFound()


def see_code(partner: Partner, code: Identifier, now: datetime) -> Identifier:
    """The code that a partner was shown, for a purchase that takes a while to enter: the posting takes it although its
    two minutes are over by then. Raises `CodeUnknown`, `TooMany`."""
    return Identifier("seen_code", str(codes.look(partner.id, code.value, now).id))


def _shown(partner: Partner, code: Identifier, now: datetime) -> Customer:
    """Whose code the partner was shown. Raises `CodeUnknown`, `TooMany`."""
    is_seen = code.kind == "seen_code"
    row = codes.look_again(UUID(code.value), now) if is_seen else codes.look(partner.id, code.value, now)
    customer = living(db.session.get(Customer, row.customer_id))
    if customer is None:
        raise CodeUnknown()
    return customer


@dataclass(frozen=True)
class Enrolment:
    """Whose purchase it is, and on which account it is posted."""

    customer_id: UUID
    membership_id: UUID


_known_member = Prepared(
    "kopilka_known_member",
    "varchar, varchar, uuid, uuid",
    """
    SELECT m.customer_id, m.id, m.name
    FROM identity i
    JOIN customer c ON c.id = i.customer_id AND c.state = 'active'
    JOIN membership_identity k ON k.identity_id = i.id AND k.partner_id = $4
    JOIN membership m ON m.partner_id = k.partner_id AND m.id = k.membership_id AND m.customer_id = c.id
    WHERE i.kind = $1 AND i.value = $2 AND i.partner_id IS NOT DISTINCT FROM $3 AND m.state = 'open'
    """,
)


def enrol(partner: Partner, identifier: Identifier, name: str | None = None, *, now: datetime) -> Enrolment:
    """As `find_or_enrol`, but the ids alone, and by one quick look for a member whom the partner met by this very
    identity: what nearly every purchase asks for."""
    if identifier.kind in ENROLLING_KINDS:
        wanted = tidy_name(name)
        for known in _known_member(identifier.kind, identifier.value, identifier.partner_id, partner.id):
            if known.name or not wanted:
                return Enrolment(known.customer_id, known.id)
    customer, membership = find_or_enrol(partner, identifier, name, now=now)
    return Enrolment(customer.id, membership.id)


@dataclass(frozen=True)
class Enrolled:
    """The open accounts of people by their number in the partner's system, and how many people were made for it."""

    memberships: dict[str, UUID]
    made: int


def enrol_numbers(partner: Partner, kind: str, values: Collection[str], *, now: datetime) -> Enrolled:
    """The accounts of many people at once, known by numbers of the partner's own system; who is missing is made.

    `kind` is one of the identities that belong to a partner (`import`, `crm`, `onec`). No consent and no welcome bonus.
    A number whose account was closed for ever is left out of the answer. One caller at a time per partner.
    """
    key = f"enrol {partner.id}"
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))
    owners = _owners_of_numbers(partner, kind, values)
    missing = [value for value in dict.fromkeys(values) if value not in owners]
    if missing:
        made = [(value, new_id(), new_id()) for value in missing]
        settings = {"locale": partner.locale, "timezone": partner.timezone, "created_at": now}
        db.session.execute(insert(Customer), [{"id": person, **settings} for _, person, _ in made])
        scope = {"kind": kind, "partner_id": partner.id, "created_at": now}
        db.session.execute(
            insert(Identity),
            [{"id": id_, "customer_id": person, "value": value, **scope} for value, person, id_ in made],
        )
        owners |= {value: (person, id_) for value, person, id_ in made}
    living_owners = {value: owner for value, owner in owners.items() if owner is not None}
    accounts = _open_accounts(partner, {person for person, _ in living_owners.values()}, now)
    known = [(str(accounts[person]), str(id_)) for person, id_ in living_owners.values() if person in accounts]
    if known:
        members, identities = (list(column) for column in zip(*known, strict=True))
        db.session.execute(_KNOWN_HERE, {"partner": partner.id, "members": members, "identities": identities})
    return Enrolled(
        {value: accounts[owner[0]] for value, owner in living_owners.items() if owner[0] in accounts}, len(missing)
    )


_KNOWN_HERE = text("""
    INSERT INTO membership_identity (partner_id, membership_id, identity_id)
    SELECT :partner, member, identity
    FROM unnest(CAST(:members AS uuid[]), CAST(:identities AS uuid[])) AS known (member, identity)
    ON CONFLICT DO NOTHING
""")


def owner_of_number(partner: Partner, number: Identifier) -> Customer | None:
    """The person whom a number of the partner's own system names; None for a number that is new.

    Raises `CustomerNotFound` for the number of a person who was forgotten.
    """
    owners = _owners_of_numbers(partner, number.kind, [number.value])
    if number.value not in owners:
        return None
    if owners[number.value] is None:
        raise CustomerNotFound()
    return db.session.get_one(Customer, owners[number.value][0])


def _owners_of_numbers(partner: Partner, kind: str, values: Collection[str]) -> dict[str, tuple[UUID, UUID] | None]:
    """Value → the person it stands for now and the identity, None for one that was forgotten; without those nobody has."""
    forgotten = {number_of_nobody(Identifier(kind, value, partner.id)): value for value in values}
    rows = db.session.execute(
        select(Identity.value, Identity.id, Customer.id, Customer.state)
        .join(Customer, Customer.id == Identity.customer_id)
        .where(Identity.kind == kind, Identity.partner_id == partner.id, Identity.value.in_([*values, *forgotten]))
    )
    owners = {}
    for value, identity_id, customer_id, state in rows:
        if state in ("merged", "erased"):
            customer_id = getattr(living(db.session.get(Customer, customer_id)), "id", None)
        owners[forgotten.get(value, value)] = (customer_id, identity_id) if customer_id is not None else None
    return owners


def _open_accounts(partner: Partner, people: set[UUID], now: datetime) -> dict[UUID, UUID]:
    """The open account of each person, opened where there was none."""
    columns = select(Membership.customer_id, Membership.id).where(
        Membership.partner_id == partner.id, Membership.state == "open"
    )
    accounts = dict(db.session.execute(columns.where(Membership.customer_id.in_(people))).all())
    if missing := people - accounts.keys():
        rows = [
            {"partner_id": partner.id, "id": new_id(), "customer_id": person, "created_at": now}
            for person in sorted(missing)
        ]
        opened = insert(Membership).on_conflict_do_nothing(
            index_elements=["partner_id", "customer_id"], index_where=text("state <> 'merged'")
        )
        db.session.execute(opened, rows)
        accounts |= dict(db.session.execute(columns.where(Membership.customer_id.in_(missing))).all())
    return accounts


@dataclass(frozen=True)
class MemberRow:
    """One line of a partner's list of customers: what this partner knows and nothing else."""

    customer_id: UUID
    membership_id: UUID
    name: str | None
    phone: str | None
    email: str | None
    card: str | None
    is_vip: bool
    balance: int
    pending: int
    visits: int
    spent: Decimal
    last_purchase_at: datetime | None


def search_members(
    partner_id: UUID,
    query: str | None = "",
    cursor: str | None = None,
    limit: int = 50,
    *,
    region: str = "RU",
    contacts: bool = True,
    back: bool = False,
) -> tuple[list[MemberRow], str | None]:
    """The partner's members, newest first, and the cursor of the next page (None: this was the last).

    `back` goes the other way: the page above the row of the cursor, and the cursor of the page above that. `cursor_at`
    makes a cursor of any row.

    `query` is a whole phone, e-mail, card number or customer id, or a part of a phone's digits (three or more), an e-mail
    or the name; empty lists everybody. Only identities known to this partner are searched. Without `contacts` they are neither shown nor
    searched: `query` is a part of the name or a whole customer id. Raises `InvalidCursor`.
    """
    page = select(Membership).where(Membership.partner_id == partner_id, Membership.state == "open")
    if cursor:
        start = _read_cursor(cursor)
        page = page.where(Membership.id > start if back else Membership.id < start)
    if words := (query or "").strip():
        page = page.where(members_like(partner_id, words, region, contacts))
    page = page.order_by(Membership.id if back else Membership.id.desc()).limit(limit + 1).subquery()
    columns = [
        page.c[name]
        for name in ("customer_id", "id", "name", "is_vip", "balance", "pending", "visits", "spent", "last_purchase_at")
    ]
    shown = [(known_value(page, kind) if contacts else null()).label(kind) for kind in ("phone", "email", "card")]
    found = db.session.execute(select(*columns, *shown).order_by(page.c.id.desc())).all()
    has_more, kept = len(found) > limit, found[-limit:] if back else found[:limit]
    rows = [
        MemberRow(
            customer_id=row.customer_id,
            membership_id=row.id,
            name=row.name,
            phone=row.phone,
            email=row.email,
            card=row.card,
            is_vip=row.is_vip,
            balance=row.balance,
            pending=row.pending,
            visits=row.visits,
            spent=row.spent,
            last_purchase_at=row.last_purchase_at,
        )
        for row in kept
    ]
    return rows, cursor_at(rows[0 if back else -1]) if has_more else None


def cursor_at(row: MemberRow) -> str:
    """From where `search_members` goes on, below the row or above it."""
    return base64.urlsafe_b64encode(row.membership_id.bytes).rstrip(b"=").decode()


def known_contacts(membership: Membership) -> dict[str, str]:
    """What the membership's partner may see of the person's identities: kind → value, the earliest of each kind."""
    query = (
        select(Identity.kind, Identity.value)
        .join(MembershipIdentity, MembershipIdentity.identity_id == Identity.id)
        .where(
            MembershipIdentity.partner_id == membership.partner_id,
            MembershipIdentity.membership_id == membership.id,
            Identity.customer_id == membership.customer_id,
        )
        .order_by(Identity.id.desc())
    )
    return dict(db.session.execute(query).all())


def number_of_nobody(identifier: Identifier) -> str:
    """What is kept of a forgotten person's number in a partner's system: it is known when it comes again, so that the
    partner's next file leaves the person out, and nobody can read it."""
    return f"#{keyed_hash('number_of_nobody', f'{identifier.partner_id}:{identifier.kind}:{identifier.value}')}"


def _is(identifier: Identifier) -> tuple:
    values = [identifier.value] if identifier.partner_id is None else [identifier.value, number_of_nobody(identifier)]
    return (
        Identity.kind == identifier.kind,
        Identity.value.in_(values),
        Identity.partner_id.is_(None)
        if identifier.partner_id is None
        else Identity.partner_id == identifier.partner_id,
    )


def _create(identifier: Identifier, name: str | None, proven_at: datetime | None) -> Customer | None:
    """A new person with this identity; None, and nothing left behind, when somebody else was quicker."""
    with db.session.begin_nested() as attempt:
        customer = Customer(name=name)
        db.session.add(customer)
        db.session.flush()
        if not _insert_identity(customer, identifier, proven_at):
            attempt.rollback()
            return None
    return customer


def _insert_identity(customer: Customer, identifier: Identifier, proven_at: datetime | None) -> bool:
    """False when the identity exists. A parallel insert of the same one is waited for."""
    made = insert(Identity).values(
        id=new_id(),
        customer_id=customer.id,
        kind=identifier.kind,
        value=identifier.value,
        partner_id=identifier.partner_id,
        proven_at=proven_at,
    )
    return db.session.scalar(made.on_conflict_do_nothing().returning(Identity.id)) is not None


_Member = aliased(Membership)


def members_like(partner_id: UUID, words: str, region: str, contacts: bool):
    """The condition of a search for memberships, as `search_members` does it. A whole identifier is looked up by index, parts are compared."""
    if any(not char.isprintable() for char in words):
        return false()
    for key in ("customer_id", "card", "email", "phone") if contacts else ("customer_id",):
        try:
            whole = parse_identifier({key: words}, Partner(region=region))
        except LoyaltyError:
            continue
        if whole.kind == "customer_id":
            return Membership.customer_id == UUID(whole.value)
        return Membership.id.in_(
            _members_knowing(partner_id, and_(Identity.kind == whole.kind, Identity.value == whole.value))
        )
    named = Membership.name.icontains(words, autoescape=True)
    if not contacts:
        return named
    known = [and_(Identity.kind == "email", Identity.value.contains(words.lower(), autoescape=True))]
    digits = re.sub(r"[\s+()./-]", "", words)
    if digits.isascii() and digits.isdigit() and len(digits) >= 3:
        known.append(and_(Identity.kind.in_(("phone", "card")), Identity.value.contains(digits)))
        if region == "RU" and digits.startswith("8"):
            known.append(and_(Identity.kind == "phone", Identity.value.startswith(f"+7{digits[1:]}")))
    return or_(named, Membership.id.in_(_members_knowing(partner_id, or_(*known))))


def _members_knowing(partner_id: UUID, condition) -> Select:
    """Ids of the partner's memberships that know an identity like this, which is still the member's own."""
    return (
        select(MembershipIdentity.membership_id)
        .join(Identity, Identity.id == MembershipIdentity.identity_id)
        .join(
            _Member,
            and_(_Member.partner_id == MembershipIdentity.partner_id, _Member.id == MembershipIdentity.membership_id),
        )
        .where(MembershipIdentity.partner_id == partner_id, Identity.customer_id == _Member.customer_id, condition)
    )


def known_value(page, kind: str):
    """The earliest identity of a kind that the page's partner knows of the person of a row."""
    return (
        select(Identity.value)
        .join(MembershipIdentity, MembershipIdentity.identity_id == Identity.id)
        .where(
            MembershipIdentity.partner_id == page.c.partner_id,
            MembershipIdentity.membership_id == page.c.id,
            Identity.customer_id == page.c.customer_id,
            Identity.kind == kind,
        )
        .order_by(Identity.id)
        .limit(1)
        .scalar_subquery()
    )


def _read_cursor(cursor: str) -> UUID:
    try:
        raw = base64.b64decode(cursor.encode("ascii") + b"==", altchars=b"-_", validate=True)
        return UUID(bytes=raw)
    except (binascii.Error, ValueError):
        raise InvalidCursor() from None
