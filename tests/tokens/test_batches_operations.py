"""Making tokens by the batch: exactly as many as were asked for, whatever happens in between."""

import subprocess
import sys
from collections import Counter
from threading import Event

import psycopg
import pytest
from sqlalchemy.engine import make_url

from tests.factories import (
    make_batch,
    make_business,
    make_hotspot,
    make_hotspot_business,
    make_plan,
    make_token,
)
from tests.processes import ROOT, environment, finish, running_worker, start, wait_for
from wifiapp.access import Actor
from wifiapp.audit.models import AuditLog
from wifiapp.businesses.models import Business
from wifiapp.columns import new_id
from wifiapp.db import db
from wifiapp.errors import NotFound, WifiError
from wifiapp.hotspots.models import Hotspot
from wifiapp.tokens import batches, batches_operations, codes, plans_operations
from wifiapp.tokens.batches import Unfit
from wifiapp.tokens.batches_operations import InvalidCount
from wifiapp.tokens.limits import Terms
from wifiapp.tokens.models import TokenBatch, WifiToken

BOSS = Actor(user_id=None, email="boss@example.org")


@pytest.fixture
def plan():
    return make_plan(name="1 hour", download_mb=250, device_limit=2)


def ask(plan, count=10, hotspot_id=None, **given):
    return batches_operations.request_batch(BOSS, plan.id, hotspot_id, count, **given)


def work():
    return batches_operations.run_queued(Event())


def tokens_of(batch):
    return db.session.query(WifiToken).filter_by(batch_id=batch.id).all()


def actions():
    return [each.action for each in db.session.query(AuditLog).order_by(AuditLog.at)]


# -- making ----------------------------------------------------------------------------------


def test_a_batch_is_made_of_the_plan_as_it_was(plan):
    batch = ask(plan, 250)
    assert (batch.status, batch.made, batch.created_by) == ("QUEUED", 0, "boss@example.org")
    plans_operations.change_plan(BOSS, plan.id, Terms("2 hours", 120, plan.price))
    assert work() == {"tokens": 250}
    assert (batch.status, batch.made, batch.error) == ("DONE", 250, None)
    assert batch.created_at <= batch.started_at <= batch.finished_at
    made = tokens_of(batch)
    assert len({token.token for token in made}) == 250
    assert {
        (t.plan_name, t.duration_minutes, t.download_mb, t.device_limit, t.status) for t in made
    } == {("1 hour", 60, 250, 2, "UNUSED")}
    assert {(t.hotspot_id, t.token_config_id, t.system) for t in made} == {
        (batch.hotspot_id, plan.id, "ESP32")
    }
    assert actions() == ["hotspot.create", "batch.create", "plan.change", "batch.done"]


def test_nothing_to_make_is_nothing_done():
    assert work() is None


def test_the_manual_hotspot_of_a_business_and_system_is_made_once(plan):
    first, second = ask(plan), ask(plan)
    other = ask(make_plan(business_id=plan.business_id, system="R710"))
    assert first.hotspot_id == second.hotspot_id != other.hotspot_id
    found = {hotspot.name: hotspot for hotspot in db.session.query(Hotspot)}
    assert found.keys() == {"Manual ESP32", "Manual R710"}
    assert all(each.is_manual and each.address == "" for each in found.values())


@pytest.mark.parametrize("count", [-1, 0, 1001])
def test_a_batch_has_its_bounds(plan, count):
    with pytest.raises(InvalidCount, match="1 to 1,000"):
        ask(plan, count)


def test_what_does_not_fit_together_is_refused_in_words(plan):
    business = db.session.get(Business, plan.business_id)
    elsewhere = make_hotspot(is_manual=True)
    made_up = make_hotspot_business(make_hotspot(name="Counter"), business).hotspot_id
    business.is_demo = True
    r710 = make_hotspot(system="R710", is_manual=True)
    make_hotspot_business(r710, business)
    gone = make_hotspot(is_manual=True, is_active=False)
    make_hotspot_business(gone, business)
    for hotspot_id, message in (
        (elsewhere.id, "does not serve the plan's business"),
        (made_up, "'Counter' belongs to the demo"),
        (r710.id, "is an R710, the plan is for an ESP32"),
        (gone.id, "is not in use any more"),
    ):
        with pytest.raises(Unfit, match=message):
            ask(plan, hotspot_id=hotspot_id)
    plan.is_active = False
    with pytest.raises(Unfit, match="not on offer"):
        ask(plan)
    with pytest.raises(NotFound):
        batches_operations.request_batch(BOSS, "nowhere", None, 1)
    with pytest.raises(NotFound):
        batches.hotspot_for(BOSS, plan, "nowhere")
    assert db.session.query(TokenBatch).count() == 0


def test_a_form_that_is_sent_twice_is_one_batch(plan):
    form_id = new_id()
    first = ask(plan, form_id=form_id)
    assert first.id == form_id
    assert ask(plan, form_id=form_id).id == first.id
    work()
    assert ask(plan, form_id=form_id).id == first.id
    assert work() is None
    assert db.session.query(WifiToken).count() == 10


def test_a_form_that_was_gone_back_to_and_filled_in_anew_is_another_batch(plan):
    form_id = new_id()
    assert ask(plan, form_id=form_id).id != ask(plan, 11, form_id=form_id).id


def test_the_command_line_makes_them_without_a_worker(plan):
    told = []
    batch = batches_operations.make_batch(
        BOSS, plan.id, None, 250, lambda now: told.append(now.made)
    )
    assert (batch.status, batch.made, told) == ("DONE", 250, [100, 200, 250])


# -- what may come between -------------------------------------------------------------------


def test_a_code_that_is_there_already_is_drawn_again(plan, monkeypatch):
    hotspot = make_batch(plan).hotspot_id
    make_token(plan=plan, hotspot=db.session.get(Hotspot, hotspot), token="AAAA")
    drawn = iter(["AAAA", "BBBB", "BBBB", "CCCC", "DDDD", "DDDD", "EEEE"])
    monkeypatch.setattr(codes, "make", lambda: next(drawn))
    batch = db.session.query(TokenBatch).one()
    assert batches.make_tokens(batch, 4) == 4
    assert {token.token for token in tokens_of(batch)} == {"BBBB", "CCCC", "DDDD", "EEEE"}


def test_when_codes_run_out_it_says_how_many_were_made_and_the_rest_can_be_made(plan, monkeypatch):
    few = iter(range(10**9))
    monkeypatch.setattr(codes, "make", lambda: f"C{next(few) % 120}")
    batch = ask(plan, 150)
    work()
    assert (batch.status, batch.made, len(tokens_of(batch))) == ("FAILED", 120, 120)
    assert "120 of 150 tokens were made and can be sold" in batch.error
    assert actions()[-1] == "batch.failed"
    monkeypatch.undo()
    batches_operations.resume_batch(BOSS, batch.id)
    assert work() == {"tokens": 30}
    assert (batch.status, batch.made, batch.error) == ("DONE", 150, None)
    assert len(tokens_of(batch)) == 150


def test_a_cancelled_batch_keeps_what_was_made_and_can_go_on(plan):
    batch = ask(plan, 250)
    batches_operations._make_some(BOSS, batch.id)
    batches_operations.cancel_batch(BOSS, batch.id)
    assert work() is None
    assert (batch.status, batch.made, len(tokens_of(batch))) == ("CANCELLED", 100, 100)
    with pytest.raises(WifiError, match="nothing to cancel"):
        batches_operations.cancel_batch(BOSS, batch.id)
    batches_operations.resume_batch(BOSS, batch.id)
    work()
    assert (batch.status, batch.made, len(tokens_of(batch))) == ("DONE", 250, 250)
    with pytest.raises(WifiError, match="Nothing of this batch is missing"):
        batches_operations.resume_batch(BOSS, batch.id)


def test_a_stopped_worker_stops_between_two_steps(plan):
    ask(plan, 250)
    stop = Event()
    stop.set()
    assert batches_operations.run_queued(stop) is None


def test_the_batch_that_waited_longest_is_made_first(plan):
    first, second = ask(plan, 1), ask(plan, 1)
    db.session.execute(
        db.text("UPDATE token_batches SET \"createdAt\" = now() - interval '1 day' WHERE id = :id"),
        {"id": second.id},
    )
    assert batches_operations._make_some(BOSS).batch_id == second.id
    assert batches_operations._make_some(BOSS).batch_id == first.id


# -- with real processes ---------------------------------------------------------------------


@pytest.fixture
def shop(own_app):
    with own_app.app_context():
        plan = make_plan()
        plan_id = plan.id
        db.session.commit()
        yield own_app.config["WIFIAPP"], plan_id


@pytest.fixture
def outside(own_database):
    url = make_url(own_database).set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as connection:
        connection.execute("SET lock_timeout = '20s'")
        yield connection


def request(plan_id, count):
    batch_id = batches_operations.request_batch(BOSS, plan_id, None, count).id
    db.session.rollback()  # no transaction of ours stands in the way of the workers
    return batch_id


def state(outside):
    query = 'SELECT status, made, (SELECT count(*) FROM wifi_tokens WHERE "batchId" = b.id) '
    return outside.execute(query + "FROM token_batches b").fetchone()


def waiting(outside, count):
    """Tell whether so many sessions wait for a lock of this database's."""
    query = """
        SELECT count(DISTINCT pid) FROM pg_locks
        WHERE NOT granted
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    """
    return outside.execute(query).fetchone()[0] >= count


def test_a_worker_killed_in_the_middle_leaves_what_it_counted_and_the_next_goes_on(
    shop, outside, tmp_path
):
    config, plan_id = shop
    request(plan_id, 1000)
    # In its fourth step the worker has to wait for us.
    outside.execute(
        """
        CREATE FUNCTION halt() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF NEW.made = 400 THEN PERFORM pg_advisory_xact_lock(4711); END IF;
            RETURN NULL;
        END $$;
        CREATE TRIGGER halt AFTER UPDATE ON token_batches FOR EACH ROW EXECUTE FUNCTION halt();
        SELECT pg_advisory_lock(4711);
        """
    )
    worker = start(config.database_url, tmp_path, "worker")
    try:
        wait_for(lambda: waiting(outside, 1))
        assert state(outside) == ("RUNNING", 300, 300)
    finally:
        worker.kill()
        worker.wait()
    outside.execute("SELECT pg_advisory_unlock(4711)")
    outside.execute("DROP TRIGGER halt ON token_batches")
    with running_worker(config.database_url, tmp_path):
        wait_for(lambda: state(outside)[0] == "DONE")
    assert state(outside) == ("DONE", 1000, 1000)


def test_two_workers_and_a_command_make_no_token_too_many(shop, outside, tmp_path):
    config, plan_id = shop
    batch_ids = [request(plan_id, 1000) for _ in range(3)]
    with (
        running_worker(config.database_url, tmp_path / "a"),
        running_worker(config.database_url, tmp_path / "b"),
    ):
        command = start(
            config.database_url, tmp_path, "tokens", "make", "--plan", plan_id, "--count", "500"
        )
        assert finish(command, how=0, seconds=60) == 0
        unfinished = "SELECT count(*) FROM token_batches WHERE status <> 'DONE'"
        wait_for(lambda: outside.execute(unfinished).fetchone() == (0,))
    made = dict(
        outside.execute('SELECT "batchId", count(*) FROM wifi_tokens GROUP BY 1').fetchall()
    )
    assert Counter(made.values()) == {1000: 3, 500: 1}
    assert set(batch_ids) < set(made)


ASK = """
import sys
from wifiapp import create_app
from wifiapp.access import Actor
from wifiapp.tokens.batches_operations import request_batch
app = create_app()
with app.app_context():
    print(request_batch(Actor(None, "boss@example.org"), *sys.argv[1:2], None, 10, sys.argv[2]).id)
"""


def test_a_double_tap_at_the_same_moment_is_one_batch(shop, outside, tmp_path):
    config, plan_id = shop
    form_id = new_id()
    outside.execute("BEGIN; LOCK TABLE businesses IN EXCLUSIVE MODE")
    asking = [
        subprocess.Popen(
            [sys.executable, "-c", ASK, plan_id, form_id],
            cwd=ROOT,
            env=environment(config.database_url, tmp_path),
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    wait_for(lambda: waiting(outside, 2))
    outside.execute("COMMIT")
    answers = {process.communicate(timeout=60)[0].strip() for process in asking}
    assert answers == {form_id}
    assert outside.execute("SELECT count(*) FROM token_batches").fetchone() == (1,)
    assert outside.execute("SELECT count(*) FROM hotspots").fetchone() == (1,)


def test_two_businesses_do_not_share_a_manual_hotspot():
    one, other = ask(make_plan(make_business())), ask(make_plan(make_business()))
    assert one.hotspot_id != other.hotspot_id
