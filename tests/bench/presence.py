"""How fast looks at hotspots are taken in, and how one worker fares with two hundred of them.

The upserts of devices are measured beside the same rows as one INSERT of many VALUES for each
hotspot, and as a statement and a transaction for each device, on the same tables and server.
"""

import contextlib
import statistics
import time
from datetime import timedelta
from pathlib import Path

from rich.table import Table
from sqlalchemy import func, select, text

from tests.bench import churn, latency
from tests.conftest import make_config
from tests.factories import make_business, make_hotspot, make_hotspot_business
from tests.hotspots.stubs import Esp32Stub
from tests.processes import running_worker
from wifiapp import clock, create_app
from wifiapp.db import db
from wifiapp.hotspots.driver import Access, Identity, SeenDevice, SeenToken, Sighting
from wifiapp.hotspots.models import Hotspot
from wifiapp.hotspots.secrets import seal
from wifiapp.polling import operations, writing
from wifiapp.polling.operations import Claim

HOTSPOTS, ONLINE = 200, 250  # devices online on each
BOXES, GUESTS, WINDOW = 200, 10, 60  # real connections: boxes, devices on each, seconds
COLUMNS = '(id, "wifiTokenId", "macAddress", "isOnline", "currentIp", "firstSeen", "lastSeen")'
CONFLICT = """
ON CONFLICT ("wifiTokenId", "macAddress") DO UPDATE
SET "isOnline" = excluded."isOnline", "currentIp" = excluded."currentIp",
    "lastSeen" = excluded."lastSeen", "updatedAt" = now()
"""
ANSWER = """
UPDATE hotspots SET "lastContactAt" = (now() AT TIME ZONE 'UTC') + interval '1 hour'
"""
# Devices that are online on tokens in use, spread over the hotspots.
PREPARE = f"""
INSERT INTO hotspots (id, name, system, address)
SELECT 'box' || i, 'Box ' || i, 'R710', '192.0.2.1' FROM generate_series(0, {HOTSPOTS - 1}) i;
CREATE SCHEMA bench;
CREATE TABLE bench.crowd AS
SELECT d.id, d."wifiTokenId" AS token_id, d."macAddress" AS mac, true AS is_online,
       d."currentIp" AS ip, d."firstSeen" AS first_seen,
       'box' || row_number() OVER (ORDER BY d.id) % {HOTSPOTS} AS hotspot_id
FROM (SELECT * FROM wifi_token_devices ORDER BY id LIMIT {HOTSPOTS * ONLINE}) d;
UPDATE wifi_token_devices d SET "isOnline" = d.id IN (SELECT id FROM bench.crowd);
UPDATE wifi_tokens t SET "hotspotId" = c.hotspot_id, status = 'ACTIVE',
       "expiresAt" = now() + interval '1 day', "lastSyncAt" = now()
FROM bench.crowd c WHERE c.token_id = t.id;
UPDATE bench.crowd c SET hotspot_id = t."hotspotId" FROM wifi_tokens t WHERE t.id = c.token_id;
TRUNCATE rollup_marks;
"""


PAGES = (
    "/devices",
    "/devices?status=all",
    "/devices?q={prefix}",
    "/devices?q={prefix}&status=all",
    "/devices?q={mac}&status=all",
)


def measure(server, console, rounds, minutes):
    with server.connect("source") as connection:
        connection.execute(PREPARE)
        connection.execute("VACUUM ANALYZE")
    app = create_app(make_config(server.folder, server.app_url("source")))
    with app.app_context():
        batches = crowd()
        _print_upserts(console, _upserts(server, batches, rounds))
        _print_looks(console, server, batches)
        db.engine.dispose()
        mac = next(iter(batches.values()))[0]["mac"]
        paths = [page.format(mac=mac, prefix=mac[:11]) for page in PAGES]
        _answer(server)
        latency.measure(server, console, "source", paths, "pages of devices")
        churn.measure(server, console, batches, minutes)
        db.engine.dispose()
    _answer(server)
    latency.measure(server, console, "source", paths, "pages of devices after that")
    _print_boxes(console, *_boxes(server))


def _answer(server):
    """Let no hotspot fall silent while the pages are timed."""
    with server.connect("source") as connection:
        connection.execute(ANSWER)


def crowd():
    """Return the rows of each hotspot's devices."""
    found = {}
    for row in db.session.execute(text("SELECT * FROM bench.crowd ORDER BY id")).mappings():
        found.setdefault(row["hotspot_id"], []).append(dict(row))
    db.session.rollback()
    return found


# -- upserts of devices ------------------------------------------------------------------------


def _ours(rows):
    db.session.execute(writing.DEVICES, writing.arrays(writing.DEVICE, rows))
    db.session.commit()


def _values(rows):
    names = tuple(writing.DEVICE)
    marks = ", ".join(["(" + ", ".join(["%s"] * len(names)) + ")"] * len(rows))
    sql = f"INSERT INTO wifi_token_devices {COLUMNS} VALUES {marks} {CONFLICT}"
    _driver().execute(sql, [row[name] for row in rows for name in names])
    db.session.commit()


def _singly(rows):
    names = tuple(writing.DEVICE)
    marks = ", ".join(["%s"] * len(names))
    sql = f"INSERT INTO wifi_token_devices {COLUMNS} VALUES ({marks}) {CONFLICT}"
    for row in rows:
        _driver().execute(sql, [row[name] for name in names])
        db.session.commit()


def _driver():
    return db.session.connection().connection.driver_connection


def _upserts(server, batches, rounds):
    """Return rows a second for each way, and which share of ours found room in its own page."""
    speeds, hot = {}, []
    for n in range(rounds + 1):
        for name, way in (("ours", _ours), ("many VALUES", _values), ("one by one", _singly)):
            seen = clock.now().replace(tzinfo=None) + timedelta(seconds=n)
            rows = [[row | {"last_seen": seen} for row in each] for each in batches.values()]
            before = _updates(server)
            started = time.perf_counter()
            for each in rows:
                way(each)
            seconds = time.perf_counter() - started
            if not n:  # whoever is first reads the pages and writes them whole into the log
                continue
            speeds.setdefault(name, []).append(sum(map(len, rows)) / seconds)
            if name == "ours":
                done = [b - a for a, b in zip(before, _updates(server), strict=True)]
                hot.append(done[1] / done[0])
    return {name: statistics.median(found) for name, found in speeds.items()}, statistics.median(
        hot
    )


def _updates(server):
    query = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = %s"
    db.engine.dispose()  # a connection that ends tells what it counted
    with server.connect("source") as connection:
        return connection.execute(query, ["wifi_token_devices"]).fetchone()


def _print_upserts(console, measured):
    speeds, hot = measured
    table = Table(
        title=f"upserts of {HOTSPOTS} times {ONLINE} devices, a transaction for each hotspot"
    )
    for head in ("", "rows a second", "ours / it", "aim"):
        table.add_column(head, justify="right" if head else "left")
    for name, aim in (("ours", ""), ("many VALUES", "≥ 0.80"), ("one by one", "≥ 5.00")):
        ratio = f"{speeds['ours'] / speeds[name]:.2f}" if aim else ""
        table.add_row(name, f"{speeds[name]:,.0f}", ratio, aim)
    table.add_row("HOT updates of ours", f"{hot:.1%}", "", "most")
    console.print(table)


# -- whole looks -------------------------------------------------------------------------------


def _print_looks(console, server, batches):
    """Take in looks as a driver brings them: tokens, devices, sessions, volumes, the hotspot."""
    table = Table(title=f"whole looks of {ONLINE} devices, with sessions and volumes")
    for head in ("", "ms a look", "devices a second"):
        table.add_column(head, justify="right" if head else "left")
    for n, name in enumerate(("the first look", "the second", "the third")):
        taken = []
        for hotspot_id, rows in batches.items():
            claim = Claim(hotspot_id, hotspot_id, Access("R710", "192.0.2.1", "secret"))
            sighting = _sighting(rows, n)
            started = time.perf_counter()
            operations.take_sighting(claim, sighting)
            taken.append(time.perf_counter() - started)
        total = sum(map(len, batches.values())) / sum(taken)
        table.add_row(name, f"{statistics.median(taken) * 1000:.1f}", f"{total:,.0f}")
    console.print(table)


def _sighting(rows, n):
    at = clock.now()
    devices = {}
    for row in rows:
        seen = SeenDevice(
            row["mac"],
            is_online=True,
            ip=row["ip"],
            connected_at=at - timedelta(minutes=9),
            bytes_down=n * 100_000,
            bytes_up=n * 10_000,
        )
        devices.setdefault(row["token_id"], []).append(seen)
    codes = dict(
        db.session.execute(
            text("SELECT id, token FROM wifi_tokens WHERE id = ANY(:ids)"), {"ids": list(devices)}
        ).all()
    )
    db.session.rollback()
    tokens = tuple(
        SeenToken(codes[each], "ACTIVE", devices=tuple(seen)) for each, seen in devices.items()
    )
    return Sighting(at, Identity("box"), tokens, is_complete=False)


# -- two hundred boxes on one worker -----------------------------------------------------------


def _boxes(server):
    """Run a worker on boxes that answer over real connections; return looks and CPU seconds."""
    server.make("boxes", migrated=True)
    app = create_app(make_config(server.folder, server.app_url("boxes")))
    with contextlib.ExitStack() as stack:
        boxes = [stack.enter_context(Esp32Stub()) for _ in range(BOXES)]
        with app.app_context():
            _register(boxes)
        place = server.folder / "worker"
        worker = stack.enter_context(running_worker(server.app_url("boxes"), place))
        _watch(boxes, WINDOW)  # each has had its first look
        before, cpu = [_looks(box) for box in boxes], _cpu(worker.pid)
        _watch(boxes, WINDOW)
        looks = [_looks(box) - was for box, was in zip(boxes, before, strict=True)]
        used = _cpu(worker.pid) - cpu
    with app.app_context():
        failures = db.session.scalar(select(func.sum(Hotspot.failures)))
        db.engine.dispose()
    return looks, used, failures


def _register(boxes):
    business = make_business()
    for n, box in enumerate(boxes):
        sealed, address = seal(box.key), box.address
        hotspot = make_hotspot(address=address, secret_encrypted=sealed, last_contact_at=None)
        make_hotspot_business(hotspot, business)
        for guest in range(GUESTS):
            box.connect_device(box.add_token(business.id), f"AC:DE:48:{n:02X}:00:{guest:02X}")
    db.session.commit()
    db.engine.dispose()


def _watch(boxes, seconds):
    """Let so many seconds go by."""
    boxes[0]._end.wait(seconds)


def _looks(box):
    return len(box.asked("/api/health"))


def _cpu(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / 100


def _print_boxes(console, looks, cpu, failures):
    table = Table(title=f"{BOXES} boxes every 30 s on one worker, {WINDOW} s, over HTTP")
    for head in ("", "measured"):
        table.add_column(head, justify="right" if head else "left")
    table.add_row("looks at a box, fewest and most", f"{min(looks)} to {max(looks)}")
    table.add_row("looks a second", f"{sum(looks) / WINDOW:.1f}")
    table.add_row("failures", str(failures))
    table.add_row("CPU of the worker", f"{cpu / WINDOW:.0%} of a core")
    console.print(table)
