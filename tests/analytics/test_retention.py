"""Old raw sessions go only when their roll-ups are proven, and leave these as they were."""

from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
import time_machine
from sqlalchemy import func, select, text

from tests.analytics.rolled import NOW, Shop, assert_proven, at, roll_up, rows, table
from tests.factories import make_device, make_profile, make_sale, make_session
from wifiapp import clock
from wifiapp.access import WORKER
from wifiapp.analytics.retention import LEAST, RECENT, cutoff, kept_months
from wifiapp.analytics.retention_operations import (
    InvalidTime,
    NotProven,
    drop_due,
    drop_sessions,
    keep_sessions,
)
from wifiapp.analytics.retention_queries import find_dropped_before, get_kept_months, preview
from wifiapp.analytics.rollup_operations import Days
from wifiapp.audit.models import AuditLog
from wifiapp.db import db
from wifiapp.devices.models import DeviceSession

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BEFORE = at("2026-07-15T00:00")
LATER = at("2026-12-15T09:30")  # four months before are August


@pytest.fixture
def shop():
    """A shop with sessions before, over and after the moment."""
    shop = Shop()
    for start in (BEFORE - 40 * DAY, BEFORE - 2 * DAY, BEFORE - HOUR, BEFORE + 5 * DAY):
        device = make_device(shop.token())
        end = {"ended_at": start + 2 * HOUR, "end_reason": "LEFT"}
        make_session(device, started_at=start, **end)
    make_session(make_device(shop.token()), started_at=BEFORE - 60 * DAY)  # open still
    roll_up()
    return shop


def left():
    return db.session.scalar(select(func.count()).select_from(DeviceSession))


def test_a_preview_counts_what_ended_before_and_its_share_of_the_table(shop):
    found = preview(BEFORE)
    assert (found.rows, found.of, found.first) == (2, 5, BEFORE - 40 * DAY) and shop
    assert found.size > 0


def test_the_roll_ups_stay_and_are_proven_as_far_as_there_are_rows(shop):
    before = table()
    assert drop_sessions(BEFORE, WORKER, NOW) == 2 and left() == 3
    roll_up()
    assert table() == before
    assert_proven()
    roll_up(again=Days())
    assert table() == before
    entry = db.session.query(AuditLog).filter_by(action="sessions.drop").one()
    assert entry.change["rows"] == 2 and shop


def test_dropping_less_later_does_not_forget_what_was_dropped(shop):
    drop_sessions(BEFORE, WORKER, NOW)
    assert drop_sessions(BEFORE - 30 * DAY, WORKER, NOW) == 0
    assert find_dropped_before() == BEFORE and shop
    roll_up()
    assert_proven()


def test_late_sales_in_the_time_of_dropped_sessions_still_count(shop):
    drop_sessions(BEFORE, WORKER, NOW)
    before = rows(shop.business)[BEFORE - 2 * DAY].unique_devices
    make_sale(shop.token(), sold_at=BEFORE - 2 * DAY)
    roll_up()
    row = rows(shop.business)[BEFORE - 2 * DAY]
    assert (row.tokens_sold, row.unique_devices) == (1, before) and before == 2
    assert_proven()


def test_a_device_s_type_learned_later_counts_only_where_there_are_sessions(shop):
    mac = db.session.scalar(text('SELECT min("macAddress") FROM wifi_token_devices'))
    drop_sessions(BEFORE, WORKER, NOW)
    roll_up()
    make_profile(shop.business, mac_address=mac, device_type="Android")
    roll_up()
    assert_proven()


def test_another_zone_leaves_the_periods_whose_sessions_are_gone(shop):
    drop_sessions(BEFORE, WORKER, NOW)
    roll_up()
    old = {s for s in rows(shop.business, "day") if s < BEFORE}
    db.session.execute(text("UPDATE businesses SET timezone = 'Asia/Kathmandu'"))
    db.session.expire_all()
    roll_up()
    days = rows(shop.business, "day")
    assert old <= set(days)
    assert {f"{s:%H:%M}" for s in days if s >= BEFORE} == {"18:15"}
    assert_proven()


def test_nothing_is_dropped_that_is_not_proven(shop):
    db.session.execute(text('UPDATE wifi_usage_analytics SET "uniqueDevices" = 9'))
    db.session.commit()
    with pytest.raises(NotProven, match="numbers differ"):
        drop_sessions(BEFORE, WORKER, NOW)
    roll_up(again=Days())
    make_sale(shop.token(), sold_at=BEFORE - 2 * DAY)
    db.session.commit()
    with pytest.raises(NotProven, match="periods wait"):
        drop_sessions(BEFORE, WORKER, NOW)
    assert left() == 5


def test_sessions_of_the_last_three_months_stay(shop):
    with pytest.raises(InvalidTime):
        drop_sessions(NOW - 91 * DAY, WORKER, NOW)
    with pytest.raises(InvalidTime):
        keep_sessions(3, WORKER)
    assert left() == 5 and get_kept_months() is None and shop


@pytest.mark.parametrize(
    ("stored", "months"),
    [
        *[(None, None), ({"months": None}, None), ({"months": 4}, 4), ({"months": 120}, 120)],
        *[({"months": 3}, None), ({"months": 121}, None), ({"months": "12"}, None), ("x", None)],
    ],
)
def test_a_setting_of_no_use_keeps_sessions_for_ever(stored, months):
    assert kept_months(stored) == months


@pytest.mark.parametrize(
    ("now", "months", "before"),
    [
        ("2026-11-20T18:42", 4, "2026-07-01T00:00"),
        ("2026-11-01T00:00", 12, "2025-11-01T00:00"),
        ("2026-03-31T23:59", 120, "2016-03-01T00:00"),
    ],
)
def test_whole_months_are_kept_beside_the_one_that_runs(now, months, before):
    assert cutoff(months, at(now)) == at(before)


def test_the_shortest_time_keeps_what_must_stay_on_every_day_of_the_year():
    days = [datetime(2027, 1, 1, tzinfo=UTC) + n * DAY for n in range(800)]
    assert min(day - cutoff(LEAST, day) for day in days) >= RECENT


@time_machine.travel(LATER, tick=False)
def test_the_worker_drops_what_the_setting_does_not_keep_once_a_month(shop):
    assert drop_due(Event()) is None
    assert keep_sessions(4, WORKER) and not keep_sessions(4, WORKER)
    roll_up(clock.now())
    assert drop_due(Event()) == {"rows": 4} and left() == 1 and shop
    assert drop_due(Event()) is None


@time_machine.travel(LATER, tick=False)
def test_the_command_says_what_goes_before_it_goes(app, shop):
    run = app.test_cli_runner().invoke
    db.session.commit()
    assert "kept for ever" in run(args=["analytics", "sessions"]).output and shop
    result = run(args=["analytics", "sessions", "--keep-months", "4"])
    assert "Not kept any longer: 4 of 5 sessions" in result.output and left() == 5
    result = run(args=["analytics", "sessions", "--yes"])
    assert "Dropped: 4 of 5 sessions" in result.output and left() == 1
    assert run(args=["analytics", "check"]).exit_code == 0
    assert run(args=["analytics", "sessions", "--keep-months", "3"]).exit_code == 1
    assert "for ever" in run(args=["analytics", "sessions", "--keep-all"]).output
