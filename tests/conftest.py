"""A real PostgreSQL for the tests, and databases in it that the migrations built.

One server for a run: TEST_DATABASE_URL, or an embedded one of our own. The run's first process
builds a template database by `flask db upgrade`; each worker copies it once, and a test
that needs commits of its own (`own_app`) copies it again.
"""

import contextlib
import contextvars
import dataclasses
import gc
import os
import shutil
import signal
import tempfile
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from flask.testing import FlaskClient
from flask_migrate import upgrade
from itsdangerous import URLSafeTimedSerializer
from jinja2 import BytecodeCache
from psycopg import sql
from sqlalchemy.engine import make_url
from werkzeug.datastructures import Headers

from tests.pages import check_page
from wifiapp import create_app
from wifiapp.config import Config
from wifiapp.db import db
from wifiapp.embedded import Embedded

SERVER = "WIFIAPP_TEST_SERVER"
TEMPLATE = "WIFIAPP_TEST_TEMPLATE"


# -- the server and the template, once for the run -------------------------------------------


# What thousands of tests leave is much to look through: whole collections took 5 % of the time.
COLLECT = (2_000, 20, 100)  # new objects, then so many younger collections before an older one


def pytest_configure(config):
    gc.set_threshold(*COLLECT)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell starts what it leaves behind
        signal.signal(signal.SIGINT, signal.default_int_handler)  # the commands shall hear Ctrl-C
    if hasattr(config, "workerinput") or config.option.collectonly or config.option.help:
        return  # a worker inherits both by its environment
    url = os.environ.get("TEST_DATABASE_URL")
    if not url:
        place = Path(tempfile.mkdtemp(prefix="wifiapp-tests-"))
        place.chmod(0o755)  # the server runs as another user when we are root
        server = Embedded(place / "postgres", relocate_base=place)
        url = server.ensure()
        config.add_cleanup(lambda: _remove_server(server, place))
        with admin(url) as connection:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                connection.execute(f"ALTER SYSTEM SET {setting} = off")
            connection.execute("SELECT pg_reload_conf()")
    os.environ[SERVER] = url
    os.environ[TEMPLATE] = template = f"wifiapp_template_{uuid4().hex[:8]}"
    create_database(template)
    config.add_cleanup(lambda: drop_database(template) if os.environ.get(SERVER) else None)
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(make_config(Path(folder), database_url(template)))
        with app.app_context():
            upgrade()
            db.engine.dispose()


def _remove_server(server, place):
    os.environ.pop(SERVER)
    server.stop()
    shutil.rmtree(place, ignore_errors=True)


def admin(url=None):
    """Connect to the server's own database, each statement a transaction."""
    target = make_url(url or os.environ[SERVER]).set(drivername="postgresql", database="postgres")
    return psycopg.connect(target.render_as_string(hide_password=False), autocommit=True)


def database_url(name):
    return make_url(os.environ[SERVER]).set(database=name).render_as_string(hide_password=False)


def create_database(name, template=None):
    query = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
    if template:
        query += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
    with admin() as connection:
        connection.execute(query)


def drop_database(name):
    with admin() as connection:
        connection.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        )


class Compiled(BytecodeCache):
    """The templates that an app of this process has compiled, for the apps after it."""

    def __init__(self):
        self.known = {}

    def load_bytecode(self, bucket):
        bucket.code = self.known.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket):
        self.known[bucket.key, bucket.checksum] = bucket.code


compiled = Compiled()


def make_app(folder, url, **given):
    """Make an app as a test needs it, whose clients look at every page they get."""
    app = create_app(make_config(folder, url, **given))
    app.test_client_class = StrictClient
    app.jinja_env.bytecode_cache = compiled
    return app


def make_config(folder, url, **given):
    return Config(
        **{
            "instance": folder,
            "backup_dir": folder / "backups",
            "secret_key": "a secret for tests only",
            "database_url": url,
            "testing": True,
        }
        | given
    )


# -- the shared app: each test in one transaction that is rolled back ------------------------


@pytest.fixture(scope="session")
def app(tmp_path_factory):
    """The app on a database that the migrations built, shared by a worker's tests."""
    name = f"wifiapp_test_{uuid4().hex[:8]}"
    create_database(name, os.environ[TEMPLATE])
    app = make_app(tmp_path_factory.mktemp("instance"), database_url(name))
    yield app
    with app.app_context():
        db.engine.dispose()
    drop_database(name)


@pytest.fixture(autouse=True)
def transaction(request):
    """Run the test in one transaction that ends in a rollback, commits and all.

    A test that asks for `own_app` or `own_database` works with real commits instead.
    """
    if {"own_app", "own_database", "no_database"} & set(request.fixturenames):
        yield
        return
    app = request.getfixturevalue("app")
    with app.app_context():
        engine = db.engine
        with engine.connect() as connection:
            outer = connection.begin()
            db.engines[None] = connection
            db.session.configure(join_transaction_mode="create_savepoint")
            yield
            db.session.remove()
            if outer.is_active:
                outer.rollback()
        db.engines[None] = engine


@pytest.fixture
def no_database():
    """Ask for this in a test that needs no database at all."""


@pytest.fixture
def template():
    """The database that a test's own one is a copy of: migrated, without a row."""
    return os.environ[TEMPLATE]


@pytest.fixture
def own_database(template):
    """Yield the URL of a database of the test's own, with real commits."""
    name = f"wifiapp_own_{uuid4().hex[:8]}"
    create_database(name, template)
    yield database_url(name)
    drop_database(name)


@pytest.fixture
def empty_database():
    """Yield the URL of a database without any table."""
    name = f"wifiapp_empty_{uuid4().hex[:8]}"
    create_database(name)
    yield database_url(name)
    drop_database(name)


@pytest.fixture
def app_on(tmp_path):
    """Return a function that makes an app on a database URL, closed after the test."""
    with contextlib.ExitStack() as stack:

        def make(url, **given):
            app = make_app(tmp_path / f"instance-{uuid4().hex[:6]}", url, **given)
            stack.callback(_dispose, app.app_context())
            return app

        yield make


def _dispose(context):
    with context:
        db.engine.dispose()


@pytest.fixture
def own_app(own_database, app_on):
    """The app on a database of its own: commits are real, other processes see them."""
    return app_on(own_database)


# -- clients ---------------------------------------------------------------------------------


class StrictClient(FlaskClient):
    """A browser that looks at every page it gets, and starts each request afresh."""

    def open(self, *args, csrf=True, **kwargs):
        """Ask for a page; a POST carries the session's CSRF token unless `csrf=False`."""
        if csrf and kwargs.get("method") in {"POST", "PUT", "PATCH", "DELETE"}:
            headers = Headers(kwargs.get("headers"))
            headers.setdefault("X-CSRFToken", self.csrf_token())
            kwargs["headers"] = headers
        # An empty context: the test's own app context must not lend its `g` to the request.
        # Buffered: a streamed answer is read inside that context, too.
        kwargs.setdefault("buffered", True)
        response = contextvars.Context().run(super().open, *args, **kwargs)
        if response.mimetype == "text/html" and response.status_code not in range(300, 400):
            check_page(response)
        return response

    def csrf_token(self):
        """Return the token that the pages of this session would carry."""
        with self.session_transaction() as session:
            raw = session.setdefault("csrf_token", uuid4().hex)
        signer = URLSafeTimedSerializer(self.application.secret_key, salt="wtf-csrf-token")
        return signer.dumps(raw)


@pytest.fixture
def client(app):
    """A client that has not signed in."""
    return app.test_client()


def sign_in(client, user):
    """Put the user's session into the client, as a sign-in would."""
    with client.session_transaction() as session:
        session["_user_id"] = session_id(user)
        session["_fresh"] = True
    return client


def session_id(user):
    return user.get_id()


@pytest.fixture
def sign_in_as(app):
    """Return a function that gives a client signed in as the user."""

    def as_user(user):
        db.session.commit()
        return sign_in(app.test_client(), user)

    return as_user


@pytest.fixture
def admin_client(sign_in_as):
    from tests.factories import make_user  # noqa: PLC0415 - the factories import the models

    return sign_in_as(make_user("ADMIN"))


@pytest.fixture
def config_with():
    """Return a function that copies an app's configuration with other values."""
    return lambda app, **given: dataclasses.replace(app.config["WIFIAPP"], **given)
