"""An hour of guests who come and go, as fast as it can be written: what the tables grow by.

Each hotspot is looked at every half minute; of its devices one in fifty has gone by the next
look, and as many guests come with tokens that were sold. Autovacuum runs as on any server.
"""

import time
from datetime import timedelta

from rich.table import Table

from wifiapp import clock
from wifiapp.db import db
from wifiapp.hotspots.driver import Access, Identity, SeenDevice, SeenToken, Sighting
from wifiapp.polling import operations
from wifiapp.polling.operations import Claim

EVERY = timedelta(seconds=30)
LEAVING = 50  # one in so many has gone by the next look
KNOWN = 10  # looks for which a hotspot still tells of the token of a guest who has gone
TABLES = ("wifi_token_devices", "device_sessions", "wifi_tokens", "token_usage")
SIZES = """
SELECT relname, pg_table_size(oid), pg_indexes_size(oid), greatest(reltuples, 0)::bigint
FROM pg_class WHERE relname = ANY(%s)
"""
WRITES = """
SELECT relname, n_tup_ins, n_tup_upd, n_tup_hot_upd, n_dead_tup, autovacuum_count
FROM pg_stat_user_tables WHERE relname = ANY(%s)
"""
# Tokens that were sold and not used yet, enough for all who come.
SOLD = """
UPDATE wifi_tokens t SET "hotspotId" = s.hotspot_id, status = 'SOLD', "expiresAt" = NULL,
    "firstUsedAt" = NULL, "redeemBy" = NULL
FROM (SELECT id, 'box' || row_number() OVER (ORDER BY id) %% %s AS hotspot_id
      FROM wifi_tokens WHERE status = 'UNUSED' ORDER BY id LIMIT %s) s
WHERE s.id = t.id RETURNING t."hotspotId", t.token
"""

CODES = "SELECT t.id, t.token FROM bench.crowd c JOIN wifi_tokens t ON t.id = c.token_id"


class Guests:
    """The devices of one hotspot: some go, some come, the others use on."""

    def __init__(self, rows, codes, sold):
        self.online = [(codes[row["token_id"]], row["mac"], row["ip"]) for row in rows]
        self.since, self.gone = {}, []
        self.sold = sold

    def look(self, at, n):
        """Return what the hotspot tells at its look number `n`."""
        leaving = len(self.online) // LEAVING
        gone, self.online = self.online[:leaving], self.online[leaving:]
        for _, mac, ip in gone[: len(self.sold)]:
            self.online.append((self.sold.pop(), mac, ip))
            self.since[self.online[-1][0]] = at - EVERY / 3
        self.gone = [*self.gone, *(token for token, _, _ in gone)][-leaving * KNOWN :]
        tokens = {token: [] for token in self.gone}
        for token, mac, ip in self.online:
            since = self.since.get(token)
            down, up = n * 100_000, n * 10_000
            seen = SeenDevice(
                mac, is_online=True, ip=ip, connected_at=since, bytes_down=down, bytes_up=up
            )
            tokens.setdefault(token, []).append(seen)
        told = tuple(
            SeenToken(token, "ACTIVE", devices=tuple(seen)) for token, seen in tokens.items()
        )
        return Sighting(at, Identity("box"), told, is_complete=False)


def measure(server, console, batches, minutes):
    """Print what an hour of looks at all hotspots writes, and how much the tables grow."""
    looks = int(timedelta(minutes=minutes) / EVERY)
    guests = _guests(server, batches, looks)
    before, started = _state(server), time.perf_counter()
    began = clock.now() - looks * EVERY
    for n in range(looks):
        with console.status(f"look {n + 1} of {looks}"):
            for hotspot_id, each in guests.items():
                claim = Claim(hotspot_id, hotspot_id, Access("R710", "192.0.2.1", "secret"))
                operations.take_sighting(claim, each.look(began + n * EVERY, n))
    seconds = time.perf_counter() - started
    db.engine.dispose()  # a connection that ends tells what it counted
    _print(console, minutes, seconds, looks * sum(map(len, batches.values())), before, server)


def _guests(server, batches, looks):
    most = max(map(len, batches.values())) // LEAVING * looks * len(batches)
    with server.connect("source") as connection:
        sold = {}
        for hotspot_id, token in connection.execute(SOLD, [len(batches), most]):
            sold.setdefault(hotspot_id, []).append(token)
        connection.execute("VACUUM ANALYZE")
        connection.execute("SELECT pg_stat_reset()")
        codes = dict(connection.execute(CODES).fetchall())
    return {name: Guests(rows, codes, sold.get(name, [])) for name, rows in batches.items()}


def _state(server):
    with server.connect("source") as connection:
        sizes = {row[0]: row[1:] for row in connection.execute(SIZES, [list(TABLES)])}
        writes = {row[0]: row[1:] for row in connection.execute(WRITES, [list(TABLES)])}
    return {name: (*sizes[name], *writes[name]) for name in TABLES}


def _print(console, minutes, seconds, devices, before, server):
    after = _state(server)
    console.print(
        f"{minutes} minutes of churn, written in {seconds:.0f} s: {devices / seconds:,.0f} devices "
        f"a second; it was {minutes * 60 / seconds:.1f} times as fast as it came in."
    )
    table = Table(title=f"what {minutes} minutes of churn make of the tables")
    heads = ("rows before", "inserted", "updated", "HOT", "table", "indexes", "dead", "vacuums")
    for head in ("", *heads):
        table.add_column(head, justify="right" if head else "left")
    for name in TABLES:
        heap, index, rows, *_ = before[name]
        now_heap, now_index, _, inserted, updated, hot, dead, vacuums = after[name]
        table.add_row(
            name,
            f"{rows:,}",
            f"{inserted:,}",
            f"{updated:,}",
            f"{hot / updated:.1%}" if updated else "",
            f"{heap >> 20} → {now_heap >> 20} MB",
            f"{index >> 20} → {now_index >> 20} MB",
            f"{dead:,}",
            f"{vacuums}",
        )
    console.print(table)
