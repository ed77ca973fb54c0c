"""How the installation is, learnt at most every few seconds by each process.

`/healthz`, the banner above an administrator's pages and the page for a broken schema all look
here. Nothing in here raises or makes anybody wait twice: while one request finds out, the others
are told what was last known.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Literal, TypeVar

import structlog
from flask import Flask, current_app
from sqlalchemy import text

from wifiapp import clock
from wifiapp.backup.freshness import Freshness, freshness
from wifiapp.backup.queries import find_last_verified
from wifiapp.cli import explained
from wifiapp.db import db
from wifiapp.doctor.checkup import Report, examine
from wifiapp.exports import plain
from wifiapp.jobs.queries import find_last_run

T = TypeVar("T")
NOW = timedelta(0)
SECONDS = timedelta(seconds=3)
A_WHILE = timedelta(seconds=30)
WORKER_SILENT = timedelta(minutes=5)

log = structlog.get_logger("wifiapp.health")


@dataclass(frozen=True)
class Health:
    """What was found out at a moment; `report` None means that the database does not answer."""

    at: datetime
    report: Report | None
    worker_last_run: datetime | None = None
    backup_verified_at: datetime | None = None
    backup_made_at: datetime | None = None

    @property
    def status(self) -> Literal["ok", "degraded", "down"]:
        """Return "down" without a database or with a sick schema, "degraded" with work undone."""
        if self.report is None or self.report.is_sick:
            return "down"
        lacking = self.is_worker_silent or self.freshness != "fresh"
        return "degraded" if lacking or not self.report.is_clean else "ok"

    @property
    def is_worker_silent(self) -> bool:
        return self.worker_last_run is None or self.at - self.worker_last_run > WORKER_SILENT

    @property
    def freshness(self) -> Freshness:
        """Rate the last backup that is known to restore."""
        return freshness(self.backup_made_at, self.at)

    def as_dict(self) -> dict[str, Any]:
        """Return what a monitor may know: no secrets, no counts."""
        report = self.report
        return {
            "status": self.status,
            "database": "gone" if report is None else "ok",
            "schema": {
                "revision": report and report.revision,
                "head": report and ", ".join(report.heads),
                "drift": report and not report.is_clean,
            },
            "worker": {"lastRun": plain(self.worker_last_run)},
            "backup": {
                "lastVerifiedAt": plain(self.backup_verified_at),
                "freshness": report and self.freshness,
            },
        }


class Watch:
    """Keeps what was last known, and lets one request at a time find out anew."""

    def __init__(self) -> None:
        self.last: Health | None = None
        self._finding_out = Lock()

    def look(self, max_age: timedelta) -> Health:
        known = self.last
        # A date in the future was written before the clock was set back: it says nothing.
        if known is not None and NOW <= clock.now() - known.at < max_age:
            return known
        if not self._finding_out.acquire(blocking=known is None or max_age == NOW):
            return known or _find_out()
        try:
            if self.last is not None and self.last is not known and max_age != NOW:
                return self.last  # somebody else found out while this one waited
            found = _find_out()
            _tell_a_change(self.last, found)
            self.last = found
            return found
        finally:
            self._finding_out.release()


def init_app(app: Flask) -> None:
    app.extensions["wifiapp.health"] = Watch()


def look(max_age: timedelta = A_WHILE) -> Health:
    """Return how things are, at most `max_age` old; `NOW` finds out in any case."""
    watch: Watch = current_app.extensions["wifiapp.health"]
    return watch.look(max_age)


def _find_out() -> Health:
    now = clock.now()
    try:
        # A context of its own has a session and a connection of its own: a missing table must
        # not spoil the transaction of the page that asks.
        with current_app.app_context():
            db.session.execute(text("SET LOCAL statement_timeout = '5s'"))
            report = examine(db.session.connection())
            backup = _ask(find_last_verified)
            last_run = _ask(find_last_run)
            if backup is None:
                return Health(now, report, last_run)
            return Health(now, report, last_run, backup.verified_at, backup.created_at)
    except Exception as error:
        line = explained(error)
        if line is None:
            log.exception("health.failed")
        return Health(now, None)


def _ask(question: Callable[[], T]) -> T | None:
    """Return the answer, None when the schema is too broken to give one."""
    try:
        with db.session.begin_nested():
            return question()
    except Exception as error:
        if explained(error) is None:
            raise
        return None


def _tell_a_change(before: Health | None, after: Health) -> None:
    if before is not None and before.report == after.report:
        return
    if after.report is None:
        log.error("database.gone")
    elif after.report.is_clean:
        log.info("schema.clean", revision=after.report.revision)
    else:
        log.error(
            "schema.drift",
            revision=after.report.revision,
            differences=[str(each) for each in after.report.differences],
        )
