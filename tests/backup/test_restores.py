"""Restores as jobs: checked, confirmed, carried out, taken back; with real commits throughout."""

from datetime import timedelta
from threading import Event

import pytest
from sqlalchemy import select

from tests.backup.archives import EVERYTHING, altered, contents, execute, make_archive, schemas
from tests.factories import (
    PASSWORD_HASH,
    make_api_key,
    make_backup,
    make_business,
    make_hotspot,
    make_sale,
    make_token,
    make_user,
    make_worker_state,
)
from tests.processes import finish, start, wait_for
from wifiapp import clock
from wifiapp.access import Actor
from wifiapp.api.models import ApiKey
from wifiapp.api.operations import Refused, admit, revoke_key
from wifiapp.audit.models import AuditLog
from wifiapp.auth.models import User
from wifiapp.auth.queries import find_session_user
from wifiapp.backup import (
    encryption,
    hold,
    keys,
    restore_lifecycle,
    restore_queries,
    swapping,
    uploads,
)
from wifiapp.backup import restore_operations as restores
from wifiapp.backup import restore_work_operations as restoring
from wifiapp.backup.engine import BackupError, NewerArchive, Options, say_nothing
from wifiapp.backup.errors import WrongKey
from wifiapp.backup.models import Backup
from wifiapp.backup.restore_models import Restore
from wifiapp.businesses.models import Business
from wifiapp.db import db
from wifiapp.presence import operations as portals

NOW = Event()


@pytest.fixture
def config(own_app):
    """A shop with its owner, a seller and a sale, and a worker said to run."""
    with own_app.app_context():
        make_user("ADMIN", id="boss", email="boss@example.org")
        make_user("SELLER", id="sid", email="sid@example.org")
        make_sale(make_token(make_business(name="Corner Shop"), status="SOLD"))
        make_worker_state()
        db.session.commit()
        yield own_app.config["WIFIAPP"]


BOSS = Actor("boss", "boss@example.org", "192.168.1.7")


@pytest.fixture
def archive(own_app, config):
    """An archive of that shop in its folder, and in the catalogue."""
    return catalogued(make_archive(own_app))


def catalogued(made):
    backup = make_backup(
        status="VERIFIED",
        file_name=made.path.name,
        sha256=made.sha256,
        size=made.size,
        row_count=made.rows,
        verified_at=clock.now(),
    )
    db.session.commit()
    return backup


def add(name="Added since"):
    business = make_business(name=name)
    db.session.commit()
    return business


def shops():
    db.session.rollback()
    return sorted(db.session.scalars(db.select(Business.name)))


def fresh(restore):
    db.session.rollback()
    db.session.expire_all()
    return db.session.get(Restore, restore.id)


def checked(config, backup, actor=BOSS):
    restore = restores.request_restore(config, backup.id, actor)
    restoring.run_waiting(config, NOW)
    return fresh(restore)


def restored(config, backup, actor=BOSS):
    restore = checked(config, backup, actor)
    restores.confirm_restore(config, restore.id, actor, clock.now())
    restoring.run_waiting(config, NOW)
    return fresh(restore)


def actions():
    return [row.action for row in db.session.query(AuditLog).order_by(AuditLog.at)]


# -- from the choice to the undo ---------------------------------------------------------------


def test_an_archive_is_checked_confirmed_restored_and_taken_back(config, archive):
    add()
    restore = checked(config, archive)
    assert (restore.status, restore.sha256, restore.error) == ("READY", archive.sha256, None)
    assert shops() == ["Added since", "Corner Shop"]
    restores.confirm_restore(config, restore.id, BOSS, clock.now())
    told = restoring.run_waiting(config, NOW)
    restore = fresh(restore)
    assert told == {"restore": restore.id, "status": "RESTORED"}
    assert shops() == ["Corner Shop"]
    assert restore.undo_until - restore.finished_at == timedelta(days=7)
    assert restore.seconds > 0 < restore.lock_milliseconds
    assert {each["name"] for each in restore.outcome["tables"]} >= {"users", "wifi_tokens"}
    found = restore_queries.find_undo(clock.now())
    assert (found.restore.id, found.schema) == (restore.id, restore.kept_as)
    assert found.size > 100_000
    restoring.undo_restore(config, BOSS, keep=BOSS.email)
    assert shops() == ["Added since", "Corner Shop"]
    restore = fresh(restore)
    assert (restore.status, restore.undone_by) == ("UNDONE", BOSS.email)
    found = restore_queries.find_undo(clock.now())
    assert (found.schema, found.is_undone) == (restore.kept_as, True)
    restoring.undo_restore(config, BOSS, keep=BOSS.email, schema=found.schema)
    assert shops() == ["Corner Shop"]
    restore = fresh(restore)
    assert (restore.status, restore.undone_by) == ("RESTORED", None)
    assert restore_queries.find_undo(clock.now()).schema == restore.kept_as


def test_each_step_is_in_the_audit_log_with_the_note_at_the_end(config, archive):
    restored(config, archive)
    said = [each for each in actions() if "restore" in each]
    assert said == ["restore.check", "restore.confirm", "backup.restore", "restore.done"]
    note = db.session.query(AuditLog).filter_by(action="restore.done").one()
    assert note.change["file"] == archive.file_name
    assert (note.change["rows"], note.change["digests"]) == (archive.row_count, "all equal")
    assert note.change.keys() >= {"seconds", "lock_milliseconds", "tables", "revision"}
    assert (note.user_email, note.ip) == (BOSS.email, BOSS.ip)


def test_a_proved_backup_of_now_is_made_first_and_holds_what_the_restore_takes_away(
    config, archive
):
    add()
    restore = restored(config, archive)
    safety = db.session.get(Backup, restore.safety_backup_id)
    assert (safety.status, safety.started_by, safety.created_by) == (
        "VERIFIED",
        "RESTORE",
        BOSS.email,
    )
    assert (safety.has_audit_logs, safety.has_demo_data) == (True, True)
    assert shops() == ["Corner Shop"]
    restored(config, safety)
    assert shops() == ["Added since", "Corner Shop"]


def test_a_sick_database_is_restored_without_a_safety_backup_and_that_is_said(config, archive):
    restore = checked(config, archive)
    restores.confirm_restore(config, restore.id, BOSS, clock.now())
    db.session.execute(db.text("DROP TABLE wifi_usage_analytics"))
    db.session.commit()
    restoring.run_waiting(config, NOW)
    restore = fresh(restore)
    assert (restore.status, restore.safety_backup_id) == ("RESTORED", None)
    assert any("No safety backup" in note for note in restore.outcome["notes"])


def test_only_the_newest_restore_can_be_undone(own_app, config, archive):
    first = restored(config, archive)
    second = restored(config, archive)
    assert restore_queries.find_undo(clock.now()).restore.id == second.id
    assert fresh(first).status == "RESTORED"
    assert schemas(own_app) == [second.kept_as]


def test_after_its_days_there_is_nothing_to_undo(config, archive):
    restore = restored(config, archive)
    assert restore_queries.find_undo(restore.undo_until + timedelta(seconds=1)) is None


def test_what_was_uploaded_is_restored_like_a_backup_and_then_forgotten(own_app, config):
    made = make_archive(own_app, EVERYTHING)
    add()
    uploads.folder_of(config)
    made.path.rename(uploads.path_of(config, "an-id"))
    restore = restores.request_uploaded(config, "an-id", "from the stick.zip", BOSS)
    assert (restore.file_name, restore.is_uploaded) == ("from the stick.zip", True)
    restoring.run_waiting(config, NOW)
    restores.confirm_restore(config, restore.id, BOSS, clock.now())
    restoring.run_waiting(config, NOW)
    assert (fresh(restore).status, shops()) == ("RESTORED", ["Corner Shop"])
    assert restores.clean_up(config, clock.now()) == 0
    assert restores.clean_up(config, clock.now() + timedelta(days=1, minutes=1)) == 1
    assert not uploads.path_of(config, "an-id").exists()


def test_an_encrypted_backup_waits_for_its_key_and_its_plain_copy_goes_with_the_restore(
    own_app, config
):
    key, made = keys.make(), make_archive(own_app, EVERYTHING)
    sealed = encryption.encrypt(made.path, config.backup_dir, key.recipient)
    made.path.unlink()
    facts = {"file_name": sealed.path.name, "sha256": sealed.sha256, "is_encrypted": True}
    backup = make_backup(status="VERIFIED", verified_at=clock.now(), **facts)
    add()
    restore = restores.request_restore(config, backup.id, BOSS)
    assert (restore.status, restore.preview) == ("READY", None)
    with pytest.raises(restores.NotThis):
        restores.confirm_restore(config, restore.id, BOSS, clock.now())
    db.session.rollback()
    with pytest.raises(WrongKey):
        restores.open_archive(config, restore.id, [keys.make()], BOSS)
    plain = uploads.plain_path_of(config, restore.id)
    assert not plain.exists()
    assert restores.open_archive(config, restore.id, [key], BOSS).status == "QUEUED"
    assert plain.stat().st_mode & 0o777 == 0o600
    restoring.run_waiting(config, NOW)
    assert (fresh(restore).status, fresh(restore).sha256) == ("READY", sealed.sha256)
    restores.confirm_restore(config, restore.id, BOSS, clock.now())
    restoring.run_waiting(config, NOW)
    assert (fresh(restore).status, shops()) == ("RESTORED", ["Corner Shop"])
    assert not plain.exists()


def test_an_upload_that_is_encrypted_is_opened_the_same_way(own_app, config):
    key, made = keys.make(), make_archive(own_app)
    sealed = encryption.encrypt(made.path, config.backup_dir, key.recipient)
    uploads.folder_of(config)
    sealed.path.rename(uploads.path_of(config, "an-id"))
    restore = restores.request_uploaded(config, "an-id", "mine.zip.age", BOSS)
    restores.open_archive(config, restore.id, [key], BOSS)
    restoring.run_waiting(config, NOW)
    assert (fresh(restore).status, fresh(restore).error) == ("READY", None)
    restores.cancel_restore(config, restore.id, BOSS)
    assert [*uploads.folder_of(config).iterdir()] == []


# -- people --------------------------------------------------------------------------------------


def test_who_restores_stays_signed_in_and_everybody_else_signs_in_anew(config, archive):
    sessions = {user.id: user.get_id() for user in db.session.query(User)}
    db.session.get(User, "boss").password_hash = "changed since"
    db.session.commit()
    restored(config, archive)
    assert find_session_user(sessions["boss"]).password_hash == "changed since"
    assert find_session_user(sessions["sid"]) is None
    assert db.session.get(User, "sid").password_hash == PASSWORD_HASH
    before_undo = {user.id: user.get_id() for user in db.session.query(User)}
    restoring.undo_restore(config, BOSS, keep=BOSS.email)
    db.session.expire_all()
    assert find_session_user(before_undo["boss"]) is not None
    for session_id in (sessions["sid"], before_undo["sid"]):
        assert find_session_user(session_id) is None


def test_an_administrator_whom_the_archive_does_not_know_is_added(config, archive):
    make_user("ADMIN", id="new", email="new@example.org")
    db.session.commit()
    session_id = db.session.get(User, "new").get_id()
    restore = restored(config, archive, Actor("new", "new@example.org"))
    assert restore.preview["you"] == "missing"
    assert find_session_user(session_id).role == "ADMIN"


def test_a_namesake_of_the_archive_gets_the_present_password_and_the_role(config, archive):
    db.session.delete(db.session.get(User, "sid"))
    db.session.flush()
    make_user("ADMIN", id="other", email="SID@example.org", password_hash="the present one")
    db.session.commit()
    restore = restored(config, archive, Actor("other", "SID@example.org"))
    assert restore.preview["you"] == "known"
    namesake = db.session.get(User, "sid")
    assert (namesake.password_hash, namesake.role) == ("the present one", "ADMIN")
    assert db.session.get(User, "other") is None


def test_one_who_was_disabled_in_the_archive_can_still_sign_in_after_restoring_it(own_app, config):
    db.session.get(User, "boss").is_active = False
    db.session.commit()
    archive = catalogued(make_archive(own_app))
    db.session.get(User, "boss").is_active = True
    db.session.commit()
    restored(config, archive)
    assert db.session.get(User, "boss").is_active


def test_a_key_that_was_revoked_since_the_backup_stays_revoked(own_app, config):
    revoked, good = (make_api_key(text=text) for text in ("wifi_revoked", "wifi_good"))
    db.session.commit()
    backup = catalogued(make_archive(own_app))
    revoke_key(BOSS, revoked.id)
    at = db.session.get_one(ApiKey, revoked.id).revoked_at
    restored(config, backup)
    kept = dict(db.session.execute(select(ApiKey.id, ApiKey.revoked_at)).all())
    assert kept == {revoked.id: at, good.id: None}
    with pytest.raises(Refused):
        admit("wifi_revoked", clock.now())
    assert admit("wifi_good", clock.now()).key_id == good.id


def test_a_portal_s_key_that_was_replaced_since_the_backup_opens_nothing(own_app, config):
    hotspot_id = make_hotspot(is_manual=True, address="").id
    db.session.commit()
    _key, old = portals.make_key(BOSS, hotspot_id)
    backup = catalogued(make_archive(own_app))
    _key, new = portals.make_key(BOSS, hotspot_id, replace=True)
    restored(config, backup)
    for text in (old, new):
        with pytest.raises(Refused):
            portals.admit(text, clock.now())
    _key, text = portals.make_key(BOSS, hotspot_id)
    assert portals.admit(text, clock.now()).hotspot_id == hotspot_id


def test_the_command_line_brings_back_exactly_the_users_of_the_archive(config, archive):
    make_user("ADMIN", id="new", email="new@example.org")
    db.session.commit()
    path = config.backup_dir / archive.file_name
    _done, restore = restoring.restore_now(config, path, say_nothing)
    assert sorted(db.session.scalars(db.select(User.id))) == ["boss", "sid"]
    assert (restore.status, restore.started_by) == ("RESTORED", "COMMAND")
    restoring.undo_restore(config, BOSS)
    _done, restore = restoring.restore_now(config, path, say_nothing, keep="new@example.org")
    assert sorted(db.session.scalars(db.select(User.id))) == ["boss", "new", "sid"]


def test_the_command_line_keeps_whom_it_is_told_to_and_refuses_a_name_it_does_not_know(
    own_app, config, archive
):
    make_user("ADMIN", id="new", email="new@example.org")
    db.session.commit()
    arguments = ["backup", "restore", archive.file_name, "--yes", "--keep-admin"]
    db.session.rollback()
    refused = own_app.test_cli_runner().invoke(args=[*arguments, "nobody@example.org"])
    assert (refused.exit_code, restore_queries.list_restores()) == (1, [])
    db.session.rollback()
    done = own_app.test_cli_runner().invoke(args=[*arguments, "new@example.org"])
    assert done.exit_code == 0, done.output
    assert "kept for 7 days" in done.output
    assert sorted(db.session.scalars(db.select(User.id))) == ["boss", "new", "sid"]


def test_an_archive_without_any_administrator_says_so_and_how_to_make_one(own_app, config):
    boss = db.session.get(User, "boss")
    boss.role = "MANAGER"
    db.session.commit()
    path = make_archive(own_app).path
    boss.role = "ADMIN"
    db.session.commit()
    done, restore = restoring.restore_now(config, path, say_nothing)
    assert any("flask users create" in note for note in done.notes)
    assert list(done.notes) == fresh(restore).outcome["notes"]


# -- what is refused -------------------------------------------------------------------------------


def test_one_restore_at_a_time_and_the_other_is_named(config, archive):
    restores.request_restore(config, archive.id, BOSS)
    with pytest.raises(restore_lifecycle.UnderWay, match=r"boss@example.org is restoring"):
        restores.request_restore(config, archive.id, BOSS)


def test_what_was_only_checked_gives_way_to_another_choice(config, archive):
    first = checked(config, archive)
    second = checked(config, archive)
    assert (fresh(first).status, second.status) == ("CANCELLED", "READY")


def test_only_who_had_it_checked_can_confirm_it(config, archive):
    restore = checked(config, archive)
    other = Actor("other", "other@example.org")
    with pytest.raises(restores.NotThis, match="Check it again"):
        restores.confirm_restore(config, restore.id, other, clock.now())
    assert fresh(restore).status == "READY"


def test_without_a_worker_nothing_begins(config, archive):
    restore = checked(config, archive)
    later = clock.now() + timedelta(minutes=2)
    with pytest.raises(restores.NotThis, match="worker is not running"):
        restores.confirm_restore(config, restore.id, BOSS, later)


def test_a_restore_that_nobody_began_with_in_time_is_given_up(config, archive):
    add()
    restore = checked(config, archive)
    restores.confirm_restore(config, restore.id, BOSS, clock.now() - timedelta(minutes=11))
    assert restoring.run_waiting(config, NOW) is None
    assert fresh(restore).status == "FAILED"
    assert "within 10 minutes" in fresh(restore).error
    assert shops() == ["Added since", "Corner Shop"]


def test_a_newer_archive_is_refused_at_once_with_both_revisions(config, archive, own_app):
    path = config.backup_dir / archive.file_name

    def newer(members):
        members["manifest.json"] = members["manifest.json"].replace(
            archive_revision(path).encode(), b"20991231000000"
        )

    changed = altered(path, newer)
    archive.file_name = changed.name
    db.session.commit()
    with pytest.raises(NewerArchive, match="20991231000000") as caught:
        restores.request_restore(config, archive.id, BOSS)
    assert archive_revision(path) in str(caught.value)
    db.session.rollback()
    assert restore_queries.list_restores() == []


def archive_revision(path):
    from wifiapp.backup import engine  # noqa: PLC0415 - one function of it

    return engine.inspect(path).revision


def test_one_business_is_not_restored_over_others(own_app, config):
    (business,) = db.session.scalars(db.select(Business.id)).all()
    archive = catalogued(make_archive(own_app, Options(business_id=business)))
    with pytest.raises(BackupError, match="one business only"):
        restores.request_restore(config, archive.id, BOSS)


def test_a_damaged_archive_fails_its_check_and_says_where(config, archive):
    path = config.backup_dir / archive.file_name
    changed = altered(path, lambda members: members.update({"tables/users.csv": b"x"}))
    changed.rename(path)
    with pytest.raises(BackupError, match=r"users\.csv"):
        restores.request_restore(config, archive.id, BOSS)


def test_a_flipped_byte_fails_the_check_and_the_upload_goes(own_app, config):
    made = make_archive(own_app)
    content = bytearray(made.path.read_bytes())
    at = content.index(b"tables/users.csv") + 60
    content[at] ^= 1
    uploads.folder_of(config)
    uploads.path_of(config, "an-id").write_bytes(content)
    restore = restores.request_uploaded(config, "an-id", "mine.zip", BOSS)
    restoring.run_waiting(config, NOW)
    restore = fresh(restore)
    assert restore.status == "FAILED"
    assert "damaged" in restore.error and "users.csv" in restore.error
    assert not uploads.path_of(config, "an-id").exists()


# -- cancelled, interrupted, busy --------------------------------------------------------------


def cancelling_at(monkeypatch, config, restore, stage):
    """Let somebody press Cancel when the worker comes to the stage."""
    report = restoring.Holder.report

    def pressed(holder, progress):
        if progress.stage == stage and holder.id == restore.id:
            db.session.rollback()
            restores.cancel_restore(config, restore.id, BOSS)
            holder.next_write = 0
        report(holder, progress)

    monkeypatch.setattr(restoring.Holder, "report", pressed)


@pytest.mark.parametrize(
    "stage", ["holding", "safety copying", "safety comparing", "checking", "indexing"]
)
def test_a_restore_can_be_cancelled_until_the_swap(own_app, config, archive, monkeypatch, stage):
    add()
    restore = checked(config, archive)
    restores.confirm_restore(config, restore.id, BOSS, clock.now())
    before = contents(own_app, ["businesses", "wifi_token_sales", "users"])
    cancelling_at(monkeypatch, config, restore, stage)
    restoring.run_waiting(config, NOW)
    assert fresh(restore).status == "CANCELLED"
    assert contents(own_app, before) == before
    assert schemas(own_app) == []
    assert not hold.is_shut()


def test_a_check_can_be_cancelled(config, archive, monkeypatch):
    restore = restores.request_restore(config, archive.id, BOSS)
    cancelling_at(monkeypatch, config, restore, "loading")
    restoring.run_waiting(config, NOW)
    assert fresh(restore).status == "CANCELLED"


def test_a_waiting_restore_is_cancelled_at_once(config, archive):
    restore = restores.request_restore(config, archive.id, BOSS)
    restores.cancel_restore(config, restore.id, BOSS)
    assert restoring.run_waiting(config, NOW) is None
    assert fresh(restore).status == "CANCELLED"
    with pytest.raises(restores.NotThis, match="nothing to cancel"):
        restores.cancel_restore(config, restore.id, BOSS)


def test_when_the_tables_are_never_free_it_fails_and_can_be_tried_again(
    own_app, config, archive, monkeypatch
):
    monkeypatch.setattr(swapping, "TRIES", 1)
    add()
    restore = checked(config, archive)
    restores.confirm_restore(config, restore.id, BOSS, clock.now())
    with own_app.app_context(), db.engine.connect() as writer:
        writer.execute(db.text("UPDATE businesses SET name = name"))
        restoring.run_waiting(config, NOW)
    restore = fresh(restore)
    assert (restore.status, shops()) == ("FAILED", ["Added since", "Corner Shop"])
    assert "busy" in restore.error
    assert not hold.is_shut()
    restores.check_again(config, restore.id, BOSS)
    restoring.run_waiting(config, NOW)
    assert fresh(restore).status == "READY"


def test_a_killed_worker_leaves_the_data_as_it_was_and_the_restore_failed(
    own_app, own_database, config, archive, tmp_path
):
    add()
    restore = checked(config, archive)
    before = contents(own_app, ["businesses", "wifi_token_sales", "users"])
    folder = config.backup_dir.parent
    restores.confirm_restore(config, restore.id, BOSS, clock.now())
    worker = start(own_database, folder, "worker")
    try:
        wait_for(lambda: fresh(restore).status == "RUNNING", pause=0.005)
    finally:
        finish(worker, how=9)
    wait_for(lambda: not restore_queries.is_held(restore.id))
    if fresh(restore).status == "RUNNING":
        assert restores.end_interrupted(config) == 1
        assert "Interrupted" in fresh(restore).error
        assert contents(own_app, before) == before
    assert not hold.is_shut()


def test_a_stopped_worker_gives_a_restore_up_and_says_so(config, archive, monkeypatch):
    restore = checked(config, archive)
    restores.confirm_restore(config, restore.id, BOSS, clock.now())
    stop = Event()
    report = restoring.Holder.report

    def stopped(holder, progress):
        if progress.stage == "loading":
            stop.set()
        report(holder, progress)

    monkeypatch.setattr(restoring.Holder, "report", stopped)
    restoring.run_waiting(config, stop)
    assert fresh(restore).status == "FAILED"
    assert "worker was stopped" in fresh(restore).error


# -- the gate ------------------------------------------------------------------------------------


def test_changes_wait_from_before_the_safety_backup_until_after_the_swap(
    config, archive, monkeypatch
):
    seen = {}
    report = restoring.Holder.report

    def looking(holder, progress):
        db.session.rollback()
        seen[progress.stage] = hold.is_shut()
        report(holder, progress)

    monkeypatch.setattr(restoring.Holder, "report", looking)
    restored(config, archive)
    assert {stage for stage, is_shut in seen.items() if not is_shut} <= {
        *("checking", "loading", "indexing", "comparing", "holding")
    }
    assert seen["safety copying"] and seen["safety comparing"] and seen["swapping"]
    assert not hold.is_shut()


def test_a_change_under_way_is_waited_for(own_app, config):
    from wifiapp.backup.running import connected  # noqa: PLC0415 - a connection of the engine's

    assert hold.may_change()
    with connected(config) as other:
        other.execute("SET statement_timeout = 50")
        with pytest.raises(Exception, match="statement timeout"):
            other.execute(hold.SHUT.encode())
        db.session.commit()
        other.execute("SET statement_timeout = 0")
        with hold.shut(other):
            assert not hold.may_change()
            assert hold.unless_shut(lambda _stop: {"ran": True})(NOW) is None
        assert hold.unless_shut(lambda _stop: {"ran": True})(NOW) == {"ran": True}
    assert hold.may_change()


def test_a_dead_restore_opens_the_gate(config):
    from wifiapp.backup.running import connected  # noqa: PLC0415 - a connection of the engine's

    with connected(config) as dead:
        dead.execute(hold.SHUT.encode())
        assert hold.is_shut()
    wait_for(lambda: not hold.is_shut())


def test_the_catalogue_is_not_rewound_by_a_restore(own_app, config, archive):
    restored(config, archive)
    assert execute(own_app, "SELECT count(*) FROM backups") == [(2,)]
