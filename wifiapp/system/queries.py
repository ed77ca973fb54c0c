"""Every question asked of the server itself."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from wifiapp.db import db


@dataclass(frozen=True)
class Server:
    """The database server: `size` is the bytes of our database on its disk."""

    version: str
    database: str
    host: str | None
    size: int
    started_at: datetime


def get_server() -> Server:
    """Return what the server says of itself."""
    row = db.session.execute(
        text(
            """
            SELECT current_setting('server_version') AS version,
                   current_database() AS database,
                   host(inet_server_addr()) AS host,
                   pg_database_size(current_database()) AS size,
                   pg_postmaster_start_time() AS started_at
            """
        )
    )
    return Server(**row.mappings().one())
