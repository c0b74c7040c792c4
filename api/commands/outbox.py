"""`flask --app wsgi outbox list | retry | dismiss`: rows that wait or were given up."""

from __future__ import annotations

import click

from api.commands.group import CommandGroup
from loyalty import outbox
from loyalty.clock import utcnow
from models import transaction

outbox_group = CommandGroup("outbox", help="Look at what is still to be done, and send again what was given up.")


@outbox_group.command("list")
@click.option("--waiting", is_flag=True, help="Rows that are due instead of those that were given up.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 10_000))
def list_rows(waiting: bool, limit: int):
    """Print id, job, tries and the last error of rows that were given up."""
    now = utcnow()
    with transaction():
        for row in outbox.waiting(limit, now) if waiting else outbox.parked(limit):
            click.echo(
                f"{row.id}\t{row.job}\t{row.attempts} tries\t{row.created_at.isoformat()}\t{row.last_error or ''}"
            )
        click.echo(f"The oldest row that is due waits for {outbox.oldest_age(now).total_seconds():.0f} s.", err=True)


@outbox_group.command("retry")
@click.argument("ids", nargs=-1, type=int)
@click.option("--all", "every", is_flag=True, help="Every row that was given up.")
def retry_rows(ids: tuple[int, ...], every: bool):
    """Send rows again that were given up."""
    _each(ids, every, outbox.retry, "is sent again")


@outbox_group.command("dismiss")
@click.argument("ids", nargs=-1, type=int)
@click.option("--all", "every", is_flag=True, help="Every row that was given up.")
def dismiss_rows(ids: tuple[int, ...], every: bool):
    """Let rows go that were given up, without doing them."""
    _each(ids, every, outbox.dismiss, "is let go")


def _each(ids: tuple[int, ...], every: bool, change, said: str) -> None:
    """Change the rows and say so. Exits with 1 when one of them was not given up."""
    if bool(ids) == every:
        raise click.UsageError("Name the rows by their ids, or say --all.")
    now, missing = utcnow(), []
    with transaction():
        for row_id in ids or [row.id for row in outbox.parked(10_000)]:
            if change(row_id, now):
                click.echo(f"{row_id} {said}")
            else:
                missing.append(row_id)
    if missing:
        raise click.ClickException(f"not among the given up: {', '.join(map(str, missing))}")
