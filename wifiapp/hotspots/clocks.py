"""What a box's clock says, by ours; whatever it says, it is a moment that a row can hold."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import inf

from wifiapp import clock

NEAR = 5  # seconds: an answer takes as long, and moments should not move from look to look
EARLIEST = datetime(2020, 1, 1, tzinfo=UTC)  # before it, a clock had not been set
LATEST = datetime(2100, 1, 1, tzinfo=UTC)  # what is said to end after it ends then
LARGEST = 2**31 - 1  # seconds by which a clock may be wrong and still be one: what a row holds


@dataclass(frozen=True)
class BoxClock:
    """Reads a box's times; `offset` is its clock minus ours in seconds, None when unknown."""

    now: datetime
    offset: int | None

    @classmethod
    def read(cls, seconds: int | None) -> "BoxClock":
        """Compare what the box just said (Unix seconds, None or 0 when it does not know)."""
        now = clock.now()
        offset = seconds - int(now.timestamp()) if seconds else None
        return cls(now, offset if offset is not None and abs(offset) <= LARGEST else None)

    def moment(self, seconds: object) -> datetime | None:
        """Return a moment by our clock; None for never (0) and for what an unset clock wrote."""
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds <= 0:
            return None
        offset = self.offset or 0
        ours = seconds - (offset if abs(offset) > NEAR else 0)
        if not EARLIEST.timestamp() <= ours < inf:
            return None
        return datetime.fromtimestamp(min(ours, LATEST.timestamp()), UTC)

    def past(self, seconds: object) -> datetime | None:
        """Return a moment of something that was: never in the future."""
        moment = self.moment(seconds)
        return min(moment, self.now) if moment else None

    def ago(self, seconds: int) -> datetime | None:
        """Return the moment so long ago; None when it would be before any of them."""
        longest = (self.now - EARLIEST).total_seconds()
        return self.now - timedelta(seconds=seconds) if seconds <= longest else None
