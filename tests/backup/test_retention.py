"""Which backups go: the rules on any catalogue, and the deleting of files and rows."""

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import sign_in
from tests.factories import make_backup, make_setting, make_user
from wifiapp.access import Actor
from wifiapp.audit.models import AuditLog
from wifiapp.backup import archives
from wifiapp.backup.errors import BackupError
from wifiapp.backup.models import Backup
from wifiapp.backup.retention import Rules, plan
from wifiapp.backup.retention_operations import prune, prune_after_success
from wifiapp.backup.schedule_operations import ask_for_daily
from wifiapp.backup.schedule_queries import get_retention
from wifiapp.db import db
from wifiapp.settings.models import Setting

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)
BOSS = Actor(user_id=None, email="boss@example.org")


def backup(name, made_at, **given):
    """Return a proved backup of everything, as the catalogue has it."""
    facts = {
        "status": "VERIFIED",
        "started_by": "SCHEDULE",
        "verified_at": made_at,
        "finished_at": made_at,
        "file_name": f"{name}.zip",
        "has_business_data": True,
        "is_pinned": False,
        "size": 1000,
    }
    return Backup(id=str(name), created_at=made_at, **facts | given)


def stays(verdicts):
    return {each.backup.id: each.reason for each in verdicts.verdicts if each.stays}


# -- any catalogue ---------------------------------------------------------------------------

SPECIAL = (
    *({} for _ in range(6)),
    {"is_pinned": True},
    {"business_id": "one"},
    {"has_business_data": False},
    {"started_by": "RESTORE"},
    {"status": "QUEUED"},
    {"status": "FAILED", "verified_at": None},
    {"status": "FAILED", "verified_at": None, "file_name": None, "size": None},
)
catalogues = st.lists(
    st.tuples(st.integers(-100, 24 * 500), st.sampled_from(SPECIAL)), max_size=60
).map(
    lambda made: [
        backup(i, NOW - hours * DAY / 24, **special) for i, (hours, special) in enumerate(made)
    ]
)
rules = st.builds(
    Rules,
    st.integers(1, 9),
    st.integers(0, 6),
    st.integers(0, 14),
    st.sampled_from(["UTC", "Africa/Harare", "America/New_York"]),
)


def counts(each):
    return (
        each.verified_at is not None
        and each.business_id is None
        and each.has_business_data
        and each.created_at <= NOW
    )


@given(catalogues, rules)
def test_each_backup_gets_one_verdict_whatever_their_order(backups, rules):
    verdicts = plan(backups, rules, NOW).verdicts
    assert sorted(each.backup.id for each in verdicts) == sorted(each.id for each in backups)
    assert stays(plan(backups[::-1], rules, NOW)) == stays(plan(backups, rules, NOW))


@given(catalogues, rules)
def test_never_fewer_proved_ones_than_days_are_kept(backups, rules):
    kept = stays(plan(backups, rules, NOW))
    proved = sorted((each.created_at, each.id) for each in backups if counts(each))
    assert {name for _, name in proved[-rules.daily :]} <= kept.keys()


@given(catalogues, rules)
def test_what_no_rule_may_take_never_goes(backups, rules):
    for each in (verdict.backup for verdict in plan(backups, rules, NOW).going):
        assert not each.is_pinned
        assert each.status != "QUEUED"
        assert each.created_at <= NOW
        if each.file_name is None:
            assert each.created_at < NOW - 90 * DAY
        else:
            assert counts(each)
            assert each.started_by != "RESTORE" or each.created_at <= NOW - 7 * DAY


@given(catalogues, rules)
def test_the_last_days_weeks_and_months_that_have_a_backup_keep_their_newest(backups, rules):
    kept = stays(plan(backups, rules, NOW))
    zone = ZoneInfo(rules.zone)
    proved = sorted((each.created_at, each.id) for each in backups if counts(each))
    for count, pattern in (
        (rules.daily, "%Y%m%d"),
        (rules.weekly, "%G%V"),
        (rules.monthly, "%Y%m"),
    ):
        newest = {moment.astimezone(zone).strftime(pattern): name for moment, name in proved}
        for period in sorted(newest)[len(newest) - min(count, len(newest)) :]:
            assert newest[period] in kept


@given(catalogues, rules)
def test_pruning_again_finds_nothing_more_to_do(backups, rules):
    kept = stays(plan(backups, rules, NOW))
    assert plan([each for each in backups if each.id in kept], rules, NOW).going == []


@given(catalogues, rules)
def test_a_backup_whose_file_is_gone_takes_no_other_one_s_place(backups, rules):
    proved = sorted((each.created_at, each.id) for each in backups if counts(each))
    missing = [name for _, name in proved[-3:]]
    rest = [each for each in backups if each.id not in missing]
    kept = stays(plan(backups, rules, NOW, missing))
    assert {name: why for name, why in kept.items() if name not in missing} == stays(
        plan(rest, rules, NOW)
    )
    assert set(missing) <= kept.keys()


def test_two_years_of_daily_backups_and_pruning_leave_what_was_promised():
    here = []
    for day in range(730):
        now = datetime(2025, 1, 1, 4, tzinfo=UTC) + day * DAY
        here.append(backup(day, now))
        kept = stays(plan(here, Rules(), now))
        here = [each for each in here if each.id in kept]
    dates = [each.created_at.date().isoformat() for each in here]
    assert dates[-7:] == [f"2026-12-{day}" for day in range(25, 32)]
    assert dates[-9:-7] == ["2026-12-13", "2026-12-20"]
    months = ["01-31", "02-28", "03-31", "04-30", "05-31", "06-30"]
    months += ["07-31", "08-31", "09-30", "10-31", "11-30"]
    assert dates[:-9] == [f"2026-{month}" for month in months]


def test_seven_of_one_day_stay_when_there_are_no_others():
    here = [backup(i, NOW - i * DAY / 100) for i in range(10)]
    assert list(stays(plan(here, Rules(weekly=0, monthly=0), NOW))) == [str(i) for i in range(7)]


# -- files and rows --------------------------------------------------------------------------


@pytest.fixture
def shop(own_app):
    """Ten backups of ten days, with a file each; by its settings seven stay."""
    config = own_app.config["WIFIAPP"]
    config.backup_dir.mkdir(parents=True)
    with own_app.app_context():
        make_setting(key="backup", value={"weekly": 0, "monthly": 0})
        make_setting(key="zone", value="UTC")
        for age in range(10):
            add(config, age)
        yield config


def add(config, age, **given):
    path = config.backup_dir / f"{age}.zip"
    path.write_bytes(b"x" * 1000)
    row = backup(f"backup-{age}", NOW - age * DAY)
    facts = {c.key: getattr(row, c.key) for c in Backup.__mapper__.column_attrs}
    known = {name: value for name, value in facts.items() if value is not None}
    made = make_backup(**known | {"file_name": path.name} | given)
    db.session.commit()
    return made


def left(config):
    db.session.rollback()
    names = sorted(path.stem for path in config.backup_dir.iterdir())
    assert names == sorted(row.file_name.removesuffix(".zip") for row in db.session.query(Backup))
    return names


def test_pruning_deletes_file_and_row_and_says_so_in_the_audit_log(shop):
    gone = prune(shop, NOW, BOSS)
    assert [(each.file_name, each.size, each.reason) for each in gone] == [
        (f"{age}.zip", 1000, "superseded") for age in (7, 8, 9)
    ]
    assert left(shop) == list("0123456")
    entries = db.session.query(AuditLog).filter_by(action="backup.prune").all()
    assert {entry.change["file"] for entry in entries} == {"7.zip", "8.zip", "9.zip"}
    assert {entry.user_email for entry in entries} == {"boss@example.org"}


def test_a_pin_keeps_an_old_one(shop):
    db.session.get(Backup, "backup-9").is_pinned = True
    db.session.commit()
    (oldest,) = [each for each in get_retention(shop, NOW).verdicts if each.backup.is_pinned]
    assert (oldest.stays, oldest.reason) == (True, "pinned")
    prune(shop, NOW, BOSS)
    assert left(shop) == list("01234569")


def test_without_a_new_proof_nothing_goes_by_itself_however_old_it_is(shop):
    ask_for_daily(shop, NOW)
    assert prune_after_success(shop, NOW) is None
    assert prune_after_success(shop, NOW + 400 * DAY) is None
    failed = add(shop, -1, status="FAILED", verified_at=None)
    assert prune_after_success(shop, NOW + 2 * DAY) is None
    assert len(left(shop)) == 11
    failed.status, failed.verified_at = "VERIFIED", NOW + DAY
    db.session.commit()
    assert prune_after_success(shop, NOW + 2 * DAY) == {"backups": 4, "bytes": 4000}
    assert left(shop) == ["-1", "0", "1", "2", "3", "4", "5"]
    assert prune_after_success(shop, NOW + 2 * DAY) is None


def test_a_new_proof_whose_file_is_gone_already_takes_nothing_away(shop):
    ask_for_daily(shop, NOW)
    add(shop, -1)
    (shop.backup_dir / "-1.zip").unlink()
    assert prune_after_success(shop, NOW + 2 * DAY) is None
    assert len(list(shop.backup_dir.iterdir())) == 10


def test_switched_off_nothing_goes_by_itself(shop):
    ask_for_daily(shop, NOW)
    db.session.get(Setting, "backup").value = {"weekly": 0, "monthly": 0, "prunes": False}
    add(shop, -1)
    assert prune_after_success(shop, NOW + 2 * DAY) is None
    assert len(left(shop)) == 11


def test_a_file_that_cannot_be_deleted_keeps_its_row(shop, monkeypatch):
    remove = archives.remove

    def refuse(config, name):
        if name == "8.zip":
            raise BackupError("The file 8.zip could not be deleted.")
        remove(config, name)

    monkeypatch.setattr(archives, "remove", refuse)
    with pytest.raises(BackupError, match=r"8\.zip"):
        prune(shop, NOW, BOSS)
    assert left(shop) == list("012345689")


# -- the command and the page ----------------------------------------------------------------


def test_the_command_shows_first_and_deletes_with_yes(own_app, shop, time_machine):
    time_machine.move_to(NOW, tick=False)
    runner = own_app.test_cli_runner()
    dry = runner.invoke(args=["backup", "prune", "--dry-run", "--json"])
    assert dry.exit_code == 0
    said = json.loads(dry.stdout)
    assert [(each["file"], each["bytes"], each["goes"]) for each in said if each["goes"]] == [
        (f"{age}.zip", 1000, True) for age in (7, 8, 9)
    ]
    asked = runner.invoke(args=["backup", "prune"])
    assert asked.exit_code == 2
    assert "Nothing was deleted" in asked.stdout
    assert len(left(shop)) == 10
    done = runner.invoke(args=["backup", "prune", "--yes"])
    assert (done.exit_code, left(shop)) == (0, list("0123456"))
    assert "3.00 kB" in done.stdout or "3 kB" in done.stdout
    nothing = runner.invoke(args=["backup", "prune", "--yes"])
    assert (nothing.exit_code, "Nothing to delete" in nothing.stdout) == (0, True)


def test_the_page_shows_what_goes_and_why_and_deletes_it(own_app, shop, time_machine):
    time_machine.move_to(NOW, tick=False)
    client = sign_in(own_app.test_client(), make_user("ADMIN"))
    db.session.commit()
    assert "3 to delete (3 kB)" in client.get("/backups").text
    text = client.get("/backups/old").text
    assert text.count("Newer ones stand for its day, week and month") == 3
    assert text.count("One of the newest") == 7
    answer = client.post("/backups/old", follow_redirects=True)
    assert "3 backups were deleted (3 kB)." in answer.text
    assert left(shop) == list("0123456")
    assert "Nothing to delete" in client.get("/backups/old").text
