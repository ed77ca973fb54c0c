"""What dropping old sessions would take, and how long they are kept."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text

from wifiapp.analytics.models import RollupState
from wifiapp.analytics.retention import SETTING, kept_months
from wifiapp.db import db
from wifiapp.devices.models import DeviceSession
from wifiapp.settings.models import Setting


@dataclass(frozen=True)
class Preview:
    """The raw sessions that ended before a moment: how many of how many.

    `size` is about how many bytes they take, `whole` what all of them take, with their indexes;
    `first` is when the oldest of those that ended before began.
    """

    before: datetime
    rows: int
    of: int
    size: int
    whole: int
    first: datetime | None


def get_kept_months() -> int | None:
    """Return how many months raw sessions are kept, None for ever."""
    stored: Any = db.session.scalar(select(Setting.value).where(Setting.key == SETTING))
    return kept_months(stored)


def find_dropped_before() -> datetime | None:
    """Return the moment before which raw sessions were dropped already."""
    return db.session.scalar(select(func.max(RollupState.sessions_from)))


def preview(before: datetime) -> Preview:
    """Count what would be dropped; its size is its share of the table and its indexes."""
    old = DeviceSession.ended_at < before
    query = select(
        func.count().filter(old), func.count(), func.min(DeviceSession.started_at).filter(old)
    )
    rows, of, first = db.session.execute(query.select_from(DeviceSession)).one()
    whole = db.session.scalar(text("SELECT pg_total_relation_size('device_sessions')")) or 0
    return Preview(before, rows, of, whole * rows // of if of else 0, whole, first)
