"""Writing what a look changed: for each table one statement over all its rows.

Rows travel as arrays, a parameter for each column, however many they are.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import TextClause, text

from wifiapp.columns import new_id
from wifiapp.db import db
from wifiapp.polling.state import Changes, Growth, Token

QUARTER = 15  # minutes

# what is taken from each row -> its type in PostgreSQL
DEVICE = {
    "id": "text",
    "token_id": "text",
    "mac": "text",
    "is_online": "boolean",
    "ip": "text",
    "first_seen": "timestamp",
    "last_seen": "timestamp",
}
_TOKEN = {
    "id": "text",
    "was": "text",
    "status": "text",
    "name": "text",
    "redeem_by": "timestamp",
    "first_used_at": "timestamp",
    "expires_at": "timestamp",
    "ended_at": "timestamp",
    "end_reason": "text",
    "used_down_mb": "numeric",
    "used_up_mb": "numeric",
    "last_sync_at": "timestamp",
}
_SESSION = {
    "id": "text",
    "device_id": "text",
    "hotspot_id": "text",
    "started_at": "timestamp",
    "ip": "text",
    "ipv6": "text",
    "ssid": "text",
    "access_point": "text",
    "signal": "integer",
    "bytes_down": "bigint",
    "bytes_up": "bigint",
    "counter_down": "bigint",
    "counter_up": "bigint",
}
_ENDED = {"id": "text", "ended_at": "timestamp", "end_reason": "text"}
_PROFILE = {
    "id": "text",
    "business_id": "text",
    "mac": "text",
    "hostname": "text",
    "device_type": "text",
    "since": "timestamp",
}
_USAGE = {"token_id": "text", "starts_at": "timestamp", "down": "bigint", "up": "bigint"}


def _statement(columns: Mapping[str, str], sql: str) -> TextClause:
    """Put the arrays into the statement, in the place of ROWS."""
    arrays = ", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in columns.items())
    return text(sql.replace("ROWS", f"unnest({arrays}) AS v({', '.join(columns)})"))


DEVICES = _statement(
    DEVICE,
    """
    INSERT INTO wifi_token_devices AS d
        (id, "wifiTokenId", "macAddress", "isOnline", "currentIp", "firstSeen", "lastSeen")
    SELECT * FROM ROWS
    ON CONFLICT ("wifiTokenId", "macAddress") DO UPDATE
    SET "isOnline" = excluded."isOnline",
        "currentIp" = coalesce(excluded."currentIp", d."currentIp"),
        "lastSeen" = greatest(d."lastSeen", excluded."lastSeen"),
        "updatedAt" = now()
    """,
)
# A token that somebody sold or ended at this moment is left as it is; the next look comes soon.
TOKENS = _statement(
    _TOKEN,
    """
    UPDATE wifi_tokens t
    SET status = v.status, "deviceName" = v.name, "redeemBy" = v.redeem_by,
        "firstUsedAt" = v.first_used_at, "expiresAt" = v.expires_at, "endedAt" = v.ended_at,
        "endReason" = v.end_reason, "usedDownMb" = v.used_down_mb, "usedUpMb" = v.used_up_mb,
        "lastSyncAt" = v.last_sync_at, "updatedAt" = now()
    FROM ROWS
    WHERE t.id = v.id AND t.status = v.was
    RETURNING t.id
    """,
)
_LOCK = text("SELECT id FROM wifi_tokens WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE")
ENDED = _statement(
    _ENDED,
    """
    UPDATE device_sessions s
    SET "endedAt" = v.ended_at, "endReason" = v.end_reason, "updatedAt" = now()
    FROM ROWS WHERE s.id = v.id AND s."endedAt" IS NULL
    """,
)
SESSIONS = _statement(
    _SESSION,
    """
    INSERT INTO device_sessions
        (id, "wifiTokenDeviceId", "hotspotId", "startedAt", ip, ipv6, ssid, "accessPoint", signal,
         "bytesDown", "bytesUp", "counterDown", "counterUp")
    SELECT id, device_id, hotspot_id, started_at, ip, ipv6, left(ssid, 32), access_point, signal,
           bytes_down, bytes_up, counter_down, counter_up
    FROM ROWS
    ON CONFLICT (id) DO UPDATE
    SET ip = excluded.ip, ipv6 = excluded.ipv6, ssid = excluded.ssid,
        "accessPoint" = excluded."accessPoint", signal = excluded.signal,
        "bytesDown" = excluded."bytesDown", "bytesUp" = excluded."bytesUp",
        "counterDown" = excluded."counterDown", "counterUp" = excluded."counterUp",
        "updatedAt" = now()
    """,
)
PROFILES = _statement(
    _PROFILE,
    """
    INSERT INTO device_profiles
        (id, "businessId", "macAddress", hostname, "deviceType", "createdAt")
    SELECT id, business_id, mac, hostname, device_type, since FROM ROWS
    ON CONFLICT ("businessId", "macAddress") DO UPDATE
    SET hostname = excluded.hostname, "deviceType" = excluded."deviceType", "updatedAt" = now()
    """,
)
USAGE = _statement(
    _USAGE,
    """
    INSERT INTO token_usage AS u ("wifiTokenId", "startsAt", "bytesDown", "bytesUp")
    SELECT * FROM ROWS
    ON CONFLICT ("wifiTokenId", "startsAt") DO UPDATE
    SET "bytesDown" = u."bytesDown" + excluded."bytesDown",
        "bytesUp" = u."bytesUp" + excluded."bytesUp"
    """,
)
# The volume of a token whose hotspot counts by connection is that of its sessions.
COUNTED = text(
    """
    UPDATE wifi_tokens t
    SET "usedDownMb" = round(s.down / 1000000.0, 2), "usedUpMb" = round(s.up / 1000000.0, 2)
    FROM (
        SELECT d."wifiTokenId" AS id, sum(s."bytesDown") AS down, sum(s."bytesUp") AS up
        FROM wifi_token_devices d JOIN device_sessions s ON s."wifiTokenDeviceId" = d.id
        WHERE d."wifiTokenId" = ANY(:ids)
        GROUP BY 1
    ) s
    WHERE t.id = s.id
    """
)


def write(hotspot_id: str, changes: Changes, at: datetime) -> list[Token]:
    """Write the changes of a look at `at`; return the lost tokens that really changed."""
    changed = _write_tokens(changes)
    _run(DEVICES, DEVICE, (vars(each) for each in changes.devices))
    _run(PROFILES, _PROFILE, _with_ids(changes))
    _run(ENDED, _ENDED, (vars(each) for each in changes.ended))
    _run(SESSIONS, _SESSION, (vars(s) | {"hotspot_id": hotspot_id} for s in changes.sessions))
    grown = {token_id: it for token_id, it in changes.usage.items() if it.down or it.up}
    _run(USAGE, _USAGE, _usage(grown, at))
    if counted := sorted(changes.counted & grown.keys()):
        db.session.execute(COUNTED, {"ids": counted})
    return [token for token in changes.lost if token.id in changed]


def _write_tokens(changes: Changes) -> set[str]:
    """Write the tokens, locked in the order of their ids as others do; return who changed."""
    rows = [vars(token) | {"was": was} for token, was in changes.tokens]
    if not rows:
        return set()
    db.session.execute(_LOCK, {"ids": [row["id"] for row in rows]})
    return set(db.session.scalars(TOKENS, arrays(_TOKEN, rows)))


def _run(statement: TextClause, columns: Mapping[str, str], rows: Iterable[Any]) -> None:
    if values := list(rows):
        db.session.execute(statement, arrays(columns, values))


def arrays(columns: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Turn rows into one list for each column."""
    return {name: [row[name] for row in rows] for name in columns}


def _with_ids(changes: Changes) -> list[dict[str, Any]]:
    """Return the profiles in one order for everybody: two hotspots may see the same phones."""
    rows = sorted(changes.profiles.items())
    return [vars(profile) | {"id": new_id()} for _, profile in rows]


def _usage(grown: Mapping[str, Growth], at: datetime) -> list[dict[str, Any]]:
    start = at.replace(minute=at.minute // QUARTER * QUARTER, second=0, microsecond=0)
    return [
        {"token_id": token_id, "starts_at": start, "down": growth.down, "up": growth.up}
        for token_id, growth in grown.items()
    ]
