import re
from datetime import timedelta
from html import unescape

import pytest

from tests.factories import (
    make_backup,
    make_business,
    make_device,
    make_hotspot,
    make_hotspot_business,
    make_membership,
    make_plan,
    make_profile,
    make_sale,
    make_token,
    make_user,
    make_worker_state,
)
from wifiapp import clock
from wifiapp.access import COMMAND_LINE
from wifiapp.db import db
from wifiapp.demo import operations

LIVE = {"HX-Request": "true"}


def words(page):
    """Return what a person reads on the page, on one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def links(page):
    main = page.text[page.text.index("<main") : page.text.index("</main>")]
    return {unescape(link) for link in re.findall(r'<a [^>]*?href="(/[^"]*)"', main)}


@pytest.fixture
def shop():
    business = make_business(name="Baobab", timezone="UTC")
    hotspot = make_hotspot(name="Counter")
    make_hotspot_business(hotspot, business)
    plan = make_plan(business, name="Day pass")
    for _ in range(3):
        make_token(plan=plan, hotspot=hotspot)
    token = make_token(plan=plan, hotspot=hotspot, status="ACTIVE")
    make_sale(token, sale_channel="WHATSAPP")
    device = make_device(token)
    make_profile(business, mac_address=device.mac_address, hostname="Galaxy-A14")
    db.session.commit()
    return business


def member(business, role):
    user = make_user(role)
    make_membership(user, business)
    return user


def test_a_new_installation_welcomes_its_admin_with_three_steps(admin_client):
    page = admin_client.get("/")
    assert page.text.count("<li><h2>") == 3
    assert 'action="/demo/load"' in page.text
    assert links(page) == {"/businesses/add", "/users", "/backups"}


def steps(client):
    """Return the first steps as the page shows them: name and whether it is done."""
    card = client.get("/").text.partition('id="steps"')[2].partition("</section>")[0]
    found = re.findall(r"<li([^>]*)>.*?<(?:span|a[^>]*)>([^<]+)</(?:span|a)>", card, re.DOTALL)
    return {
        name: "done" if "done" in how else "next" if "step" in how else "" for how, name in found
    }


def test_the_first_steps_lead_to_the_first_sale_and_the_first_backup(admin_client):
    shop = make_business()
    make_token(make_business(is_demo=True))  # is nobody's first step
    db.session.commit()
    names = ["Add a plan", "Add your hotspot", "Make tokens", "Sell the first one"]
    names.append("Make the first backup")
    assert steps(admin_client) == {**dict.fromkeys(names, ""), "Add a plan": "next"}
    plan, hotspot = make_plan(shop), make_hotspot()
    make_hotspot_business(hotspot, shop)
    db.session.commit()
    assert list(steps(admin_client).values()) == ["done", "done", "next", "", ""]
    make_sale(make_token(plan=plan, hotspot=hotspot, status="SOLD"))
    db.session.commit()
    assert list(steps(admin_client).values()) == ["done", "done", "done", "done", "next"]
    make_backup(status="VERIFIED", row_count=1, verified_at=clock.now())
    db.session.commit()
    assert steps(admin_client) == {}


def test_a_manager_sees_the_steps_of_their_shops_and_no_backup(sign_in_as, shop):
    own = make_business()
    client = sign_in_as(member(own, "MANAGER"))
    assert "Make the first backup" not in steps(client)
    assert steps(client)["Add a plan"] == "next"


def test_who_belongs_to_no_business_is_told_whom_to_ask(sign_in_as, shop):
    page = sign_in_as(make_user("MANAGER")).get("/")
    assert "You are not part of a business yet" in page.text
    assert "Baobab" not in page.text and "/demo/load" not in page.text


def test_an_admin_sees_what_matters_now(admin_client, shop):
    read = words(admin_client.get("/"))
    assert "Sold today USD 1.00 1 token" in read
    assert "Devices online 1 right now" in read
    assert "Unsold tokens 3" in read
    assert "Hotspots 1 of 1 all answer" in read
    assert "Last verified backup None yet" in read
    assert "Worker Not running" in read
    assert "WHATSAPP" in read and "Galaxy-A14" in read


def test_health_is_told_once_there_is_a_backup_and_a_worker(admin_client, shop):
    make_worker_state()
    now = clock.now()
    make_backup(status="VERIFIED", created_at=now, verified_at=now, row_count=1234)
    read = words(admin_client.get("/"))
    assert "1,234 rows, proved to restore" in read
    assert "Worker Running" in read


def test_a_silent_hotspot_is_named_and_its_devices_are_unknown(admin_client, shop):
    hotspot = make_hotspot(name="Yard", last_contact_at=clock.now() - timedelta(hours=2))
    make_hotspot_business(hotspot, shop)
    make_device(make_token(shop, hotspot=hotspot, status="ACTIVE"))
    read = words(admin_client.get("/"))
    assert "Hotspots 1 of 2 silent: Yard" in read
    assert "Devices online 1 and one unknown: its hotspot is silent" in read


def test_every_link_leads_to_its_rows(admin_client, shop):
    found = links(admin_client.get("/"))
    assert {"/sales", "/sales?channel=WHATSAPP", "/devices", "/backups", "/system"} <= found
    for link in found:
        page = admin_client.get(link)
        assert page.status_code == 200, link
        assert 'class="error"' not in page.text, link
    (sale,) = (link for link in found if "q=" in link)
    assert "Day pass" in admin_client.get(sale).text


def test_a_manager_sees_its_business_but_neither_backups_nor_others(sign_in_as, shop):
    make_sale(make_token(make_business(name="Elsewhere"), status="SOLD"))
    page = sign_in_as(member(shop, "MANAGER")).get("/")
    read = words(page)
    assert "Sold today USD 1.00 1 token" in read
    assert "Devices online 1" in read
    assert "Elsewhere" not in read and "backup" not in read.lower() and "Worker" not in read
    assert not {link for link in links(page) if link.startswith(("/backups", "/system"))}


def test_a_seller_begins_at_the_till(sign_in_as, shop):
    answer = sign_in_as(member(shop, "SELLER")).get("/")
    assert (answer.status_code, answer.location) == (303, "/sell")


def test_a_page_without_sales_says_so(admin_client):
    make_business()
    read = words(admin_client.get("/"))
    for phrase in ("Nothing sold in 14 days", "No sale yet today", "No plan is offered",
                   "No hotspot yet", "No sale yet", "Nobody is online"):  # fmt: skip
        assert phrase in read


def test_the_live_part_is_sent_alone_and_only_when_it_changed(admin_client, shop):
    part = admin_client.get("/", headers=LIVE)
    assert part.status_code == 200
    assert "<html" not in part.text and 'id="dashboard"' in part.text
    again = admin_client.get("/", headers=LIVE | {"If-None-Match": part.headers["ETag"]})
    assert again.status_code == 304
    make_sale(make_token(shop, status="SOLD"))
    db.session.commit()
    after = admin_client.get("/", headers=LIVE | {"If-None-Match": part.headers["ETag"]})
    assert after.status_code == 200
    assert "2 tokens" in after.text


def test_without_javascript_the_page_reloads_itself(admin_client, shop):
    assert '<noscript><meta http-equiv="refresh"' in admin_client.get("/").text


def test_the_demo_fills_every_part_and_can_be_removed_from_here(admin_client, sign_in_as):
    operations.load_demo(COMMAND_LINE, clock.now())
    page = admin_client.get("/")
    assert 'class="empty"' not in page.text
    assert 'action="/demo/remove"' in page.text
    assert "Hotspots 4 of 5 silent: Mtaa yard" in words(page)
    assert "EUR" in page.text and "KES" in page.text and "USD" in page.text
    manager = sign_in_as(make_user("MANAGER"))
    assert "/demo/remove" not in manager.get("/").text


def test_real_shops_are_not_called_demo(admin_client, shop):
    assert "/demo/" not in admin_client.get("/").text
