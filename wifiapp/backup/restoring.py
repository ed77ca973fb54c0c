"""Proving that an archive restores, restoring it, and taking that back.

Every byte is checked while it is loaded, into a schema that nobody uses: reading the archive twice
would prove nothing more.
"""

import contextlib
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from sqlalchemy.orm import Session

from wifiapp.access import COMMAND_LINE, Actor
from wifiapp.audit.record import record
from wifiapp.backup.errors import BackupError, Busy, DiskFull
from wifiapp.backup.loading import blueprint, load
from wifiapp.backup.manifest import Manifest
from wifiapp.backup.reading import Archive, hash_file
from wifiapp.backup.reporting import Reporter
from wifiapp.backup.results import Report, Restored, Undone, Verified, say_nothing
from wifiapp.backup.running import alone, explained, one_row
from wifiapp.backup.scratch import (
    at_work_in,
    drop,
    kept_name,
    list_kept,
    new_name,
    require_sound,
    sweep,
)
from wifiapp.backup.swapping import Swap, read_note, sentences
from wifiapp.backup.writing import remove_dead_parts
from wifiapp.config import Config
from wifiapp.db import Model
from wifiapp.doctor.expectation import migrate, scripts

Done = TypeVar("Done", Restored, Undone)
GROWS = 3  # tables and indexes take this many times the CSV's bytes

OWNED = """
SELECT current_schema(), pg_has_role(nspowner, 'USAGE'), current_user
FROM pg_namespace WHERE nspname = current_schema()
"""


def verify(
    config: Config,
    path: Path,
    report: Report = say_nothing,
    *,
    look: Callable[[psycopg.Connection[Any], str], object] = lambda _connection, _schema: None,
) -> Verified:
    """Prove that an archive restores: load it into a scratch schema, compare, drop that.

    `look` is called while the schema of that name holds the archive, with a connection that
    finds the live one. Raises `NotAnArchive`, `Damaged`, `NewerArchive`, `RefusedRow`, `Busy`,
    `DiskFull`, `Cancelled`.
    """
    started, reporter = time.monotonic(), Reporter(report)
    with (
        explained("The archive was not verified"),
        Archive(path) as archive,
        alone(config, f"verifying {path.name}") as connection,
    ):
        said = archive.manifest
        reporter.stage("checking")
        size, sha256 = hash_file(path)
        wanted = blueprint(config, said)
        _prepare(config, connection, said)
        with _scratch(connection, new_name("verify")) as schema:
            results = load(config, archive, schema, wanted, reporter, for_good=False)
            look(connection, schema)
            drop(connection, schema)
    return Verified(
        path=path,
        size=size,
        sha256=sha256,
        rows=said.rows,
        revision=said.revision,
        tables=results,
        seconds=time.monotonic() - started,
        foreign_keys=len(wanted.parts_of("foreign key")),
    )


def restore(
    config: Config,
    path: Path,
    report: Report = say_nothing,
    *,
    actor: Actor = COMMAND_LINE,
    also: Callable[[Session, Restored], object] = lambda _session, _done: None,
) -> Restored:
    """Put the archive in the place of the live data, all or nothing; the audit log says who.

    What was live is kept as a schema for some days. `also` is called in the transaction that
    exchanges them, when the archive's rows are live already. Raises what `verify` raises, and
    `BackupError` when the archive may not replace what is there.
    """
    started, reporter = time.monotonic(), Reporter(report)
    with (
        explained("Nothing was restored"),
        Archive(path) as archive,
        alone(config, f"a restore by {actor.email}") as connection,
    ):
        said = archive.manifest
        live = _live_schema(connection)
        _refuse_one_of_many(connection, said)
        reporter.stage("checking")
        wanted = blueprint(config, said)
        _prepare(config, connection, said)
        with _scratch(connection, new_name("restore")) as schema:
            results = load(config, archive, schema, wanted, reporter, for_good=True)
            revision = _bring_up_to_date(config, schema, reporter)
            reporter.stage("swapping")
            facts = {"file": path.name, "made_at": said.made_at, "revision": said.revision}
            with at_work_in(config) as work:
                kept = kept_name(connection)
                swap = Swap(work, live=live, fresh=schema, kept=kept, staying=_staying(said))
                notes = (*_sentences(config, said), *sentences(swap))
                done = Restored(results, said.rows, 0, said.revision, revision, 0, kept, notes)
                milliseconds = _exchange(swap, facts, done, actor, "backup.restore", also)
    return replace(done, seconds=time.monotonic() - started, lock_milliseconds=milliseconds)


def undo_restore(
    config: Config,
    *,
    actor: Actor = COMMAND_LINE,
    also: Callable[[Session, Undone], object] = lambda _session, _done: None,
    schema: str | None = None,
) -> Undone:
    """Swap back what was there before the last restore; doing it twice restores again.

    `also` is called in the transaction that swaps, when those rows are live already. `schema` is
    what somebody agreed to bring back. Raises `BackupError` when nothing or something else is
    kept, `Busy`.
    """
    with explained("Nothing was undone"), alone(config, f"an undo by {actor.email}") as connection:
        live = _live_schema(connection)
        kept = list_kept(connection)
        if not kept:
            raise BackupError(
                "There is no restore to undo: what was there before is kept for 7 days. Your data "
                "was not changed. Restore a backup instead."
            )
        if schema not in {None, kept[-1]}:
            raise BackupError(
                "Something was restored or undone meanwhile, so nothing was exchanged now. Look at "
                "the last restore again."
            )
        facts = read_note(connection, kept[-1])
        _bring_up_to_date(config, kept[-1], Reporter(say_nothing))
        with at_work_in(config) as work:
            new = kept_name(connection)
            swap = Swap(work, live=live, fresh=kept[-1], kept=new, staying=facts.pop("staying"))
            done = Undone(kept[-1], new, 0)
            milliseconds = _exchange(swap, facts, done, actor, "backup.undo_restore", also)
    return replace(done, lock_milliseconds=milliseconds)


def clean_up(config: Config) -> None:
    """Remove what dead runs left: scratch schemas, `.part` files, undo data past its days.

    Does nothing while a run is under way.
    """
    with (
        contextlib.suppress(Busy),
        explained("Nothing was cleaned up"),
        alone(config, "cleaning up") as connection,
    ):
        sweep(connection)
        remove_dead_parts(config.backup_dir)


# -- before --------------------------------------------------------------------------------


def _live_schema(connection: psycopg.Connection[Any]) -> str:
    """Return the name of the live schema, or say why it could not be exchanged in the end."""
    schema, is_ours, role = one_row(connection, OWNED)
    if not is_ours:
        raise BackupError(
            f"The role {role} does not own the schema {schema}, so it cannot exchange it. Nothing "
            f"was restored and your data was not changed. Let its owner run: ALTER SCHEMA {schema} "
            f"OWNER TO {role}"
        )
    return str(schema)


def _refuse_one_of_many(connection: psycopg.Connection[Any], said: Manifest) -> None:
    (others,) = one_row(connection, "SELECT count(*) FROM businesses")
    if said.options.business_id is not None and others:
        raise BackupError(
            f"The archive holds one business only ({said.business_name}), and restoring it would "
            f"take away the {others} that are here. Nothing was restored and your data was not "
            "changed. Restore it into an installation without businesses."
        )


def _prepare(config: Config, connection: psycopg.Connection[Any], said: Manifest) -> None:
    """Make room, and see whether there is enough; of a server elsewhere the disk is unknown."""
    sweep(connection)
    if config.database_url is None:
        needed, free = said.size * GROWS, shutil.disk_usage(config.instance).free
        if needed > free:
            raise DiskFull(
                f"The archive may need {needed >> 20} MB and the database's disk has {free >> 20} "
                "MB free. Nothing was restored and your data was not changed. Free some space, "
                "then try again."
            )


@contextlib.contextmanager
def _scratch(connection: psycopg.Connection[Any], schema: str) -> Iterator[str]:
    """Lend the name of a schema to make; drop it when that fails."""
    try:
        yield schema
    except BaseException:
        with contextlib.suppress(psycopg.Error):  # the next run sweeps
            drop(connection, schema)
        raise


def _bring_up_to_date(config: Config, schema: str, reporter: Reporter) -> str:
    """Migrate the schema where it is older, see that it is sound, and return its revision."""
    (head,) = scripts().get_heads()
    with at_work_in(config, schema) as connection:
        found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
        connection.rollback()
        if found != head:
            reporter.stage("migrating")
            with connection.begin():
                migrate(connection)
    require_sound(config, "once the archive is loaded, so nothing was restored", schema)
    return head


# -- after ---------------------------------------------------------------------------------


def _exchange(
    swap: Swap,
    facts: dict[str, Any],
    done: Done,
    actor: Actor,
    action: str,
    also: Callable[[Session, Done], object],
) -> float:
    """Swap, with a line in the audit log and `also` in its transaction; return how long, in ms."""

    def note(session: Session) -> None:
        record(actor, action, "backup", change=facts, session=session)
        also(session, done)

    return swap.run(facts, note)


def _staying(said: Manifest) -> list[str]:
    """Return the tables whose rows outlive the restore: what no archive has, or not this one."""
    scopes = {"never"} if said.options.audit_logs else {"never", "audit"}
    return [table.name for table in Model.metadata.sorted_tables if table.info["archive"] in scopes]


def _sentences(config: Config, said: Manifest) -> list[str]:
    left_out = sorted({table.left_out for table in said.tables if table.left_out})
    found = []
    if left_out:
        found.append(f"The archive was made without: {', '.join(left_out)}.")
    if said.key_fingerprint != config.key_fingerprint:
        found.append(
            "The archive comes from an installation with another SECRET_KEY: the secrets of the "
            "hotspots must be typed in again."
        )
    return found
