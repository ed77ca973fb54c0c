import os
from datetime import UTC, datetime
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy.engine import make_url

from tests.conftest import TEMPLATE, create_database, database_url, drop_database, make_config
from wifiapp import create_app
from wifiapp.access import COMMAND_LINE
from wifiapp.db import db
from wifiapp.demo import operations

NOW = datetime(2026, 11, 20, 18, 42, 10, tzinfo=UTC)  # a Friday evening, one clock change back


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """A connection to a database of the module's own in which the demo was loaded at NOW."""
    name = f"wifiapp_demo_{uuid4().hex[:8]}"
    create_database(name, os.environ[TEMPLATE])
    app = create_app(make_config(tmp_path_factory.mktemp("demo"), database_url(name)))
    with app.app_context():
        operations.load_demo(COMMAND_LINE, NOW)
        db.session.remove()
        db.engine.dispose()
    url = make_url(database_url(name)).set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as connection:
        yield connection
    drop_database(name)
