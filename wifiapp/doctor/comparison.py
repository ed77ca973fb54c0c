"""Two catalogues side by side: every difference, and the SQL that takes it away.

The statements make `found` like `expected`, come in an order in which they can be run, and
never drop a table: what does not belong is set aside in a schema of its own, rows and all.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from wifiapp.doctor.catalogue import Catalogue, Column, Part, Table, quoted

IGNORED: Final = frozenset({"alembic_version"})  # the migrations' own
ASIDE: Final = "set_aside"
HARMLESS_EXTRAS: Final = frozenset({"function", "index", "view"})
TEXTS: Final = frozenset({"text", "character varying", "character"})
KEYS: Final = frozenset({"primary key", "unique"})

_COLUMN_LOST = "What stands in the column is lost with it."
_NO_DEFAULT = "Refused while the table has rows, as no value is known for them: restore a backup."
_NOT_ARCHIVED = "Not a part of wifiapp: no backup has it, and a restore leaves it behind."


@dataclass(frozen=True)
class Difference:
    """One thing that is not as it should be.

    `kind` is a kind of part, "table", "column", "type", "default", "not null", "generated",
    "unlogged", "storage", "revision" or "server". `expected` None means it should not be there,
    `found` None that it is missing. `mend` is SQL, or a command that begins with `flask`. What
    neither loses data nor stands in anyone's way does not block.
    """

    kind: str
    table: str
    name: str
    expected: str | None
    found: str | None
    mend: str
    note: str = ""
    blocks: bool = True

    @property
    def key(self) -> tuple[str, str, str]:
        return self.kind, self.table, self.name

    @property
    def problem(self) -> str:
        """Return "missing", "extra" or "different"."""
        if self.found is None:
            return "missing"
        return "extra" if self.expected is None else "different"

    @property
    def where(self) -> str:
        """Name the place: `wifi_tokens.price`, `users`, or what stands beside the tables."""
        return f"{self.table}.{self.name}" if self.table and self.name else self.table or self.name

    def __str__(self) -> str:
        head = f"{self.problem} {self.kind} {self.where}"
        if self.problem == "different":
            return f"{head}: expected {self.expected}, found {self.found}"
        return head


def compare(expected: Catalogue, found: Catalogue) -> list[Difference]:
    """Return every difference, in an order in which the statements can be run."""
    expected, found = _without_ignored(expected), _without_ignored(found)
    extra = [name for name in found.tables if name not in expected.tables]
    both = [name for name in expected.tables if name in found.tables]
    parts = list(_parts(expected, found, both))
    return [
        *_extra_parts(expected, found, both),
        *(_extra_table(found.tables[name]) for name in extra),
        *(part for part in parts if part.kind == "function"),
        *(each for name in both for each in _in_table(expected.tables[name], found.tables[name])),
        *(part for part in parts if part.kind in KEYS),
        *(_missing_table(expected, name) for name in _in_order(expected, found)),
        *(part for part in parts if part.kind not in KEYS and part.kind != "function"),
    ]


def _without_ignored(catalogue: Catalogue) -> Catalogue:
    return Catalogue(
        {name: table for name, table in catalogue.tables.items() if name not in IGNORED},
        tuple(part for part in catalogue.parts if part.table not in IGNORED),
    )


# -- tables ----------------------------------------------------------------------------------


def _missing_table(expected: Catalogue, name: str) -> Difference:
    table = expected.tables[name]
    steps = [table.create, *(part.create for part in expected.parts_of(table=name))]
    return Difference(
        kind="table",
        table=name,
        name="",
        expected=_size(table),
        found=None,
        mend="; ".join(steps),
    )


def _extra_table(table: Table) -> Difference:
    aside = f"ALTER TABLE {quoted(table.name)} SET SCHEMA {ASIDE}"
    return Difference(
        kind="table",
        table=table.name,
        name="",
        expected=None,
        found=_size(table),
        mend=f"CREATE SCHEMA IF NOT EXISTS {ASIDE}; {aside}",
        note=_NOT_ARCHIVED,
        blocks=False,
    )


def _size(table: Table) -> str:
    count = len(table.columns)
    return "1 column" if count == 1 else f"{count} columns"


def _in_order(expected: Catalogue, found: Catalogue) -> list[str]:
    """Return the names of the missing tables, each after those that it refers to."""
    missing = [name for name in expected.tables if name not in found.tables]
    ordered: list[str] = []
    while missing:
        free = [name for name in missing if not _references(expected, name) & set(missing)]
        ordered += free or missing  # a circle has no order
        missing = [name for name in missing if name not in ordered]
    return ordered


def _references(catalogue: Catalogue, table: str) -> set[str]:
    keys = catalogue.parts_of("foreign key", table=table)
    return {key.references for key in keys if key.references and key.references != table}


# -- columns ---------------------------------------------------------------------------------


def _in_table(expected: Table, found: Table) -> Iterator[Difference]:
    """Yield how the table itself and its columns differ."""
    table = quoted(expected.name)
    if expected.is_unlogged != found.is_unlogged:
        words = {True: "UNLOGGED", False: "LOGGED"}
        yield Difference(
            kind="unlogged",
            table=expected.name,
            name="",
            expected=words[expected.is_unlogged],
            found=words[found.is_unlogged],
            mend=f"ALTER TABLE {table} SET {words[expected.is_unlogged]}",
            note="" if expected.is_unlogged else "A crash of the server empties it.",
        )
    yield from _in_storage(expected, found)
    for name, column in found.columns.items():
        if name not in expected.columns:
            definition = column.definition.removeprefix(quoted(name) + " ")
            drop = f"ALTER TABLE {table} DROP COLUMN {quoted(name)}"
            yield Difference("column", expected.name, name, None, definition, drop, _COLUMN_LOST)
    for name, column in expected.columns.items():
        if name in found.columns:
            yield from _in_column(expected.name, column, found.columns[name])
        else:
            yield _missing_column(expected.name, column)


def _in_storage(expected: Table, found: Table) -> Iterator[Difference]:
    """Yield the storage parameters that lack; more of them are whoever runs the server's."""
    if lacking := ", ".join(each for each in expected.storage if each not in found.storage):
        mend = f"ALTER TABLE {quoted(expected.name)} SET ({lacking})"
        yield Difference("storage", expected.name, "", lacking, None, mend, blocks=False)


def _missing_column(table: str, column: Column) -> Difference:
    definition = column.definition.removeprefix(quoted(column.name) + " ")
    has_value = column.is_nullable or column.default is not None or column.generated
    return Difference(
        kind="column",
        table=table,
        name=column.name,
        expected=definition,
        found=None,
        mend=f"ALTER TABLE {quoted(table)} ADD COLUMN {column.definition}",
        note="" if has_value else _NO_DEFAULT,
    )


def _in_column(table: str, expected: Column, found: Column) -> Iterator[Difference]:
    def differs(kind: str, want: str | None, have: str | None, steps: str) -> Difference:
        mend = f"ALTER TABLE {quoted(table)} {steps}"
        return Difference(kind, table, expected.name, want, have, mend)

    alter = f"ALTER COLUMN {quoted(expected.name)}"
    if expected.type != found.type:
        yield differs("type", expected.type, found.type, _retype(alter, expected, found))
    if expected.generated != found.generated:
        steps = f"DROP COLUMN {quoted(expected.name)}, ADD COLUMN {expected.definition}"
        if expected.generated is None:
            word = "IDENTITY" if "IDENTITY" in str(found.generated) else "EXPRESSION"
            steps = f"{alter} DROP {word}"
        yield differs("generated", expected.generated, found.generated, steps)
    if expected.default != found.default:
        change = "DROP DEFAULT" if expected.default is None else f"SET DEFAULT {expected.default}"
        yield differs("default", expected.default, found.default, f"{alter} {change}")
    if expected.is_nullable != found.is_nullable:
        words = {True: "NULL", False: "NOT NULL"}
        change = "DROP NOT NULL" if expected.is_nullable else "SET NOT NULL"
        want, have = words[expected.is_nullable], words[found.is_nullable]
        yield differs("not null", want, have, f"{alter} {change}")


def _retype(alter: str, expected: Column, found: Column) -> str:
    """Change the type so that a value that does not fit is refused, never cut.

    An explicit cast to a text of limited length cuts, an assignment refuses.
    """
    name = quoted(expected.name)
    target = expected.type.partition(" COLLATE ")[0]
    using = f" USING {name}::{target}"
    if _is_text(expected):
        using = "" if _is_text(found) else f" USING {name}::text"
    elif (found.type, target) == ("timestamp with time zone", "timestamp without time zone"):
        using = f" USING {name} AT TIME ZONE 'UTC'"
    steps = [f"{alter} TYPE {expected.type}{using}"]
    if found.default is not None:  # it may not be castable
        steps.insert(0, f"{alter} DROP DEFAULT")
        steps += [] if expected.default is None else [f"{alter} SET DEFAULT {expected.default}"]
    return ", ".join(steps)


def _is_text(column: Column) -> bool:
    return column.type.partition(" COLLATE ")[0].partition("(")[0] in TEXTS


# -- parts -----------------------------------------------------------------------------------


def _extra_parts(
    expected: Catalogue, found: Catalogue, tables: Iterable[str]
) -> Iterator[Difference]:
    known = {_key(part) for part in expected.parts}
    for part in reversed(found.parts):
        if _key(part) not in known and part.table in {"", *tables}:
            harmless = part.kind in HARMLESS_EXTRAS and "UNIQUE INDEX" not in part.definition
            yield Difference(
                kind=part.kind,
                table=part.table,
                name=part.name,
                expected=None,
                found=_shown(part),
                mend=part.drop,
                note=_NOT_ARCHIVED if harmless else "",
                blocks=not harmless,
            )


def _parts(expected: Catalogue, found: Catalogue, tables: Iterable[str]) -> Iterator[Difference]:
    """Yield the missing and the different parts, without those of missing tables."""
    have = {_key(part): part for part in found.parts}
    for part in expected.parts:
        other = have.get(_key(part))
        if part.table not in {"", *tables} or (other and _is_alike(part, other)):
            continue
        yield Difference(
            kind=part.kind,
            table=part.table,
            name=part.name,
            expected=_shown(part),
            found=_shown(other) if other else None,
            mend=part.replace if other else part.create,
        )


def _is_alike(expected: Part, found: Part) -> bool:
    texts = {_one_line(text) for text in (expected.definition, expected.reloaded)}
    return _one_line(found.definition) in texts and expected.state == found.state


def _key(part: Part) -> tuple[str, str, str]:
    return part.kind, part.table, part.name


def _shown(part: Part) -> str:
    text = _one_line(part.definition)
    return f"{text} ({part.state})" if part.state else text


def _one_line(text: str) -> str:
    """Return the text with its white space folded: an indented function body is the same body."""
    return " ".join(text.split())
