"""The first day of a shop: from nothing to a sale, a closed day and a backup, on a phone."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import sign_in
from tests.browser.looks import must_fit
from tests.hotspots.stubs import Esp32Stub


def test_a_shop_is_opened_sells_and_is_safe_on_its_first_day(page, new_shop):
    page.set_viewport_size({"width": 390, "height": 844})
    page.add_init_script("window.print = () => { document.title = 'printing' }")
    sign_in(page, new_shop)
    open_the_business(page)
    add_a_plan(page)
    with Esp32Stub(ssid="Corner WiFi") as box:
        take_the_next_step(page, new_shop, "Add your hotspot")
        add_the_hotspot(page, box)
        take_the_next_step(page, new_shop, "Make tokens")
        page.get_by_label("How many").fill("3")
        page.get_by_role("button", name="Make tokens").click()
        expect(page.get_by_role("link", name="Show its tokens")).to_be_visible(timeout=60_000)
        assert len(box.tokens) == 3
        take_the_next_step(page, new_shop, "Sell the first one")
        sell(page, box)
        void(page)
    page.goto(f"{new_shop.url}/sell")
    page.get_by_role("link", name="Close the day").click()
    page.get_by_label("Cash counted").fill("0")
    page.get_by_role("button", name="Close the day").click()
    expect(page.get_by_text("Exact")).to_be_visible()
    take_the_next_step(page, new_shop, "Make the first backup")
    page.get_by_role("button", name="Create backup").click()
    expect(page.locator("tbody").get_by_text("Verified")).to_be_visible(timeout=60_000)
    page.goto(new_shop.url)
    expect(page.get_by_text("proved to restore")).to_be_visible()
    expect(page.locator("#steps")).to_have_count(0)
    must_fit(page)


def take_the_next_step(page, server, name):
    """Follow the step that the dashboard says comes next."""
    page.goto(server.url)
    step = page.locator("#steps [aria-current=step]").get_by_role("link")
    expect(step).to_have_text(name)
    must_fit(page)
    step.click()


def open_the_business(page):
    page.get_by_role("link", name="Add a business").click()
    zone, add = page.get_by_label("Time zone"), page.get_by_role("button", name="Add the business")
    expect(zone).to_have_value(re.compile("^[A-Z]"))  # the browser's own
    page.get_by_label("Name", exact=True).fill("Corner Shop")
    page.get_by_label("Currency").fill("usd")
    zone.fill("harrare")
    add.click()
    expect(page.locator("#timezone-error")).to_contain_text("Did you mean Africa/Harare?")
    must_fit(page)
    zone.fill("harare")
    add.click()


def add_a_plan(page):
    expect(page.get_by_label("Business")).to_contain_text("Corner Shop · USD")
    page.get_by_label("Name", exact=True).fill("1 hour")
    page.get_by_label("Time", exact=True).fill("1")
    page.get_by_label("Price").fill("1")
    page.get_by_role("button", name="Add the plan").click()
    expect(page.get_by_text("The plan 1 hour was added.")).to_be_visible()


def add_the_hotspot(page, box):
    page.get_by_label("Name", exact=True).fill("Counter")
    page.get_by_label("Address").fill(box.address)
    page.get_by_label("Secret", exact=True).fill(box.key)
    page.get_by_role("button", name="Test the connection").click()
    expect(page.locator("#found")).to_contain_text("Corner WiFi")
    page.get_by_role("button", name="Add the hotspot").click()
    expect(page.get_by_role("heading", name="Counter")).to_be_visible()


def sell(page, box):
    page.get_by_role("link", name="1 hour").click()
    page.get_by_label("Cash received").fill("5")
    page.get_by_role("button", name="CASH").click()
    expect(page.get_by_text("USD 4.00")).to_be_visible()
    assert page.locator("[data-copy]").get_attribute("data-copy") in box.tokens
    page.get_by_role("link", name="Print").click()
    expect(page.locator(".receipt .qr")).to_be_visible()
    page.get_by_role("link", name="The sale").click()


def void(page):
    page.get_by_label("Reason").fill("Wrong plan chosen")
    page.get_by_role("button", name="Void the sale").click()
    page.get_by_role("dialog").get_by_role("button", name="Void the sale").click()
    expect(page.get_by_text("Receipt 1 is void.")).to_be_visible()
