"""How many devices each hint is about."""

from datetime import datetime

from sqlalchemy import func, select

from wifiapp.access import Viewer
from wifiapp.db import db
from wifiapp.devices import hints
from wifiapp.devices.queries import GONE_LIMIT, Count, Wanted, matching


def count_hints(viewer: Viewer, now: datetime) -> dict[str, Count]:
    """Count the devices of each hint that the viewer may see, up to a limit."""
    counts = {}
    for hint in hints.HINTS:
        some = matching(viewer, Wanted(hint=hint), now).limit(GONE_LIMIT).subquery()
        number = db.session.scalar(select(func.count()).select_from(some)) or 0
        counts[hint] = Count(number, number == GONE_LIMIT)
    return counts
