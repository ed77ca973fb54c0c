"""What must hold for the look of a page in the middle of a story, on any screen."""

import os
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe

SHOTS = os.environ.get("WIFIAPP_SHOTS")  # a folder: keeps a picture of each


def must_fit(page):
    """Fail when the page is wider than the screen, or not accessible to everybody."""
    page.wait_for_load_state()
    wider = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wider <= 0, f"{page.url} is {wider} px wider than {page.viewport_size['width']} px"
    result = Axe().run(page)
    assert result.violations_count == 0, result.generate_report()


def must_look_right(page, name):
    """Fail when the page breaks a rule of accessibility or sticks out on a phone or a desktop."""
    for size, scheme in (((390, 844), "dark"), ((1280, 800), "light")):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        if SHOTS:
            page.screenshot(path=Path(SHOTS) / f"{name}-{size[0]}-{scheme}.png", full_page=True)
        must_fit(page)
