"""What the answers of a Ruckus Unleashed mean."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from wifiapp.hotspots.clocks import BoxClock
from wifiapp.hotspots.driver import Network, SeenDevice, SeenToken, Unreachable
from wifiapp.hotspots.plain import MOST_BYTES, ip_of, text_of

Fields = Mapping[str, Any]

MAC = re.compile(r"([0-9A-F]{2}:){5}[0-9A-F]{2}")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NOISE = -96  # dBm, where it does not tell how loud it is: what is above that is `rssi`
LOUDEST = 120  # dB above the noise: more is no signal


def read_network(wlan: Fields) -> Network:
    return Network(
        ssid=required(wlan, "ssid"),
        id=required(wlan, "id"),
        is_guest=wlan.get("usage") == "guest" or wlan.get("is-guest") == "true",
    )


def read_pass(item: Fields, clock: BoxClock) -> SeenToken:
    """Read a guest pass; its `name` is how clients name it, its `code` what people type."""
    counts_from_issue = item.get("countdown-by-issued") == "true"  # then it starts when made
    begun = clock.past(number(item, "start-time"))
    ends = clock.moment(number(item, "expire-time"))
    is_used = item.get("used") == "true" or (begun is not None and not counts_from_issue)
    state = "ACTIVE" if is_used else "UNUSED"
    if ends is None:
        raise strange("a pass without an end")
    remarks = str(item.get("remarks", ""))
    seconds = number(item, "valid-time")
    return SeenToken(
        code=required(item, "key").upper(),
        state="EXPIRED" if ends <= clock.now else state,
        name=text_of(required(item, "name")),
        business_id=remarks if UUID.fullmatch(remarks) else None,
        ssid=required(item, "ssid"),
        created_at=clock.past(number(item, "create-time")),
        first_used_at=begun if is_used and not counts_from_issue else None,
        expires_at=ends if is_used else None,
        redeem_by=None if is_used else ends,
        minutes=seconds // 60 if seconds else None,
    )


def read_client(client: Fields, clock: BoxClock) -> SeenDevice:
    """Read a client that is on the air; the counters are the access point's, so rx is upload."""
    mac = read_mac(client)
    return SeenDevice(
        mac=mac,
        is_online=True,
        ip=ip_of(client.get("ip")),
        ipv6=ip_of(client.get("ipv6")),
        hostname=text_of(client.get("hostname")),
        device_type=text_of(client.get("dvcinfo")) or text_of(client.get("dvctype")),
        connected_at=clock.past(number(client, "first-assoc")),
        last_seen=clock.now,
        bytes_down=number(client, "tx-bytes"),
        bytes_up=number(client, "rx-bytes"),
        signal=_signal(client),
        ssid=text_of(client.get("ssid")),
        access_point=text_of(client.get("ap-name")) or text_of(client.get("ap")),
    )


def joined(
    passes: Iterable[SeenToken], clients: Sequence[Fields], clock: BoxClock
) -> tuple[list[SeenToken], list[SeenDevice]]:
    """Put the clients on the passes whose names they carry; return the others beside them.

    Names may repeat; a client of one that does belongs to nobody we could tell.
    """
    passes = list(passes)
    named: dict[tuple[str, str], list[str]] = defaultdict(list)
    for token in passes:
        if token.name:
            named[token.name, token.ssid or ""].append(token.code)
    devices: dict[str, list[SeenDevice]] = defaultdict(list)
    strangers = []
    for client in clients:
        seen = read_client(client, clock)
        owners = named.get((text_of(client.get("user")) or "", seen.ssid or ""), [])
        if len(owners) == 1:
            devices[owners[0]].append(seen)
        else:
            strangers.append(seen)
    return [replace(token, devices=tuple(devices[token.code])) for token in passes], strangers


def read_mac(item: Fields) -> str:
    mac = required(item, "mac").upper()
    if not MAC.fullmatch(mac):
        raise strange("an address that is none")
    return mac


def required(item: Fields, name: str) -> str:
    """Return a text that is not empty, or raise `Unreachable`."""
    value = item.get(name)
    if not isinstance(value, str) or not value:
        raise strange(f"no {name}")
    return value


def number(item: Fields, name: str) -> int | None:
    """Return a whole number; None when it is absent, empty, no number or beyond all sense."""
    value = item.get(name)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value).strip()
    found = int(text) if re.fullmatch(r"[0-9]{1,19}", text) else None
    return found if found is not None and found <= MOST_BYTES else None


def strange(what: str) -> Unreachable:
    return Unreachable(f"It gave an answer that makes no sense: {what}.")


def _signal(client: Fields) -> int | None:
    heard = str(client.get("received-signal-strength", ""))
    if re.fullmatch(r"-[0-9]{1,3}", heard):
        return int(heard)
    above = number(client, "rssi")
    return NOISE + above if above and above <= LOUDEST else None
