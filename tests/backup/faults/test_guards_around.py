"""What would happen without the guards around the engine: people, files, days and clocks."""

import os
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest

from tests.backup.archives import EVERYTHING, call, execute, fill, make_archive, schemas
from tests.conftest import sign_in
from tests.factories import make_backup, make_sale, make_user, make_worker_state
from wifiapp import clock
from wifiapp.auth.models import User
from wifiapp.backup import engine, restore_views, restoring, retention, writing
from wifiapp.backup import restore_work_operations as work
from wifiapp.backup.engine import say_nothing
from wifiapp.backup.models import Backup
from wifiapp.db import db

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


# -- files and days --------------------------------------------------------------------------------


def test_without_its_mode_everybody_on_the_machine_could_read_an_archive(own_app, monkeypatch):
    fill(own_app, make_user)
    assert make_archive(own_app).path.stat().st_mode & 0o077 == 0
    open_ = os.open
    monkeypatch.setattr(writing.os, "open", lambda path, flags, _mode=0: open_(path, flags, 0o666))
    assert make_archive(own_app).path.stat().st_mode & 0o077


def test_without_the_floor_all_but_one_proved_backup_of_a_day_would_go(no_database, monkeypatch):
    made = [NOW - timedelta(hours=1) * number for number in range(5)]
    facts = {"status": "VERIFIED", "started_by": "PAGE", "has_business_data": True}
    backups = [
        Backup(id=f"b{at:%H}", file_name=f"{at:%H}.zip", created_at=at, verified_at=at, **facts)
        for at in made
    ]
    rules = retention.Rules(daily=3, weekly=0, monthly=0)
    assert len(retention.plan(backups, rules, NOW).going) == 2
    monkeypatch.setattr(
        retention,
        "_choose",
        lambda counted, rules: {
            each.id: retention.DAILY
            for each in retention._newest_of_each(
                counted, rules.daily, lambda each: each.created_at.date()
            )
        },
    )
    assert len(retention.plan(backups, rules, NOW).going) == 4


# -- people ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("guarded", [True, False])
def test_without_being_carried_over_the_admin_who_restores_would_be_gone(
    own_app, monkeypatch, guarded
):
    fill(own_app, lambda: make_user("ADMIN", email="then@example.org"))
    path = make_archive(own_app, EVERYTHING).path
    fill(own_app, lambda: make_user("ADMIN", email="now@example.org"))
    if not guarded:
        monkeypatch.setattr(work.carrying, "keep_admin", lambda *_: False)
    call(own_app, work.restore_now, path, say_nothing, keep="now@example.org")
    emails = {email for (email,) in execute(own_app, "SELECT email FROM users")}
    assert emails == {"then@example.org"} | ({"now@example.org"} if guarded else set())


@pytest.mark.parametrize("guarded", [True, False])
def test_without_the_password_anybody_at_the_screen_could_restore(own_app, monkeypatch, guarded):
    fill(own_app, lambda: make_user("ADMIN", id="boss"), make_worker_state)
    made = make_archive(own_app, EVERYTHING)
    fill(own_app, lambda: make_backup_of(made), make_sale)
    client = own_app.test_client()
    with own_app.app_context():
        sign_in(client, db.session.get(User, "boss"))
        url = client.post("/backups/restore/choose", data={"backup_id": "made"}).location
        work.run_waiting(own_app.config["WIFIAPP"], Event())
    if not guarded:
        monkeypatch.setattr(restore_views, "is_sure", lambda form: True)
    client.post(url, data={"phrase": "RESTORE", "password": "a guess"})
    call(own_app, work.run_waiting, Event())
    assert bool(schemas(own_app)) is not guarded


def make_backup_of(made):
    facts = {"file_name": made.path.name, "sha256": made.sha256, "size": made.size}
    proved = {"verified_at": clock.now(), "finished_at": clock.now(), "row_count": made.rows}
    return make_backup(id="made", status="VERIFIED", **facts, **proved)


# -- clocks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("guarded", [True, False])
def test_without_the_look_at_what_is_kept_an_undo_would_bring_back_the_wrong_data(
    own_app, monkeypatch, time_machine, guarded
):
    fill(own_app, make_sale)
    path = make_archive(own_app).path
    if not guarded:
        monkeypatch.setattr(
            restoring, "kept_name", lambda _: f"before_restore_{clock.now():%Y%m%d_%H%M%S}"
        )
    call(own_app, engine.restore, path)
    fill(own_app, make_sale)
    time_machine.move_to(clock.now() - timedelta(hours=1))
    call(own_app, engine.restore, path)
    time_machine.shift(2)
    call(own_app, engine.undo_restore)
    sales = 2 if guarded else 1
    assert execute(own_app, "SELECT count(*) FROM wifi_token_sales") == [(sales,)]
