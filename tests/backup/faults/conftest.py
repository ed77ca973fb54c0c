"""A small shop with a bit of everything, and what must be so after any fault."""

from threading import Event

import pytest

from tests.backup.archives import ARCHIVED, call, config_of, connected, execute, is_free, schemas
from tests.backup.faults.runs import Runner, Warm
from tests.factories import (
    FACTORIES,
    make_backup_routine,
    make_batch,
    make_device,
    make_sale,
    make_session,
)
from tests.processes import wait_for
from wifiapp import clock
from wifiapp.backup import engine
from wifiapp.db import db
from wifiapp.tasks import tasks
from wifiapp.tokens.models import TokenBatch

DATA = [name for name in ARCHIVED if name != "audit_logs"]
ENDED = {"VERIFIED", "FAILED", "RESTORED", "UNDONE", "CANCELLED"}
# A restore ends everybody's session; nothing else may differ.
OF_SESSIONS = {"users": ["sessionVersion", "updatedAt"]}
DIGEST = """
SELECT md5(string_agg(row, ' ' ORDER BY row))
FROM (SELECT (to_jsonb(t) - %s::text[])::text AS row FROM {table} t) r
"""


class Shop:
    """An installation with rows in every table, and questions about its state."""

    def __init__(self, app):
        self.app = app
        self.config = config_of(app)
        self.url = self.config.database_url
        self.backups = self.config.backup_dir

    def trade(self, sales=1):
        """Let some more business happen."""
        with self.app.app_context():
            for _ in range(sales):
                make_sale()
                make_session(make_device())
            db.session.commit()

    def data(self):
        """Return the digest of each table that archives hold, but for the audit log."""
        with connected(self.app) as connection:
            return {
                table: connection.execute(
                    DIGEST.format(table=table), [OF_SESSIONS.get(table, [])]
                ).fetchone()
                for table in DATA
            }

    def archive(self):
        """Make an archive outside of the catalogue, beside the backups."""
        created = call(
            self.app, engine.create, engine.Options(), self.backups.parent, made_by="a test"
        )
        return created.path.rename(self.backups.parent / "archive.zip")

    def restart(self):
        """Do what a worker does at its start, once the dead one's connections are gone."""
        wait_for(lambda: is_free(self.app))
        with self.app.app_context():
            for task in tasks(self.config):
                if task.name in {"interrupted", "sweep"}:
                    task.run(Event())

    def catalogue(self):
        """Return status, file, SHA-256 and error of each backup."""
        return execute(self.app, 'SELECT status, "fileName", sha256, error FROM backups')

    def kept(self):
        return [name for name in schemas(self.app) if name.startswith("before_restore_")]

    def must_be_tidy(self):
        """Expect nothing half-done anywhere: schemas, locks, files, and what is told of them."""
        assert schemas(self.app) == self.kept()
        assert is_free(self.app)
        good = {name: sha for status, name, sha, _ in self.catalogue() if status == "VERIFIED"}
        assert {path.name for path in self.backups.glob("*")} == set(good)
        for name, sha in good.items():
            assert engine.check(self.backups / name).sha256 == sha
        restores = execute(self.app, "SELECT status, NULL, NULL, error FROM restores")
        for status, name, _, error in [*self.catalogue(), *restores]:
            assert status in ENDED, error
            assert status != "FAILED" or (name is None and "our data was not changed" in error)


def fill(app):
    """Put a row into every table that archives hold, and nothing for a worker to do."""
    with app.app_context():
        for model, make in FACTORIES.items():
            if model.__table__.info["archive"] != "never" and model is not TokenBatch:
                make()
        make_batch(status="DONE", made=10, finished_at=clock.now())
        make_backup_routine(id="daily", last_day=clock.now().date())
        db.session.commit()


@pytest.fixture
def shop(own_app):
    fill(own_app)
    shop = Shop(own_app)
    shop.backups.mkdir(parents=True)
    shop.trade(20)
    return shop


@pytest.fixture(scope="session")
def warm(app, tmp_path_factory):
    warm = Warm(config_of(app).database_url, tmp_path_factory.mktemp("warm"))
    yield warm
    warm.close()


@pytest.fixture
def runner(warm, shop):
    """Runs of the installation in processes of their own, in the shop's own folder."""
    runner = Runner(warm, shop.url, shop.backups.parent)
    yield runner
    runner.close()
