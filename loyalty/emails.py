"""E-mail addresses: one spelling for one mailbox."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email

from loyalty.errors import InvalidEmail

_ONE_PROVIDER = {
    "googlemail.com": "gmail.com",
    **dict.fromkeys(("pm.me", "protonmail.com"), "proton.me"),
    **dict.fromkeys(("me.com", "mac.com"), "icloud.com"),
    "ya.ru": "yandex.ru",
    "narod.ru": "yandex.ru",
    **{
        f"yandex.{end}": "yandex.ru"
        for end in ("com", "by", "kz", "ua", "uz", "com.tr", "com.am", "com.ge", "az", "md")
    },
}
"""Domains of one provider that lead to one mailbox each."""


def normalise_email(text: object, *, field: str | None = "email") -> str:
    """The address in lower case, an international domain in its ASCII form. Raises `InvalidEmail`.

    Only the form is checked, no server is asked. The part before the @ must be ASCII: mail providers of our customers do
    not deliver to anything else.
    """
    if not isinstance(text, str) or len(text) > 320:
        raise InvalidEmail(field=field)
    try:
        checked = validate_email(text.strip(), check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        raise InvalidEmail(field=field) from None
    return checked.ascii_email.lower()


def mailbox_of(address: str) -> str:
    """Where a normalised address leads, as far as its spelling tells: without a tag (`name+shop@`), without the dots that
    its provider overlooks, under the provider's one name. Two people may not share it; one person has many spellings.
    """
    name, _, domain = address.rpartition("@")
    domain = _ONE_PROVIDER.get(domain, domain)
    name = name.partition("+")[0] or name
    if domain in ("gmail.com", "proton.me"):
        name = name.replace(".", "")
    if domain == "proton.me":
        name = name.replace("-", "").replace("_", "")
    if domain == "yandex.ru":
        name = name.replace("-", ".")
    return f"{name}@{domain}"
