"""The page of one token, and disabling it there."""

from datetime import timedelta

import pytest

from tests.factories import (
    make_business,
    make_device,
    make_hotspot,
    make_membership,
    make_plan,
    make_profile,
    make_sale,
    make_session,
    make_token,
    make_user,
)
from wifiapp import clock
from wifiapp.db import db


@pytest.fixture
def shop():
    return make_business(name="Corner Shop", timezone="UTC")


@pytest.fixture
def manager(sign_in_as, shop):
    user = make_user("MANAGER", email="manager@example.org")
    make_membership(user, shop)
    return sign_in_as(user)


@pytest.fixture
def plan(shop):
    return make_plan(shop, name="Long evening", duration_minutes=180)


def page_of(client, token):
    db.session.commit()
    answer = client.get(f"/tokens/{token.id}")
    assert answer.status_code == 200
    return answer.text


def moments(page):
    return [
        part.partition("<span>")[2].partition("<")[0]
        for part in page.partition('class="timeline"')[2].partition("</ol>")[0].split("<li>")[1:]
    ]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"status": "UNUSED"}, "It is in stock"),
        ({"status": "SOLD"}, "It is sold and was not used yet."),
        ({"status": "ACTIVE"}, "It is in use."),
        ({"status": "DISABLED", "end_reason": "torn"}, "It is disabled: torn"),
        ({"status": "DISABLED"}, "no reason was written down"),
        ({"status": "EXPIRED", "end_reason": "season is over"}, "It has expired: season is over"),
        ({"status": "EXPIRED"}, "it was not used in time"),
    ],
)
def test_a_token_says_its_state_and_why(manager, plan, given, why):
    assert why in page_of(manager, make_token(plan=plan, **given))


def test_a_token_tells_its_plan_sale_devices_sessions_and_life_in_order(manager, plan, shop):
    now = clock.now()
    token = make_token(
        plan=plan,
        hotspot=make_hotspot(name="Counter"),
        token="A3K9M7P2",
        status="ACTIVE",
        created_at=now - timedelta(days=2),
        first_used_at=now - timedelta(hours=1),
        expires_at=now + timedelta(hours=2),
        used_down_mb=328,
    )
    make_sale(
        token,
        sold_at=now - timedelta(hours=30),
        voided_at=now - timedelta(hours=29),
        void_reason="wrong plan",
    )
    make_sale(
        token,
        sold_at=now - timedelta(hours=2),
        sold_by=make_user("SELLER", email="till@example.org").id,
        sale_channel="POS",
        receipt_number=77,
    )
    device = make_device(token, first_seen=now - timedelta(minutes=59))
    make_profile(shop, mac_address=device.mac_address, hostname="Phone of Ann")
    make_session(device, bytes_down=5_000_000)
    page = page_of(manager, token)
    for fact in ("Long evening", "3 hours", "till@example.org", "POS", "77", "328 MB", "5 MB"):
        assert fact in page
    assert device.mac_address in page and "Phone of Ann" in page and "Open" in page
    assert moments(page) == [
        "Made for Counter",
        "Sold for USD 1.00, DIRECT",
        "Sale voided: wrong plan",
        "Sold for USD 1.00, POS",
        "First used",
        "Phone of Ann came online",
    ]


def test_a_token_that_was_used_and_never_sold_is_pointed_out(manager, plan):
    assert "Used and never sold" in page_of(manager, make_token(plan=plan, status="ACTIVE"))


def test_a_sale_at_another_price_than_the_plan_s_is_pointed_out(manager, plan):
    token = make_token(plan=plan, status="SOLD")
    make_sale(token, sale_amount=9)
    assert "The plan's price was USD 1.00." in page_of(manager, token)


def test_a_token_is_disabled_with_a_reason_and_says_who_did_it(manager, plan):
    token = make_token(plan=plan, status="SOLD")
    assert f"/tokens/{token.id}/disable" in page_of(manager, token)
    answer = manager.post(
        f"/tokens/{token.id}/disable", data={"reason": "voucher torn"}, follow_redirects=True
    )
    assert "is disabled." in answer.text and "Disabled: voucher torn" in answer.text
    assert "manager@example.org" in answer.text.partition('class="timeline"')[2]
    db.session.refresh(token)
    assert token.status == "DISABLED"
    assert f"/tokens/{token.id}/disable" not in answer.text
    again = manager.post(
        f"/tokens/{token.id}/disable", data={"reason": "again"}, follow_redirects=True
    )
    assert "It is disabled already." in again.text


def test_without_a_reason_it_stays_as_it_is(manager, plan):
    token = make_token(plan=plan)
    db.session.commit()
    answer = manager.post(f"/tokens/{token.id}/disable", follow_redirects=True)
    assert "Enter a reason" in answer.text
    db.session.refresh(token)
    assert token.status == "UNUSED"


def test_the_token_of_another_business_is_not_found(manager):
    token = make_token()
    db.session.commit()
    for wrong in (token.id, "nowhere"):
        assert manager.get(f"/tokens/{wrong}").status_code == 404
        answer = manager.post(f"/tokens/{wrong}/disable", data={"reason": "x"})
        assert answer.status_code == 404
    db.session.refresh(token)
    assert token.status == "UNUSED"
