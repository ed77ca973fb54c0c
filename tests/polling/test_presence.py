"""What looks at a hotspot make of devices and their sessions, minute by minute."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from tests.polling.looks import MAC, NOON, OTHER, Box, active, after, expired, gone, there, unused
from wifiapp.access import Viewer
from wifiapp.db import db
from wifiapp.devices import queries as devices
from wifiapp.devices.models import DeviceProfile, DeviceSession, TokenUsage, WifiTokenDevice
from wifiapp.devices.queries import Wanted
from wifiapp.hotspots.driver import SeenDevice, SeenToken

ADMIN = Viewer("somebody", "ADMIN", None)


@pytest.fixture
def box():
    return Box()


@pytest.fixture
def token(box):
    return box.token(status="SOLD")


def device(mac=MAC):
    return db.session.scalars(select(WifiTokenDevice).filter_by(mac_address=mac)).one()


def sessions(mac=MAC):
    """Return the sessions of the device as (start, end, reason), the first one first."""
    query = (
        select(DeviceSession)
        .join(WifiTokenDevice, WifiTokenDevice.id == DeviceSession.wifi_token_device_id)
        .where(WifiTokenDevice.mac_address == mac)
        .order_by(DeviceSession.started_at, DeviceSession.ended_at)
    )
    return [(each.started_at, each.ended_at, each.end_reason) for each in db.session.scalars(query)]


def states(at):
    with time_machine.travel(at, tick=False):
        counts = devices.count_devices(ADMIN, Wanted(), at)
    return {state: count.number for state, count in counts.items() if state and count.number}


def test_a_device_comes_online_with_its_address_name_and_kind(box, token):
    box.look(after(), unused(token))
    seen = there(ipv6="fe80::1", hostname="iPhone-X", device_type="Apple iOS", ssid="Café")
    box.look(after(1), active(token, seen))
    found = device()
    assert (found.is_online, found.current_ip) == (True, "192.168.4.100")
    assert found.first_seen == found.last_seen == after(1)
    assert sessions() == [(after(1), None, None)]
    (session,) = db.session.scalars(select(DeviceSession))
    assert (session.ipv6, session.ssid, session.hotspot_id) == ("fe80::1", "Café", box.hotspot.id)
    (profile,) = db.session.scalars(select(DeviceProfile))
    assert (profile.hostname, profile.device_type) == ("iPhone-X", "Apple iOS")
    assert states(after(2)) == {"ONLINE": 1}


def test_one_look_without_it_does_not_end_a_session(box, token):
    box.look(after(), active(token, there()))
    box.look(after(1), active(token, gone()))
    box.look(after(2), active(token))
    assert (device().is_online, device().last_seen) == (True, NOON)
    box.look(after(2, 30), active(token, there()))
    assert sessions() == [(NOON, None, None)]


def test_a_device_that_left_had_gone_when_it_was_last_seen(box, token):
    box.look(after(), active(token, there()))
    for minute in (1, 2, 3):
        box.look(after(minute), active(token, gone()))
    assert not device().is_online
    assert sessions() == [(NOON, NOON, "LEFT")]


def test_who_comes_back_begins_a_session_of_its_own(box, token):
    box.look(after(), active(token, there()))
    box.look(after(1), active(token))
    box.look(after(4), active(token))
    box.look(after(5), active(token, there(ip="192.168.4.7")))
    assert sessions() == [(NOON, NOON, "LEFT"), (after(5), None, None)]
    assert (device().first_seen, device().current_ip) == (NOON, "192.168.4.7")


@pytest.mark.parametrize("interval", [30, 120])
def test_patience_is_three_polls_and_at_least_three_minutes(token, box, interval):
    box.hotspot.poll_interval = interval
    patience = timedelta(seconds=max(180, 3 * interval))
    box.look(after(), active(token, there()))
    box.look(NOON + patience - timedelta(seconds=1), active(token))
    assert device().is_online
    box.look(NOON + patience, active(token))
    assert not device().is_online


def test_with_the_plug_pulled_for_ten_minutes_nothing_is_offline_or_expired(box, token):
    box.look(after(), active(token, there(), there(OTHER)))
    for half_minute in range(1, 21):
        box.miss(after(seconds=30 * half_minute))
    assert states(after(2)) == {"ONLINE": 2}
    assert states(after(10)) == {"UNKNOWN": 2}
    assert token.status == "ACTIVE"
    assert (device().is_online, device().last_seen) == (True, NOON)
    box.look(after(10, 30), active(token, there(), there(OTHER)))
    assert states(after(11)) == {"ONLINE": 2}
    assert sessions() == sessions(OTHER) == [(NOON, None, None)]


def test_who_went_while_the_hotspot_was_silent_timed_out(box, token):
    box.look(after(), active(token, there(), there(OTHER)))
    box.miss(after(1))
    box.look(after(20), active(token, there(OTHER)))
    assert sessions() == [(NOON, NOON, "TIMED_OUT")]
    assert sessions(OTHER) == [(NOON, None, None)]


def test_what_expired_while_the_hotspot_was_silent_ended_in_its_time(box, token):
    box.look(after(50), active(token, there()))
    box.miss(after(51))
    box.look(after(80), expired(token, gone()))
    assert sessions() == [(after(50), after(60), "EXPIRED")]
    box.look(after(81))
    assert (token.status, token.ended_at) == ("EXPIRED", None)


def test_a_token_deleted_in_its_time_is_expired_and_its_devices_are_gone(box, token):
    box.look(after(59, 30), active(token, there()))
    box.look(after(60, 10))
    assert (token.status, token.expires_at) == ("EXPIRED", after(60))
    assert sessions() == [(after(59, 30), after(60), "EXPIRED")]


def test_who_had_left_before_the_token_expired_had_left(box, token):
    box.look(after(58), active(token, there()))
    box.look(after(59), active(token))
    box.look(after(60, 30))
    assert sessions() == [(after(58), after(58), "LEFT")]


def test_who_is_online_past_the_end_stays_online_and_is_seen_to_be(box, token):
    box.look(after(59), active(token, there()))
    box.look(after(75), expired(token, there()))
    assert (token.status, device().is_online, device().last_seen) == ("EXPIRED", True, after(75))
    box.look(after(76), expired(token))
    assert sessions() == [(after(59), after(75), "EXPIRED")]


def test_a_restart_ends_every_session_also_of_who_is_back(box, token):
    box.look(after(), active(token, there(), there(OTHER)))
    box.booted_at = after(5)
    box.look(after(6), active(token, there()))
    assert sessions() == [(NOON, NOON, "HOTSPOT_RESTARTED"), (after(6), None, None)]
    assert sessions(OTHER) == [(NOON, NOON, "HOTSPOT_RESTARTED")]
    assert not device(OTHER).is_online


def test_a_new_connection_is_a_new_session(box, token):
    box.look(after(), active(token, there(connected_at=after(-9))))
    box.look(after(1), active(token, there(connected_at=after(-9, 20))))
    assert sessions() == [(after(-9), None, None)]
    box.look(after(2), active(token, there(connected_at=after(1, 30))))
    assert sessions() == [(after(-9), after(1), "LEFT"), (after(1, 30), None, None)]


def test_who_was_blocked_and_is_gone_was_blocked(box, token):
    box.look(after(), active(token, there(), there(OTHER)))
    box.look(after(1), active(token, there(OTHER)), blocked=frozenset({MAC, OTHER}))
    assert sessions() == [(NOON, NOON, "BLOCKED")]
    assert sessions(OTHER) == [(NOON, None, None)]


@pytest.mark.parametrize("how", ["no word on devices", "incomplete", "silent"])
def test_what_was_not_said_ends_nothing(box, token, how):
    box.look(after(), active(token, there()))
    for minute in range(1, 30):
        if how == "no word on devices":
            box.look(after(minute), active(token, devices=None))
        elif how == "incomplete":
            box.look(after(minute), is_complete=False)
        else:
            box.miss(after(minute))
    assert sessions() == [(NOON, None, None)]
    assert token.status == "ACTIVE"


def test_no_clock_of_a_hotspot_puts_anything_into_the_future(box, token):
    ahead = after(90)
    seen = there(connected_at=ahead, last_seen=ahead)
    visitor = gone(OTHER, last_seen=ahead)
    box.look(after(), active(token, seen, visitor, first_used_at=ahead))
    assert device().first_seen == device().last_seen == device(OTHER).last_seen == NOON
    assert sessions() == [(NOON, None, None)]
    assert token.first_used_at == NOON


def test_one_device_on_two_tokens_has_a_line_for_each(box, token):
    other = box.token()
    seen = there(hostname="Tab")
    box.look(after(), active(token, seen, seen), active(other, seen))
    query = select(WifiTokenDevice.wifi_token_id).filter_by(mac_address=MAC, is_online=True)
    assert set(db.session.scalars(query)) == {token.id, other.id}


def test_who_came_and_went_between_two_looks_is_known(box, token):
    box.look(after(), unused(token))
    box.look(after(5), active(token, gone(last_seen=after(2)), first_used_at=after(1)))
    assert (device().is_online, device().first_seen, device().last_seen) == (
        False,
        after(2),
        after(2),
    )


def test_each_device_that_came_has_a_profile_since_it_first_came(box, token):
    box.look(after(), active(token, there(), gone(OTHER, last_seen=after(-3))))
    box.look(after(1), active(token, there(), there(OTHER)))
    profiles = db.session.scalars(select(DeviceProfile).order_by(DeviceProfile.mac_address))
    assert [(each.hostname, each.created_at) for each in profiles] == [
        (None, NOON),
        (None, after(-3)),
    ]


def test_names_are_kept_when_a_look_does_not_tell_them(box, token):
    box.look(after(), active(token, there(hostname="Tab", device_type="Android")))
    box.look(after(1), active(token, there(ip=None, device_type="A" * 99)))
    (profile,) = db.session.scalars(select(DeviceProfile))
    assert (profile.hostname, profile.device_type) == ("Tab", "A" * 40)
    assert device().current_ip == "192.168.4.100"


# -- volumes ---------------------------------------------------------------------------------


def grown(token):
    """Return the growth of the token by the quarter of the hour it came in, in kB."""
    query = select(TokenUsage).filter_by(wifi_token_id=token.id).order_by(TokenUsage.starts_at)
    return [
        ((each.starts_at - NOON) / timedelta(minutes=1), each.bytes_down // 1000)
        for each in db.session.scalars(query)
    ]


def test_a_token_s_own_counter_grows_quarter_by_quarter(box, token):
    box.look(after(-1), unused(token, bytes_down=0, bytes_up=0))
    for minute, megabytes in ((5, 1.5), (10, 2), (20, 4.25)):
        box.look(after(minute), active(token, there(), bytes_down=int(megabytes * 1e6), bytes_up=0))
    assert grown(token) == [(0, 2000), (15, 2250)]
    assert float(token.used_down_mb) == 4.25
    assert db.session.scalar(select(DeviceSession.bytes_down)) == 4_250_000


def test_a_counter_that_fell_counts_from_zero(box, token):
    box.look(after(-1), unused(token))
    for minute, megabytes in ((1, 5), (2, 2), (3, 3)):
        box.look(after(minute), active(token, there(), bytes_down=megabytes * 10**6, bytes_up=0))
    assert grown(token) == [(0, 8000)]
    assert float(token.used_down_mb) == 3


def test_what_ran_before_the_first_look_counts_for_nothing(box, token):
    box.look(after(30), active(token, there(), bytes_down=9 * 10**6, bytes_up=0))
    assert grown(token) == []
    box.look(after(31), active(token, there(), bytes_down=10 * 10**6, bytes_up=0))
    assert grown(token) == [(30, 1000)]
    assert float(token.used_down_mb) == 10


def test_counters_of_connections_add_up_to_the_token_s_volume(token, box):
    box.look(after(), unused(token))

    def connection(mac, minute, kilobytes):
        return there(mac, connected_at=after(minute), bytes_down=kilobytes * 1000, bytes_up=0)

    box.look(after(2), active(token, connection(MAC, 1, 3), connection(OTHER, -30, 500)))
    box.look(after(3), active(token, connection(MAC, 1, 5), connection(OTHER, -30, 507)))
    box.look(after(4), active(token, connection(MAC, 3.5, 1), connection(OTHER, -30, 507)))
    assert grown(token) == [(0, 5 + 7 + 1)]
    assert float(token.used_down_mb) == 0.01
    box.look(after(5), active(token, connection(MAC, 3.5, 9001)))
    assert float(token.used_down_mb) == 9.01


def test_a_connection_that_was_taken_for_gone_goes_on_counting(token, box):
    box.look(after(), unused(token))
    counting = {"connected_at": after(1), "bytes_up": 0}
    box.look(after(2), active(token, there(**counting, bytes_down=1000)))
    box.look(after(3), active(token))
    box.look(after(6), active(token))
    box.look(after(7), active(token, there(**counting, bytes_down=4000)))
    assert sessions() == [(after(1), after(2), "LEFT"), (after(2), None, None)]
    assert grown(token) == [(0, 4)]


def test_a_token_that_is_not_ours_is_counted_and_nothing_else(box, token):
    stranger = SeenDevice("AC:DE:48:00:00:09", is_online=True)
    found = box.look(
        after(),
        unused(token),
        SeenToken("ST4NGE42", "UNUSED", devices=()),
        strangers=(stranger, stranger),
    )
    assert (found.foreign, box.hotspot.foreign_tokens, box.hotspot.strangers) == (1, 1, 2)
    assert db.session.scalars(select(WifiTokenDevice)).all() == []
