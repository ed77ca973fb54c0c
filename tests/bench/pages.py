"""How pages fare while a backup and a restore run: /devices through gunicorn, as browsers ask.

A few browsers ask again as soon as they are answered, so this is a busy shop; what counts is
the ratio to the same browsers with nothing else going on.
"""

import contextlib
import http.client
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time

from rich.table import Table

from tests.conftest import make_config, sign_in
from tests.factories import make_user
from tests.processes import ROOT, environment, wait_for
from wifiapp import create_app
from wifiapp.db import db

BROWSERS, ALONE = 2, 10  # ALONE: seconds without anything else
AIM = 3.0  # p99 during a backup, by p99 without


def free_port():
    """Return a port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


class Web:
    """Gunicorn on the database, and what a signed-in browser sends."""

    def __init__(self, url, folder, path="/devices"):
        self.path, self.port = path, free_port()
        with (folder / "web.log").open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "wsgi:app"],
                cwd=ROOT,
                env=environment(url, folder, HOST="127.0.0.1", PORT=str(self.port)),
                stdout=log,
                stderr=log,
            )
        app = create_app(make_config(folder, url))
        with app.app_context():
            user = make_user("ADMIN")
            db.session.commit()
            client = sign_in(app.test_client(), user)
            db.engine.dispose()
        cookie = client.get_cookie(app.config["SESSION_COOKIE_NAME"])
        self.headers = {"Cookie": f"{cookie.key}={cookie.value}"}
        wait_for(lambda: self.ask(self.connect()))

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def ask(self, connection):
        """Return the milliseconds that the page took, None when there is nobody yet."""
        started = time.perf_counter()
        try:
            connection.request("GET", self.path, headers=self.headers)
            answer = connection.getresponse()
            answer.read()
        except OSError:
            return None
        if answer.status != http.HTTPStatus.OK:
            sys.exit(f"{self.path} answered {answer.status}")
        return (time.perf_counter() - started) * 1000

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()

    @contextlib.contextmanager
    def browsing(self):
        """Let browsers ask while the block runs; what they waited is in the list at its end."""
        waited, over = [], threading.Event()

        def browse():
            with contextlib.closing(self.connect()) as connection:
                while not over.is_set():
                    waited.append(self.ask(connection))

        threads = [threading.Thread(target=browse) for _ in range(BROWSERS)]
        for thread in threads:
            thread.start()
        yield waited
        over.set()
        for thread in threads:
            thread.join()


def measure(server, console, rounds):
    """Print p50 and p99 of /devices alone, during a backup, a proof and a restore."""
    archive, web = server.folder / "archive.zip", Web(server.app_url("source"), server.folder)
    waited, locks = {}, []
    try:
        for _ in range(rounds):
            archive.unlink(missing_ok=True)
            with console.status("nothing else"), web.browsing() as found:
                over = threading.Event()
                over.wait(ALONE)
            waited.setdefault("nothing else", []).extend(found)
            for what in ("create", "verify", "restore"):
                with console.status(what), web.browsing() as found:
                    lock = _ours(server, what, archive)
                waited.setdefault(what, []).extend(found)
                locks += [lock] if lock else []
    finally:
        web.stop()
    _print(console, waited, locks)


def _ours(server, what, archive):
    command = [sys.executable, "-m", "tests.bench.ours", what, server.app_url("source")]
    done = subprocess.run([*command, str(archive)], stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])["lock"]


def _print(console, waited, locks):
    alone = p99(waited["nothing else"])
    table = Table(title=f"/devices, {BROWSERS} browsers, {os.cpu_count()} cores")
    for head in ("meanwhile", "pages", "p50 ms", "p99 ms", "longest ms", "p99 / alone", "aim"):
        table.add_column(head, justify="left" if head == "meanwhile" else "right")
    for name, found in waited.items():
        ratio = p99(found) / alone
        aim = ("reached" if ratio <= AIM else "MISSED") if name == "create" else ""
        figures = (statistics.median(found), p99(found), max(found))
        shown = [f"{figure:.1f}" for figure in figures]
        table.add_row(name, str(len(found)), *shown, f"{ratio:.2f}", aim)
    console.print(table)
    console.print(f"Lock of the swap while pages are read: {max(locks):.0f} ms at most.")


def p99(found):
    return statistics.quantiles(found, n=100)[-1]
