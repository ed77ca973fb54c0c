"""A hotspot that is known by its certificate: user name, networks, addresses and other boxes."""

import re

import pytest

from tests.factories import make_business, make_hotspot, make_hotspot_business
from tests.hotspots.stubs import R710Stub
from wifiapp.db import db
from wifiapp.hotspots.models import Hotspot, HotspotBusiness
from wifiapp.hotspots.secrets import seal, unseal

ADD = "/hotspots/add?system=R710"


@pytest.fixture
def shop():
    business = make_business(name="Corner Shop")
    db.session.commit()
    return business


def typed(shop, box, **given):
    row = {"served-0-business_id": shop.id, "served-0-serves": "y"}
    row["served-0-ssid"] = "Corner Guests"
    data = {"name": "Roof", "address": box.address, "username": "admin", "secret": box.password}
    return data | row | {"poll_interval": "30"} | given


def carried(page):
    return re.search(r'name="tested" type="hidden" value="([^"]*)"', page.text)[1]


@pytest.fixture
def registered(shop, ruckus):
    hotspot = make_hotspot(
        name="Roof",
        system="R710",
        address=ruckus.address,
        username="admin",
        secret_encrypted=seal(ruckus.password),
        serial=ruckus.serial,
        fingerprint=ruckus.fingerprint,
    )
    make_hotspot_business(hotspot, shop, ssid="Corner Guests")
    db.session.commit()
    return hotspot


def test_it_is_added_with_its_certificate_and_the_network_of_the_business(
    admin_client, shop, ruckus
):
    page = admin_client.post(ADD, data=typed(shop, ruckus, do="test"))
    assert page.status_code == 200 and ruckus.serial in page.text
    assert ruckus.fingerprint[:4] in page.text and ruckus.password not in page.text
    assert "Staff" not in page.text.split("<datalist")[1]  # only guests' networks are offered
    data = typed(shop, ruckus, do="save", secret="", tested=carried(page))
    assert admin_client.post(ADD, data=data).status_code == 303
    hotspot = db.session.query(Hotspot).one()
    assert (hotspot.serial, hotspot.fingerprint) == (ruckus.serial, ruckus.fingerprint)
    assert (hotspot.username, db.session.query(HotspotBusiness).one().ssid) == (
        "admin",
        "Corner Guests",
    )


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"username": ""}, "Enter the user name"),
        ({"username": "x" * 65}, "at most 64"),
        ({"served-0-ssid": ""}, "Name the network"),
        ({"served-0-ssid": "corner guests"}, "It has no guest network of this name, but: Corner"),
        ({"served-0-ssid": "Staff"}, "It has no guest network of this name"),
        ({"secret": "wrong"}, "does not accept the user name and the password"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(admin_client, shop, ruckus, wrong, message):
    page = admin_client.post(ADD, data=typed(shop, ruckus, do="test") | wrong)
    assert page.status_code == 422 and message in page.text
    assert 'class="error"' in page.text


def test_one_box_is_not_registered_twice(admin_client, shop, ruckus, registered):
    registered.address = "192.168.1.77"
    db.session.commit()
    page = admin_client.post(ADD, data=typed(shop, ruckus, do="test"))
    data = typed(shop, ruckus, do="save", secret="", tested=carried(page))
    again = admin_client.post(ADD, data=data)
    assert again.status_code == 422 and "already registered as Roof" in again.text


def test_it_moves_to_another_address_with_the_stored_password(
    admin_client, shop, ruckus, registered
):
    registered.address = "127.0.0.1:1"
    db.session.commit()
    data = typed(shop, ruckus, do="save", secret="")
    assert admin_client.post(f"/hotspots/{registered.id}/edit", data=data).status_code == 303
    db.session.refresh(registered)
    assert registered.address == ruckus.address


def test_another_certificate_gets_no_password(admin_client, shop, ruckus, registered):
    with R710Stub(serial=ruckus.serial) as impostor:
        data = typed(shop, impostor, do="save", secret="")
        page = admin_client.post(f"/hotspots/{registered.id}/edit", data=data)
        assert page.status_code == 422 and "Another box answers" in page.text
        assert impostor.requests == []
    db.session.refresh(registered)
    assert registered.address == ruckus.address


def test_a_replaced_box_is_accepted_with_its_own_password(admin_client, registered):
    with R710Stub(serial="222222222222", password="factory default") as new:
        registered.address = new.address
        db.session.commit()
        admin_client.post(f"/hotspots/{registered.id}/test")
        db.session.refresh(registered)
        assert registered.status == "REFUSED" and new.requests == []
        url = f"/hotspots/{registered.id}/accept"
        page = admin_client.post(url, data={"do": "test"})
        assert page.status_code == 422 and 'id="secret-error"' in page.text
        page = admin_client.post(url, data={"do": "test", "secret": "factory default"})
        assert "222222222222" in page.text and "111111111111" in page.text
        done = admin_client.post(url, data={"do": "save", "tested": carried(page)})
        assert done.status_code == 303
        db.session.refresh(registered)
        assert (registered.serial, registered.fingerprint) == (new.serial, new.fingerprint)
        assert unseal(registered.secret_encrypted) == "factory default"
        page = admin_client.post(url, data={"do": "test"})
        assert "There is nothing to accept." in page.text
