"""Every change of the catalogue: backups are asked for, made, checked, cancelled and deleted."""

from collections.abc import Mapping
from threading import Event
from typing import Any

import structlog

from wifiapp import clock
from wifiapp.access import COMMAND_LINE, Actor
from wifiapp.audit.record import record
from wifiapp.backup import archives, engine, lifecycle, outcome, queries
from wifiapp.backup.engine import BackupError, Busy, Cancelled, Damaged, Options, Report, Verified
from wifiapp.backup.holder import Holder, holder_of
from wifiapp.backup.models import Backup
from wifiapp.backup.scratch import require_sound
from wifiapp.columns import new_id
from wifiapp.config import Config
from wifiapp.db import db
from wifiapp.errors import WifiError

NOT_MADE = "so no backup was made: it would not restore"
log = structlog.get_logger("wifiapp.backup")


class Keep(WifiError):
    """The backup must not be deleted as it is; the message says why."""


# -- asking ----------------------------------------------------------------------------------


def request_backup(config: Config, options: Options, actor: Actor) -> Backup:
    """Put a backup where the worker finds it.

    Raises `SchemaSick` (with every gap), `UnderWay`, `NotFound` for an unknown business.
    """
    require_sound(config, NOT_MADE)
    lifecycle.be_the_only_one(config)
    backup = lifecycle.add(options, actor, status="QUEUED", started_by="PAGE")
    db.session.commit()
    return backup


def request_check(config: Config, backup_id: str, actor: Actor) -> Backup:
    """Let the worker prove once more that the archive restores.

    Raises `UnderWay`, `FileGone`, `NotFound`.
    """
    lifecycle.be_the_only_one(config)
    backup = lifecycle.lock_row(backup_id)
    archives.path_of(config, backup.file_name)
    lifecycle.queue(config, backup)
    record(actor, "backup.check", "backup", backup.id)
    db.session.commit()
    return backup


def cancel_backup(config: Config, backup_id: str, actor: Actor) -> Backup:
    """Cancel a waiting backup at once; ask the maker of a running one to stop."""
    backup = lifecycle.lock_row(backup_id)
    if backup.status not in queries.UNFINISHED:
        raise WifiError("This backup is no longer running, so there is nothing to cancel.")
    if backup.status == "RUNNING" and queries.is_held(backup.id):
        backup.cancel_requested_at = clock.now()
    else:
        lifecycle.cancel(config, backup)
    record(actor, "backup.cancel", "backup", backup.id)
    db.session.commit()
    return backup


# -- keeping ---------------------------------------------------------------------------------


def pin_backup(backup_id: str, actor: Actor, *, pinned: bool) -> Backup:
    """Protect the backup from being deleted, or no longer."""
    backup = lifecycle.lock_row(backup_id)
    backup.is_pinned = pinned
    record(actor, "backup.pin" if pinned else "backup.unpin", "backup", backup.id)
    db.session.commit()
    return backup


def delete_backup(config: Config, backup_id: str, actor: Actor, *, sure: bool = False) -> None:
    """Delete the backup's file and its row.

    `sure` says that the person knows it to be the last good one. Raises `Keep`.
    """
    backup = lifecycle.lock_row(backup_id)
    last = queries.find_last_verified()
    if backup.status in queries.UNFINISHED:
        raise Keep("This backup is not finished. Cancel it first.")
    if backup.is_pinned:
        raise Keep("This backup is pinned. Unpin it first.")
    if last is not None and last.id == backup.id and not sure:
        raise Keep("This is the last backup of everything that is known to restore.")
    facts = {"file": backup.file_name, "sha256": backup.sha256, "size": backup.size}
    record(actor, "backup.delete", "backup", backup.id, change=facts)
    db.session.delete(backup)
    db.session.flush()
    archives.remove(config, backup.file_name)
    db.session.commit()


def record_download(backup_id: str, actor: Actor) -> None:
    """Write into the audit log who fetches the archive."""
    backup = queries.get_backup(backup_id)
    record(actor, "backup.download", "backup", backup.id, change={"file": backup.file_name})
    db.session.commit()


# -- making ----------------------------------------------------------------------------------


def create_backup(
    config: Config,
    options: Options,
    report: Report,
    actor: Actor = COMMAND_LINE,
    started_by: str = "COMMAND",
) -> Backup:
    """Make and prove a backup right here; `report` is told the progress too.

    Raises what `request_backup` raises, and any `BackupError` that ends it early.
    """
    require_sound(config, NOT_MADE)
    with holder_of(config, new_id(), listener=report) as holder:
        holder.take()
        lifecycle.be_the_only_one(config)
        lifecycle.add(options, actor, status="RUNNING", started_by=started_by, backup_id=holder.id)
        db.session.commit()
        _work(config, holder)
    return queries.get_backup(holder.id)


def run_queued(config: Config, stop: Event) -> Mapping[str, Any] | None:
    """Make or check the backup that has waited longest.

    Returns what became of it, None when nothing waits. Once `stop` is set, the backup goes back
    to waiting.
    """
    for backup_id in queries.list_queued_ids():
        db.session.rollback()
        with holder_of(config, backup_id, stop) as holder:
            if not (holder.take() and _begin(backup_id)):
                continue  # another worker was quicker, or it was cancelled
            try:
                _work(config, holder)
            except Busy:
                return None  # it waits for the other run to end
            except BackupError as error:
                log.info("backup.ended", backup=backup_id, reason=str(error))
        backup = queries.get_backup(backup_id)
        return {"backup": backup.id, "status": backup.status, "rows": backup.row_count}
    return None


def end_interrupted(config: Config) -> int:
    """Mark backups whose maker is gone, and remove what they left; say how many there were."""
    count = len(lifecycle.end_dead(config))
    db.session.commit()
    if count:
        engine.clean_up(config)
    return count


def clean_up(config: Config) -> None:
    """Remove what dead runs left, unless a run is under way."""
    engine.clean_up(config)


def _begin(backup_id: str) -> bool:
    backup = lifecycle.lock_row(backup_id)
    is_ours = backup.status == "QUEUED"
    if is_ours:
        backup.status, backup.started_at = "RUNNING", clock.now()
    db.session.commit()
    return is_ours


def _work(config: Config, holder: Holder) -> None:
    """Make the archive, if that is still to do, prove it, and write how that ended."""
    holder.listener = outcome.Journal(holder.connection, holder.id, holder.listener)
    try:
        proved = _prove(config, holder, *_make(config, holder))
    except BaseException as error:
        _end(config, holder, error)
        raise
    _succeed(config, holder, proved)


def _make(config: Config, holder: Holder) -> tuple[str | None, str | None]:
    """Return the name of the archive's file and its SHA-256, once there is one."""
    backup = queries.get_backup(holder.id)
    options, made_by = lifecycle.options_of(backup), backup.created_by or "somebody"
    known, is_made = (backup.file_name, backup.sha256), backup.finished_at is not None
    db.session.rollback()  # no transaction stays open while the engine works
    if is_made:
        return known
    created = holder.patiently(
        lambda: engine.create(
            config, options, config.backup_dir, made_by=made_by, report=holder.report
        )
    )
    backup = lifecycle.lock_row(holder.id)
    backup.file_name, backup.size = created.path.name, created.size
    backup.sha256, backup.row_count = created.sha256, created.rows
    backup.revision = created.revision
    db.session.commit()
    return created.path.name, created.sha256


def _prove(config: Config, holder: Holder, file_name: str | None, sha256: str | None) -> Verified:
    path = archives.path_of(config, file_name)
    proved = holder.patiently(lambda: engine.verify(config, path, holder.report))
    if proved.sha256 != sha256:
        raise Damaged(path.name, "is not the file that was written: its SHA-256 differs")
    return proved


def _succeed(config: Config, holder: Holder, proved: Verified) -> None:
    db.session.rollback()
    backup = lifecycle.lock_row(holder.id)
    lifecycle.prove(backup)
    outcome.keep(config, backup, proved)
    db.session.commit()


def _end(config: Config, holder: Holder, error: BaseException) -> None:
    db.session.rollback()
    backup = lifecycle.lock_row(holder.id)
    if holder.begins_again(error):
        lifecycle.queue(config, backup, str(error))
    elif isinstance(error, (Cancelled, KeyboardInterrupt)):
        lifecycle.cancel(config, backup)
    else:
        lifecycle.fail(config, backup, error)
    db.session.commit()
