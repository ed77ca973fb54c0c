"""The worker as a process: it lives, says so, bears a database that goes, and ends when told."""

import contextlib
import os
import signal
from threading import Event, get_ident

import psycopg
import pytest
from sqlalchemy.engine import make_url

from tests.processes import finish, running_worker, start, wait_for
from wifiapp.db import db
from wifiapp.jobs import queries
from wifiapp.jobs.worker import LONGEST_REST, Task, Worker
from wifiapp.polling import poller
from wifiapp.tasks import tasks


@pytest.fixture
def signs(own_database):
    """Return a function that reads the workers' rows as any other process would."""
    url = make_url(own_database).set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as connection:
        yield lambda: connection.execute('SELECT name, "lastRunAt" FROM worker_states').fetchall()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_gives_a_sign_of_life_and_says_goodbye(own_database, signs, tmp_path, how):
    with running_worker(own_database, tmp_path) as worker:
        ((name, _),) = wait_for(signs)
        assert name.endswith(f":{worker.pid}")
        assert finish(worker, how) == 0
        assert signs() == []
    log = (tmp_path / "worker.log").read_text()
    assert "worker.started" in log
    assert "worker.stopped" in log
    assert "Traceback" not in log


def test_two_workers_run_side_by_side_and_one_may_go(own_database, signs, tmp_path):
    with running_worker(own_database, tmp_path / "a") as one:
        with running_worker(own_database, tmp_path / "b"):
            wait_for(lambda: len(signs()) == 2)
        assert [name for name, _ in signs()] == [f"{os.uname().nodename}:{one.pid}"]


def test_a_killed_worker_leaves_its_row_until_it_counts_as_silent(own_database, signs, tmp_path):
    worker = start(own_database, tmp_path, "worker")
    wait_for(signs)
    assert finish(worker, signal.SIGKILL) == -signal.SIGKILL
    assert len(signs()) == 1


def test_a_failing_task_is_tried_again_and_ends_nothing(own_app):
    attempts, done = [], Event()

    def fail_once(_stop):
        attempts.append(get_ident())
        if len(attempts) == 1:
            raise psycopg.OperationalError("the server closed the connection")
        done.set()

    worker = Worker(own_app, [Task("test", 0.01, fail_once)])
    worker.lanes[0].start()
    assert done.wait(20)
    worker.stop.set()
    worker.lanes[0].join(20)
    assert not worker.lanes[0].is_alive()
    assert set(attempts) == {attempts[0]}


@pytest.mark.parametrize(
    ("taken", "pause"), [(0.0, 60), (2.0, 60), (8.0, 72), (30.0, 270), (3600.0, LONGEST_REST)]
)
def test_what_grows_with_the_data_takes_a_tenth_of_the_time_and_not_all_of_it(taken, pause):
    task = Task("test", 60, lambda _stop: None, share=0.1)
    assert task.pause(taken) == pytest.approx(pause)


def test_a_quick_task_is_as_frequent_however_long_it_took():
    assert Task("test", 1, lambda _stop: None).pause(240.0) == 1


def test_every_task_bears_an_empty_database(own_app):
    with own_app.app_context():
        for task in tasks(own_app.config["WIFIAPP"]):
            assert task.run(Event()) is None, task.name
        assert queries.list_workers() == []


def test_each_lane_of_the_worker_finds_a_connection_at_the_same_moment(own_app):
    lanes = len(tasks(own_app.config["WIFIAPP"])) - 1 + poller.THREADS  # its own has none
    with own_app.app_context(), contextlib.ExitStack() as held:
        for _ in range(lanes + 1):  # one more for the sign of life
            held.enter_context(db.engine.connect())
