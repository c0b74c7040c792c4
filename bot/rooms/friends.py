"""Inviting friends: one's own link and QR, coming by somebody's, and what staff see and decide."""

from __future__ import annotations

from uuid import UUID

from flask import current_app

from bot import keyboards
from bot.rooms import beginning, office
from bot.router import ANYBODY, Room
from bot.talk import Talk
from loyalty import consents, customers, joining, referral_results, referral_rewards, referrals, texts, welcome
from loyalty.errors import InvitationGone, InvitationRefused, PartnerNotFound
from loyalty.identities import Identifier
from loyalty.partners import get_open_partner
from loyalty.referral_results import Friend, OwnInvitation, ReferralRow
from loyalty.referral_terms import Terms
from loyalty.referrals import ALPHABET
from models.partner import Partner

room = Room()

A_PAGE = 5
FRIENDS_TOLD = 20
_TYPED = rf"(?i)(?=.*[a-z])\s*([{ALPHABET}]{{4}}[-\s]?[{ALPHABET}]{{4}})\s*"
"""A code as it is written down; eight digits alone are something else."""


# One's own


@room.command("invite")
def show_places(talk: Talk) -> None:
    """Where one may invite to; the only place at once."""
    places = referral_results.list_places(talk.customer.id)
    if not places:
        talk.say(talk.words("invite_none"), keyboard=keyboards.menu(talk))
    elif len(places) == 1:
        show_own(talk, places[0].code)
    else:
        buttons = [[(partner.name[:40], f"bring:{partner.code}")] for partner in places]
        talk.say(talk.words("invite_where"), buttons)


@room.press(r"bring:([0-9]{6,12})")
def show_own(talk: Talk, partner_code: str) -> None:
    """The link with its QR, to be passed on, and the terms."""
    words, own = talk.words, _own(talk, partner_code)
    who = [[(words("invite_who"), f"brought:{partner_code}")]]
    if own.code is None:
        talk.say(words("invite_ended", partner=own.partner.name), who)
        return
    settings = current_app.config["SETTINGS"]
    link = f"{settings.public_url}/i/{own.code}"
    told = words(
        "invite",
        partner=own.partner.name,
        link=link,
        telegram=settings.bot_link(f"i{own.code}"),
        code=referrals.write_code(own.code),
        terms=_say_terms(talk, own.partner, own.terms),
    )
    talk.show_qr(link, told, who)


@room.press(r"brought:([0-9]{6,12})")
def show_friends(talk: Talk, partner_code: str) -> None:
    """Who came, by first names, and what became of it."""
    words, own = talk.words, _own(talk, partner_code)
    head = words(
        "invited_head",
        partner=own.partner.name,
        invited=words.number(own.invited),
        bought=words.number(own.bought),
        points=words.number(own.points),
    )
    lines = [_say_friend(talk, own.partner, one) for one in own.friends[:FRIENDS_TOLD]]
    talk.say("\n".join([head, *(lines or [words("invited_nobody")])]), keyboard=keyboards.menu(talk))


# Coming by somebody's


@beginning.invitation("i")
def come_by_friend(talk: Talk, code: str) -> None:
    """A friend's invitation, `i<code>`. Why it is not for somebody is said, and they go on without it."""
    words = talk.words
    try:
        invitation = referrals.find_invitation(code)
    except InvitationGone:
        beginning.go_on_without(talk)
        return
    partner, payload = invitation.partner, f"i{invitation.code}"
    invited = words(
        "friend_invites",
        name=invitation.inviter_name or words("friend_somebody"),
        partner=partner.name,
        terms=_say_gift(talk, partner, invitation.terms),
    )
    if talk.customer is None:
        beginning.meet(talk, payload, [invited])
        return
    try:
        referrals.check(invitation, talk.customer)
    except InvitationRefused as refused:
        beginning.greet(talk, words.refusal(refused))
        return
    if not consents.has_consent(talk.customer.id, consents.PERSONAL_DATA, partner.id):
        beginning.ask_consent(talk, payload, [invited])
        return
    by_telegram = customers.find_identity(Identifier("telegram", str(talk.incoming.user_id)))
    known = joining.shown_contact(talk.customer.id) or by_telegram
    customers.join(talk.customer, partner, known=known, name=beginning.usable_name(talk), now=talk.now)
    welcome.grant_if_due(talk.customer.id, partner, talk.now)
    referrals.accept(code, talk.customer, came_by="bot", now=talk.now)
    terms = _say_gift(talk, partner, invitation.terms)
    beginning.greet(talk, words("friend_joined", partner=partner.name, terms=terms))


@room.sentence(_TYPED, ANYBODY)
def take_typed(talk: Talk, found) -> bool | None:
    """The code itself, written where nothing else was asked."""
    if talk.step is not None or talk.is_at_work:
        return False
    come_by_friend(talk, found[1])
    return None


# The partner's


@room.press(r"friends:([0-9]{1,3})", "customers:read")
def show_results(talk: Talk, page: str) -> None:
    """What came of it, who has to be decided on, and the friends page by page."""
    words, partner, number = talk.words, talk.partner, max(int(page), 1)
    lines = [words("friends_head")]
    if not referrals.terms_of(partner).is_on:
        lines.append(words("friends_off"))
    if talk.may("stats:read"):
        found = referral_results.results(partner.id)
        lines.append(
            words(
                "friends_results",
                invited=words.number(found.invited),
                bought=words.number(found.bought),
                rewarded=words.number(found.rewarded),
                points=words.points(found.points),
                turnover=words.money(found.turnover, partner.currency),
            )
        )
    rows = referral_results.list_referrals(partner.id, limit=A_PAGE * number + 1)
    shown = rows[A_PAGE * (number - 1) : A_PAGE * number]
    lines += [_say_row(talk, row) for row in shown]
    buttons = []
    if talk.may("customers:write"):
        waiting = referral_results.list_referrals(partner.id, state="review", limit=A_PAGE)
        if waiting:
            lines.insert(1, words("friends_review", count=words.number(referral_results.count_in_review(partner.id))))
        buttons = [[(f"⚠️ {_name(talk, row.friend_name)[:40]}", f"friend:{row.referral_id.hex}")] for row in waiting]
    lines.append(words("friends_link", link=f"{current_app.config['SETTINGS'].public_url}/partner/referrals"))
    turn = keyboards.turn(words, "friends", number, has_more=len(rows) > A_PAGE * number)
    talk.rewrite("\n\n".join(lines), [*buttons, *turn, office.back(talk)])


@room.press(r"friend:([0-9a-f]{32})", "customers:write")
def show_doubted(talk: Talk, referral_id: str) -> None:
    """A friend who has to be decided on, with the reasons."""
    words, partner = talk.words, talk.partner
    row = referral_results.get_referral(partner.id, UUID(referral_id))
    back = [[(words("office_friends"), "friends:1")]]
    if row.state != "review":
        talk.rewrite(_say_row(talk, row), back)
        return
    told = words(
        "friend_look",
        friend=_name(talk, row.friend_name),
        inviter=_name(talk, row.inviter_name),
        day=words.moment(row.came_at, partner.timezone),
        amount=words.money(row.amount, partner.currency),
        doubts="\n".join(words(f"doubt_{one}") for one in row.doubts),
    )
    choice = [(words("friend_yes"), f"reward:yes:{referral_id}"), (words("friend_no"), f"reward:no:{referral_id}")]
    talk.rewrite(told, [choice, *back])


@room.press(r"reward:(yes|no):([0-9a-f]{32})", "customers:write")
def decide(talk: Talk, answer: str, referral_id: str) -> None:
    """The word of the partner; who presses twice is told that it was decided."""
    words = talk.words
    decided = referral_rewards.decide(
        talk.partner, UUID(referral_id), approve=answer == "yes", by=talk.customer.id, now=talk.now
    )
    said = {"rewarded": "friend_was_rewarded", "refused": "friend_was_refused"}.get(decided.state, "friend_waits_again")
    talk.rewrite(words(said), [[(words("office_friends"), "friends:1")]])


def _own(talk: Talk, partner_code: str) -> OwnInvitation:
    own = referral_results.show_own(talk.customer.id, get_open_partner(partner_code))
    if own is None:
        raise PartnerNotFound()
    return own


def _say_terms(talk: Talk, partner: Partner, terms: Terms) -> str:
    words = talk.words
    told = [words("invite_yours", points=words.points(terms.inviter_points))] if terms.inviter_points else []
    if terms.friend_points:
        told.append(words("invite_theirs", points=words.points(terms.friend_points)))
    return " ".join([*told, _say_condition(talk, partner, terms)])


def _say_gift(talk: Talk, partner: Partner, terms: Terms) -> str:
    """What the friend gets, and what for."""
    words = talk.words
    told = [words("friend_gift", points=words.points(terms.friend_points))] if terms.friend_points else []
    return " ".join([*told, _say_condition(talk, partner, terms)])


def _say_condition(talk: Talk, partner: Partner, terms: Terms) -> str:
    words = talk.words
    minimum = words("invite_minimum", amount=words.money(terms.minimum, partner.currency)) if terms.minimum else ""
    window = words("invite_window", days=words.count("invite_days", terms.return_days)) if terms.return_days else ""
    return words("invite_condition", minimum=minimum, window=window)


def _say_friend(talk: Talk, partner: Partner, one: Friend) -> str:
    words = talk.words
    return words(
        "invited_line",
        name=one.first_name or words("invited_friend"),
        day=words.moment(one.came_at, partner.timezone)[:10],
        state=_say_state(talk, partner, one),
    )


def _say_row(talk: Talk, row: ReferralRow) -> str:
    friend, inviter = _name(talk, row.friend_name), _name(talk, row.inviter_name)
    return talk.words("friend_line", friend=friend, inviter=inviter, state=_say_state(talk, talk.partner, row))


def _say_state(talk: Talk, partner: Partner, one: Friend | ReferralRow) -> str:
    words = talk.words
    values = {"why": texts.why_no_reward(one.reason, words.language) if one.reason else ""}
    values["day"] = words.moment(one.due_at, partner.timezone)[:10] if one.due_at else ""
    return words(f"friend_{one.state}", **values)


def _name(talk: Talk, name: str | None) -> str:
    return name or talk.words("friend_nameless")
