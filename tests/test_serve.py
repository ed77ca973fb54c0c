"""`make run` from outside: what it prints, what it leaves, and how it refuses."""

import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from tests.conftest import SERVER
from wifiapp.embedded import Embedded

pytestmark = pytest.mark.usefixtures("no_database")

ROOT = Path(__file__).parent.parent


class Running:
    """A `python -m wifiapp.serve` and what it said so far."""

    def __init__(self, instance, **settings):
        self.instance = instance
        self.port = settings.setdefault("PORT", str(free_port()))
        inherited = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "SECRET_KEY")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "wifiapp.serve"],
            cwd=ROOT,
            env=inherited
            | {"WIFIAPP_INSTANCE": str(instance), "HOST": "127.0.0.1", "WEB_CONCURRENCY": "1"}
            | settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said = ""

    def until(self, words):
        """Read on until a line has the words; fail with all that was said when none has."""
        for line in self.process.stdout:
            self.said += line
            if words in line:
                return line
        raise AssertionError(f"never said {words!r}:\n{self.said}")

    def get(self, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}") as response:
                return response.status, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def children(self):
        """Return the pids by the last word of their command line."""
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        lines = {int(pid): Path(f"/proc/{pid}/cmdline").read_text() for pid in listed.split()}
        return {line.rstrip("\0").split("\0")[-1]: pid for pid, line in lines.items()}

    def end(self, sign=signal.SIGINT):
        self.process.send_signal(sign)
        self.said += self.process.stdout.read()
        return self.process.wait()


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture
def instance():
    """A folder that the embedded server's account may enter."""
    path = Path(tempfile.mkdtemp(prefix="wifiapp-test-", dir="/tmp"))
    path.chmod(0o755)
    yield path
    if (path / "postgres").exists():
        Embedded(path / "postgres").stop()
    shutil.rmtree(path)


@pytest.fixture
def serve(instance):
    """Start the product on the instance; what still runs at the end is stopped."""
    started = []

    def serve(**settings):
        started.append(Running(instance, **settings))
        return started[-1]

    yield serve
    for running in started:
        if running.process.poll() is None:
            running.end()
        running.process.stdout.close()


def refusal(serve, **settings):
    """Start with settings that cannot work; return the one line that says so."""
    running = serve(**settings)
    said = running.process.stdout.read()
    assert running.process.wait() == 1
    assert "Traceback" not in said
    (line,) = [line for line in said.splitlines() if not line.startswith("wifiapp: database in")]
    return line


def test_it_starts_serves_stops_and_starts_again_with_the_same_data(serve, instance):
    first = serve()
    password = re.search(r"password: (\S+)", first.until("first admin"))[1]
    ready = first.until("ready")
    assert f"http://localhost:{first.port}" in ready
    status, body = first.get("/healthz")
    assert (status, json.loads(body)["database"]) == (200, "ok")
    assert first.end() == 0
    assert "Traceback" not in first.said
    assert first.said.endswith("stopped.\n")
    assert not Embedded(instance / "postgres").running()

    second = serve()
    second.until("ready")
    assert "first admin" not in second.said
    assert second.get("/sign-in")[0] == 200
    assert second.end(signal.SIGTERM) == 0
    assert password not in second.said


def test_a_kill_of_everything_loses_nothing_and_the_next_start_works(serve, instance):
    running = serve()
    running.until("ready")
    url = Embedded(instance / "postgres").url.replace("+psycopg", "")
    with psycopg.connect(url) as connection:
        connection.execute("create table kept as select 1 as number")
    handles = [os.pidfd_open(pid) for pid in running.children().values()]
    running.process.kill()
    running.process.wait()
    for handle in handles:  # the kernel ends the children of a killed parent
        assert select.select([handle], [], [], 30)[0]
        os.close(handle)
    again = serve(PORT=running.port)
    again.until("ready")
    with psycopg.connect(url) as connection:
        assert connection.execute("select number from kept").fetchone() == (1,)
    assert again.end() == 0


def test_a_worker_that_dies_is_started_again_and_the_pages_stay(serve):
    running = serve()
    running.until("ready")
    before = running.children()
    os.kill(before["worker"], signal.SIGKILL)
    assert "SIGKILL" in running.until("the worker ended")
    running.until("the worker was started again")
    after = running.children()
    assert after["worker"] != before["worker"]
    assert after["wsgi:app"] == before["wsgi:app"]
    assert running.get("/healthz")[0] == 200


def test_a_taken_port_is_told_with_the_setting_to_change(serve):
    with socket.create_server(("127.0.0.1", 0)) as other:
        line = refusal(serve, PORT=str(other.getsockname()[1]))
    assert "PORT" in line


@pytest.mark.parametrize("value", ["abc", "0"])
def test_a_number_of_processes_that_cannot_be_is_told(serve, value):
    assert "WEB_CONCURRENCY" in refusal(serve, WEB_CONCURRENCY=value)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("not a url", "DATABASE_URL is not a URL"),
        ("postgresql://shop:geheim@localhost:port/shop", "DATABASE_URL is not a URL"),
        ("mysql://shop:geheim@localhost/shop", "PostgreSQL"),
        ("postgresql://shop:geheim@127.0.0.1:1/shop", "Connection refused"),
        ("postgresql://shop:geheim@no-such-host.invalid/shop", "no-such-host.invalid"),
        ("postgresql://shop:geheim@127.0.0.1/shop?no_such_option=1", "DATABASE_URL"),
    ],
)
def test_a_database_url_that_cannot_work_is_told_without_its_password(serve, url, words):
    line = refusal(serve, DATABASE_URL=url)
    assert words in line
    assert "geheim" not in line


def test_a_wrong_password_and_a_missing_database_are_told(serve):
    url = make_url(os.environ[SERVER])
    wrong = url.set(password="geheim").render_as_string(hide_password=False)
    line = refusal(serve, DATABASE_URL=wrong)
    assert "password authentication failed" in line
    assert "geheim" not in line
    missing = url.set(database="no_such_shop").render_as_string(hide_password=False)
    assert 'database "no_such_shop" does not exist' in refusal(serve, DATABASE_URL=missing)


def test_a_postgresql_older_than_15_is_told(serve):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=pretend_to_be_postgresql_14, args=[listener], daemon=True).start()
        port = listener.getsockname()[1]
        line = refusal(serve, DATABASE_URL=f"postgresql://shop@127.0.0.1:{port}/shop")
    assert "PostgreSQL 14" in line
    assert "15" in line


def pretend_to_be_postgresql_14(listener):
    """Answer one client as far as it needs to know the version."""
    connection, _ = listener.accept()
    with connection:
        while len(message := connection.recv(1024)) == 8:
            connection.sendall(b"N")  # neither TLS nor GSS
        assert message
        version = b"server_version\x0014.9\x00"
        connection.sendall(
            b"R\x00\x00\x00\x08\x00\x00\x00\x00"
            b"S" + (4 + len(version)).to_bytes(4, "big") + version + b"Z\x00\x00\x00\x05I"
        )
        connection.recv(1024)


def test_a_migration_that_fails_is_told_in_one_line_and_its_details_are_kept(
    serve, instance, empty_database
):
    with psycopg.connect(empty_database.replace("+psycopg", "")) as connection:
        connection.execute("create table alembic_version as select 'from_tomorrow' as version_num")
    line = refusal(serve, DATABASE_URL=empty_database)
    assert "from_tomorrow" in line
    assert "Traceback" in (instance / "upgrade.log").read_text()


def test_an_instance_that_cannot_be_written_is_told(serve, instance):
    (instance / "file").write_text("")
    line = refusal(serve, WIFIAPP_INSTANCE=str(instance / "file"))
    assert str(instance / "file") in line
