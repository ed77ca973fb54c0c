from datetime import UTC, date, datetime, timedelta

import pytest

from wifiapp.analytics import grid
from wifiapp.analytics.frame import COUNTED, HEARD, SOLD, Frame
from wifiapp.analytics.outages_queries import Silences
from wifiapp.analytics.silences import shared, united

HARARE = "Africa/Harare"
FIRST = datetime(2026, 11, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)  # 12:30 in Harare


@pytest.fixture(autouse=True)
def in_english(app):
    """Names of days and words need a request's language."""
    with app.test_request_context():
        yield


def at(hour, minute=0):
    return datetime(2026, 11, 22, hour, minute, tzinfo=UTC)


def frame(unit="hour", *, first=22, partly=(), wholly=None, first_data=FIRST, until=NOW):
    periods = grid.build(unit, [HARARE], date(2026, 11, first), date(2026, 11, 22), NOW)
    silences = Silences(partly, partly if wholly is None else wholly)
    return Frame(periods, NOW, first_data, silences, until)


def test_periods_are_named_for_people():
    assert frame().labels[:2] == ["00:00", "01:00"]
    assert frame(first=21).labels[:2] == ["Sat 21, 00:00", "Sat 21, 01:00"]
    assert frame("day", first=21).labels == ["Sat 21 Nov", "Sun 22 Nov"]
    assert frame("week").labels == ["16 \N{EN DASH} 22 Nov"]
    assert frame("month").labels == ["Nov 2026"]


def test_the_hour_that_comes_again_says_so():
    now = datetime(2026, 10, 26, tzinfo=UTC)
    hours = grid.build("hour", ["Europe/Berlin"], date(2026, 10, 25), date(2026, 10, 25), now)
    labels = Frame(hours, now, None, Silences(), now).labels
    assert labels[1:5] == ["01:00", "02:00", "02:00 again", "03:00"]


def test_a_period_that_is_not_over_is_so_far():
    hours = frame()
    assert hours.running == 12
    assert hours.notes(SOLD)[11:] == ["", "so far"]
    assert hours.full == list(range(12))


def test_an_hour_of_silence_is_unknown_and_not_nought():
    hours = frame(partly=[(at(6), at(7))])  # 8:00 to 9:00 in Harare
    assert hours.known([5] * 13, HEARD)[7:10] == [5, None, 5]
    assert hours.notes(HEARD)[8] == "no data: hotspots silent"
    assert hours.known([5] * 13, SOLD) == [5] * 13  # the till does not need a hotspot
    assert hours.notes(SOLD)[8] == ""


def test_a_part_of_silence_is_said_and_the_number_stays():
    hours = frame(partly=[(at(6, 50), at(7, 2))])
    assert hours.known([5] * 13, HEARD) == [5] * 13
    assert hours.notes(HEARD)[8:10] == ["10 min without data", "2 min without data"]


def test_silence_of_one_system_is_said_and_leaves_the_other_systems_number():
    hours = frame(partly=[(at(6), at(7))], wholly=[])
    assert hours.known([5] * 13, HEARD) == [5] * 13
    assert hours.notes(HEARD)[8] == "1 h 00 min without data"


def test_a_running_period_that_was_silent_until_now_is_unknown():
    hours = frame(partly=[(at(10), NOW)])
    assert hours.known([5] * 13, HEARD)[12] is None


def test_nothing_is_known_before_the_first_data():
    hours = frame(first_data=at(5))
    assert hours.known([0] * 13, SOLD) == [None] * 7 + [0] * 6
    assert hours.notes(SOLD)[6] == "before the first data"
    assert frame(first_data=None).known([0] * 13, SOLD) == [None] * 13


def test_what_is_not_rolled_up_is_unknown_but_its_sales_are_known():
    hours = frame(until=at(9, 30))
    assert hours.unknown(COUNTED) == [12]
    assert hours.notes(COUNTED)[12] == "not rolled up yet"
    assert hours.unknown(SOLD) == []
    assert frame(until=None).unknown(COUNTED) == list(range(13))


def test_hours_are_observed_when_they_are_over_and_not_silent():
    found = frame("day", first=16, partly=[(at(6), at(7))]).observed()
    assert found[6, 7] == 1  # Sunday from seven to eight
    assert found[6, 8] == 0  # silent
    assert found[6, 12] == 0  # not over
    assert found[0, 0] == 1
    assert sum(found.values()) == 6 * 24 + 12 - 1


def test_spans_are_united_and_shared():
    a, b, c, d = (at(hour) for hour in (1, 2, 3, 4))
    assert united([(c, d), (a, b), (b, c)]) == [(a, d)]
    assert united([(a, a)]) == []
    assert shared([[(a, c)], [(b, d)]]) == [(b, c)]
    assert shared([[(a, b)], [(c, d)]]) == []
    assert shared([[(a, b)], []]) == []
    assert shared([]) == []
    assert shared([[(a, d)], [(a, b), (c, d)], [(a, c + timedelta(minutes=5))]]) == [
        (a, b),
        (c, c + timedelta(minutes=5)),
    ]
