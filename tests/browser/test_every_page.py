"""Each page on a phone and on a desktop, light and dark: accessible, and nothing sticks out."""

import functools
from pathlib import Path

import pytest

from tests.browser.conftest import sign_in
from tests.browser.looks import SHOTS, must_fit

# a path, or a list and what follows the address of its first row
PAGES = {
    "dashboard": "/",
    "analytics-check": "/analytics/check",
    "analytics-sessions": "/analytics/sessions?months=4",
    "devices": "/devices?status=all",
    "device": ("/devices?status=all", ""),
    "online": "/devices/online",
    "online-week": "/devices/online?period=week",
    "hints": "/devices/hints",
    "hotspots": "/hotspots",
    "hotspot": ("/hotspots", ""),
    "hotspot-outages": ("/hotspots", "/outages"),
    "hotspot-edit": ("/hotspots", "/edit"),
    "hotspot-secret": ("/hotspots", "/secret"),
    "hotspot-accept": ("/hotspots", "/accept"),
    "hotspot-manual": "/hotspots/add-manual",
    "hotspot-presence": ("/hotspots", "/presence"),
    "sell": "/sell",
    "methods": "/sell/methods",
    "sales": "/sales?period=7-days",
    "close": "/sales/close",
    "closings": "/sales/closings",
    "analytics": "/analytics?compare=before",
    "hours": "/analytics?by=hour&period=2-days",
    "week": "/analytics/week",
    "leaks": "/leaks?period=month",
    "leak": "/leaks/sold-unused?period=month",
    "keys": "/api-keys",
    "key": "/api-keys/add",
    "backups": "/backups",
    "restore": "/backups/restore",
    "encryption": "/backups/key",
    "told": "/hotspots/commands",
    "make": "/tokens/batches/make",
    "businesses": "/businesses",
    "business": ("/businesses", ""),
    "business-add": "/businesses/add",
    "users": "/users",
    "invite": "/users/invite",
    "audit": "/audit",
    "system": "/system",
    "password": "/password",
}
SIZES = {"phone": (390, 844), "desktop": (1280, 800)}
# Whether a page is too wide has nothing to do with its colours, nor contrast with its width.
LOOKS = [("phone", "dark"), ("desktop", "light")]
if SHOTS:
    LOOKS += [("phone", "light"), ("desktop", "dark")]


@pytest.fixture(scope="module")
def signed_in(browser, shop, tmp_path_factory):
    """The cookies of the owner, so that each page need not sign in again."""
    context = browser.new_context()
    sign_in(context.new_page(), shop)
    state = tmp_path_factory.mktemp("state") / "state.json"
    context.storage_state(path=state)
    context.close()
    return state


def path_of(page, shop, place):
    if isinstance(place, str):
        return place
    page.goto(shop.url + place[0])
    return page.locator("tbody th a").first.get_attribute("href") + place[1]


@pytest.fixture(scope="module")
def context_of(browser, signed_in):
    """Return a function that gives the browser of somebody with such a screen, always the same."""

    @functools.cache
    def context_of(size, scheme, *, is_signed_in):
        width, height = SIZES[size]
        return browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            reduced_motion="reduce",
            storage_state=signed_in if is_signed_in else None,
        )

    return context_of


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
@pytest.mark.parametrize("name", [*PAGES, "sign-in"])
def test_a_page_is_accessible_and_fits(context_of, shop, name, size, scheme):
    page = context_of(size, scheme, is_signed_in=name != "sign-in").new_page()
    complaints = []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    response = page.goto(shop.url + path_of(page, shop, PAGES.get(name, "/sign-in")))
    page.wait_for_load_state("load")
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}-{size}-{scheme}.png", full_page=True)
    assert response.status == 200
    assert complaints == []
    must_fit(page)
    page.close()
