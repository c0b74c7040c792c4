"""Contacts as they stand in a chat: enough to tell people apart, too little to write to them.

A chat stays on the phone of whoever was staff once.
"""

from __future__ import annotations

_HIDDEN = "•••"


def mask_phone(phone: str) -> str:
    """«+7 916 •••-45-67», «+4479•••0123»."""
    if phone.startswith("+7") and len(phone) == 12:
        return f"+7\N{NO-BREAK SPACE}{phone[2:5]}\N{NO-BREAK SPACE}{_HIDDEN}-{phone[8:10]}-{phone[10:]}"
    return f"{phone[:5]}{_HIDDEN}{phone[-4:]}"


def mask_email(email: str) -> str:
    """«i•••@example.com»."""
    name, _, host = email.partition("@")
    return f"{name[:1]}{_HIDDEN}@{host}"


def mask_card(number: str) -> str:
    """«•••• 4242»."""
    return f"••••\N{NO-BREAK SPACE}{number[-4:]}"
