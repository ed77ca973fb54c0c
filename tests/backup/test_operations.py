"""Backups from asking to their end, with the real engine and, where it matters, real processes."""

import signal
import subprocess
import sys
from hashlib import sha256
from threading import Event

import psycopg
import pytest
from sqlalchemy.engine import make_url

from tests.factories import make_audit_log, make_business, make_sale, make_token
from tests.processes import ROOT, environment, finish, running_worker, start, wait_for
from wifiapp.access import Actor
from wifiapp.audit.models import AuditLog
from wifiapp.backup import engine, operations, queries
from wifiapp.backup.engine import Cancelled, Damaged, Options, SchemaSick
from wifiapp.backup.models import Backup
from wifiapp.backup.results import say_nothing
from wifiapp.db import db

BOSS = Actor(user_id=None, email="boss@example.org")


@pytest.fixture
def shop(own_app):
    """An app on a database of its own, with a few rows of two businesses, one a demo."""
    with own_app.app_context():
        make_sale(make_token(make_business(name="Real"), status="SOLD"))
        make_sale(make_token(make_business(name="Demo", is_demo=True), status="SOLD"))
        make_audit_log()
        db.session.commit()
        yield own_app.config["WIFIAPP"]


@pytest.fixture
def outside(own_database):
    """A connection of somebody else to the same database."""
    url = make_url(own_database).set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False)) as connection:
        yield connection


def fresh(backup):
    db.session.rollback()
    db.session.expire_all()
    return db.session.get(Backup, backup.id)


def files(config):
    return sorted(path.name for path in config.backup_dir.iterdir())


def at_stage(stage, do):
    """Return a report function that does something once, when the engine comes to the stage."""
    done = []

    def report(progress):
        if progress.stage == stage and not done:
            done.append(progress)
            do()

    return report


# -- a backup that succeeds ------------------------------------------------------------------


def test_a_requested_backup_is_made_proved_and_written_down(shop):
    asked = operations.request_backup(shop, Options(), BOSS)
    assert (asked.status, asked.created_by) == ("QUEUED", "boss@example.org")
    told = operations.run_queued(shop, Event())
    backup = fresh(asked)
    path = shop.backup_dir / backup.file_name
    assert told == {"backup": backup.id, "status": "VERIFIED", "rows": backup.row_count}
    assert backup.sha256 == sha256(path.read_bytes()).hexdigest()
    assert (backup.size, path.stat().st_mode & 0o777) == (path.stat().st_size, 0o600)
    assert backup.started_at <= backup.finished_at == backup.verified_at
    assert queries.find_last_verified().id == backup.id
    manifest = engine.inspect(path)
    assert (manifest.rows, manifest.revision) == (backup.row_count, backup.revision)
    assert manifest.made_by == "boss@example.org"
    said = [entry.action for entry in db.session.query(AuditLog).order_by(AuditLog.at)]
    assert said[-2:] == ["backup.create", "backup.verified"]


def test_nothing_to_do_is_nothing_done(shop):
    assert operations.run_queued(shop, Event()) is None


@pytest.mark.parametrize(
    "options",
    [
        Options(),
        Options(demo_data=True, audit_logs=True),
        Options(business_data=False),
        Options(audit_logs=True),
    ],
)
def test_the_archive_holds_what_was_chosen(shop, options):
    asked = operations.request_backup(shop, options, BOSS)
    operations.run_queued(shop, Event())
    manifest = engine.inspect(shop.backup_dir / fresh(asked).file_name)
    rows = {table.name: table.rows for table in manifest.tables}
    shops = (2 if options.demo_data else 1) if options.business_data else 0
    assert manifest.options == options
    assert (rows["businesses"], rows["wifi_token_sales"]) == (shops, shops)
    assert (rows["audit_logs"] > 0) == options.audit_logs


def test_one_business_travels_alone_and_is_named(shop):
    business = db.session.execute(db.text("SELECT id FROM businesses WHERE name = 'Real'")).scalar()
    asked = operations.request_backup(shop, Options(business_id=business), BOSS)
    operations.run_queued(shop, Event())
    backup = fresh(asked)
    manifest = engine.inspect(shop.backup_dir / backup.file_name)
    assert (backup.business_name, manifest.business_name) == ("Real", "Real")
    assert {t.name: t.rows for t in manifest.tables}["businesses"] == 1
    assert queries.find_last_verified() is None


def test_the_command_line_makes_one_without_a_worker(shop):
    stages = []
    made = operations.create_backup(shop, Options(), lambda now: stages.append(now.stage))
    assert (made.status, made.started_by, made.created_by) == (
        "VERIFIED",
        "COMMAND",
        "command line",
    )
    assert {"copying", "checking", "loading", "comparing"} <= set(stages)


def test_progress_stands_in_the_row_while_it_runs(shop, outside):
    seen = []

    def look():
        query = "SELECT status, stage FROM backups"
        seen.append(outside.execute(query).fetchone())
        outside.rollback()

    operations.create_backup(shop, Options(), at_stage("comparing", look))
    assert seen[0][0] == "RUNNING"


# -- a backup that does not ------------------------------------------------------------------


def test_a_sick_schema_makes_no_row_and_no_file_and_names_every_gap(shop):
    db.session.execute(db.text("DROP TABLE wifi_usage_analytics, device_sessions"))
    db.session.commit()
    for make in (
        lambda: operations.request_backup(shop, Options(), BOSS),
        lambda: operations.create_backup(shop, Options(), say_nothing),
    ):
        with pytest.raises(SchemaSick) as refused:
            make()
        gaps = {difference.table for difference in refused.value.report.differences}
        assert {"wifi_usage_analytics", "device_sessions"} <= gaps
    assert db.session.query(Backup).count() == 0
    assert not shop.backup_dir.exists() or files(shop) == []


def test_cancelling_throws_the_unfinished_away(shop, outside):
    def cancel():
        outside.execute('UPDATE backups SET "cancelRequestedAt" = now()')
        outside.commit()

    with pytest.raises(Cancelled):
        operations.create_backup(shop, Options(), at_stage("copying", cancel))
    (backup,) = db.session.query(Backup)
    assert (backup.status, backup.file_name, files(shop)) == ("CANCELLED", None, [])


def test_a_stopped_worker_leaves_the_backup_waiting_for_the_next(shop, monkeypatch):
    asked, stop = operations.request_backup(shop, Options(), BOSS), Event()
    verify = engine.verify

    def stopped(*arguments):
        stop.set()
        return verify(*arguments)

    monkeypatch.setattr(engine, "verify", stopped)
    assert operations.run_queued(shop, stop)["status"] == "QUEUED"
    assert (fresh(asked).file_name, files(shop)) == (None, [])
    monkeypatch.undo()
    assert operations.run_queued(shop, Event())["status"] == "VERIFIED"


def test_an_archive_damaged_before_its_proof_is_thrown_away_and_says_why(shop):
    def damage():
        (path,) = shop.backup_dir.glob("*.zip")
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 0xFF
        path.write_bytes(content)

    with pytest.raises(Damaged):
        operations.create_backup(shop, Options(), at_stage("checking", damage))
    (backup,) = db.session.query(Backup)
    assert (backup.status, files(shop)) == ("FAILED", [])
    assert "damaged" in backup.error
    assert "Your data was not changed" in backup.error


def test_a_lost_connection_is_told_as_such(shop, outside):
    def cut():
        outside.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        outside.rollback()

    with pytest.raises(Exception, match=r"connection|terminat"):
        operations.create_backup(shop, Options(), at_stage("copying", cut))
    (backup,) = db.session.query(Backup)
    assert backup.status == "FAILED"
    assert "Your data was not changed" in backup.error
    assert files(shop) == []


# -- checking again --------------------------------------------------------------------------


@pytest.fixture
def made(shop):
    return operations.create_backup(shop, Options(), say_nothing)


def test_checking_again_renews_the_proof(shop, made):
    before = made.verified_at
    operations.request_check(shop, made.id, BOSS)
    assert operations.run_queued(shop, Event())["status"] == "VERIFIED"
    assert fresh(made).verified_at > before
    assert files(shop) == [made.file_name]


def test_an_archive_found_damaged_is_no_longer_trusted_but_kept(shop, made):
    path = shop.backup_dir / made.file_name
    path.write_bytes(path.read_bytes()[:-100])
    operations.request_check(shop, made.id, BOSS)
    assert operations.run_queued(shop, Event())["status"] == "FAILED"
    backup = fresh(made)
    assert (backup.verified_at, files(shop)) == (None, [backup.file_name])
    assert "damaged" in backup.error
    assert queries.find_last_verified() is None


def test_a_check_that_could_not_be_made_leaves_the_proof(shop, made, monkeypatch):
    def no_room(*_):
        raise engine.DiskFull("There is no room for the check. Your data was not changed.")

    monkeypatch.setattr(engine, "verify", no_room)
    operations.request_check(shop, made.id, BOSS)
    assert operations.run_queued(shop, Event())["status"] == "VERIFIED"
    backup = fresh(made)
    assert backup.error == "There is no room for the check. Your data was not changed."
    assert queries.find_last_verified().id == backup.id


# -- several at once -------------------------------------------------------------------------

ASK = """
from wifiapp import create_app
from wifiapp.access import Actor
from wifiapp.backup.engine import Options
from wifiapp.backup.operations import request_backup
app = create_app()
with app.app_context():
    print(request_backup(app.config["WIFIAPP"], Options(), Actor(None, "one@example.org")).id)
"""


def test_of_two_requests_at_once_from_two_processes_one_is_refused(shop, outside, tmp_path):
    lock = "SELECT pg_advisory_lock(hashtextextended('wifiapp backups', 0))"
    outside.execute(lock)
    asking = [
        subprocess.Popen(
            [sys.executable, "-c", ASK],
            cwd=ROOT,
            env=environment(shop.database_url, tmp_path),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    wait_for(lambda: outside.execute(waiting).fetchone() == (2,))
    outside.execute(lock.replace("advisory_lock", "advisory_unlock"))
    outside.commit()
    answers = [process.communicate(timeout=60) for process in asking]
    assert sorted(process.returncode for process in asking) == [0, 1]
    refused = next(error for out, error in answers if not out)
    assert "A backup by one@example.org waits for the worker since" in refused
    assert db.session.query(Backup).count() == 1


def test_of_two_workers_one_takes_the_backup(shop, tmp_path):
    with (
        running_worker(shop.database_url, tmp_path / "a"),
        running_worker(shop.database_url, tmp_path / "b"),
    ):
        asked = operations.request_backup(shop, Options(), BOSS)
        backup = wait_for(lambda: (row := fresh(asked)).finished_at and row)
    assert backup.status == "VERIFIED"
    logs = [(tmp_path / name / "worker.log").read_text() for name in "ab"]
    assert sorted('"status": "VERIFIED"' in log for log in logs) == [False, True]


def test_a_worker_bears_that_all_its_connections_are_cut(shop, outside, tmp_path):
    cut = (
        "SELECT count(*) FROM pg_stat_activity, pg_terminate_backend(pid) "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with running_worker(shop.database_url, tmp_path):
        wait_for(lambda: outside.execute("SELECT FROM worker_states").fetchall())
        outside.rollback()
        db.session.remove()
        assert outside.execute(cut).fetchone()[0] >= 1
        outside.rollback()
        asked = operations.request_backup(shop, Options(), BOSS)
        assert wait_for(lambda: (row := fresh(asked)).finished_at and row.status) == "VERIFIED"


# -- a worker that ends in the middle --------------------------------------------------------


@pytest.fixture
def half_way(shop, outside, tmp_path):
    """A worker in the middle of a backup: somebody holds the row that it writes its progress to."""
    backup = operations.request_backup(shop, Options(), BOSS)
    worker = start(shop.database_url, tmp_path, "worker")
    wait_for(lambda: fresh(backup).stage, pause=0.005)
    db.session.rollback()
    outside.execute("SELECT id FROM backups FOR UPDATE")
    assert fresh(backup).status == "RUNNING"
    db.session.rollback()
    yield worker, backup, tmp_path / "backups"
    outside.rollback()
    finish(worker)


def test_a_worker_killed_in_the_middle_leaves_nothing_behind(shop, outside, half_way, tmp_path):
    worker, backup, parts = half_way
    worker.kill()
    worker.wait()
    outside.rollback()
    with running_worker(shop.database_url, tmp_path):
        ended = wait_for(lambda: (row := fresh(backup)).finished_at and row)
        assert ended.status == "FAILED"
        assert ended.error.startswith("Interrupted")
        wait_for(lambda: list(parts.iterdir()) == [])
        again = operations.request_backup(shop, Options(), BOSS)
        done = wait_for(lambda: (row := fresh(again)).finished_at and row)
    assert done.status == "VERIFIED"
    assert [path.name for path in parts.iterdir()] == [done.file_name]


def test_a_worker_told_to_stop_gives_the_backup_back(shop, outside, half_way, tmp_path):
    worker, backup, parts = half_way
    worker.terminate()
    wait_for(lambda: "worker.stopping" in (tmp_path / "worker.log").read_text())
    outside.rollback()
    assert worker.wait(30) == 0
    assert (fresh(backup).status, list(parts.iterdir())) == ("QUEUED", [])


def test_a_request_after_a_kill_needs_no_worker_to_clean_up_first(shop, outside, half_way):
    worker, backup, _ = half_way
    worker.kill()
    worker.wait()
    outside.rollback()
    wait_for(lambda: not queries.is_held(backup.id))
    asked = operations.request_backup(shop, Options(), BOSS)
    assert (fresh(backup).status, fresh(asked).status) == ("FAILED", "QUEUED")


def test_ctrl_c_on_the_command_line_leaves_nothing_behind(shop, outside, tmp_path):
    command = start(shop.database_url, tmp_path, "backup", "create")
    (row,) = wait_for(db.session.query(Backup).filter(Backup.stage.is_not(None)).all, pause=0.005)
    db.session.rollback()
    outside.execute("SELECT id FROM backups FOR UPDATE")
    command.send_signal(signal.SIGINT)
    outside.rollback()
    assert command.wait(30) == 1
    assert (fresh(row).status, list((tmp_path / "backups").iterdir())) == ("CANCELLED", [])
    assert "Traceback" not in (tmp_path / "backup.log").read_text()
