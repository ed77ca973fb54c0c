"""The `flask analytics` commands."""

from datetime import datetime

import click

from wifiapp import clock
from wifiapp.analytics import rollup_operations
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
