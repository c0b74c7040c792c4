"""Somebody's own website, on an origin that is not ours: where the widget is a stranger."""

from __future__ import annotations

from flask import Flask, Response

from tests.support.live_server import LiveServer

SNIPPET = """<div id="loyalty-widget"></div>
<script src="{platform}/widget.js"></script>
<script>
  LoyaltyWidget.init({{partnerId: '{partner}', position: 'bottom-right'}})
</script>"""
"""As a partner pastes it."""


class PartnerSite:
    """`put(body)` gives the address of a page with that body, and with the policy named, if any."""

    def __init__(self):
        self._pages: dict[str, tuple[str, str | None]] = {}
        app = Flask("partner's site", static_folder=None)
        app.add_url_rule("/<name>", "show", self._show)
        self._server = LiveServer(app)
        self.url = self._server.url

    def put(self, body: str, *, head: str = "", policy: str | None = None, lang: str = "ru") -> str:
        name = f"page{len(self._pages)}"
        page = f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>Кофейня</title>'
        page += '<link rel="icon" href="data:,"><meta name="viewport" content="width=device-width, initial-scale=1">'
        page += f"{head}</head><body><main><h1>Кофейня</h1><p>Завтраки весь день.</p></main>{body}</body></html>"
        self._pages[name] = (page, policy)
        return f"{self.url}/{name}"

    def stop(self) -> None:
        self._server.stop()

    def _show(self, name: str) -> Response:
        if name not in self._pages:
            return Response(status=404)
        page, policy = self._pages[name]
        return Response(page, mimetype="text/html", headers={"Content-Security-Policy": policy} if policy else {})
