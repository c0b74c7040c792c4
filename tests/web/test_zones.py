from datetime import UTC, datetime

import pytest
from flask_babel import force_locale

from web.zones import zone_choices

SUMMER = datetime(2026, 7, 1, tzinfo=UTC)


@pytest.mark.parametrize(("language", "town"), [("ru", "Москва (UTC+3)"), ("en", "Moscow (UTC+3)")])
def test_towns_are_named_in_the_language_of_the_page(app, language, town):
    with app.test_request_context(), force_locale(language):
        choices = zone_choices(SUMMER)
    assert {one.value: one.label for one in choices}["Europe/Moscow"] == town
    assert (choices[0].value, choices[-1].value) == ("Europe/Kaliningrad", "Asia/Kamchatka")


def test_a_zone_of_ones_own_is_offered_beside_the_usual_ones(app):
    with app.test_request_context(), force_locale("ru"):
        usual = [one.value for one in zone_choices(SUMMER)]
        for zone, offset in (("Asia/Kathmandu", "(UTC+5:45)"), ("America/New_York", "(UTC−4)")):
            assert zone not in usual
            assert [one.label.endswith(offset) for one in zone_choices(SUMMER, zone) if one.value == zone] == [True]
