"""A portal that pushes nothing: nothing false is said of its devices, and all of it is shown."""

from threading import Event

import pytest
import time_machine
from sqlalchemy import select

from tests.factories import make_sale, make_user
from tests.presence.conftest import MAC, NOON, OTHER, Portal, after, there
from wifiapp.access import COMMAND_LINE, Viewer
from wifiapp.analytics import outages_queries
from wifiapp.analytics.grid import build
from wifiapp.analytics.queries import Scope
from wifiapp.db import db
from wifiapp.devices import online, online_queries
from wifiapp.devices import queries as devices
from wifiapp.devices.models import DeviceSession
from wifiapp.hotspots import list_queries
from wifiapp.hotspots.models import HotspotOutage
from wifiapp.polling import push_operations
from wifiapp.presence import operations

ALL = Viewer("", "ADMIN", None)


def note_silent(at):
    with time_machine.travel(at, tick=False):
        found = push_operations.note_silent(Event())
    db.session.expire_all()
    return found


def state(portal, at):
    return list_queries.get_state(portal.hotspot.id, at)


def shown(at):
    """Return what is said of each device at the moment: its state, and since when if unknown."""
    found = devices.list_devices(ALL, devices.Wanted(), at).rows
    return {row.mac: (row.state, row.heard_at) for row in found}


def outages():
    query = select(HotspotOutage).order_by(HotspotOutage.started_at)
    return [(each.started_at, each.ended_at, each.reason) for each in db.session.scalars(query)]


def test_a_portal_with_a_key_is_new_then_answers_then_is_silent(app, portal):
    assert state(portal, NOON) == "NEW"
    portal.push(there())
    assert state(portal, after(3)) == "ANSWERS"
    assert state(portal, after(3, 1)) == "SILENT"
    operations.revoke_key(COMMAND_LINE, portal.hotspot.id)
    assert state(portal, after(4)) == "MANUAL"


def test_the_interval_of_a_hotspot_decides_when_it_is_silent(app):
    rare = Portal(app, poll_interval=600)
    rare.push()
    assert state(rare, after(30)) == "ANSWERS"
    assert note_silent(after(30)) is None
    assert state(rare, after(30, 1)) == "SILENT"
    assert note_silent(after(30, 1)) == {"silent": 1}


def test_devices_of_a_silent_portal_are_unknown_since_they_were_told_last(portal):
    portal.push(there())
    assert shown(after(3)) == {MAC: ("ONLINE", NOON)}
    assert shown(after(3, 1)) == {MAC: ("UNKNOWN", NOON)}
    note_silent(after(10))
    assert shown(after(10)) == {MAC: ("UNKNOWN", NOON)}
    portal.push(there(), at=after(20))
    assert shown(after(21)) == {MAC: ("ONLINE", after(20))}
    assert db.session.scalars(select(DeviceSession.ended_at)).all() == [None]


def test_a_device_that_is_not_named_any_more_is_unknown_by_itself(portal):
    portal.push(there(), there(mac=OTHER))
    for minute in range(1, 6):
        portal.push(there(mac=OTHER), at=after(minute))
    assert shown(after(5)) == {MAC: ("UNKNOWN", NOON), OTHER: ("ONLINE", after(5))}
    counts = devices.count_devices(ALL, devices.Wanted(), after(5))
    assert {name: counts[name].number for name in ("ONLINE", "UNKNOWN")} == {
        "ONLINE": 1,
        "UNKNOWN": 1,
    }


def test_an_hour_counts_a_device_as_long_as_it_was_told_of(portal):
    portal.token("LONG", expires_at=after(60 * 24), first_used_at=NOON, status="ACTIVE")
    for minute in range(0, 130, 2):
        named = [there("LONG", OTHER), *([there("LONG")] if minute < 6 else [])]
        portal.push(*named, at=after(minute))
    found = online_queries.count_by_hour(ALL, NOON, after(130))
    assert [found[hour] for hour in sorted(found)] == [2, 1, 1]


def test_an_outage_is_opened_once_by_the_worker_and_ended_by_the_next_push(portal):
    portal.push(there())
    assert note_silent(after(3)) is None
    assert note_silent(after(5)) == {"silent": 1}
    assert note_silent(after(6)) is None
    assert (portal.hotspot.status, portal.hotspot.last_error) == (
        "SILENT",
        "Its portal told nothing.",
    )
    assert outages() == [(NOON, None, "Its portal told nothing.")]
    portal.push(there(), at=after(20))
    assert outages() == [(NOON, after(20), "Its portal told nothing.")]
    assert (portal.hotspot.status, portal.hotspot.last_error) == ("OK", None)


def test_an_outage_that_no_worker_saw_is_kept_by_the_next_push(portal):
    portal.push()
    portal.push(at=after(60))
    assert outages() == [(NOON, after(60), "Its portal told nothing.")]


def test_a_portal_that_pushes_nonsense_is_silent_and_says_why(portal):
    portal.push(there())
    for minute in range(1, 5):
        portal.push({"token": "A3K9M7P2"}, at=after(minute))
    note_silent(after(5))
    assert outages()[0][2].startswith("Nothing of a push could be used.")


def test_nobody_waits_for_a_portal_without_a_key_in_force(app, portal):
    portal.push(there())
    operations.revoke_key(COMMAND_LINE, portal.hotspot.id)
    off = Portal(app)
    off.push()
    off.hotspot.is_active = False
    db.session.commit()
    assert note_silent(after(60)) is None
    assert outages() == []


def revoke(portal, at):
    with time_machine.travel(at, tick=False):
        operations.revoke_key(COMMAND_LINE, portal.hotspot.id)
    db.session.expire_all()


def renew(portal, at):
    with time_machine.travel(at, tick=False):
        _, portal.key = operations.make_key(COMMAND_LINE, portal.hotspot.id)
    db.session.expire_all()


def test_the_silence_of_a_portal_ends_with_its_key_and_the_time_without_one_is_not_known(portal):
    portal.push(there())
    note_silent(after(10))
    revoke(portal, after(20))
    assert outages() == [(NOON, after(20), "Its portal told nothing.")]
    renew(portal, after(200))
    without = (after(20), after(200), "Its portal had no key.")
    assert outages() == [(NOON, after(20), "Its portal told nothing."), without]
    portal.push(at=after(201))
    assert len(outages()) == 2


def test_the_hours_between_two_keys_are_not_known(portal):
    portal.row.created_at = NOON
    portal.push(there())
    revoke(portal, after(1))
    assert outages() == []
    renew(portal, after(200))
    assert outages() == [(NOON, after(200), "Its portal had no key.")]
    asked = online_queries.list_asked(ALL)
    found = online.hours(
        online_queries.count_by_hour(ALL, NOON, after(201)),
        asked,
        online_queries.list_outages([each.id for each in asked], NOON),
        NOON,
        after(201),
    )
    assert [hour.devices for hour in found[:3]] == [None, None, None]


def test_another_key_at_once_leaves_no_gap(portal):
    portal.push(there())
    revoke(portal, after(1))
    renew(portal, after(2))
    assert outages() == []


def test_the_silence_of_a_portal_is_missing_in_the_analytics(portal):
    portal.push(there())
    note_silent(after(5))
    portal.push(there(), at=after(45))
    scope = Scope((portal.business.id,))
    grid = build("hour", ["UTC"], NOON.date(), NOON.date(), after(60))
    found = outages_queries.find_silences(scope, grid, after(60))
    assert found.wholly == [(NOON, after(45))]


def test_the_pages_say_what_is_pushed_and_what_is_not_known(portal, sign_in_as):
    url = f"/hotspots/{portal.hotspot.id}"
    with time_machine.travel(NOON, tick=False):
        admin_client = sign_in_as(make_user("ADMIN"))
        assert "pushed by its portal" in admin_client.get(url).text
    portal.push(there())
    with time_machine.travel(after(1), tick=False):
        page = admin_client.get(url).text
        assert "Devices online" in page and "Last push" in page and "silent" not in page
        assert portal.hotspot.name in admin_client.get("/").text
    with time_machine.travel(after(10), tick=False):
        assert "Its portal is silent." in admin_client.get(url).text
        assert "Silent" in admin_client.get("/").text
        assert "Unknown" in admin_client.get("/devices?status=unknown").text


@pytest.mark.parametrize("revoked", [False, True])
def test_the_leak_finder_believes_a_portal_that_tells(portal, revoked, admin_client):
    """A token that was sold a day ago and never used is a leak only where its use would be told."""
    token = portal.token("B4M2N8Q5", duration_minutes=2 * 24 * 60)
    make_sale(token, sold_at=NOON)
    db.session.commit()
    portal.push(at=after(60 * 25))
    if revoked:
        operations.revoke_key(COMMAND_LINE, portal.hotspot.id)
    with time_machine.travel(after(60 * 26), tick=False):
        page = admin_client.get("/leaks/sold-unused?period=month").text
    assert ("B4M2 N8Q5" in page or "B4M2N8Q5" in page) != revoked
