"""What happens around every request: its id, its log line, the headers every answer wears."""

from __future__ import annotations

import logging
import re
import sys
import time
import uuid

import structlog
from flask import Flask, Response, g, request
from werkzeug.middleware.proxy_fix import ProxyFix

from api.urls import check_url
from config import Settings

MAX_BODY = 1024 * 1024
REQUEST_ID = "X-Request-Id"
_SANE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_IN_NO_FRAME = "frame-ancestors 'none'"
_API_POLICY = "default-src 'none'; frame-ancestors 'none'"
_PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)

log = structlog.get_logger("kopilka.http")


def configure_logging(level: str) -> None:
    """One JSON object a line on stderr; the request's id is on every line written while it is served."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping().get(level, logging.INFO)),
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )


def wrap_requests(app: Flask, settings: Settings) -> None:
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.url_map.merge_slashes = False  # a doubled slash is another address, not a redirect
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)
    is_https = settings.public_url.startswith("https://")

    @app.before_request
    def begin() -> None:
        given = request.headers.get(REQUEST_ID, "")
        g.request_id = given if _SANE_ID.fullmatch(given) else uuid.uuid4().hex
        g.started = time.perf_counter()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)
        check_url(request)

    @app.after_request
    def dress(response: Response) -> Response:
        response.headers[REQUEST_ID] = g.request_id
        _add_headers(response, is_https)
        return response

    @app.after_request
    def tell(response: Response) -> Response:
        """The route's template, never the address itself: paths and query strings may hold what people typed."""
        caller = g.get("caller")
        log.info(
            "request",
            method=request.method if request.method.isalpha() and len(request.method) <= 10 else "?",
            route=request.url_rule.rule if request.url_rule else None,
            status=response.status_code,
            ms=round((time.perf_counter() - g.started) * 1000, 1),
            caller=caller.kind if caller else "anonymous",
        )
        return response

    @app.teardown_request
    def end(_error: BaseException | None) -> None:
        structlog.contextvars.unbind_contextvars("request_id")


def _add_headers(response: Response, is_https: bool) -> None:
    headers = response.headers
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    policy = headers.setdefault(
        "Content-Security-Policy", _PAGE_POLICY if response.mimetype == "text/html" else _API_POLICY
    )
    if "frame-ancestors" not in policy:
        policy = headers["Content-Security-Policy"] = f"{policy}; {_IN_NO_FRAME}"
    if _IN_NO_FRAME in policy:  # all but the widget's frame, which names who may show it
        headers["X-Frame-Options"] = "DENY"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers.setdefault("Cache-Control", "no-store")
    if is_https:
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
