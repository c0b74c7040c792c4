"""Signing in, registering, sessions."""

from __future__ import annotations

from marshmallow import ValidationError, fields, validates_schema

from api.schemas.fields import Digits, Email, Flag, Id, Input, Moment, Output, PartnerRef, Phone, Text


class Consents(Input):
    """Answers, not ticks: what is left out was not asked."""

    personal_data = Flag()
    advertising = Flag()


class Target(Input):
    """Who wants to sign in, named in exactly one way."""

    phone = Phone()
    email = Email()
    card_number = Text(maximum=40)

    @validates_schema(skip_on_field_errors=True)
    def check_one(self, data, **kwargs):
        if len(data.keys() & {"phone", "email", "card_number"}) != 1:
            raise ValidationError("Give exactly one of: phone, email, card_number.")


class RequestCode(Target):
    pass


class CodeSent(Output):
    status = fields.String(required=True, metadata={"enum": ["accepted"]})
    expires_in = fields.Integer(required=True, metadata={"description": "seconds that a code lives"})
    repeat_after = fields.Integer(required=True, metadata={"description": "seconds before another is sent"})


class VerifyCode(Target):
    code = Digits(minimum=6, maximum=6, required=True)
    consents = fields.Nested(Consents)


class CardNumber(Input):
    card_number = Text(maximum=40, required=True)


class CardVerified(Output):
    well_formed = fields.Boolean(required=True)
    exists = fields.Boolean(metadata={"description": "told to staff only"})


class LoginByCard(CardNumber):
    code = Digits(minimum=6, maximum=6, required=True)


class RefreshToken(Input):
    refresh_token = Text(minimum=1, maximum=200, required=True)


class Tokens(Output):
    access_token = fields.String(required=True)
    refresh_token = fields.String(required=True)
    token_type = fields.String(required=True, metadata={"enum": ["Bearer"]})
    expires_in = fields.Integer(required=True, metadata={"description": "seconds the access token lives"})


class Register(Input):
    phone = Phone()
    email = Email()
    name = Text(maximum=200, load_default=None)
    partner_id = PartnerRef(load_default=None)
    invitation = Text(
        maximum=40,
        load_default=None,
        metadata={"example": "K7MX-4QRP", "description": "the code of a friend's invitation"},
    )
    consents = fields.Nested(Consents)

    @validates_schema(skip_on_field_errors=True)
    def check_any(self, data, **kwargs):
        if "phone" not in data and "email" not in data:
            raise ValidationError("Give a phone, an e-mail or both.")


class Registered(CodeSent):
    telegram_link = fields.String(
        allow_none=True, required=True, metadata={"description": "the partner's plain invitation to its bot"}
    )


class StaffOf(Output):
    partner_id = Id(required=True)
    partner_code = fields.String(required=True)
    partner_name = fields.String(required=True)
    role = fields.String(required=True)
    branch_id = Id(required=True, allow_none=True)


class Me(Output):
    customer_id = Id(required=True)
    session_id = Id(required=True)
    name = fields.String(required=True, allow_none=True)
    platform_roles = fields.List(fields.String(), required=True)
    staff = fields.List(fields.Nested(StaffOf), required=True)


class SessionView(Output):
    id = Id(required=True)
    kind = fields.String(required=True, metadata={"enum": ["api", "page", "widget"]})
    partner_name = fields.String(required=True, allow_none=True, metadata={"description": "whose widget it is"})
    device = fields.String(required=True, allow_none=True)
    created_at = Moment(required=True)
    last_seen_at = Moment(required=True)
    expires_at = Moment(required=True)
    is_current = fields.Boolean(required=True)
