"""The gate that changes wait at while a restore is under way; reading goes on.

What is written after the safety backup of a restore would be in nobody's data afterwards. So the
restore shuts the gate first: it takes an advisory lock alone. A change takes a share of that lock
in each of its transactions, which costs one look and no waiting: when the gate is shut, or somebody
waits to shut it, the change is refused, and what is under way already is waited for.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from threading import Event
from typing import Any

import psycopg
from flask import g, has_app_context, has_request_context
from sqlalchemy import Connection, event, text
from sqlalchemy.orm import Session, SessionTransaction

from wifiapp.backup.errors import BackupError
from wifiapp.db import db
from wifiapp.errors import WifiError

KEY = "hashtextextended('wifiapp restore', 0)"
PATIENCE = 60  # seconds that changes under way have to come to an end
SHUT = f"SELECT pg_advisory_lock({KEY})"
OPEN = f"SELECT pg_advisory_unlock({KEY})"

_PASS = text(f"SELECT pg_try_advisory_xact_lock_shared({KEY})")
_LOOK = text(
    f"""
    SELECT CASE WHEN pg_try_advisory_lock_shared({KEY})
                THEN NOT pg_advisory_unlock_shared({KEY}) ELSE true END
    """
)
Run = Callable[[Event], Mapping[str, Any] | None]


class GateShut(WifiError):
    """A restore began while a request was at work; nothing more may be written."""

    status = 503


@contextlib.contextmanager
def shut(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Let no change begin, and wait for those under way; the gate opens with the connection's end.

    Raises `BackupError` when a change does not end.
    """
    connection.execute(f"SET lock_timeout = '{PATIENCE}s'".encode())
    try:
        connection.execute(SHUT.encode())
    except psycopg.errors.LockNotAvailable as error:
        raise BackupError(
            f"Somebody has been changing data for more than {PATIENCE} s, so nothing was restored "
            "and your data was not changed. Try again when there is less going on."
        ) from error
    finally:
        connection.execute("SET lock_timeout = 0")
    try:
        yield
    finally:  # at once: a connection closes a moment later than it is told to
        with contextlib.suppress(psycopg.Error):
            connection.execute(OPEN.encode())


def may_change() -> bool:
    """Tell whether changes may be made, and keep the gate open until this transaction ends."""
    return bool(db.session.scalar(_PASS))


def pass_each() -> None:
    """Have each further transaction of this request or task pass the gate by itself.

    One that commits in the middle, to speak with a device, lets the gate go with that. When it is
    shut then, what would be written raises `GateShut`.
    """
    g.passes_gate = True


@event.listens_for(Session, "after_begin")
def _pass_again(_session: Session, begun: SessionTransaction, connection: Connection) -> None:
    if begun.nested or not has_app_context() or not g.get("passes_gate"):
        return
    if not connection.scalar(_PASS):
        if has_request_context():  # the page that says so has to be read
            g.passes_gate = False
        raise GateShut(
            "A backup is being restored, so this was not written. What a hotspot has done already "
            "is found out afterwards. Try again when the restore is done."
        )


def is_shut() -> bool:
    """Tell whether changes have to wait right now."""
    return bool(db.session.scalar(_LOOK))


def unless_shut(run: Run) -> Run:
    """Return the worker's task so that it changes nothing while the gate is shut.

    Each of its transactions passes the gate by itself, so a restore waits for no hotspot. A task
    that meets the gate shut ends there, as if it had been killed, and is made up for later.
    """

    @wraps(run)
    def run_or_wait(stop: Event) -> Mapping[str, Any] | None:
        may = may_change()
        db.session.rollback()
        if not may:
            return None
        pass_each()
        try:
            return run(stop)
        except GateShut:
            return None
        finally:
            g.passes_gate = False
            db.session.rollback()

    return run_or_wait
