import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.cards import new_card_number, normalise_card
from loyalty.errors import InvalidCard

GOOD = "9643100000000010"


def test_new_numbers_are_well_formed_and_differ():
    numbers = {new_card_number() for _ in range(100)}
    assert len(numbers) == 100
    assert all(normalise_card(number) == number for number in numbers)


@pytest.mark.parametrize("text", [GOOD, "9643 1000 0000 0010", "9643-1000-0000-0010", " 9643100000000010 "])
def test_every_spelling_of_a_card_is_that_card(text):
    assert normalise_card(text) == GOOD


def test_every_single_wrong_digit_is_noticed():
    for place in range(16):
        for digit in "0123456789":
            if digit != GOOD[place]:
                with pytest.raises(InvalidCard):
                    normalise_card(GOOD[:place] + digit + GOOD[place + 1 :])


@pytest.mark.parametrize(
    "text", ["", "4111111111111111", GOOD[:-1], GOOD + "0", "9643 1000 0000 001O", None, int(GOOD)]
)
def test_what_is_not_our_card_is_refused(text):
    with pytest.raises(InvalidCard):
        normalise_card(text)


@given(st.text(max_size=45))
def test_anything_typed_is_refused_or_is_a_card(text):
    try:
        assert normalise_card(text).startswith("964310")
    except InvalidCard:
        return
