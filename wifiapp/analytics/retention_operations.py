"""Dropping old raw sessions, once all that was counted from them is rolled up and proven."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from threading import Event
from typing import Any

from sqlalchemy import delete, or_, update

from wifiapp import clock
from wifiapp.access import WORKER, Actor
from wifiapp.analytics.check_queries import check
from wifiapp.analytics.models import RollupState
from wifiapp.analytics.retention import LEAST, MOST, RECENT, SETTING, cutoff
from wifiapp.analytics.retention_queries import find_dropped_before, get_kept_months, preview
from wifiapp.audit.changes import differences
from wifiapp.audit.record import record
from wifiapp.db import db
from wifiapp.devices.models import DeviceSession
from wifiapp.errors import WifiError
from wifiapp.settings.models import Setting


class InvalidTime(WifiError):
    """Sessions cannot be kept for so short or long a time."""


class NotProven(WifiError):
    """The roll-ups are not proven, so their raw sessions stay."""


def keep_sessions(months: int | None, actor: Actor) -> bool:
    """Keep raw sessions for so many months, None for ever, and tell whether that is new.

    Raises `InvalidTime`. What is not kept any longer goes with the worker's next `drop_due`.
    """
    if months is not None and not LEAST <= months <= MOST:
        raise InvalidTime(
            f"Sessions are kept for {LEAST} to {MOST} months, or for ever. Nothing was changed."
        )
    change = differences({"months_of_sessions": get_kept_months()}, {"months_of_sessions": months})
    if change:
        db.session.merge(Setting(key=SETTING, value={"months": months}))
        record(actor, "settings.change", "settings", change=change)
        db.session.commit()
    return bool(change)


def drop_due(_stop: Event) -> Mapping[str, Any] | None:
    """Drop the sessions that the setting does not keep any longer, if there are any."""
    now, months = clock.now(), get_kept_months()
    dropped = find_dropped_before()
    if months is None or (dropped and cutoff(months, now) <= dropped):
        db.session.rollback()
        return None
    rows = drop_sessions(cutoff(months, now), WORKER, now)
    return {"rows": rows} if rows else None


def drop_sessions(before: datetime, actor: Actor, now: datetime) -> int:
    """Drop the raw sessions that ended before the moment, and return how many they were.

    Every period that they reach into is checked first; `NotProven` is raised, and nothing is
    dropped, when a number differs or waits to be rolled up. The roll-ups stay, and so does what
    they say of sessions, from then on without a row to prove it.
    """
    if now - before < RECENT:
        raise InvalidTime(f"Sessions of the last {RECENT.days} days stay. Nothing was dropped.")
    taken = preview(before)
    if taken.rows and taken.first:
        # The lock of the check is held until all is done: no roll-up comes in between.
        verdict = check(taken.first.date(), before.date() + timedelta(days=1), now)
        if verdict.mismatches or verdict.left_out:
            db.session.rollback()
            raise NotProven(
                f"{len(verdict.mismatches)} numbers differ and {verdict.left_out} periods wait to "
                "be rolled up, so no session was dropped. Look with: flask analytics check"
            )
        db.session.execute(delete(DeviceSession).where(DeviceSession.ended_at < before))
        said = {"before": before.isoformat(), "rows": taken.rows}
        record(actor, "sessions.drop", "session", change=said)
    later = or_(RollupState.sessions_from.is_(None), RollupState.sessions_from < before)
    db.session.execute(update(RollupState).where(later).values(sessions_from=before))
    db.session.commit()
    return taken.rows
