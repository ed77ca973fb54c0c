"""Which shops a page is about, and whether their sums of all can be used."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from wifiapp.access import Viewer
from wifiapp.analytics.queries import Scope
from wifiapp.businesses.queries import list_businesses
from wifiapp.settings.queries import get_zone


@dataclass(frozen=True)
class Shops:
    """The shops that a viewer sees, and those that are meant: `left`.

    Where there are real shops, the made-up ones count only when they are chosen.
    """

    viewer: Viewer
    seen: Sequence[Any]
    chosen: str = ""

    @classmethod
    def of(cls, viewer: Viewer) -> "Shops":
        """Find the shops that the viewer may see."""
        return cls(viewer, list_businesses(viewer))

    def narrowed(self, business_id: str) -> "Shops":
        """Choose one of them; "" chooses all."""
        return replace(self, chosen=business_id)

    @property
    def choices(self) -> list[tuple[str, str]]:
        return [(each.id, each.name) for each in self.seen]

    @property
    def left(self) -> list[Any]:
        if self.chosen:
            return [each for each in self.seen if each.id == self.chosen]
        return [each for each in self.seen if not each.is_demo] or [*self.seen]

    @property
    def zones(self) -> list[str]:
        """Return the time zones, the one that names the days first."""
        return list(dict.fromkeys(each.timezone for each in self.left)) or ["UTC"]

    @property
    def currencies(self) -> list[str]:
        """Return the currencies, the one that is shown first on top."""
        return list(dict.fromkeys(each.currency for each in self.left))

    def scope(self, system: str = "") -> Scope:
        """Return what to ask for: the roll-ups of all where they mean the same shops and days."""
        left = self.left
        is_everything = (
            self.viewer.business_ids is None
            and not self.chosen
            and len(left) > 1
            and not any(each.is_demo for each in left)
            and self.zones == [get_zone()]
        )
        return Scope([each.id for each in left], system, is_everything)
