"""Two rows for each table that archives hold, with what is likely to be lost on a way up.

Each value goes in where the column is there already at a revision, so that one list serves all
of them. A column that is missing here gets its default.
"""

from datetime import date, datetime

THEN = datetime(2026, 2, 28, 23, 59, 59, 999999)  # noqa: DTZ001 - as the columns are
LATER = datetime(2026, 3, 1, 12, 30, 0, 1)  # noqa: DTZ001
QUARTER = datetime(2026, 2, 28, 23, 45)  # noqa: DTZ001
ODD = 'Käthe\'s "shop", \\N\n\tsecond line 🛜'
MADE = {"createdAt": THEN, "updatedAt": LATER}

ROWS = {
    "users": [
        {"id": "u1", "email": "Owner@Example.org", "name": ODD, "passwordHash": "$argon2id$x"}
        | {"role": "ADMIN", "sessionVersion": 7, "lastSignInAt": LATER}
        | MADE,
        {"id": "u2", "email": "till@example.org", "passwordHash": "", "role": "SELLER"}
        | {"isActive": False, "mustChangePassword": True}
        | MADE,
    ],
    "businesses": [
        {"id": "b1", "name": ODD, "currency": "USD", "timezone": "Africa/Harare"} | MADE,
        {"id": "b2", "name": "NULL", "currency": "EUR", "timezone": "UTC", "isActive": False}
        | MADE,
    ],
    "memberships": [
        {"id": "m1", "userId": "u2", "businessId": "b1", "createdAt": THEN},
        {"id": "m2", "userId": "u2", "businessId": "b2", "createdAt": THEN},
    ],
    "settings": [
        {"key": "installation.zone", "value": "Africa/Harare", "updatedAt": LATER},
        {"key": "odd", "value": {"text": ODD, "nothing": None, "list": [1, 2.50]}}
        | {"updatedAt": LATER},
    ],
    "audit_logs": [
        {"id": "a1", "at": THEN, "action": "user.create", "entity": "user", "entityId": "u1"}
        | {"userId": "u1", "userEmail": "Owner@Example.org", "ip": "fe80::1", "requestId": "r1"}
        | {"change": {"name": ODD}},
        {"id": "a2", "at": LATER, "action": "sign_in.failed", "entity": "user"},
    ],
    "hotspots": [
        {"id": "h1", "name": ODD, "system": "R710", "address": "192.168.1.2", "serial": "S-1"}
        | {"secretEncrypted": "gAAAA", "lastError": "timed out", "clockOffset": -3}
        | {"polledAt": LATER, "nextPollAt": LATER, "failures": 3, "foreignTokens": 2}
        | MADE,
        {"id": "h2", "name": "ESP", "system": "ESP32", "address": "", "isActive": False} | MADE,
    ],
    "hotspot_businesses": [
        {"id": "hb1", "hotspotId": "h1", "businessId": "b1", "ssid": "Café", "createdAt": THEN},
        {"id": "hb2", "hotspotId": "h2", "businessId": "b2", "createdAt": THEN},
    ],
    "hotspot_outages": [
        {"id": "ho1", "hotspotId": "h1", "startedAt": THEN, "endedAt": LATER, "reason": ODD} | MADE,
        {"id": "ho2", "hotspotId": "h1", "startedAt": LATER, "reason": ""} | MADE,
    ],
    "token_configurations": [
        {"id": "p1", "businessId": "b1", "name": "1 hour", "system": "R710", "price": "1.50"}
        | {"durationMinutes": 60, "downloadMb": 500, "deviceLimit": 3, "sortOrder": 2}
        | MADE,
        {"id": "p2", "businessId": "b2", "name": ODD, "system": "ESP32", "price": "0"}
        | {"durationMinutes": 1, "isActive": False}
        | MADE,
    ],
    "token_batches": [
        {"id": "tb1", "businessId": "b1", "hotspotId": "h1", "tokenConfigId": "p1"}
        | {"source": "MADE", "system": "R710", "planName": "1 hour", "durationMinutes": 60}
        | {"price": "1.50", "asked": 10, "made": 4, "status": "FAILED", "error": ODD}
        | {"createdBy": "Owner@Example.org", "startedAt": THEN, "finishedAt": LATER}
        | MADE,
        {"id": "tb2", "businessId": "b2", "hotspotId": "h2", "tokenConfigId": "p2"}
        | {"source": "IMPORTED", "system": "ESP32", "planName": ODD, "durationMinutes": 1}
        | {"price": "0", "asked": 1, "made": 1, "status": "DONE", "createdBy": "x"}
        | MADE,
    ],
    "wifi_tokens": [
        {"id": "t1", "businessId": "b1", "hotspotId": "h1", "tokenConfigId": "p1"}
        | {"system": "R710", "token": "NULL", "deviceName": "Guest-31", "status": "SOLD"}
        | {"planName": "1 hour", "durationMinutes": 60, "price": "1.50", "redeemBy": LATER}
        | {"firstUsedAt": THEN, "usedDownMb": "123456789012.34", "batchId": "tb1"}
        | {"endedAt": LATER, "endReason": ODD, "printedAt": THEN}
        | MADE,
        {"id": "t2", "businessId": "b2", "hotspotId": "h2", "tokenConfigId": "p2"}
        | {"system": "ESP32", "token": "0000", "planName": ODD, "durationMinutes": 1}
        | {"price": "0"}
        | MADE,
    ],
    "wifi_token_devices": [
        {"id": "d1", "wifiTokenId": "t1", "macAddress": "AC:DE:48:00:00:01", "isOnline": True}
        | {"currentIp": "192.168.100.200", "firstSeen": THEN, "lastSeen": LATER}
        | MADE,
        {"id": "d2", "wifiTokenId": "t1", "macAddress": "AC:DE:48:00:00:02"}
        | {"firstSeen": THEN, "lastSeen": THEN}
        | MADE,
    ],
    "device_profiles": [
        {"id": "dp1", "businessId": "b1", "macAddress": "AC:DE:48:00:00:01", "hostname": ODD}
        | {"deviceType": "Apple iOS"}
        | MADE,
        {"id": "dp2", "businessId": "b2", "macAddress": "AC:DE:48:00:00:01"} | MADE,
    ],
    "device_sessions": [
        {"id": "s1", "wifiTokenDeviceId": "d1", "startedAt": THEN, "ip": "2001:db8::1"}
        | {"bytesDown": 2**63 - 1, "hotspotId": "h1", "ipv6": "fe80::1", "ssid": "Café"}
        | {"accessPoint": ODD, "signal": -61, "counterDown": 2**63 - 1, "counterUp": 0}
        | MADE,
        {"id": "s2", "wifiTokenDeviceId": "d1", "startedAt": THEN, "endedAt": LATER}
        | {"endReason": "TIMED_OUT"}
        | MADE,
    ],
    "token_usage": [
        {"wifiTokenId": "t1", "startsAt": QUARTER, "bytesDown": 2**63 - 1, "bytesUp": 1},
        {"wifiTokenId": "t2", "startsAt": QUARTER},
    ],
    "wifi_token_sales": [
        {"id": "w1", "businessId": "b1", "wifiTokenId": "t1", "receiptNumber": 2**40}
        | {"saleAmount": "1.50", "paymentMethod": "ECOCASH", "saleChannel": "POS"}
        | {"soldAt": LATER, "soldBy": "u2", "fee": "0.05", "tendered": "2.00"}
        | {"transactionCode": "MP1", "idempotencyKey": "k1"}
        | MADE,
        {"id": "w2", "businessId": "b1", "wifiTokenId": "t1", "saleAmount": "0"}
        | {"soldAt": THEN, "voidedAt": LATER, "voidedBy": "u1", "voidReason": ODD}
        | {"giftReason": "", "soldWith": ODD, "voidedWith": "key Till (wifi_abcdef…)"}
        | MADE,
    ],
    "payment_methods": [
        {"id": "pm1", "businessId": "b1", "name": "ECOCASH", "kind": "MOBILE"}
        | {"feePercent": "3.25", "feeMinimum": "0.10"}
        | MADE,
        {"id": "pm2", "businessId": "b2", "name": ODD, "isActive": False} | MADE,
    ],
    "day_closings": [
        {"id": "c1", "businessId": "b1", "day": date(2026, 2, 28), "number": 2, "startsAt": THEN}
        | {"endsAt": LATER, "expectedCash": "-1.50", "countedCash": "0", "note": ODD}
        | {"closedAt": LATER, "closedBy": "u2", "createdAt": LATER},
        {"id": "c2", "businessId": "b2", "day": date(2026, 3, 1), "number": 1, "startsAt": THEN}
        | {"endsAt": LATER, "expectedCash": "0", "countedCash": "0", "closedAt": LATER}
        | {"createdAt": LATER},
    ],
    "day_closing_sums": [
        {"id": "cs1", "dayClosingId": "c1", "method": "CASH", "isCash": True, "voids": 1}
        | {"quantity": 3, "amount": "4.50", "fees": "0.15"},
        {"id": "cs2", "dayClosingId": "c1", "method": ODD, "isCash": False},
    ],
    "device_blocks": [
        {"id": "db1", "businessId": "b1", "hotspotId": "h1", "macAddress": "AC:DE:48:00:00:01"}
        | {"reason": "Café", "blockedBy": ODD, "blockedAt": THEN}
        | MADE,
        {"id": "db2", "businessId": "b2", "hotspotId": "h2", "macAddress": "AC:DE:48:00:00:02"}
        | {"reason": "", "blockedBy": "u1", "blockedAt": THEN}
        | {"unblockedBy": "u2", "unblockedAt": LATER}
        | MADE,
    ],
    "hotspot_commands": [
        {"id": "hc1", "businessId": "b1", "hotspotId": "h1", "wifiTokenId": "t1"}
        | {"kind": "EXPIRE", "reason": ODD, "createdBy": "worker", "attempts": 3, "error": ODD}
        | {"nextTryAt": LATER, "calledAt": THEN}
        | MADE,
        {"id": "hc2", "businessId": "b2", "hotspotId": "h2", "macAddress": "AC:DE:48:00:00:02"}
        | {"kind": "UNBLOCK", "reason": "", "createdBy": "u1", "status": "DONE"}
        | {"finishedAt": LATER}
        | MADE,
    ],
    "api_keys": [
        {"id": "k1", "businessId": "b1", "name": ODD, "prefix": "wa_1", "digest": "0" * 64}
        | {"mayRead": True, "maySell": True, "createdBy": "u1", "lastUsedAt": LATER}
        | MADE,
        {"id": "k2", "businessId": "b2", "name": "old", "prefix": "wa_2", "digest": "f" * 64}
        | {"mayVoid": True, "channel": "KIOSK", "createdBy": "u1", "revokedAt": THEN}
        | MADE,
    ],
    "presence_keys": [
        {"id": "pk1", "hotspotId": "h1", "prefix": "presence_1", "digest": "1" * 64}
        | {"createdBy": "u1", "lastUsedAt": LATER}
        | MADE,
        {"id": "pk2", "hotspotId": "h1", "prefix": "presence_2", "digest": "e" * 64}
        | {"createdBy": ODD, "revokedAt": THEN}
        | MADE,
    ],
    "rollup_marks": [
        {"id": "rm1", "businessId": "b1", "startsAt": THEN, "endsAt": LATER},
        {"id": "rm2", "businessId": "b2", "macAddress": "AC:DE:48:00:00:01", "isInDays": True},
    ],
    "rollup_states": [
        {"id": "rs1", "businessId": "b1", "zone": "Africa/Harare", "isDemo": False}
        | {"rolledUpTo": LATER, "longerTo": THEN, "sessionsFrom": THEN, "periodsFrom": THEN},
        {"id": "rs2", "zone": "UTC", "isDemo": False, "rolledUpTo": LATER, "longerTo": LATER},
    ],
    "wifi_usage_analytics": [
        {"id": "r1", "periodType": "hour", "periodStart": THEN, "periodEnd": LATER}
        | {"system": "R710", "businessId": "b1", "totalRevenue": "1.50", "r710Revenue": "1.50"}
        | {"avgConnectionDuration": "12.34", "deviceTypeStats": {"Android": 12, ODD: 1}}
        | MADE,
        {"id": "r2", "periodType": "month", "periodStart": THEN, "periodEnd": LATER}
        | {"system": "ESP32"}
        | MADE,
    ],
}
