"""The cast of the demo: four shops, the boxes they sell on, their plans and ways to be paid."""

from dataclasses import dataclass
from decimal import Decimal

Weights = dict[str, int]

HOUR, DAY = 60, 24 * 60
PORTAL = "192.168.4"  # the network of every ESP32


@dataclass(frozen=True)
class Box:
    """A hotspot; `silent_for` is minutes since its last sign of life, None for one that answers.

    Addresses are of a network reserved for examples, so that nobody's real box is ever called.
    """

    name: str
    system: str
    address: str
    serial: str
    firmware: str
    silent_for: int | None = None


@dataclass(frozen=True)
class Plan:
    """A plan and how many of a hundred buyers take it; volumes are MB."""

    name: str
    minutes: int
    price: Decimal
    share: int
    download_mb: int | None = None
    upload_mb: int | None = None
    devices: int = 1
    is_active: bool = True


@dataclass(frozen=True)
class Outlet:
    """A shop's place on a box: its SSID and network there, its plans, its share of the sales."""

    box: Box
    ssid: str | None
    network: str
    share: int
    plans: tuple[Plan, ...]


@dataclass(frozen=True)
class Shop:
    """A business with the sales it makes on a usual day and how they come about."""

    name: str
    currency: str
    timezone: str
    sales_a_day: int
    outlets: tuple[Outlet, ...]
    channels: Weights
    wallet: str


def methods(channel: str, wallet: str) -> Weights:
    """Return how people pay in a channel; `wallet` is the mobile money of the place."""
    return {
        "DIRECT": {"CASH": 62, wallet: 32, "CARD": 6},
        "POS": {"CASH": 40, wallet: 22, "CARD": 38},
        "WHATSAPP": {wallet: 100},
        "AGENT": {"CASH": 80, wallet: 20},
    }.get(channel, {"CARD": 74, wallet: 26})


MALL = Box("Borrowdale rooftop", "R710", "192.0.2.10", "DEMO-R710-0001", "200.15.6.112")
COUNTER = Box("Baobab counter", "ESP32", "192.0.2.21", "DEMO-ESP32-0001", "3.6")
FRONT = Box("Mtaa front desk", "ESP32", "192.0.2.22", "DEMO-ESP32-0002", "3.6")
YARD = Box("Mtaa yard", "ESP32", "192.0.2.23", "DEMO-ESP32-0003", "3.6", silent_for=47)
CORNER = Box("Kiez corner", "R710", "192.0.2.11", "DEMO-R710-0002", "200.15.6.112")
BOXES = (MALL, COUNTER, FRONT, YARD, CORNER)

CAFE = (
    Plan("1 hour", HOUR, Decimal("0.50"), 46, 250, 60, devices=2),
    Plan("3 hours", 3 * HOUR, Decimal("1.00"), 28, 600, 150, devices=2),
    Plan("Day pass", DAY, Decimal("2.00"), 19, 1500, 400, devices=2),
    Plan("Week pass", 7 * DAY, Decimal("6.00"), 7, 8000, 2000, devices=2),
)
CAFE_ROOFTOP = (
    Plan("Rooftop hour", HOUR, Decimal("0.75"), 58),
    Plan("Rooftop day", DAY, Decimal("2.50"), 30, devices=2),
    Plan("Monthly regular", 30 * DAY, Decimal("18.00"), 4, devices=3),
    Plan("Happy hour", HOUR, Decimal("0.40"), 8, is_active=False),
)
HOSTEL = (
    Plan("Guest day", DAY, Decimal("1.50"), 55, devices=2),
    Plan("Guest 3 days", 3 * DAY, Decimal("4.00"), 30, devices=2),
    Plan("Guest week", 7 * DAY, Decimal("8.00"), 15, devices=3),
)
CYBER = (
    Plan("30 minutes", 30, Decimal("10.00"), 30, 120, 30, devices=2),
    Plan("1 hour", HOUR, Decimal("20.00"), 34, 250, 60, devices=2),
    Plan("3 hours", 3 * HOUR, Decimal("50.00"), 20, 600, 150, devices=2),
    Plan("Day pass", DAY, Decimal("100.00"), 12, 1500, 400, devices=2),
    Plan("Week pass", 7 * DAY, Decimal("450.00"), 4, 8000, 2000, devices=2),
)
YARD_PLANS = (
    Plan("Yard hour", HOUR, Decimal("20.00"), 48, 250, 60, devices=2),
    Plan("Yard day", DAY, Decimal("90.00"), 36, 1500, 400, devices=2),
    Plan("Yard week", 7 * DAY, Decimal("400.00"), 16, 8000, 2000, devices=2),
)
KIEZ = (
    Plan("1 Stunde", HOUR, Decimal("1.00"), 50),
    Plan("Tagespass", DAY, Decimal("3.50"), 33, devices=2),
    Plan("Wochenpass", 7 * DAY, Decimal("9.90"), 13, devices=2),
    Plan("Monatspass", 30 * DAY, Decimal("24.90"), 4, devices=3),
)

SHOPS = (
    Shop(
        "Baobab Coffee",
        "USD",
        "Africa/Harare",
        20,
        (
            Outlet(COUNTER, None, PORTAL, 65, CAFE),
            Outlet(MALL, "Baobab Rooftop", "10.20", 35, CAFE_ROOFTOP),
        ),
        {"DIRECT": 47, "POS": 29, "WHATSAPP": 16, "AGENT": 8},
        wallet="ECOCASH",
    ),
    Shop(
        "Msasa Backpackers",
        "USD",
        "Africa/Harare",
        6,
        (Outlet(MALL, "Msasa Guests", "10.21", 100, HOSTEL),),
        {"DIRECT": 68, "ONLINE": 32},
        wallet="ECOCASH",
    ),
    Shop(
        "Mtaa Cyber",
        "KES",
        "Africa/Nairobi",
        22,
        (Outlet(FRONT, None, PORTAL, 80, CYBER), Outlet(YARD, None, PORTAL, 20, YARD_PLANS)),
        {"DIRECT": 42, "AGENT": 24, "WHATSAPP": 20, "POS": 14},
        wallet="MPESA",
    ),
    Shop(
        "Kiez Späti",
        "EUR",
        "Europe/Berlin",
        9,
        (Outlet(CORNER, "Kiez Gast", "10.30", 100, KIEZ),),
        {"POS": 64, "DIRECT": 20, "KIOSK": 16},
        wallet="PAYPAL",
    ),
)
