"""Signing in and registering by a one-time code.

**Nobody learns here who is a customer.** For a known and an unknown person the same queries run, the same code is made,
hashed, sealed and stored, and the answer is the same; only the message to a known person is not written for an unknown
one. Limits count targets and addresses, not people.

A code is six digits, lives five minutes, and can be tried five times — each try is counted in a transaction apart and
committed *before* the comparison, so neither a rolled-back request nor parallel ones give a sixth. It works once. Only
the newest code of a target is good. A repeated request within a minute sends nothing new, unless the code was used.

**A code does what everybody asked who asked for it**, so nobody's registration hides in another's sign-in: a registration
that comes while a code to sign in is young is not carried out, and of two that differ only what they have in common is.
Whoever meets this registers again a minute later.

The code travels by the job `send_code`, which gets the row's id, and beside it, sealed, the code with the ways to go.

Registration is a code with data attached: what was asked for happens when the code proves the identity, and only that
identity is attached. Whoever gives a phone and an e-mail gets a code at both; the first that comes back counts and ends
the other. A signed-in person adds a contact by the same kind of code (`request_contact_code`, `prove_contact`), which is
no good for signing in. Nor is a code that was asked for in a partner's widget (`request_widget_code`): it is good for that
widget in that browser only, proves nothing and registers nobody. The limits are one and the same for all of these.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select, update

from loyalty import consents as consent_book
from loyalty import customers, limits, outbox, referrals, sessions
from loyalty.errors import CodeWrong, CustomerNotFound, IdentifierRequired, InvitationGone
from loyalty.identities import Identifier
from loyalty.names import tidy_name
from loyalty.sealing import keyed_hash, seal, unseal
from loyalty.sessions import Tokens
from loyalty.widget_sessions import mark_of
from models import db, new_id, transaction_apart
from models.customer import Customer, Identity, SignInCode
from models.ledger import Membership
from models.partner import Partner
from models.work import Outbox

CODE_LIFE = timedelta(minutes=5)
TRIES = 5
SEAL = "sign_in_code"
"""The purpose under which the job's `{"code", "routes", "locale", "links", "widget"?}` is sealed."""
REPEAT_AFTER = timedelta(seconds=60)

Welcome = Callable[[Customer, Partner, datetime], object]
"""Grants the welcome bonus of a partner if it is due; called when an identity is proven and personal data consented to."""


@dataclass
class CodeLimits:
    """How many codes may be asked for. Set by `configure_limits`, once."""

    per_target_an_hour: int = 5
    per_address_a_minute: int = 30
    tries_per_address_a_minute: int = 60


_limits = CodeLimits()


def configure_limits(*, per_target_an_hour: int, per_address_a_minute: int) -> None:
    """Set how many codes one target and one address may ask for; two tries are allowed for each code asked."""
    _limits.per_target_an_hour = per_target_an_hour
    _limits.per_address_a_minute = per_address_a_minute
    _limits.tries_per_address_a_minute = 2 * per_address_a_minute


def request_code(identifier: Identifier, *, address: str, now: datetime) -> None:
    """Send a one-time code to the person named by a phone, an e-mail or a card, if there is one.

    By phone or e-mail it goes there; by card to a channel the person has: Telegram, else SMS, else e-mail, a proven one
    before an unproven one. `address` is the caller's (an IP address).
    Raises `TooMany`, `IdentifierRequired`.
    """
    if identifier.kind not in ("phone", "email", "card"):
        raise IdentifierRequired()
    _count_request(address, now)
    _send(_Target.of(identifier), None, now)


def register(
    *,
    phone: Identifier | None = None,
    email: Identifier | None = None,
    name: str | None = None,
    partner: Partner | None = None,
    consents: Mapping[str, bool] | None = None,
    place: str,
    address: str,
    now: datetime,
    locale: str = "ru",
    invitation: str | None = None,
    came_by: str = "code",
    device: str | None = None,
) -> None:
    """Send a code to the phone and to the e-mail given (one of them, or both); `verify_code` does the rest.

    Known people are treated alike: their code signs them in and joins them to the partner. With a friend's `invitation`
    to this partner they come by it, from this address and, if it is known, in this `device`; one that is not for them is
    told of then and fails nothing.
    Raises `TooMany`, `IdentifierRequired`, `InvalidConsent`, `InvalidName`, `InvitationGone`.
    """
    targets = [_Target.of(contact) for contact in (phone, email) if contact is not None]
    if not targets:
        raise IdentifierRequired()
    if invitation and (partner is None or referrals.find_invitation(invitation).partner.id != partner.id):
        raise InvitationGone()
    wish = {
        "name": tidy_name(name),
        "partner_id": str(partner.id) if partner else None,
        "consents": consent_book.check_answers(consents),
        "place": place,
        "locale": locale,
        "invitation": [invitation, {"came_by": came_by, "address": address, "device": device}] if invitation else None,
    }
    _count_request(address, now)
    group = str(new_id())
    for target in targets:
        others = [other.hash for other in targets if other is not target]
        _send(target, _Registration(group, wish | {"others": others}), now)


def request_contact_code(
    customer: Customer, identifier: Identifier, *, address: str, now: datetime, once: str | None = None
) -> None:
    """Send a code to a phone or an e-mail that a signed-in person wants to add, whoever has it now.

    `once` names the request, where it may be repeated by what carries it: it is counted once.
    Raises `TooMany`, `IdentifierRequired`.
    """
    if identifier.kind not in ("phone", "email"):
        raise IdentifierRequired()
    _count_request(address, now, once)
    _send(_Target.of(identifier, customer.id), None, now, once)


def prove_contact(
    customer: Customer,
    identifier: Identifier,
    code: str,
    *,
    now: datetime,
    address: str | None = None,
    once: str | None = None,
) -> Identity:
    """The contact is the person's from now on, proven. Partners do not learn of it.

    `once` names the try, as in `request_contact_code`: repeated, it is compared again and not counted again.
    Raises `CodeWrong` for every reason, `TooMany`, and `IdentityTaken`: whoever holds a contact may know that it has an
    account, and joining two accounts is a merge.
    """
    if address is not None:
        _count_try(address, now, once)
    _use(_take_try(_Target.of(identifier, customer.id), code, now, once), now)
    return customers.attach_identity(customer, identifier.kind, identifier.value, proven_at=now)


@dataclass(frozen=True)
class Widget:
    """Where a widget's code is asked for and used: a partner's, in one browser.

    `site` is the origin of the page around it, if that is known, and `platform` ours: a telephone offers the code of a
    text message on these two alone.
    """

    partner: Partner
    browser: str
    site: str | None = None
    platform: str | None = None


def request_widget_code(identifier: Identifier, widget: Widget, *, address: str, now: datetime) -> None:
    """Send a code to look at one's points in a partner's widget, to a phone or an e-mail that a person has.

    Raises `TooMany`, `IdentifierRequired`.
    """
    if identifier.kind not in ("phone", "email"):
        raise IdentifierRequired()
    _count_request(address, now)
    _send(_Target.of(identifier, widget=widget), None, now)


def show_widget_code(customer_id: UUID, partner: Partner, mark: str, now: datetime) -> tuple[str, datetime]:
    """Six digits for a person who is signed in on a page of ours, by which the widget they came from shows their points;
    and when they end. `mark` names that widget's browser (`widget_sessions.mark_of`). Looked at again, the same ones.
    """
    target = _Target.shown_for(partner.id, mark)
    _lock(target)
    living = _newest(target, now)
    if living is not None and living.used_at is None and living.customer_id == customer_id:
        code = _digits(living.id)
        if living.code_hash == _code_hash(living.id, code):
            return code, living.expires_at
    code_id = new_id()
    code, ends_at = _digits(code_id), now + CODE_LIFE
    db.session.add(
        SignInCode(
            id=code_id,
            target_hash=target.hash,
            customer_id=customer_id,
            code_hash=_code_hash(code_id, code),
            created_at=now,
            expires_at=ends_at,
        )
    )
    db.session.flush()
    return code, ends_at


def verify_shown_code(code: str, widget: Widget, *, now: datetime, address: str | None = None) -> Customer:
    """Whose points the widget may show, by a code of `show_widget_code`. Raises as `verify_widget_code`."""
    if address is not None:
        _count_try(address, now)
    target = _Target.shown_for(widget.partner.id, mark_of(widget.browser, widget.partner.id))
    customer_id, _ = _use(_take_try(target, code, now), now)
    customer = db.session.get(Customer, customer_id, populate_existing=True)
    if customer is None or customer.state != "active":
        raise CodeWrong()
    return customer


def _digits(code_id: UUID) -> str:
    return f"{int(keyed_hash('widget_code_digits', str(code_id)), 16) % 1_000_000:06}"


def verify_widget_code(
    identifier: Identifier, code: str, widget: Widget, *, now: datetime, address: str | None = None
) -> Customer:
    """Whose points the widget may show. Nothing becomes proven by this and nobody joins.

    Raises `CodeWrong` for every reason, and `TooMany`.
    """
    if address is not None:
        _count_try(address, now)
    customer_id, _ = _use(_take_try(_Target.of(identifier, widget=widget), code, now), now)
    customer = _owner(customer_id, customers.find_identity(identifier))
    if customer is None or customer.state != "active":
        raise CodeWrong()
    return customer


def verify_code(
    identifier: Identifier,
    code: str,
    *,
    now: datetime,
    consents: Mapping[str, bool] | None = None,
    device: str | None = None,
    place: str,
    address: str | None = None,
    welcome: Welcome | None = None,
    session_kind: str = "api",
) -> tuple[Customer, Tokens]:
    """Sign the person in: the phone or e-mail is proven by this, the registration is carried out, consents are noted.

    `consents` are answers given together with the code, to the platform as a whole. `welcome` is called for the partner
    of a registration, and, when personal data was consented to only now, for every partner of the person. The session
    opened is an app's, or of `session_kind` "page" a browser's, whose refresh token is its cookie.
    Raises `CodeWrong`, one and the same for every reason, and `TooMany` (tries from one `address`).
    """
    consents = consent_book.check_answers(consents)
    if address is not None:
        _count_try(address, now)
    target = _Target.of(identifier)
    row_id = _take_try(target, code, now)
    customer_id, wish = _use(row_id, now)
    customer = _signed_in(customer_id, target, wish, now)
    consented_before = consent_book.has_consent(customer.id, consent_book.PERSONAL_DATA)
    joined = _carry_out(wish, customer, target, now) if wish else None
    consent_book.record_answers(customer.id, consents, place=place, now=now)
    if welcome is not None:
        consents_now = not consented_before and consents.get(consent_book.PERSONAL_DATA, False)
        partners = _partners_of(customer) if consents_now else [joined] if joined else []
        for partner in partners:
            if consent_book.has_consent(customer.id, consent_book.PERSONAL_DATA, partner.id):
                welcome(customer, partner, now)
    return customer, sessions.open_session(customer.id, device, now, kind=session_kind)


def forget_codes(people: Collection[UUID], identifiers: Collection[Identifier]) -> None:
    """Delete the codes made for these people or to sign in by these identifiers, and what was on its way with them."""
    targets = [_Target.of(one).hash for one in identifiers]
    theirs = SignInCode.customer_id.in_(people) | SignInCode.target_hash.in_(targets)
    gone = delete(SignInCode).where(theirs).returning(SignInCode.id)
    ids = [str(id_) for id_ in db.session.scalars(gone, execution_options={"synchronize_session": False})]
    sending = delete(Outbox).where(
        Outbox.job == "send_code", Outbox.done_at.is_(None), Outbox.payload["code_id"].astext.in_(ids)
    )
    db.session.execute(sending, execution_options={"synchronize_session": False})


@dataclass(frozen=True)
class _Target:
    """What a code is for: to sign in by this identifier, to make it a person's own (`claimed_by`), or to look at one's
    points in a widget.

    Codes of the three are strangers to each other; `counted` is what their limit has in common.
    """

    identifier: Identifier
    hash: str
    counted: str
    claimed_by: UUID | None = None
    widget: Widget | None = None

    @classmethod
    def of(cls, identifier: Identifier, claimed_by: UUID | None = None, *, widget: Widget | None = None) -> _Target:
        name = f"{identifier.kind}:{identifier.value}"
        own = counted = keyed_hash("sign_in_target", name)
        if claimed_by is not None:
            own = keyed_hash("contact_target", f"{claimed_by}:{name}")
        elif widget is not None:
            own = keyed_hash("widget_target", f"{widget.partner.id}:{widget.browser}:{name}")
        return cls(identifier, own, counted, claimed_by, widget)

    @classmethod
    def shown_for(cls, partner_id: UUID, mark: str) -> _Target:
        """Whatever is shown for one widget in one browser, to whomever: the newest of them counts."""
        own = keyed_hash("widget_shown_target", f"{partner_id}:{mark}")
        return cls(Identifier("mark", mark), own, own)

    def described(self) -> dict:
        """What the message says of the code's use."""
        if self.widget is None:
            return {}
        site, platform = self.widget.site, self.widget.platform
        return {"widget": {"partner": self.widget.partner.name, "site": site, "platform": platform}}


@dataclass(frozen=True)
class _Registration:
    """What a code will do. `group` is shared by the codes of one call, `wish` is stored sealed."""

    group: str
    wish: dict

    def stored(self) -> dict:
        return {"group": self.group, "sealed": seal("registration", self.wish)}

    @classmethod
    def read(cls, stored: dict) -> _Registration:
        return cls(stored["group"], unseal("registration", stored["sealed"]))


@dataclass(frozen=True)
class _Reach:
    """The ways a code goes (channel, address), the best first, and whose it is: None for a person who is not there."""

    routes: tuple[tuple[str, str], ...]
    locale: str
    customer_id: UUID | None


_CHANNELS = {"telegram": "telegram", "phone": "sms", "email": "email"}


def _count_request(address: str, now: datetime, once: str | None = None) -> None:
    limits.hit(
        f"code:address:{keyed_hash('address', address)}",
        limit=_limits.per_address_a_minute,
        window=timedelta(minutes=1),
        now=now,
        once=once,
    )


def _count_try(address: str, now: datetime, once: str | None = None) -> None:
    limits.hit(
        f"code:try:{keyed_hash('address', address)}",
        limit=_limits.tries_per_address_a_minute,
        window=timedelta(minutes=1),
        now=now,
        once=once,
    )


def _send(target: _Target, registration: _Registration | None, now: datetime, once: str | None = None) -> None:
    _lock(target)
    pending = _newest(target, now)
    repeats = pending is not None and pending.used_at is None and pending.created_at > now - REPEAT_AFTER
    reach = _find_reach(target, registration)
    if repeats:
        _change_intent(pending, registration)
        return
    an_hour = timedelta(hours=1)
    limits.hit(f"code:target:{target.counted}", limit=_limits.per_target_an_hour, window=an_hour, now=now, once=once)
    code_id, code = new_id(), f"{secrets.randbelow(1_000_000):06}"
    row = SignInCode(
        id=code_id,
        target_hash=target.hash,
        customer_id=target.claimed_by or reach.customer_id,
        code_hash=_code_hash(code_id, code),
        created_at=now,
        expires_at=now + CODE_LIFE,
        registration=registration.stored() if registration else None,
    )
    db.session.add(row)
    db.session.flush()
    # sealed for nobody too: an unknown person costs the same time
    told = {"code": code, "routes": [list(route) for route in reach.routes], "locale": reach.locale}
    sealed = seal(SEAL, told | {"links": target.claimed_by is not None} | target.described())
    if reach.customer_id or registration or target.claimed_by:
        outbox.announce("send_code", {"code_id": code_id}, sealed=sealed, urgent=True)


def _lock(target: _Target) -> None:
    """Requests for one target take turns until the caller's transaction ends: one message, however many clicks."""
    db.session.execute(select(func.pg_advisory_xact_lock(int(target.hash[:15], 16))))


def _newest(target: _Target, now: datetime) -> SignInCode | None:
    query = select(SignInCode).where(SignInCode.target_hash == target.hash, SignInCode.expires_at > now)
    newest = query.order_by(SignInCode.created_at.desc(), SignInCode.id.desc()).limit(1)
    return db.session.scalar(newest, execution_options={"populate_existing": True})


def _find_reach(target: _Target, registration: _Registration | None) -> _Reach:
    """One query for known and unknown people. A person who is blocked or erased counts as unknown."""
    named, other = select(Identity.customer_id), Identity.__table__.alias("other")
    named = named.where(
        Identity.kind == target.identifier.kind,
        Identity.value == target.identifier.value,
        Identity.partner_id.is_(None),
    ).scalar_subquery()
    query = (
        select(Customer.id, Customer.locale, other.c.kind, other.c.value, other.c.proven_at)
        .join(other, other.c.customer_id == Customer.id)
        .where(Customer.id == named, Customer.state == "active", other.c.kind.in_(_CHANNELS))
    )
    rows = list(db.session.execute(query))
    wished = registration.wish["locale"] if registration else "ru"
    locale, customer_id = (rows[0].locale, rows[0].id) if rows else (wished, None)
    if target.identifier.kind in _CHANNELS:
        return _Reach(((_CHANNELS[target.identifier.kind], target.identifier.value),), locale, customer_id)
    order = list(_CHANNELS)
    rows.sort(key=lambda row: (row.proven_at is None, order.index(row.kind), row.value))
    return _Reach(tuple((_CHANNELS[row.kind], row.value) for row in rows), locale, customer_id)


def _change_intent(pending: SignInCode, registration: _Registration | None) -> None:
    """The code that is on its way will do what was asked for both times."""
    if pending.registration is None:
        return
    if registration is None:
        if pending.customer_id is not None:
            pending.registration = None
    elif (asked := _Registration.read(pending.registration).wish) != registration.wish:
        common = _Registration(registration.group, _in_common(asked, registration.wish))
        pending.registration = common.stored()
    db.session.flush()


def _in_common(one: dict, other: dict) -> dict:
    """What two wishes agree on; an answer about consents is given for one partner and one place or not at all."""
    common = {field: value if other[field] == value else None for field, value in one.items()}
    same_text = one["partner_id"] == other["partner_id"] and one["place"] == other["place"]
    return common | {
        "consents": dict(one["consents"].items() & other["consents"].items()) if same_text else {},
        "others": common["others"] or [],
        "place": other["place"],
        "locale": other["locale"],
    }


def _code_hash(code_id: UUID, code: str) -> str:
    """Bound to its row: a million hashes made for one code are worth nothing for another."""
    return keyed_hash("sign_in_code", f"{code_id}:{code}")


def _take_try(target: _Target, code: str, now: datetime, once: str | None = None) -> UUID:
    """Count a try at the target's newest code, then compare. Raises `CodeWrong`; the count stays."""
    mark = None if once is None else f"{target.hash}:{once}"
    newest = (
        select(SignInCode.id)
        .where(SignInCode.target_hash == target.hash, SignInCode.expires_at > now)
        .order_by(SignInCode.created_at.desc(), SignInCode.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    with transaction_apart() as connection:
        is_repeat = mark is not None and limits.is_counted(connection, mark, now)
        tried = (
            update(SignInCode)
            .where(SignInCode.id == newest, SignInCode.used_at.is_(None), SignInCode.tries < TRIES + int(is_repeat))
            .values(tries=SignInCode.tries + int(not is_repeat))
            .returning(SignInCode.id, SignInCode.code_hash)
        )
        row = connection.execute(tried).one_or_none()
        if mark is not None and row is not None:
            limits.note_counted(connection, mark, now)
    row_id, expected = row if row else (UUID(int=0), "")
    shown = _code_hash(row_id, code if isinstance(code, str) and re.fullmatch("[0-9]{6}", code) else "")
    if not secrets.compare_digest(shown, expected):
        raise CodeWrong()
    return row_id


def _use(row_id: UUID, now: datetime) -> tuple[UUID | None, dict | None]:
    """Use the code up in the caller's transaction, and the other code of its registration with it: of parallel callers
    one gets past. Returns the known person and what a registration wished for. Raises `CodeWrong`."""
    stored = db.session.scalar(select(SignInCode.registration).where(SignInCode.id == row_id))
    registration = _Registration.read(stored) if stored else None
    together = SignInCode.id == row_id
    if registration is not None:
        together |= SignInCode.target_hash.in_(registration.wish["others"]) & (
            SignInCode.registration["group"].astext == registration.group
        )
    # locked in one order: both codes of a registration may come back at the same moment
    query = select(SignInCode).where(together).order_by(SignInCode.id).with_for_update()
    rows = {row.id: row for row in db.session.scalars(query, execution_options={"populate_existing": True})}
    if row_id not in rows or rows[row_id].used_at is not None:
        raise CodeWrong()
    for row in rows.values():
        if row.used_at is None:
            row.used_at, row.registration = now, None
    db.session.flush()
    return rows[row_id].customer_id, registration.wish if registration else None


def _signed_in(customer_id: UUID | None, target: _Target, wish: dict | None, now: datetime) -> Customer:
    """The person behind a code that was right, their phone or e-mail proven. Raises `CodeWrong`."""
    if wish is not None:
        customer = _registered(target.identifier, wish, now)
    else:
        identity = customers.find_identity(target.identifier)
        customer = _owner(customer_id, identity)
        if customer is not None and target.identifier.kind != "card":
            customers.prove_identity(identity, now)
    if customer is None or customer.state != "active":
        raise CodeWrong()
    return customer


def _owner(customer_id: UUID | None, identity: Identity | None) -> Customer | None:
    """The person the code was sent to, if the identity is still theirs: it may have moved since, then it opens nothing."""
    if customer_id is None or identity is None:
        return None
    customer = customers.living(db.session.get(Customer, customer_id))
    owner = customers.living(db.session.get(Customer, identity.customer_id))
    return customer if customer is not None and owner is not None and customer.id == owner.id else None


def _registered(identifier: Identifier, wish: dict, now: datetime) -> Customer | None:
    """The person who registered, made now if nobody has this identity; None for an erased one."""
    is_new = customers.find_identity(identifier) is None
    try:
        customer = customers.find_or_create_by(identifier, name=wish["name"], proven_at=now)
    except CustomerNotFound:
        return None
    if is_new:
        customer.locale = wish["locale"]
    return customer


def _carry_out(wish: dict, customer: Customer, target: _Target, now: datetime) -> Partner | None:
    """What `register` asked for, now that the identity is proven. Returns the partner joined, if one was named."""
    if customer.name is None and wish["name"]:
        customer.name = wish["name"]
    customers.issue_card(customer)
    partner = _named_partner(wish["partner_id"])
    if partner is not None:
        known = customers.find_identity(target.identifier)
        customers.join(customer, partner, known=known, name=wish["name"], now=now)
    consent_book.record_answers(
        customer.id,
        wish["consents"],
        partner_id=partner.id if partner else None,
        place=wish["place"],
        now=now,
    )
    db.session.flush()
    # a code that was on its way when invitations were new has none
    if partner is not None and wish.get("invitation") is not None:
        invitation, how = wish["invitation"]
        referrals.accept_if_good(invitation, customer, partner, now=now, **how)
    return partner


def _named_partner(partner_id: str | None) -> Partner | None:
    """The partner of a registration; one that was suspended meanwhile is not joined."""
    partner = db.session.get(Partner, UUID(partner_id)) if partner_id else None
    return partner if partner is not None and partner.state == "active" else None


def _partners_of(customer: Customer) -> list[Partner]:
    query = (
        select(Partner)
        .join(Membership, Membership.partner_id == Partner.id)
        .where(Membership.customer_id == customer.id, Membership.state == "open", Partner.state == "active")
    )
    return list(db.session.scalars(query.order_by(Partner.id)))
