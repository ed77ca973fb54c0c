"""What a restore would change: the rows that are live against those that would take their place.

Rows are the same when their keys are; what stands in them is not compared. Of the live rows those
count as lost that an archive with the same options would hold by now, and this one does not. The
others, which the options leave out, are told apart: they were never meant to come back.
"""

from dataclasses import asdict, dataclass
from typing import Any

import psycopg
from sqlalchemy import Table, select

from wifiapp.backup import selection
from wifiapp.backup.errors import BackupError, NewerArchive
from wifiapp.backup.manifest import Manifest
from wifiapp.backup.results import Options
from wifiapp.backup.running import connected, one_row
from wifiapp.businesses.queries import list_businesses
from wifiapp.config import Config
from wifiapp.db import Model
from wifiapp.doctor.catalogue import quoted
from wifiapp.doctor.expectation import scripts

# The one table whose rows people count in money.
SALES = "wifi_token_sales"
QUICKLY = 2  # seconds for one table
EVERYTHING = Options(audit_logs=True, demo_data=True)


@dataclass(frozen=True)
class Change:
    """One table: its rows `now` and `after`; `lost` and `back` differ by key.

    `left_out` are rows that the archive's options leave out, which go too. The audit log only
    grows, so that nothing of it is lost.
    """

    name: str
    now: int
    after: int
    lost: int
    back: int
    left_out: int


@dataclass(frozen=True)
class Money:
    """Sales that would be lost, voids not counted, in one currency; `amount` as text."""

    currency: str
    sales: int
    amount: str


@dataclass(frozen=True)
class Preview:
    """What would change, and what becomes of the person who asks.

    `you` is "same" (the archive knows the id), "known" (the email only) or "missing".
    """

    tables: tuple[Change, ...]
    money: tuple[Money, ...]
    you: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def require_fit(said: Manifest) -> None:
    """Refuse at once what could never be restored here: `NewerArchive`, `BackupError`."""
    known = {script.revision for script in scripts().walk_revisions()}
    if said.revision not in known:
        raise NewerArchive(said.revision, head())
    if said.options.business_id is not None and list_businesses():
        raise BackupError(
            f"This archive holds one business only ({said.business_name}). It can be restored into "
            "an installation without businesses, so that it takes nothing away. Nothing was "
            "changed."
        )


def head() -> str:
    """Return the newest revision that this app knows."""
    return ", ".join(scripts().get_heads())


def compare(
    connection: psycopg.Connection[Any],
    schema: str,
    options: Options = EVERYTHING,
    *,
    user_id: str | None = None,
    email: str = "",
) -> Preview:
    """Compare what is live with the schema of that name, in one moment."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        connection.execute("SET LOCAL work_mem = '64MB'")
        live = _tables(connection, None)
        there = _tables(connection, schema)
        queries = selection.queries(Model.metadata, options, business_name=None, has_demo=True)
        changes = tuple(_change(connection, query, schema, live, there) for query in queries)
        sales = next(query for query in queries if query.name == SALES)
        is_there = SALES in live and SALES in there
        money = _money(connection, sales, schema) if is_there else ()
        you = _you(connection, schema, user_id, email)
    return Preview(changes, money, you)


def compare_quickly(config: Config, schema: str) -> dict[str, Any] | None:
    """Compare everything with the schema while somebody waits for a page; None when it takes long.

    Rows are told as by `compare`: those are lost that are not in the schema.
    """
    with connected(config) as connection:
        connection.execute(f"SET statement_timeout = '{QUICKLY}s'".encode())
        try:
            return compare(connection, schema).as_json()
        except psycopg.errors.QueryCanceled:
            return None


def _tables(connection: psycopg.Connection[Any], schema: str | None) -> set[str]:
    query = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = {}"
    space = "current_schema()::regnamespace" if schema is None else "quote_ident(%s)::regnamespace"
    values = None if schema is None else (schema,)
    return {name for (name,) in connection.execute(query.format(space).encode(), values)}


def _change(
    connection: psycopg.Connection[Any],
    query: selection.Query,
    schema: str,
    live: set[str],
    there: set[str],
) -> Change:
    name = quoted(query.name)
    other = f"{quoted(schema)}.{name}"
    if query.name not in live or query.name not in there:
        now = _count(connection, name) if query.name in live else 0
        after = _count(connection, other) if query.name in there else 0
        return Change(query.name, now, after, lost=now, back=after, left_out=0)
    same = _same_key(query.table)
    now, taken, lost, after, back = one_row(
        connection,
        f"""
        WITH taken AS MATERIALIZED ({_keys(query)})
        SELECT (SELECT count(*) FROM {name}),
               (SELECT count(*) FROM taken),
               (SELECT count(*) FROM taken a
                WHERE NOT EXISTS (SELECT FROM {other} b WHERE {same})),
               (SELECT count(*) FROM {other}),
               (SELECT count(*) FROM {other} b
                WHERE NOT EXISTS (SELECT FROM {name} a WHERE {same}))
        """,  # noqa: S608 - names from the models
    )
    if query.table.info["archive"] == "audit":
        return Change(query.name, now, now + back, lost=0, back=back, left_out=0)
    return Change(query.name, now, after, lost, back, now - taken)


def _money(
    connection: psycopg.Connection[Any], query: selection.Query, schema: str
) -> tuple[Money, ...]:
    found = connection.execute(
        f"""
        WITH taken AS MATERIALIZED ({_keys(query)})
        SELECT o.currency, count(*), sum(s."saleAmount")::text
        FROM {SALES} s JOIN taken a USING (id) JOIN businesses o ON o.id = s."businessId"
        WHERE s."voidedAt" IS NULL
          AND NOT EXISTS (SELECT FROM {quoted(schema)}.{SALES} b WHERE b.id = s.id)
        GROUP BY o.currency ORDER BY sum(s."saleAmount") DESC
        """.encode()  # noqa: S608 - names from the models
    )
    return tuple(Money(*row) for row in found)


def _you(connection: psycopg.Connection[Any], schema: str, user_id: str | None, email: str) -> str:
    by_id, by_email = one_row(
        connection,
        f"""
        SELECT coalesce(bool_or(id = %s), false), coalesce(bool_or(lower(email) = lower(%s)), false)
        FROM {quoted(schema)}.users
        """,  # noqa: S608 - the name is ours
        user_id,
        email,
    )
    return "same" if by_id else "known" if by_email else "missing"


def _keys(query: selection.Query) -> str:
    """Select the keys of the rows that an archive would take."""
    taken = select(*query.table.primary_key.columns)
    if query.where is not None:
        taken = taken.where(query.where)
    compiled = taken.compile(dialect=selection.DIALECT, compile_kwargs={"literal_binds": True})
    return str(compiled)


def _same_key(table: Table) -> str:
    columns = [quoted(column.name) for column in table.primary_key.columns]
    return " AND ".join(f"a.{column} = b.{column}" for column in columns)


def _count(connection: psycopg.Connection[Any], name: str) -> int:
    (rows,) = one_row(connection, f"SELECT count(*) FROM {name}")  # noqa: S608 - from the models
    return int(rows)
