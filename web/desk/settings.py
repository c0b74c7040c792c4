"""The partner's name and time zone, and what its customers are told."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as lazy
from wtforms import SelectChoice, SelectField, SelectMultipleField, StringField
from wtforms.widgets import CheckboxInput, ListWidget

from loyalty import partners
from loyalty.clock import utcnow
from loyalty.notices import KINDS
from web.access import staff
from web.desk.fields import strip
from web.forms import Form, carry_out
from web.profile import NOTICES
from web.zones import zone_choices

blueprint = Blueprint("desk_settings", __name__, url_prefix="/partner/settings")


class SettingsForm(Form):
    name = StringField(
        lazy("Name that customers see"), filters=[strip], render_kw={"autocomplete": "organization", "maxlength": 200}
    )
    timezone = SelectField(lazy("Time zone"), validate_choice=False)


class NoticesForm(Form):
    told = SelectMultipleField(
        lazy("Tell customers when"),
        choices=[SelectChoice(kind, NOTICES[kind]) for kind in KINDS],
        option_widget=CheckboxInput(),
        widget=ListWidget(),
    )


@blueprint.get("")
@staff("partner:write")
def show_settings():
    """The name, the time zone, what customers are told, and the partner's public number."""
    return _show(_settings_form())


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


@blueprint.post("/notices")
@staff("partner:write")
def change_notices():
    """Choose which kinds of notices the partner's customers are sent."""
    form = NoticesForm()
    changes = {"notices_off": [kind for kind in KINDS if kind not in (form.told.data or [])]}
    changed = form.validate() and carry_out(
        form, lambda: partners.update_partner(g.me.partner, changes, by=g.me.customer_id, now=utcnow())
    )
    if not changed:
        return _show(_settings_form(), form), 422
    flash(gettext("Saved."), "success")
    return redirect(url_for(".show_settings", _anchor="notices"), 303)


def _settings_form() -> SettingsForm:
    partner = g.me.partner
    return SettingsForm(formdata=None, data={"name": partner.name, "timezone": partner.timezone})


def _show(form: SettingsForm, notices: NoticesForm | None = None) -> str:
    partner = g.me.partner
    form.timezone.choices = zone_choices(utcnow(), partner.timezone)
    told = [kind for kind in KINDS if kind not in partner.notices_off]
    notices = notices or NoticesForm(formdata=None, data={"told": told})
    return render_template("partner/settings.html", form=form, notices=notices, partner=partner)
