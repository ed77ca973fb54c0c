from datetime import UTC, date, datetime, timedelta

import pytest

from wifiapp.analytics import grid

pytestmark = pytest.mark.usefixtures("no_database")
HARARE, CAIRO, BERLIN = "Africa/Harare", "Africa/Cairo", "Europe/Berlin"
LATER = datetime(2030, 1, 1, tzinfo=UTC)


def locals_of(periods):
    return [slot.local.isoformat(" ", "minutes") for slot in periods.slots]


def test_days_are_those_of_the_zone_and_leave_nothing_between_them():
    days = grid.build("day", [HARARE], date(2026, 11, 21), date(2026, 11, 22), LATER)
    assert locals_of(days) == ["2026-11-21 00:00", "2026-11-22 00:00"]
    assert days.start == datetime(2026, 11, 20, 22, tzinfo=UTC)
    assert days.slots[0].end == days.slots[1].start
    assert days.end == datetime(2026, 11, 22, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("unit", "first", "last", "count"),
    [
        ("week", date(2026, 11, 16), date(2026, 11, 29), 2),  # from Monday to Sunday
        ("month", date(2026, 11, 1), date(2026, 11, 30), 1),
        ("day", date(2026, 11, 18), date(2026, 11, 24), 7),
        ("hour", date(2026, 11, 18), date(2026, 11, 24), 7 * 24),
    ],
)
def test_a_range_is_widened_to_whole_periods(unit, first, last, count):
    found = grid.build(unit, [HARARE], date(2026, 11, 18), date(2026, 11, 24), LATER)
    assert (found.first, found.last, len(found.slots)) == (first, last, count)


def test_the_hour_that_comes_twice_stands_twice_and_the_skipped_one_not_at_all():
    autumn = grid.build("hour", [BERLIN], date(2026, 10, 25), date(2026, 10, 25), LATER)
    assert [(slot.local.hour, slot.local.fold) for slot in autumn.slots][1:5] == [
        (1, 0),
        (2, 0),
        (2, 1),
        (3, 0),
    ]
    spring = grid.build("hour", [BERLIN], date(2026, 3, 29), date(2026, 3, 29), LATER)
    assert [slot.local.hour for slot in spring.slots][:4] == [0, 1, 3, 4]


def test_hours_to_come_are_left_out_and_the_running_one_is_not():
    now = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)  # 12:30 in Harare
    hours = grid.build("hour", [HARARE], date(2026, 11, 22), date(2026, 11, 22), now)
    assert len(hours.slots) == 13
    assert hours.slots[-1].is_running(now)
    assert hours.end == datetime(2026, 11, 22, 11, tzinfo=UTC)


def test_shops_in_two_zones_share_the_slots_of_their_own_days():
    both = grid.build("day", [HARARE, BERLIN], date(2026, 11, 21), date(2026, 11, 22), LATER)
    assert len(both.slots) == 2
    assert both.places == {HARARE: [0, 1], BERLIN: [0, 1]}
    assert both.slots[0].start == both.starts[HARARE][0]  # the first zone names the days
    assert both.starts[BERLIN][0] - both.starts[HARARE][0] == timedelta(hours=1)
    assert (both.start, both.end) == (both.starts[HARARE][0], both.starts[BERLIN][-1])


def test_the_hour_that_one_zone_has_twice_moves_no_hour_of_the_other():
    both = grid.build("hour", [HARARE, BERLIN], date(2026, 10, 25), date(2026, 10, 25), LATER)
    assert (len(both.slots), len(both.places[HARARE]), len(both.places[BERLIN])) == (25, 24, 25)
    at_noon = {both.slots[both.places[zone][n]].local for zone, n in ((HARARE, 12), (BERLIN, 13))}
    assert {each.isoformat() for each in at_noon} == {"2026-10-25T12:00:00"}


@pytest.mark.parametrize("unit", ["hour", "day", "week", "month"])
def test_the_periods_before_end_where_these_begin_and_are_as_many(unit):
    own = grid.build(unit, [HARARE], date(2026, 3, 2), date(2026, 3, 18), LATER)
    before = grid.preceding(own, LATER)
    assert before.end == own.start
    assert len(before.slots) == len(own.slots)


def test_a_day_without_midnight_begins_at_the_change_of_the_clock():
    days = grid.build("day", [CAIRO], date(2026, 4, 24), date(2026, 4, 24), LATER)
    assert days.slots[0].end - days.slots[0].start == timedelta(hours=23)


@pytest.mark.parametrize(
    ("unit", "most", "start"),
    [
        ("hour", 53, date(2026, 11, 22)),  # two days have 48 hours
        ("day", 53, date(2026, 10, 2)),
        ("week", 53, date(2025, 11, 24)),
        ("month", 12, date(2025, 12, 1)),
    ],
)
def test_the_latest_periods_that_a_page_holds_begin(unit, most, start):
    assert grid.latest_start(unit, date(2026, 11, 23), most) == start
    found = grid.build(unit, [HARARE], start, date(2026, 11, 23), LATER)
    assert len(found.slots) <= most
