"""Every question asked of the catalogue of backups."""

from collections.abc import Sequence

from sqlalchemy import select, text

from wifiapp.backup.models import Backup
from wifiapp.db import db
from wifiapp.errors import NotFound
from wifiapp.paging import Page, fetch_page

UNFINISHED = ("QUEUED", "RUNNING")
PAGE_SIZE = 15

# Who makes a backup holds this lock on a connection of its own, so that the lock is gone the
# moment the maker is, however it ended. Asked by reading pg_locks, which disturbs nobody.
LOCK_KEY = "hashtextextended('wifiapp backup ' || CAST(:id AS text), 0)"
_IS_HELD = text(f"""
    SELECT EXISTS (
        SELECT FROM pg_locks
        WHERE locktype = 'advisory' AND objsubid = 1 AND granted
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND ((CAST(classid AS bigint) << 32) | CAST(objid AS bigint)) = {LOCK_KEY}
    )""")  # noqa: S608 - nothing in it comes from outside


def find_last_verified() -> Backup | None:
    """Return the newest backup of everything that is known to restore, or None.

    One of a single business or without business data does not count: it would not bring the
    shop back. One that is being checked again still counts until it is found damaged.
    """
    query = (
        select(Backup)
        .where(
            Backup.verified_at.is_not(None),
            Backup.status.in_(("VERIFIED", *UNFINISHED)),
            Backup.business_id.is_(None),
            Backup.has_business_data,
        )
        .order_by(Backup.created_at.desc(), Backup.id.desc())
        .limit(1)
    )
    return db.session.scalars(query).first()


def find_unfinished() -> Backup | None:
    """Return the backup that is being made or checked or waits for it, or None."""
    query = select(Backup).where(Backup.status.in_(UNFINISHED)).order_by(Backup.created_at)
    return db.session.scalars(query.limit(1)).first()


def get_backup(backup_id: str) -> Backup:
    """Return the backup, or raise `NotFound`."""
    backup = db.session.get(Backup, backup_id)
    if backup is None:
        raise NotFound("There is no such backup.")
    return backup


def list_backups(after: str | None = None) -> Page[Backup]:
    """Return a page of the catalogue, newest first; `after` is a page's cursor.

    Raises `BadCursor`.
    """
    page = fetch_page(
        db.session(),
        select(Backup),
        (Backup.created_at.expression, Backup.id.expression),
        lambda row: (row[0].created_at, row[0].id),
        after,
        PAGE_SIZE,
    )
    return Page([row[0] for row in page.rows], page.after)


def list_all() -> Sequence[Backup]:
    """Return the whole catalogue, newest first."""
    query = select(Backup).order_by(Backup.created_at.desc(), Backup.id.desc())
    return db.session.scalars(query).all()


def list_queued_ids() -> Sequence[str]:
    """Return the ids of the backups that wait for a worker, oldest first."""
    query = select(Backup.id).where(Backup.status == "QUEUED").order_by(Backup.created_at)
    return db.session.scalars(query).all()


def list_interrupted() -> Sequence[Backup]:
    """Return the backups that say they run although nobody makes them any more."""
    running = db.session.scalars(select(Backup).where(Backup.status == "RUNNING")).all()
    return [backup for backup in running if not is_held(backup.id)]


def is_held(backup_id: str) -> bool:
    """Tell whether some process is making or checking the backup right now."""
    return bool(db.session.scalar(_IS_HELD, {"id": backup_id}))
