"""Keys for backups: from the kit on paper to an archive that only it opens."""

import json
import signal
from datetime import timedelta
from hashlib import sha256
from threading import Event

import pytest
import time_machine

from tests.backup.archives import connected, execute
from tests.conftest import sign_in
from tests.factories import PASSWORD, make_backup_key, make_sale, make_user
from tests.processes import start, wait_for
from wifiapp import clock
from wifiapp.access import Actor
from wifiapp.audit.models import AuditLog
from wifiapp.backup import (
    encryption,
    engine,
    keys,
    keys_operations,
    keys_queries,
    lifecycle,
    operations,
    queries,
    rooms,
)
from wifiapp.backup.engine import Damaged, Options
from wifiapp.backup.errors import KeyNeeded, WrongKey
from wifiapp.backup.keys import NotAKey
from wifiapp.backup.keys_operations import NoLongerWaiting, NotKept
from wifiapp.backup.keys_queries import NoKey
from wifiapp.backup.models import Backup, BackupKey
from wifiapp.backup.results import say_nothing
from wifiapp.db import Model, db

BOSS = Actor(user_id=None, email="boss@example.org")


@pytest.fixture
def shop(own_app):
    """The configuration of a small shop; the test runs in its app's context."""
    with own_app.app_context():
        make_sale()
        db.session.commit()
        yield own_app.config["WIFIAPP"]


def put_in_force():
    """Make a key, show that it was kept, and return it."""
    key, _row = keys_operations.make_key(BOSS)
    keys_operations.confirm_key(key.secret[-keys.PROVED :], BOSS)
    return key


@pytest.fixture
def key(shop):
    return put_in_force()


@pytest.fixture
def backup(shop, key):
    """A verified backup that is encrypted for the key."""
    return operations.create_backup(shop, Options(), say_nothing)


def fresh(backup):
    db.session.rollback()
    db.session.expire_all()
    return db.session.get(Backup, backup.id)


def names(config):
    return sorted(path.name for path in config.backup_dir.iterdir())


def path_of(config, backup):
    return config.backup_dir / backup.file_name


def actions():
    return [row.action for row in db.session.query(AuditLog).order_by(AuditLog.at)]


def rows_of(config, backup, key):
    """Return how many rows the archive holds, as the key opens it."""
    with rooms.room(config.backup_dir) as room:
        return engine.inspect(encryption.decrypt(path_of(config, backup), room, [key]).path).rows


# -- reading a key from paper ------------------------------------------------------------------


def test_a_key_is_read_as_age_writes_it_and_as_people_type_it(no_database):
    key = keys.make()
    spaced = " ".join(key.secret[i : i + 6] for i in range(0, 74, 6))
    file = f"# made by age-keygen\n# public key: {key.recipient}\n{key.secret}\n"
    for text in (key.secret, key.secret.lower(), spaced, spaced.replace(" ", "\n"), file):
        assert [found.fingerprint for found in keys.read(text)] == [key.fingerprint]
    assert len(keys.read(f"{key.secret}\n{keys.make().secret}\n")) == 2


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda key: "", "not the key of an emergency kit"),
        (lambda key: "open sesame", "begins with AGE-SECRET-KEY-1"),
        (lambda key: key.recipient, "begins with AGE-SECRET-KEY-1"),
        (lambda key: key.secret[:-1], "73 characters instead of 74"),
        (lambda key: key.secret[:-1] + ("Q" if key.secret[-1] != "Q" else "P"), "is wrong"),
        (lambda key: key.secret + "\n" * (1 << 16), "far too long"),
    ],
)
def test_what_is_no_key_is_refused_with_what_is_wrong_and_without_repeating_it(
    no_database, spoil, said
):
    typed = spoil(keys.make())
    with pytest.raises(NotAKey, match=said) as refusal:
        keys.read(typed)
    assert len(typed) < 20 or typed[20:40] not in str(refusal.value)


def test_a_key_does_not_tell_its_secret_by_accident(no_database):
    key = keys.make()
    assert key.secret not in repr(key) + str(key)
    assert len(key.fingerprint) == 9
    assert keys.fingerprint_of(key.recipient) == key.fingerprint


# -- made, in force, retired -------------------------------------------------------------------


def test_a_key_is_in_force_only_after_its_end_was_typed_back(shop):
    key, row = keys_operations.make_key(BOSS)
    assert keys_queries.find_in_force() is None
    assert keys_queries.find_waiting().id == row.id
    for typed in ("", "nothing", key.secret[-12:-6], key.secret[-6:-1]):
        with pytest.raises(NotKept, match="not in force"):
            keys_operations.confirm_key(typed, BOSS)
    assert keys_queries.find_in_force() is None
    keys_operations.confirm_key(f" {key.secret[-6:].lower()} ", BOSS)
    assert keys_queries.get_in_force().fingerprint == key.fingerprint
    with pytest.raises(NoLongerWaiting):
        keys_operations.confirm_key(key.secret, BOSS)
    assert actions() == ["backup_key.make", "backup_key.confirm"]


def test_no_table_of_the_database_holds_what_opens_a_key(shop, key, own_app):
    _waiting, _row = keys_operations.make_key(BOSS)
    held = ""
    with connected(own_app) as connection:
        for table in Model.metadata.tables:
            held += str(connection.execute(f"SELECT t::text FROM {table} t").fetchall())
    for secret in (key.secret, _waiting.secret):
        assert secret not in held
        assert secret[20:40] not in held
    assert key.recipient in held


def test_a_new_key_takes_over_only_when_it_is_confirmed(shop, key):
    lost, _row = keys_operations.make_key(BOSS)
    assert keys_queries.get_in_force().fingerprint == key.fingerprint
    new = put_in_force()
    assert keys_queries.get_in_force().fingerprint == new.fingerprint
    found = {row.fingerprint: bool(row.retired_at) for row in keys_queries.list_keys()}
    assert found == {new.fingerprint: False, key.fingerprint: True}
    assert "backup_key.discard" in actions() and "backup_key.retire" in actions()
    assert lost.fingerprint not in found


def test_after_the_last_key_was_retired_nothing_is_encrypted(shop, key):
    keys_operations.retire_key(BOSS)
    with pytest.raises(NoKey):
        keys_operations.retire_key(BOSS)
    with pytest.raises(NoKey, match="Make a key first"):
        operations.request_backup(shop, Options(), BOSS, encrypt=True)
    made = operations.create_backup(shop, Options(), say_nothing)
    assert (made.is_encrypted, made.file_name[-4:]) == (False, ".zip")


def test_two_keys_cannot_be_in_force(shop, key):
    make_backup_key()
    with pytest.raises(db.exc.IntegrityError, match="backup_keys_inForce_key"):
        make_backup_key(confirmed_at=clock.now())
    db.session.rollback()


# -- making encrypted backups ------------------------------------------------------------------


def test_an_encrypted_backup_is_proved_and_only_its_key_opens_it(shop, key, backup):
    path = path_of(shop, backup)
    assert (backup.status, backup.is_encrypted) == ("VERIFIED", True)
    assert backup.key_fingerprint == key.fingerprint
    assert path.name.endswith(f"-r{backup.revision}.zip.age")
    assert names(shop) == [path.name]
    assert (backup.size, path.stat().st_mode & 0o777) == (path.stat().st_size, 0o600)
    assert backup.sha256 == sha256(path.read_bytes()).hexdigest()
    assert rows_of(shop, backup, key) == backup.row_count
    assert queries.find_last_verified().id == backup.id


def test_while_it_is_made_plain_rows_lie_only_in_a_private_room(shop, key):
    seen = {}

    def look(progress):
        seen[progress.stage] = {
            (path.name[:8], path.stat().st_mode & 0o777) for path in shop.backup_dir.iterdir()
        }

    operations.create_backup(shop, Options(), look)
    assert seen["comparing"] == {(".making-", 0o700)}
    assert seen["encrypting"] == {(".making-", 0o700), ("wifiapp-", 0o600)}
    assert len(names(shop)) == 1


def test_a_worker_makes_it_too_and_the_proof_is_of_the_encrypted_file(shop, key, own_app):
    asked = operations.request_backup(shop, Options(), BOSS, encrypt=True)
    assert operations.run_queued(shop, Event())["status"] == "VERIFIED"
    made = fresh(asked)
    ((proof,),) = execute(own_app, "SELECT proof FROM backup_reports")
    assert (proof["sha256"], proof["size"]) == (made.sha256, made.size)


def test_what_nobody_chose_is_encrypted_while_a_key_is_in_force(shop, key):
    daily = lifecycle.add(Options(), BOSS, status="QUEUED", started_by="SCHEDULE")
    assert daily.is_encrypted
    plain = lifecycle.add(Options(), BOSS, status="QUEUED", started_by="PAGE", encrypt=False)
    assert not plain.is_encrypted
    db.session.rollback()


def test_a_key_retired_meanwhile_makes_no_plain_backup_instead(shop, key):
    asked = operations.request_backup(shop, Options(), BOSS, encrypt=True)
    keys_operations.retire_key(BOSS)
    operations.run_queued(shop, Event())
    failed = fresh(asked)
    assert (failed.status, names(shop) if shop.backup_dir.exists() else []) == ("FAILED", [])
    assert "No key is in force" in failed.error


@pytest.mark.parametrize("stage", ["copying", "comparing", "encrypting"])
def test_a_failure_on_the_way_leaves_nothing(shop, key, stage):
    def fail(progress):
        if progress.stage == stage:
            raise OSError(5, "Input/output error")

    with pytest.raises((OSError, engine.BackupError)):
        operations.create_backup(shop, Options(), fail)
    (row,) = db.session.query(Backup)
    assert (row.status, row.file_name, names(shop)) == ("FAILED", None, [])


def test_a_killed_run_leaves_nothing_plain_after_the_next_start(shop, key, own_app, tmp_path):
    folder = tmp_path / "elsewhere"
    process = start(shop.database_url, folder, "backup", "create", "--encrypt")
    room = wait_for(lambda: list((folder / "backups").glob(".making-*/*.zip")))
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert room[0].stat().st_size > 0
    start(shop.database_url, folder, "backup", "create").wait()
    assert [path.suffix for path in (folder / "backups").iterdir()] == [".zip"]
    states = sorted(row.status for row in db.session.query(Backup))
    assert states == ["FAILED", "VERIFIED"]


# -- using a key -------------------------------------------------------------------------------


def test_a_check_asks_for_the_key_and_leaves_nothing_behind(shop, key, backup):
    with pytest.raises(KeyNeeded):
        operations.request_check(shop, backup.id, BOSS)
    db.session.rollback()
    before = fresh(backup).verified_at
    keys_operations.request_check(shop, backup.id, [key], BOSS)
    assert fresh(backup).status == "QUEUED"
    assert names(shop)[0] == f".opened-{backup.id}"
    assert operations.run_queued(shop, Event())["status"] == "VERIFIED"
    assert fresh(backup).verified_at > before
    assert names(shop) == [backup.file_name]


def test_a_wrong_key_changes_nothing(shop, key, backup):
    with pytest.raises(WrongKey):
        keys_operations.request_check(shop, backup.id, [keys.make()], BOSS)
    assert (fresh(backup).status, names(shop)) == ("VERIFIED", [backup.file_name])


def test_a_damaged_archive_is_not_trusted_any_more(shop, key, backup):
    path = path_of(shop, backup)
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(content)
    with pytest.raises(Damaged):
        keys_operations.request_check(shop, backup.id, [key], BOSS)
    assert (fresh(backup).status, fresh(backup).verified_at) == ("FAILED", None)
    assert names(shop) == [backup.file_name]


def test_another_archive_in_its_place_is_found(shop, key, backup):
    other = operations.create_backup(shop, Options(audit_logs=True), say_nothing)
    path_of(shop, backup).write_bytes(path_of(shop, other).read_bytes())
    with pytest.raises(Damaged, match="not the file that was written"):
        keys_operations.request_check(shop, backup.id, [key], BOSS)


def test_a_cancelled_check_closes_the_room(shop, key, backup):
    keys_operations.request_check(shop, backup.id, [key], BOSS)
    operations.cancel_backup(shop, backup.id, BOSS)
    assert (fresh(backup).status, names(shop)) == ("VERIFIED", [backup.file_name])


def test_a_check_that_waited_too_long_says_so_and_the_proof_stands(shop, key, backup):
    keys_operations.request_check(shop, backup.id, [key], BOSS)
    with time_machine.travel(clock.now() + timedelta(hours=2), tick=True):
        operations.clean_up(shop)
    operations.run_queued(shop, Event())
    checked = fresh(backup)
    assert (checked.status, bool(checked.verified_at)) == ("VERIFIED", True)
    assert "once more" in checked.error


def test_old_archives_open_with_the_old_kit_and_new_ones_with_the_new(shop, key, backup):
    new = put_in_force()
    later = operations.create_backup(shop, Options(), say_nothing)
    assert rows_of(shop, backup, key) == backup.row_count
    assert rows_of(shop, later, new) == later.row_count
    for archive, wrong in ((backup, new), (later, key)):
        with pytest.raises(WrongKey):
            rows_of(shop, archive, wrong)
    assert keys_queries.count_archives() == {key.fingerprint: 1, new.fingerprint: 1}


# -- the pages ---------------------------------------------------------------------------------


@pytest.fixture
def boss(own_app, shop):
    user = make_user("ADMIN", email="boss@example.org")
    db.session.commit()
    return sign_in(own_app.test_client(), user)


def made_on(page):
    """Return the key that the page of a new kit shows."""
    return keys.read(page.partition('data-copy="')[2].partition('"')[0])[0]


def test_the_kit_is_shown_once_with_a_square_and_kept_by_nobody(boss, capfd):
    assert "Backups are not encrypted" in boss.get("/backups/key").text
    answer = boss.post("/backups/key")
    key = made_on(answer.text)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert '<svg viewBox="0 0 41 41" class="qr">' in answer.text
    for said in (key.fingerprint, "age -d -i key.txt -o X.zip X.zip.age", "Losing it is final"):
        assert said in answer.text
    for url in ("/backups/key", "/backups", "/audit"):
        assert key.secret[20:40] not in boss.get(url).text
    out, err = capfd.readouterr()
    assert key.secret not in out + err


def test_a_wrong_end_stands_beside_the_field_and_the_right_one_counts(boss):
    key = made_on(boss.post("/backups/key").text)
    for typed, said in (("", "from the printed page"), ("WRONG1", "not in force")):
        answer = boss.post("/backups/key/confirm", data={"typed": typed, "password": PASSWORD})
        assert answer.status_code == 422
        assert said in answer.text and "typed-error" in answer.text
        assert key.secret not in answer.text
    sure = {"typed": key.secret[-6:], "password": PASSWORD}
    answer = boss.post("/backups/key/confirm", data=sure)
    assert (answer.status_code, answer.location) == (303, "/backups/key")
    assert "In force" in boss.get("/backups/key").text
    answer = boss.post("/backups/key/confirm", data=sure, follow_redirects=True)
    assert "no new key that waits" in answer.text


def test_retiring_says_what_the_kit_is_still_good_for(boss, key):
    sure = {"retire-password": PASSWORD}
    answer = boss.post("/backups/key/retire", data=sure, follow_redirects=True)
    assert f"Keep the kit {key.fingerprint}" in answer.text
    assert "Earlier keys" in answer.text
    answer = boss.post("/backups/key/retire", data=sure, follow_redirects=True)
    assert "No key is in force" in answer.text


@pytest.mark.parametrize("given", ["", "a guess"])
def test_who_sits_at_the_screen_of_another_changes_no_key(boss, key, given):
    """Else the backups of the shop would be read by nobody but a stranger, or by everybody."""
    other = made_on(boss.post("/backups/key").text)
    said = "not your password" if given else "Enter the password"
    answer = boss.post("/backups/key/retire", data={"retire-password": given})
    assert answer.status_code == 422 and said in answer.text
    data = {"typed": other.secret[-6:], "password": given}
    answer = boss.post("/backups/key/confirm", data=data)
    assert answer.status_code == 422 and said in answer.text
    assert keys_queries.get_in_force().fingerprint == key.fingerprint


def test_guessing_the_password_of_the_keys_is_slowed_down(boss, key):
    answers = [boss.post("/backups/key/retire", data={"retire-password": "x"}) for _ in range(20)]
    assert answers[-1].status_code == 429
    assert "Too many wrong passwords" in answers[-1].text


def test_creating_encrypts_by_default_once_a_key_is_in_force(boss, shop):
    page = boss.get("/backups").text
    assert 'name="encrypt"' not in page and "whoever gets a file can read it" in page
    key = put_in_force()
    page = boss.get("/backups").text
    assert 'checked id="encrypt"' in page and key.fingerprint in page
    boss.post("/backups", data={"business_data": "y", "encrypt": "y"})
    (row,) = db.session.query(Backup)
    assert row.is_encrypted


def test_unticking_makes_a_plain_one(boss, key):
    boss.post("/backups", data={"business_data": "y"})
    assert not db.session.query(Backup).one().is_encrypted


def test_a_wish_to_encrypt_without_a_key_is_refused_beside_the_field(boss):
    answer = boss.post("/backups", data={"business_data": "y", "encrypt": "y", "audit_logs": "y"})
    assert answer.status_code == 422
    assert "No key is in force any more" in answer.text
    assert 'checked id="audit_logs"' in answer.text
    assert db.session.query(Backup).count() == 0


def test_pages_say_which_kit_opens_an_archive_and_how(boss, backup):
    page = boss.get("/backups").text
    assert f"Kit {backup.key_fingerprint}" in page and "Full, encrypted" in page
    page = boss.get(f"/backups/{backup.id}").text
    assert "cannot be read" not in page
    for said in ("Opened by the kit", backup.key_fingerprint, "age -d -i key.txt", "Download"):
        assert said in page
    answer = boss.get(f"/backups/{backup.id}/download", buffered=True)
    assert answer.mimetype == "application/octet-stream"
    assert answer.data.startswith(b"age-encryption.org/v1")


def test_verifying_asks_for_the_key_and_loses_nothing(boss, shop, key, backup, capfd):
    url = f"/backups/{backup.id}/check-with-key"
    page = boss.get(url)
    assert page.headers["Cache-Control"] == "no-store"
    assert backup.key_fingerprint in page.text
    wrong, typo = keys.make().secret, key.secret[:-1]
    for typed, said in (("", "not the key"), (typo, "73 characters"), (wrong, "another key than")):
        answer = boss.post(url, data={"identity": typed})
        assert answer.status_code == 422
        assert said in answer.text and "identity-error" in answer.text
        assert typed in answer.text
    answer = boss.post(url, data={"identity": key.secret})
    assert (answer.status_code, fresh(backup).status) == (303, "QUEUED")
    out, err = capfd.readouterr()
    assert key.secret not in out + err + boss.get("/audit").text
    assert operations.run_queued(shop, Event())["status"] == "VERIFIED"


def test_verifying_without_a_key_says_that_one_is_needed(boss, backup):
    answer = boss.post(f"/backups/{backup.id}/verify", follow_redirects=True)
    assert "is encrypted" in answer.text


# -- the command line --------------------------------------------------------------------------


@pytest.fixture
def run(own_app, shop):
    """Return a function that runs `flask backup …` and gives back what it says."""
    runner = own_app.test_cli_runner()

    def flask(*arguments, code=0, given=None):
        result = runner.invoke(args=["backup", *map(str, arguments)], input=given)
        assert result.exit_code == code, result.output
        assert "Traceback" not in result.output
        return result

    return flask


@pytest.fixture
def key_file(run, tmp_path):
    """Make a key at the command line, put it in force, and return the file it was kept in."""
    made = run("key", "make").stdout
    run("key", "confirm", made.strip()[-6:])
    path = tmp_path / "key.txt"
    path.write_text(made)
    return path


def test_the_command_line_makes_confirms_lists_and_retires(run, key_file):
    assert "flask backup key confirm" in run("key", "make").stderr
    (line,) = [line for line in key_file.read_text().splitlines() if line[0] != "#"]
    (key,) = keys.read(line)
    found = json.loads(run("key", "list", "--json").stdout)
    states = {each["fingerprint"]: each["state"] for each in found}
    assert states.pop(key.fingerprint) == "in force"
    assert [*states.values()] == ["new"]
    assert key.secret[20:40] not in run("key", "list").stdout
    assert "not the last 6 characters" in run("key", "confirm", "WRONG1", code=1).stderr
    assert "Say --yes" in run("key", "retire", code=2).stdout
    run("key", "retire", "--yes")
    assert "No key is in force" in run("key", "retire", "--yes", code=1).stderr


def test_a_script_gets_the_key_as_json(run):
    made = json.loads(run("key", "make", "--json").stdout)
    assert keys.read(made["identity"])[0].recipient == made["recipient"]
    assert made["inForce"] is False


def test_create_encrypts_when_told_to(run, key_file, shop):
    made = json.loads(run("create", "--encrypt", "--json").stdout)
    assert made["path"].endswith(".zip.age") and made["isEncrypted"]
    assert made["keyFingerprint"] in run("list").stdout
    assert run("create").stdout.splitlines()[0].endswith(".zip")


def test_create_without_a_key_says_how_to_make_one(run):
    assert "flask backup key make" in run("create", "--encrypt", code=1).stderr


def test_an_encrypted_archive_is_inspected_verified_and_restored_with_its_key(
    run, key_file, shop, own_app
):
    path = json.loads(run("create", "--encrypt", "--json").stdout)["path"]
    said = json.loads(run("inspect", path, "--json", "--identity-file", key_file).stdout)
    assert said["made_by"] == "command line"
    proved = run("verify", path, given=key_file.read_text()).stdout
    with open(path, "rb") as file:  # noqa: PTH123 - a text is a path here
        assert sha256(file.read()).hexdigest() in proved
    assert "Say --yes" in run("restore", path, "--identity-file", key_file, code=2).stdout
    sales = "SELECT count(*) FROM wifi_token_sales"
    execute(own_app, "DELETE FROM wifi_token_sales")
    assert "all equal" in run("restore", path, "--yes", "--identity-file", key_file).stdout
    assert execute(own_app, sales) == [(1,)]
    assert not list(shop.backup_dir.glob(".*"))


def test_without_the_key_or_with_another_one_the_line_says_which(run, key_file, tmp_path):
    path = json.loads(run("create", "--encrypt", "--json").stdout)["path"]
    for command in ("inspect", "verify", "restore"):
        assert "--identity-file" in run(command, path, code=1).stderr
        other = run(command, path, code=1, given=keys.make().secret).stderr
        assert "encrypted for another key than" in other
        assert "not the key" in run(command, path, "--identity-file", path, code=1).stderr


def test_a_restore_leaves_the_keys_of_the_machine_as_they_are(run, key_file, shop):
    path = json.loads(run("create", "--encrypt", "--json").stdout)["path"]
    run("key", "retire", "--yes")
    run("restore", path, "--yes", "--identity-file", key_file)
    assert [bool(row.retired_at) for row in db.session.query(BackupKey)] == [True]
