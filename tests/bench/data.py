"""A shop's years, made by PostgreSQL itself: tokens, their devices and sessions, sales, roll-ups.

The rows are the same in every run. One token brings 2 devices, 2 sessions, 1 sale and a tenth of
a roll-up: about 1.47 KB of CSV.
"""

BYTES_PER_TOKEN = 1_470

AROUND = """
INSERT INTO users (id, email, "passwordHash", role)
SELECT md5('user' || i)::uuid, 'seller' || i || '@example.org', '-', 'SELLER'
FROM generate_series(1, 20) i;

INSERT INTO businesses (id, name, currency, timezone)
SELECT md5('business' || i)::uuid, 'Shop ' || i, 'USD', 'Africa/Harare'
FROM generate_series(1, 8) i;

INSERT INTO hotspots (id, name, system, address)
SELECT md5('hotspot' || i)::uuid, 'Hotspot ' || i,
       CASE WHEN i % 2 = 0 THEN 'ESP32' ELSE 'R710' END, '192.168.' || i || '.1'
FROM generate_series(1, 16) i;

INSERT INTO token_configurations (id, "businessId", name, system, "durationMinutes", price)
SELECT md5('plan' || i)::uuid, md5('business' || (i % 8 + 1))::uuid, 'Plan ' || i, 'ESP32',
       i * 60, i * 0.5
FROM generate_series(1, 40) i;
"""

TOKENS = """
INSERT INTO wifi_tokens (id, "businessId", "hotspotId", "tokenConfigId", system, token, status,
    "planName", "durationMinutes", price, "expiresAt", "firstUsedAt", "usedDownMb", "createdAt",
    "updatedAt")
SELECT md5('token' || i)::uuid, md5('business' || (i % 8 + 1))::uuid,
       md5('hotspot' || (i % 16 + 1))::uuid, md5('plan' || (i % 40 + 1))::uuid, 'ESP32',
       upper(substr(md5('code' || i), 1, 4)) || lpad(to_hex(i), 6, '0'),
       (ARRAY['UNUSED', 'SOLD', 'ACTIVE', 'EXPIRED'])[i % 4 + 1], 'Plan ' || (i % 40 + 1),
       (i % 40 + 1) * 60, (i % 40 + 1) * 0.5, made + interval '30 days', made + interval '1 hour',
       (i % 100000) / 100.0, made, made + interval '2 hours'
FROM generate_series(1, :tokens) i,
     LATERAL (SELECT timestamp '2024-01-01' + i * interval '37.123457 seconds' AS made) m;
"""

DEVICES = """
INSERT INTO wifi_token_devices (id, "wifiTokenId", "macAddress", "isOnline", "currentIp",
    "firstSeen", "lastSeen", "createdAt", "updatedAt")
SELECT md5('device' || i)::uuid, md5('token' || (i / 2 + 1))::uuid,
       upper(substr(regexp_replace(md5('mac' || i), '(..)', '\\1:', 'g'), 1, 17)), i % 50 = 0,
       '192.168.' || (i % 16 + 1) || '.' || (i % 250 + 2), seen, seen + interval '55 minutes',
       seen, seen + interval '55 minutes'
FROM generate_series(0, 2 * :tokens - 1) i,
     LATERAL (SELECT timestamp '2024-01-01' + i * interval '18.561728 seconds' AS seen) m;
"""

SESSIONS = """
INSERT INTO device_sessions (id, "wifiTokenDeviceId", "startedAt", "endedAt", "endReason", ip,
    "bytesDown", "bytesUp", "createdAt", "updatedAt")
SELECT md5('session' || i)::uuid, md5('device' || i)::uuid, seen, seen + interval '55 minutes',
       (ARRAY['LEFT', 'TIMED_OUT', 'EXPIRED'])[i % 3 + 1],
       '192.168.' || (i % 16 + 1) || '.' || (i % 250 + 2), i::bigint * 7919 % 900000000,
       i::bigint * 104729 % 90000000, seen, seen + interval '55 minutes'
FROM generate_series(0, 2 * :tokens - 1) i,
     LATERAL (SELECT timestamp '2024-01-01' + i * interval '18.561728 seconds' AS seen) m;
"""

SALES = """
INSERT INTO wifi_token_sales (id, "businessId", "wifiTokenId", "receiptNumber", "saleAmount",
    "paymentMethod", "saleChannel", "soldAt", "soldBy", "createdAt", "updatedAt")
SELECT md5('sale' || i)::uuid, md5('business' || (i % 8 + 1))::uuid, md5('token' || i)::uuid, i,
       (i % 40 + 1) * 0.5, (ARRAY['CASH', 'CARD', 'MOBILE'])[i % 3 + 1],
       (ARRAY['DIRECT', 'POS', 'AGENT'])[i % 3 + 1], sold, md5('user' || (i % 20 + 1))::uuid,
       sold, sold
FROM generate_series(1, :tokens) i,
     LATERAL (SELECT timestamp '2024-01-01' + i * interval '37.123457 seconds' AS sold) m;
"""

ROLLUPS = """
INSERT INTO wifi_usage_analytics (id, "periodType", "periodStart", "periodEnd", system,
    "businessId", "uniqueDevices", "totalConnections", "avgConnectionDuration", "tokensSold",
    "totalRevenue", "esp32Revenue", "r710Revenue", "deviceTypeStats")
SELECT md5('rollup' || i)::uuid, 'hour', start, start + interval '1 hour', 'ESP32',
       md5('business' || (i % 8 + 1))::uuid, i % 90, i % 200, (i % 6000) / 100.0, i % 70,
       i % 300, i % 300, 0, jsonb_build_object('Android', i % 60, 'Apple iOS', i % 30)
FROM generate_series(1, :tokens / 10) i,
     LATERAL (SELECT timestamp '2004-01-01' + i / 8 * interval '1 hour' AS start) m;
"""


def fill(connection, size):
    """Fill an empty migrated database with about `size` bytes of CSV; each statement commits."""
    tokens = str(size // BYTES_PER_TOKEN)
    connection.execute("SET session_replication_role = replica")  # nothing to check or to mark
    connection.execute(AROUND)
    for statement in (TOKENS, DEVICES, SESSIONS, SALES, ROLLUPS):
        connection.execute(statement.replace(":tokens", tokens))
    connection.execute("RESET session_replication_role")
    connection.execute("VACUUM (FREEZE, ANALYZE)")
    connection.execute("CHECKPOINT")
