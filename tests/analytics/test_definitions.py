"""What each measure counts, example by example, and that the same is counted the other way."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import delete

from tests.analytics.rolled import NOW, Shop, assert_proven, at, roll_up, rows
from tests.factories import make_device, make_profile, make_sale, make_session, make_usage
from wifiapp.access import Viewer
from wifiapp.analytics.check_queries import check
from wifiapp.db import db
from wifiapp.sales.periods import CUSTOM, Period
from wifiapp.sales.queries import Wanted, sum_cells

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
NINE = at("2026-11-16T09:00")  # a Monday, 11:00 in Harare


@pytest.fixture
def shop():
    return Shop()


def visit(shop, start, end=None, mac=None, system="ESP32", token=None):
    """Let a device be there from `start` to `end`, still now without one."""
    token = token or shop.token(system, created_at=NINE - timedelta(days=30))
    device = make_device(token, **({"mac_address": mac} if mac else {}))
    reason = "LEFT" if end else None
    return make_session(device, started_at=start, ended_at=end, end_reason=reason)


# -- tokens ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "hour"),
    [(NINE, NINE), (NINE + HOUR - timedelta(microseconds=1), NINE), (NINE + HOUR, NINE + HOUR)],
)
def test_a_token_counts_as_made_in_the_hour_of_its_creation(shop, moment, hour):
    shop.token(created_at=moment)
    roll_up()
    assert {start: row.tokens_generated for start, row in rows(shop.business).items()} == {hour: 1}
    assert_proven()


def test_a_token_counts_as_used_when_it_first_was(shop):
    shop.token(created_at=NINE - HOUR, first_used_at=NINE, status="ACTIVE")
    roll_up()
    assert {s: r.tokens_used for s, r in rows(shop.business).items()} == {NINE - HOUR: 0, NINE: 1}
    assert_proven()


@pytest.mark.parametrize(
    ("ended", "expires", "redeem", "status", "counts"),
    [
        (None, None, NINE, "EXPIRED", True),
        (None, NINE, NINE + HOUR, "EXPIRED", True),
        (NINE, NINE + HOUR, None, "EXPIRED", True),
        (None, NINE, None, "ACTIVE", False),
        (None, None, NINE, "UNUSED", False),
        (NINE, None, None, "DISABLED", False),
    ],
)
def test_a_token_counts_as_expired_at_its_end_its_expiry_or_the_day_to_redeem_it_by(
    shop, ended, expires, redeem, status, counts
):
    shop.token(
        created_at=NINE - 9 * HOUR,
        ended_at=ended,
        expires_at=expires,
        redeem_by=redeem,
        status=status,
    )
    roll_up()
    assert (NINE in rows(shop.business)) == counts
    assert not counts or rows(shop.business)[NINE].tokens_expired == 1
    assert_proven()


# -- money -------------------------------------------------------------------------------------


def page(shop, first, last):
    """Return quantity and amount that the sales page shows of these days."""
    zone = shop.business.timezone
    span = Period(CUSTOM, first, last).span(zone, NOW)
    viewer = Viewer("", "ADMIN", None)
    cells = sum_cells(viewer, Wanted({zone: span}, shop.business.id))
    return sum(cell.quantity for cell in cells), sum(cell.amount for cell in cells)


def test_a_sale_counts_when_it_was_made_by_its_system(shop):
    make_sale(shop.token(), sold_at=NINE, sale_amount=Decimal("1.50"))
    make_sale(shop.token("R710"), sold_at=NINE, sale_amount=Decimal("0.25"), fee=Decimal("0.05"))
    roll_up()
    esp, r710 = rows(shop.business)[NINE], rows(shop.business, system="R710")[NINE]
    assert (esp.tokens_sold, esp.total_revenue) == (1, Decimal("1.50"))
    assert (esp.esp32_revenue, esp.r710_revenue) == (Decimal("1.50"), 0)
    assert (r710.esp32_revenue, r710.r710_revenue) == (0, Decimal("0.25"))
    assert_proven()


def test_a_void_takes_the_money_when_it_is_made_and_the_token_out_of_the_sale_s_hour(shop):
    token, later = shop.token(), NINE + 26 * HOUR
    make_sale(token, sold_at=NINE, voided_at=later, void_reason="x", sale_amount=Decimal(2))
    make_sale(token, sold_at=later + MINUTE, sale_amount=Decimal(3))
    roll_up()
    found = rows(shop.business)
    assert (found[NINE].tokens_sold, found[NINE].total_revenue) == (0, 2)
    assert (found[later].tokens_sold, found[later].total_revenue) == (1, 1)
    for row in rows(shop.business, "day").values():
        day = (row.period_start + 2 * HOUR).date()
        assert row.total_revenue == page(shop, day, day)[1]
    week = rows(shop.business, "week")[at("2026-11-15T22:00")]
    assert (week.total_revenue, week.tokens_sold) == (3, 1)
    assert_proven()


# -- sessions ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [
        (NINE, NINE + HOUR, {NINE: 60}),
        (NINE - MINUTE, NINE + 2 * MINUTE, {NINE - HOUR: 1, NINE: 2}),
        (NINE + 30 * MINUTE, NINE + 150 * MINUTE, {NINE: 30, NINE + HOUR: 60, NINE + 2 * HOUR: 30}),
        (NINE, NINE, {NINE: 0}),  # it came and went between two looks
        (NOW - 70 * MINUTE, None, {at("2026-11-20T17:00"): 27.83, at("2026-11-20T18:00"): 42.17}),
    ],
)
def test_a_session_counts_in_each_hour_that_it_reaches_into_by_its_part(shop, start, end, minutes):
    visit(shop, start, end)
    roll_up()
    found = {s: r for s, r in rows(shop.business).items() if r.unique_devices}
    assert {s: float(r.avg_connection_duration) for s, r in found.items()} == minutes
    begun = {s for s, r in found.items() if r.total_connections}
    assert begun == {min(minutes)} and {r.unique_devices for r in found.values()} == {1}
    assert_proven()


def online(shop, seen):
    """Let a device be there since nine, and its hotspot tell of it last when it was `seen`."""
    shop.hotspots["ESP32"].last_contact_at = seen
    device = make_device(shop.token(created_at=NINE - timedelta(days=30)), last_seen=seen)
    return device, make_session(device, started_at=NINE)


def test_a_device_of_a_silent_hotspot_was_there_until_its_last_sign_of_life(shop):
    seen, hotspot = NINE + 30 * MINUTE, shop.hotspots["ESP32"]
    device, _session = online(shop, seen)
    roll_up(seen + MINUTE)
    assert rows(shop.business)[NINE].avg_connection_duration == 31  # told of a moment ago
    assert_proven(seen + MINUTE)
    for later in (10 * MINUTE, HOUR, 30 * HOUR):  # it counts no further
        roll_up(seen + later)
        found = {s: r for s, r in rows(shop.business).items() if r.unique_devices}
        assert {s: r.avg_connection_duration for s, r in found.items()} == {NINE: 30}
        assert_proven(seen + later)
    back = seen + 40 * HOUR
    hotspot.last_contact_at = device.last_seen = back  # it was there all the time
    roll_up(back)
    found = [r.avg_connection_duration for r in rows(shop.business).values() if r.unique_devices]
    assert found == [60] * 40 + [30]
    assert_proven(back)


def test_a_device_whose_hotspot_is_asked_otherwise_from_then_on_counts_by_that(shop):
    seen, hotspot = NINE + 30 * MINUTE, shop.hotspots["ESP32"]
    hotspot.poll_interval = 3600
    online(shop, seen)
    roll_up(seen + 2 * HOUR)
    assert len([row for row in rows(shop.business).values() if row.unique_devices]) == 3
    hotspot.poll_interval = 30
    roll_up(seen + 3 * HOUR)
    found = {s: r.avg_connection_duration for s, r in rows(shop.business).items()}
    assert {s: minutes for s, minutes in found.items() if minutes} == {NINE: 30}
    assert_proven(seen + 3 * HOUR)


@pytest.mark.parametrize("change", [{"last_contact_at": NINE + 9 * HOUR}, {"is_active": False}])
def test_a_hotspot_that_speaks_again_or_is_out_of_use_has_to_be_rolled_up_first(shop, change):
    seen, now = NINE + 30 * MINUTE, NINE + 9 * HOUR
    online(shop, seen)
    shop.hotspots["ESP32"].last_contact_at = seen if "last_contact_at" in change else now
    roll_up(now)
    for name, value in change.items():
        setattr(shop.hotspots["ESP32"], name, value)
    db.session.flush()
    verdict = check(None, None, now)
    assert verdict.mismatches == [] and verdict.waiting
    roll_up(now + MINUTE)
    assert_proven(now + MINUTE)


def test_what_was_rolled_up_by_a_clock_that_was_ahead_is_counted_again(shop):
    seen = NINE + 30 * MINUTE
    device, _session = online(shop, seen)
    roll_up(seen + 26 * HOUR)  # by then it had been silent
    device.last_seen = shop.hotspots["ESP32"].last_contact_at = seen + MINUTE
    roll_up(seen + 2 * MINUTE)
    found = {s: r.avg_connection_duration for s, r in rows(shop.business).items()}
    assert {s: minutes for s, minutes in found.items() if minutes} == {NINE: 32}
    assert_proven(seen + 2 * MINUTE)


def test_a_session_that_ended_in_the_silence_counts_until_its_end(shop):
    seen = NINE + 30 * MINUTE
    _device, session = online(shop, seen)
    roll_up(seen + 9 * HOUR)
    shop.hotspots["ESP32"].last_contact_at = seen + 10 * HOUR
    session.ended_at, session.end_reason = NINE + 3 * HOUR, "EXPIRED"
    roll_up(seen + 10 * HOUR)
    found = [r.avg_connection_duration for r in rows(shop.business).values() if r.unique_devices]
    assert found == [60] * 3
    assert_proven(seen + 10 * HOUR)


def test_nobody_tells_of_the_devices_of_a_hotspot_that_was_never_heard_of(shop):
    seen, hotspot = NINE + 30 * MINUTE, shop.hotspots["ESP32"]
    online(shop, seen)
    hotspot.is_manual, hotspot.last_contact_at = True, None
    roll_up(seen + MINUTE)
    found = {s: r.avg_connection_duration for s, r in rows(shop.business).items()}
    assert {s: minutes for s, minutes in found.items() if minutes} == {NINE: 30}
    assert_proven(seen + MINUTE)


def test_a_device_that_its_portal_no_longer_names_counts_until_it_was_named_last(shop):
    seen, hotspot = NINE + 30 * MINUTE, shop.hotspots["ESP32"]
    online(shop, seen)
    hotspot.is_manual, hotspot.last_contact_at = True, seen + 2 * HOUR
    roll_up(seen + 2 * HOUR)
    found = {s: r.avg_connection_duration for s, r in rows(shop.business).items()}
    assert {s: minutes for s, minutes in found.items() if minutes} == {NINE: 30}
    assert_proven(seen + 2 * HOUR)


def test_the_average_is_of_all_sessions_that_reach_into_the_period(shop):
    visit(shop, NINE - 10 * MINUTE, NINE + 10 * MINUTE)
    visit(shop, NINE + 20 * MINUTE, NINE + 25 * MINUTE)
    roll_up()
    row = rows(shop.business)[NINE]
    assert (row.avg_connection_duration, row.total_connections) == (Decimal("7.50"), 1)
    assert rows(shop.business, "day")[at("2026-11-15T22:00")].avg_connection_duration == 12.5
    assert_proven()


def test_a_device_is_one_device_however_often_it_comes_and_with_whatever_token(shop):
    mac = "AC:DE:48:00:11:22"
    for n in range(3):
        visit(shop, NINE + n * 90 * MINUTE, NINE + n * 90 * MINUTE + 5 * MINUTE, mac)
    visit(shop, NINE, NINE + MINUTE)
    make_profile(shop.business, mac_address=mac, device_type="Android")
    roll_up()
    hours, day = rows(shop.business), rows(shop.business, "day")[at("2026-11-15T22:00")]
    assert [r.unique_devices for r in hours.values() if r.unique_devices] == [2, 1, 1]
    assert (day.unique_devices, day.total_connections) == (2, 4)
    assert day.device_type_stats == {"Android": 1, "Unknown": 1}
    assert_proven()


# -- volume --------------------------------------------------------------------------------------


def test_volume_is_what_the_counters_grew_by_in_the_period(shop):
    token, other = shop.token(), shop.token("R710")
    make_usage(token, starts_at=NINE, bytes_down=1_234_567, bytes_up=4_999)
    make_usage(token, starts_at=NINE + 45 * MINUTE, bytes_down=1_000_000, bytes_up=0)
    make_usage(token, starts_at=NINE + HOUR, bytes_down=10_000, bytes_up=0)
    make_usage(other, starts_at=NINE, bytes_down=5_000_000, bytes_up=0)
    roll_up()
    hours, day = rows(shop.business), rows(shop.business, "day")[at("2026-11-15T22:00")]
    assert hours[NINE].total_bandwidth_down == Decimal("2.23")
    assert hours[NINE].total_bandwidth_up == Decimal("0.00")
    assert day.total_bandwidth_down == Decimal("2.24")
    assert rows(shop.business, system="R710")[NINE].total_bandwidth_down == 5
    assert_proven()


# -- all businesses, longer periods --------------------------------------------------------------


def test_all_businesses_are_the_real_ones_and_a_device_in_two_shops_is_one(shop):
    other, demo, mac = Shop(), Shop(is_demo=True), "AC:DE:48:00:11:33"
    for each in (shop, other, demo):
        visit(each, NINE, NINE + 10 * MINUTE, mac)
        make_sale(each.token(), sold_at=NINE, sale_amount=Decimal("1.00"))
    make_profile(shop.business, mac_address=mac, device_type="Android")
    roll_up()
    everything = rows()[NINE]
    assert (everything.tokens_sold, everything.total_revenue) == (2, 2)
    assert (everything.unique_devices, everything.total_connections) == (1, 2)
    assert everything.device_type_stats == {"Unknown": 1}  # known in one shop, not in the other
    assert rows(demo.business)[NINE].tokens_sold == 1
    assert_proven()


def test_each_shop_s_days_begin_by_its_own_clock(shop):
    kathmandu = Shop(timezone="Asia/Kathmandu")
    for each in (shop, kathmandu):
        make_sale(each.token(), sold_at=at("2026-11-16T18:20"), sale_amount=Decimal(1))
    roll_up()
    assert at("2026-11-16T18:00") in rows(shop.business)
    assert at("2026-11-16T18:15") in rows(kathmandu.business)
    sold = {s for s, r in rows(kathmandu.business, "day").items() if r.tokens_sold}
    assert sold == {at("2026-11-16T18:15")}
    assert_proven()


@pytest.mark.parametrize("zone", ["Africa/Cairo", "Europe/London", "Australia/Lord_Howe"])
def test_what_happens_around_a_change_of_the_clock_is_counted_once(zone):
    shop = Shop(timezone=zone)
    changes = [at(f"2026-{day}T10:00") for day in ("03-29", "10-25", "04-24", "10-29", "04-04")]
    for change in (*changes, at("2026-10-03T10:00")):
        for n in range(-32, 32):
            sold_at = change + n * 45 * MINUTE
            make_sale(shop.token(), sold_at=sold_at, sale_amount=Decimal(1))
        visit(shop, change - 20 * HOUR, change + 20 * HOUR)
    roll_up()
    for kind in ("hour", "day", "week", "month"):
        assert sum(r.tokens_sold for r in rows(shop.business, kind).values()) == 6 * 64
    assert_proven()


def test_where_nothing_happened_there_is_no_row(shop):
    sale = make_sale(shop.token(created_at=NINE), sold_at=NINE + 5 * HOUR)
    roll_up()
    assert len(rows(shop.business)) == 2
    db.session.execute(delete(type(sale)))
    roll_up()
    assert len(rows(shop.business)) == 1
    assert_proven()
