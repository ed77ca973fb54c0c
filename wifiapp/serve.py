"""`make run`: the database, its migrations, the first admin, the pages and the worker, as one."""

import contextlib
import http.client
import logging
import signal
import socket
import sys
import time
import traceback
from collections.abc import Iterator

import flask_migrate
import psycopg
from flask import Flask
from sqlalchemy.engine import make_url

from wifiapp import create_app
from wifiapp.auth.operations import ensure_first_admin
from wifiapp.children import Child, end
from wifiapp.config import Config, ConfigError
from wifiapp.embedded import Embedded, EmbeddedError
from wifiapp.embedded.errors import cause
from wifiapp.errors import WifiError

OLDEST = 15  # major version of PostgreSQL
ANY_HOST = {"0.0.0.0", "::", ""}  # noqa: S104 - compared with, not bound to
TICK = 0.1
WEB = ("-m", "gunicorn", "-c", "gunicorn.conf.py", "wsgi:app")
WORKER = ("-m", "flask", "--app", "wsgi", "worker")


class StartError(Exception):
    """wifiapp cannot start; the message says what failed, what is safe and what to do."""


def main() -> int:
    """Run everything until Ctrl-C or SIGTERM; return the exit code."""
    listen_for_the_end()
    try:
        config = Config.from_environment()
        check_port(config)
        with database(config):
            prepare(config)
            run(config)
    except KeyboardInterrupt:  # before the pages were there
        pass
    except (StartError, ConfigError, EmbeddedError) as error:
        return complain(str(error))
    except OSError as error:
        return complain(f"cannot start: {cause(str(error))}. Your data was not changed.")
    say("stopped.")
    return 0


def listen_for_the_end() -> None:
    """Make SIGTERM and a closed terminal what Ctrl-C is."""
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if name != signal.SIGHUP or signal.getsignal(name) != signal.SIG_IGN:  # nohup stays nohup
            signal.signal(name, signal.default_int_handler)


def check_port(config: Config) -> None:
    """Raise `StartError` when the pages could not listen."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            config.host, config.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen()
    except OSError as error:
        raise StartError(
            f"cannot listen on port {config.port} of {config.host} ({error.strerror}). Perhaps "
            "wifiapp runs already. Nothing was changed. Stop what uses the port, or set PORT "
            "(and HOST), for example: make run PORT=8081"
        ) from error


@contextlib.contextmanager
def database(config: Config) -> Iterator[None]:
    """Have a database that answers; the embedded one is ours until the end."""
    if config.database_url is not None:
        check_external(config.database_url)
        yield
        return
    server = Embedded(config.instance / "postgres")
    server.hold()
    say(f"database in {server.place.path}")
    try:
        yield
    finally:
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, signal.SIG_IGN)  # the server is to write everything down in peace
        server.release()


def check_external(url: str) -> None:
    """Raise `StartError` when PostgreSQL refuses us or is too old; never name a password."""
    target = make_url(url)
    where = target.set(password=None, query={}).render_as_string().partition("://")[2]
    safe = f"Nothing was changed. Check DATABASE_URL ({where})."
    try:
        libpq = target.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(libpq, connect_timeout=5) as connection:
            version = connection.info.server_version
    except psycopg.OperationalError as error:
        reason = str(error).partition("\n")[0].rpartition("failed: ")[2]
        reason = reason.removeprefix("FATAL:").strip().replace(target.password or "\n", "…")
        raise StartError(f"the database does not let us in: {reason}. {safe}") from error
    except psycopg.Error as error:  # its text may quote the URL, and the URL has the password
        raise StartError(
            f"DATABASE_URL has a part that PostgreSQL does not know. {safe}"
        ) from error
    if version < OLDEST * 10_000:
        raise StartError(
            f"the database is PostgreSQL {version // 10_000}, and wifiapp needs {OLDEST} or newer. "
            f"{safe}"
        )


def prepare(config: Config) -> None:
    """Bring the database up to date, and make the first admin when there is none."""
    app = create_app(config)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("flask_migrate").setLevel(logging.CRITICAL)  # it says what we say
    with app.app_context():
        migrate(app, config)
        try:
            made = ensure_first_admin(config.admin_email, config.admin_password)
        except WifiError as error:
            raise StartError(
                f"{error} Nobody was made. Set WIFIAPP_ADMIN_EMAIL and WIFIAPP_ADMIN_PASSWORD "
                "to others, or to nothing."
            ) from error
    if made:
        email, password = made
        secret = f"password: {password}  (shown only this once)" if password else "(as set)"
        say(f"first admin: {email}  {secret}")


def migrate(app: Flask, config: Config) -> None:
    """Run the migrations; a failed one is rolled back, and told in one line."""
    try:
        flask_migrate.upgrade(directory=app.extensions["migrate"].directory)
    except (Exception, SystemExit) as error:  # Flask-Migrate exits on what it knows
        log = config.instance / "upgrade.log"
        log.write_text(traceback.format_exc())
        known = error.__context__ if isinstance(error, SystemExit) else error
        raise StartError(
            f"the database could not be brought up to date: {cause(str(known))}. The step was "
            f"rolled back and your data was not changed. The details are in {log}."
        ) from error


def run(config: Config) -> None:
    """Keep the pages and the worker running until somebody says stop."""
    web, worker = Child("the pages", WEB), Child("the worker", WORKER)
    try:
        web.start()
        worker.start()
        await_pages(config, web)
        say(f"ready: {address(config)}  (Ctrl-C stops it)")
        while True:
            for child in (web, worker):
                child.tend(say)
            time.sleep(TICK)
    except KeyboardInterrupt:
        say("stopping…")
    finally:
        end(web, worker)


def await_pages(config: Config, web: Child) -> None:
    """Wait until /healthz answers, whatever it says; raise `StartError` when it never will."""
    host = {"::": "::1"}.get(config.host, "127.0.0.1") if config.host in ANY_HOST else config.host
    while web.alive():
        connection = http.client.HTTPConnection(host, config.port, timeout=5)
        with contextlib.closing(connection), contextlib.suppress(OSError):
            connection.request("GET", "/healthz")
            connection.getresponse().read()
            return
        time.sleep(TICK)
    raise StartError(
        "the pages did not start; the reason stands above. Your data was not changed. "
        "Mend the cause and start again."
    )


def address(config: Config) -> str:
    local = config.host in ANY_HOST or config.host in {"127.0.0.1", "::1"}
    return f"http://{'localhost' if local else config.host}:{config.port}"


def say(text: str) -> None:
    """Print a line for the person at the terminal."""
    sys.stdout.write(f"wifiapp: {text}\n")
    sys.stdout.flush()


def complain(text: str) -> int:
    sys.stderr.write(f"wifiapp: {text}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
