import csv
import io
import re
from uuid import uuid4

import pytest

from tests.factories import make_business, make_membership, make_sale, make_token
from wifiapp.audit.models import AuditLog
from wifiapp.businesses.queries import list_businesses
from wifiapp.db import db

SHOP = {"name": "Corner Shop", "currency": "usd", "timezone": "harare"}


def now(business):
    """Return the business as the database has it: a request works in a session of its own."""
    db.session.refresh(business)
    return business


def entries(action):
    return db.session.query(AuditLog).filter_by(action=action).all()


def test_a_newcomer_adds_a_business_and_is_led_to_its_first_plan(admin_client):
    answer = admin_client.post("/businesses/add", data=SHOP)
    (business,) = list_businesses()
    facts = (business.name, business.currency, business.timezone)
    assert facts == ("Corner Shop", "USD", "Africa/Harare")
    assert answer.location == f"/tokens/plans/add?business={business.id}"
    page = admin_client.get(answer.location).text
    assert "Corner Shop was added." in page
    assert re.search(rf'<option selected value="{business.id}"', page)
    (entry,) = entries("business.create")
    assert entry.user_email.endswith("@example.org") and entry.business_id == business.id


def test_a_form_that_is_sent_twice_adds_one_business(admin_client):
    key = re.search(r'name="key"[^>]*value="([^"]+)"', admin_client.get("/businesses/add").text)[1]
    for _ in range(2):
        answer = admin_client.post("/businesses/add", data=SHOP | {"key": key})
        assert answer.status_code == 303
    assert len(list_businesses()) == 1


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"name": ""}, "Enter a name."),
        ({"name": "   "}, "needs a name of 1 to 100"),
        ({"name": "x" * 101}, "needs a name of 1 to 100"),
        ({"name": "the KIOSK"}, "There is a business called"),
        ({"currency": ""}, "Enter its code"),
        ({"currency": "dollars"}, "is not a currency"),
        ({"timezone": ""}, "Enter its city"),
        ({"timezone": "Hararee"}, "Did you mean Africa/Harare?"),
    ],
)
def test_what_will_not_do_stands_beside_its_field_and_loses_nothing(admin_client, data, message):
    make_business(name="The Kiosk")
    db.session.commit()
    given = SHOP | data
    page = admin_client.post("/businesses/add", data=given)
    assert page.status_code == 422 and message in page.text
    assert page.text.count('class="error"') == 1
    for value in given.values():
        assert f'value="{value}"' in page.text
    assert len(list_businesses()) == 1


def test_all_that_is_wrong_is_said_at_once(admin_client):
    page = admin_client.post("/businesses/add", data={**SHOP, "currency": "x", "timezone": "y"})
    assert "is not a currency" in page.text and "is not a time zone" in page.text


def test_the_next_business_begins_with_the_money_and_the_clock_of_the_first(admin_client):
    make_business(currency="EUR", timezone="Europe/Berlin", is_demo=True, name="A demo")
    make_business(currency="ZAR", timezone="Africa/Johannesburg")
    db.session.commit()
    page = admin_client.get("/businesses/add").text
    assert 'value="ZAR"' in page and 'value="Africa/Johannesburg"' in page


def test_a_business_is_renamed_and_gets_another_clock(admin_client):
    business = make_business(name="Old")
    db.session.commit()
    data = {"name": " New  name ", "currency": "USD", "timezone": "Europe/Berlin"}
    page = admin_client.post(f"/businesses/{business.id}", data=data, follow_redirects=True)
    assert "New name is saved." in page.text and "counted anew" in page.text
    assert (now(business).name, business.timezone) == ("New name", "Europe/Berlin")
    (entry,) = entries("business.change")
    assert entry.change["timezone"] == {"from": "Africa/Harare", "to": "Europe/Berlin"}
    again = admin_client.post(f"/businesses/{business.id}", data=data, follow_redirects=True)
    assert "is saved." in again.text and "counted anew" not in again.text
    assert len(entries("business.change")) == 1


def test_the_currency_is_changed_until_something_is_sold(admin_client):
    business = make_business()
    db.session.commit()
    data = {"name": business.name, "currency": "ZAR", "timezone": business.timezone}
    assert admin_client.post(f"/businesses/{business.id}", data=data).status_code == 303
    assert now(business).currency == "ZAR"
    make_sale(make_token(business, status="SOLD"))
    db.session.commit()
    page = admin_client.get(f"/businesses/{business.id}").text
    assert "Its sales were made in ZAR" in page
    refused = admin_client.post(f"/businesses/{business.id}", data=data | {"currency": "USD"})
    assert refused.status_code == 422 and 'class="error"' in refused.text
    assert now(business).currency == "ZAR"


def test_a_business_is_taken_out_of_use_and_into_it_again(admin_client):
    business = make_business(name="Kiosk")
    db.session.commit()
    gone = admin_client.post(f"/businesses/{business.id}/deactivate", follow_redirects=True)
    assert "Nothing more is sold for Kiosk" in gone.text and "Not in use" in gone.text
    assert not now(business).is_active
    assert "Kiosk" not in admin_client.get("/sell").text
    back = admin_client.post(f"/businesses/{business.id}/activate", follow_redirects=True)
    assert "Kiosk sells again." in back.text and now(business).is_active
    assert [len(entries(f"business.{verb}")) for verb in ("deactivate", "activate")] == [1, 1]


@pytest.mark.parametrize("path", ["", "/deactivate", "/activate"])
def test_a_business_that_does_not_exist_is_not_found(admin_client, path):
    assert admin_client.post(f"/businesses/{uuid4()}{path}", data=SHOP).status_code == 404


def test_the_list_is_the_same_as_its_files(admin_client):
    kiosk = make_business(name="Kiosk")
    make_membership(business=kiosk)
    make_business(name="=Danger", is_active=False)
    make_business(name="Demo", is_demo=True)
    db.session.commit()
    page = admin_client.get("/businesses").text
    shown = re.findall(r'<th scope="row"><a[^>]*>([^<]+)', page)
    assert shown == ["Kiosk", "Demo", "=Danger"]
    rows = admin_client.get("/businesses.json").json["rows"]
    assert [row["name"] for row in rows] == shown
    assert (rows[0]["members"], rows[0]["isActive"], rows[1]["isDemo"]) == (1, True, True)
    cells = list(csv.DictReader(io.StringIO(admin_client.get("/businesses.csv").text)))
    assert [row["name"] for row in cells] == ["Kiosk", "Demo", "'=Danger"]


def test_the_list_is_narrowed_by_a_part_of_the_name_and_by_use(admin_client):
    make_business(name="Kiosk"), make_business(name="Kiosk 2", is_active=False)
    make_business(name="Bar")
    db.session.commit()
    found = admin_client.get("/businesses.json?q=kio").json["rows"]
    assert [row["name"] for row in found] == ["Kiosk", "Kiosk 2"]
    found = admin_client.get("/businesses.json?state=inactive").json["rows"]
    assert [row["name"] for row in found] == ["Kiosk 2"]
    assert "No business matches" in admin_client.get("/businesses?q=nothing").text
    assert admin_client.get("/businesses.csv?state=odd").status_code == 400
    assert "There is no such state." in admin_client.get("/businesses?state=odd").text


def test_many_businesses_come_in_pages(admin_client):
    for n in range(60):
        make_business(name=f"Shop {n:02}", is_active=n % 2 == 0, is_demo=n % 3 == 0)
    db.session.commit()
    seen, path = [], "/businesses"
    while path:
        page = admin_client.get(path).text
        seen += re.findall(r'<th scope="row"><a href="([^"]+)"', page)
        following = re.search(r'href="([^"]+)" rel="next"', page)
        path = following and following[1].replace("&amp;", "&")
    assert len(seen) == len(set(seen)) == 60
    damaged = admin_client.get("/businesses?after=nonsense").text
    assert "These are the first businesses." in damaged and seen[0] in damaged


PLACES = (
    "/hotspots/add",
    "/hotspots/add-manual",
    "/tokens/plans/add",
    "/api-keys/add",
    "/sell/methods",
    "/sell/methods/add",
    "/sell",
    "/sales",
    "/sales/close",
    "/leaks",
    "/tokens",
    "/devices",
    "/analytics",
    "/analytics/week",
    "/settings",
    "/users/invite",
    "/",
)


@pytest.mark.parametrize("path", PLACES)
def test_whoever_lacks_a_business_is_led_to_where_one_is_added(admin_client, path):
    page = admin_client.get(path).text
    assert re.search(r'<a [^>]*href="/businesses(/add)?"', page), path
    assert "flask businesses" not in page
