"""For whom a page is opened: the partner chosen on the browser, and above it the one a form was shown for."""

from __future__ import annotations

import pytest
from flask import g

from loyalty.sessions import Principal
from loyalty.staff import SCOPES
from models import db, transaction
from models.customer import Customer
from tests.factories import make_customer, make_partner, make_staff
from tests.web.browser import Browser
from web import access
from web.places import home_of, safe_path


@pytest.fixture
def two_jobs(app):
    """Somebody who is a cashier at one partner and the owner of another, in that order: (customer id, their ids)."""
    with app.test_request_context(), transaction():
        person, first, second, foreign = make_customer(), make_partner(), make_partner(), make_partner()
        make_staff(first, "cashier", person)
        make_staff(second, "owner", person)
        return person.id, str(first.id), str(second.id), str(foreign.id)


def partner_of(app, browser, **fields) -> str:
    """Whom a form of this browser acts for."""

    @access.staff("branches:read")
    def view():
        return str(g.me.partner_id)

    data = {"csrf_token": browser.token()} | fields
    header = "; ".join(f"{name}={browser.client.get_cookie(name).value}" for name in ("kopilka_page", "kopilka_form"))
    with app.test_request_context("/", method="POST", data=data, headers={"Cookie": header}), transaction():
        return view()


def test_a_browser_remembers_the_chosen_partner(app, two_jobs):
    person, first, second, _ = two_jobs
    browser = Browser(app).sign_in(person)
    browser.token()
    assert partner_of(app, browser) == first
    switched = browser.post("/partner/switch", partner=second)
    assert switched.headers["Location"] == "/partner"
    assert partner_of(app, browser) == second
    assert partner_of(app, browser, partner=first) == first, "a form acts for the partner it was shown for"


def test_nobody_switches_to_a_partner_they_do_not_work_for(app, two_jobs):
    person, first, _, foreign = two_jobs
    browser = Browser(app).sign_in(person)
    assert browser.post("/partner/switch", partner=foreign).status_code == 404
    assert partner_of(app, browser) == first


def test_a_choice_is_forgotten_with_the_job(app, two_jobs):
    person, first, second, _ = two_jobs
    browser = Browser(app).sign_in(person)
    browser.post("/partner/switch", partner=second)
    with app.test_request_context(), transaction():
        db.session.execute(db.text("UPDATE partner SET state = 'suspended' WHERE id = :id"), {"id": second})
    assert partner_of(app, browser) == first


@pytest.mark.parametrize("role", SCOPES)
def test_everybody_is_led_to_a_room_their_role_opens(app, role):
    with app.test_request_context(), transaction():
        person = make_customer()
        make_staff(make_partner(), role, person)
        person_id = person.id
    browser = Browser(app).sign_in(person_id)
    home = browser.get("/login").headers["Location"]
    assert home == ("/partner" if "points:credit" in SCOPES[role] else "/partner/programme")


@pytest.mark.parametrize("good", ["/", "/customer?kind=spend", "/partner/customers/1#x"])
def test_places_of_our_own_are_safe(good):
    assert safe_path(good) == good


@pytest.mark.parametrize("bad", [None, "", "x", "//x", "http://x", "/\\x", "/" + "x" * 600, "/a\rb", "\t/x", "//[x"])
def test_other_places_are_not(bad):
    assert safe_path(bad) is None


def test_a_person_without_a_role_lives_in_the_cabinet(app, db_session):
    stranger = db.session.get(Customer, make_customer().id)
    assert home_of(Principal(stranger.id, stranger.id, frozenset(), ())) == "/customer"
    assert home_of(Principal(stranger.id, stranger.id, frozenset({"admin"}), ())) == "/admin"
