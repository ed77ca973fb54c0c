"""Every question asked of the keys for archives."""

from collections.abc import Mapping, Sequence

from sqlalchemy import func, select

from wifiapp.backup.errors import BackupError
from wifiapp.backup.models import Backup, BackupKey
from wifiapp.db import db
from wifiapp.errors import NotFound

IN_FORCE = (BackupKey.confirmed_at.is_not(None), BackupKey.retired_at.is_(None))


class NoKey(BackupError):
    """A backup was to be encrypted, and there is no key for it."""

    def __init__(self) -> None:
        super().__init__(
            "No key is in force, so the backup cannot be encrypted. Nothing was made and your "
            "data was not changed. Make a key first: on the page Emergency kit, or by "
            "`flask backup key make`."
        )


def find_in_force() -> BackupKey | None:
    """Return the key that archives are encrypted for, or None."""
    return db.session.scalars(select(BackupKey).where(*IN_FORCE)).first()


def get_in_force() -> BackupKey:
    """Return the key that archives are encrypted for, or raise `NoKey`."""
    key = find_in_force()
    if key is None:
        raise NoKey
    return key


def find_waiting() -> BackupKey | None:
    """Return the key whose owner has not shown yet that it was kept, or None."""
    return db.session.scalars(select(BackupKey).where(BackupKey.confirmed_at.is_(None))).first()


def get_key(key_id: str) -> BackupKey:
    """Return the key, or raise `NotFound`."""
    key = db.session.get(BackupKey, key_id)
    if key is None:
        raise NotFound("There is no such key.")
    return key


def list_keys() -> Sequence[BackupKey]:
    """Return all keys, the newest first."""
    query = select(BackupKey).order_by(BackupKey.created_at.desc(), BackupKey.id.desc())
    return db.session.scalars(query).all()


def count_archives() -> Mapping[str, int]:
    """Return how many archives of the catalogue each key opens, by its fingerprint."""
    query = (
        select(Backup.key_fingerprint, func.count())
        .where(Backup.key_fingerprint.is_not(None), Backup.file_name.is_not(None))
        .group_by(Backup.key_fingerprint)
    )
    return {fingerprint: number for fingerprint, number in db.session.execute(query) if fingerprint}
