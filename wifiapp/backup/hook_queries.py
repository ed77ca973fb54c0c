"""Every question asked of the runs of the off-site command."""

from sqlalchemy import select

from wifiapp.backup.models import HookRun
from wifiapp.db import db


def find_hook_run(backup_id: str) -> HookRun | None:
    """Return the backup's newest run, None when there was none."""
    query = select(HookRun).where(HookRun.backup_id == backup_id)
    return db.session.scalars(query.order_by(HookRun.created_at.desc()).limit(1)).first()


def find_last_hook_run() -> HookRun | None:
    """Return the newest run that has ended, None when there is none."""
    query = select(HookRun).where(HookRun.finished_at.is_not(None))
    return db.session.scalars(query.order_by(HookRun.finished_at.desc()).limit(1)).first()


def find_due_run(backup_id: str | None = None) -> HookRun | None:
    """Return the run that has waited longest, of this backup alone where one is named."""
    query = select(HookRun).where(HookRun.finished_at.is_(None))
    if backup_id is not None:
        query = query.where(HookRun.backup_id == backup_id)
    return db.session.scalars(query.order_by(HookRun.created_at).limit(1)).first()
