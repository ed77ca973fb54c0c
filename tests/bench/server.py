"""The server of the bench: an embedded one with its own settings, data and programs."""

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

import psycopg
from flask_migrate import upgrade
from sqlalchemy.engine import make_url

from tests.conftest import make_config
from wifiapp import create_app
from wifiapp.db import db
from wifiapp.embedded import Embedded, binaries

TICKS = os.sysconf("SC_CLK_TCK")


class Server:
    """A PostgreSQL of our own, gone when the bench ends."""

    def __init__(self, folder):
        self.folder = folder
        self._embedded = Embedded(folder / "postgres", relocate_base=folder)
        self._url = make_url(self._embedded.ensure())
        place = self._embedded.place
        self._programs = binaries.bin_dir(place.account, place.path)
        self._pid = int((place.data / "postmaster.pid").read_text().split()[0])

    def program(self, name):
        return str(self._programs / name)

    def url(self, database, driver="postgresql"):
        given = self._url.set(database=database, drivername=driver)
        return given.render_as_string(hide_password=False)

    def app_url(self, database):
        return self.url(database, "postgresql+psycopg")

    def connect(self, database="postgres"):
        return psycopg.connect(self.url(database), autocommit=True)

    def make(self, database, *, migrated):
        """Make the database anew, with the app's tables or with nothing."""
        with self.connect() as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
            connection.execute(f"CREATE DATABASE {database}")
        if migrated:
            app = create_app(make_config(self.folder, self.app_url(database)))
            with app.app_context():
                upgrade()
                db.engine.dispose()

    def settle(self):
        """Write down what earlier runs left to write, so that none pays for another."""
        with self.connect() as connection:
            connection.execute("CHECKPOINT")

    def cpu(self):
        """Return the CPU seconds of all the server's processes, those that ended too."""
        total, ended = _ticks(self._pid)
        children = Path(f"/proc/{self._pid}/task/{self._pid}/children").read_text().split()
        for child in children:
            with contextlib.suppress(OSError):
                total += _ticks(child)[0]
        return (total + ended) / TICKS

    def stop(self):
        self._embedded.stop()


def _ticks(pid):
    """Return the ticks of a process and of the children it has buried."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])), sum(map(int, fields[13:15]))


@contextlib.contextmanager
def running():
    folder = Path(tempfile.mkdtemp(prefix="wifiapp-bench-"))
    folder.chmod(0o755)  # the server runs as another user when we are root
    server = None
    try:
        server = Server(folder)
        yield server
    finally:
        if server:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)
