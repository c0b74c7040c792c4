"""The widget at the owner's desk: the code to paste, the sites that may show it, and how it looks."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as lazy
from wtforms import RadioField, StringField
from wtforms.widgets import ColorInput

from loyalty import widget
from loyalty.clock import utcnow
from loyalty.colours import parse_colour
from loyalty.origins import readable_host
from loyalty.widget_look import LONGEST_LABEL, SHEETS, set_look, show_look
from models.transactions import in_transaction
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
@staff("partner:write")
def show_widget():
    """The code, the sites, the look."""
    return _show(SiteForm(formdata=None), _look_form())


@blueprint.post("/sites")
@staff("partner:write")
def add_site():
    """Let one more site show the widget."""
    form = SiteForm()
    is_loopback = current_app.config["SETTINGS"].sandbox

    def act() -> str:
        return widget.add_site(
            g.me.partner_id, form.origin.data, by=g.me.customer_id, now=utcnow(), loopback=is_loopback
        ).origin

    added = carry_out(form, act)
    if added is None:
        return _show(form, _look_form()), 422
    flash(gettext("%(site)s may show the widget.", site=_readable(added.answer)), "success")
    return redirect(url_for(".show_widget"), 303)


@blueprint.post("/sites/remove")
@staff("partner:write")
def remove_site():
    """Let a site show it no longer."""
    origin = request.form.get("origin", "")
    in_transaction(lambda: widget.remove_site(g.me.partner_id, origin, by=g.me.customer_id))
    flash(gettext("The site is taken off the list."), "success")
    return redirect(url_for(".show_widget"), 303)


@blueprint.post("/look")
@staff("partner:write")
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
@staff("partner:write")
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
        sites=[(origin, _readable(origin)) for origin in widget.list_sites(partner.id)],
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


def _readable(origin: str) -> str:
    """`https://кофейня.рф:8443` instead of its ASCII form."""
    scheme, _, rest = origin.partition("://")
    host, colon, port = rest.partition(":")
    return f"{scheme}://{readable_host(origin)}{colon}{port}" if host else origin
