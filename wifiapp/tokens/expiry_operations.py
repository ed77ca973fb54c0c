"""Expiring tokens by the clock.

The moment at which a token expired is what its row says: `expires_at` or `redeem_by`, not the
moment at which the worker came by. So a worker that was off for a week changes no statistics.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from threading import Event as Signal
from typing import Any

from sqlalchemy import Select, select, update

from wifiapp import clock
from wifiapp.access import WORKER
from wifiapp.audit.record import record
from wifiapp.db import db
from wifiapp.tokens.models import WifiToken, is_running, is_unused
from wifiapp.tokens.states import Event, after

CHUNK = 1_000  # tokens of one transaction


def expire_due(stop: Signal) -> Mapping[str, Any] | None:
    """Expire the tokens whose time is over, until there are none or `stop` is set.

    Returns how many they were, None when there were none. Workers may do it at once; a token that
    somebody sells or changes at that moment is left for the next run.
    """
    expired = 0
    for query in due(clock.now()):
        some = CHUNK
        while some == CHUNK and not stop.is_set():
            some = _expire_some(query)
            expired += some
    return {"tokens": expired} if expired else None


def due(now: datetime) -> list[Select[Any]]:
    """Select the tokens whose time is over, with their states: unused ones, and running ones.

    Each selects those first that have waited longest, by an index of its own.
    """
    times = ((is_unused, WifiToken.redeem_by), (is_running, WifiToken.expires_at))
    shown: list[Any] = [WifiToken.id, WifiToken.status]
    return [
        select(*shown).where(may_end, time <= now).order_by(time.expression)
        for may_end, time in times
    ]


def _expire_some(query: Select[Any]) -> int:
    """Expire some of the tokens, with one line in the audit log for each business."""
    some = query.limit(CHUNK).with_for_update(skip_locked=True).cte("due")
    change = (
        update(WifiToken)
        .where(WifiToken.id == some.c.id)
        .values(status=after("ACTIVE", Event.EXPIRE))
        .returning(WifiToken.business_id, some.c.status)
        .execution_options(synchronize_session=False)
    )
    found = Counter((row[0], row[1]) for row in db.session.execute(change))
    for business_id in sorted({business_id for business_id, _ in found}):
        were = {status: count for (owner, status), count in found.items() if owner == business_id}
        told = {"tokens": sum(were.values()), "were": were}
        record(WORKER, "token.expire", "token", business_id=business_id, change=told)
    db.session.commit()
    return found.total()
