import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.colours import READABLE, contrast_with_white, darken_until_readable, parse_colour
from loyalty.errors import InvalidColour

COLOURS = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


@pytest.mark.parametrize(("written", "colour"), [("#7A3CFF", "#7a3cff"), ("7a3cff", "#7a3cff"), (" #abc ", "#aabbcc")])
def test_a_colour_has_one_spelling(written, colour):
    assert parse_colour(written) == colour


@pytest.mark.parametrize("written", ["", "red", "#12", "#12345g", "#1234567", "rgb(0,0,0)", None, 5, "#fff;}", "٣٣٣"])
def test_anything_else_is_no_colour(written):
    with pytest.raises(InvalidColour):
        parse_colour(written)


@pytest.mark.parametrize(
    ("colour", "contrast"), [("#000000", 21), ("#ffffff", 1), ("#777777", 4.48), ("#767676", 4.54), ("#ff0000", 4.0)]
)
def test_contrast_is_that_of_wcag(colour, contrast):
    assert contrast_with_white(colour) == pytest.approx(contrast, abs=0.01)


@given(COLOURS)
def test_white_letters_can_be_read_on_every_colour_that_is_kept(colour):
    kept = darken_until_readable(colour)
    assert contrast_with_white(kept) >= READABLE
    assert kept == colour or contrast_with_white(colour) < READABLE


def test_a_colour_is_darkened_no_more_than_needed_and_keeps_its_hue():
    assert darken_until_readable("#0f766e") == "#0f766e"
    assert darken_until_readable("#ffffff") == "#757575"
    red, green, blue = (int(darken_until_readable("#ff8800")[at : at + 2], 16) for at in (1, 3, 5))
    assert red > green > blue == 0
