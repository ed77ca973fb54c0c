"""The page of one device: its days, its doubles, what it may be up to, and its block."""

import csv
import io
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.factories import (
    make_business,
    make_device,
    make_hotspot,
    make_hotspot_business,
    make_outage,
    make_profile,
    make_session,
    make_token,
)
from wifiapp import clock
from wifiapp.db import db
from wifiapp.devices import timeline
from wifiapp.devices.blocks_models import DeviceBlock
from wifiapp.devices.models import WifiTokenDevice

PRIVATE, OTHER_PRIVATE = "DA:A1:19:00:00:01", "6E:A1:19:00:00:02"


@pytest.fixture
def shop():
    return make_business(name="Corner Shop", timezone="UTC")


@pytest.fixture
def hotspot(shop):
    box = make_hotspot(name="Counter")
    make_hotspot_business(box, shop)
    return box


@pytest.fixture
def token(shop, hotspot):
    return make_token(shop, hotspot=hotspot, status="ACTIVE", device_limit=2)


def show(client, device):
    db.session.commit()
    answer = client.get(f"/devices/{device.id}")
    assert answer.status_code == 200
    return answer.text


# -- what is known ---------------------------------------------------------------------------


def test_the_page_shows_signal_data_network_and_maker(admin_client, token):
    device = make_device(token, mac_address="3C:22:FB:00:00:01")
    make_session(
        device, bytes_down=3_000_000, bytes_up=1_000_000, signal=-61, ssid="Café", ipv6="fd00::7"
    )
    page = show(admin_client, device)
    for shown in ("good (-61 dBm)", "4 MB", "Café", "fd00::7", "Apple", "Counter"):
        assert shown in page
    listed = admin_client.get("/devices").text
    assert "good (-61 dBm)" in listed and "4 MB" in listed and "As of" in listed
    assert "aiooui" in listed and "25 Sep 2026" in listed


def test_sessions_as_files_are_all_of_them(admin_client, token):
    device = make_device(token)
    start = clock.now() - timedelta(days=3)
    for n in range(3):
        begun = start + timedelta(hours=n)
        ended = begun + timedelta(minutes=10)
        make_session(device, started_at=begun, ended_at=ended, end_reason="LEFT", bytes_up=n)
    db.session.commit()
    rows = admin_client.get(f"/devices/{device.id}/sessions.json").json["rows"]
    assert [row["bytesUp"] for row in rows] == [2, 1, 0]
    text = admin_client.get(f"/devices/{device.id}/sessions.csv").text
    (first, *_) = csv.DictReader(io.StringIO(text))
    assert (first["reason"], first["seconds"]) == ("LEFT", "600")
    assert admin_client.get("/devices/nowhere/sessions.csv").status_code == 404


# -- days ------------------------------------------------------------------------------------

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def at(hour, day=20):
    return datetime(2026, 11, day, hour, tzinfo=UTC)


def test_a_stay_over_midnight_stands_on_two_days():
    first, second, *rest = timeline.days([(at(18, 19), at(6))], [], NOW, "UTC")
    assert (first.date, first.seconds) == (date(2026, 11, 20), 6 * 3600)
    assert (first.online[0].x, first.online[0].width) == (0, 360)
    assert (second.online[0].x, second.online[0].width) == (1080, 360)
    assert len(rest) == 5 and not any(day.online for day in rest)


def test_a_short_stay_is_still_to_be_seen_and_never_over_the_edge():
    late = datetime(2026, 11, 20, 23, 59, 50, tzinfo=UTC)
    (stretch,) = timeline.days([(late, late + timedelta(seconds=9))], [], late, "UTC")[0].online
    assert stretch.width >= 1 and stretch.x + stretch.width <= timeline.WIDTH


@pytest.mark.parametrize(("day", "hours"), [(29, 23), (25, 25)])
def test_a_day_of_another_length_fills_its_line(day, hours):
    month = 3 if hours == 23 else 10
    noon = datetime(2026, month, day, 20, tzinfo=UTC)
    spans = [(noon - timedelta(days=3), noon + timedelta(days=3))]
    today = timeline.days(spans, [], noon, "Europe/Berlin")[0]
    assert (today.online[0].x, today.online[0].width) == (0, timeline.WIDTH)
    assert today.seconds == hours * 3600


def test_an_outage_is_hatched_on_the_page(admin_client, token, hotspot):
    device = make_device(token)
    make_session(device)
    page = show(admin_client, device)
    assert "Hatched" not in page and 'class="online"' in page
    ended = clock.now() - timedelta(minutes=40)
    make_outage(hotspot, started_at=ended - timedelta(hours=1), ended_at=ended)
    page = show(admin_client, device)
    assert "Hatched" in page and "partly without data" in page


# -- doubles ---------------------------------------------------------------------------------


def twins(shop, first_token, **second):
    now = clock.now()
    old = make_device(
        first_token,
        mac_address=PRIVATE,
        is_online=False,
        first_seen=now - timedelta(hours=3),
        last_seen=now - timedelta(hours=1),
    )
    given = {"mac_address": OTHER_PRIVATE, "first_seen": now - timedelta(minutes=50)} | second
    new = make_device(given.pop("token", first_token), **given)
    for device in (old, new):
        make_profile(shop, mac_address=device.mac_address, hostname="Pixel-of-Rudo")
    return old, new


def test_private_addresses_that_follow_each_other_are_probably_one_device(
    admin_client, shop, token
):
    old, new = twins(shop, token)
    page = show(admin_client, new)
    assert f"Probably the same device as {PRIVATE}" in page and f"/devices/{old.id}" in page
    assert f"Probably the same device as {OTHER_PRIVATE}" in show(admin_client, old)


@pytest.mark.parametrize("why_not", ["at the same time", "another token", "no private address"])
def test_others_are_not_taken_for_the_same_device(admin_client, shop, hotspot, token, why_not):
    second = {
        "at the same time": {"first_seen": clock.now() - timedelta(hours=2)},
        "another token": {"token": make_token(shop, hotspot=hotspot, status="ACTIVE")},
        "no private address": {"mac_address": "3C:22:FB:00:00:09"},
    }[why_not]
    for device in twins(shop, token, **second):
        assert "Probably the same" not in show(admin_client, device)


# -- hints -----------------------------------------------------------------------------------


def hinted(client, name):
    rows = client.get(f"/devices.json?status=all&hint={name}").json["rows"]
    return {row["mac"] for row in rows}


def counts(client):
    text = client.get("/devices/hints").text
    return [int(part.split("<")[0]) for part in text.split('<span class="value">')[1:]]


def test_a_device_online_past_expiry_gives_a_hint(admin_client, shop, hotspot):
    now = clock.now()

    def online_with(**given):
        return make_device(make_token(shop, hotspot=hotspot, **given)).mac_address

    late = timedelta(minutes=6)
    wanted = {
        online_with(status="ACTIVE", expires_at=now - late),
        online_with(status="EXPIRED", expires_at=now - late),
        online_with(status="DISABLED", ended_at=now - late, end_reason="stolen"),
    }
    online_with(status="ACTIVE", expires_at=now - timedelta(minutes=2))
    online_with(status="ACTIVE", expires_at=None)
    gone = make_token(shop, hotspot=hotspot, status="EXPIRED", expires_at=now - late)
    make_device(gone, is_online=False)
    db.session.commit()
    assert hinted(admin_client, "past-expiry") == wanted
    assert counts(admin_client) == [3, 0, 0]
    device = db.session.query(WifiTokenDevice).filter_by(mac_address=wanted.pop()).one()
    assert "Online past expiry" in show(admin_client, device)


def test_more_devices_online_than_allowed_give_a_hint(admin_client, shop, hotspot, token):
    allowed = make_token(shop, hotspot=hotspot, status="ACTIVE", device_limit=2)
    for each in (allowed, token):
        make_device(each)
        make_device(each)
    make_device(allowed, is_online=False)
    third = make_device(token)
    db.session.commit()
    found = hinted(admin_client, "too-many")
    assert len(found) == 3 and third.mac_address in found
    assert counts(admin_client) == [0, 3, 0]


def test_one_address_on_many_tokens_of_a_business_gives_a_hint(admin_client, shop, hotspot):
    now = clock.now()
    for n in range(5):
        kwargs = {"is_online": False, "first_seen": now - timedelta(days=n)}
        make_device(make_token(shop, hotspot=hotspot), mac_address=PRIVATE, **kwargs)
        old = kwargs | {"first_seen": now - timedelta(days=n + 4)}
        make_device(make_token(shop, hotspot=hotspot), mac_address=OTHER_PRIVATE, **old)
        # spread over businesses, it is nobody's business
        make_device(make_token(make_business()), mac_address="3C:22:FB:00:00:09", **kwargs)
    db.session.commit()
    assert hinted(admin_client, "many-tokens") == {PRIVATE}
    assert counts(admin_client) == [0, 0, 5]


def test_a_hint_that_does_not_exist_is_told(admin_client):
    assert "There is no such hint" in admin_client.get("/devices?hint=odd").text
    assert admin_client.get("/devices.csv?hint=odd").status_code == 400
    page = admin_client.get("/devices?hint=too-many&status=all").text
    assert "No device gives this hint" in page and 'value="too-many"' in page


# -- block -----------------------------------------------------------------------------------


def test_the_block_says_that_it_is_device_wide(admin_client, token):
    device = make_device(token, mac_address=PRIVATE)
    page = show(admin_client, device)
    assert "Device-wide" in page and f"/devices/{device.id}/block" in page
    assert "A session that runs is not ended" in page and "can be changed by its owner" in page


def test_a_blocked_device_says_so_and_may_be_let_in(admin_client, shop, hotspot, token):
    device = make_device(token)
    block = DeviceBlock(
        business_id=shop.id,
        hotspot_id=hotspot.id,
        mac_address=device.mac_address,
        reason="Tries codes",
        blocked_by="boss@example.org",
        blocked_at=clock.now(),
    )
    db.session.add(block)
    page = show(admin_client, device)
    assert "Tries codes" in page and "Blocked on the whole of Counter" in page
    assert f"/devices/{device.id}/unblock" in page and f"/devices/{device.id}/block" not in page


def test_a_device_of_a_manual_or_a_demo_hotspot_cannot_be_blocked(admin_client, shop):
    manual = make_hotspot(is_manual=True, address="")
    make_hotspot_business(manual, shop)
    made_up = make_business(is_demo=True)
    demo = make_hotspot()
    make_hotspot_business(demo, made_up)
    for business, box in ((shop, manual), (made_up, demo)):
        device = make_device(make_token(business, hotspot=box, status="ACTIVE"))
        assert "Device-wide" not in show(admin_client, device)
