"""The same people, polled on one hotspot and pushed for another: the same rows in the end."""

from datetime import timedelta
from random import Random

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.polling.looks import NOON, Box
from wifiapp.db import db
from wifiapp.devices.models import DeviceProfile, DeviceSession, TokenUsage, WifiTokenDevice
from wifiapp.hotspots.driver import SeenDevice, SeenToken
from wifiapp.polling import push_operations
from wifiapp.polling.pushed import Told
from wifiapp.tokens.models import WifiToken

STEP = timedelta(seconds=60)
LOOKS = 5
CODES = ("A3K9M7P2", "B4M2N8Q5")
MACS = [f"AC:DE:48:00:00:0{n}" for n in range(4)]

# who: from which look on, for how many (or to the end), and what is counted, if anything is
PEOPLE = st.fixed_dictionaries(
    {
        (code, mac): st.one_of(
            st.none(),
            st.tuples(
                st.integers(0, LOOKS - 1),
                st.integers(1, LOOKS + 9),
                st.lists(st.integers(0, 10**6), min_size=LOOKS, max_size=LOOKS),
                st.booleans(),
            ),
        )
        for code in CODES
        for mac in MACS
    }
)


def moment(look):
    return NOON + look * STEP


def present(people, look):
    """Return who is there at a look, as both systems tell it."""
    found = {}
    for (code, mac), person in people.items():
        if person and person[0] <= look and (look < (end := sum(person[:2])) or end > LOOKS):
            counter = sum(person[2][: look + 1]) if person[3] else None
            found[code, mac] = SeenDevice(
                mac,
                is_online=True,
                ip=f"192.168.4.{MACS.index(mac)}",
                hostname=f"phone-{mac[-1]}",
                connected_at=moment(person[0]) - STEP / 2,
                bytes_down=counter,
                bytes_up=counter,
                signal=-40 - look,
            )
    return found


def poll(box, here, begun, at):
    """Take in a whole look at the hotspot that is polled."""
    tokens = []
    for code in CODES:
        seen = tuple(device for (of, _), device in here.items() if of == code)
        first = begun.get(code)
        tokens.append(
            SeenToken(
                code,
                "ACTIVE" if first else "UNUSED",
                first_used_at=first,
                expires_at=first and first + timedelta(minutes=60),
                devices=seen,
            )
        )
    box.look(at, *tokens)


def push(hotspot_id, here, left, at, dice):
    """Push the same in parts, in any order, some of them again."""
    told = [Told(code, device) for (code, _), device in here.items()]
    told += [Told(code, SeenDevice(mac, is_online=False)) for code, mac in left]
    dice.shuffle(told)
    cut = dice.randint(0, len(told))
    parts = [part for part in (told[:cut], told[cut:]) if part] or [[]]
    parts += dice.choices(parts, k=dice.randint(0, 2))
    dice.shuffle(parts)
    with time_machine.travel(at, tick=False):
        for part in parts:
            push_operations.take_push(hotspot_id, part)
    db.session.expire_all()


def push_everybody(hotspot_id, here, _left, at, dice):
    """Push who is there, in any order, perhaps twice, and name nobody who left."""
    told = [Told(code, device) for (code, _), device in here.items()]
    dice.shuffle(told)
    with time_machine.travel(at, tick=False):
        for _ in range(dice.randint(1, 2)):
            push_operations.take_push(hotspot_id, told, names_all=True)
    db.session.expire_all()


def seen_on(hotspot_id):
    """Return all that the tables say of the hotspot, but ids and when it was written."""
    of_it = select(WifiToken.id).where(WifiToken.hotspot_id == hotspot_id)
    token, device, session = WifiToken, WifiTokenDevice, DeviceSession
    devices = (
        select(token.token, device.mac_address, device.is_online, device.current_ip)
        .add_columns(device.first_seen, device.last_seen)
        .join(device, device.wifi_token_id == token.id)
    )
    columns = ("started_at", "ended_at", "end_reason", "ip", "signal", "bytes_down", "bytes_up")
    counters = (session.counter_down, session.counter_up)
    sessions = (
        select(token.token, device.mac_address, *(getattr(session, c) for c in columns), *counters)
        .join(device, device.wifi_token_id == token.id)
        .join(session, session.wifi_token_device_id == device.id)
    )
    tokens = select(token.token, token.status, token.first_used_at, token.expires_at).add_columns(
        token.used_down_mb, token.used_up_mb
    )
    usage = (
        select(token.token, TokenUsage.starts_at, TokenUsage.bytes_down, TokenUsage.bytes_up)
        .select_from(token)
        .join(TokenUsage, TokenUsage.wifi_token_id == token.id)
    )
    business = select(WifiToken.business_id).where(WifiToken.hotspot_id == hotspot_id)
    profile = DeviceProfile
    profiles = select(profile.mac_address, profile.hostname, profile.created_at).where(
        profile.business_id.in_(business)
    )
    queries = [query.where(token.id.in_(of_it)) for query in (devices, sessions, tokens, usage)]
    return [sorted(map(repr, db.session.execute(query))) for query in (*queries, profiles)]


@pytest.mark.parametrize("push", [push, push_everybody])
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(people=PEOPLE, seed=st.integers(0, 2**32))
def test_pushes_in_any_order_and_repetition_end_in_what_polls_would_have_written(
    push, people, seed
):
    dice = Random(seed)  # drawn before the first row: a draw may end the run in the middle
    db.session.remove()
    with db.engine.begin_nested() as apart:  # within the test's own transaction
        try:
            _compare(push, people, dice)
        finally:
            db.session.remove()
        apart.rollback()


def _compare(push, people, dice):
    polled, pushed = Box(), Box(is_manual=True, address="")
    for box in (polled, pushed):
        for code in CODES:
            box.token(token=code, status="SOLD")
    hotspot_id, begun, named = pushed.hotspot.id, {}, set()
    for look in range(-1, LOOKS + 4):  # until polls have missed who left for long enough
        here, at = present(people, look), moment(look)
        for (code, _), device in here.items():
            begun[code] = min(begun.get(code, at), device.connected_at)
        poll(polled, here, begun, at)
        push(hotspot_id, here, sorted(named - here.keys()), at, dice)
        named |= here.keys()
    assert seen_on(hotspot_id) == seen_on(polled.hotspot.id)
