"""The digest of a table: one number for its rows, whatever their order.

PostgreSQL adds up a 64-bit hash of each row, the columns taken by name. Its hashes are the ones of
hash partitioning, which it keeps the same over versions; they are of values, not of texts, so no
setting of a session changes them, and they cost a third of hashing the row's text.
"""

from collections.abc import Iterable
from typing import Any

import psycopg

from wifiapp.backup.running import one_row
from wifiapp.doctor.catalogue import quoted


def rows_and_digest(
    connection: psycopg.Connection[Any], columns: Iterable[str], source: str
) -> tuple[int, str]:
    """Return the count and the digest of `source`: a table's name in quotes, or a query."""
    listed = ", ".join(f"t.{quoted(column)}" for column in sorted(columns))
    query = (
        f"SELECT count(*), coalesce(sum(hash_record_extended(ROW({listed}), 0)), 0)::text "  # noqa: S608 - names from the catalogue
        f"FROM {source} AS t"
    )
    rows, digest = one_row(connection, query)
    return rows, digest
