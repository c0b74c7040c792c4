"""The widget on a stranger's page, in a real browser: the platform is `localhost`, partners' sites are on `127.0.0.1`,
which to a browser is another site.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import Frame, Page, expect

from loyalty import consents, promotions, sales, services, sessions, tiers, widget
from loyalty.clock import utcnow
from loyalty.colours import contrast_with_white, darken_until_readable
from loyalty.rules import Rules
from loyalty.widget_look import Look, set_look
from models import db, transaction
from models.partner import Partner
from tests.browser.checks import THEMES, violations, wait_for_scripts
from tests.factories import identifier_of, identity_of, make_customer, make_email, make_member, make_partner, make_staff
from tests.support.partner_site import SNIPPET, PartnerSite
from tests.support.site import Site
from workers import proving

PHONE = {"width": 390, "height": 844}
ESPRESSO = "406631153"
REFUSED = r"frame-ancestors|violates the following Content Security Policy directive"


@dataclass(frozen=True)
class House:
    """A partner, and a member who has 1 250 points there and 77 somewhere else."""

    code: str
    partner_id: object
    customer_id: object
    phone: str


@pytest.fixture(scope="module")
def shop() -> Iterator[PartnerSite]:
    made = PartnerSite()
    yield made
    made.stop()


@pytest.fixture
def house(site, shop) -> House:
    with site.app.app_context(), transaction():
        partner, other = (make_partner(Rules(welcome_bonus=0), name=name) for name in ("Пекарня Ржаная", "Химчистка"))
        person = make_customer(name="Анна Сергеевна")
        for place, amount in ((partner, "25000.00"), (other, "1540.00")):
            make_member(place, person)
            sales.post_transaction(
                place,
                identifier_of(person),
                sales.Basket(Decimal(amount)),
                kind="accrual",
                caller=sales.Caller("customer:test", "manual"),
                key=f"widget-{place.id}",
                now=utcnow(),
            )
        consents.record(person.id, "personal_data", True, partner_id=partner.id, place="page", now=utcnow())
        widget.add_site(partner.id, shop.url, by=None, now=utcnow(), loopback=True)
        return House(partner.code, partner.id, person.id, identity_of(person, "phone").value)


def snippet(site: Site, code: str) -> str:
    return SNIPPET.format(platform=site.url, partner=code)


def script(site: Site, code: str, options: str = "") -> str:
    """The widget with a handle in `window.handle` and what it tells in `window.told`."""
    return f"""<div id="loyalty-widget"></div><script src="{site.url}/widget.js"></script><script>
      window.told = [];
      window.handle = LoyaltyWidget.init({{partnerId: '{code}', position: 'bottom-right'{options}}});
      for (const type of ['open', 'close', 'signed-in', 'signed-out', 'joined', 'claimed'])
        handle.on(type, (...given) => told.push([type, ...given].join(' ')));
    </script>"""


def launch(page: Page) -> Frame:
    """Press the launcher; the frame, once it shows something."""
    page.locator("#loyalty-widget").click()
    return frame_of(page)


def frame_of(page: Page) -> Frame:
    for _ in range(100):
        found = [frame for frame in page.frames if "/widget/frame" in frame.url]
        if found:
            expect(found[0].locator("[data-state=waiting]")).to_be_hidden()
            return found[0]
        page.wait_for_timeout(50)
    raise AssertionError("no frame")


def ask_for_code(frame: Frame, phone: str) -> None:
    frame.get_by_role("button", name="Посмотреть мои баллы").click()
    frame.get_by_label("Телефон или почта").fill(phone)
    frame.get_by_role("button", name="Получить код").click()
    expect(frame.get_by_role("heading", name="Введите код")).to_be_visible()


def sign_in(site: Site, frame: Frame, house: House) -> str:
    ask_for_code(frame, house.phone)
    code = site.read_code(house.phone)
    show_code(frame, code)
    expect(frame.locator("#balance")).to_have_text("1 250 баллов")
    return code


def show_code(frame: Frame, code: str) -> None:
    frame.get_by_label("Код из сообщения").fill(code)
    frame.get_by_role("button", name="Показать мои баллы").click()


# On the page of a partner


def test_the_snippet_works_as_partners_paste_it(page, site, shop):
    with site.app.app_context(), transaction():
        espresso = widget.find_partner(ESPRESSO)
        widget.add_site(espresso.id, shop.url, by=None, now=utcnow(), loopback=True)
    assert f"LoyaltyWidget.init({{partnerId: '{ESPRESSO}', position: 'bottom-right'}})" in snippet(site, ESPRESSO)
    page.goto(shop.put(snippet(site, ESPRESSO)))
    frame = launch(page)
    expect(frame.get_by_text("Кофейня Эспрессо")).to_be_visible()
    expect(frame.get_by_role("heading", name="Баллы за покупки")).to_be_visible()


def test_a_partner_is_named_by_its_uuid_too_and_a_side_is_chosen(page, site, shop, house):
    page.goto(shop.put(snippet(site, str(house.partner_id)).replace("bottom-right", "bottom-left")))
    assert page.locator("#loyalty-widget").bounding_box()["x"] < 100
    expect(launch(page).get_by_text("Пекарня Ржаная")).to_be_visible()


def test_a_page_without_the_div_and_a_script_in_its_head_get_the_widget_too(page, site, shop, house):
    page.goto(shop.put("", head=script(site, house.code).replace('<div id="loyalty-widget"></div>', "")))
    page.wait_for_function("handle")
    page.evaluate("handle.open()")
    expect(frame_of(page).get_by_text("Пекарня Ржаная")).to_be_visible()


def test_before_the_click_there_are_the_script_and_one_call_without_cookies(page, site, shop, house):
    page.goto(f"{site.url}/login", wait_until="networkidle")
    page.context.add_cookies([{"name": "any", "value": "cookie", "url": site.url, "sameSite": "None", "secure": True}])
    calls = []
    page.on("request", lambda request: calls.append(request))
    page.goto(shop.put(snippet(site, house.code)))
    expect_launcher(page)
    page.wait_for_timeout(300)
    ours = [request for request in calls if request.url.startswith(site.url)]
    assert [request.url.removeprefix(site.url) for request in ours] == ["/widget.js", f"/api/widget/{house.code}"]
    assert "cookie" not in ours[1].all_headers()
    assert page.frames == [page.main_frame]
    launch(page)
    assert len(page.frames) == 2


def test_a_page_may_ask_for_silence(page, site, shop, house):
    calls = []
    page.on("request", lambda request: calls.append(request.url.removeprefix(site.url)))
    page.goto(shop.put(script(site, house.code, ", announce: false")))
    expect_launcher(page)
    assert f"/api/widget/{house.code}" not in calls
    launch(page)


@pytest.mark.parametrize(
    ("policy", "options"),
    [
        ("default-src 'none'; script-src 'nonce-n0nce' {platform}; frame-src {platform}; connect-src {platform}", ""),
        ("default-src 'none'; script-src 'nonce-n0nce' {platform}; frame-src {platform}", ", announce: false"),
    ],
)
def test_it_works_under_a_strict_policy_of_the_page(page, site, shop, house, policy, options):
    policy = policy.format(platform=site.url) + "; img-src data:; base-uri 'none'; require-trusted-types-for 'script'"
    body = script(site, house.code, options).replace("<script>", '<script nonce="n0nce">')
    page.goto(shop.put(body, policy=policy))
    expect(launch(page).get_by_text("Пекарня Ржаная")).to_be_visible()
    assert page.locator("#loyalty-widget").bounding_box()["height"] == 56


def test_a_policy_that_forbids_the_call_hides_nothing(page, site, shop, house, watch):
    watch.forgive("violates the document's Content Security Policy|connect-src")
    policy = f"default-src 'none'; script-src 'nonce-n0nce' {site.url}; frame-src {site.url}; img-src data:"
    page.goto(shop.put(script(site, house.code).replace("<script>", '<script nonce="n0nce">'), policy=policy))
    expect(launch(page).get_by_text("Пекарня Ржаная")).to_be_visible()


def test_a_script_that_is_loaded_twice_is_one_widget(page, site, shop, house):
    again = f'<script src="{site.url}/widget.js"></script>'
    page.goto(
        shop.put(
            script(site, house.code) + again + "<script>window.second = LoyaltyWidget.init({partnerId: 1})</script>"
        )
    )
    page.evaluate(f"window.third = LoyaltyWidget.init({{partnerId: '{house.code}'}})")
    assert page.evaluate("third === handle && typeof second.open === 'function'")
    launch(page)
    page.evaluate("second.open(); third.open()")
    assert len(page.frames) == 2
    assert page.evaluate("told") == ["open"]


def test_an_asynchronous_script_finds_what_was_asked_before(page, site, shop, house):
    page.goto(
        shop.put(
            '<div id="loyalty-widget"></div><script>window.LoyaltyWidget = window.LoyaltyWidget || '
            "{q: [], init(options) { this.q.push(options) }};"
            f"LoyaltyWidget.init({{partnerId: '{house.code}'}})</script>"
            f'<script async src="{site.url}/widget/v1/widget.js"></script>'
        )
    )
    expect(launch(page).get_by_text("Пекарня Ржаная")).to_be_visible()


def test_a_page_that_waits_for_nothing_is_told_when_the_widget_is_there(page, site, shop, house):
    stub = "window.LoyaltyWidget = window.LoyaltyWidget || {q: [], init(options) { this.q.push(options) }};"
    page.goto(
        shop.put(
            f"""<button id=own onclick="LoyaltyWidget.open()">Баллы</button><script>{stub} window.told = [];
            LoyaltyWidget.init({{partnerId: '{house.code}', ready(widget) {{
              const stop = widget.on('open', () => {{ told.push('open'); stop() }});
              widget.on('close', () => told.push('close')) }} }})</script>
            <script async src="{site.url}/widget.js"></script>"""
        )
    )
    page.wait_for_function("Boolean(LoyaltyWidget.open)")
    page.locator("#own").click()
    frame_of(page).get_by_role("button", name="Закрыть").click()
    page.wait_for_function("told.join() === 'open,close'")
    page.evaluate("LoyaltyWidget.open(); LoyaltyWidget.close()")
    assert page.evaluate("told.join()") == "open,close,close"


def expect_frames(page, count: int) -> None:
    """So many frames, the page's own included; that one has gone is heard of a little later."""
    for _ in range(200):
        if len(page.frames) == count:
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"{len(page.frames)} frames instead of {count}")


def test_what_is_destroyed_leaves_nothing_and_a_second_one_works(page, site, shop, house):
    page.goto(shop.put(script(site, house.code)))
    launch(page)
    page.evaluate("first = handle; first.destroy(); first.open(); first.destroy()")
    assert page.evaluate("told.join()") == "open,close"
    expect_frames(page, 1)
    assert page.locator("#loyalty-widget").bounding_box()["height"] == 0
    page.evaluate(
        f"second = LoyaltyWidget.init({{partnerId: '{house.code}'}}); second.on('open', () => told.push('again')); 0"
    )
    expect_launcher(page)
    page.evaluate("first.destroy()")
    expect(launch(page).get_by_text("Пекарня Ржаная")).to_be_visible()
    assert page.evaluate("told.join()") == "open,close,again"
    page.evaluate("second.destroy(); document.querySelector('#loyalty-widget').remove()")
    page.evaluate(
        f"third = LoyaltyWidget.init({{partnerId: '{house.code}', announce: false}}); third.open(); third.destroy()"
    )
    assert page.evaluate("document.documentElement.children.length") == 2
    expect_frames(page, 1)


def test_the_launcher_comes_back_when_a_site_of_one_page_changes_its_content(page, site, shop, house):
    page.goto(shop.put(script(site, house.code)))
    launch(page)
    page.evaluate("old = document.querySelector('#loyalty-widget'); old.remove()")
    page.wait_for_function("told.join() === 'open,close'")
    page.wait_for_function("[...document.documentElement.children].some(one => one.localName === 'div')")
    page.evaluate("handle.open()")
    expect(frame_of(page).get_by_text("Пекарня Ржаная")).to_be_visible()
    page.evaluate("document.body.append(old)")  # what was taken out and put in again is an empty element
    assert page.locator("#loyalty-widget").bounding_box()["height"] == 0
    expect_frames(page, 2)


@pytest.mark.parametrize("code", ["999999999999", "x", "", "<img src=x onerror=alert(1)>", "../frame"])
def test_a_widget_of_nobody_is_quietly_absent(page, site, shop, code):
    page.goto(shop.put(script(site, code)))
    page.wait_for_timeout(600)
    page.evaluate("handle.open(); handle.close()")
    assert page.frames == [page.main_frame]
    assert page.locator("#loyalty-widget").bounding_box()["height"] == 0


def test_a_suspended_partners_widget_is_quietly_absent(page, site, shop, house):
    suspend(site, house)
    page.goto(shop.put(script(site, house.code)))
    page.wait_for_timeout(600)
    assert page.locator("#loyalty-widget").bounding_box()["height"] == 0


def test_styles_of_the_page_do_not_reach_the_launcher(page, site, shop, house):
    hostile = (
        "<style>div, button, #loyalty-widget { position: static !important; display: block !important; "
        "transform: scale(.1) !important; background: red !important; font: 99px serif !important }</style>"
    )
    page.goto(shop.put(snippet(site, house.code), head=hostile))
    expect_launcher(page)
    box = page.locator("#loyalty-widget").bounding_box()
    size = page.viewport_size
    assert (round(box["height"]), round(size["width"] - box["x"] - box["width"])) == (56, 16)
    assert round(size["height"] - box["y"] - box["height"]) == 16


def test_nothing_of_the_page_moves(page, site, shop, house):
    page.add_init_script(
        "window.shift = 0; new PerformanceObserver(list => { for (const one of list.getEntries()) "
        "shift += one.value; }).observe({type: 'layout-shift', buffered: true})"
    )
    page.goto(shop.put(snippet(site, house.code) + "<p>После.</p>" * 50))
    expect_launcher(page)
    sign_in(site, launch(page), house)
    page.wait_for_timeout(200)
    assert page.evaluate("shift") == 0


def test_on_a_phone_it_is_a_sheet_over_the_whole_width(new_context, site, shop, house):
    page = new_context(viewport=PHONE).new_page()
    page.goto(shop.put(f'<div style="transform: translateX(20px); contain: layout">{snippet(site, house.code)}</div>'))
    frame = launch(page)
    assert frame.evaluate("innerWidth") == 390
    box = frame.frame_element().bounding_box()
    assert (box["x"], box["width"]) == (0, 390)
    assert 844 - 0.92 * 844 <= box["y"] < 844 - 240
    frame.get_by_role("button", name="Закрыть").click()
    page.wait_for_function("document.activeElement.id === 'loyalty-widget'")


def test_it_lies_above_whatever_the_page_puts_on_top(page, site, shop, house):
    page.goto(shop.put(snippet(site, house.code)))
    frame = launch(page)
    page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', "
        "'<p style=\"position: fixed; inset: 0; z-index: 2147483647; background: red\"></p>')"
    )
    frame.get_by_role("button", name="Посмотреть мои баллы").click()
    expect(frame.get_by_label("Телефон или почта")).to_be_focused()


def test_the_keyboard_opens_it_escape_closes_it_and_the_focus_returns(page, site, shop, house):
    page.goto(shop.put("<button id=own onclick='handle.open()'>Баллы</button>" + script(site, house.code)))
    expect_launcher(page)
    assert states(page) == ["false"]
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "loyalty-widget"
    page.keyboard.press("Enter")
    frame = frame_of(page)
    expect(frame.get_by_role("heading", name="Баллы за покупки")).to_be_focused()
    assert states(page) == ["true"]
    page.keyboard.press("Tab")
    expect(frame.get_by_role("button", name="Посмотреть мои баллы")).to_be_focused()
    page.keyboard.press("Escape")
    page.wait_for_function("told.join() === 'open,close'")
    assert page.evaluate("document.activeElement.id") == "loyalty-widget"
    assert states(page) == ["false"]
    page.locator("#own").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("told.length === 3 && document.activeElement.id === 'loyalty-widget'")
    expect(frame.locator("h1:visible")).to_be_focused()
    page.keyboard.press("Escape")
    page.wait_for_function("document.activeElement.id === 'own'")


def test_a_browser_without_popovers_opens_a_page_of_its_own(page, site, shop, house):
    page.add_init_script("delete HTMLElement.prototype.togglePopover")
    page.goto(shop.put(script(site, house.code)))
    with page.context.expect_page() as opened:
        page.locator("#loyalty-widget").click()
    expect(opened.value.get_by_role("heading", name="Баллы за покупки")).to_be_visible()
    assert opened.value.evaluate("opener") is None
    assert opened.value.locator("#close").is_hidden()
    assert page.frames == [page.main_frame]


# Who may show it, and what they learn


def test_a_page_that_is_not_on_the_partners_list_is_refused(page, site, house, watch):
    watch.forgive(REFUSED)
    stranger = PartnerSite()
    page.goto(stranger.put(script(site, house.code)))
    page.locator("#loyalty-widget").click()
    page.wait_for_timeout(800)
    assert [frame.url for frame in page.frames[1:]] == ["chrome-error://chromewebdata/"]
    page.keyboard.press("Escape")
    page.evaluate("handle.close()")
    assert page.evaluate("told") == ["open", "close"]
    stranger.stop()


def test_a_forged_message_is_not_heard(page, site, shop, house):
    spy = """<script>const make = document.createElement;
      document.createElement = function (name) {
        const element = make.call(document, name); if (name === 'iframe') window.stolen = element; return element };
      </script>"""
    page.goto(shop.put(script(site, house.code), head=spy))
    frame = launch(page)
    height = frame.evaluate("innerHeight")
    page.evaluate(
        """() => {
        const forged = [{kopilka: 'close'}, {kopilka: 'height', value: 9999}, {kopilka: 'signed-in'}, 'close', null, 5];
        for (const one of forged) { postMessage(one, '*'); stolen.contentWindow.postMessage(one, '*'); }
        const other = document.body.appendChild(document.createElement('iframe'));
        other.srcdoc = `<script>for (const one of ${JSON.stringify(forged)}) parent.postMessage(one, '*')<` + '/script>';
    }"""
    )
    page.wait_for_timeout(400)
    assert page.evaluate("told") == ["open"]
    assert frame.evaluate("innerHeight") == height
    expect(frame.get_by_role("heading", name="Баллы за покупки")).to_be_visible()
    page.evaluate("() => { stolen.contentWindow.postMessage({kopilka: 'height', value: 1e9}, '*') }")
    assert frame.evaluate("innerHeight") == height


def test_the_frame_speaks_to_its_own_page_only_and_says_nothing_of_the_person(page, site, shop, house):
    spy = """<script>window.heard = [];
      addEventListener('message', event => heard.push([event.origin, event.data]));</script>"""
    page.goto(shop.put(script(site, house.code), head=spy))
    frame = launch(page)
    sign_in(site, frame, house)
    frame.get_by_role("button", name="Выйти").click()
    page.wait_for_function("told.join() === 'open,signed-in,signed-out'")
    frame.get_by_role("button", name="Закрыть").click()
    page.wait_for_function("told.length === 4")
    heard = page.evaluate("heard")
    assert {origin for origin, _data in heard} == {site.url}
    said = {data["kopilka"] for _origin, data in heard}
    assert said == {"ready", "height", "signed-in", "signed-out", "close"}
    for _origin, data in heard:
        assert data.keys() <= {"kopilka", "value"}
        assert data["kopilka"] == "height" or data.get("value") is None


def test_a_page_that_listens_at_every_door_learns_neither_code_nor_points(page, site, shop, house):
    """What a component in the page would have given away: the closed root, what is typed, what is answered."""
    attack = """<script>
      window.loot = {roots: [], calls: [], texts: [], keys: []};
      const attach = Element.prototype.attachShadow;
      Element.prototype.attachShadow = function (options) {
        const root = attach.call(this, options); loot.roots.push(root); return root };
      const call = window.fetch;
      window.fetch = async (...given) => {
        const answer = await call(...given); loot.calls.push([String(given[0]), await answer.clone().text()]); return answer };
      const open = XMLHttpRequest.prototype.open;
      XMLHttpRequest.prototype.open = function (...given) { loot.calls.push(given); return open.apply(this, given) };
      for (const type of ['keydown', 'input', 'paste']) addEventListener(type, event => loot.keys.push(event.key), true);
      addEventListener('message', event => loot.texts.push(JSON.stringify(event.data)));
    </script>"""
    page.goto(shop.put(script(site, house.code), head=attack))
    frame = launch(page)
    code = sign_in(site, frame, house)
    loot = page.evaluate(
        """() => {
        const inside = loot.roots.map(root => {
          const frame = root.querySelector('iframe'); let seen = '';
          try { seen = frame.contentWindow.document.body.textContent } catch (refused) { seen = refused.name }
          return [root.innerHTML, String(frame.contentDocument), seen] });
        return JSON.stringify({inside, calls: loot.calls, texts: loot.texts, keys: loot.keys, frames: window.length}) }"""
    )
    assert '"null", "SecurityError"' in loot.replace('","', '", "')
    assert f"/api/widget/{house.code}" in loot
    assert loot.count("/api/widget/") == 1
    for secret in (code, house.phone, house.phone[2:], "1250", "1 250", "1\\u00a0250", "Анна"):
        assert secret not in loot


def test_the_session_is_a_cookie_kept_apart_for_this_site(page, site, shop, house, new_context):
    page.goto(shop.put(snippet(site, house.code)))
    sign_in(site, launch(page), house)
    kept = {cookie["name"]: cookie for cookie in page.context.cookies()}
    session = kept[f"__Host-kopilka_widget_{house.code}"]
    assert session["partitionKey"] == "http://127.0.0.1"
    assert (session["secure"], session["httpOnly"], session["sameSite"]) == (True, True, "None")
    page.reload()
    expect(launch(page).locator("#balance")).to_have_text("1 250 баллов")
    elsewhere = page.context.new_page()
    elsewhere.goto(f"{site.url}/widget/frame?partner={house.code}")
    expect(elsewhere.get_by_role("heading", name="Баллы за покупки")).to_be_visible()


def test_a_sign_in_of_the_pages_does_not_reach_the_frame(page, site, shop, house):
    with site.app.app_context(), transaction():
        cookie = sessions.open_page_session(house.customer_id, "tests", utcnow())
    name = site.app.config["PAGE_COOKIE_NAME"]
    page.context.add_cookies([{"name": name, "value": cookie, "url": site.url, "sameSite": "Lax", "httpOnly": True}])
    page.goto(f"{site.url}/login")
    assert name in page.context.cookies(site.url)[0]["name"]
    sent = []
    page.on("request", lambda request: sent.append(request) if request.url.startswith(site.url) else None)
    page.goto(shop.put(snippet(site, house.code)))
    frame = launch(page)
    expect(frame.get_by_role("heading", name="Баллы за покупки")).to_be_visible()
    sign_in(site, frame, house)
    assert len(sent) >= 6
    assert [request.url for request in sent if name in request.all_headers().get("cookie", "")] == []


# Inside the frame


def test_a_member_sees_points_history_and_ways_on_and_nothing_to_spend(page, site, shop, house):
    page.goto(shop.put(snippet(site, house.code)))
    frame = launch(page)
    sign_in(site, frame, house)
    expect(frame.locator("#worth")).to_have_text("= 1 250 ₽")
    row = frame.locator("#history li")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("Покупка")
    expect(row).to_contain_text("25 000 ₽")
    expect(row).to_contain_text("+1 250")
    shown = frame.locator("body").inner_text()
    for secret in ("Анна", house.phone[2:], "77", "Химчистка"):
        assert secret not in shown
    cabinet = frame.get_by_role("link", name="Открыть мой кабинет")
    assert (cabinet.get_attribute("target"), cabinet.get_attribute("rel")) == ("_blank", "noopener")
    assert "?start=p" + house.code in frame.get_by_role("link", name="Подписаться на бот").get_attribute("href")
    with page.context.expect_page() as opened:
        cabinet.click()
    assert opened.value.evaluate("opener") is None


def test_promotions_the_tier_and_prices_are_told_before_and_after_signing_in(new_context, site, shop, house):
    with site.app.app_context(), transaction():
        offer_more(db.session.get_one(Partner, house.partner_id))
    page = new_context(viewport={"width": 320, "height": 740}, color_scheme="dark").new_page()
    page.goto(shop.put(snippet(site, house.code)))
    frame = launch(page)
    expect(frame.get_by_text("Двойные баллы")).to_be_visible()
    expect(frame.locator("section:visible .offers li")).to_have_count(1)
    assert violations(frame) == []
    sign_in(site, frame, house)
    offers = frame.locator("#offers li")
    expect(offers).to_have_count(2)
    expect(offers.first).to_have_text(re.compile("Двойные баллы.*баллы ×2, чек от 500.₽, пн, вт 14:00–17:00"))
    expect(offers.last).to_have_text(re.compile("Для серебряных.*50.баллов, по .* включительно"))
    expect(frame.locator("#tier-name")).to_have_text("Серебро ×1,2")
    expect(frame.locator("#tier-next")).to_have_text(re.compile("^15.000.₽ до уровня «Золото»|«Золото».*15.000.₽"))
    assert 0.6 < frame.locator("#tier-bar").evaluate("bar => bar.position") < 0.65
    frame.get_by_text("Услуги и цены").locator("visible=true").click()
    expect(frame.get_by_text("Каравай на заказ").locator("visible=true")).to_be_visible()
    check_usable(frame, "member")


def offer_more(partner: Partner) -> None:
    """A promotion for everybody, one for a tier, tiers, and something with a price."""
    now = utcnow()
    levels = [("Серебро", "10000.00", "1.2"), ("Золото", "40000.00", "1.5")]
    levels = [{"name": name, "threshold": threshold, "factor": factor} for name, threshold, factor in levels]
    tiers.set_scheme(
        partner, tiers.read_scheme({"measure": "spent", "window": "ever", "levels": levels}), by=None, now=now
    )
    while tiers.review_due(now):
        continue
    hours = [{"days": [1, 2], "since": "14:00", "until": "17:00"}]
    double = {"factor": "2", "min_amount": "500.00", "hours": hours, "budget": 7777}
    for name, kind, terms, ends in (
        ("Двойные баллы", "happy_hours", double, None),
        ("Для серебряных", "fixed", {"points": 50, "audience": "tier", "tiers": ["Серебро"]}, now + timedelta(days=30)),
    ):
        row = promotions.make(partner, name=name, kind=kind, terms=terms, starts_at=now, ends_at=ends, by=None, now=now)
        promotions.switch_on(partner, row.id, by=None, now=now)
    cake = services.read_draft(name="Каравай на заказ", price=Decimal("2500.00"), category="На заказ", minutes=90)
    services.make(partner, cake, by=None, now=now)


def test_a_newcomer_joins_asks_for_points_gets_them_at_the_till_and_spends_them_there(new_context, site, shop, house):
    """The whole way of a stranger on somebody's site, on a phone; the till is another phone."""
    phone, till = new_context(viewport=PHONE), new_context(viewport=PHONE)
    with site.app.app_context(), transaction():
        cashier = make_staff(db.session.get_one(Partner, house.partner_id), "cashier").customer_id
        email = make_email()
    site.sign_in(till, cashier)
    page, counter = phone.new_page(), till.new_page()
    page.goto(shop.put(script(site, house.code)))
    frame = launch(page)

    # joining in a tab of our own, and back with six digits
    with phone.expect_page() as opened:
        frame.get_by_role("link", name="Вступить").click()
    tab = opened.value
    assert tab.url.startswith(f"{site.url}/join?partner={house.code}&for=")
    assert tab.evaluate("opener") is None and shop.url not in tab.evaluate("document.referrer")
    expect(frame.get_by_role("heading", name="Вступите в открывшейся вкладке")).to_be_visible()
    check_usable(frame, "arrive")
    tab.get_by_label("Телефон или почта").fill(email)
    tab.get_by_label("Согласен на обработку").check()
    tab.get_by_role("button", name="Получить код").click()
    tab.get_by_label("Код из сообщения").fill(site.read_code(email))  # the page sends six digits by itself
    expect(tab.get_by_role("heading", name="Вы в программе")).to_be_visible()
    assert violations(tab) == []
    code = tab.locator(".code-large").inner_text()
    frame.get_by_label("Код с той страницы").fill(code)
    frame.get_by_role("button", name="Показать мои баллы").click()
    expect(frame.locator("#balance")).to_have_text("0 баллов")
    page.wait_for_function("told.join() === 'open,signed-in,joined'")

    # asking for points, which come when the till says so
    frame.get_by_role("button", name="Начислить").click()
    frame.get_by_label("Сумма чека").fill("4 000,00 ₽")
    frame.get_by_role("button", name="Запросить баллы").click()
    expect(frame.locator("#claims")).to_contain_text("ждёт подтверждения")
    expect(frame.locator("#balance")).to_have_text("0 баллов")
    page.wait_for_function("told.at(-1) === 'claimed'")
    counter.goto(f"{site.url}/partner/claims")
    counter.get_by_role("button", name=re.compile("Одобрить")).first.click()
    expect(frame.locator("#balance")).to_have_text("200 баллов", timeout=30_000)
    expect(frame.locator("#notice")).to_contain_text("200 баллов")

    # spending on a page of our own, at the till
    with phone.expect_page() as opened:
        frame.get_by_role("link", name="Списать").click()
    tab = opened.value
    assert tab.url == f"{site.url}/spend?partner={house.code}" and tab.evaluate("opener") is None
    tab.get_by_label("Сколько баллов").fill("150")
    tab.get_by_role("button", name="Показать код для кассы").click()
    expect(tab.get_by_text("Вы тратите 150 баллов")).to_be_visible()
    assert violations(tab) == []
    counter.goto(f"{site.url}/partner?code={tab.locator('#till-code').get_attribute('data-code')}")
    expect(counter.get_by_text("Хочет потратить 150 баллов")).to_be_visible()
    counter.get_by_label("Сумма чека").fill("1000")
    expect(counter.get_by_label(re.compile("Списать до"))).to_have_value("150")
    counter.get_by_role("button", name="Списать").click()
    expect(tab.get_by_role("heading", name="Кассир отложил 150 баллов")).to_be_visible(timeout=30_000)
    counter.get_by_role("button", name=re.compile("Оплачено")).click()
    expect(tab.get_by_text("Оплачено баллами: 150 ₽")).to_be_visible(timeout=30_000)
    page.evaluate("handle.close(); handle.open()")
    expect(frame.locator("#history li")).to_have_count(3)
    expect(frame.locator("#history")).to_contain_text("−150")


def test_what_was_shown_for_one_browser_opens_nothing_in_another(new_context, site, shop, house):
    """Whoever lures somebody to the page for joining by a link of their own needs the code, which is only on that screen."""
    address, victim = shop.put(snippet(site, house.code)), new_context()
    site.sign_in(victim, house.customer_id)
    frames = [launch_on(new_context().new_page(), address) for _ in range(2)]
    links = [frame.get_by_role("link", name="Вступить").get_attribute("href") for frame in frames]
    tab = victim.new_page()
    tab.goto(site.url + links[0])
    code = tab.locator(".code-large").inner_text()
    for frame in frames:
        frame.get_by_role("link", name="Вступить").click()
    for frame, is_theirs in zip(reversed(frames), (False, True), strict=True):
        frame.get_by_label("Код с той страницы").fill(code)
        frame.get_by_role("button", name="Показать мои баллы").click()
        if is_theirs:
            expect(frame.locator("#balance")).to_have_text("1 250 баллов")
        else:
            expect(frame.locator("#arrival-error")).to_contain_text("Код неверный")


def launch_on(page: Page, address: str) -> Frame:
    page.goto(address)
    return launch(page)


def test_a_wrong_number_and_a_wrong_code_are_said_on_their_fields(page, site, shop, house):
    page.goto(shop.put(snippet(site, house.code)))
    frame = launch(page)
    frame.get_by_role("button", name="Посмотреть мои баллы").click()
    field = frame.get_by_label("Телефон или почта")
    for typed, sentence in (("5", "не похоже на номер телефона"), ("a@", "не похоже на адрес")):
        field.fill(typed)
        frame.get_by_role("button", name="Получить код").click()
        expect(frame.locator("#contact-error")).to_contain_text(sentence)
        expect(field).to_be_focused()
    field.fill(house.phone)
    frame.get_by_role("button", name="Получить код").click()
    right = site.read_code(house.phone)
    for typed in (f"{(int(right) + 1) % 10**6:06}", "12"):
        show_code(frame, typed)
        expect(frame.locator("#digits-error")).to_contain_text("Код неверный")
    show_code(frame, f"{right[:3]} {right[3:]}")
    expect(frame.locator("#balance")).to_have_text("1 250 баллов")


def test_a_code_of_one_browser_opens_nothing_in_another(page, site, shop, house, new_context):
    address = shop.put(snippet(site, house.code))
    page.goto(address)
    ask_for_code(launch(page), house.phone)
    code = site.read_code(house.phone)
    other = new_context().new_page()
    other.goto(address)
    frame = launch(other)
    ask_for_code(frame, "8 999 000-00-00")
    frame.get_by_role("button", name="Другой контакт").click()
    ask_again(frame, house.phone)
    show_code(frame, code)
    expect(frame.locator("#digits-error")).to_contain_text("Код неверный")


def ask_again(frame: Frame, phone: str) -> None:
    frame.get_by_label("Телефон или почта").fill(phone)
    frame.get_by_role("button", name="Получить код").click()
    expect(frame.locator("#sent-to")).to_have_text(phone)


def test_a_browser_that_keeps_no_cookies_shows_points_until_the_page_is_left(page, site, shop, house, monkeypatch):
    answer = site.app.wsgi_app

    def without_cookies(environ, start):
        def start_without(status, headers, *rest):
            return start(status, [pair for pair in headers if pair[0] != "Set-Cookie"], *rest)

        return answer(environ, start_without)

    monkeypatch.setattr(site.app, "wsgi_app", without_cookies)
    page.goto(shop.put(script(site, house.code)))
    frame = launch(page)
    sign_in(site, frame, house)
    assert page.context.cookies() == []
    page.keyboard.press("Escape")
    page.wait_for_function("told.length === 3")
    page.evaluate("handle.open()")
    expect(frame.locator("#balance")).to_have_text("1 250 баллов")
    page.reload()
    expect(launch(page).get_by_role("heading", name="Баллы за покупки")).to_be_visible()


def test_blocked_storage_breaks_nothing(page, site, shop, house):
    page.add_init_script(
        "for (const name of ['localStorage', 'sessionStorage', 'indexedDB']) Object.defineProperty(window, name, "
        "{get() { throw new DOMException('blocked', 'SecurityError') }})"
    )
    page.goto(shop.put(snippet(site, house.code)))
    sign_in(site, launch(page), house)


def test_a_partner_that_is_suspended_while_the_frame_is_open(page, site, shop, house):
    page.goto(shop.put(script(site, house.code)))
    frame = launch(page)
    sign_in(site, frame, house)
    suspend(site, house)
    frame.get_by_role("button", name="Закрыть").click()
    page.wait_for_function("told.length === 3")
    page.evaluate("handle.open()")
    expect(frame.get_by_role("heading", name="Программа сейчас закрыта")).to_be_visible()
    assert "1 250" not in frame.locator("body").text_content().replace("\xa0", " ")
    assert page.evaluate("told").count("signed-out") == 1


def test_a_session_that_was_ended_elsewhere(page, site, shop, house):
    page.goto(shop.put(script(site, house.code)))
    frame = launch(page)
    sign_in(site, frame, house)
    with site.app.app_context(), transaction():
        (line,) = sessions.list_sessions(house.customer_id, utcnow())
        assert (line.kind, line.partner_name) == ("widget", "Пекарня Ржаная")
        sessions.end_session(house.customer_id, line.id, utcnow())
    page.evaluate("handle.close(); handle.open()")
    expect(frame.get_by_text("Вы вышли.")).to_be_visible()
    assert frame.locator("#balance").text_content() == ""


def test_without_a_connection_it_says_so_and_tries_again(page, site, shop, house):
    page.goto(shop.put(script(site, house.code)))
    frame = launch(page)
    sign_in(site, frame, house)
    page.context.set_offline(True)
    page.evaluate("handle.close(); handle.open()")
    expect(frame.get_by_role("heading", name="Нет связи")).to_be_visible()
    page.context.set_offline(False)
    frame.get_by_role("button", name="Попробовать ещё раз").click()
    expect(frame.locator("#balance")).to_be_visible()


def test_what_lies_over_the_code_is_noticed_once_and_locks_nobody_out(page, site, shop, house):
    page.goto(shop.put(snippet(site, house.code)))
    frame = launch(page)
    ask_for_code(frame, house.phone)
    form = frame.locator("form#code")
    expect(form).to_have_attribute("data-visible", "true")
    page.evaluate(
        """() => {
        const cover = document.body.appendChild(document.createElement('div'));
        cover.popover = 'manual';
        cover.id = 'cover';
        cover.style.cssText = 'position: fixed; inset: 0; width: auto; height: auto; border: 0; pointer-events: none; background: rgb(255 255 255 / 1%)';
        cover.showPopover();
    }"""
    )
    expect(form).to_have_attribute("data-visible", "false")
    calls = []
    page.on("request", lambda request: calls.append(request.url) if "verify-code" in request.url else None)
    code = site.read_code(house.phone)
    show_code(frame, code)
    expect(frame.locator("#digits-error")).to_contain_text("Поверх этого поля что-то лежит")
    assert calls == []
    page.evaluate("cover.remove()")
    expect(form).to_have_attribute("data-visible", "true")
    frame.get_by_role("button", name="Показать мои баллы").click()
    expect(frame.locator("#balance")).to_have_text("1 250 баллов")
    assert len(calls) == 1


def test_a_visitor_reads_their_own_language(new_context, site, shop, house):
    page = new_context(locale="en-GB").new_page()
    page.goto(shop.put(snippet(site, house.code), lang="en"))
    frame = launch(page)
    expect(frame.get_by_role("heading", name="Points for purchases")).to_be_visible()
    frame.get_by_role("button", name="See my points").click()
    frame.get_by_label("Phone or e-mail").fill(house.phone)
    frame.get_by_role("button", name="Get a code").click()
    frame.get_by_label("Code from the message").fill(site.read_code(house.phone))
    frame.get_by_role("button", name="Show my points").click()
    expect(frame.locator("#balance")).to_have_text("1,250 points")


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", [390, 1280])
def test_every_state_of_the_frame_is_usable_by_everybody(new_context, site, shop, house, theme, width):
    page = new_context(viewport={"width": width, "height": 844}, color_scheme=theme).new_page()
    page.goto(shop.put(snippet(site, house.code)))
    frame = launch(page)
    check_usable(frame, "intro")
    frame.get_by_role("button", name="Посмотреть мои баллы").click()
    frame.get_by_role("button", name="Получить код").click()
    expect(frame.locator("#contact-error")).not_to_be_empty()
    check_usable(frame, "ask")
    ask_again(frame, house.phone)
    check_usable(frame, "code")
    show_code(frame, site.read_code(house.phone))
    expect(frame.locator("#balance")).to_have_text("1 250 баллов")
    frame.get_by_text("Как потратить").click()
    check_usable(frame, "member")
    frame.get_by_role("button", name="Начислить").click()
    frame.get_by_role("button", name="Запросить баллы").click()
    expect(frame.locator("#amount-error")).not_to_be_empty()
    check_usable(frame, "claim")
    frame.get_by_role("button", name="Назад к баллам").click()
    assert violations(page) == []
    suspend(site, house)
    frame.get_by_role("button", name="Закрыть").click()
    page.locator("#loyalty-widget").click()
    check_usable(frame, "gone")


def test_on_the_narrowest_phone_and_with_large_text_nothing_scrolls_sideways(new_context, site, shop, house):
    page = new_context(viewport={"width": 320, "height": 640}).new_page()
    page.goto(shop.put(snippet(site, house.code)))
    frame = launch(page)
    sign_in(site, frame, house)
    for size in ("", "200%"):
        frame.evaluate("size => { document.documentElement.style.fontSize = size }", size)
        assert frame.evaluate("document.documentElement.scrollWidth <= innerWidth"), size


def check_usable(frame: Frame, state: str) -> None:
    expect(frame.locator(f"[data-state={state}]")).to_be_visible()
    assert violations(frame) == [], state
    assert frame.evaluate("document.documentElement.scrollWidth <= innerWidth"), state


def expect_launcher(page: Page) -> None:
    expect(page.locator("#loyalty-widget")).to_have_css("height", "56px")


def suspend(site: Site, house: House) -> None:
    with site.app.app_context(), transaction():
        db.session.get_one(Partner, house.partner_id).state = "suspended"


def states(page: Page) -> list[str]:
    """What assistive technology is told of the launcher: whether what it opens is open."""
    client = page.context.new_cdp_session(page)
    nodes = client.send("Accessibility.getFullAXTree")["nodes"]
    launchers = [node for node in nodes if node.get("name", {}).get("value") == "Баллы: Пекарня Ржаная"]
    buttons = [node for node in launchers if node["role"]["value"] == "button"]
    return [
        str(one["value"]["value"]).lower()
        for node in buttons
        for one in node["properties"]
        if one["name"] == "expanded"
    ]


# At the desk


@pytest.fixture
def owner(site, new_context):
    context = new_context(viewport=PHONE)
    site.sign_in(context, "espresso-owner")
    return context.new_page()


def test_an_owner_tries_the_real_widget_without_a_site(owner, site, watch):
    watch.forgive("can escape its sandboxing")  # on our own page the frame is from our own origin
    owner.goto(f"{site.url}/partner/widget")
    owner.get_by_role("link", name="Посмотреть вживую").click()
    expect_launcher(owner)
    frame = launch(owner)
    expect(frame.get_by_text("Кофейня Эспрессо")).to_be_visible()
    assert violations(owner) == []
    frame.get_by_role("button", name="Закрыть").click()


def test_the_page_says_at_once_what_the_server_would_take(owner, site):
    owner.goto(f"{site.url}/partner/widget")
    said = owner.locator("#contrast")
    for colour in ("#0b6b63", "#ffffff", "#ff8800", "#777777", "#767676", "#00ffcc"):
        owner.locator("#accent").fill(colour)
        kept = darken_until_readable(colour)
        ratio = f"{contrast_with_white(colour):.1f}".replace(".", ",").removesuffix(",0")
        expect(said).to_have_text(f"Белые буквы читаются: {ratio} : 1" if kept == colour else re.compile(kept))
        assert violations(owner) == []


def test_a_look_is_seen_before_it_is_saved_and_reaches_the_site(owner, site, shop, new_context):
    owner.goto(f"{site.url}/partner/widget")
    light, dark = (owner.locator(f".widget-look[data-shown={theme}]") for theme in ("light", "dark"))
    expect(dark).to_contain_text("светлый контур")
    owner.get_by_label("Надпись на кнопке").fill("Бонусы")
    owner.get_by_label("слева внизу").check()
    owner.get_by_label("всегда светлая").check()
    expect(light).to_contain_text("★ Бонусы")
    expect(dark).to_be_hidden()
    assert violations(owner) == []
    owner.get_by_role("button", name="Сохранить вид").click()
    expect(owner.get_by_text("Сохранено.")).to_be_visible()
    with site.app.app_context(), transaction():
        widget.add_site(widget.find_partner(ESPRESSO).id, shop.url, by=None, now=utcnow(), loopback=True)
    page = new_context(viewport=PHONE, color_scheme="dark").new_page()
    page.goto(shop.put(snippet(site, ESPRESSO).replace(", position: 'bottom-right'", "")))
    expect_launcher(page)
    assert page.locator("#loyalty-widget").bounding_box()["x"] == 16
    frame = launch(page)
    assert frame.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
    with site.app.app_context(), transaction():
        set_look(widget.find_partner(ESPRESSO), vars(Look()) | {"accent": "#7a3b12"}, by=None, now=utcnow())


def test_the_code_is_copied_as_it_is_shown(owner, site):
    owner.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site.url)
    owner.goto(f"{site.url}/partner/widget", wait_until="networkidle")  # the button copies once its module has arrived
    owner.get_by_role("button", name="Скопировать").first.click()
    expect(owner.locator("[data-announcer]")).to_have_text("Скопировано")
    assert owner.evaluate("navigator.clipboard.readText()") == owner.locator("#snippet-async").text_content()
    assert f"partnerId: '{ESPRESSO}'" in owner.evaluate("navigator.clipboard.readText()")


def test_an_owner_sees_a_site_proved_without_reloading(owner, site, monkeypatch):
    found = ["no_proof", None]
    monkeypatch.setattr(proving, "look", lambda *given: found.pop(0))
    owner.goto(f"{site.url}/partner/widget")
    wait_for_scripts(owner)
    owner.get_by_label("Адрес сайта").fill("proof.example")
    owner.get_by_role("button", name="Добавить").click()
    row = owner.locator(".widget-site", has_text="proof.example")
    expect(row).to_contain_text("проверяем…")
    site.deliver()
    expect(row).to_contain_text("ни файла, ни тега", timeout=30_000)
    row.get_by_role("button", name="Проверить сейчас").click()
    expect(row).to_contain_text("проверяем…")
    site.deliver()
    expect(row).to_contain_text("подтверждён", timeout=30_000)
    assert violations(owner) == []
    row.get_by_role("button", name="Убрать").click()
    expect(owner.get_by_text("Сайт убран из списка")).to_be_visible()
