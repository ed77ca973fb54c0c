"""Every question asked of the restores, and of what they keep for an undo."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text

from wifiapp.backup.models import Backup
from wifiapp.backup.queries import is_held
from wifiapp.backup.restore_models import Restore
from wifiapp.db import db
from wifiapp.errors import NotFound

WAITING = ("QUEUED", "CONFIRMED")
AT_WORK = ("CHECKING", "RUNNING")
UNFINISHED = (*WAITING, *AT_WORK)
SHOWN = 10

_KEPT = text(
    r"""
    SELECT n.nspname AS name, coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint AS size
    FROM pg_namespace n LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind = 'r'
    WHERE n.nspname ~ '^before_restore_\d{8}_\d{6}$'
    GROUP BY n.nspname ORDER BY n.nspname DESC LIMIT 1
    """
)


@dataclass(frozen=True)
class Undo:
    """What can be swapped back: the restore, or its undo, that took it away.

    `schema` is where it is kept until then, `size` its bytes.
    """

    restore: Restore
    schema: str
    size: int
    until: datetime

    @property
    def is_undone(self) -> bool:
        """Whether swapping restores again, since the restore itself is undone already."""
        return self.restore.status == "UNDONE"


def get_restore(restore_id: str) -> Restore:
    """Return the restore, or raise `NotFound`."""
    restore = db.session.get(Restore, restore_id)
    if restore is None:
        raise NotFound("There is no such restore.")
    return restore


def find_unfinished() -> Restore | None:
    """Return the restore that waits for the worker or that it works on, or None."""
    query = select(Restore).where(Restore.status.in_(UNFINISHED)).order_by(Restore.created_at)
    return db.session.scalars(query.limit(1)).first()


def find_under_way() -> Restore | None:
    """Return the restore that changes have to wait for, or None."""
    query = select(Restore).where(Restore.status == "RUNNING").order_by(Restore.created_at)
    return db.session.scalars(query.limit(1)).first()


def find_undo(now: datetime) -> Undo | None:
    """Return what can be undone, or None: the last restore or its undo, for some days."""
    kept = db.session.execute(_KEPT).first()
    if kept is None:
        return None
    query = select(Restore).where(Restore.kept_as == kept.name)
    restore = db.session.scalars(query).first()
    if restore is None or restore.undo_until is None or restore.undo_until < now:
        return None
    return Undo(restore, kept.name, kept.size, restore.undo_until)


def list_restores() -> Sequence[Restore]:
    """Return the last restores, newest first."""
    query = select(Restore).order_by(Restore.created_at.desc(), Restore.id.desc()).limit(SHOWN)
    return db.session.scalars(query).all()


def list_restorable() -> Sequence[Backup]:
    """Return the proved backups of the catalogue, newest first."""
    query = (
        select(Backup)
        .where(Backup.verified_at.is_not(None), Backup.file_name.is_not(None))
        .order_by(Backup.created_at.desc(), Backup.id.desc())
    )
    return db.session.scalars(query.limit(50)).all()


def list_waiting_ids() -> Sequence[str]:
    """Return the ids of the restores that wait for a worker, oldest first."""
    query = select(Restore.id).where(Restore.status.in_(WAITING)).order_by(Restore.created_at)
    return db.session.scalars(query).all()


def list_interrupted() -> Sequence[Restore]:
    """Return the restores that say they run although nobody is at work on them any more."""
    query = select(Restore).where(Restore.status.in_(AT_WORK))
    return [each for each in db.session.scalars(query) if not is_held(each.id)]


def list_ready() -> Sequence[Restore]:
    """Return the restores that wait to be confirmed."""
    return db.session.scalars(select(Restore).where(Restore.status == "READY")).all()
