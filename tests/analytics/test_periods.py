"""Where periods begin, table by table: what a zone's clock does to hours, days, weeks, months."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wifiapp.analytics.periods import HOUR, aligned, bounds, clipped
from wifiapp.sales.periods import beginning

pytestmark = pytest.mark.usefixtures("no_database")

ZONES = ("Africa/Harare", "Africa/Cairo", "Europe/London", "Asia/Kathmandu", "America/Havana")


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def of_day(zone, text):
    """Return the hours of the zone's day that begins at the moment, and the day's length."""
    start, end = bounds("day", zone, at(text), at(text) + timedelta(minutes=1))
    assert start == at(text)
    hours = bounds("hour", zone, start, end)
    assert (hours[0], hours[-1]) == (start, end)
    return [after - before for before, after in pairwise(hours)], end - start


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Africa/Harare", "2026-03-28T22:00", 24),
        ("Europe/London", "2026-03-29T00:00", 23),
        ("Europe/London", "2026-10-24T23:00", 25),
        ("Africa/Cairo", "2026-04-23T22:00", 23),  # the clock is moved over midnight
        ("Africa/Cairo", "2026-10-28T21:00", 25),
        ("America/Havana", "2026-11-01T04:00", 25),  # midnight comes twice
        ("Asia/Kathmandu", "2026-01-01T18:15", 24),
    ],
)
def test_a_day_has_as_many_hours_as_the_clock_gives_it(zone, day, hours):
    lengths, whole = of_day(zone, day)
    assert lengths == [HOUR] * hours and whole == hours * HOUR


@pytest.mark.parametrize(
    ("day", "hours", "length"),
    [("2026-10-03T13:30", 24, "23:30:00"), ("2026-04-04T13:00", 25, "1 day, 0:30:00")],
)
def test_half_an_hour_that_comes_or_goes_is_an_hour_of_its_own(day, hours, length):
    lengths, whole = of_day("Australia/Lord_Howe", day)
    assert len(lengths) == hours and str(whole) == length
    assert sorted(lengths)[:2] == [timedelta(minutes=30), HOUR]


def test_a_day_that_a_zone_skips_is_none():
    days = bounds("day", "Pacific/Apia", at("2011-12-29T12:00"), at("2011-12-31T12:00"))
    local = [moment.astimezone(ZoneInfo("Pacific/Apia")).day for moment in days]
    assert local == [29, 31, 1, 2][: len(local)] and len(local) >= 3


@pytest.mark.parametrize(
    ("kind", "moment", "start", "end"),
    [
        ("hour", "2026-11-22T22:30", "2026-11-22T22:00", "2026-11-22T23:00"),
        ("day", "2026-11-22T21:59", "2026-11-21T22:00", "2026-11-22T22:00"),
        ("day", "2026-11-22T22:00", "2026-11-22T22:00", "2026-11-23T22:00"),
        ("week", "2026-11-22T21:59", "2026-11-15T22:00", "2026-11-22T22:00"),  # a Sunday
        ("week", "2026-11-22T22:00", "2026-11-22T22:00", "2026-11-29T22:00"),  # a Monday
        ("month", "2026-11-30T21:59", "2026-10-31T22:00", "2026-11-30T22:00"),
        ("month", "2026-12-31T21:59", "2026-11-30T22:00", "2026-12-31T22:00"),
    ],
)
def test_a_period_is_half_open_and_begins_by_the_zone_s_clock(kind, moment, start, end):
    found = bounds(kind, "Africa/Harare", at(moment), at(moment) + timedelta(seconds=1))
    assert found == [at(start), at(end)]


moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(  # noqa: DTZ001
    lambda moment: moment.replace(tzinfo=UTC)
)


@given(
    st.sampled_from((*ZONES, "Australia/Lord_Howe")),
    moments,
    st.timedeltas(timedelta(microseconds=1), timedelta(days=40)),
)
def test_periods_cover_the_span_in_order_and_longer_ones_are_made_of_whole_hours(
    zone, start, length
):
    found = {k: bounds(k, zone, start, start + length) for k in ("hour", "day", "week", "month")}
    for kind, each in found.items():
        assert each == sorted(set(each)), kind
        assert each[0] <= start < each[1] and each[-2] < start + length <= each[-1]
    hours = set(bounds("hour", zone, found["month"][0], found["month"][-1]))
    days = set(bounds("day", zone, found["month"][0], found["month"][-1]))
    assert set(found["month"]) <= days <= hours and set(found["day"]) & days
    for day in days:
        assert day == beginning(day.astimezone(ZoneInfo(zone)).date(), ZoneInfo(zone))


def test_spans_widen_to_whole_periods_and_join():
    within = [at(f"2026-01-01T0{hour}:00") for hour in range(6)]
    spans = [
        (at("2026-01-01T03:10"), at("2026-01-01T03:20")),
        (at("2026-01-01T00:30"), at("2026-01-01T01:00")),
        (at("2026-01-01T01:00"), at("2026-01-01T01:01")),
    ]
    assert aligned(spans, within) == [(within[0], within[2]), (within[3], within[4])]
    assert clipped(spans, within[1], within[3]) == [spans[2]]
