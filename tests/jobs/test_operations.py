from datetime import timedelta

from tests.factories import make_rate_limit, make_worker_state
from wifiapp import clock
from wifiapp.auth.models import RateLimit
from wifiapp.db import db
from wifiapp.jobs import operations, queries
from wifiapp.jobs.models import WorkerState


def test_a_worker_has_one_row_however_often_it_gives_a_sign():
    start = clock.now()
    for seconds in (0, 10, 20):
        now = start + timedelta(seconds=seconds)
        operations.give_sign_of_life("one", "pc:1", start, now)
    (row,) = queries.list_workers()
    assert (row.name, row.started_at, row.last_run_at) == ("pc:1", start, now)
    assert queries.find_last_run() == now


def test_a_worker_counts_as_running_for_a_minute_after_its_last_sign():
    now = clock.now()
    assert not queries.is_worker_running(now)
    make_worker_state(last_run_at=now - timedelta(seconds=59))
    assert queries.is_worker_running(now)
    assert not queries.is_worker_running(now + timedelta(seconds=2))


def test_a_goodbye_takes_only_that_worker_off_the_list():
    leaving, staying = make_worker_state(), make_worker_state()
    operations.say_goodbye(leaving.id)
    assert [row.id for row in queries.list_workers()] == [staying.id]


def test_sweeping_takes_silent_workers_and_old_counters_and_nothing_else():
    now = clock.now()
    make_worker_state(last_run_at=now - timedelta(minutes=11))
    make_rate_limit(window_start=now - timedelta(hours=25))
    fresh = make_worker_state(last_run_at=now - timedelta(minutes=9))
    counted = make_rate_limit(window_start=now - timedelta(hours=23))
    assert operations.sweep(now) == 2
    assert [row.id for row in db.session.query(WorkerState)] == [fresh.id]
    assert [row.key for row in db.session.query(RateLimit)] == [counted.key]
    assert operations.sweep(now) == 0
