import json

import pytest
from sqlalchemy import select

from wifiapp import clock
from wifiapp.audit.models import AuditLog
from wifiapp.db import db
from wifiapp.demo.commands import demo as commands


@pytest.fixture
def flask(app):
    """Return a function that runs `flask demo …` and gives what it printed."""

    def run(*args):
        result = app.test_cli_runner().invoke(commands, args)
        assert result.exit_code == 0, result.output
        return result.output

    return run


def test_it_says_what_it_loaded_and_that_it_was_there(flask):
    assert "Mtaa Cyber" in flask("load")
    assert flask("load").startswith("The demo is there already: Baobab Coffee,")
    assert flask("remove").startswith("Removed ")
    assert flask("remove") == "There is no demo data.\n"


def test_scripts_read_json(flask):
    loaded = json.loads(flask("load", "--json"))
    assert loaded["changed"] is True
    assert loaded["rows"]["businesses"] == len(loaded["businesses"]) == 4
    assert json.loads(flask("load", "--json")) == loaded | {"changed": False, "rows": {}}
    removed = json.loads(flask("remove", "--json"))
    assert loaded["rows"].items() <= removed["rows"].items()


def test_the_audit_log_says_that_it_was_the_command_line(flask):
    flask("load")
    entry = db.session.scalars(select(AuditLog)).one()
    assert (entry.action, entry.user_email) == ("demo.load", "command line")
    assert entry.at <= clock.now()
    assert len(entry.change["businesses"]) == 4
