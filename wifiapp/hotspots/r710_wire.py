"""Speaking with a Ruckus Unleashed: its certificate is pinned, and only whole answers are believed.

aioruckus knows the wire. Around it stands what it leaves open: which box may be spoken with at
all, what a complete answer has to contain, and errors that never hold the password.
"""

import contextlib
import json
import re
import ssl
from collections.abc import AsyncIterator, Awaitable
from hashlib import sha256
from http import HTTPStatus
from typing import TypeVar
from xml.etree import ElementTree as ET

import aiohttp
from aioruckus.ajaxsession import AjaxSession
from aioruckus.const import ERROR_LOGIN_INCORRECT, ERROR_POST_REDIRECTED
from aioruckus.exceptions import AuthenticationError, NotDirectorError
from yarl import URL

from wifiapp.hotspots.driver import (
    Access,
    Denied,
    HotspotError,
    Rejected,
    Unreachable,
    Unsure,
    WrongBox,
)
from wifiapp.hotspots.reaching import sockets_for, unreached

Answer = TypeVar("Answer")

SECONDS = 15  # for each answer
LARGEST = 8 * 1024 * 1024  # bytes of an answer; a guest pass has about 500
TOO_LONG = "Its answer is longer than any answer is."
PARTS = {  # what a whole answer to a question about these contains, even when it is empty
    "guest-list": "resultset",
    "wlansvc-list": "wlansvc-list",
    "acl-list": "acl",
    "stamgr": "apstamgr-stat",
    "system": "sysinfo",
}
BARE_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[0-9A-Fa-f]+);)")


@contextlib.asynccontextmanager
async def opened(access: Access) -> AsyncIterator[tuple[AjaxSession, "Pin"]]:
    """Sign in to the box with the pinned certificate, and sign out in the end."""
    pin = Pin(access.fingerprint)
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            ssl=pin.context, keepalive_timeout=5, socket_factory=sockets_for(access.address)
        ),
        cookie_jar=aiohttp.CookieJar(unsafe=True),  # cookies of IP addresses are kept, too
        timeout=aiohttp.ClientTimeout(total=SECONDS),
        response_class=_Reply,
        middlewares=(_enter, _believe),
    ) as web:
        session = AjaxSession(
            web, access.address, access.username or "", access.secret, redact_secrets=True
        )
        # Not session.login(), which would try another port with the password after it.
        await explained(session.api.login(), pin=pin)
        try:
            yield session, pin
        finally:
            with contextlib.suppress(Exception):  # what was done stands without a goodbye
                await session.close()


class Pin:
    """Lets a handshake through only with this certificate; the first one seen when it is None."""

    def __init__(self, fingerprint: str | None) -> None:
        self.fingerprint = fingerprint
        self.stranger: str | None = None
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.check_hostname = False  # nobody signed it; what counts is that it is the same
        self.context.verify_mode = ssl.CERT_NONE
        self.context.set_ciphers("DEFAULT")  # older firmwares know few others
        self.context.sslobject_class = self._checking()

    def check(self, certificate: bytes) -> None:
        """Raise `ssl.SSLError` for another certificate than the pinned one."""
        found = sha256(certificate).hexdigest()
        self.fingerprint = self.fingerprint or found
        if found != self.fingerprint:
            self.stranger = found
            raise ssl.SSLError("another certificate")

    def _checking(self) -> type[ssl.SSLObject]:
        pin = self

        class Checked(ssl.SSLObject):
            def do_handshake(self) -> None:
                super().do_handshake()
                pin.check(self.getpeercert(binary_form=True) or b"")

            def unwrap(self) -> None:
                with contextlib.suppress(ssl.SSLError):  # a silent box would not say goodbye, too
                    super().unwrap()

        return Checked


async def explained(
    answer: Awaitable[Answer], *, changes: bool = False, pin: Pin | None = None
) -> Answer:
    """Wait for an answer and say in our words what went wrong; lost to a change it is `Unsure`."""
    problem: HotspotError
    try:
        return await answer
    except HotspotError:
        raise
    except AuthenticationError as error:
        problem = _denied(error)
    except Exception as error:  # noqa: BLE001 - a strange answer makes the library fail anyhow
        problem = _problem(error, changes=changes)
    if pin and pin.stranger:
        problem = WrongBox(
            "Another box answers there, with another certificate. It was not told the password.",
            found=pin.stranger,
        )
    raise problem  # out here: the library's error, which may name the URL, is no part of it


def _denied(error: AuthenticationError) -> HotspotError:
    if str(error) == ERROR_LOGIN_INCORRECT:
        return Denied("It does not accept the user name and the password.")
    if str(error) == ERROR_POST_REDIRECTED:
        return Denied("It signed us in but does not let this user ask or change anything.")
    return Denied("It does not let us in.")


def _problem(error: Exception, *, changes: bool) -> HotspotError:
    lost = Unsure if changes else Unreachable
    if isinstance(error, NotDirectorError):  # the library's word for all that may happen at first
        error = error.__cause__ if isinstance(error.__cause__, Exception) else error
    if isinstance(error, aiohttp.ClientConnectorError) and not isinstance(
        error, aiohttp.ClientSSLError
    ):
        return unreached(error)
    if isinstance(error, TimeoutError):
        return lost("It did not answer in time.")
    if isinstance(error, (aiohttp.ClientError, OSError)):
        return lost("It broke off, or what answers there is no Ruckus Unleashed.")
    if changes and type(error) is ValueError:  # how the library passes on a refusal
        words = "".join(c for c in str(error) if c.isprintable())[:120]
        return Rejected(f"It refused: {words}")
    return lost("It gave an answer that makes no sense.")


class _Reply(aiohttp.ClientResponse):
    """An answer; the box leaves ampersands in names of networks as they are, which XML forbids."""

    async def read(self) -> bytes:
        """Read the answer unless it is endless: not every one says how long it is."""
        if self._body is None:
            try:
                self._body = await self._piece_by_piece()
            except BaseException:
                self.close()
                raise
        return await super().read()

    async def _piece_by_piece(self) -> bytes:
        text = bytearray()
        async for piece in self.content.iter_any():
            text += piece
            if len(text) > LARGEST:
                raise Unreachable(TOO_LONG)
        return bytes(text)

    async def text(self, encoding: str | None = None, errors: str = "strict") -> str:
        text = await super().text(encoding, errors)
        return BARE_AMPERSAND.sub("&amp;", text) if text.lstrip().startswith("<") else text


async def _enter(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Follow a sign-in to the dashboard: some firmwares open the session only there."""
    response = await handler(request)
    target = response.headers.get("Location", "")
    if "password" in request.url.query and target.endswith("/dashboard.jsp"):
        await response.read()
        request.session.cookie_jar.update_cookies(response.cookies, response.url)
        async with request.session.get(response.url.join(URL(target)), allow_redirects=False):
            pass
    return response


async def _believe(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Let an answer through if it is whole; otherwise it would look like an empty one.

    A redirect to a line that is not encrypted, where nothing is pinned, is not followed.
    """
    if request.url.scheme != "https":
        raise Unreachable("It asks for the password on a line that is not encrypted.")
    asked = request.body.decode() if request.body else ""
    response = await handler(request)
    if (response.content_length or 0) > LARGEST:
        raise Unreachable(TOO_LONG)
    if request.method == "POST" and response.status == HTTPStatus.OK:
        _check(request.url.name, asked, await response.text(errors="replace"))
    return response


def _check(page: str, asked: str, text: str) -> None:
    if page == "mon_createguest.jsp":
        if not _has_result(text):
            raise Unsure("It did not say whether it made the pass.")
        return
    if not text.strip():
        return  # the library knows where that is allowed
    is_question = "getconf" in asked or "getstat" in asked
    lost = Unreachable if is_question else Unsure
    try:
        answer, question = ET.fromstring(text), ET.fromstring(asked)  # noqa: S314 - expat limits both
    except ET.ParseError:
        raise lost("Its answer was cut short, or is not a Ruckus Unleashed's.") from None
    part = PARTS.get(question.get("comp", "")) if is_question else "response"
    if answer.tag != "ajax-response" or (part and answer.find(f".//{part}") is None):
        raise lost("Its answer is not whole.")


def _has_result(text: str) -> bool:
    try:
        answer = json.loads(text[text.find("{") :])
    except ValueError:
        return False
    return isinstance(answer, dict) and "result" in answer
