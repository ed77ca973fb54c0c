"""Every change of the keys for archives: made, put in force by proof, retired, used."""

from collections.abc import Sequence

from sqlalchemy import delete

from wifiapp import clock
from wifiapp.access import Actor
from wifiapp.audit.record import record
from wifiapp.backup import archives, encryption, keys, keys_queries, lifecycle, queries, rooms
from wifiapp.backup.errors import BackupError, Damaged, NotAnArchive
from wifiapp.backup.keys import Key
from wifiapp.backup.models import Backup, BackupKey
from wifiapp.columns import new_id
from wifiapp.config import Config
from wifiapp.db import db
from wifiapp.errors import WifiError


class NotKept(WifiError):
    """What was typed is not the end of the new key, so that it is not in force."""

    status = 422

    def __init__(self) -> None:
        super().__init__(
            f"These are not the last {keys.PROVED} characters of the key, so it is not in force. "
            "Nothing was changed. Look at the kit again; if it is lost, make another key."
        )


class NoLongerWaiting(WifiError):
    """There is no new key that waits for its proof."""


def make_key(actor: Actor) -> tuple[Key, BackupKey]:
    """Make a key and return it whole, this once, with the row that keeps its public half.

    It is not in force yet (see `confirm_key`). One that still waited for its proof is gone: it
    never encrypted anything.
    """
    gone = delete(BackupKey).where(BackupKey.confirmed_at.is_(None))
    for fingerprint in db.session.scalars(gone.returning(BackupKey.fingerprint)).all():
        record(actor, "backup_key.discard", "backup_key", change={"fingerprint": fingerprint})
    key = keys.make()
    row = BackupKey(
        id=new_id(),
        recipient=key.recipient,
        fingerprint=key.fingerprint,
        proof=key.proof,
        created_by=actor.email,
        created_at=clock.now(),
    )
    db.session.add(row)
    _note(actor, "make", row)
    db.session.commit()
    return key, row


def confirm_key(typed: str, actor: Actor) -> BackupKey:
    """Put the waiting key in force, as its owner typed the end of it, and retire the one before.

    Raises `NotKept`, `NoLongerWaiting`.
    """
    row = keys_queries.find_waiting()
    if row is None:
        raise NoLongerWaiting(
            "There is no new key that waits to be put in force. Nothing was changed. Make one."
        )
    if keys.proof_of(row.fingerprint, typed) != row.proof:
        raise NotKept
    before = keys_queries.find_in_force()
    if before is not None:
        _retire(before, actor)
    row.confirmed_at, row.proof = clock.now(), None
    _note(actor, "confirm", row)
    db.session.commit()
    return row


def retire_key(actor: Actor) -> BackupKey:
    """Encrypt no more from now on; what was encrypted still needs its key. Raises `NoKey`."""
    row = keys_queries.get_in_force()
    _retire(row, actor)
    db.session.commit()
    return row


def request_check(config: Config, backup_id: str, given: Sequence[Key], actor: Actor) -> Backup:
    """Open an encrypted archive, and let the worker prove once more that it restores.

    What is opened lies in a room (see `rooms`) until the worker has been there: it is what the
    database holds anyway, while the key, which opens every archive, leaves this call nowhere.
    Raises `WrongKey`, `Damaged`, `NotAnArchive`, `DiskFull`, `UnderWay`, `FileGone`, `NotFound`.
    """
    lifecycle.be_the_only_one(config)
    backup = queries.get_backup(backup_id)
    path = archives.path_of(config, backup.file_name)
    sha256, fingerprint = backup.sha256, backup.key_fingerprint
    db.session.rollback()  # no transaction stays open while a large file is read
    with rooms.room(config.backup_dir) as room:
        try:
            opened = encryption.decrypt(path, room, given, fingerprint=fingerprint)
            if opened.sha256 != sha256:
                raise Damaged(path.name, "is not the file that was written: its SHA-256 differs")  # noqa: TRY301 - one way out
        except (Damaged, NotAnArchive) as error:
            _distrust(config, backup_id, error)
            raise
        lifecycle.be_the_only_one(config)
        backup = lifecycle.lock_row(backup_id)
        lifecycle.queue(config, backup)
        record(actor, "backup.check", "backup", backup.id)
        rooms.leave(room, backup.id)
        db.session.commit()
    return backup


def _distrust(config: Config, backup_id: str, error: BackupError) -> None:
    backup = lifecycle.lock_row(backup_id)
    if backup.status not in queries.UNFINISHED:
        lifecycle.fail(config, backup, error)
    db.session.commit()


def _retire(row: BackupKey, actor: Actor) -> None:
    row.retired_at = clock.now()
    _note(actor, "retire", row)
    db.session.flush()


def _note(actor: Actor, verb: str, row: BackupKey) -> None:
    facts = {"fingerprint": row.fingerprint, "recipient": row.recipient}
    record(actor, f"backup_key.{verb}", "backup_key", row.id, change=facts)
