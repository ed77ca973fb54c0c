"""The `flask hotspots poll` command."""

import contextlib
import time
from collections.abc import Sequence
from threading import Event
from typing import Any

import click

from wifiapp.cli import echo_json, echo_table
from wifiapp.hotspots.commands import hotspots
from wifiapp.hotspots.queries import get_hotspot
from wifiapp.polling import poller, queries
from wifiapp.polling.operations import Outcome

__all__ = ["hotspots"]

PAUSE = 1.0  # seconds
UNASKED = (
    "Not every hotspot was asked: manual and demo ones and those that are not in use are never "
    "called, and none is while a restore is under way. Nothing was changed."
)
JUMPS = "Counters that jumped by more than a line carries, and were not counted: {}."


@hotspots.command()
@click.argument("hotspot_id", metavar="[ID]", required=False)
@click.option("--once", is_flag=True, help="Poll each of them once, due or not, and end.")
@click.option("--json", "as_json", is_flag=True, help="Print what came of it as JSON; once only.")
def poll(hotspot_id: str | None, *, once: bool, as_json: bool) -> None:
    """Ask the hotspots who is online, as the worker does all the time; by an ID, that one once.

    Exits with 1 when one of them could not be asked. Without --once it goes on until Ctrl-C.
    """
    if not (hotspot_id or once or as_json):
        _go_on()
        return
    ids = [get_hotspot(hotspot_id).id] if hotspot_id else queries.list_called()
    if not ids and not as_json:
        click.echo("There is no hotspot to poll: manual and demo ones are never called.")
        return
    found = poller.poll_each(ids)
    if len(found) < len(ids):
        click.echo(UNASKED, err=True)
    if as_json:
        echo_json([_row(each) for each in found])
    elif found:
        _print(found)
    if len(found) < len(ids) or any(each.error for each in found):
        raise click.exceptions.Exit(1)


def _go_on() -> None:
    """Poll as the worker does until somebody has had enough."""
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            poller.poll_due(Event())
            time.sleep(PAUSE)


def _print(outcomes: Sequence[Outcome]) -> None:
    echo_table(
        ("Hotspot", "Online", "Tokens", "Not ours", "Lost", "What is wrong"),
        [
            (each.name, None, None, None, None, each.error)
            if each.error
            else (
                *(each.name, each.online, each.tokens, each.foreign, each.lost),
                JUMPS.format(each.unbelieved) if each.unbelieved else None,
            )
            for each in outcomes
        ],
    )


def _row(outcome: Outcome) -> dict[str, Any]:
    return {
        "id": outcome.hotspot_id,
        "name": outcome.name,
        "ok": outcome.error is None,
        "error": outcome.error,
        "online": outcome.online,
        "tokens": outcome.tokens,
        "foreignTokens": outcome.foreign,
        "lostTokens": outcome.lost,
        "unbelievedCounters": outcome.unbelieved,
    }
