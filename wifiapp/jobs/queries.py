"""Every question asked of the workers."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select

from wifiapp.db import db
from wifiapp.jobs.models import WorkerState

SILENT = timedelta(seconds=60)  # a worker writes a sign of life every 10 s


def find_last_run() -> datetime | None:
    """Return when a worker last gave a sign of life, None when there is no worker."""
    return db.session.scalar(select(func.max(WorkerState.last_run_at)))


def list_workers() -> Sequence[WorkerState]:
    """Return the workers that did not say goodbye, the liveliest first."""
    return db.session.scalars(select(WorkerState).order_by(WorkerState.last_run_at.desc())).all()


def is_worker_running(now: datetime) -> bool:
    """Tell whether a worker has given a sign of life within the last minute."""
    last = find_last_run()
    return last is not None and now - last < SILENT
