"""The demo world is the same every time and stays as people left it."""

from __future__ import annotations

import pytest

from loyalty import accounts, api_keys, consents, verify, welcome
from loyalty.clock import utcnow
from models import db, transaction
from models.partner import Partner
from sandbox import world


@pytest.fixture
def demo(fresh_app):
    world.build(fresh_app)
    with fresh_app.app_context():
        yield fresh_app


def test_ivan_has_750_points_at_two_partners_and_nowhere_else(demo):
    split = {
        account.partner_name: account.balance for account in accounts.list_accounts(world.fixed_id("ivan"), utcnow())
    }
    assert split == {"Кофейня Эспрессо": 250, "Салон Стиль": 500}


def test_building_again_changes_nothing(demo):
    def count():
        return db.session.execute(db.text("SELECT count(*) FROM entry")).scalar_one()

    before = count()
    db.session.rollback()
    world.build(demo)
    assert count() == before == 4


def test_no_consent_gives_ivan_a_welcome_bonus(demo):
    espresso = db.session.get(Partner, world.fixed_id("espresso"))
    with transaction():
        consents.record(world.fixed_id("ivan"), "personal_data", True, partner_id=None, place="test", now=utcnow())
        assert welcome.grant_if_due(world.fixed_id("ivan"), espresso, utcnow()) is None


def test_everybody_in_the_list_can_be_reached_and_tills_have_working_keys(demo):
    people = {person["key"]: person for person in world.list_people(demo.config["SETTINGS"].secret_key)}
    assert set(people) == {"ivan", "admin"} | {
        f"{business}-{role}"
        for business in ("espresso", "style", "glame", "krasota")
        for role in ("owner", "cashier", "till")
    }
    for key, person in people.items():
        if key.endswith("-till"):
            principal = api_keys.identify_key(person["api_key"], utcnow())
            assert str(principal.partner_id) == person["partner_id"]
            assert str(principal.branch_id) == person["branch_id"]
        else:
            assert person["phone"]


def test_the_people_of_the_page_and_of_the_feed_are_the_same(demo):
    client = demo.test_client()
    page = client.get("/sandbox").get_data(as_text=True)
    for person in client.get("/sandbox/people.json").get_json()["items"]:
        assert person["key"] in page
    assert client.get("/readyz").get_json()["checks"]["demo world"] == "ok"


def test_its_ledger_is_clean(demo):
    with db.engine.connect() as connection:
        assert list(verify.breaches(connection)) == []
