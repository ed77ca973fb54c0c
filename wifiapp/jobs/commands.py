"""The `flask worker` command."""

import click
from flask.cli import with_appcontext


@click.command()
@with_appcontext
def worker() -> None:
    """Run background jobs until stopped."""
