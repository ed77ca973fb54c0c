"""What the analytics say is what the sales page says, on paper and without scripts, too."""

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import sign_in, wait_for

LAST = date.today() - timedelta(days=2)  # noqa: DTZ011 - a day that is over in every zone
FIRST = LAST - timedelta(days=6)


@pytest.fixture
def rolled_up(page, shop):
    """The signed-in owner's page of one shop, once the worker has rolled up the demo."""
    sign_in(page, shop)
    page.goto(f"{shop.url}/analytics")
    page.get_by_label("Business").select_option(label="Baobab Coffee")
    page.get_by_role("button", name="Apply").click()
    expect(page).to_have_url(re.compile("business="))
    week = f"{page.url}&from={FIRST}&to={LAST}"

    def is_counted():
        page.goto(week)
        revenue = page.locator(".tile", has_text="Revenue").locator(".value")
        return page.get_by_text("rolled up to").count() and revenue.inner_text() != "USD 0.00"

    wait_for(is_counted, seconds=120, pause=1)  # the worker may have been there before the demo
    return page


def numbers(page, name):
    """Open the table of a figure; return its heading and its cells by row."""
    card = page.locator(f"#{name}")
    card.get_by_text("Show the numbers").click()
    table = card.get_by_role("table")
    heads = table.locator("thead th").all_inner_texts()[1:]
    rows = {}
    for row in table.locator("tbody tr").all():
        label, *cells = row.locator("th, td").all_inner_texts()
        rows[label.split("\n")[0]] = dict(zip(heads, cells, strict=True))
    return rows


def test_the_numbers_of_a_chart_are_the_sums_of_the_sales_page(rolled_up, shop):
    page = rolled_up
    by_channel, by_system = numbers(page, "channels"), numbers(page, "systems")
    assert len(by_channel) == 7 + 1
    total = by_channel["Sum"].pop("All")
    assert Decimal(total.replace(",", "")) > 0
    assert by_system["Sum"]["All"] == total  # rolled up, and yet the same to the cent
    for day, row in by_channel.items():
        if day != "Sum":
            assert row["All"] == by_system[day]["All"]
    page.goto(page.url.replace("/analytics?", "/sales?"))
    expect(page.get_by_text(f"USD {total}").first).to_be_visible()
    sums = page.get_by_role("table", name="Sums in USD: Channel")
    shown = {}
    for row in sums.locator("tbody tr:not(.total)").all():
        name, _sold, amount, _share = row.locator("th, td").all_inner_texts()
        shown[name] = amount.removeprefix("USD ")
    assert shown == by_channel["Sum"]


def test_without_scripts_every_number_can_be_read(rolled_up, browser):
    context = browser.new_context(
        java_script_enabled=False, storage_state=rolled_up.context.storage_state()
    )
    page = context.new_page()
    page.goto(rolled_up.url)
    rows = numbers(page, "devices")
    assert set(rows["Sum"]) == {"Returning", "New", "All", "Connections"}
    assert int(rows["Sum"]["Connections"]) > 0
    expect(page.get_by_role("table", name="When people connect")).to_be_visible()
    context.close()


def test_the_tabs_and_the_range_are_in_the_address(rolled_up):
    page = rolled_up
    page.get_by_role("link", name="Weeks").click()
    expect(page).to_have_url(re.compile("by=week"))
    page.get_by_role("link", name="26 weeks").click()
    expect(page).to_have_url(re.compile("period=26-weeks"))
    expect(page).to_have_url(re.compile("business="))
    page.get_by_label("Compare with").select_option(label="Periods before")
    page.get_by_role("button", name="Apply").click()
    expect(page).to_have_url(re.compile("compare=before"))
    expect(page.get_by_role("link", name="26 weeks")).to_have_attribute("aria-current", "true")


def test_the_week_fits_on_one_sheet(rolled_up, shop):
    page = rolled_up
    page.goto(f"{shop.url}/analytics/week")
    sheets = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", sheets)) == 1


def test_charts_are_drawn_for_paper_in_the_colours_of_paper(rolled_up):
    page = rolled_up
    page.emulate_media(color_scheme="dark")
    page.locator("#channels canvas").scroll_into_view_if_needed()
    ink = "Chart.getChart(document.querySelector('#channels canvas')).options.scales.x.ticks.color"
    dark = page.evaluate(ink)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate(ink) != dark
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(ink) == dark
