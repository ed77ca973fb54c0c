"""The pages of the leak finder: each number leads to its rows, each view is a file too."""

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
    make_hotspot,
    make_membership,
    make_plan,
    make_sale,
    make_token,
    make_user,
)
from wifiapp.leaks.kinds import KINDS
from wifiapp.leaks.lines import COLUMNS, SUMS

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def shop():
    return make_business(name="Corner Shop")


def plant(shop, price="2.00", paid=None, **sale):
    """Plant a token that was used unsold, or with `paid` one sold at another price."""
    plan = make_plan(shop, name="1 hour", price=Decimal(price))
    used = {"status": "ACTIVE", "first_used_at": NOW - timedelta(hours=2), "expires_at": NOW}
    token = make_token(plan=plan, hotspot=make_hotspot(last_contact_at=NOW), **used)
    if paid is not None:
        sale = {"sold_at": NOW - timedelta(hours=3), "sale_amount": Decimal(paid), **sale}
        make_sale(token, **sale)
    return token


def page(client, url="/leaks", **args):
    answer = client.get(url, query_string=args or None)
    assert answer.status_code == 200
    return answer.text


def read_csv(client, url, **args):
    answer = client.get(f"{url}.csv", query_string=args)
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_every_number_leads_to_as_many_rows(admin_client, shop):
    seller = make_user("SELLER", name="Tariro")
    plant(shop)
    plant(shop)
    plant(shop, paid="1.50", sold_by=seller.id, sale_channel="POS")
    text = page(admin_client)
    links = re.findall(r'href="(/leaks/[^"]+)">(\d+)<', text)
    assert sorted(int(number) for _, number in links) == [1, 1, 1, 2, 2, 2]
    for url, number in links:
        rows = page(admin_client, url.replace("&amp;", "&")).partition("<tbody>")[2]
        assert rows.count("<tr>") == int(number), url
    assert "USD 4.00" in text and "USD 0.50" in text
    assert "By seller" in text and "Tariro" in text and "By channel" in text and "POS" in text


def test_a_row_shows_its_token_what_is_missing_and_why(admin_client, shop):
    token = plant(shop, paid="0.00", gift_reason="for the band")
    text = page(admin_client, "/leaks/wrong-price")
    assert f'href="/tokens/{token.id}"' in text
    assert "for the band" in text and "USD 2.00" in text and "1 hour" in text


def test_currencies_are_never_added_up(admin_client):
    plant(make_business(currency="USD"), "1.00")
    plant(make_business(currency="EUR"), "2.00")
    text = page(admin_client)
    assert "USD 1.00" in text and "EUR 2.00" in text and "3.00" not in text


def test_files_hold_exactly_the_rows_of_the_view(admin_client, shop):
    seller = make_user("SELLER", name="=Tariro")
    plant(shop, paid="1.50", sold_by=seller.id, sale_channel="POS")
    plant(shop, paid="1.00")
    plant(shop)
    rows = read_csv(admin_client, "/leaks/wrong-price", channel="POS")
    assert [(row["amount"], row["paid"], row["seller"]) for row in rows] == [
        ("0.50", "1.50", "'=Tariro")
    ]
    answer = admin_client.get("/leaks/wrong-price.json").get_json()
    assert sorted(row["amount"] for row in answer["rows"]) == ["0.50", "1.00"]
    assert list(rows[0]) == list(answer["rows"][0]) == list(COLUMNS)


def test_the_sums_are_a_file_too(admin_client, shop):
    plant(shop, paid="1.50", sale_channel="POS")
    plant(shop)
    assert read_csv(admin_client, "/leaks") == [
        dict(zip(SUMS, row, strict=True))
        for row in (
            ("USD", "used-unsold", "", "", "1", "2.00"),
            ("USD", "wrong-price", "", "POS", "1", "0.50"),
        )
    ]
    assert len(admin_client.get("/leaks.json?channel=POS").get_json()["rows"]) == 1


def test_the_page_offers_the_files_of_its_own_view(admin_client, shop):
    plant(shop, paid="1.50", sale_channel="POS")
    assert "/leaks.csv?channel=POS" in page(admin_client, channel="POS")
    text = page(admin_client, "/leaks/wrong-price", channel="POS", period="month")
    assert "/leaks/wrong-price.json?period=month&amp;channel=POS" in text
    tabs = re.search(r'<nav class="tabs".*?</nav>', text, re.DOTALL)[0]
    assert tabs.count("channel=POS") == 6 and 'aria-current="true">This month' in tabs


def test_seller_and_channel_narrow_and_all_others_can_still_be_chosen(admin_client, shop):
    plant(shop, paid="1.50", sale_channel="POS")
    plant(shop)
    text = page(admin_client, channel="none")
    assert "/leaks/used-unsold?" in text and "/leaks/wrong-price?" not in text
    assert '<option value="POS">' in text and '<option selected value="none">' in text


@pytest.mark.parametrize(("period", "count"), [("today", 1), ("7-days", 1), ("yesterday", 0)])
def test_leaks_are_those_of_the_period(admin_client, shop, period, count):
    plant(shop)
    assert len(read_csv(admin_client, "/leaks/used-unsold", period=period)) == count


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({"period": "century"}, "There is no such period."),
        ({"from": "yesterday"}, "Enter a day such as 2026-11-22."),
        ({"to": "2026-13-01"}, "Enter a day such as 2026-11-22."),
        ({"from": "2026-11-22", "to": "2026-11-01"}, "The last day came before the first"),
        ({"period": "custom"}, "Choose a day."),
        ({"business": "nobody"}, "There is no such business."),
    ],
)
def test_a_bad_filter_gets_its_message_and_the_page_still_works(admin_client, shop, args, message):
    plant(shop)
    for url in ("/leaks", "/leaks/used-unsold"):
        text = page(admin_client, url, **args)
        assert message in text and "USD 2.00" in text
        assert admin_client.get(f"{url}.csv", query_string=args).status_code == 400


def test_a_damaged_page_address_begins_anew(admin_client, shop):
    plant(shop)
    text = page(admin_client, "/leaks/used-unsold", after="nonsense")
    assert "This page address is damaged." in text and "USD 2.00" in text


anything = st.one_of(st.text(max_size=30), st.sampled_from(["\0", "\ud800", "none", "2026-11-22"]))
NAMES = ["period", "from", "to", "business", "seller", "channel", "after", "x"]


@given(st.dictionaries(st.sampled_from(NAMES), anything, max_size=4))
@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_query_string_breaks_a_page(admin_client, args):
    query = urlencode(args, errors="surrogatepass")
    for url in ("/leaks", "/leaks/overtime"):
        assert admin_client.get(f"{url}?{query}").status_code == 200
        assert admin_client.get(f"{url}.csv?{query}").status_code in (200, 400)


def test_a_kind_of_leak_that_does_not_exist_is_404(admin_client):
    assert admin_client.get("/leaks/roof").status_code == 404


def test_an_empty_page_says_what_was_looked_for(admin_client, sign_in_as):
    assert "No business yet" in page(sign_in_as(make_user("MANAGER")))
    shop = make_business()
    assert "Nothing leaks" in page(admin_client)
    assert "No leak matches" in page(admin_client, business=shop.id)
    for kind in KINDS:
        assert "None in this period" in page(admin_client, f"/leaks/{kind}")


def test_a_manager_sees_leaks_of_its_businesses_alone_and_a_seller_none(sign_in_as, shop):
    manager = make_user("MANAGER")
    make_membership(manager, shop)
    hidden = make_business(name="Another shop")
    plant(hidden)
    client = sign_in_as(manager)
    assert "Nothing leaks" in page(client)
    assert "There is no such business" in page(client, business=hidden.id)
    assert read_csv(client, "/leaks/used-unsold") == []
    assert sign_in_as(make_user("SELLER")).get("/leaks").status_code == 403


def test_sales_lead_to_the_leaks_and_to_the_keys_of_tills(admin_client, sign_in_as):
    text = page(admin_client, "/sales")
    assert 'href="/leaks"' in text and 'href="/api-keys"' in text
    text = page(sign_in_as(make_user("SELLER")), "/sales")
    assert 'href="/leaks"' not in text and 'href="/api-keys"' not in text
