"""Every route, opened by everybody."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest

from tests.factories import make_user
from wifiapp.access import ANYBODY, EVERY_ROLE, KEY, allowed
from wifiapp.db import db
from wifiapp.web import NAVIGATION

# What people may open without signing in; a view added here is a decision, not an accident.
ANONYMOUS = {"auth.sign_in", "static", "system.healthz", "api.openapi"}

SENSIBLE = {"filename": "css/app.css", "kind": "csv", "leak": "overtime"}


def routes(app):
    """Yield (endpoint, method, url) of every route, unknown ids in the place of parameters."""
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        values = {name: SENSIBLE.get(name, str(uuid4())) for name in rule.arguments}
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            yield rule.endpoint, method, adapter.build(rule.endpoint, values, method=method)


@pytest.fixture
def everybody(sign_in_as):
    """A client for each role; an administrator more, as the last one cannot be disabled."""
    make_user("ADMIN")
    return {role: sign_in_as(make_user(role)) for role in EVERY_ROLE}


def test_every_route_names_who_may_use_it(app):
    for endpoint, view in app.view_functions.items():
        roles = allowed(view)
        assert roles, f"{endpoint} names nobody: mark it with @allow(...)"
        assert roles <= {ANYBODY, *EVERY_ROLE} or roles == {KEY}, endpoint


def test_an_administrator_may_use_every_route(app):
    for endpoint, view in app.view_functions.items():
        assert allowed(view) & {ANYBODY, KEY, "ADMIN"}, endpoint


def test_only_these_routes_are_open_to_people_who_have_not_signed_in(app):
    assert {e for e, view in app.view_functions.items() if ANYBODY in allowed(view)} == ANONYMOUS


def test_whoever_has_not_signed_in_is_sent_to_do_so(app, client):
    for endpoint, method, url in routes(app):
        answer = client.open(url, method=method)
        if endpoint in ANONYMOUS:
            assert answer.status_code < 500 or endpoint == "system.healthz", url
        elif KEY in allowed(app.view_functions[endpoint]):
            assert answer.status_code == 401, (method, url)
        else:
            assert answer.status_code == 303, (method, url)
            assert answer.location.startswith("/sign-in"), (method, url)


def test_nobody_opens_what_their_role_does_not_include(app, everybody):
    for endpoint, method, url in routes(app):
        roles = allowed(app.view_functions[endpoint])
        for role in set(EVERY_ROLE) - roles - {ANYBODY}:
            if ANYBODY in roles:
                continue
            answer = everybody[role].open(url, method=method)
            if KEY in roles:  # no session opens what programs use
                assert answer.status_code == 401, (role, method, url)
                continue
            sent_home = url == "/" and answer.status_code == 303
            assert answer.status_code == 403 or sent_home, (role, method, url)


def test_what_a_role_includes_is_never_refused_and_never_breaks(app, everybody):
    for endpoint, method, url in routes(app):
        if endpoint == "auth.sign_out":
            continue  # it ends the session that the others need
        for role in allowed(app.view_functions[endpoint]) & set(EVERY_ROLE):
            answer = everybody[role].open(url, method=method)
            assert answer.status_code not in {400, 401, 403, 405, 500}, (role, method, url)
            assert not (answer.location or "").startswith("/sign-in"), (role, method, url)


def test_a_post_without_the_token_of_its_session_is_refused(app, everybody):
    posts = [
        (endpoint, method, url)
        for endpoint, method, url in routes(app)
        if method != "GET" and KEY not in allowed(app.view_functions[endpoint])
    ]
    assert posts
    for endpoint, method, url in posts:
        for client in (everybody["ADMIN"], app.test_client()):
            for token in (None, "", "made up"):
                headers = {"X-CSRFToken": token} if token is not None else {}
                answer = client.open(url, method=method, csrf=False, headers=headers)
                assert answer.status_code == 400, (endpoint, method, url)


def test_the_token_of_another_session_is_refused(app, everybody, client):
    stranger = {"X-CSRFToken": client.csrf_token()}
    everybody["ADMIN"].csrf_token()
    answer = everybody["ADMIN"].post("/users/invite", csrf=False, headers=stranger)
    assert answer.status_code == 400
    assert "Nothing was changed" in answer.text


def test_nothing_is_changed_by_looking_at_it(app):
    """A route that also takes POST may be a form; any other verb of change is POST alone."""
    verbs = re.compile(r"(delete|disable|enable|cancel|pin|remove|load|sign_out|reset)")
    for rule in app.url_map.iter_rules():
        if "GET" in rule.methods and verbs.search(rule.endpoint.partition(".")[2]):
            assert "POST" in rule.methods or rule.endpoint.endswith("download"), rule.endpoint


def test_the_menu_shows_what_the_role_may_open_and_nothing_else(app, everybody):
    for role, client in everybody.items():
        page = client.get("/password").text
        menu = page.partition('aria-label="Pages"')[2].partition("</nav>")[0]
        links = re.findall(r'href="([^"]+)"', menu)
        for url in links:
            assert client.get(url).status_code == 200, (role, url)
        adapter = app.url_map.bind("localhost")
        for _label, endpoint, _icon in NAVIGATION:
            inside = role in allowed(app.view_functions[endpoint])
            assert (adapter.build(endpoint) in links) == inside, (role, endpoint)


def test_each_page_of_the_menu_marks_itself(everybody):
    client = everybody["ADMIN"]
    menu = client.get("/password").text.partition('aria-label="Pages"')[2].partition("</nav>")[0]
    for url in re.findall(r'href="([^"]+)"', menu):
        page = client.get(url).text.partition('aria-label="Pages"')[2].partition("</nav>")[0]
        assert re.findall(r'href="([^"]+)" aria-current="page"', page) == [url]


@pytest.mark.parametrize(
    ("url", "above"),
    [("/businesses/add", "/settings"), ("/api-keys", "/sales"), ("/leaks", "/sales")],
)
def test_a_page_that_the_menu_does_not_name_is_marked_as_the_one_that_leads_to_it(
    admin_client, url, above
):
    page = admin_client.get(url).text
    assert set(re.findall(r'href="([^"]+)" aria-current="page"', page)) == {above}


def test_a_disabled_user_opens_nothing(sign_in_as):
    client = sign_in_as(make_user("ADMIN", is_active=False))
    assert client.get("/users").status_code == 303


def test_a_user_who_is_gone_opens_nothing(sign_in_as):
    user = make_user("ADMIN")
    client = sign_in_as(user)
    db.session.delete(user)
    db.session.commit()
    assert client.get("/users").status_code == 303


@pytest.mark.parametrize("session_id", ["", ".", "nobody.1", "1", "a.b.c", "x" * 5000])
def test_a_session_that_names_nobody_opens_nothing(client, session_id):
    with client.session_transaction() as session:
        session["_user_id"] = session_id
    assert client.get("/users").status_code == 303


def test_an_old_cookie_does_not_outlive_its_14_days(app):
    assert app.permanent_session_lifetime == timedelta(days=14)
