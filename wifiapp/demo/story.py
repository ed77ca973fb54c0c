"""Six months of the demo shops, told sale by sale: every row that belongs to them.

The same moment tells the same story. Rows are dicts by attribute; all of a table have the
same keys in the same order.
"""

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo

from wifiapp.businesses.models import Business
from wifiapp.db import Model
from wifiapp.demo import calendar
from wifiapp.demo.people import Crowd
from wifiapp.demo.shops import BOXES, SHOPS, Outlet, Plan, Shop, Weights, methods
from wifiapp.demo.stock import Row, Shelf, Station, row_id
from wifiapp.demo.usage import use
from wifiapp.hotspots.models import Hotspot, HotspotBusiness, HotspotOutage
from wifiapp.sales.models import PaymentMethod, WifiTokenSale
from wifiapp.tokens.models import TokenConfiguration, WifiToken

Rows = dict[type[Model], list[Row]]
SEED = 20260113
BEFORE_OPENING = timedelta(days=calendar.DAYS + 7)
RETIRED_AFTER = timedelta(days=100)  # plans no longer offered were last sold this long ago
VOIDED, SOLD_AGAIN, DISCOUNTED, SPOILED = 0.012, 0.7, 0.03, 0.006
DISCOUNT = 8, 10  # a friend of the house pays eight tenths
NO_ANSWER = "No answer within 12 s. Is it switched on?"
ROOM = 500  # tokens on an ESP32
HELD = ("UNUSED", "SOLD", "ACTIVE")  # what a box keeps; what is over has given its room back
WALLET_FEE = Decimal("1.50")  # % of the price
REASONS = (
    "Wrong plan chosen",
    "Customer changed their mind",
    "Paid twice by mistake",
    "Printer jam, printed again",
)


def tell(now: datetime) -> Rows:
    """Return the rows of all demo shops as they stand at `now`, by table."""
    now = now.replace(microsecond=0)
    rng = Random(SEED)  # noqa: S311 - a story needs no secrets
    rows: Rows = defaultdict(list)
    stations = {}
    for box in BOXES:
        heard = now - timedelta(minutes=box.silent_for or 0)
        stations[box.name] = station = Station(box, row_id(rng), heard)
        rows[Hotspot].append(_hotspot(station, now))
        if box.silent_for is not None:
            rows[HotspotOutage].append(_outage(station))
    for shop in SHOPS:
        _ShopStory(shop, stations, rows, rng, now).tell()
    _fill(rows)
    return rows


def _hotspot(station: Station, now: datetime) -> Row:
    box, opened = station.box, now - BEFORE_OPENING
    is_silent = box.silent_for is not None
    return {
        "id": station.hotspot_id,
        "name": box.name,
        "system": box.system,
        "address": box.address,
        "username": "wifiapp" if box.system == "R710" else None,
        "serial": box.serial,
        "firmware": box.firmware,
        "status": "SILENT" if is_silent else "OK",
        "last_contact_at": station.heard,
        "last_error": NO_ANSWER if is_silent else None,
        "clock_offset": 0,
        "max_tokens": ROOM if box.system == "ESP32" else None,
        "free_slots": None,
        "created_at": opened,
        "updated_at": station.heard,
    }


def _outage(station: Station) -> Row:
    return {
        "id": row_id(Random(station.box.serial)),  # noqa: S311 - a story needs no secrets
        "hotspot_id": station.hotspot_id,
        "started_at": station.heard,
        "ended_at": None,
        "reason": NO_ANSWER,
        "created_at": station.heard,
        "updated_at": station.heard,
    }


def _fill(rows: Rows) -> None:
    """Say how many more tokens there is room for, where a box has room for so many only."""
    held = Counter(each["hotspot_id"] for each in rows[WifiToken] if each["status"] in HELD)
    for hotspot in rows[Hotspot]:
        if hotspot["max_tokens"] is not None:
            hotspot["free_slots"] = max(0, hotspot["max_tokens"] - held[hotspot["id"]])


def _pick(rng: Random, weights: Weights) -> str:
    return rng.choices(list(weights), list(weights.values()))[0]


class _ShopStory:
    """One shop's six months, added to the rows of all."""

    def __init__(
        self, shop: Shop, stations: dict[str, Station], rows: Rows, rng: Random, now: datetime
    ) -> None:
        self.shop, self.stations, self.rows, self.rng, self.now = shop, stations, rows, rng, now
        self.business_id = row_id(rng)
        self.crowd = Crowd(rng)
        self.shelves: dict[tuple[Outlet, Plan], Shelf] = {}
        self.sales: list[Row] = []
        self.tokens: list[Row] = []

    def tell(self) -> None:
        self._open()
        zone = ZoneInfo(self.shop.timezone)
        for at in calendar.moments(self.rng, zone, self.shop.sales_a_day, self.now):
            self._sell(at)
        for shelf in self.shelves.values():
            self.tokens += shelf.rest()
        for token in self.tokens:
            if token["status"] in {"UNUSED", "SOLD"} and _is_past(token["redeem_by"], self.now):
                token["status"] = "EXPIRED"
        self.sales.sort(key=lambda sale: sale["sold_at"])
        for number, sale in enumerate(self.sales, 1):
            sale["receipt_number"] = number
        self.rows[WifiToken] += self.tokens
        self.rows[WifiTokenSale] += self.sales

    def _open(self) -> None:
        opened = self.now - BEFORE_OPENING
        self.rows[Business].append(
            {
                "id": self.business_id,
                "name": self.shop.name,
                "currency": self.shop.currency,
                "timezone": self.shop.timezone,
                "is_demo": True,
                "created_at": opened,
                "updated_at": opened,
            }
        )
        self._take_money(opened)
        for outlet in self.shop.outlets:
            self.rows[HotspotBusiness].append(
                {
                    "id": row_id(self.rng),
                    "hotspot_id": self.stations[outlet.box.name].hotspot_id,
                    "business_id": self.business_id,
                    "ssid": outlet.ssid,
                    "created_at": opened,
                }
            )
            for plan in outlet.plans:
                self._offer(outlet, plan, opened)

    def _take_money(self, opened: datetime) -> None:
        """Add the ways to pay at the till; the mobile money costs the customer a little."""
        for name, kind, percent in (
            ("CASH", "CASH", Decimal(0)),
            (self.shop.wallet, "MOBILE", WALLET_FEE),
            ("CARD", "OTHER", Decimal(0)),
        ):
            self.rows[PaymentMethod].append(
                {
                    "id": row_id(self.rng),
                    "business_id": self.business_id,
                    "name": name,
                    "kind": kind,
                    "fee_percent": percent,
                    "created_at": opened,
                    "updated_at": opened,
                }
            )

    def _offer(self, outlet: Outlet, plan: Plan, opened: datetime) -> None:
        """Add the plan and a shelf whose batches last about two weeks."""
        two_weeks = self.shop.sales_a_day * 14 * outlet.share * plan.share / 100 / 100
        plan_id = row_id(self.rng)
        self.shelves[outlet, plan] = Shelf(
            self.rng,
            self.stations[outlet.box.name],
            self.business_id,
            plan_id,
            plan,
            batch=max(10, round(two_weeks / 10) * 10),
        )
        self.rows[TokenConfiguration].append(
            {
                "id": plan_id,
                "business_id": self.business_id,
                "name": plan.name,
                "system": outlet.box.system,
                "duration_minutes": plan.minutes,
                "download_mb": plan.download_mb,
                "upload_mb": plan.upload_mb,
                "device_limit": plan.devices,
                "price": plan.price,
                "sort_order": len(self.shelves),
                "is_active": plan.is_active,
                "created_at": opened,
                "updated_at": opened,
            }
        )

    def _sell(self, at: datetime) -> None:
        """Sell one token, perhaps only at the second try, and let it be used."""
        outlet, plan = self._choose(at)
        shelf = self.shelves[outlet, plan]
        token = shelf.take(at)
        self.tokens.append(token)
        if self.rng.random() < SPOILED:
            self.tokens.append(shelf.take(at) | {"status": "DISABLED", "updated_at": at})
        sale = self._sale(token, at)
        self.sales.append(sale)
        token |= {"status": "SOLD", "updated_at": at}
        voided_at = at + timedelta(seconds=self.rng.randrange(40, 600))
        if self.rng.random() < VOIDED and voided_at + timedelta(minutes=1) < self.now:
            reason = self.rng.choice(REASONS)
            sale |= {"voided_at": voided_at, "void_reason": reason, "updated_at": voided_at}
            if self.rng.random() > SOLD_AGAIN:
                token |= {"status": "DISABLED", "updated_at": voided_at}
                return
            at = voided_at + timedelta(seconds=self.rng.randrange(10, 50))
            self.sales.append(self._sale(token, at))
        use(self.rows, self.rng, self.crowd, shelf.station, outlet.network, token, at, self.now)

    def _choose(self, at: datetime) -> tuple[Outlet, Plan]:
        outlets = self.shop.outlets
        outlet = self.rng.choices(outlets, [each.share for each in outlets])[0]
        offered = [p for p in outlet.plans if p.is_active or at < self.now - RETIRED_AFTER]
        return outlet, self.rng.choices(offered, [plan.share for plan in offered])[0]

    def _sale(self, token: Row, at: datetime) -> Row:
        channel = _pick(self.rng, self.shop.channels)
        tenths, of = DISCOUNT if self.rng.random() < DISCOUNTED else (1, 1)
        return {
            "id": row_id(self.rng),
            "business_id": self.business_id,
            "wifi_token_id": token["id"],
            "receipt_number": None,
            "sale_amount": token["price"] * tenths / of,
            "payment_method": _pick(self.rng, methods(channel, self.shop.wallet)),
            "sale_channel": channel,
            "sold_at": at,
            "voided_at": None,
            "void_reason": None,
            "created_at": at,
            "updated_at": at,
        }


def _is_past(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment <= now
