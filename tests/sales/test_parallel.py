"""Many tills at once: threads, connections and commits of their own."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from itertools import pairwise

import pytest
from sqlalchemy import create_engine, select

from tests.factories import make_plan, make_token, make_user
from wifiapp import clock
from wifiapp import db as database
from wifiapp.access import COMMAND_LINE, Actor
from wifiapp.columns import new_id
from wifiapp.db import db
from wifiapp.sales import closings_operations, operations
from wifiapp.sales.models import DayClosing, DayClosingSum, WifiTokenSale
from wifiapp.sales.operations import SoldOut
from wifiapp.sales.orders import Order
from wifiapp.sales.periods import Period
from wifiapp.tokens import operations as tokens
from wifiapp.tokens.models import WifiToken
from wifiapp.tokens.states import Event

TILLS = 50


@pytest.fixture
def tills(own_app):
    """Return a function that runs tasks at the same moment, each on a connection of its own."""
    config = own_app.config["WIFIAPP"]
    engine = create_engine(
        "postgresql+psycopg://", creator=lambda: database.connect(config), pool_size=TILLS
    )
    usual = db._app_engines[own_app][None]
    db._app_engines[own_app][None] = engine
    with ThreadPoolExecutor(TILLS) as pool:

        def run(tasks):
            start = threading.Barrier(len(tasks))

            def at_once(task):
                with own_app.app_context():
                    db.session.connection()
                    start.wait(timeout=30)
                    try:
                        return task()
                    except Exception as error:  # noqa: BLE001 - what went wrong is what is asked
                        return error

            return list(pool.map(at_once, tasks))

        yield run
    engine.dispose()
    db._app_engines[own_app][None] = usual


def stock(own_app, count):
    """Return the id of a plan with so many tokens, its business, and a seller."""
    with own_app.app_context():
        plan, seller = make_plan(name="1 hour"), make_user("SELLER")
        for _ in range(count):
            make_token(plan=plan)
        db.session.commit()
        return plan.id, plan.business_id, Actor(seller.id, seller.email)


def sales(own_app):
    with own_app.app_context():
        query = select(WifiTokenSale).order_by(WifiTokenSale.receipt_number)
        return db.session.scalars(query).all()


def test_fifty_sellers_of_forty_tokens_make_forty_sales_and_ten_hear_that_it_is_sold_out(
    own_app, tills
):
    plan_id, _, seller = stock(own_app, 40)

    def sell():
        return operations.sell_token(seller, Order(plan_id, key=new_id())).sale.receipt_number

    results = tills([sell] * TILLS)
    refusals = [each for each in results if isinstance(each, Exception)]
    assert Counter(type(each) for each in refusals) == {SoldOut: 10}, refusals
    assert {str(each) for each in refusals} == {"1 hour is sold out. Nothing was sold."}
    sold = sales(own_app)
    assert len({sale.wifi_token_id for sale in sold}) == len(sold) == 40
    assert [sale.receipt_number for sale in sold] == list(range(1, 41)), "no gap, none twice"
    assert [sale.sold_at for sale in sold] == sorted(sale.sold_at for sale in sold)
    with own_app.app_context():
        assert set(db.session.scalars(select(WifiToken.status))) == {"SOLD"}


def test_one_order_sent_fifty_times_at_once_is_one_sale(own_app, tills):
    plan_id, _, seller = stock(own_app, 40)
    order = Order(plan_id, key="a double tap")
    results = tills([lambda: operations.sell_token(seller, order)] * TILLS)
    assert Counter(each.is_new for each in results) == {True: 1, False: 49}
    assert len(sales(own_app)) == 1


def test_one_order_for_the_last_token_sent_at_once_is_never_called_sold_out(own_app, tills):
    plan_id, _, seller = stock(own_app, 1)
    order = Order(plan_id, key="a double tap")

    def sell():
        return operations.sell_token(seller, order).sale.receipt_number

    assert tills([sell] * 10) == [1] * 10


def test_two_voids_at_once_are_one(own_app, tills):
    plan_id, _, seller = stock(own_app, 1)
    with own_app.app_context():
        sale_id = operations.sell_token(seller, Order(plan_id)).sale.id
    results = tills([lambda: operations.void_sale(seller, sale_id, "by mistake").id] * 8)
    assert Counter(map(type, results)) == {str: 1, operations.AlreadyVoid: 7}


def test_sales_voids_disabled_tokens_and_closings_at_once_agree_to_the_cent(own_app, tills):
    """Every sale and void is in exactly one closing, whatever came when."""
    plan_id, business_id, seller = stock(own_app, 60)
    with own_app.app_context():
        first = [operations.sell_token(seller, Order(plan_id)).sale.id for _ in range(8)]
        unsold = db.session.scalars(select(WifiToken.id).where(WifiToken.status == "UNUSED")).all()
        day = Period().span("Africa/Harare", clock.now()).first

    def close():
        return closings_operations.close_day(
            COMMAND_LINE, business_id, day, Decimal(0), again=True
        ).number

    tasks = [lambda: operations.sell_token(seller, Order(plan_id)).sale.id] * 24
    tasks += [lambda id_=each: operations.void_sale(seller, id_, "by mistake").id for each in first]
    tasks += [
        lambda id_=each: tokens.end_token(COMMAND_LINE, id_, Event.DISABLE, "lost").id
        for each in unsold[:10]
    ]
    tasks += [close] * 8
    tills(tasks)
    with own_app.app_context():
        close()
        spans = db.session.execute(
            select(DayClosing.starts_at, DayClosing.ends_at).order_by(DayClosing.ends_at)
        ).all()
        assert all(before[1] == after[0] for before, after in pairwise(spans))
        kept = db.session.scalars(select(DayClosingSum.amount)).all()
        sold = db.session.scalars(select(WifiTokenSale)).all()
        live = [sale for sale in sold if not sale.voided_at]
        assert sum(kept) == sum(sale.sale_amount for sale in live)
        numbers = sorted(sale.receipt_number for sale in sold)
        assert numbers == list(range(1, len(sold) + 1))
        unsold = set(db.session.scalars(select(WifiToken.id).where(WifiToken.status == "UNUSED")))
        assert len({sale.wifi_token_id for sale in live} - unsold) == len(live)
