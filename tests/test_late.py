"""Forms that were sent when nobody was signed in any more."""

import pytest

from tests.factories import make_user
from wifiapp.auth.queries import find_user_by_email

FORM = "http://localhost/users/invite?from=here"
BACK = "/users/invite?from=here#typed"
INVITED = {"email": "ann@example.org", "role": "ADMIN"}


def send(client, referrer=FORM, **headers):
    """Send the form of a page whose session is over."""
    headers = {"X-CSRFToken": "of another session", **headers}
    if referrer:
        headers["Referer"] = referrer
    return client.post("/users/invite", data=INVITED, csrf=False, headers=headers)


def test_whoever_was_signed_out_comes_back_to_the_form_after_signing_in(client):
    answer = send(client)
    assert answer.status_code == 303
    page = client.get(answer.location)
    assert "this time nothing was done" in page.text
    make_user(email="boss@example.org")
    signed = {"email": "boss@example.org", "password": "correct horse"}
    assert client.post(answer.location, data=signed).location == BACK
    assert find_user_by_email("ann@example.org") is None


def test_the_token_of_a_stranger_does_not_send_the_form_either(client):
    """A session that begins anew on the sign-in page has a token, and still nobody in it."""
    answer = client.post("/users/invite", data=INVITED, headers={"Referer": FORM})
    assert answer.status_code == 303 and "typed" in answer.location


def test_whoever_signed_in_anew_meanwhile_sees_the_form_again(admin_client):
    answer = send(admin_client)
    assert (answer.status_code, answer.location) == (303, BACK)
    assert "this time nothing was done" in admin_client.get(answer.location).text
    assert find_user_by_email("ann@example.org") is None


def test_a_sign_in_that_was_open_for_too_long_is_asked_for_once_more(client):
    page = "/sign-in?next=/users"
    make_user(email="boss@example.org")
    signed = {"email": "boss@example.org", "password": "correct horse"}
    headers = {"Referer": f"http://localhost{page}", "X-CSRFToken": "of yesterday"}
    client.get(page)
    answer = client.post(page, data=signed, csrf=False, headers=headers)
    assert (answer.status_code, answer.location) == (303, page)
    assert "Please sign in once more." in client.get(page).text
    assert client.post(page, data=signed).location == "/users"


def test_a_browser_that_keeps_no_cookies_is_told_so_and_not_asked_for_ever(app):
    browser, page = app.test_client(use_cookies=False), "/sign-in?next=/users"
    signed, sent_by = {"email": "boss@example.org", "password": "x"}, f"http://localhost{page}"
    answer = browser.post(page, data=signed, csrf=False, headers={"Referer": sent_by})
    assert answer.status_code == 400 and "keeps no cookies" in answer.text


def test_a_script_is_led_there_by_its_header(client, admin_client):
    answer = send(admin_client, **{"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, BACK)
    assert answer.headers["HX-Refresh"] == "true"
    answer = send(client, **{"HX-Request": "true"})
    assert answer.headers["HX-Redirect"].startswith("/sign-in?next=")
    assert "HX-Refresh" not in answer.headers


@pytest.mark.parametrize(
    "referrer",
    [None, "https://evil.example/users/invite", "http://localhost//evil.example/", "nonsense"],
)
def test_what_no_page_of_ours_sent_is_refused(client, admin_client, referrer):
    for each in (client, admin_client):
        answer = send(each, referrer)
        assert answer.status_code == 400 and "Nothing was changed" in answer.text
    assert find_user_by_email("ann@example.org") is None
