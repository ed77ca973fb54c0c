"""A day at the till: the cashier sells and prints, the owner voids and closes."""

import re
from functools import partial

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import EMAIL, PASSWORD, sign_in
from tests.browser.looks import must_fit

CASHIER = "till@example.org"
KEPT = "sessionStorage.getItem('typed')"
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
    end_session(page)
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


def answer_instead(status, route):
    """Answer a form with a page that is none of the server's."""
    if route.request.method == "POST":
        page = "<html><title>Gateway</title><h1>Try again later</h1></html>"
        route.fulfill(status=status, content_type="text/html", body=page)
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
    # a proxy answers in the server's place, or a portal of somebody else's network does
    for status in (200, 404, 504):
        strange = partial(answer_instead, status)
        page.route("**/sell/*", strange)
        with page.expect_response(lambda answer: answer.request.method == "POST"):
            page.get_by_role("button", name="CASH").click()
        expect(page.locator(".till.htmx-request")).to_have_count(0)
        expect(lost).to_be_visible()
        expect(cash).to_have_value("2")
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


def end_session(page):
    """Forget the session, once nothing is under way whose answer would bring its cookie again."""
    page.wait_for_load_state("networkidle")
    page.context.clear_cookies()


def fill_in_again(page, email):
    """Sign in on the page that asks for it, with the password in sight."""
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Show the password").click()
    page.get_by_role("button", name="Sign in").click()


def test_whoever_is_signed_out_in_the_middle_finds_what_they_typed(page, till):
    sign_in(page, till, CASHIER)
    page.get_by_role("link", name="1 hour").click()
    page.get_by_label("Cash received").fill("7")
    end_session(page)
    page.get_by_role("button", name="CASH").click()
    expect(page.get_by_text("You were signed out meanwhile")).to_be_visible()
    fill_in_again(page, CASHIER)
    expect(page.get_by_label("Cash received")).to_have_value("7")
    page.get_by_role("button", name="CASH").click()
    expect(page.get_by_text("USD 6.00")).to_be_visible()
    expect(page.get_by_text("receipt 1")).to_be_visible()


def test_nobody_finds_what_another_typed_and_no_password_is_kept(page, till):
    sign_in(page, till, CASHIER)
    page.get_by_role("link", name="1 hour").click()
    page.get_by_label("Cash received").fill("7")
    end_session(page)
    page.get_by_role("button", name="CASH").click()
    expect(page.get_by_text("You were signed out meanwhile")).to_be_visible()
    fill_in_again(page, EMAIL)
    expect(page).to_have_url(re.compile(r"/sell/[\w-]+$"))  # without "#typed": the script is done
    expect(page.get_by_label("Cash received")).to_be_empty()
    assert page.evaluate(KEPT) is None
    # a password that can be read on the screen
    page.goto(f"{till.url}/password")
    for eye in page.locator("[data-reveal]").all():
        eye.click()
    for field in page.locator(".with-reveal input").all():
        field.fill(PASSWORD)
    end_session(page)
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_text("You were signed out meanwhile")).to_be_visible()
    assert page.evaluate(KEPT) is None


def test_a_sale_nobody_heard_of_is_found_after_signing_in_anew_in_another_tab(page, till):
    sign_in(page, till, CASHIER)
    page.get_by_role("link", name="1 hour").click()
    page.get_by_label("Cash received").fill("7")
    page.route("**/sell/*", lose_the_answer)
    page.get_by_role("button", name="CASH").click()
    expect(page.get_by_text("No answer from the server")).to_be_visible()
    page.unroute("**/sell/*")
    end_session(page)
    other = page.context.new_page()
    sign_in(other, till, CASHIER)
    page.get_by_role("button", name="CASH").click()
    expect(page.get_by_text("You signed in anew meanwhile")).to_be_visible()
    expect(page.get_by_label("Cash received")).to_have_value("7")
    page.get_by_role("button", name="CASH").click()
    expect(page.get_by_text("USD 1.00 · CASH · receipt 1")).to_be_visible()
    page.get_by_role("link", name="Next customer").click()
    expect(page.get_by_text("2 left")).to_be_visible()
