import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.emails import mailbox_of, normalise_email
from loyalty.errors import InvalidEmail


@pytest.mark.parametrize(
    ("text", "email"),
    [
        ("Ivan.Petrov@Example.COM", "ivan.petrov@example.com"),
        ("  ivan@example.com ", "ivan@example.com"),
        ("ivan+coffee@example.com", "ivan+coffee@example.com"),
        ("ivan@Почта.рф", "ivan@xn--80a1acny.xn--p1ai"),
        ("ivan@xn--80a1acny.xn--p1ai", "ivan@xn--80a1acny.xn--p1ai"),
    ],
)
def test_every_spelling_of_an_address_is_that_address(text, email):
    assert normalise_email(text) == email


@pytest.mark.parametrize(
    "text",
    ["", "ivan", "ivan@", "@example.com", "a b@example.com", "Иван <ivan@example.com>", "ivan@localhost", "a@b..com",
     "ivan@example.com\u0000", "ivan\n@example.com", "a@b\ud800.ru", "a" * 330 + "@example.com", "ivan@[127.0.0.1]",
     '"ivan"@example.com', None, 5, ["a@example.com"]],
)  # fmt: skip
def test_what_is_no_address_is_refused(text):
    with pytest.raises(InvalidEmail):
        normalise_email(text)


@given(st.text(max_size=60) | st.emails())
def test_anything_typed_is_refused_or_becomes_an_address_that_stays_itself(text):
    try:
        email = normalise_email(text)
    except InvalidEmail:
        return
    assert email == email.lower() and email.isascii()
    assert normalise_email(email) == email


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("anna@example.com", "anna+shop@example.com"),
        ("anna.ivanova@gmail.com", "annaivanova+2@googlemail.com"),
        ("anna-ivanova@ya.ru", "anna.ivanova@yandex.com"),
        ("anna@pm.me", "a.n_n-a@protonmail.com"),
    ],
)
def test_spellings_of_one_mailbox_lead_to_one_place(one, other):
    assert mailbox_of(one) == mailbox_of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("anna.ivanova@example.com", "annaivanova@example.com"),
        ("anna@mail.ru", "anna@bk.ru"),
        ("anna.ivanova@ya.ru", "annaivanova@ya.ru"),
        ("+1@example.com", "+2@example.com"),
    ],
)
def test_mailboxes_of_two_people_stay_two(one, other):
    assert mailbox_of(one) != mailbox_of(other)
