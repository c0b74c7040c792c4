from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.programme import available_at, expires_at
from loyalty.types import Life

MOSCOW = ZoneInfo("Europe/Moscow")
RUSSIAN_ZONES = [
    "Europe/Kaliningrad",
    "Europe/Moscow",
    "Europe/Samara",
    "Asia/Yekaterinburg",
    "Asia/Omsk",
    "Asia/Krasnoyarsk",
    "Asia/Irkutsk",
    "Asia/Yakutsk",
    "Asia/Vladivostok",
    "Asia/Magadan",
    "Asia/Kamchatka",
]
RESTLESS_ZONES = ["Asia/Beirut", "America/Havana", "America/Sao_Paulo", "Europe/Berlin", "America/Santiago"]

instants = st.datetimes(datetime(2000, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))
zones = st.sampled_from(RUSSIAN_ZONES + RESTLESS_ZONES).map(ZoneInfo)


def at(text, zone=MOSCOW):
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("activated", "life", "dead_from"),
    [
        ("2026-01-31T12:00", Life(months=1), "2026-03-01T00:00"),
        ("2028-01-31T12:00", Life(months=1), "2028-03-01T00:00"),
        ("2026-03-31T23:59", Life(months=1), "2026-05-01T00:00"),
        ("2026-08-31T00:00", Life(months=6), "2027-03-01T00:00"),
        ("2024-02-29T10:00", Life(months=12), "2025-03-01T00:00"),
        ("2026-12-15T10:00", Life(months=1), "2027-01-16T00:00"),
        ("2026-01-01T00:00", Life(days=1), "2026-01-03T00:00"),
        ("2026-01-01T00:00", Life(), "2026-01-02T00:00"),
        ("2026-12-31T23:59", Life(days=30), "2027-01-31T00:00"),
    ],
)
def test_points_live_through_the_end_of_their_last_day(activated, life, dead_from):
    assert expires_at(at(activated), life, MOSCOW) == at(dead_from)


def test_no_life_is_for_ever():
    assert expires_at(at("2026-01-31T12:00"), None, MOSCOW) is None


def test_the_last_day_is_the_partners_and_not_utc():
    evening = datetime(2026, 1, 30, 21, 30, tzinfo=UTC)  # 31 January in Moscow
    assert expires_at(evening, Life(months=1), MOSCOW) == at("2026-03-01T00:00")


@pytest.mark.parametrize(
    ("sale", "days", "free_from"),
    [("2026-01-31T00:00", 1, "2026-02-01T00:00"), ("2026-01-31T23:59", 14, "2026-02-14T00:00")],
)
def test_a_return_window_ends_at_midnight(sale, days, free_from):
    assert available_at(at(sale), days, MOSCOW) == at(free_from)


def test_without_a_return_window_points_are_free_at_once():
    sale = at("2026-01-31T12:34")
    assert available_at(sale, 0, MOSCOW) == sale


@pytest.mark.parametrize("call", [lambda t: available_at(t, 1, MOSCOW), lambda t: available_at(t, 0, MOSCOW)])
def test_a_time_without_offset_is_refused(call):
    with pytest.raises(ValueError, match="offset"):
        call(datetime(2026, 1, 1))


def test_a_negative_window_is_refused():
    with pytest.raises(ValueError, match="negative"):
        available_at(at("2026-01-31T12:34"), -1, MOSCOW)


def test_a_midnight_that_clocks_jump_over_is_the_jump_itself():
    beirut = ZoneInfo("Asia/Beirut")  # 27 March 2022 began at 01:00
    assert available_at(datetime(2022, 3, 26, 12, tzinfo=beirut), 1, beirut) == datetime(2022, 3, 26, 22, tzinfo=UTC)


def test_of_two_midnights_the_first_counts():
    havana = ZoneInfo("America/Havana")  # 6 November 2022 had 00:00 twice
    assert available_at(datetime(2022, 11, 5, 12, tzinfo=havana), 1, havana) == datetime(2022, 11, 6, 4, tzinfo=UTC)


@given(instants, st.integers(1, 365), zones)
def test_a_window_of_n_days_opens_with_the_first_instant_of_its_day(sale, days, zone):
    free = available_at(sale, days, zone)
    day = sale.astimezone(zone).date() + timedelta(days=days)
    assert free.utcoffset() == timedelta(0)
    assert free.astimezone(zone).date() == day
    assert (free - timedelta(seconds=1)).astimezone(zone).date() < day


@given(instants, st.builds(Life, st.integers(0, 120), st.integers(0, 400)), zones)
def test_life_ends_after_a_whole_last_day(activated, life, zone):
    dead = expires_at(activated, life, zone)
    started, ended = activated.astimezone(zone).date(), dead.astimezone(zone).date()
    assert dead > activated
    assert (dead - timedelta(seconds=1)).astimezone(zone).date() < ended
    if life.months and not life.days:
        last: date = (dead - timedelta(seconds=1)).astimezone(zone).date()
        assert (last.year - started.year) * 12 + last.month - started.month == life.months
        assert last.day == started.day or (last.day < started.day and (last + timedelta(days=1)).day == 1)
