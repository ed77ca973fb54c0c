"""What must hold for the demo's rows, asked of PostgreSQL: each query finds what breaks a rule."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

import aiooui
import pytest

from tests.demo.conftest import NOW
from wifiapp.demo.people import LAPTOPS, MODELS, PRIVATE
from wifiapp.demo.story import tell
from wifiapp.devices.models import DeviceSession, WifiTokenDevice
from wifiapp.sales.models import WifiTokenSale
from wifiapp.tokens.models import WifiToken

pytestmark = pytest.mark.usefixtures("no_database")

RULES = {
    "every business is a demo business": """
        SELECT name FROM businesses WHERE NOT "isDemo" """,
    "a token sold or used has exactly one sale that is not void": """
        SELECT t.id FROM wifi_tokens t LEFT JOIN wifi_token_sales s
        ON s."wifiTokenId" = t.id AND s."voidedAt" IS NULL
        WHERE t.status IN ('SOLD', 'ACTIVE') OR t."firstUsedAt" IS NOT NULL
        GROUP BY t.id HAVING count(s.id) <> 1""",
    "a token in stock was never sold": """
        SELECT t.id FROM wifi_tokens t JOIN wifi_token_sales s ON s."wifiTokenId" = t.id
        WHERE t.status = 'UNUSED'""",
    "a disabled token has no sale that counts": """
        SELECT t.id FROM wifi_tokens t JOIN wifi_token_sales s ON s."wifiTokenId" = t.id
        WHERE t.status = 'DISABLED' AND s."voidedAt" IS NULL""",
    "a sale belongs to the business of its token": """
        SELECT s.id FROM wifi_token_sales s JOIN wifi_tokens t ON t.id = s."wifiTokenId"
        WHERE s."businessId" <> t."businessId" """,
    "a token was made before it was sold, sold before it was used, used before it had to be": """
        SELECT t.id FROM wifi_tokens t JOIN wifi_token_sales s ON s."wifiTokenId" = t.id
        WHERE t."createdAt" > s."soldAt" OR t."firstUsedAt" < s."soldAt"
        OR t."firstUsedAt" > t."redeemBy" """,
    "an active token was used and runs until first use plus its duration": """
        SELECT id FROM wifi_tokens WHERE status = 'ACTIVE' AND
        ("firstUsedAt" IS NULL OR "expiresAt" <= %(now)s OR "firstUsedAt" > %(now)s)""",
    "expiry is first use plus duration": """
        SELECT id FROM wifi_tokens WHERE "expiresAt" IS DISTINCT FROM
        "firstUsedAt" + "durationMinutes" * interval '1 minute'""",
    "an expired token is over, or was not redeemed in time": """
        SELECT id FROM wifi_tokens WHERE status = 'EXPIRED' AND NOT
        coalesce("expiresAt", "redeemBy") <= %(now)s""",
    "a token that is over is not shown as running or for sale": """
        SELECT id FROM wifi_tokens WHERE status IN ('UNUSED', 'SOLD', 'ACTIVE') AND
        ("expiresAt" <= %(now)s OR ("firstUsedAt" IS NULL AND "redeemBy" <= %(now)s))""",
    "a token carries its plan as it is": """
        SELECT t.id FROM wifi_tokens t JOIN token_configurations p ON p.id = t."tokenConfigId"
        WHERE (t."businessId", t.system, t."planName", t."durationMinutes", t.price,
               t."deviceLimit", t."downloadMb", t."uploadMb")
        IS DISTINCT FROM (p."businessId", p.system, p.name, p."durationMinutes", p.price,
               p."deviceLimit", p."downloadMb", p."uploadMb")""",
    "a token stands on a hotspot of its system that serves its business": """
        SELECT t.id FROM wifi_tokens t JOIN hotspots h ON h.id = t."hotspotId"
        LEFT JOIN hotspot_businesses b
        ON b."hotspotId" = h.id AND b."businessId" = t."businessId"
        WHERE b.id IS NULL OR h.system <> t.system""",
    "only an R710 names its passes, each differently": """
        SELECT "hotspotId" FROM wifi_tokens GROUP BY "hotspotId", system
        HAVING (system = 'R710') <> (count(DISTINCT "deviceName") = count(*))""",
    "a code is spelled as its system spells it": """
        SELECT token FROM wifi_tokens WHERE token !~ CASE system
        WHEN 'ESP32' THEN '^[A-HJ-NP-Z2-9]{8}$' ELSE '^[A-HJ-NP-Z2-9]{5}-[A-HJ-NP-Z2-9]{5}$' END""",
    "an amount is the price, or eight tenths of it for a friend": """
        SELECT s.id FROM wifi_token_sales s JOIN wifi_tokens t ON t.id = s."wifiTokenId"
        WHERE s."saleAmount" NOT IN (t.price, round(t.price * 0.8, 2))""",
    "receipts count from 1 in each business, in the order of sale": """
        SELECT id FROM (SELECT id, "receiptNumber",
        row_number() OVER (PARTITION BY "businessId" ORDER BY "soldAt", "receiptNumber") AS nth
        FROM wifi_token_sales) AS s WHERE "receiptNumber" IS DISTINCT FROM nth""",
    "a void says why, soon after the sale": """
        SELECT id FROM wifi_token_sales WHERE ("voidedAt" IS NULL) <> ("voidReason" IS NULL)
        OR "voidedAt" NOT BETWEEN "soldAt" AND "soldAt" + interval '10 minutes'""",
    "nobody sold or voided it who could sign in": """
        SELECT id FROM wifi_token_sales WHERE "soldBy" IS NOT NULL OR "voidedBy" IS NOT NULL""",
    "nothing lies in the future": """
        SELECT id FROM wifi_token_sales WHERE greatest("soldAt", "voidedAt") > %(now)s
        UNION ALL SELECT id FROM wifi_tokens WHERE greatest("createdAt", "firstUsedAt") > %(now)s
        UNION ALL SELECT id FROM wifi_token_devices WHERE "lastSeen" > %(now)s
        UNION ALL SELECT id FROM hotspots WHERE "lastContactAt" > %(now)s""",
    "a used token has devices, no more than its plan allows": """
        SELECT t.id FROM wifi_tokens t LEFT JOIN wifi_token_devices d ON d."wifiTokenId" = t.id
        GROUP BY t.id HAVING (t."firstUsedAt" IS NOT NULL) <> (count(d.id) > 0)
        OR count(d.id) > t."deviceLimit" """,
    "first use is when the first device came": """
        SELECT t.id FROM wifi_tokens t JOIN wifi_token_devices d ON d."wifiTokenId" = t.id
        GROUP BY t.id HAVING t."firstUsedAt" <> min(d."firstSeen")""",
    "sessions lie inside the token's life": """
        SELECT s.id FROM device_sessions s
        JOIN wifi_token_devices d ON d.id = s."wifiTokenDeviceId"
        JOIN wifi_tokens t ON t.id = d."wifiTokenId"
        WHERE s."startedAt" < t."firstUsedAt" OR coalesce(s."endedAt", %(now)s) > t."expiresAt"
        OR (s."endReason" = 'EXPIRED') <> (s."endedAt" = t."expiresAt")""",
    "a device was seen from its first session to its last": """
        SELECT d.id FROM wifi_token_devices d
        JOIN device_sessions s ON s."wifiTokenDeviceId" = d.id
        JOIN wifi_tokens t ON t.id = d."wifiTokenId" JOIN hotspots h ON h.id = t."hotspotId"
        GROUP BY d.id, h.id HAVING d."firstSeen" <> min(s."startedAt")
        OR d."lastSeen" <> max(coalesce(s."endedAt", h."lastContactAt"))""",
    "a device is online exactly while a session is open, and has an address exactly then": """
        SELECT d.id FROM wifi_token_devices d LEFT JOIN device_sessions s
        ON s."wifiTokenDeviceId" = d.id AND s."endedAt" IS NULL
        WHERE d."isOnline" <> (s.id IS NOT NULL) OR d."isOnline" <> (d."currentIp" IS NOT NULL)
        OR d."currentIp" <> s.ip""",
    "a device's sessions follow each other": """
        SELECT s.id FROM device_sessions s JOIN device_sessions later
        ON later."wifiTokenDeviceId" = s."wifiTokenDeviceId" AND later."startedAt" > s."startedAt"
        WHERE later."startedAt" < coalesce(s."endedAt", 'infinity')""",
    "a customer has one running token at a time": """
        SELECT d.id FROM wifi_token_devices d JOIN wifi_tokens t ON t.id = d."wifiTokenId"
        JOIN wifi_token_devices e ON e."macAddress" = d."macAddress" AND e.id <> d.id
        AND e."firstSeen" >= d."firstSeen"
        JOIN wifi_tokens u ON u.id = e."wifiTokenId" AND u."businessId" = t."businessId"
        WHERE e."firstSeen" < d."lastSeen" """,
    "two devices online at one hotspot have two addresses": """
        SELECT t."hotspotId" FROM wifi_token_devices d JOIN wifi_tokens t ON t.id = d."wifiTokenId"
        WHERE d."isOnline" GROUP BY t."hotspotId", d."currentIp" HAVING count(*) > 1""",
    "an ESP32 has room for the tokens on it and for more": """
        SELECT h.id FROM hotspots h WHERE h."freeSlots" IS DISTINCT FROM
        CASE h.system WHEN 'ESP32' THEN h."maxTokens" - (SELECT count(*) FROM wifi_tokens t
        WHERE t."hotspotId" = h.id AND t.status IN ('UNUSED', 'SOLD', 'ACTIVE')) END
        OR h."freeSlots" <= 0""",
    "a silent hotspot has an outage since it was heard last, and no other has one": """
        SELECT h.id FROM hotspots h LEFT JOIN hotspot_outages o
        ON o."hotspotId" = h.id AND o."endedAt" IS NULL
        WHERE (h.status = 'SILENT') <> (o.id IS NOT NULL) OR o."startedAt" <> h."lastContactAt" """,
    "usage is what the sessions carried, within the plan": """
        SELECT t.id FROM wifi_tokens t
        LEFT JOIN wifi_token_devices d ON d."wifiTokenId" = t.id
        LEFT JOIN device_sessions s ON s."wifiTokenDeviceId" = d.id
        GROUP BY t.id
        HAVING abs(t."usedDownMb" - coalesce(sum(s."bytesDown"), 0) / 1e6) > 0.005001
        OR abs(t."usedUpMb" - coalesce(sum(s."bytesUp"), 0) / 1e6) > 0.005001
        OR t."usedDownMb" > t."downloadMb" OR t."usedUpMb" > t."uploadMb" """,
    "volumes grew by what the sessions carried, while they lasted": """
        SELECT t.id FROM wifi_tokens t
        LEFT JOIN (SELECT "wifiTokenId" AS id, sum("bytesDown") AS down, sum("bytesUp") AS up,
                   min("startsAt") AS first, max("startsAt") AS last
                   FROM token_usage GROUP BY 1) AS u USING (id)
        LEFT JOIN (SELECT d."wifiTokenId" AS id, sum("bytesDown") AS down, sum("bytesUp") AS up
                   FROM device_sessions s JOIN wifi_token_devices d
                   ON d.id = s."wifiTokenDeviceId" GROUP BY 1) AS s USING (id)
        WHERE coalesce((u.down, u.up), (0, 0)) <> coalesce((s.down, s.up), (0, 0))
        OR u.first <= t."firstUsedAt" - interval '15 minutes' OR u.last >= %(now)s""",
    "each device of a business has one profile, each profile a device": """
        SELECT coalesce(p.id, d."macAddress") FROM device_profiles p FULL JOIN
        (SELECT DISTINCT t."businessId", d."macAddress" FROM wifi_token_devices d
         JOIN wifi_tokens t ON t.id = d."wifiTokenId") AS d
        ON (p."businessId", p."macAddress") = (d."businessId", d."macAddress")
        WHERE p.id IS NULL OR d."macAddress" IS NULL""",
    "a silent hotspot sold nothing that was used since": """
        SELECT t.id FROM wifi_tokens t JOIN hotspots h ON h.id = t."hotspotId"
        WHERE h.status = 'SILENT' AND t."firstUsedAt" >= h."lastContactAt" """,
}


@pytest.mark.parametrize("rule", RULES)
def test_it_holds_for_every_row_that(rule, loaded):
    moment = NOW.replace(tzinfo=None)
    assert loaded.execute(RULES[rule], {"now": moment}).fetchmany(5) == []


@pytest.fixture(scope="module")
def story():
    return tell(NOW)


def test_the_same_moment_tells_the_same_story(story):
    assert tell(NOW) == story


def test_there_is_enough_to_look_at_and_not_too_much_to_wait_for(story):
    assert 8_000 <= len(story[WifiTokenSale]) <= 15_000


def test_every_state_of_a_token_and_every_end_of_a_session_is_there(loaded):
    tokens = loaded.execute("SELECT DISTINCT status FROM wifi_tokens").fetchall()
    assert {status for (status,) in tokens} == {"UNUSED", "SOLD", "ACTIVE", "EXPIRED", "DISABLED"}
    ends = loaded.execute('SELECT DISTINCT "endReason" FROM device_sessions').fetchall()
    assert {end for (end,) in ends} == {"LEFT", "TIMED_OUT", "HOTSPOT_RESTARTED", "EXPIRED", None}


def test_sales_grow_and_peak_on_fridays_and_saturdays(loaded):
    by_day = dict(
        loaded.execute(
            """SELECT extract(isodow FROM "soldAt")::int, count(*) FROM wifi_token_sales
            WHERE "soldAt" > %s::timestamp - interval '182 days' GROUP BY 1""",
            [NOW.replace(tzinfo=None)],
        ).fetchall()
    )
    assert set(sorted(by_day, key=by_day.get)[-2:]) == {5, 6}
    first, last = loaded.execute(
        """SELECT count(*) FILTER (WHERE "soldAt" < %(now)s::timestamp - interval '91 days'),
        count(*) FILTER (WHERE "soldAt" >= %(now)s::timestamp - interval '91 days')
        FROM wifi_token_sales""",
        {"now": NOW.replace(tzinfo=None)},
    ).fetchone()
    assert last > first * 1.2


def test_each_shop_sells_in_several_channels_and_takes_several_kinds_of_money(loaded):
    for channels, kinds in loaded.execute(
        """SELECT count(DISTINCT "saleChannel"), count(DISTINCT "paymentMethod")
        FROM wifi_token_sales GROUP BY "businessId" """
    ):
        assert channels >= 2
        assert kinds >= 3


def test_one_box_serves_two_shops_on_two_networks(loaded):
    rows = loaded.execute(
        """SELECT count(*), count(DISTINCT ssid) FROM hotspot_businesses
        GROUP BY "hotspotId" HAVING count(*) > 1"""
    ).fetchall()
    assert rows == [(2, 2)]


@pytest.mark.parametrize(
    "now",
    [
        datetime(2026, 11, 20, 22, 0, 30, tzinfo=UTC),  # just after midnight in Harare
        datetime(2026, 3, 29, 1, 10, tzinfo=UTC),  # Berlin went to summer time
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),  # and back
        datetime(2027, 1, 1, 0, 0, tzinfo=UTC),
    ],
)
def test_there_is_something_to_see_at_any_hour(now):
    rows = tell(now)
    sold = [sale["sold_at"] for sale in rows[WifiTokenSale]]
    assert max(sold) <= now
    assert sum(at > now - timedelta(days=1) for at in sold) >= 12
    silent = {token["id"] for token in rows[WifiToken] if token["last_sync_at"] < now}
    online = [device["wifi_token_id"] for device in rows[WifiTokenDevice] if device["is_online"]]
    unknown = sum(token in silent for token in online)
    assert unknown >= 1
    assert len(online) - unknown >= 8
    assert sum(visit["ended_at"] is None for visit in rows[DeviceSession]) == len(online)


def test_makers_are_those_of_the_devices():
    asyncio.run(aiooui.async_load())
    makers = {
        hostname: aiooui.get_vendor(prefix + ":00:00:00")
        for hostname, _kind, prefix, _ in MODELS + LAPTOPS
    }
    assert None not in makers.values()
    assert makers["Galaxy-A14"].startswith("Samsung")
    assert makers["iPhone"] == makers["MacBook-Air"] == "Apple, Inc."
    assert all(prefix[1] not in PRIVATE for _, _, prefix, _ in MODELS + LAPTOPS)


def test_private_addresses_and_ipv6_are_there_too(loaded):
    macs = loaded.execute('SELECT DISTINCT "macAddress" FROM wifi_token_devices').fetchall()
    kinds = Counter(mac[1] in PRIVATE for (mac,) in macs)
    assert kinds[True] > 100 and kinds[False] > 100
    sixes = loaded.execute("SELECT count(*) FROM device_sessions WHERE ip LIKE 'fd42:%'")
    assert sixes.fetchone()[0] > 100
