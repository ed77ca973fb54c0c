from decimal import Decimal

import pytest

from wifiapp.tokens import durations
from wifiapp.tokens.limits import Terms, problems


def terms(**given):
    return Terms(**{"name": "1 hour", "minutes": 60, "price": Decimal("1.00")} | given)


@pytest.mark.parametrize("minutes", [30, 31, 90, 43_200])
def test_an_esp32_counts_minutes(minutes):
    assert problems("ESP32", terms(minutes=minutes)) == {}


@pytest.mark.parametrize("minutes", [-60, 0, 29, 43_201])
def test_an_esp32_has_its_limits_and_says_so(minutes):
    found = problems("ESP32", terms(minutes=minutes))
    assert found == {"minutes": "An ESP32 counts from 30 minutes to 30 days."}


@pytest.mark.parametrize("minutes", [60, 180, 1440, 10_080, 524_160])
def test_an_r710_counts_whole_hours_days_and_weeks(minutes):
    assert problems("R710", terms(minutes=minutes)) == {}


@pytest.mark.parametrize("minutes", [-60, 0, 30, 90, 524_220])
def test_an_r710_has_no_minutes_and_says_so(minutes):
    assert "whole hours, days or weeks" in problems("R710", terms(minutes=minutes))["minutes"]


@pytest.mark.parametrize("price", ["0", "0.01", "9999999999.99"])
def test_a_price_is_what_the_column_holds(price):
    assert problems("ESP32", terms(price=Decimal(price))) == {}


@pytest.mark.parametrize("price", ["-0.01", "1.005", "10000000000", "NaN", "Infinity", "-Infinity"])
def test_a_price_that_does_not_fit_is_refused(price):
    assert problems("ESP32", terms(price=Decimal(price))).keys() == {"price"}


def test_only_an_esp32_limits_data():
    volumes = {"download_mb": 250, "upload_mb": 60}
    assert problems("ESP32", terms(**volumes)) == {}
    assert problems("R710", terms(**volumes)).keys() == {"download_mb", "upload_mb"}
    assert problems("ESP32", terms(download_mb=0, upload_mb=-1)).keys() == volumes.keys()


@pytest.mark.parametrize(
    ("system", "good", "bad"), [("ESP32", (1, 2), (0, 3)), ("R710", (1, 100), (0, 101))]
)
def test_so_many_devices_share_a_token(system, good, bad):
    assert not any(problems(system, terms(devices=each)) for each in good)
    assert all(problems(system, terms(devices=each)).keys() == {"devices"} for each in bad)


@pytest.mark.parametrize("name", ["", "x" * 61])
def test_a_plan_needs_a_name(name):
    assert problems("ESP32", terms(name=name)).keys() == {"name"}


def test_everything_wrong_is_said_at_once():
    wrong = Terms("", 1, Decimal(-1), -1, -1, 9)
    assert len(problems("ESP32", wrong)) == 6


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (30, "30 minutes"),
        (60, "1 hour"),
        (90, "90 minutes"),
        (180, "3 hours"),
        (1440, "1 day"),
        (4320, "3 days"),
        (10_080, "1 week"),
        (43_200, "30 days"),
    ],
)
def test_a_duration_is_written_in_its_largest_whole_unit(minutes, words):
    assert durations.words(minutes) == words
    number, unit = durations.split(minutes)
    assert number * durations.MINUTES[unit] == minutes
