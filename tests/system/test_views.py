import json
from datetime import timedelta

import pytest

from tests.conftest import sign_in
from tests.factories import make_backup, make_business, make_user, make_worker_state
from tests.system.test_broken_state import PAGES
from wifiapp import clock
from wifiapp.config import VERSION
from wifiapp.db import db
from wifiapp.system import health

ADDRESS_OF_NOBODY = "postgresql+psycopg://nobody@127.0.0.1:1/nowhere"


def commit(*_rows):
    db.session.commit()


@pytest.fixture
def well(own_app):
    """An installation in which nothing is left to wish for."""
    with own_app.app_context():
        now = clock.now()
        commit(
            make_worker_state(last_run_at=now),
            make_backup(status="VERIFIED", verified_at=now, finished_at=now),
        )
    return own_app


def damage(app, sql):
    with app.app_context():
        db.session.execute(db.text(sql))
        db.session.commit()


# -- /healthz ------------------------------------------------------------------------------------


def test_healthz_has_exactly_the_documented_keys_for_anybody(well):
    answer = well.test_client().get("/healthz")
    assert answer.status_code == 200
    assert answer.json.keys() == {"status", "database", "schema", "worker", "backup"}
    assert answer.json["schema"].keys() == {"revision", "head", "drift"}
    assert answer.json["worker"].keys() == {"lastRun"}
    assert answer.json["backup"].keys() == {"lastVerifiedAt", "freshness"}
    assert (answer.json["status"], answer.json["database"]) == ("ok", "ok")
    assert answer.json["schema"]["drift"] is False
    assert answer.json["worker"]["lastRun"].endswith("Z")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers


def test_a_new_installation_without_worker_or_backup_is_degraded_and_serves(own_app):
    answer = own_app.test_client().get("/healthz")
    assert answer.status_code == 200
    assert answer.json["status"] == "degraded"
    assert answer.json["worker"] == {"lastRun": None}
    assert answer.json["backup"] == {"lastVerifiedAt": None, "freshness": "never"}


def test_a_worker_silent_for_five_minutes_is_degraded(well, later):
    later(6 * 60)
    assert well.test_client().get("/healthz").json["status"] == "degraded"


@pytest.mark.parametrize(
    ("days", "freshness", "status"),
    [(1.9, "fresh", "ok"), (2.1, "aging", "degraded"), (7.1, "old", "degraded")],
)
def test_a_backup_that_ages_is_degraded_and_says_how_old(own_app, days, freshness, status):
    with own_app.app_context():
        now = clock.now()
        then = now - timedelta(days=days)
        commit(
            make_worker_state(last_run_at=now),
            make_backup(status="VERIFIED", verified_at=now, finished_at=now, created_at=then),
        )
    answer = own_app.test_client().get("/healthz").json
    assert (answer["backup"]["freshness"], answer["status"]) == (freshness, status)


def test_a_sick_schema_is_503_and_harmless_extras_are_200(well, later):
    client = well.test_client()
    damage(well, "CREATE TABLE mine (id int)")
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json["status"]) == (200, "degraded")
    assert answer.json["schema"]["drift"] is True
    damage(well, "ALTER TABLE users DROP COLUMN name")
    later(10)
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json["status"]) == (503, "down")


def test_a_database_that_does_not_answer_is_503_without_a_secret(app_on, no_database):
    app = app_on("postgresql+psycopg://nobody:hush@127.0.0.1:1/nowhere")
    answer = app.test_client().get("/healthz")
    assert answer.status_code == 503
    assert answer.json == {
        "status": "down",
        "database": "gone",
        "schema": {"revision": None, "head": None, "drift": None},
        "worker": {"lastRun": None},
        "backup": {"lastVerifiedAt": None, "freshness": None},
    }
    assert "hush" not in answer.text


def test_the_database_is_asked_once_in_a_few_seconds_however_often_monitors_ask(
    well, monkeypatch, time_machine, later
):
    time_machine.move_to(clock.now(), tick=False)  # the test may take its time
    asked = []
    examine = health.examine
    monkeypatch.setattr(health, "examine", lambda c: asked.append(c) or examine(c))
    client = well.test_client()
    for _ in range(5):
        client.get("/healthz")
    assert len(asked) == 1
    later(4)
    client.get("/healthz")
    assert len(asked) == 2


def test_a_change_of_the_schema_is_logged_once(well, later, caplog):
    client = well.test_client()
    client.get("/healthz")
    caplog.clear()
    damage(well, "ALTER TABLE users DROP COLUMN name")
    for _ in range(3):
        later(10)
        client.get("/healthz")
    (line,) = [each for each in caplog.records if "schema.drift" in str(each.msg)]
    assert "missing column users.name" in str(line.msg)


# -- the System page -----------------------------------------------------------------------------


def test_the_system_page_is_for_administrators(sign_in_as):
    assert sign_in_as(make_user("ADMIN")).get("/system").status_code == 200
    for role in ("MANAGER", "SELLER"):
        assert sign_in_as(make_user(role)).get("/system").status_code == 403


def test_a_sound_system_says_so_with_versions_worker_and_room(admin_client):
    make_worker_state(name="till-pc:4711")
    text = admin_client.get("/system").text
    assert "Nothing differs: models, migrations and database agree." in text
    assert "till-pc:4711" in text
    assert VERSION in text
    assert "Room on the disk" in text


def test_without_a_worker_the_page_says_how_to_start_one(admin_client):
    assert "No worker is running" in admin_client.get("/system").text


def test_every_difference_stands_there_with_what_mends_it_to_copy(admin_client):
    for sql in (
        "ALTER TABLE hotspots DROP COLUMN firmware",
        "ALTER TABLE wifi_tokens DROP CONSTRAINT wifi_tokens_status_check",
        "CREATE TABLE mine (id int)",
    ):
        db.session.execute(db.text(sql))
    db.session.commit()
    text = admin_client.get("/system").text
    assert "Missing" in text and "Extra" in text
    assert "wifi_tokens_status_check" in text
    assert 'data-copy="ALTER TABLE &#34;hotspots&#34; ADD COLUMN' in text


def test_the_json_says_what_the_page_says(admin_client):
    make_worker_state(name="till-pc:4711")
    facts = json.loads(admin_client.get("/system.json").text)
    assert facts["doctor"]["status"] == "clean"
    assert facts["workers"][0]["name"] == "till-pc:4711"
    assert facts["versions"]["wifiapp"] == VERSION
    assert facts["database"]["size"] > 0
    assert facts["disks"][0]["free"] <= facts["disks"][0]["total"]


# -- banners -------------------------------------------------------------------------------------


def page_of(app, role="ADMIN"):
    with app.app_context():
        user = make_user(role)
        db.session.commit()
        return sign_in(app.test_client(), user).get("/password").text


def test_a_well_system_has_no_banner(well):
    assert "background worker" not in page_of(well)


def test_a_silent_worker_is_told_to_administrators_only(own_app):
    assert "The background worker is not running" in page_of(own_app)
    assert "The background worker is not running" not in page_of(own_app, "SELLER")


@pytest.mark.parametrize(
    ("days", "level"), [(None, "info"), (1, None), (3, "warn"), (8, "bad"), (-3, "warn")]
)
def test_an_old_or_missing_backup_is_told_above_the_pages_of_administrators(own_app, days, level):
    with own_app.app_context():
        make_business(created_at=clock.now() - timedelta(hours=25))
        if days is not None:
            then = clock.now() - timedelta(days=days)
            make_backup(status="VERIFIED", verified_at=clock.now(), created_at=then)
        commit(make_worker_state())
    banner = page_of(own_app).partition("See the backups")[0].rpartition('class="alert tone-')[2]
    assert banner.partition('"')[0] == level if level else "See the" not in page_of(own_app)
    assert "See the backups" not in page_of(own_app, "SELLER")


OLD = clock.now() - timedelta(days=9)


@pytest.mark.parametrize("shop", [None, {}, {"is_demo": True, "created_at": OLD}])
def test_a_shop_of_today_is_not_blamed_for_lacking_a_backup(own_app, shop):
    """Its first night makes one, and the first steps name it."""
    with own_app.app_context():
        if shop is not None:
            make_business(**shop)
        commit(make_worker_state())
    assert "See the backups" not in page_of(own_app)


def test_a_banner_costs_no_query_for_half_a_minute(own_app, monkeypatch):
    page_of(own_app)
    monkeypatch.setattr(health, "examine", lambda _connection: pytest.fail("asked again"))
    assert "The background worker is not running" in page_of(own_app)


def test_what_was_found_out_before_the_clock_was_set_back_is_not_believed(
    well, time_machine, later
):
    client, today = well.test_client(), clock.now()
    later(90_000)
    assert client.get("/healthz").json["schema"]["drift"] is False
    damage(well, "ALTER TABLE users DROP COLUMN name")
    time_machine.move_to(today)
    assert client.get("/healthz").json["schema"]["drift"] is True


@pytest.mark.parametrize("table", ["users", "businesses", "audit_logs", "worker_states", "backups"])
def test_no_page_fails_whichever_table_is_gone(own_app, table):
    with own_app.app_context():
        user = make_user("ADMIN")
        db.session.commit()
        client = sign_in(own_app.test_client(), user)
        db.session.execute(db.text(f"DROP TABLE {table} CASCADE"))
        db.session.commit()
    for page in (*PAGES, "/sign-in", "/healthz"):
        answer = client.get(page)
        assert answer.status_code in {200, 303, 503}, page
    assert client.get("/healthz").status_code == 503
