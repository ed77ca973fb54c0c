"""The life of a token as moments in order."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from flask_babel import gettext as _

from wifiapp.formats import money


class Moment(NamedTuple):
    """What happened when, by whom where that is known; icon and tone as in `formats`."""

    at: datetime
    text: str
    icon: str
    tone: str
    by: str | None = None


def timeline(
    token: Any, sales: Sequence[Any], devices: Sequence[Any], changes: Sequence[Any]
) -> list[Moment]:
    """Return all moments of a token's life, the first one first."""
    moments = [
        Moment(
            token.created_at, _("Made for %(hotspot)s", hotspot=token.hotspot), "ticket", "info"
        ),
        *_sold(token, sales),
        *_used(token, devices),
        *_extended(changes),
        *_ended(token, changes),
    ]
    return sorted(moments, key=lambda moment: moment.at)


def _sold(token: Any, sales: Sequence[Any]) -> Iterator[Moment]:
    for sale, seller, voider in sales:
        amount = money(sale.sale_amount, token.currency)
        text = _("Sold for %(amount)s, %(channel)s", amount=amount, channel=sale.sale_channel)
        yield Moment(sale.sold_at, text, "receipt", "good", seller)
        if sale.voided_at:
            text = _("Sale voided: %(reason)s", reason=sale.void_reason)
            yield Moment(sale.voided_at, text, "circle-x", "bad", voider)


def _used(token: Any, devices: Sequence[Any]) -> Iterator[Moment]:
    if token.first_used_at:
        yield Moment(token.first_used_at, _("First used"), "player-play", "good")
    for device, hostname, _kind in devices:
        name = hostname or device.mac_address
        yield Moment(device.first_seen, _("%(name)s came online", name=name), "wifi", "plain")
    if token.status == "EXPIRED" and token.expires_at and not token.ended_at:
        yield Moment(token.expires_at, _("Its time was over"), "clock-off", "plain")
    if token.status == "EXPIRED" and token.redeem_by and not token.first_used_at:
        yield Moment(token.redeem_by, _("Not used in time"), "clock-off", "plain")


def _extended(changes: Sequence[Any]) -> Iterator[Moment]:
    for each in changes:
        if each.action == "token.extend":
            text = _("Its time began anew: %(reason)s", reason=each.change["reason"])
            yield Moment(each.at, text, "restore", "good", each.user_email)


def _ended(token: Any, changes: Sequence[Any]) -> Iterator[Moment]:
    if not token.ended_at:
        return
    ended = [each for each in changes if each.action in {"token.disable", "token.expire"}]
    by = next((each.user_email for each in reversed(ended)), None)
    if token.status == "DISABLED":
        text, icon, tone = _("Disabled: %(reason)s", reason=token.end_reason), "ban", "bad"
    else:
        text, icon, tone = _("Expired: %(reason)s", reason=token.end_reason), "clock-off", "plain"
    yield Moment(token.ended_at, text, icon, tone, by)
