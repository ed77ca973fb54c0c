"""Lose data, restore, undo the restore: as the owner does it in a browser."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import EMAIL, PASSWORD, sign_in
from tests.browser.test_shop import database_of

LOST = "DELETE FROM wifi_token_sales"
SALES = "SELECT count(*) FROM wifi_token_sales"


def ask(server, query):
    with database_of(server) as connection:
        cursor = connection.execute(query)
        return cursor.fetchone()[0] if cursor.description else None


def be_sure(page, phrase, button):
    page.get_by_label("Your password", exact=True).fill(PASSWORD)
    page.get_by_label(f"Type {phrase} to go on").fill(phrase)
    page.get_by_role("button", name=button).click()


def test_the_owner_loses_data_restores_it_undoes_that_and_takes_the_undo_back(page, new_shop):
    new_shop.command("demo", "load")
    new_shop.command("backup", "create", "--demo-data")
    sold = ask(new_shop, SALES)
    ask(new_shop, LOST)
    new_shop.command("users", "create", "late@example.org", "--role", "SELLER")
    sign_in(page, new_shop)
    page.goto(f"{new_shop.url}/backups")
    page.get_by_role("link", name="Restore a backup").click()
    mine = page.locator("tbody tr", has_text="command line")  # the daily one may come meanwhile
    mine.get_by_role("button", name="Check this one").click()
    expect(page.get_by_role("heading", name="Restore this backup?")).to_be_visible(timeout=60_000)
    main = page.locator("main")
    expect(main).to_contain_text("1 user added since will be lost")
    expect(main).to_contain_text(f"back afterwards: {sold:,} sales")
    page.get_by_label("Your password", exact=True).fill("not it")
    page.get_by_label("Type RESTORE to go on").fill("RESTORE")
    page.get_by_role("button", name="Restore now").click()
    expect(main).to_contain_text("This is not your password")
    be_sure(page, "RESTORE", "Restore now")
    page.reload()  # progress is in the database, not in the page
    expect(page.get_by_role("heading", name="Note of a restore")).to_be_visible(timeout=90_000)
    expect(main).to_contain_text("All rows came back equal")
    assert ask(new_shop, SALES) == sold
    assert ask(new_shop, "SELECT count(*) FROM users") == 1
    page.get_by_role("link", name="Undo this restore").click()
    expect(main).to_contain_text(f"{sold:,} sales")
    be_sure(page, "UNDO", "Undo the restore")
    expect(main).to_contain_text("This restore was undone")
    assert ask(new_shop, SALES) == 0
    assert ask(new_shop, "SELECT count(*) FROM users") == 2
    page.get_by_role("link", name="Take back the undo").click()
    expect(main).to_contain_text(f"Back again, as before the undo: {sold:,} sales")
    be_sure(page, "RESTORE", "Restore it again")
    expect(page.locator(".page")).to_contain_text("The undo was taken back")
    assert ask(new_shop, SALES) == sold
    page.goto(f"{new_shop.url}/audit")
    expect(main).to_contain_text("Backup: undo restore")
    expect(main).to_contain_text("Restore: done")


def test_a_new_computer_takes_over_the_shop_from_a_file(page, new_shop, shop, tmp_path):
    sign_in(page, shop)
    archive = tmp_path / "from-the-old-pc.zip"
    shop.command("backup", "create", "--demo-data", "--output", str(archive))
    page.context.clear_cookies()
    sign_in(page, new_shop)
    page.goto(f"{new_shop.url}/backups/restore")
    page.get_by_label("Archive").set_input_files(archive)
    page.get_by_role("button", name="Upload and check").click()
    main = page.locator("main")
    expect(page.get_by_role("heading", name="Restore this backup?")).to_be_visible(timeout=60_000)
    expect(main).to_contain_text("You sign in again, with your present password")
    be_sure(page, "RESTORE", "Restore now")
    expect(page).to_have_url(re.compile("/sign-in"), timeout=90_000)
    page.get_by_label("Email").fill(EMAIL)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Note of a restore")).to_be_visible()
    assert ask(new_shop, SALES) == ask(shop, SALES)


def test_what_is_no_backup_is_refused_beside_the_form(page, new_shop, tmp_path):
    sign_in(page, new_shop)
    wrong = tmp_path / "holiday.zip"
    wrong.write_bytes(b"no archive")
    page.goto(f"{new_shop.url}/backups/restore")
    page.get_by_label("Archive").set_input_files(wrong)
    page.get_by_role("button", name="Upload and check").click()
    expect(page.locator("main")).to_contain_text("This file cannot be restored")
