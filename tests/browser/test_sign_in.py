from playwright.sync_api import expect

from tests.browser.conftest import EMAIL, PASSWORD, sign_in


def test_the_owner_signs_in_and_out(page, shop):
    page.goto(f"{shop.url}/devices")
    expect(page).to_have_url(f"{shop.url}/sign-in?next=/devices")
    page.get_by_label("Email").fill(EMAIL)
    page.get_by_label("Password", exact=True).fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("The email or the password is not right.")).to_be_visible()
    expect(page.get_by_label("Email")).to_have_value(EMAIL)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Devices", level=1)).to_be_visible()
    page.get_by_text(EMAIL).locator("visible=true").first.click()
    page.get_by_role("button", name="Sign out").locator("visible=true").click()
    page.goto(f"{shop.url}/devices")
    expect(page).to_have_url(f"{shop.url}/sign-in?next=/devices")


def test_a_newcomer_sets_a_password_and_loads_the_demo_shop(page, new_shop):
    printed = new_shop.command("users", "create", "new@example.org", "--role", "ADMIN")
    once = printed.split()[-1]
    sign_in(page, new_shop, "new@example.org", once)
    expect(page).to_have_url(f"{new_shop.url}/password")
    page.get_by_label("One-time password").or_(page.get_by_label("Present password")).fill(once)
    page.get_by_label("New password", exact=True).fill("a much longer word")
    page.get_by_label("New password again").fill("a much longer word")
    page.get_by_role("button", name="Set password").click()
    page.get_by_role("button", name="Load the demo shop").click()
    expect(page.get_by_role("link", name="Devices").first).to_be_visible()
    page.goto(f"{new_shop.url}/devices?status=all")
    assert page.locator("#live tbody tr, tbody tr").count() > 10


def test_everything_works_without_javascript(browser, shop):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, shop)
    page.goto(f"{shop.url}/devices")
    page.get_by_role("link", name="Offline").click()
    expect(page).to_have_url(f"{shop.url}/devices?status=offline")
    assert page.locator("meta[http-equiv=refresh]").count() == 1
    context.close()
