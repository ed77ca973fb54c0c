"""A hotspot is added by hand and eye: a wrong secret, the right one, and another box later."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import sign_in
from tests.browser.looks import must_look_right
from tests.hotspots.stubs import Esp32Stub, R710Stub

WRONG = "0000000000000000000000000000wrong"


@pytest.fixture
def shop_of_two(new_shop):
    """An installation with two businesses and a signed-in owner's page to come."""
    for name in ("Corner Shop", "Bakery"):
        new_shop.command("businesses", "add", name, "--currency", "USD", "--timezone", "UTC")
    return new_shop


def press(page, name):
    page.get_by_role("button", name=name).first.click()


def test_a_portal_is_tested_shown_and_added(page, shop_of_two):
    server = shop_of_two
    sign_in(page, server)
    page.goto(f"{server.url}/hotspots")
    page.get_by_role("link", name="Add a hotspot").first.click()
    must_look_right(page, "hotspot-add")
    with Esp32Stub(ssid="Corner WiFi") as box:
        page.get_by_label("Name", exact=True).fill("Counter")
        page.get_by_label("Address").fill(box.address)
        page.get_by_label("Secret", exact=True).fill(WRONG)
        page.get_by_label("Corner Shop", exact=True).check()
        press(page, "Test the connection")
        expect(page.locator("#secret-error")).to_contain_text("does not accept our secret")
        expect(page.get_by_label("Address")).to_have_value(box.address)
        expect(page.get_by_label("Corner Shop", exact=True)).to_be_checked()
        assert WRONG not in page.content()
        must_look_right(page, "hotspot-refused")

        page.get_by_label("Secret", exact=True).fill(box.key)
        press(page, "Test")
        expect(page.locator("#found")).to_contain_text("Corner WiFi")
        expect(page.locator("#found")).to_contain_text("100 of 100")
        assert box.key not in page.content()
        must_look_right(page, "hotspot-found")

        press(page, "Add the hotspot")
        expect(page.get_by_role("heading", name="Counter")).to_be_visible()
        expect(page.get_by_text("Answers", exact=True)).to_be_visible()
        must_look_right(page, "hotspot")
        assert box.key not in page.content()
        assert box.key not in (server.folder / "server.log").read_text()

        box.ssid = "Another WiFi"
        press(page, "Test the connection")
        expect(page.get_by_text("Another box answers there").first).to_be_visible()
        page.get_by_role("link", name="Another box answers").first.click()
        press(page, "Ask who answers")
        expect(page.locator("#found")).to_contain_text("Another WiFi")
        must_look_right(page, "hotspot-accept")
        press(page, "Accept this box")
        expect(page.get_by_text("is this box from now on")).to_be_visible()


def test_an_access_point_offers_its_guest_networks(page, shop_of_two):
    server = shop_of_two
    sign_in(page, server)
    page.goto(f"{server.url}/hotspots/add")
    page.get_by_role("link", name="R710").click()
    with R710Stub() as box:
        page.get_by_label("Name", exact=True).fill("Roof")
        page.get_by_label("Address").fill(box.address)
        page.get_by_label("User name").fill("admin")
        page.get_by_label("Secret", exact=True).fill(box.password)
        page.get_by_label("Bakery", exact=True).check()
        page.get_by_label("Network (SSID) for Bakery").fill("Corner guests")
        press(page, "Test the connection")
        expect(page.get_by_text("It has no guest network of this name")).to_be_visible()
        must_look_right(page, "hotspot-network")
        page.get_by_label("Network (SSID) for Bakery").fill("Corner Guests")
        press(page, "Test again")
        press(page, "Add the hotspot")
        expect(page.get_by_role("heading", name="Roof")).to_be_visible()
        expect(page.get_by_text(box.serial)).to_be_visible()
        must_look_right(page, "access-point")
