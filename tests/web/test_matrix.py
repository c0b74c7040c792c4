"""Every page × every role: who gets in, and that a foreign thing looks exactly like one that does not exist.

Generated over the routes of the application; what a page needs to be visited stands in `tests/web/visits`.
"""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest

from loyalty.staff import ROLES, SCOPES
from tests.api.roles import Actor, is_page
from tests.web.browser import Browser, without_tokens
from tests.web.visits import Visit, all_visits

STAFF = ROLES
PEOPLE = ("nobody", "stranger", "member", "admin", *STAFF)


@pytest.fixture(scope="module")
def visits():
    return all_visits()


def page_routes(app) -> dict[str, Any]:
    """Every page by `METHOD rule`, with its view."""
    return {
        f"{method} {rule.rule}": app.view_functions[rule.endpoint]
        for rule in app.url_map.iter_rules()
        if is_page(app, rule)
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }


def test_every_page_can_be_visited(app, visits):
    routes = page_routes(app)
    wanted = {route for route in routes if not route.startswith("GET ") or "<" in route}
    assert wanted - visits.keys() == set(), "write visits for these pages"
    assert visits.keys() - routes.keys() == set(), "these visits lead to no page"


def test_pages_let_in_whom_they_should(app, cast, visits, record_property):
    wrong, cells = [], 0
    routes = {route: (visits.get(route) or Visit(route), view) for route, view in page_routes(app).items()}
    # who has signed everybody out makes no more purchases for others to look at
    for route, (visit, view) in sorted(routes.items(), key=lambda item: (item[1][0].ends_session, item[0])):
        for role in PEOPLE:
            browser = _browser_of(app, cast, role)
            answer = _open(browser, route, visit, cast, cast.ours)
            cells += 1
            if (expected := _expect(view.policy, role)) == "in":
                is_right = answer.status_code in (*visit.done, 422)
                is_right &= view.policy.kind == "public" or visit.ends_session or not _leads_to_sign_in(answer)
            elif expected == "sign in":
                is_right = _leads_to_sign_in(answer)
            else:
                is_right = answer.status_code == 403
            if not is_right:
                wrong.append(
                    f"{route} as {role}: {answer.status_code} {answer.headers.get('Location', '')}, {expected}"
                )
    record_property("cells", cells)
    assert wrong == []


def test_a_foreign_thing_looks_like_a_missing_one(app, cast, visits, record_property):
    wrong, cells = [], 0
    for route, view in sorted(page_routes(app).items()):
        visit = visits.get(route)
        if visit is None or visit.own is None or view.policy.kind not in ("staff", "signed_in"):
            continue
        browser = Browser(app).sign_in(cast.ours.staff["owner"].customer_id)
        foreign = _open(browser, route, visit, cast, cast.theirs)
        missing = _open(browser, route, visit, cast, None)
        cells += 1
        if (foreign.status_code, without_tokens(foreign.text)) != (missing.status_code, without_tokens(missing.text)):
            wrong.append(f"{route}: foreign {foreign.status_code}, missing {missing.status_code}")
        elif missing.status_code != 404:
            wrong.append(f"{route}: a missing thing answers {missing.status_code}")
    record_property("cells", cells)
    assert wrong == []


def test_no_form_is_taken_from_elsewhere(app, cast, visits, record_property):
    wrong, cells = [], 0
    for route, view in sorted(page_routes(app).items()):
        if not route.startswith("POST "):
            continue
        for role in ("owner", "admin"):
            if _expect(view.policy, role) != "in":
                continue
            browser, visit = _browser_of(app, cast, role), visits[route]
            other = Browser(app)
            for token in (None, "nonsense", other.token()):
                answer = _open(browser, route, visit, cast, cast.ours, token=token)
                cells += 1
                if answer.status_code != 400:
                    wrong.append(f"{route} as {role} with {token and token[:8]}: {answer.status_code}")
    record_property("cells", cells)
    assert wrong == []


def _browser_of(app, cast, role: str) -> Browser:
    house = cast.ours
    actors: dict[str, Actor] = {"stranger": cast.stranger, "member": house.member, "admin": cast.admin, **house.staff}
    return Browser(app).sign_in(actors[role].customer_id) if role in actors else Browser(app)


def _expect(policy, role: str) -> str:
    if policy.kind == "public":
        return "in"
    if role == "nobody":
        return "sign in"
    if policy.kind == "signed_in":
        return "in"
    if policy.kind == "platform":
        return "in" if role in policy.scope.split() else "out"
    return "in" if role in STAFF and policy.scope in SCOPES[role] else "out"


def _open(browser: Browser, route: str, visit: Visit, cast, house, *, token=...):
    """`house` None: nobody has the thing."""
    method, _, url = route.partition(" ")
    if visit.own is not None:
        ids = visit.own(cast, house or cast.ours)
        if house is None:
            ids = visit.missing or {name: uuid.uuid4() for name in ids}
        for name, value in ids.items():
            url = re.sub(rf"<(?:[^:>]+:)?{name}>", str(value), url)
    if method == "GET":
        return browser.get(url)
    return browser.post(url, token=token, **visit.form(cast, house or cast.ours))


def _leads_to_sign_in(answer) -> bool:
    return answer.status_code == 303 and answer.headers["Location"].startswith("/login")
