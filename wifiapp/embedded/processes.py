"""What the kernel knows about a server: more than a pid in a file, which proves nothing."""

import contextlib
import time
from pathlib import Path

PROC = Path("/proc")
SOCKET = ".s.PGSQL.5432"


def postmasters(data: Path) -> set[int]:
    """Return the live postmasters that were started on this data folder.

    Command lines are readable whoever owns the process; a working directory is not, for root in
    a container without CAP_SYS_PTRACE. Empty where there is no /proc.
    """
    return {
        int(process.name) for process in PROC.glob("[0-9]*") if is_postmaster(process.name, data)
    }


def is_postmaster(pid: str, data: Path) -> bool:
    """Tell whether the process is a live postmaster of this data folder, and not a zombie."""
    try:
        arguments = (PROC / pid / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return arguments[0].endswith(b"/postgres") and str(data).encode() in arguments[1:]


def ready(data: Path, sockets: Path) -> bool:
    """Tell from two small reads whether the server of this data folder accepts connections."""
    match _pid_file(data):
        case [pid, _, _, _, _, _, _, state, *_] if state.strip() == "ready":
            return is_postmaster(pid.strip(), data) and (sockets / SOCKET).exists()
    return False


def clear_stale(data: Path, sockets: Path, patience: float = 15) -> None:
    """Remove what a killed server left behind, which would keep the next one from starting.

    PostgreSQL believes a pid in `postmaster.pid` when any process of its account has that number:
    an innocent one after a power cut, a zombie in a container. Called when no postmaster of this
    folder lives. Its orphaned backends leave by themselves; while one is still attached to the
    shared memory the files stay, and PostgreSQL's own interlock decides.
    """
    if not (PROC / "self").exists():
        return
    deadline = time.monotonic() + patience
    while _memory_in_use(data):
        if time.monotonic() > deadline:
            return
        time.sleep(0.05)
    for name in (f"{SOCKET}.lock", SOCKET):
        (sockets / name).unlink(missing_ok=True)
    (data / "postmaster.pid").unlink(missing_ok=True)


def _memory_in_use(data: Path) -> bool:
    """Tell whether a process is attached to the shared memory that `postmaster.pid` names."""
    lines = _pid_file(data)
    with contextlib.suppress(OSError, ValueError, IndexError):
        key, segment = (int(word) for word in lines[6].split())
        for row in (PROC / "sysvipc" / "shm").read_text().splitlines()[1:]:
            columns = [int(word) for word in row.split()]
            if (columns[0] % 2**32, columns[1]) == (key % 2**32, segment):
                return columns[6] > 0
    return False


def _pid_file(data: Path) -> list[str]:
    """Return the lines: pid, data, start, port, sockets, addresses, shared memory, state."""
    try:
        return (data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return []
