"""What the dashboard makes of the rows it is given: sums, days, warnings."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

DAYS = 14  # of the chart, today included
MOST_CHANNELS = 6  # the chart's palette
LOW_DAYS, OUT_DAYS = 3, 1  # days a stock lasts before it turns amber, red
FEW = 5  # tokens of a plan that nobody bought lately
SHOWN_PLANS = 6

Money = dict[str, Decimal]  # by currency; amounts of two currencies are never added


@dataclass(frozen=True)
class Channel:
    """What a channel sold."""

    name: str
    count: int
    amounts: Money


@dataclass(frozen=True)
class Stock:
    """A plan's unsold tokens: how many, how long they last, and how bad that is."""

    plan_id: str
    plan: str
    business: str
    left: int
    days: float | None
    tone: str


def today(sums: Iterable[Any]) -> list[Channel]:
    """Return what each channel sold today, the busiest first."""
    found: dict[str, list[Any]] = {}
    for row in sums:
        if row.days_ago == 0:
            found.setdefault(row.channel, []).append(row)
    channels = [
        Channel(name, sum(row.count for row in rows), _amounts(rows))
        for name, rows in found.items()
    ]
    return sorted(channels, key=lambda each: (-each.count, each.name))


def total(channels: Sequence[Channel]) -> Channel:
    """Return the sum of the channels."""
    amounts: Money = {}
    for channel in channels:
        for currency, amount in channel.amounts.items():
            amounts[currency] = amounts.get(currency, Decimal(0)) + amount
    return Channel("", sum(each.count for each in channels), dict(sorted(amounts.items())))


def _amounts(rows: Iterable[Any]) -> Money:
    return {row.currency: row.amount for row in sorted(rows, key=lambda row: row.currency)}


def last_days(today: date) -> list[date]:
    """Return the days of the chart, oldest first."""
    return [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]


def local_day(moment: datetime, zone: str) -> str:
    """Return the day of a moment in the zone as it stands in the address of the sales."""
    return moment.astimezone(ZoneInfo(zone)).date().isoformat()


def chart(
    sums: Sequence[Any], other: str, money: Callable[[Decimal, str], str]
) -> list[dict[str, Any]]:
    """Return the chart's datasets by channel: amounts in one currency, else counts.

    Channels beyond the palette are summed as `other`; `money` writes an amount for people.
    """
    currencies = {row.currency for row in sums}
    currency = currencies.pop() if len(currencies) == 1 else None
    totals: dict[str, int] = {}
    for row in sums:
        totals[row.channel] = totals.get(row.channel, 0) + row.count
    ranked = sorted(totals, key=lambda name: (-totals[name], name))
    kept = ranked if len(ranked) <= MOST_CHANNELS else ranked[: MOST_CHANNELS - 1]
    series: dict[str, list[Any]] = {name: [0] * DAYS for name in kept}
    for row in sums:
        days = series.setdefault(row.channel if row.channel in kept else other, [0] * DAYS)
        days[DAYS - 1 - row.days_ago] += row.amount if currency else row.count
    return [
        {"label": name, "data": [str(value) for value in days]}
        | ({"display": [money(Decimal(value), currency) for value in days]} if currency else {})
        for name, days in series.items()
    ]


def stock(rows: Iterable[Any], pace: int) -> list[Stock]:
    """Return the plans, those that run out first on top; `pace` is the days `sold` stands for."""
    found = [_stock(row, pace) for row in rows]
    rank = {"bad": 0, "warn": 1, "good": 2}
    return sorted(found, key=lambda each: (rank[each.tone], each.days or 0, each.left))


def _stock(row: Any, pace: int) -> Stock:
    days = row.left * pace / row.sold if row.sold else None
    if row.left == 0 or (days is not None and days < OUT_DAYS):
        tone = "bad"
    elif (days is not None and days < LOW_DAYS) or (days is None and row.left < FEW):
        tone = "warn"
    else:
        tone = "good"
    return Stock(row.plan_id, row.plan, row.business, row.left, days, tone)


def backup_tone(made_at: datetime | None, now: datetime) -> str:
    """Say how good the newest verified backup is, as the page of backups does."""
    if made_at is None:
        return "warn"
    age = now - made_at
    return "good" if age < timedelta(days=2) else "warn" if age < timedelta(days=7) else "bad"


@dataclass(frozen=True)
class Box:
    """A hotspot in use and whether it has been heard of lately."""

    id: str
    name: str
    system: str
    heard_at: datetime | None
    is_silent: bool


def hotspots(
    rows: Iterable[Any], now: datetime, patience: int, pushed: Collection[str] = ()
) -> list[Box]:
    """Return the active hotspots, silent ones first; `patience` is in seconds.

    Silent is what makes its devices Unknown: no word during three polls or `patience`. One that
    is loaded by hand tells nothing and is left out, unless it is among those that are `pushed`.
    """
    found = []
    for row in rows:
        if row.is_active and (not row.is_manual or row.id in pushed):
            since = now - timedelta(seconds=max(3 * row.poll_interval, patience))
            is_silent = row.last_contact_at is None or row.last_contact_at < since
            found.append(Box(row.id, row.name, row.system, row.last_contact_at, is_silent))
    return sorted(found, key=lambda box: not box.is_silent)
