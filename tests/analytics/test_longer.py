"""Each minute hours and days; weeks and months when they can be afforded, and never wrong."""

from datetime import timedelta
from threading import Event

import pytest
import time_machine
from sqlalchemy import text

from tests.analytics.rolled import NOW, Shop, assert_proven, at, marks, roll_up, rows, table
from tests.factories import make_device, make_profile, make_sale, make_session, make_usage
from wifiapp.access import WORKER
from wifiapp.analytics.check_queries import check
from wifiapp.analytics.retention_operations import drop_sessions
from wifiapp.analytics.rollup_operations import Days, roll_up_due, roll_up_longer_due
from wifiapp.db import db

HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)
NINE = at("2026-11-16T09:00")  # a Monday
WEEK, MONTH = at("2026-11-15T22:00"), at("2026-10-31T22:00")


@pytest.fixture
def shop():
    """A shop that sold one token, all of it rolled up."""
    shop = Shop()
    sell(shop, NINE)
    roll_up()
    return shop


def sell(shop, moment):
    make_sale(shop.token(created_at=moment), sold_at=moment)


def sold(shop, kind):
    return sum(row.tokens_sold for row in rows(shop.business, kind).values())


def everything(shop):
    """Return the tokens sold by kind of period."""
    return [sold(shop, kind) for kind in ("hour", "day", "week", "month")]


def left_out():
    """Check everything; return the kinds of periods that were left out, after none differed."""
    db.session.flush()
    verdict = check(None, None, NOW)
    assert not verdict.mismatches
    return verdict.left_out


def test_hours_and_days_are_rolled_up_while_weeks_and_months_wait(shop):
    sell(shop, NINE + HOUR)
    assert roll_up(longer=False).rows == 4  # hour and day, of the shop and of all
    assert everything(shop) == [2, 2, 1, 1]
    assert len(marks()) == 1 and roll_up(longer=False).rows == 0  # the mark stays for them
    assert left_out() == 4  # week and month
    assert roll_up().rows == 4
    assert everything(shop) == [2, 2, 2, 2] and marks() == []
    assert_proven()


def test_in_what_waits_only_for_its_week_a_wrong_hour_is_still_named(shop):
    sell(shop, NINE + HOUR)
    roll_up(longer=False)
    change = """
        UPDATE wifi_usage_analytics SET "tokensSold" = 7
        WHERE "businessId" IS NOT NULL AND "periodStart" = :start AND "periodType" = :kind
    """
    for kind, start, named in (("week", WEEK, set()), ("hour", NINE + HOUR, {"hour", "day"})):
        db.session.execute(text(change), {"kind": kind, "start": start.replace(tzinfo=None)})
        assert {it.kind for it in check(None, None, NOW).mismatches} == named


def test_a_session_that_ends_between_the_two_is_cut_in_its_week_too(shop):
    session = make_session(make_device(shop.token()), started_at=NINE)
    roll_up(NINE + HOUR)
    roll_up(NINE + 2 * HOUR, longer=False)
    assert rows(shop.business, "day")[WEEK].avg_connection_duration == 120
    assert rows(shop.business, "week")[WEEK].avg_connection_duration == 60
    assert not check(None, None, NINE + 2 * HOUR).mismatches
    session.ended_at, session.end_reason = NINE + HOUR + 30 * MINUTE, "LEFT"
    roll_up(NINE + 3 * HOUR, longer=False)
    assert not check(None, None, NINE + 3 * HOUR).mismatches
    roll_up(NINE + 4 * HOUR)
    assert rows(shop.business, "week")[WEEK].avg_connection_duration == 90
    assert_proven(NINE + 4 * HOUR)


def test_a_device_s_type_and_a_deleted_token_reach_the_months_that_they_were_in(shop):
    device = make_device(shop.token())
    make_session(device, started_at=NINE, ended_at=NINE + HOUR, end_reason="LEFT")
    roll_up()
    make_profile(shop.business, mac_address=device.mac_address, device_type="Android")
    roll_up(longer=False)
    assert rows(shop.business, "month")[MONTH].device_type_stats == {"Unknown": 1}
    db.session.execute(text("DELETE FROM wifi_token_devices"))
    roll_up(longer=False)
    assert left_out()  # all the weeks and months of the shop
    roll_up()
    assert rows(shop.business, "month")[MONTH].unique_devices == 0
    assert_proven()


def test_what_has_to_be_rolled_up_anew_waits_for_nothing(shop):
    other = Shop(timezone="Asia/Kathmandu")
    sell(other, NINE)
    roll_up(longer=False)
    assert everything(other) == [1, 1, 1, 1]
    db.session.execute(text("UPDATE businesses SET timezone = 'Europe/London'"))
    db.session.expire_all()
    roll_up(longer=False)
    assert everything(shop) == everything(other) == [1, 1, 1, 1]
    assert_proven()


def test_a_clock_that_goes_back_in_between_takes_back_what_was_counted_ahead(shop):
    make_session(make_device(shop.token()), started_at=NINE)
    roll_up(NINE + 9 * DAY)
    roll_up(NINE + 2 * HOUR, longer=False)
    roll_up(NINE + 3 * HOUR)
    assert [s for s, row in rows(shop.business, "week").items() if row.unique_devices] == [WEEK]
    assert_proven(NINE + 3 * HOUR)


def test_far_and_near_are_read_by_themselves_and_add_up(shop):
    for days in (0, 3, 20, 40, 300, 420):
        sell(shop, NINE - days * DAY)
        make_usage(shop.token(), starts_at=NINE - days * DAY, bytes_down=1_000_000)
    roll_up(longer=False)
    assert everything(shop) == [7, 7, 1, 1]
    roll_up()
    assert everything(shop) == [7, 7, 7, 7]
    assert_proven()
    before = table()
    db.session.execute(text("DELETE FROM wifi_usage_analytics"))
    roll_up(again=Days())
    assert table() == before


@time_machine.travel(NOW, tick=False)
def test_the_worker_does_the_one_and_the_other(shop):
    sell(shop, NINE)
    db.session.flush()
    assert roll_up_due(Event()) == {"rows": 4}
    assert roll_up_due(Event()) is None
    assert roll_up_longer_due(Event()) == {"rows": 4}
    assert roll_up_longer_due(Event()) is None


def test_what_waits_in_other_times_keeps_no_old_session_from_being_dropped(shop):
    start = NOW - 200 * DAY
    ended = {"ended_at": start + HOUR, "end_reason": "LEFT"}
    make_session(make_device(shop.token()), started_at=start, **ended)
    roll_up()
    sell(shop, NINE)
    roll_up(longer=False)
    sell(shop, NINE)
    db.session.flush()
    assert drop_sessions(NOW - 100 * DAY, WORKER, NOW) == 1
