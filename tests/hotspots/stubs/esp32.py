"""An ESP32 portal: state, clock and the quirks of its firmwares.

with Esp32Stub() as box:
    token = box.add_token(business_id)
    box.connect_device(token, "AA:BB:CC:DD:EE:FF", "192.168.4.100")
    box.pass_time(600)
"""

import secrets
import threading
import time
from dataclasses import dataclass, field

from tests.hotspots.stubs.server import Crashed, Reply, StubServer
from wifiapp.hotspots.driver import Access

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
MOST = 20


@dataclass
class StubToken:
    code: str
    business_id: str
    minutes: int
    down: int
    up: int
    created: float
    first_use: float = 0
    last_seen: float = 0
    used_down: float = 0.0
    used_up: float = 0.0
    usage_count: int = 0
    hostname: str = ""
    device_type: str = ""
    devices: dict = field(default_factory=dict)  # MAC -> IP while it is online, else None


@dataclass
class Quirks:
    """What firmwares in the field do differently; each switch is one line of the facts."""

    invalid_disable_json: bool = False
    disable_knows: tuple = ("token", "tokens")
    details_in_batch: bool = True
    flags_devices: bool = True
    list_has_created: bool = True
    list_has_business: bool = True
    filters_business: bool = True
    over_twenty: str = "crash"  # or "refuse" or "drop"
    health_has_success: bool = True
    blacklist_by_token_only: bool = False
    wants_body_at_once: bool = True
    no_room_code: str = "TOKEN_LIMIT_REACHED"
    makes_at_most: int = MOST
    keeps_expired: int = 30  # seconds


class Esp32Stub(StubServer):
    """Serves the calls of firmware API v3.6."""

    def __init__(self, port=0, ssid="Corner WiFi", key=None, max_tokens=100, **quirks):
        super().__init__(port)
        self.ssid, self.max_tokens = ssid, max_tokens
        self.key = key or secrets.token_hex(16)
        self.quirks = Quirks(**quirks)
        self.tokens = {}
        self.blacklist = {}
        self.skew = 0  # its clock minus ours, seconds
        self.is_synced = True
        self.has_crashed = False
        self._passed = 0
        self._booted = self.now()
        self._one_at_a_time = threading.Lock()

    # -- the world around it ----------------------------------------------------------------

    def now(self):
        """Return what time it is there, whatever its clock says."""
        return time.time() + self._passed

    def pass_time(self, seconds):
        """Let time go by for the box; those who are online stay seen."""
        self._passed += seconds
        for token in self.tokens.values():
            if any(token.devices.values()):
                token.last_seen = self.now()

    def access(self, **given):
        """Return how an app would reach it."""
        return Access("ESP32", self.address, given.pop("secret", self.key), **given)

    def add_token(self, business_id="", minutes=60, down=0, up=0):
        """Put a token there as if it had been made, and return its code."""
        code = "".join(secrets.choice(ALPHABET) for _ in range(8))
        self.tokens[code] = StubToken(code, business_id, minutes, down, up, self.now())
        return code

    def connect_device(self, code, mac, ip="192.168.4.100", hostname="", device_type=""):
        """Let a device sign in with a token, or come back."""
        token = self.tokens[code]
        now = self.now()
        token.first_use = token.first_use or now
        token.last_seen, token.usage_count = now, token.usage_count + 1
        token.hostname, token.device_type = hostname, device_type
        token.devices[mac] = ip

    def disconnect_device(self, code, mac):
        self.tokens[code].devices[mac] = None

    def use(self, code, _mac, down=0, up=0):
        """Let a device move so many bytes."""
        self.tokens[code].used_down += down / 1_000_000
        self.tokens[code].used_up += up / 1_000_000

    def lose(self, *codes):
        """Lose tokens, as by a power cut; all of them when none is named."""
        for code in codes or list(self.tokens):
            del self.tokens[code]

    def restart(self):
        """Come back after a crash or a power cut."""
        self.has_crashed = False
        self._booted = self.now()

    def how_to_sign_in(self):
        return [f"secret: {self.key}", f"network: {self.ssid}"]

    @property
    def free_slots(self):
        return self.max_tokens - len(self.tokens)

    # -- requests ---------------------------------------------------------------------------

    def answer(self, request):
        if self.has_crashed:
            raise Crashed
        if not self._one_at_a_time.acquire(blocking=False):
            return self.busy(is_told=True)
        try:
            return self._answer(request)
        finally:
            self._one_at_a_time.release()

    def _answer(self, request):
        self._forget_expired()
        name = f"_{request.method}_{request.path.strip('/').replace('/', '_')}".lower()
        call = getattr(self, name, None)
        if call is None:
            if request.path.startswith("/api/"):
                return no("Not found", 404)
            return Reply(b"<html>Welcome! Enter your code.</html>", 200)
        late = self.quirks.wants_body_at_once and not request.came_at_once
        text = request.query if request.method == "GET" else request.body.decode("latin-1")
        fields = {} if late else dict(part.partition("=")[::2] for part in text.split("&") if part)
        if name not in OPEN and fields.get("api_key") is None:
            return no("Missing required parameter", 400)
        if name not in OPEN and fields["api_key"] != self.key:
            return no("Invalid API key", 401)
        return call(fields)

    def _send(self, connection, reply, kind):
        # The answer is part of the request: while it is on its way nobody else is served.
        if kind == "slow":
            with self._one_at_a_time:
                super()._send(connection, reply, kind)
        else:
            super()._send(connection, reply, kind)

    # -- calls without a key ----------------------------------------------------------------

    def _get_api_health(self, _fields):
        clock = int(self._clock(self.now()))
        health = {
            "success": True,
            "status": "healthy",
            "uptime_seconds": int(self.now() - self._booted),
            "time_synced": self.is_synced,
            "last_time_sync": clock,
            "current_time": clock,
            "active_tokens": len(self.tokens),
            "max_tokens": self.max_tokens,
            "free_heap_bytes": 90000,
        }
        if not self.quirks.health_has_success:
            del health["success"]
        return Reply.of(health)

    def _get_api_ap_info(self, _fields):
        return Reply.of({"success": True, "ap_ssid": self.ssid})

    def _get_api_uptime(self, _fields):
        return Reply.of({"success": True, "uptime_seconds": int(self.now() - self._booted)})

    def _get_api_tokens_available_slots(self, _fields):
        return self._yes(max_tokens=self.max_tokens, current_tokens=len(self.tokens))

    # -- making -----------------------------------------------------------------------------

    def _post_api_token(self, fields):
        made = self._made(fields, 1)
        if not isinstance(made, list):
            return made
        return self._yes(token=made[0], **self._terms(fields))

    def _post_api_tokens_bulk_create(self, fields):
        count = int(fields.get("count", 0))
        if count > MOST and (refusal := self._too_many()):
            return refusal
        made = self._made(fields, min(count, MOST, self.quirks.makes_at_most))
        if not isinstance(made, list):
            return made
        tokens = [{"token": code} for code in made]
        told = {"requested": count, "tokens_created": len(made), "tokens": tokens}
        return self._yes(**told, **self._terms(fields))

    def _made(self, fields, count):
        minutes = int(fields.get("duration", 0))
        if count < 1 or not 30 <= minutes <= 43200 or len(fields.get("businessId", "")) > 36:
            return no("Invalid parameter", 400)
        count = min(count, self.free_slots)
        if not count:
            code = self.quirks.no_room_code
            return no("Token store full", 507, error_code=code, available_slots=0)
        volumes = [int(fields.get(f"bandwidth_{way}", 0)) for way in ("down", "up")]
        return [
            self.add_token(fields.get("businessId", ""), minutes, *volumes) for _ in range(count)
        ]

    def _terms(self, fields):
        return {
            "businessId": fields.get("businessId", ""),
            "ap_ssid": self.ssid,
            "duration_minutes": int(fields["duration"]),
            "bandwidth_down_mb": int(fields.get("bandwidth_down", 0)),
            "bandwidth_up_mb": int(fields.get("bandwidth_up", 0)),
        }

    # -- asking -----------------------------------------------------------------------------

    def _get_api_token_info(self, fields):
        token = self.tokens.get(fields.get("token", ""))
        if token is None:
            return no("Token not found", 404, error_code="TOKEN_NOT_FOUND")
        return self._yes(**self._info(token))

    def _get_api_token_batch_info(self, fields):
        codes = fields.get("tokens", "").split(",")
        if len(codes) > MOST and (refusal := self._too_many()):
            return refusal
        found = [self._info(self.tokens[code]) for code in codes[:MOST] if code in self.tokens]
        if not self.quirks.details_in_batch:
            found = [self._bare(info) for info in found]
        counted = {"total_requested": len(codes[:MOST]), "total_found": len(found)}
        return self._yes(tokens=found, **counted)

    def _get_api_tokens_list(self, fields):
        limit = int(fields.get("limit", 0))
        if not limit:
            whole = self._listed(list(self.tokens.values()), 0).body
            return Reply(whole[:2000])  # it overruns its buffer
        if limit > MOST and (refusal := self._too_many()):
            return refusal
        tokens = list(self.tokens.values())
        if (status := fields.get("status", "all")) != "all":
            tokens = [token for token in tokens if self._status(token) == status]
        if (business := fields.get("business_id")) and self.quirks.filters_business:
            tokens = [token for token in tokens if token.business_id == business]
        if fields.get("unused_only") == "true":
            tokens = []
        return self._listed(tokens, int(fields.get("offset", 0)), min(limit, MOST))

    def _listed(self, tokens, offset, limit=10**9):
        page = [self._item(token) for token in tokens[offset : offset + limit]]
        return self._yes(
            total_count=len(tokens),
            returned_count=len(page),
            offset=offset,
            limit=limit,
            has_more=offset + len(page) < len(tokens),
            tokens=page,
        )

    # -- changing ---------------------------------------------------------------------------

    def _post_api_token_extend(self, fields):
        token = self.tokens.get(fields.get("token", ""))
        if token is None:
            return no("Token not found", 404, error_code="TOKEN_NOT_FOUND")
        token.first_use, token.used_down, token.used_up = self.now(), 0.0, 0.0
        ends = int(self._clock(self._ends(token)))
        minutes = {"duration_minutes": token.minutes, "new_duration_minutes": token.minutes}
        return self._yes(**minutes, new_expires_at=ends)

    def _post_api_token_disable(self, fields):
        knows = self.quirks.disable_knows
        codes = fields.get("tokens", "").split(",") if "tokens" in knows else []
        if not any(codes):
            codes = [fields.get("token", "")] if "token" in knows else []
        if not any(codes):
            return no("Missing required parameter", 400)
        if len(codes) > MOST and (refusal := self._too_many()):
            return refusal
        gone = [code for code in codes[:MOST] if self.tokens.pop(code, None)]
        if not gone:
            return no("Token not found", 404, error_code="TOKEN_NOT_FOUND")
        if self.quirks.invalid_disable_json:
            text = f'{{"success":true,"disabled_count":{len(gone)},"disabled_tokens":['
            return Reply(f"{text}{','.join(gone)}]}}".encode())
        return self._yes(disabled_count=len(gone), disabled_tokens=gone)

    def _post_api_mac_blacklist(self, fields):
        token = self.tokens.get(fields.get("token", ""))
        if token is None:
            return no("Token not found", 404, error_code="TOKEN_NOT_FOUND")
        macs = list(token.devices)
        if fields.get("mac") and not self.quirks.blacklist_by_token_only:
            macs = [fields["mac"]]
        if len(self.blacklist) + len(macs) > 50:
            return no("Blacklist full", 400)
        for mac in macs:
            entry = {"token": token.code, "reason": fields.get("reason", "")[:31]}
            self.blacklist[mac] = {"mac": mac, **entry, "added": int(self._clock(self.now()))}
        return self._yes(count=len(self.blacklist))

    def _get_api_mac_list(self, _fields):
        return self._yes(blacklist=list(self.blacklist.values()), whitelist=[])

    def _post_api_mac_remove(self, fields):
        if self.blacklist.pop(fields.get("mac"), None) is None:
            return no("MAC not found", 404)
        return self._yes(count=len(self.blacklist))

    # -- how things are told ----------------------------------------------------------------

    def _clock(self, moment):
        return moment + self.skew if moment else 0

    def _ends(self, token):
        return token.first_use + token.minutes * 60 if token.first_use else 0

    def _status(self, token):
        if not token.first_use:
            return "unused"
        return "active" if self._ends(token) > self.now() else "expired"

    def _forget_expired(self):
        for token in list(self.tokens.values()):
            ends = self._ends(token)
            if ends and ends + self.quirks.keeps_expired < self.now():
                del self.tokens[token.code]

    def _info(self, token):
        counted = 1 if self.quirks.flags_devices else 0
        return {
            "token": token.code,
            "businessId": token.business_id,
            "status": self._status(token),
            "created": int(self._clock(token.created)),
            "first_use": int(self._clock(token.first_use)),
            "duration_minutes": token.minutes,
            "expires_at": int(self._clock(self._ends(token))),
            "remaining_seconds": max(0, int(self._ends(token) - self.now())),
            "bandwidth_down_mb": token.down,
            "bandwidth_up_mb": token.up,
            "bandwidth_used_down_mb": token.used_down * counted,
            "bandwidth_used_up_mb": token.used_up * counted,
            "usage_count": token.usage_count,
            "device_count": len(token.devices),
            "max_devices": 2,
            "hostname": token.hostname,
            "device_type": token.device_type,
            "first_seen": int(self._clock(token.first_use)),
            "last_seen": int(self._clock(token.last_seen)),
            "devices": [self._device(mac, ip) for mac, ip in token.devices.items()],
        }

    def _device(self, mac, ip):
        if not self.quirks.flags_devices:
            return {"mac": mac, "online": False}
        return {"mac": mac, "online": bool(ip)} | ({"current_ip": ip} if ip else {})

    def _bare(self, info):
        """Return what a batch tells where only `info` tells all."""
        left = {k: v for k, v in info.items() if k not in {"devices", "hostname", "businessId"}}
        return left | {"client_macs": [device["mac"] for device in info["devices"]]}

    def _item(self, token):
        item = self._bare(self._info(token))
        for way in ("down", "up"):
            item[f"bandwidth_used_{way}"] = item.pop(f"bandwidth_used_{way}_mb")
        if self.quirks.list_has_business:
            item["businessId"] = token.business_id
        if not self.quirks.list_has_created:
            del item["created"]
        return item

    def _yes(self, **told):
        return Reply.of({"success": True, "available_slots": self.free_slots, **told})

    def _too_many(self):
        """More than twenty: some crash, some refuse, some drop the rest."""
        if self.quirks.over_twenty == "crash":
            self.has_crashed = True
            raise Crashed
        return no("Too many items", 400) if self.quirks.over_twenty == "refuse" else None


OPEN = {
    "_get_api_health",
    "_get_api_ap_info",
    "_get_api_uptime",
    "_get_api_tokens_available_slots",
}


def no(error, status, **told):
    return Reply.of({"success": False, "error": error, **told}, status)
