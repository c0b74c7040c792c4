"""How a foreign system fails us."""

from __future__ import annotations


class ConnectorError(Exception):
    """The other side refused, was silent or answered nonsense.

    `code` is stable snake_case, `retryable` says whether the same call may work later, `status` is their HTTP or SMTP
    status where there is one. The message names the code only: what they answered may hold personal data.
    """

    def __init__(self, code: str, *, retryable: bool, status: int | None = None):
        super().__init__(code if status is None else f"{code} ({status})")
        self.code, self.retryable, self.status = code, retryable, status
