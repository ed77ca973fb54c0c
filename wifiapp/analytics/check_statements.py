"""The statements that count again, straight from the raw rows, what the roll-ups say.

They share nothing with those that roll up but the bounds of the periods: each measure is counted
by itself for each kind of period, a day from what happened in it and not from its hours. Bound to
them are the `bounds` of one `kind`, `low` and `high` (the first and the last of them), `now` (the
moment of the roll-up), and by scope the `businesses` in it, what is known to be gone, and what
waits to be rolled up and is left out.
"""

from sqlalchemy import text

# Until the transaction's end: room for the sums of a month, whose rows are in memory mostly.
READ = text(
    "SELECT set_config('work_mem', '64MB', true), set_config('jit', 'off', true), "
    "set_config('random_page_cost', '1.1', true)"
)

_KNOWN = """
WITH periods AS (
    SELECT place, since, lead(since) OVER (ORDER BY place) AS until
    FROM unnest(CAST(:bounds AS timestamp[])) WITH ORDINALITY AS b (since, place)
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
    SELECT scope, coalesce(since, '-infinity') AS since, coalesce(until, 'infinity') AS until
    FROM unnest(CAST(:waiting AS text[]), CAST(:waiting_since AS timestamp[]),
                CAST(:waiting_until AS timestamp[])) AS w (scope, since, until)
),
"""

_VISITS = """
visits AS (
    SELECT m.scope, t.system, d."macAddress" AS mac, coalesce(p."deviceType", 'Unknown') AS type,
           s."startedAt" AS began,
           CASE WHEN s."endedAt" IS NOT NULL THEN s."endedAt"
                WHEN told THEN greatest(s."startedAt", CAST(:now AS timestamp))
                ELSE greatest(s."startedAt", least(d."lastSeen", :now)) END AS ended
    FROM members m JOIN wifi_tokens t ON t."businessId" = m.business
    JOIN wifi_token_devices d ON d."wifiTokenId" = t.id
    JOIN device_sessions s ON s."wifiTokenDeviceId" = d.id
    JOIN hotspots h ON h.id = t."hotspotId"
    CROSS JOIN LATERAL (SELECT h."isActive" AND h."lastContactAt" IS NOT NULL AND extract(epoch FROM
        :now - least(h."lastContactAt", CASE WHEN h."isManual" THEN d."lastSeen" END))
        <= greatest(h."pollInterval" * 3, :silent_after) AS told) AS l
    LEFT JOIN device_profiles p
        ON p."businessId" = m.business AND p."macAddress" = d."macAddress"
    WHERE s."startedAt" < :high AND (s."endedAt" >= :low OR s."endedAt" IS NULL)
),
candidates AS (
    SELECT v.*, place
    FROM visits v CROSS JOIN LATERAL generate_series(
        width_bucket(began, CAST(:bounds AS timestamp[])),
        width_bucket(ended, CAST(:bounds AS timestamp[]))) AS place
),
present AS MATERIALIZED (
    SELECT scope, system, place, mac, max(type) AS type, count(*) AS visits,
           count(*) FILTER (WHERE began >= since) AS begun,
           sum(least(ended, until) - greatest(began, since)) AS stay
    FROM candidates JOIN periods USING (place)
    WHERE began < until AND (ended > since OR began >= since)
    GROUP BY 1, 2, 3, 4
),
"""

_PLACE = "width_bucket({}, CAST(:bounds AS timestamp[]))"


def _events(measure: str, value: str, source: str, moment: str, condition: str = "true") -> str:
    """Select the value of a measure by scope, system and place."""
    return f"""
    SELECT m.scope, t.system, {_PLACE.format(moment)} AS place, '{measure}' AS measure,
           ({value})::numeric AS value, NULL::jsonb AS stats
    FROM {source} JOIN members m ON m.business = t."businessId"
    WHERE {moment} >= :low AND {moment} < :high AND {condition}
    GROUP BY 1, 2, 3
    UNION ALL"""  # noqa: S608 - made of the constants below


_SALES = 'wifi_token_sales s JOIN wifi_tokens t ON t.id = s."wifiTokenId"'
_LINES = """(
        SELECT "wifiTokenId", "soldAt" AS at, "saleAmount" AS amount FROM wifi_token_sales
        UNION ALL
        SELECT "wifiTokenId", "voidedAt", 0 - "saleAmount" FROM wifi_token_sales
    ) AS l JOIN wifi_tokens t ON t.id = l."wifiTokenId\""""
_EXPIRED = """CASE WHEN t."endedAt" IS NOT NULL THEN t."endedAt"
        WHEN t."expiresAt" IS NOT NULL THEN t."expiresAt" ELSE t."redeemBy" END"""

_COUNTED = "".join(
    (
        "counted AS (",
        _events("tokensGenerated", "count(*)", "wifi_tokens t", 't."createdAt"'),
        _events("tokensUsed", "count(*)", "wifi_tokens t", 't."firstUsedAt"'),
        _events("tokensExpired", "count(*)", "wifi_tokens t", _EXPIRED, "t.status = 'EXPIRED'"),
        _events("tokensSold", "count(*)", _SALES, 's."soldAt"', 's."voidedAt" IS NULL'),
        f"""
    SELECT scope, system, place, v.*
    FROM (
        SELECT m.scope, t.system, {_PLACE.format("l.at")} AS place, sum(l.amount) AS amount
        FROM {_LINES} JOIN members m ON m.business = t."businessId"
        WHERE l.at >= :low AND l.at < :high
        GROUP BY 1, 2, 3
    ) AS l CROSS JOIN LATERAL (VALUES
        ('totalRevenue', amount, NULL::jsonb),
        ('esp32Revenue', CASE system WHEN 'ESP32' THEN amount END, NULL),
        ('r710Revenue', CASE system WHEN 'R710' THEN amount END, NULL)
    ) AS v (measure, value, stats)
    UNION ALL
    SELECT scope, system, place, v.*
    FROM (
        SELECT m.scope, q.system, {_PLACE.format("q.at")} AS place, sum(q.down) AS down,
               sum(q.up) AS up
        FROM (
            SELECT "businessId", system, "startsAt" AS at,
                   round(sum("bytesDown") / 1000000, 2) AS down,
                   round(sum("bytesUp") / 1000000, 2) AS up
            FROM token_usage JOIN wifi_tokens ON id = "wifiTokenId"
            WHERE "startsAt" >= :low AND "startsAt" < :high
            GROUP BY 1, 2, 3
        ) AS q JOIN members m ON m.business = q."businessId"
        GROUP BY 1, 2, 3
    ) AS u CROSS JOIN LATERAL (VALUES
        ('totalBandwidthDown', down, NULL::jsonb), ('totalBandwidthUp', up, NULL)
    ) AS v (measure, value, stats)
    UNION ALL
    SELECT scope, system, place, v.*
    FROM (
        SELECT scope, system, place, count(*) AS devices, sum(begun) AS begun,
               round(extract(epoch FROM sum(stay)) / sum(visits) / 60, 2) AS minutes
        FROM present GROUP BY 1, 2, 3
    ) AS p CROSS JOIN LATERAL (VALUES
        ('uniqueDevices', devices::numeric, NULL::jsonb), ('totalConnections', begun, NULL),
        ('avgConnectionDuration', minutes, NULL)
    ) AS v (measure, value, stats)
    UNION ALL
    SELECT scope, system, place, 'deviceTypeStats', NULL, jsonb_object_agg(type, n)
    FROM (
        SELECT scope, system, place, type, count(*) AS n FROM present GROUP BY 1, 2, 3, 4
    ) AS types
    GROUP BY 1, 2, 3
),
""",  # noqa: S608 - made of constants
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
    SELECT s.scope, r.system, p.place, v.measure, v.value, v.stats
    FROM wifi_usage_analytics r JOIN scopes s ON s.scope = coalesce(r."businessId", '')
    JOIN periods p ON p.since = r."periodStart" AND p.until = r."periodEnd"
    CROSS JOIN LATERAL (VALUES {_ADDITIVE},
        ('uniqueDevices', r."uniqueDevices", NULL),
        ('avgConnectionDuration', r."avgConnectionDuration", NULL),
        ('deviceTypeStats', NULL, r."deviceTypeStats")
    ) AS v (measure, value, stats)
    WHERE r."periodType" = :kind AND r."periodStart" >= :low AND r."periodStart" < :high
)"""  # noqa: S608 - made of constants

_PARTS = f"""
counted AS (
    SELECT s.scope, r.system, {_PLACE.format('r."periodStart"')} AS place, v.measure,
           sum(v.value) AS value, NULL::jsonb AS stats
    FROM wifi_usage_analytics r JOIN scopes s ON s.scope = coalesce(r."businessId", '')
    CROSS JOIN LATERAL (VALUES {_ADDITIVE}) AS v (measure, value, stats)
    WHERE r."periodType" = 'hour' AND r."periodStart" >= :low AND r."periodStart" < :high
    GROUP BY 1, 2, 3, 4
),"""  # noqa: S608 - made of constants

_DIFFERING = """
SELECT scope, system, p.since, p.until, measure, r.value, c.value, r.stats, c.stats
FROM rolled r FULL JOIN counted c USING (scope, system, place, measure)
JOIN periods p USING (place) JOIN scopes s USING (scope)
WHERE {} AND p.until IS NOT NULL AND p.since >= s.periods_from
    AND (p.since >= s.sessions_from OR measure NOT IN (
        'uniqueDevices', 'totalConnections', 'avgConnectionDuration', 'deviceTypeStats'))
    AND NOT EXISTS (
        SELECT FROM waiting w
        WHERE w.scope = s.scope AND w.since < p.until AND w.until > p.since)
ORDER BY p.since, scope, system, measure LIMIT :most
"""
_DIFFERENT = """
    (coalesce(r.value, 0) <> coalesce(c.value, 0)
     OR measure = 'avgConnectionDuration' AND (r.value IS NULL) <> (c.value IS NULL)
     OR r.stats IS DISTINCT FROM c.stats)"""

RAW = _KNOWN + _VISITS + _COUNTED + _ROLLED + _DIFFERING.format(_DIFFERENT)
PARTS = (
    _KNOWN
    + _PARTS
    + _ROLLED
    + _DIFFERING.format(
        "measure NOT IN ('uniqueDevices', 'avgConnectionDuration', 'deviceTypeStats') AND"
        + _DIFFERENT
    )
)
STRAY = "".join(
    (
        _KNOWN.rstrip().rstrip(","),
        """
SELECT s.scope, r.system, r."periodStart", r."periodEnd", 'periodEnd', r."periodEnd"::text, NULL,
       NULL, NULL
FROM wifi_usage_analytics r JOIN scopes s ON s.scope = coalesce(r."businessId", '')
WHERE r."periodType" = :kind AND r."periodStart" >= greatest(:low, s.periods_from)
    AND r."periodStart" < :high AND NOT EXISTS (
        SELECT FROM periods p WHERE p.since = r."periodStart" AND p.until = r."periodEnd")
    AND NOT EXISTS (
        SELECT FROM waiting w
        WHERE w.scope = s.scope AND w.since < r."periodEnd" AND w.until > r."periodStart")
ORDER BY 3, 1, 2 LIMIT :most
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
