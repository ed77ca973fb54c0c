"""The `flask hotspots` commands."""

import click

from wifiapp.access import COMMAND_LINE
from wifiapp.cli import Group, as_row, echo_json, echo_table
from wifiapp.columns import SYSTEMS
from wifiapp.hotspots import operations, queries

hotspots = Group("hotspots", help="Add and list hotspots.")


@hotspots.command()
@click.argument("name")
@click.option("--system", required=True, type=click.Choice(SYSTEMS, case_sensitive=False))
@click.option("--business", "business_id", required=True, metavar="ID", help="Whom it serves.")
@click.option(
    "--manual",
    is_flag=True,
    help="Codes are made here and loaded into the device by hand; the device is never called.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the new row instead of its id.")
def add(name: str, system: str, business_id: str, *, manual: bool, as_json: bool) -> None:
    """Add a hotspot called NAME and print its id."""
    if not manual:
        raise click.UsageError("Only manual hotspots can be added so far: give --manual.")
    hotspot = operations.add_manual_hotspot(COMMAND_LINE, name, system.upper(), business_id)
    if as_json:
        echo_json(as_row(hotspot))
    else:
        click.echo(hotspot.id)


@hotspots.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the rows as JSON.")
def list_(*, as_json: bool) -> None:
    """List the hotspots, active ones first."""
    found = queries.list_hotspots()
    if as_json:
        echo_json(
            [
                {
                    **{k: v for k, v in as_row(each.hotspot).items() if k != "secretEncrypted"},
                    "businesses": [{"id": b.id, "name": b.name} for b in each.businesses],
                }
                for each in found
            ]
        )
        return
    echo_table(
        ("Id", "Name", "System", "Kind", "Address", "Businesses", "State"),
        [
            (
                each.hotspot.id,
                each.hotspot.name,
                each.hotspot.system,
                "manual" if each.hotspot.is_manual else "device",
                each.hotspot.address or None,
                ", ".join(b.name for b in each.businesses) or None,
                "active" if each.hotspot.is_active else "inactive",
            )
            for each in found
        ],
    )
