"""Gunicorn killed with all its processes while it takes or gives an archive."""

import contextlib
import http.client
import os
import random
import signal
import socket
import subprocess
import sys

import pytest

from tests.backup.archives import execute, fill, make_archive
from tests.backup.faults.conftest import Shop
from tests.conftest import sign_in
from tests.factories import make_backup, make_device, make_user
from tests.processes import ROOT, environment, wait_for
from wifiapp import clock
from wifiapp.auth.models import User
from wifiapp.db import db

SIZE = 8 << 20  # of the archive: what comes after its end is no part of it
BOUNDARY = "a-boundary-of-tests"


class Web:
    """Gunicorn in a process group of its own, and a browser that is signed in."""

    def __init__(self, shop):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        folder = shop.backups.parent
        ours = {"HOST": "127.0.0.1", "PORT": str(self.port), "WEB_CONCURRENCY": "1"}
        with (folder / "web.log").open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "wsgi:app"],
                cwd=ROOT,
                env=environment(shop.url, folder, **ours),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        client = shop.app.test_client()
        with shop.app.app_context():
            sign_in(client, db.session.query(User).filter_by(role="ADMIN").first())
        self.connections = []
        self.token = client.csrf_token()
        self.cookie = client.get_cookie(shop.app.config["SESSION_COOKIE_NAME"])
        wait_for(self.answers)

    def ask(self, method, path, headers=()):
        """Begin a request and return the connection, whose body is still to be sent."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        self.connections.append(connection)
        connection.putrequest(method, path)
        cookie = {"Cookie": f"{self.cookie.key}={self.cookie.value}"}
        for name, value in (cookie | dict(headers)).items():
            connection.putheader(name, value)
        connection.endheaders()
        return connection

    def answers(self):
        with contextlib.suppress(OSError):
            return self.ask("GET", "/healthz").getresponse().status
        return None

    def close(self):
        for connection in self.connections:
            connection.close()
        self.kill()

    def kill(self):
        if self.process.returncode is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@pytest.fixture
def shop(own_app):
    fill(own_app, make_device, lambda: make_user("ADMIN"))
    shop = Shop(own_app)
    shop.backups.mkdir(parents=True)
    return shop


@pytest.fixture
def start_web(shop):
    with contextlib.ExitStack() as stack:

        def start():
            web = Web(shop)
            stack.callback(web.close)
            return web

        yield start


def form(token, content):
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{token}\r\n'
    file = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="archive"; filename="a.zip"\r\n'
    return f"{head}{file}\r\n".encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()


def test_an_upload_killed_at_any_moment_is_not_there(shop, start_web):
    content = make_archive(shop.app).path.rename(shop.backups.parent / "a.zip").read_bytes()
    before, uploads = shop.data(), shop.backups / "uploads"
    for part in random.Random("upload").sample(range(1, 100), 3):
        web = start_web()
        body = form(web.token, content.ljust(SIZE))
        headers = {
            "Content-Length": str(len(body)),
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
        }
        connection = web.ask("POST", "/backups/restore/upload", headers)
        connection.send(body[: len(body) * part // 100])
        wait_for(lambda: list(uploads.glob("*.part")))
        web.kill()
        with pytest.raises((OSError, http.client.HTTPException)):
            connection.getresponse()
        shop.restart()
        assert list(uploads.iterdir()) == []
        assert execute(shop.app, "SELECT count(*) FROM restores") == [(0,)]
        assert shop.data() == before


def test_a_download_killed_in_the_middle_goes_on_where_it_ended(shop, start_web):
    path = make_archive(shop.app).path
    with path.open("ab") as file:
        file.write(bytes(SIZE))
    with shop.app.app_context():
        facts = {"file_name": path.name, "sha256": "0" * 64, "verified_at": clock.now()}
        backup = make_backup(status="VERIFIED", **facts)
        address = f"/backups/{backup.id}/download"
        db.session.commit()
    web = start_web()
    answer = web.ask("GET", address).getresponse()
    assert answer.status == 200
    begun = answer.read(SIZE // 2)
    web.kill()
    answer.close()
    rest = {"Range": f"bytes={len(begun)}-", "If-Range": answer.headers["ETag"]}
    answer = start_web().ask("GET", address, rest).getresponse()
    assert answer.status == 206
    assert begun + answer.read() == path.read_bytes()
