"""What is asked about restores: archives are chosen, checked, confirmed and cancelled."""

from collections.abc import Sequence
from datetime import datetime

from wifiapp import clock
from wifiapp.access import Actor
from wifiapp.audit.record import record
from wifiapp.backup import encryption, engine, preview, restore_queries, rooms, uploads
from wifiapp.backup import restore_lifecycle as lifecycle
from wifiapp.backup.keys import Key
from wifiapp.backup.queries import get_backup, is_held
from wifiapp.backup.restore_models import Restore
from wifiapp.config import Config
from wifiapp.db import db
from wifiapp.errors import WifiError
from wifiapp.jobs.queries import is_worker_running


class NotThis(WifiError):
    """A restore cannot be confirmed or cancelled as it is; the message says why."""


def request_restore(config: Config, backup_id: str, actor: Actor) -> Restore:
    """Let the worker check a backup and find out what restoring it would change.

    Raises `UnderWay`, `FileGone`, `Damaged`, `NewerArchive`, `BackupError`, `NotFound`.
    """
    backup = get_backup(backup_id)
    lifecycle.be_the_only_one(config)
    facts = {"backup_id": backup.id, "file_name": backup.file_name or "", "started_by": "PAGE"}
    restore = lifecycle.add(actor, **facts)
    return _queue_check(config, restore)


def request_uploaded(config: Config, restore_id: str, name: str, actor: Actor) -> Restore:
    """Let the worker check what was uploaded under this id; it goes when that cannot be.

    Raises what `request_restore` raises, and `NotAnArchive`.
    """
    try:
        lifecycle.be_the_only_one(config)
        facts = {"file_name": name, "is_uploaded": True, "started_by": "PAGE"}
        return _queue_check(config, lifecycle.add(actor, id=restore_id, **facts))
    except BaseException:
        uploads.remove(config, restore_id)
        raise


def check_again(config: Config, restore_id: str, actor: Actor) -> Restore:
    """Check the archive once more, and compare it with what is live by now."""
    lifecycle.be_the_only_one(config, restore_id)
    restore = lifecycle.lock_row(restore_id)
    if restore.status not in {"READY", "FAILED"}:
        raise NotThis("This restore is over. Choose the backup once more.")
    restore.created_by, restore.user_id, restore.ip = actor.email, actor.user_id, actor.ip
    record(actor, "restore.check", "restore", restore.id, change={"file": restore.file_name})
    return _queue_check(config, restore)


def open_archive(config: Config, restore_id: str, keys: Sequence[Key], actor: Actor) -> Restore:
    """Open an encrypted archive, and let the worker check what is in it.

    What is opened lies among the uploads until the restore is over, an hour at most. The keys
    leave this call nowhere. Raises `WrongKey`, `Damaged`, `NotAnArchive`, `DiskFull`, `UnderWay`.
    """
    restore = restore_queries.get_restore(restore_id)
    path = lifecycle.path_of(config, restore)
    db.session.rollback()  # no transaction stays open while a large file is read
    with rooms.room(config.backup_dir) as room:
        opened = encryption.decrypt(path, room, keys)
        lifecycle.be_the_only_one(config, restore_id)
        restore = lifecycle.lock_row(restore_id)
        if restore.status != "READY" or restore.preview is not None:
            raise NotThis("This restore does not wait for a key any more. Choose the backup anew.")
        uploads.folder_of(config)
        opened.path.rename(uploads.plain_path_of(config, restore_id))
    restore.created_by, restore.user_id, restore.ip = actor.email, actor.user_id, actor.ip
    restore.sha256 = opened.sha256
    try:
        return _queue_check(config, restore)
    except BaseException:
        uploads.close(config, restore_id)
        raise


def confirm_restore(config: Config, restore_id: str, actor: Actor, now: datetime) -> Restore:
    """Let the worker put the checked archive in the place of all data.

    Raises `NotThis`, `UnderWay`, `FileGone`. That the actor typed the password and the phrase is
    for the caller to see to.
    """
    lifecycle.be_the_only_one(config, restore_id)
    restore = lifecycle.lock_row(restore_id)
    if restore.status != "READY" or restore.preview is None:
        raise NotThis("This archive is not checked any more. Nothing was changed. Check it again.")
    if restore.user_id != actor.user_id:
        raise NotThis(
            f"{restore.created_by} had this archive checked, and would go on signing in as before. "
            "Nothing was changed. Check it again to restore it yourself."
        )
    if not is_worker_running(now):
        raise NotThis(
            "The worker is not running, so nothing was begun. Your data was not changed. Start it "
            "(make run, or flask worker), then try again."
        )
    lifecycle.path_of(config, restore)
    lifecycle.queue(restore, "CONFIRMED")
    restore.confirmed_at = now
    record(actor, "restore.confirm", "restore", restore.id, change={"file": restore.file_name})
    db.session.commit()
    return restore


def cancel_restore(config: Config, restore_id: str, actor: Actor) -> Restore:
    """Cancel a waiting restore at once; ask the worker at a running one to stop."""
    restore = lifecycle.lock_row(restore_id)
    if restore.status not in {*restore_queries.UNFINISHED, "READY"}:
        raise NotThis("This restore is over, so there is nothing to cancel.")
    if restore.stage == "swapping":
        raise NotThis("It is too late to cancel: the data is being exchanged. You can undo it.")
    if restore.status in restore_queries.AT_WORK and is_held(restore.id):
        restore.cancel_requested_at = clock.now()
    else:
        lifecycle.cancel(config, restore)
    record(actor, "restore.cancel", "restore", restore.id)
    db.session.commit()
    return restore


def end_interrupted(config: Config) -> int:
    """Mark restores whose worker is gone; say how many there were."""
    count = lifecycle.end_dead(config)
    db.session.commit()
    return count


def clean_up(config: Config, now: datetime) -> int:
    """Delete uploads that nobody needs any more, and let old checks go; say how many."""
    count = uploads.sweep(config, now)
    for restore in restore_queries.list_ready():
        if now - restore.created_at > uploads.KEPT:
            lifecycle.cancel(config, restore)
            count += 1
    db.session.commit()
    return count


def _queue_check(config: Config, restore: Restore) -> Restore:
    """Let the worker check it; an encrypted archive first waits for its key."""
    restore.preview = None
    path = lifecycle.path_of(config, restore)
    if encryption.is_encrypted(path):
        lifecycle.queue(restore, "READY")
        db.session.commit()
        return restore
    said = engine.inspect(path)
    preview.require_fit(said)
    restore.made_at, restore.revision = datetime.fromisoformat(said.made_at), said.revision
    lifecycle.queue(restore, "QUEUED")
    db.session.commit()
    return restore
