"""The `flask worker` command."""

import logging
import os

import click
from flask import current_app
from flask.cli import with_appcontext

from wifiapp.cli import Command
from wifiapp.jobs.worker import Worker
from wifiapp.tasks import tasks


@click.command(cls=Command)
@with_appcontext
def worker() -> None:
    """Run background jobs until stopped.

    Asks the hotspots who is online, makes tokens and backups that were asked for, the daily backup
    too, expires tokens, rolls up, and sweeps up. Several workers may run side by side. SIGTERM or
    Ctrl-C ends it within 20 seconds; a backup that was under way is begun again by the next
    worker. It bears a database that restarts.
    """
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - Flask's own way
    if not Worker(app, tasks(app.config["WIFIAPP"])).run():
        # Threads are still inside the database's library, which must not see the interpreter
        # go down around it; what they held is released with the process.
        logging.shutdown()
        os._exit(0)
