import re

import pytest

from tests.factories import make_business, make_membership, make_user
from wifiapp.auth import passwords, queries
from wifiapp.businesses.queries import list_business_ids_of
from wifiapp.db import db


def now(user):
    """Return the user as the database has it: a request works in a session of its own."""
    db.session.refresh(user)
    return user


def made(role="SELLER", **given):
    user = make_user(role, **given)
    db.session.commit()
    return user


def test_the_list_names_everybody_with_role_businesses_and_state(admin_client):
    user = made(name="Thandi", is_active=False)
    make_membership(user, make_business(name="Corner Shop"))
    made("MANAGER")
    db.session.commit()
    page = admin_client.get("/users").text
    assert "Thandi" in page and user.email in page and "Corner Shop" in page
    assert "Disabled" in page and "None yet: sees nothing" in page and "Never" in page


def test_an_invitation_shows_the_one_time_password_once(admin_client):
    shop = make_business()
    db.session.commit()
    data = {"email": "ann@example.org", "name": "", "role": "SELLER", "businesses": [shop.id]}
    page = admin_client.post("/users/invite", data=data)
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    user = queries.get_user_by_email("ann@example.org")
    shown = [
        text
        for text in re.findall(r"<code>(.*?)</code>", page.text)
        if passwords.verify(user.password_hash, text)
    ]
    assert len(shown) == 1
    assert shown[0] not in admin_client.get("/users").text
    assert list_business_ids_of(user.id) == {shop.id}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"email": "TAKEN@example.org"}, "There is a user with the email"),
        ({"email": "not an email"}, "This is not an email address"),
        ({"email": ""}, "Enter an email address."),
        ({"role": "OWNER"}, "Choose one of the roles."),
        ({"name": "x" * 101}, "Take at most 100 characters."),
        ({"businesses": "nowhere"}, "does not exist any more"),
        ({"businesses": []}, "without it they would see nothing"),
    ],
)
def test_what_is_wrong_with_an_invitation_stands_beside_its_field(admin_client, data, message):
    made(email="taken@example.org")
    shop = make_business()
    db.session.commit()
    given = {"email": "ann@example.org", "name": "Ann who stays", "role": "SELLER"}
    given |= {"businesses": shop.id} | data
    page = admin_client.post("/users/invite", data=given)
    assert page.status_code == 422
    assert message in page.text
    assert given["name"] in page.text
    assert queries.find_user_by_email("ann@example.org") is None


def test_the_only_business_is_ticked_already(admin_client):
    shop = make_business()
    db.session.commit()
    page = admin_client.get("/users/invite").text
    assert re.search(rf'<input checked [^>]*value="{shop.id}"', page)
    make_business()
    db.session.commit()
    assert f'checked id="businesses-0" name="businesses" type="checkbox" value="{shop.id}"' not in (
        admin_client.get("/users/invite").text
    )


def test_role_name_and_businesses_are_changed(admin_client):
    user, shop = made(), make_business()
    db.session.commit()
    data = {"name": "Ann", "role": "MANAGER", "businesses": [shop.id]}
    answer = admin_client.post(f"/users/{user.id}", data=data)
    assert answer.location == "/users"
    assert (now(user).name, user.role) == ("Ann", "MANAGER")
    assert list_business_ids_of(user.id) == {shop.id}
    page = admin_client.get(f"/users/{user.id}").text
    assert "checked" in page and 'value="Ann"' in page


def test_the_last_administrator_cannot_step_down(app, sign_in_as):
    admin = make_user("ADMIN")
    client = sign_in_as(admin)
    page = client.post(f"/users/{admin.id}", data={"name": "", "role": "SELLER"})
    assert page.status_code == 422
    assert "last active administrator" in page.text
    assert client.get("/users").status_code == 200


def test_one_cannot_disable_oneself(sign_in_as):
    admin = make_user("ADMIN")
    client = sign_in_as(admin)
    assert f"/users/{admin.id}/disable" not in client.get("/users").text
    page = client.post(f"/users/{admin.id}/disable", follow_redirects=True)
    assert "You cannot disable yourself" in page.text
    assert now(admin).is_active


def test_disabling_and_enabling(admin_client):
    user = made()
    page = admin_client.post(f"/users/{user.id}/disable", follow_redirects=True)
    assert "signed out everywhere" in page.text and not now(user).is_active
    page = admin_client.post(f"/users/{user.id}/enable", follow_redirects=True)
    assert "can sign in again" in page.text and now(user).is_active


def test_a_new_password_is_shown_once(admin_client):
    user = made()
    page = admin_client.post(f"/users/{user.id}/password")
    shown = re.findall(r"<code>(.*?)</code>", page.text)
    assert any(passwords.verify(now(user).password_hash, each) for each in shown)
    assert user.must_change_password


@pytest.mark.parametrize("path", ["", "/disable", "/enable", "/password"])
def test_nobody_by_that_id_is_404(admin_client, path):
    assert admin_client.post(f"/users/nobody{path}", data={"role": "SELLER"}).status_code == 404


def test_a_name_is_text_and_never_markup(admin_client):
    made(name="<script>alert(1)</script>")
    assert "<script>alert" not in admin_client.get("/users").text
