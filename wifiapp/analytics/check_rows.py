"""How to see the rows behind a number: one SELECT for each measure, for whoever wants to count."""

from wifiapp.analytics.check_queries import Mismatch
from wifiapp.analytics.periods import plain
from wifiapp.analytics.scopes import EVERYTHING

_SALES = 'SELECT s.* FROM wifi_token_sales s JOIN wifi_tokens t ON t.id = s."wifiTokenId" WHERE '
_REVENUE = _SALES + '(s."soldAt" {in_period} OR s."voidedAt" {in_period})'
_TOKENS = "SELECT * FROM wifi_tokens t WHERE "
_SESSIONS = (
    'SELECT s.*, d."macAddress" FROM device_sessions s '
    'JOIN wifi_token_devices d ON d.id = s."wifiTokenDeviceId" '
    'JOIN wifi_tokens t ON t.id = d."wifiTokenId" WHERE '
)
_PRESENT = (
    _SESSIONS + """s."startedAt" < '{end}' AND coalesce(s."endedAt", 'infinity') >= '{start}'"""
)
_USAGE = (
    'SELECT u.* FROM token_usage u JOIN wifi_tokens t ON t.id = u."wifiTokenId" '
    'WHERE u."startsAt" {in_period}'
)
_BY_MEASURE = {
    "tokensGenerated": _TOKENS + 't."createdAt" {in_period}',
    "tokensUsed": _TOKENS + 't."firstUsedAt" {in_period}',
    "tokensExpired": _TOKENS + "t.status = 'EXPIRED' AND "
    'coalesce(t."endedAt", t."expiresAt", t."redeemBy") {in_period}',
    "tokensSold": _SALES + 's."soldAt" {in_period} AND s."voidedAt" IS NULL',
    "totalRevenue": _REVENUE,
    "esp32Revenue": _REVENUE,
    "r710Revenue": _REVENUE,
    "totalConnections": _SESSIONS + 's."startedAt" {in_period}',
    "uniqueDevices": _PRESENT,
    "avgConnectionDuration": _PRESENT,
    "deviceTypeStats": _PRESENT,
    "totalBandwidthDown": _USAGE,
    "totalBandwidthUp": _USAGE,
}
_ROLLED = 'SELECT * FROM wifi_usage_analytics t WHERE t."periodStart" {in_period}'


def select_rows(it: Mismatch) -> str:
    """Return the statement that lists the rows which the number should come from."""
    start, end = plain(it.start), plain(it.end)
    in_period = f"BETWEEN '{start}' AND timestamp '{end}' - interval '1 microsecond'"
    ours = _ROLLED if it.against in {"hours", "calendar"} else _BY_MEASURE[it.measure]
    statement = ours.format(in_period=in_period, start=start, end=end)
    statement += f" AND t.system = '{it.system}'"
    if it.scope != EVERYTHING:
        return f"{statement} AND t.\"businessId\" = '{it.scope}';"
    if ours is _ROLLED:
        return f'{statement} AND t."businessId" IS NULL;'
    real = 'SELECT id FROM businesses WHERE NOT "isDemo"'
    return f'{statement} AND t."businessId" IN ({real});'
