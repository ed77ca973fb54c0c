"""A Ruckus R710 with Unleashed: sessions, guest passes, clients and the list of the blocked.

with R710Stub() as box:
    code = box.add_pass("Corner Guests")
    box.connect_device(code, "aa:bb:cc:dd:ee:ff", "10.0.0.7")
"""

import json
import secrets
import ssl
import tempfile
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from urllib.parse import parse_qs
from xml.etree import ElementTree as ET
from xml.sax.saxutils import quoteattr

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.hotspots.stubs.server import Reply, StubServer
from wifiapp.hotspots.driver import Access

UNITS = {"hour": 3600, "day": 86400, "week": 604800}
VALID = 7 * 86400  # seconds in which an unused pass may be begun
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass
class Pass:
    id: int
    name: str
    key: str
    ssid: str
    seconds: int
    share_number: int
    remarks: str
    created: float
    started: float = 0


@dataclass
class Quirks:
    """What firmwares do differently."""

    needs_dashboard: bool = False
    counts_from_issue: bool = False
    tells_bytes: bool = True
    tells_noise: bool = False
    old_names: bool = True  # full-name and wlan instead of name and ssid
    applies_changes: bool = True


@dataclass
class Login:
    csrf: str
    is_open: bool

    def lets_in(self, request):
        return self.is_open and request.headers.get("x-csrf-token") == self.csrf


class R710Stub(StubServer):
    """Serves the administration pages over HTTPS with a certificate of its own."""

    def __init__(self, port=0, serial="111111111111", password="correct-horse-battery", **quirks):
        tls, self.fingerprint = _certificate()
        super().__init__(port, tls)
        self.serial, self.username, self.password = serial, "admin", password
        self.quirks = Quirks(**quirks)
        self.networks = {"1": ("Corner Guests", "guest"), "2": ("Staff", "user")}
        self.passes = {}
        self.clients = {}
        self.blocked = []
        self.skew = 0
        self.logins = {}
        self._passed, self._next_id = 0, 1
        self._booted = self.now() - 3600
        self._state = threading.RLock()

    # -- the world around it ----------------------------------------------------------------

    def now(self):
        return time.time() + self._passed

    def pass_time(self, seconds):
        self._passed += seconds

    def access(self, **given):
        """Return how an app would reach it."""
        known = {"username": self.username, "serial": self.serial, "fingerprint": self.fingerprint}
        return Access("R710", self.address, given.pop("secret", self.password), **(known | given))

    def add_token(self, business_id="", minutes=60):
        """Put a pass there as the other kind puts a token."""
        return self.add_pass(seconds=minutes * 60, remarks=business_id)

    def add_pass(self, ssid="Corner Guests", seconds=3600, key=None, name=None, **given):
        """Put a pass there as if it had been made, and return its code."""
        number, self._next_id = self._next_id, self._next_id + 1
        key = key or "-".join("".join(secrets.choice(LETTERS) for _ in range(5)) for _ in "12")
        terms = {"share_number": 1, "remarks": ""} | given
        self.passes[key] = Pass(
            number, name or f"Guest-{number}", key, ssid, seconds, created=self.now(), **terms
        )
        return key

    def connect_device(self, code, mac, ip="10.0.0.7", hostname="", device_type=""):
        """Let a device sign in with a pass; without one it is staff's or a stranger's."""
        guest = self.passes.get(code)
        if guest:
            guest.started = guest.started or self.now()
        mac = mac.lower()
        self.clients[mac] = {
            "mac": mac,
            "ap": "24:79:2a:08:5e:91",
            "ap-name": "Counter",
            "status": "1",
            "ssid": guest.ssid if guest else "Staff",
            "wlan-id": "1" if guest else "2",
            "ip": ip,
            "hostname": hostname,
            "dvcinfo": device_type,
            "user": guest.name if guest else "",
            "first-assoc": self.now(),
            "rssi": "42",
            "radio-band": "5g",
            "channel": "44",
            "rx-bytes": 0,
            "tx-bytes": 0,
        }

    def disconnect_device(self, _code, mac):
        del self.clients[mac.lower()]

    def use(self, _code, mac, down=0, up=0):
        """Let a device move so many bytes."""
        client = self.clients[mac.lower()]
        client["tx-bytes"] += down
        client["rx-bytes"] += up

    def lose(self, *codes):
        for code in codes or list(self.passes):
            del self.passes[code]

    def restart(self):
        """Come back after a power cut: nobody is signed in any more."""
        self._booted = self.now()
        self.expire_sessions()
        self.clients.clear()

    def expire_sessions(self):
        self.logins.clear()

    def how_to_sign_in(self):
        return [
            f"user name: {self.username}",
            f"password: {self.password}",
            f"serial: {self.serial}",
            f"networks: {', '.join(ssid for ssid, _ in self.networks.values())}",
            f"fingerprint: {self.fingerprint}",
        ]

    # -- requests ---------------------------------------------------------------------------

    def answer(self, request):
        with self._state:
            self._forget_expired()
            if request.path == "/":
                return _see("/admin/login.jsp")
            page = request.path.rpartition("/")[2].removesuffix(".jsp").strip("_")
            if page == "login":
                return self._login(parse_qs(request.query))
            login = self.logins.get(_cookie(request))
            if page == "dashboard" and login:
                login.is_open = True
                return Reply(b"<html>Dashboard</html>", 200)
            if login is None or not login.lets_in(request):
                return _see("/admin/login.jsp")
            return self._signed_in(page, request.body.decode())

    def _signed_in(self, page, body):
        if page == "mon_createguest":
            return self._create_guest(parse_qs(body))
        asked = ET.fromstring(body)
        name = f"_{asked.get('action')}_{asked.get('comp')}".replace("-", "_")
        call = getattr(self, name, None)
        return call(asked) if call else Reply(b"\n")

    def _login(self, query):
        if "logout" in query:
            return _see("/admin/login.jsp")
        if query.get("username") != [self.username] or query.get("password") != [self.password]:
            return Reply(b"<html>Sign in</html>", 200)
        cookie, csrf = secrets.token_hex(16), secrets.token_hex(5)
        self.logins[cookie] = Login(csrf, is_open=not self.quirks.needs_dashboard)
        reply = _see("/admin/dashboard.jsp")
        reply.headers |= {
            "Set-Cookie": f"-ejs-session-={cookie}; Path=/; Secure; HttpOnly",
            "HTTP_X_CSRF_TOKEN": csrf,
        }
        return reply

    # -- questions --------------------------------------------------------------------------

    def _getstat_system(self, asked):
        parts = {
            "sysinfo": {
                "uptime": int(self.now() - self._booted),
                "version": "200.15.6.12.304",
                "model": "R710",
                "serial": self.serial,
                "mac": "24:79:2a:08:5e:90",
            },
            "time": {"by-ntp": "true", "time": int(self.now() + self.skew)},
        }
        told = "".join(_element(part.tag, parts.get(part.tag, {})) for part in asked)
        return _response(asked, f"<response>{told}</response>")

    def _getstat_stamgr(self, asked):
        told = []
        for client in self.clients.values():
            facts = client | {"first-assoc": int(client["first-assoc"] + self.skew)}
            if not self.quirks.tells_bytes:
                facts = {k: v for k, v in facts.items() if not k.endswith("-bytes")}
            if self.quirks.tells_noise:
                facts |= {"received-signal-strength": "-54", "noise-floor": "-96"}
            told.append(_element("client", facts))
        return _response(asked, f"<apstamgr-stat>{''.join(told)}</apstamgr-stat>")

    def _getconf_guest_list(self, asked):
        told = "".join(_element("guest", self._facts(guest)) for guest in self.passes.values())
        return _response(asked, f"<resultset>{told}</resultset>")

    def _getconf_wlansvc_list(self, asked):
        told = []
        for number, (ssid, usage) in self.networks.items():
            facts = {"name": ssid, "ssid": ssid, "usage": usage, "id": number}
            wpa = _element("wpa", {"cipher": "aes", "x-passphrase": "staff secret"})
            # names stand as they are, an ampersand too
            text = "".join(f' {k}="{v}"' for k, v in facts.items())
            told.append(f"<wlansvc{text}>{wpa if usage != 'guest' else ''}</wlansvc>")
        return _response(asked, f"<wlansvc-list>{''.join(told)}</wlansvc-list>")

    def _getconf_acl_list(self, asked):
        macs = "".join(_element("deny", {"mac": mac, "type": "single"}) for mac in self.blocked)
        facts = 'id="1" name="System" description="System" default-mode="allow" EDITABLE="false"'
        return _response(asked, f"<acl-list><acl {facts}>{macs}</acl></acl-list>")

    # -- changes ----------------------------------------------------------------------------

    def _create_guest(self, form):
        asked = {name: values[0] for name, values in form.items()}
        name, key = asked.get("fullname", ""), asked.get("key", "").upper()
        if any(c.isspace() for c in name) or not self.quirks.applies_changes:
            return _json(result="OK", errorMsg="~~", key=key, fullname=name)
        if asked["guest-wlan"] not in {ssid for ssid, usage in self.networks.values()}:
            return _json(result="E_FailWlan", errorMsg="The WLAN does not exist")
        if key in self.passes:
            words = "The key already exists. Please enter a different key."
            return _json(result="KEY_DUPLICATED", errorMsg=words, key=key)
        seconds = int(asked["duration"]) * UNITS.get(asked["duration-unit"], 0)
        given = {"share_number": int(asked["limitnumber"]), "remarks": asked.get("remarks", "")}
        self.add_pass(asked["guest-wlan"], seconds, key, name, **given)
        return _json(result="DONE", errorMsg="~~", key=key, fullname=name, wlan=asked["guest-wlan"])

    def _delobj_guest_list(self, asked):
        ids = {int(guest.get("id", 0)) for guest in asked.iter("guest")}
        if self.quirks.applies_changes:
            self.passes = {k: guest for k, guest in self.passes.items() if guest.id not in ids}
        return _response(asked)

    def _docmd_stamgr(self, asked):
        mac = asked.find(".//client").get("client")
        if self.quirks.applies_changes and mac not in self.blocked:
            self.blocked.append(mac)
        return _response(asked)

    def _updobj_acl_list(self, asked):
        if self.quirks.applies_changes:
            self.blocked = [rule.get("mac") for rule in asked.iter("deny")]
        return _response(asked)

    # -- how things are told ----------------------------------------------------------------

    def _ends(self, guest):
        if self.quirks.counts_from_issue:
            return guest.created + guest.seconds
        return guest.started + guest.seconds if guest.started else guest.created + VALID

    def _forget_expired(self):
        self.passes = {
            k: guest for k, guest in self.passes.items() if self._ends(guest) > self.now()
        }

    def _facts(self, guest):
        started = guest.created if self.quirks.counts_from_issue else guest.started
        facts = {
            "created-by": "admin",
            "countdown-by-issued": str(self.quirks.counts_from_issue).lower(),
            "shared-guestpass": "true",
            "role-id": "2147483647",
            "share-number": guest.share_number,
            "remarks": guest.remarks,
            "create-time": int(guest.created + self.skew),
            "start-time": int(started + self.skew) if started else "",
            "expire-time": int(self._ends(guest) + self.skew),
            "valid-time": guest.seconds,
            "id": guest.id,
            "x-key": guest.key,
        }
        if guest.started:
            facts["used"] = "true"
        if self.quirks.old_names:
            return facts | {"full-name": guest.name, "wlan": guest.ssid, "key": guest.key}
        return facts | {"name": guest.name, "ssid": guest.ssid}


def _element(tag, facts):
    text = "".join(f" {name}={quoteattr(str(value))}" for name, value in facts.items())
    return f"<{tag}{text} />"


def _response(asked, content=""):
    head = '<?xml version="1.0" encoding="utf-8"?><!DOCTYPE ajax-response>'
    wrapped = f'<response type="object" id="{asked.get("updater", "DEH")}">{content}</response>'
    text = f"<ajax-response>{wrapped}</ajax-response>"
    return Reply(f"{head}{text}\n".encode(), 200, {"Content-Type": "text/xml"})


def _json(**told):
    return Reply(f"\n{json.dumps(told)}\n".encode())


def _see(path):
    return Reply(b"", 302, {"Location": path})


def _cookie(request):
    parts = request.headers.get("cookie", "").split(";")
    named = dict(part.strip().rpartition("=")[::2] for part in parts)
    return named.get("-ejs-session-")


def _certificate():
    """Make a certificate that nobody signed; return the server's side and its fingerprint."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Ruckus")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain
    ) + certificate.public_bytes(serialization.Encoding.PEM)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "box.pem"
        path.write_bytes(pem)
        context.load_cert_chain(path)
    der = certificate.public_bytes(serialization.Encoding.DER)
    return context, sha256(der).hexdigest()
