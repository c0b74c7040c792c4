"""`flask --app wsgi ledger …`: prove that the ledger is whole."""

import sys

import click

from api.commands.group import CommandGroup
from loyalty.verify import breaches, count_entries
from models import db

ledger_group = CommandGroup("ledger", help="Prove that the ledger is whole.")


@ledger_group.command("verify")
def verify() -> None:
    """Check every rule over all entries; exit 1 naming the offending ids when one is broken."""
    found = 0
    with db.engine.connect() as connection:
        for breach in breaches(connection):
            found += 1
            click.echo(breach)
        entries = count_entries(connection)
    if found:
        click.echo(f"{found} breaches over {entries} entries", err=True)
        sys.exit(1)
    click.echo(f"The ledger is clean: {entries} entries.")
