from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wifiapp.sales.periods import CUSTOM, DAY, PRESETS, Period, beginning

pytestmark = pytest.mark.usefixtures("no_database")
unchanging = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
NOW = datetime(2026, 11, 22, 22, 30, tzinfo=UTC)  # 23 November in Harare, 22 November in New York
days = st.dates(date(2000, 1, 1), date(2099, 12, 31))


@pytest.mark.parametrize(
    ("preset", "first", "last"),
    [
        ("today", date(2026, 3, 1), date(2026, 3, 1)),
        ("yesterday", date(2026, 2, 28), date(2026, 2, 28)),
        ("7-days", date(2026, 2, 23), date(2026, 3, 1)),
        ("month", date(2026, 3, 1), date(2026, 3, 1)),
        ("last-month", date(2026, 2, 1), date(2026, 2, 28)),
        ("custom", date(2026, 3, 1), date(2026, 3, 1)),
    ],
)
def test_a_preset_names_its_days(preset, first, last):
    assert Period(preset).days(date(2026, 3, 1)) == (first, last)


def test_chosen_days_run_until_today_where_no_last_one_is_given():
    today = date(2026, 3, 10)
    assert Period(CUSTOM, date(2026, 3, 1)).days(today) == (date(2026, 3, 1), today)
    later = date(2026, 4, 1)
    assert Period(CUSTOM, later).days(today) == (later, later)
    assert Period(CUSTOM, None, later).days(today) == (later, later)
    assert Period(CUSTOM, today, later).days(today) == (today, later)


def test_today_is_the_day_of_each_zone():
    span = Period().span("Africa/Harare", NOW)
    assert span.first == date(2026, 11, 23)
    assert span.start == datetime(2026, 11, 22, 22, tzinfo=UTC)
    assert span.end == datetime(2026, 11, 23, 22, tzinfo=UTC)
    assert Period().span("America/New_York", NOW).first == date(2026, 11, 22)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("Africa/Cairo", date(2026, 4, 24), 23),  # the clock jumps over midnight
        ("America/Havana", date(2026, 11, 1), 25),  # midnight comes twice
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
        ("Africa/Harare", date(2026, 3, 29), 24),
    ],
)
def test_a_day_is_as_long_as_its_clock_makes_it(zone, day, hours):
    span = Period(CUSTOM, day, day).span(zone, NOW)
    assert span.end - span.start == timedelta(hours=hours)


@given(st.sampled_from(sorted(available_timezones() - {"localtime"})), days)
@unchanging
def test_days_touch_and_each_begins_at_its_first_moment(zone, day):
    tz = ZoneInfo(zone)
    start, end = beginning(day, tz), beginning(day + DAY, tz)
    assert start <= end
    if start < end:  # a zone that changed the side of the date line left a day out
        assert start.astimezone(tz).date() == day
        assert (start - timedelta(microseconds=1)).astimezone(tz).date() < day
        assert (end - timedelta(microseconds=1)).astimezone(tz).date() == day


@given(st.sampled_from(PRESETS), days)
@unchanging
def test_every_period_of_every_day_has_a_span(preset, today):
    now = datetime(today.year, today.month, today.day, 12, tzinfo=UTC)
    span = Period(preset).span("Europe/Berlin", now)
    assert span.first <= span.last and span.start < span.end
