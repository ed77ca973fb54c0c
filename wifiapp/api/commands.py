"""The `flask api-keys` commands."""

from typing import Any

import click

from wifiapp.access import COMMAND_LINE
from wifiapp.api import operations, queries
from wifiapp.api.keys import SCOPES
from wifiapp.cli import Group, echo_json, echo_table

api_keys = Group("api-keys", help="Make, list and revoke the keys of tills.")

json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


@api_keys.command()
@click.argument("name")
@click.option("--business", "business_id", required=True, metavar="ID")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(SCOPES),
    default=("read", "sell"),
    show_default=True,
    help="What the key may do; may be repeated.",
)
@click.option("--channel", default="POS", show_default=True, help="Of what is sold with it.")
@json_option
def add(
    name: str, business_id: str, scopes: tuple[str, ...], channel: str, *, as_json: bool
) -> None:
    """Make a key called NAME and print it, this once."""
    key, text = operations.add_key(COMMAND_LINE, business_id, name, scopes, channel)
    if as_json:
        echo_json({**_row(key), "key": text})
        return
    click.echo(text)
    click.echo("Shown this once: keep it in the till, and nowhere else.", err=True)


@api_keys.command("list")
@json_option
def list_(*, as_json: bool) -> None:
    """List the keys, those in force first."""
    found = queries.list_keys()
    if as_json:
        echo_json([_row(key) for key, _business in found])
        return
    echo_table(
        ("Id", "Business", "Name", "Begins with", "May", "Channel", "Last used", "State"),
        [
            (
                key.id,
                business.name,
                key.name,
                key.prefix,
                " ".join(key.scopes),
                key.channel,
                key.last_used_at and key.last_used_at.strftime("%Y-%m-%d %H:%M UTC"),
                "revoked" if key.revoked_at else "active",
            )
            for key, business in found
        ],
    )


@api_keys.command()
@click.argument("key_id", metavar="ID")
def revoke(key_id: str) -> None:
    """Make the key with this ID useless at once."""
    key = operations.revoke_key(COMMAND_LINE, key_id)
    click.echo(f"{key.name} ({key.prefix}…) is revoked.")


def _row(key: Any) -> dict[str, Any]:
    """Return what is told of a key: all but its digest."""
    return {
        "id": key.id,
        "businessId": key.business_id,
        "name": key.name,
        "prefix": key.prefix,
        "scopes": key.scopes,
        "channel": key.channel,
        "createdBy": key.created_by,
        "createdAt": key.created_at,
        "lastUsedAt": key.last_used_at,
        "revokedAt": key.revoked_at,
    }
