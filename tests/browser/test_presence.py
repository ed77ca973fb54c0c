"""A device comes online and leaves, on the page of devices that nobody reloads."""

import json

import psycopg
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import sign_in
from tests.hotspots.stubs import Esp32Stub

MAC = "AC:DE:48:00:00:01"


@pytest.fixture
def portal():
    with Esp32Stub() as box:
        yield box


@pytest.fixture
def code(new_shop, portal):
    """A token that was made on a registered hotspot."""

    def flask(*arguments, **options):
        return new_shop.command(*arguments, **options).strip()

    business = flask(
        "businesses", "add", "Corner Shop", "--currency", "USD", "--timezone", "Africa/Harare"
    )
    hotspot = flask(
        *("hotspots", "add", "Counter", "--system", "ESP32", "--address", portal.address),
        *("--business", business, "--secret-stdin"),
        input=portal.key,
    )
    plan = flask(
        *("plans", "add", "1 hour", "--business", business, "--system", "ESP32"),
        *("--minutes", "60", "--price", "1.00"),
    )
    flask("tokens", "make", "--plan", plan, "--hotspot", hotspot, "--count", "1")
    (code,) = portal.tokens
    return code


def ask_now(page, server):
    """Let the worker ask the hotspot at once, as the button on its page does."""
    (hotspot,) = json.loads(server.command("hotspots", "list", "--json"))
    page.goto(f"{server.url}/hotspots/{hotspot['id']}")
    page.get_by_role("button", name="Ask now").click()


def let_pass(server, minutes):
    """Let time go by in which the hotspot was asked and the devices were not there."""
    url = server.environment["DATABASE_URL"].replace("+psycopg", "")
    with psycopg.connect(url) as connection:
        for table, columns in (
            ("wifi_token_devices", ("firstSeen", "lastSeen")),
            ("device_sessions", ("startedAt",)),
        ):
            earlier = ", ".join(
                f'"{name}" = "{name}" - make_interval(mins => {minutes})' for name in columns
            )
            connection.execute(f"UPDATE {table} SET {earlier}")


def test_a_device_comes_online_and_leaves(page, new_shop, portal, code):
    sign_in(page, new_shop)
    page.goto(f"{new_shop.url}/devices")
    page.evaluate("document.body.dataset.still = 'here'")
    line, aside = page.locator("tr", has_text=MAC), page.context.new_page()
    expect(line).to_have_count(0)

    portal.connect_device(code, MAC, "192.168.4.77", "Galaxy-Tab", "Android")
    ask_now(aside, new_shop)
    expect(line).to_contain_text("Online", timeout=30_000)
    for text in ("Galaxy-Tab", "192.168.4.77", code, "1 hour", "Corner Shop"):
        expect(line).to_contain_text(text)

    portal.disconnect_device(code, MAC)
    portal.pass_time(240)
    let_pass(new_shop, minutes=4)
    ask_now(aside, new_shop)
    expect(line).to_have_count(0, timeout=30_000)
    assert page.evaluate("document.body.dataset.still") == "here", "it was reloaded"

    page.goto(f"{new_shop.url}/devices?status=offline")
    expect(line).to_contain_text("Offline")
    line.get_by_role("link", name="Galaxy-Tab").click()
    expect(page.locator("main")).to_contain_text("Left")
