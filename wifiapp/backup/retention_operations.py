"""Deleting the backups that the rules let go."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from wifiapp.access import WORKER, Actor
from wifiapp.audit.record import record
from wifiapp.backup import archives, lifecycle, queries
from wifiapp.backup.models import BackupRoutine
from wifiapp.backup.schedule_queries import ROUTINE, find_newest_proof, find_routine, get_retention
from wifiapp.config import Config
from wifiapp.db import db
from wifiapp.errors import NotFound
from wifiapp.settings.queries import get_backup_plan


@dataclass(frozen=True)
class Gone:
    """A backup that was deleted: the facts that stay of it, and the reason."""

    id: str
    file_name: str | None
    size: int
    created_at: datetime
    reason: str


def prune(config: Config, now: datetime, actor: Actor) -> Sequence[Gone]:
    """Delete what the rules let go now, each file and then its row; return what went.

    Raises `BackupError` at the first file that cannot be deleted; what went before stays gone.
    """
    going = [(each.backup.id, each.reason) for each in get_retention(config, now).going]
    db.session.rollback()
    dropped = (_drop(config, backup_id, reason, actor) for backup_id, reason in going)
    return [gone for gone in dropped if gone is not None]


def prune_after_success(config: Config, now: datetime) -> dict[str, Any] | None:
    """Delete what the rules let go, once after each new proved backup; say what went.

    Without a new one nothing goes, however old everything becomes.
    """
    newest, routine = find_newest_proof(now), find_routine()
    if newest is None or routine is None or routine.pruned_for == newest.id:
        db.session.rollback()
        return None
    proof, is_there = newest.id, archives.exists(config, newest.file_name)
    locked = select(BackupRoutine).where(BackupRoutine.id == ROUTINE).with_for_update()
    routine = db.session.scalars(locked.execution_options(populate_existing=True)).one()
    if routine.pruned_for == proof or not is_there:
        db.session.rollback()
        return None
    routine.pruned_for = proof
    db.session.commit()
    if not get_backup_plan().prunes:
        return None
    gone = prune(config, now, WORKER)
    return {"backups": len(gone), "bytes": sum(each.size for each in gone)} if gone else None


def _drop(config: Config, backup_id: str, reason: str, actor: Actor) -> Gone | None:
    """Delete one backup, unless somebody has pinned it, uses it or deleted it meanwhile."""
    try:
        backup = lifecycle.lock_row(backup_id)
    except NotFound:
        return None
    if backup.is_pinned or backup.status in queries.UNFINISHED:
        db.session.rollback()
        return None
    gone = Gone(backup.id, backup.file_name, backup.size or 0, backup.created_at, reason)
    facts = {"file": backup.file_name, "sha256": backup.sha256, "reason": reason}
    record(actor, "backup.prune", "backup", backup.id, change=facts)
    db.session.delete(backup)
    db.session.flush()
    archives.remove(config, gone.file_name)
    db.session.commit()
    return gone
