"""A day at the till: the cashier sells and prints, the owner voids and closes."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PASSWORD, sign_in
from tests.browser.looks import must_fit

CASHIER = "till@example.org"
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def till(new_shop):
    """A shop with two plans, one of them sold out, and its cashier."""

    def run(*arguments, **options):
        return new_shop.command(*arguments, **options).split()[0]

    zone = "Africa/Harare"
    shop = run("businesses", "add", "Baobab", "--currency", "USD", "--timezone", zone)
    offer = ("--business", shop, "--system", "ESP32", "--minutes")
    hour = run("plans", "add", "1 hour", *offer, "60", "--price", "1.00")
    run("plans", "add", "Day pass", *offer, "1440", "--price", "2.50")
    run("tokens", "make", "--plan", hour, "--count", "3")
    new_shop.command(
        *("users", "create", CASHIER, "--role", "SELLER", "--business", shop, "--password-stdin"),
        input=PASSWORD,
    )
    return new_shop


def test_a_cashier_sells_and_prints_and_the_owner_voids_and_closes_the_day(page, till):
    page.add_init_script("window.print = () => { document.title = 'printing' }")
    page.set_viewport_size(PHONE)
    sign_in(page, till, CASHIER)
    expect(page).to_have_url(f"{till.url}/sell")
    must_fit(page)
    # two taps
    page.get_by_role("link", name="1 hour").click()
    must_fit(page)
    page.get_by_label("Cash received").fill("5")
    page.get_by_role("button", name="CASH").click()
    expect(page.get_by_role("heading", name="Sold: 1 hour")).to_be_visible()
    expect(page.get_by_text("USD 4.00")).to_be_visible()
    must_fit(page)
    code = page.locator("[data-copy]").get_attribute("data-copy")
    expect(page.locator("#code")).to_have_text(re.compile(code[:4] + r"\s*" + code[4:]))
    page.get_by_role("link", name="Print").click()
    expect(page).to_have_title("printing")
    expect(page.locator(".receipt .qr")).to_be_visible()
    page.get_by_role("link", name="58 mm").click()
    expect(page.locator(".paper-58")).to_contain_text("Receipt 1")
    must_fit(page)
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
    must_fit(page)
    page.get_by_label("Reason").fill("Wrong plan chosen")
    page.get_by_role("button", name="Void the sale").click()
    page.get_by_role("dialog").get_by_role("button", name="Void the sale").click()
    expect(page.get_by_text("Receipt 1 is void.")).to_be_visible()
    page.goto(f"{till.url}/sales/close")
    expect(page.get_by_role("row", name=re.compile("^CASH"))).to_contain_text("USD 0.00")
    expect(page.get_by_role("row", name=re.compile("^Sum"))).to_contain_text("USD 1.00")
    must_fit(page)
    page.get_by_label("Cash counted").fill("0.50")
    page.get_by_role("button", name="Close the day").click()
    expect(page.get_by_text("USD 0.50 over")).to_be_visible()
    expect(page.get_by_text("How it agrees with the Sales page")).to_be_visible()
    page.get_by_role("button", name="Print").click()
    expect(page).to_have_title("printing")
    must_fit(page)


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


def lose_the_answer(route):
    """Let the server do what it is asked for, and the browser not hear of it."""
    if route.request.method == "POST":
        route.fetch()
        route.abort()
    else:
        route.continue_()


def test_a_lost_connection_sells_once_and_loses_nothing(page, till):
    page.set_viewport_size(PHONE)
    sign_in(page, till, CASHIER)
    page.get_by_role("link", name="1 hour").click()
    lost, cash = page.get_by_text("No answer from the server"), page.get_by_label("Cash received")
    # nothing was sent
    page.context.set_offline(True)
    cash.fill("2")
    page.get_by_role("button", name="CASH").click()
    expect(lost).to_be_visible()
    expect(cash).to_have_value("2")
    must_fit(page)
    # it was sold, and nobody heard of it
    page.context.set_offline(False)
    page.route("**/sell/*", lose_the_answer)
    page.get_by_role("button", name="CASH").click()
    expect(page.locator(".till.htmx-request")).to_have_count(0)
    expect(lost).to_be_visible()
    page.unroute("**/sell/*")
    page.get_by_role("button", name="CASH").click()
    expect(page.get_by_text("USD 1.00 · CASH · receipt 1")).to_be_visible()
    # back is a new sale, and an impatient finger makes one of it
    page.go_back()
    expect(page.get_by_text("2 left")).to_be_visible()
    page.get_by_role("button", name="CASH").dblclick()
    expect(page.get_by_text("receipt 2")).to_be_visible()
    page.get_by_role("link", name="Next customer").click()
    expect(page.get_by_text("1 left")).to_be_visible()
    page.get_by_role("link", name="Show its code").click()
    expect(page.get_by_text("receipt 2")).to_be_visible()


def test_whoever_is_signed_out_in_the_middle_finds_what_they_typed(page, till):
    sign_in(page, till, CASHIER)
    page.get_by_role("link", name="1 hour").click()
    page.get_by_label("Cash received").fill("7")
    page.context.clear_cookies()
    page.get_by_role("button", name="CASH").click()
    expect(page.get_by_text("You were signed out meanwhile")).to_be_visible()
    page.get_by_label("Email").fill(CASHIER)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("Cash received")).to_have_value("7")
    page.get_by_role("button", name="CASH").click()
    expect(page.get_by_text("USD 6.00")).to_be_visible()
    expect(page.get_by_text("receipt 1")).to_be_visible()
