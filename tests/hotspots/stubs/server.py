"""A small HTTP server in threads that can go wrong in every way a real box does."""

import json
import socket
import ssl
import struct
import threading
from dataclasses import dataclass, field

READ = 1024  # bytes that the firmware reads at once
HTML = b"<!DOCTYPE html><html><body><form>Sign in to your router</form></body></html>"

# Faults that come before the request is carried out, and those that spoil its answer.
BEFORE = {"busy", "busy without a word", "html", "error", "hang up"}
AFTER = {"slow", "garbage", "reset", "truncated", "lost", "half", "half headless", "silent"}


@dataclass
class Request:
    method: str
    path: str
    query: str
    headers: dict
    body: bytes
    came_at_once: bool  # the body with the head, in the first read


@dataclass
class Reply:
    body: bytes = b""
    status: int = 200
    headers: dict = field(default_factory=dict)

    @classmethod
    def of(cls, value, status=200, **headers):
        """Reply with JSON."""
        head = {"Content-Type": "application/json"} | headers
        return cls(json.dumps(value).encode(), status, head)


class Crashed(Exception):
    """The box is gone without an answer."""


@dataclass
class Fault:
    kind: str
    path: str
    times: int
    after: int  # requests of the path that still go well


class StubServer:
    """Serves `answer(request)` on a free port of 127.0.0.1 while it is entered."""

    def __init__(self, port=0, tls=None):
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", port))
        self.host, self.port = self._listener.getsockname()
        self.address = f"{self.host}:{self.port}"
        self.requests = []
        self.is_silent = False
        self._faults = []
        self._threads = []
        self._calm = threading.Event()
        self._lock = threading.Lock()
        self._end = threading.Event()

    def __enter__(self):
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exc):
        self.stop()

    def stop(self):
        """Be gone: nothing listens there any more."""
        if self._end.is_set():
            return
        self._end.set()
        self.recover()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    def fail(self, kind, path="", times=1, after=0):
        """Go wrong on the next requests whose path begins so; `after` of them go well first."""
        assert kind in BEFORE | AFTER, kind
        self._faults.append(Fault(kind, path, times, after))

    def recover(self):
        """Forget the faults, and let go of those who still wait because of one."""
        self._faults.clear()
        self.is_silent = False
        self._calm.set()
        for thread in self._threads:
            thread.join(5)
        self._threads.clear()
        self._calm.clear()

    def asked(self, path):
        """Return the requests for a path so far."""
        return [request for request in self.requests if request.path.startswith(path)]

    # -- what a box brings ------------------------------------------------------------------

    def answer(self, request):
        raise NotImplementedError

    def busy(self, is_told):
        return Reply(b"busy", 503, {"Retry-After": "5"} if is_told else {})

    # -- connections ------------------------------------------------------------------------

    def _accept(self):
        while not self._end.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def _serve(self, connection):
        try:
            connection.settimeout(20)
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with connection:
                request = _read(connection)
                if request:
                    self._carry_out(request, connection)
        except (OSError, ssl.SSLError):
            return  # the other side hung up, or refused our certificate

    def _carry_out(self, request, connection):
        with self._lock:
            self.requests.append(request)
            kind = self._fault(request.path)
        if self.is_silent:
            self._calm.wait(60)
            return
        try:
            reply = self._spoilt(kind) if kind in BEFORE else self.answer(request)
        except Crashed:
            reply = None
        if reply is None:
            _cut(connection)
        else:
            self._send(connection, reply, kind)

    def _fault(self, path):
        for fault in self._faults:
            if not path.startswith(fault.path):
                continue
            if fault.after:
                fault.after -= 1
                continue
            if fault.times:
                fault.times -= 1
                return fault.kind
        return None

    def _spoilt(self, kind):
        if kind == "hang up":
            return None
        if kind == "html":
            return Reply(HTML, 200, {"Content-Type": "text/html"})
        if kind == "error":
            return Reply(b"Internal Server Error", 500)
        return self.busy(is_told=kind == "busy")

    def _send(self, connection, reply, kind):
        body = reply.body
        if kind in {"half", "half headless"}:
            body = body[: len(body) // 2]
        length = len(reply.body) if kind != "half" else len(body)
        head = {"Content-Length": length, "Connection": "close"} | reply.headers
        if kind == "half headless":
            del head["Content-Length"]
        lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
        text = f"HTTP/1.1 {reply.status} {reply.status}\r\n{lines}\r\n".encode()
        if kind == "silent":
            self._calm.wait(60)
        elif kind == "lost":
            _cut(connection)
        elif kind == "garbage":
            connection.sendall(b"SSH-2.0-dropbear\r\n\r\n")
        elif kind == "slow":
            self._trickle(connection, text + body)
        elif kind in {"reset", "truncated"}:
            connection.sendall(text + body[: len(body) // 2])
            if kind == "reset":
                _cut(connection)
        else:
            connection.sendall(text + body)

    def _trickle(self, connection, text):
        for byte in text:
            connection.sendall(bytes([byte]))
            if self._calm.wait(1):
                return


def _read(connection):
    """Read one request; None when nothing was sent."""
    text = connection.recv(READ)
    while text and b"\r\n\r\n" not in text:
        more = connection.recv(READ)
        if not more:
            return None
        text += more
    if not text:
        return None
    head, _, body = text.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
    length = int(headers.get("content-length", 0))
    came_at_once = len(body) >= length
    while len(body) < length:
        body += connection.recv(READ)
    path, _, query = target.partition("?")
    return Request(method, path, query, headers, body, came_at_once)


def _cut(connection):
    """Close with a reset instead of a goodbye."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
