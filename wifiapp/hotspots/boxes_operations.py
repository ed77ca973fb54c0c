"""Changes to the hotspots that are called; who asked the box gives the answer to them.

No operation talks to a box itself: a conversation can take many seconds, and no row is to be
locked that long.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from wifiapp import clock
from wifiapp.access import Actor
from wifiapp.audit.changes import differences
from wifiapp.audit.record import record
from wifiapp.businesses.models import Business
from wifiapp.columns import SYSTEMS
from wifiapp.db import db
from wifiapp.errors import NotFound, WifiError
from wifiapp.hotspots import contacts, setups
from wifiapp.hotspots.addresses import parse
from wifiapp.hotspots.driver import HotspotError, Identity, Unreachable
from wifiapp.hotspots.drivers import CAPABILITIES
from wifiapp.hotspots.models import Hotspot, HotspotBusiness
from wifiapp.hotspots.secrets import seal
from wifiapp.hotspots.setups import Setup


class InvalidBox(WifiError):
    """Something of a hotspot's setup will not do; `problems` are messages by field."""

    def __init__(self, found: Mapping[str, str]) -> None:
        super().__init__(" ".join(found.values()) + " Nothing was saved.")
        self.problems = dict(found)


def add_box(
    actor: Actor, system: str, setup: Setup, secret: str, identity: Identity | None = None
) -> Hotspot:
    """Add a hotspot that is called from now on; raises `InvalidBox`, `NotFound`.

    `identity` is who answered with this secret; without one, the first good answer counts.
    """
    if system not in SYSTEMS:
        raise InvalidBox({"system": f"{system!r} is not a system. Take ESP32 or R710."})
    _check(system, setup, identity)
    hotspot = Hotspot(system=system, secret_encrypted=seal(secret), **_values(setup))
    if identity:  # without devices yet, so that this tells all of them
        contacts.note_contact(hotspot, identity, clock.now())
    db.session.add(hotspot)
    db.session.flush()
    _serve(hotspot, setup.served)
    _record(actor, "create", hotspot, {"system": system, **_facts(hotspot), **_who(hotspot)})
    db.session.commit()
    return hotspot


def change_box(
    actor: Actor,
    hotspot_id: str,
    setup: Setup,
    *,
    secret: str | None = None,
    identity: Identity | None = None,
) -> Hotspot:
    """Give a hotspot another setup; raises `InvalidBox`, `NotFound`.

    A `secret` takes the place of the stored one; `identity` is who answered there.
    """
    hotspot = _locked(hotspot_id)
    _check(hotspot.system, setup, identity, but=hotspot)
    before = _facts(hotspot)
    for name, value in _values(setup).items():
        setattr(hotspot, name, value)
    _serve(hotspot, setup.served)
    if secret:
        hotspot.secret_encrypted = seal(secret)
    if identity:
        contacts.note_identity(hotspot, identity)
    changed = differences(before, _facts(hotspot)) | ({"secret": "replaced"} if secret else {})
    if changed:
        _record(actor, "change", hotspot, changed)
    db.session.commit()
    return hotspot


def replace_secret(actor: Actor, hotspot_id: str, secret: str, identity: Identity) -> Hotspot:
    """Store the secret that this box has just accepted; raises `NotFound`."""
    hotspot = _locked(hotspot_id)
    hotspot.secret_encrypted = seal(secret)
    contacts.note_identity(hotspot, identity)
    _record(actor, "replace_secret", hotspot, {})
    db.session.commit()
    return hotspot


def accept_box(
    actor: Actor, hotspot_id: str, identity: Identity, secret: str | None = None
) -> Hotspot:
    """Take the box that answers now for the hotspot; raises `InvalidBox`, `NotFound`."""
    hotspot = _locked(hotspot_id)
    if taken := _registered_as(identity, but=hotspot):
        raise InvalidBox({"": f"This box is already registered as {taken}."})
    before = _who(hotspot)
    contacts.pin(hotspot, identity)
    if secret:
        hotspot.secret_encrypted = seal(secret)
    _record(actor, "accept_box", hotspot, differences(before, _who(hotspot)))
    db.session.commit()
    return hotspot


def note_test(hotspot_id: str, result: Identity | HotspotError) -> Hotspot:
    """Keep what came of a test; raises `NotFound`.

    One silence flips nothing: whether the hotspot is silent, the worker finds out.
    """
    hotspot = _locked(hotspot_id)
    if isinstance(result, HotspotError):
        if hotspot.status == "OK" and isinstance(result, Unreachable):
            hotspot.last_error, hotspot.next_poll_at = str(result), None
        else:
            contacts.note_failure(hotspot, result)
    else:
        contacts.note_identity(hotspot, result)
    db.session.commit()
    return hotspot


def poll_soon(hotspot_id: str) -> Hotspot:
    """Let the worker ask a hotspot next, whatever its turn; raises `NotFound`."""
    hotspot = _locked(hotspot_id)
    hotspot.next_poll_at = clock.now()
    db.session.commit()
    return hotspot


def _locked(hotspot_id: str) -> Hotspot:
    hotspot = db.session.get(Hotspot, hotspot_id, with_for_update=True)
    if hotspot is None or hotspot.is_manual:
        raise NotFound("There is no such hotspot.")
    return hotspot


def _check(
    system: str, setup: Setup, identity: Identity | None, but: Hotspot | None = None
) -> None:
    can = CAPABILITIES[system]
    found = setups.problems(setup, can)
    if can.needs_ssid and identity:
        found |= setups.unknown_networks(setup, identity.networks)
    if "address" not in found and (taken := _called_at(parse(setup.address), but)):
        found["address"] = f"{taken} already has this address."
    elif identity and (taken := _registered_as(identity, but)):
        found["address"] = f"The box at this address is already registered as {taken}."
    if found:
        raise InvalidBox(found)
    known = set(db.session.scalars(select(Business.id).where(Business.id.in_(setup.served))))
    if known != set(setup.served):
        raise NotFound("There is no such business.")


def _called_at(address: str, but: Hotspot | None) -> str | None:
    return _name_of(but, address=address)


def _registered_as(identity: Identity, but: Hotspot | None) -> str | None:
    """Return the hotspot that this box is; only a certificate tells two of a kind apart."""
    if identity.fingerprint is None:
        return None
    return _name_of(but, serial=identity.serial, fingerprint=identity.fingerprint)


def _name_of(but: Hotspot | None, **values: str) -> str | None:
    query = select(Hotspot.name).filter_by(is_active=True, is_manual=False, **values)
    return db.session.scalar(query.where(Hotspot.id != (but.id if but else "")).limit(1))


def _values(setup: Setup) -> dict[str, Any]:
    return {
        "name": setup.name,
        "address": parse(setup.address),
        "username": setup.username,
        "poll_interval": setup.poll_interval,
    }


def _serve(hotspot: Hotspot, served: Mapping[str, str | None]) -> None:
    rows = {each.business_id: each for each in _served(hotspot)}
    for business_id in rows.keys() - served.keys():
        db.session.delete(rows[business_id])
    for business_id in served.keys() - rows.keys():
        rows[business_id] = HotspotBusiness(hotspot_id=hotspot.id, business_id=business_id)
        db.session.add(rows[business_id])
    for business_id, ssid in served.items():
        rows[business_id].ssid = ssid
    db.session.flush()


def _served(hotspot: Hotspot) -> list[HotspotBusiness]:
    query = select(HotspotBusiness).filter_by(hotspot_id=hotspot.id)
    return list(db.session.scalars(query.order_by(HotspotBusiness.business_id)))


def _facts(hotspot: Hotspot) -> dict[str, Any]:
    """Return what the audit log keeps; nobody would look for a secret there."""
    query = select(Business.id, Business.name)
    names = {row.id: row.name for row in db.session.execute(query)}
    return {
        "name": hotspot.name,
        "address": hotspot.address,
        "username": hotspot.username,
        "poll_interval": hotspot.poll_interval,
        "serves": [
            names[each.business_id] + (f" ({each.ssid})" if each.ssid else "")
            for each in _served(hotspot)
        ],
    }


def _who(hotspot: Hotspot) -> dict[str, Any]:
    return {name: getattr(hotspot, name) for name in ("serial", "model", "fingerprint")}


def _record(actor: Actor, verb: str, hotspot: Hotspot, change: dict[str, Any]) -> None:
    served = _served(hotspot)
    record(
        actor,
        f"hotspot.{verb}",
        "hotspot",
        hotspot.id,
        business_id=served[0].business_id if len(served) == 1 else None,
        change={"name": hotspot.name, **change},
    )
