"""Secrets at rest: what can read them, and what is said when nothing can."""

import pytest

from tests.factories import make_business, make_hotspot, make_hotspot_business
from wifiapp.db import db
from wifiapp.hotspots import calling
from wifiapp.hotspots.driver import Denied, Incapable
from wifiapp.hotspots.models import Hotspot
from wifiapp.hotspots.secrets import Sealed, seal, unseal

SECRET = "k3y of the portal, with ümlaut"


def test_a_secret_comes_back_and_is_never_written_twice_the_same():
    one, two = seal(SECRET), seal(SECRET)
    assert one != two
    assert unseal(one) == unseal(two) == SECRET
    assert SECRET not in one and "k3y" not in one


def test_another_key_is_told_from_damage(app_on):
    sealed = seal(SECRET)
    other = app_on("postgresql+psycopg://", secret_key="another")
    with other.app_context(), pytest.raises(Sealed, match="another key") as told:
        unseal(sealed)
    assert SECRET not in str(told.value) and isinstance(told.value, Denied)
    version, fingerprint, body = sealed.split(":")
    for damaged in (
        f"{version}:{fingerprint}:{body[:-8]}AAAAAAA=",
        f"{version}:{fingerprint}:{body[:20]}",
        f"{version}:{fingerprint}:",
        f"{version}:{fingerprint}:no base64é",
        f"2:{fingerprint}:{body}",
        "gAAAAABl",
        "",
    ):
        with pytest.raises(Sealed, match="damaged"):
            unseal(damaged)


def test_a_restored_key_of_another_installation_has_other_ciphertext(app_on):
    """The head is authenticated: a fingerprint put in by hand opens nothing."""
    other = app_on("postgresql+psycopg://", secret_key="another")
    with other.app_context():
        foreign = seal(SECRET)
    fingerprint = seal("x").split(":")[1]
    with pytest.raises(Sealed, match="damaged"):
        unseal(":".join(("1", fingerprint, foreign.split(":")[2])))


def test_the_access_of_a_hotspot_hides_its_secret_from_logs():
    hotspot = make_hotspot(secret_encrypted=seal(SECRET), username="admin", serial="S-1")
    access = calling.access_of(hotspot)
    assert (access.secret, access.username, access.serial) == (SECRET, "admin", "S-1")
    assert SECRET not in repr(access) and SECRET not in str(access)


def test_a_hotspot_without_a_line_or_a_secret_is_not_called():
    with pytest.raises(Incapable, match="by hand"):
        calling.access_of(make_hotspot(is_manual=True, address=""))
    with pytest.raises(Sealed, match="Enter it"):
        calling.access_of(make_hotspot(secret_encrypted=None))


def test_only_devices_of_real_businesses_are_called():
    real = make_business()
    demo = make_business(is_demo=True)
    wanted = make_hotspot_business(make_hotspot(), real).hotspot_id
    both = make_hotspot_business(make_hotspot(), demo).hotspot_id
    make_hotspot_business(db.session.get(Hotspot, both), real)
    make_hotspot_business(make_hotspot(), demo)
    make_hotspot_business(make_hotspot(is_manual=True, address=""), real)
    make_hotspot_business(make_hotspot(is_active=False), real)
    make_hotspot()
    found = db.session.scalars(db.select(Hotspot.id).where(calling.are_called()))
    assert set(found) == {wanted, both}
