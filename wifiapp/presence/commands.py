"""The `flask hotspots presence-key` command."""

import click

from wifiapp.access import COMMAND_LINE
from wifiapp.cli import echo_json
from wifiapp.polling.commands import hotspots
from wifiapp.presence import operations, queries

__all__ = ["hotspots"]


@hotspots.command("presence-key")
@click.argument("name")
@click.option("--replace", is_flag=True, help="Revoke the key that it has, and make another one.")
@click.option("--revoke", is_flag=True, help="Revoke the key that it has, and make none.")
@click.option("--every", type=int, metavar="SECONDS", help="How often its portal pushes.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def presence_key(
    name: str, every: int | None, *, replace: bool, revoke: bool, as_json: bool
) -> None:
    """Make the key of the portal of NAME, a manual hotspot (or its ID), and print it, this once.

    With it the portal pushes who is online to /api/v1/presence.
    """
    if revoke and (replace or every is not None):
        raise click.UsageError("--revoke makes no key: give it alone.")
    hotspot_id = queries.get_named(name).id
    if revoke:
        revoked = operations.revoke_key(COMMAND_LINE, hotspot_id)
        said = f"{revoked.prefix}… is revoked." if revoked else "It has no key."
        if as_json:
            echo_json({"hotspotId": hotspot_id, "revoked": revoked and revoked.prefix})
        else:
            click.echo(said)
        return
    if every is not None:
        operations.change_interval(COMMAND_LINE, hotspot_id, every)
    key, text = operations.make_key(COMMAND_LINE, hotspot_id, replace=replace)
    if as_json:
        echo_json({"hotspotId": hotspot_id, "prefix": key.prefix, "key": text})
        return
    click.echo(text)
    click.echo("Shown this once: keep it in the portal, and nowhere else.", err=True)
