from uuid import uuid4

import pytest

from loyalty.errors import IdentifierRequired, InvalidCard, InvalidEmail, InvalidIdentifier, InvalidPhone
from loyalty.identities import Identifier, parse_identifier, recognise
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


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("8 (916) 123-45-67", "phone", "+79161234567"),
        ("9161234567", "phone", "+79161234567"),
        ("+44 20 7946 0018", "phone", "+442079460018"),
        (" Ivan@Example.com ", "email", "ivan@example.com"),
        ("9643 1000 0000 0010", "card", "9643100000000010"),
        ("482 913", "code", "482913"),
        ("012345", "code", "012345"),
        ("https://kopilka.example/partner?code=482913", "code", "482913"),
        ("http://localhost:8000/c/482913", "code", "482913"),
        ("реезы>..лщзшдлф.куг.зфкетук,сщву=482913", "code", "482913"),
        ("0190F3B2-7C1E-7A4B-9D52-3F6A1C482913", "customer_id", "0190f3b2-7c1e-7a4b-9d52-3f6a1c482913"),
    ],
)
def test_one_field_takes_whatever_a_till_is_given(text, kind, value):
    assert recognise(text) == Identifier(kind, value)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", InvalidPhone),
        ("12345", InvalidPhone),
        ("1234567", InvalidPhone),
        ("9643 1000 0000 0011", InvalidCard),
        ("ivan@", InvalidEmail),
        ("Иван", InvalidIdentifier),
        ("https://kopilka.example/partner?code=4829130", InvalidIdentifier),
        ("\u0000", InvalidPhone),
    ],
)
def test_what_a_till_cannot_read_is_refused_by_its_look(text, error):
    with pytest.raises(error) as refused:
        recognise(text)
    assert refused.value.field == "customer"
