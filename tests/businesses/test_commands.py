import json

import pytest

from wifiapp.businesses import queries
from wifiapp.db import db


@pytest.fixture
def run(app):
    runner = app.test_cli_runner()
    return lambda *args, **given: runner.invoke(args=["businesses", *args], **given)


def test_adding_prints_the_new_id_alone(run):
    done = run("add", "Corner Shop", "--currency", "USD", "--timezone", "Africa/Harare")
    assert done.exit_code == 0
    assert queries.get_business(done.stdout.strip()).name == "Corner Shop"


def test_adding_prints_the_row_for_a_script(run):
    zone = ("--currency", "zar", "--timezone", "Africa/Johannesburg")
    row = json.loads(run("add", "Kiosk", *zone, "--json").stdout)
    assert row["id"] == queries.list_businesses()[0].id
    assert (row["name"], row["currency"], row["isDemo"]) == ("Kiosk", "ZAR", False)


def test_a_refusal_is_one_line_and_exit_1(run):
    done = run("add", "Kiosk", "--currency", "ZZZ", "--timezone", "Africa/Harare")
    assert done.exit_code == 1 and done.stdout == ""
    assert done.stderr.startswith("Error: 'ZZZ' is not a currency.")
    assert len(done.stderr.splitlines()) == 1


def test_what_is_missing_is_asked_for(run):
    assert run("add", "Kiosk").exit_code == 2


def test_the_list_shows_every_business(run):
    for name in ("One", "Two"):
        run("add", name, "--currency", "USD", "--timezone", "UTC")
    db.session.expire_all()
    assert [row["name"] for row in json.loads(run("list", "--json").stdout)] == ["One", "Two"]
    lines = run("list").stdout.splitlines()
    assert len(lines) == 3 and "Time zone" in lines[0]
