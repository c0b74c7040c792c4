"""Inviting friends: the member's own page with the link and what came of it, and the page that the link opens."""

from __future__ import annotations

from flask import Blueprint, current_app, g, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as lazy
from wtforms import BooleanField, HiddenField

from loyalty import consents, joining, referral_results, referrals
from loyalty.clock import utcnow
from loyalty.customers import membership_of
from loyalty.errors import InvitationGone, InvitationRefused, LoyaltyError
from loyalty.referral_results import CameBy
from loyalty.referral_terms import Terms
from loyalty.referrals import Invitation
from models.transactions import commits, in_transaction
from web.access import anybody, signed_in
from web.browsers import name_browser
from web.formats import use_zone, write_day, write_money, write_points
from web.forms import Form, refuse
from web.sentences import say_error
from web.sign_in import RegistrationForm

blueprint = Blueprint("invitations", __name__)

_PLACE = "page"

STATES = {
    "waiting": (lazy("no purchase yet"), "plain"),
    "bought": (lazy("bought, we wait"), "accent"),
    "review": (lazy("being looked at"), "warn"),
    "rewarded": (lazy("rewarded"), "good"),
    "refused": (lazy("no reward"), "bad"),
    "returned": (lazy("taken back"), "bad"),
}
"""What the states of a friend are called, and how they look."""
REASONS = {
    "own": lazy("Nobody invites themselves."),
    "staff": lazy("People who work there take no part."),
    "circle": lazy("Inviting each other does not count."),
    "customer": lazy("Bought there before."),
    "repeat": lazy("Came by another invitation first."),
    "gone": lazy("The account was closed."),
    "declined": lazy("The business decided so."),
    "refund": lazy("The purchase was returned."),
}
DOUBTS = {
    "address": lazy("Many friends came from one internet address"),
    "device": lazy("Several friends came in one browser"),
    "inviters_device": lazy("The friend came in the inviter's own browser"),
}


class InvitedForm(RegistrationForm):
    invitation = HiddenField()


class JoinForm(Form):
    personal_data = BooleanField(lazy("I agree to the processing of my personal data"))
    advertising = BooleanField(lazy("Write to me about offers and news"))


# The member's own


@blueprint.get("/customer/invite")
@signed_in
@commits
def show_own():
    """The link of one partner, as text and QR, and who came by it."""
    use_zone(g.me.customer.timezone)
    places = referral_results.list_places(g.me.customer_id)
    wanted = request.args.get("partner")
    partner = next((one for one in places if one.code == wanted), places[0] if places else None)
    own = referral_results.show_own(g.me.customer_id, partner) if partner else None
    if own is not None and own.code is not None:
        referrals.note_device(membership_of(g.me.customer_id, partner.id), name_browser(), utcnow())
    return render_template(
        "customer/invite.html",
        places=places,
        partner=partner,
        own=own,
        code=referrals.write_code(own.code) if own and own.code else None,
        link=_link(own.code) if own and own.code else None,
        terms=say_terms(own.terms) if own else [],
        states=STATES,
        reasons=REASONS,
    )


# What the link opens


@blueprint.get("/i/<code>")
@anybody
def show_invitation(code: str):
    """Who invites, under a first name, and what both get; whoever is not signed in registers here."""
    try:
        invitation = referrals.find_invitation(code)
    except InvitationGone as error:
        return _show_gone(error)
    if g.me is None:
        name_browser()  # so that the registration knows it
        partner, here = invitation.partner, url_for(".show_invitation", code=invitation.code)
        data = {"partner": partner.code, "next": here, "invitation": invitation.code}
        form = InvitedForm(formdata=None, data=data)
        return _show(invitation, "referrals/newcomer.html", form=form, here=here)
    return _show_signed_in(invitation, JoinForm(formdata=None))


@blueprint.post("/i/<code>")
@anybody
def accept(code: str):
    """Become a customer by the invitation. The code is everybody's who has it, whichever partner's it is."""
    if g.me is None:
        return redirect(url_for(".show_invitation", code=code), 303)
    try:
        invitation = referrals.find_invitation(code)
    except InvitationGone as error:
        return _show_gone(error)
    form, partner = JoinForm(), invitation.partner
    answers = {}
    if joining.must_be_asked(g.me.customer_id, partner.id):
        if not form.personal_data.data:
            form.personal_data.errors = [gettext("Without this consent we may not open an account for you.")]
            return _show_signed_in(invitation, form), 422
        answers = {consents.PERSONAL_DATA: True, consents.ADVERTISING: form.advertising.data}

    def act() -> None:
        now = utcnow()
        referrals.check(invitation, g.me.customer)
        joining.join(g.me.customer, partner, answers, place=_PLACE, now=now)
        where = {"address": request.remote_addr, "device": name_browser()}
        referrals.accept(code, g.me.customer, came_by="link", now=now, **where)

    try:
        in_transaction(act)
    except LoyaltyError as error:
        refuse(form, error)
        return _show_signed_in(invitation, form), 422
    return redirect(url_for(".show_invitation", code=invitation.code), 303)


def _show_signed_in(invitation: Invitation, form: JoinForm) -> str:
    partner = invitation.partner
    came, refusal = None, None
    try:
        if referrals.check(invitation, g.me.customer) is not None:
            found = referral_results.list_came_by(g.me.customer_id)
            came = next(one for one in found if one.partner.id == partner.id)
    except InvitationRefused as error:
        refusal = say_error(error)
    asks = came is None and refusal is None and joining.must_be_asked(g.me.customer_id, partner.id)
    return _show(
        invitation,
        "referrals/invitation.html",
        form=form,
        came=say_came_by(came) if came else None,
        refusal=refusal,
        asks=asks,
        shown=joining.shown_contact(g.me.customer_id) if asks else None,
    )


def _show(invitation: Invitation, template: str, **values) -> str:
    use_zone(invitation.partner.timezone)
    return render_template(
        template,
        partner=invitation.partner,
        inviter=invitation.inviter_name,
        terms=invitation.terms,
        condition=say_condition(invitation.terms),
        **values,
    )


def _show_gone(error: InvitationGone):
    return render_template("referrals/gone.html", sentence=say_error(error)), error.status


# In words


def say_condition(terms: Terms) -> str:
    """«Первая покупка от 500 ₽, которую не вернут 14 дней»."""
    first = gettext("a first purchase")
    if terms.minimum:
        first = gettext("a first purchase of %(sum)s or more", sum=write_money(terms.minimum))
    if not terms.return_days:
        return first
    days = ngettext("%(num)s day", "%(num)s days", terms.return_days)
    return gettext("%(purchase)s that is not returned for %(days)s", purchase=first, days=days)


def say_terms(terms: Terms) -> list[str]:
    """What a member has to know before they pass the link on."""
    told = []
    if terms.inviter_points:
        told.append(gettext("You get %(points)s for each friend.", points=write_points(terms.inviter_points)))
    if terms.friend_points:
        told.append(gettext("The friend gets %(points)s.", points=write_points(terms.friend_points)))
    told.append(gettext("It takes %(condition)s.", condition=say_condition(terms)))
    if terms.inviter_points:
        told.append(
            ngettext(
                "For %(num)s friend a month; more friends still get their gift.",
                "For %(num)s friends a month; more friends still get their gift.",
                terms.most_a_month,
            )
        )
    if terms.life_days:
        told.append(ngettext("The points live %(num)s day.", "The points live %(num)s days.", terms.life_days))
    return told


def say_came_by(came: CameBy) -> str:
    """Where somebody stands who came by an invitation."""
    if came.state == "rewarded":
        if not came.points:
            return gettext("Your first purchase counted. Thank you for coming!")
        return gettext("Your gift of %(points)s has come.", points=write_points(came.points))
    if came.state in ("refused", "returned"):
        return gettext("There is no gift. %(why)s", why=REASONS[came.reason])
    if came.state == "review":
        return gettext("Your first purchase is there. The business looks at the invitation, then the gift comes.")
    if came.state == "bought":
        return gettext("Your first purchase is there. The gift comes on %(day)s.", day=write_day(came.due_at))
    condition = gettext("a first purchase")
    if came.minimum:
        condition = gettext("a first purchase of %(sum)s or more", sum=write_money(came.minimum))
    return gettext("You came by this invitation. Now it takes %(condition)s.", condition=condition)


def _link(code: str) -> str:
    return f"{current_app.config['SETTINGS'].public_url}{url_for('.show_invitation', code=code)}"
