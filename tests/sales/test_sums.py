from decimal import Decimal

import pytest

from wifiapp.sales.sums import Cell, Sum, found, grouped, total

pytestmark = pytest.mark.usefixtures("no_database")


def cell(channel, amount, quantity=1, voids=0, **given):
    values = {"currency": "USD", "method": "CASH", "system": "ESP32", "plan": "1 h", "seller": None}
    return Cell(
        **values | given, channel=channel, quantity=quantity, voids=voids, amount=Decimal(amount)
    )


def test_groups_come_with_their_share_the_largest_first():
    cells = [cell("POS", "1.00"), cell("DIRECT", "2.00"), cell("POS", "5.00", 2, method="CARD")]
    assert grouped(cells, "channel") == [
        Sum("POS", 3, 0, Decimal("6.00"), Decimal("0.75")),
        Sum("DIRECT", 1, 0, Decimal("2.00"), Decimal("0.25")),
    ]


def test_there_is_no_share_of_nothing_or_less():
    cells = [cell("POS", "1.00"), cell("DIRECT", "-2.00", -1, 1)]
    assert [each.share for each in grouped(cells, "channel")] == [None, None]
    assert total(cells) == Sum("", 0, 1, Decimal("-1.00"))


def test_what_nobody_sold_is_a_group_without_a_name():
    cells = [cell("POS", "1.00"), cell("POS", "1.00", seller="a"), cell("POS", "1.00")]
    assert [(each.name, each.quantity) for each in grouped(cells, "seller")] == [("", 2), ("a", 1)]


def test_the_total_of_no_cells_is_zero():
    assert total([]) == Sum("", 0, 0, Decimal("0.00"))


def test_values_that_occur_are_found_once_and_in_order():
    cells = [cell("POS", 1), cell("DIRECT", 1, seller="b"), cell("POS", 1, seller="a")]
    assert found(cells, "channel") == ["DIRECT", "POS"]
    assert found(cells, "seller") == ["a", "b"]
