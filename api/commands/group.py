"""Groups of `flask --app wsgi` commands, with one line instead of a traceback where there is nothing to work on yet."""

from __future__ import annotations

import click
from flask.cli import AppGroup
from sqlalchemy.exc import OperationalError, ProgrammingError

UNDEFINED_TABLE = "42P01"


class CommandGroup(AppGroup):
    """Its commands fail with a sentence when the database has no tables or does not answer."""

    def invoke(self, ctx: click.Context):
        try:
            return super().invoke(ctx)
        except ProgrammingError as error:
            if getattr(error.orig, "pgcode", None) != UNDEFINED_TABLE:
                raise
            raise click.ClickException(
                "there are no tables here yet: `make run` or `make migrate` makes them. Is it the right KOPILKA_HOME?"
            ) from None
        except OperationalError:
            raise click.ClickException("the database does not answer; see DATABASE_URL or KOPILKA_HOME.") from None
