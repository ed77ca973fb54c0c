"""The `flask backup` commands: the same engine as the page, in the foreground."""

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from flask import current_app

from wifiapp.access import COMMAND_LINE
from wifiapp.auth.queries import get_user_by_email
from wifiapp.backup import archives, engine, operations, queries
from wifiapp.backup import restore_work_operations as restoring
from wifiapp.backup.engine import Options, SchemaSick
from wifiapp.backup.keys_commands import identity_file, key, readable
from wifiapp.backup.terminal import Bar
from wifiapp.backup.upkeep_commands import prune, run_hook
from wifiapp.cli import Group, as_row, echo_json, echo_table
from wifiapp.config import Config
from wifiapp.formats import bytes_, count

backup = Group("backup", help="Make, verify and restore backups.")
backup.add_command(prune)
backup.add_command(key)
FILE = click.Path(path_type=Path, dir_okay=False)


@backup.command()
@click.option("--business", "business_id", metavar="ID", help="Only this business (its id).")
@click.option("--no-business-data", is_flag=True, help="Only users and settings.")
@click.option("--audit-logs", is_flag=True, help="Take the audit log too.")
@click.option("--demo-data", is_flag=True, help="Take the demo businesses too.")
@click.option("--encrypt", is_flag=True, help="Encrypt it for the key in force.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="Copy the archive to this file or folder as well.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the catalogue's row as JSON.")
def create(
    *,
    business_id: str | None,
    no_business_data: bool,
    audit_logs: bool,
    demo_data: bool,
    encrypt: bool,
    output: Path | None,
    as_json: bool,
) -> None:
    """Make a backup and prove that it restores.

    The archive is written into BACKUP_DIR, loaded into a scratch schema and compared with what was
    read; only then it counts. Prints path, rows, bytes and SHA-256. Needs no worker.
    """
    if business_id and no_business_data:
        raise click.UsageError("A backup of one business needs its business data.")
    config = _config()
    target = _free_target(output)
    options = Options(business_id, not no_business_data, audit_logs, demo_data)
    try:
        with Bar() as bar:
            made = operations.create_backup(config, options, bar.report, encrypt=encrypt)
    except SchemaSick as error:
        for difference in error.report.differences:
            click.echo(str(difference), err=True)
        raise
    run_hook(config, made.id)
    path = config.backup_dir / (made.file_name or "")
    if target is not None:
        path = archives.copy(path, target)
    if as_json:
        echo_json({**as_row(made), "path": str(path)})
        return
    click.echo(f"path    {path}")
    click.echo(f"rows    {made.row_count}")
    click.echo(f"bytes   {made.size}")
    click.echo(f"sha256  {made.sha256}")


@backup.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the rows as JSON.")
def list_(*, as_json: bool) -> None:
    """List the catalogue, newest first."""
    found = queries.list_all()
    if as_json:
        echo_json([as_row(each) for each in found])
        return
    echo_table(
        ("Id", "Created (UTC)", "Status", "Rows", "Bytes", "SHA-256", "Key", "File"),
        [
            (
                each.id,
                f"{each.created_at:%Y-%m-%d %H:%M}",
                each.status,
                each.row_count,
                each.size,
                each.sha256 and each.sha256[:12],
                each.key_fingerprint,
                each.file_name,
            )
            for each in found
        ],
    )


@backup.command()
@click.argument("file", type=FILE)
@identity_file
@click.option("--json", "as_json", is_flag=True, help="Print the manifest as JSON.")
def inspect(file: Path, *, identity_file: Any, as_json: bool) -> None:
    """Show what an archive says of itself; needs no database."""
    with readable(_found(file), identity_file) as archive:
        manifest = engine.inspect(archive.path)
    if as_json:
        echo_json(asdict(manifest))
        return
    for name in ("made_at", "made_by", "app_version", "revision", "postgresql", "business_name"):
        click.echo(f"{name.replace('_', ' '):<14}{getattr(manifest, name) or '-'}")
    chosen = [name.replace("_", " ") for name, value in vars(manifest.options).items() if value]
    click.echo(f"{'options':<14}{', '.join(chosen) or '-'}")
    echo_table(
        ("Table", "Rows", "Bytes", "Left out"),
        [(each.name, each.rows, each.bytes, each.left_out) for each in manifest.tables],
    )


@backup.command()
@click.argument("file", type=FILE)
@identity_file
def verify(file: Path, *, identity_file: Any) -> None:
    """Prove that an archive restores.

    Reads every byte, loads the rows into a scratch schema of the same server and compares them
    with what was announced. Live data is not touched.
    """
    with Bar() as bar, readable(_found(file), identity_file, bar.report) as archive:
        proved = engine.verify(_config(), archive.path, bar.report)
    click.echo(
        f"Verified: {count(proved.rows)} rows of {len(proved.tables)} tables came back equal, "
        f"revision {proved.revision}, {bytes_(proved.size)}, {proved.seconds:.1f} s."
    )
    click.echo(f"sha256  {archive.sha256 or proved.sha256}")


@backup.command()
@click.argument("file", type=FILE)
@identity_file
@click.option("--yes", is_flag=True, help="Do it; without this, only say what would happen.")
@click.option(
    "--keep-admin",
    metavar="EMAIL",
    help="Let this user of now sign in as before, as an administrator.",
)
def restore(file: Path, *, identity_file: Any, yes: bool, keep_admin: str | None) -> None:
    """Put an archive in the place of all data, all or nothing.

    First a backup of now is made and proved. Rows that were added since the archive was made are
    gone afterwards, users too unless --keep-admin names one, and everybody signs in anew; what was
    live before is kept for 7 days, and `flask backup undo-restore` swaps it back. Without --yes
    nothing is done (exit 2).
    """
    with readable(_found(file), identity_file) as archive:
        _restore(archive.path, yes=yes, keep_admin=keep_admin)


def _restore(path: Path, *, yes: bool, keep_admin: str | None) -> None:
    manifest = engine.inspect(path)
    if not yes:
        click.echo(
            f"This would replace all data by the {count(manifest.rows)} rows that "
            f"{path.name} holds as of {manifest.made_at} (revision {manifest.revision}). Rows "
            "added since would be gone; `flask backup undo-restore --yes` brings them back."
        )
        click.echo("Nothing was changed. Say --yes to restore.")
        raise click.exceptions.Exit(2)
    if keep_admin:
        get_user_by_email(keep_admin)
    with Bar() as bar:
        done, _row = restoring.restore_now(_config(), path, bar.report, keep=keep_admin)
    click.echo(
        f"Restored: {count(done.rows)} rows of {len(done.tables)} tables, all equal, in "
        f"{done.seconds:.1f} s; writes waited {done.lock_milliseconds:.0f} ms."
    )
    for note in done.notes:
        click.echo(note)
    click.echo(f"What was live before is kept for 7 days, in the schema {done.kept_as}.")


@backup.command("undo-restore")
@click.option("--yes", is_flag=True, help="Do it; without this, only say what would happen.")
@click.option(
    "--keep-admin",
    metavar="EMAIL",
    help="Let this user of now sign in as before, as an administrator.",
)
def undo_restore(*, yes: bool, keep_admin: str | None) -> None:
    """Swap back what was live before the last restore.

    Doing it twice restores again. Without --yes nothing is done (exit 2).
    """
    if not yes:
        click.echo("This would swap back what was live before the last restore.")
        click.echo("Nothing was changed. Say --yes to do it.")
        raise click.exceptions.Exit(2)
    if keep_admin:
        get_user_by_email(keep_admin)
    done = restoring.undo_restore(_config(), COMMAND_LINE, keep=keep_admin)
    click.echo(f"{done.came_back} is live again; what was live is kept in {done.kept_as}.")


def _found(file: Path) -> Path:
    """Return the archive by its path, or by its name among the backups."""
    for path in (file, _config().backup_dir / file.name):
        if path.is_file():
            return path
    raise click.ClickException(f"There is no file {file}. `flask backup list` names the backups.")


def _free_target(output: Path | None) -> Path | None:
    """Refuse early what could not be written after a long run."""
    if output is None:
        return None
    if output.is_file():
        raise click.ClickException(f"{output} exists already. Nothing was done. Name another file.")
    folder = output if output.is_dir() else output.parent
    if not os.access(folder, os.W_OK):
        raise click.ClickException(f"{folder} is not a folder to write to. Nothing was done.")
    return output


def _config() -> Config:
    config: Config = current_app.config["WIFIAPP"]
    return config
