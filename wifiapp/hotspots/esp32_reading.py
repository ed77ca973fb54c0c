"""What the answers of an ESP32 mean, whichever firmware gave them."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from wifiapp.hotspots.clocks import LATEST, BoxClock
from wifiapp.hotspots.driver import SeenDevice, SeenToken, Unreachable
from wifiapp.hotspots.esp32_wire import Answer, as_count
from wifiapp.hotspots.plain import MOST_BYTES, ip_of, text_of

CODE = re.compile(r"[A-Z0-9]{4,16}")
MAC = re.compile(r"([0-9A-F]{2}:){5}[0-9A-F]{2}")
STATES = {"unused": "UNUSED", "active": "ACTIVE", "expired": "EXPIRED"}
MEGABYTE = 1_000_000
RECENT = timedelta(seconds=180)  # a portal that never says `online` says when it last saw somebody


def read_token(item: object, clock: BoxClock, ssid: str) -> SeenToken:
    """Read an item of a list, or the details of a token; raise `Unreachable` when it is strange.

    `ssid` is the box's one network.
    """
    if not isinstance(item, dict) or not is_code(item.get("token")):
        raise strange("a token without a code")
    state = STATES.get(str(item.get("status")))
    if state is None:
        raise strange("a token without a status")
    minutes = as_count(item.get("duration_minutes"))
    first_used = clock.past(item.get("first_use"))
    expires = clock.moment(item.get("expires_at"))
    if expires is None and first_used and minutes:
        expires = min(first_used + timedelta(minutes=minutes), LATEST)
    if state == "ACTIVE" and expires and expires <= clock.now:
        state = "EXPIRED"  # it deletes them within half a minute
    return SeenToken(
        code=item["token"],
        state=state,
        business_id=text_of(item.get("businessId")),
        ssid=ssid,
        created_at=clock.past(item.get("created")),
        first_used_at=first_used,
        expires_at=expires if state != "UNUSED" else None,
        minutes=minutes,
        bytes_down=_volume(item, "bandwidth_used_down_mb", "bandwidth_used_down"),
        bytes_up=_volume(item, "bandwidth_used_up_mb", "bandwidth_used_up"),
        devices=_devices(item, clock, ssid),
    )


def has_details(item: Answer) -> bool:
    """Tell whether the devices are told one by one; some firmwares only list their addresses."""
    return isinstance(item.get("devices"), list)


def is_code(value: object) -> bool:
    return isinstance(value, str) and CODE.fullmatch(value) is not None


def objects(answer: Answer, name: str) -> list[Answer]:
    """Return a list of objects out of an answer, or raise `Unreachable`."""
    value = answer.get(name)
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise strange(f"no list of {name}")
    return value


def strange(what: str) -> Unreachable:
    return Unreachable(f"It gave an answer that makes no sense: {what}.")


def read_macs(entries: Iterable[Answer]) -> Iterator[str]:
    for entry in entries:
        mac = str(entry.get("mac", "")).upper()
        if MAC.fullmatch(mac):
            yield mac


def _devices(item: Answer, clock: BoxClock, ssid: str) -> tuple[SeenDevice, ...] | None:
    """Read who is on a token; None when nothing is said of that."""
    entries = item["devices"] if has_details(item) else _listed(item.get("client_macs"))
    if entries is None:
        return None
    entries = [e for e in entries if isinstance(e, dict) and list(read_macs([e]))]
    seen = clock.past(item.get("last_seen"))
    # Some firmwares never set a flag: then the token's devices were seen when the token was.
    is_flagged = any(entry.get("online") is True for entry in entries)
    is_recent = not is_flagged and seen is not None and clock.now - seen <= RECENT
    online = [entry for entry in entries if is_recent or entry.get("online") is True]
    meant = online if len(online) == 1 else entries  # the token's name is of one device
    return tuple(
        _device(
            entry,
            ssid if entry in online else None,
            is_online=entry in online,
            last_seen=clock.past(entry.get("last_seen")) or (seen if entry in meant else None),
            named=item if [entry] == meant else {},
        )
        for entry in entries
    )


def _device(
    entry: Answer, ssid: str | None, *, is_online: bool, last_seen: datetime | None, named: Answer
) -> SeenDevice:
    mac = next(read_macs([entry]))
    made_of = _ip_in(mac)
    return SeenDevice(
        mac=mac,
        is_online=is_online,
        is_mac_made_up=made_of is not None,
        ip=ip_of(entry.get("current_ip")) or made_of,
        hostname=text_of(named.get("hostname")),
        device_type=text_of(named.get("device_type")),
        last_seen=last_seen,
        ssid=ssid,
    )


def _listed(macs: object) -> list[Answer] | None:
    if isinstance(macs, str):
        macs = macs.split(",")
    return [{"mac": str(mac).strip()} for mac in macs] if isinstance(macs, list) else None


def _ip_in(mac: str) -> str | None:
    """Return the address that a portal made the MAC of: C0:A8:04:02:00:00 is 192.168.4.2."""
    made_up = mac.startswith("C0:A8:") and mac.endswith(":00:00")
    return ".".join(str(int(part, 16)) for part in mac.split(":")[:4]) if made_up else None


def _volume(item: Answer, *names: str) -> int | None:
    """Return bytes out of megabytes under the first of the names that is there."""
    for name in names:
        value = item.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        if 0 <= value <= MOST_BYTES / MEGABYTE:
            return round(value * MEGABYTE)
    return None
