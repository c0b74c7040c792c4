"""The real file: all of it into a partner with the preset `retail`, killed twice on the way, and counted independently.

The sums are computed here from the file by plain csv and Decimal; no code of the import is used for them.
"""

from __future__ import annotations

import csv
import gzip
import json
import time
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal

import pytest
from sqlalchemy import create_engine, text

from config import ROOT
from loyalty.rules import PRESETS
from loyalty.verify import breaches
from models import db
from tests.api.commands.test_imports import finish, progress_of, start
from tests.factories import make_partner

FILE = ROOT.parent / "shared" / "data" / "online-retail.csv.gz"
KOPECK = Decimal("0.01")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not FILE.exists(), reason="needs shared/data/online-retail.csv.gz beside the repository"),
]


class Bought:
    """A line of a purchase in the retelling: pieces and money not yet taken back."""

    def __init__(self, purchase: Purchase, row: dict):
        self.purchase, self.pieces, self.money = purchase, row["pieces"], row["sum"]


class Purchase:
    def __init__(self, amount: Decimal, points: int):
        self.amount = self.left = amount
        self.points = points

    @property
    def kept(self) -> int:
        return int(self.points * self.left // self.amount) if self.amount else self.points


class Person:
    def __init__(self):
        self.purchases: list[Purchase] = []
        self.items: dict[str, list[list[Bought]]] = defaultdict(list)

    def buy(self, rows: list[dict]) -> None:
        amount = sum(row["sum"] for row in rows)
        counted = [purchase for purchase in self.purchases if purchase.left]
        rate = Decimal("0.01")
        if len(counted) >= 3 and amount * len(counted) >= sum(p.left for p in counted) * Decimal("1.5"):
            rate *= Decimal("1.2")
        purchase = Purchase(amount, int(amount * rate))
        self.purchases.append(purchase)
        items = defaultdict(list)
        for row in rows:
            items[row["stock_code"]].append(Bought(purchase, row))
        for item, bought in items.items():
            self.items[item].insert(0, bought)

    def give_back(self, row: dict) -> Decimal:
        """Take the row's pieces from the latest purchases; returns the sum that found one."""
        wanted, money = -row["pieces"], -row["sum"]
        taken = shared = found = Decimal(0)
        for bought in [bought for purchase in self.items[row["stock_code"]] for bought in purchase]:
            pieces = min(bought.pieces, wanted - taken) if bought.money else Decimal(0)
            if pieces > 0:
                taken += pieces
                share = (money * taken / wanted).quantize(KOPECK, ROUND_HALF_UP) - shared
                shared += share
                sum_ = min(share, bought.money)
                bought.pieces -= pieces
                bought.money -= sum_
                bought.purchase.left -= sum_
                found += sum_
        return found


def retell() -> dict:
    """What the file says: sums, people, purchases, which cancellations meet a purchase, and everybody's points."""
    with gzip.open(FILE, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    documents: dict[str, list[dict]] = defaultdict(list)
    for row in rows:
        row["pieces"], row["price"] = Decimal(row["quantity"]), Decimal(row["unit_price"])
        row["sum"] = (row["pieces"] * row["price"]).quantize(KOPECK, ROUND_HALF_UP)
        documents[row["invoice"]].append(row)
    people: dict[str, Person] = defaultdict(Person)
    told = defaultdict(Decimal)
    for number, all_lines in sorted(  # a sort is stable: of one minute, in the order of the file
        documents.items(), key=lambda document: (min(row["invoiced_at"] for row in document[1]), document[0][0] == "C")
    ):
        lines = [row for row in all_lines if row["customer_id"] and row["price"] > 0]
        told["no_customer"] += sum(row["sum"] for row in all_lines if not row["customer_id"])
        if not lines:
            continue
        person = people[lines[0]["customer_id"]]
        if number.startswith("C"):
            told["cancelled"] += sum(row["sum"] for row in lines)
            told["returned"] -= sum(person.give_back(row) for row in lines)
        else:
            assert all(row["pieces"] > 0 for row in lines)
            told["sold"] += sum(row["sum"] for row in lines)
            told["sold_lines"] += len(lines)
            told["purchases"] += 1
            person.buy(lines)
    return told | {
        "lines": len(rows),
        "total": sum(row["sum"] for row in rows),
        "people": {row["customer_id"] for row in rows if row["customer_id"]},
        "points": {number: sum(purchase.kept for purchase in person.purchases) for number, person in people.items()},
        "spent": {number: sum(purchase.left for purchase in person.purchases) for number, person in people.items()},
    }


def test_all_of_online_retail_comes_in_to_the_kopeck_though_killed_twice(databases, settings, fresh_app, tmp_path):
    url = fresh_app.config["SQLALCHEMY_DATABASE_URI"]
    with fresh_app.app_context():
        partner = make_partner(PRESETS["retail"], "Europe/London", name="Online Retail")
        partner.currency = "GBP"
        code = partner.code
        db.session.commit()
    mapping = tmp_path / "online-retail.toml"
    mapping.write_text((ROOT / "docs/mappings/online-retail.toml").read_text("utf-8"))
    file = tmp_path / "online-retail.csv"
    file.symlink_to(FILE)

    for is_reached in (lambda state: state[1] > 200_000, lambda state: state[2] > 4_000):
        process = start(url, settings, file, code, tmp_path / "report.json", small_steps=False)
        while not is_reached(progress_of(url)):
            assert process.poll() is None, process.communicate()[1].decode()
            time.sleep(0.05)
        process.kill()
        process.communicate()
    finish(start(url, settings, file, code, tmp_path / "report.json", small_steps=False))

    report, told = json.loads((tmp_path / "report.json").read_text()), retell()
    assert report["file"] == {"lines": told["lines"], "amount": f"{told['total']:.2f}", "lines_without_sum": 0}
    assert report["imported"] == {
        "lines": told["sold_lines"],
        "amount": f"{told['sold']:.2f}",
        "purchases": told["purchases"],
    }
    assert report["returned"]["amount"] == f"{told['returned']:.2f}"
    aside = {reason["reason"]: Decimal(reason["amount"]) for reason in report["set_aside"]["reasons"]}
    assert aside == {
        "no_customer": told["no_customer"],
        "not_positive_price": 0,
        "unmatched_cancellation": told["cancelled"] - told["returned"],
    }
    assert Decimal(report["set_aside"]["amount"]) == told["total"] - told["sold"] - told["returned"]
    assert report["people"] == {"in_file": len(told["people"]), "new": len(told["people"])}
    assert report["points"]["kept"] == sum(told["points"].values())
    assert report["ties"]

    engine = create_engine(url)
    with engine.connect() as connection:
        accounts = connection.execute(
            text(
                "SELECT i.value, m.balance, m.spent FROM membership m JOIN identity i ON i.customer_id = m.customer_id"
                " WHERE i.kind = 'import'"
            )
        ).all()
        assert {number: balance for number, balance, _ in accounts if balance} == {
            number: points for number, points in told["points"].items() if points
        }
        assert {number: spent for number, _, spent in accounts if spent} == {
            number: spent for number, spent in told["spent"].items() if spent
        }
        assert {number for number, _, _ in accounts} == told["people"]
        assert list(breaches(connection)) == []
        before = _writes(connection)
    finish(start(url, settings, file, code, tmp_path / "again.json", small_steps=False))
    assert json.loads((tmp_path / "again.json").read_text()) == report
    with engine.connect() as connection:
        assert _writes(connection) == before
    engine.dispose()


def _writes(connection) -> dict[str, int]:
    tables = ("customer", "identity", "membership", "purchase", "purchase_line", "entry", "lot", "refund", "import_run",
              "import_line", "import_document", "outbox")  # fmt: skip
    return {table: connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in tables}
