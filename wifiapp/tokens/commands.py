"""The `flask tokens` commands."""

import click
from rich.console import Console
from rich.progress import Progress

from wifiapp.access import COMMAND_LINE
from wifiapp.cli import Group, as_row, echo_json, echo_table
from wifiapp.errors import WifiError
from wifiapp.tokens import batches_operations, lines, operations, outbox_queries, queries
from wifiapp.tokens.forms import STATES
from wifiapp.tokens.queries import Wanted
from wifiapp.tokens.states import Event

WAITS = (
    "{token} is to be disabled: its hotspot did not answer. It is not sold any more, and the "
    "worker tells the hotspot as soon as it answers; until then a device may still use it."
)

tokens = Group("tokens", help="Make, list and disable tokens.")

json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


@tokens.command()
@click.option("--plan", "plan_id", required=True, metavar="ID", help="See `flask plans list`.")
@click.option(
    "--hotspot",
    "hotspot_id",
    metavar="ID",
    help="See `flask hotspots list`; the business's manual one when left out.",
)
@click.option("--count", required=True, type=int, help="1 to 1000.")
@json_option
def make(plan_id: str, hotspot_id: str | None, count: int, *, as_json: bool) -> None:
    """Make a batch of tokens and print how many were made / asked.

    When it is interrupted, the worker makes the rest.
    """
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("Making tokens", total=count)
        batch = batches_operations.make_batch(
            COMMAND_LINE,
            plan_id,
            hotspot_id,
            count,
            lambda now: bar.update(task, completed=now.made),
        )
    if as_json:
        echo_json(as_row(batch))
    else:
        click.echo(f"{batch.made} / {batch.asked} made, batch {batch.id}")
    if batch.made < batch.asked:
        raise WifiError(batch.error or "Somebody cancelled the batch.")


@tokens.command("list")
@click.option("--state", type=click.Choice(tuple(STATES), case_sensitive=False))
@click.option("--plan", "plan_id", default="", metavar="ID")
@click.option("--hotspot", "hotspot_id", default="", metavar="ID")
@click.option("--business", "business_id", default="", metavar="ID")
@click.option("--batch", "batch_id", default="", metavar="ID")
@json_option
def list_(
    state: str | None,
    plan_id: str,
    hotspot_id: str,
    business_id: str,
    batch_id: str,
    *,
    as_json: bool,
) -> None:
    """List tokens, the newest first."""
    wanted = Wanted(
        status=STATES[state.lower()] if state else "",
        plan_id=plan_id,
        hotspot_id=hotspot_id,
        business_id=business_id,
        batch_id=batch_id,
    )
    rows = [lines.exported(row) for row in queries.stream_tokens(None, wanted)]
    if as_json:
        echo_json(rows)
        return
    shown = ("token", "state", "plan", "price", "currency", "system", "business", "hotspot")
    echo_table(
        [name.capitalize() for name in shown], [[row[name] for name in shown] for row in rows]
    )


@tokens.command()
@click.argument("token")
@click.option("--reason", default="at the command line", show_default=True)
@json_option
def disable(token: str, reason: str, *, as_json: bool) -> None:
    """Disable the TOKEN with this code or id; blanks, dashes and case of a code do not matter.

    Where its hotspot does not answer, the worker tells it later: that is no failure, and
    `--json` says so by `isPending`. A hotspot that refuses is one.
    """
    found = queries.find_by_code(token) or [queries.get_token(token)]
    if len(found) > 1:
        ids = ", ".join(f"{row.id} ({row.hotspot})" for row in found)
        raise WifiError(f"Several tokens are like that. Nothing was changed. Give an id: {ids}.")
    ended = operations.end_token(COMMAND_LINE, found[0].id, Event.DISABLE, reason)
    told = outbox_queries.find_last_of(ended.id)
    is_pending = told is not None and told.status == "PENDING"
    if ended.status != "DISABLED" and not is_pending:
        raise WifiError(f"{ended.token} stays as it is: {(told and told.error) or 'cancelled'}")
    if as_json:
        echo_json({**as_row(ended), "isPending": is_pending})
    else:
        click.echo((WAITS if is_pending else "{token} is disabled.").format(token=ended.token))
