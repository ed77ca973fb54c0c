"""Dropping old raw sessions, once all that was counted from them is rolled up and proven."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from threading import Event
from typing import Any

from sqlalchemy import delete, update

from wifiapp import clock
from wifiapp.access import WORKER, Actor
from wifiapp.analytics.check_queries import check
from wifiapp.analytics.models import RollupState
from wifiapp.analytics.retention import LEAST, MOST, SETTING, cutoff
from wifiapp.analytics.retention_queries import find_dropped_before, get_kept_days, preview
from wifiapp.audit.record import record
from wifiapp.db import db
from wifiapp.devices.models import DeviceSession
from wifiapp.errors import WifiError
from wifiapp.settings.models import Setting


class InvalidDays(WifiError):
    """Sessions cannot be kept for so many days."""


class NotProven(WifiError):
    """The roll-ups are not proven, so their raw sessions stay."""


def keep_sessions(days: int | None, actor: Actor) -> None:
    """Keep raw sessions for so many days, None for ever; raises `InvalidDays`."""
    if days is not None and not LEAST <= days <= MOST:
        raise InvalidDays(
            f"Sessions are kept for {LEAST} to {MOST} days, or for ever. Nothing was changed."
        )
    before = get_kept_days()
    if before != days:
        db.session.merge(Setting(key=SETTING, value={"days": days}))
        record(actor, "settings.change", "settings", change={"sessions_days": [before, days]})
        db.session.commit()


def drop_due(_stop: Event) -> Mapping[str, Any] | None:
    """Drop the sessions that the setting does not keep any longer, if there are any."""
    now, days = clock.now(), get_kept_days()
    dropped = find_dropped_before()
    if days is None or (dropped and cutoff(days, now) <= dropped):
        db.session.rollback()
        return None
    rows = drop_sessions(cutoff(days, now), WORKER, now)
    return {"rows": rows} if rows else None


def drop_sessions(before: datetime, actor: Actor, now: datetime) -> int:
    """Drop the raw sessions that ended before the moment, and return how many they were.

    Every period that they reach into is checked first; `NotProven` is raised, and nothing is
    dropped, when a number differs or waits to be rolled up. The roll-ups stay, and so does what
    they say of sessions, from then on without a row to prove it.
    """
    if now - before < timedelta(days=LEAST):
        raise InvalidDays(f"Sessions of the last {LEAST} days stay. Nothing was dropped.")
    taken = preview(before)
    if taken.rows and taken.first:
        # The lock of the check is held until all is done: no roll-up comes in between.
        verdict = check(taken.first.date(), before.date() + timedelta(days=1), now)
        if verdict.mismatches or verdict.waiting:
            db.session.rollback()
            raise NotProven(
                f"{len(verdict.mismatches)} numbers differ and {verdict.waiting} changes wait to "
                "be rolled up, so no session was dropped. Look with: flask analytics check"
            )
        db.session.execute(delete(DeviceSession).where(DeviceSession.ended_at < before))
        said = {"before": before.isoformat(), "rows": taken.rows}
        record(actor, "sessions.drop", "session", change=said)
    db.session.execute(update(RollupState).values(sessions_from=before))
    db.session.commit()
    return taken.rows
