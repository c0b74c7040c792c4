"""`flask import …`: what people type and read, and an import that is killed again and again."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import create_engine, text

from api import create_app
from config import ROOT
from loyalty.rules import PRESETS
from models import db
from tests.factories import make_partner, noise

HEADER = "document,time,customer,item,name,quantity,price"
ROWS = """\
1,2025-01-01 10:00,ann,A,Tea,3,10
1,2025-01-01 10:00,ann,B,"=HYPERLINK(""x"")",1,0
2,2025-01-02 10:00,,A,@cmd,1,5
"""


@pytest.fixture
def shop(db_session) -> str:
    noise()
    partner = make_partner(PRESETS["retail"])
    db_session.commit()
    return partner.code


@pytest.fixture
def flask(app):
    def run(*arguments: str):
        return app.test_cli_runner().invoke(args=["import", *map(str, arguments)])

    return run


@pytest.fixture
def file(tmp_path) -> Path:
    path = tmp_path / "till.csv"
    path.write_text(f"{HEADER}\n{ROWS}")
    return path


def test_a_file_is_imported_reported_and_listed(flask, shop, file, tmp_path):
    done = flask("purchases", file, "--partner", shop, "--report", tmp_path / "report.json")
    assert done.exit_code == 0, done.output
    assert "ties to the file" in done.output
    report = json.loads((tmp_path / "report.json").read_text())
    assert (report["imported"]["amount"], report["set_aside"]["amount"]) == ("30.00", "5.00")
    run = report["run_id"]
    assert run in flask("list", "--partner", shop).output
    assert json.loads(flask("status", run, "--json").output)["state"] == "done"
    assert "till.csv: done" in flask("status", run).output
    first = flask("issues", run, "--limit", "1")
    assert "not_positive_price" in first.stdout
    assert "--after 3" in first.stderr
    assert "no_customer" in flask("issues", run, "--after", "3").stdout
    assert "not_positive_price" not in flask("issues", run, "--reason", "no_customer").stdout


def test_the_same_command_again_says_that_nothing_is_new(flask, shop, file):
    first, second = (flask("purchases", file, "--partner", shop) for _ in range(2))
    assert (second.exit_code, second.stdout) == (0, first.stdout)
    assert "nothing is new" in second.stderr


def test_an_exported_list_of_issues_runs_no_formula(flask, shop, file, tmp_path):
    flask("purchases", file, "--partner", shop, "--report", tmp_path / "report.json")
    run = json.loads((tmp_path / "report.json").read_text())["run_id"]
    assert flask("issues", run, "--csv", tmp_path / "issues.csv").exit_code == 0
    content = (tmp_path / "issues.csv").read_text("utf-8-sig")
    assert "'=HYPERLINK" in content
    assert "'@cmd" in content
    assert len(content.splitlines()) == 3


def test_a_dry_run_tells_and_keeps_nothing(flask, shop, file):
    done = flask("purchases", file, "--partner", shop, "--dry-run")
    assert done.exit_code == 0
    assert "waiting                              1 lines            30.00" in done.stdout
    assert flask("list", "--partner", shop).output == ""


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--partner", "000"], "no such partner"),
        (["--partner", "0\0"], "no such partner"),
        (["--partner", "00000000-0000-7000-8000-000000000000"], "no such partner"),
        (["--encoding", "klingon"], "no encoding 'klingon'"),
        (["--encoding", "utf-16"], "not written in utf-16"),
        (["--source-name", ""], "source name"),
        (["--mapping", "MAPPING"], "not TOML"),
    ],
)
def test_what_cannot_be_used_is_refused_in_a_sentence(flask, shop, file, tmp_path, arguments, says):
    mapping = tmp_path / "mapping.toml"
    mapping.write_text("[")
    arguments = [str(mapping) if word == "MAPPING" else word for word in arguments]
    refused = flask("purchases", file, "--partner", shop, *arguments)
    assert refused.exit_code == 2
    assert says in refused.stderr
    assert "Traceback" not in refused.output
    assert flask("list", "--partner", shop).output == ""


@pytest.mark.parametrize("run", ["nothing", "00000000-0000-7000-8000-000000000000"])
def test_an_import_that_is_not_there_is_refused(flask, run):
    assert flask("status", run).exit_code == 2
    assert flask("issues", run).exit_code == 2


# Killed


def medium_file(path: Path) -> None:
    """800 documents of 60 people over a year, a sixth of them cancellations, with dirt; always the same."""
    chance = random.Random(3)
    rows = []
    for number in range(800):
        back = chance.random() < 0.17
        minute = f"2025-{chance.randint(1, 12):02}-{chance.randint(1, 28):02} {chance.randint(0, 23):02}:00"
        person = f"p{chance.randint(1, 60)}" if chance.random() < 0.9 else ""
        for _ in range(chance.randint(1, 5)):
            quantity = chance.randint(1, 9) * (-1 if back else 1)
            price = chance.choice(["9.99", "0.335", "120", "0"])
            rows.append(f"{'C' * back}{number},{minute},{person},I{chance.randint(1, 8)},Thing,{quantity},{price}")
    chance.shuffle(rows)
    path.write_text("\n".join([HEADER, *rows]))


MAPPING = """
source_name = "till"
[columns]
document = "document"
time = "time"
customer = "customer"
item = "item"
name = "name"
quantity = "quantity"
price = "price"
[cancellations]
document_prefix = "C"
"""


def start(url: str, settings, file: Path, partner: str, report: Path, *, small_steps: bool = True) -> subprocess.Popen:
    """The real command in a process of its own; small steps leave more places to die at."""
    program = (
        "import sys; from api.commands import imports; "
        + ("imports.LINES_AT_ONCE, imports.DOCUMENTS_AT_ONCE = 400, 20; " if small_steps else "")
        + "from flask.cli import main; sys.argv = ['flask', '--app', 'wsgi', *sys.argv[1:]]; main()"
    )
    arguments = ["import", "purchases", file, "--partner", partner, "--mapping", file.with_suffix(".toml")]
    env = os.environ | {
        "DATABASE_URL": url,
        "SECRET_KEY": settings.secret_key,
        "ENCRYPTION_KEYS": ",".join(settings.encryption_keys),
        "KOPILKA_HOME": str(settings.home),
        "SANDBOX": "0",
    }
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments), "--report", str(report), "--yes"],
        cwd=ROOT,
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def finish(process: subprocess.Popen) -> None:
    _, said = process.communicate(timeout=600)
    assert process.returncode == 0, said.decode()


def make_shop(app) -> str:
    with app.app_context():
        partner = make_partner(PRESETS["retail"], "Europe/London")
        db.session.commit()
        return partner.code


def progress_of(url: str) -> tuple:
    engine = create_engine(url)
    with engine.connect() as connection:
        row = connection.execute(text("SELECT state, staged, posted FROM import_run")).one_or_none()
    engine.dispose()
    return tuple(row) if row else ("none", 0, 0)


def everything(url: str) -> dict[str, list[tuple]]:
    """What the import made, without ids and times of making."""
    queries = {
        "accounts": "SELECT i.value, m.active, m.debt, m.pending, m.visits, m.spent, m.seq FROM membership m"
        " JOIN identity i ON i.customer_id = m.customer_id ORDER BY 1",
        "entries": "SELECT i.value, e.seq, e.kind, e.points, e.total_after, e.occurred_at FROM entry e"
        " JOIN membership m ON m.id = e.membership_id JOIN identity i ON i.customer_id = m.customer_id ORDER BY 1, 2",
        "purchases": "SELECT source_ref, occurred_at, amount, refunded, revision FROM purchase ORDER BY 1",
        "lines": "SELECT n, outcome, reason, amount, settled FROM import_line ORDER BY 1",
        "returns": "SELECT line_n, purchase_line_n, quantity, amount FROM import_return ORDER BY 1, 2, 3, 4",
        "people": "SELECT count(*) FROM customer",
    }
    engine = create_engine(url)
    with engine.connect() as connection:
        found = {name: [tuple(row) for row in connection.execute(text(query))] for name, query in queries.items()}
    engine.dispose()
    return found


def test_an_import_killed_at_any_moment_ends_like_one_that_was_not(databases, settings, fresh_app, tmp_path):
    file = tmp_path / "till.csv"
    medium_file(file)
    file.with_suffix(".toml").write_text(MAPPING)
    calm_url = databases.clone(settings)
    calm = create_app(settings, calm_url)
    calm_partner, partner = make_shop(calm), make_shop(fresh_app)
    url = fresh_app.config["SQLALCHEMY_DATABASE_URI"]

    finish(start(calm_url, settings, file, calm_partner, tmp_path / "calm.json", small_steps=False))

    chance, seen = random.Random(5), set()
    for _ in range(6):
        process = start(url, settings, file, partner, tmp_path / "killed.json")
        before = progress_of(url)
        deadline = time.monotonic() + 60
        while progress_of(url) == before and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(chance.random() * 0.4)
        process.kill()
        process.communicate()
        seen.add(progress_of(url)[0])
    finish(start(url, settings, file, partner, tmp_path / "killed.json"))

    assert "posting" in seen, "nothing was killed while it posted"
    assert everything(url) == everything(calm_url)
    ours, calm_report = (json.loads((tmp_path / name).read_text()) for name in ("killed.json", "calm.json"))
    assert ours | {"run_id": None} == calm_report | {"run_id": None}
    assert UUID(ours["run_id"])
    assert ours["returned"]["lines"] > 50
    with calm.app_context():
        db.engine.dispose()
    databases.drop(calm_url)
