"""The stock keeper: what runs low is made before it is sold out, and never too much of it."""

from datetime import timedelta
from threading import Event

import pytest
import time_machine

from tests.factories import make_membership, make_plan, make_token, make_user
from tests.live.conftest import portal
from wifiapp import clock
from wifiapp.access import Actor
from wifiapp.audit.models import AuditLog
from wifiapp.db import db
from wifiapp.tokens import batches_operations, keeper_operations
from wifiapp.tokens import device_batches_operations as devices
from wifiapp.tokens.keeper_operations import InvalidStock
from wifiapp.tokens.models import TokenBatch

BOSS = Actor(user_id=None, email="boss@example.org")


def keep(after=timedelta(0)):
    """Let the keeper look, so much later, and the devices do what it asks for."""
    db.session.commit()
    with time_machine.travel(clock.now() + after):
        asked = keeper_operations.keep_stock(Event())
        while devices.run_due(Event()):
            pass
    return asked


def stock(plan, count):
    for _ in range(count):
        make_token(plan=plan)


@pytest.fixture
def kept(plan):
    """A plan of which 10 to 30 are kept."""
    return keeper_operations.set_stock(BOSS, plan.id, None, 10, 30)


def test_a_plan_that_runs_low_is_filled_up(box, counter, kept):
    stock(kept, 9)
    assert keep() == {"asked": {"1 hour": 21}}
    assert len(box.tokens) == 21
    batch = db.session.query(TokenBatch).one()
    assert (batch.created_by, batch.status, batch.hotspot_id) == (
        "stock keeper",
        "DONE",
        counter.id,
    )
    assert keep(timedelta(minutes=2)) is None


def test_enough_is_enough(box, kept):
    stock(kept, 10)
    assert keep() is None and box.tokens == {}


def test_what_is_out_of_time_does_not_count(kept):
    for _ in range(20):
        make_token(plan=kept, redeem_by=clock.now() - timedelta(hours=1))
    assert keep() == {"asked": {"1 hour": 30}}


def test_nothing_more_is_asked_for_while_something_is_being_made(box, kept):
    box.fail("hang up", times=10**6)
    assert keep() == {"asked": {"1 hour": 30}}
    assert keep(timedelta(hours=1)) is None
    assert db.session.query(TokenBatch).count() == 1


def test_what_was_begun_on_a_hotspot_out_of_use_keeps_no_other_from_it(box, counter, kept, shop):
    box.fail("hang up", times=10**6)
    assert keep() == {"asked": {"1 hour": 30}}
    assert db.session.query(TokenBatch).one().called_at
    counter.is_active = False
    box.recover()
    portal(box, shop, name="Garden")
    counter.status, counter.last_error = "REFUSED", "Another box answers there."
    assert keep(timedelta(hours=1)) == {"asked": {"1 hour": 30}}
    assert len(box.tokens) == 30


def test_not_more_than_once_a_minute(box, kept):
    assert keep() == {"asked": {"1 hour": 30}}
    db.session.execute(db.text("UPDATE wifi_tokens SET status = 'SOLD'"))
    assert keep(timedelta(seconds=30)) is None
    assert keep(timedelta(seconds=61)) == {"asked": {"1 hour": 30}}


def test_no_more_is_made_than_there_is_room_for(box, counter, kept):
    box.max_tokens = counter.free_slots = 12
    assert keep() == {"asked": {"1 hour": 12}}
    assert counter.free_slots == 0
    db.session.execute(db.text("UPDATE wifi_tokens SET status = 'SOLD'"))
    assert keep(timedelta(minutes=2)) is None


def test_after_a_batch_that_failed_or_was_cancelled_the_keeper_waits(box, kept):
    box.max_tokens = 5  # which its row does not know yet
    assert keep() == {"asked": {"1 hour": 30}}
    batch = db.session.query(TokenBatch).one()
    assert (batch.status, batch.made) == ("FAILED", 5)
    box.max_tokens = 100
    db.session.execute(db.text('UPDATE hotspots SET "freeSlots" = NULL'))
    assert keep(timedelta(minutes=20)) is None
    assert keep(timedelta(minutes=31)) == {"asked": {"1 hour": 25}}


def test_a_plan_off_offer_or_without_a_device_is_left_alone(box, counter, kept):
    kept.is_active = False
    assert keep() is None
    kept.is_active, counter.is_active = True, False
    assert keep(timedelta(minutes=2)) is None
    assert db.session.query(TokenBatch).count() == 0


def test_what_cannot_be_kept_is_refused_beside_its_field(plan):
    hand = make_plan(name="By hand")
    db.session.commit()
    for where, given, field in (
        (plan, (None, 0, 10), "min_stock"),
        (plan, (None, 10, 9), "refill_to"),
        (plan, (None, 10, 1001), "refill_to"),
        (plan, (None, None, 10), "min_stock"),
        (plan, ("nowhere", 1, 10), "hotspot"),
        (hand, (None, 1, 10), "hotspot"),
    ):
        with pytest.raises(InvalidStock) as refusal:
            keeper_operations.set_stock(BOSS, where.id, *given)
        assert list(refusal.value.problems) == [field]


def test_of_several_devices_the_plan_names_one(box, counter, plan, shop):
    other = portal(box, shop, name="Garden")
    db.session.commit()
    with pytest.raises(InvalidStock, match="Choose the hotspot"):
        keeper_operations.set_stock(BOSS, plan.id, None, 1, 10)
    keeper_operations.set_stock(BOSS, plan.id, other.id, 1, 10)
    keep()
    assert db.session.query(TokenBatch).one().hotspot_id == other.id
    (entry,) = db.session.query(AuditLog).filter_by(action="plan.keep")
    assert entry.change["hotspot"] == "Garden" and entry.change["refillTo"] == 10


def test_two_workers_ask_once(kept):
    keep()
    assert keeper_operations._next_plan(clock.now()) is None
    assert db.session.query(TokenBatch).count() == 1


def test_the_page_of_a_plan_keeps_a_stock(plan, counter, shop, sign_in_as):
    user = make_user("MANAGER")
    make_membership(user, shop)
    manager = sign_in_as(user)
    url = f"/tokens/plans/{plan.id}"
    assert "The only one: Counter" in manager.get(url).text
    wrong = manager.post(f"{url}/stock", data={"hotspot": "", "min_stock": "10", "refill_to": "5"})
    assert wrong.status_code == 422
    assert "Enter a number from 10 to 1,000" in wrong.text and 'value="5"' in wrong.text
    form = {"hotspot": counter.id, "min_stock": "10", "refill_to": "50"}
    assert manager.post(f"{url}/stock", data=form).location == url
    assert 'value="50"' in manager.get(url).text
    assert "kept at 10 to 50" in manager.get("/tokens/plans").text
    by_hand = make_plan(shop, system="R710")
    db.session.commit()
    assert "takes a hotspot that can be asked" in manager.get(f"/tokens/plans/{by_hand.id}").text


def test_a_cancelled_batch_of_the_keeper_is_not_asked_for_again_at_once(box, kept):
    db.session.commit()
    keeper_operations.keep_stock(Event())
    batches_operations.cancel_batch(BOSS, db.session.query(TokenBatch).one().id)
    assert keep(timedelta(minutes=2)) is None and box.tokens == {}
