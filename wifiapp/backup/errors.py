"""What can stop the backup engine; each message says what failed, what is safe, what to do."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from wifiapp.errors import WifiError


class BackupError(WifiError):
    """A backup or a restore did not happen; no data was changed."""


class SchemaSick(BackupError):
    """The database is not what the app needs; `report` is the doctor's, with every gap."""

    def __init__(self, message: str, report: Any) -> None:
        super().__init__(message)
        self.report = report


class Busy(BackupError):
    """Another run holds the lock: `who` does what, `since` when (aware UTC)."""

    def __init__(self, who: str, since: datetime) -> None:
        super().__init__(
            f"Another run is under way: {who}, since {since:%Y-%m-%d %H:%M:%S} UTC. Your data was "
            "not changed. Wait until it is done, or cancel it."
        )
        self.who = who
        self.since = since


class NotAnArchive(BackupError):
    """The file is something else, or not made by this app."""

    status = 422


class Damaged(BackupError):
    """The archive is not as it was made; `where` names the member."""

    status = 422

    def __init__(self, where: str, what: str) -> None:
        super().__init__(
            f"The archive is damaged: {where} {what}. Your data was not changed. Use another "
            "backup, or fetch this one again from where it came."
        )
        self.where = where
        self.what = what


class KeyNeeded(BackupError):
    """The archive is encrypted and nobody gave its key."""

    status = 422

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} is encrypted. Your data was not changed. Give the key of the emergency kit "
            "that was in force when the backup was made."
        )


class WrongKey(BackupError):
    """The archive is encrypted for another key; `fingerprints` are those of the keys given."""

    status = 422

    def __init__(self, fingerprints: Sequence[str]) -> None:
        super().__init__(
            f"The archive was encrypted for another key than {' or '.join(fingerprints)}. Your "
            "data was not changed. Look for the emergency kit that was in force when the backup "
            "was made."
        )
        self.fingerprints = fingerprints


class NewerArchive(BackupError):
    """The archive was made by a newer app; both revisions are named."""

    def __init__(self, archive: str, app: str) -> None:
        super().__init__(
            f"The archive is of revision {archive}, newer than this app, which knows {app}. Your "
            "data was not changed. Upgrade the app, then restore."
        )
        self.archive = archive
        self.app = app


class RefusedRow(BackupError):
    """The database refuses a row of the archive; nothing of the archive was restored.

    `line` counts lines of the member as COPY does, the header being 1; None where the database
    compared whole tables (a key or a foreign key).
    """

    status = 422

    def __init__(self, table: str, line: int | None, message: str) -> None:
        place = f"line {line} of tables/{table}.csv" if line else f"a row of {table}"
        super().__init__(
            f"The database refuses {place}: {message}. Nothing was restored and your data was not "
            "changed. Use another backup."
        )
        self.table = table
        self.line = line
        self.message = message


class DiskFull(BackupError):
    """There is not enough space, found out before or on the way."""

    status = 507


class Cancelled(BackupError):
    """Raise this in the report function to stop a run; nothing of it stays."""

    def __init__(self, message: str = "Cancelled. Your data was not changed.") -> None:
        super().__init__(message)
