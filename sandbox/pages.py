"""`/sandbox`: who lives in the demo world, how to be one of them, and every message sent."""

from __future__ import annotations

from flask import Blueprint, current_app, jsonify, render_template

from loyalty.access import public
from sandbox import messages, world

blueprint = Blueprint("sandbox", __name__, url_prefix="/sandbox", template_folder="templates")

ROLES = {"customer": "покупатель", "admin": "администратор", "owner": "владелец", "cashier": "кассир", "till": "касса"}
CHANNELS = {"telegram": "Telegram", "sms": "SMS", "email": "Почта"}


@blueprint.get("")
@public
def show_sandbox():
    """The door of the demo for people."""
    people = world.list_people(_secret())
    latest = messages.latest()
    return render_template("sandbox.html", people=people, messages=latest, roles=ROLES, channels=CHANNELS)


@blueprint.get("/people.json")
@public
def list_people():
    """The same people for scripts."""
    return jsonify(items=world.list_people(_secret()))


def _secret() -> str:
    return current_app.config["SETTINGS"].secret_key
