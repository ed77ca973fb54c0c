"""Archives of each past version, kept as files: every one must come back whole at this one."""

import zipfile

import pytest
from psycopg import sql

from tests.backup.archives import call, connected, contents, execute, schemas
from tests.backup.older.make import FOLDER, archive_of, revisions
from tests.backup.older.rows import ROWS
from wifiapp.backup import engine, loading, restoring, swapping
from wifiapp.backup.engine import NewerArchive
from wifiapp.db import db
from wifiapp.doctor.examination import examine_now

ARCHIVES = sorted(FOLDER.glob("*.zip"))


def kept(path):
    """Return the rows of each table as the archive has them, sorted: lines of CSV."""
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.startswith("tables/")]
        return {name[7:-4]: sorted(archive.read(name).splitlines(keepends=True)) for name in names}


def live(app, path):
    """Return the rows of the same tables and columns as they stand in the database."""
    found = {}
    with connected(app) as connection:
        for table in engine.inspect(path).tables:
            columns = sql.SQL(", ").join(map(sql.Identifier, table.column_names))
            copy_out = sql.SQL("COPY {} ({}) TO STDOUT (FORMAT csv, HEADER)")
            with connection.cursor().copy(
                copy_out.format(sql.Identifier(table.name), columns)
            ) as copy:
                found[table.name] = sorted(b"".join(copy).splitlines(keepends=True))
    return found


@pytest.mark.parametrize("path", ARCHIVES, ids=lambda path: path.stem.rpartition("r")[2])
def test_an_archive_of_this_revision_comes_back_with_every_row(own_app, path):
    said = engine.inspect(path)
    assert {table.name: table.rows for table in said.tables} == {
        name: len(rows) for name, rows in ROWS.items() if name in kept(path)
    }
    restored = call(own_app, engine.restore, path)
    assert (restored.revision_from, restored.rows) == (said.revision, said.rows)
    before, after = kept(path), live(own_app, path)
    noted = set(after["audit_logs"]) - set(before["audit_logs"])
    assert len(noted) == 1 and b"backup.restore" in noted.pop()
    assert after | {"audit_logs": before["audit_logs"]} == before
    with own_app.app_context():
        assert examine_now().is_clean


@pytest.mark.parametrize("path", ARCHIVES[:1], ids=["the oldest"])
def test_an_older_archive_is_proved_without_a_change_of_what_is_live(own_app, path):
    before = contents(own_app)
    assert call(own_app, engine.verify, path).revision == engine.inspect(path).revision
    assert contents(own_app) == before
    assert schemas(own_app) == []


def test_there_is_an_archive_of_each_revision_that_changes_a_table():
    missing = [r for r in revisions(db.session.connection()) if not archive_of(r).exists()]
    assert not missing, "python -m tests.backup.older.make"


def test_without_bringing_it_up_an_older_archive_would_leave_a_sick_schema(own_app, monkeypatch):
    monkeypatch.setattr(restoring, "_bring_up_to_date", lambda *_: "nothing was done")
    monkeypatch.setattr(swapping.Swap, "_refuse_strays", lambda _: None)  # would stop it, too
    call(own_app, engine.restore, ARCHIVES[0])
    with own_app.app_context():
        assert examine_now().is_sick


def test_an_app_that_does_not_know_a_revision_names_both_and_changes_nothing(own_app, monkeypatch):
    """What a newer archive meets: this app without its last migrations."""
    known = loading.from_migrations
    newest = engine.inspect(ARCHIVES[-1]).revision

    def older_app(connection):
        return {key: value for key, value in known(connection).items() if newest not in key}

    monkeypatch.setattr(loading, "from_migrations", older_app)
    monkeypatch.setattr(loading, "_live_like", lambda *_: None)  # its database is older, too
    before = contents(own_app)
    for read in (engine.verify, engine.restore):
        with pytest.raises(NewerArchive, match=newest) as caught:
            call(own_app, read, ARCHIVES[-1])
        assert "which knows 2" in str(caught.value)
    assert contents(own_app) == before
    assert execute(own_app, "SELECT count(*) FROM users") == [(0,)]
