"""When the daily backup is due, by pure rules and by real rows, clocks that jump included."""

from datetime import UTC, date, datetime, time, timedelta
from threading import Event
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import make_backup, make_setting
from tests.processes import running_worker, wait_for
from wifiapp.access import COMMAND_LINE
from wifiapp.backup import (
    encryption,
    engine,
    keys,
    keys_operations,
    lifecycle,
    operations,
    schedule,
)
from wifiapp.backup.errors import WrongKey
from wifiapp.backup.models import Backup, BackupReport, BackupRoutine
from wifiapp.backup.schedule_operations import ask_for_daily
from wifiapp.backup.schedule_queries import get_daily
from wifiapp.db import db

HARARE, LONDON = ZoneInfo("Africa/Harare"), ZoneInfo("Europe/London")
FOUR = time(4)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def utc(*when):
    return datetime(*when, tzinfo=UTC)


# -- the rules -------------------------------------------------------------------------------


def test_a_day_is_due_from_its_time_on_by_the_clocks_of_the_shop():
    before, at = utc(2026, 11, 22, 1, 59), utc(2026, 11, 22, 2, 0)
    assert schedule.latest_day(before, FOUR, HARARE) == date(2026, 11, 21)
    assert schedule.latest_day(at, FOUR, HARARE) == date(2026, 11, 22)
    assert schedule.moment_of(date(2026, 11, 22), FOUR, HARARE) == at


@pytest.mark.parametrize(
    ("day", "at", "moment"),
    [
        (date(2026, 3, 29), time(1, 30), utc(2026, 3, 29, 1, 30)),  # skipped: 01:30 is 02:30
        (date(2026, 10, 25), time(1, 30), utc(2026, 10, 25, 0, 30)),  # twice: the first one
        (date(2026, 3, 29), time(12), utc(2026, 3, 29, 11)),
        (date(2026, 3, 28), time(12), utc(2026, 3, 28, 12)),
    ],
)
def test_days_on_which_the_clocks_change_have_one_moment_too(day, at, moment):
    assert schedule.moment_of(day, at, LONDON) == moment


@given(
    st.integers(0, 15 * 365 * 24).map(lambda hours: utc(2020, 1, 1) + hours * HOUR),
    st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    st.sampled_from(["UTC", "Europe/London", "America/New_York", "Australia/Lord_Howe"]),
)
def test_looking_every_hour_for_a_month_begins_each_day_exactly_once(start, at, name):
    zone = ZoneInfo(name)
    last, begun = schedule.latest_day(start, at, zone), []
    for hours in range(30 * 24):
        today = schedule.latest_day(start + hours * HOUR, at, zone)
        if schedule.is_new(today, last):
            begun.append(today)
            last = today
    assert begun == [begun[0] + i * DAY for i in range(len(begun))]
    assert len(begun) in (29, 30)


@given(
    st.lists(st.integers(-200, 60), min_size=1, max_size=30),
    st.integers(0, 23),
)
def test_a_clock_that_jumped_stops_the_backups_for_two_days_at_most(jumps, hour):
    now, at = utc(2026, 6, 15, 12), time(hour)
    last = schedule.latest_day(now, at, UTC)
    for jump in jumps:
        now += jump * HOUR
        today = schedule.latest_day(now, at, UTC)
        last = today if schedule.is_new(today, last) else last
    begun = 0
    for _ in range(49):
        now += HOUR
        today = schedule.latest_day(now, at, UTC)
        if schedule.is_new(today, last):
            begun, last = begun + 1, today
    assert 1 <= begun <= 3


def test_a_failed_day_is_tried_three_more_times_with_growing_pauses():
    failed, pauses, attempts = utc(2026, 11, 22, 4), [], 1
    while (again := schedule.retry_at(attempts, failed, failed)) is not None:
        pauses.append(again - failed)
        attempts += 1
    assert pauses == sorted(pauses)
    assert len(pauses) == 3
    assert schedule.retry_at(1, failed, failed - DAY) == failed - DAY


# -- rows ------------------------------------------------------------------------------------


@pytest.fixture
def shop(own_app):
    """An app whose clock and schedule are in UTC, with a worker that looked yesterday at noon."""
    with own_app.app_context():
        make_setting(key="zone", value="UTC")
        db.session.commit()
        config = own_app.config["WIFIAPP"]
        assert ask_for_daily(config, utc(2026, 11, 21, 12)) is None
        yield config


@pytest.fixture
def at(shop, time_machine):
    """Return a function that moves the clock there and lets the schedule look."""

    def look(*when):
        time_machine.move_to(utc(*when), tick=False)
        return ask_for_daily(shop, utc(*when))

    return look


def plan(**given):
    make_setting(key="backup", value=given)
    db.session.commit()


def rows():
    db.session.rollback()
    return db.session.query(Backup).order_by(Backup.created_at).all()


def end(status, when, **given):
    (row,) = [row for row in rows() if row.status == "QUEUED"]
    row.status, row.finished_at = status, utc(*when)
    for name, value in given.items():
        setattr(row, name, value)
    db.session.commit()


def test_a_new_installation_begins_with_the_next_day_and_not_at_once(shop, at):
    assert at(2026, 11, 21, 23) is None
    assert get_daily(utc(2026, 11, 21, 23)).next_at == utc(2026, 11, 22, 4)
    asked = at(2026, 11, 22, 4)
    assert (asked["day"], asked["attempt"], asked["status"]) == ("2026-11-22", 1, "QUEUED")
    (row,) = rows()
    assert (row.started_by, row.created_by) == ("SCHEDULE", "daily backup")
    assert (row.has_business_data, row.has_audit_logs, row.has_demo_data) == (True, True, False)


def test_it_takes_what_was_chosen_at_the_time_that_was_chosen(shop, at):
    plan(at="23:30", audit_logs=False, demo_data=True)
    assert at(2026, 11, 22, 23, 29) is None
    assert at(2026, 11, 22, 23, 30)["day"] == "2026-11-22"
    (row,) = rows()
    assert (row.has_audit_logs, row.has_demo_data) == (False, True)


def test_off_is_off(shop, at):
    plan(is_on=False)
    assert at(2026, 11, 25, 12) is None
    assert get_daily(utc(2026, 11, 25, 12)).next_at is None
    assert rows() == []


def test_a_machine_that_was_off_for_days_makes_one_backup_at_start(shop, at):
    assert at(2026, 11, 29, 9)["day"] == "2026-11-29"
    end("VERIFIED", (2026, 11, 29, 9, 1))
    assert at(2026, 11, 29, 9, 2) is None
    assert at(2026, 11, 30, 3, 59) is None
    assert at(2026, 11, 30, 4)["day"] == "2026-11-30"


def test_one_that_is_under_way_makes_the_daily_one_wait(shop, at):
    other = lifecycle.add(engine.Options(), COMMAND_LINE, status="QUEUED", started_by="PAGE")
    db.session.commit()
    assert at(2026, 11, 22, 4) is None
    other.status = "CANCELLED"
    db.session.commit()
    assert at(2026, 11, 22, 4, 1)["attempt"] == 1


def test_a_failure_is_tried_again_and_the_page_says_when(shop, at):
    at(2026, 11, 22, 4)
    tries = []
    for failed, pause in ((0, 5), (6, 30), (40, 120)):
        end("FAILED", (2026, 11, 22, 4, failed), error="The disk is full.")
        due = utc(2026, 11, 22, 4, failed) + timedelta(minutes=pause)
        daily = get_daily(due - HOUR / 60)
        assert (daily.next_at, daily.attempt) == (due, len(tries) + 2)
        early, then = due - HOUR / 60, due
        assert at(*early.timetuple()[:5]) is None
        tries.append(at(*then.timetuple()[:5])["attempt"])
    assert tries == [2, 3, 4]
    end("FAILED", (2026, 11, 22, 7), error="The disk is full.")
    assert at(2026, 11, 23, 3) is None
    daily = get_daily(utc(2026, 11, 23, 3))
    assert (daily.next_at, daily.attempt) == (utc(2026, 11, 23, 4), 1)
    assert len(daily.failures) == 4
    assert at(2026, 11, 23, 4)["attempt"] == 1


def test_who_cancels_the_daily_backup_has_done_with_it_for_the_day(shop, at):
    at(2026, 11, 22, 4)
    end("CANCELLED", (2026, 11, 22, 4, 1))
    assert at(2026, 11, 22, 12) is None


def test_deleting_the_backup_of_today_makes_no_new_one(shop, at):
    at(2026, 11, 22, 4)
    db.session.query(Backup).delete()
    db.session.commit()
    assert at(2026, 11, 22, 12) is None
    assert at(2026, 11, 23, 4)["day"] == "2026-11-23"


def test_a_clock_set_back_by_an_hour_or_a_day_makes_no_second_one(shop, at):
    at(2026, 11, 22, 4)
    end("VERIFIED", (2026, 11, 22, 4, 1))
    for when in ((2026, 11, 22, 3), (2026, 11, 22, 4), (2026, 11, 21, 4), (2026, 11, 21, 23)):
        assert at(*when) is None, when
    assert at(2026, 11, 23, 4)["day"] == "2026-11-23"


def test_a_clock_that_had_been_years_ahead_does_not_stop_the_backups(shop, at):
    assert at(2031, 1, 1, 12)["day"] == "2031-01-01"
    end("VERIFIED", (2031, 1, 1, 12, 1))
    assert at(2026, 11, 22, 12)["day"] == "2026-11-22"
    end("VERIFIED", (2026, 11, 22, 12, 1))
    assert at(2026, 11, 22, 13) is None
    assert at(2026, 11, 23, 4)["day"] == "2026-11-23"


def test_a_failure_in_the_future_is_tried_again_at_once(shop, at):
    at(2026, 11, 22, 4)
    end("FAILED", (2026, 11, 22, 4, 1), error="The disk is full.")
    assert at(2026, 11, 22, 4, 0)["attempt"] == 2


def test_a_sick_schema_stands_in_the_list_as_a_failure_with_every_gap_in_its_log(shop, at):
    db.session.execute(db.text("DROP TABLE wifi_usage_analytics, device_sessions"))
    db.session.commit()
    assert at(2026, 11, 22, 4)["status"] == "FAILED"
    (row,) = rows()
    assert "2 places" in row.error or "places" in row.error
    log = db.session.get(BackupReport, row.id).log
    assert "missing table wifi_usage_analytics" in log
    assert "missing table device_sessions" in log
    assert at(2026, 11, 22, 4, 4) is None
    assert at(2026, 11, 22, 4, 5)["attempt"] == 2


def test_settings_that_make_no_sense_are_as_by_default(shop, at):
    make_setting(key="backup", value={"at": "soon", "is_on": "yes", "daily": -1, "new": 1})
    db.session.commit()
    assert at(2026, 11, 22, 3, 59) is None
    assert at(2026, 11, 22, 4)["attempt"] == 1


def test_the_worker_makes_what_is_due_and_two_workers_make_it_once(own_app, tmp_path):
    config = own_app.config["WIFIAPP"]
    with own_app.app_context():
        ask_for_daily(config, datetime.now(UTC) - 3 * DAY)
        db.session.rollback()
        with (
            running_worker(config.database_url, tmp_path / "a"),
            running_worker(config.database_url, tmp_path / "b"),
        ):
            (made,) = wait_for(lambda: [row for row in rows() if row.finished_at])
            assert made.status == "VERIFIED"
            wait_for(lambda: rows() and db.session.query(BackupRoutine).one().pruned_for == made.id)
        assert [row.started_by for row in rows()] == ["SCHEDULE"]


def test_looking_from_two_processes_at_once_asks_once(shop, at, own_app):
    """The second one finds the row locked, and then that there is nothing left to do."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

    def look(_):
        with own_app.app_context():
            return ask_for_daily(shop, utc(2026, 11, 22, 4))

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(look, range(4)))
    assert sum(answer is not None for answer in answers) == 1
    assert len(rows()) == 1


def test_a_scheduled_backup_that_is_made_stands_on_the_page(shop, at):
    at(2026, 11, 22, 4)
    operations.run_queued(shop, Event())
    daily = get_daily(utc(2026, 11, 22, 5))
    assert daily.last.status == "VERIFIED"
    assert (daily.last_success.id, daily.failures) == (daily.last.id, [])
    assert daily.next_at == utc(2026, 11, 23, 4)


def test_with_a_key_in_force_the_daily_backup_is_encrypted_and_that_alone_opens_it(
    shop, at, tmp_path
):
    key, _row = keys_operations.make_key(COMMAND_LINE)
    keys_operations.confirm_key(key.secret[-keys.PROVED :], COMMAND_LINE)
    at(2026, 11, 22, 4)
    operations.run_queued(shop, Event())
    (row,) = rows()
    assert (row.status, row.key_fingerprint) == ("VERIFIED", key.fingerprint)
    (path,) = shop.backup_dir.glob("wifiapp-*")
    assert path.name == row.file_name and path.suffix == ".age"
    with pytest.raises(WrongKey):
        encryption.decrypt(path, tmp_path, [keys.make()])
    (tmp_path / path.stem).unlink(missing_ok=True)
    opened = encryption.decrypt(path, tmp_path, [key])
    assert engine.check(opened.path).rows == row.row_count


def test_a_failure_that_was_shown_ends_with_the_next_success(shop):
    for day, status in ((1, "VERIFIED"), (2, "FAILED"), (3, "FAILED")):
        when = utc(2026, 11, day, 4)
        proof = when if status == "VERIFIED" else None
        make_backup(
            started_by="SCHEDULE", status=status, created_at=when, finished_at=when,
            verified_at=proof,
        )  # fmt: skip
    assert len(get_daily(utc(2026, 11, 3, 5)).failures) == 2
