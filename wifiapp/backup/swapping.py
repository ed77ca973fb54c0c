"""Putting a finished schema in the place of the live one: in one short transaction, or not at all.

Two renames, and the tables that stay with the installation change places, rows and all. Whoever
works with the database finds the new tables by name with the next statement.
"""

import json
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import psycopg
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from wifiapp.backup.errors import BackupError
from wifiapp.backup.running import one_row
from wifiapp.db import Model
from wifiapp.doctor.catalogue import Catalogue, quoted, read_catalogue
from wifiapp.doctor.expectation import driver

LOCK_TIMEOUT = "400ms"  # gives way before PostgreSQL looks for deadlocks, and before a till waits
TRIES, PAUSE = 40, 0.5  # seconds between two tries
MARK = "wifiapp: "
PASSING = "wifiapp_passing"

RIGHTS = """
SELECT format('GRANT %%s ON %%s TO %%s%%s', a.privilege_type, o.name,
              CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END,
              CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
FROM (SELECT format('SCHEMA %%I', nspname) AS name, nspacl AS acl
      FROM pg_namespace WHERE nspname = %(schema)s::text
      UNION ALL
      SELECT format('TABLE %%I.%%I', nspname, relname), relacl
      FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
      WHERE nspname = %(schema)s::text AND relname = ANY (%(tables)s)
     ) o, aclexplode(o.acl) a
UNION ALL
SELECT format('ALTER TABLE %%I.%%I OWNER TO %%I', nspname, relname, pg_get_userbyid(relowner))
FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
WHERE nspname = %(schema)s::text AND relname = ANY (%(tables)s)
  AND relowner <> current_user::regrole
UNION ALL
SELECT format('ALTER SCHEMA %%I OWNER TO %%I', nspname, pg_get_userbyid(nspowner))
FROM pg_namespace WHERE nspname = %(schema)s::text AND nspowner <> current_user::regrole
"""
EXTENSIONS = """
SELECT format('ALTER EXTENSION %%I SET SCHEMA %%I', extname, %(schema)s::text)
FROM pg_extension WHERE extnamespace = quote_ident(%(schema)s)::regnamespace
"""
COMMENT = "SELECT coalesce(obj_description(quote_ident(%s)::regnamespace, 'pg_namespace'), '')"
STRAYS = """
SELECT c.conrelid::regclass::text FROM pg_constraint c
JOIN pg_class a ON a.oid = c.conrelid JOIN pg_class b ON b.oid = c.confrelid
WHERE c.contype = 'f' AND b.relnamespace <> a.relnamespace
  AND a.relnamespace = quote_ident(%s)::regnamespace
"""


class Swap:
    """One exchange of `live` for `fresh`; what was live is `kept` under that name.

    `staying` are the tables that belong to the installation and not to what is exchanged.
    """

    def __init__(
        self, connection: Connection, *, live: str, fresh: str, kept: str, staying: Iterable[str]
    ) -> None:
        self._connection = connection
        self._execute: Callable[[str], Any] = lambda sql: driver(connection).execute(sql.encode())
        self.live, self.fresh, self.kept = live, fresh, kept
        before = read_catalogue(driver(connection), live)
        after = read_catalogue(driver(connection), fresh)
        self.tables = sorted(before.tables.keys() & after.tables.keys())
        self.strangers = sorted(before.tables.keys() - after.tables.keys())
        self.staying = _closed([name for name in staying if _alike(before, after, name)])
        self.lost = sorted(set(staying) & before.tables.keys() - set(self.staying))
        self._triggers = [part for part in after.parts_of("trigger") if part.table in self.staying]
        values = {"schema": live, "tables": self.tables}
        self._rights = [sql for (sql,) in driver(connection).execute(RIGHTS, values)]
        self._extensions = [sql for (sql,) in driver(connection).execute(EXTENSIONS, values)]
        (self._comment,) = one_row(driver(connection), COMMENT, live)
        (self._note,) = one_row(driver(connection), COMMENT, fresh)  # an undo's, until it is done
        connection.rollback()

    def run(self, note: dict[str, Any], also: Callable[..., None]) -> float:
        """Exchange, and call `also(session=…)` in the transaction; return the lock's milliseconds.

        `note` is kept with what was live. Raises `BackupError` when the tables are never free.
        """
        with self._connection.begin():  # writes down the load first, before anyone must wait for it
            self._describe(self.fresh, self._note or MARK + "ready")
        for tried in range(TRIES):
            time.sleep(PAUSE if tried else 0)
            try:
                return self._try(note, also)
            except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected) as error:
                self._connection.rollback()
                reason = error
        raise BackupError(
            "Somebody keeps the tables busy, so they could not be exchanged. Nothing was restored "
            "and your data was not changed. Try again when there is less going on."
        ) from reason

    def _try(self, note: dict[str, Any], also: Callable[..., None]) -> float:
        with self._connection.begin():
            self._execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
            started = time.perf_counter()
            # Whoever writes is let finish; whoever reads is not disturbed.
            everything = (f"{quoted(self.live)}.{quoted(name)}" for name in self.tables)
            self._execute(f"LOCK TABLE {', '.join(everything)} IN EXCLUSIVE MODE")
            self._rename(self.live, self.kept)
            self._rename(self.fresh, self.live)
            self._exchange()
            for statement in (*self._extensions, *self._rights):
                self._execute(statement)
            self._describe(self.live, self._comment)
            self._describe(self.kept, MARK + json.dumps(note | {"staying": self.staying}))
            self._refuse_strays()
            with Session(bind=self._connection) as session:
                also(session=session)
                session.flush()
        return (time.perf_counter() - started) * 1000

    def _rename(self, name: str, new: str) -> None:
        self._execute(f"ALTER SCHEMA {quoted(name)} RENAME TO {quoted(new)}")

    def _move(self, table: str, source: str, target: str) -> None:
        self._execute(f"ALTER TABLE {quoted(source)}.{quoted(table)} SET SCHEMA {quoted(target)}")

    def _exchange(self) -> None:
        """Give the installation's tables back to what is live now, empty ones in their place."""
        self._execute(f"CREATE SCHEMA {PASSING}")
        for table in self.staying:
            self._move(table, self.live, PASSING)
            self._move(table, self.kept, self.live)
            self._move(table, PASSING, self.kept)
        self._execute(f"DROP SCHEMA {PASSING}")
        for table in self.strangers:
            self._move(table, self.kept, self.live)
        for schema in (self.kept, self.live):  # a trigger calls the function of its own schema
            self._execute(f"SET LOCAL search_path = {quoted(schema)}")
            for part in self._triggers:
                self._execute(part.replace)

    def _describe(self, schema: str, text: str) -> None:
        literal = psycopg.sql.Literal(text).as_string(driver(self._connection))
        self._execute(f"COMMENT ON SCHEMA {quoted(schema)} IS {literal}")

    def _refuse_strays(self) -> None:
        """Make sure that nothing live leans on what is kept only for some days."""
        for schema in (self.live, self.kept):
            stray = one_row(driver(self._connection), STRAYS, schema)
            if stray:
                raise BackupError(
                    f"The table {stray[0]} is no part of wifiapp and refers to its tables, so they "
                    "cannot be exchanged. Your data was not changed. Drop that foreign key first."
                )


def _alike(before: Catalogue, after: Catalogue, table: str) -> bool:
    """Tell whether the table can change places: it is there, and is the same in both."""
    return table in before.tables and before.tables.get(table) == after.tables.get(table)


def _closed(names: Sequence[str]) -> list[str]:
    """Leave out the tables that point to one that does not stay, with what points to them."""
    points = {
        name: {key.column.table.name for key in Model.metadata.tables[name].foreign_keys}
        for name in names
    }
    kept = [name for name in names if points[name] <= points.keys()]
    return kept if len(kept) == len(names) else _closed(kept)


def read_note(connection: psycopg.Connection[Any], kept: str) -> dict[str, Any]:
    """Return what was noted with a kept schema."""
    (text,) = one_row(connection, COMMENT, kept)
    note: dict[str, Any] = json.loads(text.removeprefix(MARK))
    return note


def sentences(swap: Swap) -> Sequence[str]:
    """Say what of the installation could not be taken over."""
    return [
        f"The rows of {table} stayed in the schema {swap.kept}: the table was not as it should be."
        for table in swap.lost
    ]
