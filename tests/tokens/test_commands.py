import json

import pytest

from tests.factories import make_plan, make_token
from wifiapp.audit.models import AuditLog
from wifiapp.db import db
from wifiapp.tokens import codes
from wifiapp.tokens.models import TokenBatch, WifiToken


@pytest.fixture
def run(app):
    def run(*arguments):
        db.session.commit()
        return app.test_cli_runner().invoke(args=["tokens", *arguments])

    return run


def test_tokens_are_made_and_it_says_how_many_of_how_many(run):
    plan = make_plan()
    made = run("make", "--plan", plan.id, "--count", "120")
    assert made.exit_code == 0
    assert made.stdout.startswith("120 / 120 made")
    assert db.session.query(WifiToken).filter_by(token_config_id=plan.id).count() == 120
    batch = db.session.query(TokenBatch).one()
    row = json.loads(
        run(
            "make", "--plan", plan.id, "--hotspot", batch.hotspot_id, "--count", "1", "--json"
        ).stdout
    )
    assert (row["made"], row["asked"], row["status"]) == (1, 1, "DONE")


def test_fewer_than_asked_for_is_a_failure_that_says_so(run, monkeypatch):
    monkeypatch.setattr(codes, "make", lambda: "AAAA2222")
    made = run("make", "--plan", make_plan().id, "--count", "3")
    assert made.exit_code == 1
    assert made.stdout.startswith("1 / 3 made")
    assert "1 of 3 tokens were made and can be sold" in made.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--plan", "nowhere", "--count", "1"), "There is no such plan."),
        (("--plan", "{plan}", "--count", "0"), "1 to 1,000"),
        (("--plan", "{plan}", "--count", "1", "--hotspot", "nowhere"), "There is no such hotspot."),
    ],
)
def test_what_cannot_be_made_is_one_line_and_a_failure(run, arguments, message):
    plan = make_plan()
    made = run("make", *(each.format(plan=plan.id) for each in arguments))
    assert made.exit_code == 1
    assert message in made.stderr
    assert db.session.query(WifiToken).count() == 0


def test_tokens_are_listed_and_narrowed(run):
    plan = make_plan(name="1 hour")
    sold, unsold = make_token(plan=plan, status="SOLD"), make_token(plan=plan)
    make_token()
    listed = json.loads(run("list", "--plan", plan.id, "--json").stdout)
    assert {each["token"] for each in listed} == {sold.token, unsold.token}
    text = run("list", "--state", "sold").stdout
    assert sold.token in text and unsold.token not in text


def test_a_token_is_disabled_by_its_code_however_typed_or_by_its_id(run):
    one, other = make_token(token="A3K9M7P2"), make_token()
    assert run("disable", "a3k9-m7p2").stdout == "A3K9M7P2 is disabled.\n"
    made = run("disable", other.id, "--reason", "lost", "--json")
    assert json.loads(made.stdout)["endReason"] == "lost"
    db.session.expire_all()
    assert (one.status, other.status) == ("DISABLED", "DISABLED")
    assert {each.user_email for each in db.session.query(AuditLog)} == {"command line"}
    again = run("disable", "A3K9M7P2")
    assert (again.exit_code, "It is disabled already." in again.stderr) == (1, True)
    assert "There is no such token." in run("disable", "ZZZZ").stderr


def test_a_code_that_may_mean_two_tokens_disables_neither(run):
    tokens = [make_token(token="AAAA2222"), make_token(token="AAAA2222")]
    refused = run("disable", "AAAA2222")
    assert refused.exit_code == 1
    assert all(token.id in refused.stderr for token in tokens)
    db.session.expire_all()
    assert [token.status for token in tokens] == ["UNUSED", "UNUSED"]
