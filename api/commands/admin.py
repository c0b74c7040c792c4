"""``flask --app wsgi admin create | list``: the first people who run the platform."""

from __future__ import annotations

import click

from api.commands.group import CommandGroup
from loyalty import customers, platform_roles
from loyalty.clock import utcnow
from loyalty.errors import LoyaltyError
from loyalty.identities import parse_identifier
from loyalty.names import tidy_name
from models import transaction

admin_group = CommandGroup("admin", help="People who run the platform.")


class _Refused(click.ClickException):
    """Bad input: one sentence on stderr, exit code 2."""

    exit_code = 2


@admin_group.command("create")
@click.option("--email", help="The admin's e-mail; give this or --phone.")
@click.option("--phone", help="The admin's phone; give this or --email.")
@click.option("--name", help="The admin's name.")
def create(email: str | None, phone: str | None, name: str | None) -> None:
    """Make a person an admin. They sign in by a one-time code; repeating is harmless."""
    now = utcnow()
    try:
        identifier = parse_identifier({"email": email, "phone": phone})
        with transaction():
            person = customers.find_or_create_by(identifier, name=tidy_name(name), proven_at=now)
            is_new = platform_roles.grant_role(person.id, "admin", by=None, now=now)
            customer_id = person.id
    except LoyaltyError as refused:
        raise _Refused(str(refused)) from None
    click.echo(f"{customer_id} is {'now' if is_new else 'already'} an admin.")


@admin_group.command("list")
def list_admins() -> None:
    """Show the admins: id and name."""
    for person in platform_roles.list_people("admin"):
        click.echo(f"{person.id}  {person.name or '—'}")
