"""The `Idempotency-Key` of calls that move points: the door's half of `loyalty.idempotency`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import wraps

from flask import Response, g, jsonify, request

from api.errors import RequestRefused
from loyalty import idempotency
from models.transactions import in_transaction

HEADER = "Idempotency-Key"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


def idempotent(view: Callable[..., Response]) -> Callable[..., Response]:
    """The view acts once per (caller, key) and opens its transaction; a repeat gets the stored answer, marked.

    Stands between `arguments` and `response`: the fingerprint is made of the validated input, and the view under it
    answers with a JSON `Response`.
    """

    @wraps(view)
    def wrapper(*args, **kwargs):
        key = read_key()
        fingerprint = idempotency.fingerprint_of([request.method, request.path, args])
        fresh: list[Response] = []

        def act() -> tuple[int, dict]:
            fresh[:] = [view(*args, **kwargs)]
            return fresh[0].status_code, json.loads(fresh[0].get_data())

        status, answer, replayed = in_transaction(
            lambda: idempotency.once(g.caller.idempotency_scope, key, fingerprint, act)
        )
        if not replayed:
            return fresh[0]
        response = jsonify(answer)
        response.status_code = status
        response.headers["Idempotency-Replayed"] = "true"
        return response

    wrapper.needs_idempotency_key = True
    return wrapper


def read_key() -> str:
    """The call's key. Raises 400 `idempotency_key_required` or `idempotency_key_invalid`."""
    key = request.headers.get(HEADER)
    if not key:
        raise RequestRefused(400, "idempotency_key_required", f"A call that moves points needs the header {HEADER}.")
    if not _KEY.fullmatch(key):
        raise RequestRefused(
            400, "idempotency_key_invalid", f"{HEADER} is 1 to 255 visible ASCII characters without spaces."
        )
    return key
