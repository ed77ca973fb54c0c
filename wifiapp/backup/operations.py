"""Every change of the catalogue: backups are asked for, made, checked, cancelled and deleted."""

from collections.abc import Mapping
from threading import Event
from typing import Any

import structlog

from wifiapp import clock
from wifiapp.access import COMMAND_LINE, Actor
from wifiapp.audit.record import record
from wifiapp.backup import archives, engine, lifecycle, queries, rooms
from wifiapp.backup.engine import BackupError, Busy, Options, Report
from wifiapp.backup.errors import KeyNeeded
from wifiapp.backup.holder import holder_of
from wifiapp.backup.making_operations import work
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


def request_backup(
    config: Config, options: Options, actor: Actor, *, encrypt: bool | None = None
) -> Backup:
    """Put a backup where the worker finds it (`encrypt`: see `lifecycle.add`).

    Raises `SchemaSick` (with every gap), `UnderWay`, `NotFound` for an unknown business, `NoKey`.
    """
    require_sound(config, NOT_MADE)
    lifecycle.be_the_only_one(config)
    backup = lifecycle.add(options, actor, status="QUEUED", started_by="PAGE", encrypt=encrypt)
    db.session.commit()
    return backup


def request_check(config: Config, backup_id: str, actor: Actor) -> Backup:
    """Let the worker prove once more that the archive restores.

    Raises `UnderWay`, `FileGone`, `KeyNeeded`, `NotFound`.
    """
    lifecycle.be_the_only_one(config)
    backup = lifecycle.lock_row(backup_id)
    path = archives.path_of(config, backup.file_name)
    if backup.is_encrypted:
        raise KeyNeeded(path.name)  # `keys_operations.request_check` takes one
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
        rooms.clear(config.backup_dir, backup.id)
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
    *,
    encrypt: bool | None = None,
) -> Backup:
    """Make and prove a backup right here; `report` is told the progress too.

    Raises what `request_backup` raises, and any `BackupError` that ends it early.
    """
    require_sound(config, NOT_MADE)
    rooms.clear_dead(config.backup_dir)
    with holder_of(config, new_id(), listener=report) as holder:
        holder.take()
        lifecycle.be_the_only_one(config)
        lifecycle.add(
            options,
            actor,
            status="RUNNING",
            started_by=started_by,
            backup_id=holder.id,
            encrypt=encrypt,
        )
        db.session.commit()
        work(config, holder)
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
                work(config, holder)
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
        clean_up(config)
    return count


def clean_up(config: Config) -> None:
    """Remove what dead runs left, unless a run is under way."""
    rooms.clear_dead(config.backup_dir)
    engine.clean_up(config)


def _begin(backup_id: str) -> bool:
    backup = lifecycle.lock_row(backup_id)
    is_ours = backup.status == "QUEUED"
    if is_ours:
        backup.status, backup.started_at = "RUNNING", clock.now()
    db.session.commit()
    return is_ours
