"""What a run leaves in writing: its log, the proof to print, and what the pages make of them."""

from datetime import timedelta
from threading import Event

import pytest

from tests.conftest import sign_in
from tests.factories import (
    make_backup,
    make_backup_report,
    make_business,
    make_sale,
    make_token,
    make_user,
)
from wifiapp import clock
from wifiapp.access import Actor
from wifiapp.backup import engine, operations, outcome
from wifiapp.backup.engine import Options
from wifiapp.backup.freshness import freshness
from wifiapp.backup.models import Backup, BackupReport
from wifiapp.backup.results import say_nothing
from wifiapp.db import db

BOSS = Actor(user_id=None, email="boss@example.org")


@pytest.fixture
def shop(own_app):
    with own_app.app_context():
        make_sale(make_token(make_business(), status="SOLD"))
        db.session.commit()
        yield own_app.config["WIFIAPP"]


@pytest.fixture
def admin(own_app, shop):
    client = sign_in(own_app.test_client(), make_user("ADMIN"))
    db.session.commit()
    return client


def report_of(backup):
    db.session.rollback()
    return db.session.get(BackupReport, backup.id, populate_existing=True)


# -- the log ---------------------------------------------------------------------------------


def test_the_log_has_each_stage_with_its_moment_and_the_end(shop):
    backup = operations.create_backup(shop, Options(), say_nothing)
    lines = report_of(backup).log.splitlines()
    said = [line.partition("Z  ")[2].partition(",")[0].partition(":")[0] for line in lines]
    stages = ["preparing", "copying", "checking", "loading", "indexing", "comparing", "verified"]
    assert [word for word in said if word in stages] == stages
    assert all(line[:4] == str(clock.now().year) for line in lines)


def test_the_log_of_a_failure_has_the_reason_and_of_a_fault_of_ours_the_place(shop, monkeypatch):
    def broken(*_):
        raise KeyError("a row", "with a secret in it")

    monkeypatch.setattr(engine, "verify", broken)
    operations.request_backup(shop, Options(), BOSS)
    with pytest.raises(KeyError):
        operations.run_queued(shop, Event())
    (backup,) = db.session.query(Backup)
    log = report_of(backup).log
    assert "failed: Something went wrong on our side (KeyError)" in log
    assert "test_outcome.py" in log and "in broken" in log


def test_the_log_of_a_killed_run_is_kept_and_says_so(shop):
    backup = make_backup(status="RUNNING", started_at=clock.now())
    make_backup_report(backup, log="2026-11-22 22:00:00Z  copying\n")
    db.session.commit()
    assert operations.end_interrupted(shop) == 1
    first, second = report_of(backup).log.splitlines()
    assert first.endswith("copying")
    assert "failed: Interrupted" in second


def test_a_log_keeps_its_newest_end_however_much_is_written(app):
    backup = make_backup()
    for number in range(100):
        outcome.note(backup.id, f"line {number} {'x' * 500}")
    log = db.session.get(BackupReport, backup.id).log
    assert len(log) == outcome.LONGEST
    assert "line 99" in log and "line 1 " not in log


def test_a_failed_run_stands_in_the_list_with_its_reason_and_its_log_to_download(admin_client):
    backup = make_backup(status="FAILED", error="The disk is full.", finished_at=clock.now())
    make_backup_report(backup, log="copying\nfailed: The disk is full.\n")
    assert f"/backups/{backup.id}/log.txt" in admin_client.get("/backups").text
    answer = admin_client.get(f"/backups/{backup.id}/log.txt")
    assert (answer.mimetype, answer.text) == ("text/plain", "copying\nfailed: The disk is full.\n")
    assert "attachment" in answer.headers["Content-Disposition"]


def test_a_run_without_a_log_has_none_to_download_and_no_link_to_one(admin_client):
    backup = make_backup(status="FAILED", error="Long ago.", finished_at=clock.now())
    assert admin_client.get(f"/backups/{backup.id}/log.txt").status_code == 404
    assert "log.txt" not in admin_client.get(f"/backups/{backup.id}").text
    assert admin_client.get("/backups/nothing/log.txt").status_code == 404


# -- the proof -------------------------------------------------------------------------------


def test_the_proof_names_tables_rows_digests_keys_and_seconds(shop):
    backup = operations.create_backup(shop, Options(demo_data=True), say_nothing)
    proof = report_of(backup).proof
    manifest = engine.inspect(shop.backup_dir / backup.file_name)
    assert {each["name"]: (each["rows"], each["digest"]) for each in proof["tables"]} == {
        table.name: (table.rows, table.digest) for table in manifest.tables
    }
    assert (proof["rows"], proof["sha256"]) == (backup.row_count, backup.sha256)
    assert proof["foreign_keys"] > 10
    assert proof["seconds"] > 0


def test_the_proof_is_a_page_to_print(shop, admin):
    backup = operations.create_backup(shop, Options(), say_nothing)
    db.session.rollback()
    assert f"/backups/{backup.id}/proof" in admin.get(f"/backups/{backup.id}").text
    text = admin.get(f"/backups/{backup.id}/proof").text
    for said in (
        "This backup restores",
        "data-print",
        backup.sha256,
        "wifi_token_sales",
        "all equal",
    ):
        assert said in text


def test_an_archive_found_damaged_has_no_proof_any_more(shop, admin):
    backup = operations.create_backup(shop, Options(), say_nothing)
    path = shop.backup_dir / backup.file_name
    path.write_bytes(path.read_bytes()[:-100])
    operations.request_check(shop, backup.id, BOSS)
    operations.run_queued(shop, Event())
    assert admin.get(f"/backups/{backup.id}/proof").status_code == 404
    assert f"/backups/{backup.id}/proof" not in admin.get(f"/backups/{backup.id}").text


# -- freshness -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "said"),
    [
        *((None, "never"), (-2, "ahead"), (-0.5, "fresh"), (0, "fresh"), (1.99, "fresh")),
        *((2.01, "aging"), (6.99, "aging"), (7.01, "old"), (400, "old")),
    ],
)
def test_a_backup_is_fresh_for_two_days_and_old_after_seven(no_database, days, said):
    now = clock.now()
    assert freshness(None if days is None else now - timedelta(days=days), now) == said
