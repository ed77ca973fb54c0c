"""Selling and voiding, one by one."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from sqlalchemy import event, func, inspect, select

from tests.factories import (
    make_business,
    make_closing,
    make_method,
    make_plan,
    make_sale,
    make_token,
    make_user,
)
from wifiapp import clock
from wifiapp.access import COMMAND_LINE, Actor
from wifiapp.audit.models import AuditLog
from wifiapp.businesses.models import Business
from wifiapp.columns import new_id
from wifiapp.db import db
from wifiapp.errors import NotFound
from wifiapp.sales import operations
from wifiapp.sales.models import WifiTokenSale
from wifiapp.sales.operations import (
    AlreadyVoid,
    InvalidOrder,
    InvalidReason,
    KeyTaken,
    NotOffered,
    PriceChanged,
    SoldOut,
)
from wifiapp.sales.orders import Order
from wifiapp.tokens.models import WifiToken
from wifiapp.tokens.states import Forbidden

NOON = datetime(2026, 11, 22, 10, tzinfo=UTC)


@pytest.fixture
def plan():
    plan = make_plan(name="1 hour", price=Decimal("1.00"))
    make_token(plan=plan)
    return plan


@pytest.fixture
def seller():
    user = make_user("SELLER")
    return Actor(user.id, user.email)


def sell(plan, actor=COMMAND_LINE, **given):
    db.session.commit()  # a refusal rolls back to here
    return operations.sell_token(actor, Order(plan.id, **given))


def count_sales():
    return db.session.scalar(select(func.count()).select_from(WifiTokenSale))


def token_of(sale):
    return db.session.get(WifiToken, sale.wifi_token_id)


def last_entry():
    return db.session.scalar(select(AuditLog).order_by(AuditLog.at.desc(), AuditLog.id).limit(1))


# -- selling -----------------------------------------------------------------------------------


def test_a_sale_takes_a_token_and_says_who_sold_it_how_and_where(plan, seller):
    sale, is_new = sell(plan, seller, method="ecocash", transaction_code=" MP 12 ")
    assert is_new and token_of(sale).status == "SOLD"
    assert (sale.sale_amount, sale.fee, sale.sold_by) == (Decimal("1.00"), 0, seller.user_id)
    assert (sale.payment_method, sale.sale_channel) == ("ECOCASH", "DIRECT")
    assert (sale.transaction_code, sale.receipt_number) == ("MP 12", 1)


def test_a_sale_that_is_returned_is_what_was_written(plan, seller):
    make_method(db.session.get(Business, plan.business_id), name="ECOCASH", fee_percent=5)
    order = {"method": "ecocash", "key": "k", "channel": "stall", "transaction_code": "MP1"}
    sale = sell(plan, seller, **order).sale
    kept = db.session.get_one(WifiTokenSale, sale.id)
    for column in inspect(WifiTokenSale).column_attrs:
        if column.key not in {"created_at", "updated_at"}:
            assert getattr(sale, column.key) == getattr(kept, column.key), column.key
    assert kept.fee and kept.created_at and kept.updated_at


def test_a_sale_costs_four_statements(plan, seller):
    make_token(plan=plan)
    sell(plan, seller)  # whatever is done only once
    order, seen = Order(plan.id, key="one"), []
    event.listen(db.engine, "before_cursor_execute", lambda *given: seen.append(given[2]))
    operations.sell_token(seller, order)
    seen = [each for each in seen if "SAVEPOINT" not in each]
    assert len(seen) == 4, "\n".join(seen)


def test_a_sale_stands_in_the_audit_log(plan, seller):
    sale = sell(plan, seller).sale
    entry = last_entry()
    assert (entry.action, entry.entity_id, entry.user_id) == (
        "sale.create",
        sale.id,
        seller.user_id,
    )
    assert entry.change["amount"] == "1.00" and entry.change["receipt"] == 1


def test_the_oldest_token_is_sold_first_and_a_printed_one_last():
    plan = make_plan()
    printed = make_token(plan=plan, created_at=NOON, printed_at=NOON)
    newer = make_token(plan=plan, created_at=NOON + timedelta(hours=2))
    older = make_token(plan=plan, created_at=NOON + timedelta(hours=1))
    sold = [sell(plan).sale.wifi_token_id for _ in range(3)]
    assert sold == [older.id, newer.id, printed.id]


def test_a_token_past_its_day_of_redemption_is_not_sold():
    plan = make_plan()
    past = make_token(plan=plan, redeem_by=clock.now() - timedelta(seconds=1))
    with pytest.raises(SoldOut):
        sell(plan)
    with pytest.raises(Forbidden, match="over"):
        sell(plan, token_id=past.id)
    make_token(plan=plan, redeem_by=clock.now() + timedelta(hours=1))
    assert sell(plan).is_new


def test_an_empty_shelf_is_sold_out_and_changes_nothing():
    plan = make_plan(name="Day pass")
    make_token(plan=plan, status="SOLD")
    make_token(plan=plan, status="DISABLED")
    with pytest.raises(SoldOut, match=r"Day pass is sold out\. Nothing was sold\."):
        sell(plan)
    assert count_sales() == 0


def test_a_plan_off_offer_or_of_a_closed_business_is_not_sold(plan):
    token = db.session.scalar(select(WifiToken))
    plan.is_active = False
    with pytest.raises(NotOffered):
        sell(plan)
    assert sell(plan, token_id=token.id).is_new, "a voucher that was printed before still is"
    closed = make_plan(make_business(is_active=False))
    make_token(plan=closed)
    with pytest.raises(NotOffered):
        sell(closed)


def test_a_certain_token_can_be_sold_once():
    plan = make_plan()
    make_token(plan=plan)
    wanted = make_token(plan=plan, printed_at=NOON)
    assert sell(plan, token_id=wanted.id).sale.wifi_token_id == wanted.id
    with pytest.raises(Forbidden, match="sold already"):
        sell(plan, token_id=wanted.id)
    with pytest.raises(NotFound):
        sell(plan, token_id=make_token().id)
    with pytest.raises(NotFound):
        sell(plan, token_id="nothing")


@pytest.mark.parametrize("plan_id", ["nothing", "", "\ud800"])
def test_there_is_no_sale_without_a_plan(plan_id):
    with pytest.raises(NotFound):
        operations.sell_token(COMMAND_LINE, Order(plan_id))


def test_a_token_costs_what_it_was_made_for_and_the_customer_is_told_first(plan):
    plan.price = Decimal("1.50")  # the token keeps its own
    with pytest.raises(PriceChanged, match=r"USD 1\.00 now") as refusal:
        sell(plan, price=Decimal("1.50"))
    assert refusal.value.price == Decimal("1.00") and count_sales() == 0
    assert sell(plan, price=Decimal("1.00")).sale.sale_amount == Decimal("1.00")


# -- what is paid ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("percent", "minimum", "price", "fee"),
    [
        ("0", "0", "1.00", "0.00"),
        ("0", "0.10", "1.00", "0.10"),
        ("2", "0.10", "1.00", "0.10"),
        ("2", "0.10", "20.00", "0.40"),
        ("1.5", "0", "0.33", "0.00"),
        ("1.5", "0", "0.34", "0.01"),
        ("50", "0", "0.01", "0.01"),
    ],
)
def test_the_fee_is_a_percentage_but_at_least_the_minimum(percent, minimum, price, fee):
    plan = make_plan(price=Decimal(price))
    make_token(plan=plan)
    make_method(
        db.session.get(Business, plan.business_id),
        name="ECOCASH",
        kind="MOBILE",
        fee_percent=Decimal(percent),
        fee_minimum=Decimal(minimum),
    )
    sale = sell(plan, method="ECOCASH").sale
    assert (sale.sale_amount, sale.fee) == (Decimal(price), Decimal(fee))


def test_cash_may_be_more_than_the_price_but_never_less(plan):
    with pytest.raises(InvalidOrder, match=r"USD 0\.50 is missing") as refusal:
        sell(plan, tendered=Decimal("0.50"))
    assert refusal.value.problems.keys() == {"tendered"} and count_sales() == 0
    assert sell(plan, tendered=Decimal("5.00")).sale.tendered == Decimal("5.00")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"tendered": Decimal("NaN")}, "tendered"),
        ({"tendered": Decimal("Infinity")}, "tendered"),
        ({"tendered": Decimal("1.005")}, "tendered"),
        ({"tendered": Decimal("1e12")}, "tendered"),
        ({"tendered": Decimal(-1)}, "tendered"),
        ({"tendered": Decimal(5), "method": "CARD"}, "tendered"),
        ({"method": ""}, "method"),
        ({"method": "X" * 31}, "method"),
        ({"channel": " "}, "channel"),
        ({"transaction_code": "X" * 201}, "transaction_code"),
        ({"transaction_code": "a\0b"}, "transaction_code"),
        ({"gift_reason": "X" * 201}, "gift_reason"),
        ({"key": "X" * 201}, "key"),
        ({"key": "\ud800"}, "key"),
    ],
)
def test_what_will_not_do_is_named_by_its_field_and_nothing_is_sold(plan, given, field):
    with pytest.raises(InvalidOrder, match="Nothing was sold") as refusal:
        sell(plan, **given)
    assert field in refusal.value.problems
    assert count_sales() == 0
    assert db.session.scalars(select(WifiToken.status)).all() == ["UNUSED"]


def test_a_gift_is_free_and_says_why(plan):
    sale = sell(plan, gift_reason=" for  the band ", tendered=Decimal(5)).sale
    assert (sale.sale_amount, sale.payment_method) == (0, "FREE")
    assert (sale.gift_reason, sale.tendered, sale.fee) == ("for the band", None, 0)


@pytest.mark.parametrize("reason", ["", "  "])
def test_nothing_is_free_without_a_reason(plan, reason):
    with pytest.raises(InvalidOrder, match="needs a reason"):
        sell(plan, method="free", gift_reason=reason)


def test_a_plan_without_a_price_needs_the_reason_too():
    plan = make_plan(price=Decimal(0))
    make_token(plan=plan)
    with pytest.raises(InvalidOrder, match="needs a reason"):
        sell(plan)
    assert sell(plan, gift_reason="staff").sale.payment_method == "FREE"


# -- once for each key -------------------------------------------------------------------------


def test_the_same_key_sells_once_and_gives_the_same_sale(plan, seller):
    make_token(plan=plan)
    key = new_id()
    first, again = sell(plan, seller, key=key), sell(plan, seller, key=key)
    assert (first.is_new, again.is_new) == (True, False)
    assert first.sale.id == again.sale.id and count_sales() == 1
    assert sell(plan, seller, key=new_id()).sale.id != first.sale.id


def test_the_same_key_gives_its_sale_although_nothing_is_left(plan, seller):
    first = sell(plan, seller, key="4711").sale
    assert sell(plan, seller, key="4711").sale.id == first.id


def test_a_key_stands_for_one_order_only(plan, seller):
    first = sell(plan, seller, key="4711").sale
    make_token(plan=plan)
    for actor, given in ((seller, {"method": "CARD"}), (COMMAND_LINE, {})):
        with pytest.raises(KeyTaken, match="receipt 1") as refusal:
            sell(plan, actor, key="4711", **given)
        assert refusal.value.sale.id == first.id
    assert count_sales() == 1


def test_each_business_has_keys_and_receipts_of_its_own(plan):
    other = make_plan()
    make_token(plan=other)
    assert sell(plan, key="1").is_new and sell(other, key="1").is_new
    assert db.session.scalars(select(WifiTokenSale.receipt_number)).all() == [1, 1]


# -- receipts ----------------------------------------------------------------------------------


def test_receipts_go_on_where_the_sales_of_before_ended(plan):
    business = db.session.get(Business, plan.business_id)
    make_sale(make_token(business, status="SOLD"), receipt_number=41)
    make_sale(make_token(business, status="SOLD"))
    assert sell(plan).sale.receipt_number == 42


def test_receipts_follow_the_moments_of_their_sales_whatever_a_clock_says(plan):
    make_token(plan=plan)
    with time_machine.travel(NOON, tick=False):
        first = sell(plan).sale
    with time_machine.travel(NOON - timedelta(minutes=5), tick=False):
        assert sell(plan).sale.sold_at == first.sold_at == NOON


def test_a_refused_sale_leaves_no_gap(plan):
    make_token(plan=plan)
    sell(plan)
    with pytest.raises(InvalidOrder):
        sell(plan, tendered=Decimal("0.01"))
    assert sell(plan).sale.receipt_number == 2


# -- voiding -----------------------------------------------------------------------------------


def test_a_void_keeps_the_line_and_puts_the_token_back(plan, seller):
    sale = sell(plan, seller).sale
    manager = make_user("MANAGER")
    db.session.commit()
    void = operations.void_sale(Actor(manager.id, manager.email), sale.id, " wrong   plan ")
    assert (void.void_reason, void.voided_by) == ("wrong plan", manager.id)
    assert void.sale_amount == Decimal("1.00") and void.sold_by == seller.user_id
    assert token_of(void).status == "UNUSED"
    entry = last_entry()
    assert (entry.action, entry.change["reason"]) == ("sale.void", "wrong plan")
    assert entry.change["tokenStatus"] == {"from": "SOLD", "to": "UNUSED"}
    again = sell(plan).sale
    assert again.wifi_token_id == sale.wifi_token_id and again.receipt_number == 2


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"status": "SOLD", "first_used_at": NOON}, "ACTIVE"),
        ({"status": "ACTIVE", "first_used_at": NOON}, "ACTIVE"),
        ({"status": "EXPIRED"}, "EXPIRED"),
        ({"status": "DISABLED"}, "DISABLED"),
    ],
)
def test_a_token_that_was_used_or_ended_stays_out_of_stock(given, status):
    sale = make_sale(make_token(**given))
    operations.void_sale(COMMAND_LINE, sale.id, "by mistake")
    assert token_of(sale).status == status


def test_a_sale_is_voided_once(plan):
    sale = sell(plan).sale
    operations.void_sale(COMMAND_LINE, sale.id, "first")
    with pytest.raises(AlreadyVoid):
        operations.void_sale(COMMAND_LINE, sale.id, "second")
    assert db.session.get_one(WifiTokenSale, sale.id).void_reason == "first"


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201])
def test_a_void_needs_a_reason(plan, reason):
    sale = sell(plan).sale
    with pytest.raises(InvalidReason):
        operations.void_sale(COMMAND_LINE, sale.id, reason)
    assert sale.voided_at is None and token_of(sale).status == "SOLD"


def test_there_is_nothing_to_void_where_nothing_was_sold():
    with pytest.raises(NotFound):
        operations.void_sale(COMMAND_LINE, "nothing", "by mistake")


def test_a_sale_and_a_void_never_fall_into_a_day_that_is_closed(plan):
    make_token(plan=plan)
    business = db.session.get(Business, plan.business_id)
    with time_machine.travel(NOON, tick=False):
        first = sell(plan).sale
        make_closing(business, ends_at=NOON + timedelta(seconds=3))
        void = operations.void_sale(COMMAND_LINE, first.id, "by mistake")
        assert void.voided_at == sell(plan).sale.sold_at == NOON + timedelta(seconds=3)
