"""Tokens that a device makes while the customer waits, and ends when it answers again."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import sign_in
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
        return new_shop.flask(*arguments, **options).stdout.split()[0]

    zone = "Africa/Harare"
    business = run("businesses", "add", "Baobab", "--currency", "USD", "--timezone", zone)
    where = ("--system", "ESP32", "--business", business)
    run(
        *("hotspots", "add", "Counter", *where, "--address", box.address, "--secret-stdin"),
        input=f"{box.key}\n",
    )
    run("plans", "add", "1 hour", *where, "--minutes", "60", "--price", "1.00")
    return new_shop


def fits(page):
    """Fail when the page is wider than the screen, or not accessible to everybody."""
    wider = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wider <= 0, f"{page.url} is {wider} px wider than the screen"
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_a_token_is_made_while_the_customer_waits_and_disabled_when_its_device_is_back(
    page, shop, box
):
    page.set_viewport_size(PHONE)
    sign_in(page, shop)
    page.goto(f"{shop.url}/sell")
    page.get_by_role("link", name="1 hour").click()
    expect(page.get_by_text("Counter makes one now")).to_be_visible()
    fits(page)
    # the device is gone when it matters: nothing is sold, and it says so
    box.fail("hang up", times=99)
    page.get_by_role("button", name="CASH").click()
    expect(page.get_by_text("nothing was sold")).to_be_visible()
    fits(page)
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
    fits(page)
    page.get_by_label("Reason").last.fill("the wrong customer")
    page.get_by_role("button", name="Disable").click()
    page.get_by_role("dialog").get_by_role("button", name="Disable").click()
    expect(page.get_by_text("“Disable” waits for Counter")).to_be_visible()
    assert code in box.tokens
    fits(page)
    # it comes back, and the page tells without being asked
    box.recover()
    page.get_by_role("button", name="Try it now").click()
    expect(page.get_by_text("It is disabled: the wrong customer")).to_be_visible()
    assert box.tokens == {}
    page.goto(f"{shop.url}/hotspots/commands")
    expect(page.get_by_role("row", name="Disable")).to_contain_text("Done")
    fits(page)
