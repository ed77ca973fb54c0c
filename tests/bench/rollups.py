"""Measure the roll-ups: `python -m tests.bench.rollups --tokens 200000`.

A year of 100 businesses is rolled up, beside the best single statement that we could write for
the same rows: it knows that all the shops are two hours ahead of UTC, and rolls up nothing else.
Then a sale with and without the marks it leaves.
"""

import argparse
import logging
import statistics
import time
from datetime import UTC, datetime

from rich.console import Console
from sqlalchemy import text

from tests.bench.server import running
from tests.conftest import make_config
from wifiapp import create_app
from wifiapp.analytics.rollup_operations import roll_up
from wifiapp.db import db

NOW = datetime(2026, 1, 2, tzinfo=UTC)
YEAR = "timestamp '2024-12-31 22:00' + i * (interval '365 days' / :tokens)"

DATA = (
    """
    INSERT INTO businesses (id, name, currency, timezone)
    SELECT 'b' || i, 'Shop ' || i, 'USD', 'Africa/Harare' FROM generate_series(0, 99) i;
    INSERT INTO hotspots (id, name, system, address)
    SELECT 'h' || i, 'Hotspot', CASE i % 2 WHEN 0 THEN 'ESP32' ELSE 'R710' END, '10.0.0.' || i
    FROM generate_series(0, 1) i;
    INSERT INTO token_configurations (id, "businessId", name, system, "durationMinutes", price)
    SELECT 'p' || i, 'b' || i, 'Hour', 'ESP32', 60, 1 FROM generate_series(0, 99) i;
    """,
    f"""
    INSERT INTO wifi_tokens (id, "businessId", "hotspotId", "tokenConfigId", system, token, status,
        "planName", "durationMinutes", price, "createdAt", "firstUsedAt", "expiresAt")
    SELECT 't' || i, 'b' || i % 100, 'h' || i / 100 % 2, 'p' || i % 100,
           CASE i / 100 % 2 WHEN 0 THEN 'ESP32' ELSE 'R710' END, 'T' || i, 'EXPIRED', 'Hour', 60, 1,
           at, at + interval '1 hour', at + interval '3 hours'
    FROM generate_series(1, :tokens - 1) i, LATERAL (SELECT {YEAR} AS at) m
    """,
    f"""
    INSERT INTO wifi_token_sales (id, "businessId", "wifiTokenId", "saleAmount", "soldAt")
    SELECT 's' || i, 'b' || i % 100, 't' || i, i % 40 * 0.25, at + interval '50 minutes'
    FROM generate_series(1, :tokens - 1) i, LATERAL (SELECT {YEAR} AS at) m
    """,
    f"""
    INSERT INTO wifi_token_devices (id, "wifiTokenId", "macAddress", "firstSeen", "lastSeen")
    SELECT 'd' || i, 't' || i, upper(regexp_replace(lpad(to_hex(i % 60000), 12, '0'),
        '(..)(..)(..)(..)(..)(..)', '\\1:\\2:\\3:\\4:\\5:\\6')), at, at
    FROM generate_series(1, :tokens - 1) i, LATERAL (SELECT {YEAR} AS at) m
    """,
    f"""
    INSERT INTO device_sessions (id, "wifiTokenDeviceId", "startedAt", "endedAt", "endReason")
    SELECT 'x' || i, 'd' || i, at + interval '1 hour',
           at + interval '1 hour' + i % 150 * interval '1 minute', 'LEFT'
    FROM generate_series(1, :tokens - 1) i, LATERAL (SELECT {YEAR} AS at) m
    """,
    f"""
    INSERT INTO token_usage ("wifiTokenId", "startsAt", "bytesDown", "bytesUp")
    SELECT 't' || i, date_bin('15 minutes', at, '2000-01-01') + n * interval '15 minutes',
           i % 9000 * 1000, i % 900 * 1000
    FROM generate_series(1, :tokens - 1) i, LATERAL (SELECT {YEAR} AS at) m,
         generate_series(4, 7) n
    """,
)

SINGLE = """
INSERT INTO wifi_usage_analytics (id, "periodType", "periodStart", "periodEnd", system,
    "businessId", "uniqueDevices", "totalConnections", "avgConnectionDuration", "tokensGenerated",
    "tokensSold", "tokensUsed", "tokensExpired", "totalRevenue", "esp32Revenue", "r710Revenue",
    "totalBandwidthDown", "totalBandwidthUp", "deviceTypeStats")
WITH zone AS (SELECT interval '2 hours' AS ahead),
kinds (kind, step) AS (
    VALUES ('hour', interval '1 hour'), ('day', '1 day'), ('week', '7 days'), ('month', '1 month')),
facts AS (
    SELECT "businessId" AS business, system, "createdAt" AS at, 1 AS made, 0 AS sold, 0 AS used,
           0 AS expired, 0.00 AS revenue, 0.00 AS down, 0.00 AS up FROM wifi_tokens
    UNION ALL SELECT "businessId", system, "firstUsedAt", 0, 0, 1, 0, 0, 0, 0 FROM wifi_tokens
    WHERE "firstUsedAt" IS NOT NULL
    UNION ALL SELECT "businessId", system, coalesce("endedAt", "expiresAt", "redeemBy"),
           0, 0, 0, 1, 0, 0, 0 FROM wifi_tokens WHERE status = 'EXPIRED'
    UNION ALL SELECT s."businessId", t.system, s."soldAt", 0, (s."voidedAt" IS NULL)::int, 0, 0,
           s."saleAmount", 0, 0
    FROM wifi_token_sales s JOIN wifi_tokens t ON t.id = s."wifiTokenId"
    UNION ALL SELECT s."businessId", t.system, s."voidedAt", 0, 0, 0, 0, -s."saleAmount", 0, 0
    FROM wifi_token_sales s JOIN wifi_tokens t ON t.id = s."wifiTokenId"
    WHERE s."voidedAt" IS NOT NULL
    UNION ALL SELECT t."businessId", t.system, u."startsAt", 0, 0, 0, 0, 0,
           round(sum(u."bytesDown") / 1e6, 2), round(sum(u."bytesUp") / 1e6, 2)
    FROM token_usage u JOIN wifi_tokens t ON t.id = u."wifiTokenId" GROUP BY 1, 2, 3
),
hours AS MATERIALIZED (
    SELECT business, system, date_trunc('hour', at) AS hour, sum(made) AS made, sum(sold) AS sold,
           sum(used) AS used, sum(expired) AS expired, sum(revenue) AS revenue,
           sum(down) AS down, sum(up) AS up
    FROM facts GROUP BY GROUPING SETS ((business, system, hour), (system, hour))
),
counted AS (
    SELECT kind, business, system, date_trunc(kind, hour + ahead) AS start, sum(made) AS made,
           sum(sold) AS sold, sum(used) AS used, sum(expired) AS expired,
           sum(revenue) AS revenue, sum(down) AS down, sum(up) AS up
    FROM hours, kinds, zone GROUP BY 1, 2, 3, 4
),
visits AS (
    SELECT kind, step, t."businessId" AS business, t.system, d."macAddress" AS mac,
           coalesce(p."deviceType", 'Unknown') AS type, s."startedAt" + ahead AS began,
           coalesce(s."endedAt", greatest(s."startedAt", :now)) + ahead AS ended
    FROM device_sessions s JOIN wifi_token_devices d ON d.id = s."wifiTokenDeviceId"
    JOIN wifi_tokens t ON t.id = d."wifiTokenId"
    LEFT JOIN device_profiles p
        ON p."businessId" = t."businessId" AND p."macAddress" = d."macAddress",
    kinds, zone
),
devices AS (
    SELECT kind, business, system, start, mac, max(type) AS type, count(*) AS sessions,
           count(*) FILTER (WHERE began >= start) AS begun,
           sum(least(ended, start + step) - greatest(began, start)) AS length
    FROM visits, generate_series(date_trunc(kind, began), greatest(began,
         ended - interval '1 microsecond'), step) AS start
    GROUP BY GROUPING SETS ((kind, business, system, start, mac), (kind, system, start, mac))
),
types AS (
    SELECT kind, business, system, start, type, count(*) AS devices, sum(sessions) AS sessions,
           sum(begun) AS begun, sum(length) AS length
    FROM devices GROUP BY 1, 2, 3, 4, 5
),
seen AS (
    SELECT kind, business, system, start, sum(devices) AS devices, sum(begun) AS begun,
           round(extract(epoch FROM sum(length)) / 60 / sum(sessions), 2) AS minutes,
           jsonb_object_agg(type, devices) AS stats
    FROM types GROUP BY 1, 2, 3, 4
)
SELECT md5(concat_ws(' ', c.kind, extract(epoch FROM c.start), c.system, c.business))::uuid,
       c.kind, c.start - ahead, c.start + step - ahead, c.system, c.business,
       coalesce(devices, 0), coalesce(begun, 0), minutes, made, sold, used, expired, revenue,
       CASE c.system WHEN 'ESP32' THEN revenue ELSE 0 END,
       CASE c.system WHEN 'R710' THEN revenue ELSE 0 END, down, up, stats
FROM (
    SELECT coalesce(c.kind, s.kind) AS kind, coalesce(c.business, s.business) AS business,
           coalesce(c.system, s.system) AS system, coalesce(c.start, s.start) AS start,
           coalesce(made, 0) AS made, coalesce(sold, 0) AS sold, coalesce(used, 0) AS used,
           coalesce(expired, 0) AS expired, coalesce(revenue, 0) AS revenue,
           coalesce(down, 0) AS down, coalesce(up, 0) AS up, devices, begun, minutes, stats
    FROM counted c FULL JOIN seen s ON (c.kind, coalesce(c.business, ''), c.system, c.start)
        = (s.kind, coalesce(s.business, ''), s.system, s.start)
) AS c JOIN kinds USING (kind), zone
"""

COMPARED = """
SELECT count(*), sum(hashtextextended(concat_ws('|', "periodType", "periodStart", "periodEnd",
    system, "businessId", "uniqueDevices", "totalConnections", "avgConnectionDuration",
    "tokensGenerated", "tokensSold", "tokensUsed", "tokensExpired", "totalRevenue",
    "totalBandwidthDown", "totalBandwidthUp", "deviceTypeStats"), 0)::numeric)
FROM wifi_usage_analytics
"""

SALE = """
INSERT INTO wifi_token_sales (id, "businessId", "wifiTokenId", "saleAmount", "soldAt", "voidedAt",
    "voidReason") VALUES (gen_random_uuid(), 'b1', 't1', 1, :at, :at, 'x')
"""


def timed(step):
    started = time.perf_counter()
    step()
    return time.perf_counter() - started


def single():
    db.session.execute(text(SINGLE), {"now": NOW.replace(tzinfo=None)})
    db.session.commit()


def empty():
    db.session.execute(text("TRUNCATE wifi_usage_analytics, rollup_states, rollup_marks"))
    db.session.commit()


def sales(number=300):
    """Return the seconds of one sale, each a transaction of its own."""
    for _ in range(number):
        db.session.execute(text(SALE), {"at": NOW.replace(tzinfo=None)})
        db.session.commit()


def measure(console, tokens, rounds):
    for statement in DATA:
        db.session.execute(text(statement.replace(":tokens", str(tokens)).replace("\\:", ":")))
    db.session.commit()
    with db.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE"))
    found = {"ours": [], "single": []}
    for _ in range(rounds):
        for name, step in (("single", single), ("ours", lambda: roll_up(NOW))):
            empty()
            found[name].append(timed(step))
            compared = db.session.execute(text(COMPARED)).one()
            console.print(f"{name}: {found[name][-1]:.2f} s, {compared[0]:,} rows, {compared[1]}")
    ours, best = (statistics.median(found[name]) for name in ("ours", "single"))
    console.print(f"a year of 100 businesses: {ours / best:.2f} of the single statement, aim 1.50")
    console.print(f"a minute later: {timed(lambda: roll_up(NOW)):.3f} s")
    with_marks = [timed(sales) for _ in range(rounds)]
    db.session.execute(text("ALTER TABLE wifi_token_sales DISABLE TRIGGER rollup_marks_on_insert"))
    db.session.commit()
    without = [timed(sales) for _ in range(rounds)]
    ratio = statistics.median(with_marks) / statistics.median(without)
    console.print(f"a sale's row with marks: {ratio:.2f} of one without")


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.bench.rollups", description=__doc__)
    parser.add_argument("--tokens", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    logging.disable(logging.INFO)
    with running() as server:
        server.make("rollups", migrated=True)
        app = create_app(make_config(server.folder, server.app_url("rollups")))
        with app.app_context():
            measure(Console(width=100), given.tokens, given.rounds)
            db.session.remove()
            db.engine.dispose()


if __name__ == "__main__":
    main()
