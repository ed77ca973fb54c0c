"""Any sequence of polls, failures, restarts and clocks beside a simple world: what must hold."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from tests.polling.looks import NOON, Box, active, gone, there, unused
from wifiapp.db import db
from wifiapp.devices.models import DeviceSession, TokenUsage, WifiTokenDevice
from wifiapp.hotspots.driver import Denied, SeenToken, Unreachable

PATIENCE = timedelta(seconds=180)
MACS = ["AC:DE:48:00:00:01", "AC:DE:48:00:00:02"]
WHO = st.integers(0, 1)
WAITS = st.sampled_from([1, 30, 30, 90, 200, 1000])
STEPS = st.one_of(
    st.tuples(st.just("join"), WHO),
    st.tuples(st.just("leave"), WHO),
    st.tuples(st.just("traffic"), WHO, st.integers(1, 10**7)),
    st.tuples(st.just("look"), st.sampled_from(["whole", "whole", "mute", "blink"])),
    st.tuples(st.just("look"), st.sampled_from(["whole", "whole", "no devices", "half"])),
    st.tuples(st.just("miss"), st.sampled_from([Unreachable, Denied])),
    st.tuples(st.just("restart")),
    st.tuples(st.just("clock"), st.integers(-7200, 7200)),
)


@dataclass
class Connection:
    since: object
    bytes: int = 0
    told: int | None = None  # where the counter stood at the last look that showed it


@dataclass
class World:
    """A hotspot with one token that every device uses, in truth; and what was seen of it."""

    box: Box
    token: object
    now: object = NOON
    skew: timedelta = timedelta()  # of what the hotspot says beside our own clock
    on: dict = field(default_factory=dict)
    seen: dict = field(default_factory=dict)  # MAC -> (connection, moment) of the last look at it
    looked_at: object = None
    told_at: object = None  # the last look that told who is there
    counted: int = 0
    last_seen: dict = field(default_factory=lambda: defaultdict(lambda: NOON - timedelta(days=9)))

    def join(self, n):
        self.on.setdefault(MACS[n], Connection(self.now))

    def leave(self, n):
        self.on.pop(MACS[n], None)

    def traffic(self, n, count):
        if MACS[n] in self.on:
            self.on[MACS[n]].bytes += count

    def restart(self):
        self.on.clear()
        self.box.booted_at = self.now

    def clock(self, seconds):
        self.skew = timedelta(seconds=seconds)

    def miss(self, error):
        self.box.miss(self.now, error("It does not answer."))

    def look(self, how):
        if how == "half":
            self.box.look(self.now, is_complete=False)
        elif how == "no devices":
            self.box.look(self.now, self._shown(None))
        elif how == "blink":
            self.box.look(self.now, self._shown([], missing=self.seen))
            self.told_at = self.now
        else:
            mute = how == "mute"
            self.box.look(self.now, self._shown([self._there(m, mute=mute) for m in self.on]))
            self._count(mute=mute)
            self.told_at = self.now
        self.looked_at = self.now

    def _there(self, mac, *, mute):
        connection, said = self.on[mac], self.now + self.skew
        if mute:
            return there(mac, last_seen=said)
        counters = {"bytes_down": connection.bytes, "bytes_up": 0}
        return there(mac, connected_at=connection.since, last_seen=said, **counters)

    def _shown(self, devices, missing=None):
        """Return the token as it is shown with these devices online and those missing."""
        if devices is None:
            return active(self.token, devices=None, expires_at=None)
        if not devices and not self.seen:
            return unused(self.token)
        missing = [m for m in self.seen if m not in self.on] if missing is None else missing
        left = [gone(mac, last_seen=self.now + self.skew) for mac in missing]
        return SeenToken(
            self.token.token,
            "ACTIVE",
            first_used_at=self.now + self.skew,
            devices=(*devices, *left),
        )

    def _count(self, *, mute):
        """Count by hand what the look tells of the volumes."""
        for mac, connection in self.on.items():
            self.seen[mac] = (connection, self.now)
            if mute:
                continue
            began_since = self.looked_at is not None and connection.since > self.looked_at
            if connection.told is not None or began_since:
                self.counted += connection.bytes - (connection.told or 0)
            connection.told = connection.bytes

    def check(self):
        db.session.expire_all()
        for device in db.session.scalars(select(WifiTokenDevice)):
            mine = select(DeviceSession).filter_by(wifi_token_device_id=device.id)
            ordered = mine.order_by(DeviceSession.started_at, DeviceSession.ended_at)
            self._check_device(device, db.session.scalars(ordered).all())
        sums = [func.coalesce(func.sum(c.bytes_down), 0) for c in (TokenUsage, DeviceSession)]
        assert [db.session.scalar(select(each)) for each in sums] == [self.counted] * 2
        assert abs(float(self.token.used_down_mb) - self.counted / 1e6) < 0.006
        assert self.token.status in {"SOLD", "ACTIVE"}

    def _check_device(self, device, found):
        assert self.last_seen[device.mac_address] <= device.last_seen <= self.now
        self.last_seen[device.mac_address] = device.last_seen
        assert device.first_seen <= device.last_seen
        for before, later in pairwise(found):
            assert before.ended_at is not None
            assert before.ended_at <= later.started_at
        is_open = bool(found) and found[-1].ended_at is None
        assert device.is_online == is_open
        assert all(each.started_at <= (each.ended_at or self.now) <= self.now for each in found)
        connection, moment = self.seen[device.mac_address]
        assert device.last_seen == moment
        is_same = self.on.get(device.mac_address) is connection
        was_missed = self.told_at > moment
        if is_same and not (was_missed and self.told_at - moment >= PATIENCE):
            assert is_open, "it is there, and no look has missed it for long"
        if not is_same and was_missed and self.told_at - moment >= PATIENCE:
            assert not is_open, "it is not there, and looks have missed it for long"
        if not is_same and self.told_at - moment < PATIENCE and self.box.booted_at <= moment:
            assert is_open, "one look does not end a session"
        for each in found:
            assert each.end_reason in {None, "LEFT", "TIMED_OUT", "HOTSPOT_RESTARTED"}


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(st.tuples(WAITS, STEPS), min_size=8, max_size=30))
def test_whatever_happens_the_tables_say_no_more_than_what_was_seen(steps):
    db.session.remove()
    with db.engine.begin_nested() as apart:  # within the test's own transaction
        box = Box()
        world = World(box, box.token(status="SOLD"))
        for wait, (name, *given_) in steps:
            world.now += timedelta(seconds=wait)
            getattr(world, name)(*given_)
            world.check()
        db.session.remove()
        apart.rollback()
