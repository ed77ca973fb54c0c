"""The life of a restore, from QUEUED to its end, for the operations, which commit.

As with backups a waiting row is the job itself, and who works on it holds its lock. What matters
most is written by the swap's own transaction: a row says RESTORED exactly when it was.
"""

from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from wifiapp import clock
from wifiapp.access import Actor
from wifiapp.audit.record import record
from wifiapp.backup import archives, lifecycle, outcome, restore_queries, uploads
from wifiapp.backup.engine import Restored
from wifiapp.backup.restore_models import Restore
from wifiapp.backup.scratch import KEPT_DAYS
from wifiapp.config import Config
from wifiapp.db import db
from wifiapp.errors import NotFound, WifiError

SOON = timedelta(minutes=10)  # a restore that begins later would surprise everybody
KEPT = timedelta(days=KEPT_DAYS)
INTERRUPTED = (
    "Interrupted: the process at work ended before it was done. Nothing was restored and your data "
    "was not changed. Try again."
)
STOPPED = (
    "The worker was stopped before it was done. Nothing was restored and your data was not "
    "changed. Try again."
)
TOO_LATE = (
    "No worker began with it within 10 minutes, so nothing was restored and your data was not "
    "changed. Start the worker, then try again."
)


class UnderWay(WifiError):
    """One restore is being checked or carried out, so that there cannot be another."""

    def __init__(self, restore: Restore) -> None:
        super().__init__(
            f"{restore.created_by} is restoring {restore.file_name}, or checking it for that, "
            f"since {restore.created_at:%Y-%m-%d %H:%M:%S} UTC. Nothing was changed. Wait until "
            "that is done, or cancel it."
        )


def lock_row(restore_id: str) -> Restore:
    """Return the restore for this transaction alone to change, or raise `NotFound`."""
    query = select(Restore).where(Restore.id == restore_id).with_for_update()
    restore = db.session.scalars(query.execution_options(populate_existing=True)).first()
    if restore is None:
        raise NotFound("There is no such restore.")
    return restore


def be_the_only_one(config: Config, restore_id: str | None = None) -> None:
    """Keep others from asking until this transaction ends; raise `UnderWay` if one did.

    What was checked and waits to be confirmed gives way, but for the restore of this id.
    """
    db.session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended('wifiapp restores', 0))")
    )
    end_dead(config)
    unfinished = restore_queries.find_unfinished()
    if unfinished is not None:
        raise UnderWay(unfinished)
    for ready in restore_queries.list_ready():
        if ready.id != restore_id:
            cancel(config, ready)


def add(actor: Actor, **given: object) -> Restore:
    """Add a restore asked for by the actor, with a line in the audit log."""
    values = {"created_by": actor.email, "user_id": actor.user_id, "ip": actor.ip}
    restore = Restore(**{**values, "created_at": clock.now(), "log": "", **given})
    note(restore, f"asked for by {actor.email}: {restore.file_name}")
    db.session.add(restore)
    db.session.flush()
    change = {"file": restore.file_name, "uploaded": restore.is_uploaded}
    record(actor, "restore.check", "restore", restore.id, change=change)
    return restore


def path_of(config: Config, restore: Restore) -> Path:
    """Return where the archive lies, its plain copy where it was opened; raise `FileGone`."""
    plain = uploads.plain_path_of(config, restore.id)
    if plain.is_file():
        return plain
    if not restore.is_uploaded:
        return archives.path_of(config, restore.file_name)
    path = uploads.path_of(config, restore.id)
    if not path.is_file():
        raise archives.FileGone(path.with_name(restore.file_name))
    return path


def actor_of(restore: Restore) -> Actor:
    return Actor(restore.user_id, restore.created_by, restore.ip)


def write_down(session: Session, restore_id: str, done: Restored, now: datetime) -> None:
    """Note in the swap's transaction that the archive is live; the row is there, or is no more."""
    restore = session.get(Restore, restore_id)
    if restore is None:
        return
    restore.status, restore.error, restore.finished_at = "RESTORED", None, now
    restore.kept_as, restore.undo_until = done.kept_as, now + KEPT
    restore.row_count, restore.revision = done.rows, done.revision_from
    restore.outcome = {
        "tables": [asdict(table) for table in done.tables],
        "notes": list(done.notes),
        "revision_to": done.revision_to,
    }


def exchange(restore: Restore, kept_as: str, actor: Actor, now: datetime) -> None:
    """Note in the swap's transaction that the restore was undone, or that its undo was."""
    is_undone = restore.status == "RESTORED"
    note(restore, f"{'undone' if is_undone else 'restored again'} by {actor.email}")
    restore.status = "UNDONE" if is_undone else "RESTORED"
    restore.undone_at, restore.undone_by = (now, actor.email) if is_undone else (None, None)
    restore.kept_as, restore.undo_until = kept_as, now + KEPT


def note(restore: Restore, *said: str) -> None:
    """Add lines to the restore's log."""
    restore.log = (restore.log + outcome.lines_of(*said))[-outcome.LONGEST :]


def queue(restore: Restore, status: str, error: str | None = None) -> None:
    """Let the restore wait for a worker, from the beginning, and say why it does again."""
    restore.status, restore.error = status, error
    note(restore, f"{status.lower()}: {error}" if error else status.lower())
    restore.started_at = restore.finished_at = restore.cancel_requested_at = None
    restore.stage = restore.stage_table = restore.rows_expected = None
    restore.rows_done = restore.bytes_done = 0


def cancel(config: Config, restore: Restore) -> None:
    """Note that nothing came of it; what was uploaded for it goes."""
    restore.status, restore.error, restore.finished_at = "CANCELLED", None, clock.now()
    note(restore, "cancelled")
    uploads.remove(config, restore.id)


def fail(config: Config, restore: Restore, error: BaseException | str) -> None:
    """Note why nothing was restored; an upload stays for another try unless it is damaged."""
    said = error if isinstance(error, str) else lifecycle.explained(error)
    restore.status, restore.finished_at = "FAILED", clock.now()
    restore.error = in_words(restore, said)
    note(restore, *outcome.failure(restore.error, error))
    uploads.close(config, restore.id)
    if isinstance(error, lifecycle.DISPROVED):
        uploads.remove(config, restore.id)
    record(
        actor_of(restore), "restore.failed", "restore", restore.id, change={"error": restore.error}
    )


def in_words(restore: Restore, said: str) -> str:
    """Name the file as people know it."""
    for path in (f"{restore.id}{uploads.PLAIN}", f"{restore.id}.zip"):
        said = said.replace(path, restore.file_name)
    return said


def end_dead(config: Config) -> int:
    """End the restores that nobody works on any more; say how many there were."""
    dead = [lock_row(restore.id) for restore in restore_queries.list_interrupted()]
    for restore in dead:
        if restore.status in restore_queries.AT_WORK:
            fail(config, restore, INTERRUPTED)
    return len(dead)
