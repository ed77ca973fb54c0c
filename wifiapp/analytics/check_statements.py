"""The statements that count again, straight from the raw rows, what the roll-ups say.

They share nothing with those that roll up but the bounds of the periods: each measure is counted
by itself for each kind of period, a day from what happened in it and not from its hours. Bound to
them are the `bounds` of one `kind`, `low` and `high` (the first and the last of them), `now` (the
moment of the roll-up), and by scope the `businesses` in it, what is known to be gone, and what
waits to be rolled up and is left out.
"""

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
           coalesce(s."endedAt", greatest(s."startedAt", CAST(:now AS timestamp))) AS ended
    FROM members m JOIN wifi_tokens t ON t."businessId" = m.business
    JOIN wifi_token_devices d ON d."wifiTokenId" = t.id
    JOIN device_sessions s ON s."wifiTokenDeviceId" = d.id
    LEFT JOIN device_profiles p
        ON p."businessId" = m.business AND p."macAddress" = d."macAddress"
    WHERE s."startedAt" < :high AND (s."endedAt" >= :low OR s."endedAt" IS NULL)
),
candidates AS (
    SELECT v.*, place
    FROM visits v CROSS JOIN LATERAL generate_series(
        width_bucket(began, CAST(:bounds AS timestamp[])) - 1,
        width_bucket(ended, CAST(:bounds AS timestamp[])) + 1) AS place
),
present AS (
    SELECT c.*, since, least(ended, until) - greatest(began, since) AS stay
    FROM candidates c JOIN periods USING (place)
    WHERE began < until AND (ended > since OR began >= since)
),
"""

_PLACE = "width_bucket({}, CAST(:bounds AS timestamp[]))"


def _events(measure: str, value: str, source: str, moment: str, condition: str = "true") -> str:
    """Select the value of a measure by scope, system and place."""
    return f"""
    SELECT m.scope, t.system, {_PLACE.format(moment)} AS place, '{measure}' AS measure,
           ({value})::numeric AS value
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
_VOLUMES = """(
        SELECT "businessId", system, "startsAt", round(sum("bytesDown") / 1000000, 2) AS down,
               round(sum("bytesUp") / 1000000, 2) AS up
        FROM token_usage JOIN wifi_tokens ON id = "wifiTokenId" GROUP BY 1, 2, 3
    ) AS t"""
_EXPIRED = """CASE WHEN t."endedAt" IS NOT NULL THEN t."endedAt"
        WHEN t."expiresAt" IS NOT NULL THEN t."expiresAt" ELSE t."redeemBy" END"""

_COUNTED = "".join(
    (
        "counted AS (",
        _events("tokensGenerated", "count(*)", "wifi_tokens t", 't."createdAt"'),
        _events("tokensUsed", "count(*)", "wifi_tokens t", 't."firstUsedAt"'),
        _events("tokensExpired", "count(*)", "wifi_tokens t", _EXPIRED, "t.status = 'EXPIRED'"),
        _events("tokensSold", "count(*)", _SALES, 's."soldAt"', 's."voidedAt" IS NULL'),
        _events("totalRevenue", "sum(l.amount)", _LINES, "l.at"),
        _events("esp32Revenue", "sum(l.amount)", _LINES, "l.at", "t.system = 'ESP32'"),
        _events("r710Revenue", "sum(l.amount)", _LINES, "l.at", "t.system = 'R710'"),
        _events("totalBandwidthDown", "sum(t.down)", _VOLUMES, 't."startsAt"'),
        _events("totalBandwidthUp", "sum(t.up)", _VOLUMES, 't."startsAt"'),
        """
    SELECT scope, system, place, measure, value
    FROM (
        SELECT scope, system, place, count(DISTINCT mac) AS devices,
               count(*) FILTER (WHERE began >= since) AS begun,
               round(extract(epoch FROM sum(stay)) / count(*) / 60, 2) AS minutes
        FROM present GROUP BY 1, 2, 3
    ) AS p CROSS JOIN LATERAL (VALUES
        ('uniqueDevices', devices::numeric), ('totalConnections', begun),
        ('avgConnectionDuration', minutes)
    ) AS v (measure, value)
),
""",
    )
)

_ADDITIVE = """
        ('totalConnections', r."totalConnections"::numeric),
        ('tokensGenerated', r."tokensGenerated"), ('tokensSold', r."tokensSold"),
        ('tokensUsed', r."tokensUsed"), ('tokensExpired', r."tokensExpired"),
        ('totalRevenue', r."totalRevenue"), ('esp32Revenue', r."esp32Revenue"),
        ('r710Revenue', r."r710Revenue"), ('totalBandwidthDown', r."totalBandwidthDown"),
        ('totalBandwidthUp', r."totalBandwidthUp")
"""

_ROLLED = f"""
rolled AS (
    SELECT s.scope, r.system, p.place, v.measure, v.value
    FROM wifi_usage_analytics r JOIN scopes s ON s.scope = coalesce(r."businessId", '')
    JOIN periods p ON p.since = r."periodStart" AND p.until = r."periodEnd"
    CROSS JOIN LATERAL (VALUES {_ADDITIVE},
        ('uniqueDevices', r."uniqueDevices"),
        ('avgConnectionDuration', r."avgConnectionDuration")
    ) AS v (measure, value)
    WHERE r."periodType" = :kind AND r."periodStart" >= :low AND r."periodStart" < :high
)"""  # noqa: S608 - made of constants

_TYPES = """
counted AS (
    SELECT scope, system, place, 'deviceTypeStats' AS measure, jsonb_object_agg(type, n) AS value
    FROM (
        SELECT scope, system, place, type, count(*) AS n
        FROM (SELECT scope, system, place, mac, max(type) AS type FROM present GROUP BY 1, 2, 3, 4)
            AS devices
        GROUP BY 1, 2, 3, 4
    ) AS types
    GROUP BY 1, 2, 3
),
rolled AS (
    SELECT s.scope, r.system, p.place, 'deviceTypeStats' AS measure, r."deviceTypeStats" AS value
    FROM wifi_usage_analytics r JOIN scopes s ON s.scope = coalesce(r."businessId", '')
    JOIN periods p ON p.since = r."periodStart"
    WHERE r."periodType" = :kind AND r."periodStart" >= :low AND r."periodStart" < :high
)"""

_PARTS = f"""
counted AS (
    SELECT s.scope, r.system, {_PLACE.format('r."periodStart"')} AS place, v.measure,
           sum(v.value) AS value
    FROM wifi_usage_analytics r JOIN scopes s ON s.scope = coalesce(r."businessId", '')
    CROSS JOIN LATERAL (VALUES {_ADDITIVE}) AS v (measure, value)
    WHERE r."periodType" = 'hour' AND r."periodStart" >= :low AND r."periodStart" < :high
    GROUP BY 1, 2, 3, 4
),"""  # noqa: S608 - made of constants

_DIFFERING = """
SELECT scope, system, p.since, p.until, measure, r.value AS rolled, c.value AS counted
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
_IN_NUMBER = """
    (coalesce(r.value, 0) <> coalesce(c.value, 0)
     OR measure = 'avgConnectionDuration' AND (r.value IS NULL) <> (c.value IS NULL))"""

RAW = _KNOWN + _VISITS + _COUNTED + _ROLLED + _DIFFERING.format(_IN_NUMBER)
TYPES = _KNOWN + _VISITS + _TYPES + _DIFFERING.format("r.value IS DISTINCT FROM c.value")
PARTS = (
    _KNOWN
    + _PARTS
    + _ROLLED
    + _DIFFERING.format(
        "measure NOT IN ('uniqueDevices', 'avgConnectionDuration') AND" + _IN_NUMBER
    )
)
STRAY = "".join(
    (
        _KNOWN.rstrip().rstrip(","),
        """
SELECT s.scope, r.system, r."periodStart", r."periodEnd", 'periodEnd', r."periodEnd"::text, NULL
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
