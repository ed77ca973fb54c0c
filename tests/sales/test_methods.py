"""The payment methods of a business, and their pages."""

from decimal import Decimal

import pytest
from sqlalchemy import select

from tests.factories import make_business, make_membership, make_method, make_user
from wifiapp.access import COMMAND_LINE
from wifiapp.audit.models import AuditLog
from wifiapp.db import db
from wifiapp.errors import NotFound
from wifiapp.sales import methods_operations, methods_queries
from wifiapp.sales.methods import Method
from wifiapp.sales.methods_operations import InvalidMethod
from wifiapp.sales.models import PaymentMethod


@pytest.fixture
def shop():
    business = make_business()
    db.session.commit()
    return business


def offered(business):
    return [each.name for each in methods_queries.list_offered(business.id)]


def add(business, name="ecocash", kind="MOBILE", percent="0", minimum="0"):
    method = Method(name, kind, Decimal(percent), Decimal(minimum))
    return methods_operations.add_method(COMMAND_LINE, business.id, method)


def last_entry():
    return db.session.scalar(select(AuditLog).order_by(AuditLog.at.desc(), AuditLog.id).limit(1))


def test_a_business_that_has_said_nothing_takes_the_usual_ways_to_pay(shop):
    assert offered(shop) == ["CASH", "MOBILE MONEY", "CARD"]


def test_the_first_method_takes_the_place_of_the_usual_one_of_its_kind(shop):
    add(shop, "  Eco  cash ", "MOBILE", minimum="0.10")
    assert offered(shop) == ["CASH", "CARD", "ECO CASH"]
    assert last_entry().change == {
        "name": "ECO CASH",
        "kind": "MOBILE",
        "feePercent": "0.00",
        "feeMinimum": "0.10",
    }


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 31}, "name"),
        ({"name": "free"}, "name"),
        ({"kind": "BARTER"}, "kind"),
        ({"percent": "100.01"}, "fee_percent"),
        ({"percent": "1.005"}, "fee_percent"),
        ({"percent": "NaN"}, "fee_percent"),
        ({"minimum": "-0.01"}, "fee_minimum"),
        ({"minimum": "1e11"}, "fee_minimum"),
    ],
)
def test_what_will_not_do_is_named_by_its_field(shop, given, field):
    with pytest.raises(InvalidMethod, match="Nothing was changed") as refusal:
        add(shop, **given)
    assert refusal.value.problems.keys() == {field}
    assert db.session.scalars(select(PaymentMethod)).all() == []


def test_a_name_stands_once_on_a_till(shop):
    add(shop)
    with pytest.raises(InvalidMethod, match="already"):
        add(shop, "EcoCash")
    other = make_business()
    assert add(other).name == "ECOCASH"


def test_a_method_keeps_its_name_and_takes_another_fee(shop):
    row = add(shop)
    new = Method("OTHER NAME", "MOBILE", Decimal(2), Decimal("0.10"))
    methods_operations.change_method(COMMAND_LINE, row.id, new)
    assert (row.name, row.fee_percent, row.fee_minimum) == ("ECOCASH", 2, Decimal("0.10"))
    assert last_entry().change["feePercent"] == {"from": "0.00", "to": "2.00"}


def test_a_method_leaves_the_till_and_comes_back_but_one_always_stays(shop):
    row = make_method(shop, name="CASH", kind="CASH")
    wallet = make_method(shop, name="ECOCASH", kind="MOBILE")
    db.session.commit()
    methods_operations.offer_method(COMMAND_LINE, wallet.id, offered=False)
    assert offered(shop) == ["CASH"]
    with pytest.raises(InvalidMethod, match="at least one"):
        methods_operations.offer_method(COMMAND_LINE, row.id, offered=False)
    methods_operations.offer_method(COMMAND_LINE, wallet.id, offered=True)
    assert offered(shop) == ["CASH", "ECOCASH"]


def test_there_is_nothing_to_change_where_there_is_no_method():
    with pytest.raises(NotFound):
        methods_operations.change_method(COMMAND_LINE, "nothing", Method("X"))


# -- pages -------------------------------------------------------------------------------------


def test_a_manager_adds_changes_and_takes_off_a_method(sign_in_as, shop):
    manager = make_user("MANAGER")
    make_membership(manager, shop)
    client = sign_in_as(manager)
    assert "The usual ones" in client.get("/sell/methods").text
    form = {"business": shop.id, "name": "EcoCash", "kind": "MOBILE"}
    answer = client.post("/sell/methods/add", data=form | {"fee_percent": "1,5", "fee_minimum": ""})
    assert answer.status_code == 303
    page = client.get("/sell/methods").text
    assert "ECOCASH" in page and "1.5%" in page
    row = db.session.scalar(select(PaymentMethod).where(PaymentMethod.name == "ECOCASH"))
    url = f"/sell/methods/{row.id}"
    assert 'value="1.50"' in client.get(url).text
    fee = {"kind": "MOBILE", "fee_percent": "2", "fee_minimum": "0.05"}
    assert client.post(url, data=fee).status_code == 303
    assert "2%, at least USD 0.05" in client.get("/sell/methods").text
    client.post(f"{url}/deactivate")
    assert "Not on the till" in client.get("/sell/methods").text
    client.post(f"{url}/activate")
    assert "Not on the till" not in client.get("/sell/methods").text


def test_bad_input_gets_its_message_and_loses_nothing(admin_client, shop):
    form = {"business": shop.id, "name": "EcoCash", "kind": "MOBILE"}
    bad = {"fee_percent": "half", "fee_minimum": "1.005"}
    answer = admin_client.post("/sell/methods/add", data=form | bad)
    assert answer.status_code == 422
    for shown in ("Enter an amount such as", "at most two digits", 'value="half"', "EcoCash"):
        assert shown in answer.text
    answer = admin_client.post("/sell/methods/add", data=form | {"fee_percent": "101"})
    assert answer.status_code == 422 and "0 to 100" in answer.text


def test_a_method_of_another_business_is_not_found(sign_in_as, shop):
    method = make_method()
    manager = make_user("MANAGER")
    make_membership(manager, shop)
    client = sign_in_as(manager)
    assert client.get(f"/sell/methods/{method.id}").status_code == 404
    assert client.post(f"/sell/methods/{method.id}/deactivate").status_code == 404
    form = {"business": method.business_id, "name": "X", "kind": "OTHER"}
    answer = client.post("/sell/methods/add", data=form)
    assert answer.status_code == 422 and "Choose one of your businesses" in answer.text
