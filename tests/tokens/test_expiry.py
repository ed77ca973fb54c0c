import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import or_, select, text

from tests.factories import make_business, make_plan, make_token
from wifiapp import clock
from wifiapp.audit.models import AuditLog
from wifiapp.db import db
from wifiapp.tokens import expiry_operations
from wifiapp.tokens.expiry_operations import expire_due
from wifiapp.tokens.models import STATUSES, WifiToken, is_running, is_unused
from wifiapp.tokens.queries import is_past
from wifiapp.tokens.states import Event, after, is_possible

PAST, FUTURE = timedelta(hours=-1), timedelta(hours=1)


def run():
    return expire_due(threading.Event())


def statuses():
    return dict(db.session.execute(select(WifiToken.token, WifiToken.status)).all())


def entries():
    query = select(AuditLog).where(AuditLog.action == "token.expire")
    return db.session.scalars(query).all()


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("redeem_by", [PAST, FUTURE, None])
@pytest.mark.parametrize("expires_at", [PAST, FUTURE, None])
def test_a_token_expires_when_the_time_of_its_state_is_over(status, redeem_by, expires_at):
    now = clock.now()
    token = make_token(
        status=status,
        redeem_by=redeem_by and now + redeem_by,
        expires_at=expires_at and now + expires_at,
    )
    shown_as_expired = is_past(token, now)
    run()
    db.session.refresh(token)
    assert token.status == ("EXPIRED" if shown_as_expired else status)
    assert token.ended_at is None, "the moment is the one in the row, not that of the worker"


def test_what_the_worker_can_expire_is_what_the_states_allow():
    for status in STATUSES:
        make_token(status=status)
    found = set(db.session.scalars(select(WifiToken.status).where(or_(is_unused, is_running))))
    assert found == {status for status in STATUSES if is_possible(status, Event.EXPIRE)}
    assert {after(status, Event.EXPIRE) for status in found} == {"EXPIRED"}


def test_a_run_says_how_many_and_leaves_one_line_for_each_business():
    first, second = make_business(), make_business()
    past = clock.now() + PAST
    for status in ("UNUSED", "UNUSED", "SOLD"):
        make_token(business=first, status=status, redeem_by=past)
    make_token(business=second, status="ACTIVE", expires_at=past)
    assert run() == {"tokens": 4}
    assert {each.business_id: each.change for each in entries()} == {
        first.id: {"tokens": 3, "were": {"UNUSED": 2, "SOLD": 1}},
        second.id: {"tokens": 1, "were": {"ACTIVE": 1}},
    }
    assert {each.user_email for each in entries()} == {"worker"}


def test_a_second_run_finds_nothing_to_do():
    make_token(status="ACTIVE", expires_at=clock.now() + PAST)
    assert run() == {"tokens": 1}
    assert run() is None
    assert len(entries()) == 1


def test_many_are_expired_in_parts_until_there_are_none(monkeypatch):
    monkeypatch.setattr(expiry_operations, "CHUNK", 3)
    plan = make_plan()
    for _ in range(10):
        make_token(plan=plan, status="SOLD", redeem_by=clock.now() + PAST)
    assert run() == {"tokens": 10}
    assert set(statuses().values()) == {"EXPIRED"}
    assert sum(each.change["tokens"] for each in entries()) == 10


def test_a_worker_that_is_told_to_end_leaves_the_rest_for_later():
    make_token(status="SOLD", redeem_by=clock.now() + PAST)
    stop = threading.Event()
    stop.set()
    assert expire_due(stop) is None
    assert set(statuses().values()) == {"SOLD"}


def test_workers_at_once_expire_each_token_once(own_app, monkeypatch):
    monkeypatch.setattr(expiry_operations, "CHUNK", 7)
    workers, tokens = 4, 60
    with own_app.app_context():
        plan = make_plan()
        for _ in range(tokens):
            make_token(plan=plan, status="ACTIVE", expires_at=clock.now() + PAST)
        db.session.commit()
    start = threading.Barrier(workers)

    def work(_number):
        with own_app.app_context():
            db.session.connection()
            start.wait(timeout=30)
            return (run() or {"tokens": 0})["tokens"]

    with ThreadPoolExecutor(workers) as pool:
        found = sum(pool.map(work, range(workers)))
    with own_app.app_context():
        found += (run() or {"tokens": 0})["tokens"]  # what another had locked at its last look
        assert found == tokens == sum(each.change["tokens"] for each in entries())
        assert set(statuses().values()) == {"EXPIRED"}


def test_a_token_that_is_being_sold_is_left_to_the_till(own_app):
    with own_app.app_context():
        held, other = (make_token(redeem_by=clock.now() + PAST) for _ in range(2))
        held_id, names = held.id, (held.token, other.token)
        db.session.commit()
        with db.engine.connect() as till:
            till.execute(select(WifiToken.id).where(WifiToken.id == held_id).with_for_update())
            assert run() == {"tokens": 1}
            assert [statuses()[name] for name in names] == ["UNUSED", "EXPIRED"]
            db.session.rollback()
        assert run() == {"tokens": 1}


def test_finding_what_is_due_reads_an_index_and_not_the_tokens():
    plan, later = make_plan(), clock.now() + FUTURE
    for _ in range(200):
        make_token(plan=plan, status="SOLD", redeem_by=later)
        make_token(plan=plan, status="ACTIVE", expires_at=later)
    db.session.execute(text("ANALYZE wifi_tokens"))
    db.session.execute(text("SET LOCAL enable_seqscan = off"))
    for query, index in zip(
        expiry_operations.due(clock.now()), ("redeemBy", "expiresAt"), strict=True
    ):
        compiled = query.compile(db.engine, compile_kwargs={"literal_binds": True})
        steps = "\n".join(db.session.scalars(text(f"EXPLAIN {compiled}")))
        assert f"wifi_tokens_{index}_idx" in steps, steps
