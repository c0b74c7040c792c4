"""Builds the WSGI application from settings."""

from __future__ import annotations

from functools import wraps

from flask import Flask, request
from flask_migrate import Migrate

from api import (
    admin,
    auth,
    claims,
    customer,
    documents,
    health,
    inbound,
    members,
    nps,
    partner,
    plans,
    pos,
    promotions,
    referrals,
    sale_codes,
    services,
    widget,
    widget_settings,
)
from api.commands.admin import admin_group
from api.commands.bot import bot_group
from api.commands.imports import import_group
from api.commands.ledger import ledger_group
from api.commands.outbox import outbox_group
from api.commands.programme import programme_group
from api.documents import make_api
from api.errors import register_error_handlers
from api.requests import configure_logging, wrap_requests
from api.tokens import configure_tokens
from config import ROOT, WEB_THREADS, Settings
from loyalty import sealing, sign_in
from models import db, ping_after_rest
from web import add_pages
from web.errors import FORMS
from web.sign_in import take_registration

BLUEPRINTS = (
    auth.blueprint,
    customer.blueprint,
    partner.blueprint,
    members.blueprint,
    claims.own,
    claims.desk,
    sale_codes.own,
    sale_codes.desk,
    promotions.blueprint,
    referrals.own,
    referrals.desk,
    services.blueprint,
    nps.desk,
    nps.own,
    nps.links,
    plans.desk,
    plans.blueprint,
    pos.blueprint,
    inbound.blueprint,
    admin.blueprint,
    widget.blueprint,
    widget_settings.blueprint,
    documents.blueprint,
    health.blueprint,
)

_CONNECTION = "-c lock_timeout=5000 -c idle_in_transaction_session_timeout=60000 -c timezone=UTC"
"""Nobody waits for a lock longer than five seconds: the caller gets 503 and may come back."""


def create_app(settings: Settings, database_url: str) -> Flask:
    """The application over a database that is already there (`models.embedded` finds or starts one)."""
    configure_logging(settings.log_level)
    app = Flask("kopilka", static_folder=None)
    app.json.ensure_ascii = False
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SETTINGS=settings,
        SQLALCHEMY_DATABASE_URI=database_url,
        SQLALCHEMY_ENGINE_OPTIONS={"pool_size": WEB_THREADS, "connect_args": {"options": _CONNECTION}},
    )
    sealing.configure(settings.secret_key, settings.encryption_keys)
    sign_in.configure_limits(
        per_target_an_hour=settings.codes_per_target, per_address_a_minute=settings.codes_per_address
    )
    db.init_app(app)
    with app.app_context():
        ping_after_rest(db.engine)
    Migrate(app, db, directory=str(ROOT / "migrations"), compare_server_default=True)
    wrap_requests(app, settings)
    register_error_handlers(app)
    configure_tokens(app, settings)
    health.register_readiness(app)
    api = make_api(app)
    for blueprint in BLUEPRINTS:
        api.register_blueprint(blueprint)
    add_pages(app, settings)
    _let_forms_in(app)
    app.cli.add_command(admin_group)
    app.cli.add_command(bot_group)
    app.cli.add_command(import_group)
    app.cli.add_command(ledger_group)
    app.cli.add_command(outbox_group)
    app.cli.add_command(programme_group)
    return app


def _let_forms_in(app: Flask) -> None:
    """`POST /register` is one address with two doors: JSON is the API's, a form is the page's."""
    endpoint = next(
        rule.endpoint for rule in app.url_map.iter_rules() if rule.rule == "/register" and "POST" in rule.methods
    )
    takes_json = app.view_functions[endpoint]

    @wraps(takes_json)
    def choose(*args, **kwargs):
        return take_registration() if request.mimetype in FORMS else takes_json(*args, **kwargs)

    choose.takes_forms = True
    app.view_functions[endpoint] = choose
