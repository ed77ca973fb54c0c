"""The statements that count again, straight from the raw rows, what the roll-ups say.

They share nothing with those that roll up but the bounds of the periods: each measure is counted
by itself for each kind of period, a day from what happened in it and not from its hours. Bound to
them are

- `kinds`, `bounds` of each kind as one text of an array, and `moments`: of which its roll-ups are
  true; `low` and `high`: the first and the last of all bounds;
- by scope the `businesses` in it, what is known to be gone, and what waits to be rolled up in
  which kinds of periods and is left out.
"""

from sqlalchemy import text

# Until the transaction's end: room for the sums of a month, whose rows are in memory mostly.
READ = text(
    "SELECT set_config('work_mem', '64MB', true), set_config('jit', 'off', true), "
    "set_config('random_page_cost', '1.1', true)"
)

_KNOWN = """
WITH kinds AS MATERIALIZED (
    SELECT kind, bounds, now, bounds[1] AS low, bounds[cardinality(bounds)] AS high
    FROM unnest(CAST(:kinds AS text[]), CAST(:bounds AS text[]), CAST(:moments AS timestamp[]))
        AS k (kind, written, now) CROSS JOIN LATERAL (SELECT written::timestamp[] AS bounds) AS b
),
periods AS MATERIALIZED (
    SELECT kind, place, bounds[place] AS since, bounds[place + 1] AS until
    FROM kinds CROSS JOIN LATERAL generate_series(1, cardinality(bounds) - 1) AS place
),
members AS (
    SELECT * FROM unnest(CAST(:scopes AS text[]), CAST(:businesses AS text[]))
        AS m (scope, business)
),
scopes AS (
    SELECT scope, coalesce(periods_from, '-infinity') AS periods_from,
           coalesce(sessions_from, '-infinity') AS sessions_from
    FROM unnest(CAST(:names AS text[]), CAST(:periods_from AS timestamp[]),
                CAST(:sessions_from AS timestamp[])) AS s (scope, periods_from, sessions_from)
),
waiting AS (
    SELECT * FROM unnest(
        CAST(:waiting AS text[]), CAST(:waiting_kinds AS text[]),
        CAST(:waiting_since AS timestamp[]), CAST(:waiting_until AS timestamp[]))
        AS w (scope, kind, since, until)
),
"""

# Each row finds its token by the key: what lies in some days is little beside all that there is.
_BY_KEY = """CROSS JOIN LATERAL (
        SELECT "businessId", "hotspotId", system FROM wifi_tokens
        WHERE id = "wifiTokenId" OFFSET 0) AS t"""

_VISITS = f"""
visits AS MATERIALIZED (
    SELECT m.scope, t.system, d."macAddress" AS mac, coalesce(p."deviceType", 'Unknown') AS type,
           s."startedAt" AS began, s."endedAt" AS ended, d."lastSeen" AS seen,
           CASE WHEN h."isActive" AND h."lastContactAt" IS NOT NULL THEN
               least(h."lastContactAt", CASE WHEN h."isManual" THEN d."lastSeen" END) END AS heard,
           greatest(h."pollInterval" * 3, :silent_after) AS patience
    FROM device_sessions s
    CROSS JOIN LATERAL (
        SELECT "wifiTokenId", "macAddress", "lastSeen" FROM wifi_token_devices
        WHERE id = s."wifiTokenDeviceId" OFFSET 0) AS d
    {_BY_KEY}
    JOIN members m ON m.business = t."businessId"
    JOIN hotspots h ON h.id = t."hotspotId"
    LEFT JOIN LATERAL (
        SELECT "deviceType" FROM device_profiles
        WHERE "businessId" = t."businessId" AND "macAddress" = d."macAddress" OFFSET 0) AS p ON true
    WHERE s."startedAt" < :high AND (s."endedAt" >= :low OR s."endedAt" IS NULL)
),
stays AS (
    SELECT v.scope, v.system, v.mac, v.type, v.began, k.*,
           CASE WHEN ended IS NOT NULL THEN ended
                WHEN heard IS NOT NULL AND extract(epoch FROM now - heard) <= patience
                THEN greatest(began, now) ELSE greatest(began, least(seen, now)) END AS ended
    FROM visits v CROSS JOIN kinds k WHERE began < high
),
present AS MATERIALIZED (
    SELECT kind, scope, system, place, mac, max(type) AS type, count(*) AS visits,
           count(*) FILTER (WHERE began >= since) AS begun,
           sum(least(ended, until) - greatest(began, since)) AS stay
    FROM stays CROSS JOIN LATERAL generate_series(
        width_bucket(began, bounds), width_bucket(ended, bounds)) AS place
    CROSS JOIN LATERAL (SELECT bounds[place] AS since, bounds[place + 1] AS until) AS p
    WHERE ended >= low AND began < until AND (ended > since OR began >= since)
    GROUP BY 1, 2, 3, 4, 5
),
"""  # noqa: S608 - made of constants

_RAW = f"""
lines AS MATERIALIZED (
    SELECT m.scope, t.system, at, amount, sold
    FROM (
        SELECT "wifiTokenId", "soldAt" AS at, "saleAmount" AS amount,
               CASE WHEN "voidedAt" IS NULL THEN 1 ELSE 0 END AS sold
        FROM wifi_token_sales
        UNION ALL
        SELECT "wifiTokenId", "voidedAt", 0 - "saleAmount", 0 FROM wifi_token_sales
    ) AS l {_BY_KEY} JOIN members m ON m.business = t."businessId"
    WHERE at >= :low AND at < :high
),
quarters AS MATERIALIZED (
    SELECT m.scope, q.system, q.at, q.down, q.up
    FROM (
        SELECT "businessId", system, "startsAt" AS at,
               round(sum("bytesDown") / 1000000, 2) AS down,
               round(sum("bytesUp") / 1000000, 2) AS up
        FROM token_usage {_BY_KEY}
        WHERE "startsAt" >= :low AND "startsAt" < :high
        GROUP BY 1, 2, 3
    ) AS q JOIN members m ON m.business = q."businessId"
),
"""  # noqa: S608 - made of constants


def _events(measure: str, moment: str, condition: str = "true") -> str:
    """Count tokens by kind, scope, system and place."""
    return f"""
    SELECT k.kind, m.scope, t.system, width_bucket({moment}, k.bounds) AS place,
           '{measure}' AS measure, count(*)::numeric AS value, NULL::jsonb AS stats
    FROM wifi_tokens t JOIN members m ON m.business = t."businessId" CROSS JOIN kinds k
    WHERE {moment} >= k.low AND {moment} < k.high
        AND {moment} >= :low AND {moment} < :high AND {condition}
    GROUP BY 1, 2, 3, 4
    UNION ALL"""  # noqa: S608 - made of the constants below


_EXPIRED = 'coalesce(t."endedAt", t."expiresAt", t."redeemBy")'

_COUNTED = "".join(
    (
        "counted AS (",
        _events("tokensGenerated", 't."createdAt"'),
        _events("tokensUsed", 't."firstUsedAt"'),
        _events("tokensExpired", _EXPIRED, "t.status = 'EXPIRED'"),
        """
    SELECT kind, scope, system, place, v.*
    FROM (
        SELECT kind, scope, system, width_bucket(at, bounds) AS place, sum(amount) AS amount,
               sum(sold) AS sold
        FROM lines CROSS JOIN kinds WHERE at >= low AND at < high
        GROUP BY 1, 2, 3, 4
    ) AS l CROSS JOIN LATERAL (VALUES
        ('tokensSold', sold::numeric, NULL::jsonb),
        ('totalRevenue', amount, NULL),
        ('esp32Revenue', CASE system WHEN 'ESP32' THEN amount END, NULL),
        ('r710Revenue', CASE system WHEN 'R710' THEN amount END, NULL)
    ) AS v (measure, value, stats)
    UNION ALL
    SELECT kind, scope, system, place, v.*
    FROM (
        SELECT kind, scope, system, width_bucket(at, bounds) AS place, sum(down) AS down,
               sum(up) AS up
        FROM quarters CROSS JOIN kinds WHERE at >= low AND at < high
        GROUP BY 1, 2, 3, 4
    ) AS u CROSS JOIN LATERAL (VALUES
        ('totalBandwidthDown', down, NULL::jsonb), ('totalBandwidthUp', up, NULL)
    ) AS v (measure, value, stats)
    UNION ALL
    SELECT kind, scope, system, place, v.*
    FROM (
        SELECT kind, scope, system, place, count(*) AS devices, sum(begun) AS begun,
               round(extract(epoch FROM sum(stay)) / sum(visits) / 60, 2) AS minutes
        FROM present GROUP BY 1, 2, 3, 4
    ) AS p CROSS JOIN LATERAL (VALUES
        ('uniqueDevices', devices::numeric, NULL::jsonb), ('totalConnections', begun, NULL),
        ('avgConnectionDuration', minutes, NULL)
    ) AS v (measure, value, stats)
    UNION ALL
    SELECT kind, scope, system, place, 'deviceTypeStats', NULL, jsonb_object_agg(type, n)
    FROM (
        SELECT kind, scope, system, place, type, count(*) AS n FROM present GROUP BY 1, 2, 3, 4, 5
    ) AS types
    GROUP BY 1, 2, 3, 4
),
""",
    )
)

_ADDITIVE = """
        ('totalConnections', r."totalConnections"::numeric, NULL::jsonb),
        ('tokensGenerated', r."tokensGenerated", NULL), ('tokensSold', r."tokensSold", NULL),
        ('tokensUsed', r."tokensUsed", NULL), ('tokensExpired', r."tokensExpired", NULL),
        ('totalRevenue', r."totalRevenue", NULL), ('esp32Revenue', r."esp32Revenue", NULL),
        ('r710Revenue', r."r710Revenue", NULL),
        ('totalBandwidthDown', r."totalBandwidthDown", NULL),
        ('totalBandwidthUp', r."totalBandwidthUp", NULL)
"""

_ROLLED = f"""
rolled AS (
    SELECT p.kind, s.scope, r.system, p.place, v.measure, v.value, v.stats
    FROM wifi_usage_analytics r JOIN scopes s ON s.scope = coalesce(r."businessId", '')
    JOIN periods p
        ON p.kind = r."periodType" AND p.since = r."periodStart" AND p.until = r."periodEnd"
    CROSS JOIN LATERAL (VALUES {_ADDITIVE},
        ('uniqueDevices', r."uniqueDevices", NULL),
        ('avgConnectionDuration', r."avgConnectionDuration", NULL),
        ('deviceTypeStats', NULL, r."deviceTypeStats")
    ) AS v (measure, value, stats)
    WHERE r."periodStart" >= :low AND r."periodStart" < :high
)"""  # noqa: S608 - made of constants

_PARTS = f"""
counted AS (
    SELECT k.kind, s.scope, r.system, width_bucket(r."periodStart", k.bounds) AS place, v.measure,
           sum(v.value) AS value, NULL::jsonb AS stats
    FROM wifi_usage_analytics r JOIN scopes s ON s.scope = coalesce(r."businessId", '')
    JOIN kinds k ON k.kind <> 'hour' AND r."periodStart" >= k.low AND r."periodStart" < k.high
    CROSS JOIN LATERAL (VALUES {_ADDITIVE}) AS v (measure, value, stats)
    WHERE r."periodType" = 'hour' AND r."periodStart" >= :low AND r."periodStart" < :high
    GROUP BY 1, 2, 3, 4, 5
),"""  # noqa: S608 - made of constants

_DIFFERING = """
SELECT kind, scope, system, p.since, p.until, measure, r.value, c.value, r.stats, c.stats
FROM rolled r FULL JOIN counted c USING (kind, scope, system, place, measure)
JOIN periods p USING (kind, place) JOIN scopes s USING (scope)
WHERE {} AND p.since >= s.periods_from
    AND (p.since >= s.sessions_from OR measure NOT IN (
        'uniqueDevices', 'totalConnections', 'avgConnectionDuration', 'deviceTypeStats'))
    AND NOT EXISTS (
        SELECT FROM waiting w
        WHERE w.scope = s.scope AND w.kind = p.kind AND w.since < p.until AND w.until > p.since)
ORDER BY array_position(CAST(:kinds AS text[]), p.kind), p.since, scope, system, measure LIMIT :most
"""
_DIFFERENT = """
    (coalesce(r.value, 0) <> coalesce(c.value, 0)
     OR measure = 'avgConnectionDuration' AND (r.value IS NULL) <> (c.value IS NULL)
     OR r.stats IS DISTINCT FROM c.stats)"""

RAW = _KNOWN + _VISITS + _RAW + _COUNTED + _ROLLED + _DIFFERING.format(_DIFFERENT)
PARTS = (
    _KNOWN
    + _PARTS
    + _ROLLED
    + _DIFFERING.format(
        "kind <> 'hour' AND "
        "measure NOT IN ('uniqueDevices', 'avgConnectionDuration', 'deviceTypeStats') AND"
        + _DIFFERENT
    )
)
STRAY = "".join(
    (
        _KNOWN.rstrip().rstrip(","),
        """
SELECT k.kind, s.scope, r.system, r."periodStart", r."periodEnd", 'periodEnd', r."periodEnd"::text,
       NULL, NULL, NULL
FROM wifi_usage_analytics r JOIN scopes s ON s.scope = coalesce(r."businessId", '')
JOIN kinds k ON k.kind = r."periodType" AND r."periodStart" < k.high
    AND r."periodStart" >= greatest(k.low, s.periods_from)
WHERE r."periodStart" >= :low AND r."periodStart" < :high
    AND (k.kind, r."periodStart", r."periodEnd") NOT IN (
        SELECT p.kind, p.since, p.until FROM periods p)
    AND NOT EXISTS (
        SELECT FROM waiting w WHERE w.scope = s.scope AND w.kind = k.kind
            AND w.since < r."periodEnd" AND w.until > r."periodStart")
ORDER BY array_position(CAST(:kinds AS text[]), k.kind), 4, 2, 3 LIMIT :most
""",
    )
)

# What is waiting to be rolled up, by business; `isInDays` is what only weeks and months lack.
WAITING = """
WITH found AS (
    SELECT "businessId" AS business, "isInDays", coalesce("startsAt", '2000-01-01') AS since,
           coalesce("endsAt", '2100-01-01') AS until
    FROM rollup_marks WHERE "macAddress" IS NULL
    UNION ALL
    SELECT m."businessId", m."isInDays", s."startedAt",
           coalesce(s."endedAt" + interval '1 microsecond', '2100-01-01')
    FROM rollup_marks m JOIN wifi_token_devices d USING ("macAddress")
    JOIN wifi_tokens t ON t.id = d."wifiTokenId" AND t."businessId" = m."businessId"
    JOIN device_sessions s ON s."wifiTokenDeviceId" = d.id
)
SELECT business, "isInDays", lower(span), upper(span)
FROM (
    SELECT business, "isInDays", unnest(range_agg(tsrange(since, until))) AS span
    FROM found WHERE since < until GROUP BY 1, 2
) AS f
"""
