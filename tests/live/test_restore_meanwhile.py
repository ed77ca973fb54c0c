"""A restore under workers that poll, make, disable and roll up, and that are killed meanwhile."""

from tests.factories import make_sale, make_token
from tests.live.test_kills import BOSS, ask, box, codes, kill, outside, shop
from tests.processes import running_worker, start, wait_for
from wifiapp.backup.digest import rows_and_digest
from wifiapp.backup.reading import inspect
from wifiapp.db import Model, db
from wifiapp.tokens import bulk, operations
from wifiapp.tokens.states import Event

__all__ = ["box", "outside", "shop"]

MAC = "AA:BB:CC:DD:EE:FF"
LIVE = ("UNUSED", "SOLD", "ACTIVE")
POLLED = 'SELECT max("polledAt") FROM hotspots'
OPEN = """
    SELECT (SELECT count(*) FROM hotspot_commands WHERE status = 'PENDING')
         + (SELECT count(*) FROM token_batches WHERE "calledAt" IS NOT NULL OR made < asked)
"""


def busy_shop(shop, box):
    """Fill the shop: stock, somebody online, a batch to be made and tokens to be disabled."""
    _url, plan, hotspot = shop
    hotspot.poll_interval, box.max_tokens = 1, 400
    tokens = [
        make_token(plan=plan, hotspot=hotspot, token=box.add_token(plan.business_id))
        for _ in range(45)
    ]
    tokens[0].status = "SOLD"
    make_sale(tokens[0])
    box.connect_device(tokens[0].token, MAC)
    db.session.commit()
    ask(plan, 60)
    disable(tokens[1:20])


def disable(tokens):
    ids, seen = [each.id for each in tokens], bulk.digest(tokens)
    operations.end_tokens(BOSS, ids, Event.DISABLE, "season is over", seen)
    db.session.rollback()


def value(outside, query):
    return outside.execute(query).fetchone()[0]


def killed_again_and_again(url, folder, restore):
    """Run workers until the restore has ended, each killed as soon as it works; say how many."""
    ran = 0
    while restore.poll() is None:
        worker = start(url, folder, "worker")
        try:
            wait_for(lambda ran=ran: restore.poll() is not None or begun(folder) > ran)
        finally:
            kill(worker)
        ran += 1
    return ran


def begun(folder):
    return (folder / "worker.log").read_text().count("worker.started")


def test_nothing_is_half_and_nothing_is_written_into_what_was_swapped_out(
    shop, box, outside, tmp_path
):
    url = shop[0]
    busy_shop(shop, box)
    with running_worker(url, tmp_path / "steady"):
        wait_for(lambda: value(outside, OPEN) == 0)
        assert start(url, tmp_path, "backup", "create").wait(60) == 0
        (archive,) = (tmp_path / "backups").glob("*.zip")
        before = len(box.tokens)
        ask(shop[1], 80)  # is in no archive
        wait_for(lambda: len(box.tokens) > before)  # and some of it is on the device
        restore = start(url, tmp_path, "backup", "restore", str(archive), "--yes")
        assert killed_again_and_again(url, tmp_path / "killed", restore) > 1
        assert restore.returncode == 0
        swapped = value(outside, POLLED)
        wait_for(lambda: value(outside, POLLED) != swapped and value(outside, OPEN) == 0)
        wait_for(lambda: known(outside) <= set(box.tokens))
        foreign = len(set(box.tokens) - known(outside))
        assert foreign > 0
        wait_for(lambda: value(outside, 'SELECT "foreignTokens" FROM hotspots') == foreign)
    is_as_the_safety_backup(outside, tmp_path / "backups")
    for command in (("doctor",), ("analytics", "rollup"), ("analytics", "check")):
        assert start(url, tmp_path, *command).wait(60) == 0, command


def known(outside):
    """Return the codes that the portal should have."""
    return set().union(*(codes(outside, status) for status in LIVE))


def is_as_the_safety_backup(outside, folder):
    """Compare what was swapped out with the backup of it that was made behind the gate."""
    kept, file_name = outside.execute(
        """
        SELECT r."keptAs", b."fileName" FROM restores r JOIN backups b ON b.id = r."safetyBackupId"
        """
    ).fetchone()
    compared = 0
    for table in inspect(folder / file_name).tables:
        if Model.metadata.tables[table.name].info["archive"] == "business":
            found = rows_and_digest(outside, table.column_names, f'"{kept}".{table.name}')
            assert found == (table.rows, table.digest), table.name
            compared += table.rows > 0
    assert compared > 10
