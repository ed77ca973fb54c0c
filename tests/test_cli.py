"""What all commands share: known errors in one line, faults of ours in full."""

import click
import psycopg
import pytest
from psycopg.errors import UndefinedTable
from sqlalchemy.exc import OperationalError, ProgrammingError

from wifiapp import cli
from wifiapp.config import ConfigError
from wifiapp.embedded import EmbeddedError
from wifiapp.errors import WifiError

GONE = psycopg.OperationalError("connection refused\nIs the server running?")
LACKS = UndefinedTable('relation "wifi_token_devices" does not exist\nLINE 1: SELECT')


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (WifiError("The token is sold."), "The token is sold."),
        (EmbeddedError("The disk is full."), "The disk is full."),
        (ConfigError("PORT must be a number."), "PORT must be a number."),
        (GONE, "The database does not answer: connection refused."),
        (OperationalError("SELECT", {}, GONE), "The database does not answer: connection refused."),
        (LACKS, 'The database lacks something: relation "wifi_token_devices" does not exist.'),
        (ProgrammingError("SELECT", {}, LACKS), 'relation "wifi_token_devices" does not exist.'),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_known_error_is_one_line_and_exit_1(app, error, line):
    group = cli.Group("group")

    @group.command()
    def fail():
        raise error

    done = app.test_cli_runner().invoke(group, ["fail"])
    assert done.exit_code == 1 and done.stdout == ""
    assert line in done.stderr and len(done.stderr.splitlines()) == 1


def test_a_fault_of_ours_is_not_hidden(app):
    group = cli.Group("group")

    @group.command()
    def fail():
        raise ZeroDivisionError

    done = app.test_cli_runner().invoke(group, ["fail"])
    assert isinstance(done.exception, ZeroDivisionError)


def test_every_command_of_ours_tells_its_errors_in_one_line(app):
    def commands(group):
        for command in group.commands.values():
            if isinstance(command, click.Group):
                yield from commands(command)
            else:
                yield command

    ours = [each for each in commands(app.cli) if each.callback.__module__.startswith("wifiapp.")]
    assert ours
    for command in ours:
        assert isinstance(command, cli.Command), command.name
        assert command.help, command.name
