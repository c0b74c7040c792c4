"""Alembic's entry: runs the numbered migrations over the application's own database connection."""

from alembic import context
from flask import current_app

from models import db


def run() -> None:
    """Online only: every migration runs in one transaction and gives up soon rather than wait for a busy table."""
    with db.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            transaction_per_migration=True,
            **current_app.extensions["migrate"].configure_args,
        )
        with context.begin_transaction():
            connection.exec_driver_sql("SET LOCAL lock_timeout = '2s'")
            context.run_migrations()


run()
