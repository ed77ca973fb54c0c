"""The till: from the plans to the code."""

import re
from datetime import timedelta
from decimal import Decimal
from html import unescape

import pytest
import time_machine
from sqlalchemy import func, select

from tests.factories import (
    make_business,
    make_membership,
    make_method,
    make_plan,
    make_token,
    make_user,
)
from wifiapp import clock
from wifiapp.columns import new_id
from wifiapp.db import db
from wifiapp.sales.models import WifiTokenSale
from wifiapp.sell import queries
from wifiapp.tokens.models import WifiToken


@pytest.fixture
def shop():
    return make_business(name="Baobab")


@pytest.fixture
def plan(shop):
    plan = make_plan(shop, name="3 hours", price=Decimal("1.00"))
    for _ in range(3):
        make_token(plan=plan)
    return plan


@pytest.fixture
def seller(shop, sign_in_as):
    user = make_user("SELLER")
    make_membership(user, shop)
    client = sign_in_as(user)
    client.user = user
    return client


def words(answer):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def value(page, name):
    return page.text.partition(f'name="{name}"')[2].partition('value="')[2].partition('"')[0]


def pay(client, plan, method="CASH", query="", **given):
    """Open the plan's page and press the button of a method."""
    url = f"/sell/{plan.id}{query}"
    page = client.get(url)
    assert page.status_code == 200
    form = {"key": value(page, "key"), "price": value(page, "price"), "method": method}
    return client.post(url, data=form | given)


def sales():
    return db.session.scalars(select(WifiTokenSale).order_by(WifiTokenSale.receipt_number)).all()


# -- the plans ---------------------------------------------------------------------------------


def test_a_tile_has_name_price_and_stock(seller, shop, plan):
    make_plan(shop, name="Day pass", price=Decimal("2.50"))
    make_plan(shop, name="Retired", is_active=False)
    make_plan(name="Elsewhere")
    read = words(seller.get("/sell"))
    assert "3 hours USD 1.00" in read and "3 left" in read
    assert "Day pass USD 2.50" in read and "sold out" in read
    assert "Retired" not in read and "Elsewhere" not in read


def test_a_tile_tells_the_terms_of_the_token_that_is_sold_next(seller, plan):
    plan.price, plan.duration_minutes = Decimal("1.50"), 180
    db.session.commit()
    assert "3 hours USD 1.00 1 hour · 3 left older tokens first: the plan is USD 1.50 now" in words(
        seller.get("/sell")
    )


def test_a_large_stock_is_counted_so_far(seller, plan, monkeypatch):
    monkeypatch.setattr(queries, "COUNT_LIMIT", 2)
    assert "2+ left" in words(seller.get("/sell"))


def test_without_a_plan_or_a_business_the_till_says_whom_to_ask(sign_in_as, seller):
    assert "Ask the manager to add one" in words(seller.get("/sell"))
    assert "Ask an administrator" in words(sign_in_as(make_user("SELLER")).get("/sell"))


def test_whoever_lost_an_answer_finds_their_last_sale(seller, shop, plan, sign_in_as):
    assert "Your last sale" not in words(seller.get("/sell"))
    sold = pay(seller, plan).location
    page = seller.get("/sell")
    assert "Your last sale: 3 hours at" in words(page) and f'href="{sold}"' in page.text
    other = make_user("SELLER")
    make_membership(other, shop)
    assert "Your last sale" not in words(sign_in_as(other).get("/sell"))
    with time_machine.travel(clock.now() + timedelta(minutes=16)):
        assert "Your last sale" not in words(seller.get("/sell"))


def test_the_script_of_the_till_is_led_to_the_code_by_a_header(seller, plan):
    page = seller.get(f"/sell/{plan.id}")
    form = {"key": value(page, "key"), "price": value(page, "price"), "method": "CASH"}
    answers = [
        seller.post(f"/sell/{plan.id}", data=form, headers={"HX-Request": "true"})
        for _ in range(2)  # the first answer was lost
    ]
    assert [each.status_code for each in answers] == [204, 204]
    assert len({each.headers["HX-Redirect"] for each in answers}) == 1
    assert len(sales()) == 1


def test_the_business_that_was_chosen_is_kept(seller, shop, plan):
    other = make_business(name="Zebra")
    make_plan(other, name="Zebra hour")
    make_membership(seller.user, other)
    db.session.commit()
    assert "3 hours" in words(seller.get("/sell"))
    assert "Zebra hour" in words(seller.get(f"/sell?business={other.id}"))
    assert "Zebra hour" in words(seller.get("/sell"))
    assert "Zebra hour" in words(seller.get("/sell?business=nothing"))
    assert "3 hours" in words(seller.get(f"/sell?business={shop.id}"))


# -- how it is paid ----------------------------------------------------------------------------


def test_two_taps_sell_and_show_the_code(seller, plan):
    answer = pay(seller, plan)
    (sale,) = sales()
    assert (answer.status_code, answer.location) == (303, f"/sell/sold/{sale.id}")
    assert (sale.sold_by, sale.sale_channel) == (seller.user.id, "DIRECT")
    page = seller.get(answer.location)
    code = db.session.get(WifiToken, sale.wifi_token_id).token
    assert f'data-copy="{code}"' in page.text and "<svg" in page.text
    assert "USD 1.00 · CASH · receipt 1" in words(page)
    assert "Next customer" in words(page)


def test_cash_received_gives_the_change(seller, plan):
    answer = pay(seller, plan, tendered="5")
    assert "Change USD 4.00" in words(seller.get(answer.location))


def test_mobile_money_has_its_fee_and_code(seller, shop, plan):
    make_method(shop, name="ECOCASH", kind="MOBILE", fee_minimum=Decimal("0.05"))
    db.session.commit()
    page = seller.get(f"/sell/{plan.id}")
    assert "ECOCASH with a fee of USD 0.05 USD 1.05" in words(page)
    assert 'value="CASH"' not in page.text, "a business that has said its methods has these"
    pay(seller, plan, "ECOCASH", transaction_code="MP12")
    (sale,) = sales()
    assert (sale.fee, sale.transaction_code) == (Decimal("0.05"), "MP12")


def test_a_gift_says_why(seller, plan):
    answer = pay(seller, plan, "FREE", gift_reason=" ")
    assert answer.status_code == 422 and 'id="gift_reason-error"' in answer.text
    assert pay(seller, plan, "FREE", gift_reason="for the band").status_code == 303
    assert (sales()[0].payment_method, sales()[0].sale_amount) == ("FREE", 0)


def test_a_free_plan_asks_for_the_reason_alone(seller, shop):
    free = make_plan(shop, price=Decimal(0))
    make_token(plan=free)
    db.session.commit()
    page = seller.get(f"/sell/{free.id}").text
    assert 'value="CASH"' not in page and "gift_reason" in page
    assert pay(seller, free, "FREE", gift_reason="trial").status_code == 303


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"tendered": "a lot"}, "Enter an amount such as"),
        ({"tendered": "0.50"}, "USD 0.50 is missing"),
        ({"tendered": "-1"}, "Enter an amount such as"),
        ({"tendered": "5.001"}, "at most two digits"),
        ({"tendered": "5", "method": "CARD"}, "Only for cash"),
        ({"transaction_code": "x" * 201}, "at most 200"),
        ({"method": "SHELLS"}, "Choose how the customer pays"),
        ({"method": ""}, "Choose how the customer pays"),
    ],
)
def test_bad_input_gets_its_message_loses_nothing_and_sells_nothing(seller, plan, given, message):
    answer = pay(seller, plan, **{"transaction_code": "keep me"} | given)
    assert answer.status_code == 422
    assert message in words(answer)
    assert given.get("transaction_code", "keep me") in answer.text
    assert given.get("tendered", "") in answer.text
    assert sales() == []


def test_enter_in_a_field_presses_no_button(seller, plan):
    page = seller.get(f"/sell/{plan.id}").text
    first = re.search(r"<form class=\"till\".*?(<button[^>]*>)", page, re.DOTALL)[1]
    assert "disabled" in first


def test_a_price_that_changed_meanwhile_is_told_before_it_is_taken(seller, plan):
    answer = pay(seller, plan, price="0.80")
    assert answer.status_code == 422 and "The price is USD 1.00 now" in words(answer)
    assert value(answer, "price") == "1.00" and sales() == []
    assert pay(seller, plan, price="nonsense").status_code == 303


# -- once --------------------------------------------------------------------------------------


def test_a_double_tap_sells_once_and_shows_the_same(seller, plan):
    form = {"key": new_id(), "price": "1.00", "method": "CASH"}
    first, second = (seller.post(f"/sell/{plan.id}", data=form) for _ in range(2))
    assert first.location == second.location and len(sales()) == 1
    assert "sold before" not in seller.get(second.location).text


def test_a_form_sent_again_much_later_says_that_it_is_the_same_token(seller, plan):
    form = {"key": new_id(), "price": "1.00", "method": "CASH"}
    seller.post(f"/sell/{plan.id}", data=form)
    with time_machine.travel(clock.now() + timedelta(minutes=5)):
        answer = seller.post(f"/sell/{plan.id}", data=form)
        assert "This token was sold before" in words(seller.get(answer.location))
    assert len(sales()) == 1


def test_a_second_button_of_the_same_form_changes_nothing_and_says_so(seller, plan):
    form = {"key": new_id(), "price": "1.00"}
    first = seller.post(f"/sell/{plan.id}", data=form | {"method": "CASH"})
    second = seller.post(f"/sell/{plan.id}", data=form | {"method": "CARD"})
    assert first.location == second.location and len(sales()) == 1
    assert "paid by CASH" in words(seller.get(second.location))


def test_a_key_of_somebody_else_gives_nothing_away(seller, shop, plan, sign_in_as):
    form = {"key": new_id(), "price": "1.00", "method": "CASH"}
    seller.post(f"/sell/{plan.id}", data=form)
    other = make_user("SELLER")
    make_membership(other, shop)
    assert sign_in_as(other).post(f"/sell/{plan.id}", data=form).status_code == 409
    assert len(sales()) == 1


@pytest.mark.parametrize("key", ["", "x", "x" * 300])
def test_a_form_without_a_good_key_still_sells(seller, plan, key):
    assert pay(seller, plan, key=key).status_code == 303


def test_the_page_is_fetched_anew_when_somebody_goes_back(seller, plan):
    answer = seller.get(f"/sell/{plan.id}")
    assert answer.headers["Cache-Control"] == "no-store"
    assert value(answer, "key") != value(seller.get(f"/sell/{plan.id}"), "key")


# -- sold out ----------------------------------------------------------------------------------


def test_sold_out_says_so_and_what_to_do(seller, sign_in_as, shop):
    plan = make_plan(shop, name="Day pass")
    db.session.commit()
    page = words(seller.get(f"/sell/{plan.id}"))
    assert "Day pass is sold out" in page and "Ask the manager" in page
    manager = make_user("MANAGER")
    make_membership(manager, shop)
    page = sign_in_as(manager).get(f"/sell/{plan.id}").text
    assert f'href="/tokens/batches/make?plan={plan.id}"' in page


def test_the_last_token_sold_by_another_till_is_told(seller, plan):
    url = f"/sell/{plan.id}"
    page = seller.get(url)
    for token in db.session.scalars(select(WifiToken)):
        token.status = "SOLD"
    db.session.commit()
    form = {"key": value(page, "key"), "price": "1.00", "method": "CASH"}
    answer = seller.post(url, data=form)
    assert answer.status_code == 422
    assert "3 hours is sold out. Nothing was sold." in words(answer)


# -- printed vouchers --------------------------------------------------------------------------


def test_a_printed_voucher_is_sold_by_its_code(seller, shop, plan):
    voucher = make_token(plan=plan, token="A3K9M7P2", printed_at=clock.now())
    db.session.commit()
    answer = seller.get("/sell?voucher=voucher+a3k9-m7p2")
    assert answer.status_code == 303
    assert "A3K9 M7P2" in words(seller.get(answer.location))
    query = answer.location.partition(plan.id)[2]
    assert pay(seller, plan, query=query).status_code == 303
    assert sales()[0].wifi_token_id == voucher.id
    page = words(seller.get("/sell?voucher=A3K9M7P2"))
    assert "It is sold already" in page


def test_a_voucher_that_is_not_here_gets_a_message(seller, plan):
    make_token(token="A3K9M7P2")
    for code in ("A3K9M7P2", "NOTHERE9", "%00", "voucher"):
        answer = seller.get(f"/sell?voucher={code}")
        assert answer.status_code == 200 and 'id="voucher-error"' in answer.text, code


def test_a_voucher_and_its_plan_belong_together(seller, plan):
    other = make_token()
    assert seller.get(f"/sell/{plan.id}?token={other.id}").status_code == 404
    mine = make_token(plan=make_plan(db.session.get(type(make_business()), plan.business_id)))
    db.session.commit()
    assert seller.get(f"/sell/{plan.id}?token={mine.id}").status_code == 404


# -- who may -----------------------------------------------------------------------------------


def test_nobody_sells_for_a_business_that_is_not_theirs(seller):
    plan = make_plan()
    make_token(plan=plan)
    db.session.commit()
    assert seller.get(f"/sell/{plan.id}").status_code == 404
    form = {"key": new_id(), "price": "1.00", "method": "CASH"}
    assert seller.post(f"/sell/{plan.id}", data=form).status_code == 404
    assert db.session.scalar(select(func.count()).select_from(WifiTokenSale)) == 0


def test_a_seller_sees_its_own_sales_and_no_other_page(seller, shop, plan):
    pay(seller, plan)
    page = seller.get("/sales").text
    assert f'href="/sales/{sales()[0].id}"' in page and "/sales/closings" not in page
    for path in ("/sales/closings", "/sales/close", "/sell/methods", "/tokens", "/devices"):
        assert seller.get(path).status_code == 403, path
    assert seller.get("/").location == "/sell"


@pytest.mark.parametrize("path", ["/sell/nothing", "/sell/sold/nothing", "/sell/%ED%A0%80"])
def test_an_id_of_nothing_is_not_found(admin_client, path):
    assert admin_client.get(path).status_code == 404
