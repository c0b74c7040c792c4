"""The pictures of the README, taken anew by `make screenshots`: the demo world as its people see it, in the order of a story.

WebP, which the browser writes itself: a third of a PNG's size and no library for it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from config import ROOT
from sandbox import world
from tests.browser.checks import wait_for_scripts
from tests.browser.test_widget import ask_for_code, launch, show_code
from tests.support.site import Site

FOLDER = ROOT / "docs" / "pictures"
MOST_BYTES = 80 * 1024
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}
DESK = {"viewport": {"width": 1280, "height": 800}, "device_scale_factor": 1.5}


def type_a_sale(_site: Site, page: Page) -> None:
    page.get_by_label("Телефон, карта или код").fill("8 916 123-45-67")
    page.get_by_label("Сумма чека").fill("1000")
    expect(page.get_by_role("button", name="Начислить 50 баллов")).to_be_visible()


def credit_it(site: Site, page: Page) -> None:
    type_a_sale(site, page)
    page.get_by_role("button", name="Начислить 50 баллов").click()
    page.wait_for_url(re.compile("/partner/done/"))


def calculate(_site: Site, page: Page) -> None:
    for box in ("VIP-клиент", "День рождения"):
        page.get_by_label(box, exact=True).check()
    expect(page.locator("#earn")).to_have_text("300 баллов")


def open_the_widget(site: Site, page: Page) -> None:
    frame = launch(page)
    ask_for_code(frame, world.IVAN[1])
    show_code(frame, site.read_code(world.IVAN[1]))
    expect(frame.locator("#balance")).to_contain_text("балл")


@dataclass(frozen=True)
class Picture:
    """`who` is a person of the demo; `act` is done on the page before the picture is taken."""

    name: str
    screen: dict
    address: str
    who: str | None = None
    act: Callable[[Site, Page], None] | None = None
    theme: str = "light"


PICTURES = (
    Picture("cabinet-phone", PHONE, "/customer", "ivan"),
    Picture("history-phone-dark", PHONE, "/customer/loyalty", "ivan", theme="dark"),
    Picture("cabinet-desk", DESK, "/customer", "ivan"),
    Picture("till-desk", DESK, "/partner", "espresso-cashier", type_a_sale),
    Picture("till-phone", PHONE, "/partner", "espresso-cashier", type_a_sale),
    Picture("credited-phone", PHONE, "/partner", "espresso-cashier", credit_it),
    Picture("programme-desk", DESK, "/partner/programme", "glame-owner", calculate),
    Picture("stats-desk-dark", DESK, "/partner/stats", "espresso-owner", theme="dark"),
    Picture("points-of-ivan-desk", DESK, f"/admin/customers/{world.fixed_id('ivan')}", "admin"),
    Picture("widget-phone", PHONE, "{elsewhere}/sandbox/sites/espresso", None, open_the_widget),
    Picture("widget-desk", DESK, "{elsewhere}/sandbox/sites/style", None, open_the_widget),
    Picture("sandbox-desk", DESK, "/sandbox"),
)


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_take(picture, site, new_context):
    context = new_context(color_scheme=picture.theme, **picture.screen)
    if picture.who:
        site.sign_in(context, picture.who)
    page = context.new_page()
    page.goto(
        picture.address.format(elsewhere=site.elsewhere) if "{" in picture.address else site.url + picture.address
    )
    if picture.act:
        picture.act(site, page)
    wait_for_scripts(page)
    page.wait_for_load_state("networkidle")
    data = shoot(page)
    assert len(data) <= MOST_BYTES, f"{picture.name} takes {len(data)} bytes"
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{picture.name}.webp").write_bytes(data)


def test_nothing_else_lies_among_the_pictures():
    assert {path.stem for path in Path(FOLDER).iterdir()} == {picture.name for picture in PICTURES}


def shoot(page: Page) -> bytes:
    """What the window shows, with the dots that its screen has."""
    session = page.context.new_cdp_session(page)
    window = {"x": 0, "y": page.evaluate("scrollY"), "scale": page.evaluate("devicePixelRatio"), **page.viewport_size}
    answer = session.send("Page.captureScreenshot", {"format": "webp", "quality": 72, "clip": window})
    return base64.b64decode(answer["data"])
