"""The `flask doctor` command."""

import sys

import click
from flask.cli import with_appcontext
from rich.console import Console
from rich.markup import escape

from wifiapp.cli import Command, echo_json
from wifiapp.doctor import examination
from wifiapp.doctor.checkup import Report
from wifiapp.doctor.comparison import Difference

COLORS = {"missing": "red", "different": "yellow", "extra": "cyan"}


@click.command(cls=Command)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, described below.")
@with_appcontext
def doctor(as_json: bool) -> None:
    """Compare models, migrations and the database; name every difference.

    Each difference comes with the SQL statement or the command that takes it away, and they are
    listed in an order in which they can be run. The database is only looked at, never changed.
    Exit code 0: nothing differs. 1: something does, or the database does not answer.

    \b
    With --json:
      status        clean, sick (the app may fail, backups are refused) or
                    extras (only things that harm nobody)
      revision      the migration the database is at, or null
      heads         the newest migration of this wifiapp (a list: normally one)
      pending       migrations still to run: {revision, title}
      differences   in mending order: {kind, table, name, problem, expected,
                    found, mend, note, blocks}; problem is missing, extra or
                    different, blocks says whether backups are refused for it
      notes         worth knowing, no differences
      postgresql    version of the server
    """  # noqa: D301 - click reads the backspace as "keep these lines"
    report = examination.examine_now()
    if as_json:
        echo_json(report.as_dict())
    else:
        _print(report)
    sys.exit(0 if report.is_clean else 1)


def _print(report: Report) -> None:
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"revision {report.revision or 'none'}, PostgreSQL {report.server_version}")
    groups: dict[str, list[Difference]] = {}
    for difference in report.differences:
        groups.setdefault(difference.table or "database", []).append(difference)
    for name, group in groups.items():
        console.print(f"\n[bold]{escape(name)}[/bold]")
        for difference in group:
            _print_one(console, difference)
    for note in report.notes:
        console.print(f"\nNote: {escape(note)}")
    _print_verdict(console, report)


def _print_one(console: Console, difference: Difference) -> None:
    color = COLORS[difference.problem]
    what = escape(f"{difference.kind} {difference.name}".rstrip())
    console.print(f"  [{color}]{difference.problem}[/{color}] {what}")
    if difference.problem == "different" or difference.kind != "table":
        for label, text in (("expected", difference.expected), ("found", difference.found)):
            if text is not None:
                console.print(f"      {label:<9}{escape(text)}")
    console.print(f"      {'mend':<9}[bold]{escape(difference.mend)}[/bold]")
    if difference.note:
        console.print(f"      {'note':<9}{escape(difference.note)}")


def _print_verdict(console: Console, report: Report) -> None:
    count = len(report.differences)
    if report.is_clean:
        console.print("[green]Nothing differs.[/green] Models, migrations and database agree.")
        return
    words = "1 difference" if count == 1 else f"{count} differences"
    console.print(f"\n[bold]{words}.[/bold] Nothing was changed. What mends it, in this order:")
    for mend in report.mends:
        is_sql = mend.split(" ", 1)[0].isupper()
        console.print(f"  {escape(mend)}" + (";" if is_sql else ""))
