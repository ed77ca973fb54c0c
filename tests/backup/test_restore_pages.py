"""The pages of a restore: choosing, uploading, confirming, the note, the undo, the gate."""

import io
import re
from datetime import timedelta
from threading import Event

import pytest

from tests.backup.archives import EVERYTHING, altered, make_archive
from tests.conftest import sign_in
from tests.factories import (
    PASSWORD,
    make_backup,
    make_business,
    make_restore,
    make_sale,
    make_token,
    make_user,
    make_worker_state,
)
from wifiapp import clock
from wifiapp.auth.passwords import hashed
from wifiapp.backup import encryption, hold, keys, uploads
from wifiapp.backup import restore_work_operations as restoring
from wifiapp.backup.restore_models import Restore
from wifiapp.backup.running import connected
from wifiapp.businesses.models import Business
from wifiapp.db import db

SURE = {"password": PASSWORD, "phrase": "RESTORE"}


@pytest.fixture
def shop(own_app):
    """A shop with an owner, a sale and a worker said to run, and real commits."""
    with own_app.app_context():
        make_user("ADMIN", id="boss", email="boss@example.org", password_hash=hashed(PASSWORD))
        make_sale(make_token(make_business(name="Corner Shop"), status="SOLD"))
        make_worker_state()
        db.session.commit()
        yield own_app


@pytest.fixture
def owner(shop):
    from wifiapp.auth.models import User  # noqa: PLC0415 - only here

    return sign_in(shop.test_client(), db.session.get(User, "boss"))


@pytest.fixture
def archive(shop):
    made = make_archive(shop, EVERYTHING)
    facts = {"file_name": made.path.name, "sha256": made.sha256, "size": made.size}
    proved = {"verified_at": clock.now(), "finished_at": clock.now(), "row_count": made.rows}
    backup = make_backup(status="VERIFIED", **facts, **proved)
    db.session.commit()
    return backup


def path_of(shop, backup):
    return shop.config["WIFIAPP"].backup_dir / backup.file_name


def add(name="Added since"):
    make_sale(make_token(make_business(name=name), status="SOLD"))
    db.session.commit()


def shops():
    db.session.rollback()
    return sorted(db.session.scalars(db.select(Business.name)))


def work(shop):
    told = restoring.run_waiting(shop.config["WIFIAPP"], Event())
    db.session.rollback()
    return told


def choose(client, backup):
    answer = client.post("/backups/restore/choose", data={"backup_id": backup.id})
    assert answer.status_code == 303, answer.text
    return answer.location


def send(client, content, name="mine.zip", **given):
    data = {"archive": (io.BytesIO(content), name)}
    return client.post("/backups/restore/upload", data=data, **given)


def restores():
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(db.select(Restore)).all()


# -- the whole way -------------------------------------------------------------------------------


def test_from_the_choice_to_the_note_and_back(shop, owner, archive):
    sha256 = archive.sha256
    add()
    url = choose(owner, archive)
    assert "Waiting for the worker" in owner.get(url).text
    work(shop)
    page = owner.get(url).text
    assert "Back to" in page
    assert "1 sale (USD 1.00), 1 token" in page
    assert "added since will be lost" in page
    assert "You stay signed in" in page
    assert "safety backup" in page
    assert owner.post(url, data=SURE).status_code == 303
    assert "Waiting for the worker" in owner.get(url).text
    work(shop)
    assert shops() == ["Corner Shop"]
    page = owner.get(url).text
    assert "Note of a restore" in page
    assert "All rows came back equal" in page
    assert "Undo this restore" in page
    assert sha256 in page
    undo = f"{url}/undo"
    page = owner.get(undo).text
    assert "Back again, as before the restore:" in page and "1 sale, 1 token" in page
    sure = SURE | {"phrase": "UNDO", "schema": schema_of(page)}
    assert owner.post(undo, data=sure).status_code == 303
    assert shops() == ["Added since", "Corner Shop"]
    page = owner.get(url).text
    assert "was undone" in page
    assert "Undo this restore" not in page
    page = owner.get(undo).text
    assert "Take back the undo?" in page and "Type RESTORE to go on" in page
    again = SURE | {"schema": schema_of(page)}
    assert owner.post(undo, data=again).status_code == 303
    assert shops() == ["Corner Shop"]
    assert "All rows came back equal" in owner.get(url).text


def schema_of(page):
    """Return what the form of an undo says that it would bring back."""
    return re.search(r'name="schema" value="(\w+)"', page)[1]


@pytest.mark.parametrize("schema", [None, "before_restore_20200101_000000"])
def test_a_form_that_is_sent_again_does_not_take_back_its_own_undo(shop, owner, archive, schema):
    url = choose(owner, archive)
    work(shop)
    add()
    owner.post(url, data=SURE)
    work(shop)
    undo = f"{url}/undo"
    first = SURE | {"phrase": "UNDO", "schema": schema_of(owner.get(undo).text)}
    owner.post(undo, data=first)
    assert shops() == ["Added since", "Corner Shop"]
    stale = SURE | {"schema": schema or first["schema"]}
    answer = owner.post(undo, data=stale, follow_redirects=True)
    assert "Something was restored or undone meanwhile" in answer.text
    assert shops() == ["Added since", "Corner Shop"]


def test_a_file_is_uploaded_checked_and_restored(shop, owner, archive):
    content = path_of(shop, archive).read_bytes()
    add()
    answer = send(owner, content, "a folder/mine.zip")
    assert answer.status_code == 303
    (restore,) = restores()
    assert (restore.file_name, restore.is_uploaded) == ("mine.zip", True)
    assert uploads.path_of(shop.config["WIFIAPP"], restore.id).read_bytes() == content
    work(shop)
    assert owner.post(answer.location, data=SURE).status_code == 303
    work(shop)
    assert shops() == ["Corner Shop"]


def test_a_new_installation_takes_over_the_data_of_another(shop, archive, empty_database, app_on):
    from flask_migrate import upgrade  # noqa: PLC0415 - only here

    from wifiapp.auth.models import User  # noqa: PLC0415 - only here

    content = path_of(shop, archive).read_bytes()
    new = app_on(empty_database)
    with new.app_context():
        upgrade()
        make_user("ADMIN", id="me", email="me@example.org", password_hash=hashed(PASSWORD))
        make_worker_state()
        db.session.commit()
        client = sign_in(new.test_client(), db.session.get(User, "me"))
        url = send(client, content).location
        work(new)
        assert "You are not in this archive" in client.get(url).text
        client.post(url, data=SURE)
        work(new)
        assert shops() == ["Corner Shop"]
        assert client.get(url).status_code == 200


# -- the choice ----------------------------------------------------------------------------------


def test_the_page_offers_proved_backups_whose_file_is_there(owner, archive):
    make_backup(status="VERIFIED", file_name="gone.zip", verified_at=clock.now())
    make_backup(status="FAILED", error="no")
    db.session.commit()
    page = owner.get("/backups/restore").text
    assert page.count("Check this one") == 1
    assert "The file is missing" in page


def test_without_any_backup_the_page_says_what_to_do(owner):
    assert "No proved backup yet" in owner.get("/backups/restore").text


def test_a_backup_that_does_not_exist_is_not_found(owner):
    answer = owner.post("/backups/restore/choose", data={"backup_id": "nothing"})
    assert answer.status_code == 404


def test_while_one_is_under_way_no_other_can_be_chosen_and_it_is_linked(owner, archive):
    url = choose(owner, archive)
    page = owner.get("/backups/restore").text
    assert "A restore is under way" in page
    assert url in page
    assert "Check this one" not in page
    answer = owner.post("/backups/restore/choose", data={"backup_id": archive.id})
    assert answer.location.endswith("/backups/restore")
    assert "Wait until" in owner.get("/backups/restore").text


def test_the_pages_of_the_backups_lead_here(owner, archive):
    page = owner.get("/backups").text
    assert 'href="/backups/restore"' in page
    assert "/backups/restore/choose" in page
    assert "/backups/restore/choose" in owner.get(f"/backups/{archive.id}").text


# -- what is sent ----------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut"])
def test_what_is_no_archive_is_refused_beside_the_form_and_leaves_nothing(shop, owner, content):
    answer = send(owner, content)
    assert answer.status_code == 422
    assert "This file cannot be restored" in answer.text
    assert "Your data was not changed" in answer.text or "Choose the file" in answer.text
    assert restores() == []
    assert [*uploads.folder_of(shop.config["WIFIAPP"]).iterdir()] == []


def test_a_newer_archive_is_refused_with_both_revisions(shop, owner, archive):
    def newer(members):
        text = members["manifest.json"].decode()
        at = text.index('"revision": "') + 13
        members["manifest.json"] = (text[:at] + "20991231000000" + text[at + 14 :]).encode()

    path = altered(path_of(shop, archive), newer)
    answer = send(owner, path.read_bytes())
    assert answer.status_code == 409
    assert "20991231000000" in answer.text
    assert "Upgrade the app" in answer.text
    assert [*uploads.folder_of(shop.config["WIFIAPP"]).iterdir()] == []


def test_what_is_larger_than_the_limit_is_refused_unread(owner, shop, monkeypatch):
    monkeypatch.setattr(uploads, "ENVELOPE", 0)
    object.__setattr__(shop.config["WIFIAPP"], "upload_limit", 1000)
    answer = send(owner, b"x" * 5000)
    assert answer.status_code == 413
    assert "larger than" in answer.text


def test_an_archive_larger_than_any_form_may_be_is_taken(shop, owner, archive):
    assert shop.config["MAX_CONTENT_LENGTH"] < 3 << 20
    head = b'--b\r\nContent-Disposition: form-data; name="archive"; filename="a.zip"\r\n\r\n'
    answer = owner.post(
        "/backups/restore/upload",
        data=head + b"PK\x03\x04" + bytes(3 << 20) + b"\r\n--b--\r\n",
        content_type="multipart/form-data; boundary=b",
    )
    assert answer.status_code == 422
    assert "cut off" in answer.text


def test_nothing_is_stored_without_the_token_or_the_role(shop, owner):
    assert send(owner, b"x", csrf=False).status_code == 400
    with shop.app_context():
        seller = sign_in(shop.test_client(), make_user("SELLER"))
        db.session.commit()
    assert send(seller, b"x").status_code == 403
    assert send(shop.test_client(), b"x").status_code == 303
    assert (
        not (shop.config["WIFIAPP"].backup_dir / "uploads").exists()
        or [*uploads.folder_of(shop.config["WIFIAPP"]).iterdir()] == []
    )


def test_the_token_may_stand_in_the_form_as_browsers_without_scripts_send_it(shop, owner):
    token = owner.csrf_token()
    data = {"csrf_token": token, "archive": (io.BytesIO(b"no archive"), "a.zip")}
    answer = owner.post("/backups/restore/upload", data=data, csrf=False)
    assert answer.status_code == 422


def test_an_encrypted_file_asks_for_its_key_beside_the_field(shop, owner, archive):
    key, path = keys.make(), path_of(shop, archive)
    sealed = encryption.encrypt(path, path.parent, key.recipient)
    url = send(owner, sealed.path.read_bytes(), "mine.zip.age").location
    assert "This archive is encrypted" in owner.get(url).text
    for given in ("", "AGE-SECRET-KEY-1", keys.make().secret):
        answer = owner.post(f"{url}/open", data={"identity": given})
        assert answer.status_code == 422
        assert "identity-error" in answer.text
    answer = owner.post(f"{url}/open", data={"identity": key.secret.lower()})
    assert answer.status_code == 303
    work(shop)
    assert "Nothing was added since" in owner.get(url).text


# -- being sure --------------------------------------------------------------------------------


@pytest.fixture
def ready(shop, owner, archive):
    add()
    url = choose(owner, archive)
    work(shop)
    return url


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"phrase": "RESTORE"}, "Enter the password"),
        ({"phrase": "RESTORE", "password": "wrong"}, "This is not your password"),
        ({"phrase": "restore", "password": PASSWORD}, "capital letters"),
        ({"password": PASSWORD}, "capital letters"),
    ],
)
def test_without_the_password_and_the_phrase_nothing_begins(shop, owner, ready, given, said):
    answer = owner.post(ready, data=given)
    assert answer.status_code == 422
    assert said in answer.text
    assert work(shop) is None
    assert shops() == ["Added since", "Corner Shop"]


def test_guessing_the_password_is_slowed_down_as_at_the_sign_in(owner, ready):
    for _try in range(5):
        owner.post(ready, data=SURE | {"password": "wrong"})
    answer = owner.post(ready, data=SURE)
    assert answer.status_code == 429
    assert "Too many wrong passwords" in answer.text


def test_another_administrator_has_to_check_it_again(shop, ready):
    with shop.app_context():
        other = make_user("ADMIN", password_hash=hashed(PASSWORD))
        db.session.commit()
        client = sign_in(shop.test_client(), other)
    assert "Check again" in client.get(ready).text
    answer = client.post(ready, data=SURE)
    assert answer.status_code == 303
    assert "Check it again" in client.get(ready).text
    assert client.post(f"{ready}/check").status_code == 303
    work(shop)
    assert client.post(ready, data=SURE).status_code == 303
    work(shop)
    assert shops() == ["Corner Shop"]


def test_what_waits_can_be_cancelled_on_the_page(shop, owner, ready):
    owner.post(ready, data=SURE)
    assert owner.post(f"{ready}/cancel").status_code == 303
    assert work(shop) is None
    assert "was cancelled" in owner.get(ready).text
    assert shops() == ["Added since", "Corner Shop"]


@pytest.mark.parametrize("role", ["MANAGER", "SELLER"])
def test_only_admins_see_restores(sign_in_as, role):
    restore = make_restore()
    client = sign_in_as(make_user(role))
    for path in ("", f"/{restore.id}", f"/{restore.id}/undo"):
        assert client.get(f"/backups/restore{path}").status_code == 403


# -- progress and ends ---------------------------------------------------------------------------


def test_progress_comes_from_the_row_and_asks_again(admin_client):
    restore = make_restore(
        status="RUNNING",
        stage="safety loading",
        stage_table="wifi_tokens",
        rows_done=50,
        rows_expected=100,
        confirmed_at=clock.now(),
        started_at=clock.now() - timedelta(seconds=20),
    )
    db.session.execute(
        db.text("SELECT pg_advisory_xact_lock(hashtextextended('wifiapp backup ' || :id, 0))"),
        {"id": restore.id},
    )
    page = admin_client.get(f"/backups/restore/{restore.id}").text
    assert "Safety backup of now:" in page
    assert "wifi_tokens" in page
    assert "50 of about 100 rows" in page
    assert 'hx-trigger="every 1s"' in page
    part = admin_client.get(
        f"/backups/restore/{restore.id}", headers={"HX-Target": "restore-running"}
    )
    assert "<h1" not in part.text
    restore.status = "CANCELLED"
    db.session.commit()
    part = admin_client.get(
        f"/backups/restore/{restore.id}", headers={"HX-Target": "restore-running"}
    )
    assert part.headers["HX-Refresh"] == "true"


def test_a_restore_whose_worker_is_gone_is_called_interrupted(admin_client):
    restore = make_restore(status="RUNNING", started_at=clock.now())
    assert "Interrupted" in admin_client.get(f"/backups/restore/{restore.id}").text


def test_the_log_tells_each_step_of_the_check_and_of_the_restore(shop, owner, archive):
    url = choose(owner, archive)
    work(shop)
    owner.post(url, data=SURE)
    work(shop)
    assert f"{url}/log.txt" in owner.get(url).text
    answer = owner.get(f"{url}/log.txt")
    assert answer.headers["Content-Disposition"].startswith(
        'attachment; filename="wifiapp-restore-'
    )
    said = [line.split("Z  ", 1)[1].partition(",")[0] for line in answer.text.splitlines()]
    steps = ["queued", "loading", "comparing", "confirmed", "holding", "safety copying"]
    steps += ["safety comparing", "swapping"]
    places = [said.index(step) for step in steps]
    assert places == sorted(places)
    assert said[0].startswith("asked for by boss@example.org") and said[-1].startswith("restored: ")


def test_the_log_of_a_failure_says_why(shop, owner, archive):
    path = path_of(shop, archive)
    url = choose(owner, archive)
    path.write_bytes(path.read_bytes()[:-100])
    work(shop)
    assert "failed: The archive is damaged" in owner.get(f"{url}/log.txt").text
    assert f"{url}/log.txt" in owner.get(url).text


def test_a_failed_one_says_why_and_can_be_checked_again(admin_client):
    restore = make_restore(status="FAILED", error="The disk is full.")
    page = admin_client.get(f"/backups/restore/{restore.id}").text
    assert "The disk is full." in page
    assert f"/backups/restore/{restore.id}/check" in page


def test_without_a_worker_the_page_says_so(admin_client):
    restore = make_restore()
    assert "The worker is not running" in admin_client.get(f"/backups/restore/{restore.id}").text


# -- the gate ------------------------------------------------------------------------------------


@pytest.fixture
def shut(shop):
    """A restore under way: the gate is shut."""
    with connected(shop.config["WIFIAPP"]) as connection, hold.shut(connection):
        yield


@pytest.mark.usefixtures("shut")
def test_while_a_restore_is_under_way_pages_are_read_and_changes_refused(owner):
    page = owner.get("/devices")
    assert page.status_code == 200
    assert "changes wait until it is done" in page.text
    answer = owner.post("/users/invite", data={"email": "new@example.org", "role": "SELLER"})
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "10"
    assert "was not saved" in answer.text


@pytest.mark.usefixtures("shut")
def test_while_a_restore_is_under_way_people_sign_in_and_out(shop, owner):
    client = shop.test_client()
    data = {"email": "boss@example.org", "password": PASSWORD}
    assert client.post("/sign-in", data=data).status_code == 303
    assert owner.post("/sign-out").status_code == 303


def test_without_a_restore_no_banner_stands_anywhere(owner):
    assert "changes wait until it is done" not in owner.get("/devices").text
    answer = owner.post("/users/invite", data={})
    assert answer.status_code == 422
