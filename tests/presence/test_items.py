"""Whatever is sent: what cannot be used is answered item by item, and the others are kept."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.presence.conftest import MAC, NOON, OTHER, gone, rows, there
from wifiapp.db import db
from wifiapp.devices.models import DeviceProfile, DeviceSession, WifiTokenDevice
from wifiapp.presence.views import LONGEST_BODY

PRESENT = "2026-11-22T09:00:00Z"


def online():
    return set(db.session.scalars(select(WifiTokenDevice.mac_address)))


def problem(answer, status):
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    return answer.get_json()


# -- one by one ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "field", "says"),
    [
        (None, None, "An object"),
        ("A3K9M7P2", None, "An object"),
        ([], None, "An object"),
        ({}, "mac", "Missing"),
        (there(token=None), "token", "null"),
        (there(token=""), "token", "1 to 64"),
        (there(token="x" * 65), "token", "1 to 64"),
        (there(token="A\0B"), "token", "1 to 64"),
        (there(token="\ud800"), "token", "1 to 64"),
        (there(token=7), "token", "string"),
        (there(mac=""), "mac", "12 hexadecimal"),
        (there(mac="AC:DE:48:00:00"), "mac", "12 hexadecimal"),
        (there(mac="AC:DE:48:00:00:0G"), "mac", "12 hexadecimal"),
        (there(mac="AC:DE:48:00:00:01:02"), "mac", "12 hexadecimal"),
        (there(mac="00:00:00:00:00:00"), "mac", "12 hexadecimal"),
        (there(mac="ff-ff-ff-ff-ff-ff"), "mac", "12 hexadecimal"),
        (there(mac="\0"), "mac", "12 hexadecimal"),
        (there(mac="١٢٣٤٥٦٧٨٩٠١٢"), "mac", "12 hexadecimal"),
        (there(mac=112233445566), "mac", "12 hexadecimal"),
        (there(online="yes"), "online", "true or false"),
        (there(online=1), "online", "true or false"),
        (there(online=None), "online", "null"),
        (there(ip="192.168.4.300"), "ip", "IPv4 or IPv6"),
        (there(ip="192.168.4.1/24"), "ip", "IPv4 or IPv6"),
        (there(ip="localhost\0"), "ip", "IPv4 or IPv6"),
        (there(ip=3232235777), "ip", "IPv4 or IPv6"),
        (there(ipv6="fe80:::1"), "ipv6", "IPv4 or IPv6"),
        (there(hostname=["x"]), "hostname", "A text"),
        (there(bytesDown=-1), "bytesDown", "from 0 to 10000000000000"),
        (there(bytesDown=10**13 + 1), "bytesDown", "from 0 to 10000000000000"),
        (there(bytesUp=2**63), "bytesUp", "from 0 to 10000000000000"),
        (there(bytesUp=1.5), "bytesUp", "from 0 to 10000000000000"),
        (there(bytesUp="12"), "bytesUp", "from 0 to 10000000000000"),
        (there(bytesUp=True), "bytesUp", "from 0 to 10000000000000"),
        (there(signal=-128), "signal", "from -127 to 0"),
        (there(signal=40), "signal", "from -127 to 0"),
        (there(connectedAt="1970-01-01T00:00:00Z"), "connectedAt", "since 2020"),
        (there(connectedAt="9999-12-31T23:59:59Z"), "connectedAt", "since 2020"),
        (there(connectedAt="0001-01-01T00:00:00+14:00"), "connectedAt", "since 2020"),
        (there(connectedAt="9999-12-31T23:59:59-14:00"), "connectedAt", "since 2020"),
        (there(connectedAt="2026-11-23T10:00:01Z"), "connectedAt", "since 2020"),
        (there(connectedAt="yesterday"), "connectedAt", "since 2020"),
        (there(connectedAt=1764000000), "connectedAt", "since 2020"),
        (gone(leftAt="2026-13-01T00:00:00Z"), "leftAt", "since 2020"),
        (there(host="x"), "host", "no such field"),
    ],
)
def test_a_bad_item_is_named_with_what_is_allowed_and_the_good_ones_are_kept(
    portal, item, field, says
):
    push = [there(mac=OTHER), item, there(mac="AC:DE:48:00:00:03")]
    answer = portal.send(data=json.dumps(push), content_type="application/json")
    assert answer.status_code == 200, answer.text
    body = answer.get_json()
    assert body["taken"] == 2
    found = [each for each in body["refused"] if each["field"] == field]
    assert (found[0]["index"], found[0]["problem"]) == (1, "invalid")
    assert {each["index"] for each in body["refused"]} == {1}
    assert says in found[0]["message"]
    assert online() == {OTHER, "AC:DE:48:00:00:03"}


def test_each_field_of_an_item_is_named(portal):
    answer = portal.push(there(mac="x", ip="x", online="x"))
    assert [each["field"] for each in answer["refused"]] == ["mac", "online", "ip"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [("a\0b", "ab"), ("\ud800", "?"), ("", "?"), ("x" * 900_000, "x" * 40), ("a\x1b[31m", "a[31m")],
)
def test_the_name_of_a_field_that_does_not_exist_is_kept_as_far_as_it_can_be(portal, name, shown):
    answer = portal.send(data=json.dumps([there() | {name: 1}]), content_type="application/json")
    assert answer.status_code == 200, answer.text
    assert [each["field"] for each in answer.get_json()["refused"]] == [shown]
    assert portal.hotspot.last_error == (
        f"Nothing of a push could be used. Its first item: {shown}: There is no such field."
    )


def test_of_an_item_with_any_number_of_wrong_fields_a_few_are_named(portal):
    answer = portal.push(there(mac="x", **{f"x{number}": 1 for number in range(50_000)}))
    assert answer["refused"][0]["field"] == "mac" and len(answer["refused"]) == 5


@pytest.mark.parametrize(
    "mac",
    [
        "ac:de:48:00:00:01",
        "AC-DE-48-00-00-01",
        "acde48000001",
        "acde.4800.0001",
        " AC:DE:48:00:00:01 ",
    ],
)
def test_a_mac_may_be_written_in_any_way(portal, mac):
    portal.push(there(mac=mac))
    assert online() == {MAC}


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ({"ip": "2001:DB8::0001"}, ("2001:db8::1", "2001:db8::1", None)),
        ({"ip": "fe80::1%eth0"}, ("fe80::1", "fe80::1", None)),
        ({"ip": None, "ipv6": "2001:db8::1"}, ("2001:db8::1", None, "2001:db8::1")),
        ({"ip": "", "ipv6": ""}, (None, None, None)),
        ({"ipv6": "2001:db8::2"}, ("192.168.4.100", "192.168.4.100", "2001:db8::2")),
    ],
)
def test_an_address_has_one_spelling(portal, told, kept):
    portal.push(there(**told))
    device = db.session.scalars(select(WifiTokenDevice)).one()
    session = db.session.scalars(select(DeviceSession)).one()
    assert (device.current_ip, session.ip, session.ipv6) == kept


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("📱 Rudo's phone", "📱 Rudo's phone"),
        ("a\0b\x1b[31m\r\n", "ab[31m"),
        ("\ud83d", None),
        ("x" * 10_000, "x" * 255),
        ("é" * 10_000, "é" * 255),
        ("", None),
        (None, None),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
    ],
)
def test_a_name_is_kept_as_far_as_it_can_be(portal, name, kept):
    push = [there(hostname=name, deviceType=name, ssid=name, accessPoint=name)]
    portal.send(data=json.dumps(push), content_type="application/json")
    profile = db.session.scalars(select(DeviceProfile)).one()
    session = db.session.scalars(select(DeviceSession)).one()
    assert profile.hostname == session.access_point == kept
    assert profile.device_type == (kept and kept[:40])
    assert session.ssid == (kept and kept[:32])


@pytest.mark.parametrize("moment", [PRESENT, "2026-11-22T09:00:00", "2026-11-22T11:00:00+02:00"])
def test_a_moment_without_a_zone_is_utc(portal, moment):
    portal.push(there(connectedAt=moment))
    assert db.session.scalars(select(DeviceSession.started_at)).one().isoformat() == (
        "2026-11-22T09:00:00+00:00"
    )


def test_the_largest_numbers_fit(portal):
    for minute, count in enumerate((0, 10**13, 0, 10**13)):
        portal.push(
            there(bytesDown=count, bytesUp=count, signal=-127), at=NOON + timedelta(minutes=minute)
        )
    session = db.session.scalars(select(DeviceSession)).one()
    assert (session.counter_down, session.counter_up, session.signal) == (10**13, 10**13, -127)
    assert session.bytes_down == 0, "no line carries so much in a minute"


# -- all of them -----------------------------------------------------------------------------------


def test_a_push_of_which_nothing_can_be_read_is_no_sign_of_life(portal):
    answer = portal.push({"token": "A3K9M7P2", "online": True}, 7)
    assert (answer["at"], answer["taken"]) == (None, 0)
    assert portal.hotspot.last_contact_at is None
    assert portal.hotspot.last_error == (
        "Nothing of a push could be used. Its first item: mac: Missing data for required field."
    )
    portal.push(there())
    assert (portal.hotspot.last_error, portal.hotspot.last_contact_at) == (None, NOON)


def test_tokens_that_are_not_ours_are_a_sign_of_life(portal):
    portal.push(there("NOSUCH"))
    assert portal.hotspot.last_contact_at == NOON


def test_a_thousand_items_are_taken_and_one_more_is_refused(portal):
    codes = [portal.token(f"T{number:07}").token for number in range(50)]
    push = [
        there(codes[number % 50], f"ACDE4800{number:04x}", hostname=f"phone-{number}")
        for number in range(1000)
    ]
    assert portal.push(*push)["taken"] == 1000
    assert len(online()) == 1000
    before = rows(WifiTokenDevice, DeviceSession)
    answer = problem(portal.send(json=[*push, there(mac="AC:DE:48:FF:00:01")]), 422)
    assert answer["errors"] == {"_schema": ["A list of at most 1000 devices."]}
    assert "Nothing was done." in answer["detail"]
    assert rows(WifiTokenDevice, DeviceSession) == before


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b"[" * 9000, b"[{]", b"nul", b"[" + b"9" * 5000]
)
def test_what_is_not_json_is_400(portal, body):
    problem(portal.send(data=body, content_type="application/json"), 400)
    assert portal.hotspot.last_contact_at is None


@pytest.mark.parametrize("body", ["{}", "null", '"x"', "7", '{"devices": []}'])
def test_what_is_not_a_list_is_422(portal, body):
    answer = problem(portal.send(data=body, content_type="application/json"), 422)
    assert answer["errors"] == {"_schema": ["A list of at most 1000 devices."]}


def test_a_body_that_is_too_long_is_413(portal):
    body = b"[" + b" " * LONGEST_BODY + b"]"
    answer = problem(portal.send(data=body, content_type="application/json"), 413)
    assert "longer than 1 MB" in answer["detail"]


def test_what_does_not_say_that_it_is_json_is_415(portal):
    problem(portal.send(data=b"[]", content_type="text/plain"), 415)


@pytest.mark.parametrize("query", [{"everybody": "yes"}, {"everyone": "true"}])
def test_what_stands_in_the_address_is_understood_or_refused(portal, query):
    answer = problem(portal.send(json=[], query_string=query), 422)
    assert [*answer["errors"]] == [*query]
    assert portal.hotspot.last_contact_at is None
