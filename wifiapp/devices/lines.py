"""What a line of the device list says, on the page and in files."""

from datetime import datetime
from typing import Any

from wifiapp.devices.mac import is_private, made_up_from
from wifiapp.devices.vendors import vendor_of

COLUMNS = (
    "status",
    "device",
    "privateAddress",
    "mac",
    "ip",
    "token",
    "plan",
    "system",
    "business",
    "hotspot",
    "firstSeen",
    "lastSeen",
    "sessionSeconds",
    "bytesDown",
    "bytesUp",
    "signal",
)

SESSION_COLUMNS = (
    "start",
    "end",
    "seconds",
    "reason",
    "ip",
    "ipv6",
    "ssid",
    "accessPoint",
    "signal",
    "bytesDown",
    "bytesUp",
)


def described(row: Any, now: datetime) -> dict[str, Any]:
    """Add to a row of `queries` the maker of the device and the length of its session."""
    vendor = vendor_of(row.mac)
    return {
        **row._mapping,  # noqa: SLF001 - a named tuple's way to give all its values
        "vendor": vendor,
        "name": row.hostname or vendor or row.device_type,
        "is_private": is_private(row.mac),
        "made_up_from": made_up_from(row.mac),
        "session_seconds": lasted(row, row.session_started_at, row.session_ended_at, now),
    }


def exported(row: Any, now: datetime) -> dict[str, Any]:
    """Return the cells of `COLUMNS`."""
    line = described(row, now)
    values = (
        line["state"].capitalize(),
        line["name"],
        line["is_private"],
        *(line[name] for name in ("mac", "ip", "token", "plan", "system", "business", "hotspot")),
        *(line[name] for name in ("first_seen", "last_seen", "session_seconds")),
        *(line[f"session_{name}"] for name in ("bytes_down", "bytes_up", "signal")),
    )
    return dict(zip(COLUMNS, values, strict=True))


def exported_session(session: Any, device: Any, now: datetime) -> dict[str, Any]:
    """Return the cells of `SESSION_COLUMNS`."""
    values = (
        *(session.started_at, session.ended_at),
        lasted(device, session.started_at, session.ended_at, now),
        *(session.end_reason, session.ip, session.ipv6, session.ssid, session.access_point),
        *(session.signal, session.bytes_down, session.bytes_up),
    )
    return dict(zip(SESSION_COLUMNS, values, strict=True))


def lasted(row: Any, started: datetime | None, ended: datetime | None, now: datetime) -> int | None:
    """Return how many seconds a session of the device lasted, or has lasted; None without one.

    An open session of a device that is not surely there counts to its last sign of life.
    """
    if started is None:
        return None
    end = ended or (now if row.state == "ONLINE" else row.last_seen)
    return max(0, int((end - started).total_seconds()))
