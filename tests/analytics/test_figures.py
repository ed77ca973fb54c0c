from decimal import Decimal

import pytest

from wifiapp.analytics.figures import AVERAGE, COUNT, MEGABYTES, Figure, Series, ranked, summed


@pytest.fixture(autouse=True)
def in_english(app):
    with app.test_request_context():
        yield


def figure(values, unit=COUNT, **given):
    series = [Series("A", values)]
    return Figure("f", "F", "", "stacked", "Day", [""] * len(values), series, unit, **given)


def test_what_nobody_knows_is_a_dash_and_a_gap_of_the_chart():
    found = figure([5, None, 0])
    assert [found.shown(value) for value in found.series[0].values] == ["5", "\N{EN DASH}", "0"]
    assert found.data() == [{"label": "A", "data": [5, None, 0]}]
    assert found.series[0].total == 5


def test_a_sum_of_nothing_known_is_unknown():
    assert Series("A", [None, None]).total is None
    assert summed([[1, None, 2], [1, 1, None]]) == [2, None, None]


def test_volumes_are_shown_in_the_unit_of_their_size_and_kept_in_megabytes():
    small, large = figure([Decimal("12.34")], MEGABYTES), figure([Decimal("12345.6")], MEGABYTES)
    assert (small.shown(Decimal("12.34")), small.scale[1]) == ("12.3", "MB")
    assert (large.shown(Decimal("12345.6")), large.scale[1]) == ("12.35", "GB")
    assert large.data()[0]["data"] == [12.35]
    assert next(large.rows())["value"] == Decimal("12345.6")


def test_amounts_are_written_to_the_cent():
    found = figure([Decimal("1234.5")], "USD")
    assert found.shown(Decimal("1234.5")) == "1,234.50"
    assert found.data()[0]["data"] == [1234.5]


def test_the_chart_sums_what_is_beyond_its_palette_and_the_table_does_not():
    found = ranked({f"C{n}": [10 - n, None if n == 9 else 1] for n in range(10)})
    shown = {role: [it.name for it in found if it.role == role] for role in ("both", "table")}
    assert shown == {
        "both": ["C0", "C1", "C2", "C3", "C4"],
        "table": ["C5", "C6", "C7", "C8", "C9"],
    }
    other = found[-1]
    assert (other.name, other.role, list(other.values)) == ("Other", "chart", [15, None])
    assert [it.name for it in ranked({"B": [1], "A": [1]})] == ["A", "B"]


@pytest.mark.parametrize(
    ("value", "level"), [(None, "gap"), (0, "0"), (1, "1"), (2, "1"), (5, "3"), (9, "5"), (10, "5")]
)
def test_the_heat_of_a_number_is_its_share_of_the_most(value, level):
    hottest = Decimal(10)
    found = figure([hottest, Decimal(0)], AVERAGE)
    assert found.level(None if value is None else Decimal(value)) == level


def test_where_nothing_happened_nothing_is_hot():
    assert figure([Decimal(0), None], AVERAGE).level(Decimal(0)) == "0"
    assert figure([0, None]).is_empty
    assert not figure([1]).is_empty
