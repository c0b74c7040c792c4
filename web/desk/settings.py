"""The partner's name and time zone."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as lazy
from wtforms import SelectField, StringField

from loyalty import partners
from loyalty.clock import utcnow
from web.access import staff
from web.desk.fields import strip
from web.forms import Form, carry_out
from web.zones import zone_choices

blueprint = Blueprint("desk_settings", __name__, url_prefix="/partner/settings")


class SettingsForm(Form):
    name = StringField(
        lazy("Name that customers see"), filters=[strip], render_kw={"autocomplete": "organization", "maxlength": 200}
    )
    timezone = SelectField(lazy("Time zone"), validate_choice=False)


@blueprint.get("")
@staff("partner:write")
def show_settings():
    """The name, the time zone, and the partner's public number."""
    partner = g.me.partner
    return _show(SettingsForm(formdata=None, data={"name": partner.name, "timezone": partner.timezone}))


@blueprint.post("")
@staff("partner:write")
def change_settings():
    """Change the name or the time zone."""
    form = SettingsForm()
    changes = {"name": form.name.data, "timezone": form.timezone.data}
    if (
        carry_out(form, lambda: partners.update_partner(g.me.partner, changes, by=g.me.customer_id, now=utcnow()))
        is None
    ):
        return _show(form), 422
    flash(gettext("Saved."), "success")
    return redirect(url_for(".show_settings"), 303)


def _show(form: SettingsForm) -> str:
    form.timezone.choices = zone_choices(utcnow(), g.me.partner.timezone)
    return render_template("partner/settings.html", form=form, partner=g.me.partner)
