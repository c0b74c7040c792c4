"""`flask --app wsgi bot poison`: updates of Telegram that could not be dealt with."""

from __future__ import annotations

import json

import click

from api.commands.group import CommandGroup
from loyalty import updates
from models import transaction

bot_group = CommandGroup("bot", help="Look at what the Telegram bot could not deal with.")


@bot_group.command("poison")
@click.option("--raw", is_flag=True, help="What Telegram sent, too: people's words and names.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 10_000))
def list_poison(raw: bool, limit: int):
    """Print number, tries, time and error of updates that were set aside."""
    with transaction():
        found = updates.list_set_aside(limit)
        for one in found:
            click.echo(f"{one.update_id}\t{one.attempts} tries\t{one.set_aside_at.isoformat()}\t{one.error}")
            if raw:
                click.echo(json.dumps(one.raw, ensure_ascii=False))
    click.echo(f"{len(found)} set aside.", err=True)
