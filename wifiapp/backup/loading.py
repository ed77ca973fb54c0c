"""Loading an archive into a schema of its own, where nothing live is touched.

The tables come first, bare; then the rows, by two connections, the largest table first; then
keys and indexes, which is quicker than keeping them up row by row; then the foreign keys. What
the tables, keys and indexes are is read from what the migrations build, never from a list.
"""

import contextlib
import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import psycopg
from sqlalchemy import Connection, text

from wifiapp.backup.crew import Job, crew
from wifiapp.backup.digest import rows_and_digest
from wifiapp.backup.errors import Damaged, NewerArchive, RefusedRow
from wifiapp.backup.manifest import Manifest, Table
from wifiapp.backup.reading import Archive
from wifiapp.backup.reporting import Reporter
from wifiapp.backup.results import TableResult
from wifiapp.backup.scratch import at_work_in
from wifiapp.backup.selection import archived_tables
from wifiapp.config import Config
from wifiapp.db import Model
from wifiapp.doctor.catalogue import Catalogue, Part, quoted, read_catalogue
from wifiapp.doctor.checkup import examine
from wifiapp.doctor.expectation import driver, from_migrations, scripts

KEYS = ("primary key", "unique", "exclude", "index")


def blueprint(config: Config, said: Manifest) -> Catalogue:
    """Return what a schema of the archive's revision is; raises `NewerArchive`, `Damaged`."""
    with at_work_in(config) as connection:
        found = _live_like(connection, said.revision)
        if found is None:
            found = from_migrations(connection).get(frozenset({said.revision}))
    if found is None:
        raise NewerArchive(said.revision, ", ".join(scripts().get_heads()))
    _compare(said, found)
    return found


def _live_like(connection: Connection, revision: str) -> Catalogue | None:
    """Return what is live, the quick way to know a revision, if it is sound and of this one."""
    report = examine(connection)
    if not report.is_clean or report.revision != revision:
        return None
    return read_catalogue(driver(connection), connection.scalar(text("SELECT current_schema()")))


def _compare(said: Manifest, found: Catalogue) -> None:
    """Refuse a manifest that does not name the tables and columns of its revision."""
    wanted = {table.name for table in archived_tables(Model.metadata)} & found.tables.keys()
    if missing := sorted(wanted - {table.name for table in said.tables}):
        raise Damaged("manifest.json", f"lacks the table {missing[0]}")
    for table in said.tables:
        known = found.tables.get(table.name)
        if known is None or table.name == "alembic_version":
            raise Damaged("manifest.json", f"names {table.name}, no table of its revision")
        columns = {(column.name, column.type) for column in known.columns.values()}
        if columns != {(column.name, column.type) for column in table.columns}:
            raise Damaged("manifest.json", f"names other columns of {table.name} than it had")


def load(
    config: Config,
    archive: Archive,
    schema: str,
    wanted: Catalogue,
    reporter: Reporter,
    *,
    for_good: bool,
) -> tuple[TableResult, ...]:
    """Make the schema, load the archive into it and compare; the schema stays in any case.

    Not `for_good` leaves out what only makes queries quick, since it can refuse nothing that the
    rest does not. Raises `RefusedRow`, `Damaged`.
    """
    loading = _Loading(archive, wanted, reporter, for_good=for_good)
    with crew(config, schema, reporter) as workers:
        workers.work([partial(loading.make_tables, schema)])
        reporter.stage("loading", archive.manifest.rows)
        workers.work(loading.copy_jobs())
        keys = loading.key_jobs()
        reporter.stage("indexing", loading.rows_to_index)
        workers.work(keys)
        reporter.stage("comparing", archive.manifest.rows)
        workers.work([loading.make_the_rest])
    return tuple(loading.results[table.name] for table in archive.manifest.tables)


class _Loading:
    """The jobs of one load, and what they found; the largest tables come first in each stage."""

    def __init__(
        self, archive: Archive, wanted: Catalogue, reporter: Reporter, *, for_good: bool
    ) -> None:
        self.archive = archive
        self.wanted = wanted
        self.reporter = reporter
        self.for_good = for_good
        self.results: dict[str, TableResult] = {}
        self.rows_to_index = 0
        self._tables = sorted(archive.manifest.tables, key=lambda table: -table.bytes)

    def make_tables(self, schema: str, connection: psycopg.Connection[Any]) -> Sequence[Job]:
        """Make the schema and its tables, without keys."""
        tables = [table.create for table in self.wanted.tables.values()]
        checks = [part.create for part in self.wanted.parts_of("check")]
        functions = [part.create for part in self.wanted.parts_of("function")]
        with connection.transaction():
            for statement in (f"CREATE SCHEMA {quoted(schema)}", *functions, *tables, *checks):
                connection.execute(statement.encode())
            revision = (self.archive.manifest.revision,)
            connection.execute("INSERT INTO alembic_version VALUES (%s)", revision)
        return ()

    # -- rows ----------------------------------------------------------------------------------

    def copy_jobs(self) -> list[Job]:
        return [partial(self._copy, table) for table in self._tables]

    def _copy(self, table: Table, connection: psycopg.Connection[Any]) -> Sequence[Job]:
        columns = ", ".join(map(quoted, table.column_names))
        # What was emptied in this transaction can take its rows as if they were vacuumed already.
        empty = f"TRUNCATE {quoted(table.name)}"
        copy_in = (
            f"COPY {quoted(table.name)} ({columns}) FROM STDIN "
            "(FORMAT csv, HEADER MATCH, FREEZE, ENCODING 'UTF8')"
        )
        try:
            with refused(table.name), connection.transaction(), connection.cursor() as cursor:
                cursor.execute(empty.encode())
                done = 0
                with cursor.copy(copy_in.encode()) as copy:
                    for block in self.archive.blocks(table):
                        copy.write(block)
                        done += len(block)
                        self.reporter.add(table.name, table.rows * done // table.bytes, len(block))
                rows = cursor.rowcount
        except RefusedRow:  # the row's fault, or the file's?
            for _ in self.archive.blocks(table):
                self.reporter.pause()
            raise
        if rows != table.rows:
            raise Damaged(table.member, f"has {rows} rows instead of {table.rows}")
        return ()

    # -- keys and indexes ------------------------------------------------------------------------

    def key_jobs(self) -> list[Job]:
        """Return what builds the keys, of the tables that stay empty too."""
        rows = {table.name: table.rows for table in self._tables}
        parts = [part for part in self.wanted.parts_of(*KEYS) if self._is_needed(part)]
        self.rows_to_index = sum(rows.get(part.table, 0) for part in parts)
        parts.sort(key=lambda part: -rows.get(part.table, 0))
        return [partial(self._make, part, rows.get(part.table, 0)) for part in parts]

    def _is_needed(self, part: Part) -> bool:
        return self.for_good or part.kind != "index" or part.create.startswith("CREATE UNIQUE")

    def _make(self, part: Part, rows: int, connection: psycopg.Connection[Any]) -> Sequence[Job]:
        with refused(part.table):
            connection.execute(part.create.encode())
        self.reporter.add(part.name, rows, 0)
        return ()

    # -- what ties the tables together, and the proof ------------------------------------------

    def make_the_rest(self, connection: psycopg.Connection[Any]) -> Sequence[Job]:
        """Add triggers and foreign keys; what follows compares each table, and validates its own.

        The tables that no archive has are empty, so theirs are valid as they are.
        """
        filled = {table.name for table in self._tables}
        for part in self.wanted.parts_of("foreign key"):
            later = " NOT VALID" if part.table in filled else ""
            connection.execute(f"{part.create}{later}".encode())
        for part in self.wanted.parts_of("trigger", "view") if self.for_good else ():
            connection.execute(part.create.encode())
        return [partial(self._prove, table) for table in self._tables]

    def _prove(self, table: Table, connection: psycopg.Connection[Any]) -> Sequence[Job]:
        """Compare a table with the manifest, and validate its foreign keys."""
        name = quoted(table.name)
        if self.for_good:
            connection.execute(f"ANALYZE {name}".encode())
        rows, digest = rows_and_digest(connection, table.column_names, name)
        if (rows, digest) != (table.rows, table.digest):
            raise Damaged(
                table.member, f"came out with other rows ({rows} of {table.rows}) or other values"
            )
        for part in self.wanted.parts_of("foreign key", table=table.name):
            with refused(table.name):
                validate = f"ALTER TABLE {name} VALIDATE CONSTRAINT {quoted(part.name)}"
                connection.execute(validate.encode())
        self.results[table.name] = TableResult(table.name, rows, digest)
        self.reporter.add(table.name, rows, 0)
        return ()


@contextlib.contextmanager
def refused(table: str) -> Iterator[None]:
    """Name the table, the line and the reason when the database refuses a row."""
    try:
        yield
    except (psycopg.DataError, psycopg.IntegrityError) as error:
        line = re.search(r"\bline (\d+)", error.diag.context or "")
        message = error.diag.message_primary or str(error)
        detail = f" ({error.diag.message_detail})" if error.diag.message_detail else ""
        raise RefusedRow(table, int(line[1]) if line else None, message + detail) from error
