"""A browser without a screen: the test client with its cookies, which signs in and sends the forms it was shown."""

from __future__ import annotations

import re
from uuid import UUID

from flask import Flask
from werkzeug.test import TestResponse

from loyalty import sessions
from loyalty.clock import utcnow
from models import transaction

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Browser:
    """Russian, and nobody until `sign_in`."""

    def __init__(self, app: Flask):
        self.app = app
        self.client = app.test_client()

    def sign_in(self, customer_id: UUID) -> Browser:
        """Give it the cookie that signing in would give."""
        with self.app.test_request_context(), transaction():
            cookie = sessions.open_page_session(customer_id, "tests", utcnow())
        self.client.set_cookie(self.app.config["PAGE_COOKIE_NAME"], cookie)
        return self

    def get(self, url: str) -> TestResponse:
        return self.client.get(url, headers={"Accept": "text/html", "Accept-Language": "ru"}, buffered=True)

    def post(self, url: str, *, token: str | None = ..., **fields: object) -> TestResponse:
        """Send a form with the token of this browser, or with another one, or with None."""
        if token is ...:
            token = self.token()
        sent = {name: value for name, value in ({"csrf_token": token} | fields).items() if value is not None}
        return self.client.post(url, data=sent, headers={"Accept": "text/html", "Accept-Language": "ru"})

    def token(self) -> str:
        """What a form shown to this browser carries."""
        return TOKEN.search(self.get("/").text)[1]


def without_tokens(page: str) -> str:
    """A page as it would be for anybody: what is drawn anew at each look left out."""
    page = TOKEN.sub("", page)
    return re.sub(r'name="deed"[^>]*value="[^"]*"|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', "", page)
