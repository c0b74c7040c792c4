"""The numbered migrations: up, down and up again on a real database, and at the top equal to the models."""

from __future__ import annotations

import dataclasses

import flask_migrate
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from api import create_app
from config import ROOT
from models import db


@pytest.fixture
def empty_app(settings, databases):
    """The application over a database without any table."""
    url = databases.empty()
    app = create_app(dataclasses.replace(settings, database_url=url), url)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()
    databases.drop(url)


def revisions() -> list[str]:
    """From the oldest to the newest."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    script = ScriptDirectory.from_config(config)
    assert len(script.get_heads()) == 1, "two migrations follow the same one"
    return [revision.revision for revision in reversed(list(script.walk_revisions()))]


def catalogue() -> set[tuple]:
    """Everything the migrations make: columns, constraints, indexes, triggers and functions as PostgreSQL writes them."""
    statements = (
        "SELECT 'column', table_name, column_name, data_type, is_nullable, column_default, generation_expression "
        "FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'",
        "SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE connamespace = 'public'::regnamespace AND contype <> 'n'",
        "SELECT 'index', tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
        "SELECT 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
        "SELECT 'function', proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
    )
    with db.engine.connect() as connection:
        found = {tuple(row) for statement in statements for row in connection.execute(text(statement))}
    return {row for row in found if "alembic_version" not in str(row)}


def test_each_migration_goes_up_down_and_up(empty_app):
    before = [catalogue()]
    for revision in revisions():
        flask_migrate.upgrade(revision=revision)
        made = catalogue()
        flask_migrate.downgrade(revision="-1")
        assert catalogue() == before[-1], f"what {revision} leaves behind"
        flask_migrate.upgrade(revision=revision)
        assert catalogue() == made, revision
        before.append(made)
    for revision, expected in zip(reversed(revisions()), reversed(before[:-1]), strict=True):
        flask_migrate.downgrade(revision="-1")
        assert catalogue() == expected, f"on the way down from {revision}"


def test_the_migrations_make_what_the_models_say(empty_app):
    flask_migrate.upgrade()
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True, "compare_type": True})
        assert compare_metadata(context, db.metadata) == []


def test_a_migration_is_numbered_and_says_what_it_is_for():
    for path in sorted((ROOT / "migrations" / "versions").glob("*.py")):
        number, _, name = path.stem.partition("_")
        assert len(number) == 4 and number.isdigit() and name, path.name
        assert path.read_text().startswith('"""'), path.name
