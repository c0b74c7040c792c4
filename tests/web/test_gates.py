"""Plan × feature × door: what a plan does not open is refused with an explanation and changes nothing, what it opens works.

The pages and routes that are locked as a whole are read off the application; what a plan opens inside a route is listed here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from flask import Flask
from sqlalchemy import text
from werkzeug.test import TestResponse

from loyalty import plans, promotions
from loyalty.clock import utcnow
from loyalty.plans import FEATURES, ORDER, PLANS, open_features
from models import db, transaction
from models.partner import Partner
from tests.api.roles import House, in_frame, is_page, make_cast, new_key
from tests.api.samples import PROMOTION, basket_of
from tests.web.browser import Browser
from tests.web.visits import Visit, all_visits
from web.plans import PLAN_NAMES

NO_DOOR_YET = {"widget_spending", "full_sync", "ai_analytics", "crm_analytics"}
ALWAYS = PLANS[0].opens
"""What every plan opens; of these only the bot can be switched off."""

TARGETED = PROMOTION | {"terms": PROMOTION["terms"] | {"audience": "tier", "tiers": ["Серебро"]}}


@dataclass(frozen=True)
class Door:
    """A call that only an open feature lets through: `make(app, house)` prepares it and answers what sends it.

    `locked` is the status, and `code` the problem's, that a closed one answers.
    """

    feature: str
    name: str
    make: Callable[[Flask, House], Callable[[], TestResponse]]
    locked: int = 403
    code: str | None = "feature_locked"


def at_desk(method: str, url: str, body=...):
    return lambda app, house: lambda: house.staff["owner"].call(method, url, body, key=new_key())


def at_page(method: str, url: str, **form):
    def make(app, house: House):
        browser = Browser(app).sign_in(house.staff["owner"].customer_id)
        return lambda: browser.get(url) if method == "GET" else browser.post(url, **form)

    return make


def ask_for_points(app, house: House):
    body = {"partner_id": house.partner_code, "amount": "700.00", "consents": {"personal_data": True}}
    return lambda: house.member.post("/api/customer/claims", body, key=new_key())


def check_in(app, house: House):
    browser = Browser(app).sign_in(house.member.customer_id)
    return lambda: browser.get(f"/checkin?partner={house.partner_code}")


def in_widget(name: str):
    def make(app, house: House):
        frame = in_frame(app, house.partner_id, house.member.customer_id)
        return lambda: frame.get(f"/api/widget/{house.partner_code}{name}")

    return make


def show_frame(app, house: House):
    return lambda: app.test_client().get(f"/widget/frame?partner={house.partner_code}")


def switch_on(app, house: House):
    """The draft was made under a plan that opened its audience."""
    with app.app_context(), transaction() as session:
        partner, now = session.get_one(Partner, house.partner_id), utcnow()
        plan, partner.plan = partner.plan, "enterprise"
        terms = {"points": 10, "audience": "tier", "tiers": ["Серебро"]}
        draft = promotions.make(
            partner, name="Серебру", kind="fixed", terms=terms, starts_at=now, ends_at=None, by=None, now=now
        )
        url, partner.plan = f"/api/partner/promotions/{draft.id}/on", plan
    return at_desk("POST", url)(app, house)


def make_key(scope: str):
    return at_desk("POST", "/api/partner/api-keys", {"name": "Касса", "scopes": [scope]})


def quote(app, house: House):
    return lambda: house.till.post("/api/pos/quotes", basket_of(house))


TRY = {name: TARGETED[name] for name in ("kind", "terms")}
DOORS = (
    Door("qr_codes", "limits", at_desk("PUT", "/api/partner/claims/policy", {"a_day": 2})),
    Door("qr_codes", "QR with a sum", at_page("POST", "/partner", act="offer", amount="700"), 422, None),
    Door("qr_codes", "claim", ask_for_points, code="claims_not_taken"),
    Door("qr_codes", "standing QR", check_in, code=None),
    Door("web_widget", "card", in_widget(""), 404, "partner_not_found"),
    Door("web_widget", "visitor", in_widget("/me"), 404, "partner_not_found"),
    Door("web_widget", "frame", show_frame, 404, "partner_not_found"),
    Door("targeting", "draft", at_desk("POST", "/api/partner/promotions", TARGETED)),
    Door("targeting", "cost", at_desk("POST", "/api/partner/promotions/try", TRY)),
    Door("targeting", "switching on", switch_on),
    Door("extended_statistics", "quarter", at_desk("GET", "/api/partner/stats?days=90")),
    Door("extended_statistics", "quarter's page", at_page("GET", "/partner/stats?days=90"), code=None),
    Door("till_integration", "key", make_key("pos:quote")),
    Door("crm_sync", "key", make_key("inbound:clients")),
    Door("till_integration", "call", quote),
)


def routes_by_feature(app) -> dict[str, str]:
    """Pages that are locked as a whole, and the feature that opens each."""
    return {
        f"{method} {rule.rule}": policy.feature
        for rule in app.url_map.iter_rules()
        if is_page(app, rule) and (policy := app.view_functions[rule.endpoint].policy).feature
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }


@pytest.fixture(scope="module")
def cast(app):
    return make_cast(app)


@pytest.fixture
def place(app, cast):
    """`place(plan, **switches)` puts our partner there; afterwards everything is open to it again."""

    def put(plan: str, **switches: bool) -> House:
        with app.app_context(), transaction() as session:
            partner = session.get_one(Partner, cast.ours.partner_id)
            partner.plan, partner.features = plan, switches
        return cast.ours

    yield put
    put("enterprise")


@pytest.fixture
def is_unchanged(app):
    """Whether no row of any table was written since; what a call notes of who called does not count."""
    noted = {"session", "widget_session", "api_key"}
    tables = [name for name in db.metadata.tables if name not in noted]
    counts = " UNION ALL ".join(
        f"SELECT '{name}', count(*), max(xmin::text::bigint) FROM \"{name}\"" for name in tables
    )

    def look():
        with app.app_context():
            # in whatever order the parts of the union come: of large tables they are read in parallel
            return sorted(db.session.execute(text(counts)).all(), key=lambda row: row[0])

    before = []

    def note():
        before[:] = look()
        return lambda: look() == before

    return note


@pytest.mark.parametrize("plan", ORDER)
@pytest.mark.parametrize("door", DOORS, ids=lambda door: f"{door.feature}, {door.name}")
def test_a_door_opens_with_its_plan_and_explains_itself_before(app, place, is_unchanged, door, plan):
    send = door.make(app, place(plan))
    unchanged = is_unchanged()
    answer = send()
    if door.feature in open_features(plan, {}):
        assert answer.status_code in (200, 201, 303), answer.text
        return
    assert answer.status_code == door.locked, answer.text
    assert unchanged()
    if door.code == "feature_locked":
        opens = plans.plan_that_opens(door.feature).code
        assert (answer.json["code"], answer.json["feature"], answer.json["plan"]) == (door.code, door.feature, opens)
    elif door.code and answer.is_json:
        assert answer.json["code"] == door.code and "plan" not in answer.json


def test_a_locked_page_says_what_it_is_and_which_plan_opens_it(app, cast, place, is_unchanged, words):
    visits, wrong = all_visits(), []
    routes = routes_by_feature(app)
    assert {"qr_codes", "web_widget", "till_integration"} <= set(routes.values())
    for route, feature in sorted(routes.items()):
        method, _, url = route.partition(" ")
        visit = visits.get(route) or Visit(route)
        for plan in ORDER:
            house = place("enterprise")
            fields, asked = visit.form(cast, house), url
            for name, value in (visit.own(cast, house) if visit.own else {}).items():
                asked = re.sub(rf"<(?:[^:>]+:)?{name}>", str(value), asked)
            place(plan)
            browser = Browser(app).sign_in(house.staff["owner"].customer_id)
            unchanged = is_unchanged()
            answer = browser.get(asked) if method == "GET" else browser.post(asked, **fields)
            if feature in open_features(plan, {}):
                if answer.status_code not in (*visit.done, 422):
                    wrong.append(f"{route}, {plan}: {answer.status_code}")
                continue
            opens = PLAN_NAMES[plans.plan_that_opens(feature).code]
            if answer.status_code != 403 or f"Открывается на тарифе «{opens}»" not in words(answer) or not unchanged():
                wrong.append(f"{route}, {plan}: {answer.status_code}, {words(answer)[-200:]}")
    assert wrong == []


def test_every_feature_has_a_door_or_is_open_to_everybody(app):
    behind = {door.feature for door in DOORS} | set(routes_by_feature(app).values())
    behind |= {"contact_base", "telegram_bot"}  # the tests below
    assert behind | NO_DOOR_YET | ALWAYS == FEATURES


@pytest.mark.parametrize("plan", ORDER)
def test_files_of_customers_have_contacts_from_the_plan_on_that_opens_them(app, place, plan):
    house = place(plan)
    files = [
        house.staff["owner"].get("/api/partner/export/customers.csv"),
        at_page("GET", "/partner/customers/export.csv")(app, house)(),
    ]
    for file in files:
        assert file.status_code == 200 and "name" in file.text
        assert (house.phone in file.text) == ("contact_base" in open_features(plan, {}))


def test_what_is_switched_off_explains_that_no_plan_opens_it(app, place, words):
    house = place("enterprise", web_widget=False)
    page = at_page("GET", "/partner/widget")(app, house)()
    assert page.status_code == 403 and "Копилка отключила это для вашего бизнеса" in words(page)
    refused = make_key("pos:quote")(app, place("enterprise", crm_sync=False))()
    assert refused.status_code == 201, "another feature stays open"
    refused = make_key("inbound:clients")(app, place("enterprise", crm_sync=False))()
    assert (refused.status_code, refused.json["plan"]) == (403, None)
    assert in_widget("")(app, place("basic", web_widget=True))().status_code == 200


def test_nothing_is_taken_away_from_who_moves_down(app, place, words):
    house = place("enterprise")
    promotion = switch_on(app, house)
    assert promotion().status_code == 200
    asked = ask_for_points(app, house)()
    kept = at_desk(
        "POST", "/api/partner/claims/drives", {"drive": "9960440300000001", "branch_id": str(house.branch_id)}
    )
    assert kept(app, house)().status_code == 201
    house = place("basic")
    assert promotion().status_code == 200, "what is on stays on, and saying so again is no news"
    running = at_desk("GET", "/api/partner/promotions")(app, house)().json["items"]
    assert "on" in {one["state"] for one in running}
    decided = at_desk("POST", f"/api/partner/claims/{asked.json['id']}/approve", {})(app, house)()
    assert decided.status_code == 200 and decided.json["state"] == "approved"
    drives = at_desk("GET", "/api/partner/claims/drives")(app, house)().json["items"]
    assert "9960440300000001" in [one["drive"] for one in drives]
    keys = words(at_page("GET", "/partner/keys")(app, house)())
    assert "не работают" in keys and "Касса" in keys


def test_locked_pages_stay_in_sight_with_a_lock(app, place):
    bar = at_page("GET", "/partner/poster")(app, place("basic"))().text
    assert re.findall(r'href="/partner/(poster|widget)"[^>]*><svg class="icon ways-lock"', bar)
    assert "ways-lock" not in at_page("GET", "/partner/poster")(app, place("advanced"))().text
