"""Which hotspots may be called, and with what."""

from sqlalchemy import ColumnElement, and_, exists, select

from wifiapp.businesses.models import Business
from wifiapp.hotspots.driver import Access, Incapable, Unreachable
from wifiapp.hotspots.models import Hotspot, HotspotBusiness
from wifiapp.hotspots.secrets import Sealed, unseal


def are_called() -> ColumnElement[bool]:
    """Return the condition on a hotspot in use that is a device and serves a real business.

    Manual ones have no line to us, and the addresses of demo ones are made up.
    """
    serves_real = exists(
        select(HotspotBusiness.id)
        .join(Business, Business.id == HotspotBusiness.business_id)
        .where(HotspotBusiness.hotspot_id == Hotspot.id, Business.is_demo.is_(False))
    )
    return and_(Hotspot.is_active, Hotspot.is_manual.is_(False), serves_real)


def access_of(hotspot: Hotspot) -> Access:
    """Return how the box is reached; raises `Incapable` for a manual one, and `Sealed`."""
    if hotspot.is_manual or not hotspot.address:
        raise Incapable(f"{hotspot.name} is never called: its codes are loaded by hand.")
    if not hotspot.secret_encrypted:
        raise Sealed(f"The secret of {hotspot.name} is not known here. Enter it on its page.")
    return Access(
        system=hotspot.system,
        address=hotspot.address,
        secret=unseal(hotspot.secret_encrypted),
        username=hotspot.username,
        serial=hotspot.serial,
        fingerprint=hotspot.fingerprint,
    )


def access_to_change(hotspot: Hotspot) -> Access:
    """Return how a box is reached whose answers are believed; raises what `access_of` does.

    One that the last look has refused may be another box, so `Unreachable` until a look is good.
    """
    if hotspot.status == "REFUSED":
        raise Unreachable(f"{hotspot.last_error} It is told nothing until a look at it is good.")
    return access_of(hotspot)
