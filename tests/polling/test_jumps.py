"""Counters that jump by more than any line carries: they count as nothing, and stop no poll."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests.factories import make_usage
from tests.polling.looks import NOON, Box, active, after, there
from wifiapp import clock
from wifiapp.analytics import rollup_operations
from wifiapp.analytics.models import WifiUsageAnalytics
from wifiapp.db import db
from wifiapp.devices.models import DeviceSession, TokenUsage
from wifiapp.hotspots.plain import MOST_BYTES
from wifiapp.polling.state import MOST_A_SECOND

SECOND = timedelta(seconds=1)


def counted():
    """Return the bytes down of all sessions and of all quarters."""
    return tuple(
        int(db.session.scalar(select(func.sum(column))) or 0)
        for column in (DeviceSession.bytes_down, TokenUsage.bytes_down)
    )


@pytest.fixture(params=["by connection", "by token"])
def shown(request):
    """A hotspot and a function that looks at it so many minutes after noon."""
    box = Box("R710" if request.param == "by connection" else "ESP32")
    token = box.token(status="SOLD")

    def look(minutes, count):
        if request.param == "by token":
            seen = active(token, there(), bytes_down=count, bytes_up=0)
        else:
            seen = active(token, there(connected_at=NOON, bytes_down=count, bytes_up=0))
        return box.look(after(minutes), seen)

    return look


def test_a_counter_that_jumps_to_and_fro_adds_up_to_nothing(shown):
    for minute in range(1, 41):
        outcome = shown(minute, MOST_BYTES if minute % 2 else 0)
        assert outcome.error is None
        assert outcome.unbelieved == (minute % 2 if minute > 1 else 0)
    assert counted() == (0, 0)
    shown(41, 5_000_000)
    assert counted() == (5_000_000, 5_000_000)


def test_what_a_line_carries_in_the_time_counts_however_much_it_is(shown):
    shown(1, 0)
    hour = 3600 * MOST_A_SECOND
    assert shown(61, hour).unbelieved == 0
    assert counted() == (hour, hour)
    assert shown(62, hour * 3).unbelieved == 1
    assert counted() == (hour, hour)


def test_the_line_of_a_hotspot_is_one_for_all_its_devices():
    box, most = Box("R710"), 180 * MOST_A_SECOND
    tokens = [box.token(status="SOLD") for _ in range(4)]

    def look(minutes, count):
        told = [
            active(each, there(f"AC:DE:48:00:00:1{n}", connected_at=NOON, bytes_down=count))
            for n, each in enumerate(tokens)
        ]
        return box.look(after(minutes), *told)

    look(1, 0)
    assert look(3, most // 2).unbelieved == 2
    assert counted() == (most, most)


def test_however_much_there_is_the_roll_up_comes_to_an_end():
    for _ in range(2):
        make_usage(bytes_down=2**63 - 1, bytes_up=2**63 - 1)
    db.session.commit()
    rollup_operations.roll_up(clock.now())
    rows = db.session.scalars(select(WifiUsageAnalytics)).all()
    assert rows and {float(each.total_bandwidth_down) for each in rows} == {9_999_999_999.99}
