"""The statements that roll up: raw rows into hours, hours into days, weeks and months.

Both count by (kind, scope, system, place): the scope is a business's id, or "" for all; the place
is the number of the period among the bounds of its kind, from 1. What they put into the table
depends on the raw rows and the moment `now` alone. Bound to them are

- `kinds`, `bounds` of each kind as one text of an array, and `spans` of periods to count, each
  with its kind, scope, start, end and the moment from which its scope has raw sessions;
- `members`: the businesses of each scope; `low` and `high`: the widest span.

A volume is rounded to 0.01 MB by business, system and quarter of an hour, so that hours add up to
days and businesses to all of them.
"""

KNOWN = """
WITH kinds (kind, bounds) AS MATERIALIZED (
    SELECT kind, bounds::timestamp[]
    FROM unnest(CAST(:kinds AS text[]), CAST(:bounds AS text[])) AS k (kind, bounds)
),
spans (kind, scope, since, until, sessions_from) AS MATERIALIZED (
    SELECT * FROM unnest(
        CAST(:span_kinds AS text[]), CAST(:span_scopes AS text[]), CAST(:starts AS timestamp[]),
        CAST(:ends AS timestamp[]), CAST(:sessions_from AS timestamp[]))
),
wanted AS MATERIALIZED (
    SELECT s.*, m.business
    FROM spans s
    JOIN unnest(CAST(:scopes AS text[]), CAST(:businesses AS text[])) AS m (scope, business)
        USING (scope)
),
"""

# What happened, each at its moment.
FACTS = """
facts AS (
    SELECT "businessId" AS business, system, "createdAt" AS at, 1 AS generated, 0 AS sold,
           0 AS used, 0 AS expired, 0.00 AS revenue, 0.00 AS down, 0.00 AS up
    FROM wifi_tokens WHERE "createdAt" >= :low AND "createdAt" < :high
    UNION ALL
    SELECT "businessId", system, "firstUsedAt", 0, 0, 1, 0, 0, 0, 0
    FROM wifi_tokens WHERE "firstUsedAt" >= :low AND "firstUsedAt" < :high
    UNION ALL
    SELECT "businessId", system, coalesce("endedAt", "expiresAt", "redeemBy"), 0, 0, 0, 1, 0, 0, 0
    FROM wifi_tokens
    WHERE status = 'EXPIRED' AND coalesce("endedAt", "expiresAt", "redeemBy") >= :low
        AND coalesce("endedAt", "expiresAt", "redeemBy") < :high
    UNION ALL
    SELECT s."businessId", t.system, s."soldAt", 0, (s."voidedAt" IS NULL)::int, 0, 0,
           s."saleAmount", 0, 0
    FROM wifi_token_sales s JOIN wifi_tokens t ON t.id = s."wifiTokenId"
    WHERE s."soldAt" >= :low AND s."soldAt" < :high
    UNION ALL
    SELECT s."businessId", t.system, s."voidedAt", 0, 0, 0, 0, -s."saleAmount", 0, 0
    FROM wifi_token_sales s JOIN wifi_tokens t ON t.id = s."wifiTokenId"
    WHERE s."voidedAt" >= :low AND s."voidedAt" < :high
    UNION ALL
    SELECT t."businessId", t.system, u."startsAt", 0, 0, 0, 0, 0,
           round(sum(u."bytesDown") / 1000000, 2), round(sum(u."bytesUp") / 1000000, 2)
    FROM token_usage u JOIN wifi_tokens t ON t.id = u."wifiTokenId"
    WHERE u."startsAt" >= :low AND u."startsAt" < :high
    GROUP BY 1, 2, 3
),
counted AS (
    SELECT w.kind, w.scope, f.system,
           width_bucket(f.at, (SELECT bounds FROM kinds)) AS place,
           sum(generated) AS generated, sum(sold) AS sold, sum(used) AS used,
           sum(expired) AS expired, sum(revenue) AS revenue, sum(down) AS down, sum(up) AS up
    FROM facts f JOIN wanted w ON w.business = f.business AND f.at >= w.since AND f.at < w.until
    GROUP BY 1, 2, 3, 4
),
"""

# The hours are there already, and none lies in two days, weeks or months.
HOURS = """
placed_hours AS (
    SELECT s.kind, s.scope, h.system, width_bucket(h."periodStart", k.bounds) AS place,
           "tokensGenerated" AS generated, "tokensSold" AS sold, "tokensUsed" AS used,
           "tokensExpired" AS expired, "totalRevenue" AS revenue, "totalBandwidthDown" AS down,
           "totalBandwidthUp" AS up
    FROM spans s JOIN kinds k USING (kind)
    JOIN wifi_usage_analytics h
        ON coalesce(h."businessId", '') = s.scope AND h."periodType" = 'hour'
        AND h."periodStart" >= s.since AND h."periodStart" < s.until
    WHERE h."periodStart" >= :low AND h."periodStart" < :high
    OFFSET 0  -- so that no bounds are carried on
),
counted AS (
    SELECT kind, scope, system, place, sum(generated) AS generated, sum(sold) AS sold,
           sum(used) AS used, sum(expired) AS expired, sum(revenue) AS revenue,
           sum(down) AS down, sum(up) AS up
    FROM placed_hours GROUP BY 1, 2, 3, 4
),
"""

# A session counts in each period that it reaches into; one without length, where it began. An open
# one lasts until now or, where nobody has told of it lately, until the last sign of life.
SESSIONS = """
sessions AS (
    SELECT t."businessId" AS business, t.system, d."macAddress" AS mac,
           coalesce(p."deviceType", 'Unknown') AS type, s."startedAt" AS began,
           coalesce(s."endedAt", greatest(s."startedAt", (
               SELECT CASE WHEN h."isActive" AND h."lastContactAt" >= heard_after
                   AND (NOT h."isManual" OR d."lastSeen" >= heard_after)
                   THEN :now ELSE least(d."lastSeen", :now) END
               FROM hotspots h CROSS JOIN LATERAL (
                   SELECT :now - make_interval(
                       secs => greatest(3 * h."pollInterval", :silent_after)) AS heard_after) AS l
               WHERE h.id = t."hotspotId"))) AS ended
    FROM device_sessions s
    JOIN wifi_token_devices d ON d.id = s."wifiTokenDeviceId"
    JOIN wifi_tokens t ON t.id = d."wifiTokenId"
    LEFT JOIN device_profiles p
        ON p."businessId" = t."businessId" AND p."macAddress" = d."macAddress"
    WHERE s."startedAt" < :high AND (s."endedAt" >= :low OR s."endedAt" IS NULL)
),
placed AS (
    SELECT kind, business, system, mac, type, began, ended, place, first,
           bounds[place] AS since, bounds[place + 1] AS until
    FROM sessions CROSS JOIN kinds
    CROSS JOIN LATERAL (SELECT width_bucket(began, bounds) AS first) AS f
    CROSS JOIN LATERAL generate_series(greatest(first, 1), least(cardinality(bounds) - 1,
        greatest(first, width_bucket(ended - interval '1 microsecond', bounds)))) AS place
    OFFSET 0  -- so that no bounds are carried on
),
by_device AS (
    SELECT p.kind, w.scope, p.system, p.place, p.mac, max(p.type) AS type, count(*) AS sessions,
           count(*) FILTER (WHERE p.place = p.first) AS begun,
           sum(least(p.ended, p.until) - greatest(p.began, p.since)) AS length
    FROM placed p JOIN wanted w ON w.kind = p.kind AND w.business = p.business
        AND p.since >= w.since AND p.since < w.until
        AND p.since >= coalesce(w.sessions_from, '-infinity')
    GROUP BY 1, 2, 3, 4, 5
),
by_type AS (
    SELECT kind, scope, system, place, type, count(*) AS devices, sum(sessions) AS sessions,
           sum(begun) AS begun, sum(length) AS length
    FROM by_device GROUP BY 1, 2, 3, 4, 5
),
seen AS (
    SELECT kind, scope, system, place, sum(devices) AS devices, sum(begun) AS begun,
           round(extract(epoch FROM sum(length)) / 60 / sum(sessions), 2) AS minutes,
           jsonb_object_agg(type, devices) AS types
    FROM by_type GROUP BY 1, 2, 3, 4
    UNION ALL  -- of what was dropped since, the roll-up is all that is left
    SELECT s.kind, s.scope, r.system, width_bucket(r."periodStart", k.bounds), r."uniqueDevices",
           r."totalConnections", r."avgConnectionDuration", r."deviceTypeStats"
    FROM spans s JOIN kinds k USING (kind)
    JOIN wifi_usage_analytics r
        ON coalesce(r."businessId", '') = s.scope AND r."periodType" = s.kind
        AND r."periodStart" >= s.since AND r."periodStart" < s.until
    WHERE r."periodStart" < s.sessions_from AND r."uniqueDevices" > 0
        AND r."periodStart" >= :low AND r."periodStart" < :high
),
"""

# What stands already as it should is not written again.
PUT = """
fresh AS MATERIALIZED (
    SELECT kind, bounds[place] AS since, bounds[place + 1] AS until, system, scope,
           coalesce(devices, 0) AS devices, coalesce(begun, 0) AS begun, minutes,
           coalesce(generated, 0) AS generated, coalesce(sold, 0) AS sold,
           coalesce(used, 0) AS used, coalesce(expired, 0) AS expired,
           coalesce(revenue, 0) AS revenue, least(coalesce(down, 0), 9999999999.99) AS down,
           least(coalesce(up, 0), 9999999999.99) AS up, types  -- a row holds no more
    FROM counted FULL JOIN seen USING (kind, scope, system, place) JOIN kinds USING (kind)
),
gone AS (
    DELETE FROM wifi_usage_analytics r USING spans s
    WHERE coalesce(r."businessId", '') = s.scope AND r."periodType" = s.kind
        AND r."periodStart" >= s.since AND r."periodStart" < s.until
        AND r."periodStart" >= :low AND r."periodStart" < :high
        AND NOT EXISTS (
            SELECT FROM fresh f WHERE f.kind = r."periodType" AND f.since = r."periodStart"
                AND f.system = r.system AND f.scope = coalesce(r."businessId", ''))
    RETURNING 1
),
put AS (
    INSERT INTO wifi_usage_analytics AS r (
        id, "periodType", "periodStart", "periodEnd", system, "businessId", "uniqueDevices",
        "totalConnections", "avgConnectionDuration", "tokensGenerated", "tokensSold",
        "tokensUsed", "tokensExpired", "totalRevenue", "esp32Revenue", "r710Revenue",
        "totalBandwidthDown", "totalBandwidthUp", "deviceTypeStats", "createdAt", "updatedAt")
    SELECT md5(concat_ws(' ', kind, extract(epoch FROM since), system, scope))::uuid, kind, since,
           until, system, nullif(scope, ''), devices, begun, minutes, generated, sold, used,
           expired, revenue, CASE system WHEN 'ESP32' THEN revenue ELSE 0 END,
           CASE system WHEN 'R710' THEN revenue ELSE 0 END, down, up, types, since, since
    FROM fresh
    ON CONFLICT ("periodType", "periodStart", system, "businessId") DO UPDATE SET
        "periodEnd" = excluded."periodEnd", "uniqueDevices" = excluded."uniqueDevices",
        "totalConnections" = excluded."totalConnections",
        "avgConnectionDuration" = excluded."avgConnectionDuration",
        "tokensGenerated" = excluded."tokensGenerated", "tokensSold" = excluded."tokensSold",
        "tokensUsed" = excluded."tokensUsed", "tokensExpired" = excluded."tokensExpired",
        "totalRevenue" = excluded."totalRevenue", "esp32Revenue" = excluded."esp32Revenue",
        "r710Revenue" = excluded."r710Revenue",
        "totalBandwidthDown" = excluded."totalBandwidthDown",
        "totalBandwidthUp" = excluded."totalBandwidthUp",
        "deviceTypeStats" = excluded."deviceTypeStats", id = excluded.id,
        "createdAt" = excluded."createdAt", "updatedAt" = excluded."updatedAt"
    WHERE r IS DISTINCT FROM excluded
    RETURNING 1
)
SELECT (SELECT count(*) FROM put) + (SELECT count(*) FROM gone)
"""

ROLL_UP_HOURS = KNOWN + FACTS + SESSIONS + PUT
ROLL_UP_THE_REST = KNOWN + HOURS + SESSIONS + PUT
