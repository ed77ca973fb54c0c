"""A PostgreSQL server of a test's own, to be stopped in the middle of something."""

import os
import select
import shutil
import signal
import tempfile
from pathlib import Path
from uuid import uuid4

import psycopg
from flask_migrate import upgrade
from sqlalchemy.engine import make_url

from tests.conftest import make_config
from wifiapp import create_app
from wifiapp.db import db
from wifiapp.embedded import Embedded, processes


class Server:
    """A server in a folder of its own, or in one that is given."""

    def __init__(self, folder=None):
        self._folder = folder or Path(tempfile.mkdtemp(prefix="wifiapp-faults-"))
        self._folder.chmod(0o755)  # the server runs as another user when we are root
        self._embedded = Embedded(self._folder / "postgres", relocate_base=self._folder)
        self._url = make_url(self._embedded.ensure())
        for setting in ("fsync", "full_page_writes"):  # the machine does not crash, only the server
            self.execute(f"ALTER SYSTEM SET {setting} = off")
        self.execute("SELECT pg_reload_conf()")

    def execute(self, statement):
        with psycopg.connect(self.url("postgres", "postgresql"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def start(self):
        self._embedded.ensure()

    def crash(self):
        """Stop it at once, if it runs, without a goodbye to anybody or writing anything down."""
        for pid in processes.postmasters(self._embedded.place.data):
            handle = os.pidfd_open(pid)
            os.kill(pid, signal.SIGQUIT)
            select.select([handle], [], [])
            os.close(handle)

    def url(self, database, driver="postgresql+psycopg"):
        given = self._url.set(database=database, drivername=driver)
        return given.render_as_string(hide_password=False)

    def new_database(self, template="template1"):
        name = f"shop_{uuid4().hex[:8]}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def migrated_database(self):
        """Make a database with the app's tables, which can be the template of others."""
        name = self.new_database()
        app = create_app(make_config(self._folder, self.url(name)))
        with app.app_context():
            upgrade()
            db.engine.dispose()
        return name

    def remove(self):
        self._embedded.stop()
        shutil.rmtree(self._folder, ignore_errors=True)
