import csv
import io
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import urlencode

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import (
    make_business,
    make_membership,
    make_plan,
    make_sale,
    make_token,
    make_user,
)
from wifiapp.db import db
from wifiapp.sales import queries
from wifiapp.sales.lines import COLUMNS

NOON = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
PART = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


def sell(business=None, plan=None, **given):
    plan = plan or make_plan(business)
    values = {"sold_at": NOON - timedelta(minutes=5), **given}
    return make_sale(make_token(plan=plan, status="SOLD"), **values)


def void(sale, at=NOON):
    sale.voided_at, sale.void_reason = at, "wrong plan"
    db.session.flush()


def page(client, **args):
    answer = client.get("/sales", query_string=args)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def amounts(text):
    """Return the amounts of the lines on the page, and of the sum under them."""
    body = text.rsplit("<tbody>", 1)[1]
    lines, *totals = body.split('<tr class="total">')
    return tuple(re.findall(r"[A-Z]{3} -?[\d,]+\.\d\d", part) for part in (lines, " ".join(totals)))


def read_csv(client, **args):
    answer = client.get("/sales.csv", query_string=args)
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.get_data(as_text=True))))


def test_the_page_opens_on_today_in_the_zone_of_the_business(admin_client):
    business = make_business(timezone="Africa/Harare")
    sell(business, sale_amount=Decimal("2.50"), sold_at=datetime(2026, 11, 21, 22, tzinfo=UTC))
    sell(business, sold_at=datetime(2026, 11, 21, 21, 59, tzinfo=UTC))
    text = page(admin_client)
    assert amounts(text) == (["USD 2.50"], ["USD 2.50"])
    assert "Sun 22 Nov 2026" in text and "days in Africa/Harare" in text


def test_sums_come_by_channel_method_and_plan_with_a_chart(admin_client):
    plan = make_plan(name="Day pass")
    sell(plan=plan, sale_amount=Decimal("7.50"), sale_channel="POS", payment_method="CARD")
    sell(plan=plan, sale_amount=Decimal("2.50"), sale_channel="WHATSAPP")
    text = page(admin_client)
    for shown in ("By channel", "By method", "By plan", "Day pass", "75%", "25%", "USD 10.00"):
        assert shown in text
    assert re.search(r'data-chart=.*"labels": \["POS", "WHATSAPP"\]', text)
    assert text.index("By channel") < text.index("By method") < text.index("By plan")
    assert text.index("By plan") < text.index("Lines")


def test_currencies_are_never_added_up(admin_client):
    sell(make_business(currency="USD"), sale_amount=Decimal("1.00"))
    sell(make_business(currency="EUR"), sale_amount=Decimal("2.00"))
    text = page(admin_client)
    assert sorted(amounts(text)[1]) == ["EUR 2.00", "USD 1.00"]
    assert "3.00" not in text
    assert [(row["currency"], row["amount"]) for row in read_csv(admin_client)[-2:]] == [
        ("EUR", "2.00"),
        ("USD", "1.00"),
    ]


def test_a_void_stands_as_a_negative_line_with_its_reason(admin_client):
    void(sell(sale_amount=Decimal("2.50"), sold_at=NOON - timedelta(days=1)))
    text = page(admin_client)
    assert amounts(text) == (["USD -2.50"], ["USD -2.50"])
    assert "wrong plan" in text and "Void" in text
    (line, total) = read_csv(admin_client)
    assert (line["line"], line["quantity"], line["amount"]) == ("void", "-1", "-2.50")
    assert (total["line"], total["quantity"], total["amount"]) == ("sum", "-1", "-2.50")
    assert line["voidReason"] == "wrong plan"


def test_files_hold_exactly_the_lines_of_the_view_and_their_sum(admin_client, monkeypatch):
    monkeypatch.setattr(queries, "PAGE_SIZE", 3)
    business = make_business()
    for n in range(8):
        sale = sell(business, sale_amount=Decimal(n), sale_channel="POS")
        if n % 3 == 0:
            void(sale, NOON - timedelta(minutes=n // 4))
    sell(business, sale_channel="DIRECT")
    seen, url, totals = [], "/sales?channel=POS", set()
    while url:
        text = admin_client.get(url).get_data(as_text=True)
        lines, (total,) = amounts(text)
        seen += lines
        totals.add(total)
        following = re.search(r'href="([^"]*)" rel="next"', text)
        url = following and following[1].replace("&amp;", "&")
    *rows, total = read_csv(admin_client, channel="POS")
    assert [f"USD {row['amount']}" for row in rows] == seen and len(seen) == 11
    assert {f"USD {total['amount']}"} == totals
    assert sum(Decimal(row["amount"]) for row in rows) == Decimal(total["amount"])
    answer = admin_client.get("/sales.json?channel=POS").get_json()
    assert [row["amount"] for row in answer["rows"]] == [row["amount"] for row in rows]
    assert answer["sums"] == [
        {"line": "sum", "quantity": 5, "amount": total["amount"], "fee": "0.00", "currency": "USD"}
    ]
    assert list(rows[0]) == list(answer["rows"][0]) == list(COLUMNS)
    assert answer["days"] == {"Africa/Harare": {"first": "2026-11-22", "last": "2026-11-22"}}


def test_a_row_of_a_file_has_the_moment_in_utc_and_on_the_wall(admin_client):
    seller = make_user("SELLER", name="Tariro")
    sale = sell(make_business(name="@Home"), sold_by=seller.id, receipt_number=17)
    (row, _) = read_csv(admin_client)
    assert (row["at"], row["localTime"]) == ("2026-11-22T09:55:00Z", "2026-11-22 11:55:00")
    assert (row["business"], row["seller"], row["receipt"]) == ("'@Home", "Tariro", "17")
    assert row["token"] == db.session.get(queries.WifiToken, sale.wifi_token_id).token


def test_files_hold_fees_and_transaction_codes_which_a_void_takes_back(admin_client):
    void(sell(fee=Decimal("0.05"), transaction_code="MP12", payment_method="ECOCASH"))
    rows = read_csv(admin_client)
    assert [row["fee"] for row in rows] == ["-0.05", "0.05", "0.00"]
    assert [row["transactionCode"] for row in rows] == ["MP12", "MP12", ""]


def test_an_empty_view_has_a_sum_of_zero_in_its_files(admin_client):
    make_business(currency="KES")
    assert read_csv(admin_client) == [
        dict.fromkeys(COLUMNS, "")
        | {"line": "sum", "quantity": "0", "amount": "0.00", "fee": "0.00", "currency": "KES"}
    ]


@pytest.mark.parametrize(
    ("args", "count"),
    [
        ({}, 1),
        ({"period": "today"}, 1),
        ({"period": "yesterday"}, 1),
        ({"period": "7-days"}, 3),
        ({"period": "month"}, 4),
        ({"period": "last-month"}, 1),
        ({"from": "2026-11-21", "to": "2026-11-22"}, 2),
        ({"from": "2026-11-21"}, 2),
        ({"to": "2026-11-21"}, 1),
        ({"period": "custom", "from": "2026-10-31", "to": "2026-11-01"}, 2),
        ({"period": "last-month", "from": "2026-11-21", "to": "2026-11-21"}, 1),
    ],
)
def test_periods_are_local_days(admin_client, args, count):
    business = make_business()
    for day in ("2026-10-31", "2026-11-01", "2026-11-16", "2026-11-21", "2026-11-22"):
        sell(business, sold_at=datetime.fromisoformat(f"{day}T08:00:00+00:00"))
    assert len(amounts(page(admin_client, **args))[0]) == count


def test_the_tabs_keep_the_filters(admin_client):
    sell(sale_channel="POS")
    text = page(admin_client, channel="POS", period="yesterday")
    tabs = re.search(r'<nav class="tabs".*?</nav>', text, re.DOTALL)[0]
    assert tabs.count("channel=POS") == 6
    assert 'aria-current="true">Yesterday' in tabs


def test_only_what_was_sold_can_be_chosen_and_what_is_chosen_stays(admin_client):
    sell(sale_channel="WHATSAPP")
    sell(sale_channel="DIRECT")
    text = page(admin_client, channel="DIRECT")
    assert '<option value="WHATSAPP">' in text and '<option selected value="DIRECT">' in text
    assert len(amounts(text)[0]) == 1
    text = page(admin_client, channel="KIOSK")
    assert '<option selected value="KIOSK">' in text
    assert "Nothing was sold so in this period" in text and "No sale matches" in text


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({"period": "century"}, "There is no such period."),
        ({"from": "yesterday"}, "Enter a day such as 2026-11-22."),
        ({"to": "2026-13-01"}, "Enter a day such as 2026-11-22."),
        ({"from": "9999-12-31"}, "Choose a day between 2000 and 2099."),
        ({"from": "2026-11-22", "to": "2026-11-01"}, "The last day came before the first"),
        ({"period": "custom"}, "Choose a day."),
        ({"business": "nobody"}, "There is no such business."),
        ({"system": "R900"}, "There is no such system."),
        ({"q": "voucher"}, "Add the code after the word"),
        ({"after": "nonsense"}, "This page address is damaged."),
    ],
)
def test_bad_input_gets_its_message_and_the_rest_still_works(admin_client, args, message):
    sell(sale_channel="POS")
    sell(sale_channel="DIRECT")
    text = page(admin_client, channel="POS", **args)
    assert message in text
    assert len(amounts(text)[0]) == 1
    if "after" not in args:
        answer = admin_client.get("/sales.json", query_string=args)
        assert answer.status_code == 400 and message in answer.get_json()["error"]
        assert admin_client.get("/sales.csv", query_string=args).status_code == 400


def test_days_in_the_wrong_order_are_still_in_their_fields(admin_client):
    text = page(admin_client, **{"from": "2026-11-22", "to": "2026-11-01"})
    assert 'value="2026-11-22"' in text and 'value="2026-11-01"' in text


anything = st.one_of(
    st.text(max_size=40),
    st.sampled_from(["\0", "\ud800", "'" * 10_000, '"' * 10_000, "%", "9" * 30, "0001-01-01"]),
    st.dates().map(str),
)
NAMES = ["q", "period", "from", "to", "business", "channel", "method", "plan", "seller", "system"]


@given(st.dictionaries(st.sampled_from([*NAMES, "after", "x"]), anything, max_size=5))
@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_query_string_breaks_the_page(admin_client, args):
    query = urlencode(args, errors="surrogatepass")
    assert admin_client.get(f"/sales?{query}").status_code == 200
    for kind in ("csv", "json"):
        assert admin_client.get(f"/sales.{kind}?{query}").status_code in (200, 400)


def test_a_seller_sees_its_own_sales_in_its_businesses(sign_in_as):
    business, me = make_business(), make_user("SELLER")
    make_membership(me, business)
    sell(business, sold_by=me.id, sale_amount=Decimal("1.00"))
    sell(business, sold_by=make_user("SELLER").id, sale_amount=Decimal("2.00"))
    sell(sold_by=me.id, sale_amount=Decimal("4.00"))
    client = sign_in_as(me)
    assert amounts(page(client)) == (["USD 1.00"], ["USD 1.00"])
    assert [row["amount"] for row in read_csv(client)] == ["1.00", "1.00"]


def test_a_manager_sees_the_sales_of_its_businesses(sign_in_as):
    business, me = make_business(), make_user("MANAGER")
    make_membership(me, business)
    sell(business)
    hidden = make_business(name="Another shop")
    sell(hidden)
    client = sign_in_as(me)
    text = page(client, business=hidden.id)
    assert "There is no such business" in text and "Another shop" not in text
    assert len(amounts(text)[0]) == 1


def test_the_live_part_is_sent_alone_and_only_when_it_has_changed(admin_client):
    business = make_business()
    sell(business)
    first = admin_client.get("/sales", headers=PART)
    assert first.get_data(as_text=True).lstrip().startswith('<div class="stack-wide" id="sales"')
    again = PART | {"If-None-Match": first.headers["ETag"]}
    assert admin_client.get("/sales", headers=again).status_code == 304
    sell(business)
    assert admin_client.get("/sales", headers=again).status_code == 200


def test_a_whole_page_that_has_not_changed_is_not_sent_again(admin_client):
    first = admin_client.get("/sales")
    same = {"If-None-Match": first.headers["ETag"]}
    assert admin_client.get("/sales", headers=same).status_code == 304


def test_days_that_are_over_do_not_refresh(admin_client):
    make_business()
    for period, refreshes in (("today", True), ("month", True), ("last-month", False)):
        text = page(admin_client, period=period)
        assert ("live-refresh" in text, 'http-equiv="refresh"' in text) == (refreshes, refreshes)


def test_an_empty_view_says_why_and_what_to_do(admin_client):
    assert "No business yet" in page(admin_client)
    business = make_business()
    assert "Nothing sold yet today" in page(admin_client)
    assert "Nothing was sold in this period" in page(admin_client, period="yesterday")
    assert "No sale matches" in page(admin_client, method="CARD")
    sell(business, sold_at=NOON - timedelta(days=40), receipt_number=4711)
    text = page(admin_client, q="4711")
    assert "No sale of this period matches" in text
    everywhere = re.search(r'href="([^"]*from=2000-01-01[^"]*)"', text)[1].replace("&amp;", "&")
    assert "4711" in admin_client.get(everywhere).get_data(as_text=True).rsplit("<tbody>", 1)[1]
