"""Keys: made once, shown once, kept as a digest, revoked for good."""

import json
import re

import pytest
from sqlalchemy import select

from tests.factories import make_api_key, make_business, make_membership, make_plan, make_user
from wifiapp import clock
from wifiapp.access import COMMAND_LINE
from wifiapp.api import keys, operations, queries
from wifiapp.api.models import ApiKey
from wifiapp.api.operations import InvalidKey
from wifiapp.audit.models import AuditLog
from wifiapp.db import db
from wifiapp.errors import NotFound

GIVEN = {"name": "Till at the door", "scopes": ["read", "sell"], "channel": "pos"}


@pytest.fixture
def manager(sign_in_as, shop):
    user = make_user("MANAGER")
    make_membership(user, shop)
    return sign_in_as(user)


def actions():
    return [each.action for each in db.session.query(AuditLog).order_by(AuditLog.at)]


# -- rules -----------------------------------------------------------------------------------------


def test_a_key_is_random_and_only_its_digest_is_kept(shop):
    key, text = operations.add_key(COMMAND_LINE, shop.id, " Till  1 ", ["sell"], " kiosk ")
    assert re.fullmatch(r"wifi_[\w-]{43}", text) and keys.make() != keys.make()
    assert (key.name, key.channel, key.scopes) == ("Till 1", "KIOSK", ("sell",))
    assert key.digest == keys.digest(text) and text.startswith(key.prefix)
    row = " ".join(map(str, db.session.execute(select(*ApiKey.__table__.columns)).one()))
    assert text not in row and text[len(key.prefix) :] not in row
    entry = db.session.scalar(select(AuditLog))
    assert (entry.action, entry.business_id) == ("api_key.create", shop.id)
    assert text[len(key.prefix) :] not in json.dumps(entry.change)


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({"name": " "}, ["name"]),
        ({"name": "x" * 61}, ["name"]),
        ({"scopes": []}, ["scopes"]),
        ({"scopes": ["read", "rule"]}, ["scopes"]),
        ({"channel": ""}, ["channel"]),
        ({"channel": "x" * 21, "name": ""}, ["channel", "name"]),
    ],
)
def test_a_key_that_will_not_do_is_refused_with_a_message_for_each_term(shop, given, names):
    with pytest.raises(InvalidKey) as refusal:
        operations.add_key(COMMAND_LINE, shop.id, **{**GIVEN, **given})
    assert sorted(refusal.value.problems) == names
    assert db.session.scalar(select(ApiKey)) is None


def test_a_key_needs_a_business():
    with pytest.raises(NotFound):
        operations.add_key(COMMAND_LINE, "nobody", **GIVEN)


def test_a_key_is_revoked_once(shop):
    key = make_api_key(shop)
    first = operations.revoke_key(COMMAND_LINE, key.id).revoked_at
    assert operations.revoke_key(COMMAND_LINE, key.id).revoked_at == first
    assert actions() == ["api_key.revoke"]
    with pytest.raises(NotFound):
        operations.revoke_key(COMMAND_LINE, "nobody")


def test_keys_in_force_come_first():
    shop = make_business(name="A")
    make_api_key(shop, name="a", revoked_at=clock.now())
    make_api_key(make_business(name="B"), name="b")
    make_api_key(shop, name="c")
    assert [key.name for key, _ in queries.list_keys()] == ["c", "b", "a"]


# -- the pages -------------------------------------------------------------------------------------


def test_a_manager_makes_a_key_that_works_and_sees_it_once(manager, client, shop):
    make_plan(shop)
    answer = manager.post("/api-keys/add", data={**GIVEN, "business": shop.id})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    text = re.search(r"wifi_[\w-]{43}", answer.text)[0]
    plans = client.get("/api/v1/plans", headers={"Authorization": f"Bearer {text}"})
    assert plans.status_code == 200
    page = manager.get("/api-keys").text
    assert "Till at the door" in page and text not in page and text[:11] in page


def test_a_page_without_keys_says_what_they_are_for(manager):
    assert "No key yet" in manager.get("/api-keys").text


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"name": ""}, "Enter a name."),
        ({"name": "x" * 61}, "A key needs a name of 1 to 60 characters."),
        ({"scopes": []}, "Choose at least one of these."),
        ({"scopes": ["rule"]}, "Choose at least one of these."),
        ({"channel": ""}, "Enter a channel such as POS."),
        ({"channel": "x" * 21}, "A channel has 1 to 20 characters."),
        ({"business": "nobody"}, "Choose one of your businesses."),
    ],
)
def test_bad_input_gets_its_message_and_loses_nothing(manager, shop, given, message):
    form = {**GIVEN, "business": shop.id, **given}
    answer = manager.post("/api-keys/add", data=form)
    assert answer.status_code == 422
    assert message in answer.text
    if given.get("name") is None:
        assert 'value="Till at the door"' in answer.text
    assert db.session.scalar(select(ApiKey)) is None


def test_a_key_is_revoked_on_its_page(manager, shop):
    key = make_api_key(shop)
    answer = manager.post(f"/api-keys/{key.id}/revoke")
    assert answer.location == "/api-keys"
    page = manager.get("/api-keys").text
    assert "is revoked" in page and "Revoked" in page
    db.session.refresh(key)
    assert key.revoked_at


def test_keys_of_other_businesses_are_neither_seen_nor_made_nor_revoked(manager):
    other = make_api_key(make_business(name="Another shop"), name="Hidden")
    page = manager.get("/api-keys").text
    assert "Hidden" not in page and "Another shop" not in page
    assert manager.post(f"/api-keys/{other.id}/revoke").status_code == 404
    answer = manager.post("/api-keys/add", data={**GIVEN, "business": other.business_id})
    assert answer.status_code == 422
    db.session.refresh(other)
    assert other.revoked_at is None


def test_a_seller_has_no_part_in_keys(sign_in_as):
    assert sign_in_as(make_user("SELLER")).get("/api-keys").status_code == 403


# -- the commands ----------------------------------------------------------------------------------


@pytest.fixture
def run(app):
    def run(*arguments):
        return app.test_cli_runner().invoke(args=["api-keys", *arguments])

    return run


def test_a_key_is_made_listed_and_revoked_at_the_command_line(run, shop):
    made = run("add", "Till 1", "--business", shop.id, "--scope", "sell", "--channel", "kiosk")
    assert made.exit_code == 0
    text = made.stdout.strip()
    assert re.fullmatch(r"wifi_[\w-]{43}", text)
    listed = run("list")
    assert "Till 1" in listed.stdout and text not in listed.stdout
    (row,) = json.loads(run("list", "--json").stdout)
    assert (row["scopes"], row["channel"], row["prefix"]) == (["sell"], "KIOSK", text[:11])
    assert "digest" not in row
    assert "is revoked" in run("revoke", row["id"]).stdout
    assert json.loads(run("list", "--json").stdout)[0]["revokedAt"]


def test_a_script_reads_the_new_key_as_json(run, shop):
    made = json.loads(run("add", "Till 1", "--business", shop.id, "--json").stdout)
    assert made["key"].startswith(made["prefix"]) and made["scopes"] == ["read", "sell"]


@pytest.mark.parametrize(
    "arguments", [("add", "x", "--business", "nobody"), ("revoke", "nobody"), ("add", "")]
)
def test_a_command_that_cannot_be_done_says_why_in_one_line(run, arguments):
    refused = run(*arguments)
    assert refused.exit_code != 0
    assert "Traceback" not in refused.output
