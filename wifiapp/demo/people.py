"""The customers of the demo: what they carry, and how often they come back."""

from dataclasses import dataclass, field
from datetime import datetime
from random import Random

# Prefixes are of the makers themselves; a test looks each one up.
MODELS = (  # hostname, kind, prefix, how many of a hundred
    ("Galaxy-A14", "Android", "F0:5A:09", 13),
    ("Galaxy-A05s", "Android", "5C:CB:99", 9),
    ("Galaxy-S23", "Android", "84:C0:EF", 5),
    ("TECNO-SPARK-10", "Android", "04:01:BB", 12),
    ("itel-A60s", "Android", "18:AC:9E", 7),
    ("Infinix-HOT-30", "Android", "04:F9:93", 7),
    ("Redmi-Note-12", "Android", "64:B4:73", 10),
    ("OPPO-A17", "Android", "04:DB:D9", 4),
    ("Pixel-7a", "Android", "04:C8:B0", 3),
    ("HUAWEI-Y7", "Android", "F8:C3:9E", 3),
    ("iPhone", "Apple iOS", "A4:83:E7", 13),
    ("iPhone-13", "Apple iOS", "DC:A9:04", 5),
    ("iPad", "Apple iOS", "F0:18:98", 2),
)
LAPTOPS = (
    ("DESKTOP-7K2QF1M", "Windows", "3C:6A:A7", 30),
    ("LAPTOP-HP-250", "Windows", "24:6A:0E", 25),
    ("DESKTOP-QL90ATR", "Windows", "94:E6:F7", 20),
    ("MacBook-Air", "macOS", "3C:22:FB", 18),
    ("thinkpad", "Linux", "48:F1:7F", 7),
)
PRIVATE = "26AE"  # second digits of an address that the device made up itself


@dataclass
class Gadget:
    """A phone or laptop as one shop's network sees it."""

    mac: str
    hostname: str | None
    kind: str
    is_known: bool = False


@dataclass
class Customer:
    """Somebody with one or two gadgets, who buys again when the last token is over."""

    gadgets: list[Gadget]
    free_from: datetime


@dataclass
class Crowd:
    """The customers of one shop: early ones come often, new ones keep coming."""

    rng: Random
    customers: list[Customer] = field(default_factory=list)

    def somebody(self, at: datetime) -> Customer:
        """Return a customer without a running token: a regular most times, or a new face."""
        if self.customers and self.rng.random() < 0.86:  # noqa: PLR2004 - the share of regulars
            for _ in range(4):
                regular = self.customers[int(len(self.customers) * self.rng.random() ** 2)]
                if regular.free_from <= at:
                    return regular
        newcomer = Customer([self._gadget(MODELS, private=0.55)], at)
        if self.rng.random() < 0.2:  # noqa: PLR2004 - the share that brings a laptop
            newcomer.gadgets.append(self._gadget(LAPTOPS, private=0.15))
        self.customers.append(newcomer)
        return newcomer

    def _gadget(self, models: tuple[tuple[str, str, str, int], ...], private: float) -> Gadget:
        rng = self.rng
        (hostname, kind, prefix, _), *_rest = rng.choices(models, [row[3] for row in models])
        tail = ":".join(f"{rng.randrange(256):02X}" for _ in range(3))
        if rng.random() < private:
            prefix = f"{rng.randrange(16):X}{rng.choice(PRIVATE)}:{rng.randrange(256):02X}:"
            prefix += f"{rng.randrange(256):02X}"
        named = rng.random() < 0.85  # noqa: PLR2004 - the rest does not tell its name
        return Gadget(f"{prefix}:{tail}", hostname if named else None, kind)


def address(system: str, network: str, lease: int) -> str:
    """Return the IP of the box's lease with this number: IPv4, some IPv6 on an R710."""
    if system == "ESP32":
        return f"{network}.{2 + lease % 250}"
    if lease % 5 == 0:
        return f"fd42:{network.replace('.', ':')}::{lease + 16:x}"
    return f"{network}.{lease // 250 % 250}.{2 + lease % 250}"
