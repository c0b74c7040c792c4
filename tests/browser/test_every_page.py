"""Every page the application serves, made from its map of routes, seen by everybody who may see it.

A new page is found by itself; what its address names is made by its visit (`tests/web/visits`). The crowd's house has much
of everything, beginners have nothing yet.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from uuid import UUID

import pytest
from playwright.sync_api import BrowserContext, Page

from api import create_app
from loyalty.clock import utcnow
from loyalty.partners import create_partner
from models import transaction
from sandbox.application import add_sandbox
from tests.api.roles import Cast, is_page, make_cast
from tests.browser import crowd
from tests.browser.checks import check_keyboard, check_large_text, check_page, weigh
from tests.factories import make_customer, make_email
from tests.support.site import Site
from tests.web.browser import Browser
from tests.web.visits import all_visits
from tests.workers.stage import SETTINGS

MOST_QUERIES = 12
MOST_BYTES = 60 * 1024

MORE: dict[str, list[str]] = {
    "/partner/promotions/new": [f"/partner/promotions/new?kind={kind}" for kind in ("happy_hours", "category")],
    "/login": ["/login?for=staff", "/login?ended=1"],
    "/checkin": ["/checkin?partner=<partner>"],
    "/join": ["/join?partner=<partner>", "/join?partner=<partner>&for=0123456789abcdef0123456789abcdef"],
    "/spend": ["/spend?partner=406631153"],
    "/partner/claims": ["/partner/claims?decided=1"],
    "/partner/poster/print": ["/partner/poster/print?size=tent"],
    "/sandbox/telegram": ["/sandbox/telegram?start=p406631153", "/sandbox/telegram?q=zz", "/sandbox/telegram?phone=1"],
    "/sandbox/telegram/<person_key>": ["/sandbox/telegram/<person_key>?with=espresso-cashier&start=p406631153"],
    "/admin/customers": [
        "/admin/customers?sort=points&proof=yes&since=2020-01-01&until=1800-01-01",
        "/admin/customers?q=zz",
    ],
}
"""Other looks of a page, which its query decides."""

NOT_PAGES = {
    "/static/<version>/<path:name>": "styles, scripts and pictures",
    "/partner/customers/export.csv": "a file",
    "/partner/purchases/export.csv": "a file",
    "/partner/referrals/export.csv": "a file",
    "/partner/nps/export.csv": "a file",
    "/partner/services/export.csv": "a file",
    "/partner/poster/qr.png": "a file",
    "/partner/poster/qr.svg": "a file",
    "/partner/widget/proof": "a file",
    "/partner/widget/stats/export.csv": "a file",
    "/widget.js": "a script",
    "/widget/v1/widget.js": "a script",
    "/widget/files/<version>/<name>": "what the widget's frame is dressed with",
    "/widget/frame": "made by its script, inside a page of a partner: tests/browser/test_widget.py",
    "/customer/data.json": "a file to keep",
}


STEPS_BEFORE = {
    "/login/code": lambda browser: browser.post("/login", contact="+79161234567"),
    "/customer/contacts/code": lambda browser: browser.post("/customer/contacts", contact=make_email()),
}
"""What somebody does first, where a page is the second of two."""


WITHOUT_TOKEN = "/sandbox/sign-in/"
"""The demo's door is open to scripts too."""


def list_pages() -> dict[str, str]:
    """Routes that pages are made from, and the kind of people each is for."""
    app = add_sandbox(create_app(SETTINGS, "postgresql+psycopg2:///nowhere"))
    found = {}
    for rule in app.url_map.iter_rules():
        if "GET" in rule.methods and is_page(app, rule):
            found[rule.rule] = app.view_functions[rule.endpoint].policy.kind
    return dict(sorted(found.items()))


PAGES = {rule: kind for rule, kind in list_pages().items() if rule not in NOT_PAGES}


@dataclass(frozen=True)
class Visitor:
    """Somebody, and the house whose things are shown to them; None for beginners, who have none."""

    name: str
    site: Site
    cast: Cast | None = None
    customer_id: UUID | None = None


@dataclass(frozen=True)
class Seen:
    """One page as one visitor got it, and the cookies to open it again."""

    visitor: Visitor
    address: str
    text: str
    queries: list[str] = field(repr=False)
    cookies: dict[str, str] = field(repr=False)

    def __str__(self) -> str:
        return f"{self.address} for {self.visitor.name}"

    def open(self, context: BrowserContext) -> Page:
        url = self.visitor.site.url
        context.add_cookies([{"name": name, "value": value, "url": url} for name, value in self.cookies.items()])
        page = context.new_page()
        page.goto(url + self.address)
        return page


@pytest.fixture(scope="module")
def visitors(settings, databases):
    crowded, quiet = Site(settings, databases), Site(settings, databases)
    cast = make_cast(crowded.app)
    crowd.gather(crowded.app, cast.ours)
    actors = {"the member": cast.ours.member, "the admin": cast.admin}
    actors |= {f"the {role}": cast.ours.staff[role] for role in ("owner", "cashier")}
    with quiet.app.app_context(), transaction():
        newcomer, beginner = make_customer(name=None), make_customer(name="Нина")
        create_partner("Новая пекарня", owner_id=beginner.id, now=utcnow())
        beginners = {"a newcomer": newcomer.id, "a beginning owner": beginner.id}
    yield [
        Visitor("nobody", crowded, cast),
        *(Visitor(name, crowded, cast, actor.customer_id) for name, actor in actors.items()),
        *(Visitor(name, quiet, None, customer_id) for name, customer_id in beginners.items()),
    ]
    crowded.close()
    quiet.close()


@pytest.fixture
def see(visitors, count_queries):
    """`see(page)` is the page as everybody who may see it gets it. The first of them is of the crowd, the last a beginner, if
    it is for beginners at all."""
    visits = all_visits()

    def see(page: str) -> list[Seen]:
        found = []
        for pattern in [page, *MORE.get(page, [])]:
            address = fill(pattern)
            invited = [visitor for visitor in visitors if visitor.cast or "<" not in pattern]
            seen = [one for visitor in invited if (one := look(visitor, page, address))]
            assert seen, f"none of the visitors may see {pattern}"
            found += seen
        return found

    def look(visitor: Visitor, page: str, address: str) -> Seen | None:
        app = visitor.site.app
        browser = Browser(app)
        if visitor.customer_id:
            browser.sign_in(visitor.customer_id)
        if page in STEPS_BEFORE:
            STEPS_BEFORE[page](browser)
        with count_queries(app) as queries:
            answer = browser.get(address)
        assert answer.status_code < 500, f"{address} for {visitor.name}: {answer.status_code}"
        if answer.status_code != 200:
            return None
        assert answer.mimetype == "text/html", f"{page} is no page: say in NOT_PAGES what it is"
        names = [app.config[name] for name in ("PAGE_COOKIE_NAME", "SESSION_COOKIE_NAME")]
        kept = {name: cookie.value for name in names if (cookie := browser.client.get_cookie(name))}
        return Seen(visitor, address, answer.get_data(as_text=True), list(queries), kept)

    def fill(pattern: str) -> str:
        if "<" not in pattern:
            return pattern
        cast = visitors[0].cast
        ids = visits[f"GET {pattern.partition('?')[0]}"].own(cast, cast.ours)
        return re.sub(r"<(?:[^:>]+:)?(\w+)>", lambda found: str(ids[found[1]]), pattern)

    return see


class Outline(HTMLParser):
    """What can be told of a page without a browser: its language, headings, and what would do nothing without scripts."""

    def __init__(self, text: str):
        super().__init__()
        self.language, self.title, self.headings, self.mains, self.wrong = None, "", [], 0, []
        self._inside: list[str] = []
        self._form: dict[str, str | None] | None = None
        self._has_token = False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag in ("title", "h1", "noscript"):
            self._inside.append(tag)
        if tag == "html":
            self.language = attributes.get("lang")
        elif tag == "main":
            self.mains += 1
        elif tag == "h1":
            self.headings.append("")
        elif tag == "form":
            self._form, self._has_token = attributes, False
        elif tag == "input" and attributes.get("name") == "csrf_token":
            self._has_token = True
        elif tag == "a" and not attributes.get("href"):
            self.wrong.append(f"a link to nowhere: {attributes}")
        elif tag == "button" and self._is_dead(attributes):
            self.wrong.append(f"a button that does nothing without scripts: {attributes}")

    def handle_endtag(self, tag):
        if tag in self._inside:
            self._inside.remove(tag)
        if tag == "form":
            is_post = (self._form.get("method") or "get").lower() == "post"
            if is_post and not self._has_token and not self._form["action"].startswith(WITHOUT_TOKEN):
                self.wrong.append(f"a form without csrf_token: {self._form}")
            self._form = None

    def handle_data(self, data):
        if "title" in self._inside:
            self.title += data
        if "h1" in self._inside:
            self.headings[-1] += data

    def _is_dead(self, attributes: dict[str, str | None]) -> bool:
        if (
            "hidden" in attributes
            or "needs-js" in (attributes.get("class") or "")
            or attributes.keys() & {"popovertarget", "commandfor"}
        ):
            return False
        submits = (attributes.get("type") or "submit") == "submit"
        return not submits or (self._form is None and "form" not in attributes)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_says_what_it_is_works_without_scripts_and_asks_the_database_little(page, see):
    wrong = []
    for seen in see(page):
        outline = Outline(seen.text)
        if outline.language not in ("ru", "en"):
            wrong.append(f"{seen}: its language is {outline.language}")
        if not outline.title.strip():
            wrong.append(f"{seen}: no title")
        if len(outline.headings) != 1 or not outline.headings[0].strip():
            wrong.append(f"{seen}: instead of one heading there are {outline.headings}")
        if outline.mains != 1:
            wrong.append(f"{seen}: {outline.mains} main regions")
        wrong += [f"{seen}: {one}" for one in outline.wrong]
        if len(seen.queries) > MOST_QUERIES:
            wrong.append(f"{seen}: {len(seen.queries)} queries\n    " + "\n    ".join(map(_short, seen.queries)))
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_usable_by_everybody_at_every_width_and_light(page, see, new_context):
    for seen in first_and_last(see(page)):
        context = new_context()
        opened = seen.open(context)
        weights = weigh(opened)
        assert sum(weights.values()) <= MOST_BYTES, f"{seen}: {weights}"
        check_page(opened)
        check_large_text(opened)
        check_keyboard(opened)
        context.close()


@pytest.mark.parametrize("page", PAGES)
def test_a_page_shows_itself_with_scripts_switched_off(page, see, new_context):
    for seen in first_and_last(see(page)):
        context = new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
        opened = seen.open(context)
        assert opened.locator("h1").is_visible(), seen
        context.close()


@pytest.mark.parametrize(("address", "who", "status"), [("/nowhere", "nobody", 404), ("/admin", "the member", 403)])
def test_a_refusal_is_a_page_like_any_other(visitors, new_context, address, who, status):
    visitor = next(one for one in visitors if one.name == who)
    context = new_context()
    if visitor.customer_id:
        visitor.site.sign_in(context, visitor.customer_id)
    page = context.new_page()
    assert page.goto(visitor.site.url + address).status == status
    check_page(page)
    check_large_text(page)
    check_keyboard(page)
    assert Outline(page.content()).wrong == []


def first_and_last(seen: list[Seen]) -> list[Seen]:
    """Of each address: as somebody with much of everything gets it, and as a beginner."""
    by_address: dict[str, list[Seen]] = {}
    for one in seen:
        by_address.setdefault(one.address, []).append(one)
    return [one for alike in by_address.values() for one in alike[:1] + alike[1:][-1:]]


def test_what_is_said_to_be_no_page_is_still_served():
    assert NOT_PAGES.keys() <= list_pages().keys()


def test_the_outline_finds_what_is_dead_or_unguarded():
    text = (
        "<html lang=ru><title>Т</title><main><h1>Раз</h1><h1>Два</h1><a>никуда</a><button>x</button>"
        "<button type=button>y</button><button type=button hidden>z</button><button popovertarget=p>p</button>"
        "<form method=post action=/a><button>ok</button></form>"
        "<form method=post action=/b><input name=csrf_token><button>ok</button></form>"
    )
    outline = Outline(text)
    assert (outline.language, outline.title, outline.headings, outline.mains) == ("ru", "Т", ["Раз", "Два"], 1)
    assert [one.split(":")[0] for one in outline.wrong] == [
        "a link to nowhere",
        "a button that does nothing without scripts",
        "a button that does nothing without scripts",
        "a form without csrf_token",
    ]


def _short(query: str) -> str:
    return " ".join(query.split())[:160]
