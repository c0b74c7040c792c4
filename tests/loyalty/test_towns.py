from __future__ import annotations

from zoneinfo import available_timezones

import pytest

from loyalty.partners import check_timezone
from loyalty.towns import ZONES, guess_zone


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("Екатеринбург", "Asia/Yekaterinburg"),
        ("г. САМАРА, ул. Московская, 5", "Europe/Samara"),
        ("Санкт-Петербург", "Europe/Moscow"),
        ("Ростов-на-Дону", "Europe/Moscow"),
        ("нижний  новгород", "Europe/Moscow"),
        ("Нижний Тагил", "Asia/Yekaterinburg"),
        ("Королёв", "Europe/Moscow"),
        ("Улан-Удэ", "Asia/Irkutsk"),
        ("Кафе у моря, Vladivostok", "Asia/Vladivostok"),
    ],
)
def test_a_town_tells_its_zone(text, zone):
    assert guess_zone(text) == zone


@pytest.mark.parametrize("text", ["", "Урюпинск", "12", "🦊", "новгородская", "\x00", "Нижний"])
def test_of_a_town_we_do_not_know_nothing_is_guessed(text):
    assert guess_zone(text) is None


def test_every_zone_of_a_town_is_one_that_is_taken():
    assert ZONES.keys() <= available_timezones()
    assert [check_timezone(zone) for zone in ZONES] == list(ZONES)


def test_no_town_lies_in_two_zones():
    towns = " ".join(ZONES.values()).split()
    assert len(towns) == len(set(towns))
