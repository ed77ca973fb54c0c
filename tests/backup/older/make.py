"""Make the archives that later versions must restore: `python -m tests.backup.older.make`.

One for each migration that changes a table, made once and kept: a database is brought to that
revision, gets the rows of `rows.py`, and its archive is written as the app of that day would.
What is there already stays as it is. A new table needs its two rows in `rows.py` first.
"""

import sys
from pathlib import Path

from flask_migrate import upgrade
from sqlalchemy import MetaData, insert

from tests.backup.archives import ARCHIVED, make_old_archive
from tests.backup.older.rows import ROWS
from tests.bench.server import running
from tests.conftest import make_config
from wifiapp import create_app
from wifiapp.db import db
from wifiapp.doctor.expectation import from_migrations, scripts

FOLDER = Path(__file__).parent
FIRST = "20260113000004"  # the first that a backup could be made at


def archive_of(revision):
    return FOLDER / f"wifiapp-all-r{revision}.zip"


def revisions(connection):
    """Return those that change a table, its columns or what its rows may be; oldest first."""
    built, before, found = from_migrations(connection), None, []
    for script in reversed(list(scripts().walk_revisions())):
        catalogue = built[frozenset({script.revision})]
        parts = {p for p in catalogue.parts if p.kind not in {"index", "function", "trigger"}}
        if (shape := (catalogue.tables, parts)) != before and script.revision >= FIRST:
            found.append(script.revision)
        before = shape
    return found


def fill(connection):
    """Put the rows into every table that is there and travels, parents first."""
    reflected = MetaData()
    reflected.reflect(connection)
    for table in reflected.sorted_tables:
        if table.name in ARCHIVED:
            rows = ROWS.get(table.name) or sys.exit(f"rows.py has no rows for {table.name}.")
            # What triggers would add to other tables stands in rows.py, too.
            connection.exec_driver_sql(f'ALTER TABLE "{table.name}" DISABLE TRIGGER USER')
            for row in rows:
                known = {name: value for name, value in row.items() if name in table.columns}
                connection.execute(insert(table), known)
            connection.exec_driver_sql(f'ALTER TABLE "{table.name}" ENABLE TRIGGER USER')


def make(server, revision):
    server.make("older", migrated=False)
    app = create_app(make_config(server.folder, server.app_url("older")))
    with app.app_context():
        upgrade(revision=revision)
        with db.engine.begin() as connection:
            fill(connection)
        make_old_archive(app, archive_of(revision))
        db.engine.dispose()


def main():
    with running() as server:
        server.make("head", migrated=True)
        app = create_app(make_config(server.folder, server.app_url("head")))
        with app.app_context(), db.engine.connect() as connection:
            missing = [r for r in revisions(connection) if not archive_of(r).exists()]
        with app.app_context():
            db.engine.dispose()
        for revision in missing:
            make(server, revision)
            sys.stdout.write(f"made {archive_of(revision).name}\n")


if __name__ == "__main__":
    main()
