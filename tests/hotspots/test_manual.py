"""Manual hotspots: their pages, their commands, and who may touch them."""

import json

import pytest

from tests.factories import (
    make_business,
    make_hotspot,
    make_hotspot_business,
    make_membership,
    make_user,
)
from wifiapp.access import Actor, Viewer
from wifiapp.audit.models import AuditLog
from wifiapp.db import db
from wifiapp.errors import NotFound
from wifiapp.hotspots import operations, queries
from wifiapp.hotspots.models import Hotspot
from wifiapp.hotspots.operations import InvalidHotspot

BOSS = Actor(user_id=None, email="boss@example.org")


@pytest.fixture
def shop():
    business = make_business(name="Corner Shop")
    db.session.commit()
    return business


@pytest.fixture
def manager(sign_in_as, shop):
    user = make_user("MANAGER")
    make_membership(user, shop)
    return sign_in_as(user)


def test_a_manager_adds_a_manual_hotspot_and_takes_it_out_of_use(manager, shop):
    assert "No hotspot yet" in manager.get("/hotspots").text
    data = {"name": "  Front   desk ", "business": shop.id, "system": "R710"}
    assert manager.post("/hotspots/add-manual", data=data).location.startswith("/hotspots/")
    hotspot = db.session.query(Hotspot).one()
    assert (hotspot.name, hotspot.system, hotspot.is_manual) == ("Front desk", "R710", True)
    assert queries.serves(hotspot.id, shop.id)
    page = manager.get("/hotspots").text
    assert "Front desk" in page and "never called" in page and "Corner Shop" in page
    manager.post(f"/hotspots/{hotspot.id}/deactivate")
    db.session.refresh(hotspot)
    assert not hotspot.is_active and "Not in use" in manager.get("/hotspots").text
    assert queries.find_manual(shop.id, "R710") is None
    manager.post(f"/hotspots/{hotspot.id}/activate")
    assert queries.find_manual(shop.id, "R710").id == hotspot.id
    actions = [each.action for each in db.session.query(AuditLog).order_by(AuditLog.at)]
    assert actions == ["hotspot.create", "hotspot.deactivate", "hotspot.activate"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"name": ""}, "Enter a name."),
        ({"name": "x" * 61}, "Take at most 60 characters."),
        ({"system": "R650"}, "Choose one of the systems."),
        ({"business": "nowhere"}, "Choose one of your businesses."),
    ],
)
def test_what_is_wrong_stands_beside_its_field(manager, shop, wrong, message):
    data = {"name": "Counter", "business": shop.id, "system": "ESP32"} | wrong
    page = manager.post("/hotspots/add-manual", data=data)
    assert page.status_code == 422
    assert message in page.text
    assert db.session.query(Hotspot).count() == 0


def test_operations_refuse_what_a_form_would(shop):
    for name, system in (("", "ESP32"), ("x" * 61, "ESP32"), ("Counter", "R650")):
        with pytest.raises(InvalidHotspot):
            operations.add_manual_hotspot(BOSS, name, system, shop.id)
    for business_id in ("nowhere",):
        with pytest.raises(NotFound):
            operations.add_manual_hotspot(BOSS, "Counter", "ESP32", business_id)
    with pytest.raises(NotFound):
        operations.activate_hotspot(BOSS, "nowhere", active=True)


def test_the_hotspot_of_another_business_is_not_found(manager):
    hotspot = make_hotspot_business(make_hotspot(name="Foreign", is_manual=True)).hotspot_id
    db.session.commit()
    for wrong in (hotspot, "nowhere"):
        for verb in ("activate", "deactivate"):
            assert manager.post(f"/hotspots/{wrong}/{verb}").status_code == 404
    assert "Foreign" not in manager.get("/hotspots").text


def test_a_shared_hotspot_names_only_the_businesses_one_may_see(manager, shop):
    shared = make_hotspot(name="Rooftop")
    make_hotspot_business(shared, shop)
    make_hotspot_business(shared, make_business(name="Neighbour"))
    db.session.commit()
    page = manager.get("/hotspots").text
    assert "Rooftop" in page and "Corner Shop" in page and "Neighbour" not in page
    answer = manager.post(f"/hotspots/{shared.id}/deactivate")
    assert answer.status_code == 409 and "Only an administrator" in answer.text
    viewer = Viewer("somebody", "MANAGER", frozenset())
    assert queries.list_hotspots(viewer) == []


def test_a_hotspot_is_added_and_listed_at_the_command_line(app, shop):
    def run(*arguments):
        return app.test_cli_runner().invoke(args=["hotspots", *arguments])

    options = ("--system", "esp32", "--business", shop.id)
    made = run("add", "Counter", *options, "--manual")
    assert made.exit_code == 0
    (listed,) = json.loads(run("list", "--json").stdout)
    assert (listed["id"], listed["isManual"]) == (made.stdout.strip(), True)
    assert listed["businesses"] == [{"id": shop.id, "name": "Corner Shop"}]
    assert "secretEncrypted" not in listed
    row = json.loads(run("add", "Desk", *options, "--manual", "--json").stdout)
    assert row["name"] == "Desk"
    assert "manual" in run("list").stdout
    refused = run("add", "Device", *options)
    assert refused.exit_code == 2 and "--address" in refused.stderr
    two = run("add", "Desk", *options, "--business", shop.id, "--manual")
    assert two.exit_code == 2 and "one --business" in two.stderr
    assert run("add", "X", "--system", "ESP32", "--business", "no", "--manual").exit_code == 1
