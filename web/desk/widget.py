"""The widget at the owner's desk: the code to paste, the sites that may show it, and how it looks."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, current_app, flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as lazy
from wtforms import RadioField, StringField
from wtforms.widgets import ColorInput

from loyalty import widget, widget_proof
from loyalty.clock import utcnow
from loyalty.colours import parse_colour
from loyalty.origins import readable_host
from loyalty.widget_look import LONGEST_LABEL, SHEETS, set_look, show_look
from models.transactions import in_transaction
from models.widget import WidgetSite
from web.access import staff
from web.desk.fields import strip
from web.forms import Form, carry_out
from web.policy import CONTENT_POLICY

blueprint = Blueprint("desk_widget", __name__, url_prefix="/partner/widget")

SNIPPET = """\
<div id="loyalty-widget"></div>
<script src="{platform}/widget.js"></script>
<script>
  LoyaltyWidget.init({{partnerId: '{code}', position: '{position}'}});
</script>"""

WITHOUT_WAITING = """\
<div id="loyalty-widget"></div>
<script>
  window.LoyaltyWidget = window.LoyaltyWidget || {{q: [], init(options) {{ this.q.push(options); }}}};
  LoyaltyWidget.init({{partnerId: '{code}'}});
</script>
<script async src="{platform}/widget.js"></script>"""


FAILURES = {
    "bad_answer": lazy("The site answered something that is no web page."),
    "bad_certificate": lazy(
        "The site's certificate is out of date, of another name, or of nobody known: https must work."
    ),
    "elsewhere": lazy("The site leads on to another address. Add that one: often it is the one with www, or without."),
    "forbidden_address": lazy(
        "The name leads to an address inside somebody's own network. We look at public sites only."
    ),
    "forbidden_port": lazy("The site leads on to another port. We look at the usual one of https only."),
    "no_proof": lazy("We looked at the site and found neither the file nor the tag. Published already?"),
    "not_https": lazy("The site leads on to an address without https."),
    "other_proof": lazy("The file is there, but says something else. Put exactly the text below into it."),
    "timed_out": lazy("The site did not answer in time. We try again by ourselves."),
    "too_many_redirects": lazy("The site leads on and on. Look at its redirects."),
    "unreachable": lazy("The site could not be reached. We try again by ourselves."),
    "unresolved": lazy("There is no site of this name (yet). A new name takes some hours."),
}
"""Why a site is not proved, and what to do about it."""


class SiteForm(Form):
    origin = StringField(
        lazy("Address of the site"),
        filters=[strip],
        render_kw={"inputmode": "url", "autocomplete": "url", "maxlength": 300, "spellcheck": "false"},
    )


class LookForm(Form):
    accent = StringField(lazy("Colour"), filters=[strip], widget=ColorInput())
    theme = RadioField(
        lazy("Theme of the window"),
        choices=[
            ("auto", lazy("as the visitor's device has it")),
            ("light", lazy("always light")),
            ("dark", lazy("always dark")),
        ],
        validate_choice=False,
    )
    position = RadioField(
        lazy("Corner"),
        choices=[("bottom-right", lazy("right below")), ("bottom-left", lazy("left below"))],
        validate_choice=False,
    )
    label_ru = StringField(lazy("The button in Russian"), filters=[strip], render_kw={"maxlength": LONGEST_LABEL})
    label_en = StringField(lazy("The button in English"), filters=[strip], render_kw={"maxlength": LONGEST_LABEL})


@blueprint.get("")
@staff("partner:write", "web_widget")
def show_widget():
    """The code, the sites, the look."""
    return _show(SiteForm(formdata=None), _look_form())


@blueprint.post("/sites")
@staff("partner:write", "web_widget")
def add_site():
    """Let one more site show the widget."""
    form = SiteForm()
    is_loopback = current_app.config["SETTINGS"].sandbox

    def act() -> tuple[str, bool]:
        site = widget.add_site(
            g.me.partner_id, form.origin.data, by=g.me.customer_id, now=utcnow(), loopback=is_loopback
        )
        return site.origin, site.proved_at is not None

    added = carry_out(form, act)
    if added is None:
        return _show(form, _look_form()), 422
    origin, is_proved = added.answer
    if is_proved:
        flash(gettext("%(site)s may show the widget.", site=_readable(origin)), "success")
    else:
        flash(gettext("%(site)s is on the list. Now show that it is yours.", site=_readable(origin)), "info")
    return redirect(url_for(".show_widget"), 303)


@blueprint.post("/sites/<uuid:site_id>/check")
@staff("partner:write", "web_widget")
def check_site(site_id: UUID):
    """Have a site looked at for its proof; the page says when it was."""
    form, site = Form(), widget.get_site(g.me.partner_id, site_id)
    asked = carry_out(form, lambda: widget_proof.ask(site, utcnow()))
    if asked is None:
        flash(" ".join(form.refusals), "error")
    return redirect(url_for(".show_widget", _anchor="sites-head"), 303)


@blueprint.get("/proof")
@staff("partner:write", "web_widget")
def send_proof():
    """The file for the partner's sites."""
    partner = g.me.partner
    name = widget_proof.file_of(partner.code).rpartition("/")[2]
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(widget_proof.proof_of(partner.id), mimetype="text/plain", headers=headers)


@blueprint.post("/sites/remove")
@staff("partner:write", "web_widget")
def remove_site():
    """Let a site show it no longer."""
    origin = request.form.get("origin", "")
    in_transaction(lambda: widget.remove_site(g.me.partner_id, origin, by=g.me.customer_id))
    flash(gettext("The site is taken off the list."), "success")
    return redirect(url_for(".show_widget"), 303)


@blueprint.post("/look")
@staff("partner:write", "web_widget")
def change_look():
    """Take a look; white letters must be readable on its colour, so a light one is made darker."""
    form = LookForm()
    wanted = {"accent": None} if "usual" in request.form else {name: form[name].data for name in form.data}
    kept = carry_out(form, lambda: set_look(g.me.partner, wanted, by=g.me.customer_id, now=utcnow()))
    if kept is None:
        return _show(SiteForm(formdata=None), form), 422
    if wanted["accent"] and kept.answer.accent != parse_colour(wanted["accent"]):
        said = gettext("We made it darker so that white letters can be read: %(colour)s.", colour=kept.answer.accent)
        flash(said, "info")
    else:
        flash(gettext("Saved."), "success")
    return redirect(url_for(".show_widget"), 303)


@blueprint.get("/preview")
@staff("partner:write", "web_widget")
def show_preview():
    """The real widget on a page of ours: the one page that may hold a frame."""
    response = make_response(render_template("partner/widget_preview.html", partner=g.me.partner))
    response.headers["Content-Security-Policy"] = f"{CONTENT_POLICY}; frame-src 'self'"
    return response


def _show(sites_form: SiteForm, look_form: LookForm) -> str:
    partner, platform = g.me.partner, current_app.config["SETTINGS"].public_url
    return render_template(
        "partner/widget.html",
        partner=partner,
        sites=[_tell(site) for site in widget.list_site_rows(partner.id)],
        proof={
            "file": widget_proof.file_of(partner.code),
            "text": widget_proof.proof_of(partner.id),
            "meta": widget_proof.meta_of(partner.id),
        },
        sites_form=sites_form,
        look_form=look_form,
        look=show_look(partner),
        sheets=SHEETS,
        snippet=SNIPPET.format(platform=platform, code=partner.code, position=show_look(partner).position),
        without_waiting=WITHOUT_WAITING.format(platform=platform, code=partner.code),
        platform=platform,
    )


def _look_form() -> LookForm:
    look = show_look(g.me.partner)
    return LookForm(formdata=None, data=vars(look) | {"accent": look.colour})


def _tell(site: WidgetSite) -> dict[str, Any]:
    """A site as its row on the page."""
    return {
        "id": site.id,
        "origin": site.origin,
        "readable": _readable(site.origin),
        "state": widget_proof.state_of(site),
        "is_being_checked": widget_proof.is_being_checked(site, utcnow()),
        "shown_until": widget_proof.shown_until(site),
        "checked_at": site.checked_at,
        "failure": FAILURES.get(site.failure or ""),
    }


def _readable(origin: str) -> str:
    """`https://кофейня.рф:8443` instead of its ASCII form."""
    scheme, _, rest = origin.partition("://")
    host, colon, port = rest.partition(":")
    return f"{scheme}://{readable_host(origin)}{colon}{port}" if host else origin
