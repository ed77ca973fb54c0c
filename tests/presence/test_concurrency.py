"""Pushes at the same time, beside polls and sales, and during a restore; real commits."""

import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from sqlalchemy import func, select
from sqlalchemy.engine import make_url

from tests.presence.conftest import Portal, there
from tests.processes import wait_for
from wifiapp.access import COMMAND_LINE
from wifiapp.backup import hold
from wifiapp.db import db
from wifiapp.devices.models import DeviceSession, TokenUsage, WifiTokenDevice
from wifiapp.polling import push_operations
from wifiapp.presence import operations


@pytest.fixture
def portal(own_app):
    """A portal of an installation of its own; what it needs to push is kept as plain values."""
    with own_app.app_context():
        portal = Portal(own_app)
        for code in ("A3K9M7P2", "B4M2N8Q5"):
            portal.token(code)
        portal.hotspot_id = portal.hotspot.id
        db.session.commit()
        db.session.remove()
    return portal


@pytest.fixture
def other(own_database):
    """A connection of somebody else."""
    url = make_url(own_database).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def push(app, key, items):
    """Push as a portal does, from a thread of its own."""
    headers = {"Authorization": f"Bearer {key}"}
    return app.test_client().post("/api/v1/presence", json=items, headers=headers, csrf=False)


def counted(model):
    return db.session.scalar(select(func.count()).select_from(model))


def test_pushes_at_once_for_one_hotspot_wait_for_each_other(own_app, portal):
    """The counters of the same connections, told over and over from eight threads, add up once."""
    devices = [f"AC:DE:48:00:00:{n:02X}" for n in range(20)]
    start = threading.Barrier(8)

    def run(number):
        start.wait()
        codes = ("A3K9M7P2", "B4M2N8Q5")
        return [
            push(
                own_app,
                portal.key,
                [
                    there(codes[n % 2], mac, bytesDown=1000 * n, hostname=f"phone-{n}")
                    for n, mac in (
                        enumerate(devices) if number % 2 else [*enumerate(devices)][::-1]
                    )
                ],
            ).status_code
            for _ in range(4)
        ]

    with ThreadPoolExecutor(8) as pool:
        assert {code for codes in pool.map(run, range(8)) for code in codes} == {200}
    with own_app.app_context():
        assert counted(WifiTokenDevice) == counted(DeviceSession) == 20
        assert counted(TokenUsage) == 0, "what ran before the first push is nobody's growth"
    more = [there("A3K9M7P2", devices[0], bytesDown=500_000)]
    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(push, own_app, portal.key, more) for _ in range(8)]
        assert {each.result().status_code for each in answers} == {200}
    with own_app.app_context():
        sums = [
            db.session.scalar(select(func.sum(c.bytes_down))) for c in (TokenUsage, DeviceSession)
        ]
        assert sums == [500_000, 500_000]


def test_a_push_waits_for_whoever_holds_the_hotspot(own_app, portal, other):
    """A change of the hotspot's row under way is not overtaken."""
    with ThreadPoolExecutor(1) as pool:
        with other.transaction():
            other.execute("SELECT 1 FROM hotspots WHERE id = %s FOR UPDATE", [portal.hotspot_id])
            pushed = pool.submit(push, own_app, portal.key, [there()])
            waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            wait_for(lambda: other.execute(waits + "AND wait_event_type = 'Lock'").fetchone()[0])
            assert not pushed.done()
        assert pushed.result(30).status_code == 200


def test_a_push_during_a_restore_is_asked_to_come_again(own_app, portal, other):
    other.execute(hold.SHUT)
    answer = push(own_app, portal.key, [there()])
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert answer.mimetype == "application/problem+json"
    with own_app.app_context():
        assert counted(WifiTokenDevice) == 0
        db.session.rollback()
    other.execute(hold.OPEN)
    assert push(own_app, portal.key, [there()]).status_code == 200


@pytest.mark.parametrize("items", [[there()], [{}]])
def test_a_restore_that_begins_in_the_middle_of_a_push_loses_nothing(
    own_app, portal, other, monkeypatch, items
):
    """The gate falls shut between the look at the key and the write: the push is not taken."""
    admit = operations.admit

    def admit_and_restore(*given):
        found = admit(*given)
        other.execute(hold.SHUT)
        return found

    monkeypatch.setattr(operations, "admit", admit_and_restore)
    answer = push(own_app, portal.key, items)
    assert answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0
    other.execute(hold.OPEN)
    monkeypatch.undo()
    with own_app.app_context():
        assert counted(WifiTokenDevice) == 0
        db.session.rollback()
    assert push(own_app, portal.key, items).status_code == 200


def test_the_worker_opens_no_outage_during_a_restore(own_app, portal, other):
    with own_app.app_context():
        task = hold.unless_shut(push_operations.note_silent)
        other.execute("UPDATE hotspots SET status = 'OK', \"lastContactAt\" = '2026-01-01'")
        other.execute(hold.SHUT)
        assert task(threading.Event()) is None
        other.execute(hold.OPEN)
        assert task(threading.Event()) == {"silent": 1}


def test_two_keys_made_at_once_are_one(own_app, portal):
    def make(_):
        with own_app.app_context():
            return operations.make_key(COMMAND_LINE, portal.hotspot_id, replace=True)[1]

    with ThreadPoolExecutor(4) as pool:
        texts = list(pool.map(make, range(4)))
    answers = [push(own_app, text, []).status_code for text in (*texts, portal.key)]
    assert sorted(answers) == [200, 401, 401, 401, 401]
