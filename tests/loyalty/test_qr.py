"""What is drawn is read back as a phone reads it."""

import pytest

from loyalty.qr import BORDER, draw_path, draw_png, draw_svg
from tests.support.qr import read_png, read_svg

TEXTS = [
    "https://kopilka.example/checkin?partner=406631153",
    "http://localhost:8000/r/" + "Ab-_9" * 5,
    "4066311530123456789",
    "HTTPS://KOPILKA.EXAMPLE/R/ABC 123",
    "Кофейня «Эспрессо» " * 12,
    "x" * 400,
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_picture_is_read_back(text):
    assert read_png(draw_png(text)) == read_png(draw_png(text, scale=3)) == read_svg(draw_svg(text)) == text


def test_a_picture_has_its_quiet_border():
    size, path = draw_path(TEXTS[0], BORDER)
    width = int.from_bytes(draw_png(TEXTS[0], scale=2)[16:20])
    assert width == 2 * size and path.startswith(f"M{BORDER} {BORDER}h7")
