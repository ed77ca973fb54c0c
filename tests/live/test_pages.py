"""What people and programs see of tokens on devices."""

import pytest

from tests.factories import make_api_key, make_membership, make_user
from wifiapp.api import keys
from wifiapp.db import db
from wifiapp.sales.models import WifiTokenSale


@pytest.fixture
def manager(sign_in_as, shop):
    user = make_user("MANAGER")
    make_membership(user, shop)
    return sign_in_as(user)


@pytest.fixture
def seller(sign_in_as, shop):
    user = make_user("SELLER")
    make_membership(user, shop)
    return sign_in_as(user)


# -- selling ---------------------------------------------------------------------------------


def test_a_seller_has_a_token_made_and_sold_in_two_taps(box, plan, seller):
    assert "made when sold" in seller.get("/sell").text
    page = seller.get(f"/sell/{plan.id}").text
    assert "Counter makes one now" in page and "none in stock" in page
    answer = seller.post(f"/sell/{plan.id}", data={"method": "CASH", "make": "1"})
    sale = db.session.query(WifiTokenSale).one()
    assert answer.location == f"/sell/sold/{sale.id}"
    code = seller.get(answer.location).text
    (made,) = box.tokens
    assert made[:4] in code and made[4:] in code


def test_a_hotspot_that_was_silent_is_not_promised(counter, plan, seller):
    counter.status = "SILENT"
    db.session.commit()
    assert "may take a while or fail" in seller.get(f"/sell/{plan.id}").text


def test_what_was_not_made_is_said_and_nothing_that_was_typed_is_lost(box, plan, seller):
    box.fail("hang up", times=99)
    form = {"method": "CASH", "make": "1", "tendered": "5.00"}
    page = seller.post(f"/sell/{plan.id}", data=form)
    assert page.status_code == 422 and "Take no money" in page.text
    assert 'value="5.00"' in page.text
    assert db.session.query(WifiTokenSale).count() == 0


def test_a_page_from_before_the_last_token_was_sold_offers_to_make_one(box, plan, seller):
    page = seller.post(f"/sell/{plan.id}", data={"method": "CASH"})
    assert page.status_code == 422 and "is sold out" in page.text
    assert "Counter makes one now" in page.text and box.tokens == {}


# -- the API ---------------------------------------------------------------------------------


@pytest.fixture
def till(app, shop):
    text = keys.make()
    make_api_key(shop, text, may_read=True, may_sell=True, may_void=True)
    db.session.commit()
    client = app.test_client()

    def sell(plan, key="one", **given):
        headers = {"Authorization": f"Bearer {text}", "Idempotency-Key": key}
        body = {"planId": plan.id, **given}
        return client.open("/api/v1/sales", method="POST", json=body, headers=headers, csrf=False)

    sell.plans = lambda: client.get("/api/v1/plans", headers={"Authorization": f"Bearer {text}"})
    return sell


def test_a_program_has_one_made_when_it_says_so(box, plan, till):
    assert (
        till.plans().json["plans"][0] | {"stock": 0, "canMake": True}
        == (till.plans().json["plans"][0])
    )
    assert till(plan).json["type"] == "urn:wifiapp:sold-out" and box.tokens == {}
    answer = till(plan, makeNow=True)
    assert answer.status_code == 201 and answer.json["token"]["code"] in box.tokens
    again = till(plan, makeNow=True)
    assert again.status_code == 200 and again.json["id"] == answer.json["id"]
    assert len(box.tokens) == 1


def test_a_program_is_told_why_none_was_made(box, plan, till):
    box.fail("hang up", times=99)
    answer = till(plan, makeNow=True)
    assert answer.status_code == 409 and answer.json["type"] == "urn:wifiapp:not-made"
    assert "does not answer" in answer.json["detail"]
    assert till(plan, makeNow="yes").status_code == 422
