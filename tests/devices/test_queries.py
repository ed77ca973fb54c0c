from dataclasses import replace
from datetime import timedelta

import pytest

from tests.factories import (
    make_business,
    make_device,
    make_hotspot,
    make_hotspot_business,
    make_plan,
    make_profile,
    make_session,
    make_token,
)
from wifiapp import clock
from wifiapp.access import Viewer
from wifiapp.db import db
from wifiapp.devices import queries, search_queries
from wifiapp.devices.queries import Count, Wanted
from wifiapp.devices.search import parse
from wifiapp.errors import NotFound

ADMIN = Viewer("admin", "ADMIN", None)
NOW = clock.now()


def ago(**given):
    return NOW - timedelta(**given)


def make_on(hotspot=None, business=None, **given):
    """Add a device on a hotspot."""
    return make_device(make_token(business, hotspot=hotspot, status="ACTIVE"), **given)


def found(search=None, viewer=ADMIN, **given):
    """Return the ids of the devices found, by the page and by the stream."""
    wanted = Wanted(search=search and parse(search), **given)
    page = queries.list_devices(viewer, wanted, NOW)
    assert [row.id for row in queries.stream_devices(viewer, wanted, NOW)] == [
        row.id for row in page.rows
    ]
    return {row.id for row in page.rows}


@pytest.mark.parametrize(
    ("is_online", "hotspot", "state"),
    [
        (True, {"last_contact_at": ago(seconds=179)}, "ONLINE"),
        (True, {"last_contact_at": ago(seconds=181)}, "UNKNOWN"),
        (True, {"last_contact_at": ago(seconds=299), "poll_interval": 100}, "ONLINE"),
        (True, {"last_contact_at": ago(seconds=301), "poll_interval": 100}, "UNKNOWN"),
        (True, {"last_contact_at": None, "status": "NEW"}, "UNKNOWN"),
        (True, {"last_contact_at": ago(seconds=1), "is_active": False}, "UNKNOWN"),
        (False, {"last_contact_at": ago(seconds=1)}, "OFFLINE"),
        (False, {"last_contact_at": ago(days=1)}, "OFFLINE"),
    ],
)
def test_the_state_is_the_same_on_the_row_in_the_filter_and_in_the_counts(
    is_online, hotspot, state
):
    device = make_on(make_hotspot(**hotspot), is_online=is_online)
    assert queries.get_device(ADMIN, device.id, NOW).state == state
    for each in ("ONLINE", "UNKNOWN", "OFFLINE"):
        assert found(state=each) == ({device.id} if each == state else set())
        # a search goes another way through the tables, to the same
        assert found(device.mac_address, state=each) == ({device.id} if each == state else set())
    counts = queries.count_devices(ADMIN, Wanted(state="OFFLINE"), NOW)
    assert {name for name, count in counts.items() if count == Count(1, False)} == {"", state}


def test_a_device_is_unknown_since_its_hotspot_was_last_heard():
    hotspot = make_hotspot(last_contact_at=ago(minutes=10))
    device = make_on(hotspot)
    assert queries.get_device(ADMIN, device.id, NOW).heard_at == hotspot.last_contact_at


def test_the_newest_to_arrive_comes_first():
    order = [make_on(first_seen=ago(minutes=n), last_seen=ago(minutes=5 - n)).id for n in range(5)]
    page = queries.list_devices(ADMIN, Wanted(), NOW)
    assert [row.id for row in page.rows] == order


def test_pages_follow_each_other_without_gap_or_repetition(monkeypatch):
    monkeypatch.setattr(queries, "PAGE_SIZE", 2)
    made = {make_on(first_seen=ago(minutes=n // 3)).id for n in range(7)}
    seen, after = [], None
    while True:
        page = queries.list_devices(ADMIN, Wanted(), NOW, after)
        seen += [row.id for row in page.rows]
        after = page.after
        if not after:
            break
    assert len(seen) == 7 and set(seen) == made


def test_counts_stop_where_they_cost_too_much_and_say_so(monkeypatch):
    for n in range(5):
        make_on(is_online=n < 2)
    monkeypatch.setattr(queries, "GONE_LIMIT", 3)
    counts = queries.count_devices(ADMIN, Wanted(), NOW)
    assert counts == {
        "": Count(5, True),
        "ONLINE": Count(2, False),
        "OFFLINE": Count(3, True),
        "UNKNOWN": Count(0, False),
    }


def test_filters_narrow_together():
    business, other = make_business(), make_business()
    esp, r710 = make_hotspot(), make_hotspot(system="R710")
    plan = make_plan(business, system="R710")
    wanted = make_device(make_token(plan=plan, hotspot=r710, status="ACTIVE"))
    make_on(esp, business)
    make_on(esp, other)
    assert found(business_id=business.id, system="R710") == {wanted.id}
    assert found(hotspot_id=r710.id) == {wanted.id}
    assert found(business_id=other.id, hotspot_id=r710.id) == set()
    counts = queries.count_devices(ADMIN, Wanted(business_id=business.id), NOW)
    assert counts["ONLINE"] == Count(2, False)


@pytest.mark.parametrize("state", ["ONLINE", ""])
def test_a_search_finds_by_any_part_of_the_mac_by_ip_token_and_hostname(state):
    business = make_business()
    token = make_token(business, token="A3K9M7P2", status="ACTIVE")
    mac = "3C:22:FB:12:34:56"
    device = make_device(token, mac_address=mac, current_ip="192.168.4.20")
    make_profile(business, mac_address=mac, hostname="Thandis-iPhone_7")
    make_profile(mac_address=mac, hostname="Another shop's name")
    make_device(make_token(business, token="ZZZZ", status="ACTIVE"), current_ip="192.168.4.2")
    for text in (
        *("3c:22:fb:12:34:56", "3C-22-FB-12-34-56", "3c22.fb12.3456", "3C22FB", "34:56", "B123"),
        *("192.168.4.20", "192.168.4.20 ".strip()),
        *("A3K9M7P2", "a3k9", "voucher A3K9", "guest pass: a3k9m7p2", "a3k9-m7p2", "A3K9 M7"),
        *("thandi", "IPHONE_7", "s-i"),
    ):
        assert found(text, state=state) == {device.id}, text
    for text in (
        "192.168.4.200",
        "A3K9M7P9",
        "iPhone%7",
        "another",
        "B124",
        "voucher thandi",
        "voucher -",
    ):
        assert found(text, state=state) == set(), text
    assert len(found("192.168.4", state=state)) == 2


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("B1:23", "macPieces"),
        ("b123", "macPieces"),
        ("3C:22:FB:12:34:56", "macAddress"),
        ("192.168.4.20", "currentIp"),
        ("192.168.4.", "currentIp"),
        ("fd42:10:", "currentIp"),
    ],
)
def test_a_part_of_an_address_is_found_by_an_index_of_all_devices(text, index):
    make_on()
    db.session.execute(db.text("SET LOCAL enable_seqscan = off"))
    readings = search_queries.found_by(replace(parse(text), hostname=None), is_live=False)
    compiled = readings.compile(db.engine, compile_kwargs={"literal_binds": True})
    plan = "\n".join(db.session.scalars(db.text(f"EXPLAIN {compiled}".replace(":", r"\:"))))
    assert f"wifi_token_devices_{index}_idx" in plan
    assert "Seq Scan on wifi_token_devices" not in plan


def test_a_manager_sees_the_devices_of_its_businesses_only():
    mine, other = make_business(), make_business()
    device, hidden = make_on(business=mine), make_on(business=other)
    viewer = Viewer("m", "MANAGER", frozenset({mine.id}))
    assert found(viewer=viewer) == {device.id}
    assert found("AC:DE", viewer=viewer) == {device.id}
    assert found(viewer=viewer, business_id=other.id) == set()
    assert queries.count_devices(viewer, Wanted(), NOW)["ONLINE"].number == 1
    with pytest.raises(NotFound):
        queries.get_device(viewer, hidden.id, NOW)
    assert found(viewer=Viewer("m", "MANAGER", frozenset())) == set()


@pytest.mark.parametrize("device_id", ["nothing", "", "\0", "\ud800", "x" * 10_000])
def test_an_id_that_no_device_has_is_not_found(device_id):
    with pytest.raises(NotFound):
        queries.get_device(ADMIN, device_id, NOW)


def test_the_last_session_is_shown_and_all_of_them_are_listed_newest_first():
    device = make_on()
    first = make_session(device, started_at=ago(hours=2), ended_at=ago(hours=1), end_reason="LEFT")
    last = make_session(device, started_at=ago(minutes=10))
    make_session()
    row = queries.get_device(ADMIN, device.id, NOW)
    assert (row.session_started_at, row.session_ended_at) == (last.started_at, None)
    assert queries.list_sessions(device.id) == [last, first]


def test_tokens_of_a_mac_are_those_of_the_viewers_businesses():
    mac = "AC:DE:48:00:11:22"
    mine, other = make_business(), make_business()
    make_on(business=other, mac_address=mac)
    older = make_on(business=mine, mac_address=mac, first_seen=ago(days=3))
    newer = make_on(business=mine, mac_address=mac, first_seen=ago(days=1))
    viewer = Viewer("m", "MANAGER", frozenset({mine.id}))
    assert [row.id for row in queries.list_tokens_of(viewer, mac)] == [newer.id, older.id]
    assert len(queries.list_tokens_of(ADMIN, mac)) == 3


def test_the_hotspots_to_choose_from_serve_the_viewers_businesses():
    mine = make_business()
    hotspot = make_hotspot_business(business=mine).hotspot_id
    make_hotspot_business()
    viewer = Viewer("m", "MANAGER", frozenset({mine.id}))
    assert [each.id for each in queries.list_hotspots(viewer)] == [hotspot]
    assert len(queries.list_hotspots(ADMIN)) == 2
