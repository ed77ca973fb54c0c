"""The `flask backup prune` command, and what `create` says of the off-site command."""

from collections.abc import Mapping
from threading import Event
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext

from wifiapp import clock
from wifiapp.access import COMMAND_LINE
from wifiapp.backup import hook_operations, retention_operations
from wifiapp.backup.hook_queries import find_hook_run
from wifiapp.backup.schedule_queries import get_retention
from wifiapp.cli import Command, echo_json, echo_table
from wifiapp.config import Config
from wifiapp.formats import bytes_


@click.command(cls=Command)
@click.option("--dry-run", is_flag=True, help="Only list what would go; exit 0.")
@click.option("--yes", is_flag=True, help="Delete; without this, only list and exit 2.")
@click.option("--json", "as_json", is_flag=True, help="Print every backup and its verdict as JSON.")
@with_appcontext
def prune(*, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Delete the backups that the rules of the Settings page let go.

    The newest stay, and the last one of each of some days, weeks and months. Pinned ones, those of
    one business and what a restore kept within 7 days never go.
    """
    config: Config = current_app.config["WIFIAPP"]
    now = clock.now()
    lines = _lines(config)
    going = [line for line in lines if line["goes"]]
    if yes and not dry_run:
        gone = {each.id for each in retention_operations.prune(config, now, COMMAND_LINE)}
        lines = going = [line for line in going if line["id"] in gone]
    if as_json:
        echo_json(lines)
    elif going:
        _echo(going, "Deleted" if yes and not dry_run else "Would go")
    else:
        click.echo("Nothing to delete: every backup stays by the rules.")
    if going and not (yes or dry_run):
        click.echo("Nothing was deleted. Say --yes to delete them.", err=as_json)
        raise click.exceptions.Exit(2)


def run_hook(config: Config, backup_id: str) -> None:
    """Run the off-site command for a backup just made, and tell on standard error how it went."""
    if not config.backup_hook:
        return
    hook_operations.run_due_hook(config, Event(), backup_id)
    run = find_hook_run(backup_id)
    if run is None or run.finished_at is None:
        click.echo("The worker runs the off-site command.", err=True)
    elif run.exit_code == 0 and run.error is None:
        click.echo("The off-site command has done its work.", err=True)
    else:
        why = run.error or f"it ended with {run.exit_code}."
        click.echo(f"The backup is made, but the off-site command failed: {why}", err=True)
        click.echo(run.output or "", err=True)


def _lines(config: Config) -> list[Mapping[str, Any]]:
    return [
        {
            "id": each.backup.id,
            "file": each.backup.file_name,
            "createdAt": each.backup.created_at,
            "bytes": each.backup.size or 0,
            "goes": not each.stays,
            "reason": each.reason,
        }
        for each in get_retention(config, clock.now()).verdicts
    ]


def _echo(lines: list[Mapping[str, Any]], what: str) -> None:
    echo_table(
        ("Id", "Created (UTC)", "Bytes", "File", "Reason"),
        [
            (it["id"], f"{it['createdAt']:%Y-%m-%d %H:%M}", it["bytes"], it["file"], it["reason"])
            for it in lines
        ],
    )
    size = sum(line["bytes"] for line in lines)
    click.echo(f"{what}: {len(lines)} of the backups, {bytes_(size)}.")
