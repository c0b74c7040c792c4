"""Is the process alive, and is everything behind it ready."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask, current_app, jsonify
from marshmallow import fields

from api.blueprint import Blueprint
from api.schemas.fields import Output
from config import ROOT
from loyalty import heartbeats
from loyalty.access import public
from loyalty.clock import utcnow
from models import db

log = structlog.get_logger("kopilka.health")
blueprint = Blueprint("health", __name__, description="For those who run the system")

Check = Callable[[], str | None]
"""Says in a few words what is missing, or nothing. A check that raises counts as not ready."""


class Health(Output):
    status = fields.String(required=True, metadata={"enum": ["ok"]})


class Readiness(Output):
    status = fields.String(required=True, metadata={"enum": ["ready", "not_ready"]})
    checks = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


def register_readiness(app: Flask) -> None:
    """Checks live in ``app.extensions["readiness"]`` by name; whoever brings a part adds its own."""
    heads = ScriptDirectory.from_config(_alembic()).get_heads()
    checks: dict[str, Check] = app.extensions.setdefault("readiness", {})
    checks["database"] = lambda: _check_migrations(set(heads))
    checks["workers"] = _check_workers


@blueprint.get("/healthz")
@public
@blueprint.response(200, Health)
def healthz():
    """The process answers."""
    return {"status": "ok"}


@blueprint.get("/readyz")
@public
@blueprint.response(200, Readiness)
@blueprint.alt_response(503, schema=Readiness, description="Something is still missing; `checks` names it")
def readyz():
    """Database, migrations and whatever else this process needs are there."""
    found = {name: _run(name, check) for name, check in sorted(current_app.extensions["readiness"].items())}
    is_ready = all(state == "ok" for state in found.values())
    response = jsonify(status="ready" if is_ready else "not_ready", checks=found)
    response.status_code = 200 if is_ready else 503
    return response


def _run(name: str, check: Check) -> str:
    try:
        return check() or "ok"
    except Exception as error:
        db.session.rollback()
        log.warning("not_ready", check=name, error=type(error).__name__)
        return "fails"


def _check_migrations(heads: set[str]) -> str | None:
    current = set(MigrationContext.configure(db.session.connection()).get_current_heads())
    return None if current == heads else "the migrations are not at the head"


def _check_workers() -> str | None:
    late = [part for part in heartbeats.PARTS if not heartbeats.is_alive(part, utcnow())]
    return f"not running: {', '.join(late)}" if late else None


def _alembic() -> Config:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    return config
