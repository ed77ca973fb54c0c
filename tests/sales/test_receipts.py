"""The page of one sale, its receipt and its void."""

from decimal import Decimal

import pytest
import time_machine

from tests.factories import (
    make_business,
    make_hotspot,
    make_hotspot_business,
    make_membership,
    make_plan,
    make_sale,
    make_token,
    make_user,
)
from tests.sales.test_operations import NOON
from wifiapp.db import db


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def sale():
    business = make_business(name="Baobab", timezone="Africa/Harare")
    hotspot = make_hotspot()
    make_hotspot_business(hotspot, business, ssid="Baobab WiFi")
    plan = make_plan(business, name="Day pass", price=Decimal("2.00"))
    token = make_token(plan=plan, hotspot=hotspot, token="A3K9M7P2", status="SOLD")
    return make_sale(
        token,
        receipt_number=17,
        fee=Decimal("0.05"),
        tendered=Decimal("5.00"),
        sold_at=NOON,
    )


def member(business_id, role):
    user = make_user(role)
    make_membership(user, db.session.get(type(make_business()), business_id))
    return user


def test_the_page_says_what_was_paid_and_for_which_token(admin_client, sale):
    text = admin_client.get(f"/sales/{sale.id}").text
    for shown in ("Receipt 17", "Baobab", "USD 2.00", "USD 0.05", "USD 2.05", "USD 2.95", "A3K9"):
        assert shown in text, shown


@pytest.mark.parametrize("paper", ["58", "80"])
def test_a_receipt_has_the_code_what_was_paid_and_how_to_go_online(admin_client, sale, paper):
    answer = admin_client.get(f"/sales/{sale.id}/receipt?paper={paper}")
    assert f'class="receipt paper-{paper}"' in answer.text
    for shown in ("Baobab", "Receipt 17", "22 Nov 2026, 12:00", "USD 2.05", "USD 2.95", "<svg"):
        assert shown in answer.text, shown
    assert "<strong>Baobab WiFi</strong>" in answer.text
    again = admin_client.get(f"/sales/{sale.id}/receipt?paper=A0").text
    assert "paper-80" in again or "paper-58" in again


def test_the_paper_is_remembered(admin_client, sale):
    admin_client.get(f"/sales/{sale.id}/receipt?paper=58")
    assert "paper-58" in admin_client.get(f"/sales/{sale.id}/receipt").text


def test_a_manager_voids_with_a_reason(sign_in_as, sale):
    client = sign_in_as(member(sale.business_id, "MANAGER"))
    answer = client.post(f"/sales/{sale.id}/void", data={"reason": " "})
    assert answer.status_code == 422 and "Enter a reason" in answer.text
    assert sale.voided_at is None
    answer = client.post(f"/sales/{sale.id}/void", data={"reason": "wrong plan"})
    assert answer.status_code == 303
    page = client.get(f"/sales/{sale.id}").text
    assert "wrong plan" in page and "USD 2.05 went back" in page and "Void the sale" not in page
    receipt = client.get(f"/sales/{sale.id}/receipt").text
    assert "VOID" in receipt and "A3K9" not in receipt
    client.post(f"/sales/{sale.id}/void", data={"reason": "again"})
    assert "void already" in client.get(f"/sales/{sale.id}").text
    db.session.refresh(sale)
    assert sale.void_reason == "wrong plan"


def test_a_void_stands_on_the_sales_page_as_a_negative_line(admin_client, sale):
    admin_client.post(f"/sales/{sale.id}/void", data={"reason": "wrong plan"})
    text = admin_client.get("/sales").text
    assert "USD -2.00" in text and f'href="/sales/{sale.id}"' in text


def test_a_seller_opens_its_own_sales_only_and_voids_none(sign_in_as, sale):
    seller = member(sale.business_id, "SELLER")
    client = sign_in_as(seller)
    paths = (f"/sales/{sale.id}", f"/sales/{sale.id}/receipt", f"/sell/sold/{sale.id}")
    assert {client.get(path).status_code for path in paths} == {404}
    sale.sold_by = seller.id
    db.session.commit()
    assert {client.get(path).status_code for path in paths} == {200}
    assert "Void the sale" not in client.get(paths[0]).text
    assert client.post(f"/sales/{sale.id}/void", data={"reason": "x"}).status_code == 403


def test_a_sale_of_another_business_is_not_found(sign_in_as, sale):
    manager = make_user("MANAGER")
    make_membership(manager, make_business())
    client = sign_in_as(manager)
    assert client.get(f"/sales/{sale.id}").status_code == 404
    assert client.post(f"/sales/{sale.id}/void", data={"reason": "x"}).status_code == 404


@pytest.mark.parametrize("path", ["/sales/nothing", "/sales/%ED%A0%80", "/sales/a%27b/receipt"])
def test_an_id_of_no_sale_is_not_found(admin_client, path):
    assert admin_client.get(path).status_code == 404
