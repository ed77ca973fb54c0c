"""What the tests of the roll-ups share: rolling up, reading, and a moment that stands still."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sqlalchemy import select, text

from tests.factories import make_business, make_hotspot, make_plan, make_rollup
from wifiapp.analytics import rollup_operations
from wifiapp.analytics.check_queries import check
from wifiapp.analytics.models import WifiUsageAnalytics as Row
from wifiapp.db import db

NOW = datetime(2026, 11, 20, 18, 42, 10, tzinfo=UTC)
LENGTH = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}


def at(text_):
    return datetime.fromisoformat(text_).replace(tzinfo=UTC)


def roll_up(now=NOW, **given):
    """Roll up what the test has added so far."""
    db.session.flush()
    outcome = rollup_operations.roll_up(now, **given)
    db.session.expire_all()
    return outcome


def write(business, start, unit="day", system="ESP32", revenue="0.00", **measures):
    """Add a roll-up as the worker would; without a business, one of all."""
    money = Decimal(revenue)
    parts = {"ESP32": {"esp32_revenue": money}, "R710": {"r710_revenue": money}}[system]
    return make_rollup(
        business_id=business and business.id,
        period_type=unit,
        period_start=start,
        period_end=start + LENGTH.get(unit, timedelta(days=30)),
        system=system,
        total_revenue=money,
        **parts,
        **{"device_type_stats": None} | measures,
    )


def rows(business=None, kind="hour", system="ESP32"):
    """Return the roll-ups of a business, without one of all, by their start."""
    query = select(Row).where(
        Row.business_id.is_not_distinct_from(business and business.id),
        Row.period_type == kind,
        Row.system == system,
    )
    return {row.period_start: row for row in db.session.scalars(query)}


def table():
    """Return the whole table, byte for byte."""
    query = text("SELECT r::text FROM wifi_usage_analytics r ORDER BY id")
    return db.session.scalars(query).all()


def marks():
    """Return business, start, end and MAC of each mark."""
    query = text(
        'SELECT "businessId", "startsAt", "endsAt", "macAddress" FROM rollup_marks ORDER BY 1, 2'
    )
    return [tuple(row) for row in db.session.execute(query)]


def assert_proven(now=NOW):
    """Count everything again another way."""
    db.session.flush()
    verdict = check(None, None, now)
    assert not verdict.mismatches, verdict.mismatches[:5]
    assert not verdict.waiting, marks()
    assert verdict.rolled_up_to


class Shop:
    """A business with a hotspot and a plan on each system."""

    def __init__(self, **given):
        self.business = make_business(**given)
        self.plans = {
            system: make_plan(self.business, system=system) for system in ("ESP32", "R710")
        }
        self.hotspots = {system: make_hotspot(system=system) for system in ("ESP32", "R710")}

    def token(self, system="ESP32", **given):
        from tests.factories import make_token  # noqa: PLC0415

        given = {"created_at": NOW - timedelta(days=50)} | given
        return make_token(plan=self.plans[system], hotspot=self.hotspots[system], **given)
