"""The owner makes an emergency kit, and what is encrypted opens with it and with nothing else."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect
from pyrage import decrypt
from pyrage.x25519 import Identity

from tests.browser.conftest import EMAIL, PASSWORD, sign_in
from tests.browser.looks import SHOTS, must_look_right


@pytest.fixture
def kit(page, new_shop):
    """The page of a new emergency kit, and the key on it."""
    sign_in(page, new_shop)
    page.goto(f"{new_shop.url}/backups")
    page.get_by_role("link", name="Set up").click()
    page.get_by_role("button", name="Make a key").click()
    key = page.locator(".kit-key").inner_text().replace(" ", "").replace("\n", "")
    assert key == page.locator("[data-copy]").get_attribute("data-copy")
    return key


def test_from_the_kit_to_an_archive_that_only_it_opens(page, new_shop, kit, tmp_path):
    must_look_right(page, "kit")
    page.get_by_label("The last 6 characters").fill(kit[-6:])
    page.get_by_label("Your password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Put it in force").click()
    expect(page.locator("main")).to_contain_text("In force")
    must_look_right(page, "encryption-in-force")
    page.goto(f"{new_shop.url}/backups")
    expect(page.get_by_label("Encrypt it")).to_be_checked()
    page.get_by_role("button", name="Create backup").click()
    mine = page.locator("tbody tr", has_text=EMAIL)  # the daily one may come meanwhile
    expect(mine.get_by_role("link", name="Download")).to_be_visible(timeout=60_000)
    must_look_right(page, "backups-encrypted")
    with page.expect_download() as begun:
        mine.get_by_role("link", name="Download").click()
    archive = tmp_path / begun.value.suggested_filename
    begun.value.save_as(archive)
    assert decrypt(archive.read_bytes(), [Identity.from_str(kit)]).startswith(b"PK")
    mine.locator("th a").click()
    must_look_right(page, "backup-encrypted")
    page.get_by_role("link", name="Verify again").click()
    page.get_by_label("Key of the emergency kit").fill("AGE-SECRET-KEY-1")
    page.get_by_role("button", name="Verify again").click()
    expect(page.locator("#identity-error")).to_contain_text("typing mistake")
    must_look_right(page, "check-with-key")
    page.get_by_label("Key of the emergency kit").fill(kit.lower())
    page.get_by_role("button", name="Verify again").click()
    expect(page.locator(".page")).to_contain_text("being checked again")
    expect(page.locator("tbody tr").first).to_contain_text("Verified", timeout=60_000)


def test_the_kit_fits_on_one_sheet_of_paper(page, kit):
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 680, "height": 1000})
    for gone in ("[data-print]", "#confirm-key", ".kit .copy", ".screen-only .alert", ".back"):
        expect(page.locator(gone)).to_be_hidden()
    expect(page.locator(".qr")).to_be_visible()
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / "kit-on-paper.png", full_page=True)
    margin = dict.fromkeys(("top", "right", "bottom", "left"), "15mm")
    for paper in ("A4", "Letter"):
        sheets = page.pdf(format=paper, margin=margin)
        assert len(re.findall(rb"/Type /Page\b", sheets)) == 1, paper
