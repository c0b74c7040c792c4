"""Access tokens of people: HS256 under a key of their own, 15 minutes, for this issuer and this audience only.

flask-jwt-extended takes a token without `type`, `exp` or `jti` for an access token that never ends; here every claim is
demanded, and whatever is wrong becomes a 401 problem whose code says no more than the caller may know.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import Flask, current_app
from flask_jwt_extended import JWTManager, create_access_token
from jwt.exceptions import ExpiredSignatureError, PyJWTError

from api.errors import RequestRefused
from api.schemas.fields import read_id
from config import Settings

ACCESS_LIFE = timedelta(minutes=15)
LEEWAY = timedelta(seconds=10)
ISSUER = "kopilka"
AUDIENCE = "kopilka-api"
_CLAIMS = ["exp", "iat", "nbf", "jti", "type", "sub", "sid", "iss", "aud"]
_BEARER = re.compile(r"Bearer +([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)", re.IGNORECASE)
_LONGEST = 2048


@dataclass(frozen=True)
class Claims:
    customer_id: UUID
    session_id: UUID


def configure_tokens(app: Flask, settings: Settings) -> None:
    app.config.update(
        JWT_SECRET_KEY=derive_key(settings.secret_key, "access token"),
        JWT_ALGORITHM="HS256",
        JWT_ENCODE_AUDIENCE=AUDIENCE,
        JWT_ENCODE_ISSUER=ISSUER,
        JWT_ACCESS_TOKEN_EXPIRES=ACCESS_LIFE,
        JWT_TOKEN_LOCATION=["headers"],
    )
    JWTManager(app, add_context_processor=False)


def derive_key(secret_key: str, purpose: str) -> bytes:
    """32 bytes for one purpose (HKDF, RFC 5869): what is made for another purpose does not open this one."""
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"kopilka:{purpose}".encode())
    return derivation.derive(secret_key.encode())


def make_access_token(customer_id: UUID, session_id: UUID) -> str:
    return create_access_token(str(customer_id), additional_claims={"sid": str(session_id)})


def read_access_token(header: str | None) -> Claims:
    """Who the `Authorization` header speaks for.

    Raises 401 `token_missing`, `token_expired` or `token_invalid`. Whether the session still lives is asked elsewhere.
    """
    if not header or not header.strip():
        raise unauthorized("token_missing", "This route needs the header Authorization: Bearer <access token>.")
    bearer = _BEARER.fullmatch(header.strip()) if len(header) <= _LONGEST else None
    try:
        claims = _verify(bearer[1], current_app.config["JWT_SECRET_KEY"]) if bearer else {}
        if claims and claims["exp"] <= time.time() - LEEWAY.total_seconds():
            raise ExpiredSignatureError
    except ExpiredSignatureError:
        raise unauthorized("token_expired", "The access token has expired; refresh it.") from None
    except (PyJWTError, ValueError, TypeError, AttributeError, RecursionError):
        claims = {}
    customer_id, session_id = read_id(claims.get("sub")), read_id(claims.get("sid"))
    if not (claims.get("type") == "access" and isinstance(claims.get("jti"), str) and customer_id and session_id):
        raise unauthorized("token_invalid", "The access token is not valid.")
    return Claims(customer_id, session_id)


def unauthorized(code: str, detail: str) -> RequestRefused:
    challenge = 'Bearer realm="kopilka"' + ("" if code == "token_missing" else ', error="invalid_token"')
    return RequestRefused(401, code, detail, headers={"WWW-Authenticate": challenge})


@lru_cache(maxsize=2000)
def _verify(token: str, key: bytes) -> dict:
    """The claims of a good token. People call many times with one token, and of what was checked once only the hour of
    its end can come; flask-jwt-extended would take it apart three times at each call (bench P7)."""
    return jwt.decode(
        token,
        key,
        algorithms=["HS256"],
        audience=AUDIENCE,
        issuer=ISSUER,
        leeway=LEEWAY,
        options={"require": _CLAIMS},
    )
