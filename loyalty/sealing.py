"""Keyed hashes and encryption. Every purpose has a key of its own, so a value made for one is worthless for another.

A keyed hash finds or checks a short secret (a one-time code) that a plain hash would give away to a guesser. A sealed
value can be read back, by us only. `configure` is called once by `create_app`; used before that, everything raises.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class SealBroken(Exception):
    """A sealed value cannot be read: damaged, made for another purpose, or its key is no longer in ENCRYPTION_KEYS."""


@dataclass(frozen=True)
class _Keys:
    secret: bytes = field(repr=False)
    fernet: MultiFernet = field(repr=False)
    derived: dict[str, bytes] = field(default_factory=dict, repr=False)


_keys: _Keys | None = None


def configure(secret_key: str, encryption_keys: tuple[str, ...]) -> None:
    """Set the keys of this process. `encryption_keys` are Fernet keys, the newest first: it seals, all of them unseal."""
    global _keys
    _keys = _Keys(secret_key.encode(), MultiFernet([Fernet(key) for key in encryption_keys]))


def keyed_hash(purpose: str, value: str) -> str:
    """HMAC-SHA256 of `value` in hex (64 characters) under a key derived for `purpose`. Equal means equal."""
    return hmac.new(_derived_key(purpose), value.encode("utf-8", "surrogatepass"), sha256).hexdigest()


def seal(purpose: str, value: dict) -> str:
    """Encrypt a JSON-able dict; only `unseal` with the same purpose reads it."""
    text = json.dumps({"purpose": purpose, "value": value}, ensure_ascii=False, separators=(",", ":"))
    return _configured().fernet.encrypt(text.encode("utf-8", "surrogatepass")).decode()


def unseal(purpose: str, token: str) -> dict:
    """What was sealed. Raises `SealBroken`."""
    try:
        opened = json.loads(_configured().fernet.decrypt(token.encode()))
    except (InvalidToken, ValueError):
        raise SealBroken("the sealed value cannot be read") from None
    if opened["purpose"] != purpose:
        raise SealBroken("the sealed value was made for another purpose")
    return opened["value"]


def _configured() -> _Keys:
    if _keys is None:
        raise RuntimeError("loyalty.sealing.configure was not called")
    return _keys


def _derived_key(purpose: str) -> bytes:
    keys = _configured()
    if purpose not in keys.derived:
        derivation = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=f"kopilka:{purpose}".encode())
        keys.derived[purpose] = derivation.derive(keys.secret)
    return keys.derived[purpose]
