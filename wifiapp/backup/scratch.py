"""The schemas that a run works in beside the live one, and the doctor's word on each."""

import contextlib
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
from sqlalchemy import Connection, NullPool, create_engine

from wifiapp import clock, db
from wifiapp.backup.errors import SchemaSick
from wifiapp.config import Config
from wifiapp.doctor.catalogue import quoted
from wifiapp.doctor.checkup import examine

KEPT_DAYS = 7
SCRATCH = re.compile(r"(verify|restore)_[0-9a-f]{12}")
KEPT = re.compile(r"before_restore_\d{8}_\d{6}")
SCHEMAS = "SELECT nspname FROM pg_namespace ORDER BY nspname"


@contextlib.contextmanager
def at_work_in(config: Config, schema: str | None = None) -> Iterator[Connection]:
    """Open a SQLAlchemy connection whose search_path is the schema alone, or as usual."""

    def connect() -> psycopg.Connection[Any]:
        connection = db.connect(config)
        if schema is not None:
            path = ("search_path", quoted(schema))
            connection.execute("SELECT set_config(%s, %s, false)", path)
            connection.commit()
        return connection

    engine = create_engine("postgresql+psycopg://", creator=connect, poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


def require_sound(config: Config, consequence: str, schema: str | None = None) -> None:
    """Raise `SchemaSick` with everything that the doctor finds in the live schema, or in this."""
    with at_work_in(config, schema) as connection:
        report = examine(connection)
    if report.is_sick:
        count = len(report.differences)
        places = "one place" if count == 1 else f"{count} places"
        raise SchemaSick(
            f"The database differs from what wifiapp needs in {places}, {consequence}. Your data "
            "was not changed. `flask doctor` names every difference and what mends it.",
            report,
        )


def new_name(purpose: str) -> str:
    """Return the name of a new scratch schema, to `verify` or to `restore` in."""
    return f"{purpose}_{uuid4().hex[:12]}"


def kept_name(connection: psycopg.Connection[Any]) -> str:
    """Return a new name under which what is live will be kept, later than all that are."""
    moment = clock.now()
    for name in list_kept(connection)[-1:]:  # dated later than now when the clock was set back
        moment = max(moment, _moment_of(name) + timedelta(seconds=1))
    return f"before_restore_{moment:%Y%m%d_%H%M%S}"


def list_kept(connection: psycopg.Connection[Any]) -> list[str]:
    """Return the schemas kept for an undo, oldest first."""
    names = [name for (name,) in connection.execute(SCHEMAS)]
    return [name for name in names if KEPT.fullmatch(name)]


def sweep(connection: psycopg.Connection[Any]) -> None:
    """Drop what dead runs left, and what was kept for an undo past its days.

    The connection must hold the engine's lock: whatever is there then belongs to nobody.
    """
    names = [name for (name,) in connection.execute(SCHEMAS)]
    for name in names:
        if SCRATCH.fullmatch(name) or _is_past_its_days(name):
            drop(connection, name)


def drop(connection: psycopg.Connection[Any], schema: str) -> None:
    connection.execute(f"DROP SCHEMA IF EXISTS {quoted(schema)} CASCADE".encode())


def _is_past_its_days(name: str) -> bool:
    if not KEPT.fullmatch(name):
        return False
    return clock.now() - _moment_of(name) > timedelta(days=KEPT_DAYS)


def _moment_of(kept: str) -> datetime:
    stamp = kept.removeprefix("before_restore_")
    return datetime.strptime(f"{stamp}+0000", "%Y%m%d_%H%M%S%z")
