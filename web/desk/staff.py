"""Who works here: hiring, changing, dismissing, and leaving by oneself."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as lazy
from wtforms import RadioField, SelectChoice, SelectField, StringField

from loyalty import partners
from loyalty import staff as staff_book
from loyalty.clock import utcnow
from loyalty.errors import LoyaltyError
from loyalty.identities import Identifier, recognise
from loyalty.staff import ROLES, SCOPES, StaffRow
from web.access import PARTNER_FIELD, ROLE_NAMES, FormExpired, staff
from web.desk.fields import PAGE, branch_choices, read_branch, read_cursor, strip
from web.formats import use_zone
from web.forms import Deed, Form, carry_out, refuse
from web.once import do_once

blueprint = Blueprint("desk_staff", __name__, url_prefix="/partner")

ROLE_SUMMARIES = {
    "owner": lazy("Owner: everything, also the rules, the staff and the keys"),
    "manager": lazy("Manager: the till, customers, branches, figures and files"),
    "cashier": lazy("Cashier: the till and customers"),
    "ai_marketer": lazy("Marketer: customers without phones and e-mails, figures"),
    "content_manager": lazy("Content manager: sees the rules and branches, no customers"),
}
ABILITIES = {
    "points:credit": lazy("credit points for purchases"),
    "points:spend": lazy("take points as payment"),
    "points:refund": lazy("make returns"),
    "customers:read": lazy("see customers"),
    "customers:contacts": lazy("see their phones and e-mails"),
    "customers:write": lazy("change a customer's card"),
    "transactions:read": lazy("see purchases and operations"),
    "stats:read": lazy("see the figures"),
    "export:read": lazy("download files"),
    "branches:write": lazy("open and close branches"),
    "staff:read": lazy("see who works here"),
    "staff:write": lazy("hire and dismiss"),
    "programme:write": lazy("change the rules of the programme"),
    "keys:write": lazy("make and revoke keys of tills"),
    "partner:write": lazy("change the name and the widget"),
}
"""What a role may do today, in words; the roles' own list is the core's."""


class StaffForm(Form):
    """One of the staff as they are now."""

    name = StringField(lazy("Name"), filters=[strip], render_kw={"autocomplete": "off", "maxlength": 200})
    role = RadioField(lazy("What they may do"), choices=[SelectChoice(role, ROLE_SUMMARIES[role]) for role in ROLES])
    branch_id = SelectField(lazy("Branch"), validate_choice=False)


class HireForm(Deed, StaffForm):
    contact = StringField(
        lazy("Phone or e-mail to sign in with"),
        filters=[strip],
        render_kw={"autocomplete": "off", "maxlength": 254, "spellcheck": "false"},
    )


@blueprint.get("/staff")
@staff("staff:read")
def list_staff():
    """Who works here, on request with those who did."""
    use_zone(g.me.partner.timezone)
    everybody = request.args.get("all") == "1"
    found = staff_book.list_staff(
        g.me.partner_id, dismissed=everybody, after=read_cursor(request.args.get("after")), limit=PAGE + 1
    )
    return render_template(
        "partner/staff.html",
        rows=found[:PAGE],
        after=found[PAGE - 1].staff_id if len(found) > PAGE else None,
        everybody=everybody,
        branches={branch.id: branch.name for branch in partners.list_branches(g.me.partner_id, closed=True)},
        role_names=ROLE_NAMES,
        abilities=describe_roles(),
    )


@blueprint.get("/staff/new")
@staff("staff:write")
def show_hiring():
    """Whom to hire, and as what."""
    return _show_hiring(_prepare(HireForm(formdata=None, data={"role": "cashier"})))


@blueprint.post("/staff/new")
@staff("staff:write")
def hire():
    """Hire by phone or e-mail; whoever is not there yet is made, and signs in by a code."""
    form = _prepare(HireForm())

    def act() -> dict[str, str]:
        partner = g.me.partner
        hired = staff_book.hire(
            partner,
            recognise(form.contact.data, partner, field="contact"),
            form.role.data,
            read_branch(form.branch_id.data),
            by=g.me.customer_id,
            now=utcnow(),
            name=form.name.data,
        )
        return {"staff_id": str(hired.id)}

    try:
        answer, _repeated = do_once(form, act)
    except LoyaltyError as refused:
        refuse(form, refused, {"": "contact"})
        return _show_hiring(form), 422
    told = gettext(
        "%(name)s works here now. Ask them to open the sign-in page, choose “For staff” and enter this phone or e-mail.",
        name=staff_book.get_staff(g.me.partner_id, UUID(answer["staff_id"])).name or form.contact.data,
    )
    flash(told, "success")
    return redirect(url_for(".list_staff"), 303)


@blueprint.get("/staff/<uuid:staff_id>")
@staff("staff:write")
def show_staff(staff_id: UUID):
    """One of the staff: name, role, branch; dismissed ones can come back."""
    row = staff_book.get_staff(g.me.partner_id, staff_id)
    data = {"name": row.name, "role": row.role, "branch_id": str(row.branch_id or "")}
    return _show_staff(_prepare(StaffForm(formdata=None, data=data), row.branch_id), row)


@blueprint.post("/staff/<uuid:staff_id>")
@staff("staff:write")
def change_staff(staff_id: UUID):
    """Change name, role and branch; somebody dismissed is hired again with them."""
    row = staff_book.get_staff(g.me.partner_id, staff_id)
    form = _prepare(StaffForm(), row.branch_id)

    def act() -> None:
        role, branch, name, now = form.role.data, read_branch(form.branch_id.data), form.name.data, utcnow()
        if row.state == "active":
            staff_book.change(
                g.me.partner_id, staff_id, role=role, branch_id=branch, by=g.me.customer_id, now=now, name=name
            )
        else:
            former = Identifier("customer_id", str(row.customer_id))
            staff_book.hire(g.me.partner, former, role, branch, by=g.me.customer_id, now=now, name=name)

    if carry_out(form, act) is None:
        return _show_staff(form, row), 422
    flash(gettext("Saved."), "success")
    still_owner = row.customer_id != g.me.customer_id or "staff:read" in SCOPES[form.role.data]
    return redirect(url_for(".list_staff") if still_owner else "/partner", 303)


@blueprint.get("/staff/<uuid:staff_id>/dismiss")
@staff("staff:write")
def ask_dismissal(staff_id: UUID):
    """Are you sure?"""
    row = staff_book.get_staff(g.me.partner_id, staff_id)
    return render_template("partner/staff_dismiss.html", row=row, form=None)


@blueprint.post("/staff/<uuid:staff_id>/dismiss")
@staff("staff:write")
def dismiss(staff_id: UUID):
    """Dismiss at once: that person's next request is refused."""
    row = staff_book.get_staff(g.me.partner_id, staff_id)
    form = Form()
    if (
        carry_out(form, lambda: staff_book.dismiss(g.me.partner_id, staff_id, by=g.me.customer_id, now=utcnow()))
        is None
    ):
        return render_template("partner/staff_dismiss.html", row=row, form=form), 422
    flash(gettext("%(name)s does not work here any more.", name=row.name or gettext("This person")), "success")
    gone = row.customer_id == g.me.customer_id
    return redirect("/" if gone else url_for(".list_staff"), 303)


@blueprint.get("/leave")
@staff("branches:read")
def ask_leaving():
    """Are you sure that you stop working here?"""
    return render_template("partner/leave.html", form=None)


@blueprint.post("/leave")
@staff("branches:read")
def leave():
    """Stop working here by one's own wish; the form names the partner, so that nobody leaves another one by mistake."""
    form, name = Form(), g.me.place.partner_name
    if request.form.get(PARTNER_FIELD) != str(g.me.partner_id):
        refuse(form, FormExpired())
        return render_template("partner/leave.html", form=form), 422
    if carry_out(form, lambda: staff_book.leave(g.me.partner_id, g.me.customer_id, utcnow())) is None:
        return render_template("partner/leave.html", form=form), 422
    flash(gettext("You do not work at %(partner)s any more.", partner=name), "success")
    return redirect("/customer", 303)


def describe_roles() -> list[tuple[str, str]]:
    """Each role and what it may do, in words."""
    told = []
    for role in ROLES:
        abilities = [str(text) for scope, text in ABILITIES.items() if scope in SCOPES[role]]
        told.append((str(ROLE_NAMES[role]), ", ".join(abilities) or gettext("see the rules and the branches")))
    return told


def _prepare(form: StaffForm, own: UUID | None = None) -> StaffForm:
    form.branch_id.choices = branch_choices(g.me.partner_id, own)
    return form


def _show_hiring(form: HireForm) -> str:
    return render_template("partner/staff_new.html", form=form, abilities=describe_roles())


def _show_staff(form: StaffForm, row: StaffRow) -> str:
    use_zone(g.me.partner.timezone)
    return render_template(
        "partner/staff_one.html",
        form=form,
        row=row,
        is_me=row.customer_id == g.me.customer_id,
        role_name=ROLE_NAMES[row.role],
        abilities=describe_roles(),
    )
