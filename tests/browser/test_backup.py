import hashlib
import subprocess
import sys
import zipfile

from flask_migrate import downgrade
from playwright.sync_api import expect

from tests.browser.conftest import EMAIL, sign_in


def test_the_owner_creates_and_downloads_a_backup(page, new_shop, tmp_path):
    new_shop.command("demo", "load")
    sign_in(page, new_shop)
    page.goto(f"{new_shop.url}/backups")
    page.get_by_label("Demo data").check()
    page.get_by_role("button", name="Create backup").click()
    page.reload()  # progress is in the database, not in the page
    mine = page.locator("tbody tr", has_text=EMAIL)  # the daily one may come meanwhile
    expect(mine.get_by_role("link", name="Download")).to_be_visible(timeout=60_000)
    expect(mine).to_contain_text("Verified")
    with page.expect_download() as begun:
        mine.get_by_role("link", name="Download").click()
    archive = tmp_path / begun.value.suggested_filename
    begun.value.save_as(archive)
    mine.locator("th a").click()
    expect(page.locator("main")).to_contain_text(hashlib.sha256(archive.read_bytes()).hexdigest())
    with zipfile.ZipFile(archive) as opened:
        assert opened.testzip() is None
        (tmp_path / "check.py").write_bytes(opened.read("check.py"))
    checked = subprocess.run(
        [sys.executable, "-I", tmp_path / "check.py", archive],
        capture_output=True,
        check=False,
        text=True,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_broken_schema_is_named_whole_and_mended(page, new_shop, app_on):
    sign_in(page, new_shop)
    app = app_on(new_shop.environment["DATABASE_URL"])
    with app.app_context():
        downgrade(revision="20260113000001")
    said = new_shop.flask("doctor", check=False)
    assert said.returncode == 1
    refused = new_shop.flask("backup", "create", check=False)
    assert refused.returncode == 1 and "Traceback" not in refused.stderr
    page.goto(f"{new_shop.url}/devices")
    shown = page.locator("main").inner_text()
    for gap in ("wifi_token_devices", "saleChannel", "wifi_usage_analytics"):
        assert gap in said.stdout
        assert gap in refused.stderr + refused.stdout
        assert gap in shown
    page.goto(f"{new_shop.url}/backups")
    button = page.get_by_role("button", name="Create backup")
    if button.count():
        button.click()
    expect(page.locator("main")).to_contain_text("wifi_usage_analytics")
    new_shop.flask("db", "upgrade")
    assert new_shop.flask("doctor").returncode == 0
    made = new_shop.flask("backup", "create")
    assert "sha" in made.stdout.lower()
    page.goto(f"{new_shop.url}/backups")
    expect(page.locator("tbody tr").first).to_contain_text("Verified")
