"""Where an admin begins: the platform in figures, and what waits for a decision."""

from __future__ import annotations

from flask import Blueprint, render_template

from loyalty import applications, directory
from loyalty.clock import utcnow
from models.transactions import in_transaction
from web.access import platform

blueprint = Blueprint("admin_overview", __name__)

_QUEUE = 5
"""How many waiting applications are shown here."""


@blueprint.get("/admin")
@platform("admin")
def show_overview():
    """The figures and the head of the queue."""
    figures = in_transaction(lambda: directory.show_figures(utcnow()))
    return render_template(
        "admin/overview.html",
        figures=figures,
        queue=applications.list_pending(limit=_QUEUE),
        waiting=applications.count_pending(),
    )
