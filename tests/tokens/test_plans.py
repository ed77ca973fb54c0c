"""Plans: what may be sold, in which order, and that tokens keep their terms."""

import json
from decimal import Decimal

import pytest

from tests.factories import make_business, make_membership, make_plan, make_token, make_user
from wifiapp.access import Actor, Viewer
from wifiapp.audit.models import AuditLog
from wifiapp.db import db
from wifiapp.errors import NotFound
from wifiapp.tokens import plans_operations, plans_queries
from wifiapp.tokens.limits import Terms
from wifiapp.tokens.models import TokenConfiguration
from wifiapp.tokens.plans_operations import InvalidPlan

BOSS = Actor(user_id=None, email="boss@example.org")
HOUR = Terms("1 hour", 60, Decimal("1.00"))

GIVEN = {
    "name": "3 hours",
    "duration": "3",
    "unit": "hour",
    "price": "1.50",
    "download_mb": "600",
    "upload_mb": "",
    "devices": "2",
}


@pytest.fixture
def shop():
    business = make_business(name="Corner Shop")
    db.session.commit()  # a refusal undoes what was not committed
    return business


@pytest.fixture
def manager(sign_in_as, shop):
    user = make_user("MANAGER")
    make_membership(user, shop)
    return sign_in_as(user)


def names(shop):
    return [plan.name for plan, business, _ in plans_queries.list_plans() if business is shop]


def actions():
    return [each.action for each in db.session.query(AuditLog).order_by(AuditLog.at)]


def fresh(plan):
    db.session.refresh(plan)
    return plan


# -- rules -----------------------------------------------------------------------------------


def test_a_plan_comes_at_the_end_of_its_business(shop):
    for name in ("A", "B", "C"):
        plans_operations.add_plan(BOSS, shop.id, "ESP32", Terms(name, 60, Decimal(1)))
    assert names(shop) == ["A", "B", "C"]
    assert actions() == ["plan.create"] * 3


def test_changing_a_plan_never_changes_a_token_made_before(shop):
    plan = make_plan(shop, name="1 hour", price=Decimal("1.00"))
    token = make_token(plan=plan)
    db.session.refresh(token)
    before = {**vars(token)}
    plans_operations.change_plan(BOSS, plan.id, Terms("2 hours", 120, Decimal(3), 5, 6, 2))
    assert (plan.name, plan.duration_minutes, plan.price) == ("2 hours", 120, 3)
    db.session.refresh(token)
    for name in ("plan_name", "duration_minutes", "price", "download_mb", "device_limit"):
        assert getattr(token, name) == before[name]
    (entry,) = db.session.query(AuditLog)
    assert entry.change["price"] == {"from": "1.00", "to": "3.00"}
    assert entry.business_id == shop.id


def test_saving_without_a_change_is_no_change(shop):
    plan = make_plan(shop, name="1 hour")
    plans_operations.change_plan(BOSS, plan.id, HOUR)
    assert actions() == []


def test_a_name_is_taken_within_a_business_and_system_while_it_is_on_offer(shop):
    plan = plans_operations.add_plan(BOSS, shop.id, "ESP32", HOUR)
    with pytest.raises(InvalidPlan, match="already") as refused:
        plans_operations.add_plan(BOSS, shop.id, "ESP32", Terms("1 HOUR", 60, Decimal(2)))
    assert refused.value.problems.keys() == {"name"}
    plans_operations.add_plan(BOSS, shop.id, "R710", HOUR)
    plans_operations.add_plan(BOSS, make_business().id, "ESP32", HOUR)
    plans_operations.offer_plan(BOSS, plan.id, offered=False)
    plans_operations.add_plan(BOSS, shop.id, "ESP32", HOUR)
    with pytest.raises(InvalidPlan, match="Another plan is called"):
        plans_operations.offer_plan(BOSS, plan.id, offered=True)


def test_what_a_system_cannot_do_is_refused_and_nothing_is_written(shop):
    with pytest.raises(InvalidPlan, match="No plan was changed"):
        plans_operations.add_plan(BOSS, shop.id, "R710", Terms("Half", 30, Decimal(1)))
    with pytest.raises(InvalidPlan, match="Take ESP32 or R710"):
        plans_operations.add_plan(BOSS, shop.id, "R650", HOUR)
    with pytest.raises(NotFound):
        plans_operations.add_plan(BOSS, "nowhere", "ESP32", HOUR)
    assert db.session.query(TokenConfiguration).count() == 0


def test_plans_change_places(shop):
    plans = [make_plan(shop, name=name, sort_order=0) for name in "ABC"]
    order = sorted(plans, key=lambda plan: (plan.created_at, plan.id))
    plans_operations.move_plan(BOSS, order[2].id, up=True)
    assert names(shop) == [order[0].name, order[2].name, order[1].name]
    plans_operations.move_plan(BOSS, order[2].id, up=True)
    plans_operations.move_plan(BOSS, order[2].id, up=True)
    assert names(shop) == [order[2].name, order[0].name, order[1].name]
    plans_operations.move_plan(BOSS, order[0].id, up=False)
    plans_operations.move_plan(BOSS, order[0].id, up=False)
    assert names(shop) == [order[2].name, order[1].name, order[0].name]
    assert actions() == ["plan.move"] * 3


def test_the_stock_of_a_plan_is_what_nobody_has_bought(shop):
    plan = make_plan(shop)
    for status in ("UNUSED", "UNUSED", "SOLD", "DISABLED"):
        make_token(plan=plan, status=status)
    ((_, _, stock),) = plans_queries.list_plans()
    assert (stock, plans_queries.count_tokens(plan.id)) == (2, 4)


def test_plans_of_others_are_not_there(shop):
    plan = make_plan()
    viewer = Viewer("somebody", "MANAGER", frozenset({shop.id}))
    assert plans_queries.list_plans(viewer) == []
    for wrong in (plan.id, "nowhere", "nul\0"):
        with pytest.raises(NotFound):
            plans_queries.get_plan(wrong, viewer)


# -- pages -----------------------------------------------------------------------------------


def test_a_manager_adds_changes_orders_and_takes_off_plans(manager, shop):
    page = manager.get("/tokens/plans")
    assert "No plan yet" in page.text
    data = GIVEN | {"business": shop.id, "system": "ESP32"}
    assert manager.post("/tokens/plans/add", data=data).location == "/tokens/plans"
    plan = db.session.query(TokenConfiguration).one()
    assert (plan.duration_minutes, plan.price, plan.download_mb) == (180, Decimal("1.50"), 600)
    page = manager.get("/tokens/plans").text
    for fact in ("3 hours", "USD 1.50", "600 MB / unlimited", "Corner Shop"):
        assert fact in page
    assert 'value="1.50"' in manager.get(f"/tokens/plans/{plan.id}").text
    answer = manager.post(f"/tokens/plans/{plan.id}", data=GIVEN | {"price": "2"})
    assert (answer.status_code, fresh(plan).price) == (303, 2)
    manager.post(f"/tokens/plans/{plan.id}/deactivate")
    assert not fresh(plan).is_active
    assert "Not on offer" in manager.get("/tokens/plans").text
    manager.post(f"/tokens/plans/{plan.id}/activate")
    assert fresh(plan).is_active
    assert manager.post(f"/tokens/plans/{plan.id}/move", data={"to": "up"}).status_code == 303


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"name": ""}, "Enter a name."),
        ({"name": " "}, "1 to 60 characters"),
        ({"name": "x" * 61}, "1 to 60 characters"),
        ({"duration": "20", "unit": "minute"}, "from 30 minutes to 30 days"),
        ({"duration": "three"}, "Enter a whole number."),
        ({"duration": "99999999999"}, "This number is too large."),
        ({"duration": "2000000000", "unit": "week"}, "from 30 minutes to 30 days"),
        ({"unit": "year"}, "Choose one of the units."),
        ({"price": ""}, "Enter a price"),
        ({"price": "-1"}, "A price is 0 or more"),
        ({"price": "NaN"}, "A price is 0 or more"),
        ({"price": "a lot"}, "Not a valid decimal value."),
        ({"download_mb": "-5"}, "Enter a number of megabytes"),
        ({"devices": "3"}, "one or two devices"),
        ({"system": "R710"}, "cannot limit the data"),
        ({"system": "R650"}, "Choose one of the systems."),
        ({"business": "nowhere"}, "Choose one of your businesses."),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(manager, shop, wrong, message):
    data = GIVEN | {"business": shop.id, "system": "ESP32", "upload_mb": "77"} | wrong
    page = manager.post("/tokens/plans/add", data=data)
    assert page.status_code == 422
    assert message in page.text
    assert 'value="77"' in page.text
    assert db.session.query(TokenConfiguration).count() == 0


def test_a_name_that_is_taken_is_said_beside_the_name(manager, shop):
    plan = make_plan(shop, name="3 HOURS")
    data = GIVEN | {"business": shop.id, "system": "ESP32"}
    assert "already" in manager.post("/tokens/plans/add", data=data).text
    other = make_plan(shop, name="Other")
    assert "already" in manager.post(f"/tokens/plans/{other.id}", data=GIVEN).text
    plans_operations.offer_plan(BOSS, plan.id, offered=False)
    plans_operations.add_plan(BOSS, shop.id, "ESP32", Terms("3 hours", 60, Decimal(1)))
    page = manager.post(f"/tokens/plans/{plan.id}/activate", follow_redirects=True)
    assert "Another plan is called" in page.text


@pytest.mark.parametrize("path", ["", "/move", "/activate", "/deactivate"])
def test_the_plan_of_another_business_is_not_found(manager, path):
    plan = make_plan()
    db.session.commit()
    for wrong in (plan.id, "nowhere"):
        assert manager.post(f"/tokens/plans/{wrong}{path}", data=GIVEN).status_code == 404
    assert plan.name not in manager.get("/tokens/plans").text


def test_a_manager_without_a_business_is_told_so(sign_in_as):
    assert "No business yet" in sign_in_as(make_user("MANAGER")).get("/tokens/plans/add").text


# -- commands --------------------------------------------------------------------------------


def run(app, *arguments):
    return app.test_cli_runner().invoke(args=["plans", *arguments])


def test_a_plan_is_added_and_listed_at_the_command_line(app, shop):
    options = ("--business", shop.id, "--system", "esp32", "--minutes", "60", "--price", "1.00")
    made = run(app, "add", " 1   hour ", *options, "--down-mb", "0", "--json")
    row = json.loads(made.stdout)
    assert (row["name"], row["price"], row["downloadMb"], row["system"]) == (
        "1 hour",
        "1.00",
        None,
        "ESP32",
    )
    listed = json.loads(run(app, "list", "--json").stdout)
    assert [(each["id"], each["stock"]) for each in listed] == [(row["id"], 0)]
    assert "USD 1.00" in run(app, "list").stdout


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (("--minutes", "5"), "from 30 minutes to 30 days"),
        (("--price", "-1"), "A price is 0 or more"),
        (("--price", "free"), "is not an amount"),
        (("--business", "nowhere"), "There is no such business."),
    ],
)
def test_what_cannot_be_is_one_line_and_a_failure(app, shop, wrong, message):
    options = ["--business", shop.id, "--system", "ESP32", "--minutes", "60", "--price", "1"]
    made = run(app, "add", "1 hour", *options, *wrong)
    assert made.exit_code != 0
    assert message in made.stderr
    assert db.session.query(TokenConfiguration).count() == 0
