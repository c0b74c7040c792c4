"""The catalogue at the desk: what is sold, at what price, in what order, and the same as a table."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as lazy
from wtforms import BooleanField, StringField

from loyalty import service_files, services
from loyalty.clock import utcnow
from loyalty.errors import InvalidService, LoyaltyError, ServiceNotFound
from loyalty.rules import plain_number
from loyalty.services import Draft
from loyalty.sums import write_sum
from models.service import Service
from models.transactions import in_transaction
from web.access import staff
from web.desk.fields import PAGE, read_cursor, strip
from web.forms import Deed, Form, carry_out, refuse
from web.once import do_once
from web.sentences import say_error

blueprint = Blueprint("desk_services", __name__, url_prefix="/partner/services")

STATES = ("living", "hidden", "archived")


class ServiceForm(Form):
    name = StringField(lazy("Name"), filters=[strip], render_kw={"autocomplete": "off", "maxlength": 200})
    price = StringField(
        lazy("Price"), filters=[strip], render_kw={"autocomplete": "off", "inputmode": "decimal", "maxlength": 20}
    )
    category = StringField(
        lazy("Category"), filters=[strip], render_kw={"autocomplete": "off", "maxlength": 100, "list": "categories"}
    )
    minutes = StringField(
        lazy("Minutes"), filters=[strip], render_kw={"autocomplete": "off", "inputmode": "numeric", "maxlength": 4}
    )
    is_hidden = BooleanField(lazy("Hide from customers"))


class NewServiceForm(Deed, ServiceForm):
    """The same for a service that is not there yet."""


@blueprint.get("")
@staff("programme:read")
def list_services():
    """The catalogue in its order, by a part of a name or by a category; on request what is hidden or archived."""
    asked = {name: (request.args.get(name) or "").strip()[:200] for name in ("query", "category")}
    state = request.args.get("state") if request.args.get("state") in STATES else "living"
    found = services.list_services(
        g.me.partner_id,
        asked["query"],
        category=asked["category"] or None,
        state=state,
        after=read_cursor(request.args.get("after")),
        limit=PAGE + 1,
    )
    return render_template(
        "partner/services.html",
        shelves=services.by_category(found[:PAGE]),
        following=found[PAGE - 1].id if len(found) > PAGE else None,
        categories=services.list_categories(g.me.partner_id),
        state=state,
        undo=_find_archived(request.args.get("archived")),
        **asked,
    )


@blueprint.get("/new")
@staff("content:write")
def show_new():
    """An empty form, in the category the address names."""
    form = NewServiceForm(formdata=None, data={"category": (request.args.get("category") or "")[:100]})
    return _show_form(form)


@blueprint.post("/new")
@staff("content:write")
def make_service():
    """Put one more into the catalogue; with `again` the next one follows at once."""
    form = NewServiceForm()

    def act() -> dict[str, str]:
        made = services.make(g.me.partner, _read(form), by=g.me.customer_id, now=utcnow())
        return {"name": made.name}

    try:
        answer, _repeated = do_once(form, act)
    except LoyaltyError as refused:
        refuse(form, refused)
        return _show_form(form), 422
    flash(gettext("“%(name)s” is in the catalogue.", name=answer["name"]), "success")
    if request.form.get("again"):
        return redirect(url_for(".show_new", category=form.category.data or None), 303)
    return redirect(url_for(".list_services"), 303)


@blueprint.get("/<uuid:service_id>")
@staff("content:write")
def show_service(service_id: UUID):
    """The form of a living one."""
    row = _find(service_id)
    data = {name: getattr(row, name) for name in ("name", "category", "is_hidden")}
    data |= {"price": write_sum(row.price), "minutes": str(row.minutes or "")}
    return _show_form(ServiceForm(formdata=None, data=data), row)


@blueprint.post("/<uuid:service_id>")
@staff("content:write")
def change_service(service_id: UUID):
    """Write it anew."""
    row, form = _find(service_id), ServiceForm()
    if carry_out(form, lambda: services.change(g.me.partner, row.id, _read(form), by=g.me.customer_id)) is None:
        return _show_form(form, services.get_service(g.me.partner_id, service_id)), 422
    flash(gettext("Saved."), "success")
    return redirect(url_for(".list_services"), 303)


@blueprint.post("/<uuid:service_id>/act")
@staff("content:write")
def act(service_id: UUID):
    """Hide, show, archive, restore or move it: the button says which."""
    what, shop, by = request.form.get("act", ""), g.me.partner, g.me.customer_id
    acts = {
        "hide": lambda: services.hide(shop, service_id, by=by),
        "show": lambda: services.hide(shop, service_id, False, by=by),
        "archive": lambda: services.archive(shop, service_id, by=by, now=utcnow()),
        "restore": lambda: services.restore(shop, service_id, by=by),
        "up": lambda: services.move(shop, service_id, up=True),
        "down": lambda: services.move(shop, service_id, up=False),
    }
    row = services.get_service(g.me.partner_id, service_id)
    try:
        in_transaction(acts.get(what, lambda: row))
    except LoyaltyError as refused:
        flash(say_error(refused), "error")
    if what == "restore":
        flash(gettext("“%(name)s” is in the catalogue.", name=row.name), "success")
    archived = service_id if what == "archive" else None
    return redirect(url_for(".list_services", archived=archived, _anchor=None if archived else f"s-{service_id}"), 303)


@blueprint.get("/export.csv")
@staff("programme:read")
def export():
    """The catalogue as a table."""
    headers = {"Content-Disposition": 'attachment; filename="services.csv"'}
    return Response(service_files.write_file(g.me.partner_id), mimetype="text/csv", headers=headers)


@blueprint.get("/import")
@staff("content:write")
def show_import():
    """Where a table is handed in."""
    return render_template("partner/services_import.html", form=Form(), rows=None)


@blueprint.post("/import")
@staff("content:write")
def take_file():
    """What the table would change, and on the second press that."""
    form, given = Form(), request.files.get("file")
    try:
        text = service_files.decode(given.read()) if given else request.form.get("text", "")
        rows = service_files.read_file(g.me.partner_id, text)
        if not given and request.form.get("act") == "take":
            in_transaction(lambda: service_files.take(g.me.partner, rows, by=g.me.customer_id, now=utcnow()))
    except LoyaltyError as refused:
        refuse(form, refused)
        return render_template("partner/services_import.html", form=form, rows=None), 422
    if given or request.form.get("act") != "take":
        return render_template(
            "partner/services_import.html", form=form, rows=rows, text=text, say_error=say_error, describe=_describe
        )
    flash(gettext("The catalogue is as the table says."), "success")
    return redirect(url_for(".list_services"), 303)


def _describe(row: Draft | Service) -> str:
    """«1 500 ₽ · Волосы · 45 мин»: what a line has and what it had, to be compared."""
    parts = [write_sum(row.price) + " ₽", row.category or ""]
    parts.append(gettext("%(n)s min", n=row.minutes) if row.minutes else "")
    parts.append(gettext("hidden") if row.is_hidden else "")
    return " · ".join(part for part in parts if part)


def _read(form: ServiceForm) -> Draft:
    minutes = form.minutes.data
    if minutes and not (minutes.isascii() and minutes.isdigit()):
        raise InvalidService("must be a whole number", field="minutes")
    return services.read_draft(
        name=form.name.data,
        price=plain_number(form.price.data),
        category=form.category.data or None,
        minutes=int(minutes) if minutes else None,
        is_hidden=form.is_hidden.data,
    )


def _find(service_id: UUID) -> Service:
    row = services.get_service(g.me.partner_id, service_id)
    if row.archived_at is not None:
        raise ServiceNotFound()
    return row


def _find_archived(text: str | None) -> Service | None:
    """The one that was archived just now, to take that back."""
    try:
        row = services.get_service(g.me.partner_id, UUID(text or ""))
    except (ValueError, ServiceNotFound):
        return None
    return row if row.archived_at is not None else None


def _show_form(form: ServiceForm, row: Service | None = None) -> str:
    categories = [category for category, _ in services.list_categories(g.me.partner_id)]
    return render_template("partner/service.html", form=form, row=row, categories=categories)
