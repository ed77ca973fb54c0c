"""The `flask hotspots` commands."""

from collections.abc import Mapping
from typing import Any

import click

from wifiapp.access import COMMAND_LINE
from wifiapp.cli import Group, as_row, echo_json, echo_table, read_secret
from wifiapp.columns import SYSTEMS
from wifiapp.formats import NOTHING
from wifiapp.hotspots import (
    addresses,
    asking,
    boxes_operations,
    calling,
    operations,
    queries,
)
from wifiapp.hotspots.driver import Access, HotspotError, Identity
from wifiapp.hotspots.setups import Setup

hotspots = Group("hotspots", help="Add, list and test hotspots.")


@hotspots.command()
@click.argument("name")
@click.option("--system", required=True, type=click.Choice(SYSTEMS, case_sensitive=False))
@click.option("--address", metavar="HOST[:PORT]", help="Where it is reached.")
@click.option("--username", metavar="NAME", help="Whom to sign in as, where that is asked for.")
@click.option("--secret-stdin", is_flag=True, help="Read the secret from standard input.")
@click.option(
    "--business", "business_ids", required=True, multiple=True, metavar="ID", help="Whom it serves."
)
@click.option(
    "--ssid",
    "ssids",
    multiple=True,
    metavar="NAME",
    help="Their network; one for all, or one for each business in the same order.",
)
@click.option("--no-test", is_flag=True, help="Add it although it was not asked who it is.")
@click.option(
    "--manual",
    is_flag=True,
    help="Codes are made here and loaded into the device by hand; the device is never called.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the new row instead of its id.")
def add(
    name: str,
    system: str,
    address: str | None,
    username: str | None,
    business_ids: tuple[str, ...],
    ssids: tuple[str, ...],
    *,
    secret_stdin: bool,
    no_test: bool,
    manual: bool,
    as_json: bool,
) -> None:
    """Add a hotspot called NAME and print its id; it is tested before it is saved."""
    system = system.upper()
    if manual:
        if len(business_ids) != 1 or address or secret_stdin:
            raise click.UsageError("A manual hotspot has one --business and nothing to be called.")
        hotspot = operations.add_manual_hotspot(COMMAND_LINE, name, system, business_ids[0])
    else:
        if not address or not secret_stdin:
            raise click.UsageError("Give --address and --secret-stdin, or --manual.")
        setup = Setup(
            name=" ".join(name.split()),
            address=addresses.parse(address),
            username=username,
            served=_served(business_ids, ssids),
        )
        secret = read_secret("secret")
        access = Access(system, setup.address, secret, username)
        identity = None if no_test else asking.identify(access)
        hotspot = boxes_operations.add_box(COMMAND_LINE, system, setup, secret, identity)
    if as_json:
        echo_json(_row(hotspot))
    else:
        click.echo(hotspot.id)


@hotspots.command()
@click.argument("hotspot_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
def test(hotspot_id: str, *, as_json: bool) -> None:
    """Ask the hotspot ID who it is, and whether it accepts our secret."""
    hotspot = queries.get_hotspot(hotspot_id)
    result: Identity | HotspotError
    try:
        result = asking.identify(calling.access_of(hotspot), hotspot.id)
    except HotspotError as error:
        result = error
    if not hotspot.is_manual:
        boxes_operations.note_test(hotspot.id, result)
    if as_json:
        echo_json(_found(result))
    elif not isinstance(result, HotspotError):
        for label, value in _found(result).items():
            click.echo(f"{label}: {NOTHING if value is None else value}")
    if isinstance(result, HotspotError):
        if as_json:
            raise click.exceptions.Exit(1)
        raise click.ClickException(str(result))


@hotspots.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the rows as JSON.")
def list_(*, as_json: bool) -> None:
    """List the hotspots, active ones first."""
    found = queries.list_hotspots()
    if as_json:
        echo_json(
            [
                {
                    **_row(each.hotspot),
                    "businesses": [{"id": b.id, "name": b.name} for b in each.businesses],
                }
                for each in found
            ]
        )
        return
    echo_table(
        ("Id", "Name", "System", "Kind", "Address", "Businesses", "State", "Last contact"),
        [
            (
                each.hotspot.id,
                each.hotspot.name,
                each.hotspot.system,
                "manual" if each.hotspot.is_manual else "device",
                each.hotspot.address or None,
                ", ".join(b.name for b in each.businesses) or None,
                _state(each.hotspot),
                each.hotspot.last_contact_at and f"{each.hotspot.last_contact_at:%Y-%m-%d %H:%M}Z",
            )
            for each in found
        ],
    )


def _state(hotspot: Any) -> str:
    if not hotspot.is_active:
        return "inactive"
    tells = not hotspot.is_manual or hotspot.last_contact_at
    return str(hotspot.status.lower()) if tells else "active"


def _row(hotspot: Any) -> dict[str, Any]:
    """Return the row without its secret, encrypted as it is."""
    return {name: v for name, v in as_row(hotspot).items() if name != "secretEncrypted"}


def _served(business_ids: tuple[str, ...], ssids: tuple[str, ...]) -> Mapping[str, str | None]:
    if len(ssids) not in {0, 1, len(business_ids)}:
        raise click.UsageError("Give one --ssid for all, or one for each --business.")
    each = ssids if len(ssids) == len(business_ids) else (ssids or (None,)) * len(business_ids)
    return dict(zip(business_ids, each, strict=True))


def _found(result: Identity | HotspotError) -> dict[str, Any]:
    if isinstance(result, HotspotError):
        return {"ok": False, "kind": type(result).__name__, "error": str(result)}
    return {
        "ok": True,
        "serial": result.serial,
        "model": result.model,
        "firmware": result.firmware,
        "networks": [each.ssid for each in result.networks],
        "clockOffset": result.clock_offset,
        "bootedAt": result.booted_at,
        "freeSlots": result.free_slots,
        "maxTokens": result.max_tokens,
        "fingerprint": result.fingerprint,
    }
