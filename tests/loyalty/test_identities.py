from uuid import uuid4

import pytest

from loyalty.errors import IdentifierRequired, InvalidCard, InvalidEmail, InvalidIdentifier, InvalidPhone
from loyalty.identities import Identifier, parse_identifier
from models.partner import Partner


def test_each_key_is_read_into_its_kind():
    person = uuid4()
    cases = [
        ({"phone": "8 916 123-45-67"}, "phone", "+79161234567"),
        ({"email": "Ivan@Example.com"}, "email", "ivan@example.com"),
        ({"card": "9643 1000 0000 0010"}, "card", "9643100000000010"),
        ({"card_number": "9643100000000010"}, "card", "9643100000000010"),
        ({"customer_id": str(person).upper()}, "customer_id", str(person)),
        ({"customer_id": person}, "customer_id", str(person)),
        ({"telegram_id": 123456789}, "telegram", "123456789"),
        ({"telegram_id": "123456789"}, "telegram", "123456789"),
        ({"code": "012 345"}, "code", "012345"),
        ({"phone": "89161234567", "email": None}, "phone", "+79161234567"),
    ]
    for given, kind, value in cases:
        assert parse_identifier(given) == Identifier(kind, value), given


def test_a_phone_is_read_in_the_partners_region():
    assert parse_identifier({"phone": "020 7946 0018"}, Partner(region="GB")).value == "+442079460018"


@pytest.mark.parametrize(
    "given", [{}, {"phone": None}, {"phone": "89161234567", "email": "a@example.com"}, {"fax": "1"}]
)
def test_anything_but_one_identifier_is_refused(given):
    with pytest.raises(IdentifierRequired):
        parse_identifier(given)


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"phone": "12"}, InvalidPhone),
        ({"email": "ivan"}, InvalidEmail),
        ({"card": "1"}, InvalidCard),
        ({"customer_id": "7"}, InvalidIdentifier),
        ({"customer_id": 7}, InvalidIdentifier),
        ({"telegram_id": "-5"}, InvalidIdentifier),
        ({"telegram_id": True}, InvalidIdentifier),
        ({"telegram_id": 2**53}, InvalidIdentifier),
        ({"telegram_id": "٥"}, InvalidIdentifier),
        ({"code": "12345"}, InvalidIdentifier),
        ({"code": 123456}, InvalidIdentifier),
        ({"code": "１２３４５６"}, InvalidIdentifier),
    ],
)
def test_an_unreadable_value_names_its_key(given, error):
    with pytest.raises(error) as refused:
        parse_identifier(given)
    assert refused.value.field == next(iter(given))


def test_the_value_stays_out_of_repr():
    assert "79161234567" not in repr(parse_identifier({"phone": "+79161234567"}))
