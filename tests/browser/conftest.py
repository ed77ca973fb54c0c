"""The product as people use it: gunicorn, the worker, PostgreSQL and Chromium, all real."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import sync_playwright

from tests.conftest import TEMPLATE, create_database, database_url, drop_database, make_config
from wifiapp import create_app
from wifiapp.db import db

ROOT = Path(__file__).parents[2]
EMAIL, PASSWORD = "owner@example.org", "a long word for tests"
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
]


@dataclass
class Server:
    """A running installation: its address, its folder, and its command line."""

    url: str
    folder: Path
    environment: dict
    app: Any = None

    def command(self, *arguments, **options):
        """Run a `flask` command, which has to succeed, and return what it printed.

        It runs in this process: a program that starts takes longer than most of them.
        """
        return command(self.app, *arguments, **options)

    def flask(self, *arguments, check=True, **options):
        """Run a `flask` command as a program of its own and return how that ended."""
        return subprocess.run(
            [sys.executable, "-m", "flask", "--app", "wsgi", *arguments],
            cwd=ROOT,
            env=self.environment,
            check=check,
            capture_output=True,
            text=True,
            timeout=120,
            **options,
        )


def wait_for(question, seconds=60, pause=0.05):
    """Ask until the answer is true; fail after so many seconds."""
    end = time.monotonic() + seconds
    while not (answer := question()):
        assert time.monotonic() < end, f"still not so after {seconds} s"
        time.sleep(pause)
    return answer


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        return json.load(error)  # 503 is an answer too: it is up, and says what is wrong
    except OSError:
        return None


def command(app, *arguments, **options):
    """Run a `flask` command of the app in a thread, since this one may have an event loop."""
    with ThreadPoolExecutor(1) as aside:
        runner = app.test_cli_runner()
        done = aside.submit(runner.invoke, args=arguments, **options).result()
    assert done.exit_code == 0, done.output
    return done.stdout


@contextlib.contextmanager
def running_server(folder, url, *, worker=False):
    """Run gunicorn, and the worker when wanted, on a database; kill both at the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("WIFIAPP_")} | {
        "DATABASE_URL": url,
        "WIFIAPP_INSTANCE": str(folder),
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "WEB_CONCURRENCY": "1",
        "SECRET_KEY": "a secret for tests only",
    }
    server = Server(f"http://127.0.0.1:{port}", folder, environment)
    commands = [["-m", "gunicorn", "-c", "gunicorn.conf.py", "wsgi:app"]]
    if worker:
        commands.append(["-m", "flask", "--app", "wsgi", "worker"])
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        log = stack.enter_context((folder / "server.log").open("w"))
        processes = []
        stack.callback(_stop, processes)
        processes.extend(
            subprocess.Popen(
                [sys.executable, *each],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            for each in commands
        )
        wait_for(lambda: answers(f"{server.url}/healthz"))
        yield server


def _stop(processes):
    """Cut their power: nothing is asked of them any more, and a quiet end takes seconds."""
    for process in processes:
        os.killpg(process.pid, signal.SIGKILL)
    for process in processes:
        process.wait()


@contextlib.contextmanager
def installation(folder, *, demo, worker):
    """An installation with its first admin on a database of its own."""
    name = f"wifiapp_browser_{uuid4().hex[:8]}"
    create_database(name, os.environ[TEMPLATE])
    app = create_app(make_config(folder, database_url(name)))
    try:
        command(
            app, "users", "create", EMAIL, "--role", "ADMIN", "--password-stdin", input=PASSWORD
        )
        if demo:
            command(app, "demo", "load")
        with running_server(folder, database_url(name), worker=worker) as server:
            server.app = app
            yield server
    finally:
        with app.app_context():
            db.engine.dispose()
        drop_database(name)


@pytest.fixture(scope="session")
def shop(tmp_path_factory):
    """A shop with demo data and a worker, shared by the stories that only look."""
    with installation(tmp_path_factory.mktemp("shop"), demo=True, worker=True) as server:
        yield server


@pytest.fixture
def new_shop(tmp_path):
    """A fresh installation with its first admin and nothing else."""
    with installation(tmp_path / "new", demo=False, worker=True) as server:
        yield server


# -- Chromium --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser():
    """Chromium, for one file: meanwhile this thread has an event loop, in which none can begin."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert path, "Chromium is not installed; `make test` installs it where it may"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser):
    """A page that fails the test when a script of ours breaks or the CSP stops something."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    wrong = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda m: wrong.append(m.text) if "Content Security" in m.text else None)
    page.set_default_timeout(15_000)
    yield page
    context.close()
    assert not wrong, wrong


def sign_in(page, server, email=EMAIL, password=PASSWORD):
    page.goto(f"{server.url}/sign-in")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)


@pytest.fixture(autouse=True)
def transaction():
    """No rolled-back transaction here: commits are real (overrides the one of all tests)."""
