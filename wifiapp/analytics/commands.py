"""The `flask analytics` commands."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import click
from rich.console import Console
from rich.progress import Progress

from wifiapp import clock
from wifiapp.access import COMMAND_LINE
from wifiapp.analytics import (
    check_queries,
    retention_operations,
    retention_queries,
    rollup_operations,
)
from wifiapp.analytics.check_lines import exported
from wifiapp.analytics.check_queries import Tell, Verdict
from wifiapp.analytics.check_rows import select_rows
from wifiapp.analytics.retention import cutoff
from wifiapp.cli import Group, echo_json

analytics = Group("analytics", help="Roll up what happened, and prove the roll-ups.")

json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
day = click.DateTime(["%Y-%m-%d"])


@analytics.command()
@click.option("--rebuild", is_flag=True, help="Count everything again, not only what changed.")
@click.option("--from", "first", type=day, help="With --rebuild: the first day to count again.")
@click.option("--to", "last", type=day, help="With --rebuild: the last day to count again.")
@json_option
def rollup(*, rebuild: bool, first: datetime | None, last: datetime | None, as_json: bool) -> None:
    """Roll up by hour, day, week and month what the worker has not rolled up yet.

    With --rebuild it counts again what is there: all of it, or the periods that reach into the
    given days of UTC. The same rows give the same numbers.
    """
    if (first or last) and not rebuild:
        raise click.UsageError("--from and --to go with --rebuild.")
    if first and last and last < first:
        raise click.UsageError("The day after --to comes before the one after --from.")
    again = rollup_operations.Days(first and first.date(), last and last.date())
    outcome = rollup_operations.roll_up(clock.now(), again if rebuild else None)
    assert outcome is not None  # noqa: S101 - it waits for its turn
    if as_json:
        echo_json({"rows": outcome.rows, "rolled_up_to": outcome.up_to})
        return
    rows = "1 row" if outcome.rows == 1 else f"{outcome.rows:,} rows"
    click.echo(f"Rolled up to {outcome.up_to:%Y-%m-%d %H:%M:%S} UTC; {rows} changed.")


@analytics.command()
@click.option("--from", "first", type=day, help="The first day to check.")
@click.option("--to", "last", type=day, help="The last day to check.")
@json_option
def check(*, first: datetime | None, last: datetime | None, as_json: bool) -> None:
    """Count everything that is rolled up again, straight from the raw rows.

    What is waiting is rolled up first. Compares with the raw rows, each longer period with its
    hours, and the revenue with the sales page: all of it, or the given days of each business.
    Exit code 0: nothing differs. 1: something does; each number is named with its period and a
    statement that lists its rows.
    Wrong roll-ups are mended by "flask analytics rollup --rebuild".
    """
    if first and last and last < first:
        raise click.UsageError("--to is before --from.")
    now, days = clock.now(), (first and first.date(), last and last.date())
    rollup_operations.roll_up(now)
    with _progress() as tell:
        verdict = check_queries.check(*days, now, tell)
    names = check_queries.list_names()
    if as_json:
        rows = [exported(it, names) for it in verdict.mismatches]
        facts = {"clean": not rows, "periods": verdict.periods, "left_out": verdict.left_out}
        facts |= {"waiting": verdict.waiting, "has_more": verdict.has_more}
        echo_json({**facts, "rolled_up_to": verdict.rolled_up_to, "mismatches": rows})
    else:
        _print(verdict, names)
    sys.exit(1 if verdict.mismatches else 0)


@analytics.command()
@click.option("--keep-months", type=int, help="Keep them for so many months, from 4 on.")
@click.option("--keep-all", is_flag=True, help="Keep them for ever, as from the beginning.")
@click.option("--yes", is_flag=True, help="Drop now what is not kept any longer.")
@json_option
def sessions(*, keep_months: int | None, keep_all: bool, yes: bool, as_json: bool) -> None:
    """Say how long raw sessions are kept, and what dropping the older ones takes and frees.

    They are dropped by the worker, or now with --yes, and only when all roll-ups of their time
    are proven. The roll-ups stay.
    """
    if keep_all or keep_months is not None:
        retention_operations.keep_sessions(None if keep_all else keep_months, COMMAND_LINE)
    now, months = clock.now(), retention_queries.get_kept_months()
    found = retention_queries.preview(cutoff(months, now)) if months else None
    dropped = None
    if yes and found:
        rollup_operations.roll_up(now)
        dropped = retention_operations.drop_sessions(found.before, COMMAND_LINE, now)
    if as_json:
        echo_json({"keep_months": months, **(vars(found) if found else {}), "dropped": dropped})
    elif found is None:
        click.echo("Raw sessions are kept for ever.")
    else:
        click.echo(f"Raw sessions are kept for {months} months.")
        size = f"{found.size / 1_000_000:,.1f} MB"
        verb = "Dropped" if dropped is not None else "Not kept any longer"
        click.echo(f"{verb}: {found.rows:,} of {found.of:,} sessions, about {size}, that ended")
        click.echo(f"before {found.before:%Y-%m-%d} UTC. Their roll-ups stay.")


def _print(verdict: Verdict, names: dict[str, str]) -> None:
    for it in verdict.mismatches:
        period = f"{it.kind} from {it.start:%Y-%m-%d %H:%M} to {it.end:%Y-%m-%d %H:%M} UTC"
        click.echo(f"{it.measure} of {names[it.scope]} on {it.system}, {period}:")
        click.echo(f"  rolled up {it.says}, by {it.against} {it.counted}\n  {select_rows(it)}")
    days = f"{verdict.first} to {verdict.last}"
    if verdict.mismatches:
        most = "More than " if verdict.has_more else ""
        click.echo(
            f"{most}{len(verdict.mismatches)} numbers differ in the days {days}. The raw rows are "
            "safe. Roll up again: flask analytics rollup --rebuild"
        )
    elif verdict.periods:
        click.echo(f"Nothing differs: {verdict.periods:,} periods of the days {days}.")
    else:
        click.echo(f"Nothing was compared of the days {days}.")
    if verdict.left_out:
        click.echo(
            f"{verdict.left_out:,} periods were left out: something in them changed since they "
            "were rolled up. Check again for those."
        )


@contextmanager
def _progress() -> Iterator[Tell]:
    """Draw how far the check is on a terminal's standard error; scripts see nothing of it."""
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("Counting again", total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)
