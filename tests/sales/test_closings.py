"""Closing days: what a closing covers, what it keeps, and that no cent is lost between two."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.factories import (
    make_business,
    make_closing,
    make_membership,
    make_method,
    make_plan,
    make_sale,
    make_token,
    make_user,
)
from wifiapp import clock as clocks
from wifiapp.access import COMMAND_LINE, Viewer
from wifiapp.audit.models import AuditLog
from wifiapp.columns import new_id
from wifiapp.db import db
from wifiapp.errors import NotFound
from wifiapp.sales import closings_queries, operations, queries, sums
from wifiapp.sales.closings import NothingToClose, covered, total
from wifiapp.sales.closings_operations import (
    ClosedAlready,
    InvalidCount,
    SoldMeanwhile,
    close_day,
)
from wifiapp.sales.models import DayClosing, WifiTokenSale
from wifiapp.sales.operations import SoldOut
from wifiapp.sales.orders import Order
from wifiapp.sales.periods import CUSTOM, Period
from wifiapp.sales.queries import Wanted
from wifiapp.tokens.models import WifiToken

HARARE, BERLIN = "Africa/Harare", "Europe/Berlin"
NOON = datetime(2026, 11, 22, 10, tzinfo=UTC)  # 12:00 in Harare
TODAY = date(2026, 11, 22)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ADMIN = Viewer("admin", "ADMIN", None)


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def shop():
    return make_business(timezone=HARARE)


def sell(shop, amount="1.00", at=NOON, **given):
    token = make_token(shop, status="SOLD")
    return make_sale(token, sale_amount=Decimal(amount), sold_at=at, **given)


def close(shop, day=TODAY, counted="0", **given):
    db.session.commit()
    return close_day(COMMAND_LINE, shop.id, day, Decimal(counted), **given)


def kept(closing):
    return {each.method: each for each in closings_queries.list_kept_sums(closing.id)}


# -- what a closing covers ---------------------------------------------------------------------


def closed(day, ends_at, number=1):
    return DayClosing(day=day, ends_at=ends_at, number=number)


def test_the_first_closing_begins_with_its_day(no_database):
    start = datetime(2026, 11, 21, 22, tzinfo=UTC)
    assert covered(TODAY, HARARE, None, NOON) == (start, NOON)
    assert covered(TODAY - DAY, HARARE, None, NOON) == (start - DAY, start)


def test_a_closing_goes_on_where_the_last_one_ended_and_never_past_its_day(no_database):
    last = closed(TODAY - DAY, NOON - 20 * HOUR)
    assert covered(TODAY, HARARE, last, NOON) == (last.ends_at, NOON)
    tomorrow = NOON + DAY
    end = datetime(2026, 11, 22, 22, tzinfo=UTC)
    assert covered(TODAY, HARARE, last, tomorrow) == (last.ends_at, end)


@pytest.mark.parametrize(
    ("day", "last", "why"),
    [
        (TODAY + DAY, None, "has not begun"),
        (TODAY - DAY, closed(TODAY, NOON - HOUR), "later day"),
        (TODAY, closed(TODAY, NOON), "to its end"),
    ],
)
def test_a_day_that_cannot_be_closed_says_why(no_database, day, last, why):
    with pytest.raises(NothingToClose, match=why):
        covered(day, HARARE, last, NOON)


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_a_day_on_which_the_clock_changes_is_closed_whole(no_database, day, hours):
    later = datetime(2026, 12, 1, tzinfo=UTC)
    start, end = covered(day, BERLIN, None, later)
    assert end - start == hours * HOUR


# -- what it keeps -----------------------------------------------------------------------------


def test_a_closing_keeps_what_was_expected_by_method_and_what_was_counted(clock, shop):
    make_method(shop, name="ECOCASH", kind="MOBILE")
    make_method(shop, name="TILL 2", kind="CASH")
    sell(shop, "10.00")
    sell(shop, "2.50", payment_method="TILL 2")
    sell(shop, "4.00", payment_method="ECOCASH", fee=Decimal("0.10"))
    sell(shop, "3.00", voided_at=NOON, void_reason="by mistake")
    sell(make_business(), "99.00")
    closing = close(shop, counted="12.00", note="  a coin  rolled away ")
    assert (closing.expected_cash, closing.counted_cash) == (Decimal("12.50"), Decimal("12.00"))
    assert closing.note == "a coin rolled away"
    sums_ = kept(closing)
    assert {name: (s.quantity, s.voids, s.amount, s.fees) for name, s in sums_.items()} == {
        "CASH": (1, 1, Decimal("10.00"), Decimal("0.00")),
        "ECOCASH": (1, 0, Decimal("4.00"), Decimal("0.10")),
        "TILL 2": (1, 0, Decimal("2.50"), Decimal("0.00")),
    }
    assert sums_["ECOCASH"].total == Decimal("4.10")


def test_a_closing_stands_in_the_audit_log(clock, shop):
    sell(shop, "10.00")
    closing = close(shop, counted="9.00")
    entry = db.session.scalar(select(AuditLog).where(AuditLog.entity_id == closing.id))
    assert entry.action == "day.close" and entry.change["difference"] == "-1.00"


def test_a_void_of_what_was_sold_on_a_closed_day_belongs_to_the_next_closing(clock, shop):
    sale = sell(shop, "10.00")
    first = close(shop, counted="10")
    operations.void_sale(COMMAND_LINE, sale.id, "by mistake")
    clock.shift(DAY)
    second = close(shop, TODAY + DAY)
    assert (first.expected_cash, second.expected_cash) == (Decimal("10.00"), Decimal("-10.00"))
    assert second.starts_at == first.ends_at


def test_what_is_sold_after_the_closing_belongs_to_the_next_one_although_it_is_the_same_day(
    clock, shop
):
    sell(shop, "10.00")
    close(shop)
    clock.shift(HOUR)
    sell(shop, "1.00", at=NOON + HOUR)
    clock.shift(DAY)
    sell(shop, "2.00", at=NOON + DAY)
    second = close(shop, TODAY + DAY)
    assert second.expected_cash == Decimal("3.00")
    agreement = closings_queries.agree(second, HARARE)
    assert (agreement.day, agreement.carried) == (Decimal("2.00"), Decimal("1.00"))
    assert agreement.before == agreement.after == 0
    first = closings_queries.find_last(shop.id)
    assert first.id == second.id


def test_a_day_that_was_forgotten_is_closed_to_its_midnight(clock, shop):
    sell(shop, "10.00", at=NOON - DAY)
    sell(shop, "1.00")
    closing = close(shop, TODAY - DAY)
    assert closing.expected_cash == Decimal("10.00")
    assert closing.ends_at == datetime(2026, 11, 21, 22, tzinfo=UTC)
    assert close(shop).expected_cash == Decimal("1.00")


def test_a_sale_in_the_very_moment_is_in_the_closing(clock, shop):
    plan = make_plan(shop)
    make_token(plan=plan)
    db.session.commit()
    operations.sell_token(COMMAND_LINE, Order(plan.id))
    assert close(shop).expected_cash == plan.price


def test_a_day_is_closed_again_only_when_that_is_said(clock, shop):
    sell(shop, "10.00")
    close(shop)
    clock.shift(HOUR)
    sell(shop, "1.00", at=NOON + HOUR)
    with pytest.raises(ClosedAlready):
        close(shop)
    again = close(shop, again=True)
    assert (again.number, again.expected_cash) == (2, Decimal("1.00"))
    agreement = closings_queries.agree(again, HARARE)
    assert (agreement.day, agreement.before) == (Decimal("11.00"), Decimal("10.00"))


def test_the_same_form_closes_once(clock, shop):
    sell(shop, "10.00")
    key = new_id()
    assert close(shop, closing_id=key).id == close(shop, closing_id=key).id == key
    assert db.session.scalars(select(DayClosing.number)).all() == [1]


def test_who_counted_before_another_sale_counts_again(clock, shop):
    sell(shop, "10.00")
    with pytest.raises(SoldMeanwhile, match=r"USD 10\.00 in cash is expected now"):
        close(shop, counted="9", seen=Decimal("9.00"))
    assert close(shop, counted="10", seen=Decimal("10.00")).number == 1


@pytest.mark.parametrize("counted", ["NaN", "-0.01", "1.005", "1e12"])
def test_what_was_counted_is_an_amount(clock, shop, counted):
    with pytest.raises(InvalidCount):
        close(shop, counted=counted)


def test_a_note_has_its_limit_and_a_business_must_be_there(clock, shop):
    with pytest.raises(InvalidCount):
        close(shop, note="x" * 501)
    with pytest.raises(NotFound):
        close_day(COMMAND_LINE, "nothing", TODAY, Decimal(0))


# -- no cent is lost ---------------------------------------------------------------------------

moves = st.lists(
    st.one_of(
        st.tuples(st.just("sell"), st.integers(0, 2), st.sampled_from(["CASH", "ECOCASH", "CARD"])),
        st.tuples(st.just("void"), st.integers(0, 30), st.none()),
        st.tuples(st.just("close"), st.booleans(), st.none()),
        st.tuples(st.just("wait"), st.integers(1, 30 * 60), st.none()),  # minutes
    ),
    max_size=40,
)
STARTS = [datetime(2026, 3, 28, 18, tzinfo=UTC), datetime(2026, 10, 24, 18, tzinfo=UTC)]


@given(moves, st.sampled_from(STARTS), st.sampled_from([BERLIN, HARARE]))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_is_sold_voided_and_closed_in_whatever_order_agrees_to_the_cent(
    app, steps, start, zone
):
    with time_machine.travel(start, tick=False) as now:
        shop = make_business(timezone=zone)
        make_method(shop, name="ECOCASH", kind="MOBILE", fee_percent=Decimal("1.50"))
        plans = [make_plan(shop, name=f"{n}", price=Decimal(n) / 3) for n in (1, 2, 5)]
        for plan in plans:
            for _ in range(3):
                make_token(plan=plan)
        db.session.commit()
        for step in steps:
            play(step, shop, plans, now)
        now.shift(DAY)
        play(("close", True, None), shop, plans, now)
        check(shop)


def play(step, shop, plans, now):
    kind, number, method = step
    if kind == "sell":
        try:
            operations.sell_token(
                COMMAND_LINE, Order(plans[number].id, method=method, channel=f"C{number}")
            )
        except SoldOut:
            assert all(each.status != "UNUSED" for each in tokens_of(plans[number]))
    elif kind == "void":
        live = [sale for sale in sales_of(shop) if not sale.voided_at]
        if live:
            operations.void_sale(COMMAND_LINE, live[number % len(live)].id, "by mistake")
    elif kind == "wait":
        now.shift(timedelta(minutes=number))
    else:
        day = Period().span(shop.timezone, clocks.now()).first
        try:
            close_day(COMMAND_LINE, shop.id, day, Decimal(0), again=number)
        except (ClosedAlready, NothingToClose):
            db.session.rollback()


def tokens_of(plan):
    return db.session.scalars(select(WifiToken).where(WifiToken.token_config_id == plan.id))


def sales_of(shop):
    query = select(WifiTokenSale).where(WifiTokenSale.business_id == shop.id)
    return db.session.scalars(query.order_by(WifiTokenSale.receipt_number)).all()


def check(shop):
    sold = sales_of(shop)
    live = [sale for sale in sold if not sale.voided_at]
    # no sale without a token, no token sold twice, receipts without gaps in the order of time
    assert len({sale.wifi_token_id for sale in live}) == len(live)
    taken = {sale.wifi_token_id for sale in live}
    query = select(WifiToken).where(WifiToken.business_id == shop.id)
    for token in db.session.scalars(query):
        assert (token.status == "SOLD") == (token.id in taken)
    assert [sale.receipt_number for sale in sold] == list(range(1, len(sold) + 1))
    assert all(a.sold_at <= b.sold_at for a, b in pairwise(sold))
    # sum over channels = over methods = sum of lines = what the closings have kept
    spans = {shop.timezone: Period(CUSTOM, date(2026, 1, 1)).span(shop.timezone, NOON)}
    wanted = Wanted(spans, business_id=shop.id)
    cells = queries.sum_cells(ADMIN, wanted)
    lines = list(queries.list_lines(ADMIN, wanted).rows)
    amount = sum((sale.sale_amount for sale in live), Decimal(0))
    for dimension in ("channel", "method"):
        assert sum(each.amount for each in sums.grouped(cells, dimension)) == amount
    assert len(lines) < queries.PAGE_SIZE, "one page holds them"
    assert sum(line.amount for line in lines) == amount
    query = select(DayClosing).where(DayClosing.business_id == shop.id)
    closings = db.session.scalars(query.order_by(DayClosing.ends_at)).all()
    assert all(a.ends_at == b.starts_at for a, b in pairwise(closings))
    totals = [total(closings_queries.list_kept_sums(each.id)) for each in closings]
    begun = closings[0].starts_at
    before = total(closings_queries.list_sums(shop.id, datetime(2026, 1, 1, tzinfo=UTC), begun))
    assert sum(each.amount for each in totals) + before.amount == amount
    fees = sum((sale.fee for sale in live), Decimal(0))
    assert sum(each.fees for each in totals) + before.fees == fees
    for closing, whole in zip(closings, totals, strict=True):
        agreed = closings_queries.agree(closing, shop.timezone)
        assert agreed.closing == whole.amount
        assert agreed.day + agreed.carried - agreed.before - agreed.after == agreed.closing


# -- pages -------------------------------------------------------------------------------------


@pytest.fixture
def manager(clock, shop, sign_in_as):
    user = make_user("MANAGER", name="Rudo")
    make_membership(user, shop)
    return sign_in_as(user)


def hidden(page, name):
    return page.partition(f'name="{name}"')[2].partition('value="')[2].partition('"')[0]


def test_a_manager_closes_the_day_and_prints_what_was_counted(manager, shop):
    sell(shop, "10.00", at=NOON - HOUR)
    page = manager.get("/sales/close").text
    assert "USD 10.00" in page and "Sun 22 Nov 2026" in page
    form = {"seen": hidden(page, "seen"), "closing_id": hidden(page, "closing_id")}
    answer = manager.post("/sales/close", data=form | {"counted": "9,50", "note": "a coin"})
    assert answer.status_code == 303
    shown = manager.get(answer.location).text
    for text in ("USD 0.50 short", "Rudo", "a coin", "USD 9.50", "This closing"):
        assert text in shown, text
    assert "It does not agree" not in shown
    again = manager.post("/sales/close", data=form | {"counted": "9,50"})
    assert again.location == answer.location, "sent twice, closed once"
    assert "USD 0.50 short" in manager.get("/sales/closings").text


@pytest.mark.parametrize("counted", ["", "  ", "ten", "-1", "1.005"])
def test_a_bad_count_gets_its_message_and_loses_nothing(manager, shop, counted):
    data = {"counted": counted, "note": "keep me"}
    answer = manager.post("/sales/close", data=data)
    assert answer.status_code == 422
    assert 'id="counted-error"' in answer.text and "keep me" in answer.text
    assert db.session.scalars(select(DayClosing)).all() == []


def test_a_closed_day_says_so_and_asks_before_it_is_closed_again(manager, shop, clock):
    sell(shop, "10.00", at=NOON - HOUR)
    close(shop)
    assert "closed to its end" in manager.get("/sales/close").text
    clock.shift(HOUR)
    sell(shop, "1.00", at=NOON + HOUR)
    assert "This day is closed already" in manager.get("/sales/close").text
    answer = manager.post("/sales/close", data={"counted": "1"})
    assert answer.status_code == 422 and 'id="again-error"' in answer.text
    answer = manager.post("/sales/close", data={"counted": "1", "again": "y"})
    assert answer.status_code == 303
    assert "Closing 2 of" in manager.get(answer.location).text


def test_a_sale_while_the_cash_is_counted_is_told(manager, shop):
    sell(shop, "10.00", at=NOON - HOUR)
    answer = manager.post("/sales/close", data={"counted": "9", "seen": "9.00"})
    assert answer.status_code == 422 and "Something was sold or voided" in answer.text
    assert hidden(answer.text, "seen") == "10.00", "the next try knows of it"


def test_a_day_of_the_past_is_chosen_in_the_address_and_a_bad_one_gets_its_message(manager, shop):
    sell(shop, "10.00", at=NOON - DAY)
    page = manager.get("/sales/close?day=2026-11-21").text
    assert "USD 10.00" in page and "Sat 21 Nov 2026" in page
    assert "Enter a day such as" in manager.get("/sales/close?day=yesterday").text
    assert "has not begun" in manager.get("/sales/close?day=2026-11-23").text


def test_the_day_of_a_business_taken_out_of_use_is_closed_as_long_as_something_is_not(
    clock, admin_client, shop
):
    idle, other = make_business(name="An idle one", is_active=False), make_business(name="Zed shop")
    sale = sell(shop, "10.00", at=NOON - HOUR)
    shop.is_active = False
    db.session.commit()
    page = admin_client.get("/sales/close").text
    assert idle.name not in page and page.index(other.name) < page.index(shop.name)
    address = f"/sales/close?business={shop.id}"
    page = admin_client.get(address).text
    assert "USD 10.00" in page
    form = {"counted": "10", "seen": "10.00", "closing_id": hidden(page, "closing_id")}
    answer = admin_client.post(address, data=form)
    assert answer.status_code == 303
    assert admin_client.post(address, data=form).location == answer.location
    assert closings_queries.find_last(other.id) is None
    assert shop.name not in admin_client.get("/sales/close").text
    clock.shift(HOUR)
    sale.voided_at, sale.void_reason = NOON + HOUR / 2, "by mistake"
    db.session.commit()
    assert shop.name in admin_client.get("/sales/close").text


def test_what_is_sent_for_no_business_or_no_day_closes_nothing(manager, shop):
    for wrong in ("business=nothing", "day=yesterday"):
        answer = manager.post(f"/sales/close?{wrong}", data={"counted": "0"})
        assert answer.status_code == 422
    assert closings_queries.find_last(shop.id) is None
    assert f"/sales/close?business={shop.id}&amp;day=2026-11-22" in manager.get("/sales/close").text


def test_closings_of_another_business_are_not_found(manager):
    other = make_closing()
    assert manager.get(f"/sales/closings/{other.id}").status_code == 404
    assert "There is no such business" in manager.get(f"/sales/close?business={other.id}").text
    assert other.id not in manager.get("/sales/closings").text
    assert manager.get("/sales/closings/nothing").status_code == 404
    assert manager.get("/sales/closings/%ED%A0%80").status_code == 404


def test_closings_are_paged_and_filtered_by_business(clock, admin_client, monkeypatch):
    monkeypatch.setattr(closings_queries, "PAGE_SIZE", 2)
    shops = [make_business(), make_business()]
    for n in range(3):
        make_closing(
            shops[0], day=TODAY - n * DAY, ends_at=NOON - n * DAY, starts_at=NOON - 9 * DAY
        )
    make_closing(shops[1], day=TODAY, ends_at=NOON, starts_at=NOON - DAY)
    db.session.commit()
    text = admin_client.get(f"/sales/closings?business={shops[0].id}").text
    assert "Sun 22 Nov" in text and "Fri 20 Nov" not in text
    following = text.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0]
    assert "Fri 20 Nov" in admin_client.get(following.replace("&amp;", "&")).text
    assert "damaged" in admin_client.get("/sales/closings?after=x").text


def cells(client, path):
    return list(csv.DictReader(io.StringIO(client.get(path).text)))


def test_the_files_of_the_closings_hold_all_pages_and_agree_with_them_to_the_cent(
    clock, admin_client, monkeypatch
):
    monkeypatch.setattr(closings_queries, "PAGE_SIZE", 2)
    shop = make_business(name="@Home", timezone=HARARE)
    closer = make_user("MANAGER", name="Rudo")
    for n in range(3):
        make_closing(
            shop,
            day=TODAY - n * DAY,
            starts_at=NOON - 9 * DAY,
            ends_at=NOON - n * DAY,
            expected_cash=Decimal(f"{10 + n}.05"),
            counted_cash=Decimal("10.00"),
            closed_by=closer.id,
        )
    make_closing(day=TODAY, note="of another shop")
    db.session.commit()
    rows = cells(admin_client, f"/sales/closings.csv?business={shop.id}")
    assert [row["day"] for row in rows] == ["2026-11-22", "2026-11-21", "2026-11-20"]
    assert [row["difference"] for row in rows] == ["-0.05", "-1.05", "-2.05"]
    assert {row["business"] for row in rows} == {"'@Home"}
    assert {row["closedBy"] for row in rows} == {"Rudo"}
    page = admin_client.get(f"/sales/closings?business={shop.id}").text
    for row in rows[:2]:
        assert f"USD {row['expectedCash']}" in page
        assert f"USD {row['difference'].removeprefix('-')} short" in page
    told = admin_client.get(f"/sales/closings.json?business={shop.id}").get_json()["rows"]
    assert [row["expectedCash"] for row in told] == [row["expectedCash"] for row in rows]
    assert len(cells(admin_client, "/sales/closings.csv")) == 4
    assert admin_client.get("/sales/closings.csv?business=none").status_code == 400


def test_the_files_of_a_closing_hold_its_methods_and_their_sum(manager, shop):
    sell(shop, "10.00", at=NOON - HOUR)
    sell(shop, "3.30", at=NOON - HOUR, payment_method="CARD")
    page = manager.get("/sales/close").text
    form = {"seen": hidden(page, "seen"), "counted": "9.50"}
    address = manager.post("/sales/close", data=form).location
    *methods, whole = cells(manager, f"{address}.csv")
    assert [(row["method"], row["cash"], row["amount"]) for row in methods] == [
        ("CASH", "true", "10.00"),
        ("CARD", "false", "3.30"),
    ]
    assert (whole["line"], whole["quantity"], whole["amount"]) == ("sum", "2", "13.30")
    shown = manager.get(address).text
    assert all(f"USD {row['expected']}" in shown for row in (*methods, whole))
    told = manager.get(f"{address}.json").get_json()
    assert told["rows"][-1]["amount"] == "13.30"
    assert (told["closing"]["countedCash"], told["closing"]["difference"]) == ("9.50", "-0.50")


def test_the_files_of_another_business_hold_nothing(manager):
    other = make_closing()
    assert manager.get(f"/sales/closings/{other.id}.csv").status_code == 404
    assert cells(manager, "/sales/closings.csv") == []


def test_without_a_business_there_is_nothing_to_close(sign_in_as):
    client = sign_in_as(make_user("MANAGER"))
    assert "No business yet" in client.get("/sales/close").text
    assert "No day was closed yet" in client.get("/sales/closings").text
