"""Forged, stale and foreign access tokens: each is a 401 problem."""

import base64
import hmac
import json
import time
from hashlib import sha256
from uuid import UUID, uuid4

import jwt
import pytest

from api.errors import RequestRefused
from api.tokens import AUDIENCE, ISSUER, derive_key, make_access_token, read_access_token

CUSTOMER, SESSION = UUID(int=7), UUID(int=9)

pytestmark = pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")


def claims(**changes) -> dict:
    now = int(time.time())
    good = {
        "iat": now, "nbf": now, "exp": now + 900, "jti": str(uuid4()), "type": "access", "fresh": False,
        "sub": str(CUSTOMER), "sid": str(SESSION), "iss": ISSUER, "aud": AUDIENCE,
    }  # fmt: skip
    return {name: value for name, value in (good | changes).items() if value is not ...}


def part(value) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def by_hand(header: dict, payload, key: bytes) -> str:
    body = f"{part(header)}.{part(payload)}"
    mark = base64.urlsafe_b64encode(hmac.new(key, body.encode(), sha256).digest()).rstrip(b"=").decode()
    return f"{body}.{mark}"


HS256 = {"alg": "HS256", "typ": "JWT"}


def forgeries(key: bytes, secret: bytes) -> dict[str, str]:
    def make(**changes) -> str:
        return jwt.encode(claims(**changes), key, "HS256")

    good = make()
    head, body, mark = good.split(".")
    now = int(time.time())
    return {
        "alg none": f"{part({'alg': 'none'})}.{part(claims())}.",
        "alg None, signed": by_hand({"alg": "None"}, claims(), key),
        "alg missing": by_hand({"typ": "JWT"}, claims(), key),
        "alg not text": by_hand({"alg": 5}, claims(), key),
        "HS512 with our key": jwt.encode(claims(), key, "HS512"),
        "HS384 with our key": jwt.encode(claims(), key, "HS384"),
        "another key": jwt.encode(claims(), b"k" * 32, "HS256"),
        "an empty key": by_hand(HS256, claims(), b""),
        "SECRET_KEY itself": jwt.encode(claims(), secret, "HS256"),
        "a key for another purpose": jwt.encode(claims(), derive_key(secret.decode(), "page"), "HS256"),
        "no signature": f"{head}.{body}.",
        "signature cut": good[:-4],
        "signature of another token": f"{head}.{part(claims(sub=str(uuid4())))}.{mark}",
        "two parts": f"{head}.{body}",
        "four parts": f"{good}.{mark}",
        "not base64": "a.b.c",
        "a refresh token": make(type="refresh"),
        "no type": make(type=...),
        "no exp": make(exp=...),
        "no jti": make(jti=...),
        "jti a number": by_hand(HS256, claims(jti=5), key),
        "no subject": make(sub=...),
        "subject a number": by_hand(HS256, claims(sub=1), key),
        "subject not an id": make(sub="admin"),
        "no session": make(sid=...),
        "session not an id": make(sid="1 OR 1=1"),
        "no audience": make(aud=...),
        "another audience": make(aud="kopilka-widget"),
        "no issuer": make(iss=...),
        "another issuer": make(iss="someone"),
        "no iat": make(iat=...),
        "expired": make(exp=now - 60),
        "expired beyond the leeway": make(exp=now - 12),
        "exp not a number": by_hand(HS256, claims(exp="never"), key),
        "exp a list": by_hand(HS256, claims(exp=[1]), key),
        "not yet valid": make(nbf=now + 60),
        "issued in the future": make(iat=now + 60, nbf=now + 60),
        "payload a list": by_hand(HS256, [claims()], key),
        "payload a text": by_hand(HS256, "x", key),
        "crit header": by_hand(HS256 | {"crit": ["x"]}, claims(), key),
        "very long": make(filler="x" * 5000),
    }


def headers_of(app) -> dict[str, str]:
    key, secret = app.config["JWT_SECRET_KEY"], app.config["SECRET_KEY"].encode()
    found = {name: f"Bearer {token}" for name, token in forgeries(key, secret).items()}
    good = jwt.encode(claims(), key, "HS256")
    return found | {
        "bare": good,
        "Basic": f"Basic {good}",
        "Token": f"Token {good}",
        "empty": "",
        "the word alone": "Bearer",
        "two tokens": f"Bearer {good}, Bearer {good}",
        "two words": f"Bearer {good} {good}",
        "with a NUL": f"Bearer {good}\x00",
    }


def test_every_forged_header_is_refused_as_unauthorized(app):
    with app.test_request_context():
        accepted = {}
        for name, header in headers_of(app).items():
            try:
                accepted[name] = read_access_token(header)
            except RequestRefused as refused:
                assert refused.status == 401, name
                assert refused.code in ("token_missing", "token_invalid", "token_expired"), name
                assert refused.headers["WWW-Authenticate"].startswith("Bearer"), name
        assert accepted == {}
        assert len(headers_of(app)) >= 45


def test_our_own_token_is_read(app):
    with app.test_request_context():
        found = read_access_token(f"Bearer {make_access_token(CUSTOMER, SESSION)}")
    assert (found.customer_id, found.session_id) == (CUSTOMER, SESSION)


def test_a_clock_ten_seconds_off_is_forgiven(app):
    key, now = app.config["JWT_SECRET_KEY"], int(time.time())
    with app.test_request_context():
        for changes in ({"iat": now + 5, "nbf": now + 5}, {"exp": now - 5}):
            assert read_access_token(f"Bearer {jwt.encode(claims(**changes), key, 'HS256')}")


def test_an_expired_token_says_so(app):
    expired = jwt.encode(claims(exp=int(time.time()) - 60), app.config["JWT_SECRET_KEY"], "HS256")
    with app.test_request_context(), pytest.raises(RequestRefused) as refused:
        read_access_token(f"Bearer {expired}")
    assert refused.value.code == "token_expired"
