"""Tokens that a device makes while the customer waits, and ends when it answers again."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import sign_in
from tests.browser.looks import must_fit
from tests.hotspots.stubs import Esp32Stub

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def box():
    with Esp32Stub() as stub:
        yield stub


@pytest.fixture
def shop(new_shop, box):
    """A shop with a plan and a portal that really answers."""

    def run(*arguments, **options):
        return new_shop.command(*arguments, **options).split()[0]

    zone = "Africa/Harare"
    business = run("businesses", "add", "Baobab", "--currency", "USD", "--timezone", zone)
    where = ("--system", "ESP32", "--business", business)
    run(
        *("hotspots", "add", "Counter", *where, "--address", box.address, "--secret-stdin"),
        input=f"{box.key}\n",
    )
    run("plans", "add", "1 hour", *where, "--minutes", "60", "--price", "1.00")
    return new_shop


def test_a_token_is_made_while_the_customer_waits_and_disabled_when_its_device_is_back(
    page, shop, box
):
    page.set_viewport_size(PHONE)
    sign_in(page, shop)
    page.goto(f"{shop.url}/sell")
    page.get_by_role("link", name="1 hour").click()
    expect(page.get_by_text("Counter makes one now")).to_be_visible()
    must_fit(page)
    # the device is gone when it matters: nothing is sold, and it says so
    box.fail("hang up", times=99)
    page.get_by_role("button", name="CASH").click()
    expect(page.get_by_text("nothing was sold")).to_be_visible()
    must_fit(page)
    box.recover()
    page.get_by_role("button", name="CASH").click()
    expect(page.get_by_role("heading", name="Sold: 1 hour")).to_be_visible()
    (code,) = box.tokens
    assert page.locator("[data-copy]").get_attribute("data-copy") == code
    # the owner takes it away while the device is silent
    box.fail("hang up", times=10**6)
    page.goto(f"{shop.url}/tokens?q={code}")
    page.get_by_role("link", name=f"{code[:4]}{code[4:]}").click()
    page.get_by_text("Disable it").click()
    must_fit(page)
    page.get_by_label("Reason").last.fill("the wrong customer")
    page.get_by_role("button", name="Disable").click()
    page.get_by_role("dialog").get_by_role("button", name="Disable").click()
    expect(page.get_by_text("“Disable” waits for Counter")).to_be_visible()
    assert code in box.tokens
    must_fit(page)
    # it comes back, and the page tells without being asked
    box.recover()
    page.get_by_role("button", name="Try it now").click()
    expect(page.get_by_text("It is disabled: the wrong customer")).to_be_visible()
    assert box.tokens == {}
    page.goto(f"{shop.url}/hotspots/commands")
    expect(page.get_by_role("row", name="Disable")).to_contain_text("Done")
    must_fit(page)
