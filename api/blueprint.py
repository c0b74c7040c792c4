"""A flask-smorest blueprint with the door's manners: strict input, problems documented, nobody forgotten.

What a view's decorators promise (who may call, an Idempotency-Key) is read off the view when it gets its route and
written into the OpenAPI description, so that the two cannot part.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import flask_smorest
from flask import request
from webargs import core

from api.errors import refuse_input
from api.idempotency import HEADER
from api.json import StrictParser, read_body
from loyalty.access import Policy

PROBLEMS = {
    400: "Malformed input: `validation_error` (with `errors` per field), `malformed_json`, `body_required`, "
    "`malformed_url`, `idempotency_key_required`",
    401: "No valid credentials: `token_missing`, `token_invalid`, `token_expired`, `session_ended`; for machines "
    "`api_key_missing`, `api_key_invalid`",
    403: "The caller's role does not allow this: `forbidden`; the partner's plan does not open it: "
    "`feature_locked`, with `feature` and `plan`",
    404: "Not there, or not the caller's: `not_found`",
    409: "A rule or a race is in the way; `code` names it, for example `idempotency_conflict`",
    413: "The body is larger than 1 MiB: `body_too_large`",
    415: "The body is not `application/json`: `unsupported_media_type`",
    422: "A rule of the programme refuses; `code` names it",
    429: "Too often: `too_many_requests`; `Retry-After` says when to come back",
    503: "Busy; `Retry-After` says when to come back: `busy`",
}

SECURITY: dict[str, list[dict[str, list[str]]]] = {
    "public": [],
    "signed_in": [{"bearer": []}],
    "staff": [{"bearer": []}],
    "platform": [{"bearer": []}],
    "machine": [{"apiKey": []}],
}
"""A policy's kind as OpenAPI says it."""


class Blueprint(flask_smorest.Blueprint):
    ARGUMENTS_PARSER = StrictParser()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._prepare_doc_cbks.append(_write_promises)

    def arguments(self, schema, **options):
        """As in flask-smorest; a schema class is made an instance once, not at each request."""
        return super().arguments(schema() if isinstance(schema, type) else schema, **options)

    def add_url_rule(self, rule, endpoint=None, view_func=None, *args, **options):
        if view_func is None or not isinstance(getattr(view_func, "policy", None), Policy):
            raise TypeError(f"{self.name}{rule}: say who may call this route (api.security)")
        view = _refuse_undeclared(view_func)
        view._apidoc = {**getattr(view, "_apidoc", {}), "promises": _read_promises(view_func, rule, options)}
        super().add_url_rule(rule, endpoint or view_func.__name__, view, *args, **options)


def refuses_with(*statuses: int) -> Callable[[Callable], Callable]:
    """Says that a route answers these problems too, where its policy and method do not tell."""

    def decorator(view: Callable) -> Callable:
        view.refuses_with = set(statuses)
        return view

    return decorator


def _declared(view: Callable) -> set[str]:
    arguments = getattr(view, "_apidoc", {}).get("arguments", {})
    return {parameter["in"] for parameter in arguments.get("parameters", [])}


def _refuse_undeclared(view: Callable) -> Callable:
    """A route that takes no body, or no query arguments, refuses them: a misplaced field is never silently dropped."""
    declared = _declared(view)

    @wraps(view)
    def wrapper(*args, **kwargs):
        if "query" not in declared and request.args:
            raise refuse_input({name[:60]: ["Unknown field."] for name in list(request.args)[:20]})
        if "json" not in declared and request.method in ("POST", "PUT", "PATCH", "DELETE"):
            body = read_body(request)
            if body is not core.missing and body != {}:
                raise refuse_input({"body": ["This route takes no body."]})
        return view(*args, **kwargs)

    return wrapper


def _read_promises(view: Callable, rule: str, options: dict[str, Any]) -> dict[str, Any]:
    policy: Policy = view.policy
    statuses = {400, 503} | getattr(view, "refuses_with", set())
    if "<" in rule:
        statuses.add(404)
    if not set(options.get("methods", ["GET"])) <= {"GET", "HEAD"}:
        statuses |= {
            401,
            404,
            409,
            413,
            415,
            422,
            429,
        }  # a code may be wrong and a partner unknown where anybody may call
    if policy.kind != "public":
        statuses |= {401, 403, 404, 429}
    headers = []
    if getattr(view, "needs_idempotency_key", False):
        headers.append(_header(HEADER, True, "One effect per key; a repeat gets the first answer.", r"^[\x21-\x7e]+$"))
    if policy.kind == "staff":
        headers.append(
            _header(
                "X-Partner-Id",
                False,
                "Partner (UUID or public code); left out, the one the caller has worked for longest.",
                None,
            )
        )
    statuses -= getattr(view, "_apidoc", {}).get("response", {}).get("responses", {}).keys()  # described by the view
    return {"statuses": sorted(statuses), "headers": headers, "security": SECURITY[policy.kind]}


def _write_promises(doc: dict[str, Any], doc_info: dict[str, Any], **_context) -> dict[str, Any]:
    """The callback through which flask-smorest lets a blueprint add to an operation's description."""
    promises = doc_info["promises"]
    doc["security"] = promises["security"]
    if promises["headers"]:
        doc.setdefault("parameters", []).extend(promises["headers"])
    responses = doc.setdefault("responses", {})
    for status in promises["statuses"]:
        responses[status] = _problem(PROBLEMS[status])
    return doc


def _problem(description: str) -> dict[str, Any]:
    return {
        "description": description,
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _header(name: str, required: bool, description: str, pattern: str | None) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 255}
    if pattern:
        schema["pattern"] = pattern
    return {"name": name, "in": "header", "required": required, "description": description, "schema": schema}
