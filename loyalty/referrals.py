"""Members invite friends: the code each passes on, who came by it, and what was made of that.

Here people come; `loyalty.referral_rewards` gives the points once they have bought. A friend is brought by one member only,
the first, and on the terms that were told then: what a partner changes later is for those who come later.

From where somebody came is kept as keyed hashes, for `TRACED_FOR`, and only to put what looks like a farm before the
partner's eyes: an address is shared by everybody in a café, so it refuses nobody.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, or_, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from loyalty import audit, customers, likeness, outbox
from loyalty.errors import (
    AlreadyInvited,
    CustomerNotFound,
    InvitationGone,
    InvitationRefused,
    KnownCustomer,
    MutualInvitation,
    OwnInvitation,
    StaffInvitation,
)
from loyalty.lifetime import local_date
from loyalty.names import first_name
from loyalty.referral_terms import Terms
from loyalty.sealing import keyed_hash
from models import db, new_id
from models.customer import Customer
from models.ledger import Membership, Purchase
from models.partner import Partner, Staff
from models.referral import Referral, ReferralCode

ALPHABET = "23456789BCDFGHJKLMNPQRSTVWXYZ"
"""No letters that are read as digits, and no vowels, so that no code is a word."""
CODE_LENGTH = 8
_AS_TYPED_IN_RUSSIAN = str.maketrans("ВСНКМРТХУ", "BCHKMPTXY")

TRACED_FOR = timedelta(days=30)
LOOKED_BACK = timedelta(days=7)
MOST_FROM_ADDRESS = 5
MOST_FROM_DEVICE = 1
"""More friends than this from one place within `LOOKED_BACK` are all looked at by the partner before they are rewarded."""
DOUBTS = ("address", "device", "inviters_device")

REFUSALS: dict[str, type[InvitationRefused]] = {
    error.reason: error for error in (OwnInvitation, StaffInvitation, MutualInvitation, KnownCustomer, AlreadyInvited)
}


@dataclass(frozen=True)
class Invitation:
    """What a code stands for: who invites, under the one name that is shown to strangers, whereto and on what terms."""

    code: str
    partner: Partner
    inviter: Membership
    person: Customer
    terms: Terms

    @property
    def inviter_name(self) -> str | None:
        return first_name(self.person.name)


def terms_of(partner: Partner) -> Terms:
    return Terms.from_json(partner.referral_terms)


def set_terms(partner: Partner, terms: Terms, *, by: UUID | None) -> None:
    """Friends who come from now on come on these terms; those who are there keep what they were told."""
    partner.referral_terms = terms.to_json()
    db.session.flush()
    audit.record("referrals.terms", actor=by, partner_id=partner.id, details=terms.to_json())


# Codes


def code_of(membership: Membership) -> str:
    """The code by which the member invites; made at the first call, the same ever after."""
    while True:
        query = select(ReferralCode.code).where(*_own_code(membership.partner_id, membership.id))
        if (code := db.session.scalar(query)) is not None:
            return code
        made = insert(ReferralCode).values(
            partner_id=membership.partner_id,
            membership_id=membership.id,
            code="".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH)),
        )
        db.session.execute(made.on_conflict_do_nothing())


def read_code(typed: str) -> str:
    """A code as people type it: in small letters, with dashes, on a Russian keyboard. Raises `InvitationGone`."""
    plain = "".join(char for char in typed.upper() if not char.isspace() and char not in "-–—_").translate(
        _AS_TYPED_IN_RUSSIAN
    )
    if len(plain) != CODE_LENGTH or any(char not in ALPHABET for char in plain):
        raise InvitationGone()
    return plain


def write_code(code: str) -> str:
    """As it is shown: «K7MX-4QRP»."""
    return f"{code[:4]}-{code[4:]}"


def find_invitation(typed: str) -> Invitation:
    """Who invites by this code, and whereto. Raises `InvitationGone`, also where inviting is off now."""
    query = (
        select(ReferralCode.code, Partner, Membership, Customer)
        .join(Partner, Partner.id == ReferralCode.partner_id)
        .join(
            Membership,
            (Membership.partner_id == ReferralCode.partner_id) & (Membership.id == ReferralCode.membership_id),
        )
        .join(Customer, Customer.id == Membership.customer_id)
        .where(ReferralCode.code == read_code(typed))
    )
    found = db.session.execute(query, execution_options={"populate_existing": True}).one_or_none()
    if found is None:
        raise InvitationGone()
    code, partner, inviter, person = found
    if inviter.state == "merged":
        inviter = follow(partner.id, inviter.id)
        person = db.session.get_one(Customer, inviter.customer_id)
    terms, person = terms_of(partner), customers.living(person)
    if person is None or {partner.state, person.state} != {"active"} or inviter.state != "open" or not terms.is_on:
        raise InvitationGone()
    return Invitation(code, partner, inviter, person, terms)


def note_device(membership: Membership, device: str | None, now: datetime) -> None:
    """Remember in which browser a member looks at their own invitation, to see a friend who comes in the same."""
    if device is None:
        return
    own, place = _own_code(membership.partner_id, membership.id), _hash_device(device)
    is_news = ReferralCode.device_hash.is_distinct_from(place) | (ReferralCode.seen_at < now - timedelta(days=1))
    _change(update(ReferralCode).where(*own, is_news).values(device_hash=place, seen_at=now))


def follow(partner_id: UUID, membership_id: UUID) -> Membership:
    """The account that stands for this one now, after merges."""
    membership = db.session.get_one(Membership, (partner_id, membership_id), populate_existing=True)
    while membership.state == "merged":
        membership = db.session.get_one(Membership, (partner_id, membership.merged_into), populate_existing=True)
    return membership


# Friends come


def check(invitation: Invitation, customer: Customer, *, bought_since: datetime | None = None) -> Referral | None:
    """Raise what `accept` would raise for this person; the row if they came by this very invitation before.

    What they bought from `bought_since` on is no reason.
    """
    partner = invitation.partner
    friend = customers.membership_of(customer.id, partner.id)
    earlier = _latest_of(friend) if friend is not None else None
    if earlier is not None:
        if follow(partner.id, earlier.inviter_id).id != invitation.inviter.id:
            raise AlreadyInvited()
        return earlier
    reason = why_not(partner, invitation.inviter.id, invitation.person, friend, customer)
    if reason is None and friend is not None and has_bought(partner.id, friend.id, before=bought_since):
        reason = "customer"
    if reason is not None:
        raise REFUSALS[reason]()
    return None


def accept(
    typed: str,
    customer: Customer,
    *,
    came_by: str,
    now: datetime,
    partner_id: UUID | None = None,
    address: str | None = None,
    device: str | None = None,
    by: UUID | None = None,
) -> Referral:
    """The person, a member already, came by this code; a second time is the first. The inviter is told.

    `partner_id` is where they join, if the code must be of there. `by` is who of the staff typed it in: at a till the check
    may have been posted first, so what was bought on this very day does not make the person a customer of before.
    Raises `InvitationGone`, `InvitationRefused` (one of five), `CustomerNotFound` for who is no member.
    """
    invitation = find_invitation(typed)
    partner, terms = invitation.partner, invitation.terms
    if partner_id not in (None, partner.id):
        raise InvitationGone()
    friend = customers.membership_of(customer.id, partner.id)
    if friend is None:
        raise CustomerNotFound()
    today = _begin_of_day(now, ZoneInfo(partner.timezone)) if came_by == "till" else None
    if (earlier := check(invitation, customer, bought_since=today)) is not None:
        return earlier
    row = {
        "partner_id": partner.id,
        "id": new_id(),
        "inviter_id": invitation.inviter.id,
        "friend_id": friend.id,
        "came_by": came_by,
        "inviter_points": terms.inviter_points,
        "friend_points": terms.friend_points,
        "minimum": terms.minimum,
        "return_days": terms.return_days,
        "life_days": terms.life_days,
        "address_hash": keyed_hash("referral_address", address) if address else None,
        "device_hash": _hash_device(device) if device else None,
        "created_at": now,
    }
    came = (
        insert(Referral)
        .values(row)
        .on_conflict_do_nothing(
            index_elements=["partner_id", "friend_id"], index_where=text("state NOT IN ('refused', 'returned')")
        )
    )
    made = db.session.execute(came.returning(Referral.id)).first()
    if made is None:  # another invitation was quicker
        return accept(
            typed, customer, came_by=came_by, now=now, partner_id=partner_id, address=address, device=device, by=by
        )
    referral = db.session.get_one(Referral, (partner.id, made.id))
    _doubt(referral, now)
    if by is not None:
        audit.record("referrals.note", actor=by, partner_id=partner.id, subject=referral.id)
    announce(referral, "came", "inviter")
    return referral


def accept_if_good(typed: str, customer: Customer, partner: Partner, **options) -> Referral | None:
    """`accept` where the person does something larger that must not fail for it: they are told by a notice why not."""
    try:
        return accept(typed, customer, partner_id=partner.id, **options)
    except (InvitationRefused, InvitationGone) as refused:
        reason = refused.reason if isinstance(refused, InvitationRefused) else "gone"
    friend = customers.membership_of(customer.id, partner.id)
    payload = {"membership_id": friend.id, "reason": reason}
    outbox.announce("notify_not_invited", payload, partner_id=partner.id, ordering_key=_order(friend.id))
    return None


def why_not(
    partner: Partner, inviter_id: UUID, person: Customer, friend: Membership | None, customer: Customer
) -> str | None:
    """Why `person`, by the account of `inviter_id`, can never invite `customer`, who has the account `friend` or none there:
    "own", "staff" or "circle"; None when they can."""
    working = set(
        db.session.scalars(select(Staff.customer_id).where(Staff.partner_id == partner.id, Staff.state == "active"))
    )
    marks = likeness.marks_of({person.id, customer.id, *working}, partner.region)
    if person.id == customer.id or marks[person.id] & marks[customer.id]:
        return "own"
    of_staff = set().union(*(marks[one] for one in working))
    if working & {person.id, customer.id} or of_staff & (marks[person.id] | marks[customer.id]):
        return "staff"
    return "circle" if friend is not None and _has_brought(partner.id, friend.id, inviter_id) else None


def has_bought(partner_id: UUID, membership_id: UUID, *, before: datetime | None = None) -> bool:
    """Whether the member has a purchase that stands, of before a moment if one is given."""
    standing = select(Purchase.id).where(
        Purchase.partner_id == partner_id,
        Purchase.membership_id == membership_id,
        Purchase.amount > Purchase.refunded,
    )
    if before is not None:
        standing = standing.where(Purchase.occurred_at < before)
    return db.session.scalar(standing.limit(1)) is not None


def became_friend_at(referral: Referral, zone: ZoneInfo) -> datetime:
    """The beginning of the partner's day on which they came: purchases from then on are a friend's, earlier ones a
    customer's. Many systems tell the day of a purchase only."""
    return _begin_of_day(referral.created_at, zone)


def announce(referral: Referral, news: str, to: str) -> None:
    """Have "inviter" or "friend" told what became of it: "came", "rewarded", "limit", "refused" or "returned"."""
    membership_id = referral.inviter_id if to == "inviter" else referral.friend_id
    outbox.announce(
        "notify_referral",
        {"referral_id": referral.id, "news": news, "to": to},
        partner_id=referral.partner_id,
        ordering_key=_order(membership_id),
    )


def _order(membership_id: UUID) -> str:
    """News of friends come in their order and may wait for the morning; what was bought meanwhile does not wait for them."""
    return f"referral:{membership_id}"


# What is kept of people


def forget_people(people: list[UUID]) -> None:
    """The invitations of these people work no more, and from where they came is forgotten; who came by whom stays, as ids."""
    theirs = select(Membership.id).where(Membership.customer_id.in_(people)).scalar_subquery()
    _change(delete(ReferralCode).where(ReferralCode.membership_id.in_(theirs)))
    traced = or_(Referral.address_hash.is_not(None), Referral.device_hash.is_not(None))
    came = update(Referral).where(Referral.friend_id.in_(theirs), traced)
    _change(came.values(address_hash=None, device_hash=None))


def forget_traces(now: datetime, chunk: int = 1000) -> int:
    """Wipe from where people came a month ago; how many."""
    key = (Referral.partner_id, Referral.id)
    traced = or_(Referral.address_hash.is_not(None), Referral.device_hash.is_not(None))
    old = select(*key).where(traced, Referral.created_at < now - TRACED_FOR).limit(chunk)
    rows = update(Referral).where(tuple_(*key).in_(old.with_for_update(skip_locked=True)))
    wiped = _change(rows.values(address_hash=None, device_hash=None))
    key = (ReferralCode.partner_id, ReferralCode.membership_id)
    old = select(*key).where(ReferralCode.seen_at < now - TRACED_FOR).limit(chunk)
    codes = update(ReferralCode).where(tuple_(*key).in_(old.with_for_update(skip_locked=True)))
    return wiped + _change(codes.values(device_hash=None, seen_at=None))


def _begin_of_day(at: datetime, zone: ZoneInfo) -> datetime:
    return datetime.combine(local_date(at, zone), time(), tzinfo=zone)


def _latest_of(friend: Membership) -> Referral | None:
    query = select(Referral).where(Referral.partner_id == friend.partner_id, Referral.friend_id == friend.id)
    return db.session.scalar(query.order_by(Referral.id.desc()).limit(1))


def _has_brought(partner_id: UUID, upper_id: UUID, lower_id: UUID) -> bool:
    """Whether the upper one stands above the lower one among those who brought each other, or is the same."""
    seen, present = set(), lower_id
    while present is not None and present not in seen:
        if present == upper_id:
            return True
        seen.add(present)
        query = select(Referral.inviter_id).where(Referral.partner_id == partner_id, Referral.friend_id == present)
        above = db.session.scalar(query.order_by(Referral.id).limit(1))
        present = follow(partner_id, above).id if above is not None else None
    return False


def _doubt(referral: Referral, now: datetime) -> None:
    """Note what is odd about where the friend came from; a crowd from one place makes each of them odd."""
    doubts = set()
    for name, column, most in (
        ("address", Referral.address_hash, MOST_FROM_ADDRESS),
        ("device", Referral.device_hash, MOST_FROM_DEVICE),
    ):
        place = getattr(referral, column.key)
        if place is None:
            continue
        others = (
            Referral.partner_id == referral.partner_id,
            column == place,
            Referral.created_at > now - LOOKED_BACK,
            Referral.id != referral.id,
        )
        if db.session.scalar(select(func.count()).select_from(Referral).where(*others)) >= most:
            doubts.add(name)
            unsettled = select(Referral.id).where(
                *others,
                Referral.state.in_(("waiting", "bought")),
                Referral.decided_at.is_(None),
                ~Referral.doubts.contains([name]),
            )
            rows = update(Referral).where(
                Referral.partner_id == referral.partner_id,
                Referral.id.in_(unsettled.with_for_update(skip_locked=True)),
            )
            _change(rows.values(doubts=Referral.doubts.op("||")(func.jsonb_build_array(name))))
    own = select(ReferralCode.code).where(
        *_own_code(referral.partner_id, referral.inviter_id), ReferralCode.device_hash == referral.device_hash
    )
    if referral.device_hash is not None and db.session.scalar(own) is not None:
        doubts.add("inviters_device")
    referral.doubts = [name for name in DOUBTS if name in doubts]
    db.session.flush()


def _own_code(partner_id: UUID, membership_id: UUID) -> tuple:
    return ReferralCode.partner_id == partner_id, ReferralCode.membership_id == membership_id


def _hash_device(device: str) -> str:
    return keyed_hash("referral_device", device)


def _change(statement) -> int:
    return db.session.execute(statement, execution_options={"synchronize_session": False}).rowcount
