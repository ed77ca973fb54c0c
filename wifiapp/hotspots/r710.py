"""The driver of the Ruckus R710 (Unleashed 200.x), by aioruckus.

Passes are made one by one with codes of ours: a batch's own codes could only be told by comparing
lists, and a lost answer could not be repeated. Each change is read back, because the box answers
success also where it changed nothing. A box is known by its serial number and its certificate.
"""

import contextlib
import re
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import replace

from aioruckus.abcsession import ConfigItem
from aioruckus.ajaxsession import AjaxSession
from aioruckus.ajaxtyping import Wlan
from aioruckus.const import SystemStat
from aioruckus.unleashedtojson import parse_ajax_response

from wifiapp.hotspots.clocks import BoxClock
from wifiapp.hotspots.driver import (
    Access,
    Capabilities,
    HotspotError,
    Identity,
    Incapable,
    Made,
    MadeToken,
    Network,
    Order,
    Rejected,
    SeenDevice,
    SeenToken,
    Sighting,
    Unsure,
    WrongBox,
)
from wifiapp.hotspots.r710_reading import (
    Fields,
    joined,
    number,
    read_mac,
    read_network,
    read_pass,
    required,
)
from wifiapp.hotspots.r710_wire import Pin, explained, opened

CAPABILITIES = Capabilities(max_batch=20, chooses_codes=False, needs_username=True, needs_ssid=True)
UNITS = (("week", 7 * 24 * 60), ("day", 24 * 60), ("hour", 60))  # minutes
CODE = re.compile(r"[A-Z0-9-]{2,16}")


@contextlib.asynccontextmanager
async def connect(access: Access) -> AsyncIterator["R710"]:
    """Open a conversation with the registered box; its password goes to no other one."""
    async with opened(access) as (session, pin):
        box = R710(session, pin)
        await box.meet(access.serial)
        yield box


class R710:
    """One conversation with one box, or a network of them that has one master."""

    capabilities = CAPABILITIES

    def __init__(self, session: AjaxSession, pin: Pin) -> None:
        self._session, self._api, self._pin = session, session.api, pin
        self._identity = Identity(serial="")
        self._clock = BoxClock.read(None)

    async def meet(self, serial: str | None) -> None:
        """Ask who it is; raise `WrongBox` for another serial number than the registered one."""
        parts = SystemStat.SYSINFO, SystemStat.TIME
        info = await explained(self._api.get_system_info(*parts))
        system, time = info.get("sysinfo") or {}, info.get("time") or {}
        found = required(system, "serial")
        if serial not in {None, found}:
            raise WrongBox(
                f"Another box answers there: its serial number is {found} and not {serial}. "
                "It was asked nothing more.",
                found=found,
            )
        self._clock = BoxClock.read(number(time, "time"))
        uptime = number(system, "uptime")
        self._identity = Identity(
            serial=found,
            model=system.get("model"),
            firmware=system.get("version"),
            clock_offset=self._clock.offset,
            booted_at=self._clock.ago(uptime) if uptime else None,
            fingerprint=self._pin.fingerprint,
        )

    async def identify(self) -> Identity:
        return replace(self._identity, networks=tuple(await self._networks()))

    async def look(self, watched: Collection[str]) -> Sighting:  # noqa: ARG002 - it tells all
        tokens, strangers = await self._tokens()
        return Sighting(
            at=self._clock.now,
            identity=await self.identify(),
            tokens=tuple(tokens),
            is_complete=True,
            strangers=tuple(strangers),
            blocked=await self.blocked(),
        )

    async def make(self, order: Order) -> Made:
        ssid, terms = await self._ssid(order), _terms(order)
        made: list[MadeToken] = []
        error: HotspotError | None = None
        known = {token.code: token for token in await self._passes()}
        for code in order.codes[: order.count]:
            try:
                token = _same(known.get(code), order, ssid)
                made.append(_made(token or await self._add(order, code, ssid, terms)))
            except HotspotError as refusal:
                error = refusal
                break
        return Made(tuple(made), error)

    async def find(self, codes: Sequence[str]) -> dict[str, SeenToken]:
        tokens, _ = await self._tokens()
        return {token.code: token for token in tokens if token.code in set(codes)}

    async def revoke(self, codes: Sequence[str]) -> frozenset[str]:
        """Remove the passes; gone are those that the list no longer has."""
        there = {token.code for token in await self._passes()} & set(codes)
        if there:
            with contextlib.suppress(Unsure):
                await explained(self._api.do_remove_guest_passes(*sorted(there)), changes=True)
            there &= {token.code for token in await self._passes()}
        return frozenset(codes) - there

    async def extend(self, code: str) -> SeenToken:  # noqa: ARG002
        raise Incapable("A Ruckus cannot begin a pass anew. Sell a new one instead.")

    async def block(self, mac: str, reason: str, token: str | None = None) -> None:  # noqa: ARG002
        with contextlib.suppress(Unsure):
            await explained(self._api.do_block_client(mac), changes=True)
        if mac not in await self.blocked():
            raise Rejected("It did not block the device.")

    async def unblock(self, mac: str) -> None:
        with contextlib.suppress(Unsure):
            await explained(self._api.do_unblock_client(mac), changes=True)
        if mac in await self.blocked():
            raise Rejected("It still blocks the device.")

    async def blocked(self) -> frozenset[str]:
        rules: list[Fields] = list(await explained(self._api.get_blocked_client_macs()))
        return frozenset(read_mac(rule) for rule in rules)

    async def _networks(self) -> list[Network]:
        return [read_network(wlan) for wlan in await explained(self._wlans())]

    async def _wlans(self) -> list[Wlan]:
        """Ask for the networks alone; get_wlans() asks for seven lists of policies beside it."""
        text = await self._session.get_conf_str(ConfigItem.WLANSVC_LIST)
        return parse_ajax_response(text, list[Wlan], redact_secrets=True, decrypt_secrets=False)

    async def _passes(self) -> list[SeenToken]:
        items = await explained(self._api.get_guest_passes())
        return [read_pass(item, self._clock) for item in items]

    async def _tokens(self) -> tuple[list[SeenToken], list[SeenDevice]]:
        passes = await self._passes()
        clients: list[Fields] = list(await explained(self._api.get_active_clients()))
        return joined(passes, clients, self._clock)

    async def _ssid(self, order: Order) -> str:
        guest = [network.ssid for network in await self._networks() if network.is_guest]
        if order.ssid is None and len(guest) == 1:
            return guest[0]
        if order.ssid not in guest:
            wanted = f"“{order.ssid}”" if order.ssid else "Which network is meant, is not said: it"
            raise Rejected(f"{wanted} is none of its guest networks: {', '.join(guest) or 'none'}.")
        return order.ssid

    async def _add(self, order: Order, code: str, ssid: str, terms: tuple[int, str]) -> SeenToken:
        """Make one pass and read it back, also when the answer was lost."""
        lost: HotspotError = Rejected("It said that it made the pass, and did not.")
        try:
            add = self._api.do_add_guest_pass(
                ssid,
                name=code,
                x_key=code,
                duration=terms[0],
                duration_unit=terms[1],
                share_number=order.devices,
                remarks=order.business_id,
            )
            await explained(add, changes=True)
        except Unsure as error:
            lost = error
        found = {token.code: token for token in await self._passes()}
        if token := _same(found.get(code), order, ssid):
            return token
        raise lost


def _terms(order: Order) -> tuple[int, str]:
    """Return the duration in the largest unit that it is a whole number of."""
    if order.download_mb or order.upload_mb:
        raise Incapable("A Ruckus cannot limit the data of a pass.")
    if len(order.codes) < order.count or not all(map(CODE.fullmatch, order.codes)):
        raise Rejected("A Ruckus needs a code of 2 to 16 letters and digits for each pass.")
    for unit, minutes in UNITS:
        if order.minutes > 0 and order.minutes % minutes == 0:
            return order.minutes // minutes, unit
    raise Incapable("A Ruckus counts whole hours, days or weeks.")


def _same(token: SeenToken | None, order: Order, ssid: str) -> SeenToken | None:
    """Return the pass if it is what was ordered; raise `Rejected` when the code is another's."""
    if token is None:
        return None
    if (token.name, token.ssid, token.minutes) != (token.code, ssid, order.minutes):
        raise Rejected(f"The code {token.code} is taken by another pass.")
    return token


def _made(token: SeenToken) -> MadeToken:
    return MadeToken(token.code, token.name, token.redeem_by)
