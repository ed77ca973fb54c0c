"""The story that this product exists for: models were there, their migrations were not."""

import json
import os
import re
from uuid import uuid4

import pytest
from flask_migrate import downgrade, upgrade

from tests.conftest import TEMPLATE, create_database, database_url, drop_database, make_app
from tests.factories import PASSWORD, make_sale, make_user
from wifiapp.db import db

BROKEN = "20260113000001"
GAPS = {
    "missing table wifi_token_devices",
    "missing column wifi_token_sales.saleChannel",
    "missing table wifi_usage_analytics",
}
PAGES = ("/", "/devices", "/sales", "/backups", "/users", "/audit", "/system", "/password")


@pytest.fixture(scope="module")
def broken_database(tmp_path_factory):
    """A database with two users and a sale, in which the three migrations never ran."""
    name = f"wifiapp_broken_{uuid4().hex[:8]}"
    create_database(name, os.environ[TEMPLATE])
    app = make_app(tmp_path_factory.mktemp("broken"), database_url(name))
    with app.app_context():
        make_sale()
        make_user("ADMIN", email="admin@example.org")
        make_user("SELLER", email="seller@example.org")
        db.session.commit()
        downgrade(revision=BROKEN)
        db.session.remove()
        db.engine.dispose()
    yield name
    drop_database(name)


@pytest.fixture
def template(broken_database):
    return broken_database


@pytest.fixture
def broken_app(own_app):
    """The app on a copy of that database."""
    return own_app


@pytest.fixture
def enter(broken_app):
    """Return a function that signs in with a password, as a person would."""

    def as_person(email):
        client = broken_app.test_client()
        form = {"email": email, "password": PASSWORD}
        assert client.post("/sign-in", data=form).status_code == 303
        return client

    return as_person


def gaps_of(text):
    """Return the differences that a page or a message names."""
    plain = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", text))
    return {gap for gap in GAPS if gap in plain}


def test_the_doctor_names_all_gaps_at_once_and_the_one_command(broken_app):
    result = broken_app.test_cli_runner().invoke(args=["doctor", "--json"])
    report = json.loads(result.output)
    assert result.exit_code == 1
    named = {
        "{problem} {kind} {where}".format(
            where=".".join(filter(None, (each["table"], each["name"]))), **each
        )
        for each in report["differences"]
    }
    assert named >= GAPS
    assert {each["mend"] for each in report["differences"]} == {"flask db upgrade"}
    assert [each["revision"] for each in report["pending"]][:3] == [
        "20260113000002",
        "20260113000003",
        "20260113000004",
    ]


def test_a_backup_is_refused_with_the_same_list_and_leaves_no_file(broken_app):
    result = broken_app.test_cli_runner().invoke(args=["backup", "create"])
    assert result.exit_code != 0
    assert gaps_of(result.output) == GAPS
    folder = broken_app.config["WIFIAPP"].backup_dir
    assert not folder.exists() or not [each for each in folder.iterdir() if each.is_file()]


def test_no_page_fails_and_those_that_cannot_work_name_every_gap(broken_app, enter):
    client = enter("admin@example.org")
    answers = {page: client.get(page) for page in PAGES}
    assert {answer.status_code for answer in answers.values()} <= {200, 503}
    assert {answers[page].status_code for page in ("/devices", "/sales")} == {503}
    for page, answer in answers.items():
        if answer.status_code == 503:
            assert gaps_of(answer.text) == GAPS, page
            assert "flask db upgrade" in answer.text
            assert "Your data was not changed." in answer.text
    assert gaps_of(answers["/system"].text) <= GAPS
    assert answers["/system"].text.count("flask db upgrade") > 3


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_the_files_of_a_page_are_refused_too_and_never_half_sent(broken_app, enter, kind):
    client = enter("admin@example.org")
    for page in ("devices", "sales"):
        answer = client.get(f"/{page}.{kind}")
        assert answer.status_code == 503, page


def test_whoever_is_no_administrator_is_sent_to_one(enter):
    answer = enter("seller@example.org").get("/sales")
    assert answer.status_code == 503
    assert "Ask your administrator" in answer.text
    assert gaps_of(answer.text) == set()


def test_an_administrator_is_warned_above_every_page_and_others_are_not(enter):
    warning = "The database is not what wifiapp needs"
    assert warning in enter("admin@example.org").get("/users").text
    assert warning not in enter("seller@example.org").get("/password").text


def test_healthz_says_so_until_the_upgrade_and_everything_is_fine_after_it(
    broken_app, enter, later
):
    client = enter("admin@example.org")
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json["schema"]["drift"] is True
    assert answer.json["schema"]["revision"] == BROKEN

    with broken_app.app_context():
        upgrade()
    later(60)

    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json["schema"]["drift"] is False
    assert answer.json["schema"]["revision"] == answer.json["schema"]["head"]
    assert {client.get(page).status_code for page in PAGES} == {200}
    assert "DIRECT" in client.get("/sales").text
    assert broken_app.test_cli_runner().invoke(args=["doctor"]).exit_code == 0
    backup = broken_app.test_cli_runner().invoke(args=["backup", "create"])
    assert backup.exit_code == 0, backup.output
