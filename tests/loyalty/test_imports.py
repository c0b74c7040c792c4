"""Old purchases come in once, in the order of time, and every sum of the file is accounted for."""

from __future__ import annotations

import csv
import itertools
import random
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from api.commands.imports import run_import
from loyalty import imports, ledger
from loyalty.erasure import erase_person
from loyalty.errors import ImportBusy, InvalidMapping, UnreadableFile
from loyalty.import_file import Line, make_mapping
from loyalty.rules import PRESETS
from loyalty.verify import breaches
from models import db
from models.customer import Customer, Identity
from models.ledger import Entry, Membership, Purchase, PurchaseLine, Refund
from models.partner import Partner
from models.work import ImportLine, ImportReturn, ImportRun, Outbox
from tests.factories import NOW, make_partner, noise

HEADER = "document,time,customer,item,name,quantity,price"
_names = itertools.count(1)


@pytest.fixture
def shop(db_session) -> UUID:
    """A partner with the preset `retail`, in London, and another whose people and documents have the same numbers."""
    other = noise()
    partner = make_partner(PRESETS["retail"], "Europe/London", name="Shop")
    db_session.commit()
    ids = partner.id, other.id
    take_in_for(ids[1], [("1", "2025-01-01 09:00", "ann", "A", 5, "100")])
    return ids[0]


@pytest.fixture
def take_in(shop, tmp_path):
    def take_in(rows, **settings):
        return take_in_for(shop, rows, tmp_path, **settings)

    return take_in


def take_in_for(partner_id: UUID, rows, folder: Path | None = None, **settings) -> dict:
    """Import rows (document, time, customer, item, quantity, price); text stands as it is."""
    path = (folder or Path("/tmp")) / f"rows-{next(_names)}-{random.randrange(10**9)}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(HEADER + "\n")
        writer = csv.writer(file)
        for row in rows:
            if isinstance(row, str):
                file.write(row + "\n")
            else:
                writer.writerow([*row[:4], f"name of {row[3]}", *row[4:]])
    mapping = make_mapping(
        columns={name: name for name in HEADER.split(",")}, document_prefix="C", **{"source_name": "till", **settings}
    )
    try:
        report = run_import(partner_id, path, mapping)
    finally:
        path.unlink()
    assert report["ties"]
    assert_sums(report)
    return report


def assert_sums(report: dict) -> None:
    parts = [report["imported"], report["returned"], report["set_aside"]]
    assert sum(part["lines"] for part in parts) == report["file"]["lines"]
    assert sum(Decimal(part["amount"]) for part in parts) == Decimal(report["file"]["amount"])
    assert report["waiting"] == {"lines": 0, "amount": "0.00"}


def reasons(report: dict) -> dict[str, tuple[int, int, str]]:
    return {told["reason"]: (told["lines"], told["partly"], told["amount"]) for told in report["set_aside"]["reasons"]}


def purchases_of(partner_id: UUID) -> dict[str, Purchase]:
    rows = db.session.scalars(db.select(Purchase).where(Purchase.partner_id == partner_id))
    return {purchase.source_ref: purchase for purchase in rows}


def remaining(partner_id: UUID, document: str) -> list[Decimal]:
    query = (
        db.select(PurchaseLine.remaining)
        .join(Purchase, (Purchase.partner_id == PurchaseLine.partner_id) & (Purchase.id == PurchaseLine.purchase_id))
        .where(Purchase.partner_id == partner_id, Purchase.source_ref == document)
        .order_by(PurchaseLine.n)
    )
    return list(db.session.scalars(query))


def account_of(partner_id: UUID, number: str) -> Membership:
    query = (
        db.select(Membership)
        .join(Identity, Identity.customer_id == Membership.customer_id)
        .where(Membership.partner_id == partner_id, Identity.partner_id == partner_id)
        .where(Identity.kind == "import", Identity.value == number)
    )
    return db.session.scalars(query).one()


def test_lines_of_one_number_are_one_purchase_at_its_earliest_minute_wherever_they_stand(shop, take_in):
    report = take_in(
        [
            ("1", "2025-07-01 10:01", "ann", "A", 2, "10"),
            ("2", "2025-07-01 09:00", "bob", "B", 1, "7.005"),
            ("1", "2025-07-01 10:00", "ann", "B", 3, "0.335"),
            ("1", "2025-07-01 10:01", "ann", "A", 2, "10"),
        ]
    )
    bought = purchases_of(shop)
    assert {name: (p.amount, p.occurred_at.isoformat()) for name, p in bought.items()} == {
        "1": (Decimal("41.01"), "2025-07-01T09:00:00+00:00"),
        "2": (Decimal("7.01"), "2025-07-01T08:00:00+00:00"),
    }
    assert {(p.source, p.origin) for p in bought.values()} == {("import", "till")}
    assert remaining(shop, "1") == [Decimal("20.00"), Decimal("1.01"), Decimal("20.00")]
    assert report["imported"] == {"lines": 4, "amount": "48.02", "purchases": 2}
    assert report["people"] == {"in_file": 2, "new": 2}


def test_points_follow_the_rules_at_the_time_of_each_purchase(shop, take_in):
    rows = [(str(n), f"2025-0{n}-01 10:00", "ann", "A", 1, "1000") for n in (3, 1, 2)]
    report = take_in([("4", "2025-04-01 10:00", "ann", "A", 1, "1500"), *rows])
    entries = db.session.scalars(db.select(Entry).where(Entry.partner_id == shop).order_by(Entry.seq)).all()
    assert [(entry.points, entry.occurred_at.month, entry.source) for entry in entries] == [
        (10, 1, "import"),
        (10, 2, "import"),
        (10, 3, "import"),
        (18, 4, "import"),  # half above the average of the three before
    ]
    assert report["points"] == {"earned": 48, "taken_back": 0, "kept": 48}
    account = account_of(shop, "ann")
    assert (account.balance, account.visits, account.spent) == (48, 4, Decimal("4500.00"))


def test_a_cancellation_takes_from_the_latest_earlier_purchases_of_the_item(shop, take_in):
    report = take_in(
        [
            ("C9", "2025-03-01 10:00", "ann", "A", -7, "100"),
            ("1", "2025-01-01 10:00", "ann", "A", 5, "100"),
            ("2", "2025-02-01 10:00", "ann", "A", 5, "100"),
            ("3", "2025-02-02 10:00", "ann", "B", 9, "100"),
            ("4", "2025-04-01 10:00", "ann", "A", 5, "100"),
            ("5", "2025-02-03 10:00", "bob", "A", 5, "100"),
        ]
    )
    assert remaining(shop, "2") == [0]
    assert remaining(shop, "1") == [Decimal("300.00")]
    assert remaining(shop, "3") + remaining(shop, "4") + remaining(shop, "5") == [900, 500, 500]
    assert report["returned"] == {"lines": 1, "amount": "-700.00", "cancellations": 1}
    assert report["points"] == {"earned": 5 + 5 + 9 + 5 + 5, "taken_back": 7, "kept": 22}
    refunds = db.session.scalars(db.select(Refund).where(Refund.partner_id == shop)).all()
    assert {refund.reference for refund in refunds} == {"C9"}
    assert account_of(shop, "ann").balance == 17


def test_what_a_cancellation_finds_no_purchase_for_is_listed_with_that_part_only(shop, take_in):
    report = take_in(
        [
            ("1", "2025-01-01 10:00", "ann", "A", 3, "10"),
            ("C2", "2025-02-01 10:00", "ann", "A", -5, "10"),
            ("C3", "2025-02-02 10:00", "ann", "A", -1, "10"),
            ("C4", "2024-12-31 10:00", "ann", "A", -1, "10"),
            ("C5", "2025-02-02 10:00", "ann", "B", -1, "10"),
            ("C6", "2025-02-02 10:00", "zoe", "A", -1, "10"),
        ]
    )
    assert report["returned"] == {"lines": 1, "amount": "-30.00", "cancellations": 1}
    assert reasons(report) == {"unmatched_cancellation": (4, 1, "-60.00")}
    run = imports.find_run(UUID(report["run_id"]))
    issues = imports.list_issues(run)
    assert [(line.document, line.outcome, left) for line, left in issues] == [
        ("C2", "returned", Decimal("-20.00")),
        ("C3", "set_aside", Decimal("-10.00")),
        ("C4", "set_aside", Decimal("-10.00")),
        ("C5", "set_aside", Decimal("-10.00")),
        ("C6", "set_aside", Decimal("-10.00")),
    ]
    assert account_of(shop, "zoe").visits == 0


def test_a_piece_comes_back_once_whatever_its_price(shop, take_in):
    report = take_in(
        [
            ("1", "2025-01-01 10:00", "ann", "A", 10, "2"),
            ("C2", "2025-01-02 10:00", "ann", "A", -6, "1"),
            ("C3", "2025-01-03 10:00", "ann", "A", -6, "3"),
        ]
    )
    assert remaining(shop, "1") == [Decimal("2.00")]  # 20 − 6 − four pieces at 3
    assert report["returned"]["amount"] == "-18.00"
    assert reasons(report) == {"unmatched_cancellation": (0, 1, "-6.00")}


def test_no_more_money_comes_back_than_was_paid(shop, take_in):
    report = take_in(
        [("1", "2025-01-01 10:00", "ann", "A", 2, "5"), ("C2", "2025-01-02 10:00", "ann", "A", -2, "8.125")]
    )
    assert (remaining(shop, "1"), report["returned"]["amount"]) == ([0], "-10.00")
    assert reasons(report) == {"unmatched_cancellation": (0, 1, "-6.25")}


def test_lines_of_one_cancellation_share_what_was_bought_and_add_up_to_the_kopeck(shop, take_in):
    report = take_in(
        [
            ("1", "2025-01-01 10:00", "ann", "A", 2, "0.335"),
            ("2", "2025-01-02 10:00", "ann", "A", 1, "0.335"),
            ("C3", "2025-01-02 10:00", "ann", "A", -1, "0.335"),
            ("C3", "2025-01-02 10:00", "ann", "A", -2, "0.335"),
        ]
    )
    assert report["imported"]["amount"] == "1.01"
    assert report["returned"] == {"lines": 2, "amount": "-1.01", "cancellations": 1}
    returns = db.session.scalars(db.select(ImportReturn).where(ImportReturn.partner_id == shop)).all()
    assert sum(row.quantity for row in returns) == 3


def test_without_quantities_sums_alone_are_matched(shop, tmp_path):
    path = tmp_path / "sums.csv"
    path.write_text("d;t;c;i;s\n1;2025-01-01;ann;A;100\nC2;2025-01-02;ann;A;-30\nC3;2025-01-03;ann;A;-80\n")
    columns = {"document": "d", "time": "t", "customer": "c", "item": "i", "amount": "s"}
    report = run_import(shop, path, make_mapping(columns=columns, delimiter=";", document_prefix="C"))
    assert report["returned"]["amount"] == "-100.00"
    assert reasons(report) == {"unmatched_cancellation": (0, 1, "-10.00")}


def test_every_reason_stands_in_the_report_with_its_lines_and_sum(shop, take_in):
    report = take_in(
        [
            ("1", "2025-01-01 10:00", "ann", "A", 1, "10"),
            ("1", "2025-01-01 10:00", "", "A", 1, "5.50"),
            ("1", "2025-01-01 10:00", "ann", "A", 1, "0"),
            ("2", "2025-01-01 10:00", "", "BAD DEBT", 1, "-11062.06"),
            ("3", "2025-01-01 10:00", "bob", "A", 0, "3"),
            ("3", "2025-01-01 10:00", "bob", "A", -2, "3"),
            ("4", "2025-01-01 10:00", "ann", "A", "x", "3"),
            ("5", "never", "ann", "A", 1, "3"),
            ("6", "2025-01-01 10:00", "ann", "A", 1, "3"),
            ("6", "2025-01-01 10:00", "bob", "A", 1, "4"),
            ("C7", "2025-01-01 10:00", "ann", "A", 1, "3"),
            ("8", "2025-01-01 10:00", "cat", "GIFT", 1, "9"),
            "short,line",
        ],
        exclude=["GIFT"],
    )
    assert reasons(report) == {
        "no_customer": (2, 0, "-11056.56"),
        "not_positive_price": (1, 0, "0.00"),
        "not_positive_quantity": (2, 0, "-6.00"),
        "bad_quantity": (1, 0, "0.00"),
        "bad_time": (1, 0, "3.00"),
        "several_customers": (2, 0, "7.00"),
        "not_negative_quantity": (1, 0, "3.00"),
        "excluded_item": (1, 0, "9.00"),
        "wrong_number_of_columns": (1, 0, "0.00"),
    }
    assert report["imported"] == {"lines": 1, "amount": "10.00", "purchases": 1}
    assert report["file"] == {"lines": 13, "amount": "-11030.56", "lines_without_sum": 2}
    assert report["people"] == {"in_file": 3, "new": 3}


def test_a_document_larger_than_a_purchase_can_be_is_set_aside(shop, take_in, monkeypatch):
    monkeypatch.setattr(imports, "MAX_LINES", 3)
    report = take_in(
        [("1", "2025-01-01 10:00", "ann", "A", 1, "1")] * 4
        + [("2", "2025-01-01 10:00", "ann", "A", 1, "1")] * 3
        + [("3", "2025-01-01 10:00", "ann", "A", 9, "99999999999")] * 2
    )
    assert {reason: told[0] for reason, told in reasons(report).items()} == {"too_many_lines": 4, "too_large": 2}
    assert set(purchases_of(shop)) == {"2"}


def count_rows() -> dict[str, int]:
    tables = (
        Customer,
        Identity,
        Membership,
        Purchase,
        PurchaseLine,
        Entry,
        Refund,
        ImportLine,
        ImportRun,
        ImportReturn,
    )
    return {table.__tablename__: db.session.scalar(db.select(db.func.count()).select_from(table)) for table in tables}


ROWS = [
    ("1", "2025-01-01 10:00", "ann", "A", 3, "10"),
    ("1", "2025-01-01 10:00", "ann", "B", 1, "10"),
    ("C2", "2025-02-01 10:00", "ann", "A", -1, "10"),
    ("3", "2025-03-01 10:00", "bob", "A", 1, "200"),
]


def test_the_same_file_again_writes_nothing(fresh_app, tmp_path):
    with fresh_app.app_context():
        partner_id = make_partner(PRESETS["retail"]).id
        db.session.commit()
        path = tmp_path / "file.csv"
        path.write_text("\n".join([HEADER, *(",".join(map(str, (*row[:4], "x", *row[4:]))) for row in ROWS)]))
        mapping = make_mapping(columns={name: name for name in HEADER.split(",")}, document_prefix="C")
        first, before = run_import(partner_id, path, mapping), count_rows()
        path.rename(tmp_path / "renamed.csv")
        assert run_import(partner_id, tmp_path / "renamed.csv", mapping) == first
        assert count_rows() == before
        assert not list(breaches(db.session.connection()))


def test_the_same_documents_in_another_file_are_not_taken_in_twice(shop, take_in):
    first = take_in(ROWS)
    balance = account_of(shop, "ann").balance
    again = take_in([*reversed(ROWS), ("4", "2025-04-01 10:00", "bob", "A", 1, "100")])
    assert reasons(again) == {"already_imported": (4, 0, "230.00")}
    assert again["imported"]["amount"] == "100.00"
    assert (first["points"]["kept"], again["points"]["kept"]) == (2, 1)
    assert account_of(shop, "ann").balance == balance
    assert again["people"]["new"] == 0


def test_a_known_number_with_other_content_is_listed_and_changes_nothing(shop, take_in):
    take_in(ROWS)
    balance = account_of(shop, "bob").balance
    rows = [("3", "2025-03-01 10:00", "bob", "A", 2, "200"), ("1", "2025-01-01 10:00", "eve", "A", 3, "10")]
    assert reasons(take_in(rows)) == {"differs_from_imported": (2, 0, "430.00")}
    assert account_of(shop, "bob").balance == balance
    assert db.session.scalar(db.select(Identity.id).where(Identity.partner_id == shop, Identity.value == "eve")) is None


def test_another_source_has_numbers_of_its_own(shop, take_in):
    take_in(ROWS, source_name="till")
    assert take_in(ROWS, source_name="other till")["imported"]["purchases"] == 2
    assert take_in(ROWS, source_name=None)["imported"]["purchases"] == 2
    assert reasons(take_in([*ROWS, *ROWS[3:4]], source_name=None)) == {
        "already_imported": (3, 0, "30.00"),
        "differs_from_imported": (2, 0, "400.00"),
    }
    assert account_of(shop, "bob").visits == 3


def test_a_closed_account_gets_nothing(shop, take_in):
    take_in(ROWS[:1])
    ledger.erase(shop, account_of(shop, "ann").id, now=NOW)
    db.session.commit()
    report = take_in([("9", "2025-05-01 10:00", "ann", "A", 1, "10"), ("10", "2025-05-01 10:00", "bob", "A", 1, "10")])
    assert reasons(report) == {"closed_account": (1, 0, "10.00")}
    assert set(purchases_of(shop)) == {"1", "10"}


def test_a_forgotten_person_stays_forgotten_whatever_the_file_says(shop, take_in):
    take_in(ROWS[:1])
    ann = db.session.get_one(Customer, account_of(shop, "ann").customer_id)
    erase_person(ann, NOW)
    db.session.commit()
    report = take_in([("9", "2025-05-01 10:00", "ann", "A", 1, "10"), ("10", "2025-05-01 10:00", "ann", "A", 1, "сто")])
    assert reasons(report)["closed_account"] == (1, 0, "10.00") and report["people"]["new"] == 0
    assert db.session.scalar(db.select(Identity.id).where(Identity.partner_id == shop, Identity.value == "ann")) is None


def test_nobody_is_told(shop, take_in):
    before = db.session.scalar(db.select(db.func.count()).select_from(Outbox))
    take_in(ROWS)
    assert db.session.scalar(db.select(db.func.count()).select_from(Outbox)) == before


def test_people_of_an_import_have_no_consents_and_no_welcome_bonus(db_session, tmp_path):
    partner = make_partner()
    db_session.commit()
    partner_id = partner.id
    take_in_for(partner_id, ROWS[:1], tmp_path)
    kinds = db.session.scalars(db.select(Entry.kind).where(Entry.partner_id == partner_id)).all()
    assert kinds == ["earn"]
    customer = db.session.get(Customer, account_of(partner_id, "ann").customer_id)
    assert (customer.locale, customer.timezone) == ("ru", "Europe/Moscow")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", UnreadableFile),
        (HEADER.encode() + b"\n1,2025-01-01,ann,A,Caf\xe9,1,1\n", UnreadableFile),
        (b"\x1f\x8b\x08garbage", UnreadableFile),
        (b"one,two\n1,2\n", InvalidMapping),
    ],
)
def test_a_file_that_cannot_be_read_leaves_nothing_behind(shop, tmp_path, content, problem):
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    with pytest.raises(problem):
        run_import(shop, path, make_mapping(columns={name: name for name in HEADER.split(",")}))
    assert imports.list_runs(shop) == []
    assert purchases_of(shop) == {}


def test_a_second_process_cannot_store_the_same_lines(shop):
    mapping = make_mapping(columns={name: name for name in HEADER.split(",")})
    partner = db.session.get(Partner, shop)
    run = imports.open_run(partner, mapping, file_hash="f" * 64, file_name="f.csv", now=NOW)
    lines = [(Line(2, reason="broken_line"), 2), (Line(3, reason="broken_line"), 3)]
    imports.stage(shop, run.id, lines[:1], after=0)
    with pytest.raises(ImportBusy):
        imports.stage(shop, run.id, lines[:1], after=0)
    imports.stage(shop, run.id, lines[1:], after=2)
    assert run.staged == 3
