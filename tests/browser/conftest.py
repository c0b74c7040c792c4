"""Fixtures over a real browser.

`page` and `new_context` are pytest-playwright's, in Russian, with reduced motion, and watched: a console error, a refusal
by the content security policy, an exception, a part that does not load or a call to another machine fails the test
(`watch.forgive` expects one). `site` is shared by the tests of a worker: make your own people or change nothing that
others count; `fresh_site` is your own. A failed test leaves a picture in `test-results/`.

A failed test is tried once more, and the run lists it as "rerun": Chromium on a busy machine now and then loses a page
that is all right. What fails twice is wrong. Nothing but the browser's tests has this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext

from tests.statements import counted_statements
from tests.support import missing
from tests.support.browser import FLAGS, NONE, Watch, find_browser
from tests.support.site import Site

USUAL = {"locale": "ru-RU", "timezone_id": "Europe/Moscow", "reduced_motion": "reduce"}


def pytest_collection_modifyitems(items):
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args) -> dict:
    """The machine's Chromium; skipped, or failed in CI, where there is none. Nothing is downloaded."""
    path = find_browser()
    if path is None:
        missing.part(NONE)
    return browser_type_launch_args | {"executable_path": path, "args": list(FLAGS)}


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def new_context(new_context, watch, request) -> Iterator[Callable[..., BrowserContext]]:
    """`new_context(viewport=…, java_script_enabled=False, color_scheme="dark", …)` opens another watched browser profile."""
    marker = request.node.get_closest_marker("browser_context_args")
    usual = {name: value for name, value in USUAL.items() if not marker or name not in marker.kwargs}
    yield lambda **wishes: watch.over(new_context(**usual | wishes))
    troubles = watch.troubles()
    assert not troubles, "the pages were not quiet:\n" + "\n".join(troubles)


@pytest.fixture(scope="session")
def site(settings, databases) -> Iterator[Site]:
    """The demo world as `make run` shows it, shared."""
    site = Site(settings, databases)
    yield site
    site.close()


@pytest.fixture
def fresh_site(settings, databases) -> Iterator[Site]:
    """A demo world of the test's own: Иван has 250 points at Эспрессо and 500 at Стиль."""
    site = Site(settings, databases)
    yield site
    site.close()


@pytest.fixture
def count_queries() -> Callable[[Flask], AbstractContextManager[list[str]]]:
    """`with count_queries(site.app) as queries:` lists the SQL of all requests that are served inside."""

    @contextmanager
    def counting(app: Flask) -> Iterator[list[str]]:
        with app.app_context(), counted_statements() as statements:
            yield statements

    return counting
