"""The field types of the door. Each takes one spelling of a thing and refuses everything else in words."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from loyalty.errors import InvalidAmount
from loyalty.money import format_money, parse_money

MAX_POINTS = 10**12 - 1


class Input(Schema):
    """The base of everything that comes in: an unknown field is an error, not a shrug."""

    class Meta:
        unknown = RAISE


class Output(Schema):
    """The base of everything that goes out: mappings and objects, whose fields are named as they are."""

    def get_attribute(self, obj, attr, default):
        return obj.get(attr, default) if isinstance(obj, dict) else getattr(obj, attr, default)

    @classmethod
    def plain(cls, row: object) -> dict[str, object]:
        """A row's columns, read before the commit that would expire them."""
        return {name: getattr(row, name) for name in cls._declared_fields}


class Money(fields.Field):
    """A sum: a decimal string such as ``1000.50``, or a JSON number; at most two places. Goes out as ``1000.50``."""

    def __init__(self, *, allow_zero: bool = False, **options):
        super().__init__(**options)
        self.allow_zero = allow_zero
        self.metadata.setdefault("type", "string")
        above_zero = "" if allow_zero else r"(?!0(\.0{1,2})?$)"
        self.metadata.setdefault("pattern", rf"^{above_zero}(0|[1-9][0-9]{{0,11}})(\.[0-9]{{1,2}})?$")
        self.metadata.setdefault("example", "1000.00")

    def _bind_to_schema(self, field_name, parent):
        super()._bind_to_schema(field_name, parent)
        if isinstance(parent, Output):
            # sums go out as they are: none, or, where returns outweigh sales, below none
            self.metadata = self.metadata | {"pattern": r"^-?(0|[1-9][0-9]*)\.[0-9]{2}$"}

    def _deserialize(self, value, attr, data, **kwargs):
        try:
            return parse_money(value, allow_zero=self.allow_zero)
        except InvalidAmount as refused:
            raise ValidationError(str(refused)) from None

    def _serialize(self, value, attr, obj, **kwargs):
        return None if value is None else format_money(Decimal(value))


class Points(fields.Field):
    """A whole number of points. Text, fractions and booleans are refused."""

    def __init__(self, *, minimum: int = 1, maximum: int = MAX_POINTS, **options):
        super().__init__(**options)
        self.minimum, self.maximum = minimum, maximum
        self.metadata.setdefault("type", "integer")
        self.metadata.setdefault("minimum", minimum)
        self.metadata.setdefault("maximum", maximum)

    def _deserialize(self, value, attr, data, **kwargs):
        if not isinstance(value, int) or isinstance(value, bool) or not self.minimum <= value <= self.maximum:
            raise ValidationError(f"Must be a whole number from {self.minimum} to {self.maximum}.")
        return value


class Whole(Points):
    """A whole number that also arrives as digits, as query arguments do."""

    def _deserialize(self, value, attr, data, **kwargs):
        if isinstance(value, str) and re.fullmatch(r"[0-9]{1,12}", value):
            value = int(value)
        return super()._deserialize(value, attr, data, **kwargs)


class Flag(fields.Field):
    """true or false, nothing that merely looks like it."""

    def __init__(self, **options):
        super().__init__(**options)
        self.metadata.setdefault("type", "boolean")

    def _deserialize(self, value, attr, data, **kwargs):
        if not isinstance(value, bool):
            raise ValidationError("Must be true or false.")
        return value


class Text(fields.Field):
    """Text without control characters, trimmed. `lines`: line breaks are allowed."""

    def __init__(self, *, minimum: int = 1, maximum: int = 200, lines: bool = False, **options):
        super().__init__(**options)
        self.minimum, self.maximum, self.lines = minimum, maximum, lines
        self.metadata.setdefault("type", "string")
        self.metadata.setdefault("minLength", minimum)
        self.metadata.setdefault("maxLength", maximum)
        kept = r"\u0000-\u0008\u000b-\u001f" if lines else r"\u0000-\u001f"
        sign = rf"[^{kept}\u007f-\u009f]"
        visible = rf"[^\s{kept}\u007f-\u009f]"
        self.metadata.setdefault("pattern", f"^{sign}*{visible}{sign}*$" if minimum else f"^{sign}*$")

    def _deserialize(self, value, attr, data, **kwargs):
        if not isinstance(value, str):
            raise ValidationError("Must be text.")
        value = value.strip()
        if not self.minimum <= len(value) <= self.maximum:
            raise ValidationError(f"Must have {self.minimum} to {self.maximum} characters.")
        allowed = "\n\t" if self.lines else ""
        if any(unicodedata.category(sign) in ("Cc", "Cs") and sign not in allowed for sign in value):
            raise ValidationError("Must not hold control characters.")
        return value


class Digits(fields.Field):
    """A number that is a name, such as a one-time code: digits, with the spaces and hyphens people put between them."""

    def __init__(self, *, minimum: int, maximum: int, **options):
        super().__init__(**options)
        self.minimum, self.maximum = minimum, maximum
        self.metadata.setdefault("type", "string")
        self.metadata.setdefault("pattern", f"^[0-9]{{{minimum},{maximum}}}$")

    def _deserialize(self, value, attr, data, **kwargs):
        digits = re.sub(r"[ -]", "", value) if isinstance(value, str) and len(value) <= 2 * self.maximum else ""
        if not re.fullmatch(f"[0-9]{{{self.minimum},{self.maximum}}}", digits):
            many = str(self.minimum) if self.minimum == self.maximum else f"{self.minimum} to {self.maximum}"
            raise ValidationError(f"Must be {many} digits.")
        return digits


class Phone(Text):
    """A phone number in any spelling people use; the core decides whose region it is read in and whether it is one."""

    def __init__(self, **options):
        super().__init__(minimum=3, maximum=40, **options)
        self.metadata.setdefault("example", "+79161234567")


class Email(Text):
    """An e-mail address; whether it can be one is the core's question."""

    def __init__(self, **options):
        super().__init__(minimum=3, maximum=254, **options)
        self.metadata["format"] = "email"
        self.metadata.pop("pattern", None)

    def _deserialize(self, value, attr, data, **kwargs):
        value = super()._deserialize(value, attr, data, **kwargs)
        if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value):
            raise ValidationError("Must be an e-mail address.")
        return value


_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def read_id(value: object) -> UUID | None:
    """A UUID in its one canonical spelling, or None."""
    return UUID(value) if isinstance(value, str) and _UUID.fullmatch(value) else None


class Id(fields.Field):
    """A UUID in its canonical spelling."""

    def __init__(self, **options):
        super().__init__(**options)
        self.metadata.setdefault("type", "string")
        self.metadata.setdefault("format", "uuid")

    def _deserialize(self, value, attr, data, **kwargs):
        found = read_id(value)
        if found is None:
            raise ValidationError("Must be a UUID such as 0190f3b2-7c1e-7a4b-9d52-3f6a1c0e8b7d.")
        return found

    def _serialize(self, value, attr, obj, **kwargs):
        return None if value is None else str(value)


class PartnerRef(fields.Field):
    """A partner by UUID or by its public code of six digits or more; stays text."""

    def __init__(self, **options):
        super().__init__(**options)
        self.metadata.setdefault("type", "string")
        self.metadata.setdefault("pattern", r"^([0-9]{6,12}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$")

    def _deserialize(self, value, attr, data, **kwargs):
        if not isinstance(value, str) or not (_UUID.fullmatch(value) or re.fullmatch(r"[0-9]{6,12}", value)):
            raise ValidationError("Must be a partner's UUID or its numeric public code.")
        return value


_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)", re.ASCII)


class Moment(fields.Field):
    """A point in time, ISO 8601 with its offset (``2026-11-20T14:30:00+03:00``), years 2000 to 2100. Goes out in UTC."""

    def __init__(self, **options):
        super().__init__(**options)
        self.metadata.setdefault("type", "string")
        self.metadata.setdefault("format", "date-time")

    def _deserialize(self, value, attr, data, **kwargs):
        moment = None
        if isinstance(value, str) and _MOMENT.fullmatch(value):
            try:
                moment = datetime.fromisoformat(value).astimezone(UTC)
            except (ValueError, OverflowError):
                moment = None
        if moment is None or not 2000 <= moment.year <= 2100:
            raise ValidationError(
                "Must be a moment with its offset such as 2026-11-20T14:30:00+03:00, years 2000 to 2100."
            )
        return moment

    def _serialize(self, value, attr, obj, **kwargs):
        return None if value is None else value.astimezone(UTC).isoformat()


class Day(fields.Field):
    """A calendar day, ``1990-02-29`` style; `earliest` is the first year taken."""

    def __init__(self, *, earliest: int = 1900, **options):
        super().__init__(**options)
        self.earliest = earliest
        self.metadata.setdefault("type", "string")
        self.metadata.setdefault("format", "date")

    def _deserialize(self, value, attr, data, **kwargs):
        day = None
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
            try:
                day = date.fromisoformat(value)
            except ValueError:
                day = None
        if day is None or not self.earliest <= day.year <= 2100:
            raise ValidationError(f"Must be a day such as 1990-01-31, years {self.earliest} to 2100.")
        return day

    def _serialize(self, value, attr, obj, **kwargs):
        return None if value is None else value.isoformat()


class Choice(fields.Field):
    """One of a few words."""

    def __init__(self, *words: str, **options):
        super().__init__(**options)
        self.words = words
        self.metadata.setdefault("type", "string")
        self.metadata.setdefault("enum", list(words))

    def _deserialize(self, value, attr, data, **kwargs):
        if not isinstance(value, str) or value not in self.words:
            raise ValidationError(f"Must be one of: {', '.join(self.words)}.")
        return value


class Quantity(fields.Field):
    """How many of a thing: above zero, at most three places, below a million. A number or a decimal string."""

    def __init__(self, **options):
        super().__init__(**options)
        self.metadata.setdefault("type", "string")
        self.metadata.setdefault("pattern", r"^[0-9]{1,6}(\.[0-9]{1,3})?$")

    def _deserialize(self, value, attr, data, **kwargs):
        if isinstance(value, str) and re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,3})?", value):
            value = Decimal(value)
        if isinstance(value, int) and not isinstance(value, bool):
            value = Decimal(value) if -(10**6) < value < 10**6 else None
        if not isinstance(value, Decimal) or not 0 < value < 10**6 or value.as_tuple().exponent < -3:
            raise ValidationError("Must be a number above zero with at most three decimal places.")
        return value

    def _serialize(self, value, attr, obj, **kwargs):
        return None if value is None else f"{value:f}"


class Json(fields.Field):
    """Made by the core, already JSON-able; goes out as it is."""


class Some(fields.List):
    """A list with a bounded number of items."""

    def __init__(self, inner, *, minimum: int = 1, maximum: int = 500, **options):
        super().__init__(inner, validate=validate.Length(minimum, maximum), **options)

    def _deserialize(self, value, attr, data, **kwargs):
        if not isinstance(value, list):
            raise ValidationError("Must be a list.")
        return super()._deserialize(value, attr, data, **kwargs)
