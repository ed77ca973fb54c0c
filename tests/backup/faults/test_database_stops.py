"""PostgreSQL goes away in the middle: nothing has changed, and the next run works."""

import pytest

from tests.backup.archives import call
from tests.backup.faults.conftest import Shop, fill
from tests.backup.faults.servers import Server
from wifiapp.backup import engine
from wifiapp.backup.engine import BackupError

pytestmark = pytest.mark.usefixtures("no_database")


@pytest.fixture(scope="module")
def server():
    server = Server()
    yield server
    server.remove()


@pytest.fixture(scope="module")
def template(server):
    return server.migrated_database()


@pytest.fixture
def shop(server, template, app_on):
    server.start()
    shop = Shop(app_on(server.url(server.new_database(template))))
    fill(shop.app)
    shop.backups.mkdir(parents=True)
    shop.trade(20)
    return shop


def stopping(server, stage):
    """Return a report function that stops the server when the engine comes to the stage."""

    def report(progress):
        if progress.stage == stage:
            server.crash()

    return report


def must_fail_and_be_tried_again(server, shop, run, again):
    """Expect a run to fail with words, nothing to have changed, and the next one to succeed."""
    before = shop.data()
    with pytest.raises(BackupError, match=r"database went away.*Your data was not changed"):
        run()
    server.start()
    shop.restart()
    assert shop.data() == before
    shop.must_be_tidy()
    again()


@pytest.mark.parametrize("stage", ["preparing", "copying"])
def test_a_backup_without_its_database_leaves_nothing(server, shop, stage):
    def create(**given):
        folder = shop.backups.parent / "elsewhere"
        call(shop.app, engine.create, engine.Options(), folder, made_by="a test", **given)
        return folder

    must_fail_and_be_tried_again(
        server,
        shop,
        lambda: create(report=stopping(server, stage)),
        lambda: engine.check(*create().iterdir()),
    )


@pytest.mark.parametrize("stage", ["checking", "loading", "indexing", "comparing"])
@pytest.mark.parametrize("read", [engine.verify, engine.restore])
def test_a_load_without_its_database_changes_nothing(server, shop, read, stage):
    path = shop.archive()
    shop.trade()
    must_fail_and_be_tried_again(
        server,
        shop,
        lambda: call(shop.app, read, path, stopping(server, stage)),
        lambda: call(shop.app, read, path),
    )


def test_a_swap_without_its_database_did_not_happen(server, shop):
    path, then = shop.archive(), shop.data()
    shop.trade()
    must_fail_and_be_tried_again(
        server,
        shop,
        lambda: call(shop.app, engine.restore, path, stopping(server, "swapping")),
        lambda: None,
    )
    must_fail_and_be_tried_again(
        server,
        shop,
        lambda: call(shop.app, engine.restore, path, also=lambda *_: server.crash()),
        lambda: call(shop.app, engine.restore, path),
    )
    assert shop.data() == then


def test_an_undo_without_its_database_did_not_happen(server, shop):
    path = shop.archive()
    shop.trade()
    now = shop.data()
    call(shop.app, engine.restore, path)
    must_fail_and_be_tried_again(
        server,
        shop,
        lambda: call(shop.app, engine.undo_restore, also=lambda *_: server.crash()),
        lambda: call(shop.app, engine.undo_restore),
    )
    assert shop.data() == now
