"""The `flask backup key …` commands, and how the other commands get at encrypted archives."""

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click
from flask import current_app

from wifiapp.access import COMMAND_LINE
from wifiapp.backup import encryption, keys, keys_operations, keys_queries, rooms
from wifiapp.backup.encryption import Opened
from wifiapp.backup.errors import KeyNeeded
from wifiapp.backup.keys import Key
from wifiapp.backup.results import Report, say_nothing
from wifiapp.cli import Group, echo_json, echo_table
from wifiapp.config import Config

key = Group("key", help="Make, confirm, list and retire the key that backups are encrypted for.")

identity_file: Callable[[Any], Any] = click.option(
    "--identity-file",
    type=click.File("r", errors="replace"),
    help="The key that opens an encrypted archive; - reads it from standard input.",
)


@contextlib.contextmanager
def readable(archive: Path, identity: Any, report: Report = say_nothing) -> Iterator[Opened]:
    """Lend the archive, or a plain copy of an encrypted one, which goes when the block ends.

    Without an identity file the key is asked for, or read from standard input. The SHA-256 is
    only told of encrypted ones.
    """
    if not encryption.is_encrypted(archive):
        yield Opened(archive, "")
        return
    with rooms.room(_config().backup_dir) as room:
        yield encryption.decrypt(archive, room, _keys(archive, identity), report)


def _keys(archive: Path, identity: Any) -> Sequence[Key]:
    if identity is not None:
        return keys.read(identity.read(keys.LONGEST + 1))
    if sys.stdin.isatty():
        return keys.read(click.prompt("Key of the emergency kit", hide_input=True, err=True))
    text = sys.stdin.read(keys.LONGEST + 1)
    if not text.strip():
        how = "Name its file by --identity-file, or give it on standard input."
        raise click.ClickException(f"{KeyNeeded(archive.name)} {how}")
    return keys.read(text)


@key.command()
@click.option("--json", "as_json", is_flag=True, help="Print the key as JSON; ask for nothing.")
def make(*, as_json: bool) -> None:
    """Make a key and print it, this once.

    Keep what is printed on paper, away from this computer: nothing else opens what is encrypted
    for it, and it cannot be shown again. The key is in force only once the end of it was typed
    back, here or by `flask backup key confirm`.
    """
    made, row = keys_operations.make_key(COMMAND_LINE)
    if as_json:
        facts = {"fingerprint": made.fingerprint, "recipient": made.recipient}
        echo_json({**facts, "identity": made.secret, "inForce": False})
        return
    click.echo(f"# wifiapp backup key {made.fingerprint}, made {row.created_at:%Y-%m-%d %H:%M} UTC")
    click.echo(f"# public key: {made.recipient}")
    click.echo(made.secret)
    click.echo("Losing this key is final. It is in force once you show that it was kept.", err=True)
    if sys.stdin.isatty():
        typed = click.prompt(f"The last {keys.PROVED} characters of the key", err=True)
        _confirm(typed)
    else:
        click.echo("Say: flask backup key confirm <its last 6 characters>", err=True)


@key.command()
@click.argument("characters")
def confirm(characters: str) -> None:
    """Put the new key in force by the last six CHARACTERS of it."""
    _confirm(characters)


@key.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the rows as JSON.")
def list_(*, as_json: bool) -> None:
    """List the keys, newest first; none of them opens anything."""
    archives = keys_queries.count_archives()
    found = [
        {
            "fingerprint": each.fingerprint,
            "recipient": each.recipient,
            "state": "retired" if each.retired_at else "in force" if each.confirmed_at else "new",
            "createdAt": each.created_at,
            "createdBy": each.created_by,
            "confirmedAt": each.confirmed_at,
            "retiredAt": each.retired_at,
            "archives": archives.get(each.fingerprint, 0),
        }
        for each in keys_queries.list_keys()
    ]
    if as_json:
        echo_json(found)
        return
    echo_table(
        ("Key", "State", "Created (UTC)", "By", "Archives", "Public key"),
        [
            (
                it["fingerprint"],
                it["state"],
                f"{it['createdAt']:%Y-%m-%d %H:%M}",
                it["createdBy"],
                it["archives"],
                it["recipient"],
            )
            for it in found
        ],
    )


@key.command()
@click.option("--yes", is_flag=True, help="Do it; without this, only say what would happen.")
def retire(*, yes: bool) -> None:
    """Encrypt no more; what is encrypted still needs its key. Without --yes nothing is done."""
    row = keys_queries.get_in_force()
    if not yes:
        click.echo(f"This would end encryption for the key {row.fingerprint}. Nothing was changed.")
        click.echo("Say --yes to do it.")
        raise click.exceptions.Exit(2)
    keys_operations.retire_key(COMMAND_LINE)
    click.echo(f"The key {row.fingerprint} is retired. Keep its kit: it opens what it encrypted.")


def _confirm(typed: str) -> None:
    row = keys_operations.confirm_key(typed, COMMAND_LINE)
    click.echo(f"Backups can be encrypted for the key {row.fingerprint} from now on.", err=True)


def _config() -> Config:
    config: Config = current_app.config["WIFIAPP"]
    return config
