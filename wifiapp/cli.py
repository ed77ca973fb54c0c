"""What all `flask …` commands share: an error is one line, a result is fit for a script."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click
import psycopg
from flask.cli import AppGroup
from psycopg.errors import UndefinedColumn, UndefinedTable
from rich.console import Console
from rich.table import Table
from sqlalchemy import inspect
from sqlalchemy.exc import InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from wifiapp.config import ConfigError
from wifiapp.db import Model
from wifiapp.embedded import EmbeddedError
from wifiapp.errors import WifiError
from wifiapp.exports import plain
from wifiapp.formats import NOTHING

DATABASE_GONE = (
    OperationalError,
    InterfaceError,
    PoolTimeoutError,
    psycopg.OperationalError,
    psycopg.InterfaceError,
)
BROKEN_SCHEMA = (UndefinedTable, UndefinedColumn)


class Command(click.Command):
    """A command that tells a known error in one line on standard error and exits with 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Exception as error:
            line = explained(error)
            if line is None:
                raise
            raise click.ClickException(line) from error


class Group(AppGroup):
    """Commands with the app's context, each of them a `Command`."""

    command_class = Command


def explained(error: Exception) -> str | None:
    """Return the line that explains a known error, None for one that is a fault of ours."""
    if isinstance(error, (WifiError, EmbeddedError, ConfigError)):
        return str(error)
    if isinstance(error, DATABASE_GONE):
        return f"The database does not answer: {_cause(error)}. Check DATABASE_URL and the server."
    broken = error.orig if isinstance(error, ProgrammingError) else error
    if isinstance(broken, BROKEN_SCHEMA):
        return (
            f"The database lacks something: {_cause(broken)}. Your data was not changed. "
            "`flask doctor` names every difference, `flask db upgrade` mends most."
        )
    return None


def echo_json(value: Any) -> None:
    """Print the value as JSON: times in ISO 8601 and UTC, amounts as text."""
    click.echo(json.dumps(value, indent=2, default=plain, ensure_ascii=False))


def echo_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print rows under headings, as wide as they need when nobody's terminal is in the way."""
    table = Table(*columns, box=None, header_style="bold", pad_edge=False)
    for row in rows:
        table.add_row(*(NOTHING if cell is None else str(cell) for cell in row))
    console = Console(markup=False, highlight=False)
    if not console.is_terminal:
        console.width = 1000
    console.print(table)


def as_row(row: Model) -> Mapping[str, Any]:
    """Return the row as its table names the columns (camelCase)."""
    columns = inspect(type(row)).column_attrs
    return {attr.columns[0].name: getattr(row, attr.key) for attr in columns}


def read_secret(what: str) -> str:
    """Read one line from standard input: a password or another secret that `ps` may not show."""
    secret = sys.stdin.readline().rstrip("\r\n")
    if not secret:
        raise click.ClickException(f"No {what} came on standard input. Nothing was changed.")
    return secret


def _cause(error: BaseException | None) -> str:
    """Return the first line of the database's own message."""
    cause = getattr(error, "orig", None) or error
    return str(cause).strip().split("\n", 1)[0].rstrip(".") or type(cause).__name__
