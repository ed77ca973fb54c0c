from datetime import timedelta

import pytest
import time_machine

from tests.factories import PASSWORD, make_user
from wifiapp import clock
from wifiapp.access import COMMAND_LINE
from wifiapp.audit.models import AuditLog
from wifiapp.auth import sessions, users_operations
from wifiapp.db import db

NEW = "nine small boats"


def sign_in(client, email, password=PASSWORD, **given):
    where = given.pop("to", "/sign-in")
    return client.post(where, data={"email": email, "password": password}, **given)


def made(role="ADMIN", **given):
    user = make_user(role, **given)
    db.session.commit()
    return user


def cookie(client):
    return client.get_cookie("wifiapp_session").value


def test_the_form_is_one_that_password_managers_know(client):
    page = client.get("/sign-in")
    assert page.status_code == 200
    assert 'autocomplete="username"' in page.text
    assert 'autocomplete="current-password"' in page.text
    assert page.text.count("autofocus") == 1
    assert '<label for="email">' in page.text and '<label for="password">' in page.text


def test_signing_in_leads_to_the_first_page(client):
    answer = sign_in(client, made().email)
    assert answer.status_code == 303
    assert client.get(answer.location).status_code in {200, 303}
    assert client.get("/users").status_code == 200


def test_the_session_is_another_one_after_signing_in(client):
    client.get("/sign-in")
    with client.session_transaction() as session:
        session["left over"] = "from a stranger"
        before = session["csrf_token"]
    sign_in(client, made().email)
    with client.session_transaction() as session:
        assert "left over" not in session
        assert session.get("csrf_token") != before
        assert session.permanent


def test_a_refused_sign_in_keeps_the_email_and_not_the_password(client):
    page = sign_in(client, "ann@example.org", "hunter2 hunter2")
    assert page.status_code == 422
    assert 'value="ann@example.org"' in page.text
    assert "hunter2" not in page.text


def test_empty_fields_get_their_message(client):
    page = sign_in(client, "", "")
    assert page.status_code == 422
    assert "Enter your email address." in page.text and "Enter your password." in page.text


def test_an_unknown_account_a_wrong_password_and_a_disabled_one_get_the_same_page(client):
    known, disabled = made(email="a@example.org"), made(email="b@example.org", is_active=False)
    pages = {
        sign_in(client, email, password).text.replace(email, "")
        for email, password in (
            (known.email, "wrong"),
            (disabled.email, PASSWORD),
            ("c@example.org", "wrong"),
        )
    }
    without_token = {page[: page.index("csrf_token")] for page in pages}
    assert len(without_token) == 1


def test_too_many_tries_say_how_long_to_wait(client):
    user = made()
    for _each in range(5):
        sign_in(client, user.email, "wrong")
    page = sign_in(client, user.email)
    assert page.status_code == 429
    assert 0 < int(page.headers["Retry-After"]) <= 900
    assert "nothing was checked" in page.text


def test_the_shops_own_browser_gets_in_while_strangers_keep_trying(app, client):
    user = made()
    sign_in(client, user.email)
    client.post("/sign-out")
    for each in range(6):
        stranger = {"environ_base": {"REMOTE_ADDR": f"198.51.100.{each}"}}
        refused = sign_in(app.test_client(), user.email, "wrong", **stranger)
    assert refused.status_code == 429
    assert sign_in(client, user.email).status_code == 303


def test_a_shared_till_is_known_to_everybody_who_works_there(app, client):
    people = [made("SELLER"), made("SELLER")]
    for person in people:
        sign_in(client, person.email)
        client.post("/sign-out")
    mark = client.get_cookie(sessions.KNOWN_BROWSER, path="/sign-in").value
    with app.test_request_context(headers={"Cookie": f"{sessions.KNOWN_BROWSER}={mark}"}):
        assert all(sessions.known_browser(person.email) for person in people)
        assert sessions.known_browser("somebody@example.org") is None


def test_a_forged_mark_is_no_known_browser(app):
    for forged in ("", "garbage", "WyJtYXJrIl0.AAAA"):
        with app.test_request_context(headers={"Cookie": f"{sessions.KNOWN_BROWSER}={forged}"}):
            assert sessions.known_browser("a@example.org") is None


def test_one_who_is_signed_in_is_sent_on(admin_client):
    assert admin_client.get("/sign-in").status_code == 303
    assert admin_client.get("/sign-in?next=/users").location == "/users"


def test_after_signing_in_one_is_where_one_wanted_to_be(client):
    asked = client.get("/audit?q=ann&from=2026-01-01")
    assert asked.status_code == 303
    answer = sign_in(client, made().email, to=asked.location)
    assert answer.location == "/audit?q=ann&from=2026-01-01"


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "\\/evil.example",
        "http://evil.example/users",
        "https:evil.example",
        "http:/\\evil.example",
        "javascript:alert(1)",
        "users",
        "",
        " /users",
        "/\t/evil.example",
        "\t//evil.example",
        "/\n/evil.example",
        "/users\r\nX-Evil: 1",
        "/%2f%2fevil.example",
        "/%5cevil.example",
        "%2f%2fevil.example",
        "/.//evil.example",
        "/users/..//evil.example",
        "/\u2028/evil.example",
        "/@evil.example",
        "/nowhere",
        "/sign-out",
        "/static/css/app.css",
        "/users" + "x" * 3000,
    ],
)
def test_nobody_is_sent_to_a_place_that_is_not_a_page_of_ours(client, target):
    user = made()
    answer = client.post(
        "/sign-in", query_string={"next": target}, data={"email": user.email, "password": PASSWORD}
    )
    plain = sign_in(client, user.email)
    assert answer.status_code == 303
    assert answer.location == plain.location


def test_nobody_is_sent_to_a_page_that_their_role_may_not_open(client):
    answer = sign_in(client, made("SELLER").email, to="/sign-in?next=/users")
    assert answer.location != "/users"
    assert client.get(answer.location).status_code in {200, 303}


@pytest.mark.parametrize("role", ["ADMIN", "MANAGER", "SELLER"])
def test_everybody_lands_on_a_page_that_they_may_see(client, role):
    answer = sign_in(client, made(role).email)
    landed = client.get(answer.location, follow_redirects=True)
    assert landed.status_code == 200


def test_signing_out_is_a_post_and_ends_the_session(client):
    sign_in(client, made().email)
    assert client.get("/sign-out").status_code == 405
    assert client.post("/sign-out").location == "/sign-in"
    assert client.get("/users").status_code == 303
    actions = db.session.scalars(db.select(AuditLog.action).order_by(AuditLog.at)).all()
    assert actions == ["user.sign_in", "user.sign_out"]


def test_a_session_lasts_14_days_from_its_last_use(client):
    sign_in(client, made().email)
    with time_machine.travel(clock.now() + timedelta(days=13), tick=False):
        assert client.get("/users").status_code == 200
    with time_machine.travel(clock.now() + timedelta(days=26), tick=False):
        assert client.get("/users").status_code == 200
    with time_machine.travel(clock.now() + timedelta(days=41), tick=False):
        assert client.get("/users").status_code == 303


def test_a_copied_session_ends_with_the_password(app, client):
    user = made()
    sign_in(client, user.email)
    thief = app.test_client()
    thief.set_cookie("wifiapp_session", cookie(client))
    assert thief.get("/users").status_code == 200
    changed = client.post("/password", data={"old": PASSWORD, "new": NEW, "again": NEW})
    assert changed.status_code == 303
    assert thief.get("/users").status_code == 303
    assert client.get("/users").status_code == 200


@pytest.mark.parametrize("verb", ["disable_user", "reset_password"])
def test_a_session_ends_when_an_administrator_says_so(client, verb):
    made()
    user = made()
    sign_in(client, user.email)
    getattr(users_operations, verb)(COMMAND_LINE, user.id)
    assert client.get("/users").status_code == 303


def test_somebody_with_a_one_time_password_gets_no_further_than_setting_their_own(client):
    answer = sign_in(client, made(must_change_password=True).email)
    for url in (answer.location, "/users", "/audit.csv"):
        assert client.get(url).location == "/password"
    assert client.post("/users/invite").location == "/password"
    page = client.get("/password")
    assert "Set your password" in page.text and "One-time password" in page.text
    done = client.post("/password", data={"old": PASSWORD, "new": NEW, "again": NEW})
    assert done.status_code == 303 and done.location != "/password"
    assert client.get("/users").status_code == 200


@pytest.mark.parametrize(
    ("old", "new", "again", "message"),
    [
        ("wrong", NEW, NEW, "This is not your present password."),
        (PASSWORD, "short", "short", "at least 10 characters"),
        (PASSWORD, PASSWORD, PASSWORD, "This is your present password."),
        (PASSWORD, NEW, NEW + "!", "not the same"),
        ("", "", "", "Enter a new password."),
    ],
)
def test_what_is_wrong_with_a_new_password_stands_beside_its_field(
    admin_client, old, new, again, message
):
    page = admin_client.post("/password", data={"old": old, "new": new, "again": again})
    assert page.status_code == 422
    assert message in page.text
    assert admin_client.get("/users").status_code == 200


def test_a_password_longer_than_any_is_simply_wrong(client):
    assert sign_in(client, made().email, "x" * 100_000).status_code == 422


@pytest.mark.parametrize("email", ["a" * 5000 + "@example.org", "é@example.org", "' OR 1=1 --"])
def test_an_email_that_cannot_be_one_is_simply_wrong(client, email):
    assert sign_in(client, email).status_code == 422
