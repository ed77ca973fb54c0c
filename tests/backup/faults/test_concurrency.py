"""Two runs at once, and rows that come while a backup is made."""

import contextlib
import csv
import io
import re
import signal
import threading
import zipfile

import pytest

from tests.backup.archives import call, connected, make_archive
from tests.factories import make_token
from tests.processes import wait_for
from wifiapp.backup import creating, engine, running
from wifiapp.backup.copying import CopyOut
from wifiapp.backup.engine import BackupError
from wifiapp.backup.running import connected as engine_connected
from wifiapp.db import db

# -- two processes ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "who"),
    [
        (("backup", "create"), r"A backup by command line is under way since \d{4}-"),
        (("backup", "verify"), r"under way: verifying archive.zip, since \d{4}-"),
        (("backup", "restore", "--yes"), r"restoring archive.zip, or checking it .* since \d{4}-"),
    ],
)
def test_of_two_processes_one_works_and_the_other_is_told_who_and_since_when(
    shop, runner, words, who
):
    path = [] if words[1] == "create" else [shop.archive()]
    first = runner.start(*words, *path)
    first.until("stage", "copying" if words[1] != "verify" else "checking")
    first.kill(signal.SIGSTOP)
    assert runner.start(*words, *path).exit_code() == 1
    first.kill(signal.SIGCONT)
    assert first.exit_code() == 0
    assert re.search(who, runner.log)
    assert "Traceback" not in runner.log
    shop.must_be_tidy()


def test_without_the_lock_one_of_two_loses_its_scratch_schema(shop, monkeypatch):
    path, others = shop.archive(), []

    def start_another(progress):
        if progress.stage == "comparing" and not others:
            others.append(progress)
            assert call(shop.app, engine.verify, path).rows

    monkeypatch.setattr(running, "TAKE", "SELECT true")
    with pytest.raises(BackupError, match="does not exist"):
        call(shop.app, engine.verify, path, start_another)
    assert others


# -- rows that come meanwhile ----------------------------------------------------------------

SELL = """
WITH token AS (
    INSERT INTO wifi_tokens (id, "businessId", "hotspotId", "tokenConfigId", system, token,
        "planName", "durationMinutes", price, status)
    SELECT 'new' || n, "businessId", "hotspotId", "tokenConfigId", system, 'NEW' || n,
           "planName", "durationMinutes", price, 'SOLD'
    FROM wifi_tokens, generate_series(%(n)s::int, %(n)s::int) n WHERE id = 'first'
    RETURNING id, "businessId", price)
INSERT INTO wifi_token_sales (id, "businessId", "wifiTokenId", "saleAmount", "soldAt")
SELECT id, "businessId", id, price, now() FROM token
"""


class Till:
    """Sells without end: a token and its sale in one transaction."""

    def __init__(self, app):
        self.app = app
        self.sold = 0
        self.closed = threading.Event()
        self.thread = threading.Thread(target=self.sell)

    def sell(self):
        with connected(self.app) as connection:
            while not self.closed.is_set():
                connection.execute(SELL, {"n": self.sold})
                self.sold += 1

    def wait_for_more(self):
        before = self.sold
        wait_for(lambda: self.sold > before + 2, pause=0.001)


@pytest.fixture
def till(shop, monkeypatch):
    """A till that sells between any two tables that a backup reads."""
    with shop.app.app_context():
        make_token(id="first")
        db.session.commit()
    till = Till(shop.app)

    class SlowCopy(CopyOut):
        def __iter__(self):
            till.wait_for_more()
            return super().__iter__()

    monkeypatch.setattr(creating, "CopyOut", SlowCopy)
    till.thread.start()
    yield till
    till.closed.set()
    till.thread.join()


def tokens_and_sales(path):
    """Return the ids of the tokens that the till made, and of those that it sold."""
    with zipfile.ZipFile(path) as archive:

        def read(table, column):
            text = io.TextIOWrapper(archive.open(f"tables/{table}.csv"), newline="")
            return {row[column] for row in csv.DictReader(text) if row[column].startswith("new")}

        return read("wifi_tokens", "id"), read("wifi_token_sales", "wifiTokenId")


def test_parents_and_children_agree_in_an_archive_made_while_the_shop_sells(shop, till):
    till.wait_for_more()
    path = make_archive(shop.app).path
    tokens, sales = tokens_and_sales(path)
    assert tokens == sales
    assert 0 < len(tokens) < till.sold
    assert call(shop.app, engine.verify, path).rows == engine.inspect(path).rows


def test_without_the_one_moment_the_archive_would_be_torn_and_is_refused(shop, till, monkeypatch):
    @contextlib.contextmanager
    def two_of_any_moment(config):
        with engine_connected(config) as reading, engine_connected(config) as comparing:
            yield reading, comparing

    monkeypatch.setattr(creating, "_snapshot", two_of_any_moment)
    with pytest.raises(BackupError, match="was read twice at one moment"):
        make_archive(shop.app)
    shop.must_be_tidy()
