import csv
import io
import re

import psycopg
from playwright.sync_api import expect

from tests.browser.conftest import sign_in
from wifiapp.devices.queries import PAGE_SIZE


def database_of(server):
    return psycopg.connect(server.environment["DATABASE_URL"].replace("+psycopg", ""))


def test_devices_are_filtered_and_exported(page, shop):
    sign_in(page, shop)
    page.goto(f"{shop.url}/devices")
    page.get_by_role("link", name="All", exact=False).first.click()
    expect(page).to_have_url(re.compile("status=all"))
    mac = page.locator("tbody td.mono, tbody .mono").first.inner_text().split()[0]
    page.get_by_label("Search").fill(mac.replace(":", "-").lower())
    page.get_by_role("button", name="Apply").click()
    expect(page).to_have_url(re.compile("q="))
    rows = page.locator("tbody tr")
    assert rows.count() >= 1
    assert all(mac in text for text in rows.all_inner_texts())
    exported = page.request.get(page.url.replace("/devices?", "/devices.csv?"))
    lines = list(csv.DictReader(io.StringIO(exported.text())))
    assert rows.count() == min(len(lines), PAGE_SIZE)
    assert all(line["mac"] == mac for line in lines)


def test_a_device_that_leaves_is_seen_to_leave_without_a_reload(page, new_shop):
    new_shop.command("demo", "load")
    sign_in(page, new_shop)
    page.goto(f"{new_shop.url}/devices?status=online")
    page.evaluate("document.body.dataset.still = 'here'")
    mac = page.locator("tbody .mono").first.inner_text().split()[0]
    with database_of(new_shop) as connection:
        connection.execute(
            'UPDATE wifi_token_devices SET "isOnline" = false WHERE "macAddress" = %s', (mac,)
        )
    page.evaluate("document.body.dispatchEvent(new Event('live-refresh'))")
    expect(page.get_by_text(mac)).to_have_count(0)
    assert page.evaluate("document.body.dataset.still") == "here"


def test_sales_by_channel_add_up_on_the_page(page, shop):
    sign_in(page, shop)
    page.goto(f"{shop.url}/sales")
    page.get_by_role("link", name="7 days").click()
    answer = page.request.get(page.url.replace("/sales?", "/sales.json?")).json()
    assert answer["rows"]
    for currency in {row["currency"] for row in answer["rows"]}:
        cents = [
            round(float(row["amount"]) * 100)
            for row in answer["rows"]
            if row["currency"] == currency
        ]
        shown = f"{currency} {sum(cents) / 100:,.2f}"
        assert page.get_by_text(shown).first.is_visible(), shown
    expect(page.locator("canvas").first).to_be_visible()
