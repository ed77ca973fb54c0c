"""What a schema should hold: what the models build, and what the migrations build.

Both are really built, in a scratch schema inside a savepoint that is rolled back, and read like a
live one: PostgreSQL itself writes every default, index and CHECK, so texts can be compared. No
lock is taken on anything that lives. Kept for the life of the process, by version of the server.
"""

import contextvars
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from threading import RLock
from typing import Any
from uuid import uuid4

import psycopg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from wifiapp.config import ROOT
from wifiapp.db import Model
from wifiapp.doctor.catalogue import Catalogue, Part, read_catalogue

_models: dict[int, Catalogue] = {}
_reloaded: dict[int, Catalogue] = {}
_migrations: dict[int, Mapping[frozenset[str], Catalogue]] = {}
_one_at_a_time = RLock()  # Alembic's environment is one for the process
_is_scratch = contextvars.ContextVar("is_scratch", default=False)


def driver(connection: Connection) -> psycopg.Connection[Any]:
    """Return the psycopg connection underneath, in the same transaction."""
    found: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]
    return found


@cache
def scripts() -> ScriptDirectory:
    """Return the migrations of this wifiapp."""
    return ScriptDirectory.from_config(_config())


def from_models(connection: Connection) -> Catalogue:
    """Return what the models build on this server."""
    version = driver(connection).info.server_version
    with _one_at_a_time:
        if version not in _models:
            with scratch_schema(connection) as schema:
                Model.metadata.create_all(connection, checkfirst=False)
                _models[version] = read_catalogue(driver(connection), schema)
    return _models[version]


def from_models_reloaded(connection: Connection) -> Catalogue:
    """Return what the models build, with each part's `reloaded` form, which takes twice as long."""
    version = driver(connection).info.server_version
    with _one_at_a_time:
        if version not in _reloaded:
            built = from_models(connection)
            with scratch_schema(connection) as schema:
                statements = [table.create for table in built.tables.values()]
                statements += [part.create for part in built.parts]
                driver(connection).execute("; ".join(statements).encode())
                again = read_catalogue(driver(connection), schema)
            pairs = zip(built.parts, again.parts, strict=True)
            parts = (replace(part, reloaded=other.definition) for part, other in pairs)
            _reloaded[version] = replace(built, parts=tuple(parts))
    return _reloaded[version]


def from_migrations(connection: Connection) -> Mapping[frozenset[str], Catalogue]:
    """Return what the migrations build, after each of them, by the revisions then in force.

    The empty set of revisions has nothing. Needs the app's context.
    """
    version = driver(connection).info.server_version
    with _one_at_a_time:
        if version not in _migrations:
            _migrations[version] = _walk(connection)
    return _migrations[version]


def migrate(connection: Connection) -> None:
    """Bring the schema that the connection works in to the newest revision, in its transaction.

    Needs the app's context.
    """
    config = _config()
    config.attributes.update(connection=connection)
    with _one_at_a_time:
        command.upgrade(config, "heads")


@contextmanager
def scratch_schema(connection: Connection) -> Iterator[str]:
    """Work in a new schema of this name, the only one on the search_path; it never comes to be."""
    schema = f"wifiapp_scratch_{uuid4().hex[:12]}"
    quiet = _is_scratch.set(True)
    try:
        with connection.begin_nested() as savepoint:
            connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
            connection.exec_driver_sql(f"SET LOCAL search_path TO {schema}")
            yield schema
            savepoint.rollback()
    finally:
        _is_scratch.reset(quiet)


def _walk(connection: Connection) -> Mapping[frozenset[str], Catalogue]:
    seen = {frozenset[str](): Catalogue()}
    known = {_text(part): part.reloaded for part in from_models_reloaded(connection).parts}

    with scratch_schema(connection) as schema:

        def look(heads: set[str], **_: Any) -> None:
            built = read_catalogue(driver(connection), schema)
            parts = (replace(p, reloaded=known.get(_text(p), "")) for p in built.parts)
            seen[frozenset(heads)] = replace(built, parts=tuple(parts))

        config = _config()
        config.attributes.update(connection=connection, on_version_apply=look)
        command.upgrade(config, "heads")
    return seen


def _text(part: Part) -> tuple[str, str, str]:
    return part.table, part.name, part.definition


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    return config


def _no_news_from_scratch(_record: logging.LogRecord) -> bool:
    return not _is_scratch.get()


logging.getLogger("alembic.runtime.migration").addFilter(_no_news_from_scratch)
