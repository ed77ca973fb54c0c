"""When a box is full and a stock sold out, as far as anybody can tell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wifiapp.fleet.forecast import FAR, Forecast, Pace, forecast

pytestmark = pytest.mark.usefixtures("no_database")


@pytest.mark.parametrize(
    ("made", "sold", "free", "unsold", "wanted"),
    [
        (28, 0, 20, 100, Forecast(full_in=10, sold_out_in=None)),
        (0, 28, 20, 100, Forecast(full_in=None, sold_out_in=50)),
        (28, 28, 20, 100, Forecast(None, None)),
        (0, 0, 20, 100, Forecast(None, None)),
        (28, 0, None, 100, Forecast(None, None)),
        (28, 0, 0, 0, Forecast(full_in=0, sold_out_in=None)),
        (0, 28, 5, 0, Forecast(full_in=None, sold_out_in=0)),
        (1, 0, 500, 1, Forecast(None, None)),  # in nineteen years
    ],
)
def test_the_pace_of_two_weeks_goes_on(made, sold, free, unsold, wanted):
    assert forecast(Pace(made, sold, 14), free, unsold) == wanted


@given(*(st.integers(0, 10_000) for _ in range(4)), st.integers(1, 14))
def test_at_most_one_of_the_two_comes_and_never_beyond_a_year(made, sold, free, unsold, days):
    found = forecast(Pace(made, sold, days), free, unsold)
    assert found.full_in is None or found.sold_out_in is None
    for ahead in (found.full_in, found.sold_out_in):
        assert ahead is None or 0 <= ahead <= FAR
