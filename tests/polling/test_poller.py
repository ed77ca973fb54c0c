"""Polling real connections: stubs of both kinds, several workers, a box that is slow, an end."""

import asyncio
import contextlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier, Event, Thread

import pytest
from sqlalchemy import select

from tests.factories import make_hotspot
from tests.hotspots.stubs import Esp32Stub
from tests.polling.conftest import register, sell
from tests.polling.looks import MAC, NOON
from tests.processes import wait_for
from wifiapp.backup import hold
from wifiapp.db import connect, db
from wifiapp.devices.models import DeviceSession, WifiTokenDevice
from wifiapp.hotspots import drivers
from wifiapp.hotspots.driver import Identity, SeenToken, Sighting
from wifiapp.hotspots.models import Hotspot
from wifiapp.hotspots.turns import turn
from wifiapp.polling import operations, poller, writing
from wifiapp.polling.state import Changes, Profile
from wifiapp.tokens.models import WifiToken


@pytest.fixture(autouse=True)
def within(own_app):
    """Work in an app of the test's own: other threads see what is committed."""
    with own_app.app_context():
        yield


def hotspot(hotspot_id):
    db.session.rollback()
    return db.session.get(Hotspot, hotspot_id, populate_existing=True)


@contextlib.contextmanager
def polling(app):
    """Poll as the worker's lane does while the body runs; it must end when it is told to."""
    stop = Event()

    def lane():
        with app.app_context():
            while not stop.wait(0.05):
                poller.poll_due(stop)

    thread = Thread(target=lane)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()


def test_both_kinds_of_boxes_fill_devices_sessions_and_tokens(portal, ruckus):
    ids = []
    for box in (portal, ruckus):
        mine = register(box)
        code = box.add_token(mine[1])
        sell(*mine, code)
        ids.append(mine[0])
        assert poller.poll_each([mine[0]])[0].online == 0
        box.connect_device(code, MAC, hostname="Tab")
    found = poller.poll_each(ids)
    assert [(each.error, each.online) for each in found] == [(None, 1), (None, 1)]
    assert set(db.session.scalars(select(WifiToken.status))) == {"ACTIVE"}
    rows = db.session.scalars(select(WifiTokenDevice)).all()
    assert [(each.mac_address, each.is_online) for each in rows] == [(MAC, True)] * 2
    assert set(db.session.scalars(select(DeviceSession.hotspot_id))) == set(ids)
    assert {hotspot(each).status for each in ids} == {"OK"}


def test_a_silent_box_is_kept_as_silent_and_delays_no_other(own_app, portal):
    with Esp32Stub() as slow:
        slow.is_silent = True
        slow_id, _ = register(slow)
        quick_id, _ = register(portal, poll_interval=0)
        with polling(own_app):
            wait_for(lambda: len(portal.asked("/api/health")) >= 3)
            wait_for(lambda: hotspot(slow_id).failures)
            looks = len(portal.asked("/api/health"))
            wait_for(lambda: len(portal.asked("/api/health")) > looks)
    assert hotspot(quick_id).failures == 0
    assert "It " in hotspot(slow_id).last_error


def test_a_stop_ends_a_conversation_that_is_under_way(own_app, portal):
    portal.is_silent = True
    hotspot_id, _ = register(portal)
    with polling(own_app):
        wait_for(lambda: portal.requests)
    assert hotspot(hotspot_id).last_contact_at is None
    with turn(hotspot_id):  # nobody holds it any more
        pass


def test_workers_that_look_for_work_at_once_share_it(own_app):
    ids = {register_many(n) for n in range(30)}
    barrier = Barrier(4)

    def work():
        with own_app.app_context():
            barrier.wait()
            return [each.hotspot_id for _ in range(9) for each in operations.claim_due()]

    with ThreadPoolExecutor(4) as threads:
        found = [
            each for done in [threads.submit(work) for _ in range(4)] for each in done.result()
        ]
    assert len(found) == len(ids)
    assert set(found) == ids


def register_many(n):
    with Esp32Stub() as box:
        return register(box, name=f"Box {n}")[0]


def test_a_box_that_somebody_talks_with_is_left_alone_and_asked_soon(portal, monkeypatch):
    monkeypatch.setattr(poller, "WAIT", 0.2)
    hotspot_id, _ = register(portal)
    with turn(hotspot_id):
        (found,) = poller.poll_each([hotspot_id])
    assert "Somebody else is talking" in found.error
    assert portal.requests == []
    assert (hotspot(hotspot_id).failures, hotspot(hotspot_id).status) == (0, "NEW")
    assert hotspot(hotspot_id).next_poll_at is not None


def test_during_a_restore_nothing_is_claimed_and_nothing_is_written(own_app, portal):
    hotspot_id, _ = register(portal)
    config = own_app.config["WIFIAPP"]
    with contextlib.closing(connect(config, autocommit=True)) as other, hold.shut(other):
        assert operations.claim_due() == []
        assert poller.poll_each([hotspot_id]) == []
        assert hotspot(hotspot_id).last_contact_at is None
        portal.fail("error", times=9)
        assert poller.poll_each([hotspot_id]) == []
        operations.put_off(hotspot_id, 1)
    assert (hotspot(hotspot_id).failures, hotspot(hotspot_id).next_poll_at) == (0, None)


def test_a_fault_of_ours_with_one_box_is_no_fault_with_another(portal, monkeypatch):
    good, _ = register(portal)
    bad = make_hotspot(system="R710", address="127.0.0.1:1", secret_encrypted="none of ours")
    db.session.commit()
    connect_driver = drivers.connect

    def fail(access):
        if access.system == "R710":
            raise KeyError("nobody thought of that")
        return connect_driver(access)

    monkeypatch.setattr(drivers, "connect", fail)
    claim = operations.Claim(bad.id, "Bad", replace(portal.access(), system="R710"))
    found = asyncio.run(together(claim, operations.claim(good)))
    assert [each.error for each in found] == [poller.FAULT, None]
    assert (hotspot(bad.id).failures, hotspot(bad.id).last_error) == (1, poller.FAULT)
    asyncio.run(together(claim))
    assert hotspot(bad.id).status == "SILENT"  # and is not taken for well


async def together(*claims):
    work = poller._Poller(poller._app())
    return await asyncio.gather(*(work._poll(each) for each in claims))


class Forgetful:
    """A box whose listing lacks tokens that it knows when asked for them by their codes."""

    def __init__(self, listed, known, *, is_complete=True):
        self.listed, self.known, self.is_complete = listed, known, is_complete
        self.asked = None

    async def look(self, watched):
        self.watched = set(watched)
        tokens = tuple(SeenToken(code, "UNUSED", devices=()) for code in self.listed)
        return Sighting(NOON, Identity("Corner"), tokens, self.is_complete)

    async def find(self, codes):
        self.asked = set(codes)
        return {c: SeenToken(c, "UNUSED", devices=()) for c in codes if c in self.known}


def test_a_token_that_lacks_in_a_listing_is_asked_for_by_its_code():
    box = Forgetful(["A"], ["B"])
    known = {"A": "UNUSED", "B": "SOLD", "C": "ACTIVE"}
    sighting = asyncio.run(poller.look(box, known))
    assert (box.watched, box.asked) == ({"C"}, {"B", "C"})
    assert {token.code for token in sighting.tokens} == {"A", "B"}


def test_a_listing_that_is_not_complete_is_asked_nothing_more():
    box = Forgetful(["A"], ["B"], is_complete=False)
    assert len(asyncio.run(poller.look(box, {"B": "SOLD"})).tokens) == 1
    assert box.asked is None


def test_the_phones_of_a_business_are_written_in_one_order_by_all_of_its_hotspots():
    macs = ["AA:00:00:00:00:02", "AA:00:00:00:00:01"]
    found = {("shop", mac): Profile("shop", mac, None, None, NOON) for mac in macs}
    rows = writing._with_ids(Changes(profiles=found))
    assert [row["mac"] for row in rows] == sorted(macs)
