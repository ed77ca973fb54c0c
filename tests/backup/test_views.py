"""The backup pages, on rows of the catalogue and files that stand in for archives."""

from datetime import timedelta
from hashlib import sha256

import pytest

from tests.conftest import sign_in
from tests.factories import make_audit_log, make_backup, make_business, make_user, make_worker_state
from wifiapp import clock
from wifiapp.audit.models import AuditLog
from wifiapp.backup import queries
from wifiapp.backup.models import Backup
from wifiapp.db import db

BYTES = bytes(range(256)) * 40


@pytest.fixture
def folder(app):
    place = app.config["WIFIAPP"].backup_dir
    place.mkdir(parents=True, exist_ok=True)
    return place


@pytest.fixture
def archived(folder):
    """Return a function that makes a verified backup with a file behind it."""
    made = []

    def make(**given):
        moment = given.get("created_at", clock.now())
        path = folder / f"wifiapp-all-{len(made)}.zip"
        path.write_bytes(BYTES)
        made.append(path)
        facts = {
            "status": "VERIFIED",
            "file_name": path.name,
            "size": len(BYTES),
            "sha256": sha256(BYTES).hexdigest(),
            "row_count": 1234,
            "revision": "20261122200001",
            "created_at": moment,
            "started_at": moment,
            "finished_at": moment + timedelta(seconds=9),
            "verified_at": moment + timedelta(seconds=9),
        }
        return make_backup(**facts | given)

    yield make
    for path in made:
        path.unlink(missing_ok=True)


def actions():
    return [row.action for row in db.session.query(AuditLog).order_by(AuditLog.at)]


# -- the list --------------------------------------------------------------------------------


def test_an_empty_catalogue_says_what_to_do(admin_client):
    text = admin_client.get("/backups").text
    assert "No backups yet" in text
    assert "No full backup has been proved yet" in text
    assert "The worker" in text or "Worker" in text


def test_the_form_begins_with_a_full_backup_of_business_data_only(admin_client):
    text = admin_client.get("/backups").text
    assert 'checked id="business_data"' in text
    assert 'checked id="audit_logs"' not in text
    assert 'checked id="demo_data"' not in text
    assert "Full: everything" in text


def test_a_verified_backup_is_listed_with_all_its_facts(admin_client, archived):
    backup = archived(has_audit_logs=True, created_by="boss@example.org")
    text = admin_client.get("/backups").text
    for fact in ("Full, with audit log", "1,234 rows", "10.2 kB", "revision 20261122200001"):
        assert fact in text
    assert backup.sha256 in text
    assert "boss@example.org" in text
    assert f"/backups/{backup.id}/download" in text


def test_a_failed_backup_says_why_and_offers_no_download(admin_client):
    backup = make_backup(status="FAILED", error="The disk is full.", finished_at=clock.now())
    text = admin_client.get("/backups").text
    assert "The disk is full." in text
    assert f"/backups/{backup.id}/download" not in text


@pytest.mark.parametrize(
    ("days", "said"), [(1, "tone-good"), (3, "older than two days"), (8, "older than a week")]
)
def test_the_card_warns_when_the_last_backup_is_old(admin_client, archived, days, said):
    archived(created_at=clock.now() - timedelta(days=days))
    assert said in admin_client.get("/backups").text


def test_the_card_says_when_the_file_is_gone(admin_client, archived):
    archived(file_name="gone.zip")
    assert "File missing" in admin_client.get("/backups").text


def test_the_card_tells_whether_a_worker_runs(admin_client):
    make_worker_state(last_run_at=clock.now() - timedelta(minutes=5))
    assert "Not running" in admin_client.get("/backups").text
    make_worker_state()
    assert "Not running" not in admin_client.get("/backups").text


def test_a_long_catalogue_comes_in_pages_that_miss_nothing(admin_client):
    start = clock.now() - timedelta(days=1)
    ids = {
        make_backup(status="FAILED", created_at=start + timedelta(seconds=i // 3)).id
        for i in range(40)
    }
    seen, after, pages = set(), None, 0
    while True:
        page = queries.list_backups(after)
        seen |= {row.id for row in page.rows}
        pages, after = pages + 1, page.after
        if after is None:
            break
    assert (seen, pages) == (ids, 3)
    page = queries.list_backups()
    assert "First" in admin_client.get(f"/backups?after={page.after}").text


def test_a_full_page_stays_small(admin_client, archived):
    for _ in range(16):
        archived()
    text = admin_client.get("/backups").text
    assert text.count("/download") == 15
    assert 'rel="next"' in text


def test_a_damaged_page_address_begins_anew(admin_client, archived):
    backup = archived()
    page = admin_client.get("/backups?after=nonsense")
    assert page.status_code == 200 and f"/backups/{backup.id}" in page.text
    assert "This page address is damaged." in page.text


@pytest.mark.parametrize("role", ["MANAGER", "SELLER"])
@pytest.mark.parametrize("path", ["", "/{id}", "/{id}/download", "/{id}/delete"])
def test_only_admins_see_backups(sign_in_as, archived, role, path):
    backup = archived()
    client = sign_in_as(make_user(role))
    assert client.get("/backups" + path.format(id=backup.id)).status_code == 403


# -- asking for one --------------------------------------------------------------------------


def test_creating_puts_a_row_for_the_worker_with_the_chosen_options(admin_client):
    chosen = {"business_id": "", "business_data": "y", "demo_data": "y"}
    answer = admin_client.post("/backups", data=chosen)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/backups")
    row = db.session.query(Backup).one()
    assert (row.status, row.started_by, row.business_id) == ("QUEUED", "PAGE", None)
    assert (row.has_business_data, row.has_audit_logs, row.has_demo_data) == (True, False, True)
    assert actions() == ["backup.create"]


def test_creating_one_business_names_it(admin_client):
    shop = make_business(name="Corner Shop")
    admin_client.post("/backups", data={"business_id": shop.id, "business_data": "y"})
    row = db.session.query(Backup).one()
    assert (row.business_id, row.business_name) == (shop.id, "Corner Shop")
    assert "Only Corner Shop" in admin_client.get("/backups").text


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"business_id": "nobody"}, "Not a valid choice"),
        ({"business_id": "{real}"}, "needs its business data"),
        ({"business_id": "{demo}", "business_data": "y"}, "needs the demo data"),
    ],
)
def test_bad_choices_are_named_beside_the_field_and_nothing_is_lost(admin_client, chosen, said):
    ids = {"real": make_business().id, "demo": make_business(is_demo=True).id}
    chosen = {name: value.format(**ids) for name, value in chosen.items()}
    answer = admin_client.post("/backups", data={**chosen, "audit_logs": "y"})
    assert answer.status_code == 422
    assert said in answer.text
    assert 'checked id="audit_logs"' in answer.text
    assert db.session.query(Backup).count() == 0


def test_a_second_backup_is_refused_with_who_and_since(admin_client):
    make_backup(status="QUEUED", created_by="early@example.org")
    answer = admin_client.post("/backups", data={"business_data": "y"}, follow_redirects=True)
    assert "early@example.org waits for the worker since" in answer.text
    assert db.session.query(Backup).count() == 1


def test_a_sick_schema_is_refused_with_every_gap_at_once(own_app):
    with own_app.app_context():
        client = sign_in(own_app.test_client(), make_user("ADMIN"))
        db.session.execute(db.text('ALTER TABLE wifi_token_sales DROP COLUMN "saleChannel"'))
        db.session.execute(db.text("DROP TABLE wifi_usage_analytics, device_sessions"))
        db.session.commit()
        answer = client.post("/backups", data={"business_data": "y", "demo_data": "y"})
        assert answer.status_code == 409
        for gap in ("saleChannel", "wifi_usage_analytics", "device_sessions"):
            assert gap in answer.text
        assert "Your data was not changed" in answer.text
        assert 'checked id="demo_data"' in answer.text
        assert db.session.query(Backup).count() == 0


# -- while it runs ---------------------------------------------------------------------------


def running(**given):
    facts = {"status": "RUNNING", "stage": "copying", "stage_table": "wifi_tokens"}
    facts |= {"rows_done": 500, "rows_expected": 1000, "bytes_done": 2_000_000}
    return make_backup(**facts | {"started_at": clock.now() - timedelta(seconds=10)} | given)


@pytest.fixture
def held(monkeypatch):
    """Let every running backup have somebody who makes it."""
    monkeypatch.setattr(queries, "is_held", lambda _id: True)


def test_a_running_backup_shows_stage_table_rows_rate_and_time_left(admin_client, held):
    running()
    text = admin_client.get("/backups").text
    for part in ("Copying wifi_tokens", "500 of about 1,000 rows", "a second", "left", "16%"):
        assert part in text
    assert 'hx-trigger="every 1s"' in text
    assert '<meta http-equiv="refresh" content="2">' in text
    assert "Create a backup" not in text


def test_the_fragment_is_only_that_part_and_ends_with_a_refresh(admin_client, held):
    backup = running()
    ask = {"HX-Request": "true", "HX-Target": "backup-running"}
    part = admin_client.get("/backups", headers=ask)
    assert part.text.lstrip().startswith('<div id="backup-running"')
    assert "HX-Refresh" not in part.headers
    backup.status = "VERIFIED"
    db.session.flush()
    part = admin_client.get("/backups", headers=ask)
    assert "hx-trigger" not in part.text
    assert part.headers["HX-Refresh"] == "true"


def test_a_waiting_backup_says_when_no_worker_runs(admin_client):
    make_backup(status="QUEUED")
    assert "so nothing happens yet" in admin_client.get("/backups").text


def test_a_backup_whose_maker_is_gone_does_not_stand_in_the_way(admin_client):
    dead = running()
    text = admin_client.get("/backups").text
    assert "was interrupted" in text
    assert "Create a backup" in text
    admin_client.post("/backups", data={"business_data": "y"})
    db.session.refresh(dead)
    assert (dead.status, db.session.query(Backup).count()) == ("FAILED", 2)
    assert "Interrupted" in dead.error


def test_cancelling_a_waiting_backup_ends_it_at_once(admin_client):
    backup = make_backup(status="QUEUED")
    admin_client.post(f"/backups/{backup.id}/cancel")
    db.session.refresh(backup)
    assert (backup.status, actions()) == ("CANCELLED", ["backup.cancel"])


def test_cancelling_a_running_backup_asks_its_maker(admin_client, held):
    backup = running()
    admin_client.post(f"/backups/{backup.id}/cancel")
    db.session.refresh(backup)
    assert backup.status == "RUNNING"
    assert backup.cancel_requested_at is not None
    assert "Cancelling" in admin_client.get("/backups").text


# -- downloads -------------------------------------------------------------------------------


def test_a_download_is_the_file_with_all_that_makes_it_resumable(admin_client, archived):
    backup = archived()
    answer = admin_client.get(f"/backups/{backup.id}/download", buffered=True)
    assert answer.data == BYTES
    assert answer.headers["Content-Length"] == str(len(BYTES))
    assert answer.headers["ETag"] == f'"{backup.sha256}"'
    assert answer.headers["X-Content-SHA256"] == backup.sha256
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["Content-Disposition"] == f"attachment; filename={backup.file_name}"
    assert actions() == ["backup.download"]


@pytest.mark.parametrize(
    ("wanted", "part", "said"),
    [
        ("bytes=0-99", BYTES[:100], "bytes 0-99/10240"),
        ("bytes=5000-", BYTES[5000:], "bytes 5000-10239/10240"),
        ("bytes=-1", BYTES[-1:], "bytes 10239-10239/10240"),
    ],
)
def test_a_range_is_exactly_those_bytes(admin_client, archived, wanted, part, said):
    answer = admin_client.get(
        f"/backups/{archived().id}/download", headers={"Range": wanted}, buffered=True
    )
    assert (answer.status_code, answer.data) == (206, part)
    assert answer.headers["Content-Range"] == said


def test_a_resumed_download_of_another_file_begins_anew(admin_client, archived):
    backup = archived()
    url, wanted = f"/backups/{backup.id}/download", {"Range": "bytes=100-199"}
    same = admin_client.get(
        url, headers={**wanted, "If-Range": f'"{backup.sha256}"'}, buffered=True
    )
    assert (same.status_code, same.data) == (206, BYTES[100:200])
    other = admin_client.get(url, headers={**wanted, "If-Range": '"something else"'}, buffered=True)
    assert (other.status_code, other.data) == (200, BYTES)


def test_a_range_beyond_the_end_is_refused_with_the_size(admin_client, archived):
    url = f"/backups/{archived().id}/download"
    answer = admin_client.get(url, headers={"Range": "bytes=99999-"})
    assert (answer.status_code, answer.headers["Content-Range"]) == (416, "bytes */10240")


def test_a_known_file_is_not_sent_again(admin_client, archived):
    backup = archived()
    known = {"If-None-Match": f'"{backup.sha256}"'}
    answer = admin_client.get(f"/backups/{backup.id}/download", headers=known, buffered=True)
    assert (answer.status_code, answer.data, actions()) == (304, b"", [])


def test_a_file_that_is_gone_is_explained(admin_client, archived):
    backup = archived(file_name="gone.zip")
    answer = admin_client.get(f"/backups/{backup.id}/download")
    assert answer.status_code == 410
    assert "gone.zip" in answer.text
    assert "Put the file back" in answer.text


def test_a_path_in_the_catalogue_leads_nowhere_else(admin_client, archived, folder):
    (folder.parent / "secret").write_text("secret")
    backup = archived(file_name="../secret")
    assert admin_client.get(f"/backups/{backup.id}/download").status_code == 410


@pytest.mark.parametrize("wrong", ["nobody", "..%2f..%2fsecret", "%00"])
def test_an_unknown_id_is_not_found(admin_client, wrong):
    for path in (f"/backups/{wrong}", f"/backups/{wrong}/download", f"/backups/{wrong}/delete"):
        assert admin_client.get(path).status_code in {400, 404}


def test_an_archive_that_failed_its_check_is_not_handed_out(admin_client, archived):
    backup = archived(status="FAILED", verified_at=None, error="The archive is damaged.")
    assert admin_client.get(f"/backups/{backup.id}/download").status_code == 409


# -- keeping and deleting --------------------------------------------------------------------


def test_pinning_protects_from_deletion(admin_client, archived):
    backup = archived()
    archived()
    admin_client.post(f"/backups/{backup.id}/pin", data={"pinned": "yes"})
    answer = admin_client.post(f"/backups/{backup.id}/delete", follow_redirects=True)
    assert "Unpin it first" in answer.text
    admin_client.post(f"/backups/{backup.id}/pin", data={"pinned": "no"})
    answer = admin_client.post(f"/backups/{backup.id}/delete", follow_redirects=True)
    assert "The backup was deleted" in answer.text


def test_deleting_asks_on_a_page_and_removes_row_and_file(admin_client, archived, folder):
    backup = archived(created_at=clock.now() - timedelta(days=1))
    archived()
    page = admin_client.get(f"/backups/{backup.id}/delete").text
    assert "Delete this backup?" in page
    assert "to go on" not in page
    admin_client.post(f"/backups/{backup.id}/delete")
    assert not (folder / backup.file_name).exists()
    assert db.session.query(Backup).count() == 1
    assert actions()[-1] == "backup.delete"


def test_the_last_good_backup_is_deleted_only_after_a_typed_word(admin_client, archived, folder):
    backup = archived()
    url = f"/backups/{backup.id}/delete"
    assert "last full backup" in admin_client.get(url).text
    for typed in ("", "delete"):
        answer = admin_client.post(url, data={"phrase": typed})
        assert (answer.status_code, "capital letters" in answer.text) == (422, True)
    assert (folder / backup.file_name).exists()
    assert admin_client.post(url, data={"phrase": "DELETE"}).status_code == 303
    assert not (folder / backup.file_name).exists()


def test_an_unfinished_backup_is_not_deleted(admin_client):
    backup = make_backup(status="QUEUED")
    answer = admin_client.post(f"/backups/{backup.id}/delete", follow_redirects=True)
    assert "Cancel it first" in answer.text


def test_checking_again_waits_for_the_worker_and_the_backup_still_counts(admin_client, archived):
    backup = archived()
    admin_client.post(f"/backups/{backup.id}/verify")
    db.session.refresh(backup)
    assert backup.status == "QUEUED"
    assert queries.find_last_verified().id == backup.id
    admin_client.post(f"/backups/{backup.id}/cancel")
    db.session.refresh(backup)
    assert backup.status == "VERIFIED"


def test_what_cannot_bring_the_shop_back_is_not_the_last_verified_one(archived):
    make_audit_log()
    archived(business_id=make_business().id)
    archived(has_business_data=False)
    archived(status="FAILED", verified_at=None)
    assert queries.find_last_verified() is None
