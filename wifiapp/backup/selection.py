"""Which rows an archive takes, derived from the tables themselves.

A table hangs on the businesses when it names one (a foreign key, or a column called `businessId`
as in the audit log) or when it points to a table that does. The others (users, hotspots) are
shared: they go where the rows go that point to them, and with them what is a part of them by a
foreign key that cascades (outages of a hotspot). What is taken is closed under foreign keys.

With one business a row goes along when every business it leads to is that one. Without demo
data a row stays behind when one of them is a demo business; shared rows do when nothing but
demo rows points to them, and rows of scope `system` never do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    MetaData,
    Select,
    Table,
    and_,
    exists,
    false,
    not_,
    or_,
    select,
    union,
)
from sqlalchemy.dialects import postgresql

from wifiapp.backup.results import Options

BUSINESSES = "businesses"
OWNER = "businessId"
DIALECT = postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class Query:
    """What is read of one table: its columns, and a condition unless every row goes."""

    table: Table
    where: ColumnElement[bool] | None
    left_out: str | None

    @property
    def name(self) -> str:
        return str(self.table.name)

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.table.columns)

    @property
    def sql(self) -> str:
        query = select(*self.table.columns)
        if self.where is not None:
            query = query.where(self.where)
        return str(query.compile(dialect=DIALECT, compile_kwargs={"literal_binds": True}))


def archived_tables(metadata: MetaData) -> list[Table]:
    """Return every table but those that stay with the installation, parents first."""
    return [table for table in metadata.sorted_tables if table.info["archive"] != "never"]


def queries(
    metadata: MetaData, options: Options, *, business_name: str | None, has_demo: bool
) -> list[Query]:
    """Return what to read of each table; `has_demo` says whether there is demo data at all."""
    pick = _Selection(metadata, options, has_demo=has_demo)
    return [
        Query(table, pick.condition(table), pick.reason(table, business_name))
        for table in pick.tables
    ]


class _Selection:
    def __init__(self, metadata: MetaData, options: Options, *, has_demo: bool) -> None:
        self.tables = archived_tables(metadata)
        self.options = options
        self.skips_demo = has_demo and not options.demo_data

    def condition(self, table: Table) -> ColumnElement[bool] | None:
        """Return which rows go; None for all."""
        if self._is_off(table):
            return false()
        if self.options.business_id is not None:
            return self._belongs(table)
        if self.skips_demo:
            # Each on its own, not "not (a or b)": so PostgreSQL joins instead of trying every row.
            leads = self._demo_leads(table)
            return and_(*map(not_, leads)) if leads else None
        return None

    def reason(self, table: Table, business_name: str | None) -> str | None:
        """Say what the options leave out of the table."""
        if scope := self._is_off(table):
            return "audit logs" if scope == "audit" else "business data"
        if self.options.business_id is not None:
            return f"all but {business_name}"
        return "demo data" if self.condition(table) is not None else None

    def _is_off(self, table: Table) -> str | None:
        scope: str = table.info["archive"]
        on = {"audit": self.options.audit_logs, "business": self.options.business_data}
        return None if on.get(scope, True) else scope

    # -- how the tables hang together --------------------------------------------------------

    def _owners(self, table: Table) -> list[Column[Any]]:
        """Return the columns that name a business."""
        return [column for column in table.columns if self._names_business(column)]

    def _names_business(self, column: Column[Any]) -> bool:
        targets = {key.column.table.name for key in column.foreign_keys}
        return BUSINESSES in targets or (column.name == OWNER and not targets)

    def _ups(self, table: Table) -> list[tuple[Column[Any], Column[Any]]]:
        """Return the foreign keys that lead on to a business: the column and what it names."""
        return [
            (column, key.column)
            for column in table.columns
            for key in column.foreign_keys
            if key.column.table.name != BUSINESSES and self._hangs(key.column.table)
        ]

    def _hangs(self, table: Table) -> bool:
        return table.name == BUSINESSES or bool(self._owners(table) or self._ups(table))

    def _wholes(self, table: Table) -> list[tuple[Column[Any], Column[Any]]]:
        """Return the foreign keys to the shared rows that the table's rows are parts of."""
        keys = [] if self._hangs(table) else table.foreign_keys
        return [(key.parent, key.column) for key in keys if key.ondelete == "CASCADE"]

    def _pointers(self, shared: Table) -> list[Column[Any]]:
        """Return the columns of all archived tables that point to this one, its parts aside."""
        return [
            column
            for table in self.tables
            if not self._wholes(table)
            for column in table.columns
            if any(key.column.table is shared for key in column.foreign_keys)
        ]

    @cached_property
    def _businesses(self) -> Table:
        return next(table for table in self.tables if table.name == BUSINESSES)

    # -- one business ------------------------------------------------------------------------

    def _belongs(self, table: Table) -> ColumnElement[bool]:
        if table is self._businesses:
            return table.c.id == self.options.business_id
        if wholes := self._wholes(table):
            return and_(
                *(
                    exists().where(whole == part, self._belongs(whole.table))
                    for part, whole in wholes
                )
            )
        if not self._hangs(table):
            return self._is_needed(table)
        owners, ups = self._owners(table), self._ups(table)
        fits: list[ColumnElement[bool]] = [column == self.options.business_id for column in owners]
        fits += [
            exists().where(target == column, self._belongs(target.table)) for column, target in ups
        ]
        columns = [*owners, *(column for column, _ in ups)]
        leads = [
            or_(column.is_(None), fit) if column.nullable else fit
            for column, fit in zip(columns, fits, strict=True)
        ]
        if all(column.nullable for column in columns):
            leads.append(or_(*(column.is_not(None) for column in columns)))
        return and_(*leads)

    def _is_needed(self, shared: Table) -> ColumnElement[bool]:
        """Take a shared row along when a row that goes points to it."""
        pointers = self._pointers(shared)
        if not pointers:
            return false()
        return _key(shared).in_(union(*(select(c).where(self._belongs(c.table)) for c in pointers)))

    # -- without demo data -------------------------------------------------------------------

    def _demo_leads(self, table: Table) -> list[ColumnElement[bool]]:
        """Return the ways in which a row can be demo data; none for tables that have none."""
        if table is self._businesses:
            return [table.c.is_demo]
        if wholes := self._wholes(table):
            return [
                exists().where(whole == part, or_(*self._demo_leads(whole.table)))
                for part, whole in wholes
            ]
        if not self._hangs(table):
            return self._serves_demo_only(table) if table.info["archive"] == "business" else []
        key, is_demo = self._businesses.c.id, self._businesses.c.is_demo
        leads = [exists().where(key == column, is_demo) for column in self._owners(table)]
        for column, target in self._ups(table):
            above = self._demo_leads(target.table)
            leads.append(exists().where(target == column, or_(*above)))
        return [*leads]

    def _serves_demo_only(self, shared: Table) -> list[ColumnElement[bool]]:
        """Count a shared row as demo data when demo rows point to it and no others do."""
        demo, real = [], []
        for column in self._pointers(shared):
            leads = self._demo_leads(column.table)
            demo.append(select(column.label("id")).where(or_(*leads)))
            real.append(select(column.label("id")).where(and_(*map(not_, leads))))
        key = _key(shared)
        return [and_(_in_any(key, demo), not_(_in_any(key, real)))] if demo else []


def _key(table: Table) -> Column[Any]:
    (key,) = table.primary_key.columns
    return key


def _in_any(key: Column[Any], selects: Sequence[Select[Any]]) -> ColumnElement[bool]:
    found = union(*selects).subquery()
    return exists().where(found.c.id == key)
