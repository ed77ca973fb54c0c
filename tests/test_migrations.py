"""The migrations: what they build, how they are written, and the way back and forth with rows."""

import ast
import re
import warnings
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask_migrate import downgrade, upgrade
from sqlalchemy import text

from tests.factories import (
    FACTORIES,
    make_device,
    make_rollup,
    make_sale,
    make_session,
    make_user,
)
from wifiapp import clock
from wifiapp.config import ROOT
from wifiapp.db import Model, db
from wifiapp.doctor.catalogue import read_catalogue
from wifiapp.doctor.comparison import compare
from wifiapp.doctor.expectation import driver, from_migrations, from_models_reloaded, scripts

VERSIONS = sorted((ROOT / "migrations" / "versions").glob("*.py"))
BROKEN = "20260113000001"  # what stood before the three migrations that an installation had missed
DEVICES, CHANNEL, ANALYTICS = "20260113000002", "20260113000003", "20260113000004"


def live():
    return read_catalogue(driver(db.session.connection()), "public")


def history():
    """Return the revisions from the oldest to the newest."""
    return [script.revision for script in reversed(list(scripts().walk_revisions()))]


# -- what they build -------------------------------------------------------------------------


def test_the_migrations_build_exactly_the_models_by_the_doctor_s_own_reading():
    assert compare(from_models_reloaded(db.session.connection()), live()) == []


def test_the_migrations_build_exactly_the_models_by_alembic_s_reading():
    options = {"compare_type": True, "compare_server_default": True}
    context = MigrationContext.configure(db.session.connection(), opts=options)
    with warnings.catch_warnings():
        # It says of each index on an expression that it does not compare those; the doctor does.
        warnings.filterwarnings("ignore", "autogenerate skipping metadata-specified expression")
        assert compare_metadata(context, Model.metadata) == []


def test_the_three_gaps_of_the_broken_installation_are_three_revisions_of_their_own():
    built = from_migrations(db.session.connection())
    before, devices, channel, analytics = (
        built[frozenset({revision})] for revision in (BROKEN, DEVICES, CHANNEL, ANALYTICS)
    )
    assert devices.tables.keys() - before.tables.keys() == {"wifi_token_devices"}
    assert analytics.tables.keys() - channel.tables.keys() == {"wifi_usage_analytics"}
    sales = [each.tables["wifi_token_sales"].columns.keys() for each in (devices, channel)]
    assert sales[1] - sales[0] == {"saleChannel"}


# -- how they are written --------------------------------------------------------------------


def test_there_is_one_head_and_one_line_of_descent():
    assert len(scripts().get_heads()) == 1
    assert all(not script.is_branch_point for script in scripts().walk_revisions())


@pytest.mark.parametrize("path", VERSIONS, ids=lambda path: path.stem)
def test_a_migration_is_named_by_its_time_and_what_it_does(path):
    assert re.fullmatch(r"\d{14}_[a-z0-9_]+", path.stem)
    revision, _, name = path.stem.partition("_")
    script = scripts().get_revision(revision)
    assert Path(script.path).name == path.name
    assert script.doc.replace(" ", "_") == name


def test_the_names_sort_in_the_order_in_which_they_run():
    assert history() == sorted(history()) == [path.stem[:14] for path in VERSIONS]


@pytest.mark.parametrize("path", VERSIONS, ids=lambda path: path.stem)
def test_a_migration_imports_nothing_of_the_app_and_goes_both_ways(path):
    tree = ast.parse(path.read_text())
    imported = {
        (node.module if isinstance(node, ast.ImportFrom) else node.names[0].name).split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
    }
    assert imported <= {"alembic", "sqlalchemy"}
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert functions.keys() >= {"upgrade", "downgrade"}
    for function in functions.values():
        assert not any(isinstance(statement, ast.Pass) for statement in function.body)


def test_a_migration_that_cannot_have_its_lock_gives_way_to_the_shop(own_app, monkeypatch):
    seen = {}
    with own_app.app_context():
        downgrade(revision="-1")
        monkeypatch.setattr(
            MigrationContext, "run_migrations", lambda context: seen.update(_timeouts(context))
        )
        upgrade()
    assert seen == {"lock_timeout": "10s", "statement_timeout": "30min"}


def _timeouts(context):
    query = "SELECT name, current_setting(name) FROM pg_settings WHERE name LIKE '%\\_timeout'"
    settings = dict(context.connection.execute(text(query)).all())
    return {name: settings[name] for name in ("lock_timeout", "statement_timeout")}


# -- back and forth, with rows ---------------------------------------------------------------


def fill():
    """Put a row into every table, and the odd ones that a step back could stumble over."""
    for make in FACTORIES.values():
        make()
    make_device(current_ip="fe80::aede:48ff:fe00:1122", is_online=False)
    make_device(current_ip=None)
    make_session(ended_at=clock.now(), end_reason="LEFT", ip="2001:db8::1")
    make_sale(sale_channel="POS", receipt_number=7)
    make_sale(voided_at=clock.now(), void_reason="wrong plan", voided_by=make_user().id)
    make_rollup(business_id=None, device_type_stats=None)
    db.session.commit()


def rows(shape=None):
    """Return every row as text by table, with the tables and columns of a catalogue or of all."""
    found = {}
    for table in (shape or live()).tables.values():
        if table.name != "alembic_version":
            columns = ", ".join(f'"{column}"' for column in table.columns)
            query = text(f'SELECT to_jsonb(t)::text FROM (SELECT {columns} FROM "{table.name}") t')
            found[table.name] = sorted(db.session.scalars(query))
    return found


def test_every_step_back_is_undone_by_the_step_forth_with_rows_in_every_table(own_app):
    """Walk down to the base and up again, and compare the schema at each stop."""
    with own_app.app_context():
        built = from_migrations(db.session.connection())
        fill()
        way_down = [*reversed(history())][1:]
        for stop in way_down:
            db.session.close()
            downgrade(revision=stop)
            assert compare(built[frozenset({stop})], live()) == [], f"on the way down at {stop}"
        db.session.close()
        downgrade(revision="base")
        assert live().tables.keys() == {"alembic_version"}
        assert not live().parts_of("function")
        for stop in history():
            db.session.close()
            upgrade(revision=stop)
            assert compare(built[frozenset({stop})], live()) == [], f"on the way up at {stop}"


def test_the_way_to_the_broken_state_and_back_keeps_what_that_state_can_hold(own_app):
    with own_app.app_context():
        shape = from_migrations(db.session.connection())[frozenset({BROKEN})]
        fill()
        before = rows(shape)
        db.session.close()
        downgrade(revision=BROKEN)
        kept = rows()
        db.session.close()
        upgrade()
        after = rows()
        channels = db.session.scalars(text('SELECT "saleChannel" FROM wifi_token_sales')).all()
        assert rows(shape) == kept == before
    assert all(before.values()) and len(channels) > 2
    assert set(channels) == {"DIRECT"}, "what the older state could not hold is the default"
    assert not any(lines for table, lines in after.items() if table not in shape.tables)


def test_an_address_too_long_for_the_older_column_is_forgotten_and_its_device_kept(own_app):
    with own_app.app_context():
        make_device(current_ip="fe80::aede:48ff:fe00:1122")
        make_device(current_ip="192.168.4.77")
        db.session.commit()
        downgrade(revision=ANALYTICS)
        query = text('SELECT "currentIp" FROM wifi_token_devices ORDER BY "currentIp"')
        assert db.session.scalars(query).all() == ["192.168.4.77", None]


def test_going_up_twice_is_going_up_once(own_app):
    with own_app.app_context():
        fill()
        before = rows()
        db.session.close()
        upgrade()
        assert rows() == before
