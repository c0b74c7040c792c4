"""HTTP outwards: always a timeout, never a redirect, never a proxy from the environment."""

from __future__ import annotations

from collections.abc import Mapping

import requests

from connectors.errors import ConnectorError

CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0
_PASSING = {408, 425, 429}


def post_json(url: str, body: object, headers: Mapping[str, str] | None = None) -> requests.Response:
    """The answer with a 2xx status; anything else raises `ConnectorError`, retryable where waiting may help."""
    with requests.Session() as session:
        session.trust_env = False
        try:
            answer = session.post(
                url,
                json=body,
                headers=dict(headers or {}),
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
            )
        except requests.Timeout:
            raise ConnectorError("timed_out", retryable=True) from None
        except requests.ConnectionError:
            raise ConnectorError("unreachable", retryable=True) from None
        except requests.RequestException:
            raise ConnectorError("bad_request", retryable=False) from None
    if 200 <= answer.status_code < 300:
        return answer
    retryable = answer.status_code >= 500 or answer.status_code in _PASSING
    raise ConnectorError("refused", retryable=retryable, status=answer.status_code)
