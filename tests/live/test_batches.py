"""Tokens made on a device: as many as were asked for, whatever becomes of an answer."""

from datetime import timedelta
from threading import Event

import pytest
import time_machine

from tests.factories import make_business, make_hotspot, make_hotspot_business, make_plan
from tests.live.conftest import portal
from wifiapp import clock
from wifiapp.access import Actor
from wifiapp.audit.models import AuditLog
from wifiapp.db import db
from wifiapp.errors import WifiError
from wifiapp.hotspots.models import Hotspot
from wifiapp.hotspots.turns import turn
from wifiapp.tokens import batches, batches_operations, calls
from wifiapp.tokens import device_batches_operations as devices
from wifiapp.tokens.homes import Unfit
from wifiapp.tokens.models import WifiToken

BOSS = Actor(user_id=None, email="boss@example.org")
MAKING = "/api/tokens/bulk_create"


def ask(plan, count=10, hotspot_id=None, **given):
    return batches_operations.request_batch(BOSS, plan.id, hotspot_id, count, **given)


def work(batch, rounds=1):
    """Let the worker come by so often, and return the batch as it is then."""
    db.session.commit()
    for _ in range(rounds):
        devices.run_due(Event())
    db.session.refresh(batch)
    return batch


def here(batch):
    return {each.token for each in db.session.query(WifiToken).filter_by(batch_id=batch.id)}


def test_a_batch_is_made_on_the_only_device_of_the_plan(box, counter, plan):
    batch = ask(plan, 45)
    assert batch.hotspot_id == counter.id
    work(batch)
    assert (batch.status, batch.made) == ("RUNNING", 20)
    work(batch, 2)
    assert (batch.status, batch.made, batch.error) == ("DONE", 45, None)
    assert here(batch) == set(box.tokens)
    assert {(t.minutes, t.down, t.up, t.business_id) for t in box.tokens.values()} == {
        (60, 250, 0, plan.business_id)
    }
    db.session.refresh(counter)
    assert counter.free_slots == box.free_slots == 55
    assert devices.run_due(Event()) is None
    actions = [each.action for each in db.session.query(AuditLog).order_by(AuditLog.at)]
    assert actions == ["batch.create", "batch.done"]


def test_the_command_line_makes_them_on_the_device_at_once(box, plan):
    told = []
    batch = batches_operations.make_batch(BOSS, plan.id, None, 30, lambda it: told.append(it.made))
    assert (batch.status, batch.made, told) == ("DONE", 30, [20])
    assert len(box.tokens) == 30


def test_a_device_that_makes_fewer_at_once_is_asked_again(box, plan):
    box.quirks.makes_at_most = 7
    assert work(ask(plan, 20), 3).made == 20
    assert len(box.tokens) == 20


# -- where -----------------------------------------------------------------------------------


def test_of_several_devices_one_has_to_be_chosen_or_named_by_the_plan(box, counter, plan, shop):
    other = portal(box, shop, name="Garden")
    with pytest.raises(Unfit, match="Counter, Garden"):
        ask(plan)
    assert ask(plan, hotspot_id=other.id).hotspot_id == other.id
    plan.hotspot_id = counter.id
    assert ask(plan).hotspot_id == counter.id


def test_without_a_device_codes_are_ours_as_ever():
    batch = ask(make_plan())
    assert batches_operations.run_queued(Event()) == {"tokens": 10}
    assert devices.run_due(Event()) is None
    db.session.refresh(batch)
    assert batch.status == "DONE"


def test_the_hotspots_of_the_demo_are_never_called():
    business = make_business(is_demo=True)
    made_up = make_hotspot(address="192.0.2.10")
    make_hotspot_business(made_up, business)
    plan = make_plan(business)
    assert ask(plan).hotspot_id != made_up.id
    with pytest.raises(Unfit, match="belongs to the demo"):
        ask(plan, hotspot_id=made_up.id)


def test_a_hotspot_taken_out_of_use_ends_its_batches_in_words(box, counter, plan):
    batch = ask(plan)
    counter.is_active = False
    work(batch)
    assert batch.status == "FAILED" and "Counter is not in use any more" in batch.error
    assert box.tokens == {}


# -- room ------------------------------------------------------------------------------------


def test_no_more_are_asked_for_than_there_is_room_for(box, counter, plan):
    box.max_tokens, counter.free_slots = 30, 30
    ask(plan, 20)
    with pytest.raises(Unfit, match="room for 10 more tokens, so 11 cannot be made"):
        ask(plan, 11)
    ask(plan, 10)


def test_a_device_that_is_full_after_all_says_so_and_what_was_made_stays(box, plan):
    box.max_tokens = 27
    batch = work(ask(plan, 40), 3)
    assert (batch.status, batch.made) == ("FAILED", 27)
    assert batch.error.startswith("Counter is full: it has room for 0 more tokens. 27 of 40")
    assert here(batch) == set(box.tokens)
    box.lose(*list(box.tokens)[:20])
    batches_operations.resume_batch(BOSS, batch.id)
    assert work(batch).status == "DONE"
    assert len(here(batch)) == 40


# -- silence and lost answers ----------------------------------------------------------------


def test_a_silent_hotspot_makes_the_batch_wait_and_say_so(box, plan):
    box.fail("hang up", times=99)
    batch = work(ask(plan))
    assert (batch.status, batch.made) == ("RUNNING", 0)
    assert "Counter does not answer" in batch.error and "0 of 10" in batch.error
    assert batch.waits_until > clock.now()
    assert devices.run_due(Event()) is None  # not before its time
    box.recover()
    with time_machine.travel(clock.now() + timedelta(minutes=6)):
        work(batch, 2)
    assert (batch.status, batch.made, batch.error) == ("DONE", 10, None)
    assert len(box.tokens) == 10


def test_each_silence_is_longer_but_none_longer_than_five_minutes(box, plan):
    box.fail("hang up", times=10**6)
    batch, now, pauses = ask(plan), clock.now(), []
    for _ in range(8):
        with time_machine.travel(now, tick=False):
            work(batch)
            pauses.append(round((batch.waits_until - clock.now()).total_seconds()))
        now = batch.waits_until
    assert pauses == [10, 20, 40, 80, 160, 300, 300, 300]


@pytest.mark.parametrize("fault", ["lost", "reset", "truncated", "half", "silent"])
def test_a_lost_answer_makes_no_token_too_many(box, plan, fault):
    box.fail(fault, MAKING, times=1)
    batch = ask(plan, 30)
    with time_machine.travel(clock.now() + timedelta(minutes=6)):
        work(batch, 3)
    assert (batch.status, batch.made) == ("DONE", 30)
    assert here(batch) == set(box.tokens)


def test_an_answer_lost_by_a_box_that_then_is_gone_is_settled_when_it_is_back(box, plan):
    batch = ask(plan, 10)
    box.fail("lost", MAKING)
    box.fail("hang up", "/api/tokens/list", times=99)
    work(batch)
    assert batch.made == 0 and batch.called_at and len(box.tokens) == 10
    box.recover()
    with time_machine.travel(clock.now() + timedelta(minutes=6)):
        work(batch)
    assert (batch.status, batch.made, batch.called_at) == ("DONE", 10, None)
    assert here(batch) == set(box.tokens)


def killed_in_a_call(batch, box, made):
    """Leave the batch as a worker does that dies while the device makes so many tokens."""
    calls.begin(batch, db.session.get_one(Hotspot, batch.hotspot_id), 20)
    batch.status = "RUNNING"
    db.session.commit()
    for _ in range(made):
        box.add_token(batch.business_id, batch.duration_minutes, down=250)


@pytest.mark.parametrize("made", [0, 7, 20])
def test_what_a_dead_worker_had_made_is_found_before_more_is_made(box, plan, made):
    batch = ask(plan, 20)
    box.add_token(plan.business_id, 120)  # of another plan, by somebody else
    box.add_token("another business", 60)
    killed_in_a_call(batch, box, made)
    work(batch, 2)
    assert (batch.status, batch.made) == ("DONE", 20)
    assert len(box.tokens) == 22 and here(batch) < set(box.tokens)


def test_a_cancelled_batch_still_takes_in_what_its_last_call_has_made(box, plan):
    batch = ask(plan, 20)
    killed_in_a_call(batch, box, 5)
    batches_operations.cancel_batch(BOSS, batch.id)
    work(batch, 3)
    assert (batch.status, batch.made, batch.called_at) == ("CANCELLED", 5, None)
    assert here(batch) == set(box.tokens)


def test_a_wrong_secret_makes_the_batch_wait_for_a_person(box, counter, plan):
    key, box.key = box.key, "another one"
    batch = work(ask(plan))
    assert batch.status == "RUNNING" and batch.waits_until and "0 of 10" in batch.error
    assert key not in batch.error and box.tokens == {}
    counter.secret_encrypted = None
    with time_machine.travel(clock.now() + timedelta(minutes=6)):
        work(batch)
        assert "Enter it on its page" in batch.error
    assert batch.status == "RUNNING"


def test_on_a_box_that_may_be_another_nothing_is_made(box, counter, plan):
    counter.status, counter.last_error = "REFUSED", "Another box answers there."
    batch = work(ask(plan))
    assert batch.status == "QUEUED" and "Another box answers there." in batch.error
    assert box.requests == []
    counter.status = "OK"  # by the next good look
    with time_machine.travel(clock.now() + timedelta(minutes=6)):
        assert work(batch).status == "DONE"


def test_a_hotspot_that_others_talk_with_is_left_for_later(counter, plan):
    batch = ask(plan)
    with turn(counter.id):
        assert devices.run_due(Event()) is None
    assert batches.held(batch.id).status == "QUEUED"


def test_a_batch_of_a_till_is_not_taken_up_again(box, plan):
    batch = ask(plan, 1)
    batch.source, batch.status = "SPOT", "FAILED"
    db.session.commit()
    with pytest.raises(WifiError, match="Nothing of this batch is missing"):
        batches_operations.resume_batch(BOSS, batch.id)
    assert devices.run_due(Event()) is None and box.tokens == {}
