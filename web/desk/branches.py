"""The partner's places: open, rename, close, open again."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as lazy
from wtforms import StringField

from loyalty import partners
from loyalty.clock import utcnow
from loyalty.errors import LoyaltyError
from models.partner import Branch
from web.access import staff
from web.desk.fields import PAGE, read_cursor, strip
from web.forms import Deed, Form, carry_out, refuse
from web.once import do_once

blueprint = Blueprint("desk_branches", __name__, url_prefix="/partner/branches")


class BranchForm(Form):
    name = StringField(lazy("Name of the branch"), filters=[strip], render_kw={"autocomplete": "off", "maxlength": 200})
    address = StringField(
        lazy("Address"), filters=[strip], render_kw={"autocomplete": "street-address", "maxlength": 500}
    )


class NewBranchForm(Deed, BranchForm):
    """The same for a branch that is not there yet."""


@blueprint.get("")
@staff("branches:read")
def list_branches():
    """The branches, on request with the closed ones."""
    everything = request.args.get("all") == "1"
    found = partners.list_branches(
        g.me.partner_id, closed=everything, after=read_cursor(request.args.get("after")), limit=PAGE + 1
    )
    return render_template(
        "partner/branches.html",
        branches=found[:PAGE],
        after=found[PAGE - 1].id if len(found) > PAGE else None,
        everything=everything,
    )


@blueprint.get("/new")
@staff("branches:write")
def show_opening():
    """What a new branch is called and where it is."""
    return render_template("partner/branch_new.html", form=NewBranchForm(formdata=None))


@blueprint.post("/new")
@staff("branches:write")
def open_branch():
    """Open a branch."""
    form = NewBranchForm()

    def act() -> dict[str, str]:
        made = partners.open_branch(
            g.me.partner_id, form.name.data, form.address.data, by=g.me.customer_id, now=utcnow()
        )
        return {"name": made.name}

    try:
        answer, _repeated = do_once(form, act)
    except LoyaltyError as refused:
        refuse(form, refused)
        return render_template("partner/branch_new.html", form=form), 422
    flash(gettext("The branch “%(name)s” is open.", name=answer["name"]), "success")
    return redirect(url_for(".list_branches"), 303)


@blueprint.get("/<uuid:branch_id>")
@staff("branches:write")
def show_branch(branch_id: UUID):
    """One branch."""
    branch = partners.get_branch(g.me.partner_id, branch_id)
    form = BranchForm(formdata=None, data={"name": branch.name, "address": branch.address})
    return render_template("partner/branch.html", form=form, branch=branch)


@blueprint.post("/<uuid:branch_id>")
@staff("branches:write")
def change_branch(branch_id: UUID):
    """Rename a branch or write another address."""
    form = BranchForm()
    branch = partners.get_branch(g.me.partner_id, branch_id)
    if carry_out(form, lambda: _update(branch_id, {"name": form.name.data, "address": form.address.data})) is None:
        return render_template("partner/branch.html", form=form, branch=branch), 422
    flash(gettext("Saved."), "success")
    return redirect(url_for(".list_branches"), 303)


@blueprint.get("/<uuid:branch_id>/close")
@staff("branches:write")
def ask_closing(branch_id: UUID):
    """Are you sure?"""
    branch = partners.get_branch(g.me.partner_id, branch_id)
    return render_template("partner/branch_close.html", branch=branch, form=None)


@blueprint.post("/<uuid:branch_id>/close")
@staff("branches:write")
def close_branch(branch_id: UUID):
    """Close a branch; its history stays."""
    form, branch = Form(), partners.get_branch(g.me.partner_id, branch_id)
    if carry_out(form, lambda: _update(branch_id, {"state": "closed"})) is None:
        return render_template("partner/branch_close.html", branch=branch, form=form), 422
    flash(gettext("The branch is closed. Its purchases stay in the history."), "success")
    return redirect(url_for(".list_branches"), 303)


@blueprint.post("/<uuid:branch_id>/open")
@staff("branches:write")
def reopen_branch(branch_id: UUID):
    """Open a closed branch again."""
    partners.get_branch(g.me.partner_id, branch_id)
    carry_out(Form(), lambda: _update(branch_id, {"state": "open"}))
    flash(gettext("The branch is open again."), "success")
    return redirect(url_for(".list_branches"), 303)


def _update(branch_id: UUID, changes: dict[str, str]) -> Branch:
    return partners.update_branch(g.me.partner_id, branch_id, changes, by=g.me.customer_id, now=utcnow())
