"""What people and programs see of tokens on devices."""

from datetime import timedelta
from threading import Event

import pytest

from tests.factories import make_api_key, make_membership, make_plan, make_token, make_user
from wifiapp import clock
from wifiapp.api import keys
from wifiapp.columns import new_id
from wifiapp.db import db
from wifiapp.sales.models import WifiTokenSale
from wifiapp.tokens import device_batches_operations as devices
from wifiapp.tokens import outbox_operations
from wifiapp.tokens.outbox_kinds import TOKEN_KINDS
from wifiapp.tokens.outbox_models import HotspotCommand


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


def told():
    """Let the worker tell devices what waits."""
    db.session.commit()
    return outbox_operations.run_due(TOKEN_KINDS, Event())


def made():
    """Let the worker have devices make tokens."""
    db.session.commit()
    return devices.run_due(Event())


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


# -- the page of a token, and what is told to hotspots ----------------------------------------


@pytest.fixture
def token(box, counter, plan):
    code = box.add_token(plan.business_id, 60)
    token = make_token(plan=plan, hotspot=counter, token=code)
    db.session.commit()
    return token


@pytest.fixture
def active(box, token):
    box.connect_device(token.token, "AA:BB:CC:DD:EE:FF")
    token.status, token.expires_at = "ACTIVE", clock.now() + timedelta(hours=1)
    db.session.commit()
    return token


def test_disabling_on_the_page_is_done_on_the_device(box, manager, token):
    url = f"/tokens/{token.id}"
    assert "Counter takes it off its list first" in manager.get(url).text
    page = manager.post(f"{url}/disable", data={"reason": "torn"}, follow_redirects=True)
    assert "is disabled" in page.text and box.tokens == {}
    assert "waits for" not in page.text


def test_what_waits_stands_on_the_token_s_page_until_it_is_done_or_taken_back(box, manager, token):
    box.fail("hang up", times=99)
    url = f"/tokens/{token.id}"
    page = manager.post(f"{url}/disable", data={"reason": "torn"}, follow_redirects=True).text
    assert "“Disable” waits for Counter" in page and "Nothing has changed yet" in page
    assert 'action="/tokens/' not in page  # not asked for twice
    command = db.session.query(HotspotCommand).one()
    state = f"/hotspots/commands/{command.id}"
    assert "HX-Refresh" not in manager.get(state, query_string={"back": url}).headers
    answer = manager.post(f"{state}/cancel", data={"back": url})
    assert answer.location == url
    assert manager.get(state).headers["HX-Refresh"] == "true"
    assert "waits for" not in manager.get(url).text
    assert manager.post(f"{state}/cancel", data={"back": "//evil.example"}).location == (
        "/hotspots/commands?state=waiting"
    )


def test_a_used_token_begins_anew_from_its_page(box, manager, active):
    url = f"/tokens/{active.id}"
    page = manager.get(url).text
    assert "The customer gets 1 hour from now on" in page
    assert "the device does not throw anybody off" in page
    assert "Take at least" not in page
    page = manager.post(f"{url}/extend", data={"reason": "power cut"}, follow_redirects=True).text
    assert "has begun anew" in page and "Its time began anew: power cut" in page
    page = manager.post(f"{url}/extend", data={"reason": " "}, follow_redirects=True).text
    assert "A reason of 1 to 200 characters is needed" in page


def test_what_a_device_refuses_stands_on_the_token_s_page(box, manager, active):
    box.lose()
    url = f"/tokens/{active.id}"
    page = manager.post(f"{url}/extend", data={"reason": "again"}, follow_redirects=True).text
    assert "Counter has refused: “Begin its time anew”" in page


def test_a_token_loaded_by_hand_offers_nothing_that_cannot_be(manager, shop):
    token = make_token(plan=make_plan(shop), status="ACTIVE")
    db.session.commit()
    page = manager.get(f"/tokens/{token.id}").text
    assert "Begin its time anew" not in page and "off its list first" not in page


def test_the_list_of_what_is_told_has_filters_and_files_of_the_same_rows(box, manager, token):
    assert "Nothing yet" in manager.get("/hotspots/commands").text
    box.fail("hang up", times=99)
    manager.post(f"/tokens/{token.id}/disable", data={"reason": "torn"})
    page = manager.get("/hotspots/commands?state=waiting").text
    assert token.token[:4] in page and "Counter" in page and "torn" in page
    assert "Nothing matches" in manager.get("/hotspots/commands?state=done").text
    (row,) = manager.get("/hotspots/commands.json?state=waiting").json["rows"]
    assert (row["what"], row["token"], row["state"]) == ("Disable", token.token, "PENDING")
    assert token.token in manager.get("/hotspots/commands.csv").text
    assert manager.get("/hotspots/commands.csv?state=lost").status_code == 400
    command = db.session.query(HotspotCommand).one()
    box.recover()
    manager.post(f"/hotspots/commands/{command.id}/retry")
    assert told() == {"commands": 1}
    assert (
        "nothing to cancel"
        in manager.post(f"/hotspots/commands/{command.id}/cancel", follow_redirects=True).text
    )


def test_what_is_told_for_others_is_not_seen(box, sign_in_as, token, manager):
    box.fail("hang up", times=99)
    manager.post(f"/tokens/{token.id}/disable", data={"reason": "torn"})
    command = db.session.query(HotspotCommand).one()
    stranger = sign_in_as(make_user("MANAGER"))
    assert token.token[:4] not in stranger.get("/hotspots/commands").text
    assert stranger.get(f"/hotspots/commands/{command.id}").status_code == 404
    for verb in ("retry", "cancel"):
        assert stranger.post(f"/hotspots/commands/{command.id}/{verb}").status_code == 404


def test_many_tokens_of_a_device_are_told_in_the_background(box, manager, token):
    url = f"/tokens/change?action=disable&ids={token.id}"
    page = manager.get(url).text
    seen = page.partition('name="seen"')[2].partition('value="')[2].partition('"')[0]
    page = manager.post(url, data={"reason": "old", "seen": seen}, follow_redirects=True).text
    assert "is on a device, which is told now" in page
    assert told() == {"commands": 1}
    assert box.tokens == {}


# -- making ----------------------------------------------------------------------------------


def test_the_form_offers_the_device_and_its_room(box, counter, plan, manager):
    counter.free_slots = 85
    db.session.commit()
    page = manager.get("/tokens/batches/make").text
    assert "Counter · Corner Shop · room for 85" in page
    form = {"plan": plan.id, "count": "90", "hotspot": counter.id, "form_id": new_id()}
    page = manager.post("/tokens/batches/make", data=form)
    assert page.status_code == 422 and "room for 85 more tokens" in page.text
    answer = manager.post("/tokens/batches/make", data=form | {"count": "5"})
    made()
    page = manager.get(answer.location).text
    assert "Ready" in page and "5 of 5" in page and "load these codes" not in page


def test_a_batch_that_waits_says_for_whom(box, plan, manager):
    box.fail("hang up", times=99)
    form = {"plan": plan.id, "count": "5", "hotspot": "", "form_id": new_id()}
    url = manager.post("/tokens/batches/make", data=form).location
    made()
    page = manager.get(url).text
    assert "It waits for Counter" in page and "It is asked again at" in page
    assert "waits for Counter" in manager.get("/tokens/batches").text


def test_the_page_of_a_hotspot_says_what_it_is_still_to_be_told(box, counter, token, manager):
    assert "still to be told" not in manager.get(f"/hotspots/{counter.id}").text
    box.fail("hang up", times=99)
    manager.post(f"/tokens/{token.id}/disable", data={"reason": "torn"})
    assert "It is still to be told one thing" in manager.get(f"/hotspots/{counter.id}").text
