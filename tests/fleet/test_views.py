"""The page of one hotspot: who it is, what is on it, and when it was silent."""

import csv
import io
import re
from datetime import timedelta

import pytest

from tests.factories import (
    make_business,
    make_device,
    make_hotspot,
    make_hotspot_business,
    make_membership,
    make_outage,
    make_plan,
    make_sale,
    make_token,
    make_user,
)
from wifiapp import clock
from wifiapp.db import db
from wifiapp.fleet.abilities import abilities
from wifiapp.hotspots.driver import Capabilities
from wifiapp.hotspots.drivers import CAPABILITIES


@pytest.fixture
def shop():
    return make_business(name="Corner Shop")


@pytest.fixture
def hotspot(shop):
    box = make_hotspot(
        name="Counter",
        serial="Corner WiFi",
        firmware="3.6",
        free_slots=20,
        max_tokens=100,
        clock_offset=-300,
        created_at=clock.now() - timedelta(days=60),
    )
    make_hotspot_business(box, shop, ssid="Corner WiFi")
    db.session.commit()
    return box


def show(client, hotspot):
    db.session.commit()
    answer = client.get(f"/hotspots/{hotspot.id}")
    assert answer.status_code == 200
    return " ".join(answer.text.split())


def test_it_tells_who_it_is_and_what_is_on_it(admin_client, hotspot, shop):
    plan = make_plan(shop)
    make_token(plan=plan, hotspot=hotspot)
    make_device(make_token(plan=plan, hotspot=hotspot, status="ACTIVE"))
    page = show(admin_client, hotspot)
    for shown in ("Corner WiFi", "3.6", "5 min behind", "20 of 100", "Corner Shop", "Answers"):
        assert shown in page
    assert "Its clock is wrong" in page and "as of" in page
    counts = re.findall(r'<th scope="row"><a [^>]*>(\w+)</a></th><td class="numeric">(\d+)', page)
    wanted = {"Available": "1", "Sold": "0", "Active": "1", "Expired": "0", "Disabled": "0"}
    assert dict(counts) == wanted


def test_it_looks_ahead_at_the_pace_of_two_weeks(admin_client, hotspot, shop):
    plan = make_plan(shop)
    for _ in range(14):
        make_token(plan=plan, hotspot=hotspot)
    assert "full in about 20 days" in show(admin_client, hotspot)
    old = clock.now() - timedelta(days=30)
    for _ in range(28):
        make_sale(make_token(plan=plan, hotspot=hotspot, status="SOLD", created_at=old))
    assert "sold out in about 14 days" in show(admin_client, hotspot)


def test_a_silent_hotspot_says_why_and_that_nothing_is_lost(admin_client, hotspot):
    hotspot.status, hotspot.last_error = "SILENT", "It did not answer within 5 seconds."
    hotspot.last_contact_at = clock.now() - timedelta(hours=1)
    make_device(make_token(hotspot=hotspot, status="ACTIVE"))
    page = show(admin_client, hotspot)
    assert "It does not answer." in page and "within 5 seconds" in page
    assert "Devices unknown" in page and "Tokens that were sold stay good." in page


def test_one_that_was_not_asked_for_long_is_silent_too(admin_client, hotspot):
    hotspot.last_contact_at = clock.now() - timedelta(hours=1)
    assert "It was not looked at for a while." in show(admin_client, hotspot)


def test_one_that_refuses_us_offers_what_mends_it(admin_client, hotspot):
    hotspot.status, hotspot.last_error = "REFUSED", "It does not accept our secret."
    page = show(admin_client, hotspot)
    alert = page.split("The hotspot does not let us in, or it is another one.")[1].split("</div>")[
        0
    ]
    assert "Replace the secret" in alert and "Another box answers" in alert


def test_a_manual_and_a_demo_one_cannot_be_asked(admin_client):
    manual = make_hotspot(is_manual=True, address="")
    make_hotspot_business(manual)
    demo = make_hotspot(address="192.0.2.1")
    make_hotspot_business(demo, make_business(is_demo=True))
    for box, words in ((manual, "loaded by hand"), (demo, "it does not exist")):
        page = show(admin_client, box)
        assert words in page and "Ask now" not in page and "Test the connection" not in page


def test_a_shared_hotspot_shows_only_what_one_may_see(sign_in_as, hotspot, shop):
    neighbour = make_business(name="Neighbour")
    make_hotspot_business(hotspot, neighbour)
    make_token(neighbour, hotspot=hotspot)
    user = make_user("MANAGER")
    make_membership(user, shop)
    page = show(sign_in_as(user), hotspot)
    assert "Neighbour" not in page
    assert re.search(r'Available</a></th><td class="numeric">0', page)


def test_outages_are_listed_a_page_at_a_time_and_as_files(admin_client, hotspot):
    start = clock.now() - timedelta(days=50)
    for n in range(45):
        begun = start + timedelta(days=n)
        ended = begun + timedelta(minutes=10)
        make_outage(hotspot, started_at=begun, ended_at=ended, reason=f"Reason {n:02d}")
    make_outage(hotspot, started_at=clock.now() - timedelta(minutes=5), reason="=Now()")
    make_outage(make_hotspot(), reason="Elsewhere")
    page = show(admin_client, hotspot)
    assert "until now" in page and "Reason 44" in page and "Reason 40" not in page
    url = f"/hotspots/{hotspot.id}/outages"
    first = admin_client.get(url).text
    assert "Reason 44" in first and "Reason 05" not in first and "Elsewhere" not in first
    following = re.search(r'href="([^"]+after=[^"]+)"', first)[1]
    assert "Reason 05" in admin_client.get(following).text
    assert "Reason 44" in admin_client.get(f"{url}?after=nonsense").text
    rows = list(csv.DictReader(io.StringIO(admin_client.get(f"{url}.csv").text)))
    assert len(rows) == 46 and rows[0]["reason"] == "'=Now()" and rows[0]["end"] == ""
    assert rows[1]["seconds"] == "600"
    assert len(admin_client.get(f"{url}.json").json["rows"]) == 46


@pytest.mark.parametrize("system", CAPABILITIES)
def test_what_a_system_can_do_is_said_in_words(app, system):
    can = CAPABILITIES[system]
    said = {each.text: each.can for each in abilities(can)}
    assert (can.can_extend, True) in {(good, True) for text, good in said.items() if "time" in text}
    assert any(str(can.max_batch) in text for text in said)


def test_what_a_poor_system_lacks_is_said_too(app):
    poor = Capabilities(1, False, can_revoke=False, can_block=False, counts_volume=False)
    lacks = [each.text for each in abilities(poor) if not each.can]
    assert len(lacks) == 5 and "Cannot block a device." in lacks
