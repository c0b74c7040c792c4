"""What every page must pass, as functions over an open page: `check_page` is the whole of it."""

from __future__ import annotations

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Frame, Page, expect

WIDTHS = (320, 390, 768, 1280)
AXE_WIDTHS = (390, 1280)
HEIGHT = 844
THEMES = ("light", "dark")
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
MOST_TABS = 40
HEADERS = 300
"""Bytes counted for the headers of one answer, as browsers themselves do where they may not tell."""

WHOLE = {"type": "tag", "values": TAGS}
COLOURS = {"type": "rule", "values": ("color-contrast",)}
LOOKS = (("light", 390, WHOLE), ("light", 1280, COLOURS), ("dark", 1280, WHOLE), ("dark", 390, COLOURS))
"""What axe looks at: a theme changes colours and a width the rest, so that each is looked at wholly once."""

_RUN_AXE = """async (chosen) => (await axe.run({runOnly: chosen, resultTypes: ["violations"]})).violations"""

_OVERFLOWING = """() => {
    const root = document.documentElement
    if (root.scrollWidth <= window.innerWidth) return null
    const clipped = element => {
        for (let up = element.parentElement; up && up !== root && up !== document.body; up = up.parentElement)
            if (getComputedStyle(up).overflowX !== "visible") return true
        return false
    }
    const wide = [...document.body.querySelectorAll("*")]
        .filter(one => one.getBoundingClientRect().right > window.innerWidth + 0.5 && !clipped(one))
        .map(one => one.outerHTML.replace(/\\s+/g, " ").slice(0, 120))
    return `${root.scrollWidth} px of content in ${window.innerWidth}: ${wide.slice(-3).join(" | ")}`
}"""

_FOCUSED = """() => {
    const one = document.activeElement
    if (!one || one === document.body || one.dataset.passed) return null
    one.dataset.passed = "1"
    const box = one.getBoundingClientRect(), style = getComputedStyle(one), found = []
    const [x, y] = [box.left + Math.min(box.width, window.innerWidth) / 2, box.top + box.height / 2]
    const top = document.elementFromPoint(x, y)
    if (!top) found.push("has the focus and is out of sight")
    else if (!(one.contains(top) || top.contains(one) || top.closest("label")?.control === one))
        found.push(`has the focus and is covered by ${top.outerHTML.replace(/\\s+/g, " ").slice(0, 80)}`)
    const isInside = one.tabIndex < 0 && one.localName === "div" // of a closed shadow tree, which nobody can look into
    if (!isInside && (style.outlineStyle === "none" || style.outlineWidth === "0px")) found.push("does not show that it has the focus")
    return found.map(text => `${one.outerHTML.replace(/\\s+/g, " ").slice(0, 120)} ${text}`)
}"""

_WEIGHT = """() => Object.fromEntries(
    [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
        .map(one => [one.name, one.encodedBodySize]))"""


def wait_for_scripts(page: Page) -> None:
    """Return when every module of the page has started; at once where scripts are switched off.

    Until then a press does what it does without scripts, which is right too, but may not be what a test is about.
    """
    page.wait_for_load_state()  # a page that has only just been answered has no root element yet
    if page.evaluate("document.documentElement.classList.contains('has-js')"):
        expect(page.locator("[data-module]:not([data-ready])")).to_have_count(0)


def check_page(page: Page) -> None:
    """The page as it is now has no violation that axe knows, in both themes, and scrolls sideways at no width.

    Colour scheme and size of the window are put back to light and to what they were.
    """
    wait_for_scripts(page)
    size = page.viewport_size
    wrong = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        wrong += [f"{width} px: {text}" for text in _sideways(page)]
    for theme, width, chosen in LOOKS:
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size({"width": width, "height": HEIGHT})
        wrong += [f"{theme}, {width} px: {text}" for text in violations(page, chosen)]
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(size)
    assert not wrong, f"{page.url}\n" + "\n".join(wrong)


def check_large_text(page: Page) -> None:
    """With the browser's text at 200 % the page still does not scroll sideways, on a phone and on a desk."""
    size = page.viewport_size
    wrong = []
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    for width in AXE_WIDTHS:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        wrong += [f"200 % text, {width} px: {text}" for text in _sideways(page)]
    page.evaluate("document.documentElement.style.fontSize = ''")
    page.set_viewport_size(size)
    assert not wrong, f"{page.url}\n" + "\n".join(wrong)


def check_keyboard(page: Page) -> None:
    """With the Tab key everything can be reached on a phone's width, shows that it has the focus, and nothing lies over it.

    Of a long list the beginning is tried.
    """
    size = page.viewport_size
    page.set_viewport_size({"width": AXE_WIDTHS[0], "height": HEIGHT})
    wrong, passed = [], 0
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if (found := page.evaluate(_FOCUSED)) is None:
            break
        wrong += found
        passed += 1
    page.set_viewport_size(size)
    assert passed, f"{page.url}: nothing can be reached with the Tab key"
    assert not wrong, f"{page.url}\n" + "\n".join(wrong)


def violations(place: Page | Frame, chosen: dict = WHOLE) -> list[str]:
    """What axe finds in a page, or in one frame, which it does not look into from outside; of the `chosen` rules."""
    if not place.evaluate("typeof axe === 'object'"):
        place.evaluate(AXE_SCRIPT)
    return [
        f"{found['id']} ({found['impact']}): {node['html'][:200]}\n    {_in_a_line(node['failureSummary'])}"
        for found in place.evaluate(_RUN_AXE, chosen)
        for node in found["nodes"]
    ]


def weigh(page: Page) -> dict[str, int]:
    """Bytes on the wire of the page and of each file it took, compressed as they came, whether cached or not."""
    return {name: size + HEADERS for name, size in page.evaluate(_WEIGHT).items()}


def _sideways(page: Page) -> list[str]:
    found = page.evaluate(_OVERFLOWING)
    return [f"scrolls sideways, {found}"] if found else []


def _in_a_line(text: str) -> str:
    return " ".join(text.split())
