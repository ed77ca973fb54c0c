"""Whatever PostgreSQL can hold comes back as it was.

Hypothesis makes pools of values of each type; every table gets rows made of them, column by
column from the models. Only what a CHECK or a key demands is made to measure.
"""

import contextlib
import os
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    Integer,
    Numeric,
    String,
    Text,
    UniqueConstraint,
    delete,
    insert,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import IntegrityError

from tests.backup.archives import ARCHIVED, call, contents, execute, make_archive
from tests.conftest import TEMPLATE, create_database, database_url, drop_database
from wifiapp.backup import engine
from wifiapp.columns import UtcDateTime
from wifiapp.db import Model, db

ROWS = 12
NASTY = [
    "",
    "NULL",
    "\\N",
    "\\.",
    "a\n\\.\nb",
    '"',
    '""',
    "'",
    "a,b;c\td",
    "\n",
    "\r",
    "\r\n",
    " ",
    "\\",
    "\\n",
    "%s %(a)s",
    "\x01\x1f\x7f\x80",
    "\ufeff",
    "Ωmega ÄÖÜ ß",
    "\u202eright to left",
    "👩‍👩‍👧 \U0010ffff",
    "=1+1",
    "{}",
]
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)
scalars = st.none() | st.booleans() | st.integers() | texts
documents = st.dictionaries(texts, scalars | st.lists(scalars, max_size=3), max_size=4)
moments = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
FIRST, LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999999, UTC)

POOL_OF = {  # the first that fits
    Boolean: "boolean",
    UtcDateTime: "moment",
    Date: "day",
    Numeric: "cents",
    BigInteger: "bigint",
    Integer: "integer",
    JSONB: "json",
    String: "text",
}
POOLS = st.fixed_dictionaries(
    {
        "boolean": st.lists(st.booleans(), min_size=1, max_size=ROWS),
        "text": st.lists(texts, min_size=1, max_size=ROWS),
        "moment": st.lists(moments, min_size=1, max_size=ROWS),
        "day": st.lists(st.dates(), min_size=1, max_size=ROWS),
        "integer": st.lists(st.integers(-(2**31), 2**31 - 1), min_size=1, max_size=ROWS),
        "bigint": st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=ROWS),
        "cents": st.lists(st.integers(0, 10**12 - 1), min_size=1, max_size=ROWS),
        "json": st.lists(documents, min_size=1, max_size=ROWS),
    }
)
EDGES = {
    "boolean": [True, False],
    "text": NASTY,
    "moment": [FIRST, LAST, datetime(2026, 3, 1, 12, 0, 0, 1, UTC)],
    "day": [date.min, date.max, date(2026, 3, 1)],
    "integer": [0, -1, 2**31 - 1, -(2**31)],
    "bigint": [0, 2**63 - 1, -(2**63)],
    "cents": [0, 1, 10**12 - 1, 100],
    "json": [{}, {"a": None, "": [1.5, "\n", {"b": "\\u0041"}]}, {"big": 10**30}],
}


class Maker:
    """Makes the rows of one example, table by table, parents first."""

    def __init__(self, pools):
        self.pools = pools
        self.ids = {}

    def rows(self, table):
        self.ids[table.name] = [str(uuid4()) for _ in range(ROWS)]
        rows = [
            {column.key: self.value(column, number) for column in table.columns}
            for number in range(ROWS)
        ]
        for column in texts_in_keys(table):
            for number, row in enumerate(rows):
                if row[column.key] is not None:
                    row[column.key] = f"{number} {row[column.key]}"[: column.type.length]
        for number, row in enumerate(rows):
            measure(table.name, row, number)
        return rows

    def value(self, column, number):
        if column.primary_key and isinstance(column.type, Text) and not column.foreign_keys:
            return self.ids[column.table.name][number]
        if column.nullable and number % 3 == 2 and (number == 2 or not is_null_once(column)):
            return None
        for key in column.foreign_keys:
            return self.ids[key.column.table.name][number]
        if choices := one_of(column):
            return choices[number % len(choices)]
        return self.of_type(column.type, number)

    def of_type(self, kind, number):
        name = next(name for known, name in POOL_OF.items() if isinstance(kind, known))
        value = self.pools[name][number % len(self.pools[name])]
        if name == "text":
            return value[: kind.length]
        return Decimal(value).scaleb(-kind.scale) if name == "cents" else value


def is_null_once(column):
    """Tell whether a key lets only one row have no value here."""
    return any(
        [each.name for each in key.columns] == [column.name]
        and key.dialect_options["postgresql"]["nulls_not_distinct"]
        for key in column.table.constraints
        if isinstance(key, UniqueConstraint)
    )


def texts_in_keys(table):
    """Return the free texts that a unique key looks at, and that must differ therefore."""
    keys = [each for each in table.constraints if isinstance(each, UniqueConstraint)]
    keys += [index for index in table.indexes if index.unique]
    names = {column.name for key in keys for column in key.columns}
    return [
        column
        for column in table.columns
        if column.name in names
        and isinstance(column.type, String)
        and not (column.foreign_keys or one_of(column))
    ]


def one_of(column):
    """Return the values that a CHECK of the table allows in the column."""
    for constraint in column.table.constraints:
        found = re.fullmatch(
            rf'"{column.name}" IN \((.*)\)', str(getattr(constraint, "sqltext", ""))
        )
        if found:
            return re.findall(r"'([^']*)'", found[1])
    return None


def measure(table, row, number):
    """Make the row fit the checks and keys of its table that no type tells of."""
    if "mac_address" in row:
        row["mac_address"] = f"AC:DE:48:00:00:{number:02X}"
    if table == "users":
        row["email"] = f"{number} {row['email']}"
    if table == "device_sessions":
        row["ended_at"] = row["end_reason"] and row["started_at"]
    if table == "wifi_token_sales":
        row["receipt_number"] = row["receipt_number"] and number
        row["void_reason"] = row["voided_at"] and "\\N"
        row["sale_amount"] = Decimal(0) if row["gift_reason"] is not None else row["sale_amount"]
        row["fee"], row["tendered"] = Decimal(0), row["tendered"] and row["sale_amount"]
    if table == "day_closings":
        row["number"] = number + 1
        row["starts_at"] = datetime(2026, 1, 1, tzinfo=UTC)
        row["ends_at"] = row["starts_at"] + timedelta(microseconds=1)
    if table == "payment_methods":
        row["name"], row["fee_percent"] = f"{number} {row['name']}", Decimal(number)
    measure_live(table, row)
    measure_analytics(table, row, number)


def measure_live(table, row):
    """Go on with the tables of hotspots that are called."""
    if table == "token_batches":
        row["called_at"], row["called_for"] = row["called_at"] or FIRST, 1
    if table == "hotspot_commands":
        row["mac_address"] = None if row["wifi_token_id"] else row["mac_address"]
    if table == "hotspot_outages":
        row["ended_at"] = row["ended_at"] and row["started_at"]
    if table == "token_configurations":
        row["min_stock"] = row["refill_to"] = None if row["min_stock"] is None else 1


def measure_analytics(table, row, number):
    """Go on with the tables of the analytics."""
    if table == "token_usage":
        row["starts_at"] = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=15 * number)
    if table == "rollup_marks":
        row["starts_at"] = row["starts_at"] and datetime(2026, 1, 1, tzinfo=UTC)
        row["ends_at"] = row["ends_at"] and datetime(2026, 1, 2, tzinfo=UTC)
    if table == "rollup_states":
        row["periods_from"] = row["sessions_from"] and row["periods_from"]
        row["sessions_from"] = row["periods_from"] or row["sessions_from"]
    if table == "wifi_usage_analytics":
        row["period_start"] = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=number)
        row["period_end"] = row["period_start"] + timedelta(microseconds=1)
        row["total_revenue"], row["r710_revenue"] = row["esp32_revenue"], Decimal(0)


def add(table, row):
    """Insert the row; with all numbers 1 and all flags set where a CHECK wants it tame."""
    try:
        with db.session.begin_nested():
            db.session.execute(insert(table), row)
    except IntegrityError as error:
        if not isinstance(error.orig, psycopg.errors.CheckViolation):
            raise
        kinds = (Boolean, Integer, Numeric)
        wild = [column for column in table.columns if isinstance(column.type, kinds)]
        tame = {column.key: 1 for column in wild if row[column.key] is not None}
        db.session.execute(insert(table), row | tame)


@contextlib.contextmanager
def without_the_guard(app):
    """Let the audit log be emptied between two examples."""
    execute(app, "ALTER TABLE audit_logs DISABLE TRIGGER USER")
    yield
    execute(app, "ALTER TABLE audit_logs ENABLE TRIGGER USER")


@pytest.fixture
def other_app(app_on):
    name = f"wifiapp_own_{uuid4().hex[:8]}"
    create_database(name, os.environ[TEMPLATE])
    yield app_on(database_url(name))
    drop_database(name)


@given(pools=POOLS)
@example(pools=EDGES)
@settings(
    max_examples=5,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_random_rows_of_every_table_come_back_equal(own_app, other_app, pools):
    with without_the_guard(own_app):
        execute(own_app, f"TRUNCATE {', '.join(ARCHIVED)}")
    maker = Maker(pools)
    tables = [table for table in Model.metadata.sorted_tables if table.name in ARCHIVED]
    tables.sort(key=lambda table: table.name == "rollup_marks")  # the others' triggers fill it
    with own_app.app_context():
        for table in tables:
            if table is tables[-1]:
                db.session.execute(delete(table))
            for row in maker.rows(table):
                add(table, row)
        db.session.commit()
    before = contents(own_app)
    created = make_archive(own_app)
    assert {table.name: table.rows for table in created.tables} == dict.fromkeys(ARCHIVED, ROWS)
    assert engine.check(created.path).rows == created.rows
    restored = call(other_app, engine.restore, created.path)
    assert restored.tables == created.tables
    after = contents(other_app)
    noted = [row for row in after["audit_logs"] if "backup.restore" in row]
    assert after | {"audit_logs": [r for r in after["audit_logs"] if r not in noted]} == before
    execute(other_app, f"DROP SCHEMA {restored.kept_as} CASCADE")
    created.path.unlink()
