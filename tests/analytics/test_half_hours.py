"""Where the clock is moved by half an hour: every hour, half or whole, says what happened in it."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from tests.analytics.rolled import Shop, assert_proven, at, roll_up
from tests.factories import make_device, make_sale, make_session
from wifiapp.analytics import grid
from wifiapp.analytics.check_queries import EVERYBODY
from wifiapp.analytics.queries import Scope, sum_channels, sum_hours, sum_rollups
from wifiapp.db import db
from wifiapp.sales.periods import CUSTOM, Period
from wifiapp.sales.queries import Wanted, sum_cells

LORD_HOWE = "Australia/Lord_Howe"
LATER = at("2026-11-01T00:00")
PACE = timedelta(minutes=10)
# the day on which the clock is moved, its beginning, its half hour, and its length
DAYS = (
    (date(2026, 4, 5), "2026-04-04T13:00", "2026-04-04T15:00", timedelta(hours=24.5)),
    (date(2026, 10, 4), "2026-10-03T13:30", "2026-10-03T15:30", timedelta(hours=23.5)),
)


@pytest.fixture
def shop():
    return Shop(timezone=LORD_HOWE)


def sell_and_connect(shop, start, length):
    """Sell and connect every ten minutes for so long; return the moments."""
    moments = [start + n * PACE for n in range(int(length / PACE))]
    for n, moment in enumerate(moments):
        void = {"voided_at": moment + 4 * PACE, "void_reason": "x"} if n % 7 == 3 else {}
        token = shop.token(created_at=start)
        make_sale(token, sold_at=moment, sale_amount=Decimal("1.00"), **void)
        ended = {"ended_at": moment + 5 * PACE, "end_reason": "LEFT"}
        make_session(make_device(token), started_at=moment, **ended)
    db.session.flush()
    return moments


@pytest.mark.parametrize(("day", "start", "change", "length"), DAYS)
def test_the_hours_of_the_day_add_up_to_the_day_and_to_the_sales_page(
    shop, day, start, change, length
):
    moments = sell_and_connect(shop, at(start) - 9 * PACE, length + 18 * PACE)
    roll_up(LATER)
    assert_proven(LATER)
    scope = Scope([shop.business.id])
    hours = grid.build("hour", [LORD_HOWE], day, day, LATER)
    (whole,) = grid.build("day", [LORD_HOWE], day, day, LATER).slots
    assert (whole.start, whole.end - whole.start) == (at(start), length)
    half = next(slot for slot in hours.slots if slot.start == at(change))
    assert half.end - half.start == timedelta(minutes=30)
    inside = [sum(slot.start <= moment < slot.end for moment in moments) for slot in hours.slots]
    begun = [0] * len(hours.slots)
    for cell in sum_rollups(scope, hours):
        begun[cell.place] += cell.connections
    assert begun == inside and sorted(set(inside)) == [3, 6]
    sold = [0] * len(hours.slots)
    for amount in sum_channels(scope, hours):
        sold[amount.place] += amount.amount
    rolled = [0] * len(hours.slots)
    for cell in sum_rollups(scope, hours):
        rolled[cell.place] += cell.revenue
    assert sold == rolled
    days = grid.build("day", [LORD_HOWE], day, day, LATER)
    (of_day,) = sum_rollups(scope, days)
    spans = {LORD_HOWE: Period(CUSTOM, day, day).span(LORD_HOWE, LATER)}
    page = sum(cell.amount for cell in sum_cells(EVERYBODY, Wanted(spans)))
    assert of_day.revenue == sum(rolled) == page
    by_clock = sum_hours(scope, days, LATER)
    assert sum(by_clock.values()) == of_day.connections == sum(inside)


@pytest.mark.usefixtures("no_database")
@pytest.mark.parametrize(("day", "length"), [(day, length) for day, _, _, length in DAYS])
def test_no_two_hours_have_one_name(day, length):
    hours = grid.build("hour", [LORD_HOWE], day, day, LATER)
    names = [(slot.local.replace(fold=0), slot.local.fold) for slot in hours.slots]
    assert len(set(names)) == len(names) and names == sorted(names)
    assert sum((slot.end - slot.start for slot in hours.slots), timedelta()) == length
