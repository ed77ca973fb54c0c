"""A portal that this app cannot ask gets a key on its page, and tells who comes and who leaves."""

import json
import urllib.request

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import sign_in
from tests.browser.looks import must_look_right

MAC = "AC:DE:48:00:00:01"


@pytest.fixture
def code(new_shop):
    """A token that was sold for a hotspot which is loaded by hand."""

    def flask(*arguments, **options):
        return new_shop.flask(*arguments, **options).stdout.strip()

    business = flask(
        "businesses", "add", "Corner Shop", "--currency", "USD", "--timezone", "Africa/Harare"
    )
    hotspot = flask(
        "hotspots", "add", "Counter", "--system", "ESP32", "--manual", "--business", business
    )
    plan = flask(
        *("plans", "add", "1 hour", "--business", business, "--system", "ESP32"),
        *("--minutes", "60", "--price", "1.00"),
    )
    flask("tokens", "make", "--plan", plan, "--hotspot", hotspot, "--count", "1")
    (token,) = json.loads(flask("tokens", "list", "--json"))
    return token["token"]


def push(server, key, *items):
    """Push as a portal does, and return what it is answered."""
    request = urllib.request.Request(
        f"{server.url}/api/v1/presence",
        json.dumps(items).encode(),
        {"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def test_a_portal_gets_its_key_and_tells_who_comes_and_who_leaves(page, new_shop, code):
    sign_in(page, new_shop)
    page.goto(f"{new_shop.url}/hotspots")
    page.get_by_role("link", name="Counter").click()
    page.get_by_role("link", name="not known: let its portal tell").click()
    must_look_right(page, "portal-without-key")
    page.get_by_role("button", name="Make a key").click()
    key = page.locator("code", has_text="presence_").first.inner_text()
    expect(page.locator("pre")).to_contain_text(f"{new_shop.url}/api/v1/presence")
    must_look_right(page, "portal-made")
    page.get_by_role("link", name="Done").click()
    expect(page.locator("main")).to_contain_text(key[:15])
    expect(page.locator("main")).not_to_contain_text(key)

    page.goto(f"{new_shop.url}/devices")
    page.evaluate("document.body.dataset.still = 'here'")
    line = page.locator("tr", has_text=MAC)
    expect(line).to_have_count(0)
    there = {"token": code, "mac": MAC, "ip": "192.168.4.77", "hostname": "Galaxy-Tab"}
    assert push(new_shop, key, there | {"online": True})["taken"] == 1
    expect(line).to_contain_text("Online", timeout=30_000)
    for text in ("Galaxy-Tab", "192.168.4.77", code, "1 hour", "Corner Shop"):
        expect(line).to_contain_text(text)

    assert push(new_shop, key, {"token": code, "mac": MAC, "online": False})["refused"] == []
    expect(line).to_have_count(0, timeout=30_000)
    assert page.evaluate("document.body.dataset.still") == "here", "it was reloaded"
    page.goto(f"{new_shop.url}/devices?status=offline")
    line.get_by_role("link", name="Galaxy-Tab").click()
    expect(page.locator("main")).to_contain_text("Left")

    page.goto(f"{new_shop.url}/hotspots")
    page.get_by_role("link", name="Counter").click()
    expect(page.locator("main")).to_contain_text("pushed by its portal")
    must_look_right(page, "portal-hotspot")
    page.get_by_role("link", name="pushed by its portal").click()
    must_look_right(page, "portal-with-key")
