"""Tokens that end or begin anew on their device first, and here when that is certain."""

from datetime import timedelta
from threading import Event as Signal

import pytest
import time_machine

from tests.factories import make_sale, make_token
from wifiapp import clock
from wifiapp.access import COMMAND_LINE, Actor
from wifiapp.audit.models import AuditLog
from wifiapp.db import db
from wifiapp.errors import WifiError
from wifiapp.hotspots import talking
from wifiapp.hotspots.turns import turn
from wifiapp.sales.operations import SoldOut, sell_token
from wifiapp.sales.orders import Order
from wifiapp.tokens import bulk, operations, outbox_operations
from wifiapp.tokens.outbox import Waiting
from wifiapp.tokens.outbox_kinds import TOKEN_KINDS
from wifiapp.tokens.outbox_models import HotspotCommand
from wifiapp.tokens.states import Event, Forbidden

BOSS = Actor(user_id=None, email="boss@example.org")
MAC = "AA:BB:CC:DD:EE:FF"


def on_device(box, counter, plan, status="UNUSED", **given):
    """Return a token that is here and on the device."""
    code = box.add_token(plan.business_id, 60)
    if status == "ACTIVE":
        box.connect_device(code, MAC)
        given = {"expires_at": clock.now() + timedelta(hours=1)} | given
    return make_token(plan=plan, hotspot=counter, token=code, status=status, **given)


@pytest.fixture
def token(box, counter, plan):
    token = on_device(box, counter, plan)
    db.session.commit()
    return token


def disable(token, reason="lost"):
    return operations.end_token(BOSS, token.id, Event.DISABLE, reason)


def commands():
    found = db.session.query(HotspotCommand).order_by(HotspotCommand.created_at).all()
    for each in found:
        db.session.refresh(each)
    return found


def work(after=timedelta(0)):
    """Let the worker come by, so much later."""
    with time_machine.travel(clock.now() + after):
        return outbox_operations.run_due(TOKEN_KINDS, Signal())


# -- at once ---------------------------------------------------------------------------------


def test_a_token_is_gone_from_its_device_before_it_is_disabled_here(box, token):
    assert disable(token).status == "DISABLED"
    assert token.token not in box.tokens
    assert token.end_reason == "lost" and token.ended_at
    (command,) = commands()
    assert (command.status, command.error, command.created_by) == ("DONE", None, BOSS.email)
    (entry,) = db.session.query(AuditLog).filter_by(action="token.disable")
    assert entry.user_email == "boss@example.org" and entry.change["reason"] == "lost"


def test_firmware_that_answers_nonsense_is_not_believed_but_asked_again(box, token):
    box.quirks.invalid_disable_json = True
    assert disable(token).status == "DISABLED"


def test_a_token_that_its_device_has_lost_already_is_disabled(box, token):
    box.lose()
    assert disable(token).status == "DISABLED"


def test_to_expire_a_token_takes_it_off_the_device_too(box, token):
    ended = operations.end_token(BOSS, token.id, Event.EXPIRE, "season is over")
    assert (ended.status, box.tokens) == ("EXPIRED", {})


def test_what_cannot_be_is_not_asked_of_the_device(box, counter, plan):
    token = on_device(box, counter, plan, "EXPIRED")
    db.session.commit()
    with pytest.raises(Forbidden):
        disable(token)
    assert commands() == [] and token.token in box.tokens


# -- later -----------------------------------------------------------------------------------


def test_when_the_hotspot_is_silent_the_token_stays_and_the_command_waits(box, token):
    box.fail("hang up", times=99)
    assert disable(token).status == "UNUSED"
    (command,) = commands()
    assert command.status == "PENDING" and command.error and command.attempts == 1
    assert command.next_try_at > clock.now()
    box.recover()
    assert work() is None  # not before its time
    assert work(timedelta(minutes=1)) == {"commands": 1}
    db.session.refresh(token)
    assert token.status == "DISABLED" and token.token not in box.tokens
    assert commands()[0].status == "DONE"


def test_a_hotspot_that_is_known_to_be_silent_keeps_nobody_waiting(box, counter, token):
    counter.status = "SILENT"
    db.session.commit()
    assert disable(token).status == "UNUSED"
    assert box.requests == [] and commands()[0].attempts == 0
    assert work() == {"commands": 1}


def test_a_hotspot_that_others_talk_with_is_told_by_the_worker(counter, token, monkeypatch):
    monkeypatch.setattr(outbox_operations, "PATIENCE", 0)
    with turn(counter.id):
        assert disable(token).status == "UNUSED"
        assert work() is None
    assert work() == {"commands": 1}


def test_a_hotspot_that_the_last_look_refused_is_told_nothing(box, counter, token):
    counter.status, counter.last_error = "REFUSED", "Another box answers there."
    db.session.commit()
    assert disable(token).status == "UNUSED"
    (command,) = commands()
    assert command.status == "PENDING" and "until a look at it is good" in command.error
    assert command.called_at is None  # so that nothing is taken for its doing
    assert box.requests == [] and token.token in box.tokens
    counter.status = "OK"  # by the next good look
    db.session.commit()
    assert work(timedelta(minutes=1)) == {"commands": 1}
    assert token.token not in box.tokens


def test_asked_twice_it_is_one_command(box, token):
    box.fail("hang up", times=99)
    disable(token)
    disable(token, "again")
    (command,) = commands()
    assert command.reason == "lost"
    with pytest.raises(Waiting, match="Disable” waits"):
        operations.end_token(BOSS, token.id, Event.EXPIRE, "old")


@pytest.mark.parametrize("fault", ["lost", "reset", "silent", "html", "busy without a word"])
def test_whatever_becomes_of_the_answer_the_row_follows_the_device(box, token, fault):
    box.fail(fault, "/api/token/disable", times=4)
    disable(token)
    db.session.refresh(token)
    assert token.status == ("UNUSED" if token.token in box.tokens else "DISABLED")
    box.recover()
    work(timedelta(minutes=6))
    db.session.refresh(token)
    assert token.status == "DISABLED" and token.token not in box.tokens


def test_a_worker_killed_after_the_device_has_done_it_is_made_up_for(box, token):
    box.fail("hang up", times=99)
    disable(token)
    box.recover()
    box.lose(token.token)  # the dead worker's doing
    work(timedelta(minutes=1))
    db.session.refresh(token)
    assert (token.status, commands()[0].status) == ("DISABLED", "DONE")


def test_a_token_that_a_look_has_missed_first_gets_our_reason(box, token):
    box.fail("hang up", times=99)
    disable(token)
    box.recover()
    box.lose()
    token.status, token.end_reason = "DISABLED", "lost by the portal"
    db.session.commit()
    work(timedelta(minutes=1))
    db.session.refresh(token)
    assert (token.status, token.end_reason) == ("DISABLED", "lost")


def test_each_silence_is_longer_but_none_longer_than_five_minutes(box, token):
    box.fail("hang up", times=10**6)
    disable(token)
    now, pauses = commands()[0].next_try_at, []
    for _ in range(7):
        with time_machine.travel(now, tick=False):
            outbox_operations.run_due(TOKEN_KINDS, Signal())
            pauses.append(round((commands()[0].next_try_at - clock.now()).total_seconds()))
        now = commands()[0].next_try_at
    assert pauses == [20, 40, 80, 160, 300, 300, 300]


# -- taking it back --------------------------------------------------------------------------


def test_a_command_that_waits_can_be_taken_back(box, token):
    box.fail("hang up", times=99)
    disable(token)
    outbox_operations.cancel_command(BOSS, commands()[0].id)
    box.recover()
    assert work(timedelta(minutes=6)) is None
    assert token.token in box.tokens and commands()[0].status == "CANCELLED"
    with pytest.raises(WifiError, match="nothing to cancel"):
        outbox_operations.cancel_command(BOSS, commands()[0].id)
    assert disable(token).status == "DISABLED"  # and asked for once more
    actions = [each.action for each in db.session.query(AuditLog).order_by(AuditLog.at)]
    assert actions == ["command.cancel", "token.disable"]


def test_who_takes_it_back_while_it_is_being_done_learns_that_it_was_done(box, token, monkeypatch):
    talk = talking.talk

    def cancel_meanwhile(*given):
        answer = talk(*given)
        outbox_operations.cancel_command(BOSS, commands()[0].id)
        return answer

    monkeypatch.setattr(talking, "talk", cancel_meanwhile)
    assert disable(token).status == "DISABLED"
    assert commands()[0].status == "DONE"


def test_a_command_can_be_hurried(box, token):
    box.fail("hang up", times=99)
    disable(token)
    box.recover()
    outbox_operations.hurry_command(BOSS, commands()[0].id)
    assert work() == {"commands": 1}
    with pytest.raises(WifiError, match="nothing to try again"):
        outbox_operations.hurry_command(BOSS, commands()[0].id)


# -- many ------------------------------------------------------------------------------------


def test_many_tokens_are_told_twenty_at_a_time(box, counter, plan):
    box.max_tokens = 200
    tokens = [on_device(box, counter, plan) for _ in range(45)]
    by_hand = make_token(plan=plan)
    db.session.commit()
    every = [*tokens, by_hand]
    ids, seen = [each.id for each in every], bulk.digest(every)
    done = operations.end_tokens(BOSS, ids, Event.DISABLE, "season is over", seen)
    assert done == (1, 45) and len(box.tokens) == 45
    assert [work(), work(), work(), work()] == [
        {"commands": 20},
        {"commands": 20},
        {"commands": 5},
        None,
    ]
    assert box.tokens == {} and len(box.asked("/api/token/disable")) == 3
    assert {each.status for each in commands()} == {"DONE"}


# -- beginning anew --------------------------------------------------------------------------


@pytest.fixture
def active(box, counter, plan):
    token = on_device(box, counter, plan, "ACTIVE")
    make_sale(token)
    db.session.commit()
    return token


def test_a_used_token_begins_anew(box, active):
    box.tokens[active.token].first_use -= 1800
    before = active.expires_at = clock.now() + timedelta(minutes=30)
    db.session.commit()
    command = operations.extend_token(BOSS, active.id, "power was off")
    assert command.status == "DONE"
    db.session.refresh(active)
    assert active.status == "ACTIVE" and active.expires_at - before >= timedelta(minutes=29)
    (entry,) = db.session.query(AuditLog).filter_by(action="token.extend")
    assert entry.change["reason"] == "power was off"


def test_a_lost_answer_does_not_begin_the_time_twice(box, active):
    box.tokens[active.token].first_use -= 600
    box.fail("lost", "/api/token/extend")
    box.fail("hang up", "/api/token/info", times=99, after=2)
    box.fail("hang up", "/api/token/batch_info", times=99)
    command = operations.extend_token(BOSS, active.id, "power was off")
    assert command.status == "PENDING" and len(box.asked("/api/token/extend")) == 1
    box.recover()
    work(timedelta(minutes=6))
    assert commands()[0].status == "DONE"
    assert len(box.asked("/api/token/extend")) == 1


def test_nor_do_tries_that_do_not_even_reach_it_after_that(box, active):
    box.tokens[active.token].first_use -= 600
    box.fail("lost", "/api/token/extend")
    box.fail("hang up", "/api/token/info", times=99, after=2)
    box.fail("hang up", "/api/token/batch_info", times=99)
    operations.extend_token(BOSS, active.id, "power was off")
    for minutes in (1, 7):
        box.fail("hang up", times=99)
        assert work(timedelta(minutes=minutes)) == {"commands": 0}
        box.recover()
    assert work(timedelta(minutes=20)) == {"commands": 1}
    assert commands()[0].status == "DONE" and len(box.asked("/api/token/extend")) == 1


@pytest.mark.parametrize("status", ["UNUSED", "SOLD", "EXPIRED", "DISABLED"])
def test_only_a_token_in_use_begins_anew(box, counter, plan, status):
    token = on_device(box, counter, plan, status)
    db.session.commit()
    with pytest.raises(Forbidden, match="Only a token that is in use"):
        operations.extend_token(BOSS, token.id, "please")
    assert box.requests == []


def test_a_token_that_its_device_does_not_know_fails_for_good(box, active):
    box.lose()
    command = operations.extend_token(BOSS, active.id, "please")
    assert command.status == "FAILED" and "does not know" in command.error
    assert work(timedelta(minutes=6)) is None


def test_tokens_of_manual_hotspots_do_not_begin_anew(plan):
    token = make_token(plan=plan, status="ACTIVE")
    with pytest.raises(Forbidden, match="not called from here"):
        operations.extend_token(BOSS, token.id, "please")


# -- meanwhile at the till ---------------------------------------------------------------------


def test_a_token_that_its_device_is_to_end_is_not_sold_meanwhile(box, token):
    box.fail("hang up", times=99)
    disable(token)
    with pytest.raises(SoldOut):
        sell_token(COMMAND_LINE, Order(token.token_config_id))
    with pytest.raises(Forbidden, match="just being told to end it"):
        sell_token(COMMAND_LINE, Order(token.token_config_id, token_id=token.id))
    outbox_operations.cancel_command(BOSS, commands()[0].id)
    assert sell_token(COMMAND_LINE, Order(token.token_config_id)).is_new
