"""Each kind of leak is found where it was planted, and nowhere else."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.factories import (
    make_business,
    make_device,
    make_hotspot,
    make_outage,
    make_plan,
    make_presence_key,
    make_sale,
    make_token,
    make_user,
)
from wifiapp.access import Viewer
from wifiapp.leaks import queries
from wifiapp.leaks.kinds import KINDS
from wifiapp.leaks.queries import NOBODY, Wanted
from wifiapp.sales.periods import CUSTOM, Period

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
EVERYTHING = Viewer("", "ADMIN", None)
ONE, TWO = Decimal("1.00"), Decimal("2.00")


def ago(**given):
    return NOW - timedelta(**given)


@pytest.fixture
def shop():
    return make_business(timezone="Africa/Harare")


@pytest.fixture
def plan(shop):
    return make_plan(shop, price=TWO)


@pytest.fixture
def box():
    return make_hotspot(last_contact_at=NOW)


def token(plan, box, **given):
    return make_token(plan=plan, hotspot=box, created_at=ago(days=6), **given)


def used(plan, box, **given):
    values = {"status": "ACTIVE", "first_used_at": ago(hours=2), "expires_at": NOW}
    return token(plan, box, **values | given)


def sell(token, **given):
    return make_sale(token, **{"sold_at": ago(hours=3)} | given)


def wanted(**given):
    zones = {"Africa/Harare", "Europe/Berlin", "UTC"}
    spans = {zone: Period("7-days").span(zone, NOW) for zone in zones}
    return Wanted(**{"spans": spans, "now": NOW} | given)


def found(viewer=EVERYTHING, **given):
    """Return the tokens of each kind that leak."""
    leaks = {
        kind: sorted(row.token_id for row in queries.list_leaks(kind, viewer, wanted(**given)).rows)
        for kind in KINDS
    }
    return {kind: tokens for kind, tokens in leaks.items() if tokens}


def only(kind, leaking, **given):
    """Check that this token alone leaks, and in this way alone; return its row."""
    assert found(**given) == {kind: [leaking.id]}
    (row,) = queries.list_leaks(kind, EVERYTHING, wanted(**given)).rows
    return row


# -- what is no leak -----------------------------------------------------------------------------


def test_a_shop_that_does_everything_right_leaks_nothing(plan, box):
    token(plan, box)  # in stock
    sell(token(plan, box, status="SOLD"))  # sold just now
    sell(used(plan, box))  # sold and in use
    over = sell(
        used(
            *(plan, box),
            status="EXPIRED",
            first_used_at=ago(days=2),
            expires_at=ago(days=2) + timedelta(hours=1),
        ),
        sold_at=ago(days=2, hours=1),
    )
    make_device(
        queries.db.session.get(queries.WifiToken, over.wifi_token_id),
        last_seen=ago(days=2) + timedelta(hours=1, minutes=9),
        is_online=False,
    )
    voided = token(plan, box)  # back in stock
    sell(voided, voided_at=ago(hours=1), void_reason="wrong plan")
    make_sale(
        token(make_plan(price=Decimal("0.00")), box, status="SOLD"),
        sold_at=ago(hours=1),
        gift_reason="a free plan",
    )
    assert found() == {}


# -- used, never sold ----------------------------------------------------------------------------


def test_a_token_in_use_that_nobody_sold_leaks_its_price(plan, box):
    row = only("used-unsold", used(plan, box))
    assert (row.at, row.amount, row.paid) == (ago(hours=2), TWO, None)
    assert (row.seller, row.channel) == (None, None)


def test_a_token_that_stayed_in_use_after_its_sale_was_voided_leaks_to_who_sold_it(plan, box):
    seller = make_user("SELLER", name="Tariro")
    leaking = used(plan, box)
    for minutes, reason in ((50, "first"), (40, "customer left")):
        sell(
            leaking,
            sold_by=seller.id,
            sale_channel="POS",
            sold_at=ago(hours=3),
            voided_at=ago(minutes=minutes),
            void_reason=reason,
        )
    leaks = found()
    assert leaks["used-unsold"] == [leaking.id]
    (row,) = queries.list_leaks("used-unsold", EVERYTHING, wanted()).rows
    assert (row.seller, row.channel, row.reason) == ("Tariro", "POS", "customer left")
    assert row.since == ago(minutes=40)


def test_a_token_whose_hotspot_does_not_say_when_it_was_used_leaks_by_its_first_device(plan, box):
    leaking = token(plan, box, status="ACTIVE")
    make_device(leaking, first_seen=ago(hours=5), last_seen=NOW)
    make_device(leaking, first_seen=ago(hours=4), last_seen=NOW)
    assert only("used-unsold", leaking).at == ago(hours=5)


def test_a_token_first_used_before_the_period_does_not_leak_again_by_a_later_device(plan, box):
    old = token(plan, box, status="ACTIVE")
    make_device(old, first_seen=ago(days=30), last_seen=ago(days=30))
    make_device(old, first_seen=ago(hours=4), last_seen=NOW)
    assert found() == {}


# -- sold, never used ----------------------------------------------------------------------------


def test_a_token_that_nobody_used_a_day_after_its_sale_is_named(plan, box):
    leaking = token(plan, box, status="SOLD")
    sell(leaking, sold_at=ago(hours=25), sale_channel="POS")
    row = only("sold-unused", leaking)
    assert (row.at, row.amount, row.channel) == (ago(hours=25), TWO, "POS")


@pytest.mark.parametrize(
    "hotspot",
    [
        {"is_manual": True, "last_contact_at": NOW},
        {"last_contact_at": None},
        {"last_contact_at": ago(hours=2)},
    ],
    ids=["loaded by hand", "never heard of", "silent since"],
)
def test_no_token_is_called_unused_where_nothing_would_tell_of_its_use(plan, hotspot):
    sell(token(plan, make_hotspot(**hotspot), status="SOLD"), sold_at=ago(hours=25))
    assert found() == {}


@pytest.fixture
def portal():
    """A hotspot whose portal has pushed for two days."""
    hotspot = make_hotspot(is_manual=True, last_contact_at=NOW)
    make_presence_key(hotspot, created_at=ago(days=2))
    return hotspot


def test_a_portal_that_pushes_tells_which_tokens_nobody_used(plan, portal):
    make_outage(portal, started_at=ago(hours=27), ended_at=ago(hours=24))
    make_outage(portal, started_at=ago(hours=20), ended_at=ago(hours=18.5))
    leaking = token(plan, portal, status="SOLD", duration_minutes=61)
    sell(leaking, sold_at=ago(hours=25))
    assert found() == {}
    leaking.duration_minutes = 91
    assert only("sold-unused", leaking)


@pytest.mark.parametrize("ended_at", [ago(hours=24), None], ids=["for an hour", "still"])
def test_in_a_silence_as_long_as_its_time_a_token_may_have_been_used(plan, portal, ended_at):
    make_outage(portal, started_at=ago(hours=26), ended_at=ended_at)
    sell(token(plan, portal, status="SOLD", duration_minutes=60), sold_at=ago(hours=25))
    assert found() == {}


def test_a_token_sold_before_its_portal_began_to_push_may_have_been_used(plan, portal):
    sell(token(plan, portal, status="SOLD"), sold_at=ago(hours=49))
    assert found() == {}


def test_a_sold_token_with_a_device_is_used_whatever_its_hotspot_says(plan, box):
    sold = token(plan, box, status="SOLD")
    sell(sold, sold_at=ago(hours=25))
    make_device(sold, first_seen=ago(hours=24), last_seen=ago(hours=24))
    assert found() == {}


# -- sold twice ----------------------------------------------------------------------------------


def test_a_void_sale_whose_token_was_sold_again_is_named_with_who_voided_how_much_and_why(
    plan, box
):
    seller = make_user("SELLER", name="Tariro")
    leaking = token(plan, box, status="SOLD")
    sell(
        leaking,
        sold_by=seller.id,
        sold_at=ago(hours=3),
        voided_at=ago(hours=2),
        void_reason="by mistake",
    )
    sell(leaking, sold_at=ago(hours=1), sale_channel="POS")
    row = only("sold-twice", leaking)
    assert (row.at, row.since, row.amount) == (ago(hours=1), ago(hours=2), TWO)
    assert (row.seller, row.channel, row.reason) == ("Tariro", "DIRECT", "by mistake")


def test_a_token_sold_three_times_leaks_twice(plan, box):
    leaking = token(plan, box, status="SOLD")
    for hours in (5, 3):
        sell(
            leaking,
            sold_at=ago(hours=hours),
            voided_at=ago(hours=hours - 1),
            void_reason="again",
        )
    sell(leaking, sold_at=ago(hours=1))
    assert found() == {"sold-twice": [leaking.id, leaking.id]}


# -- another price -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("paid", "reason", "missing"),
    [(ONE, None, ONE), (Decimal("0.00"), "for the band", TWO), (Decimal("2.50"), None, "-0.50")],
)
def test_a_sale_that_is_not_the_price_of_its_token_is_named(plan, box, paid, reason, missing):
    leaking = used(plan, box)
    sell(leaking, sale_amount=paid, gift_reason=reason)
    row = only("wrong-price", leaking)
    assert (row.amount, row.paid, row.reason) == (Decimal(missing), paid, reason)


def test_a_plan_that_became_dearer_later_makes_no_sale_wrong(plan, box):
    sell(used(plan, box))
    plan.price = Decimal("9.00")
    queries.db.session.flush()
    assert found() == {}


def test_a_void_sale_at_another_price_is_no_leak(plan, box):
    back = token(plan, box)
    sell(back, sale_amount=ONE, voided_at=ago(hours=1), void_reason="price")
    assert found() == {}


# -- online past its end -------------------------------------------------------------------------


def test_a_device_that_was_online_after_its_token_had_expired_is_named(plan, box):
    leaking = used(plan, box, status="EXPIRED", expires_at=ago(minutes=30))
    seller = make_user("SELLER", name="Tariro")
    sell(leaking, sold_by=seller.id)
    make_device(leaking, last_seen=ago(minutes=25), is_online=False)
    make_device(leaking, last_seen=ago(minutes=5))
    make_device(leaking, last_seen=ago(minutes=5))
    row = only("overtime", leaking)
    assert (row.at, row.since, row.seller) == (ago(minutes=5), ago(minutes=30), "Tariro")


def test_a_device_that_was_online_after_its_token_was_disabled_is_named(plan, box):
    leaking = used(
        plan, box, status="DISABLED", ended_at=ago(minutes=30), end_reason="stolen", expires_at=None
    )
    sell(leaking)
    make_device(leaking, last_seen=ago(minutes=19))
    assert only("overtime", leaking).reason == "stolen"


# -- vanished from stock ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "end",
    [
        {"status": "DISABLED", "ended_at": ago(hours=1), "end_reason": "lost"},
        {"status": "EXPIRED", "redeem_by": ago(hours=1)},
    ],
    ids=["disabled", "expired"],
)
def test_stock_that_ended_without_a_sale_is_named(plan, box, end):
    leaking = token(plan, box, **end)
    row = only("vanished", leaking)
    assert (row.at, row.amount, row.reason) == (ago(hours=1), TWO, end.get("end_reason"))


def test_stock_that_came_back_by_a_void_and_was_disabled_leaks_to_who_sold_it(plan, box):
    seller = make_user("SELLER", name="Tariro")
    leaking = token(plan, box, status="DISABLED", ended_at=ago(hours=1), end_reason="lost")
    sell(leaking, sold_by=seller.id, voided_at=ago(hours=2), void_reason="wrong plan")
    assert only("vanished", leaking).seller == "Tariro"


def test_a_sold_token_that_expired_did_not_vanish(plan, box):
    gone = token(plan, box, status="EXPIRED", redeem_by=ago(hours=1))
    sell(gone, sold_at=ago(hours=23))
    assert found() == {}


# -- sums, scope and filters -----------------------------------------------------------------------


def plant_one_of_each(plan, box, **sale):
    used(plan, box)
    unused = token(plan, box, status="SOLD")
    sell(unused, sold_at=ago(hours=25), **sale)
    twice = token(plan, box, status="SOLD")
    sell(twice, sold_at=ago(hours=9), voided_at=ago(hours=8), void_reason="x", **sale)
    sell(twice, sold_at=ago(hours=7), **sale)
    sell(used(plan, box), sale_amount=ONE, **sale)
    late = used(plan, box, status="EXPIRED", expires_at=ago(minutes=30))
    sell(late, **sale)
    make_device(late, last_seen=NOW)
    token(plan, box, status="DISABLED", ended_at=ago(hours=1), end_reason="lost")


def test_the_sums_are_those_of_the_lines_for_every_kind_seller_and_channel(plan, box):
    seller = make_user("SELLER")
    plant_one_of_each(plan, box, sold_by=seller.id, sale_channel="POS")
    plant_one_of_each(plan, box)
    cells = queries.sum_cells(EVERYTHING, wanted())
    assert {cell.kind for cell in cells} == set(KINDS)
    for cell in cells:
        rows = queries.list_leaks(
            cell.kind, EVERYTHING, wanted(seller=cell.seller, channel=cell.channel)
        ).rows
        assert (len(rows), sum(row.amount for row in rows)) == (cell.number, cell.amount), cell
        assert {row.seller_id or NOBODY for row in rows} == {cell.seller}
    by_kind = {}
    for cell in cells:
        by_kind[cell.kind] = by_kind.get(cell.kind, 0) + cell.number
    assert by_kind == dict.fromkeys(KINDS, 2)


def test_nobody_sees_leaks_of_other_businesses(plan, box, shop):
    plant_one_of_each(plan, box)
    other = make_plan(make_business(), price=TWO)
    plant_one_of_each(other, box)
    viewer = Viewer("", "MANAGER", frozenset({shop.id}))
    assert sum(cell.number for cell in queries.sum_cells(viewer, wanted())) == len(KINDS)
    for kind in KINDS:
        (row,) = queries.list_leaks(kind, viewer, wanted()).rows
        assert row.business_id == shop.id
    assert sum(c.number for c in queries.sum_cells(EVERYTHING, wanted())) == 2 * len(KINDS)
    narrowed = queries.sum_cells(EVERYTHING, wanted(business_id=shop.id))
    assert sum(cell.number for cell in narrowed) == len(KINDS)


def test_leaks_belong_to_the_local_day_on_which_they_happened(box):
    for zone in ("Africa/Harare", "Europe/Berlin"):
        plan = make_plan(make_business(timezone=zone))
        used(plan, box, first_used_at=datetime(2026, 11, 20, 22, 30, tzinfo=UTC))
    day = Period(CUSTOM, first=NOW.date() - timedelta(days=2), last=NOW.date() - timedelta(days=2))
    spans = {zone: day.span(zone, NOW) for zone in ("Africa/Harare", "Europe/Berlin")}
    # 00:30 of the 21st in Harare, 23:30 of the 20th in Berlin
    (row,) = queries.list_leaks("used-unsold", EVERYTHING, wanted(spans=spans)).rows
    assert row.timezone == "Europe/Berlin"


@pytest.mark.parametrize("kind", KINDS)
def test_pages_follow_each_other_without_a_gap_or_a_row_twice(plan, box, kind, monkeypatch):
    for _ in range(3):
        plant_one_of_each(plan, box)
    fetch = queries.fetch_page
    monkeypatch.setattr(queries, "fetch_page", lambda *given: fetch(*given, size=2))
    seen, after = [], None
    while True:
        page = queries.list_leaks(kind, EVERYTHING, wanted(), after)
        seen += [row.id for row in page.rows]
        after = page.after
        if after is None:
            break
    assert len(seen) == len(set(seen)) == 3
    assert [row.id for row in queries.stream_leaks(kind, EVERYTHING, wanted())] == seen
