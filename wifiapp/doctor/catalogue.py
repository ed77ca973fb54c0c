"""What one schema really holds, read from PostgreSQL's own catalogue.

    catalogue = read_catalogue(connection, "public")     # a psycopg connection
    catalogue.tables["wifi_tokens"].columns["price"].type      # 'numeric(12,2)'
    catalogue.tables["wifi_tokens"].create                     # CREATE TABLE …, columns only
    [part.create for part in catalogue.parts]                  # everything that hangs on the tables
    catalogue.parts_of("foreign key", table="wifi_tokens")

Every text is PostgreSQL's own (`format_type`, `pg_get_expr`, `pg_get_indexdef`, …), read with the
search_path on that schema alone, so names within it are bare and names elsewhere are qualified: two
schemas are alike when the texts are equal, and a statement taken from one works in any other schema
once the search_path names it. Parts come in an order in which they can be created; what belongs
to an extension is left out.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
from psycopg.rows import tuple_row

# In the order in which they can be created on tables that have nothing but columns.
PART_KINDS: Final = (
    "function",
    "primary key",
    "unique",
    "exclude",
    "index",
    "check",
    "foreign key",
    "trigger",
    "view",
)
CONSTRAINTS: Final = frozenset({"primary key", "unique", "exclude", "check", "foreign key"})


def quoted(name: str) -> str:
    """Return the name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


@dataclass(frozen=True)
class Column:
    """A column; `type` carries length and any collation of its own, `generated` an identity too."""

    name: str
    type: str
    is_nullable: bool = True
    default: str | None = None
    generated: str | None = None

    @property
    def definition(self) -> str:
        """The column as CREATE TABLE and ADD COLUMN want it."""
        words = [quoted(self.name), self.type]
        words += [self.generated] if self.generated else []
        words += [f"DEFAULT {self.default}"] if self.default is not None else []
        words += [] if self.is_nullable else ["NOT NULL"]
        return " ".join(words)


@dataclass(frozen=True)
class Table:
    """A table and its columns, in the table's own order; `storage` are its storage parameters."""

    name: str
    is_unlogged: bool = False
    columns: dict[str, Column] = field(default_factory=dict)
    storage: tuple[str, ...] = ()

    @property
    def create(self) -> str:
        """The statement that makes the table, without keys, indexes and checks."""
        kind = "UNLOGGED TABLE" if self.is_unlogged else "TABLE"
        columns = ", ".join(column.definition for column in self.columns.values())
        storage = f" WITH ({', '.join(self.storage)})" if self.storage else ""
        return f"CREATE {kind} {quoted(self.name)} ({columns}){storage}"


@dataclass(frozen=True)
class Part:
    """What hangs on a table, or stands beside the tables: one of `PART_KINDS`.

    `table` is empty for functions and views. `definition` is a constraint's body or a whole
    CREATE statement. `state` says what ails it ("invalid", "disabled"), else it is empty.
    `references` is the table that a foreign key points to. Indexes behind constraints are
    within their constraint. `reloaded` is how PostgreSQL writes the definition after reading its
    own text once, where that is known: `x IN ('A')` on a varchar comes back in another form from
    a dump, and neither form is a difference.
    """

    kind: str
    table: str
    name: str
    definition: str
    state: str = ""
    references: str | None = None
    reloaded: str = ""

    @property
    def create(self) -> str:
        if self.kind in CONSTRAINTS:
            return f"ALTER TABLE {quoted(self.table)} ADD {self._constraint}"
        return self.definition

    @property
    def drop(self) -> str:
        if self.kind in CONSTRAINTS:
            return f"ALTER TABLE {quoted(self.table)} DROP CONSTRAINT {quoted(self.name)}"
        if self.kind == "trigger":
            return f"DROP TRIGGER {quoted(self.name)} ON {quoted(self.table)}"
        if self.kind == "function":
            return f"DROP ROUTINE {self.name}"
        return f"DROP {self.kind.upper()} {quoted(self.name)}"

    @property
    def replace(self) -> str:
        """The statement that puts this part in the place of another of its name."""
        if self.kind in CONSTRAINTS:
            return f"{self.drop}, ADD {self._constraint}"
        if self.kind == "function":
            return self.definition  # CREATE OR REPLACE: its triggers keep it
        return f"{self.drop}; {self.create}"

    @property
    def _constraint(self) -> str:
        return f"CONSTRAINT {quoted(self.name)} {self.definition}"


@dataclass(frozen=True)
class Catalogue:
    """The tables of one schema by name, and their parts in creating order."""

    tables: dict[str, Table] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()

    def parts_of(self, *kinds: str, table: str | None = None) -> tuple[Part, ...]:
        """Return the parts of these kinds (of all, when none is named), of one table or of all."""
        return tuple(
            part
            for part in self.parts
            if (not kinds or part.kind in kinds) and table in (None, part.table)
        )


def read_catalogue(connection: psycopg.Connection[Any], schema: str) -> Catalogue:
    """Read what the schema holds; an absent schema holds nothing.

    Works inside the connection's transaction, read-only ones too, and leaves no trace.
    """
    with _bare_names(connection, schema), connection.cursor(row_factory=tuple_row) as cursor:
        cursor.execute(TABLES, {"schema": schema})
        tables: dict[str, Table] = {}
        for table, is_unlogged, storage, name, *column in cursor:
            known = tables.setdefault(table, Table(table, is_unlogged, {}, tuple(storage)))
            if name is not None:
                known.columns[name] = Column(name, *column)
        cursor.execute(PARTS, {"schema": schema})
        parts = sorted(
            (Part(*row) for row in cursor),
            key=lambda part: (PART_KINDS.index(part.kind), part.table, part.name),
        )
    return Catalogue(tables, tuple(parts))


@contextmanager
def _bare_names(connection: psycopg.Connection[Any], schema: str) -> Iterator[None]:
    """Let PostgreSQL write the names of the schema bare, and all others qualified."""
    with connection.transaction(), connection.cursor(row_factory=tuple_row) as cursor:
        cursor.execute("SELECT current_setting('search_path')")
        (before,) = cursor.fetchone() or ("",)
        cursor.execute("SELECT set_config('search_path', quote_ident(%s), true)", (schema,))
        yield
        cursor.execute("SELECT set_config('search_path', %s, true)", (before,))


_OURS = """
    {0}.{1}namespace = (SELECT oid FROM pg_namespace WHERE nspname = %(schema)s)
    AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.objid = {0}.oid AND e.deptype = 'e')
"""

TABLES: Final = f"""
SELECT c.relname, c.relpersistence = 'u', coalesce(c.reloptions, '{{}}'), a.attname,
       format_type(a.atttypid, a.atttypmod) || CASE
           WHEN a.attcollation <> t.typcollation
           THEN ' COLLATE ' || a.attcollation::regcollation ELSE '' END,
       NOT a.attnotnull,
       CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END,
       CASE WHEN a.attgenerated <> ''
            THEN 'GENERATED ALWAYS AS (' || pg_get_expr(d.adbin, d.adrelid) || ') STORED'
            WHEN a.attidentity = 'a' THEN 'GENERATED ALWAYS AS IDENTITY'
            WHEN a.attidentity = 'd' THEN 'GENERATED BY DEFAULT AS IDENTITY' END
FROM pg_class c
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relkind IN ('r', 'p') AND {_OURS.format("c", "rel")}
ORDER BY c.relname, a.attnum
"""  # noqa: S608 - made of constants

# NOT NULL stands with the column, though PostgreSQL 18 lists it among the constraints too.
PARTS: Final = f"""
WITH c AS (SELECT * FROM pg_class c WHERE {_OURS.format("c", "rel")})
SELECT CASE k.contype WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique'
                      WHEN 'x' THEN 'exclude' WHEN 'c' THEN 'check' ELSE 'foreign key' END,
       c.relname, k.conname, pg_get_constraintdef(k.oid), '', r.relname
FROM pg_constraint k JOIN c ON c.oid = k.conrelid LEFT JOIN pg_class r ON r.oid = k.confrelid
WHERE k.contype IN ('p', 'u', 'x', 'c', 'f')
UNION ALL
SELECT 'index', c.relname, i.relname,
       replace(pg_get_indexdef(i.oid), format(' ON %%I.', %(schema)s::text), ' ON '),
       CASE WHEN x.indisvalid THEN '' ELSE 'invalid' END, NULL
FROM pg_index x JOIN c ON c.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
WHERE c.relkind IN ('r', 'p') AND NOT EXISTS (
    SELECT FROM pg_constraint k WHERE k.conindid = i.oid AND k.contype IN ('p', 'u', 'x'))
UNION ALL
SELECT 'trigger', c.relname, g.tgname,
       replace(pg_get_triggerdef(g.oid), format(' ON %%I.', %(schema)s::text), ' ON '),
       CASE WHEN g.tgenabled = 'D' THEN 'disabled' ELSE '' END, NULL
FROM pg_trigger g JOIN c ON c.oid = g.tgrelid WHERE NOT g.tgisinternal
UNION ALL
SELECT 'function', '', p.oid::regprocedure::text,
       replace(pg_get_functiondef(p.oid), format(' FUNCTION %%I.', %(schema)s::text), ' FUNCTION '),
       '', NULL
FROM pg_proc p WHERE p.prokind IN ('f', 'p') AND {_OURS.format("p", "pro")}
UNION ALL
SELECT 'view', '', c.relname, format('CREATE VIEW %%I AS %%s', c.relname, pg_get_viewdef(c.oid)),
       '', NULL
FROM c WHERE c.relkind = 'v'
"""  # noqa: S608 - made of constants
