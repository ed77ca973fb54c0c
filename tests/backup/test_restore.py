import contextlib
import hashlib
import json
from dataclasses import replace

import psycopg
import pytest
from flask_migrate import upgrade
from sqlalchemy import text

from tests.backup.archives import (
    ARCHIVED,
    EVERYTHING,
    STAYING,
    altered,
    call,
    config_of,
    connected,
    contents,
    execute,
    fill,
    make_archive,
    make_old_archive,
    schemas,
    table_of,
    with_manifest,
)
from tests.factories import make_audit_log, make_backup, make_device, make_sale, make_user
from wifiapp.access import Actor
from wifiapp.backup import engine, restoring, scratch, swapping
from wifiapp.backup.engine import (
    BackupError,
    Cancelled,
    DiskFull,
    NewerArchive,
    Options,
    RefusedRow,
)
from wifiapp.db import db
from wifiapp.doctor.examination import examine_now

ADMIN = Actor(user_id="u1", email="owner@example.org", ip="192.168.1.7")
DATA = [name for name in ARCHIVED if name != "audit_logs"]


def restore(app, path, **given):
    return call(app, engine.restore, path, **given)


def is_sound(app):
    with app.app_context():
        return examine_now().is_clean


def same_but_for(app, before, *tables):
    after = contents(app)
    return all(after[table] == rows for table, rows in before.items() if table not in tables)


def test_what_was_added_changed_or_deleted_since_is_as_it_was(own_app):
    fill(own_app)
    before = contents(own_app)
    created = make_archive(own_app)
    fill(own_app, make_sale, make_device)
    execute(own_app, "UPDATE users SET name = 'changed'")
    execute(own_app, "DELETE FROM device_sessions")
    restored = restore(own_app, created.path)
    assert same_but_for(own_app, before, "audit_logs")
    assert restored.tables == created.tables
    assert restored.rows == created.rows
    assert restored.revision_from == restored.revision_to == created.revision
    assert is_sound(own_app)


def test_it_works_on_a_new_installation(own_app, empty_database, app_on):
    fill(own_app)
    created = make_archive(own_app)
    new = app_on(empty_database)
    with new.app_context():
        upgrade()
    restored = restore(new, created.path)
    assert contents(new, DATA) == contents(own_app, DATA)
    assert restored.tables == created.tables
    assert is_sound(new)


def test_the_installation_keeps_its_catalogue_and_its_workers(own_app):
    fill(own_app)
    path = make_archive(own_app).path
    fill(own_app, make_backup)
    before = contents(own_app, STAYING)
    assert all(before.values())
    restore(own_app, path)
    assert contents(own_app, STAYING) == before


def test_the_restore_is_in_the_audit_log(own_app):
    fill(own_app)
    path = make_archive(own_app).path
    restore(own_app, path, actor=ADMIN)
    last = 'SELECT action, "userEmail", ip, change FROM audit_logs ORDER BY at DESC LIMIT 1'
    ((action, email, ip, change),) = execute(own_app, last)
    assert (action, email, ip) == ("backup.restore", ADMIN.email, ADMIN.ip)
    assert change["file"] == path.name


def test_an_audit_log_goes_on_when_the_archive_has_none(own_app):
    fill(own_app)
    path = make_archive(own_app, Options()).path
    fill(own_app, lambda: make_audit_log(id="after"))
    before = contents(own_app, ["audit_logs"])["audit_logs"]
    restored = restore(own_app, path)
    after = contents(own_app, ["audit_logs"])["audit_logs"]
    assert set(before) < set(after)
    assert "audit logs" in restored.notes[0]


@pytest.mark.parametrize("options", [EVERYTHING, Options()])
def test_the_audit_log_only_grows_after_a_restore_too(own_app, options):
    fill(own_app)
    restore(own_app, make_archive(own_app, options).path)
    call(own_app, engine.undo_restore)
    restored_again = call(own_app, engine.undo_restore)
    execute(own_app, f"DROP SCHEMA {restored_again.kept_as} CASCADE")
    for statement in ("DELETE FROM audit_logs", "UPDATE audit_logs SET action = 'x'"):
        with pytest.raises(psycopg.Error, match="only grows"):
            execute(own_app, statement)
    assert is_sound(own_app)


def test_a_restore_can_be_undone_and_that_too(own_app):
    fill(own_app)
    path = make_archive(own_app).path
    then = contents(own_app, DATA)
    fill(own_app, make_sale)
    now = contents(own_app, DATA)
    restored = restore(own_app, path)
    undone = call(own_app, engine.undo_restore, actor=ADMIN)
    assert undone.came_back == restored.kept_as
    assert contents(own_app, DATA) == now
    assert schemas(own_app) == [undone.kept_as]
    last = "SELECT action FROM audit_logs ORDER BY at DESC LIMIT 1"
    assert execute(own_app, last) == [("backup.undo_restore",)]
    call(own_app, engine.undo_restore)
    assert contents(own_app, DATA) == then
    assert is_sound(own_app)


def test_without_a_restore_there_is_nothing_to_undo(own_app):
    with pytest.raises(BackupError, match="no restore to undo"):
        call(own_app, engine.undo_restore)


def test_what_is_kept_for_an_undo_goes_after_its_days(own_app):
    execute(own_app, "CREATE SCHEMA before_restore_20200101_000000")
    execute(own_app, "CREATE SCHEMA verify_0123456789ab")
    execute(own_app, "CREATE SCHEMA verify_our_accounts")
    fill(own_app)
    kept = restore(own_app, make_archive(own_app).path).kept_as
    call(own_app, engine.clean_up)
    assert schemas(own_app) == [kept, "verify_our_accounts"]


def test_verify_proves_it_and_leaves_nothing_behind(own_app):
    fill(own_app)
    before = contents(own_app)
    created = make_archive(own_app)
    verified = call(own_app, engine.verify, created.path)
    assert verified.tables == created.tables
    assert verified.sha256 == created.sha256
    assert schemas(own_app) == []
    assert contents(own_app) == before


@pytest.mark.parametrize("stage", ["checking", "loading", "indexing", "comparing", "swapping"])
def test_a_cancelled_restore_leaves_everything_as_it_was(own_app, stage):
    fill(own_app)
    path = make_archive(own_app).path
    fill(own_app, make_sale)
    before = contents(own_app)

    def cancel(progress):
        if progress.stage == stage:
            raise Cancelled

    with pytest.raises(Cancelled):
        restore(own_app, path, report=cancel)
    assert contents(own_app) == before
    assert schemas(own_app) == []
    restore(own_app, path)


# -- rows that the database refuses ------------------------------------------------------------


def rewritten(path, table, change):
    """Return an archive whose table `change` has changed, and whose figures agree again."""

    def change_members(members):
        member = f"tables/{table}.csv"
        members[member] = change(members[member])
        said = json.loads(members["manifest.json"])
        content = members[member]
        rows = content.count(b"\n") - 1
        figures = {"bytes": len(content), "rows": rows}
        figures |= {"sha256": hashlib.sha256(content).hexdigest()}
        table_of(said, table).update(figures | ({} if rows else {"digest": "0"}))
        members["manifest.json"] = json.dumps(said).encode()

    return altered(path, change_members)


@pytest.mark.parametrize("read", [engine.verify, engine.restore])
def test_a_refused_row_is_named_with_its_line_and_refuses_all(own_app, read):
    fill(own_app, make_user, make_user, make_device)
    path = make_archive(own_app).path
    wrong = rewritten(path, "wifi_token_devices", lambda rows: rows.replace(b"AC:DE", b"ac:de"))
    fill(own_app, make_sale)
    before = contents(own_app)
    with pytest.raises(RefusedRow, match=r"line 2 of tables/wifi_token_devices") as caught:
        call(own_app, read, wrong)
    assert (caught.value.table, caught.value.line) == ("wifi_token_devices", 2)
    assert "macAddress" in caught.value.message
    assert contents(own_app) == before
    assert schemas(own_app) == []


@pytest.mark.parametrize("read", [engine.verify, engine.restore])
def test_a_row_that_stands_twice_is_refused(own_app, read):
    fill(own_app, make_user)
    path = make_archive(own_app).path
    twice = rewritten(path, "users", lambda rows: rows + rows.split(b"\n", 1)[1])
    with pytest.raises(RefusedRow, match=r"a row of users.*is duplicated"):
        call(own_app, read, twice)


@pytest.mark.parametrize("read", [engine.verify, engine.restore])
def test_a_row_without_the_row_it_points_to_is_refused(own_app, read):
    fill(own_app, make_device)
    path = make_archive(own_app).path

    def orphan(rows):
        return rows.split(b"\n", 1)[0] + b"\n"

    with pytest.raises(RefusedRow, match="is not present in table"):
        call(own_app, read, rewritten(path, "businesses", orphan))
    assert schemas(own_app) == []


def test_other_values_than_the_digest_knows_are_found(own_app):
    fill(own_app, make_user)
    path = make_archive(own_app).path
    wrong = rewritten(path, "users", lambda rows: rows.replace(b"User", b"Usor"))
    with pytest.raises(engine.Damaged, match="other values"):
        restore(own_app, wrong)


# -- revisions -----------------------------------------------------------------------------


def test_an_older_archive_is_brought_to_this_revision_with_its_rows(
    own_app, empty_database, app_on, tmp_path
):
    old = app_on(empty_database)
    with old.app_context():
        upgrade(revision="20260113000004")
        db.engine.dispose()
    execute(
        old,
        """
        INSERT INTO businesses (id, name, currency, timezone) VALUES ('b', 'B', 'USD', 'UTC');
        INSERT INTO hotspots (id, name, system, address) VALUES ('h', 'H', 'ESP32', '10.0.0.1');
        INSERT INTO token_configurations (id, "businessId", name, system, "durationMinutes", price)
        VALUES ('p', 'b', 'Hour', 'ESP32', 60, 1);
        INSERT INTO wifi_tokens (id, "businessId", "hotspotId", "tokenConfigId", system, token,
            "planName", "durationMinutes", price)
        VALUES ('t', 'b', 'h', 'p', 'ESP32', 'ABC', 'Hour', 60, 1);
        INSERT INTO wifi_token_devices (id, "wifiTokenId", "macAddress", "currentIp", "firstSeen",
            "lastSeen")
        VALUES ('d', 't', 'AC:DE:48:00:00:01', '10.0.0.2', now(), now());
        """,
    )
    path = make_old_archive(old, tmp_path / "old.zip")
    assert call(own_app, engine.verify, path).revision == "20260113000004"
    fill(own_app, make_user)
    restored = restore(own_app, path)
    assert restored.revision_from == "20260113000004"
    assert restored.revision_to > restored.revision_from
    assert is_sound(own_app)
    found = execute(own_app, 'SELECT id, "currentIp" FROM wifi_token_devices')
    assert found == [("d", "10.0.0.2")]
    assert execute(own_app, "SELECT count(*) FROM users") == [(0,)]
    assert execute(own_app, "SELECT version_num FROM alembic_version") == [(restored.revision_to,)]


@pytest.mark.parametrize("read", [engine.verify, engine.restore])
def test_a_newer_archive_is_refused_and_both_revisions_are_named(own_app, read):
    fill(own_app)
    created = make_archive(own_app)
    newer = altered(
        created.path, with_manifest(lambda said: said.update(revision="20991231000000"))
    )
    before = contents(own_app)
    with pytest.raises(NewerArchive, match="20991231000000") as caught:
        call(own_app, read, newer)
    assert created.revision in str(caught.value)
    assert contents(own_app) == before


# -- parts of an installation --------------------------------------------------------------


def test_an_archive_of_one_business_does_not_replace_others(own_app, empty_database, app_on):
    fill(own_app)
    ((business, name),) = execute(own_app, "SELECT id, name FROM businesses LIMIT 1")
    path = make_archive(own_app, Options(business_id=business)).path
    before = contents(own_app)
    with pytest.raises(BackupError, match="one business only"):
        restore(own_app, path)
    assert contents(own_app) == before
    new = app_on(empty_database)
    with new.app_context():
        upgrade()
    restored = restore(new, path)
    assert execute(new, "SELECT name FROM businesses") == [(name,)]
    assert f"all but {name}" in restored.notes[0]


def test_another_key_is_noted_and_no_hindrance(own_app, own_database, app_on):
    fill(own_app)
    path = make_archive(own_app).path
    other = app_on(config_of(own_app).database_url, secret_key="another secret")
    (note,) = restore(other, path).notes
    assert "SECRET_KEY" in note


def test_too_little_space_for_the_rows_is_seen_before_they_are_loaded(own_app, monkeypatch):
    """The disk of a server of our own; how full that of another is, nobody tells us."""
    fill(own_app, make_user)
    path, ours = make_archive(own_app).path, replace(config_of(own_app), database_url=None)
    connect, elsewhere = scratch.db.connect, config_of(own_app)
    monkeypatch.setattr(scratch.db, "connect", lambda _, **given: connect(elsewhere, **given))
    assert verify(own_app, path, ours).rows == 1
    monkeypatch.setattr(restoring, "GROWS", 1 << 60)
    with pytest.raises(DiskFull, match=r"may need \d+ MB .* Nothing was restored"):
        verify(own_app, path, ours)
    assert schemas(own_app) == []


def verify(app, path, config):
    with app.app_context():
        return engine.verify(config, path)


# -- the swap ------------------------------------------------------------------------------


def test_connections_that_are_open_find_the_restored_rows(own_app):
    fill(own_app, make_user)
    path = make_archive(own_app).path
    query = "SELECT count(*) FROM users WHERE email > %s"
    with connected(own_app) as prepared, own_app.app_context():
        prepared.prepare_threshold = 0
        fill(own_app, make_user)
        assert prepared.execute(query, ("",)).fetchone() == (2,)
        with db.engine.connect() as pooled:
            assert pooled.scalar(text("SELECT count(*) FROM users")) == 2
        restore(own_app, path)
        assert prepared.execute(query, ("",)).fetchone() == (1,)
        prepared.execute("UPDATE users SET name = 'found'")
        with db.engine.connect() as pooled:
            assert pooled.scalar(text("SELECT name FROM users")) == "found"


def test_a_reader_in_the_middle_of_a_transaction_is_no_hindrance(own_app):
    fill(own_app)
    path = make_archive(own_app).path
    with connected(own_app) as reader, reader.transaction():
        reader.execute("SELECT * FROM wifi_token_sales").fetchall()
        assert restore(own_app, path).lock_milliseconds > 0


def test_a_writer_is_waited_for_and_when_it_never_ends_nothing_happens(own_app, monkeypatch):
    monkeypatch.setattr(swapping, "TRIES", 2)
    monkeypatch.setattr(swapping, "PAUSE", 0)
    fill(own_app)
    path = make_archive(own_app).path
    before = contents(own_app)
    with connected(own_app) as writer, contextlib.suppress(psycopg.Rollback), writer.transaction():
        writer.execute("UPDATE users SET name = 'in the middle'")
        with pytest.raises(BackupError, match="keeps the tables busy"):
            restore(own_app, path)
        raise psycopg.Rollback
    assert contents(own_app) == before
    assert schemas(own_app) == []


def test_rights_that_were_granted_hold_after_a_restore(own_app):
    fill(own_app)
    path = make_archive(own_app).path
    role = "wifiapp_reader_of_tests"
    execute(own_app, f"DROP ROLE IF EXISTS {role}")
    execute(own_app, f"CREATE ROLE {role}")
    try:
        execute(own_app, f"GRANT SELECT ON wifi_token_sales TO {role}")
        execute(own_app, f"GRANT USAGE ON SCHEMA public TO {role}")
        rights = """SELECT nspacl::text, nspowner::regrole::text, relacl::text,
                           obj_description(n.oid, 'pg_namespace')
                    FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid
                    WHERE nspname = 'public' AND relname = 'wifi_token_sales'"""
        before = execute(own_app, rights)
        restored = restore(own_app, path)
        (after,) = execute(own_app, rights)
        assert sorted(after[0].strip("{}").split(",")) == sorted(
            before[0][0].strip("{}").split(",")
        )
        assert after[1:] == before[0][1:]
        execute(own_app, f"DROP SCHEMA {restored.kept_as} CASCADE")
    finally:
        execute(own_app, f"DROP OWNED BY {role}")
        execute(own_app, f"DROP ROLE {role}")


def test_tables_of_others_stay_where_they_are(own_app):
    execute(own_app, "CREATE TABLE price_list (id int PRIMARY KEY, name text)")
    execute(own_app, "INSERT INTO price_list VALUES (1, 'theirs')")
    path = make_old_archive(own_app, config_of(own_app).instance.with_suffix(".zip"))
    restored = restore(own_app, path)
    execute(own_app, f"DROP SCHEMA {restored.kept_as} CASCADE")
    assert execute(own_app, "SELECT name FROM public.price_list") == [("theirs",)]


def test_tables_of_others_that_lean_on_ours_are_named(own_app):
    execute(own_app, "CREATE TABLE notes (id int, sale text REFERENCES wifi_token_sales)")
    path = make_old_archive(own_app, config_of(own_app).instance.with_suffix(".zip"))
    with pytest.raises(BackupError, match="notes is no part of wifiapp"):
        restore(own_app, path)
    assert schemas(own_app) == []


def test_a_sick_live_schema_can_be_restored_from_an_archive(own_app):
    fill(own_app)
    path = make_archive(own_app).path
    execute(own_app, "DROP TABLE wifi_usage_analytics")
    execute(own_app, 'ALTER TABLE backups DROP COLUMN "isPinned"')
    restored = restore(own_app, path)
    assert is_sound(own_app)
    assert any("backups" in note for note in restored.notes)


def test_names_of_what_is_kept_come_one_after_the_other(own_app):
    with connected(own_app) as connection:
        first = scratch.kept_name(connection)
        connection.execute(f"CREATE SCHEMA {first}")
        assert scratch.kept_name(connection) > first
