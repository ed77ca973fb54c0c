"""What a kind of hotspot can do, in words."""

from collections.abc import Iterator
from typing import NamedTuple

from flask_babel import gettext as _

from wifiapp.hotspots.driver import Capabilities


class Ability(NamedTuple):
    """Something that it can do, or cannot."""

    can: bool
    text: str


def abilities(can: Capabilities) -> Iterator[Ability]:
    """Yield all that a person should know before counting on it."""
    yield Ability(
        True,
        _("Makes up to %(most)s tokens in one call; the codes are its own.", most=can.max_batch)
        if can.chooses_codes
        else _("Makes up to %(most)s tokens in one call; the codes are ours.", most=can.max_batch),
    )
    yield Ability(
        can.can_revoke,
        _("Takes tokens back.") if can.can_revoke else _("Cannot take tokens back."),
    )
    if not can.ends_running_sessions:
        yield Ability(
            False,
            _(
                "Does not end a running session: who is online with a token that is taken back, or "
                "whose device is blocked, stays until the device leaves."
            ),
        )
    yield Ability(
        can.can_extend,
        _("Begins the time of a used token anew.")
        if can.can_extend
        else _("Cannot give a used token more time."),
    )
    if not can.can_block:
        yield Ability(False, _("Cannot block a device."))
    elif can.block_by_token:
        yield Ability(True, _("Blocks a device by its token, on the whole hotspot."))
    else:
        yield Ability(True, _("Blocks a device by its MAC address, on the whole hotspot."))
    yield Ability(
        can.counts_volume,
        _("Counts the data of each device.") if can.counts_volume else _("Does not count data."),
    )
