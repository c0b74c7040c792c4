import pytest
from sqlalchemy import create_engine, text

from models import base, ping_after_rest


@pytest.fixture
def engine(databases):
    engine = create_engine(databases.embedded.url if databases.embedded else databases.url_of("postgres"), pool_size=1)
    ping_after_rest(engine)
    yield engine
    engine.dispose()


def end_connection(engine, other):
    with engine.connect() as connection:
        backend = connection.execute(text("SELECT pg_backend_pid()")).scalar()
    with other.connect() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:backend, 5000)"), {"backend": backend})
    return backend


def test_a_connection_that_died_while_it_rested_is_replaced(engine, databases, monkeypatch):
    monkeypatch.setattr(base, "REST_SECONDS", 0.0)
    other = create_engine(engine.url)
    dead = end_connection(engine, other)

    with engine.connect() as connection:
        assert connection.execute(text("SELECT pg_backend_pid()")).scalar() != dead
    other.dispose()


def test_a_connection_in_steady_use_is_not_asked(engine, monkeypatch):
    with engine.connect():
        asked = []
    monkeypatch.setattr(engine.dialect, "do_ping", lambda connection: asked.append(connection))

    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))

    assert asked == []


def test_a_connection_that_rested_is_asked_once(engine, monkeypatch):
    monkeypatch.setattr(base, "REST_SECONDS", 0.0)
    with engine.connect():
        asked = []
    monkeypatch.setattr(engine.dialect, "do_ping", lambda connection: asked.append(connection) or True)

    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))

    assert len(asked) == 1
