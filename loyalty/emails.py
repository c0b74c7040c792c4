"""E-mail addresses: one spelling for one mailbox."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email

from loyalty.errors import InvalidEmail


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
