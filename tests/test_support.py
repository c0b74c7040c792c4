"""The ground the other tests stand on."""

import pytest
import redis
import requests
from sqlalchemy import text

from models import db


def test_the_shared_database_is_migrated(app):
    with app.app_context():
        assert db.session.execute(text("SELECT count(*) FROM alembic_version")).scalar() == 1


def test_a_fresh_database_is_another_one(app, fresh_app):
    assert app.config["SQLALCHEMY_DATABASE_URI"] != fresh_app.config["SQLALCHEMY_DATABASE_URI"]


def test_the_session_works(db_session):
    assert db_session.execute(text("SELECT current_setting('TimeZone')")).scalar() == "UTC"


def test_a_live_server_answers_on_a_socket(app, live_server):
    assert requests.get(f"{live_server(app)}/healthz", timeout=5).status_code == 200


def test_redis_answers(redis_url):
    assert redis.Redis.from_url(redis_url).ping()


def test_a_killed_redis_comes_back_empty_at_the_same_address(own_redis):
    client = redis.Redis.from_url(own_redis.url)
    client.set("key", "value")
    own_redis.kill()
    with pytest.raises(redis.ConnectionError):
        client.get("key")
    own_redis.start()
    assert client.get("key") is None
