"""Everything that goes wrong becomes one shape here: `application/problem+json` with a stable `code` (RFC 9457).

Whoever asked for a page gets the same told by a page (`web.errors`). Nobody else builds an error answer. No stack, no SQL and no input value ever stands in one.
"""

from __future__ import annotations

import json
from http import HTTPStatus

import structlog
from flask import Flask, Response, current_app, g
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from loyalty.errors import FeatureLocked, LoyaltyError

PROBLEM = "application/problem+json"

log = structlog.get_logger("kopilka.http")


class RequestRefused(Exception):
    """The door itself refuses the call, before any rule of the core is asked.

    `errors` maps a field (dotted: ``lines.0.amount``) to what is wrong with it.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: dict[str, list[str]] | None = None,
        headers: dict[str, str] | None = None,
    ):
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail
        self.errors, self.headers = errors, headers or {}


def refuse_input(errors: dict[str, list[str]]) -> RequestRefused:
    """The one refusal of input that is well-formed JSON but not what the route takes."""
    return RequestRefused(400, "validation_error", "The request is not what this route takes.", errors=errors)


def not_found(what: str = "resource") -> RequestRefused:
    """What a caller sees of a thing that is not there, or not theirs: the same."""
    return RequestRefused(404, "not_found", f"There is no such {what}.")


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    errors: dict[str, list[str]] | None = None,
    headers: dict[str, str] | None = None,
    more: dict[str, str | None] | None = None,
) -> Response:
    """`more` are members of the problem that belong to its code."""
    as_page = current_app.extensions.get("error_page")
    if as_page and (page := as_page(status, code, headers or {}, more or {})) is not None:
        return page
    body: dict = {"type": "about:blank", "title": _title(status), "status": status, "code": code, "detail": detail}
    if errors:
        body["errors"] = errors
    body |= more or {}
    body["request_id"] = g.get("request_id")
    return Response(json.dumps(body, ensure_ascii=False), status=status, mimetype=PROBLEM, headers=headers)


def register_error_handlers(app: Flask) -> None:
    app.register_error_handler(RequestRefused, _answer_refused)
    app.register_error_handler(LoyaltyError, _answer_broken_rule)
    app.register_error_handler(HTTPException, _answer_http)
    app.register_error_handler(DBAPIError, _answer_database)
    app.register_error_handler(PoolTimeout, _answer_busy)
    app.register_error_handler(Exception, _answer_unexpected)


def _answer_refused(error: RequestRefused) -> Response:
    return problem(error.status, error.code, error.detail, errors=error.errors, headers=error.headers)


def _answer_broken_rule(error: LoyaltyError) -> Response:
    """A rule that knows its fields says so; one that knows when to come back (`retry_after`, seconds) says that."""
    detail = _printable(str(error), 300)
    named = getattr(error, "errors", None)
    errors = None
    if isinstance(named, dict):
        errors = {_printable(name, 60): [text] for name, text in list(named.items())[:_MANY]}
    elif error.field:
        errors = {error.field: [detail]}
    headers = {}
    if (retry_after := getattr(error, "retry_after", None)) is not None:
        headers["Retry-After"] = str(max(1, int(retry_after)))
    if error.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="kopilka"'
    more = {"feature": error.feature, "plan": error.plan} if isinstance(error, FeatureLocked) else None
    return problem(error.status, error.code, detail, errors=errors, headers=headers, more=more)


_MANY = 50
"""So many fields are named at most."""


def _printable(text: str, longest: int) -> str:
    """A text that may repeat what somebody sent, cut to what may stand in an answer."""
    return "".join(character for character in text[:longest] if character.isprintable()) or "?"


_HTTP_CODES = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
    414: "url_too_long",
    415: "unsupported_media_type",
    431: "headers_too_large",
}


def _answer_http(error: HTTPException) -> Response:
    """Werkzeug's own refusals, without its HTML. Headers that belong to the status (`Allow`) stay."""
    status = error.code or 500
    if status >= 500:
        return _answer_unexpected(error)
    kept = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
    title, code = name_http_problem(status)
    return problem(status, code, f"{title}.", headers=kept)


def name_http_problem(status: int) -> tuple[str, str]:
    """Title and code of a problem that is HTTP's own."""
    return _title(status), _HTTP_CODES.get(status, _code_of(status))


_CONFLICTS = {"23503", "23505", "23P01"}
_BUSY = {"55P03", "57014", "40001", "40P01", "53300", "57P03"}


def _answer_database(error: DBAPIError) -> Response:
    """Races that only the database sees are conflicts; what passes by itself is 503; the rest is our fault."""
    state = getattr(error.orig, "pgcode", None)
    if isinstance(error, IntegrityError) and state in _CONFLICTS:
        log.warning("integrity_conflict", sqlstate=state, constraint=_constraint(error))
        return problem(409, "conflict", "Somebody else changed this at the same moment; try again.")
    if isinstance(error, DataError):
        log.error("data_refused_by_database", sqlstate=state)
        return problem(400, "validation_error", "A value cannot be stored.")
    if state in _BUSY or isinstance(error, OperationalError | InterfaceError):
        log.error("database_unavailable", sqlstate=state, error=type(error.orig).__name__)
        return _answer_busy(error)
    return _answer_unexpected(error)


def _answer_busy(_error: Exception) -> Response:
    return problem(503, "busy", "The service is busy; try again shortly.", headers={"Retry-After": "1"})


def _answer_unexpected(error: Exception) -> Response:
    log.error("unexpected_error", error=type(error).__name__, where=_where(error))
    return problem(500, "internal_error", "Something went wrong on our side; the request id helps to find it.")


def _where(error: BaseException) -> list[str]:
    """The frames the error came through, without the values: messages may carry what people typed."""
    frames, trace = [], error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append(f"{code.co_filename.rsplit('/', 2)[-1]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return frames[-12:]


def _constraint(error: DBAPIError) -> str | None:
    return getattr(getattr(error.orig, "diag", None), "constraint_name", None)


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def _code_of(status: int) -> str:
    return _title(status).lower().replace(" ", "_").replace("-", "_")
