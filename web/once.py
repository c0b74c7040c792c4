"""Doing what a form asks once, however often it is sent: its `deed` is the key, kept in the transaction of the effect."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from flask import g, request

from loyalty import idempotency
from models.transactions import in_transaction
from web.forms import Deed

_NOT_WHAT = {"csrf_token", "deed"}


def do_once(form: Deed, act: Callable[[], dict[str, Any]]) -> tuple[dict[str, Any], bool]:
    """What `act` answered, committed, and whether that was an earlier time. The answer is kept, so it holds no secret."""
    asked = sorted((name, value) for name, value in request.form.items(multi=True) if name not in _NOT_WHAT)
    mark = sha256(json.dumps([request.path, asked]).encode()).hexdigest()

    def run() -> tuple[int, dict[str, Any], bool]:
        return idempotency.once(g.me.caller, f"page:{form.deed.data}", mark, lambda: (200, act()))

    _, answer, repeated = in_transaction(run)
    return answer, repeated
