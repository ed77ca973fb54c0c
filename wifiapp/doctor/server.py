"""What the doctor asks of the server itself: its version, privileges, encoding, zone and order."""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import Connection, text

from wifiapp.doctor.catalogue import quoted
from wifiapp.doctor.comparison import Difference

OLDEST: Final = 150000  # PostgreSQL 15: UNIQUE NULLS NOT DISTINCT
UTC_NAMES: Final = {"UTC", "Etc/UTC", "UCT", "Etc/UCT", "Zulu", "Universal", "GMT", "Etc/GMT"}
BYTE_ORDERS: Final = {"C", "POSIX", "C.UTF-8", "C.utf8"}

FACTS: Final = text(
    """
    SELECT current_setting('server_version_num')::int AS number,
           current_setting('server_version') AS version,
           current_setting('TimeZone') AS zone,
           pg_encoding_to_char(d.encoding) AS encoding,
           to_jsonb(d) ->> 'datlocprovider' AS provider,
           d.datcollate AS collate,
           d.datname AS database,
           current_user AS role,
           coalesce(current_schema(), 'public') AS schema,
           has_database_privilege(d.oid, 'CREATE') AS may_create
    FROM pg_database d WHERE d.datname = current_database()
    """
)


def ask(connection: Connection) -> dict[str, Any]:
    """Return what the server says of itself, of this database and of our role in it."""
    return dict(connection.execute(FACTS).mappings().one())


def unfit(facts: dict[str, Any]) -> Iterable[Difference]:
    """Yield what keeps the doctor from comparing at all."""
    if facts["number"] < OLDEST:
        mend = "Move the database to PostgreSQL 15 or newer"
        yield _difference("PostgreSQL", "15 or newer", facts["version"], mend)
    elif not facts["may_create"]:
        grant = f"GRANT CREATE ON DATABASE {quoted(facts['database'])} TO {quoted(facts['role'])}"
        note = "Without it neither the doctor can compare nor a backup be verified or restored."
        yield _difference("CREATE privilege", "granted", "not granted", grant, note)


def settings(facts: dict[str, Any]) -> Iterable[Difference]:
    """Yield what would garble text or times."""
    if facts["encoding"] != "UTF8":
        name = quoted(facts["database"] + "_utf8")
        mend = f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'"
        note = "Then move the data there with pg_dump and pg_restore, and change DATABASE_URL."
        yield _difference("encoding", "UTF8", facts["encoding"], mend, note)
    if facts["zone"] not in UTC_NAMES:
        mend = f"ALTER ROLE {quoted(facts['role'])} SET timezone TO 'UTC'"
        note = "Times are kept in UTC; something between wifiapp and the server changed the zone."
        yield _difference("time zone", "UTC", facts["zone"], mend, note)


def notes(facts: dict[str, Any]) -> Iterable[str]:
    """Yield what is worth knowing and no difference."""
    if facts["provider"] == "c" and facts["collate"] not in BYTE_ORDERS:
        yield (
            f"The database sorts by the rules of {facts['collate']} (libc), which makes restores "
            "about 1.6 times slower than C.UTF-8. Nothing is wrong; choose C.UTF-8 for a new one."
        )


def _difference(name: str, expected: str, found: str, mend: str, note: str = "") -> Difference:
    return Difference("server", "", name, expected, found, mend, note)
