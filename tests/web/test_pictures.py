import re

import pytest

from web.pictures import Bar, draw_bars, round_up


def heights(picture: str) -> list[float]:
    return [float(height) for height in re.findall(r'<rect [^>]*height="([\d.]+)"', picture)]


@pytest.fixture(autouse=True)
def request_context(app):
    with app.test_request_context():
        yield


@pytest.mark.parametrize(
    ("value", "top"),
    [(-5, 0), (0, 0), (1, 2), (3, 4), (5, 10), (11, 20), (20, 20), (39, 40), (41, 100), (123456, 200000)],
)
def test_an_axis_ends_at_a_number_that_is_easy_to_halve(value, top):
    assert round_up(value) == top


def test_bars_are_as_high_as_their_values():
    picture = str(draw_bars([Bar("янв", (100, 50), ("a", "b")), Bar("фев", (0, -20), ("c", "d"))], "Баллы"))
    tall, half, none, negative = heights(picture)
    assert tall == 2 * half > 0
    assert none == negative == 0
    assert 'aria-label="Баллы"' in picture and "<title>a</title>" in picture


def test_nothing_at_all_is_a_floor_without_bars():
    assert heights(str(draw_bars([Bar("янв", (0, 0), ("a", "b"))], "Пусто"))) == [0, 0]
    assert "<rect" not in draw_bars([], "Пусто")


def test_what_names_hold_is_not_taken_for_markup():
    picture = draw_bars([Bar("<b>", (1,), ("\"'<script>",))], '"><script>')
    assert "<script>" not in picture and "<b>" not in picture
