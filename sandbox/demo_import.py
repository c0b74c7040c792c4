"""`make demo-import`: a shop's real year of receipts (Online Retail), imported, reported and verified.

The shop is made once; run again, it says that nothing is new. Killed, it goes on where it was. Exit codes: 0 done,
1 the ledger is not clean, 2 the file is not there.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from uuid import UUID, uuid5

import click
import flask_migrate

from api.commands.imports import run_import, tell
from config import ROOT
from loyalty.clock import utcnow
from loyalty.errors import LoyaltyError
from loyalty.import_file import read_mapping
from loyalty.programmes import set_rules
from loyalty.rules import PRESETS
from loyalty.verify import breaches, count_entries
from models import db, transaction
from models.partner import Branch, Partner
from sandbox.world import NAMESPACE
from wsgi import app

FILE = ROOT.parent / "shared" / "data" / "online-retail.csv.gz"
MAPPING = ROOT / "docs" / "mappings" / "online-retail.toml"
SHOP = uuid5(NAMESPACE, "online-retail")
CODE = "541909"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m sandbox.demo_import", description="Import Online Retail.")
    parser.add_argument("file", nargs="?", type=Path, default=FILE, help="online-retail.csv.gz")
    file = parser.parse_args().file
    if not file.is_file():
        click.echo(f"There is no {file}: name the file, make demo-import ARGS=/path/to/online-retail.csv.gz", err=True)
        return 2
    with app.app_context():
        flask_migrate.upgrade()
        with transaction():
            make_shop(SHOP)
        try:
            report = run_import(SHOP, file, read_mapping(MAPPING.read_text("utf-8")))
        except LoyaltyError as problem:
            click.echo(str(problem), err=True)
            return 2
        click.echo(tell(report))
        return verify()


def make_shop(partner_id: UUID) -> None:
    """The shop behind the file, in London, with the preset `retail`; made once."""
    if db.session.get(Partner, partner_id) is not None:
        return
    db.session.add(
        Partner(
            id=partner_id,
            code=CODE,
            name="Online Retail",
            timezone="Europe/London",
            currency="GBP",
            region="GB",
            locale="en",
        )
    )
    db.session.flush()
    db.session.add(Branch(partner_id=partner_id, id=partner_id, name="Online"))
    set_rules(partner_id, PRESETS["retail"], by=None, now=utcnow())


def verify() -> int:
    with db.engine.connect() as connection:
        found = list(breaches(connection))
        click.echo("\n".join(found) if found else f"The ledger is clean: {count_entries(connection)} entries.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
