"""What the worker and the command line do about restores: check, put in place, take back."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from threading import Event
from typing import Any

import structlog
from sqlalchemy.orm import Session

from wifiapp import clock
from wifiapp.access import COMMAND_LINE, Actor
from wifiapp.audit.record import record
from wifiapp.backup import (
    carrying,
    engine,
    hold,
    keeping,
    outcome,
    preview,
    restore_queries,
    uploads,
)
from wifiapp.backup import operations as backups
from wifiapp.backup import restore_lifecycle as lifecycle
from wifiapp.backup.engine import (
    BackupError,
    Cancelled,
    Options,
    Progress,
    Report,
    Restored,
    SchemaSick,
    Undone,
)
from wifiapp.backup.holder import Holder, holder_of
from wifiapp.backup.lifecycle import UnderWay
from wifiapp.backup.restore_models import Restore
from wifiapp.backup.running import connected
from wifiapp.columns import new_id
from wifiapp.config import Config
from wifiapp.db import db

EVERYTHING = Options(audit_logs=True, demo_data=True)
UNSAFE = (
    "No safety backup could be made, because the database is not what wifiapp needs. What was "
    "there is kept for the undo all the same."
)
log = structlog.get_logger("wifiapp.restore")


def run_waiting(config: Config, stop: Event) -> Mapping[str, Any] | None:
    """Check or carry out the restore that waits; tell what became of it, None without one."""
    for restore_id in restore_queries.list_waiting_ids():
        db.session.rollback()
        with holder_of(config, restore_id, stop, table="restores") as holder:
            status = holder.take() and _begin(config, restore_id)
            if not status:
                continue  # another worker was quicker, or it was cancelled
            _keep_log(holder)
            work = _check if status == "CHECKING" else _carry_out
            try:
                work(config, holder)
            except BaseException as error:
                waits = _end(config, holder, error)
                if not isinstance(error, BackupError):
                    raise
                if waits:
                    return None
                log.info("restore.ended", restore=restore_id, reason=str(error))
        restore = restore_queries.get_restore(restore_id)
        return {"restore": restore.id, "status": restore.status}
    return None


def _keep_log(holder: Holder) -> None:
    """Write each stage into the restore's log, on the connection that holds it."""
    holder.listener = outcome.Journal(
        holder.connection, holder.id, holder.listener, outcome.ADD_LINES_TO_RESTORE
    )


def _begin(config: Config, restore_id: str) -> str | None:
    restore, now = lifecycle.lock_row(restore_id), clock.now()
    begun = {"QUEUED": "CHECKING", "CONFIRMED": "RUNNING"}.get(restore.status)
    if begun == "RUNNING" and now - (restore.confirmed_at or now) > lifecycle.SOON:
        lifecycle.fail(config, restore, lifecycle.TOO_LATE)
        begun = None
    if begun:
        restore.status, restore.started_at, restore.error = begun, now, None
    db.session.commit()
    return begun


def _check(config: Config, holder: Holder) -> None:
    """Prove that the archive restores, and while it is loaded compare it with what is live."""
    restore = restore_queries.get_restore(holder.id)
    user_id, email = restore.user_id, restore.created_by
    found: dict[str, Any] = {}
    path = lifecycle.path_of(config, restore)
    db.session.rollback()  # no transaction stays open while the engine works
    said = engine.inspect(path)

    def look(connection: Any, schema: str) -> None:
        seen = preview.compare(connection, schema, said.options, user_id=user_id, email=email)
        found.update(seen.as_json())

    proved = holder.patiently(lambda: engine.verify(config, path, holder.report, look=look))
    restore = lifecycle.lock_row(holder.id)
    restore.status, restore.finished_at, restore.error = "READY", clock.now(), None
    restore.size, restore.row_count = proved.size, proved.rows
    restore.sha256 = restore.sha256 or proved.sha256
    left_out = {table.name: table.left_out for table in said.tables if table.left_out}
    restore.preview = {
        **found,
        "at": clock.now().isoformat(timespec="seconds"),
        "options": asdict(said.options),
        "business": said.business_name,
        "made_by": said.made_by,
        "left_out": left_out,
        "same_key": said.key_fingerprint == config.key_fingerprint,
        "head": preview.head(),
    }
    db.session.commit()


def _carry_out(config: Config, holder: Holder) -> None:
    restore = restore_queries.get_restore(holder.id)
    actor = lifecycle.actor_of(restore)
    path = lifecycle.path_of(config, restore)
    db.session.rollback()
    _restore(config, holder, path, actor, keep=actor.email)
    uploads.close(config, holder.id)


def _end(config: Config, holder: Holder, error: BaseException) -> bool:
    """Note how it ended before its time; tell whether it waits again."""
    db.session.rollback()
    restore = lifecycle.lock_row(holder.id)
    waits = holder.begins_again(error) or isinstance(error, UnderWay)
    if restore.status == "CHECKING" and waits:
        lifecycle.queue(restore, "QUEUED", str(error))
    elif restore.status == "RUNNING" and waits and not holder.stop.is_set():
        lifecycle.queue(restore, "CONFIRMED", str(error))
    elif restore.status in restore_queries.AT_WORK:
        waits = False
        if holder.stop.is_set() and isinstance(error, Cancelled):
            lifecycle.fail(config, restore, lifecycle.STOPPED)
        elif isinstance(error, (Cancelled, KeyboardInterrupt)):
            lifecycle.cancel(config, restore)
        else:
            lifecycle.fail(config, restore, error)
    db.session.commit()
    return waits


# -- restoring and undoing -------------------------------------------------------------------


def restore_now(
    config: Config, path: Path, report: Report, *, keep: str | None = None
) -> tuple[Restored, Restore]:
    """Restore right here, at the command line; `keep` is the email of who goes on signing in.

    Raises what the engine's `restore` raises, and `UnderWay`.
    """
    said = engine.inspect(path)
    preview.require_fit(said)
    with holder_of(config, new_id(), listener=report, table="restores") as holder:
        holder.take()
        lifecycle.be_the_only_one(config)
        moments = {
            "started_at": clock.now(),
            "confirmed_at": clock.now(),
            "made_at": datetime.fromisoformat(said.made_at),
        }
        facts = {"id": holder.id, "file_name": path.name, "started_by": "COMMAND", **moments}
        lifecycle.add(COMMAND_LINE, status="RUNNING", **facts)
        db.session.commit()
        _keep_log(holder)
        try:
            done = _restore(config, holder, path, COMMAND_LINE, keep=keep)
        except BaseException as error:
            _end(config, holder, error)
            raise
    return done, restore_queries.get_restore(holder.id)


def undo_restore(
    config: Config, actor: Actor, *, keep: str | None = None, schema: str | None = None
) -> Undone:
    """Swap back what was live before the last restore, or before its undo.

    `keep` is who goes on signing in, `schema` what they agreed to bring back. Raises `BackupError`
    when that is not kept (any more), `Busy`.
    """
    db.session.rollback()  # no transaction stays open while the engine works

    def also(session: Session, done: Undone) -> None:
        _carry_over(session, done.kept_as, keep)
        restore = session.query(Restore).filter_by(kept_as=done.came_back).first()
        if restore is not None:
            lifecycle.exchange(restore, done.kept_as, actor, clock.now())

    with connected(config) as connection, hold.shut(connection):
        return engine.undo_restore(config, actor=actor, also=also, schema=schema)


def _restore(
    config: Config, holder: Holder, path: Path, actor: Actor, *, keep: str | None
) -> Restored:
    """Shut the gate, make the safety backup, put the archive in place, write it all down."""
    notes: list[str] = []

    def also(session: Session, done: Restored) -> None:
        if not _carry_over(session, done.kept_as, keep):
            notes.append(carrying.NO_ADMIN)
        said = replace(done, notes=(*notes, *done.notes))
        lifecycle.write_down(session, holder.id, said, clock.now())

    holder.report(Progress("holding", None, 0, None, 0))
    with hold.shut(holder.connection):
        if not _make_safe(config, holder, actor):
            notes.append(UNSAFE)
        done = holder.patiently(
            lambda: engine.restore(config, path, holder.report, actor=actor, also=also)
        )
    done = replace(done, notes=(*notes, *done.notes))
    _note(holder.id, done, actor)
    with suppress(BackupError):  # the worker does it later
        keeping.forget_older(config)
    return done


def _make_safe(config: Config, holder: Holder, actor: Actor) -> bool:
    """Make and prove a backup of now; False when the schema is too sick for one."""

    def report(progress: Progress) -> None:
        holder.report(replace(progress, stage=f"safety {progress.stage}"))

    try:
        backup = holder.patiently(
            lambda: backups.create_backup(config, EVERYTHING, report, actor, started_by="RESTORE")
        )
    except SchemaSick:
        return False
    lifecycle.lock_row(holder.id).safety_backup_id = backup.id
    db.session.commit()
    return True


def _carry_over(session: Session, kept: str, keep: str | None) -> bool:
    """Keep the log, what is for good and who stays, end other sessions; say if anybody is ADMIN."""
    carrying.keep_log(session, kept)
    carrying.keep_what_is_for_good(session, kept)
    carrying.end_sessions(session, kept)
    if keep is not None:
        carrying.keep_admin(session, kept, keep)
    return carrying.has_admin(session)


def _note(restore_id: str, done: Restored, actor: Actor) -> None:
    """Add what was only known after the swap: how long it took, and the note in the audit log."""
    db.session.rollback()
    restore = lifecycle.lock_row(restore_id)
    restore.seconds = Decimal(f"{done.seconds:.3f}")
    restore.lock_milliseconds = Decimal(f"{done.lock_milliseconds:.3f}")
    change = {
        "file": restore.file_name,
        "rows": done.rows,
        "tables": len(done.tables),
        "digests": "all equal",
        "seconds": round(done.seconds, 1),
        "lock_milliseconds": round(done.lock_milliseconds),
        "revision": {"from": done.revision_from, "to": done.revision_to},
        "kept_as": done.kept_as,
        "notes": list(done.notes),
    }
    said = f"restored: {done.rows} rows of {len(done.tables)} tables came back equal"
    lifecycle.note(restore, said, *done.notes)
    record(actor, "restore.done", "restore", restore.id, change=change)
    db.session.commit()
