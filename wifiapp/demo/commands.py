"""The `flask demo` commands."""

from dataclasses import asdict

import click

from wifiapp import clock
from wifiapp.access import COMMAND_LINE
from wifiapp.cli import Group, echo_json
from wifiapp.demo import operations
from wifiapp.demo.operations import Outcome

demo = Group("demo", help="Load and remove the demo shops.")


@demo.command()
@click.option("--json", "as_json", is_flag=True, help="Print what was added as JSON.")
def load(*, as_json: bool) -> None:
    """Add four demo shops with six months of sales, and devices online.

    All of it belongs to businesses marked as demo; nothing else is touched. Loading again
    changes nothing.
    """
    outcome = operations.load_demo(COMMAND_LINE, clock.now())
    _tell(
        outcome,
        as_json=as_json,
        done=f"Loaded {_sum(outcome)} rows: {', '.join(outcome.businesses)}.",
        nothing=f"The demo is there already: {', '.join(outcome.businesses)}.",
    )


@demo.command()
@click.option("--json", "as_json", is_flag=True, help="Print what was removed as JSON.")
def remove(*, as_json: bool) -> None:
    """Remove the demo shops and everything that belongs to them, and nothing else.

    Refused when a real business uses a demo hotspot; then nothing is removed.
    """
    outcome = operations.remove_demo(COMMAND_LINE)
    _tell(
        outcome,
        as_json=as_json,
        done=f"Removed {_sum(outcome)} rows of {', '.join(outcome.businesses)}.",
        nothing="There is no demo data.",
    )


def _tell(outcome: Outcome, *, as_json: bool, done: str, nothing: str) -> None:
    if as_json:
        echo_json(asdict(outcome))
    else:
        click.echo(done if outcome.changed else nothing)


def _sum(outcome: Outcome) -> str:
    return f"{sum(outcome.rows.values()):,}"
