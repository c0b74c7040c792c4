import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from loyalty.errors import InvalidPhone
from loyalty.phones import normalise_phone

SPELLINGS = [
    "+79161234567",
    "89161234567",
    "79161234567",
    "9161234567",
    "8 916 123-45-67",
    "+7 (916) 123-45-67",
    "8(916)1234567",
    "8-916-123-45-67",
    "+7.916.123.45.67",
    "+7 916 123 45 67",
    "+7 916 123–45–67",
    "＋７９１６１２３４５６７",
    "٨٩١٦١٢٣٤٥٦٧",
    "  +7\t916 1234567 ",
    "\u202a+7 916 123-45-67\u202c",
    "8 10 7 916 123 45 67",
]


@pytest.mark.parametrize("text", SPELLINGS)
def test_every_spelling_of_a_number_is_that_number(text):
    assert normalise_phone(text) == "+79161234567"


def test_a_number_without_country_code_is_read_in_the_region():
    assert normalise_phone("020 7946 0018", "GB") == "+442079460018"
    assert normalise_phone("8 701 123 45 67", "KZ") == "+77011234567"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "+",
        "++79161234567",
        "7+9161234567",
        "112",
        "+7916123456",
        "+791612345678",
        "+7 116 123 45 67",
        "8 800 FLOWERS",
        "8-916-CALL-NOW",
        "+7 916 123-45-67 доб. 5",
        "+79161234567;ext=5",
        "+79161234567x5",
        "+79161234567#5",
        "tel:+79161234567",
        "89161234567\u0000",
        "89161234567\ud800",
        "8916123456\n7",
        "9" * 41,
        "+7 916 123 45 67, +7 916 123 45 68",
        79161234567,
        None,
        True,
        ["89161234567"],
    ],
)
def test_what_is_no_number_is_refused(text):
    with pytest.raises(InvalidPhone) as refused:
        normalise_phone(text)
    assert "916" not in str(refused.value)


@given(st.text(max_size=45) | st.text(alphabet="+0123456789()- x;#", max_size=20))
@example("+" + "９" * 12)
def test_anything_typed_is_refused_or_becomes_a_number_that_stays_itself(text):
    try:
        phone = normalise_phone(text)
    except InvalidPhone:
        return
    assert phone.startswith("+") and phone[1:].isascii() and phone[1:].isdigit() and len(phone) <= 16
    assert normalise_phone(phone) == phone
