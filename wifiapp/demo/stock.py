"""Tokens of the demo: made in batches on a box, taken one by one as they are sold."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from random import Random
from typing import Any
from uuid import UUID

from wifiapp.demo.shops import Box, Plan

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # without I O 0 1
REDEEM_WITHIN = timedelta(days=90)  # what an R710 gives an unused pass
Row = dict[str, Any]


def row_id(rng: Random) -> str:
    """Return a UUID that the seed decides."""
    return str(UUID(int=rng.getrandbits(128), version=4))


@dataclass
class Station:
    """A box as it stands: its row, until when it was heard of, what it counts and knows."""

    box: Box
    hotspot_id: str
    heard: datetime
    names: Iterator[int] = field(default_factory=lambda: count(1))
    leases: Iterator[int] = field(default_factory=lambda: count(1))
    codes: set[str] = field(default_factory=set)

    def code(self, rng: Random) -> str:
        """Return a code that this box has not given out yet."""
        is_portal = self.box.system == "ESP32"
        while True:
            text = "".join(rng.choices(ALPHABET, k=8 if is_portal else 10))
            if text not in self.codes:
                self.codes.add(text)
                return text if is_portal else f"{text[:5]}-{text[5:]}"


@dataclass
class Shelf:
    """The stock of one plan at one box: a new batch is made when the last token is taken."""

    rng: Random
    station: Station
    business_id: str
    plan_id: str
    plan: Plan
    batch: int
    left: int = 0
    made_at: datetime | None = None

    def take(self, at: datetime) -> Row:
        """Return a fresh token that was made before `at`."""
        if not self.left or self.made_at is None:
            self.left = self.batch
            self.made_at = at - timedelta(minutes=self.rng.randrange(20, 900))
        self.left -= 1
        return self._token(self.made_at)

    def rest(self) -> list[Row]:
        """Return the tokens nobody has bought yet."""
        if self.made_at is None:
            return []
        return [self._token(self.made_at) for _ in range(self.left)]

    def _token(self, made_at: datetime) -> Row:
        box, plan = self.station.box, self.plan
        is_pass = box.system == "R710"
        return {
            "id": row_id(self.rng),
            "business_id": self.business_id,
            "hotspot_id": self.station.hotspot_id,
            "token_config_id": self.plan_id,
            "system": box.system,
            "token": self.station.code(self.rng),
            "device_name": f"Guest-{next(self.station.names)}" if is_pass else None,
            "status": "UNUSED",
            "plan_name": plan.name,
            "duration_minutes": plan.minutes,
            "download_mb": plan.download_mb,
            "upload_mb": plan.upload_mb,
            "device_limit": plan.devices,
            "price": plan.price,
            "redeem_by": made_at + REDEEM_WITHIN if is_pass else None,
            "expires_at": None,
            "first_used_at": None,
            "used_down_mb": Decimal(0),
            "used_up_mb": Decimal(0),
            "last_sync_at": self.station.heard,
            "created_at": made_at,
            "updated_at": made_at,
        }
