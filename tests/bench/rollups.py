"""Measure the roll-ups of a year of 100 businesses, beside one statement written by hand.

It is the best that we could write for the same rows: it knows that all the shops are two hours
ahead of UTC, and rolls up nothing else. Then a sale with and without the marks it leaves.
"""

import statistics
import time
from datetime import UTC, datetime

from sqlalchemy import text

from tests.bench import year
from tests.conftest import make_config
from wifiapp import create_app
from wifiapp.analytics.rollup_operations import roll_up
from wifiapp.db import db

START, NOW = datetime(2024, 12, 31, 22, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
SHOPS = 100

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


def measure(server, console, tokens, rounds):
    server.make("rollups", migrated=True)
    app = create_app(make_config(server.folder, server.app_url("rollups")))
    with app.app_context():
        year.fill(tokens, START, SHOPS)
        _print_year(console, rounds)
        _print_sales(console, rounds)
        db.session.remove()
        db.engine.dispose()


def _print_year(console, rounds):
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


def _print_sales(console, rounds):
    with_marks = [timed(sales) for _ in range(rounds)]
    db.session.execute(text("ALTER TABLE wifi_token_sales DISABLE TRIGGER rollup_marks_on_insert"))
    db.session.commit()
    without = [timed(sales) for _ in range(rounds)]
    ratio = statistics.median(with_marks) / statistics.median(without)
    console.print(f"a sale's row with marks: {ratio:.2f} of one without")
