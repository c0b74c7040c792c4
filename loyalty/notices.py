"""Who is told what, when and where: decided when the message is sent, from ids, so that no name or phone lies in a queue.

The channel is the person's wish if it reaches them, else Telegram, SMS, e-mail in this order. Quiet hours hold a notice,
they never drop it. A code is never held: somebody waits for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import select

from loyalty import origins, outbox, texts
from loyalty.expiring import find_expiring
from loyalty.names import first_name
from loyalty.sealing import unseal
from loyalty.sign_in import SEAL
from models import db
from models.claim import SOURCES, Claim
from models.customer import Customer, Identity, SignInCode
from models.ledger import Entry, Lot, Membership, MembershipIdentity, Purchase, Refund
from models.partner import Partner
from models.referral import Referral

KINDS = ("credited", "spent", "returned", "expiring", "welcome", "referral")
"""What a person may switch off, and a partner for its customers. Codes cannot be."""

PERSONAL_KINDS = (*KINDS, "survey")
"""What a person may switch off; whether customers are asked after a visit, a partner says elsewhere (`loyalty.nps`)."""

CHANNELS = {"telegram": "telegram", "phone": "sms", "email": "email"}
"""The kinds of identity one can be reached by, in the usual order, and the channel of each."""

USUAL_QUIET = ("22:00", "09:00")
FRESH = timedelta(minutes=15)
"""What happened less than this before it was announced happened with the person standing there."""


@dataclass(frozen=True)
class Route:
    """One way to reach a person; the address is personal data and stays out of `repr`."""

    channel: str
    address: str = field(repr=False)


@dataclass(frozen=True)
class Notice:
    """What to send and the ways to try, the best first; not before `hold_until`.

    `sms` and `telegram` are what is said there instead, where it is something else. `buttons` are labels and what the bot
    is told by a press.
    """

    text: texts.Text = field(repr=False)
    routes: tuple[Route, ...]
    hold_until: datetime | None = None
    sms: str | None = field(default=None, repr=False)
    telegram: str | None = field(default=None, repr=False)
    buttons: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    def body_for(self, channel: str) -> str:
        return {"sms": self.sms, "telegram": self.telegram}.get(channel) or self.text.body


def purchase_announcement(
    partner_id: UUID, purchase_id: UUID, kinds: Iterable[str], *, membership_id: UUID | None = None
) -> outbox.Announcement:
    """Has the person told what a purchase gave or took: `kinds` of "credited" and "spent", in one message.

    With `membership_id` the notices of one member arrive in the order of the events.
    """
    payload = {"purchase_id": purchase_id, "kinds": list(kinds)}
    return outbox.announcement("notify_purchase", payload, partner_id=partner_id, ordering_key=_order(membership_id))


def announce_purchase(partner_id: UUID, purchase_id: UUID, *, membership_id: UUID | None = None) -> None:
    """Have the person told what a purchase of a foreign system has credited with its latest change."""
    payload = {"purchase_id": purchase_id, "kinds": ["credited"]}
    outbox.announce("notify_purchase", payload, partner_id=partner_id, ordering_key=_order(membership_id))


def announce_refund(partner_id: UUID, refund_id: UUID, *, membership_id: UUID | None = None) -> None:
    """Have the person told what a return gave back and took."""
    payload = {"refund_id": refund_id}
    outbox.announce("notify_refund", payload, partner_id=partner_id, ordering_key=_order(membership_id))


def announce_welcome(partner_id: UUID, entry_id: UUID, *, membership_id: UUID | None = None) -> None:
    """Have the person told of the welcome bonus."""
    payload = {"entry_id": entry_id, "kind": "welcome"}
    outbox.announce("notify_entry", payload, partner_id=partner_id, ordering_key=_order(membership_id))


def code_notice(code_id: UUID, sealed: str | None, now: datetime) -> Notice | None:
    """The message with a one-time code; None when the code was used, has ended, or is gone."""
    row = db.session.get(SignInCode, code_id)
    if sealed is None or row is None or row.used_at is not None or row.expires_at <= now:
        return None
    value = unseal(SEAL, sealed)
    routes = tuple(Route(channel, address) for channel, address in value["routes"])
    code, locale, widget = value["code"], value["locale"], value.get("widget")
    if widget is None:
        return Notice(texts.code_text(code, locale, links=value.get("links", False)), routes)
    site, platform = widget["site"], widget["platform"]
    shown = origins.readable_host(site) if site else None
    text = texts.widget_code_text(code, locale, partner=widget["partner"], site=shown)
    if not site or not platform:
        return Notice(text, routes)
    hosts = {"site": origins.host_of(site), "platform": origins.host_of(platform)}
    return Notice(text, routes, sms=texts.bind_to_site(text.body, code, **hosts))


def purchase_notice(
    partner_id: UUID, purchase_id: UUID, kinds: Iterable[str], announced_at: datetime, now: datetime
) -> Notice | None:
    """What a purchase gave and took; None when there is nothing to say or nobody who wants to hear it."""
    purchase = db.session.get(Purchase, (partner_id, purchase_id))
    if purchase is None:
        return None
    told = _Told.of(partner_id, purchase.membership_id)
    wanted = [kind for kind in kinds if told and kind not in told.off]
    entries = _last_entries(purchase)
    credited = sum(entry.points for entry in entries if entry.kind != "spend") if "credited" in wanted else 0
    spent = -sum(entry.points for entry in entries if entry.kind == "spend") if "spent" in wanted else 0
    if not credited and not spent:
        return None
    text = texts.sale_text(
        told.customer.locale,
        partner=told.partner.name,
        credited=credited,
        spent=spent,
        amount=purchase.amount,
        currency=told.partner.currency,
        balance=entries[-1].balance_after,
        spendable_from=_spendable_from(told.partner, entries, now) if credited else None,
        asked=_asked_sum(purchase),
    )
    return told.notice(text, purchase.occurred_at, announced_at, now)


def refund_notice(partner_id: UUID, refund_id: UUID, announced_at: datetime, now: datetime) -> Notice | None:
    """What a return gave back and took; None when no points moved or nobody wants to hear it."""
    refund = db.session.get(Refund, (partner_id, refund_id))
    if refund is None or not (refund.taken or refund.given_back):
        return None
    purchase = db.session.get(Purchase, (partner_id, refund.purchase_id))
    told = _Told.of(partner_id, purchase.membership_id)
    if told is None or "returned" in told.off:
        return None
    text = texts.refund_text(
        told.customer.locale,
        partner=told.partner.name,
        taken=refund.taken,
        given_back=refund.given_back,
        amount=refund.amount,
        currency=told.partner.currency,
        balance=_balance_after(refund, told.membership),
    )
    return told.notice(text, refund.occurred_at, announced_at, now)


def entry_notice(partner_id: UUID, entry_id: UUID, kind: str, announced_at: datetime, now: datetime) -> Notice | None:
    """The welcome bonus; None when nobody wants to hear of it."""
    entry = db.session.get(Entry, (partner_id, entry_id))
    told = _Told.of(partner_id, entry.membership_id) if entry is not None else None
    if told is None or kind in told.off:
        return None
    text = texts.welcome_text(
        told.customer.locale, partner=told.partner.name, points=entry.points, balance=entry.balance_after
    )
    return told.notice(text, entry.occurred_at, announced_at, now)


def expiring_notice(partner_id: UUID, membership_id: UUID, until: datetime, now: datetime) -> Notice | None:
    """What expires by `until`, as it is now; None when it was spent meanwhile, or nobody wants to hear of it."""
    told = _Told.of(partner_id, membership_id)
    if told is None or "expiring" in told.off:
        return None
    soon = find_expiring(partner_id, told.membership.id, until, now)
    if soon is None:
        return None
    text = texts.expiring_text(
        told.customer.locale,
        partner=told.partner.name,
        points=soon.points,
        first=soon.first,
        last_day=soon.last_day,
        gone_by=soon.gone_by,
        held=soon.held,
        balance=soon.balance,
    )
    return told.notice(text, None, now, now)


def claim_notice(partner_id: UUID, claim_id: UUID, now: datetime) -> Notice | None:
    """That a claim was refused, and why; None when it was not. Nobody can switch off the answer to their own question."""
    claim = db.session.get(Claim, (partner_id, claim_id))
    told = _Told.of(partner_id, claim.membership_id) if claim is not None and claim.state == "refused" else None
    if told is None:
        return None
    text = texts.claim_refused_text(
        told.customer.locale,
        partner=told.partner.name,
        amount=claim.amount,
        currency=told.partner.currency,
        reason=claim.reason,
    )
    return told.notice(text, claim.created_at, claim.decided_at, now)


def referral_notice(
    partner_id: UUID, referral_id: UUID, news: str, to: str, announced_at: datetime, now: datetime
) -> Notice | None:
    """What became of an invitation, told to the "inviter" or the "friend"; None when there is nothing to say or nobody who
    wants to hear it. Of a friend no more than the first name is told."""
    referral = db.session.get(Referral, (partner_id, referral_id))
    told = _Told.of(partner_id, getattr(referral, f"{to}_id")) if referral is not None else None
    if told is None or "referral" in told.off:
        return None
    friend = _Told.of(partner_id, referral.friend_id)
    said = {"partner": told.partner.name, "name": first_name(friend.customer.name) if friend else None}
    if news == "came":
        if not referral.inviter_points:
            return None
        text = texts.referral_came_text(
            told.customer.locale,
            points=referral.inviter_points,
            minimum=referral.minimum,
            currency=told.partner.currency,
            return_days=referral.return_days,
            **said,
        )
        return told.notice(text, None, announced_at, now)
    if news in ("rewarded", "returned"):
        entry = _entry_of_reward(referral, to, news)
        if entry is None:  # of a reward that was spent nothing could be taken
            return None
        said |= {"points": entry.points, "balance": entry.balance_after}
    if news in ("refused", "returned"):
        said["reason"] = referral.reason
    text = texts.referral_text(told.customer.locale, "limit" if news == "limit" else f"{to}_{news}", **said)
    return told.notice(text, None, announced_at, now)


def not_invited_notice(
    partner_id: UUID, membership_id: UUID, reason: str, announced_at: datetime, now: datetime
) -> Notice | None:
    """Why the invitation with which somebody registered does not count; None when nobody is there to hear it."""
    told = _Told.of(partner_id, membership_id)
    if told is None:
        return None
    text = texts.referral_text(told.customer.locale, "friend_refused", partner=told.partner.name, reason=reason)
    return told.notice(text, announced_at, announced_at, now)


def survey_notice(
    partner_id: UUID,
    membership_id: UUID,
    *,
    link: str,
    buttons: Sequence[tuple[str, str]],
    is_reminder: bool,
    sms: bool,
    now: datetime,
) -> Notice | None:
    """Whether the person would recommend the partner: in Telegram by `buttons`, elsewhere by the link; by text message
    with `sms`, and where nothing else reaches them. None when they do not want to be asked or cannot be."""
    told = _Told.of(partner_id, membership_id)
    if told is None or "survey" in told.off:
        return None
    locale = told.customer.locale
    text, telegram = texts.survey_text(locale, partner=told.partner.name, link=link, is_reminder=is_reminder)
    notice = told.notice(text, None, now, now)
    routes = tuple(route for route in notice.routes if route.channel != "sms") if notice else ()
    if sms and not routes and notice:
        routes = notice.routes
    if not routes:
        return None
    stop = (texts.button("survey_stop", locale), "nps_stop")
    return replace(notice, routes=routes, telegram=telegram, buttons=(*buttons, stop))


def routes_to(customer: Customer, known: Iterable[UUID] = ()) -> tuple[Route, ...]:
    """The ways to reach a person, the best first: what they proved, or, having proved nothing, what `known` says.

    `known` are ids of the identities that the partner was given.
    """
    identities = db.session.scalars(
        select(Identity)
        .where(Identity.customer_id == customer.id, Identity.kind.in_(CHANNELS), Identity.unreachable_since.is_(None))
        .order_by(Identity.created_at, Identity.id)
    ).all()
    usable = [identity for identity in identities if identity.proven_at is not None]
    usable = usable or [identity for identity in identities if identity.id in set(known)]
    wish, order = customer.notices.get("channel"), list(CHANNELS)
    usable.sort(key=lambda identity: (CHANNELS[identity.kind] != wish, order.index(identity.kind)))
    return tuple(Route(CHANNELS[identity.kind], identity.value) for identity in usable)


def quiet_until(quiet: tuple[str, str] | None, zone: str, now: datetime) -> datetime | None:
    """When the quiet hours that `now` lies in are over; None outside them. ``("22:00", "09:00")`` spans midnight."""
    if not quiet or quiet[0] == quiet[1]:
        return None
    begin, end = (time.fromisoformat(text) for text in quiet)
    local = now.astimezone(_zone(zone))
    clock = local.time()
    is_quiet = begin <= clock < end if begin < end else clock >= begin or clock < end
    if not is_quiet:
        return None
    day = local.date() + timedelta(days=1 if clock >= end else 0)
    return datetime.combine(day, end, local.tzinfo).astimezone(UTC)


@dataclass(frozen=True)
class _Told:
    """The person, the partner and the membership a notice is about."""

    customer: Customer
    partner: Partner
    membership: Membership

    @classmethod
    def of(cls, partner_id: UUID, membership_id: UUID) -> _Told | None:
        membership = db.session.get(Membership, (partner_id, membership_id))
        while membership is not None and membership.state == "merged":
            membership = db.session.get(Membership, (partner_id, membership.merged_into))
        if membership is None or membership.state != "open":
            return None
        customer = db.session.get(Customer, membership.customer_id)
        while customer.state == "merged":
            customer = db.session.get(Customer, customer.merged_into)
        if customer.state != "active":
            return None
        return cls(customer, db.session.get(Partner, partner_id), membership)

    @property
    def off(self) -> set[str]:
        """The kinds that the person does not want to hear, or the partner does not want to be told."""
        return {*(self.customer.notices.get("off") or ()), *self.partner.notices_off}

    def notice(self, text: texts.Text, happened: datetime | None, announced: datetime, now: datetime) -> Notice | None:
        routes = routes_to(self.customer, self._known())
        return Notice(text, routes, self._hold_until(happened, announced, now)) if routes else None

    def _known(self) -> list[UUID]:
        query = select(MembershipIdentity.identity_id).where(
            MembershipIdentity.partner_id == self.membership.partner_id,
            MembershipIdentity.membership_id == self.membership.id,
        )
        return list(db.session.scalars(query))

    def _hold_until(self, happened: datetime | None, announced: datetime, now: datetime) -> datetime | None:
        """Hours the person named hold everything; the usual ones only what did not happen before their eyes."""
        if "quiet" in self.customer.notices:
            quiet = self.customer.notices["quiet"]
        else:
            is_fresh = happened is not None and abs(announced - happened) < FRESH
            quiet = None if is_fresh else USUAL_QUIET
        return quiet_until(quiet, self.customer.timezone, now)


def _entry_of_reward(referral: Referral, to: str, news: str) -> Entry | None:
    """The entry that gave the reward, or the one that took it back."""
    entry_id = getattr(referral, f"{to}_entry_id")
    if entry_id is None or news == "rewarded":
        return db.session.get(Entry, (referral.partner_id, entry_id)) if entry_id else None
    query = select(Entry).where(Entry.partner_id == referral.partner_id, Entry.reverses_id == entry_id)
    return db.session.scalar(query)


def _last_entries(purchase: Purchase) -> list[Entry]:
    """What the purchase's latest revision credited and spent, in the order of the ledger."""
    entries = db.session.scalars(
        select(Entry)
        .where(
            Entry.partner_id == purchase.partner_id,
            Entry.purchase_id == purchase.id,
            Entry.kind.in_(("earn", "bonus", "spend")),
        )
        .order_by(Entry.seq)
    ).all()
    return [entry for entry in entries if _revision(entry) == _revision(entries[-1])]


def _asked_sum(purchase: Purchase) -> Decimal | None:
    """What the customer asked points for, where the staff made another sum of it."""
    if purchase.source not in SOURCES:
        return None
    wanted = select(Claim.amount).where(
        Claim.partner_id == purchase.partner_id,
        Claim.membership_id == purchase.membership_id,
        Claim.purchase_id == purchase.id,
        Claim.approved_amount != Claim.amount,
    )
    return db.session.scalar(wanted)


def _revision(entry: Entry) -> str:
    """Of `<document>#<revision>`, or of a bonus: `<document>#<revision>/<label>`."""
    return entry.source_ref.rpartition("#")[2].partition("/")[0]


def _spendable_from(partner: Partner, entries: list[Entry], now: datetime):
    available_at = db.session.scalar(
        select(Lot.available_at)
        .where(
            Lot.partner_id == partner.id,
            Lot.entry_id.in_([entry.id for entry in entries]),
            Lot.state == "pending",
            Lot.available_at > now,
        )
        .order_by(Lot.available_at.desc())
        .limit(1)
    )
    return available_at.astimezone(_zone(partner.timezone)).date() if available_at else None


def _balance_after(refund: Refund, membership: Membership) -> int:
    balance = db.session.scalar(
        select(Entry.balance_after)
        .where(
            Entry.partner_id == refund.partner_id,
            Entry.purchase_id == refund.purchase_id,
            Entry.membership_id == membership.id,
            Entry.created_at <= refund.created_at,
        )
        .order_by(Entry.seq.desc())
        .limit(1)
    )
    return membership.balance if balance is None else balance


def _order(membership_id: UUID | None) -> str | None:
    return f"membership:{membership_id}" if membership_id else None


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("Europe/Moscow")
