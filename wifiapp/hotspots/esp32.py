"""The driver of the ESP32 portal: access point, captive portal and token store in one box.

What firmwares do differently is found out, never asked for: no body of `disable` is believed, a
list is counted, what a lost answer left behind is looked up. A box is known by its SSID.
"""

import contextlib
import re
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from wifiapp.hotspots.clocks import BoxClock
from wifiapp.hotspots.driver import (
    Access,
    Capabilities,
    HotspotError,
    Identity,
    Incapable,
    Made,
    Network,
    Order,
    Rejected,
    SeenToken,
    Sighting,
    Unsure,
    WrongBox,
)
from wifiapp.hotspots.esp32_making import make
from wifiapp.hotspots.esp32_reading import has_details, objects, read_macs, read_token, strange
from wifiapp.hotspots.esp32_store import MOST, TokenStore, chunks
from wifiapp.hotspots.esp32_wire import Answer, Pace, Unknown, Wire, as_count, opened
from wifiapp.hotspots.plain import text_of

CAPABILITIES = Capabilities(
    max_batch=MOST, chooses_codes=True, can_extend=True, block_by_token=True
)
PACE = Pace()
CLOSER_LOOKS = 20  # tokens asked for one by one in a look, where only that tells the devices
LONGEST_REASON = 31


@contextlib.asynccontextmanager
async def connect(access: Access, pace: Pace | None = None) -> AsyncIterator["Esp32"]:
    """Open a conversation with the registered box; its secret goes to no other one."""
    async with opened(access, pace or PACE) as wire:
        box = Esp32(wire, access.serial)
        await box.meet()
        yield box


class Esp32:
    """One conversation with one portal."""

    capabilities = CAPABILITIES

    def __init__(self, wire: Wire, serial: str | None) -> None:
        self._wire, self._serial = wire, serial
        self._store = TokenStore(wire)

    async def meet(self) -> None:
        """Ask for the SSID, which takes no secret; raise `WrongBox` for another one's."""
        ssid = text_of((await self._wire.get_openly("/api/ap/info")).get("ap_ssid"))
        if ssid is None:
            raise strange("no name of its network")
        if self._serial not in {None, ssid}:
            raise WrongBox(
                f"Another box answers there: its network is “{ssid}” and not “{self._serial}”. "
                "It was asked nothing more.",
                found=ssid,
            )
        self._serial = ssid

    async def identify(self) -> Identity:
        identity, _ = await self._health()
        await self._store.first_page()
        return self._with_slots(identity)

    async def look(self, watched: Collection[str]) -> Sighting:
        identity, clock = await self._health()
        items, is_complete = await self._store.listing()
        listed = {item["token"]: item for item in items}
        missing = [code for code in watched if code not in listed]
        if is_complete and missing:  # a second opinion, since their time would be up
            found = await self._store.known(missing)
            is_complete = not found
            listed |= found
        tokens = {code: self._read(item, clock) for code, item in listed.items()}
        in_use = [c for c, token in tokens.items() if token.state == "ACTIVE" or c in watched]
        for code, item in (await self._details(in_use, listed)).items():
            tokens[code] = self._read(item, clock)
        return Sighting(
            at=clock.now,
            identity=self._with_slots(identity),
            tokens=tuple(tokens.values()),
            is_complete=is_complete,
            blocked=None,
        )

    async def make(self, order: Order) -> Made:
        return await make(self._wire, self._store, order)

    async def find(self, codes: Sequence[str]) -> dict[str, SeenToken]:
        _, clock = await self._health()
        found = await self._store.known(codes)
        return {code: self._read(item, clock) for code, item in found.items()}

    async def revoke(self, codes: Sequence[str]) -> frozenset[str]:
        """Disable the tokens; a code counts as gone when asking for it says so."""
        gone: set[str] = set()
        try:
            for chunk in chunks(codes):
                await self._disable(chunk)
                left = await self._store.known(chunk)
                for code in left if len(chunk) > 1 else ():  # older firmwares took the first alone
                    await self._disable([code])
                if left and len(chunk) > 1:
                    left = await self._store.known(list(left))
                gone |= set(chunk) - set(left)
        except HotspotError:
            if not gone:
                raise
        return frozenset(gone)

    async def extend(self, code: str) -> SeenToken:
        _, clock = await self._health()
        before = await self._known(code, clock)
        if before.state == "UNUSED":
            raise Rejected("It was not used yet: extending it would start its time.")
        try:
            await self._wire.post("/api/token/extend", {"token": code})
        except Unsure:
            after = await self._known(code, clock)
            if not _is_later(after, before):
                raise
            return after
        return await self._known(code, clock)

    async def block(self, mac: str, reason: str, token: str | None = None) -> None:
        if token is None:
            raise Incapable("An ESP32 blocks a device by a token that it uses.")
        note = re.sub(r"[^A-Za-z0-9.:_]+", "-", reason).strip("-")[:LONGEST_REASON] or "blocked"
        with contextlib.suppress(Unsure):
            form = {"token": token, "mac": mac, "reason": note}
            await self._wire.post("/api/mac/blacklist", form)
        if mac not in await self.blocked():
            raise Rejected("It did not block the device; it may no longer be on this token.")

    async def unblock(self, mac: str) -> None:
        with contextlib.suppress(Unsure, Unknown):
            await self._wire.post("/api/mac/remove", {"mac": mac, "list": "blacklist"})
        if mac in await self.blocked():
            raise Rejected("It still blocks the device.")

    async def blocked(self) -> frozenset[str]:
        answer = await self._wire.get("/api/mac/list", {})
        return frozenset(read_macs(objects(answer, "blacklist")))

    async def _disable(self, codes: list[str]) -> None:
        """Send both spellings; what came of it is looked up, whatever is answered."""
        with contextlib.suppress(Unsure, Unknown):
            form = {"token": codes[0], "tokens": ",".join(codes)}
            await self._wire.post("/api/token/disable", form, page=len(codes) > 1)

    async def _known(self, code: str, clock: BoxClock) -> SeenToken:
        item = (await self._store.known([code])).get(code)
        if item is None:
            raise Rejected("It does not know this token.")
        return self._read(item, clock)

    def _read(self, item: Answer, clock: BoxClock) -> SeenToken:
        return read_token(item, clock, str(self._serial))

    async def _health(self) -> tuple[Identity, BoxClock]:
        health = await self._wire.get_openly("/api/health")
        clock = BoxClock.read(as_count(health.get("current_time")))
        uptime, most = as_count(health.get("uptime_seconds")), as_count(health.get("max_tokens"))
        if uptime is None or most is None:
            raise strange("no word on its health")
        identity = Identity(
            serial=str(self._serial),
            model="ESP32",
            networks=(Network(str(self._serial)),),
            clock_offset=clock.offset,
            booted_at=clock.ago(uptime),
            max_tokens=most,
        )
        return identity, clock

    def _with_slots(self, identity: Identity) -> Identity:
        return replace(identity, free_slots=self._store.free_slots)

    async def _details(self, codes: Iterable[str], listed: dict[str, Answer]) -> dict[str, Answer]:
        """Return what is said of tokens in use: of all at once, of some one by one if need be."""
        newest = sorted(codes, key=lambda code: as_count(listed[code].get("last_seen")) or 0)[::-1]
        found = await self._store.infos(newest)
        for code in [c for c in newest if not has_details(found.get(c, {}))][:CLOSER_LOOKS]:
            if item := await self._store.info(code):
                found[code] = item
        return found


def _is_later(after: SeenToken, before: SeenToken) -> bool:
    if after.expires_at is None or before.expires_at is None:
        return after.first_used_at != before.first_used_at
    return after.expires_at - before.expires_at > timedelta(minutes=1)
