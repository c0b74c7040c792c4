"""What review forgets: imports turn inward, points move in one place, jobs have hands, settings are described, tables
that belong to a partner are tied to it.
"""

from __future__ import annotations

import ast
import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest
from sqlalchemy import ForeignKeyConstraint, UniqueConstraint

from config import ROOT, Settings
from models import db
from workers.jobs import JOBS

DOORS = {"api", "web", "bot", "workers"}
MAY_IMPORT = {
    "models": {"models", "config"},
    "loyalty": {"loyalty", "models"},
    "connectors": {"connectors", "loyalty"},  # and of it only what CONNECTORS_SEE names
    "api": {
        "api",
        "loyalty",
        "models",
        "connectors",
        "config",
        "web",
    },  # create_app puts web's pages on the application
    "web": {"web", "loyalty", "models", "config"},
    "bot": {"bot", "loyalty", "models", "connectors", "config"},
    "workers": {"workers", "loyalty", "models", "connectors", "config", "wsgi"},  # wsgi.app, whose context jobs run in
    "sandbox": {"sandbox", "api", "loyalty", "models", "connectors", "config", "workers", "web", "wsgi"},
    "migrations": {"migrations", "models", "config", "api"},
    "config": set(),
    "wsgi": {"api", "config", "models"},
    "bench": {
        "bench",
        "sandbox",
        "tests",
        "api",
        "loyalty",
        "models",
        "connectors",
        "config",
        "workers",
        "web",
        "wsgi",
    },
}
CONNECTORS_SEE = {"loyalty.types", "loyalty.phones", "loyalty.money", "loyalty.errors", "loyalty.emails"}
KEEPERS = {"loyalty.ledger_store": {"loyalty/ledger.py"}}
"""Modules that only these files may import."""

LEDGER_TABLES = {"entry", "lot", "lot_use", "debt", "hold", "hold_lot", "award", "refund", "purchase", "purchase_line"}
LEDGER_MODELS = {"Entry", "Lot", "LotUse", "Debt", "Hold", "HoldLot", "Award", "Refund", "Purchase", "PurchaseLine"}
LEDGER_FILES = {"loyalty/ledger.py", "loyalty/ledger_store.py", "loyalty/book.py"}
POINTS = {"active", "pending", "held", "debt", "seq", "next_due_at", "spent", "visits"}
"""Columns of a membership that only the ledger sets."""


def python_files(*packages: str) -> list[Path]:
    found = []
    for package in packages:
        place = ROOT / package
        found += sorted(place.rglob("*.py")) if place.is_dir() else [ROOT / f"{package}.py"]
    return [path for path in found if path.exists() and ".venv" not in path.parts]


def imports_of(path: Path) -> list[tuple[int, str]]:
    """Line and full name of everything a file imports; `from a import b` gives `a.b`, where that is a module, else `a`."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                is_module = (ROOT / inner.replace(".", "/")).with_suffix(".py").exists()
                is_package = (ROOT / inner.replace(".", "/") / "__init__.py").exists()
                found.append((node.lineno, inner if is_module or is_package else node.module))
    return found


def ours() -> set[str]:
    packages = {place.parent.name for place in ROOT.glob("*/__init__.py")}
    return packages | {path.stem for path in ROOT.glob("*.py")} | {"migrations"}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def wrong_turns(files: list[Path]) -> list[str]:
    known, wrong = ours(), []
    for path in files:
        package = path.relative_to(ROOT).parts[0].removesuffix(".py")
        for line, name in imports_of(path):
            top = name.split(".")[0]
            if top not in known:
                continue
            is_wrong = top not in MAY_IMPORT[package]
            is_wrong |= package == "connectors" and top == "loyalty" and name not in CONNECTORS_SEE
            is_wrong &= top != package
            is_wrong |= name in KEEPERS and name_of(path) not in KEEPERS[name]
            if is_wrong:
                wrong.append(f"{name_of(path)}:{line} imports {name}")
    return wrong


def test_every_package_has_its_place_in_the_house():
    assert ours() - {"tests"} <= MAY_IMPORT.keys()


def test_imports_turn_inward():
    assert wrong_turns(python_files(*MAY_IMPORT)) == []


def test_a_wrong_turn_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.test_shape.ROOT", tmp_path)
    for package in ("api", "loyalty", "models", "sandbox", "connectors"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
    (tmp_path / "loyalty" / "ledger_store.py").touch()
    (tmp_path / "loyalty" / "outside.py").write_text("import os\nfrom api import errors\n")
    (tmp_path / "models" / "rules.py").write_text("from loyalty.rules import Rules\n")
    (tmp_path / "api" / "short.py").write_text("from loyalty import ledger_store\nimport sandbox.world\n")
    (tmp_path / "connectors" / "deep.py").write_text("from loyalty.types import Line\nfrom loyalty.staff import hire\n")
    assert wrong_turns(python_files("loyalty", "models", "api", "connectors")) == [
        "loyalty/outside.py:2 imports api",
        "models/rules.py:1 imports loyalty.rules",
        "api/short.py:1 imports loyalty.ledger_store",
        "api/short.py:2 imports sandbox.world",
        "connectors/deep.py:2 imports loyalty.staff",
    ]


def test_the_core_knows_no_request_and_no_queue():
    foreign = {"flask", "werkzeug", "rq", "redis", "requests", "telebot", "marshmallow", "webargs", "flask_smorest"}
    wrong = [
        f"{name_of(path)}:{line} imports {name}"
        for path in python_files("loyalty")
        for line, name in imports_of(path)
        if name.split(".")[0] in foreign
    ]
    assert wrong == []


def test_no_rule_asks_the_clock():
    asks = re.compile(r"\b(datetime\.(now|utcnow|today)|date\.today|time\.time)\(|\butcnow\(\)")
    wrong = [
        f"{name_of(path)}:{number} {line.strip()}"
        for path in python_files("loyalty")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if asks.search(line) and name_of(path) != "loyalty/clock.py"
    ]
    assert wrong == []


def writes_of_points(source: str) -> list[tuple[int, str]]:
    """Where a file writes the ledger's tables: SQL, Core and ORM, and the columns of a membership that hold points."""
    tables = "|".join(sorted(LEDGER_TABLES))
    models = "|".join(sorted(LEDGER_MODELS))
    sql = re.compile(rf"\b(INSERT\s+INTO|UPDATE|DELETE\s+FROM|COPY|TRUNCATE)\s+\"?({tables})\"?\b(?!\.)", re.IGNORECASE)
    core = re.compile(rf"\b(insert|update|delete)\(\s*({models})\b|\b({models})\.__table__\.(insert|update|delete)\b")
    orm = re.compile(rf"\.(add|add_all|delete|merge)\(\s*\[?\s*({models})\(")
    sets = re.compile(rf"\bmembership\.({'|'.join(sorted(POINTS))})\s*(?:[-+*]?=)(?!=)|UPDATE\s+membership\s+SET", re.I)
    found = []
    for pattern in (sql, core, orm, sets):
        found += [(source.count("\n", 0, match.start()) + 1, match[0]) for match in pattern.finditer(source)]
    return sorted(found)


def test_points_move_in_the_ledger_and_nowhere_else():
    doors = python_files(*DOORS, "loyalty", "connectors", "sandbox", "models")
    wrong = [
        f"{name_of(path)}:{line} {what}"
        for path in doors
        if name_of(path) not in LEDGER_FILES
        for line, what in writes_of_points(path.read_text(encoding="utf-8"))
    ]
    assert wrong == []
    assert writes_of_points((ROOT / "loyalty/ledger_store.py").read_text()), "the search finds the ledger's own writes"


@pytest.mark.parametrize(
    "line",
    [
        'db.session.execute(text("UPDATE lot SET remaining = 0"))',
        'text("insert into entry (points) values (5)")',
        "db.session.add(Debt(points=5))",
        "db.session.execute(update(Hold).values(state='void'))",
        "Entry.__table__.insert()",
        "membership.active += 50",
    ],
)
def test_a_write_past_the_ledger_is_seen(line):
    assert writes_of_points(line)


ANNOUNCE = {"outbox.announce", "outbox.announcement"}


def test_every_announced_job_has_a_handler():
    announced = {}
    for path in python_files("loyalty", *DOORS, "sandbox"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ANNOUNCE and node.args:
                job = node.args[0]
                if isinstance(job, ast.Constant):
                    announced[job.value] = f"{name_of(path)}:{node.lineno}"
    assert announced.keys() >= {"notify_purchase", "send_code"}
    assert announced.keys() - JOBS.keys() == set(), announced


def test_every_setting_is_described_in_the_example():
    source = (ROOT / "config.py").read_text()
    read = set(re.findall(r"env\.(?:str|int|positive|bool|list)\(\s*\"([A-Z_]+)\"", source))
    described = set(re.findall(r"^#? ?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert len(read) >= len([field for field in fields(Settings) if field.default is not None]) - 2
    assert read - described == set()
    unread = described - read - {"POSTGRES_PASSWORD", "REDIS_PASSWORD"}
    assert not {name for name in unread if name not in source}


def test_only_the_settings_read_the_environment():
    may = {"config.py", "sandbox/run.py", "models/embedded.py", "models/embedded_place.py", "api/gunicorn_conf.py"}
    wrong = [
        f"{name_of(path)}:{number}"
        for path in python_files(*DOORS, "loyalty", "connectors", "models", "sandbox", "wsgi")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(r"os\.(environ|getenv)", line) and name_of(path) not in may
    ]
    assert wrong == []


# The catalogue

TENANTS_UNIQUE_ACROSS = {
    "uq_api_key_key_hash": "a key is looked up before its partner is known",
    "uq_referral_code_code": "a friend's code is typed before its partner is known",
    "uq_survey_token_hash": "what stands in a survey's link is looked up before its partner is known",
    "uq_sale_code_token_hash": "what stands in a QR is looked up before its partner is known",
}
"""Unique keys of a partner's tables that do not lead with partner_id, and why."""

REFERENCES_ACROSS = {
    "partner": "the partner itself",
    "customer": "a person belongs to no partner",
    "identity": "a person's, made known to the partner by the row itself",
}

MAY_NAME_A_PARTNER = {
    "identity": "platform-wide; numbers of one partner's system carry that partner in their unique key",
    "consent": "a person's answer, given to a partner or to the platform",
    "audit_record": "of the platform too; names things by bare ids",
    "outbox": "one relay serves all partners; names things by bare ids",
    "partner_application": "the partner it led to",
    "fiscal_receipt_use": "a receipt is one on the whole platform; names the claim by bare ids",
    "deep_link": "found by what stands in it before anything else is known; a link of one's own account has none",
}
"""Tables with a partner_id that are not the partner's own."""


def tenant_tables():
    return [
        table
        for name, table in db.metadata.tables.items()
        if "partner_id" in table.c and name not in MAY_NAME_A_PARTNER
    ]


def test_tables_of_a_partner_are_keyed_by_it():
    assert len(tenant_tables()) >= 15
    for table in tenant_tables():
        assert not table.c.partner_id.nullable, table.name
        assert table.primary_key.columns.keys()[0] == "partner_id", table.name


def test_references_between_tables_of_a_partner_carry_the_partner():
    tenants = {table.name for table in tenant_tables()}
    for table in tenant_tables():
        for constraint in table.constraints:
            if not isinstance(constraint, ForeignKeyConstraint):
                continue
            target = constraint.referred_table.name
            if target in tenants:
                pairs = [(element.parent.name, element.column.name) for element in constraint.elements]
                assert pairs[0] == ("partner_id", "partner_id"), f"{constraint.name} → {target}"
            else:
                assert target in REFERENCES_ACROSS, f"{constraint.name} → {target}"


def test_unique_keys_of_a_partner_lead_with_it():
    kept = set()
    for table in tenant_tables():
        uniques = [(one.name, one.columns.keys()) for one in table.constraints if isinstance(one, UniqueConstraint)]
        uniques += [(one.name, [column.name for column in one.columns]) for one in table.indexes if one.unique]
        for name, columns in uniques:
            if columns[0] != "partner_id":
                assert str(name) in TENANTS_UNIQUE_ACROSS, f"{table.name}: {name} {columns}"
                kept.add(str(name))
    assert kept == TENANTS_UNIQUE_ACROSS.keys(), "reasons for keys that are gone"


def test_the_database_has_the_same_catalogue_as_the_models(app, db_session):
    rows = db_session.execute(
        db.text(
            "SELECT c.conrelid::regclass::text AS name, c.conname, c.contype, a.attname FROM pg_constraint c "
            "JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1] "
            "WHERE c.connamespace = 'public'::regnamespace AND c.contype IN ('p', 'u')"
        )
    ).all()
    tenants = {table.name for table in tenant_tables()}
    for row in rows:
        if row.name.strip('"') in tenants and row.conname not in TENANTS_UNIQUE_ACROSS:
            assert row.attname == "partner_id", row


ABOUT_PEOPLE = {
    "consent": "stays, by id",
    "customer": "emptied",
    "customer_code": "deleted",
    "deep_link": "deleted",
    "draft": "deleted",
    "identity": "deleted; a number in a partner's system is kept as a hash",
    "membership": "frozen, without a name; what points at it is there by id",
    "membership_identity": "goes with the identity",
    "partner_application": "deleted, or without the applicant's words",
    "platform_role": "deleted",
    "sale_code": "deleted",
    "session": "deleted",
    "sign_in_code": "deleted",
    "staff": "dismissed, without a name",
    "standing": "deleted",
    "survey_turn": "deleted",
    "widget_session": "deleted",
}
"""Tables that point at a person, and what becomes of their rows when the person is forgotten (`loyalty.erasure`)."""


def test_every_table_that_points_at_a_person_is_decided_about():
    signatures = {"created_by", "decided_by"}
    found = {
        table.name
        for table in db.metadata.tables.values()
        for key in table.foreign_keys
        if key.column.table.name in ("customer", "identity") and key.parent.name not in signatures
    }
    assert found == ABOUT_PEOPLE.keys(), "write down here, and do there, what becomes of it"


def test_every_dependency_is_pinned():
    for name in ("requirements.txt", "requirements-dev.txt"):
        for line in (ROOT / name).read_text().splitlines():
            if line and not line.startswith(("#", "-r")):
                assert re.match(r"[A-Za-z0-9_.-]+(\[[a-z,]+\])?==[0-9][^ ]*( ;.*)?$", line.split("  #")[0].strip()), (
                    line
                )
    assert "dependencies" not in tomllib.loads((ROOT / "pyproject.toml").read_text()).get("project", {})


def test_what_a_document_links_to_is_there():
    missing = []
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        text = path.read_text(encoding="utf-8")
        for link in re.findall(r'\]\(([^)#]+)[^)]*\)|(?:src|href)="([^"#]+)', text):
            target = link[0] or link[1]
            if "://" not in target and not (path.parent / target).exists():
                missing.append(f"{path.relative_to(ROOT)}: {target}")
    assert missing == []
