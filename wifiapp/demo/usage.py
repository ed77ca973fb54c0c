"""What a buyer does with a token: first use, devices, sessions, volumes."""

from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from wifiapp.db import Model
from wifiapp.demo.people import Crowd, Gadget, address
from wifiapp.demo.stock import Row, Station, row_id
from wifiapp.demo.visits import MEGABYTE, Allowance, Life, Visit, growth, megabytes, visits
from wifiapp.devices.models import DeviceProfile, DeviceSession, TokenUsage, WifiTokenDevice

NEVER_USED, USED_LATER = 0.03, 0.12
LIVELY, LIVELY_WHEN_SILENT = 0.3, 0.7
CENT = Decimal("0.01")


def use(
    rows: dict[type[Model], list[Row]],
    rng: Random,
    crowd: Crowd,
    station: Station,
    network: str,
    token: Row,
    at: datetime,
    now: datetime,
) -> None:
    """Let somebody use the token bought `at`, as far as its box was heard of."""
    first = _first_use(rng, at)
    if first is None:
        return
    end = first + timedelta(minutes=token["duration_minutes"])
    lively = LIVELY if station.heard == now else LIVELY_WHEN_SILENT
    life = Life(first, end, station.heard, now, lively)
    customer = crowd.somebody(at)
    customer.free_from = life.end
    if first >= station.heard or (token["redeem_by"] and first > token["redeem_by"]):
        return
    allowance = Allowance(megabytes(token["download_mb"]), megabytes(token["upload_mb"]))
    seen: list[Visit] = []
    for n, gadget in enumerate(customer.gadgets[: token["device_limit"]]):
        start = first + timedelta(seconds=n * rng.randrange(30, 1500))
        found = visits(rng, life, start, allowance)
        if found:
            ip = address(station.box.system, network, next(station.leases))
            _add(rows, rng, token, gadget, found, ip, station.heard)
            seen += found
    rows[TokenUsage] += [
        {"wifi_token_id": token["id"], "starts_at": quarter, "bytes_down": down, "bytes_up": up}
        for quarter, (down, up) in growth(seen, station.heard).items()
    ]
    token |= {
        "status": "EXPIRED" if life.end <= now else "ACTIVE",
        "first_used_at": first,
        "expires_at": life.end,
        "used_down_mb": _in_megabytes(allowance.used_down),
        "used_up_mb": _in_megabytes(allowance.used_up),
        "updated_at": min(life.end, station.heard),
    }


def _first_use(rng: Random, at: datetime) -> datetime | None:
    """Return when a token that was bought `at` is first used; None means never."""
    if rng.random() < NEVER_USED:
        return None
    wait = timedelta(seconds=30 + int(rng.expovariate(1 / 400)))
    if rng.random() < USED_LATER:
        wait += timedelta(minutes=rng.randrange(60, 2400))
    return at + wait


def _add(
    rows: dict[type[Model], list[Row]],
    rng: Random,
    token: Row,
    gadget: Gadget,
    found: list[Visit],
    ip: str,
    heard: datetime,
) -> None:
    """Add the device with its sessions, and its profile when the shop sees it first."""
    first, last = found[0], found[-1]
    last_seen = last.ended_at or heard
    device_id = row_id(rng)
    if not gadget.is_known:
        gadget.is_known = True
        rows[DeviceProfile].append(
            {
                "id": row_id(rng),
                "business_id": token["business_id"],
                "mac_address": gadget.mac,
                "hostname": gadget.hostname,
                "device_type": gadget.kind,
                "created_at": first.started_at,
                "updated_at": first.started_at,
            }
        )
    rows[WifiTokenDevice].append(
        {
            "id": device_id,
            "wifi_token_id": token["id"],
            "mac_address": gadget.mac,
            "is_online": last.ended_at is None,
            "current_ip": ip if last.ended_at is None else None,
            "first_seen": first.started_at,
            "last_seen": last_seen,
            "created_at": first.started_at,
            "updated_at": last_seen,
        }
    )
    rows[DeviceSession] += [_session(rng, device_id, visit, ip, heard) for visit in found]


def _session(rng: Random, device_id: str, visit: Visit, ip: str, heard: datetime) -> Row:
    return {
        "id": row_id(rng),
        "wifi_token_device_id": device_id,
        "started_at": visit.started_at,
        "ended_at": visit.ended_at,
        "end_reason": visit.end_reason,
        "ip": ip,
        "bytes_down": visit.bytes_down,
        "bytes_up": visit.bytes_up,
        "created_at": visit.started_at,
        "updated_at": visit.ended_at or heard,
    }


def _in_megabytes(size: int) -> Decimal:
    return (Decimal(size) / MEGABYTE).quantize(CENT)
