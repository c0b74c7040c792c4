"""Keys of tills and other machines: made, shown once, replaced, revoked."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as lazy
from wtforms import HiddenField, SelectChoice, SelectField, SelectMultipleField, StringField
from wtforms.widgets import CheckboxInput

from loyalty import api_keys, partners
from loyalty.api_keys import KEY_SCOPES, TILL_SCOPES
from loyalty.clock import utcnow
from loyalty.errors import ApiKeyNotFound, LoyaltyError
from web.access import staff
from web.desk.fields import PAGE, branch_choices, read_branch, read_cursor, strip
from web.formats import use_zone
from web.forms import Deed, Form, carry_out, refuse
from web.once import do_once

blueprint = Blueprint("desk_keys", __name__, url_prefix="/partner/keys")

SCOPE_NAMES = {
    "pos:quote": lazy("ask what a purchase would earn and could take"),
    "pos:hold": lazy("reserve points for a purchase"),
    "pos:sale": lazy("credit purchases and take points"),
    "pos:refund": lazy("make returns"),
    "inbound:clients": lazy("send customers of a CRM"),
    "inbound:purchases": lazy("send purchases of a CRM"),
}


class KeyForm(Deed):
    name = StringField(lazy("What it is for"), filters=[strip], render_kw={"autocomplete": "off", "maxlength": 200})
    scopes = SelectMultipleField(
        lazy("What the key may do"),
        option_widget=CheckboxInput(),
        choices=[SelectChoice(scope, SCOPE_NAMES[scope]) for scope in KEY_SCOPES],
        validate_choice=False,
    )
    branch_id = SelectField(lazy("Branch"), validate_choice=False)
    replaces = HiddenField()


@blueprint.get("")
@staff("keys:read")
def list_keys():
    """The keys that work, on request with the revoked ones."""
    use_zone(g.me.partner.timezone)
    everything = request.args.get("all") == "1"
    found = api_keys.list_keys(
        g.me.partner_id, revoked=everything, after=read_cursor(request.args.get("after")), limit=PAGE + 1
    )
    return render_template(
        "partner/keys.html",
        keys=found[:PAGE],
        after=found[PAGE - 1].id if len(found) > PAGE else None,
        everything=everything,
        branches={branch.id: branch.name for branch in partners.list_branches(g.me.partner_id, closed=True)},
        scope_names=SCOPE_NAMES,
    )


@blueprint.get("/new")
@staff("keys:write", "till_integration")
def show_making():
    """What a new key is for; `replaces` makes it the same till as an older one."""
    data = {"scopes": list(TILL_SCOPES), "replaces": request.args.get("replaces", "")}
    if replaced := _read_id(data["replaces"]):
        old = api_keys.get_key(g.me.partner_id, replaced)
        data |= {"name": old.name, "scopes": old.scopes, "branch_id": str(old.branch_id or "")}
    return _show_making(_prepare(KeyForm(formdata=None, data=data)))


@blueprint.post("/new")
@staff("keys:write", "till_integration")
def make_key():
    """Make the key and show it this once. The page is not kept by the browser, and sent again it makes no second key."""
    form, shown = _prepare(KeyForm()), []

    def act() -> dict[str, str]:
        key, plain = api_keys.create(
            g.me.partner_id,
            form.name.data,
            form.scopes.data or [],
            read_branch(form.branch_id.data),
            by=g.me.customer_id,
            now=utcnow(),
            replaces=_read_id(form.replaces.data),
        )
        shown[:] = [plain]
        return {"name": key.name}

    try:
        answer, repeated = do_once(form, act)
    except LoyaltyError as refused:
        refuse(form, refused, {"": "scopes"} if refused.code == "invalid_scope" else {})
        return _show_making(form), 422
    if repeated:
        flash(
            gettext(
                "This key was made already and is not shown again. If nobody wrote it down, revoke it and make another."
            ),
            "info",
        )
        return redirect(url_for(".list_keys"), 303)
    page = render_template("partner/key_made.html", name=answer["name"], plain=shown[0], replaced=form.replaces.data)
    response = make_response(page)
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/<uuid:key_id>/revoke")
@staff("keys:write")
def ask_revocation(key_id: UUID):
    """Are you sure?"""
    return render_template("partner/key_revoke.html", key=api_keys.get_key(g.me.partner_id, key_id))


@blueprint.post("/<uuid:key_id>/revoke")
@staff("keys:write")
def revoke(key_id: UUID):
    """Revoke at once: the till's next call is refused."""
    name = api_keys.get_key(g.me.partner_id, key_id).name
    carry_out(Form(), lambda: api_keys.revoke(g.me.partner_id, key_id, by=g.me.customer_id, now=utcnow()))
    flash(gettext("The key “%(name)s” does not work any more.", name=name), "success")
    return redirect(url_for(".list_keys"), 303)


def _prepare(form: KeyForm) -> KeyForm:
    form.branch_id.choices = branch_choices(g.me.partner_id)
    return form


def _show_making(form: KeyForm) -> str:
    return render_template("partner/key_new.html", form=form)


def _read_id(text: str | None) -> UUID | None:
    """Raises `ApiKeyNotFound` for what cannot be a key's id."""
    try:
        return UUID(text) if text else None
    except ValueError:
        raise ApiKeyNotFound() from None
