"""Making an archive: one snapshot, read twice side by side, as rows and as digests."""

import contextlib
import re
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from wifiapp.backup import selection
from wifiapp.backup.copying import CopyOut
from wifiapp.backup.digest import rows_and_digest
from wifiapp.backup.errors import BackupError, DiskFull
from wifiapp.backup.manifest import Column, Manifest, Table
from wifiapp.backup.reporting import Reporter
from wifiapp.backup.results import (
    Announce,
    Created,
    Options,
    Report,
    TableResult,
    say_nothing,
    tell_nobody,
)
from wifiapp.backup.running import alone, connected, explained, one_row
from wifiapp.backup.scratch import require_sound, sweep
from wifiapp.backup.selection import Query
from wifiapp.backup.writing import Writer, remove_dead_parts
from wifiapp.config import VERSION, Config
from wifiapp.db import Model
from wifiapp.doctor.catalogue import quoted, read_catalogue
from wifiapp.errors import NotFound

INSIDE = Path(__file__).with_name("inside")
SPARE = 16 << 20  # bytes of the disk that an archive must leave free
SHRINKS = 3  # an archive takes at most this part of what the tables take

FACTS = """
SELECT now() AT TIME ZONE 'UTC', current_schema(), current_setting('server_version'),
       (SELECT version_num FROM alembic_version),
       (SELECT name FROM businesses WHERE id = %s),
       EXISTS (SELECT FROM businesses WHERE "isDemo")
"""


@dataclass(frozen=True)
class Source:
    """What is read: where, when, and which rows of it; `rows` is what the planner expects."""

    moment: datetime
    postgresql: str
    revision: str
    business_name: str | None
    types: dict[str, dict[str, str]]
    queries: Sequence[Query]
    rows: int


def create(
    config: Config,
    options: Options,
    folder: Path,
    *,
    made_by: str,
    report: Report = say_nothing,
    copies: int = 1,
    announce: Announce = tell_nobody,
) -> Created:
    """Write an archive of this moment into the folder (made when missing).

    There must be space for so many `copies` of it. `announce` is told its path before it stands
    there, so that whoever is killed after that leaves no file that nobody knows. Raises
    `SchemaSick`, `Busy`, `DiskFull`, `Cancelled` (from `report`), `NotFound` for an unknown
    business; nothing of the archive stays then.
    """
    reporter = Reporter(report)
    with (
        explained("The backup was not made"),
        alone(config, f"a backup by {made_by}") as connection,
    ):
        reporter.tell()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        remove_dead_parts(folder)
        sweep(connection)
        require_sound(config, "so no backup was made: it would not restore")
        with _snapshot(config) as (reading, comparing):
            source = look(reading, options)
            _require_space(reading, folder, copies)
            path = _path(folder, source, options)
            with Writer(path, source.moment) as writer:
                reporter.stage("copying", source.rows)
                tables = write_tables(writer, source.queries, reading, comparing, reporter)
                said = _manifest(config, options, source, made_by, tables)
                for name in ("README.txt", "check.py"):
                    writer.add(name, (INSIDE / name).read_bytes())
                writer.add("manifest.json", said.as_json())
                announce(path)
                size, sha256 = writer.finish()
    results = tuple(TableResult(table.name, table.rows, table.digest) for table in said.tables)
    return Created(path, size, sha256, said.rows, said.revision, results)


@contextlib.contextmanager
def _snapshot(
    config: Config,
) -> Iterator[tuple[psycopg.Connection[Any], psycopg.Connection[Any]]]:
    """Open two connections that see the same moment, and can change nothing."""
    begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    with connected(config) as reading, connected(config) as comparing:
        reading.execute(begin)
        (name,) = one_row(reading, "SELECT pg_export_snapshot()")
        comparing.execute(begin)
        comparing.execute(f"SET TRANSACTION SNAPSHOT '{name}'".encode())
        for connection in (reading, comparing):
            connection.execute("SET LOCAL work_mem = '64MB'")  # joins that leave out demo data
            connection.execute("SET LOCAL max_parallel_workers_per_gather = 0")
        yield reading, comparing


def look(connection: psycopg.Connection[Any], options: Options) -> Source:
    """Say what the options mean at this moment."""
    facts = one_row(connection, FACTS, options.business_id)
    moment, schema, postgresql, revision, business_name, has_demo = facts
    if options.business_id is not None and business_name is None:
        raise NotFound("There is no such business, so no backup was made.")
    queries = selection.queries(
        Model.metadata, options, business_name=business_name, has_demo=has_demo
    )
    tables = read_catalogue(connection, schema).tables
    return Source(
        moment=moment.replace(tzinfo=UTC),
        postgresql=postgresql,
        revision=revision,
        business_name=business_name,
        types={
            query.name: {c.name: c.type for c in tables[query.name].columns.values()}
            for query in queries
        },
        queries=queries,
        rows=sum(_expected_rows(connection, query) for query in queries),
    )


def _expected_rows(connection: psycopg.Connection[Any], query: Query) -> int:
    (plan,) = one_row(connection, f"EXPLAIN (FORMAT JSON) {query.sql}")
    return int(plan[0]["Plan"]["Plan Rows"])


def _require_space(connection: psycopg.Connection[Any], folder: Path, copies: int) -> None:
    tables = [table.name for table in selection.archived_tables(Model.metadata)]
    taken = "SELECT sum(pg_table_size(quote_ident(n)::regclass))::bigint FROM unnest(%s::text[]) n"
    (size,) = one_row(connection, taken, tables)
    needed, free = copies * (size // SHRINKS) + SPARE, shutil.disk_usage(folder).free
    if needed > free:
        raise DiskFull(
            f"The backup was not made: it may need {needed >> 20} MB and {folder} has "
            f"{free >> 20} MB free. Your data was not changed. Delete old backups or free some "
            "space, then try again."
        )


def _path(folder: Path, source: Source, options: Options) -> Path:
    """Return a path that is free; two archives of one second count on."""
    whose = "all"
    if options.business_id is not None:
        plain = re.sub(r"[^a-z0-9]+", "-", (source.business_name or "").lower()).strip("-")
        whose = plain[:40].strip("-") or options.business_id[:8]
    moment = source.moment
    while True:
        path = folder / f"wifiapp-{whose}-{moment:%Y%m%dT%H%M%SZ}-r{source.revision}.zip"
        if not path.exists():
            return path
        moment += timedelta(seconds=1)


def write_tables(
    writer: Writer,
    queries: Sequence[Query],
    reading: psycopg.Connection[Any],
    comparing: psycopg.Connection[Any],
    reporter: Reporter,
) -> dict[str, tuple[int, int, str, str]]:
    """Write each table's rows; return their rows, bytes, SHA-256 and digest by table."""
    with _digests(comparing, queries) as digests:
        written = {}
        for query in queries:
            copy = CopyOut(reading, _source(query))
            with writer.member(f"tables/{query.name}.csv") as member:
                for block in copy:
                    member.write(block)
                    reporter.add(query.name, copy.rows, len(block))
            written[query.name] = (copy.rows, member.bytes, member.sha256)
        found = {}
        for name, (rows, size, sha256) in written.items():
            compared, digest = digests[name].result()
            if compared != rows:
                raise BackupError(
                    f"The backup was not made: {name} was read twice at one moment, with {rows} "
                    f"and {compared} rows. Your data was not changed. Check the database's disk."
                )
            found[name] = (rows, size, sha256, digest)
    return found


@contextlib.contextmanager
def _digests(
    connection: psycopg.Connection[Any], queries: Sequence[Query]
) -> Iterator[dict[str, Future[tuple[int, str]]]]:
    """Let the server work out the digests on the side."""
    with ThreadPoolExecutor(1, "digests") as aside:
        try:
            yield {
                query.name: aside.submit(
                    rows_and_digest, connection, query.columns, f"({query.sql})"
                )
                for query in queries
            }
        except BaseException:
            aside.shutdown(wait=False, cancel_futures=True)
            connection.cancel_safe()
            raise


def _source(query: Query) -> str:
    if query.where is not None:
        return f"({query.sql})"
    return f"{quoted(query.name)} ({', '.join(map(quoted, query.columns))})"  # quicker, if a bit


def _manifest(
    config: Config,
    options: Options,
    source: Source,
    made_by: str,
    written: dict[str, tuple[int, int, str, str]],
) -> Manifest:
    tables = []
    for query in source.queries:
        rows, size, sha256, digest = written[query.name]
        types = source.types[query.name]
        columns = tuple(Column(name, types[name]) for name in query.columns)
        tables.append(Table(query.name, columns, rows, size, sha256, digest, query.left_out))
    return Manifest(
        app_version=VERSION,
        made_at=f"{source.moment:%Y-%m-%dT%H:%M:%SZ}",
        made_by=made_by,
        revision=source.revision,
        postgresql=source.postgresql,
        options=options,
        business_name=source.business_name,
        key_fingerprint=config.key_fingerprint,
        tables=tuple(tables),
    )
