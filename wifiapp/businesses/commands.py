"""The `flask businesses` commands."""

import click

from wifiapp.access import COMMAND_LINE
from wifiapp.businesses import operations, queries
from wifiapp.cli import Group, as_row, echo_json, echo_table

businesses = Group("businesses", help="Add and list businesses.")


@businesses.command()
@click.argument("name")
@click.option("--currency", required=True, help="ISO code of its money, such as USD.")
@click.option("--timezone", required=True, help="Where its days begin, such as Africa/Harare.")
@click.option("--json", "as_json", is_flag=True, help="Print the new row instead of its id.")
def add(name: str, currency: str, timezone: str, *, as_json: bool) -> None:
    """Add a business and print its id."""
    business = operations.add_business(COMMAND_LINE, name, currency, timezone)
    if as_json:
        echo_json(as_row(business))
    else:
        click.echo(business.id)


@businesses.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the rows as JSON.")
def list_(*, as_json: bool) -> None:
    """List the businesses by name."""
    found = queries.list_businesses()
    if as_json:
        echo_json([as_row(each) for each in found])
        return
    echo_table(
        ("Id", "Name", "Currency", "Time zone", "Kind"),
        [(b.id, b.name, b.currency, b.timezone, "demo" if b.is_demo else "real") for b in found],
    )
