"""What every run of the engine shares: its connections, the one lock, words for failures."""

import contextlib
import errno
from collections.abc import Iterator
from typing import Any

import psycopg
from sqlalchemy.exc import DBAPIError

from wifiapp import db
from wifiapp.backup.errors import BackupError, Busy, DiskFull
from wifiapp.config import Config

LOCK = "hashtextextended('wifiapp backup engine', 0)"
LONGEST_NAME = 63  # bytes that PostgreSQL keeps of an application_name

# A machine that lost its current or its cable would hold its locks for hours, since neither side
# asks sooner by itself whether the other is still there. In seconds, and how often.
ALIVE = {"keepalives_idle": 20, "keepalives_interval": 10, "keepalives_count": 3}
ALIVE_THERE = [f"SET tcp_{name} = {value}".encode() for name, value in ALIVE.items()]

TAKE = f"SELECT pg_try_advisory_lock({LOCK})"
GIVE = f"SELECT pg_advisory_unlock({LOCK})"
HOLDER = f"""
SELECT a.application_name, a.backend_start AT TIME ZONE 'UTC'
FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND (l.classid::bigint << 32) | l.objid::bigint = {LOCK}
"""  # noqa: S608 - made of constants


@contextlib.contextmanager
def connected(config: Config, **options: Any) -> Iterator[psycopg.Connection[Any]]:
    """Open a connection for one run; its queries end when this process or its machine is gone."""
    with contextlib.closing(db.connect(config, autocommit=True, **ALIVE | options)) as connection:
        with contextlib.suppress(psycopg.Error):  # not every platform can tell
            connection.execute("SET client_connection_check_interval = 1000")
        for statement in ALIVE_THERE:
            connection.execute(statement)
        connection.execute("SET idle_in_transaction_session_timeout = 0")
        connection.execute("SET statement_timeout = 0")
        connection.execute("SET jit = off")  # compiling takes longer than any query of ours
        yield connection


@contextlib.contextmanager
def alone(config: Config, what: str) -> Iterator[psycopg.Connection[Any]]:
    """Hold the engine's lock, one over all processes, or raise `Busy`.

    The lock is the connection's: it goes when this process goes. `what` is kept as the name of
    the connection, where others who want the lock find it.
    """
    with connected(config) as connection:
        name = what.encode()[:LONGEST_NAME].decode(errors="ignore")
        connection.execute("SELECT set_config('application_name', %s, false)", (name,))
        while one_row(connection, TAKE) != (True,):
            holder = connection.execute(HOLDER).fetchone()
            if holder:  # else it has gone in this moment
                raise Busy(*holder)
        try:
            yield connection
        finally:  # at once: a connection closes a moment later than it is told to
            with contextlib.suppress(psycopg.Error):
                connection.execute(GIVE.encode())


def one_row(connection: psycopg.Connection[Any], query: str, *values: object) -> tuple[Any, ...]:
    """Return the one row of a query; its names may hold anything but `%`, unless values follow."""
    row: tuple[Any, ...] = connection.execute(query.encode(), values or None).fetchone() or ()
    return row


@contextlib.contextmanager
def explained(what: str) -> Iterator[None]:
    """Turn what PostgreSQL or the disk says into words; `what` did not happen then."""
    try:
        yield
    except DBAPIError as error:  # migrations and the swap go through SQLAlchemy
        raise _in_words(what, error.orig or error) from error
    except (psycopg.Error, OSError) as error:
        raise _in_words(what, error) from error


def _in_words(what: str, error: BaseException) -> BackupError:
    said = first_line(error)
    if isinstance(error, psycopg.errors.DiskFull):
        return DiskFull(f"{what}: the database's disk is full ({said}). {FREE}")
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return BackupError(
            f"{what}: the database does not allow it ({said}). Your data was not changed. The "
            "role in DATABASE_URL must own the database and its tables."
        )
    if isinstance(error, psycopg.OperationalError):
        return BackupError(
            f"{what}: the database went away ({said}). Your data was not changed. Try again when "
            "it is back."
        )
    if isinstance(error, OSError):
        return _disk_in_words(what, error)
    return BackupError(f"{what}: the database refused ({said}). Your data was not changed.")


def _disk_in_words(what: str, error: OSError) -> BackupError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DiskFull(f"{what}: the disk is full. {FREE}")
    return BackupError(
        f"{what}: {error.filename or 'a file'} cannot be written or read ({error.strerror}). "
        "Your data was not changed."
    )


FREE = "Your data was not changed and nothing of it was kept. Free some space, then try again."


def first_line(error: BaseException) -> str:
    return str(error).strip().split("\n", 1)[0].rstrip(".")
