"""The `flask doctor` command."""

import click
from flask.cli import with_appcontext


@click.command()
@with_appcontext
def doctor() -> None:
    """Compare models, migrations and the database; name every difference."""
