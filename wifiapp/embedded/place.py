"""Where the server lives: the folder a person finds, the account, the socket and the lock."""

import contextlib
import fcntl
import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from wifiapp.embedded import accounts
from wifiapp.embedded.accounts import Account
from wifiapp.embedded.errors import EmbeddedError

LONGEST_SOCKET_FOLDER = 90  # a socket's path may have 104 bytes (macOS) or 108 (Linux)


class Place:
    """The folders of one server.

    `root` is what a person finds (`instance/postgres`); `path` is where the data really is: the
    same folder, or one under `relocate_base` when the server's account cannot enter `root`.
    """

    def __init__(self, root: Path, relocate_base: Path) -> None:
        self.root = root.parent.resolve() / root.name
        self.relocate_base = relocate_base

    @property
    def path(self) -> Path:
        return self.root.resolve()

    @property
    def data(self) -> Path:
        return self.path / "pgdata"

    @property
    def sockets(self) -> Path:
        """The folder of the socket: the place itself, unless its path is too long or odd."""
        path = str(self.path)
        if len(path.encode()) <= LONGEST_SOCKET_FOLDER and re.fullmatch(
            r"[\w/.+-]+", path, re.ASCII
        ):
            return self.path
        # Not tempfile.gettempdir(): every process must find the same one, whatever its TMPDIR.
        return Path("/tmp", f"wifiapp-{_short_hash(self.path)}")  # noqa: S108 - checked when made

    @property
    def account(self) -> Account | None:
        """The account that runs the server, or None when it is this process's own."""
        return accounts.for_data(self.data)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Be the only one, of all processes and threads, that changes the state of the server."""
        self.root.parent.mkdir(parents=True, exist_ok=True)
        path = self.root.with_name(f"{self.root.name}.lock")
        lock = os.open(path, os.O_CREAT | os.O_RDONLY | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def settle(self) -> None:
        """Make the folder, elsewhere when the server's account cannot enter this one."""
        if self.root.is_symlink() and not self.root.exists():
            raise EmbeddedError(
                f"The database is not where {self.root} points to ({self.path}). Nothing was "
                "changed. Put it back, or remove that link to start with an empty database."
            )
        account = self.account
        if self.root.exists():
            self._check_entry(account)
        elif account is None:
            self.root.mkdir(mode=0o700)
        elif account.may_enter(self.root.parent):
            self.root.mkdir(mode=0o700)
            account.own(self.root)
        else:
            self._relocate(account)

    def make_socket_folder(self) -> None:
        folder, account = self.sockets, self.account
        if folder == self.path:
            return
        folder.mkdir(mode=0o700, exist_ok=True)
        if account and folder.lstat().st_uid == 0:
            account.own(folder)
        state = folder.lstat()
        if state.st_uid != (account.uid if account else os.geteuid()) or state.st_mode & 0o077:
            raise EmbeddedError(
                f"The folder {folder} should hold the database's socket but belongs to somebody "
                "else. Your data was not changed. Remove that folder and start again."
            )

    def _check_entry(self, account: Account | None) -> None:
        if account and self.path.stat().st_uid == 0:
            account.own(self.path)
        if not (account.may_enter(self.path) if account else os.access(self.path, os.W_OK)):
            name = account.name if account else "this user"
            raise EmbeddedError(
                f"The database in {self.path} cannot be entered by {name}, who must run it. Your "
                "data was not changed. Run as the folder's owner, or move it to where that is "
                "possible."
            )

    def _relocate(self, account: Account) -> None:
        """Make the folder under the base, and leave a link to it.

        A folder that is there already belonged to an installation that was at this path before:
        a fresh clone must begin with an empty database, and the old data stays where it is.
        """
        self.relocate_base.mkdir(parents=True, exist_ok=True, mode=0o755)
        name, number = _short_hash(self.root), 1
        path = self.relocate_base / name
        while path.exists() and any(path.iterdir()):
            number += 1
            path = self.relocate_base / f"{name}-{number}"
        path.mkdir(mode=0o700, exist_ok=True)
        account.own(path)
        if not account.may_enter(path):
            raise EmbeddedError(
                f"The account {account.name}, which must run the database, can enter neither "
                f"{self.root.parent} nor {path}. Nothing was changed. Put the program where "
                "everyone may enter, for example under /opt or /srv."
            )
        self.root.symlink_to(path)


def _short_hash(path: Path) -> str:
    return hashlib.sha256(str(path).encode()).hexdigest()[:12]
