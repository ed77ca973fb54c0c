from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.factories import make_business, make_plan, make_sale, make_token, make_user
from wifiapp.access import Viewer
from wifiapp.dashboard import queries
from wifiapp.sales import queries as sales
from wifiapp.sales.periods import Period

NOW = datetime(2026, 10, 25, 22, 30, tzinfo=UTC)  # Sunday in Berlin, Monday in Harare
ADMIN = Viewer("admin", "ADMIN", None)


def sums(viewer=ADMIN):
    return {
        (row.days_ago, row.channel, row.currency): (row.count, row.amount)
        for row in queries.sum_by_day_and_channel(viewer, NOW)
    }


def sell(business, at, **given):
    token = make_token(business, status="SOLD")
    return make_sale(token, sold_at=at, **given)


def test_a_day_is_that_of_the_business():
    harare = make_business(timezone="Africa/Harare", currency="USD")
    berlin = make_business(timezone="Europe/Berlin", currency="EUR")
    for shop in (harare, berlin):
        sell(shop, datetime(2026, 10, 25, 22, 10, tzinfo=UTC))  # Harare 00:10, Berlin 23:10
        sell(shop, datetime(2026, 10, 24, 21, 50, tzinfo=UTC))  # Harare 23:50, Berlin 23:50
        sell(shop, datetime(2026, 10, 24, 22, 10, tzinfo=UTC))  # Harare 00:10, Berlin 00:10
    assert sums() == {
        (0, "DIRECT", "USD"): (1, Decimal("1.00")),
        (1, "DIRECT", "USD"): (1, Decimal("1.00")),
        (2, "DIRECT", "USD"): (1, Decimal("1.00")),
        (0, "DIRECT", "EUR"): (2, Decimal("2.00")),
        (1, "DIRECT", "EUR"): (1, Decimal("1.00")),
    }


def test_the_chart_ends_after_fourteen_days_and_before_the_future():
    shop = make_business(timezone="UTC")
    for days in (-1, 0, 13, 14):
        sell(shop, NOW - timedelta(days=days))
    assert {key[0] for key in sums()} == {0, 13}


def test_a_void_takes_away_on_the_day_it_was_made():
    shop = make_business()
    sell(shop, NOW - timedelta(days=3), voided_at=NOW, void_reason="Wrong plan")
    assert sums() == {
        (3, "DIRECT", "USD"): (1, Decimal("1.00")),
        (0, "DIRECT", "USD"): (-1, Decimal("-1.00")),
    }


def test_today_is_what_the_sales_page_says():
    shops = [make_business(timezone=zone) for zone in ("Africa/Harare", "Europe/Berlin", "UTC")]
    for hours in range(0, 40, 3):
        for shop, channel in zip(shops, ("POS", "DIRECT", "AGENT"), strict=True):
            void = {"voided_at": NOW, "void_reason": "Twice"} if hours % 4 == 0 else {}
            sell(shop, NOW - timedelta(hours=hours), sale_channel=channel, **void)
    spans = {shop.timezone: Period().span(shop.timezone, NOW) for shop in shops}
    cells = {}
    for cell in sales.sum_cells(ADMIN, sales.Wanted(spans)):
        count, amount = cells.get(cell.channel, (0, Decimal(0)))
        cells[cell.channel] = (count + cell.quantity, amount + cell.amount)
    today = {channel: value for (ago, channel, _), value in sums().items() if ago == 0}
    assert today == cells
    assert len(today) == 3


@pytest.fixture
def two_shops():
    return make_business(name="Mine"), make_business(name="Theirs")


def test_a_manager_sees_the_sales_and_stock_of_its_businesses_only(two_shops):
    mine, _theirs = two_shops
    for shop in two_shops:
        sell(shop, NOW)
    manager = Viewer("m", "MANAGER", frozenset({mine.id}))
    assert list(sums(manager).values()) == [(1, Decimal("1.00"))]
    assert {row.business for row in queries.list_stock(manager, NOW)} == {"Mine"}
    nobody = Viewer("n", "MANAGER", frozenset())
    assert sums(nobody) == {}
    assert queries.list_stock(nobody, NOW) == []


def test_a_seller_sees_its_own_sales_only(two_shops):
    mine, _ = two_shops
    seller = make_user("SELLER")
    sell(mine, NOW, sold_by=seller.id)
    sell(mine, NOW)
    viewer = Viewer(seller.id, "SELLER", frozenset({mine.id}), only_sales_by=seller.id)
    assert list(sums(viewer).values()) == [(1, Decimal("1.00"))]


def stock():
    return {row.plan: (row.left, row.sold) for row in queries.list_stock(ADMIN, NOW)}


def test_stock_is_what_can_still_be_sold_beside_what_was_sold_this_week():
    plan = make_plan(name="Day")
    make_token(plan=plan)
    make_token(plan=plan, redeem_by=NOW + timedelta(seconds=1))
    make_token(plan=plan, redeem_by=NOW)
    for status in ("SOLD", "ACTIVE", "EXPIRED", "DISABLED"):
        make_token(plan=plan, status=status)
    make_sale(make_token(plan=plan, status="SOLD"), sold_at=NOW - timedelta(days=6))
    make_sale(make_token(plan=plan, status="SOLD"), sold_at=NOW - timedelta(days=8))
    void = {"voided_at": NOW, "void_reason": "Twice"}
    make_sale(make_token(plan=plan, status="DISABLED"), sold_at=NOW, **void)
    assert stock() == {"Day": (2, 1)}


def test_a_plan_without_tokens_is_there_and_one_no_longer_offered_is_not():
    make_plan(name="Empty")
    make_token(plan=make_plan(name="Retired", is_active=False))
    make_token(plan=make_plan(make_business(is_active=False), name="Closed shop"))
    assert stock() == {"Empty": (0, 0)}


def test_the_fewest_left_come_first():
    for name, tokens in (("Many", 3), ("None", 0), ("One", 1)):
        plan = make_plan(name=name)
        for _ in range(tokens):
            make_token(plan=plan)
    assert list(stock()) == ["None", "One", "Many"]
