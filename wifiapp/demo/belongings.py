"""What belongs to the demo businesses, found by following the foreign keys.

A row belongs to a business by its own column, or by the row it is part of (a session by its
device, the device by its token). What several businesses use (a hotspot) names none itself.
"""

from sqlalchemy import Column, ColumnElement, Table, or_, select

from wifiapp.businesses.models import Business
from wifiapp.db import Model

BUSINESSES = Business.metadata.tables[Business.__tablename__]


def is_demo(table: Table) -> ColumnElement[bool] | None:
    """Return the condition that a row belongs to a demo business, None where no row can."""
    if table is BUSINESSES:
        return BUSINESSES.c.is_demo
    parents = [(column, parent) for column, parent in _references(table) if parent is not table]
    owners = [(column, parent) for column, parent in parents if parent is BUSINESSES] or parents
    found = [
        column.in_(select(parent.c.id).where(condition))
        for column, parent in owners
        if (condition := is_demo(parent)) is not None
    ]
    return or_(*found) if found else None


def owned_tables() -> list[Table]:
    """Return the tables whose rows belong to a business, children before parents."""
    return [table for table in reversed(Model.metadata.sorted_tables) if is_demo(table) is not None]


def shared_tables() -> dict[Table, list[Column[str]]]:
    """Return the tables that businesses share, with the columns of owned tables that use them."""
    found: dict[Table, list[Column[str]]] = {}
    for table in owned_tables():
        for column, parent in _references(table):
            if parent.info.get("archive") == "business" and is_demo(parent) is None:
                found.setdefault(parent, []).append(column)
    return found


def parts_of(shared: Table) -> list[Column[str]]:
    """Return the columns by which rows are a part of a shared row, such as a hotspot's outages."""
    return [
        column
        for table in Model.metadata.sorted_tables
        for column, parent in _references(table)
        if parent is shared and is_demo(table) is None
    ]


def used_by(columns: list[Column[str]], *, demo: bool) -> ColumnElement[bool]:
    """Return the condition that a shared row is used by a demo business, or by a real one."""
    (shared,) = {key.column for column in columns for key in column.foreign_keys}
    uses = []
    for column in columns:
        condition = is_demo(column.table)
        assert condition is not None  # noqa: S101 - columns are of owned tables
        uses.append(shared.in_(select(column).where(condition if demo else ~condition)))
    return or_(*uses)


def _references(table: Table) -> list[tuple[Column[str], Table]]:
    return [(key.parent, key.column.table) for key in table.foreign_keys]
