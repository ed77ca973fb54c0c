"""Devices online, hour by hour: counted once an hour, and never 0 where nobody knows."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tests.factories import (
    make_business,
    make_device,
    make_hotspot,
    make_hotspot_business,
    make_membership,
    make_outage,
    make_session,
    make_token,
    make_user,
)
from wifiapp.db import db
from wifiapp.devices.online import Hour, hours

NOW = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def half_past_twelve():
    with time_machine.travel(NOW, tick=False):
        yield


def at(hour, minute=0, day=20):
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


@pytest.fixture
def shop():
    return make_business(name="Corner Shop", timezone="UTC")


@pytest.fixture
def hotspot(shop):
    box = make_hotspot(last_contact_at=NOW, created_at=at(0, day=1))
    make_hotspot_business(box, shop)
    return box


def stay(shop, hotspot, start, end=None, **given):
    token = make_token(shop, hotspot=hotspot, status="ACTIVE")
    device = make_device(token, is_online=end is None, first_seen=start, last_seen=end or NOW)
    ended = {"ended_at": end, "end_reason": "LEFT"} if end else {}
    make_session(device, started_at=start, **ended, **given)
    db.session.commit()
    return device


def by_hour(client, **args):
    rows = client.get("/devices/online.json", query_string=args).json["rows"]
    return {row["start"][8:13]: row["devices"] for row in rows}


def test_a_device_counts_in_each_hour_that_it_was_there(admin_client, shop, hotspot):
    device = stay(shop, hotspot, at(8, 50), at(10))
    make_session(device, started_at=at(10, 30), ended_at=at(10, 40), end_reason="LEFT")
    make_session(device, started_at=at(10, 45), ended_at=at(10, 50), end_reason="LEFT")
    stay(shop, hotspot, at(9, 15), at(9, 20))
    stay(shop, hotspot, at(11, 59))
    found = by_hour(admin_client)
    assert len(found) == 24
    wanted = {"20T07": 0, "20T08": 1, "20T09": 2, "20T10": 1, "20T11": 1, "20T12": 1}
    assert {hour: found[hour] for hour in wanted} == wanted
    assert len(by_hour(admin_client, period="week")) == 168


def test_an_hour_in_which_no_hotspot_was_heard_is_no_zero(admin_client, shop, hotspot):
    make_outage(hotspot, started_at=at(6, 30), ended_at=at(9, 10))
    stay(shop, hotspot, at(5), at(6, 30))
    found = by_hour(admin_client)
    assert [found[f"20T{hour:02d}"] for hour in range(5, 11)] == [1, 1, None, None, 0, 0]
    page = admin_client.get("/devices/online").text
    assert "no data" in page


def test_a_second_hotspot_that_was_heard_makes_it_a_number(admin_client, shop, hotspot):
    make_outage(hotspot, started_at=at(7), ended_at=at(9))
    other = make_hotspot(last_contact_at=NOW, created_at=at(8, day=20))
    make_hotspot_business(other, shop)
    db.session.commit()
    found = by_hour(admin_client)
    assert (found["20T07"], found["20T08"]) == (None, 0)
    assert by_hour(admin_client, hotspot=hotspot.id)["20T08"] is None
    assert by_hour(admin_client, hotspot=other.id)["20T07"] is None  # before it was there


def test_devices_of_a_silent_hotspot_count_until_it_was_heard(admin_client, shop):
    box = make_hotspot(status="SILENT", last_contact_at=at(10, 15), created_at=at(0, day=1))
    make_hotspot_business(box, shop)
    make_outage(box, started_at=at(10, 15))
    device = stay(shop, box, at(9, 30))
    device.last_seen = at(10, 15)
    db.session.commit()
    found = by_hour(admin_client)
    assert [found[f"20T{hour}"] for hour in ("09", "10", "11", "12")] == [1, 1, None, None]


def test_nobody_sees_the_devices_of_another_business(sign_in_as, shop, hotspot):
    foreign = make_business()
    make_hotspot_business(hotspot, foreign)
    stay(foreign, hotspot, at(9), at(10))
    user = make_user("MANAGER")
    make_membership(user, shop)
    found = by_hour(sign_in_as(user))
    assert found["20T09"] == 0


def test_the_page_its_table_and_its_files_agree(admin_client, shop, hotspot):
    stay(shop, hotspot, at(9), at(10))
    page = admin_client.get("/devices/online?period=week")
    assert page.status_code == 200 and "data-chart" in page.text
    lines = admin_client.get("/devices/online.csv?period=week").text.splitlines()
    assert lines[0] == "start,devices,hotspots,silent" and len(lines) == 169
    assert "2026-11-20T09:00:00Z,1,1,0" in lines
    assert admin_client.get("/devices/online.csv?period=year").status_code == 400
    assert "There is no such period" in admin_client.get("/devices/online?period=year").text
    assert (
        json.loads(admin_client.get("/devices/online.json").text)["asOf"] == "2026-11-20T12:30:00Z"
    )


def test_outages_that_follow_each_other_fill_an_hour():
    class Outage:
        def __init__(self, start, end):
            self.hotspot_id, self.started_at, self.ended_at = "h", start, end

    class Box:
        id, created_at = "h", at(0)

    spans = [Outage(at(8, 30), None), Outage(at(7, 50), at(8, 30))]
    found = hours({at(8): 3}, [Box], spans, at(8), at(8) + timedelta(hours=1))
    assert found == [Hour(at(8), None, 1, 1)]
    gap = [Outage(at(8, 31), None), Outage(at(7, 50), at(8, 30))]
    assert hours({at(8): 3}, [Box], gap, at(8), at(9))[0].devices == 3
