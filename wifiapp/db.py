"""The database: one naming rule, one declarative base, one session, one way to connect."""

from typing import Any, Literal

import psycopg
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Column, MetaData, Table, Text, event
from sqlalchemy.engine import make_url
from sqlalchemy.orm import DeclarativeBase

from wifiapp.config import Config
from wifiapp.embedded import Embedded


class Model(DeclarativeBase):
    """Base of every table: snake_case in Python, camelCase in PostgreSQL."""

    metadata = MetaData(
        naming_convention={  # PostgreSQL's own default names
            "pk": "%(table_name)s_pkey",
            "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
            "uq": "%(table_name)s_%(column_0_N_name)s_key",
            "ix": "%(table_name)s_%(column_0_N_name)s_idx",
            "ck": "%(table_name)s_%(constraint_name)s_check",
        }
    )


Model.registry.update_type_annotation_map({str: Text})


@event.listens_for(Column, "before_parent_attach")
def _name_in_camel_case(column: Column[Any], table: Table) -> None:
    """Name the column of attribute ``mac_address`` ``macAddress``."""
    if table.metadata is Model.metadata:
        head, *tail = column.name.split("_")
        column.name = head + "".join(word.capitalize() for word in tail)


ArchiveScope = Literal["system", "business", "audit", "never"]


def archived(scope: ArchiveScope, reason: str = "") -> dict[str, Any]:
    """Say which part of an archive a table belongs to; `never` needs its reason.

    `system` travels always, `business` and `audit` by option, `never` stays with the
    installation and survives a restore.
    """
    return {"info": {"archive": scope, "reason": reason}}


def filled(percent: int) -> dict[str, Any]:
    """Leave room in the pages of a table whose rows change often, so that no index has to follow.

    Rows that one statement writes and others change again and again, all together, need half.
    """
    return {"postgresql_with": {"fillfactor": percent}}


# The `info` of a column that, once it says when, says so for good: no restore takes it back.
FOR_GOOD = {"for_good": True}

db = SQLAlchemy(model_class=Model, disable_autonaming=True)


def _conninfo(config: Config) -> str:
    if config.database_url is None:
        server = Embedded(config.instance / "postgres")
        server.hold()
        text = server.ensure()
    else:
        text = config.database_url
    return make_url(text).set(drivername="postgresql").render_as_string(hide_password=False)


UTC = "-c timezone=UTC -c jit=off"  # compiling takes longer than any query of ours
# What a page looks up is in memory mostly, where a row by an index costs little more than the next.
IN_MEMORY = f"{UTC} -c random_page_cost=1.1"


def connect(config: Config, settings: str = UTC, **options: Any) -> psycopg.Connection[Any]:
    """Open a connection in UTC, in which plain TIMESTAMP columns are written."""
    return psycopg.connect(
        _conninfo(config),
        application_name="wifiapp",
        connect_timeout=5,
        options=settings,
        **options,
    )


def init_app(app: Flask, config: Config) -> None:
    # A creator, not a URL: the embedded server is started by the first query, not by
    # `flask --help`, and comes back by itself after it was killed.
    app.config["SQLALCHEMY_DATABASE_URI"] = "postgresql+psycopg://"
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {
        "creator": lambda: connect(config, IN_MEMORY),
        "pool_pre_ping": True,
        "pool_size": 8,
        "max_overflow": 16,  # each lane of the worker may want one at the same moment
        "pool_timeout": 10,
    }
    db.init_app(app)
