"""What a good look at a hotspot changes: one pure function over the rows and the sighting.

Nothing is decided by what was not said: a token without a word on its devices, or one that lacks
in a listing that is not complete, leaves them as they are. One look without a device does not
end its session: that takes `patience`, and then it ended when the device was last seen. What a
portal pushed ends the sessions of those of whom it says so.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from wifiapp.columns import new_id
from wifiapp.hotspots.driver import SeenDevice, SeenToken, Sighting
from wifiapp.polling import token_rules
from wifiapp.polling.pushed import not_less
from wifiapp.polling.state import (
    MOST_A_SECOND,
    NEAR,
    Before,
    Changes,
    Device,
    Growth,
    Profile,
    Session,
    Token,
)

KIND = 40  # characters of a device's type
BETWEEN = timedelta(seconds=10)  # after the last look at least, a connection is another one


def changes_of(before: Before, sighting: Sighting) -> Changes:
    """Return what the look changes."""
    look = _Look(before, sighting, Changes(), _carried(before.counts_from, sighting.at))
    seen = {each.code: each for each in sighting.tokens}
    for code, token in before.tokens.items():
        if code in seen:
            look.token_seen(token, seen[code])
        elif sighting.is_complete:
            look.token_missing(token)
        elif sighting.pushed:
            look.token_unnamed(token)
    look.changes.foreign = len(seen.keys() - before.tokens.keys())
    return look.changes


def _carried(since: datetime | None, at: datetime) -> Growth:
    """Return by how much all counters together can have grown since the last look."""
    seconds = max(at - since, timedelta()) if since else timedelta()
    most = int((seconds + NEAR).total_seconds() * MOST_A_SECOND)
    return Growth(most, most)


@dataclass
class _Look:
    before: Before
    sighting: Sighting
    changes: Changes
    carried: Growth

    @property
    def at(self) -> datetime:
        return self.sighting.at

    # -- tokens --------------------------------------------------------------------------------

    def token_seen(self, token: Token, seen: SeenToken) -> None:
        now = token_rules.token_seen(token, seen, self.at)
        growth = token_rules.growth(token, seen, self.before.looked_at)
        if growth:
            growth = self._believed(growth)
            self.changes.usage[token.id].add(growth)
        if now != token:
            self.changes.tokens.append((now, token.status))
        if seen.devices is None:
            return
        online = {each.mac: each for each in seen.devices if each.is_online}
        shares = growth if growth and len(online) == 1 else Growth()
        for device in online.values():
            self._online(now, device, shares, is_counted=growth is None)
        gone = {each.mac: each for each in seen.devices if each.mac not in online}
        for device in gone.values():
            self._was_there(now, device)
        self._absent(now, online.keys(), gone)

    def token_missing(self, token: Token) -> None:
        now = token_rules.token_missing(token, self.at)
        if now != token:
            self.changes.tokens.append((now, token.status))
        if token_rules.is_lost(token, now):
            self.changes.lost.append(now)
        self._absent(now)

    def token_unnamed(self, token: Token) -> None:
        """Take in that a push said nothing of a token."""
        self._absent(token)

    # -- devices that are there ----------------------------------------------------------------

    def _online(self, token: Token, seen: SeenDevice, shares: Growth, *, is_counted: bool) -> None:
        """Take in a device that is online; `shares` is its part of what the token itself grew."""
        known = self._devices_of(token).get(seen.mac)
        since = self._since(token, seen.connected_at)
        device = Device(
            id=known.id if known else new_id(),
            token_id=token.id,
            mac=seen.mac,
            is_online=True,
            ip=seen.ip or seen.ipv6 or (known.ip if known else None),
            first_seen=known.first_seen if known else since,
            last_seen=max(known.last_seen, self.at) if known else self.at,
        )
        self.changes.devices.append(device)
        self._profile(token, seen, device.first_seen)
        session = self._running(known, seen) if known else None
        if session is None:
            session = self._begun(device, known, since)
        base = self._base(session, known, seen)
        if self.sighting.pushed and seen.connected_at:
            seen = not_less(seen, base)
        growth = self._counted(base, seen)
        if is_counted and (seen.bytes_down is not None or seen.bytes_up is not None):
            self.changes.counted.add(token.id)
            self.changes.usage[token.id].add(growth)
        growth.add(shares)
        now = _described(session, seen, growth)
        if known is None or now != known.session:
            self.changes.sessions.append(now)

    def _since(self, token: Token, moment: datetime | None) -> datetime:
        """Return since when a device is there with the token; a portal knows it only by itself."""
        moment = min(moment or self.at, self.at)
        return max(moment, min(token.created_at, self.at)) if self.sighting.pushed else moment

    def _running(self, known: Device, seen: SeenDevice) -> Session | None:
        """Return the session that goes on; end the one that gave way to another."""
        session = known.open_session
        if session is None:
            return None
        if self._restarted_after(known):
            self._end(session, known.last_seen, "HOTSPOT_RESTARTED")
        elif seen.connected_at and seen.connected_at > min(
            session.started_at + NEAR, known.last_seen + BETWEEN
        ):
            self._end(session, min(known.last_seen, seen.connected_at), "LEFT")
        else:
            return session
        return None

    def _begun(self, device: Device, known: Device | None, since: datetime) -> Session:
        """Return a new session, which begins after the one before."""
        if known and known.session:
            since = max(since, known.session.ended_at or known.last_seen)
        return Session(new_id(), device.id, since)

    def _base(self, session: Session, known: Device | None, seen: SeenDevice) -> Session:
        """Return the session whose counters go on."""
        if known and known.session and session.counter_down is None:
            ended = known.session.ended_at
            if ended and seen.connected_at and seen.connected_at <= ended:
                return known.session  # taken for gone, and it was not
        return session

    def _counted(self, base: Session, seen: SeenDevice) -> Growth:
        """Return by how much the counters of the connection grew since the last look."""
        is_new = base.counter_down is None and base.counter_up is None
        looked_at = self.before.counts_from
        began = seen.connected_at or (self.sighting.identity.booted_at if is_new else None)
        if is_new and (looked_at is None or began is None or began <= looked_at):
            return Growth()  # it ran before anybody looked: nobody knows when it grew
        return self._believed(
            Growth(
                _grown(base.counter_down, seen.bytes_down), _grown(base.counter_up, seen.bytes_up)
            )
        )

    def _believed(self, growth: Growth) -> Growth:
        """Return the growth, none when no line carries so much: counters that jump would add up."""
        if self.carried.take(growth):
            return growth
        self.changes.unbelieved += 1
        return Growth()

    def _was_there(self, token: Token, seen: SeenDevice) -> None:
        """Keep a device that came and went between two looks."""
        if seen.mac in self._devices_of(token):
            return
        then = self._since(token, seen.last_seen)
        self.changes.devices.append(
            Device(new_id(), token.id, seen.mac, False, seen.ip or seen.ipv6, then, then)
        )
        self._profile(token, seen, then)

    def _profile(self, token: Token, seen: SeenDevice, since: datetime) -> None:
        known = self.before.profiles.get((token.business_id, seen.mac))
        hostname = seen.hostname or (known.hostname if known else None)
        device_type = (seen.device_type or "")[:KIND] or (known.device_type if known else None)
        if known:
            since = known.since
        profile = Profile(token.business_id, seen.mac, hostname, device_type, since)
        if profile != known:
            self.changes.profiles[token.business_id, seen.mac] = profile

    # -- devices that are not ------------------------------------------------------------------

    def _absent(
        self,
        token: Token,
        online: Collection[str] = (),
        gone: Mapping[str, SeenDevice] = MappingProxyType({}),
    ) -> None:
        """End what is certain to be over on a token whose devices were told."""
        for mac, device in self._devices_of(token).items():
            if mac in online or not (device.is_online or device.open_session):
                continue
            if self.sighting.pushed:
                ending = self._pushed_ending(token, device, gone.get(mac))
            else:
                ending = self._ending(token, device)
            if ending:
                self.changes.devices.append(replace(device, is_online=False))
                if device.open_session:
                    self._end(device.open_session, *ending)

    def _ending(self, token: Token, device: Device) -> tuple[datetime, str] | None:
        """Return when and why a device that was not seen had gone; None while it may be back."""
        last, looked_at = device.last_seen, self.before.looked_at
        booted = self.sighting.identity.booted_at
        over = token_rules.over_at(token, self.at)
        restarted = booted if self._restarted_after(device) else None
        missed = looked_at if looked_at and last < looked_at else None  # by a look before this
        if over and over <= min(restarted or over, missed or over):
            return max(over, last), "EXPIRED"
        if restarted:
            return last, "HOTSPOT_RESTARTED"
        if self.sighting.blocked and device.mac in self.sighting.blocked:
            return last, "BLOCKED"
        if over or self.at - last >= self.before.patience:
            return last, "LEFT" if missed else "TIMED_OUT"
        return None

    def _pushed_ending(
        self, token: Token, device: Device, gone: SeenDevice | None
    ) -> tuple[datetime, str] | None:
        """Return when and why a device that a push did not call online had gone.

        One that it does not name has not left, but does not outlive its token by more than
        `patience` either.
        """
        last, patience = device.last_seen, self.before.patience
        if gone:
            return max(last, gone.last_seen or last), "LEFT"
        if self.sighting.names_all:
            return self._ending(token, device)
        over = token_rules.over_at(token, self.at)
        if over is None or self.at - max(over, last) < patience:
            return None
        return (max(over, last), "EXPIRED") if over - last < patience else (last, "TIMED_OUT")

    def _devices_of(self, token: Token) -> Mapping[str, Device]:
        return self.before.devices.get(token.id, {})

    def _restarted_after(self, device: Device) -> bool:
        booted = self.sighting.identity.booted_at
        return booted is not None and booted > device.last_seen

    def _end(self, session: Session, at: datetime, reason: str) -> None:
        end = max(session.started_at, min(at, self.at))
        self.changes.ended.append(replace(session, ended_at=end, end_reason=reason))


def _described(session: Session, seen: SeenDevice, growth: Growth) -> Session:
    """Return the session with what the look says of it; what it does not say stays."""
    return replace(
        session,
        ip=seen.ip or session.ip,
        ipv6=seen.ipv6 or session.ipv6,
        ssid=seen.ssid or session.ssid,
        access_point=seen.access_point or session.access_point,
        signal=seen.signal if seen.signal is not None else session.signal,
        bytes_down=session.bytes_down + growth.down,
        bytes_up=session.bytes_up + growth.up,
        counter_down=session.counter_down if seen.bytes_down is None else seen.bytes_down,
        counter_up=session.counter_up if seen.bytes_up is None else seen.bytes_up,
    )


def _grown(before: int | None, now: int | None) -> int:
    if now is None:
        return 0
    return now - before if before is not None and now >= before else now
