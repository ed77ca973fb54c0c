"""What a box's clock says, by ours."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from wifiapp import clock

NEAR = 5  # seconds: an answer takes as long, and moments should not move from look to look
EARLIEST = datetime(2020, 1, 1, tzinfo=UTC)  # before it, a clock had not been set


@dataclass(frozen=True)
class BoxClock:
    """Reads a box's times; `offset` is its clock minus ours in seconds, None when unknown."""

    now: datetime
    offset: int | None

    @classmethod
    def read(cls, seconds: int | None) -> "BoxClock":
        """Compare what the box just said (Unix seconds, None or 0 when it does not know)."""
        now = clock.now()
        return cls(now, seconds - int(now.timestamp()) if seconds else None)

    def moment(self, seconds: object) -> datetime | None:
        """Return a moment by our clock; None for never (0) and for what an unset clock wrote."""
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds <= 0:
            return None
        offset = self.offset or 0
        try:
            said = datetime.fromtimestamp(seconds, UTC)
            moment = said - timedelta(seconds=offset if abs(offset) > NEAR else 0)
        except (OverflowError, ValueError, OSError):
            return None
        return moment if moment >= EARLIEST else None

    def past(self, seconds: object) -> datetime | None:
        """Return a moment of something that was: never in the future."""
        moment = self.moment(seconds)
        return min(moment, self.now) if moment else None
