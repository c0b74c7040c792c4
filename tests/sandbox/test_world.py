"""The demo world is the same every time and stays as people left it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from loyalty import accounts, api_keys, claims, consents, customers, partners, verify, welcome, widget
from loyalty.clock import utcnow
from loyalty.sales import Caller
from models import db, transaction
from models.partner import Partner
from sandbox import guests, world
from tests.factories import make_customer, make_site


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


def everything() -> dict[str, int]:
    """How many rows each table of the world has."""
    tables = ("customer", "identity", "membership", "consent", "purchase", "entry", "refund", "partner_application")
    counted = {table: db.session.scalar(db.text(f"SELECT count(*) FROM {table}")) for table in tables}
    db.session.rollback()
    return counted


def test_two_claims_wait_at_the_salon(demo):
    caller = Caller("counter", "manual")
    waiting = claims.list_claims(world.fixed_id("style"), caller=caller, contacts=False)
    assert sorted((str(one.amount), one.doubts) for one in waiting) == [("19000.00", ("large",)), ("4300.00", ())]


def test_building_again_changes_nothing(demo):
    before = everything()
    world.build(demo)
    assert everything() == before
    ivans = db.text("SELECT count(*) FROM entry JOIN membership m ON m.id = membership_id WHERE m.customer_id = :ivan")
    assert db.session.scalar(ivans, {"ivan": world.fixed_id("ivan")}) == 4


def test_a_world_of_an_earlier_version_gets_what_it_lacks_and_nothing_twice(fresh_app, monkeypatch):
    with monkeypatch.context() as earlier, fresh_app.app_context():
        earlier.setattr(world, "CHAPTERS", {"ivan": world.CHAPTERS["ivan"]})
        world.build(fresh_app)
        assert everything()["entry"] == 4
    with fresh_app.app_context(), transaction():
        # somebody played with it meanwhile, and has a guest's number
        make_customer(guests.GUESTS["gleb"].phone)
    with fresh_app.app_context():
        assert not world.is_complete()
        world.build(fresh_app)
        assert world.is_complete()
        completed = everything()
        assert completed["membership"] == 3 + sum(
            len({visit.guest for visit in visits}) for visits in guests.VISITS.values()
        )
        assert completed["purchase"] == 4 + sum(len(visits) for visits in guests.VISITS.values())
        world.build(fresh_app)
        assert everything() == completed


def test_the_guests_points_at_espresso_add_up_to_nothing(demo):
    totals = dict(
        db.session.execute(
            db.text("SELECT m.customer_id, sum(points) FROM entry e JOIN membership m ON m.id = e.membership_id "
                    "WHERE e.partner_id = :espresso GROUP BY 1"),
            {"espresso": world.fixed_id("espresso")},
        ).all()
    )  # fmt: skip
    assert totals.pop(world.fixed_id("ivan")) == 250
    assert sum(totals.values()) == 0
    assert min(totals.values()) < 0 < max(totals.values())


@pytest.mark.parametrize("business", ["espresso", "style", "glame", "krasota"])
def test_every_business_has_customers_to_look_at(demo, business):
    rows, _ = customers.search_members(world.fixed_id(business))
    names = {row.name for row in rows}
    assert len(names) >= 4
    assert ("Иван Петров" in names) == (business in ("espresso", "style"))
    assert all(row.phone for row in rows)


def test_the_widgets_of_the_businesses_may_stand_on_their_sites_whatever_the_port(demo):
    espresso = world.fixed_id("espresso")
    assert widget.list_sites(espresso) == ["http://127.0.0.1:8000"]
    with transaction():
        make_site(espresso, "https://espresso.example", utcnow())
    demo.config["SETTINGS"] = replace(demo.config["SETTINGS"], port=9001, public_url="http://localhost:9001")
    for _ in range(2):
        world.build(demo)
        assert sorted(widget.list_sites(espresso)) == ["http://127.0.0.1:9001", "https://espresso.example"]
    assert widget.list_sites(world.fixed_id("glame")) == ["http://127.0.0.1:9001"]


def test_somebody_waits_for_the_admins_decision(demo):
    (waiting,) = partners.list_applications(state="pending")
    assert waiting.applicant_id == world.fixed_id("applicant")
    with transaction():
        partners.approve(waiting.id, world.fixed_id("admin"), utcnow())
    world.build(demo)
    assert partners.list_applications(state="pending") == []


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
