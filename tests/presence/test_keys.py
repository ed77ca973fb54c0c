"""The key of a portal: one for each hotspot, shown once, kept as a digest."""

import json
import re

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from tests.factories import (
    make_api_key,
    make_business,
    make_hotspot,
    make_hotspot_business,
    make_membership,
    make_outage,
    make_presence_key,
    make_user,
)
from tests.presence.conftest import NOON, Portal, after, there
from wifiapp import clock
from wifiapp.access import COMMAND_LINE
from wifiapp.api import keys
from wifiapp.audit.models import AuditLog
from wifiapp.db import db
from wifiapp.errors import NotFound
from wifiapp.hotspots.models import HotspotOutage, PresenceKey
from wifiapp.presence import operations, queries
from wifiapp.presence.operations import HasKey, NotManual

NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def shop():
    return make_business(name="Corner Shop")


@pytest.fixture
def hotspot(shop):
    hotspot = make_hotspot(is_manual=True, address="", name="Counter", last_contact_at=None)
    make_hotspot_business(hotspot, shop)
    return hotspot


@pytest.fixture
def manager(sign_in_as, shop):
    user = make_user("MANAGER")
    make_membership(user, shop)
    return sign_in_as(user)


def in_force(hotspot):
    query = select(PresenceKey).filter_by(hotspot_id=hotspot.id, revoked_at=None)
    return db.session.scalars(query.execution_options(populate_existing=True)).all()


def log():
    entries = db.session.scalars(select(AuditLog).order_by(AuditLog.at))
    return [(each.action, each.change) for each in entries]


# -- rules -----------------------------------------------------------------------------------------


def test_a_key_is_random_and_only_its_digest_is_kept(hotspot, shop):
    key, text = operations.make_key(COMMAND_LINE, hotspot.id)
    assert re.fullmatch(r"presence_[\w-]{43}", text)
    assert key.digest == keys.digest(text) and key.prefix == text[:15]
    row = " ".join(map(str, db.session.execute(select(*PresenceKey.__table__.columns)).one()))
    assert text[15:] not in row
    entry = db.session.scalars(select(AuditLog)).one()
    assert (entry.action, entry.entity_id, entry.business_id) == (
        "presence_key.create",
        hotspot.id,
        shop.id,
    )
    assert text[15:] not in json.dumps(entry.change)


def test_a_hotspot_has_one_key_and_another_one_takes_its_place(hotspot):
    first, _ = operations.make_key(COMMAND_LINE, hotspot.id)
    with pytest.raises(HasKey, match=first.prefix):
        operations.make_key(COMMAND_LINE, hotspot.id)
    second, _ = operations.make_key(COMMAND_LINE, hotspot.id, replace=True)
    assert in_force(hotspot) == [second]
    assert log()[-1][1] == {"name": "Counter", "key": second.prefix, "replaces": first.prefix}
    with pytest.raises(IntegrityError, match="presence_keys_hotspotId_live_key"):
        make_presence_key(hotspot)


def test_a_key_is_revoked_once(hotspot):
    operations.make_key(COMMAND_LINE, hotspot.id)
    assert operations.revoke_key(COMMAND_LINE, hotspot.id)
    assert operations.revoke_key(COMMAND_LINE, hotspot.id) is None
    assert [action for action, _ in log()] == ["presence_key.create", "presence_key.revoke"]


def test_a_hotspot_that_is_called_gets_no_key():
    with pytest.raises(NotManual):
        operations.make_key(COMMAND_LINE, make_hotspot().id)
    with pytest.raises(NotFound):
        operations.make_key(COMMAND_LINE, NOBODY)


def test_after_a_time_without_a_key_nobody_was_silent(hotspot):
    operations.make_key(COMMAND_LINE, hotspot.id)
    hotspot.status, hotspot.last_contact_at = "SILENT", clock.now()
    make_outage(hotspot)
    operations.make_key(COMMAND_LINE, hotspot.id, replace=True)
    assert hotspot.status == "SILENT", "the same portal has another key"
    operations.revoke_key(COMMAND_LINE, hotspot.id)
    operations.make_key(COMMAND_LINE, hotspot.id)
    assert (hotspot.status, hotspot.last_contact_at) == ("NEW", None)
    assert db.session.scalars(select(HotspotOutage.ended_at)).one()


# -- what it opens ---------------------------------------------------------------------------------


def test_a_key_of_a_portal_opens_nothing_of_a_till_and_the_other_way_round(portal, client):
    make_api_key(portal.business, "wifi_of-a-till", may_read=True, may_sell=True, may_void=True)
    db.session.commit()
    mine = {"Authorization": f"Bearer {portal.key}"}
    for path in ("/plans", "/tokens?code=A3K9M7P2", f"/sales/{NOBODY}"):
        assert client.get(f"/api/v1{path}", headers=mine).status_code == 401
    for path in ("/sales", f"/sales/{NOBODY}/void"):
        answer = client.post(f"/api/v1{path}", json={}, headers=mine, csrf=False)
        assert answer.status_code == 401
    portal.key = "wifi_of-a-till"
    assert portal.send(json=[]).status_code == 401


@pytest.mark.parametrize("header", [None, "", "Bearer", "Basic eA==", "Bearer presence_unknown"])
def test_without_a_key_in_force_nothing_is_taken(portal, header):
    headers = {"Authorization": header} if header is not None else {}
    answer = portal.client.post("/api/v1/presence", json=[there()], headers=headers, csrf=False)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="wifiapp API"')
    assert "Nothing was done" in answer.text or "Send the key of a hotspot" in answer.text


def test_a_revoked_key_and_that_of_a_hotspot_out_of_use_open_nothing(portal):
    portal.push()
    portal.hotspot.is_active = False
    db.session.commit()
    assert portal.send(json=[]).status_code == 401
    portal.hotspot.is_active = True
    operations.revoke_key(COMMAND_LINE, portal.hotspot.id)
    answer = portal.send(json=[there()])
    assert answer.status_code == 401 and "was revoked" in answer.get_json()["detail"]


def test_a_session_in_the_browser_pushes_nothing(admin_client):
    answer = admin_client.post("/api/v1/presence", json=[], csrf=False)
    assert answer.status_code == 401
    assert "Set-Cookie" not in answer.headers and answer.headers["Cache-Control"] == "no-store"


def test_its_use_is_written_down_once_a_minute(portal):
    used = []
    for seconds in (0, 30, 61):
        portal.push(at=after(seconds=seconds))
        used.append((portal.row.last_used_at - NOON).total_seconds())
    assert used == [0, 0, 61]


def test_a_portal_that_pushes_too_often_waits_and_no_other_does(app, portal, monkeypatch):
    monkeypatch.setattr(operations, "PER_MINUTE", 2)
    calm = Portal(app)
    assert [portal.send(json=[]).status_code for _ in range(3)] == [200, 200, 429]
    answer = portal.send(after(seconds=20), json=[])
    assert answer.headers["Retry-After"] == "40"
    assert "More than 2 requests in a minute" in answer.get_json()["detail"]
    assert calm.send(json=[]).status_code == 200


# -- the pages -------------------------------------------------------------------------------------


def test_a_manager_makes_a_key_that_works_and_sees_it_once(manager, client, hotspot):
    url = f"/hotspots/{hotspot.id}/presence"
    assert "No key yet" in manager.get(url).text
    answer = manager.post(f"{url}/key")
    assert answer.headers["Cache-Control"] == "no-store"
    text = re.search(r"presence_[\w-]{43}", answer.text)[0]
    assert "http://localhost/api/v1/presence" in answer.text
    headers = {"Authorization": f"Bearer {text}"}
    pushed = client.post("/api/v1/presence", json=[], headers=headers, csrf=False)
    assert pushed.status_code == 200
    page = manager.get(url).text
    assert text not in page and text[:15] in page and "http://localhost/api/v1/presence" in page


def test_a_key_is_replaced_and_revoked_on_its_page(manager, hotspot):
    url = f"/hotspots/{hotspot.id}/presence"
    manager.post(f"{url}/key")
    (first,) = in_force(hotspot)
    assert manager.post(f"{url}/key").status_code == 409
    assert in_force(hotspot) == [first]
    assert manager.post(f"{url}/key", data={"replace": "yes"}).status_code == 200
    assert in_force(hotspot) != [first]
    assert manager.post(f"{url}/revoke").location == url
    assert in_force(hotspot) == []
    assert "No key yet" in manager.get(url).text


@pytest.mark.parametrize(
    ("typed", "message"),
    [("", "Enter a whole"), ("x", "Enter a whole"), ("9", "Take 10 to"), ("3601", "Take 10 to")],
)
def test_how_often_it_pushes_is_a_number_of_seconds(manager, hotspot, typed, message):
    url = f"/hotspots/{hotspot.id}/presence/interval"
    make_presence_key(hotspot)
    answer = manager.post(url, data={"interval": typed})
    assert answer.status_code == 422 and message in answer.text
    assert f'value="{typed}"' in answer.text
    assert manager.post(url, data={"interval": "60"}).status_code == 303
    db.session.refresh(hotspot)
    assert hotspot.poll_interval == 60
    assert log()[-1][1]["poll_interval"] == {"from": 30, "to": 60}


def test_the_portals_of_other_businesses_do_not_exist(manager):
    other = make_hotspot(is_manual=True, address="")
    make_hotspot_business(other, make_business())
    key = make_presence_key(other)
    url = f"/hotspots/{other.id}/presence"
    assert manager.get(url).status_code == 404
    for verb in ("key", "revoke", "interval"):
        sent = {"replace": "yes", "interval": "60"}
        assert manager.post(f"{url}/{verb}", data=sent).status_code == 404
    assert in_force(other) == [key]


def test_a_hotspot_that_is_called_says_that_nothing_is_to_be_pushed(admin_client):
    hotspot = make_hotspot()
    db.session.commit()
    url = f"/hotspots/{hotspot.id}/presence"
    page = admin_client.get(url).text
    assert "nothing to push" in page and "Make a key" not in page
    assert admin_client.post(f"{url}/key").status_code == 404


def test_a_seller_has_no_part_in_it(sign_in_as, hotspot):
    seller = sign_in_as(make_user("SELLER"))
    assert seller.get(f"/hotspots/{hotspot.id}/presence").status_code == 403


# -- the command -----------------------------------------------------------------------------------


@pytest.fixture
def run(app):
    def run(*arguments):
        return app.test_cli_runner().invoke(args=["hotspots", "presence-key", *arguments])

    return run


def test_a_key_is_made_replaced_and_revoked_at_the_command_line(run, hotspot):
    made = run("Counter", "--every", "60")
    assert made.exit_code == 0 and hotspot.poll_interval == 60
    text = made.stdout.strip()
    assert re.fullmatch(r"presence_[\w-]{43}", text) and "Shown this once" in made.stderr
    again = run("Counter")
    assert again.exit_code == 1 and text[:15] in again.stderr
    other = json.loads(run(hotspot.id, "--replace", "--json").stdout)
    assert other["key"].startswith(other["prefix"]) and other["key"] != text
    (key,) = in_force(hotspot)
    assert key.digest == keys.digest(other["key"])
    assert f"{key.prefix}… is revoked." in run("Counter", "--revoke").stdout
    assert "It has no key." in run("Counter", "--revoke").stdout
    assert json.loads(run("Counter", "--revoke", "--json").stdout)["revoked"] is None


def test_the_list_says_how_a_portal_is(app, portal):
    def states():
        listed = app.test_cli_runner().invoke(args=["hotspots", "list"]).stdout
        return [line for line in listed.splitlines() if portal.hotspot.id in line]

    assert "manual" in states()[0] and "active" in states()[0]
    portal.push()
    assert " ok " in states()[0] and "2026-11-22 10:00Z" in states()[0]


def test_a_name_that_means_several_hotspots_is_refused(run, hotspot):
    twin = make_hotspot(name="Counter", is_manual=True, address="")
    refused = run("Counter")
    assert refused.exit_code == 1 and twin.id in refused.stderr and hotspot.id in refused.stderr
    assert run(twin.id).exit_code == 0


@pytest.mark.parametrize(
    "arguments",
    [("Nowhere",), ("a\0b",), ("Counter", "--every", "5"), ("Counter", "--revoke", "--replace")],
)
def test_a_command_that_cannot_be_done_says_why_in_one_line(run, hotspot, arguments):
    refused = run(*arguments)
    assert refused.exit_code != 0
    assert "Traceback" not in refused.output
    assert queries.find_key(hotspot.id) is None


def test_the_moment_of_revocation_is_ours(hotspot):
    operations.make_key(COMMAND_LINE, hotspot.id)
    with time_machine.travel(NOON, tick=False):
        assert operations.revoke_key(COMMAND_LINE, hotspot.id).revoked_at == NOON
