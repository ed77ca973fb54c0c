"""Making and proving a backup, by whoever holds it, and writing down how that ended."""

from dataclasses import replace
from pathlib import Path

from wifiapp.backup import (
    archives,
    encryption,
    engine,
    keys_queries,
    lifecycle,
    outcome,
    queries,
    rooms,
)
from wifiapp.backup.engine import Cancelled, Created, Damaged, Verified
from wifiapp.backup.holder import Holder
from wifiapp.backup.results import Announce, tell_nobody
from wifiapp.config import Config
from wifiapp.db import db


def work(config: Config, holder: Holder) -> None:
    """Make the archive, if that is still to do, prove it, and write how that ended."""
    holder.listener = outcome.Journal(holder.connection, holder.id, holder.listener)
    try:
        is_encrypted = queries.get_backup(holder.id).is_encrypted
        proved = (_work_in_private if is_encrypted else _work_in_the_open)(config, holder)
    except BaseException as error:
        _end(config, holder, error)
        raise
    _succeed(config, holder, proved)


def _work_in_the_open(config: Config, holder: Holder) -> Verified:
    backup = queries.get_backup(holder.id)
    if backup.finished_at is None:
        created = _create(config, holder, config.backup_dir, announce=_announcer(holder))
        _note_file(holder, created)
        backup = queries.get_backup(holder.id)
    return _prove(config, holder, archives.path_of(config, backup.file_name), backup.sha256)


def _work_in_private(config: Config, holder: Holder) -> Verified:
    """Make and prove a plain archive in a room of its own, and bring it out encrypted.

    One that is checked again was opened and compared when the room was left for it.
    """
    backup, folder = queries.get_backup(holder.id), config.backup_dir
    if backup.finished_at is not None:
        size, sha256 = backup.size or 0, backup.sha256 or ""
        with rooms.left(folder, holder.id) as path:
            return replace(_prove(config, holder, path), size=size, sha256=sha256)
    key = keys_queries.get_in_force()
    recipient, fingerprint = key.recipient, key.fingerprint
    with rooms.room(folder) as room:
        created = _create(config, holder, room, copies=2)
        proved = _prove(config, holder, created.path, created.sha256)
        sealed = encryption.encrypt(
            created.path,
            folder,
            recipient,
            holder.report,
            rows=created.rows,
            announce=_announcer(holder),
        )
    _note_file(holder, replace(created, **vars(sealed)), fingerprint)
    return replace(proved, **vars(sealed))


def _create(
    config: Config,
    holder: Holder,
    folder: Path,
    copies: int = 1,
    announce: Announce = tell_nobody,
) -> Created:
    backup = queries.get_backup(holder.id)
    options, made_by = lifecycle.options_of(backup), backup.created_by or "somebody"
    db.session.rollback()  # no transaction stays open while the engine works
    return holder.patiently(
        lambda: engine.create(
            config,
            options,
            folder,
            made_by=made_by,
            report=holder.report,
            copies=copies,
            announce=announce,
        )
    )


def _announcer(holder: Holder) -> Announce:
    """Return what writes a file's name down before the file is there."""

    def announce(path: Path) -> None:
        lifecycle.lock_row(holder.id).file_name = path.name
        db.session.commit()

    return announce


def _note_file(holder: Holder, created: Created, fingerprint: str | None = None) -> None:
    backup = lifecycle.lock_row(holder.id)
    backup.file_name, backup.size = created.path.name, created.size
    backup.sha256, backup.row_count = created.sha256, created.rows
    backup.revision, backup.key_fingerprint = created.revision, fingerprint
    db.session.commit()


def _prove(config: Config, holder: Holder, path: Path, sha256: str | None = None) -> Verified:
    db.session.rollback()
    proved = holder.patiently(lambda: engine.verify(config, path, holder.report))
    if sha256 not in {None, proved.sha256}:
        raise Damaged(path.name, "is not the file that was written: its SHA-256 differs")
    return proved


def _succeed(config: Config, holder: Holder, proved: Verified) -> None:
    db.session.rollback()
    backup = lifecycle.lock_row(holder.id)
    lifecycle.prove(backup)
    outcome.keep(config, backup, proved)
    db.session.commit()
    rooms.clear(config.backup_dir, holder.id)


def _is_interrupted(error: BaseException | None) -> bool:
    """Tell whether Ctrl-C is behind it, be it through what failed while all was put away."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def _end(config: Config, holder: Holder, error: BaseException) -> None:
    db.session.rollback()
    backup, again = lifecycle.lock_row(holder.id), holder.begins_again(error)
    if again:
        lifecycle.queue(config, backup, str(error))
    elif isinstance(error, Cancelled) or _is_interrupted(error):
        lifecycle.cancel(config, backup)
    else:
        lifecycle.fail(config, backup, error)
    db.session.commit()
    if not again:
        rooms.clear(config.backup_dir, holder.id)
