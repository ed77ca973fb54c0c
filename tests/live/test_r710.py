"""The same life of tokens on a Ruckus, whose codes are ours and which cannot begin one anew."""

from datetime import timedelta
from threading import Event as Signal

import pytest
import time_machine

from tests.factories import make_device, make_plan, make_token, make_user
from tests.hotspots.stubs import R710Stub
from tests.live.conftest import serve
from wifiapp import clock
from wifiapp.access import Actor, Viewer
from wifiapp.db import db
from wifiapp.devices import blocks_operations
from wifiapp.devices.blocks import ALL_KINDS
from wifiapp.hotspots import r710_wire
from wifiapp.sales.orders import Order
from wifiapp.sales.spot_operations import make_and_sell
from wifiapp.tokens import batches_operations, calls, codes, operations, outbox_operations
from wifiapp.tokens import device_batches_operations as devices
from wifiapp.tokens.models import WifiToken
from wifiapp.tokens.states import Event, Forbidden

BOSS = Actor(user_id=None, email="boss@example.org")
MAC = "AA:BB:CC:DD:EE:FF"


@pytest.fixture
def box(monkeypatch):
    monkeypatch.setattr(r710_wire, "SECONDS", 2)
    with R710Stub() as stub:
        yield stub


@pytest.fixture
def roof(box, shop):
    """The row of the access point."""
    hotspot = serve(
        shop,
        box.address,
        box.password,
        ssid="Corner Guests",
        name="Roof",
        system="R710",
        username=box.username,
        serial=box.serial,
        fingerprint=box.fingerprint,
    )
    db.session.commit()
    return hotspot


@pytest.fixture
def plan(shop, roof):
    plan = make_plan(shop, name="1 day", system="R710", duration_minutes=1440, device_limit=3)
    db.session.commit()
    return plan


def ask(plan, count):
    batch = batches_operations.request_batch(BOSS, plan.id, None, count)
    db.session.commit()
    return batch


def work(batch, rounds=1, after=timedelta(0)):
    db.session.commit()
    with time_machine.travel(clock.now() + after):
        for _ in range(rounds):
            devices.run_due(Signal())
    db.session.refresh(batch)
    return batch


def here(batch):
    return {each.token for each in db.session.query(WifiToken).filter_by(batch_id=batch.id)}


def test_a_batch_has_codes_of_ours(box, roof, plan):
    batch = work(ask(plan, 25), 2)
    assert (batch.status, batch.made, batch.error) == ("DONE", 25, None)
    assert here(batch) == set(box.passes)
    assert all(len(code) == codes.LENGTH for code in here(batch))
    assert {(p.ssid, p.seconds, p.share_number) for p in box.passes.values()} == {
        ("Corner Guests", 86400, 3)
    }
    tokens = db.session.query(WifiToken).filter_by(batch_id=batch.id).all()
    assert all(each.redeem_by and each.device_name for each in tokens)


@pytest.mark.parametrize("fault", ["lost", "reset", "hang up"])
def test_a_lost_answer_makes_no_token_too_many(box, plan, fault):
    box.fail(fault, "/admin/mon_createguest.jsp", times=1, after=3)
    batch = work(ask(plan, 10))
    assert here(batch) <= set(box.passes)
    batch = work(batch, 3, timedelta(minutes=6))
    assert (batch.status, batch.made) == ("DONE", 10)
    assert here(batch) == set(box.passes)


@pytest.mark.parametrize("made", [0, 4, 10])
def test_what_a_dead_worker_had_made_is_known_by_its_codes(box, roof, plan, made):
    batch = ask(plan, 10)
    calls.begin(batch, roof, 10)
    batch.status = "RUNNING"
    db.session.commit()
    box.add_pass(remarks="somebody else's")
    for code in batch.called_codes[:made]:
        box.add_pass(seconds=86400, key=code, share_number=3)
    work(batch, 2)
    assert (batch.status, batch.made) == ("DONE", 10)
    assert len(box.passes) == 11 and here(batch) < set(box.passes)


def test_a_network_that_is_not_there_fails_in_words(box, roof, plan):
    box.networks["1"] = ("Other Guests", "guest")
    batch = work(ask(plan, 5))
    assert batch.status == "FAILED" and "Roof refuses" in batch.error and box.passes == {}


def test_a_token_is_made_sold_and_disabled(box, plan):
    actor = Actor(make_user("SELLER").id, "thandi@example.org")
    db.session.commit()
    make_and_sell(actor, Order(plan.id, key="one"))
    (token,) = db.session.query(WifiToken).all()
    assert token.status == "SOLD" and token.token in box.passes
    assert operations.end_token(BOSS, token.id, Event.DISABLE, "lost").status == "DISABLED"
    assert box.passes == {}


def test_a_ruckus_cannot_begin_a_token_anew(plan, roof):
    token = make_token(plan=plan, hotspot=roof, status="ACTIVE")
    db.session.commit()
    with pytest.raises(Forbidden, match="An R710 cannot begin"):
        operations.extend_token(BOSS, token.id, "please")


def test_a_device_is_blocked_and_let_in_again(box, roof, plan):
    code = box.add_pass()
    box.connect_device(code, MAC)
    device = make_device(
        make_token(plan=plan, hotspot=roof, token=code, status="ACTIVE"), mac_address=MAC
    )
    db.session.commit()
    blocks_operations.block_device(BOSS, device.id, "noise")
    assert outbox_operations.run_due(ALL_KINDS, Signal()) == {"commands": 1}
    assert box.blocked == [MAC.lower()]
    blocks_operations.unblock_device(
        BOSS, Viewer(user_id="boss", role="ADMIN", business_ids=None), device.id
    )
    assert outbox_operations.run_due(ALL_KINDS, Signal()) == {"commands": 1}
    assert box.blocked == []


def test_the_token_s_page_says_what_a_ruckus_cannot_do(roof, plan, sign_in_as):
    token = make_token(plan=plan, hotspot=roof, status="ACTIVE")
    page = sign_in_as(make_user("ADMIN")).get(f"/tokens/{token.id}").text
    assert "An R710 cannot begin the time of a token anew" in page
