from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from wifiapp import formats

NOON = datetime(2026, 11, 22, 12, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [
        (Decimal("1234.5"), "USD", "USD 1,234.50"),
        (Decimal("-3.00"), "USD", "USD -3.00"),
        (Decimal(0), "ZAR", "ZAR 0.00"),
        (Decimal("9999999999.99"), "EUR", "EUR 9,999,999,999.99"),
        (Decimal(1500), "JPY", "JPY 1,500"),
        (None, "USD", formats.NOTHING),
    ],
)
def test_money_carries_its_currency_and_every_cent(amount, currency, written):
    assert formats.money(amount, currency) == written


@pytest.mark.parametrize(
    ("zone", "written"),
    [
        ("Africa/Harare", "22 Nov 2026, 14:05"),
        ("UTC", "22 Nov 2026, 12:05"),
        ("Pacific/Auckland", "23 Nov 2026, 01:05"),
    ],
)
def test_a_moment_is_written_in_the_zone_of_the_shop(zone, written):
    assert formats.moment(NOON, zone) == written


@pytest.mark.parametrize(
    ("back", "written"),
    [
        (timedelta(0), "0 s ago"),
        (timedelta(seconds=12), "12 s ago"),
        (timedelta(seconds=59.9), "59 s ago"),
        (timedelta(seconds=60), "1 min ago"),
        (timedelta(minutes=3, seconds=30), "3 min ago"),
        (timedelta(hours=2), "2 h ago"),
        (timedelta(hours=23, minutes=59), "23 h ago"),
        (timedelta(days=5), "5 d ago"),
        (timedelta(hours=-3), "in 3 h"),
    ],
)
def test_ago_says_the_largest_whole_unit(back, written):
    assert formats.ago(NOON - back, NOON) == written


@time_machine.travel(NOON, tick=False)
def test_ago_counts_from_now_when_not_told_otherwise():
    assert formats.ago(NOON - timedelta(minutes=7)) == "7 min ago"


def test_a_day_names_the_day_of_the_week():
    assert formats.day(NOON.date()) == "Sun 22 Nov 2026"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (datetime(2026, 11, 22, 22, 30, tzinfo=UTC), "00:30"),
        (datetime(2026, 11, 22, 21, 30, tzinfo=UTC), "22 Nov, 23:30"),
        (datetime(2025, 11, 22, 12, 0, tzinfo=UTC), "22 Nov 2025, 14:00"),
    ],
)
def test_a_brief_moment_leaves_out_the_day_and_the_year_of_now(value, written):
    now = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
    assert formats.brief(value, "Africa/Harare", now) == written


@pytest.mark.parametrize(
    ("length", "written"),
    [
        (0, "0 s"),
        (45, "45 s"),
        (719, "11 min"),
        (3900, "1 h 05 min"),
        (86399, "23 h 59 min"),
        (183600, "2 d 03 h"),
        (timedelta(minutes=65), "1 h 05 min"),
        (-1, "0 s"),
    ],
)
def test_a_timespan_has_at_most_two_units(length, written):
    assert formats.timespan(length) == written


@pytest.mark.parametrize(
    ("size", "written"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (1250, "1.2 kB"),
        (999_999, "1 MB"),
        (585_000_000, "585 MB"),
        (1_230_000_000, "1.2 GB"),
        (10**21, "1,000,000 PB"),
    ],
)
def test_a_file_size_has_at_most_three_figures_until_units_run_out(size, written):
    assert formats.bytes_(size) == written


def test_numbers_are_grouped_and_ratios_are_percents():
    assert formats.count(1234567) == "1,234,567"
    assert formats.percent(Decimal("0.125")) == "12.5%"
    assert formats.percent(1) == "100%"
    assert formats.amount(Decimal("-1234.5")) == "-1,234.50"
    assert formats.number(Decimal("1234.56"), "#,##0.0") == "1,234.6"


@pytest.mark.parametrize("name", sorted(formats.FILTERS))
def test_nothing_is_a_dash_in_every_format(name):
    more = {"money": ["USD"], "moment": ["UTC"], "brief": ["UTC"]}.get(name, [])
    assert formats.FILTERS[name](None, *more) == formats.NOTHING


def test_a_state_is_known_in_any_case_and_a_new_one_shows_its_name():
    assert formats.state_of("ONLINE") == formats.state_of("online") == formats.STATES["online"]
    assert formats.state_of("Lost").label == "Lost"
