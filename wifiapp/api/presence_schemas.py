"""What a portal tells of its devices, and what it is answered."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from marshmallow import ValidationError, fields, validate

from wifiapp import clock
from wifiapp.api.schemas import CODE, Flag, Shape, given, text
from wifiapp.api.schemas import Moment as Told
from wifiapp.devices import mac
from wifiapp.hotspots.clocks import EARLIEST
from wifiapp.hotspots.plain import MOST_BYTES, ip_of, text_of

MOST_ITEMS = 1000
SO_FAR = (
    "Of this connection, so far. Less than before: began anew, or with the same connectedAt "
    "nothing: an old push that is late"
)
MOST_WRONG = 5  # fields of an item that are named
LONGEST_NAME = 40  # characters of the name of a field
AHEAD = timedelta(days=1)  # by which a portal's clock may be wrong and still be one
WEAKEST = -127  # dBm


class Mac(fields.String):
    """A MAC address with any separators, or none; read as AA:BB:CC:DD:EE:FF."""

    WRONG = "A MAC address of 12 hexadecimal digits, such as AC:DE:48:00:11:22."

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        digits = mac.digits_of(value) if isinstance(value, str) else None
        if digits is None or len(digits) != mac.DIGITS or set(digits) in ({"0"}, {"F"}):
            raise ValidationError(self.WRONG)
        return mac.spellings(digits)[0]


class Ip(fields.String):
    """An IP address; empty where there is none yet."""

    WRONG = "An IPv4 or IPv6 address, such as 192.168.4.100."

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        found = ip_of(value) if isinstance(value, str) else None
        if found is None and value != "":
            raise ValidationError(self.WRONG)
        return found


class Name(fields.String):
    """A text as devices send it: what is not printable, and what is too long, is left out."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        if not isinstance(value, str):
            raise ValidationError("A text.")
        return text_of(value)


class Past(fields.DateTime):
    """A moment in ISO 8601, of UTC where it names no zone; what is ahead of our clock is now."""

    WRONG = "A moment since 2020 and not ahead of now, such as 2026-11-22T14:05:00Z."

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        try:
            moment = datetime.fromisoformat(value)
        except (TypeError, ValueError):
            raise ValidationError(self.WRONG) from None
        moment, now = moment if moment.tzinfo else moment.replace(tzinfo=UTC), clock.now()
        if not EARLIEST <= moment <= now + AHEAD:
            raise ValidationError(self.WRONG)
        return min(moment.astimezone(UTC), now)


def maybe(kind: type[fields.Field[Any]], about: str, **more: Any) -> fields.Field[Any]:
    """Return a field that may be left out, or be null."""
    return kind(allow_none=True, metadata={"description": about}, **more)


def whole(least: int, most: int, about: str) -> fields.Field[Any]:
    """Return a field for a whole number that may be left out."""
    wrong = f"A whole number from {least} to {most}."
    checks = validate.Range(least, most, error=wrong)
    return maybe(
        fields.Integer, about, strict=True, validate=checks, error_messages={"invalid": wrong}
    )


class PresenceQuery(Shape):
    """What stands in the address of a push."""

    everybody = text("^(true|false)$", "Either true or false.", load_default="false")


class PresenceItem(Shape):
    """A device with a token: that it is there, or that it left."""

    token = text(CODE, "The code of a token, 1 to 64 characters.", required=True)
    mac = Mac(required=True, metadata={"description": "With any separators"})
    online = Flag(
        required=True,
        error_messages={"invalid": "Either true or false."},
        metadata={"description": "false: it left"},
    )
    ip = maybe(Ip, "IPv4 or IPv6")
    ipv6 = maybe(Ip, "Beside an IPv4 address")
    hostname = maybe(Name, "As the device calls itself; up to 255 characters are kept")
    device_type = maybe(Name, "Such as Android; up to 40 characters are kept")
    ssid = maybe(Name, "Up to 32 characters are kept")
    access_point = maybe(Name, "Where there are several")
    connected_at = maybe(Past, "Since when it is there; another moment is another connection")
    left_at = maybe(Past, "With online: false. Else it left when it was last said to be online")
    bytes_down = whole(0, MOST_BYTES, SO_FAR)
    bytes_up = whole(0, MOST_BYTES, SO_FAR)
    signal = whole(WEAKEST, 0, "dBm")

    error_messages = {  # noqa: RUF012 - as marshmallow has it
        "unknown": "There is no such field.",
        "type": "An object with token, mac and online.",
    }


class PresenceRefusal(Shape):
    """An item that was left out, and why."""

    index = given(fields.Integer, about="Of the item, from 0")
    field = given(
        fields.String,
        about=f"null: the item as a whole. Of an item at most {MOST_WRONG} are named",
        allow_none=True,
    )
    problem = given(fields.String, validate=validate.OneOf(["invalid", "unknown-token"]))
    message = given(fields.String, about="What is allowed")


class PresenceAnswer(Shape):
    """What came of a push."""

    at = given(
        Told,
        about="When it was taken in and all was seen; null when no item could be read",
        allow_none=True,
    )
    taken = given(fields.Integer, about="How many items were kept")
    refused = fields.List(fields.Nested(PresenceRefusal), required=True)


_ITEM = PresenceItem()


def read(item: Any) -> tuple[dict[str, Any], Mapping[str | None, str]]:
    """Return the item as it is understood, and what is wrong with it by field; one is empty.

    Fields that do not exist are called as the portal likes, and there may be any number of them.
    """
    try:
        loaded: dict[str, Any] = _ITEM.load(item)
    except ValidationError as error:
        found = islice(error.messages_dict.items(), MOST_WRONG)
        return {}, {_name(at): _first(it) for at, it in found}
    return loaded, {}


def _name(field: str) -> str | None:
    """Return the name of a field as far as it can be shown and kept; None for the whole item."""
    return None if field == "_schema" else (text_of(field) or "?")[:LONGEST_NAME]


def _first(messages: Any) -> str:
    return str(messages[0] if isinstance(messages, list) else messages)
