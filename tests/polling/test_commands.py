import json

import pytest

from tests.polling.conftest import register
from wifiapp.db import db
from wifiapp.hotspots.models import Hotspot


@pytest.fixture
def run(own_app):
    with own_app.app_context():
        yield lambda *given: own_app.test_cli_runner().invoke(args=["hotspots", "poll", *given])


def test_each_hotspot_is_polled_once_and_what_came_of_it_is_printed(run, portal, ruckus):
    first, second = register(portal, name="Counter")[0], register(ruckus, name="Yard")[0]
    portal.add_token()
    done = run("--once")
    assert done.exit_code == 0
    assert "Counter" in done.stdout
    assert "Yard" in done.stdout
    found = {each["id"]: each for each in json.loads(run("--json").stdout)}
    assert found.keys() == {first, second}
    assert found[first]["ok"]
    assert (found[first]["tokens"], found[first]["foreignTokens"]) == (1, 1)


def test_one_that_cannot_be_asked_is_a_failure_and_the_others_are_polled(run, portal, ruckus):
    silent, _ = register(portal, name="Counter")
    register(ruckus, name="Yard")
    portal.fail("hang up", times=99)
    done = run("--once")
    assert done.exit_code == 1
    assert "What is wrong" in done.stdout
    assert run(silent).exit_code == 1
    assert portal.key not in done.output


def test_where_there_is_none_it_says_so(run):
    done = run("--once")
    assert (done.exit_code, "never called" in done.stdout) == (0, True)


def test_an_unknown_hotspot_is_none(run):
    assert "There is no such hotspot." in run("nowhere").stderr
    assert run("nowhere").exit_code == 1


def test_a_manual_one_is_never_called(run, portal):
    hotspot_id, _ = register(portal, is_manual=True, address="")
    done = run(hotspot_id)
    assert done.exit_code == 1
    assert "never called" in done.stderr
    assert portal.requests == []
    assert db.session.get(Hotspot, hotspot_id).polled_at is None
