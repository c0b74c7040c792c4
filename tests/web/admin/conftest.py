import pytest

from tests.web.browser import Browser


@pytest.fixture
def admin(app, cast):
    """The browser of an admin of the platform."""
    return Browser(app).sign_in(cast.admin.customer_id)
