"""Workers that are killed at the worst moments, and several at once, with a real portal."""

from datetime import timedelta

import psycopg
import pytest
from sqlalchemy.engine import make_url

from tests.factories import make_business, make_plan, make_token
from tests.hotspots.stubs import Esp32Stub
from tests.live.conftest import portal
from tests.processes import running_worker, start, wait_for
from wifiapp import clock
from wifiapp.access import Actor
from wifiapp.db import db
from wifiapp.tokens import batches_operations, bulk, operations
from wifiapp.tokens.states import Event

BOSS = Actor(user_id=None, email="boss@example.org")
MAKING = "/api/tokens/bulk_create"


@pytest.fixture
def box():
    with Esp32Stub() as stub:
        yield stub


@pytest.fixture
def shop(own_app, box):
    """An installation of its own: its configuration, a plan's id and the portal's row."""
    with own_app.app_context():
        business = make_business()
        plan, hotspot = make_plan(business), portal(box, business)
        db.session.commit()
        yield own_app.config["WIFIAPP"].database_url, plan, hotspot
        db.session.rollback()


@pytest.fixture
def outside(own_database):
    url = make_url(own_database).set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as connection:
        connection.execute("SET lock_timeout = '20s'")
        yield connection


def ask(plan, count):
    batches_operations.request_batch(BOSS, plan.id, None, count)
    db.session.rollback()  # no transaction of ours stands in the way of the workers


def state(outside):
    return outside.execute("SELECT status, made FROM token_batches").fetchone()


def codes(outside, status="UNUSED"):
    query = "SELECT token FROM wifi_tokens WHERE status = %s"
    return {row[0] for row in outside.execute(query, [status])}


def halting(outside, table, event):
    """Let whoever changes the table so wait for us."""
    outside.execute(
        f"""
        CREATE FUNCTION halt() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            PERFORM pg_advisory_xact_lock(4711);
            RETURN NULL;
        END $$;
        CREATE TRIGGER halt AFTER {event} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION halt();
        SELECT pg_advisory_lock(4711);
        """
    )


def go_on(outside, table):
    outside.execute("SELECT pg_advisory_unlock(4711)")
    outside.execute(f"DROP TRIGGER halt ON {table}")


def is_waiting(outside):
    query = """
        SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory'
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    """
    return outside.execute(query).fetchone()[0] > 0


def kill(worker):
    worker.kill()
    worker.wait()


def test_killed_after_the_device_made_them_and_before_they_were_written(
    shop, box, outside, tmp_path
):
    url, plan, _hotspot = shop
    ask(plan, 50)
    halting(outside, "wifi_tokens", "INSERT")
    worker = start(url, tmp_path, "worker")
    try:
        wait_for(lambda: is_waiting(outside))
        assert len(box.tokens) == 20 and codes(outside) == set()
    finally:
        kill(worker)
    go_on(outside, "wifi_tokens")
    with running_worker(url, tmp_path):
        wait_for(lambda: state(outside) == ("DONE", 50))
    assert codes(outside) == set(box.tokens) and len(box.tokens) == 50


def test_killed_while_the_device_was_making_them(shop, box, outside, tmp_path):
    url, plan, _hotspot = shop
    ask(plan, 30)
    box.fail("silent", MAKING)
    worker = start(url, tmp_path, "worker")
    try:
        wait_for(lambda: len(box.tokens) == 20)
    finally:
        kill(worker)
    assert codes(outside) == set()
    with running_worker(url, tmp_path):
        wait_for(lambda: state(outside) == ("DONE", 30))
    assert codes(outside) == set(box.tokens) and len(box.tokens) == 30


def test_killed_after_a_token_was_disabled_on_the_device(shop, box, outside, tmp_path):
    url, plan, hotspot = shop
    tokens = [
        make_token(plan=plan, hotspot=hotspot, token=box.add_token(plan.business_id))
        for _ in range(5)
    ]
    db.session.commit()
    ids, seen = [each.id for each in tokens], bulk.digest(tokens)
    operations.end_tokens(BOSS, ids, Event.DISABLE, "season is over", seen)
    db.session.rollback()
    halting(outside, "audit_logs", "INSERT")
    worker = start(url, tmp_path, "worker")
    try:
        wait_for(lambda: is_waiting(outside))
        assert box.tokens == {} and len(codes(outside)) == 5
    finally:
        kill(worker)
    go_on(outside, "audit_logs")
    with running_worker(url, tmp_path):
        wait_for(lambda: len(codes(outside, "DISABLED")) == 5)
        done = "SELECT count(*) FROM hotspot_commands WHERE status = 'DONE'"
        wait_for(lambda: outside.execute(done).fetchone() == (5,))


def test_two_workers_and_a_command_make_no_token_too_many(shop, box, outside, tmp_path):
    url, plan, _hotspot = shop
    box.max_tokens = 500
    for _ in range(3):
        ask(plan, 30)
    unfinished = "SELECT count(*) FROM token_batches WHERE status <> 'DONE'"
    with running_worker(url, tmp_path / "a"), running_worker(url, tmp_path / "b"):
        command = start(url, tmp_path, "tokens", "make", "--plan", plan.id, "--count", "30")
        assert command.wait(timeout=60) == 0
        wait_for(lambda: outside.execute(unfinished).fetchone() == (0,))
    assert codes(outside) == set(box.tokens) and len(box.tokens) == 120


def test_two_workers_do_nothing_twice(shop, box, outside, tmp_path):
    url, plan, hotspot = shop
    box.max_tokens = 200
    plan.hotspot_id, plan.min_stock, plan.refill_to = hotspot.id, 10, 30
    past = clock.now() - timedelta(hours=1)
    for _ in range(40):
        make_token(plan=plan, status="SOLD", redeem_by=past)
    ended = [
        make_token(plan=plan, hotspot=hotspot, token=box.add_token(plan.business_id), status="SOLD")
        for _ in range(25)
    ]
    db.session.commit()
    ids, seen = [each.id for each in ended], bulk.digest(ended)
    operations.end_tokens(BOSS, ids, Event.DISABLE, "season is over", seen)
    db.session.rollback()

    def told(action):
        query = "SELECT change FROM audit_logs WHERE action = %s"
        return [row[0] for row in outside.execute(query, [action])]

    with running_worker(url, tmp_path / "a"), running_worker(url, tmp_path / "b"):
        wait_for(lambda: len(codes(outside, "DISABLED")) == 25)
        wait_for(lambda: state(outside) == ("DONE", 30))
        wait_for(lambda: len(codes(outside, "EXPIRED")) == 40)
        wait_for(lambda: outside.execute("SELECT count(*) FROM rollup_states").fetchone()[0] == 2)
    assert sum(each["tokens"] for each in told("token.expire")) == 40
    assert len(told("token.disable")) == 25 and len(told("batch.create")) == 1
    assert codes(outside) == set(box.tokens) and len(box.tokens) == 30
    assert start(url, tmp_path, "analytics", "rollup").wait(timeout=60) == 0
    assert start(url, tmp_path, "analytics", "check").wait(timeout=60) == 0
