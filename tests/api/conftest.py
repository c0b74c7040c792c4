import pytest

from tests.api.roles import make_cast


@pytest.fixture(scope="module")
def cast(app):
    """Two partners with everybody in them; see `tests.api.roles`."""
    return make_cast(app)
