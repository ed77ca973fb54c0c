"""The life of a backup, from QUEUED to its end, for the operations, which commit.

At most one backup is unfinished at a time. A QUEUED row is the job itself; who takes it holds its
lock (`Holder`) while it is RUNNING, so a RUNNING row whose lock nobody holds was interrupted. A row
with `finished_at` ended once before and is only being checked again: what becomes of the check
decides whether `verified_at`, the proof that the archive restores, stays.
"""

from collections.abc import Sequence

import psycopg
from sqlalchemy import select, text

from wifiapp import clock
from wifiapp.access import COMMAND_LINE, WORKER, Actor
from wifiapp.audit.record import record
from wifiapp.backup import archives, keys_queries, outcome, queries
from wifiapp.backup.engine import Damaged, NotAnArchive, Options, RefusedRow
from wifiapp.backup.models import Backup
from wifiapp.businesses.queries import get_business
from wifiapp.columns import new_id
from wifiapp.config import Config
from wifiapp.db import db
from wifiapp.errors import NotFound, WifiError

DISPROVED = (Damaged, NotAnArchive, RefusedRow, archives.FileGone)
INTERRUPTED = (
    "Interrupted: the process at work ended before it was done. Your data was not changed. "
    "Try again."
)
LOST = "The connection to the database was lost: {}. Your data was not changed. Try again."
DISK = "The file could not be written or read: {}. Your data was not changed. Mend it, try again."
DISTRUSTED = "An earlier check found the archive damaged."
OUR_FAULT = "Something went wrong on our side ({}). Your data was not changed. The log says more."


class UnderWay(WifiError):
    """One backup is being made, checked or waits for it, so that there cannot be another."""

    def __init__(self, backup: Backup) -> None:
        what = "waits for the worker" if backup.status == "QUEUED" else "is under way"
        since = backup.started_at or backup.created_at
        super().__init__(
            f"A backup by {backup.created_by or 'somebody'} {what} since "
            f"{since:%Y-%m-%d %H:%M:%S} UTC. Your data was not changed. Wait until it is done, "
            "or cancel it."
        )


def lock_row(backup_id: str) -> Backup:
    """Return the backup for this transaction alone to change, or raise `NotFound`."""
    query = select(Backup).where(Backup.id == backup_id).with_for_update()
    backup = db.session.scalars(query.execution_options(populate_existing=True)).first()
    if backup is None:
        raise NotFound("There is no such backup.")
    return backup


def be_the_only_one(config: Config) -> None:
    """Keep others from asking until this transaction ends; raise `UnderWay` if one did."""
    db.session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('wifiapp backups', 0))"))
    end_dead(config)
    unfinished = queries.find_unfinished()
    if unfinished is not None:
        raise UnderWay(unfinished)


def add(
    options: Options,
    actor: Actor,
    *,
    status: str,
    started_by: str,
    backup_id: str | None = None,
    encrypt: bool | None = None,
) -> Backup:
    """Add a backup with a line in the audit log; raise `NotFound` for an unknown business.

    Nobody's wish to `encrypt` means: when a key is in force. Raises `NoKey` when there is none.
    """
    key = keys_queries.get_in_force() if encrypt else keys_queries.find_in_force()
    is_encrypted = key is not None and encrypt is not False
    business = get_business(options.business_id) if options.business_id else None
    backup = Backup(
        id=backup_id or new_id(),
        status=status,
        started_by=started_by,
        created_by=actor.email,
        business_id=options.business_id,
        business_name=business and business.name,
        has_business_data=options.business_data,
        has_audit_logs=options.audit_logs,
        has_demo_data=options.demo_data,
        is_encrypted=is_encrypted,
        created_at=clock.now(),
        started_at=clock.now() if status == "RUNNING" else None,
    )
    db.session.add(backup)
    db.session.flush()
    record(
        actor,
        "backup.create",
        "backup",
        backup.id,
        business_id=options.business_id,
        change={**vars(options), "encrypted": is_encrypted},
    )
    return backup


def options_of(backup: Backup) -> Options:
    """Return what the engine is asked for."""
    return Options(
        business_id=backup.business_id,
        business_data=backup.has_business_data,
        audit_logs=backup.has_audit_logs,
        demo_data=backup.has_demo_data,
    )


def queue(config: Config, backup: Backup, reason: str | None = None) -> None:
    """Let the backup wait for a worker, from the beginning, and say why it does again."""
    if backup.finished_at is None:
        _forget_file(config, backup)
    backup.status, backup.error = "QUEUED", reason
    backup.started_at = backup.cancel_requested_at = None
    backup.stage = backup.stage_table = backup.rows_expected = None
    backup.rows_done = backup.bytes_done = 0
    outcome.note(backup.id, f"waits for a worker again: {reason}" if reason else "asked for again")


def prove(backup: Backup) -> None:
    """Note that the archive restores."""
    backup.status, backup.error = "VERIFIED", None
    backup.verified_at = backup.finished_at = clock.now()
    record(_maker(backup), "backup.verified", "backup", backup.id, change={"sha256": backup.sha256})


def cancel(config: Config, backup: Backup) -> None:
    """Note that the backup was cancelled; one that was only checked again is as before."""
    if backup.finished_at is None:
        backup.status, backup.error = "CANCELLED", None
        _forget_file(config, backup)
    else:
        backup.status = "VERIFIED" if backup.verified_at else "FAILED"
        backup.error = None if backup.verified_at else DISTRUSTED
    backup.finished_at = clock.now()
    outcome.note(backup.id, "cancelled")


def fail(config: Config, backup: Backup, error: BaseException | str) -> None:
    """Note why there is no backup, or why an archive that was checked again is not trusted."""
    backup.error = error if isinstance(error, str) else explained(error)
    if backup.finished_at is None:
        _forget_file(config, backup)
    elif isinstance(error, DISPROVED):
        backup.verified_at = None
    backup.status = "VERIFIED" if backup.verified_at else "FAILED"
    backup.finished_at = clock.now()
    record(_maker(backup), "backup.failed", "backup", backup.id, change={"error": backup.error})
    outcome.note_failure(backup, error)


def end_dead(config: Config) -> Sequence[Backup]:
    """End the backups whose maker is gone, and remove the files that only they knew."""
    dead = [lock_row(backup.id) for backup in queries.list_interrupted()]
    for backup in dead:
        fail(config, backup, INTERRUPTED)
    return dead


def explained(error: BaseException) -> str:
    """Say what failed, what is safe and what to do."""
    if isinstance(error, WifiError):
        return str(error)
    if isinstance(error, psycopg.OperationalError):
        return LOST.format(str(error).strip().split("\n", 1)[0].rstrip("."))
    if isinstance(error, OSError):
        return DISK.format(error.strerror or error)
    return OUR_FAULT.format(type(error).__name__)


def _maker(backup: Backup) -> Actor:
    return COMMAND_LINE if backup.started_by == "COMMAND" else WORKER


def _forget_file(config: Config, backup: Backup) -> None:
    archives.remove(config, backup.file_name)
    backup.file_name = backup.sha256 = backup.size = backup.row_count = None
