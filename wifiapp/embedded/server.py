"""The life of the embedded server: made once, started when needed, stopped by the last user."""

import atexit
import contextlib
import fcntl
import hashlib
import os
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

from wifiapp.embedded import account, binaries, processes
from wifiapp.embedded.errors import EmbeddedError

RELOCATE_BASE = Path("/var/lib/wifiapp")
PATIENCE = 300.0  # seconds; recovery after a power cut replays up to max_wal_size
LONGEST_SOCKET_FOLDER = 90  # a socket's path may have 104 bytes (macOS) or 108 (Linux)
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

_held: dict[Path, tuple[int, int]] = {}  # root -> (pid that holds, descriptor of the lock)
_held_guard = threading.Lock()


class Embedded:
    """A PostgreSQL server of our own, reached through a Unix socket only.

    `root` is the folder that a person finds (`instance/postgres`). When this process is root and
    the server's account cannot enter it, the data lives under `relocate_base` and `root` is a
    link to it. All methods may be called by several processes and threads at once.
    """

    def __init__(self, root: Path, relocate_base: Path = RELOCATE_BASE) -> None:
        self.root = root.parent.resolve() / root.name
        self.relocate_base = relocate_base

    @property
    def place(self) -> Path:
        return self.root.resolve()

    @property
    def data(self) -> Path:
        return self.place / "pgdata"

    @property
    def sockets(self) -> Path:
        """The folder of the socket: the place itself, unless its path is too long or odd."""
        place = str(self.place)
        if len(place.encode()) <= LONGEST_SOCKET_FOLDER and re.fullmatch(
            r"[\w/.+-]+", place, re.ASCII
        ):
            return self.place
        # Not tempfile.gettempdir(): every process must find the same one, whatever its TMPDIR.
        return Path("/tmp", f"wifiapp-{_short_hash(self.place)}")  # noqa: S108 - checked when made

    @property
    def url(self) -> str:
        """The SQLAlchemy URL; contains the password."""
        return f"postgresql+psycopg://wifiapp:{self._password()}@/wifiapp?host={self.sockets}"

    def ensure(self) -> str:
        """Return the URL of a server that accepts connections, or raise `EmbeddedError`.

        Makes the cluster and the database `wifiapp` the first time, starts the server when it
        does not run, and waits while it recovers.
        """
        if self._is_held() and processes.ready(self.data):
            return self.url
        with self._told(), self._locked():
            self._settle()
            if not (self.data / "PG_VERSION").exists():
                self._create()
            self._check_version()
            self._bring_up()
            self._create_database()
        return self.url

    def hold(self) -> str:
        """Keep the server running for the life of this process, and return its URL.

        At exit the last process that holds it stops it. A fork does not hold what its parent
        held, and stops nothing.
        """
        with _held_guard:
            if not self._is_held():
                with self._told(), self._locked():
                    self._settle()
                    flags = os.O_CREAT | os.O_RDONLY | os.O_CLOEXEC
                    lock = os.open(self.place / "in-use.lock", flags, 0o644)
                    fcntl.flock(lock, fcntl.LOCK_SH)
                _held[self.root] = os.getpid(), lock
                atexit.register(self.release)
        return self.ensure()

    def release(self) -> None:
        """Give up the hold of this process; the last one to do so stops the server."""
        with _held_guard:
            if not self._is_held():
                return
            _, lock = _held.pop(self.root)
        try:
            # Under the lock, so that nobody begins to hold between the question and the stop.
            with contextlib.suppress(OSError, EmbeddedError), self._locked():
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._stop()
        finally:
            os.close(lock)

    def running(self) -> bool:
        """Ask whether there is a live server, be it still recovering."""
        return self._answer() != "silent"

    def stop(self) -> None:
        """Stop the server whoever uses it; `ensure` starts it again."""
        with self._told(), self._locked():
            self._stop()

    # ---- where it lives -------------------------------------------------------------------

    def _settle(self) -> None:
        """Make the folder of the server, elsewhere when its account cannot enter this one."""
        if self.root.is_symlink() and not self.root.exists():
            raise EmbeddedError(
                f"The database is not where {self.root} points to ({self.place}). Nothing was "
                "changed. Put it back, or remove that link to start with an empty database."
            )
        runner = self._account()
        if self.root.exists():
            self._check_entry(runner)
        elif runner is None:
            self.root.mkdir(mode=0o700)
        elif runner.may_enter(self.root.parent):
            self.root.mkdir(mode=0o700)
            runner.own(self.root)
        else:
            self._relocate(runner)

    def _check_entry(self, runner: account.Account | None) -> None:
        name = runner.name if runner else "this user"
        if not (runner.may_enter(self.place) if runner else os.access(self.place, os.W_OK)):
            raise EmbeddedError(
                f"The database in {self.place} cannot be entered by {name}, who must run it. Your "
                "data was not changed. Run as the folder's owner, or move it to where that is."
            )

    def _relocate(self, runner: account.Account) -> None:
        """Make the folder under the base, and leave a link to it.

        A folder that is there already belonged to an installation that was at this path before:
        a fresh clone must begin with an empty database, and the old data stays where it is.
        """
        self.relocate_base.mkdir(parents=True, exist_ok=True, mode=0o755)
        name, number = _short_hash(self.root), 1
        place = self.relocate_base / name
        while place.exists() and any(place.iterdir()):
            number += 1
            place = self.relocate_base / f"{name}-{number}"
        place.mkdir(mode=0o700, exist_ok=True)
        runner.own(place)
        if not runner.may_enter(place):
            raise EmbeddedError(
                f"The account {runner.name}, which must run the database, can enter neither "
                f"{self.root.parent} nor {place}. Nothing was changed. Put the program where "
                "everyone may enter, for example under /opt or /srv."
            )
        self.root.symlink_to(place)

    def _account(self) -> account.Account | None:
        return account.for_data(self.data)

    # ---- its life --------------------------------------------------------------------------

    def _create(self) -> None:
        """Make the cluster aside and rename it when it is whole."""
        # `rm -rf` under a live server: it would one day remove the socket of ours, so end it now.
        while ghosts := processes.postmasters(self.data):
            for pid in ghosts:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGQUIT)
            time.sleep(0.05)
        for leftover in self.place.glob("init-*"):
            shutil.rmtree(leftover)
        runner = self._account()
        aside = Path(tempfile.mkdtemp(dir=self.place, prefix="init-"))
        password = self.place / "password"
        _write(password, secrets.token_hex(24))
        if runner:
            runner.own(aside)
            runner.own(password)
        code, output = self._run(
            *("initdb", "-D", str(aside), "-U", "wifiapp", f"--pwfile={password}"),
            *("-A", "scram-sha-256", "-E", "UTF8", "--locale=C"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        )
        if code:
            shutil.rmtree(aside)
            raise EmbeddedError(
                f"The database could not be made in {self.place}: {_cause(output)}. "
                "Nothing was changed; mend the cause and start again."
            )
        with (aside / "postgresql.conf").open("a") as conf:
            conf.write("\ninclude_if_exists = 'wifiapp.conf'\n")
            conf.flush()
            os.fsync(conf.fileno())
        aside.rename(self.data)
        _sync_folder(self.place)

    def _check_version(self) -> None:
        made_by = (self.data / "PG_VERSION").read_text().strip()
        if made_by != binaries.MAJOR:
            raise EmbeddedError(
                f"The database in {self.data} was made by PostgreSQL {made_by}; this version of "
                f"wifiapp brings PostgreSQL {binaries.MAJOR}. Your data was not changed. Start the "
                "previous wifiapp, make a backup, and restore it into a new installation."
            )

    def _bring_up(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while (answer := self._answer()) != "ready":
            if answer == "silent":
                self._start()
            elif time.monotonic() > deadline:
                raise EmbeddedError(
                    f"The database is still recovering after {PATIENCE / 60:.0f} minutes. Your "
                    f"data was not changed. Wait and start again; its log is {self.data / 'log'}."
                )
            else:
                time.sleep(0.1)

    def _answer(self) -> str:
        """Ask the server itself: "ready", "busy" (starting, recovering, stopping) or "silent"."""
        if not self.data.exists():
            return "silent"
        code, _ = self._run("pg_isready", "-q", "-h", str(self.sockets), "-t", "3")
        if code in (0, 1):
            return "busy" if code else "ready"
        unheard = (self.sockets / ".s.PGSQL.5432").exists() and processes.postmasters(self.data)
        return "busy" if unheard else "silent"

    def _start(self) -> None:
        if processes.postmasters(self.data):  # alive, but somebody removed its socket
            self._stop()
        processes.clear_stale(self.data, self.sockets)
        binaries.forget_old_copies(self.place)
        runner = self._account()
        self._make_socket_folder(runner)
        _write(self.data / "wifiapp.conf", SETTINGS)
        log = self.place / "start.log"
        _write(log, "")
        if runner:
            runner.own(self.data / "wifiapp.conf")
            runner.own(log)
        code, output = self._run(
            *("pg_ctl", "start", "-D", str(self.data), "-w", "-t", f"{PATIENCE:.0f}"),
            *("-l", str(log), "-o", f"-k {self.sockets}"),
        )
        if code:
            raise EmbeddedError(
                f"The database did not start: {_cause(output + log.read_text() + self._log())}. "
                f"Your data was not changed. The details are in {log} and {self.data / 'log'}."
            )

    def _make_socket_folder(self, runner: account.Account | None) -> None:
        folder = self.sockets
        if folder == self.place:
            return
        folder.mkdir(mode=0o700, exist_ok=True)
        if runner and folder.stat().st_uid == 0:
            runner.own(folder)
        state = folder.lstat()
        if state.st_uid != (runner.uid if runner else os.geteuid()) or state.st_mode & 0o077:
            raise EmbeddedError(
                f"The folder {folder} should hold the database's socket but belongs to somebody "
                "else. Your data was not changed. Remove that folder and start again."
            )

    def _stop(self) -> None:
        if processes.postmasters(self.data) or self.running():
            code, output = self._run("pg_ctl", "stop", "-D", str(self.data), "-m", "fast", "-w")
            if code:
                raise EmbeddedError(
                    f"The database did not stop: {_cause(output)}. Your data was not changed."
                )

    def _create_database(self) -> None:
        try:
            with psycopg.connect(
                host=str(self.sockets),
                user="wifiapp",
                password=self._password(),
                dbname="postgres",
                autocommit=True,
                connect_timeout=10,
            ) as connection:
                known = "select from pg_database where datname = 'wifiapp'"
                if not connection.execute(known).fetchone():
                    connection.execute("create database wifiapp")
        except psycopg.Error as error:
            raise EmbeddedError(
                f"The database runs but does not let us in: {_cause(str(error))}. Your data was "
                f"not changed. The password is kept in {self.place / 'password'}."
            ) from error

    # ---- small means -----------------------------------------------------------------------

    def _run(self, program: str, *arguments: str) -> tuple[int, str]:
        """Run one of PostgreSQL's programs as the account, and return its code and output."""
        runner = self._account()
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
        with tempfile.TemporaryFile("w+") as output:  # a pipe would stay open in the server
            done = subprocess.run(  # noqa: S603 - our own programs and words
                [str(binaries.bin_dir(runner, self.place) / program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                env=environment | {"LC_ALL": "C"},
                check=False,
                **(runner.options if runner else {}),
            )
            output.seek(0)
            return done.returncode, output.read()

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        self.root.parent.mkdir(parents=True, exist_ok=True)
        path = self.root.with_name(f"{self.root.name}.lock")
        lock = os.open(path, os.O_CREAT | os.O_RDONLY | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what the operating system refuses into one clear line."""
        try:
            yield
        except OSError as error:
            raise EmbeddedError(
                f"The database in {self.root} cannot be used: {_cause(str(error))}. "
                "Your data was not changed; mend the cause and start again."
            ) from error

    def _is_held(self) -> bool:
        return _held.get(self.root, (0, 0))[0] == os.getpid()

    def _password(self) -> str:
        return (self.place / "password").read_text()

    def _log(self) -> str:
        logs = sorted((self.data / "log").glob("*.log"), key=lambda log: log.stat().st_mtime)
        return logs[-1].read_text(errors="replace")[-4000:] if logs else ""


def _cause(output: str) -> str:
    """Return the one line of a program's output that says why it failed."""
    if "No space left on device" in output:
        return "the disk is full"
    lines = [line.strip() for line in output.splitlines() if line.strip()] or ["no reason given"]
    telling = [line for line in lines if re.search(r"(FATAL|PANIC|[Ee]rror):", line)]
    return re.sub(r"^.*?(FATAL|PANIC|[Ee]rror): +", "", (telling or lines)[-1]).rstrip(".")


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


def _short_hash(path: Path) -> str:
    return hashlib.sha256(str(path).encode()).hexdigest()[:12]
