"""The owner says when the daily backup is made and what stays, and sees what comes of it."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import sign_in, wait_for
from tests.browser.looks import must_look_right
from tests.browser.test_shop import database_of

YESTERDAY = """UPDATE backup_routines SET "lastDay" = "lastDay" - 1"""


@pytest.fixture
def settings(page, new_shop):
    sign_in(page, new_shop)
    page.goto(f"{new_shop.url}/backups")
    page.locator("#daily").get_by_role("link", name="Change").click()
    expect(page.get_by_role("heading", name="Settings")).to_be_visible()
    return page


def save(page):
    page.get_by_role("button", name="Save").click()


def test_a_time_of_the_shop_is_set_and_a_day_that_was_missed_is_made_up_for(settings, new_shop):
    page, said = settings, settings.locator(".page")
    page.get_by_label("Time zone").select_option("Africa/Harare")
    page.get_by_label("Days").fill("0")
    page.get_by_label("At", exact=True).fill("05:30")
    save(page)
    expect(said).to_contain_text("Type a whole number from 1 to")
    expect(page.get_by_label("At", exact=True)).to_have_value("05:30")
    must_look_right(page, "settings-refused")
    page.get_by_label("Days").fill("7")
    save(page)
    expect(said).to_contain_text("Saved.")
    page.goto(f"{new_shop.url}/backups")
    expect(page.locator("#daily")).to_contain_text("05:30")
    with database_of(new_shop) as connection:  # the PC was off when it was due
        wait_for(lambda: connection.execute(YESTERDAY).rowcount)
        connection.commit()

    def is_proved():
        page.reload()
        return page.locator("tbody tr", has_text="daily backup").get_by_text("Verified").count()

    wait_for(is_proved)
    expect(page.locator("#daily")).to_contain_text("Last success")


def test_what_the_rules_let_go_is_shown_first_and_a_pin_keeps_it(settings, new_shop):
    for _ in range(3):
        new_shop.command("backup", "create")
    page, said = settings, settings.locator(".page")
    for rule in ("Days", "Weeks", "Months"):
        page.get_by_label(rule).fill("1" if rule == "Days" else "0")
    for rule in ("Delete old backups by themselves", "Make a backup every day"):
        page.get_by_label(rule).uncheck()
    save(page)
    page.get_by_role("link", name="See what would go").click()
    expect(page.locator("#going")).to_contain_text("2 backups")
    must_look_right(page, "old-backups")
    page.locator("#going tbody tr").last.scroll_into_view_if_needed()
    page.locator("#going tbody th a").last.click()
    page.get_by_role("button", name="Pin").click()
    expect(said).to_contain_text("cannot be deleted")
    page.goto(f"{new_shop.url}/backups/old")
    expect(page.locator("#going")).to_contain_text("1 backup")
    expect(page.locator("#staying")).to_contain_text("Pinned")
    page.get_by_role("button", name="Delete them now").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete them now").click()
    expect(said).to_contain_text("1 backup was deleted")
    expect(page.locator("tbody tr")).to_have_count(2)
