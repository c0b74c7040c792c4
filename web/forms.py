"""Forms: what they all carry, and how a rule of the core that refuses becomes a sentence beside the field.

A view that changes something asks `carry_out` to do it: one transaction, and nothing of it stays when a rule refuses.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar
from uuid import UUID, uuid4

from flask_wtf import FlaskForm
from wtforms import HiddenField

from loyalty.errors import LoyaltyError
from models.transactions import in_transaction
from web.sentences import say_error

Answer = TypeVar("Answer")


class Form(FlaskForm):
    """A form of ours. Its token is checked by `web.access` for every request, so the form itself asks for none."""

    class Meta:
        csrf = False

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.refusals: list[str] = []

    @property
    def is_refused(self) -> bool:
        return bool(self.refusals or self.errors)


class Deed(Form):
    """A form that moves points. `deed` was drawn when the form was shown: sent twice, it is done once."""

    deed = HiddenField()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if not _is_uuid(self.deed.data):
            self.deed.data = str(uuid4())


class Done(Generic[Answer]):
    """What the core answered."""

    def __init__(self, answer: Answer):
        self.answer = answer


def carry_out(form: Form, act: Callable[[], Answer]) -> Done[Answer] | None:
    """What `act` answers, committed; None when a rule refused, and then the form says why and nothing was changed."""
    try:
        return Done(in_transaction(act))
    except LoyaltyError as error:
        refuse(form, error)
        return None


def refuse(form: Form, error: LoyaltyError, fields: dict[str, str] | None = None) -> None:
    """Say on the form what a rule refused; `fields` maps the core's words for inputs to the form's where they differ."""
    sentence = say_error(error)
    name = (fields or {}).get(error.field or "", error.field or "")
    if name in form:
        form[name].errors = [*form[name].errors, sentence]
    else:
        form.refusals.append(sentence)


def _is_uuid(text: str | None) -> bool:
    try:
        return str(UUID(text or "")) == text
    except ValueError:
        return False
