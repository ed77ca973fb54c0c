"""Hotspots that are called: added after a look, changed with proof, and shown without secrets."""

import json
import re
from datetime import timedelta

import pytest

from tests.factories import (
    make_business,
    make_device,
    make_hotspot,
    make_hotspot_business,
    make_membership,
    make_token,
    make_user,
)
from tests.hotspots.stubs.esp32 import Esp32Stub
from wifiapp import clock
from wifiapp.audit.models import AuditLog
from wifiapp.db import db
from wifiapp.hotspots import calling, queries
from wifiapp.hotspots.models import Hotspot
from wifiapp.hotspots.secrets import seal, unseal

KEY = "0123456789abcdef0123456789ABCDEF"
OTHER_KEY = "anotherkeyofthesameportal2345678"
ADD = "/hotspots/add?system=ESP32"


@pytest.fixture
def shop():
    business = make_business(name="Corner Shop")
    db.session.commit()
    return business


@pytest.fixture
def box():
    with Esp32Stub(ssid="Corner WiFi", key=KEY) as stub:
        yield stub


@pytest.fixture
def registered(shop, box):
    """A hotspot whose box is the stub, as it is after its first good answer."""
    hotspot = make_hotspot(
        name="Counter", address=box.address, secret_encrypted=seal(KEY), serial="Corner WiFi"
    )
    make_hotspot_business(hotspot, shop)
    db.session.commit()
    return hotspot


def typed(shop, box, **given):
    """Return what a person types into the form, with the row of the business."""
    row = {"served-0-business_id": shop.id, "served-0-serves": "y", "served-0-ssid": ""}
    return {"name": "Counter", "address": box.address, "secret": KEY, **row} | given


def carried(page):
    """Return what the page carries of the test."""
    return re.search(r'name="tested" type="hidden" value="([^"]*)"', page.text)[1]


def only_hotspot():
    return db.session.query(Hotspot).one()


def actions():
    return [each.action for each in db.session.query(AuditLog).order_by(AuditLog.at)]


# -- adding ----------------------------------------------------------------------------------


def test_a_hotspot_is_added_when_its_answer_was_seen(admin_client, shop, box):
    box.skew = 630
    page = admin_client.post(ADD, data=typed(shop, box, do="test"))
    assert page.status_code == 200 and "This hotspot answered" in page.text
    assert "Corner WiFi" in page.text and "10 min ahead" in page.text and "of 100" in page.text
    assert db.session.query(Hotspot).count() == 0
    data = typed(shop, box, do="save", secret="", tested=carried(page))
    answer = admin_client.post(ADD, data=data)
    hotspot = only_hotspot()
    assert answer.location == f"/hotspots/{hotspot.id}"
    assert (hotspot.serial, hotspot.status, hotspot.max_tokens) == ("Corner WiFi", "OK", 100)
    assert unseal(hotspot.secret_encrypted) == KEY
    assert queries.serves(hotspot.id, shop.id)
    assert actions() == ["hotspot.create"]


def test_the_first_press_of_save_shows_who_answers_and_saves_nothing(admin_client, shop, box):
    page = admin_client.post(ADD, data=typed(shop, box, do="save"))
    assert "This hotspot answered" in page.text and db.session.query(Hotspot).count() == 0


def test_a_secret_is_in_no_page_and_typed_once(admin_client, shop, box):
    page = admin_client.post(ADD, data=typed(shop, box, do="test", name=""))
    assert page.status_code == 422 and "Enter a name." in page.text
    assert KEY not in page.text and carried(page)
    again = admin_client.post(
        ADD, data=typed(shop, box, do="test", secret="", tested=carried(page))
    )
    assert "This hotspot answered" in again.text and KEY not in again.text


def test_a_wrong_secret_is_told_beside_the_secret(admin_client, shop, box):
    page = admin_client.post(ADD, data=typed(shop, box, do="test", secret=OTHER_KEY))
    assert page.status_code == 422 and 'id="secret-error"' in page.text
    assert OTHER_KEY not in page.text and carried(page) == ""


def test_a_silent_address_is_told_beside_the_address_and_may_be_added_untested(
    admin_client, shop, box
):
    box.is_silent = False
    box.fail("html", times=20)
    page = admin_client.post(ADD, data=typed(shop, box, do="test"))
    assert page.status_code == 422 and 'id="address-error"' in page.text
    assert "Sign in to your router" not in page.text
    assert "Save it although it was not tested" in page.text
    data = typed(shop, box, do="save", secret="", untested="y", tested=carried(page))
    assert admin_client.post(ADD, data=data).status_code == 303
    hotspot = only_hotspot()
    assert (hotspot.status, hotspot.serial) == ("NEW", None)
    assert unseal(hotspot.secret_encrypted) == KEY


def test_another_box_between_the_look_and_the_press_is_not_saved(admin_client, shop, box):
    page = admin_client.post(ADD, data=typed(shop, box, do="test"))
    box.ssid = "Impostor"
    data = typed(shop, box, do="save", secret="", tested=carried(page))
    again = admin_client.post(ADD, data=data)
    assert again.status_code == 422 and "Another box answers" in again.text
    assert db.session.query(Hotspot).count() == 0


def test_what_was_tested_counts_only_for_who_tested_it_and_where(
    admin_client, sign_in_as, shop, box
):
    tested = carried(admin_client.post(ADD, data=typed(shop, box, do="test")))
    data = typed(shop, box, do="save", secret="", tested=tested)
    stranger = sign_in_as(make_user("ADMIN"))
    assert "Enter the secret." in stranger.post(ADD, data=data).text
    assert "Enter the secret." in admin_client.post(ADD, data=data | {"tested": tested[:-2]}).text
    with Esp32Stub(ssid="Elsewhere", key=KEY) as other:
        page = admin_client.post(ADD, data=data | {"address": other.address})
        assert "Elsewhere" in page.text  # looked at first, as it is another one
    assert db.session.query(Hotspot).count() == 0


def test_what_is_wrong_stands_beside_its_field(admin_client, shop, box):
    for wrong, message in (
        ({"address": "http://192.168.1.5"}, "Only the address"),
        ({"address": "192.168.1.5:99999"}, "The port"),
        ({"address": ""}, "Enter the address"),
        ({"served-0-serves": ""}, "Choose at least one business"),
        ({"served-0-ssid": "é" * 17}, "at most 32 characters"),
        ({"secret": "x" * 129}, "at most 128"),
    ):
        page = admin_client.post(ADD, data=typed(shop, box, do="test") | wrong)
        assert page.status_code == 422 and message in page.text, wrong
    make_hotspot(name="First", address=box.address)
    db.session.commit()
    page = admin_client.post(ADD, data=typed(shop, box, do="test"))
    saved = admin_client.post(
        ADD, data=typed(shop, box, do="save", secret="", tested=carried(page))
    )
    assert saved.status_code == 422 and "First already has this address." in saved.text


def test_a_business_that_cannot_be_chosen_is_not_served(admin_client, shop, box):
    demo = make_business(name="Demo", is_demo=True)
    closed = make_business(name="Closed", is_active=False)
    db.session.commit()
    page = admin_client.get(ADD)
    assert "Corner Shop" in page.text and "Demo" not in page.text and "Closed" not in page.text
    for other in (demo, closed):
        data = typed(shop, box, do="test") | {"served-0-business_id": other.id}
        page = admin_client.post(ADD, data=data)
        assert "Choose at least one business" in page.text


# -- who may ---------------------------------------------------------------------------------


def test_a_manager_sees_its_hotspots_and_changes_none(sign_in_as, registered, shop):
    user = make_user("MANAGER")
    make_membership(user, shop)
    manager = sign_in_as(user)
    page = manager.get(f"/hotspots/{registered.id}")
    assert page.status_code == 200 and "Corner WiFi" in page.text
    assert "Replace the secret" not in page.text
    for path in ("edit", "secret", "accept"):
        assert manager.get(f"/hotspots/{registered.id}/{path}").status_code == 403
    assert manager.post(f"/hotspots/{registered.id}/test").status_code == 403
    assert manager.get("/hotspots/add").status_code == 403
    assert manager.post(f"/hotspots/{registered.id}/deactivate").status_code == 409
    foreign = make_hotspot_business(make_hotspot()).hotspot_id
    db.session.commit()
    assert manager.get(f"/hotspots/{foreign}").status_code == 404
    assert manager.post(f"/hotspots/{foreign}/poll").status_code == 404


# -- changing --------------------------------------------------------------------------------


def edit_url(hotspot):
    return f"/hotspots/{hotspot.id}/edit"


def test_a_name_is_changed_without_asking_the_box(admin_client, registered, shop, box):
    page = admin_client.get(edit_url(registered))
    assert "Counter" in page.text and KEY not in page.text and "0123" not in page.text
    data = typed(shop, box, do="save", secret="", name="Till", poll_interval="60")
    assert admin_client.post(edit_url(registered), data=data).status_code == 303
    db.session.refresh(registered)
    assert (registered.name, registered.poll_interval) == ("Till", 60)
    assert box.requests == [] and actions() == ["hotspot.change"]
    for seconds in ("5", "9999", "x", ""):
        page = admin_client.post(edit_url(registered), data=data | {"poll_interval": seconds})
        assert page.status_code == 422 and 'id="poll_interval-error"' in page.text


def test_a_secret_is_not_sent_to_another_address_by_itself(admin_client, registered, shop, box):
    with Esp32Stub(ssid="Corner WiFi", key=KEY) as other:
        data = typed(shop, box, do="save", secret="", address=other.address, poll_interval="30")
        page = admin_client.post(edit_url(registered), data=data)
        assert page.status_code == 422 and "sent to another address" in page.text
        assert other.requests == []
        moved = admin_client.post(edit_url(registered), data=data | {"secret": KEY})
        assert moved.status_code == 303
        db.session.refresh(registered)
        assert registered.address == other.address


def test_an_address_where_nobody_or_another_answers_is_not_saved(
    admin_client, registered, shop, box
):
    with Esp32Stub(ssid="Neighbour", key=KEY) as other:
        data = typed(shop, box, do="save", address=other.address, poll_interval="30")
        page = admin_client.post(edit_url(registered), data=data)
        assert page.status_code == 422 and "Another box answers" in page.text
        assert not other.asked("/api/tokens")
    page = admin_client.post(edit_url(registered), data=data)
    assert page.status_code == 422
    db.session.refresh(registered)
    assert registered.address == box.address


def test_the_old_secret_stays_until_the_new_one_is_proved(admin_client, registered, box):
    url = f"/hotspots/{registered.id}/secret"
    page = admin_client.post(url, data={"secret": OTHER_KEY})
    assert page.status_code == 422 and 'id="secret-error"' in page.text
    assert OTHER_KEY not in page.text
    db.session.refresh(registered)
    assert unseal(registered.secret_encrypted) == KEY
    box.key = OTHER_KEY
    assert admin_client.post(url, data={"secret": OTHER_KEY}).status_code == 303
    db.session.refresh(registered)
    assert unseal(registered.secret_encrypted) == OTHER_KEY
    assert actions() == ["hotspot.replace_secret"]
    assert admin_client.post(url, data={"secret": ""}).status_code == 422


def test_a_secret_of_another_installation_is_entered_again(admin_client, registered, box, app_on):
    other = app_on("postgresql+psycopg://", secret_key="another")
    with other.app_context():
        registered.secret_encrypted = seal(KEY)
    db.session.commit()
    admin_client.post(f"/hotspots/{registered.id}/test")
    page = admin_client.get(f"/hotspots/{registered.id}")
    assert "another key (SECRET_KEY)" in page.text and "Replace the secret" in page.text
    data = {"secret": KEY}
    assert admin_client.post(f"/hotspots/{registered.id}/secret", data=data).status_code == 303
    db.session.refresh(registered)
    assert (registered.status, calling.access_of(registered).secret) == ("OK", KEY)


def test_a_new_box_is_accepted_with_both_shown(admin_client, registered, box):
    box.ssid = "Corner WiFi 2"
    admin_client.post(f"/hotspots/{registered.id}/test")
    page = admin_client.get(f"/hotspots/{registered.id}")
    assert "Another box answers there" in page.text
    url = f"/hotspots/{registered.id}/accept"
    assert "Not asked yet." in admin_client.get(url).text
    page = admin_client.post(url, data={"do": "test"})
    assert "Corner WiFi 2" in page.text and page.text.count("Corner WiFi</span>") == 1
    db.session.refresh(registered)
    assert registered.serial == "Corner WiFi"
    box.ssid = "Corner WiFi 3"  # and yet another, before the button is pressed
    again = admin_client.post(url, data={"do": "save", "tested": carried(page)})
    assert "Another box answers there" in again.text
    box.ssid = "Corner WiFi 2"
    assert admin_client.post(url, data={"do": "save", "tested": carried(page)}).status_code == 303
    db.session.refresh(registered)
    assert (registered.serial, registered.status) == ("Corner WiFi 2", "OK")
    (entry,) = db.session.query(AuditLog)
    assert entry.change["serial"] == {"from": "Corner WiFi", "to": "Corner WiFi 2"}


def test_saving_without_having_looked_only_looks(admin_client, registered, box):
    box.ssid = "Corner WiFi 2"
    page = admin_client.post(f"/hotspots/{registered.id}/accept", data={"do": "save"})
    assert page.status_code == 200 and "Corner WiFi 2" in page.text
    db.session.refresh(registered)
    assert registered.serial == "Corner WiFi"


def test_a_test_keeps_what_it_found_and_what_went_wrong(admin_client, registered, box):
    admin_client.post(f"/hotspots/{registered.id}/test")
    db.session.refresh(registered)
    assert (registered.status, registered.free_slots) == ("OK", 100)
    box.fail("html", times=20)
    admin_client.post(f"/hotspots/{registered.id}/test")
    db.session.refresh(registered)
    assert registered.free_slots == 100 and KEY not in registered.last_error
    assert registered.status == "OK"  # one silence is the network's, maybe
    assert "The last attempt" in admin_client.get(f"/hotspots/{registered.id}").text
    registered.status = "NEW"
    db.session.commit()
    admin_client.post(f"/hotspots/{registered.id}/test")
    db.session.refresh(registered)
    assert registered.status == "SILENT"


def test_a_good_test_is_no_look_at_the_devices(admin_client, registered):
    """Who was online before a silence is not online again because the box says its name."""
    heard = registered.last_contact_at = clock.now() - timedelta(hours=1)
    registered.status, registered.next_poll_at = "SILENT", clock.now() + timedelta(minutes=5)
    make_device(make_token(hotspot=registered, status="ACTIVE"))
    db.session.commit()
    admin_client.post(f"/hotspots/{registered.id}/test")
    db.session.refresh(registered)
    assert (registered.status, registered.last_contact_at) == ("OK", heard)
    assert registered.next_poll_at is None  # the worker looks next
    assert "No device is online" in admin_client.get("/devices").text


def test_a_good_test_undoes_no_refusal_of_a_look(admin_client, registered, box):
    registered.status, registered.failures = "REFUSED", 1
    registered.last_error, registered.next_poll_at = "It has the tokens of another.", clock.now()
    db.session.commit()
    admin_client.post(f"/hotspots/{registered.id}/test")
    db.session.refresh(registered)
    assert (registered.status, registered.next_poll_at) == ("REFUSED", None)  # the look decides
    assert registered.last_error == "It has the tokens of another."
    url = f"/hotspots/{registered.id}/accept"
    page = admin_client.post(url, data={"do": "test"})
    admin_client.post(url, data={"do": "save", "tested": carried(page)})
    db.session.refresh(registered)
    assert (registered.status, registered.last_error) == ("OK", None)


def test_asking_now_comes_before_every_turn(admin_client, registered):
    assert admin_client.post(f"/hotspots/{registered.id}/poll").status_code == 303
    db.session.refresh(registered)
    assert registered.next_poll_at is not None


# -- lists -----------------------------------------------------------------------------------


def test_lists_and_files_hold_the_same_rows_and_no_secret(admin_client, registered, shop):
    make_hotspot(name="Backyard", status="SILENT", last_error="It timed out.")
    make_hotspot(name="Old", is_active=False)
    db.session.commit()
    page = admin_client.get("/hotspots").text
    assert page.index("Backyard") < page.index("Counter") < page.index("Old")
    rows = admin_client.get("/hotspots.json").json["rows"]
    assert [(each["name"], each["state"]) for each in rows] == [
        ("Backyard", "Silent"),
        ("Counter", "Answers"),
        ("Old", "Inactive"),
    ]
    silent = admin_client.get("/hotspots.csv?state=silent").text
    assert "It timed out." in silent and "Counter" not in silent
    for text in (page, json.dumps(rows), silent):
        assert KEY not in text and registered.secret_encrypted not in text
    assert "Counter" in admin_client.get("/hotspots?q=corner").text  # by its serial
    assert "No hotspot matches" in admin_client.get("/hotspots?q=100%25").text
    assert admin_client.get("/hotspots.csv?state=odd").status_code == 400
    assert "There is no such state" in admin_client.get("/hotspots?state=odd").text


def test_the_list_goes_on_after_forty(admin_client):
    for n in range(45):
        make_hotspot(name=f"Box {n:02d}", is_active=n != 7)
    db.session.commit()
    page = admin_client.get("/hotspots").text
    assert "Box 40" in page and "Box 41" not in page and "Box 07" not in page
    following = re.search(r'href="(/hotspots\?after=[^"]+)"', page)[1]
    rest = admin_client.get(following).text
    assert "Box 41" in rest and "Box 07" in rest and "Box 40" not in rest
    damaged = admin_client.get("/hotspots?after=nonsense")
    assert damaged.status_code == 200 and "Box 00" in damaged.text
    assert len(admin_client.get("/hotspots.json").json["rows"]) == 45


# -- commands --------------------------------------------------------------------------------


def run(app, *arguments, **options):
    return app.test_cli_runner().invoke(args=["hotspots", *arguments], **options)


def test_a_hotspot_is_added_and_tested_at_the_command_line(app, shop, box):
    options = ("--system", "esp32", "--address", box.address, "--business", shop.id)
    made = run(app, "add", "Counter", *options, "--secret-stdin", input=f"{KEY}\n")
    assert made.exit_code == 0, made.output
    hotspot = only_hotspot()
    assert (made.stdout.strip(), hotspot.serial) == (hotspot.id, "Corner WiFi")
    tested = run(app, "test", hotspot.id, "--json")
    assert tested.exit_code == 0 and json.loads(tested.stdout)["freeSlots"] == 100
    assert "serial: Corner WiFi" in run(app, "test", hotspot.id).stdout
    listed = run(app, "list", "--json").stdout
    assert KEY not in listed and "secretEncrypted" not in listed
    box.key = OTHER_KEY
    refused = run(app, "test", hotspot.id, "--json")
    assert refused.exit_code == 1
    assert json.loads(refused.stdout)["kind"] == "Denied"
    assert run(app, "test", hotspot.id).exit_code == 1
    assert run(app, "test", "nowhere").exit_code == 1


def test_the_command_line_refuses_what_the_page_does(app, shop, box):
    options = ("--system", "ESP32", "--business", shop.id, "--secret-stdin")
    wrong = run(app, "add", "A", *options, "--address", box.address, input=f"{OTHER_KEY}\n")
    assert wrong.exit_code == 1 and OTHER_KEY not in wrong.output
    assert run(app, "add", "A", *options, "--address", "http://x", input=KEY).exit_code == 1
    assert run(app, "add", "A", *options, "--address", box.address, input="").exit_code == 1
    nowhere = ("--system", "ESP32", "--business", "nowhere", "--secret-stdin")
    made = run(app, "add", "A", *nowhere, "--address", box.address, "--no-test", input=KEY)
    assert made.exit_code == 1 and "no such business" in made.stderr
    assert db.session.query(Hotspot).count() == 0
    untested = run(app, "add", "A", *options, "--address", "10.0.0.9", "--no-test", input=KEY)
    assert untested.exit_code == 0 and only_hotspot().status == "NEW"
