"""A day at the till: the cashier sells and prints, the owner voids and closes."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import PASSWORD, sign_in

CASHIER = "till@example.org"
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def till(new_shop):
    """A shop with two plans, one of them sold out, and its cashier."""

    def run(*arguments, **options):
        return new_shop.flask(*arguments, **options).stdout.split()[0]

    zone = "Africa/Harare"
    shop = run("businesses", "add", "Baobab", "--currency", "USD", "--timezone", zone)
    offer = ("--business", shop, "--system", "ESP32", "--minutes")
    hour = run("plans", "add", "1 hour", *offer, "60", "--price", "1.00")
    run("plans", "add", "Day pass", *offer, "1440", "--price", "2.50")
    run("tokens", "make", "--plan", hour, "--count", "3")
    new_shop.flask(
        *("users", "create", CASHIER, "--role", "SELLER", "--business", shop, "--password-stdin"),
        input=PASSWORD,
    )
    return new_shop


def fits(page):
    """Fail when the page is wider than the screen, or not accessible to everybody."""
    wider = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wider <= 0, f"{page.url} is {wider} px wider than the screen"
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_a_cashier_sells_and_prints_and_the_owner_voids_and_closes_the_day(page, till):
    page.add_init_script("window.print = () => { document.title = 'printing' }")
    page.set_viewport_size(PHONE)
    sign_in(page, till, CASHIER)
    expect(page).to_have_url(f"{till.url}/sell")
    fits(page)
    # two taps
    page.get_by_role("link", name="1 hour").click()
    fits(page)
    page.get_by_label("Cash received").fill("5")
    page.get_by_role("button", name="CASH").click()
    expect(page.get_by_role("heading", name="Sold: 1 hour")).to_be_visible()
    expect(page.get_by_text("USD 4.00")).to_be_visible()
    fits(page)
    code = page.locator("[data-copy]").get_attribute("data-copy")
    expect(page.locator("#code")).to_have_text(re.compile(code[:4] + r"\s*" + code[4:]))
    page.get_by_role("link", name="Print").click()
    expect(page).to_have_title("printing")
    expect(page.locator(".receipt .qr")).to_be_visible()
    page.get_by_role("link", name="58 mm").click()
    expect(page.locator(".paper-58")).to_contain_text("Receipt 1")
    fits(page)
    # the next customer, and a plan that is sold out
    page.get_by_role("link", name="Next customer").click()
    page.get_by_role("link", name="Day pass").click()
    expect(page.get_by_role("heading", name="Day pass is sold out")).to_be_visible()
    page.get_by_role("link", name="Other plan").first.click()
    page.get_by_role("link", name="1 hour").click()
    page.get_by_role("button", name="CARD").click()
    expect(page.get_by_role("heading", name="Sold: 1 hour")).to_be_visible()
    page.context.clear_cookies()
    # the owner
    page.set_viewport_size({"width": 1280, "height": 800})
    sign_in(page, till)
    page.goto(f"{till.url}/sales")
    page.get_by_role("link", name=re.compile("^1 Show this sale")).click()
    fits(page)
    page.get_by_label("Reason").fill("Wrong plan chosen")
    page.get_by_role("button", name="Void the sale").click()
    page.get_by_role("dialog").get_by_role("button", name="Void the sale").click()
    expect(page.get_by_text("Receipt 1 is void.")).to_be_visible()
    page.goto(f"{till.url}/sales/close")
    expect(page.get_by_role("row", name=re.compile("^CASH"))).to_contain_text("USD 0.00")
    expect(page.get_by_role("row", name=re.compile("^Sum"))).to_contain_text("USD 1.00")
    fits(page)
    page.get_by_label("Cash counted").fill("0.50")
    page.get_by_role("button", name="Close the day").click()
    expect(page.get_by_text("USD 0.50 over")).to_be_visible()
    expect(page.get_by_text("How it agrees with the Sales page")).to_be_visible()
    page.get_by_role("button", name="Print").click()
    expect(page).to_have_title("printing")
    fits(page)


def test_the_till_works_without_javascript(browser, till):
    context = browser.new_context(java_script_enabled=False, viewport=PHONE)
    page = context.new_page()
    sign_in(page, till, CASHIER)
    page.get_by_role("link", name="1 hour").click()
    page.get_by_role("button", name="CASH").click()
    expect(page.locator("#code")).to_be_visible()
    page.go_back()
    page.get_by_role("button", name="CASH").click()
    expect(page.get_by_text("receipt 2")).to_be_visible()
    context.close()
