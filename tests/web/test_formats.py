"""What pages write and draw."""

import re
from decimal import Decimal

import pytest
from flask_babel import force_locale
from qrcode import QRCode

from web.formats import NBSP, draw_qr, write_money, write_number


def test_a_qr_code_is_dark_where_the_library_says(app):
    text = "http://localhost:8000/partner?code=123456"
    picture = draw_qr(text, "Код <для> кассы")
    code = QRCode(border=2)
    code.add_data(text)
    expected = {(x, y) for y, row in enumerate(code.get_matrix()) for x, dark in enumerate(row) if dark}
    drawn = {
        (int(x) + step, int(y))
        for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\3z", picture)
        for step in range(int(length))
    }
    assert drawn == expected
    assert 'aria-label="Код &lt;для&gt; кассы"' in picture


@pytest.mark.parametrize(
    ("language", "number", "money"), [("ru", "−1 250", "1 250,50 ₽"), ("en", "−1,250", "1,250.50 ₽")]
)
def test_numbers_are_written_in_the_readers_language_whoever_read_them_before(app, language, number, money):
    with app.test_request_context():
        for spoken in ("ru", "en", language):
            with force_locale(spoken):
                written = write_number(-1250), write_money(Decimal("1250.50"))
    assert tuple(text.replace(NBSP, " ") for text in written) == (number, money)
