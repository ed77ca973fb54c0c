"""The memory that a run takes does not grow with the data."""

import pytest

from tests.backup.archives import connected, execute
from tests.backup.faults.runs import Runner
from tests.bench.data import fill

SMALL, LARGE = 2_000_000, 30_000_000  # bytes of rows as CSV; the largest table has a third
FLAT, GROWN = 4, 6  # MB


@pytest.fixture
def runner(warm, own_app):
    config = own_app.config["WIFIAPP"]
    runner = Runner(warm, config.database_url, config.backup_dir.parent)
    yield runner
    runner.close()


def with_data(app, size):
    with connected(app) as connection:
        fill(connection, size)


def memory(runner, *words, **changes):
    return runner.do(*words, **changes).find("memory")[1]


def empty(app):
    tables = "businesses, hotspots, users, wifi_usage_analytics"
    execute(app, f"ALTER TABLE audit_logs DISABLE TRIGGER USER; TRUNCATE {tables} CASCADE")
    execute(app, "ALTER TABLE audit_logs ENABLE TRIGGER USER")


def test_create_verify_and_restore_take_as_much_memory_for_fifteen_times_the_rows(own_app, runner):
    took = {}
    for size in (SMALL, LARGE):
        empty(own_app)
        with_data(own_app, size)
        archive = runner.folder / f"{size}.zip"
        took[size] = {
            "create": memory(runner, "backup", "create", "--output", archive),
            "verify": memory(runner, "backup", "verify", archive),
            "restore": memory(runner, "backup", "restore", archive, "--yes"),
        }
    for what, large in took[LARGE].items():
        assert large - took[SMALL][what] < FLAT, took
    # Without the blocks, tables would be in memory whole.
    whole = {"wifiapp.backup.copying.BLOCK": 1 << 40}
    assert memory(runner, "backup", "create", **whole) - took[LARGE]["create"] > GROWN
    whole = {"wifiapp.backup.reading.BLOCK": 1 << 40}
    assert memory(runner, "backup", "verify", archive, **whole) - took[LARGE]["verify"] > GROWN
