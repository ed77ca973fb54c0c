"""A process that has become the app already, and does each run in a fork that can be killed.

`python -m tests.backup.faults.runner` reads one JSON line a run: the arguments of `flask`, or
`["worker"]`, the environment and the log of the installation, and what to change in the program
first. It prints, with the run's number, the fork's pid, each stage that the engine comes to, the
MB of memory that it took, and how it ended. What the app learns once (the shapes of the
migrations) is learnt before the fork, as by a worker that has been up a while.
"""

import importlib
import json
import os
import re
import resource
import signal
import sys
import traceback
from pathlib import Path

from flask.cli import ScriptInfo

from wifiapp import create_app
from wifiapp.backup.reporting import Reporter
from wifiapp.db import db
from wifiapp.doctor.examination import examine_now
from wifiapp.doctor.expectation import from_migrations
from wifiapp.jobs.worker import SIGNALS, Worker
from wifiapp.tasks import tasks

# The others change data of their own accord, and would hide that something else did.
OF_BACKUPS = {"backup", "restore", "daily", "hook", "prune", "interrupted", "sweep"}


def say(run, **facts):
    os.write(1, json.dumps({"run": run} | facts).encode() + b"\n")


def warm_up():
    with create_app().app_context():
        examine_now()
        from_migrations(db.session.connection())
        db.session.remove()
        db.engine.dispose()


def tell_stages(run):
    stage = Reporter.stage

    def stage_and_say(self, name, rows_expected=None):
        say(run, stage=name)
        stage(self, name, rows_expected)

    Reporter.stage = stage_and_say


def change(where, value):
    """Set what stands there in the program; `limit` is the most bytes that a file may have."""
    if where == "limit":
        resource.setrlimit(resource.RLIMIT_FSIZE, (value, value))
        return
    module, _, name = where.rpartition(".")
    setattr(importlib.import_module(module), name, value)


def do(app, words):
    """Do the run in this process and return its exit code."""
    try:
        if words == ["worker"]:
            everything = tasks(app.config["WIFIAPP"])
            Worker(app, [task for task in everything if task.name in OF_BACKUPS]).run()
        else:
            app.cli.main(words, obj=ScriptInfo(create_app=lambda: app))
    except SystemExit as end:
        return int(end.code or 0)
    except BaseException:  # noqa: BLE001 - a fork that goes on would read the next run
        traceback.print_exc()
        return 1
    return 0


def start_of_memory():
    """Forget the most memory that this process had, and return what it has now."""
    Path("/proc/self/clear_refs").write_text("5")
    return memory()


def memory():
    """Return the most memory that this process has had, in MB."""
    return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) / 1024


def supervise(given):
    """Fork once more, and tell how that fork ends."""
    run = given["number"]
    os.dup2(os.open(given["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT), sys.stderr.fileno())
    os.environ.clear()
    os.environ.update(given["environment"])
    pid = os.fork()
    if not pid:
        app = create_app()
        if given["words"] == ["worker"]:  # it waits for a signal that comes before it is up
            signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        say(run, pid=os.getpid())
        tell_stages(run)
        for where, value in given["changes"].items():
            change(where, value)
        before = start_of_memory()
        code = do(app, given["words"])
        say(run, memory=memory() - before)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    say(run, exit=os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    os._exit(0)


def main():
    warm_up()
    say(0, ready=True)
    for line in sys.stdin:
        if not os.fork():
            supervise(json.loads(line))


if __name__ == "__main__":
    main()
