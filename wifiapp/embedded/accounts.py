"""Which system account runs the server, since PostgreSQL refuses root."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wifiapp.embedded.errors import EmbeddedError

NAME = "wifiapp"


@dataclass(frozen=True)
class Account:
    """A system account that root runs the server as."""

    name: str
    uid: int
    gid: int

    @property
    def options(self) -> dict[str, Any]:
        """The arguments that make `subprocess` run a command as this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def may_enter(self, path: Path) -> bool:
        """Ask the kernel, as the account, whether it may enter a folder or run a file.

        Mode bits alone do not tell: access lists and mounts have a say too.
        """
        command = ["/bin/sh", "-c", 'test -x "$1"', "sh", str(path)]
        done = subprocess.run(command, cwd="/", check=False, **self.options)  # noqa: S603 - fixed
        return done.returncode == 0

    def own(self, path: Path) -> None:
        os.chown(path, self.uid, self.gid, follow_symlinks=False)


def for_data(data: Path) -> Account | None:
    """Return the account for the data folder, or None when this process is not root.

    Data that is there already keeps its owner; new data gets the account `wifiapp`, which is made
    when it is missing. Raises `EmbeddedError`.
    """
    if os.geteuid() != 0:
        return None
    if not data.exists():
        return _dedicated()
    owner = data.stat()
    if owner.st_uid == 0:
        raise EmbeddedError(
            f"The database in {data} belongs to root, and PostgreSQL refuses to run as root. "
            f"Your data was not changed. Run: chown -R {_dedicated().name} {data.parent}"
        )
    try:
        name = pwd.getpwuid(owner.st_uid).pw_name
    except KeyError:
        name = str(owner.st_uid)
    return Account(name, owner.st_uid, owner.st_gid)


def _dedicated() -> Account:
    try:
        entry = pwd.getpwnam(NAME)
    except KeyError:
        _make()
        entry = pwd.getpwnam(NAME)
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _make() -> None:
    useradd = shutil.which("useradd", path="/usr/sbin:/usr/bin:/sbin:/bin")
    why = "there is no useradd here"
    if useradd:
        done = subprocess.run(  # noqa: S603 - every word is fixed
            [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", NAME],
            capture_output=True,
            text=True,
            check=False,
        )
        exists = 9  # another process made it a moment ago
        if done.returncode in (0, exists):
            return
        why = done.stderr.strip() or f"useradd ended with {done.returncode}"
    raise EmbeddedError(
        f"PostgreSQL refuses to run as root, and the system account {NAME} cannot be made ({why}). "
        "Nothing was changed. Run as another user, make that account, or set DATABASE_URL."
    )
