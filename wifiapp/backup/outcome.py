"""What a run leaves behind in writing: its log, and what was proved.

Added to the transaction of whoever calls; a running one writes its lines by `ADD_LINES` on the
connection that holds it, so that they stay when it is killed.
"""

import traceback
from dataclasses import asdict
from typing import Any

from psycopg import Connection
from sqlalchemy import exists, select, text

from wifiapp import clock
from wifiapp.backup.models import Backup, BackupReport, HookRun
from wifiapp.backup.results import Progress, Report, Verified
from wifiapp.backup.running import first_line
from wifiapp.columns import new_id
from wifiapp.config import Config
from wifiapp.db import db
from wifiapp.errors import WifiError

LONGEST = 20_000  # characters of a log; the newest stay
FRAMES = 12  # of a traceback, the innermost ones

ADD_LINES = f"""
    INSERT INTO backup_reports ("backupId", log) VALUES (%(id)s, %(lines)s)
    ON CONFLICT ("backupId") DO UPDATE
    SET log = right(backup_reports.log || excluded.log, {LONGEST}), "updatedAt" = now()
"""  # noqa: S608 - a constant
ADD_LINES_TO_RESTORE = f"""
    UPDATE restores SET log = right(log || %(lines)s, {LONGEST}) WHERE id = %(id)s
"""  # noqa: S608 - a constant
_ADD_LINES = text(ADD_LINES.replace("%(id)s", ":id").replace("%(lines)s", ":lines"))


def lines_of(*said: str) -> str:
    """Return what was said as lines of a log, each with the moment in UTC."""
    now = clock.now()
    return "".join(f"{now:%Y-%m-%d %H:%M:%S}Z  {line}\n" for line in said)


def note(backup_id: str, *said: str) -> None:
    """Add lines to the backup's log."""
    db.session.execute(_ADD_LINES, {"id": backup_id, "lines": lines_of(*said)})


def note_failure(backup: Backup, error: BaseException | str) -> None:
    """Add why the run failed."""
    note(backup.id, *failure(backup.error, error))


def failure(said: str | None, error: BaseException | str) -> list[str]:
    """Say why a run failed; where it is a fault of ours, also where in the program."""
    if isinstance(error, (str, WifiError)):
        return [f"failed: {said}"]
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    where = [f"  {each.filename}, line {each.lineno}, in {each.name}" for each in frames]
    return [f"failed: {said}", f"{type(error).__name__}: {first_line(error)}", *where]


def keep(config: Config, backup: Backup, proved: Verified) -> None:
    """Keep what was proved, in the place of an earlier proof; let the off-site command be run.

    That runs once for an archive: another proof of the same file is nothing new to send.
    """
    note(backup.id, f"verified: {proved.rows} rows and {proved.size} bytes came back equal")
    report = db.session.get_one(BackupReport, backup.id, populate_existing=True)
    report.proof = proof_of(proved)
    sent = exists().where(HookRun.backup_id == backup.id)
    if config.backup_hook and not db.session.scalar(select(sent)):
        db.session.add(HookRun(id=new_id(), backup_id=backup.id, created_at=clock.now()))
    db.session.flush()


class Journal:
    """A report function that writes each stage into the log, and passes everything on.

    It writes on the connection that holds the run, so that the lines stay when that is killed.
    """

    def __init__(
        self,
        connection: Connection[Any],
        run_id: str,
        listener: Report,
        add_lines: str = ADD_LINES,
    ) -> None:
        self.connection = connection
        self.id = run_id
        self.listener = listener
        self.add_lines = add_lines.encode()
        self.stage = ""

    def __call__(self, progress: Progress) -> None:
        if progress.stage != self.stage:
            self.stage = progress.stage
            expected = f", about {progress.rows_expected} rows" if progress.rows_expected else ""
            lines = lines_of(f"{progress.stage}{expected}")
            self.connection.execute(self.add_lines, {"id": self.id, "lines": lines})
        self.listener(progress)


def proof_of(proved: Verified) -> dict[str, Any]:
    """Return what was proved as JSON can hold it."""
    return {
        "at": clock.now().isoformat(timespec="seconds"),
        "seconds": round(proved.seconds, 1),
        "sha256": proved.sha256,
        "size": proved.size,
        "rows": proved.rows,
        "revision": proved.revision,
        "foreign_keys": proved.foreign_keys,
        "tables": [asdict(table) for table in proved.tables],
    }
