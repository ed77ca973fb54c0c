"""What the tests of the backup engine share: full databases, their contents, altered archives."""

import contextlib
import json
import zipfile

from sqlalchemy import MetaData

from tests.factories import FACTORIES
from wifiapp import clock
from wifiapp.backup import creating, engine
from wifiapp.backup.engine import Options
from wifiapp.backup.reporting import Reporter
from wifiapp.backup.selection import Query
from wifiapp.backup.writing import Writer
from wifiapp.db import Model, connect, db
from wifiapp.doctor.catalogue import read_catalogue

EVERYTHING = Options(audit_logs=True, demo_data=True)
ARCHIVED = [t.name for t in Model.metadata.sorted_tables if t.info["archive"] != "never"]
STAYING = [t.name for t in Model.metadata.sorted_tables if t.info["archive"] == "never"]


def config_of(app):
    return app.config["WIFIAPP"]


def fill(app, *makers):
    """Commit what the makers make; without any, a row in every table."""
    with app.app_context():
        for make in makers or FACTORIES.values():
            make()
        db.session.commit()


def make_archive(app, options=EVERYTHING, **given):
    config = config_of(app)
    with app.app_context():
        return engine.create(config, options, config.backup_dir, made_by="a test", **given)


def call(app, function, *arguments, **given):
    """Call a function of the engine in the app's context."""
    with app.app_context():
        return function(config_of(app), *arguments, **given)


@contextlib.contextmanager
def connected(app):
    with contextlib.closing(connect(config_of(app), autocommit=True)) as connection:
        yield connection


def execute(app, statement, values=None):
    with connected(app) as connection:
        cursor = connection.execute(statement, values)
        return cursor.fetchall() if cursor.description else None


def contents(app, tables=ARCHIVED):
    """Return every row of the tables as PostgreSQL writes it, in order."""
    with connected(app) as connection:
        return {
            table: sorted(
                row for (row,) in connection.execute(f"SELECT t::text FROM {table} t").fetchall()
            )
            for table in tables
        }


def schemas(app):
    """Return what stands beside the live schema."""
    found = execute(
        app, "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_|^information_schema|^public$'"
    )
    return sorted(name for (name,) in found)


def is_free(app):
    """Tell whether nobody holds a lock of the engine."""
    locks = "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database"
    held = f"{locks} WHERE locktype = 'advisory' AND datname = current_database()"
    return execute(app, held) == [(0,)]


def altered(path, change, name="altered.zip"):
    """Write a copy of the archive whose members `change` has changed: a dict of bytes by name."""
    with zipfile.ZipFile(path) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    change(members)
    target = path.with_name(name)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return target


def with_manifest(change):
    """Return a change of the members that changes the manifest: `change` gets it as a dict."""

    def change_members(members):
        manifest = json.loads(members["manifest.json"])
        change(manifest)
        members["manifest.json"] = json.dumps(manifest).encode()

    return change_members


def table_of(manifest, name):
    return next(table for table in manifest["tables"] if table["name"] == name)


def make_old_archive(app, path):
    """Write an archive of a database as its own revision has it, whatever the models say."""
    config = config_of(app)
    with app.app_context(), connected(app) as reading, connected(app) as comparing:
        reflected = MetaData()
        reflected.reflect(db.engine)
        queries = [Query(t, None, None) for t in reflected.sorted_tables if t.name in ARCHIVED]
        types = read_catalogue(reading, "public").tables
        source = creating.Source(
            moment=clock.now(),
            postgresql="15",
            revision=reading.execute("SELECT version_num FROM alembic_version").fetchone()[0],
            business_name=None,
            types={
                q.name: {c.name: c.type for c in types[q.name].columns.values()} for q in queries
            },
            queries=queries,
            rows=0,
        )
        with Writer(path, source.moment) as writer:
            reporter = Reporter(engine.say_nothing)
            written = creating.write_tables(writer, queries, reading, comparing, reporter)
            said = creating._manifest(config, EVERYTHING, source, "a test", written)
            for name in ("README.txt", "check.py"):
                writer.add(name, (creating.INSIDE / name).read_bytes())
            writer.add("manifest.json", said.as_json())
            writer.finish()
    return path
