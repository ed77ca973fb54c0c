"""The Settings page: what it shows, saves and refuses."""

import re
from datetime import time

import pytest

from tests.conftest import sign_in
from tests.factories import make_business, make_setting, make_user
from wifiapp.audit.models import AuditLog
from wifiapp.db import db
from wifiapp.settings import queries
from wifiapp.settings.values import BackupPlan, backup_plan

GOOD = {
    "zone": "Africa/Harare",
    "is_on": "y",
    "at": "22:15",
    "audit_logs": "y",
    "prunes": "y",
    "daily": "10",
    "weekly": "0",
    "monthly": "24",
}


def field(text, name):
    """Return the field of that name with what is said beside it."""
    fields = text.split('<div class="field')
    return next(part for part in fields if f'name="{name}"' in part)


def value_of(text, name):
    return re.search(r'value="([^"]*)"', field(text, name))[1]


def test_the_page_begins_with_a_daily_backup_at_four_in_the_zone_of_the_shop(admin_client):
    make_business(timezone="Asia/Tokyo", is_demo=True, name="A demo")
    make_business(timezone="Africa/Nairobi", name="Zebra")
    text = admin_client.get("/settings").text
    assert '<option selected value="Africa/Nairobi">' in text
    assert 'value="04:00"' in text
    assert ["checked" in field(text, name) for name in ("is_on", "audit_logs", "prunes")] == [
        True
    ] * 3
    assert "checked" not in field(text, "demo_data")
    assert [value_of(text, name) for name in ("daily", "weekly", "monthly")] == ["7", "4", "12"]


def test_what_is_saved_is_shown_counts_and_stands_in_the_audit_log(admin_client):
    answer = admin_client.post("/settings", data=GOOD, follow_redirects=True)
    assert "Saved." in answer.text
    assert 'value="22:15"' in answer.text
    wanted = BackupPlan(at=time(22, 15), daily=10, weekly=0, monthly=24)
    assert (queries.get_zone(), queries.get_backup_plan()) == ("Africa/Harare", wanted)
    (entry,) = db.session.query(AuditLog).filter_by(action="settings.change")
    assert entry.change == {
        "zone": {"from": "UTC", "to": "Africa/Harare"},
        "at": {"from": "04:00", "to": "22:15"},
        "daily": {"from": 7, "to": 10},
        "weekly": {"from": 4, "to": 0},
        "monthly": {"from": 12, "to": 24},
    }


def test_saving_what_is_there_already_changes_nothing(admin_client):
    admin_client.post("/settings", data=GOOD)
    assert (
        "Nothing was changed."
        in admin_client.post("/settings", data=GOOD, follow_redirects=True).text
    )
    assert db.session.query(AuditLog).filter_by(action="settings.change").count() == 1


def test_unchecking_everything_switches_everything_off(admin_client):
    kept = {name: value for name, value in GOOD.items() if value != "y"}
    admin_client.post("/settings", data=kept)
    plan = queries.get_backup_plan()
    assert (plan.is_on, plan.audit_logs, plan.demo_data, plan.prunes) == (False,) * 4


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"zone": "Mars/Olympus"}, "Not a valid choice"),
        ({"at": "25:00"}, "Type a time of the day, like 04:00."),
        ({"at": ""}, "Type a time of the day, like 04:00."),
        ({"daily": "0"}, "Type a whole number from 1 to 366."),
        ({"weekly": "-1"}, "Type a whole number from 0 to 366."),
        ({"monthly": "many"}, "Type a whole number from 0 to 366."),
        ({"monthly": ""}, "Type a whole number from 0 to 366."),
    ],
)
def test_bad_input_is_named_beside_its_field_and_nothing_is_lost(admin_client, wrong, said):
    answer = admin_client.post("/settings", data=GOOD | wrong)
    assert answer.status_code == 422
    assert "Nothing was saved yet." in answer.text
    ((name, value),) = wrong.items()
    assert field(answer.text, name).count(said) == 1
    assert queries.get_backup_plan() == BackupPlan()
    if name != "zone":
        assert f'value="{value}"' in field(answer.text, name)
        assert '<option selected value="Africa/Harare">' in answer.text


@pytest.mark.parametrize("role", ["MANAGER", "SELLER"])
def test_settings_are_for_administrators(sign_in_as, role):
    client = sign_in_as(make_user(role))
    assert client.get("/settings").status_code == 403
    assert client.post("/settings", data=GOOD).status_code == 403


def test_the_off_site_command_is_shown_and_cannot_be_set_here(own_database, app_on):
    app = app_on(own_database, backup_hook=("/usr/local/bin/send", "to the shed"))
    with app.app_context():
        client = sign_in(app.test_client(), make_user("ADMIN"))
        db.session.commit()
        text = client.get("/settings").text
        assert "/usr/local/bin/send &#39;to the shed&#39;" in text
        client.post("/settings", data=GOOD | {"hook": "rm", "backup_hook": "rm"})
    assert app.config["WIFIAPP"].backup_hook == ("/usr/local/bin/send", "to the shed")


@pytest.mark.parametrize(
    "stored",
    [None, [], "on", {"daily": 0}, {"daily": "7"}, {"at": 4}, {"is_on": 1, "weekly": 9999}],
)
def test_a_stored_plan_of_no_use_is_as_by_default(stored):
    assert backup_plan(stored) == BackupPlan()


def test_a_stored_plan_comes_back_as_it_was():
    plan = BackupPlan(is_on=False, at=time(23, 59), demo_data=True, weekly=0, monthly=1)
    assert backup_plan(plan.as_json()) == plan


def test_a_zone_that_is_none_any_more_is_that_of_the_shop(app):
    make_business(timezone="Africa/Lusaka")
    make_setting(key="zone", value="Mars/Olympus")
    assert queries.get_zone() == "Africa/Lusaka"
