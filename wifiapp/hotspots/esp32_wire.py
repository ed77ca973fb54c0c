"""Speaking with an ESP32: one small request after the other, and which answers are believed.

The secret is in the query of a GET, so no URL ever goes into a message or a log, and the errors
of aiohttp, which may name one, end here.
"""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import aiohttp
from yarl import URL

from wifiapp.hotspots.driver import (
    Access,
    Busy,
    Denied,
    Full,
    HotspotError,
    Rejected,
    Unreachable,
    Unsure,
)
from wifiapp.hotspots.reaching import sockets_for, unreached

Answer = dict[str, Any]
Fields = Mapping[str, str | int]

TRIES = 3  # of a request that the box was too busy for
LARGEST = 256 * 1024  # bytes of an answer; a page of 20 tokens has about 8 KB
LONGEST_WAIT = 30.0  # seconds
MOST = 2**31 - 1  # of anything that it counts, and the moments that it knows end there
ADDRESS = re.compile(r"([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?")
# Nothing is decoded at the other end, so nothing may need encoding.
PLAIN = re.compile(r"[A-Za-z0-9._~,:@!*()/-]+")
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
FULL = {"TOKEN_LIMIT_REACHED", "NO_SLOTS_AVAILABLE"}
NOT_CONNECTED = aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL
UNSENT = ("Accept", "Accept-Encoding", "User-Agent")  # head and body fit one read of 1 KB


@dataclass(frozen=True)
class Pace:
    """How gently a box is treated, in seconds; a test may bring a `sleep` of its own."""

    single: float = 0.1
    page: float = 0.5
    read: float = 5.0
    change: float = 15.0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


class Unknown(Rejected):
    """There is no such token, or no such call."""


class Lost(Unreachable):
    """A request may have arrived, but there is no answer to believe."""


class Wire:
    """One request at a time, each after the pause that the one before it has earned."""

    def __init__(self, session: aiohttp.ClientSession, access: Access, pace: Pace) -> None:
        self._session, self._access, self._pace = session, access, pace
        self._pause = 0.0

    async def get(self, path: str, query: Fields, *, page: bool = False) -> Answer:
        """Ask with the secret; a lost answer is asked for once more, silence is not."""
        text = _written({"api_key": self._access.secret, **query})
        return await self._ask(self._url(path, text), page=page)

    async def get_openly(self, path: str) -> Answer:
        """Ask for what needs no secret; some firmwares leave out `success` there."""
        return await self._ask(self._url(path), is_open=True)

    async def post(self, path: str, form: Fields, *, page: bool = False) -> Answer:
        """Change something; raises `Unsure` when that may have been done or not."""
        url = self._url(path)
        body = _written({"api_key": self._access.secret, **form}).encode()
        try:
            return await self._change(url, body, page=page)
        except Rejected as error:
            if "missing required" not in str(error).lower():
                raise
            return await self._change(url, body, page=page)  # the body had come after the head

    async def _ask(self, url: URL, *, page: bool = False, is_open: bool = False) -> Answer:
        try:
            return await self._send("GET", url, page=page, is_open=is_open)
        except Lost:
            return await self._send("GET", url, page=page, is_open=is_open)

    async def _change(self, url: URL, body: bytes, *, page: bool) -> Answer:
        try:
            return await self._send("POST", url, body, page=page)
        except Lost as error:
            raise Unsure(f"{error} Whether the change was made is not known.") from None

    def _url(self, path: str, query: str = "") -> URL:
        url, address = None, self._access.address
        if ADDRESS.fullmatch(address):
            text = f"http://{address}{path}"
            with contextlib.suppress(ValueError):
                url = URL(f"{text}?{query}" if query else text, encoded=True)
        if url is None:
            raise Unreachable(f"{address} is not an address. Nothing was sent.")
        return url

    async def _send(
        self,
        method: str,
        url: URL,
        body: bytes | None = None,
        *,
        page: bool = False,
        is_open: bool = False,
    ) -> Answer:
        for _ in range(TRIES):
            await self._pace.sleep(self._pause)
            self._pause = self._pace.page if page else self._pace.single
            status, head, text = await self._exchange(method, url, body)
            if status != HTTPStatus.SERVICE_UNAVAILABLE:
                return self._believed(status, text, is_open=is_open)
            self._pause = _retry_after(head)
        raise Busy("It is too busy to answer. Nothing was changed.", retry_after=self._pause)

    async def _exchange(
        self, method: str, url: URL, body: bytes | None
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Return status, head and body; raise `Lost`, or `Unreachable` when nothing arrived."""
        seconds = self._pace.change if method == "POST" else self._pace.read
        problem: HotspotError
        try:
            async with self._session.request(
                method,
                url,
                data=body,
                headers=FORM if body else None,
                timeout=aiohttp.ClientTimeout(total=seconds, sock_connect=self._pace.read),
                allow_redirects=False,
            ) as response:
                return response.status, response.headers, await _read(response)
        except NOT_CONNECTED as error:
            problem = unreached(error)
        except TimeoutError:
            silent = Lost if method == "POST" else Unreachable
            problem = silent(f"It did not answer within {seconds:g} seconds.")
        except (aiohttp.ClientError, OSError, ValueError):
            problem = Lost("It broke off in the middle of its answer.")
        raise problem  # out here: the library's error is no part of it

    def _believed(self, status: int, text: bytes, *, is_open: bool) -> Answer:
        """Return what the box said, if it is this kind of box and said yes."""
        answer = _parsed(text, is_open=is_open)
        if answer is None:
            raise Lost("What answers there is no ESP32 portal, or its answer was cut short.")
        if status == HTTPStatus.OK and answer.get("success", is_open):
            return answer
        raise self._refusal(status, answer)

    def _refusal(self, status: int, answer: Answer) -> HotspotError:
        code = str(answer.get("error_code") or "")
        words = self._quoted(str(answer.get("error") or code or f"status {status}"))
        if status == HTTPStatus.INSUFFICIENT_STORAGE or code in FULL:
            free = as_count(answer.get("available_slots")) or 0
            return Full(f"It has no room for more tokens: {free} places are free.", free)
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            return Denied(f"It does not accept our secret, or calls from here: {words}")
        if status == HTTPStatus.NOT_FOUND or code == "TOKEN_NOT_FOUND":
            return Unknown(f"It does not know that: {words}")
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return Lost(f"It is not well: {words}")
        return Rejected(f"It refused: {words}")

    def _quoted(self, words: str) -> str:
        """Return the box's own words, short, printable and without the secret."""
        plain = words.replace(self._access.secret, "…") if self._access.secret else words
        return "".join(c for c in plain if c.isprintable())[:120]


@contextlib.asynccontextmanager
async def opened(access: Access, pace: Pace) -> AsyncIterator[Wire]:
    """Open a wire; each request has a connection of its own, since the box closes them anyway."""
    connector = aiohttp.TCPConnector(
        limit=1, force_close=True, socket_factory=sockets_for(access.address)
    )
    async with aiohttp.ClientSession(
        connector=connector, cookie_jar=aiohttp.DummyCookieJar(), skip_auto_headers=UNSENT
    ) as session:
        yield Wire(session, access, pace)


def as_count(value: object) -> int | None:
    """Return a whole number that is not negative and fits a row, or None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST:
        return None
    return value


async def _read(response: aiohttp.ClientResponse) -> bytes:
    text = bytearray()
    async for piece in response.content.iter_any():
        text += piece
        if len(text) > LARGEST:
            raise ValueError("longer than any answer is")
    return bytes(text)


def _written(fields: Fields) -> str:
    for name, value in fields.items():
        if not PLAIN.fullmatch(str(value)):
            what = "secret" if name == "api_key" else f"{name} to be sent"
            raise Rejected(f"The {what} has characters that an ESP32 does not understand.")
    return "&".join(f"{name}={value}" for name, value in fields.items())


def _parsed(text: bytes, *, is_open: bool) -> Answer | None:
    """Return a JSON object that has a boolean `success`, or None."""
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(answer, dict):
        return None
    return answer if isinstance(answer.get("success", is_open or None), bool) else None


def _retry_after(head: Mapping[str, str]) -> float:
    asked = head.get("Retry-After", "")
    return min(float(asked), LONGEST_WAIT) if re.fullmatch(r"[0-9]{1,6}", asked) else 5.0
