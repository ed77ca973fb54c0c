"""The off-site command: run once for each proved archive, and again when somebody asks.

A run that has not ended is due. Who runs it holds a lock on a connection of its own, so that two
workers never run it at once and one that was killed in the middle is run again.
"""

from collections.abc import Mapping
from threading import Event
from typing import Any

import structlog

from wifiapp import clock
from wifiapp.access import Actor
from wifiapp.audit.record import record
from wifiapp.backup import archives, hook, lifecycle
from wifiapp.backup.engine import BackupError
from wifiapp.backup.hook_queries import find_due_run
from wifiapp.backup.models import Backup, HookRun
from wifiapp.backup.running import connected, one_row
from wifiapp.config import Config, environment_for_others
from wifiapp.db import db
from wifiapp.errors import WifiError

LOCK = "SELECT pg_try_advisory_lock(hashtextextended('wifiapp hook', 0))"
NOT_SET = "There is no off-site command any more: BACKUP_HOOK is not set. The backup is as it was."
log = structlog.get_logger("wifiapp.backup")


def request_hook(config: Config, backup_id: str, actor: Actor) -> HookRun:
    """Let the command be run once more for a proved archive.

    Raises `WifiError` when there is no command, no proof, or a run is due already; `FileGone`.
    """
    backup = lifecycle.lock_row(backup_id)
    if not config.backup_hook:
        raise WifiError("There is no off-site command. Set BACKUP_HOOK and restart wifiapp.")
    if backup.verified_at is None:
        raise WifiError("This archive did not pass its check, so it is not sent off-site.")
    if find_due_run(backup_id) is not None:
        raise WifiError("The off-site command waits or runs for this backup already.")
    archives.path_of(config, backup.file_name)
    run = HookRun(backup_id=backup_id, created_at=clock.now())
    db.session.add(run)
    record(actor, "backup.send", "backup", backup_id)
    db.session.commit()
    return run


def run_due_hook(
    config: Config, stop: Event, backup_id: str | None = None
) -> Mapping[str, Any] | None:
    """Run the command that has waited longest, of this backup alone where one is named.

    Returns how it ended, None when nothing is due or somebody else is at it. Whatever becomes of
    it, the backup stays as good as it is.
    """
    if find_due_run(backup_id) is None:
        db.session.rollback()
        return None
    db.session.rollback()
    with connected(config) as connection:
        if one_row(connection, LOCK) != (True,):
            return None
        run = find_due_run(backup_id)
        if run is None:
            db.session.rollback()
            return None
        return _run(config, run, stop)


def _run(config: Config, run: HookRun, stop: Event) -> Mapping[str, Any] | None:
    run.started_at = clock.now()
    run_id, backup_id = run.id, run.backup_id
    words, environment, refused = _prepare(config, db.session.get_one(Backup, backup_id))
    db.session.commit()
    try:
        ran = refused or hook.run(words, environment, config.backup_hook_seconds, stop)
    except hook.Stopped:
        return None  # the next worker runs it from the beginning
    run = db.session.get_one(HookRun, run_id)
    run.exit_code, run.output, run.error = ran.exit_code, ran.output, ran.error
    run.finished_at = clock.now()
    db.session.commit()
    if not ran.is_good:
        log.warning("backup.hook_failed", backup=backup_id, exit_code=ran.exit_code)
    return {"backup": backup_id, "exit_code": ran.exit_code, "error": ran.error}


def _prepare(
    config: Config, backup: Backup
) -> tuple[tuple[str, ...], dict[str, str], hook.Ran | None]:
    """Return the command's words and environment, and why it cannot be run if so."""
    if not config.backup_hook:
        return (), {}, hook.Ran(None, "", NOT_SET)
    try:
        path = archives.path_of(config, backup.file_name)
    except BackupError as error:
        return (), {}, hook.Ran(None, "", str(error))
    facts = {
        "ID": backup.id,
        "FILE": path.name,
        "SIZE": backup.size,
        "SHA256": backup.sha256,
        "ROWS": backup.row_count,
        "REVISION": backup.revision,
        "CREATED_AT": backup.created_at.isoformat(timespec="seconds"),
        "STARTED_BY": backup.started_by,
        "ENCRYPTED": "yes" if backup.is_encrypted else "no",
    }
    told = {f"WIFIAPP_BACKUP_{name}": str(value or "") for name, value in facts.items()}
    return (*config.backup_hook, str(path)), {**environment_for_others(), **told}, None
