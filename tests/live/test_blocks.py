"""Devices that are kept out of a whole hotspot, and let in again."""

from datetime import timedelta
from threading import Event

import pytest
import time_machine

from tests.factories import (
    make_business,
    make_device,
    make_hotspot_business,
    make_membership,
    make_plan,
    make_session,
    make_token,
    make_user,
)
from wifiapp import clock
from wifiapp.access import Actor, Viewer
from wifiapp.audit.models import AuditLog
from wifiapp.db import db
from wifiapp.devices import blocks, blocks_operations
from wifiapp.devices.blocks import ALL_KINDS, BLOCK_KINDS
from wifiapp.devices.blocks_models import DeviceBlock
from wifiapp.devices.blocks_operations import CannotBlock, InvalidReason
from wifiapp.errors import NotFound
from wifiapp.hotspots import drivers, esp32
from wifiapp.tokens import outbox_operations

BOSS = Actor(user_id=None, email="boss@example.org")
EVERYTHING = Viewer(user_id="boss", role="ADMIN", business_ids=None)
MAC = "AA:BB:CC:DD:EE:FF"


@pytest.fixture
def device(box, counter, plan):
    code = box.add_token(plan.business_id)
    box.connect_device(code, MAC)
    token = make_token(plan=plan, hotspot=counter, token=code, status="ACTIVE")
    device = make_device(token, mac_address=MAC)
    make_session(device)
    db.session.commit()
    return device


@pytest.fixture
def manager(sign_in_as, shop):
    user = make_user("MANAGER")
    make_membership(user, shop)
    return sign_in_as(user)


def block(device, reason="sells our codes"):
    command = blocks_operations.block_device(BOSS, device.id, reason)
    return outbox_operations.try_now(BLOCK_KINDS, command.id)


def test_a_device_is_blocked_on_its_hotspot_and_let_in_again(box, counter, device):
    assert block(device).status == "DONE"
    assert box.blacklist[MAC]["reason"] == "sells-our-codes"
    row = blocks.in_force(counter.id, MAC)
    assert (row.reason, row.blocked_by) == ("sells our codes", "boss@example.org")
    with pytest.raises(CannotBlock, match="blocked already"):
        block(device)
    command = blocks_operations.unblock_device(BOSS, EVERYTHING, device.id)
    assert outbox_operations.try_now(BLOCK_KINDS, command.id).status == "DONE"
    assert box.blacklist == {} and blocks.in_force(counter.id, MAC) is None
    db.session.refresh(row)
    assert row.unblocked_by == "boss@example.org" and row.unblocked_at
    with pytest.raises(CannotBlock, match="not blocked"):
        blocks_operations.unblock_device(BOSS, EVERYTHING, device.id)
    assert block(device).status == "DONE" and db.session.query(DeviceBlock).count() == 2
    actions = [each.action for each in db.session.query(AuditLog).order_by(AuditLog.at)]
    assert actions == ["device.block", "device.unblock", "device.block"]


def test_another_shop_on_the_hotspot_neither_lifts_a_block_nor_reads_its_reason(
    box, counter, device, plan, sign_in_as
):
    block(device)
    other = make_business()
    make_hotspot_business(counter, other)
    user = make_user("MANAGER")
    make_membership(user, other)
    theirs = make_device(
        make_token(plan=make_plan(other), hotspot=counter, status="ACTIVE"), mac_address=MAC
    )
    db.session.commit()
    client = sign_in_as(user)
    client.post(f"/devices/{theirs.id}/unblock")
    assert MAC in box.blacklist and blocks.in_force(counter.id, MAC)
    page = client.get(f"/devices/{theirs.id}").text
    assert "has to let it in" in page and "Let it in again" not in page
    assert "sells our codes" not in page and BOSS.email not in page


def test_a_portal_leaves_the_running_session_alone(device):
    block(device)
    db.session.refresh(device)
    assert device.is_online


def test_where_blocking_throws_off_the_session_ends_with_it(device, monkeypatch):
    able = {"ESP32": esp32.CAPABILITIES.__class__(20, True, ends_running_sessions=True)}
    monkeypatch.setattr(drivers, "CAPABILITIES", able)
    block(device)
    db.session.refresh(device)
    assert not device.is_online
    query = db.text('SELECT "endReason", "endedAt" IS NOT NULL FROM device_sessions')
    assert db.session.execute(query).one() == ("BLOCKED", True)


def test_a_silent_hotspot_is_told_when_it_answers(box, counter, device):
    box.fail("hang up", times=99)
    assert block(device).status == "PENDING"
    assert blocks.in_force(counter.id, MAC) is None
    box.recover()
    with time_machine.travel(clock.now() + timedelta(minutes=6)):
        assert outbox_operations.run_due(ALL_KINDS, Event()) == {"commands": 1}
    assert MAC in box.blacklist and blocks.in_force(counter.id, MAC)


def test_what_cannot_be_is_refused_in_words(counter, device, plan):
    for reason in ("", " ", "x" * 32):
        with pytest.raises(InvalidReason, match="1 to 31"):
            block(device, reason)
    by_hand = make_device(make_token(plan=plan, status="ACTIVE"))
    with pytest.raises(CannotBlock, match="not called from here"):
        block(by_hand)
    with pytest.raises(NotFound):
        blocks_operations.block_device(BOSS, "nobody", "reason")


def test_the_buttons_of_a_device_s_page(box, device, manager):
    url = f"/devices/{device.id}"
    page = manager.post(f"{url}/block", data={"reason": ""}, follow_redirects=True)
    assert "Enter a reason" in page.text and box.blacklist == {}
    page = manager.post(f"{url}/block", data={"reason": "noise"}, follow_redirects=True)
    assert "is kept out of Counter" in page.text and MAC in box.blacklist
    page = manager.post(f"{url}/block", data={"reason": "noise"}, follow_redirects=True)
    assert "blocked already" in page.text
    page = manager.post(f"{url}/unblock", follow_redirects=True)
    assert "may go online again" in page.text and box.blacklist == {}
    box.fail("hang up", times=99)
    page = manager.post(f"{url}/block", data={"reason": "noise"}, follow_redirects=True)
    assert "It is told as soon as it answers" in page.text


def test_the_devices_of_others_are_not_touched(device, sign_in_as):
    stranger = sign_in_as(make_user("MANAGER"))
    for verb in ("block", "unblock"):
        assert (
            stranger.post(f"/devices/{device.id}/{verb}", data={"reason": "x"}).status_code == 404
        )
