"""What a device says that no row can hold: it must not stop a poll, now or for ever."""

import json

import pytest

from tests.hotspots.talk import ask, look
from wifiapp import clock
from wifiapp.hotspots.clocks import LATEST, BoxClock
from wifiapp.hotspots.driver import WrongBox
from wifiapp.hotspots.esp32_reading import read_token
from wifiapp.hotspots.plain import LONGEST, MOST_BYTES, ip_of, text_of
from wifiapp.hotspots.r710_reading import read_client

pytestmark = pytest.mark.usefixtures("no_database")

MAC = "AA:BB:CC:DD:EE:01"
TOKEN = {"token": "ABCD2345", "status": "active"}
INTEGER, BIGINT = 2**31 - 1, 2**63 - 1


@pytest.fixture
def box_clock():
    return BoxClock.read(int(clock.now().timestamp()))


def read(box_clock, **said):
    """Read a token as JSON brings it: numbers of any size, NaN and Infinity too."""
    return read_token(json.loads(json.dumps(TOKEN | said)), box_clock, "Corner")


@pytest.mark.parametrize("number", [10**15, 10**30, -(10**30), 1e305, float("inf"), float("nan")])
def test_numbers_beyond_all_sense_say_nothing(box_clock, number):
    used = int(clock.now().timestamp()) - 600
    found = read(
        box_clock,
        first_use=used,
        duration_minutes=number,
        bandwidth_used_down_mb=number,
        created=number,
        last_seen=number,
        devices=[{"mac": MAC, "online": True, "last_seen": number}],
    )
    assert found.bytes_down is None and found.minutes is None
    assert found.first_used_at.timestamp() == used
    assert found.devices[0].last_seen is None or found.devices[0].last_seen <= box_clock.now


def test_the_largest_numbers_that_are_believed_fit_a_row(box_clock):
    used = int(clock.now().timestamp()) - 600
    megabytes = MOST_BYTES // 10**6
    found = read(
        box_clock, first_use=used, duration_minutes=INTEGER, bandwidth_used_up_mb=megabytes
    )
    assert found.bytes_up == MOST_BYTES < BIGINT // 10**5
    assert found.expires_at == LATEST


@pytest.mark.parametrize("seconds", [253402300799, 10**18, 10**400, 1e300])
def test_what_ends_in_thousands_of_years_ends_when_every_zone_can_show_it(box_clock, seconds):
    assert box_clock.moment(seconds) == LATEST
    assert box_clock.past(seconds) == box_clock.now


def test_a_clock_that_is_thousands_of_years_off_is_not_known():
    assert BoxClock.read(10**18).offset is None
    assert abs(BoxClock.read(300).offset) <= INTEGER


def test_a_box_that_says_nonsense_of_itself_is_looked_at_all_the_same(portal):
    portal.ssid = "Corner\x00 WiFi" + "x" * 9_999
    portal._booted = portal.now() - 2 * 10**9
    portal.skew = 10**18
    code = portal.add_token("", minutes=10**12)
    portal.connect_device(code, MAC, "fe80::1%" + "z" * 99, hostname="a\x00b")
    portal.tokens[code].used_down = 1e305
    sighting = look(portal)
    identity, (token,) = sighting.identity, sighting.tokens
    assert identity.serial == ("Corner WiFi" + "x" * 9_999)[:LONGEST]
    assert (identity.booted_at, identity.clock_offset) == (None, None)
    assert (token.bytes_down, token.devices[0].ip, token.devices[0].hostname) == (
        None,
        "fe80::1",
        "ab",
    )


def test_another_box_is_named_in_letters_that_a_row_can_hold(portal):
    portal.ssid = "Other\x00"
    with pytest.raises(WrongBox) as found:
        ask(portal, lambda box: box.identify(), serial="Corner WiFi")
    assert found.value.found == "Other" and "\x00" not in str(found.value)


@pytest.mark.parametrize("said", ["fe80::1%\x00<b>", "fe80::1%" + "x" * 90, "fe80::1"])
def test_an_address_is_kept_without_its_zone(said):
    assert ip_of(said) == "fe80::1"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("a\x00b\ud800c\n", "abc"),
        ("x" * 100_000, "x" * LONGEST),
        ("\x00\u202e", None),
        (7, None),
        ("Küche 📶", "Küche 📶"),
    ],
)
def test_a_name_is_printable_and_short(said, kept):
    assert text_of(said) == kept


def test_a_client_s_counters_and_signal_fit_their_columns(box_clock):
    most = "9" * 19
    client = {"mac": MAC.lower(), "rssi": most, "rx-bytes": most, "tx-bytes": most, "ip": "x" * 99}
    seen = read_client(client | {"hostname": "h" * 999, "first-assoc": most}, box_clock)
    assert (seen.signal, seen.bytes_down, seen.bytes_up, seen.ip) == (None,) * 4
    assert len(seen.hostname) == LONGEST
    assert read_client(client | {"rssi": "40"}, box_clock).signal == -56
