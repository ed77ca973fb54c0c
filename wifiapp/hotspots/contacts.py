"""What a hotspot's row keeps of a conversation, good or bad; the caller commits."""

from datetime import datetime

from wifiapp.hotspots.driver import Busy, HotspotError, Identity, Unreachable
from wifiapp.hotspots.models import Hotspot


def note_contact(hotspot: Hotspot, identity: Identity, at: datetime) -> None:
    """Keep that the box was looked at, and well, at `at`."""
    note_identity(hotspot, identity)
    hotspot.status, hotspot.last_error, hotspot.last_contact_at = "OK", None, at


def note_push(hotspot: Hotspot, at: datetime) -> None:
    """Keep that its portal told at `at` who is online."""
    hotspot.status, hotspot.last_error, hotspot.last_contact_at = "OK", None, at


def note_identity(hotspot: Hotspot, identity: Identity) -> None:
    """Keep who answered; the first good answer decides which box it has to be.

    That is no look: it tells nothing of the devices, so the worker has to look next. What a look
    refused stays refused until then, as the name alone does not tell two boxes apart.
    """
    hotspot.next_poll_at = None
    if hotspot.status != "REFUSED" or not hotspot.failures:
        hotspot.status, hotspot.last_error = "OK", None
    hotspot.serial = hotspot.serial or identity.serial
    hotspot.fingerprint = hotspot.fingerprint or identity.fingerprint
    hotspot.model = identity.model or hotspot.model
    hotspot.firmware = identity.firmware or hotspot.firmware
    hotspot.clock_offset = identity.clock_offset
    hotspot.booted_at = identity.booted_at
    hotspot.free_slots, hotspot.max_tokens = identity.free_slots, identity.max_tokens


def note_failure(hotspot: Hotspot, error: HotspotError) -> None:
    """Keep why a conversation failed; nothing that was known before is changed by it."""
    if isinstance(error, Busy) or stays_refused(hotspot, error):  # one that is busy is well
        return
    hotspot.status = "SILENT" if isinstance(error, Unreachable) else "REFUSED"
    hotspot.last_error = str(error)


def stays_refused(hotspot: Hotspot, error: HotspotError) -> bool:
    """Tell whether it was refused and is only silent now, which takes nothing of that back."""
    return hotspot.status == "REFUSED" and isinstance(error, Unreachable)


def pin(hotspot: Hotspot, identity: Identity) -> None:
    """Take this box for the hotspot from now on, whichever it was before."""
    hotspot.serial, hotspot.fingerprint = None, None
    hotspot.model, hotspot.firmware, hotspot.status = None, None, "NEW"
    note_identity(hotspot, identity)
