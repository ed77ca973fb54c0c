from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import make_business, make_plan, make_sale, make_token, make_user
from wifiapp.access import Viewer
from wifiapp.db import db
from wifiapp.sales import queries, sums
from wifiapp.sales.periods import CUSTOM, Period
from wifiapp.sales.queries import Wanted

ADMIN = Viewer("admin", "ADMIN", None)
NOON = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
HARARE, BERLIN = "Africa/Harare", "Europe/Berlin"


def wanted(*zones, first=date(2026, 11, 22), last=None, **given):
    period = Period(CUSTOM, first, last or first)
    return Wanted({zone: period.span(zone, NOON) for zone in zones or (HARARE,)}, **given)


def void(sale, at, reason="wrong plan"):
    sale.voided_at, sale.void_reason = at, reason
    db.session.flush()
    return sale


def lines(wanted, viewer=ADMIN):
    """Return (amount, quantity) of all lines, checked to be the same paged and streamed."""
    rows, after = [], None
    while True:
        page = queries.list_lines(viewer, wanted, after)
        rows += page.rows
        after = page.after
        if not after:
            break
    assert rows == list(queries.stream_lines(viewer, wanted))
    return [(row.amount, row.quantity) for row in rows]


def test_a_sale_is_a_line_of_the_day_it_was_made():
    make_sale(sale_amount=Decimal("2.50"), sold_at=NOON)
    make_sale(sold_at=NOON - timedelta(days=1))
    assert lines(wanted()) == [(Decimal("2.50"), 1)]


def test_a_void_takes_away_from_the_day_of_the_void():
    sale = make_sale(sale_amount=Decimal("2.50"), sold_at=NOON - timedelta(days=1))
    void(sale, NOON)
    assert lines(wanted()) == [(Decimal("-2.50"), -1)]
    assert lines(wanted(first=date(2026, 11, 21))) == [(Decimal("2.50"), 1)]
    assert (
        sum(
            quantity
            for _, quantity in lines(wanted(first=date(2026, 11, 21), last=date(2026, 11, 22)))
        )
        == 0
    )
    (cell,) = queries.sum_cells(ADMIN, wanted())
    assert (cell.quantity, cell.voids, cell.amount) == (-1, 1, Decimal("-2.50"))


def test_a_void_in_the_moment_of_its_sale_stands_above_it():
    void(make_sale(sold_at=NOON), NOON)
    rows = queries.list_lines(ADMIN, wanted()).rows
    assert [row.is_void for row in rows] == [1, 0]


def test_a_day_begins_with_its_first_moment_and_ends_before_the_next():
    start = datetime(2026, 11, 21, 22, tzinfo=UTC)
    moment = timedelta(microseconds=1)
    for at in (
        start - moment,
        start,
        start + timedelta(days=1) - moment,
        start + timedelta(days=1),
    ):
        make_sale(sold_at=at)
    assert len(lines(wanted())) == 2


def test_each_business_has_its_own_day():
    late = datetime(2026, 11, 21, 22, 30, tzinfo=UTC)  # the 22nd in Harare, the 21st in Berlin
    make_sale(make_token(make_business(timezone=HARARE), status="SOLD"), sold_at=late)
    make_sale(make_token(make_business(timezone=BERLIN), status="SOLD"), sold_at=late)
    assert len(lines(wanted(HARARE, BERLIN))) == 1
    assert len(lines(wanted(HARARE, BERLIN, first=date(2026, 11, 21)))) == 1


def test_filters_narrow_the_lines_and_the_chosen_cells_alike():
    business, seller = make_business(), make_user("SELLER")
    plan = make_plan(business, name="Day", system="R710")
    token = make_token(plan=plan, status="SOLD")
    make_sale(token, sale_channel="POS", payment_method="CARD", sold_by=seller.id, sold_at=NOON)
    make_sale(sold_at=NOON)
    for name, value in {
        "channel": "POS",
        "method": "CARD",
        "plan": "Day",
        "system": "R710",
        "seller": seller.id,
    }.items():
        asked = wanted(values={name: value})
        assert len(lines(asked)) == 1, name
        cells = queries.sum_cells(ADMIN, asked)
        assert len(cells) == 2, "what else could be chosen is found too"
        assert [cell.channel for cell in sums.chosen(cells, asked.values)] == ["POS"]
    assert len(lines(wanted(business_id=business.id))) == 1
    assert len(queries.sum_cells(ADMIN, wanted(business_id=business.id))) == 1
    assert queries.list_sellers([seller.id, "a key"]) == {seller.id: seller.name, "a key": "a key"}


@pytest.mark.parametrize("code", ["A3K9M7P2", "a3k9", "a3k9-m7p2", "A3K9 M7", "4711", "#4711"])
def test_a_sale_is_found_by_its_token_or_its_receipt(code):
    make_sale(make_token(token="A3K9M7P2", status="SOLD"), receipt_number=4711, sold_at=NOON)
    make_sale(sold_at=NOON)
    assert len(lines(wanted(code=code))) == len(queries.sum_cells(ADMIN, wanted(code=code))) == 1


@pytest.mark.parametrize(
    "code", ["471", "%", "-", "_3K9M7P2", "9" * 100, "²", "\N{REPLACEMENT CHARACTER}"]
)
def test_what_is_no_code_finds_nothing(code):
    make_sale(make_token(token="A3K9M7P2", status="SOLD"), receipt_number=4711, sold_at=NOON)
    assert lines(wanted(code=code)) == queries.sum_cells(ADMIN, wanted(code=code)) == []


def test_a_viewer_sees_its_businesses_and_a_seller_its_own_sales_there():
    business, me, other = make_business(), make_user("SELLER"), make_user("SELLER")
    mine = make_sale(make_token(business, status="SOLD"), sold_by=me.id, sold_at=NOON)
    make_sale(make_token(business, status="SOLD"), sold_by=other.id, sold_at=NOON)
    make_sale(sold_by=me.id, sold_at=NOON)
    manager = Viewer("m", "MANAGER", frozenset({business.id}))
    assert len(lines(wanted(), manager)) == 2
    seller = Viewer(me.id, "SELLER", frozenset({business.id}), only_sales_by=me.id)
    assert [row.id for row in queries.list_lines(seller, wanted()).rows] == [mine.id]
    assert sums.total(queries.sum_cells(seller, wanted())).quantity == 1
    void(mine, NOON + timedelta(hours=1))
    assert sums.total(queries.sum_cells(seller, wanted())).quantity == 0
    nobody = Viewer("m", "MANAGER", frozenset())
    assert lines(wanted(), nobody) == queries.sum_cells(nobody, wanted()) == []


def test_pages_hold_each_line_once_although_moments_are_the_same():
    business = make_business()
    for n in range(70):
        sale = make_sale(make_token(business, status="SOLD"), sold_at=NOON)
        if n % 2:
            void(sale, NOON + timedelta(seconds=n // 20))
    assert Counter(lines(wanted())) == {(Decimal("1.00"), 1): 70, (Decimal("-1.00"), -1): 35}


# -- no line is lost or doubled, whatever was sold ---------------------------------------------

# around midnight, a change of the clock and the ends of the month in both zones
CLOCK_CHANGES = [datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)]
moments = st.builds(
    lambda base, hours, micros: base + timedelta(hours=hours, microseconds=micros),
    st.sampled_from(CLOCK_CHANGES),
    st.integers(-80, 80),
    st.integers(-1, 1),
)
sales = st.lists(
    st.tuples(
        st.integers(0, 1),  # which business, each in its zone and currency
        st.integers(0, 2),  # which plan
        st.decimals(0, 9999, places=2),
        st.sampled_from(["DIRECT", "POS", 'ÜBER,"X"']),
        st.sampled_from(["CASH", "CARD"]),
        moments,
        st.none() | st.integers(0, 3 * 86400),  # seconds until the void
    ),
    max_size=12,
)


@given(sales, st.sampled_from([each.date() for each in CLOCK_CHANGES]), st.integers(0, 3))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_sums_of_every_grouping_are_the_sum_of_the_lines_to_the_cent(app, sold, first, more):
    with db.session.begin_nested() as everything:
        zones = [BERLIN, HARARE]
        shops = [
            make_business(timezone=zone, currency=c)
            for zone, c in zip(zones, ("EUR", "USD"), strict=False)
        ]
        plans = [[make_plan(shop, name=f"Plan {n}") for n in range(3)] for shop in shops]
        expected = Counter()
        last = first + timedelta(days=more)
        for shop, plan, amount, channel, method, at, until_void in sold:
            sale = make_sale(
                make_token(plan=plans[shop][plan], status="SOLD"),
                sale_amount=amount,
                sale_channel=channel,
                payment_method=method,
                sold_at=at,
            )
            moments = [(at, 1)]
            if until_void is not None:
                void(sale, at + timedelta(seconds=until_void))
                moments.append((sale.voided_at, -1))
            for moment, sign in moments:
                if first <= moment.astimezone(ZoneInfo(zones[shop])).date() <= last:
                    expected[shops[shop].currency] += sign * amount
        asked = wanted(*zones, first=first, last=last)
        cells = queries.sum_cells(ADMIN, asked)
        rows = list(queries.stream_lines(ADMIN, asked))
        lines(asked)
        for currency in ("EUR", "USD"):
            own = [cell for cell in cells if cell.currency == currency]
            of_lines = [row for row in rows if row.currency == currency]
            amount, quantity = sum(r.amount for r in of_lines), sum(r.quantity for r in of_lines)
            assert amount == expected[currency]
            for dimension in sums.DIMENSIONS[:4]:
                groups = sums.grouped(own, dimension)
                assert sum(group.amount for group in groups) == amount
                assert sum(group.quantity for group in groups) == quantity
                for group in groups:
                    same = [r for r in of_lines if getattr(r, dimension) == group.name]
                    assert group.amount == sum(r.amount for r in same)
                    assert group.voids == sum(r.is_void for r in same)
            assert sums.total(own)[1:4] == (quantity, sum(r.is_void for r in of_lines), amount)
        everything.rollback()
