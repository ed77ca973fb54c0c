import errno
import os
import subprocess
import sys
import threading
import zipfile

import pytest

from tests.backup.archives import (
    ARCHIVED,
    EVERYTHING,
    STAYING,
    call,
    config_of,
    execute,
    fill,
    is_free,
    make_archive,
    schemas,
)
from tests.factories import make_business, make_device, make_user
from wifiapp.backup import creating, engine, running, writing
from wifiapp.backup.engine import Busy, Cancelled, DiskFull, Options, SchemaSick
from wifiapp.backup.running import explained
from wifiapp.errors import NotFound


def test_every_table_travels_but_those_that_say_why_not(own_app):
    fill(own_app)
    created = make_archive(own_app)
    with zipfile.ZipFile(created.path) as archive:
        members = archive.namelist()
    assert sorted(members) == sorted(
        [f"tables/{name}.csv" for name in ARCHIVED] + ["README.txt", "check.py", "manifest.json"]
    )
    for table in created.tables:
        assert [(table.rows,)] == execute(own_app, f"SELECT count(*) FROM {table.name}")
        assert table.rows > 0, table.name
    assert not set(STAYING) & {table.name for table in created.tables}


def test_the_manifest_says_what_was_saved_when_by_whom_and_how(own_app):
    fill(own_app)
    created = make_archive(own_app)
    said = engine.inspect(created.path)
    assert said.options == EVERYTHING
    assert said.made_by == "a test"
    assert [(said.revision,)] == execute(own_app, "SELECT version_num FROM alembic_version")
    assert said.key_fingerprint == config_of(own_app).key_fingerprint
    tokens = next(table for table in said.tables if table.name == "wifi_tokens")
    assert {"price": "numeric(12,2)", "createdAt": "timestamp without time zone"}.items() <= {
        column.name: column.type for column in tokens.columns
    }.items()
    assert created.rows == said.rows == sum(table.rows for table in said.tables)


def test_the_file_is_private_and_whole_and_bears_its_time_and_revision(own_app):
    fill(own_app, make_device)
    created = make_archive(own_app)
    assert created.path.stat().st_mode & 0o777 == 0o600
    assert created.path.stat().st_size == created.size
    said = engine.inspect(created.path)
    stamp = said.made_at.replace("-", "").replace(":", "")
    assert created.path.name == f"wifiapp-all-{stamp}-r{said.revision}.zip"
    assert [path.name for path in created.path.parent.iterdir()] == [created.path.name]
    with zipfile.ZipFile(created.path) as archive:
        assert archive.testzip() is None
    assert engine.check(created.path).sha256 == created.sha256


def test_two_archives_of_one_second_do_not_overwrite_each_other(own_app):
    paths = {make_archive(own_app).path for _ in range(3)}
    assert len(paths) == 3


def test_the_members_are_deflated_by_the_fast_library_where_there_is_one(own_app):
    assert writing.fast_zlib.__name__ == "isal.isal_zlib"


@pytest.mark.parametrize("unpacked", [False, True])
def test_check_py_proves_the_archive_without_the_app(own_app, tmp_path, unpacked):
    fill(own_app)
    path = make_archive(own_app).path
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path / "unpacked")
    arguments = [] if unpacked else [str(path)]
    checker = str(tmp_path / "unpacked" / "check.py")

    def check():
        command = [sys.executable, "-I", checker, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")

    done = check()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "whole" in done.stdout
    if unpacked:
        (tmp_path / "unpacked/tables/users.csv").write_bytes(b"id,email\n")
        done = check()
        assert done.returncode == 1
        assert "WRONG users" in done.stdout


def test_rows_that_come_during_the_backup_are_not_in_it(own_app):
    fill(own_app)
    before = call(own_app, lambda _: None) or execute(own_app, "SELECT count(*) FROM wifi_tokens")
    seen = []

    def write_meanwhile(progress):
        if progress.stage == "copying" and not seen:
            seen.append(progress)
            fill(own_app, make_device)  # a business, a plan, a hotspot, a token, a device

    created = make_archive(own_app, report=write_meanwhile)
    assert seen
    rows = {table.name: table.rows for table in created.tables}
    assert [(rows["wifi_tokens"],)] == before
    assert call(own_app, engine.verify, created.path).rows == created.rows


def test_a_sick_schema_makes_no_archive_and_says_all_that_is_wrong(own_app):
    execute(own_app, 'ALTER TABLE wifi_token_sales DROP COLUMN "saleChannel"')
    execute(own_app, "DROP TABLE wifi_usage_analytics")
    with pytest.raises(SchemaSick, match="flask doctor") as caught:
        make_archive(own_app)
    named = " ".join(map(str, caught.value.report.differences))
    assert "saleChannel" in named
    assert "wifi_usage_analytics" in named
    assert list(config_of(own_app).backup_dir.iterdir()) == []
    assert is_free(own_app)


def test_an_unknown_business_is_named_as_such(own_app):
    with pytest.raises(NotFound):
        make_archive(own_app, Options(business_id="nobody"))
    assert list(config_of(own_app).backup_dir.iterdir()) == []


def test_a_second_run_is_told_who_is_busy_since_when(own_app):
    fill(own_app, make_user)
    refused = []

    def start_another(_progress):
        if not refused:
            with pytest.raises(Busy) as caught:
                make_archive(own_app)
            refused.append(caught.value)

    assert make_archive(own_app, report=start_another).rows == 1
    assert refused[0].who == "a backup by a test"
    assert "a backup by a test" in str(refused[0])
    assert f"{refused[0].since:%Y-%m-%d %H:%M}" in str(refused[0])


def test_of_two_that_start_together_one_is_made(own_app):
    fill(own_app, make_user)
    barrier, outcomes = threading.Barrier(2), []
    together = threading.Event()

    def wait_for_the_other(_progress):
        together.wait(30)

    def run():
        barrier.wait()
        try:
            outcomes.append(make_archive(own_app, report=wait_for_the_other))
        except Busy as error:
            outcomes.append(error)
            together.set()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Busy", "Created"]


@pytest.mark.parametrize("stage", ["preparing", "copying"])
def test_a_cancelled_backup_leaves_nothing(own_app, stage):
    fill(own_app)

    def cancel(progress):
        if progress.stage == stage:
            raise Cancelled

    with pytest.raises(Cancelled):
        make_archive(own_app, report=cancel)
    assert not list(config_of(own_app).backup_dir.glob("*"))
    assert is_free(own_app)
    make_archive(own_app)


KILLED = """
import os, signal, sys
from pathlib import Path
from wifiapp import create_app
from wifiapp.backup import engine
from wifiapp.config import Config

folder, url = Path(sys.argv[1]), sys.argv[2]
app = create_app(Config(instance=folder, backup_dir=folder, secret_key="x", database_url=url))

def die(progress):
    if progress.stage == sys.argv[3]:
        os.kill(os.getpid(), signal.SIGKILL)

with app.app_context():
    config = app.config["WIFIAPP"]
    if sys.argv[3] == "copying":
        engine.create(config, engine.Options(), folder, made_by="somebody", report=die)
    else:
        engine.restore(config, folder / "archive.zip", die)
"""


def kill_while(stage, app, folder):
    command = [sys.executable, "-c", KILLED, str(folder), config_of(app).database_url, stage]
    done = subprocess.run(command, capture_output=True, check=False, env=dict(os.environ))
    assert done.returncode == -9, done.stderr.decode()


def test_a_backup_killed_on_the_way_leaves_no_archive_and_the_next_one_works(own_app):
    fill(own_app)
    folder = config_of(own_app).backup_dir
    folder.mkdir(parents=True)
    kill_while("copying", own_app, folder)
    assert [path.suffix for path in folder.iterdir()] == [".part"]
    created = make_archive(own_app)
    assert list(folder.iterdir()) == [created.path]


def test_a_restore_killed_on_the_way_leaves_the_data_and_the_next_run_sweeps(own_app):
    fill(own_app)
    folder = config_of(own_app).backup_dir
    make_archive(own_app).path.rename(folder / "archive.zip")
    kill_while("comparing", own_app, folder)
    assert [name[:8] for name in schemas(own_app)] == ["restore_"]
    call(own_app, engine.clean_up)
    assert schemas(own_app) == []
    assert call(own_app, engine.restore, folder / "archive.zip").rows > 0


def test_a_machine_that_lost_its_cable_is_missed_within_a_minute(own_app):
    """By both sides; a connection on the machine itself needs nobody who asks."""
    with running.connected(config_of(own_app)) as connection:
        ours = connection.info.get_parameters()
        assert (ours["keepalives_idle"], ours["keepalives_count"]) == ("20", "3")
        if connection.info.host.startswith("/"):
            return
        for name, value in running.ALIVE.items():
            shown = connection.execute(f"SHOW tcp_{name}".encode()).fetchone()
            assert shown == (str(value),)


def test_a_run_under_way_is_not_cleaned_up(own_app):
    fill(own_app)
    created = make_archive(own_app, report=lambda _progress: call(own_app, engine.clean_up))
    assert created.path.exists()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_called_a_full_disk(no_database, code):
    with pytest.raises(DiskFull, match="Free some space"), explained("The backup was not made"):
        raise OSError(code, os.strerror(code))


def test_too_little_space_is_seen_before_anything_is_written(own_app, monkeypatch):
    monkeypatch.setattr(creating, "SPARE", 1 << 60)
    with pytest.raises(DiskFull, match="MB free"):
        make_archive(own_app)
    assert list(config_of(own_app).backup_dir.iterdir()) == []


def test_the_name_of_a_business_becomes_a_plain_file_name(own_app):
    fill(own_app, lambda: make_business(id="b1", name="Café ../ & Söhne"))
    name = make_archive(own_app, Options(business_id="b1")).path.name
    assert name.startswith("wifiapp-caf-s-hne-")
