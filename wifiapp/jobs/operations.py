"""The workers' signs of life, and what they sweep up."""

from datetime import datetime, timedelta

from sqlalchemy import delete

from wifiapp.auth.models import RateLimit
from wifiapp.db import db
from wifiapp.jobs.models import WorkerState

GONE = timedelta(minutes=10)  # a worker silent for so long will not come back
OLD = timedelta(days=1)  # longer than any window that is counted


def give_sign_of_life(worker_id: str, name: str, started_at: datetime, now: datetime) -> None:
    """Write that the worker lives."""
    state = WorkerState(id=worker_id, name=name, started_at=started_at, last_run_at=now)
    db.session.merge(state)
    db.session.commit()


def say_goodbye(worker_id: str) -> None:
    """Take the worker off the list, so that nobody waits for it."""
    db.session.execute(delete(WorkerState).where(WorkerState.id == worker_id))
    db.session.commit()


def sweep(now: datetime) -> int:
    """Delete workers that ended without a goodbye and counters of past windows; say how many."""
    silent = delete(WorkerState).where(WorkerState.last_run_at < now - GONE)
    counters = delete(RateLimit).where(RateLimit.window_start < now - OLD)
    ids = [
        *db.session.scalars(silent.returning(WorkerState.id)),
        *db.session.scalars(counters.returning(RateLimit.key)),
    ]
    db.session.commit()
    return len(ids)
