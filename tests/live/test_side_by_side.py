"""A hotspot that keeps us waiting delays no other: not its batch, not what it is to be told."""

from threading import Event, Thread

import pytest

from tests.factories import make_business, make_plan, make_token
from tests.hotspots.stubs import Esp32Stub
from tests.live.conftest import serve
from tests.processes import wait_for
from wifiapp import clock
from wifiapp.access import Actor
from wifiapp.db import db
from wifiapp.hotspots import esp32, talking
from wifiapp.hotspots.esp32_wire import Pace
from wifiapp.tokens import batches_operations, bulk, operations, outbox_operations
from wifiapp.tokens import device_batches_operations as devices
from wifiapp.tokens.models import TokenBatch, WifiToken
from wifiapp.tokens.outbox_kinds import TOKEN_KINDS
from wifiapp.tokens.states import Event as What

BOSS = Actor(user_id=None, email="boss@example.org")


@pytest.fixture
def here(own_app, monkeypatch):
    monkeypatch.setattr(esp32, "PACE", Pace(single=0, page=0, read=60, change=60))
    monkeypatch.setattr(talking, "REST", 0.0)
    with own_app.app_context():
        yield own_app


@pytest.fixture
def dead():
    """A portal that takes each connection and says nothing until it recovers."""
    with Esp32Stub(ssid="Dead") as stub:
        stub.is_silent = True
        yield stub


@pytest.fixture
def well():
    with Esp32Stub(ssid="Well", max_tokens=500) as stub:
        yield stub


@pytest.fixture
def shops(here, dead, well):
    """Two plans, each of a shop with one portal; the dead one is always looked at first."""
    plans = []
    for number, box in enumerate((dead, well)):
        business = make_business()
        hotspot = serve(business, box.address, box.key, serial=box.ssid, id=f"{number}" * 36)
        plans.append((make_plan(business), hotspot))
    db.session.commit()
    return plans


@pytest.fixture
def lane(here):
    """Return a function that runs a task of the worker in a thread, which has to end."""
    threads, stop = [], Event()

    def run(task):
        def work():
            with here.app_context():
                task(stop)

        threads.append(Thread(target=work))
        threads[-1].start()

    yield run
    stop.set()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()


def ask(plan, count):
    batch_id = batches_operations.request_batch(BOSS, plan.id, None, count).id
    db.session.rollback()
    return batch_id


def is_done(batch_id):
    db.session.rollback()
    return db.session.get(TokenBatch, batch_id).status == "DONE"


def disable(plan, hotspot, code):
    token = make_token(plan=plan, hotspot=hotspot, token=code)
    db.session.commit()
    operations.end_tokens(BOSS, [token.id], What.DISABLE, "lost", bulk.digest([token]))
    db.session.rollback()
    return token.id


def is_disabled(token_id):
    db.session.rollback()
    return db.session.get(WifiToken, token_id).status == "DISABLED"


def test_a_batch_is_made_to_its_end_while_another_device_is_waited_for(shops, dead, well, lane):
    (slow, _), (quick, _) = shops
    ask(slow, 20)
    first = ask(quick, 50)
    lane(devices.run_due)
    wait_for(lambda: dead.requests and is_done(first))
    second = ask(quick, 30)  # due only now, and the dead one is still waited for
    wait_for(lambda: is_done(second))
    assert len(dead.requests) == 1 and len(well.tokens) == 80
    dead.recover()


def test_a_device_is_told_while_another_is_waited_for(shops, dead, well, lane):
    (slow, slow_box), (quick, quick_box) = shops
    disable(slow, slow_box, "AAAA2222")
    token_id = disable(quick, quick_box, well.add_token(quick.business_id))
    lane(lambda stop: outbox_operations.run_due(TOKEN_KINDS, stop))
    wait_for(lambda: dead.requests and is_disabled(token_id))
    assert len(dead.requests) == 1 and well.tokens == {}
    dead.recover()


def test_who_was_silent_often_comes_after_the_others(shops):
    (slow, _), (quick, _) = shops
    batch_id = ask(slow, 20)
    ask(quick, 20)
    db.session.get(TokenBatch, batch_id).failures = 3
    db.session.commit()
    found = [hotspot_id for hotspot_id, _ in devices._list_due(clock.now())]
    assert found == ["1" * 36, "0" * 36]


def test_a_fault_with_one_hotspot_stops_no_other_and_is_raised_in_the_end(
    shops, dead, well, monkeypatch
):
    (slow, _), (quick, _) = shops
    ask(slow, 20)
    batch_id = ask(quick, 20)
    talk = talking.talk

    def breaks(access, question):
        if access.address == dead.address:
            raise ZeroDivisionError
        return talk(access, question)

    monkeypatch.setattr(talking, "talk", breaks)
    with pytest.raises(ZeroDivisionError):
        devices.run_due(Event())
    assert is_done(batch_id)
    with devices.turn("0" * 36), devices.turn("1" * 36):
        pass  # each turn was given back
