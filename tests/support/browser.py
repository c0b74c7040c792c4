"""The machine's own Chromium: where it is, how it is started, and what no page of ours may do in it."""

from __future__ import annotations

import re
import shutil
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NONE = f"no browser: none of {', '.join(NAMES)} is on PATH (Debian: apt-get install chromium)"
FLAGS = (
    "--no-sandbox",  # the tests may run as root, and open only our own pages
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # whatever is not this machine cannot even be looked up
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE *.localhost, EXCLUDE 127.0.0.1",
)
PARTS = ("stylesheet", "script", "image", "font", "media", "manifest")


def find_browser() -> str | None:
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Watch:
    """Notes what goes wrong in browser contexts without a test looking for it: errors and refusals of the console,
    exceptions, parts of a page that do not load, and every request to another machine.
    """

    def __init__(self):
        self._seen: list[str] = []
        self._forgiven: list[str] = []
        self._contexts: list[BrowserContext] = []

    def over(self, context: BrowserContext) -> BrowserContext:
        context.on("console", self._hear)
        context.on("weberror", lambda problem: self._seen.append(f"exception: {problem.error}"))
        context.on("request", self._see_request)
        context.on("response", self._see_response)
        context.on("close", lambda closed: self._contexts.remove(closed))
        self._contexts.append(context)
        return context

    def forgive(self, pattern: str) -> None:
        """Expect complaints that match, in a test that provokes them."""
        self._forgiven.append(pattern)

    def troubles(self) -> list[str]:
        """What was seen until now and is not forgiven."""
        for context in self._contexts:
            context.cookies()  # a round trip: what the browser has said before has arrived after it
        return [seen for seen in self._seen if not any(re.search(pattern, seen) for pattern in self._forgiven)]

    def _hear(self, message: ConsoleMessage) -> None:
        # a part that does not load is noted by its response; a page refused with 422 is no trouble
        if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
            self._seen.append(f"console {message.type}: {message.text} ({message.location['url']})")

    def _see_request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in ("http", "https", "ws", "wss") and not _is_here(address.hostname or ""):
            self._seen.append(f"a call outwards: {request.url}")

    def _see_response(self, response: Response) -> None:
        if response.status >= 400 and response.request.resource_type in PARTS:
            self._seen.append(f"{response.status} for {response.url}")


def _is_here(host: str) -> bool:
    return host in ("localhost", "127.0.0.1") or host.endswith(".localhost")
