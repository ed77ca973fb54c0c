"""Processes that are killed at any moment: nothing is half-done, and the next start tidies up.

The moments are random, the same ones in each run, and spread over the time that an undisturbed
run takes here and now.
"""

import os
import random
import signal
from threading import Event

from tests.backup.archives import execute, is_free, schemas
from tests.factories import make_user, make_worker_state
from tests.processes import wait_for
from wifiapp import clock
from wifiapp.access import Actor
from wifiapp.backup import creating, engine, operations
from wifiapp.backup import making_operations as making
from wifiapp.backup import restore_operations as restores
from wifiapp.backup import restore_work_operations as restoring
from wifiapp.db import db

MOMENTS = 5  # of each: create, verify, restore, swap, and those of a worker
BOSS = Actor(user_id=None, email="boss@example.org")


def moments(what, seconds):
    """Return random moments within so many seconds, one in each part of that time."""
    chance = random.Random(what)
    return [seconds * (part + chance.random()) / MOMENTS for part in range(MOMENTS)]


def took(run, since="pid"):
    return run.find("exit")[0] - run.find(*since.split("="))[0]


def test_a_backup_killed_at_any_moment_leaves_nothing_or_a_good_one(shop, runner):
    before = shop.data()
    whole, killed = took(runner.do("backup", "create")), 0
    for moment in moments("create", whole):
        run = runner.start("backup", "create")
        run.until("pid")
        killed += run.kill_after(moment)
        shop.restart()
        shop.must_be_tidy()
        assert shop.data() == before
    assert killed
    runner.do("backup", "create")
    shop.must_be_tidy()


def test_a_proof_killed_at_any_moment_changes_nothing(shop, runner):
    path = shop.archive()
    shop.trade()
    before = shop.data()
    whole, killed = took(runner.do("backup", "verify", path)), 0
    for moment in moments("verify", whole):
        run = runner.start("backup", "verify", path)
        run.until("pid")
        killed += run.kill_after(moment)
        shop.restart()
        shop.must_be_tidy()
        assert shop.data() == before
    assert killed
    runner.do("backup", "verify", path)


def kill_restores(shop, runner, since, span):
    """Kill restores at moments of the span; each is whole and can be undone, or changed nothing."""
    then, path = shop.data(), shop.archive()
    seconds, killed, outcomes = span(runner.do("backup", "restore", path, "--yes")), 0, set()
    for moment in moments(since, seconds):
        shop.trade()
        now = shop.data()
        run = runner.start("backup", "restore", path, "--yes")
        run.until(*since.split("="))
        killed += run.kill_after(moment)
        shop.restart()
        shop.must_be_tidy()
        found = shop.data()
        outcomes.add("restored" if found == then else "as it was")
        assert found in (now, then)
        if found == then:
            runner.do("backup", "undo-restore", "--yes")
            assert shop.data() == now
    assert killed
    runner.do("backup", "restore", path, "--yes")
    assert shop.data() == then
    return outcomes


def test_a_restore_killed_at_any_moment_before_the_swap_did_not_happen(shop, runner):
    outcomes = kill_restores(
        shop, runner, "pid", lambda run: run.find("stage", "swapping")[0] - run.find("pid")[0]
    )
    assert "as it was" in outcomes


def test_a_swap_killed_at_any_moment_is_whole_or_did_not_happen(shop, runner):
    kill_restores(shop, runner, "stage=swapping", lambda run: took(run, "stage=swapping"))


def test_an_undo_killed_at_any_moment_is_whole_or_did_not_happen(shop, runner):
    then, path = shop.data(), shop.archive()
    shop.trade()
    now = shop.data()
    runner.do("backup", "restore", path, "--yes")
    seconds, live, killed = took(runner.do("backup", "undo-restore", "--yes")), now, 0
    for moment in moments("undo", seconds):
        run = runner.start("backup", "undo-restore", "--yes")
        run.until("pid")
        killed += run.kill_after(moment)
        shop.restart()
        shop.must_be_tidy()
        other = then if live == now else now
        found = shop.data()
        assert found in (live, other)
        live = found
        ((status,),) = execute(shop.app, "SELECT status FROM restores")
        assert status == ("RESTORED" if live == then else "UNDONE")
    assert killed


def test_a_worker_killed_at_any_moment_leaves_a_failed_row_or_a_good_backup(shop, runner):
    before = shop.data()
    seconds = took(runner.do("backup", "create"))
    for moment in moments("worker", seconds):
        with shop.app.app_context():
            operations.request_backup(shop.config, engine.Options(), BOSS)
        worker = runner.start("worker")
        worker.until("stage")
        assert worker.kill_after(moment)
        wait_for(lambda: is_free(shop.app))
        successor = runner.start("worker")
        wait_for(lambda: {row[0] for row in shop.catalogue()} <= {"VERIFIED", "FAILED"})
        wait_for(lambda: not list(shop.backups.glob("*.part")) and not schemas(shop.app))
        successor.kill(signal.SIGTERM)
        assert successor.exit_code() == 0
        shop.must_be_tidy()
        assert shop.data() == before
    assert execute(shop.app, "SELECT count(*) FROM backups") == [(MOMENTS + 1,)]


def confirmed_restore(shop, archive, user):
    """Have the archive checked by a worker of this process, and confirm it."""
    with shop.app.app_context():
        restore = restores.request_restore(shop.config, archive, user)
        restoring.run_waiting(shop.config, Event())
        make_worker_state()
        restores.confirm_restore(shop.config, restore.id, user, clock.now())
        return restore.id


def test_a_worker_killed_at_any_moment_of_a_restore_tells_the_truth_about_it(shop, runner):
    with shop.app.app_context():
        boss = make_user("ADMIN")
        actor = Actor(user_id=boss.id, email=boss.email)
        db.session.commit()
        made = operations.create_backup(shop.config, engine.Options(), engine.say_nothing).id
    then, seconds = shop.data(), took(runner.do("backup", "create"))
    for moment in moments("restore by a worker", 2 * seconds):
        shop.trade()
        now = shop.data()
        asked = confirmed_restore(shop, made, actor)
        worker = runner.start("worker")
        worker.until("stage", "copying")  # the safety backup comes first
        worker.kill_after(moment)
        shop.restart()
        ((status, error),) = execute(
            shop.app, "SELECT status, error FROM restores WHERE id = %s", (asked,)
        )
        assert status in {"FAILED", "RESTORED"}
        assert shop.data() == (then if status == "RESTORED" else now), error
        shop.must_be_tidy()


def killed_beside(monkeypatch, shop, *, announcing):
    """Let a fork make a backup, and kill it once the archive has its name but no row has it all."""
    finish = creating.Writer.finish

    def finish_and_die(writer):
        finish(writer)
        os.kill(os.getpid(), signal.SIGKILL)

    pid = os.fork()
    if not pid:
        try:
            monkeypatch.setattr(creating.Writer, "finish", finish_and_die)
            if not announcing:
                monkeypatch.setattr(making, "_announcer", lambda _holder: lambda _path: None)
            with shop.app.app_context():
                operations.create_backup(shop.config, engine.Options(), engine.say_nothing)
        finally:
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    assert list(shop.backups.glob("*.zip"))


def test_a_kill_between_the_file_and_its_row_leaves_no_file_that_nobody_knows(shop, monkeypatch):
    killed_beside(monkeypatch, shop, announcing=True)
    shop.restart()
    shop.must_be_tidy()
    assert [status for status, *_ in shop.catalogue()] == ["FAILED"]


def test_without_its_name_in_the_row_first_such_a_file_would_stay(shop, monkeypatch):
    killed_beside(monkeypatch, shop, announcing=False)
    shop.restart()
    assert len(list(shop.backups.glob("*.zip"))) == 1
