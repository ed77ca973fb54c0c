"""`flask tokens disable` of a token on a device: done, to be done, or refused."""

import json

import pytest

from tests.factories import make_token
from wifiapp.db import db
from wifiapp.tokens.outbox_models import HotspotCommand


@pytest.fixture
def token(box, counter, plan):
    token = make_token(plan=plan, hotspot=counter, token=box.add_token(plan.business_id, 60))
    db.session.commit()
    return token


@pytest.fixture
def disable(app, token):
    return lambda *options: app.test_cli_runner().invoke(
        args=["tokens", "disable", token.token, *options]
    )


def test_it_is_done_on_the_device_first(box, token, disable):
    done = disable()
    assert (done.exit_code, done.stdout) == (0, f"{token.token} is disabled.\n")
    assert token.token not in box.tokens


def test_a_silent_device_is_told_later_and_that_is_no_failure(box, token, disable):
    box.fail("hang up", times=99)
    done = disable("--json")
    assert done.exit_code == 0
    row = json.loads(done.stdout)
    assert (row["status"], row["isPending"]) == ("UNUSED", True)
    assert db.session.query(HotspotCommand).one().status == "PENDING"


def test_a_silent_device_is_said_to_be_told_later(box, disable):
    box.fail("hang up", times=99)
    done = disable()
    assert done.exit_code == 0
    assert "its hotspot did not answer" in done.stdout and "not sold any more" in done.stdout


def test_a_device_that_refuses_is_a_failure_in_its_words(box, token, disable):
    box.quirks.disable_knows = ()
    done = disable()
    assert done.exit_code == 1 and done.stdout == ""
    assert f"{token.token} stays as it is" in done.stderr and "refused" in done.stderr
