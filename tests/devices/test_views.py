import csv
import io
import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import (
    make_business,
    make_device,
    make_hotspot,
    make_membership,
    make_profile,
    make_session,
    make_token,
    make_user,
)
from wifiapp import clock
from wifiapp.db import db
from wifiapp.devices import queries
from wifiapp.devices.lines import COLUMNS

PART = {"HX-Request": "true"}


def make_on(business=None, **given):
    return make_device(make_token(business, status="ACTIVE"), **given)


def page(client, **args):
    answer = client.get("/devices", query_string=args)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def macs(text):
    """Return the MAC addresses in the order of the page."""
    return re.findall(r"(?:[0-9A-F]{2}:){5}[0-9A-F]{2}", text)


def tiles(text):
    found = re.findall(
        r'<a class="tile[^"]*" href="([^"]*)".*?</span><span class="value">([^<]*)', text
    )
    return {url.replace("&amp;", "&"): count for url, count in found}


def read_csv(client, **args):
    answer = client.get("/devices.csv", query_string=args)
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.get_data(as_text=True))))


def read_json(client, **args):
    return client.get("/devices.json", query_string=args).get_json()


def test_the_page_opens_on_the_devices_online_newest_first(admin_client):
    now = clock.now()
    older = make_on(first_seen=now - timedelta(hours=1))
    newer = make_on(first_seen=now - timedelta(minutes=1))
    make_on(is_online=False)
    assert macs(page(admin_client)) == [newer.mac_address, older.mac_address]


def test_a_line_shows_all_that_is_known(admin_client):
    business = make_business(name="Baobab & Sons", timezone="Africa/Harare")
    token = make_token(business, plan_name="Day pass", status="ACTIVE")
    device = make_device(token, mac_address="3C:22:FB:00:00:01", current_ip="10.0.0.7")
    make_profile(business, mac_address=device.mac_address, hostname="Till <1>")
    make_session(device, started_at=clock.now() - timedelta(minutes=65))
    text = page(admin_client)
    for shown in ("Online", "Till &lt;1&gt;", "Apple", device.mac_address, "10.0.0.7", token.token):
        assert shown in text
    for shown in ("Day pass", "ESP32", "Baobab &amp; Sons", "1 h 05 min"):
        assert shown in text


def test_a_private_address_is_called_so_and_no_vendor_is_ever_unknown(admin_client):
    make_on(mac_address="DA:A1:19:00:00:01")
    make_on(mac_address="C0:A8:04:02:00:00")
    make_on(mac_address="FC:FF:FF:00:00:01")
    text = page(admin_client)
    assert text.count("Private address") == 1 and text.count("Made up by the portal") == 1
    assert "Unknown vendor" not in text and "Device 00:01" in text


def test_a_silent_hotspot_makes_its_devices_unknown_since_it_was_heard(admin_client):
    business = make_business(timezone="Africa/Harare")
    heard = clock.now() - timedelta(minutes=20)
    hotspot = make_hotspot(last_contact_at=heard)
    make_device(make_token(business, hotspot=hotspot, status="ACTIVE"))
    assert macs(page(admin_client)) == []
    local = (heard + timedelta(hours=2)).strftime("%H:%M")
    assert re.search(rf"since [^<]*{local}", page(admin_client, status="unknown"))


def test_tiles_count_and_keep_the_other_filters(admin_client):
    make_on(mac_address="3C:22:FB:00:00:01")
    make_on(mac_address="3C:22:FB:00:00:02", is_online=False)
    make_on(is_online=False)
    assert list(tiles(page(admin_client)).values()) == ["3", "1", "2", "0"]
    found = tiles(page(admin_client, q="3c22fb", system="ESP32"))
    assert list(found.values()) == ["2", "1", "1", "0"]
    assert all("q=3c22fb" in url and "system=ESP32" in url for url in found)


def test_files_hold_exactly_the_rows_of_the_view_over_all_pages(admin_client, monkeypatch):
    monkeypatch.setattr(queries, "PAGE_SIZE", 2)
    for n in range(5):
        make_on(mac_address=f"3C:22:FB:00:00:0{n}", is_online=n % 2 == 0)
    make_on()
    seen, url = [], "/devices?q=3c22fb&status=all"
    while url:
        text = admin_client.get(url).get_data(as_text=True)
        seen += macs(text)
        following = re.search(r'href="([^"]*)" rel="next"', text)
        url = following and following[1].replace("&amp;", "&")
    rows = read_csv(admin_client, q="3c22fb", status="all")
    assert [row["mac"] for row in rows] == seen and len(seen) == 5
    answer = read_json(admin_client, q="3c22fb", status="all")
    assert [row["mac"] for row in answer["rows"]] == seen
    assert list(rows[0]) == list(answer["rows"][0]) == list(COLUMNS)


def test_a_row_of_a_file_says_what_the_page_says(admin_client):
    business = make_business(name="=Shop")
    token = make_token(business, status="ACTIVE")
    device = make_device(token, mac_address="DA:22:FB:00:00:01")
    make_session(device, started_at=device.first_seen, ended_at=device.last_seen, end_reason="LEFT")
    (row,) = read_csv(admin_client)
    assert row["status"] == "Online" and row["privateAddress"] == "true"
    assert row["business"] == "'=Shop" and row["token"] == token.token
    assert row["sessionSeconds"] == "1200"
    (row,) = read_json(admin_client)["rows"]
    assert row["business"] == "=Shop" and row["privateAddress"] is True
    assert row["firstSeen"] == device.first_seen.isoformat().replace("+00:00", "Z")


def test_ten_thousand_devices_are_streamed(own_app):
    with own_app.app_context():
        token, now = make_token(status="ACTIVE"), clock.now()
        rows = [
            queries.WifiTokenDevice(
                wifi_token_id=token.id,
                mac_address="3C:22:{:02X}:{:02X}:00:01".format(*divmod(n, 256)),
                first_seen=now - timedelta(seconds=n),
                last_seen=now,
            )
            for n in range(10_000)
        ]
        db.session.add_all(rows)
        admin = make_user("ADMIN")
        db.session.commit()
        key = admin.get_id()
    client = own_app.test_client()
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"] = key, True
    answer = client.get("/devices.csv?status=offline")
    parts = list(answer.iter_encoded())
    assert max(map(len, parts)) < 70_000
    assert b"".join(parts).count(b"\n") == 10_001
    text = client.get("/devices?status=offline").get_data(as_text=True)
    assert "1,000+" in text


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({"status": "asleep"}, "There is no such status."),
        ({"system": "R900"}, "There is no such system."),
        ({"business": "nobody"}, "There is no such business."),
        ({"hotspot": "nowhere"}, "There is no such hotspot."),
        ({"q": "AA:BB:GG"}, "This is not a MAC address"),
        ({"q": "voucher"}, "Add the code after the word"),
        ({"q": "x" * 101}, "A search has at most 100 characters."),
        ({"after": "nonsense"}, "This page address is damaged."),
    ],
)
def test_bad_input_gets_its_message_and_the_rest_still_works(admin_client, args, message):
    device = make_on(mac_address="3C:22:FB:00:00:01")
    make_on(mac_address="3C:22:FB:00:00:02", is_online=False)
    text = page(admin_client, **args)
    assert message in text
    assert macs(text) == [device.mac_address]
    if "after" not in args:
        answer = admin_client.get("/devices.csv", query_string=args)
        assert answer.status_code == 400, "a file is not made of something else than asked for"
        assert message in admin_client.get("/devices.json", query_string=args).get_json()["error"]


def test_what_was_typed_is_still_there_after_a_message(admin_client):
    assert 'value="AA:BB:GG"' in page(admin_client, q="AA:BB:GG")


anything = st.one_of(
    st.text(max_size=40),
    st.sampled_from(["\0", "\ud800", "'" * 10_000, '"' * 10_000, "%", "\\", "::", "1" * 5_000]),
    st.binary(max_size=20).map(lambda value: value.decode("latin-1")),
)


@given(
    st.dictionaries(
        st.sampled_from(["q", "status", "system", "business", "hotspot", "after", "x"]),
        anything,
        max_size=4,
    )
)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_query_string_breaks_the_page(admin_client, args):
    query = urlencode(args, errors="surrogatepass")
    assert admin_client.get(f"/devices?{query}").status_code == 200
    for kind in ("csv", "json"):
        assert admin_client.get(f"/devices.{kind}?{query}").status_code in (200, 400)


def test_a_manager_sees_its_own_businesses_and_a_seller_none(sign_in_as):
    business = make_business()
    manager = make_user("MANAGER")
    make_membership(manager, business)
    device, hidden = make_on(business), make_on()
    client = sign_in_as(manager)
    assert macs(page(client)) == [device.mac_address]
    assert hidden.mac_address not in str(read_csv(client))
    assert "There is no such business" in page(client, business=make_business().id)
    assert client.get(f"/devices/{device.id}").status_code == 200
    assert client.get(f"/devices/{hidden.id}").status_code == 404
    assert sign_in_as(make_user("SELLER")).get("/devices").status_code == 403


@pytest.mark.parametrize("path", ["/devices/nothing", "/devices/%ED%A0%80", "/devices/a%27b"])
def test_an_id_of_no_device_is_not_found(admin_client, path):
    assert admin_client.get(path).status_code == 404


def test_a_devices_page_shows_its_sessions_and_the_tokens_of_its_mac(admin_client):
    device = make_on(mac_address="3C:22:FB:00:00:01")
    make_session(
        device,
        started_at=device.first_seen,
        ended_at=device.last_seen,
        end_reason="HOTSPOT_RESTARTED",
        bytes_down=1_200_000_000,
    )
    other = make_on(mac_address="3C:22:FB:00:00:01")
    text = admin_client.get(f"/devices/{device.id}").get_data(as_text=True)
    assert "Hotspot restarted" in text and "1.2 GB" in text and "20 min" in text
    assert f"/devices/{other.id}" in text


def test_the_live_part_is_sent_alone_and_only_when_it_has_changed(admin_client):
    device = make_on()
    first = admin_client.get("/devices", headers=PART)
    text = first.get_data(as_text=True)
    assert text.lstrip().startswith('<div class="stack-wide" id="devices"')
    again = {"If-None-Match": first.headers["ETag"]}
    assert admin_client.get("/devices", headers=PART | again).status_code == 304
    device.current_ip = "10.9.9.9"
    db.session.flush()
    assert "10.9.9.9" in admin_client.get("/devices", headers=PART | again).get_data(as_text=True)


def test_a_whole_page_is_also_spared_when_nothing_has_changed(admin_client):
    first = admin_client.get("/devices")
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert "HX-Request" in first.headers["Vary"]
    assert first.headers["ETag"] != admin_client.get("/devices", headers=PART).headers["ETag"]
    same = admin_client.get("/devices", headers={"If-None-Match": first.headers["ETag"]})
    assert same.status_code in (200, 304)  # at the turn of a minute the stamp is another


def test_without_javascript_the_page_reloads_unless_something_is_to_be_mended(admin_client):
    assert 'http-equiv="refresh"' in page(admin_client)
    assert 'http-equiv="refresh"' not in page(admin_client, q="AA:BB:GG")


def test_an_empty_list_says_why_and_what_to_do(admin_client):
    assert "No business yet" in page(admin_client)
    make_business()
    assert "No device has been seen yet" in page(admin_client)
    make_on(is_online=False, mac_address="3C:22:FB:00:00:01")
    assert "No device is online" in page(admin_client)
    assert "Every hotspot answers" in page(admin_client, status="unknown")
    assert "But 1 in another status do" in page(admin_client, q="3c22fb")
    assert "No device matches" in page(admin_client, q="nobody's phone")


def test_a_full_page_stays_below_sixty_kilobytes(admin_client):
    """Checked by the client on every page; here with rows as long as they get."""
    business = make_business(name="Msasa Backpackers and Camping")
    for n in range(queries.PAGE_SIZE + 1):
        mac = f"DA:22:FB:00:00:{n:02X}"
        token = make_token(business, plan_name="Rooftop guest week", status="ACTIVE")
        make_device(token, mac_address=mac, current_ip="fd42:10:20:aaaa:bbbb:cccc:dddd:731")
        make_profile(business, mac_address=mac, hostname="DESKTOP-7K2QF1M-Reception")
    assert len(macs(page(admin_client))) == queries.PAGE_SIZE
