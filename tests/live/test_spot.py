"""A token made for the customer who waits, and sales that are taken back."""

from datetime import timedelta
from decimal import Decimal
from threading import Event

import pytest
import time_machine

from tests.factories import make_plan, make_token, make_user
from wifiapp import clock
from wifiapp.access import Actor
from wifiapp.db import db
from wifiapp.hotspots.turns import turn
from wifiapp.sales import operations, returning, selling, spot_operations
from wifiapp.sales.models import WifiTokenSale
from wifiapp.sales.orders import Order
from wifiapp.sales.selling import InvalidOrder, KeyTaken, PriceChanged, SoldOut
from wifiapp.sales.spot_operations import NotMade, make_and_sell
from wifiapp.tokens import device_batches_operations as devices
from wifiapp.tokens import outbox_operations
from wifiapp.tokens.models import TokenBatch, WifiToken
from wifiapp.tokens.outbox_kinds import TOKEN_KINDS
from wifiapp.tokens.outbox_models import HotspotCommand

MAKING = "/api/token"


@pytest.fixture
def seller():
    user_id = make_user("SELLER").id
    db.session.commit()
    return Actor(user_id=user_id, email="thandi@example.org")


def tokens():
    return db.session.query(WifiToken).all()


def sales():
    return db.session.query(WifiTokenSale).count()


def later():
    """Let the worker come by after a while."""
    with time_machine.travel(clock.now() + timedelta(minutes=6)):
        devices.run_due(Event())
    db.session.expire_all()


def test_a_token_is_made_and_sold_at_once(box, counter, plan, seller):
    sale, is_new = make_and_sell(seller, Order(plan.id, key="one"))
    (token,) = tokens()
    assert is_new and sale.wifi_token_id == token.id
    assert (token.status, token.hotspot_id) == ("SOLD", counter.id)
    assert set(box.tokens) == {token.token} and box.tokens[token.token].down == 250
    batch = db.session.query(TokenBatch).one()
    assert (batch.source, batch.status, batch.made) == ("SPOT", "DONE", 1)
    assert batch.created_by == "thandi@example.org"


def test_the_same_key_again_makes_and_sells_nothing_more(box, plan, seller):
    first = make_and_sell(seller, Order(plan.id, key="one")).sale.id
    again = make_and_sell(seller, Order(plan.id, key="one"))
    assert (again.sale.id, again.is_new, len(box.tokens)) == (first, False, 1)
    with pytest.raises(KeyTaken):
        make_and_sell(seller, Order(plan.id, key="one", gift_reason="for the band"))


def test_what_is_in_stock_is_sold_first(box, counter, plan, seller):
    token = make_token(plan=plan, hotspot=counter)
    assert make_and_sell(seller, Order(plan.id)).sale.wifi_token_id == token.id
    assert box.tokens == {}


def test_an_order_that_cannot_be_is_refused_before_a_token_is_made(box, plan, seller):
    with pytest.raises(InvalidOrder):
        make_and_sell(seller, Order(plan.id, tendered=Decimal("0.10")))
    with pytest.raises(PriceChanged):
        make_and_sell(seller, Order(plan.id, price=Decimal("0.50")))
    assert box.requests == [] and db.session.query(TokenBatch).count() == 0


def test_without_a_device_it_is_sold_out(seller):
    with pytest.raises(SoldOut):
        make_and_sell(seller, Order(make_plan().id))


# -- when it goes wrong ----------------------------------------------------------------------


def test_a_silent_hotspot_sells_nothing_and_says_what_to_do(box, plan, seller):
    box.fail("hang up", times=99)
    with pytest.raises(NotMade, match="Take no money, and sell another plan"):
        make_and_sell(seller, Order(plan.id, key="one"))
    assert (tokens(), sales()) == ([], 0)
    box.recover()
    later()
    assert (tokens(), box.tokens) == ([], {})  # the customer has gone: none is made for stock
    assert make_and_sell(seller, Order(plan.id, key="one")).is_new


def test_a_token_whose_answer_was_lost_is_found_and_sold(box, plan, seller):
    box.fail("lost", MAKING)
    assert make_and_sell(seller, Order(plan.id, key="one")).is_new
    assert len(tokens()) == len(box.tokens) == 1


def test_a_token_that_nobody_knows_of_comes_into_stock(box, plan, seller):
    box.fail("lost", MAKING)
    box.fail("hang up", "/api/tokens/list", times=99)
    with pytest.raises(NotMade, match="did not say whether"):
        make_and_sell(seller, Order(plan.id, key="one"))
    assert (tokens(), sales(), len(box.tokens)) == ([], 0, 1)
    box.recover()
    later()
    (token,) = tokens()
    assert token.status == "UNUSED" and token.token in box.tokens
    sold = make_and_sell(seller, Order(plan.id, key="one"))
    assert sold.sale.wifi_token_id == token.id and len(box.tokens) == 1


def test_a_sale_that_fails_after_all_leaves_the_token_in_stock(box, plan, seller, monkeypatch):
    sell = selling.sell

    def dearer(actor, order, plan):
        if order.token_id:
            raise InvalidOrder({"method": "There is no such method any more."})
        return sell(actor, order, plan)

    monkeypatch.setattr(selling, "sell", dearer)
    with pytest.raises(InvalidOrder):
        make_and_sell(seller, Order(plan.id, key="one"))
    (token,) = tokens()
    assert (token.status, sales()) == ("UNUSED", 0) and token.token in box.tokens
    assert db.session.query(TokenBatch).one().status == "DONE"


def test_a_till_that_dies_while_the_device_makes_it_leaves_it_to_the_worker(
    box, plan, seller, monkeypatch
):
    talk = spot_operations.talk

    def dies(*given):
        talk(*given)
        raise SystemExit

    monkeypatch.setattr(spot_operations, "talk", dies)
    with pytest.raises(SystemExit):
        make_and_sell(seller, Order(plan.id, key="one"))
    db.session.rollback()
    later()
    (token,) = tokens()
    assert (token.status, sales()) == ("UNUSED", 0) and token.token in box.tokens
    assert db.session.query(TokenBatch).one().status == "DONE"


def test_a_full_or_busy_hotspot_is_told_in_words(box, counter, plan, seller, monkeypatch):
    box.max_tokens = 0
    with pytest.raises(NotMade, match="Counter is full"):
        make_and_sell(seller, Order(plan.id))
    monkeypatch.setattr(spot_operations, "PATIENCE", 0)
    with turn(counter.id), pytest.raises(NotMade, match="Counter is busy"):
        make_and_sell(seller, Order(plan.id))
    assert (tokens(), sales()) == ([], 0)


# -- taking sales back -----------------------------------------------------------------------


@pytest.fixture
def sale(plan, seller, box):
    return make_and_sell(seller, Order(plan.id, key="one")).sale


def voided(seller, sale):
    operations.void_sale(seller, sale.id, "wrong plan")
    (token,) = tokens()
    db.session.refresh(token)
    return token


def test_a_token_that_its_device_calls_unused_goes_back_to_stock(sale, seller):
    token = voided(seller, sale)
    assert token.status == "UNUSED" and db.session.get(WifiTokenSale, sale.id).voided_at


def test_a_token_that_its_device_has_seen_used_does_not(box, sale, seller):
    (code,) = box.tokens
    box.connect_device(code, "AA:BB:CC:DD:EE:FF")
    token = voided(seller, sale)
    assert token.status == "ACTIVE" and token.first_used_at and token.expires_at


def test_a_token_that_its_device_does_not_know_is_lost(box, sale, seller):
    box.lose()
    token = voided(seller, sale)
    assert (token.status, token.end_reason) == ("DISABLED", returning.LOST)


@pytest.mark.parametrize("fault", ["hang up", "html", "truncated"])
def test_while_the_device_is_silent_the_token_is_disabled_and_told_to_it(box, sale, seller, fault):
    box.fail(fault, times=99)
    token = voided(seller, sale)
    assert (token.status, token.end_reason) == ("DISABLED", returning.SILENT)
    assert db.session.get(WifiTokenSale, sale.id).voided_at
    command = db.session.query(HotspotCommand).one()
    assert command.status == "PENDING"
    box.recover()
    outbox_operations.run_due(TOKEN_KINDS, Event())
    db.session.refresh(command)
    assert command.status == "DONE" and box.tokens == {}


def test_a_box_that_may_be_another_is_not_believed_that_it_knows_no_such_token(
    box, counter, sale, seller
):
    counter.status, counter.last_error = "REFUSED", "Another box answers there."
    box.lose()
    asked = len(box.requests)
    token = voided(seller, sale)
    assert (token.status, token.end_reason) == ("DISABLED", returning.SILENT)
    assert len(box.requests) == asked


def test_a_token_known_to_be_used_is_asked_nobody_about(box, sale, seller):
    (token,) = tokens()
    token.status, token.first_used_at = "ACTIVE", clock.now()
    db.session.commit()
    asked = len(box.requests)
    assert voided(seller, sale).status == "ACTIVE" and len(box.requests) == asked
