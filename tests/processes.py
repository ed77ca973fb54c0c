"""Real processes beside a test: `flask …` commands and workers on a database of its own."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent


def wait_for(question, seconds=30, pause=0.02):
    """Ask until the answer is true and return it; fail after so many seconds."""
    end = time.monotonic() + seconds
    while not (answer := question()):
        assert time.monotonic() < end, f"still not so after {seconds} s"
        time.sleep(pause)
    return answer


def environment(url, folder, **given):
    """Return the environment of an installation of its own."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("WIFIAPP_")}
    ours = {
        "DATABASE_URL": url,
        "WIFIAPP_INSTANCE": str(folder),
        "SECRET_KEY": "a secret for tests only",
        "BACKUP_DIR": str(folder / "backups"),
    }
    return kept | ours | given


def start(url, folder, *arguments, **options):
    """Start `flask …` on the database, its output in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{arguments[0]}.log").open("a") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "flask", "--app", "wsgi", *arguments],
            cwd=ROOT,
            env=environment(url, folder),
            **{"stdout": log, "stderr": log} | options,
        )


def finish(process, how=signal.SIGTERM, seconds=30):
    """End the process by a signal and return its exit code."""
    if process.poll() is None:
        process.send_signal(how)
    try:
        return process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise


@contextlib.contextmanager
def running_worker(url, folder):
    """Run a worker beside the test."""
    process = start(url, folder, "worker")
    try:
        yield process
    finally:
        finish(process)
