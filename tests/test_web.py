"""What all pages share: headers, cookies, the guard at the door."""

import re

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from tests.conftest import drop_database, sign_in
from tests.factories import PASSWORD, make_user
from wifiapp import web
from wifiapp.audit.models import AuditLog
from wifiapp.db import db
from wifiapp.web import Banner

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}


@pytest.fixture
def behind_proxy(own_database, app_on):
    return app_on(own_database, behind_proxy=True)


@pytest.mark.parametrize(
    "url", ["/sign-in", "/users", "/nowhere", "/static/css/app.css", "/healthz"]
)
def test_every_answer_carries_the_strict_policy(client, url):
    headers = client.get(url).headers
    given = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert given == POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_pages_are_not_kept_by_caches_between_us_and_the_person(admin_client):
    headers = admin_client.get("/users").headers
    assert headers["Cache-Control"] == "private, no-cache"
    assert "Cookie" in headers["Vary"]


def test_a_secure_connection_is_only_promised_where_there_is_one(client):
    assert "Strict-Transport-Security" not in client.get("/sign-in").headers
    secure = client.get("/sign-in", base_url="https://localhost")
    assert secure.headers["Strict-Transport-Security"].startswith("max-age=")


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(client):
    cookie = client.get("/sign-in").headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/" in cookie
    assert "Secure" not in cookie and "Domain" not in cookie


def test_behind_tls_the_cookies_are_secure(behind_proxy):
    with behind_proxy.app_context():
        email = make_user().email
        db.session.commit()
    client = behind_proxy.test_client()
    secure = {"base_url": "https://shop.example", "headers": {"Referer": "https://shop.example/"}}
    token = {"csrf_token": re.search(r'value="([^"]+)"', client.get("/sign-in", **secure).text)[1]}
    data = {"email": email, "password": PASSWORD} | token
    answer = client.post("/sign-in", data=data, csrf=False, **secure)
    assert answer.status_code == 303
    cookies = answer.headers.getlist("Set-Cookie")
    assert len(cookies) == 2
    assert all("; Secure; HttpOnly" in each and "SameSite=Lax" in each for each in cookies)


def test_the_cookie_tells_neither_password_nor_email(client):
    user = make_user()
    db.session.commit()
    client.post("/sign-in", data={"email": user.email, "password": PASSWORD})
    with client.session_transaction() as session:
        assert set(session) <= {"_user_id", "_fresh", "_id", "_permanent", "csrf_token"}


def test_a_cookie_signed_with_another_key_is_worth_nothing(app, app_on):
    user = make_user()
    db.session.commit()
    forger = sign_in(app_on("postgresql+psycopg://", secret_key="another").test_client(), user)
    client = app.test_client()
    client.set_cookie("wifiapp_session", forger.get_cookie("wifiapp_session").value)
    assert client.get("/users").status_code == 303


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "localhost.evil.example"])
def test_a_host_that_somebody_made_up_leads_nowhere(client, host):
    asked = client.get("/users", headers={"Host": host})
    assert asked.location == "/sign-in?next=/users"
    page = client.get("/sign-in", headers={"Host": host, "X-Forwarded-Host": host})
    assert "evil" not in page.text
    user = make_user()
    db.session.commit()
    data = {"email": user.email, "password": PASSWORD}
    landed = client.post("/sign-in", data=data, headers={"X-Forwarded-Host": host})
    assert landed.location.startswith("/") and "evil" not in landed.location


@pytest.mark.parametrize("host", ["", "a b", "evil.example/path", "user@evil.example", "[::1"])
def test_a_host_that_is_none_does_not_break_a_page(app, host):
    response = app.test_client().open(environ_overrides={"HTTP_HOST": host}, path="/sign-in")
    assert response.status_code in {200, 400}


@pytest.mark.parametrize(("trusted", "kept"), [(False, "127.0.0.1"), (True, "203.0.113.7")])
def test_forwarded_addresses_count_only_behind_a_proxy(own_database, app_on, trusted, kept):
    app = app_on(own_database, behind_proxy=trusted)
    data = {"email": "nobody@example.org", "password": "wrong"}
    app.test_client().post("/sign-in", data=data, headers={"X-Forwarded-For": "203.0.113.7"})
    with app.app_context():
        assert db.session.scalar(db.select(AuditLog.ip)) == kept


@pytest.mark.parametrize(
    ("address", "kept"),
    [("fe80::1ff:fe23:4567:890a%wlx001122334455", "fe80::1ff:fe23:4567:890a"), ("unix:", None)],
)
def test_an_odd_address_is_kept_as_far_as_it_is_one(app, address, kept):
    with app.test_request_context(environ_base={"REMOTE_ADDR": address}):
        assert web.current_actor().ip == kept


@pytest.mark.parametrize("url", ["/users/%00", "/users/a%00b/disable"])
def test_a_nul_in_the_address_is_refused_before_the_database_meets_it(admin_client, url):
    method = "POST" if url.endswith("disable") else "GET"
    assert admin_client.open(url, method=method).status_code == 400


def test_a_nul_in_a_form_is_refused_before_the_database_meets_it(admin_client, client):
    invitation = {"email": "a\0@example.org", "role": "SELLER"}
    assert admin_client.post("/users/invite", data=invitation).status_code == 400
    assert client.post("/sign-in", data={"email": "a\0", "password": "b"}).status_code == 400


def test_a_body_that_is_too_large_is_refused(client):
    data = {"email": "x" * (2 << 20), "password": "b"}
    assert client.post("/sign-in", data=data).status_code == 413


def test_when_the_database_is_lost_every_page_says_what_is_safe(own_app, own_database):
    with own_app.app_context():
        user = make_user()
        db.session.commit()
        client = sign_in(own_app.test_client(), user)
    assert client.get("/users").status_code == 200
    drop_database(make_url(own_database).database)
    for url in ("/users", "/password", "/sign-in"):
        page = client.get(url)
        assert page.status_code == 503, url
        assert "What was saved before is safe" in page.text
    assert client.get("/static/css/app.css").status_code == 200


def test_a_banner_stands_above_the_pages_while_there_is_one(app, admin_client, monkeypatch):
    saying = [Banner("warning", "The disk is nearly full.", "/system", "Read on")]
    makers = [lambda: saying[0] if saying else None]
    monkeypatch.setitem(app.extensions, "wifiapp.banners", makers)
    page = admin_client.get("/users").text
    assert "The disk is nearly full." in page and 'href="/system"' in page
    saying.clear()
    assert "The disk is nearly full." not in admin_client.get("/users").text


def test_a_method_that_a_page_does_not_take_is_405(client):
    answer = client.delete("/sign-in")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_a_machine_that_asks_for_json_is_told_in_json(client):
    answer = client.get("/nowhere", headers={"Accept": "application/json"})
    assert answer.status_code == 404 and answer.json["status"] == 404


def test_in_the_broken_state_people_still_sign_in(own_app):
    with own_app.app_context():
        email = make_user().email
        db.session.execute(text("DROP TABLE wifi_usage_analytics"))
        db.session.commit()
    client = own_app.test_client()
    answer = client.post("/sign-in", data={"email": email, "password": PASSWORD})
    assert answer.status_code == 303
    assert client.get("/users").status_code == 200
