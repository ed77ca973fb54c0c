from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace as Row

import pytest

from wifiapp.dashboard import figures

pytestmark = pytest.mark.usefixtures("no_database")
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def sold(days_ago, channel, count=1, amount="1.00", currency="USD"):
    return Row(
        days_ago=days_ago, channel=channel, count=count, amount=Decimal(amount), currency=currency
    )


def money(amount, currency):
    return f"{currency} {amount:.2f}"


def test_today_is_by_channel_the_busiest_first_and_currencies_stay_apart():
    channels = figures.today(
        [
            sold(0, "POS", 1, "2.00"),
            sold(0, "DIRECT", 2, "3.00"),
            sold(0, "DIRECT", 1, "50.00", "KES"),
            sold(1, "DIRECT", 9, "9.00"),
        ]
    )
    assert [(each.name, each.count) for each in channels] == [("DIRECT", 3), ("POS", 1)]
    assert channels[0].amounts == {"KES": Decimal("50.00"), "USD": Decimal("3.00")}
    whole = figures.total(channels)
    assert whole.count == 4
    assert whole.amounts == {"KES": Decimal("50.00"), "USD": Decimal("5.00")}


def test_the_sum_of_no_channel_is_nothing():
    assert figures.total([]) == figures.Channel("", 0, {})


def test_the_chart_has_fourteen_days_and_ends_today():
    days = figures.last_days(date(2026, 3, 3))
    assert (days[0], days[-1], len(days)) == (date(2026, 2, 18), date(2026, 3, 3), 14)


def test_one_currency_is_drawn_as_amounts_with_words_for_people():
    (series,) = figures.chart([sold(0, "POS", 2, "3.50"), sold(13, "POS")], "Other", money)
    assert series["data"] == ["1.00", *["0"] * 12, "3.50"]
    assert series["display"][-1] == "USD 3.50"


def test_several_currencies_are_drawn_as_numbers_of_tokens():
    (series,) = figures.chart([sold(0, "POS", 2), sold(0, "POS", 3, "9", "KES")], "Other", money)
    assert series["data"][-1] == "5"
    assert "display" not in series


def test_channels_beyond_the_palette_are_drawn_together():
    rows = [sold(0, f"C{n}", 20 - n) for n in range(8)]
    series = figures.chart(rows, "Other", money)
    assert [each["label"] for each in series] == ["C0", "C1", "C2", "C3", "C4", "Other"]
    assert series[-1]["data"][-1] == "3.00"


@pytest.mark.parametrize(
    ("left", "sold_in_a_week", "tone"),
    [
        (0, 0, "bad"),  # none left, whether anybody asks or not
        (9, 70, "bad"),  # gone before tomorrow is over
        (10, 70, "warn"),
        (29, 70, "warn"),
        (30, 70, "good"),
        (4, 0, "warn"),  # few, at no pace
        (5, 0, "good"),
    ],
)
def test_a_stock_is_judged_by_how_long_it_lasts(left, sold_in_a_week, tone):
    row = Row(plan_id="p", plan="Day", business="Shop", left=left, sold=sold_in_a_week)
    assert figures.stock([row], pace=7)[0].tone == tone


def test_what_runs_out_first_stands_on_top():
    rows = [
        Row(plan_id=plan, plan=plan, business="Shop", left=left, sold=sold)
        for plan, left, sold in [("a", 50, 7), ("b", 1, 1), ("c", 5, 70), ("d", 0, 3)]
    ]
    assert [each.plan for each in figures.stock(rows, pace=7)] == ["d", "c", "b", "a"]


def test_a_hotspot_is_silent_after_three_polls_but_not_before_three_minutes():
    def box(name, seconds, interval=30, *, active=True, manual=False):
        heard = None if seconds is None else NOW - timedelta(seconds=seconds)
        return Row(
            id=name, name=name, system="R710", is_active=active, is_manual=manual,
            poll_interval=interval, last_contact_at=heard,
        )  # fmt: skip

    rows = [
        box("fresh", 179),
        box("late", 181),
        box("slow", 181, 100),
        box("new", None),
        box("put away", 9999, active=False),
        box("by hand", None, manual=True),
    ]
    found = figures.hotspots(rows, NOW, patience=180)
    assert [(each.name, each.is_silent) for each in found] == [
        ("late", True), ("new", True), ("fresh", False), ("slow", False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("age", "tone"),
    [
        (None, "warn"),
        (timedelta(hours=47), "good"),
        (timedelta(days=3), "warn"),
        (timedelta(days=8), "bad"),
    ],
)
def test_a_backup_ages(age, tone):
    assert figures.backup_tone(age and NOW - age, NOW) == tone


def test_a_sale_before_midnight_utc_is_of_the_next_day_in_harare():
    moment = datetime(2026, 11, 22, 22, 30, tzinfo=UTC)
    assert figures.local_day(moment, "Africa/Harare") == "2026-11-23"
