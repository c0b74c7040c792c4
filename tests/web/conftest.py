import re

import pytest

from tests.api.roles import make_cast
from tests.web.browser import Browser

SPACES = re.compile(r"[\s\N{NO-BREAK SPACE}]+")
TAGS = re.compile(r"<[^>]+>")


@pytest.fixture
def cast(app):
    """Two partners with everybody in them, the test's own."""
    return make_cast(app)


@pytest.fixture
def desk(app, cast):
    """`desk(role)` is the browser of somebody of our partner."""
    return lambda role: Browser(app).sign_in(cast.ours.staff[role].customer_id)


@pytest.fixture
def words():
    """What a page says, without its tags, in single spaces."""
    return lambda answer: SPACES.sub(" ", TAGS.sub(" ", answer.text))


@pytest.fixture
def values():
    """What the fields of a page's forms hold, by name; of boxes and choices only what is chosen."""

    def read(answer) -> dict[str, str]:
        found = {}
        for tag in re.findall(r"<input[^>]*>", answer.text):
            attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
            if attributes.get("type") not in ("radio", "checkbox") or " checked" in tag:
                found[attributes.get("name")] = attributes.get("value", "")
        for name, inner in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', answer.text, re.DOTALL):
            chosen = re.search(r"<option selected[^>]*value=\"([^\"]*)\"", inner)
            found[name] = chosen[1] if chosen else ""
        for name, inner in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', answer.text, re.DOTALL):
            found[name] = inner.strip()
        return found

    return read
