"""The server's programs: make the cluster, start it, ask it, stop it. Callers hold the lock."""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

from wifiapp.embedded import binaries
from wifiapp.embedded.errors import EmbeddedError, cause
from wifiapp.embedded.place import Place
from wifiapp.embedded.processes import SOCKET, clear_stale, postmasters

PATIENCE = 300.0  # seconds; recovery after a power cut replays up to max_wal_size
SETTINGS = """\
# Written at each start. Your own settings: ALTER SYSTEM, which wins over this file.
listen_addresses = ''
unix_socket_permissions = 0700
timezone = 'UTC'
max_connections = 100
shared_buffers = 256MB
maintenance_work_mem = 256MB
effective_cache_size = 1GB
max_wal_size = 2GB
checkpoint_timeout = 15min
jit = off
logging_collector = on
log_directory = 'log'
log_filename = 'pg-%a.log'
log_truncate_on_rotation = on
log_rotation_age = 1d
"""


class Cluster:
    """One PostgreSQL cluster in its place."""

    def __init__(self, place: Place) -> None:
        self.place = place

    @property
    def password(self) -> str:
        return (self.place.path / "password").read_text()

    def create(self) -> None:
        """Make the cluster aside and rename it when it is whole."""
        self._end_ghosts()
        for leftover in self.place.path.glob("init-*"):
            shutil.rmtree(leftover)
        aside = Path(tempfile.mkdtemp(dir=self.place.path, prefix="init-"))
        password = self.place.path / "password"
        _write(password, secrets.token_hex(24))
        self._give(aside, password)
        code, output = self._run(
            *("initdb", "-D", str(aside), "-U", "wifiapp", f"--pwfile={password}"),
            *("-A", "scram-sha-256", "-E", "UTF8", "--locale=C"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        )
        if code:
            shutil.rmtree(aside, ignore_errors=True)
            raise EmbeddedError(
                f"The database could not be made in {self.place.path}: {cause(output)}. "
                "Nothing was changed; mend the cause and start again."
            )
        with (aside / "postgresql.conf").open("a") as conf:
            conf.write("\ninclude_if_exists = 'wifiapp.conf'\n")
            conf.flush()
            os.fsync(conf.fileno())
        aside.rename(self.place.data)
        _sync_folder(self.place.path)

    def check_version(self) -> None:
        made_by = (self.place.data / "PG_VERSION").read_text().strip()
        if made_by != binaries.MAJOR:
            raise EmbeddedError(
                f"The database in {self.place.data} was made by PostgreSQL {made_by}; this wifiapp "
                f"brings PostgreSQL {binaries.MAJOR}. Your data was not changed. Start the "
                "previous wifiapp, make a backup, and restore it into a new installation."
            )

    def bring_up(self) -> None:
        """Start the server when it does not run, and wait until it accepts connections."""
        deadline = time.monotonic() + PATIENCE
        while (answer := self.answer()) != "ready":
            if time.monotonic() > deadline:
                raise EmbeddedError(
                    f"The database does not get ready in {PATIENCE / 60:.0f} minutes. Your data "
                    f"was not changed. Start again later; its log is {self.place.data / 'log'}."
                )
            if answer == "silent":
                self._start()
            else:
                time.sleep(0.1)

    def answer(self) -> str:
        """Ask the server itself: "ready", "busy" (starting, recovering, stopping) or "silent"."""
        if not self.place.data.exists():
            return "silent"
        code, _ = self._run("pg_isready", "-q", "-h", str(self.place.sockets), "-t", "3")
        if code in (0, 1):
            return "busy" if code else "ready"
        socket = self.place.sockets / SOCKET
        return "busy" if socket.exists() and postmasters(self.place.data) else "silent"

    def stop(self) -> None:
        """Stop the server, if there is one, after it wrote everything down."""
        if self.answer() == "silent" and not postmasters(self.place.data):
            return
        code, output = self._run(
            *("pg_ctl", "stop", "-D", str(self.place.data)),
            *("-m", "fast", "-w", "-t", f"{PATIENCE:.0f}"),
        )
        if code:
            raise EmbeddedError(
                f"The database did not stop: {cause(output)}. Your data was not changed."
            )

    def create_database(self) -> None:
        try:
            with psycopg.connect(
                host=str(self.place.sockets),
                user="wifiapp",
                password=self.password,
                dbname="postgres",
                autocommit=True,
                connect_timeout=10,
            ) as connection:
                known = "select 1 from pg_database where datname = 'wifiapp'"
                if not connection.execute(known).fetchone():
                    connection.execute("create database wifiapp")
        except psycopg.Error as error:
            raise EmbeddedError(
                f"The database runs but does not let us in: {cause(str(error))}. Your data was "
                f"not changed. The password is kept in {self.place.path / 'password'}."
            ) from error

    def _start(self) -> None:
        data, log = self.place.data, self.place.path / "start.log"
        if postmasters(data):  # alive, but somebody removed its socket: nobody can reach it
            self.stop()
        clear_stale(data, self.place.sockets)
        binaries.forget_old_copies(self.place.path)
        self.place.make_socket_folder()
        _write(data / "wifiapp.conf", SETTINGS)
        _write(log, "")
        self._give(data / "wifiapp.conf", log)
        start = (
            *("pg_ctl", "start", "-D", str(data), "-w", "-t", f"{PATIENCE:.0f}"),
            *("-l", str(log), "-o", f"-k {self.place.sockets}"),
        )
        code, output = self._run(*start)
        if code:
            # Once more: a recovery stops at the file of an unlogged table that was undone just
            # before the power went ("File exists"), and the next one clears it away.
            code, output = self._run(*start)
        if code:
            raise EmbeddedError(
                f"The database did not start: {cause(output + log.read_text() + self._log())}. "
                f"Your data was not changed. The details are in {log} and {data / 'log'}."
            )

    def _end_ghosts(self) -> None:
        """End a server whose folder was removed under it: it would later remove our socket."""
        while ghosts := postmasters(self.place.data):
            for pid in ghosts:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGQUIT)
            time.sleep(0.05)

    def _give(self, *paths: Path) -> None:
        if account := self.place.account:
            for path in paths:
                account.own(path)

    def _run(self, program: str, *arguments: str) -> tuple[int, str]:
        """Run one of PostgreSQL's programs as the account, and return its code and output."""
        account = self.place.account
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
        with tempfile.TemporaryFile("w+") as output:  # a pipe would stay open in the server
            done = subprocess.run(  # noqa: S603 - our own programs and words
                [str(binaries.bin_dir(account, self.place.path) / program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                env=environment | {"LC_ALL": "C"},
                check=False,
                **(account.options if account else {}),
            )
            output.seek(0)
            return done.returncode, output.read()

    def _log(self) -> str:
        """Return the end of the newest log of the server."""
        logs = sorted((self.place.data / "log").glob("*.log"), key=lambda log: log.stat().st_mtime)
        return logs[-1].read_text(errors="replace")[-4000:] if logs else ""


def _write(path: Path, text: str) -> None:
    """Write a private file so that a power cut leaves it whole."""
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
