"""Killed between the device's answer and our commit: afterwards the books and the device agree."""

import subprocess
import sys
from datetime import timedelta

import pytest

from tests.factories import make_device, make_sale, make_token
from tests.live.test_kills import (
    BOSS,
    box,
    codes,
    go_on,
    halting,
    is_waiting,
    kill,
    outside,
    shop,
    state,
)
from tests.processes import ROOT, environment, running_worker, start, wait_for
from wifiapp import clock
from wifiapp.db import db
from wifiapp.devices import blocks_operations
from wifiapp.tokens import outbox

__all__ = ["box", "outside", "shop"]

MAC = "AA:BB:CC:DD:EE:FF"
DONE = "SELECT status FROM hotspot_commands"
DO = """
from wsgi import app
from wifiapp.access import Actor
from wifiapp.sales import operations, spot_operations
from wifiapp.sales.orders import Order
with app.app_context():
    {what}
"""


@pytest.fixture
def in_use(shop, box):
    """A token that somebody uses: its row and the device's."""
    _url, plan, hotspot = shop
    code = box.add_token(plan.business_id)
    box.connect_device(code, MAC)
    box.tokens[code].first_use -= 1800
    ends = clock.now() + timedelta(minutes=30)
    token = make_token(plan=plan, hotspot=hotspot, token=code, status="ACTIVE", expires_at=ends)
    device = make_device(token, mac_address=MAC)
    make_sale(token)
    db.session.commit()
    return token, device


def do(url, folder, what):
    """Do something in a process of its own, as a page would in gunicorn's."""
    folder.mkdir(exist_ok=True)
    with (folder / "do.log").open("a") as log:
        return subprocess.Popen(
            [sys.executable, "-c", DO.format(what=what)],
            cwd=ROOT,
            env=environment(url, folder),
            stdout=log,
            stderr=log,
        )


def test_a_token_begins_anew_once(shop, in_use, box, outside, tmp_path):
    url, token = shop[0], in_use[0]
    outbox.add(
        BOSS,
        "EXTEND",
        "power was off",
        business_id=token.business_id,
        hotspot_id=token.hotspot_id,
        token_id=token.id,
    )
    db.session.commit()
    code = token.token
    db.session.rollback()
    halting(outside, "audit_logs", "INSERT")
    worker = start(url, tmp_path, "worker")
    try:
        wait_for(lambda: is_waiting(outside) and box.asked("/api/token/extend"))
    finally:
        kill(worker)
    go_on(outside, "audit_logs")
    with running_worker(url, tmp_path):
        wait_for(lambda: outside.execute(DONE).fetchone() == ("DONE",))
    assert len(box.asked("/api/token/extend")) == 1
    (ends,) = outside.execute(
        'SELECT extract(epoch FROM "expiresAt") FROM wifi_tokens WHERE token = %s', [code]
    ).fetchone()
    assert abs(float(ends) - box.tokens[code].first_use - 3600) < 10


def test_a_device_is_blocked_here_as_it_is_there(shop, in_use, box, outside, tmp_path):
    url, device = shop[0], in_use[1]
    blocks_operations.block_device(BOSS, device.id, "sells our codes")
    db.session.rollback()
    halting(outside, "device_blocks", "INSERT")
    worker = start(url, tmp_path, "worker")
    try:
        wait_for(lambda: is_waiting(outside))
        assert list(box.blacklist) == [MAC]
    finally:
        kill(worker)
    go_on(outside, "device_blocks")
    with running_worker(url, tmp_path):
        wait_for(lambda: outside.execute(DONE).fetchone() == ("DONE",))
    found = outside.execute('SELECT "macAddress" FROM device_blocks').fetchall()
    assert found == [(MAC,)] and list(box.blacklist) == [MAC]


def test_a_sale_that_makes_its_token_leaves_it_in_stock(shop, box, outside, tmp_path):
    url, plan, _hotspot = shop
    what = f"print(spot_operations.make_and_sell(Actor(None, 'till'), Order('{plan.id}', key='1')))"
    db.session.rollback()
    halting(outside, "wifi_tokens", "INSERT")
    till = do(url, tmp_path, what)
    try:
        wait_for(lambda: is_waiting(outside))
        assert len(box.tokens) == 1 and codes(outside) == set()
    finally:
        kill(till)
    go_on(outside, "wifi_tokens")
    sales = "SELECT count(*) FROM wifi_token_sales"
    with running_worker(url, tmp_path):
        wait_for(lambda: state(outside) == ("DONE", 1))
        assert codes(outside) == set(box.tokens)
        assert outside.execute(sales).fetchone() == (0,)
        assert do(url, tmp_path, what).wait(timeout=60) == 0  # the same order, once more
    assert len(box.tokens) == 1 and codes(outside, "SOLD") == set(box.tokens)
    assert outside.execute(sales).fetchone() == (1,)


def test_a_void_that_was_not_written_was_none(shop, box, outside, tmp_path):
    url, plan, hotspot = shop
    code = box.add_token(plan.business_id)
    sale = make_sale(make_token(plan=plan, hotspot=hotspot, token=code, status="SOLD"))
    what = f"operations.void_sale(Actor(None, 'boss'), '{sale.id}', 'wrong plan')"
    db.session.commit()
    halting(outside, "audit_logs", "INSERT")
    boss = do(url, tmp_path, what)
    try:
        wait_for(lambda: is_waiting(outside))
        assert box.asked("/api/token/info")
    finally:
        kill(boss)
    go_on(outside, "audit_logs")
    assert codes(outside, "SOLD") == {code} == set(box.tokens)
    assert do(url, tmp_path, what).wait(timeout=60) == 0
    assert codes(outside) == {code} == set(box.tokens)
