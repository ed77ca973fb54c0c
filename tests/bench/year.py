"""A year of some shops, all of them two hours ahead of UTC: tokens, sales, sessions, volumes.

Each token is sold and used once, by one of 60,000 devices, each of which keeps to its shop when
their number divides 60,000. The rows are the same in every run.
"""

from sqlalchemy import text

from wifiapp.db import db

YEAR = "CAST(:start AS timestamp) + i * (interval ':days days' / :tokens)"

MAC = """upper(regexp_replace(lpad(to_hex(i % 60000), 12, '0'),
    '(..)(..)(..)(..)(..)(..)', '\\1:\\2:\\3:\\4:\\5:\\6'))"""

DATA = (
    """
    INSERT INTO businesses (id, name, currency, timezone)
    SELECT 'b' || i, 'Shop ' || i, 'USD', 'Africa/Harare' FROM generate_series(0, :shops - 1) i;
    INSERT INTO hotspots (id, name, system, address)
    SELECT 'h' || i, 'Hotspot', CASE i % 2 WHEN 0 THEN 'ESP32' ELSE 'R710' END, '10.0.0.' || i
    FROM generate_series(0, 1) i;
    INSERT INTO token_configurations (id, "businessId", name, system, "durationMinutes", price)
    SELECT 'p' || i, 'b' || i, 'Hour', 'ESP32', 60, 1 FROM generate_series(0, :shops - 1) i;
    """,
    f"""
    INSERT INTO wifi_tokens (id, "businessId", "hotspotId", "tokenConfigId", system, token, status,
        "planName", "durationMinutes", price, "createdAt", "firstUsedAt", "expiresAt")
    SELECT 't' || i, 'b' || i % :shops, 'h' || i / :shops % 2, 'p' || i % :shops,
           CASE i / :shops % 2 WHEN 0 THEN 'ESP32' ELSE 'R710' END, 'T' || i, 'EXPIRED',
           'Plan ' || i / :shops % 5, 60, 1,
           at, at + interval '1 hour', at + interval '3 hours'
    FROM generate_series(1, :tokens - 1) i, LATERAL (SELECT {YEAR} AS at) m
    """,
    f"""
    INSERT INTO wifi_token_sales (id, "businessId", "wifiTokenId", "saleAmount", "soldAt",
        "paymentMethod", "saleChannel")
    SELECT 's' || i, 'b' || i % :shops, 't' || i, i % 40 * 0.25, at + interval '50 minutes',
           (ARRAY['CASH', 'CARD', 'MOBILE MONEY'])[i / :shops % 3 + 1],
           (ARRAY['DIRECT', 'POS', 'API'])[i / :shops / 3 % 3 + 1]
    FROM generate_series(1, :tokens - 1) i, LATERAL (SELECT {YEAR} AS at) m
    """,
    f"""
    INSERT INTO wifi_token_devices (id, "wifiTokenId", "macAddress", "firstSeen", "lastSeen")
    SELECT 'd' || i, 't' || i, {MAC}, at, at
    FROM generate_series(1, :tokens - 1) i, LATERAL (SELECT {YEAR} AS at) m
    """,
    f"""
    INSERT INTO device_profiles (id, "businessId", "macAddress", "deviceType", "createdAt")
    SELECT 'r' || i, 'b' || i % :shops, {MAC},
           (ARRAY['Android', 'Apple iOS', 'Windows', NULL])[i / :shops % 4 + 1], at
    FROM generate_series(1, least(:tokens, 60000) - 1) i, LATERAL (SELECT {YEAR} AS at) m
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


def fill(tokens, start, shops, days=365):
    """Put a year that begins at `start` (UTC), or some days, into an empty migrated database."""
    given = {"tokens": tokens, "shops": shops, "days": days}
    given["start"] = f"'{start:%Y-%m-%d %H:%M:%S}'"
    for template in DATA:
        statement = template
        for name, value in given.items():
            statement = statement.replace(f":{name}", str(value))
        db.session.execute(text(statement.replace("\\:", ":")))
    db.session.commit()
    with db.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE"))
