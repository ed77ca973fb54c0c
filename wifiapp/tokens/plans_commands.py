"""The `flask plans` commands."""

from decimal import Decimal, InvalidOperation
from typing import Any

import click

from wifiapp.access import COMMAND_LINE
from wifiapp.cli import Group, as_row, echo_json, echo_table
from wifiapp.columns import SYSTEMS
from wifiapp.tokens import durations, plans_operations, plans_queries
from wifiapp.tokens.limits import Terms

plans = Group("plans", help="Add and list plans: what a business sells.")


class Amount(click.ParamType[Decimal]):
    """A decimal amount such as 1.50."""

    name = "amount"

    def convert(self, value: Any, param: Any, ctx: Any) -> Decimal:
        """Return the amount, or fail with a line that says what one looks like."""
        try:
            return Decimal(value)
        except InvalidOperation:
            self.fail(f"{value!r} is not an amount. One looks like 1.50.", param, ctx)


@plans.command()
@click.argument("name")
@click.option("--business", "business_id", required=True, metavar="ID")
@click.option("--system", required=True, type=click.Choice(SYSTEMS, case_sensitive=False))
@click.option(
    "--minutes",
    required=True,
    type=int,
    help="ESP32: 30 minutes to 30 days (43200); R710: whole hours, days or weeks.",
)
@click.option(
    "--price", required=True, type=Amount(), help="In the business's currency; 0 or more."
)
@click.option("--down-mb", type=int, help="Download in MB, ESP32 alone; unlimited when left out.")
@click.option("--up-mb", type=int, help="Upload in MB, ESP32 alone; unlimited when left out.")
@click.option("--devices", type=int, default=1, show_default=True, help="That share a token.")
@click.option("--json", "as_json", is_flag=True, help="Print the new row instead of its id.")
def add(
    name: str,
    business_id: str,
    system: str,
    minutes: int,
    price: Decimal,
    down_mb: int | None,
    up_mb: int | None,
    devices: int,
    *,
    as_json: bool,
) -> None:
    """Add a plan called NAME and print its id."""
    terms = Terms(" ".join(name.split()), minutes, price, down_mb or None, up_mb or None, devices)
    plan = plans_operations.add_plan(COMMAND_LINE, business_id, system.upper(), terms)
    if as_json:
        echo_json(as_row(plan))
    else:
        click.echo(plan.id)


@plans.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the rows as JSON.")
def list_(*, as_json: bool) -> None:
    """List the plans by business, in the order in which they are sold."""
    found = plans_queries.list_plans()
    if as_json:
        echo_json([{**as_row(plan), "stock": stock} for plan, _business, stock in found])
        return
    echo_table(
        ("Id", "Business", "Plan", "System", "Time", "Price", "Devices", "Stock", "State"),
        [
            (
                plan.id,
                business.name,
                plan.name,
                plan.system,
                durations.words(plan.duration_minutes),
                f"{business.currency} {plan.price}",
                plan.device_limit,
                stock,
                "active" if plan.is_active else "inactive",
            )
            for plan, business, stock in found
        ],
    )
