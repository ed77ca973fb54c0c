"""The week on paper: its sums are those of the sales page, its days those of the roll-ups."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from tests.analytics.rolled import write as rolled
from tests.factories import (
    make_backup,
    make_business,
    make_hotspot,
    make_hotspot_business,
    make_membership,
    make_outage,
    make_plan,
    make_profile,
    make_rollup_state,
    make_sale,
    make_token,
    make_user,
)

NOW = datetime(2026, 11, 25, 10, 30, tzinfo=UTC)  # a Wednesday, 12:30 in Harare
DAY = timedelta(days=1)
MONDAY = datetime(2026, 11, 15, 22, tzinfo=UTC)  # midnight of the 16th: the last full week


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def shop():
    business = make_business(name="Corner Shop")
    make_rollup_state(business=business, rolled_up_to=NOW)
    return business


def sold(shop, at, amount="1.00", plan="Hour", **given):
    token = make_token(plan=make_plan(shop, name=plan), status="SOLD")
    return make_sale(token, sold_at=at, sale_amount=Decimal(amount), **given)


def text_of(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def page(client, **args):
    answer = client.get("/analytics/week", query_string=args)
    assert answer.status_code == 200
    return text_of(answer.text.partition("<main")[2])


def test_it_opens_on_the_last_week_that_is_over(admin_client, shop):
    assert "Week of Mon 16 Nov 2026 \N{EN DASH} Sun 22 Nov 2026" in page(admin_client)
    assert "Week of Mon 2 Nov 2026 \N{EN DASH} Sun 8 Nov 2026" in page(
        admin_client, day="2026-11-05"
    )


def test_the_week_that_runs_says_so_and_shows_no_day_to_come(admin_client, shop):
    rolled(shop, MONDAY)
    text = page(admin_client, day="2026-11-25")
    assert "so far, as of 25 Nov 2026, 12:30" in text
    assert "Wed 25 Nov so far" in text
    assert "Thu 26 Nov" not in text
    assert "Week of Mon 23 Nov 2026" in page(admin_client, day="2027-05-01")  # no week to come


def test_its_sums_are_those_of_the_sales_page(admin_client, shop):
    seller = make_user("SELLER", name="Rudo")
    rolled(shop, MONDAY - 20 * DAY)
    sold(shop, MONDAY + DAY, "12.50", "Day pass", sale_channel="POS", sold_by=seller.id)
    sold(shop, MONDAY + DAY, "2.50", "Hour")
    sold(shop, MONDAY - DAY, "4.00", "Hour", voided_at=MONDAY + 2 * DAY, void_reason="x")
    sold(shop, MONDAY - DAY, "5.00", "Hour")
    text = page(admin_client)
    answer = admin_client.get("/sales.json?from=2026-11-16&to=2026-11-22").json
    assert answer["sums"][0]["amount"] == "11.00"
    assert "Revenue USD 11.00" in text
    assert "Best day Tue 17 Nov USD 15.00" in text
    assert "POS 1 12.50 113.6% 0.00" in text
    assert "Rudo 1 12.50" in text
    assert "No person 0 -1.50 -13.6% 9.00" in text
    assert "Day pass 1 12.50" in text
    assert "Sum 11.00 1" in text


def test_devices_are_those_of_the_week_and_not_a_sum_of_days(admin_client, shop):
    for day in range(7):
        rolled(shop, MONDAY + day * DAY, unique_devices=4, total_connections=5)
    rolled(shop, MONDAY, "week", unique_devices=6)
    make_profile(shop, created_at=MONDAY + DAY)
    text = page(admin_client)
    assert "Devices 6 1 new" in text
    assert "Connections 35" in text


def test_it_is_compared_with_the_week_before(admin_client, shop):
    rolled(shop, MONDAY - 40 * DAY)
    rolled(shop, MONDAY + DAY, revenue="15.00")
    rolled(shop, MONDAY - 6 * DAY, revenue="10.00")
    assert "+50% vs before" in page(admin_client)


def test_outages_and_the_state_of_the_backups_are_told(admin_client, shop):
    rolled(shop, MONDAY - 40 * DAY)
    box = make_hotspot(name="Counter")
    make_hotspot_business(box, shop)
    make_outage(box, started_at=MONDAY - DAY, ended_at=MONDAY + timedelta(hours=2))
    make_outage(box, started_at=MONDAY + DAY, ended_at=MONDAY + DAY + timedelta(minutes=47))
    text = page(admin_client)
    assert "Counter was silent 2 times: 2 h 47 min" in text
    assert "Mon 16 Nov 2 h 00 min without data" in text
    assert "There is no verified backup yet." in text
    made = NOW - timedelta(hours=3)
    make_backup(status="VERIFIED", created_at=made, verified_at=made)
    assert "Last verified backup: 25 Nov 2026, 09:30 (3 h ago)" in page(admin_client)
    assert "No hotspot was silent." in page(admin_client, day="2026-11-05")


def test_a_manager_reads_the_own_shops_and_nothing_of_backups(sign_in_as, shop):
    stranger, manager = make_business(name="Elsewhere"), make_user("MANAGER")
    make_membership(manager, shop)
    for each, amount in ((shop, "2.00"), (stranger, "700.00")):
        rolled(each, MONDAY)
        sold(each, MONDAY, amount)
    text = page(sign_in_as(manager))
    assert "Revenue USD 2.00" in text
    assert "700" not in text
    assert "backup" not in text


def test_other_money_is_told_and_never_added(admin_client, shop):
    duka = make_business(name="Duka", currency="KES")
    for each, amount in ((shop, "2.00"), (duka, "300.00")):
        rolled(each, MONDAY)
        sold(each, MONDAY, amount)
    assert "Also taken: USD 2.00" in page(admin_client, currency="KES")
    assert "Revenue USD 2.00" in page(admin_client, business=shop.id)


def test_a_bad_filter_is_said(admin_client, shop):
    assert "Enter a day such as 2026-11-22." in page(admin_client, day="soon")
    assert "There is no such business." in page(admin_client, business="x")


def test_without_a_shop_it_says_what_to_do(admin_client):
    assert "No business yet" in page(admin_client)
