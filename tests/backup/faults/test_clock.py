"""The clock is set back, or was ahead: nothing is overwritten, swept away or taken for newer."""

from datetime import timedelta

import pytest

from tests.backup.archives import call, execute, make_archive
from wifiapp import clock
from wifiapp.backup import engine

BACK = [timedelta(hours=1), timedelta(days=400)]


@pytest.mark.parametrize("by", BACK, ids=["an hour", "a year"])
def test_backups_restores_and_their_undo_work_on_after_the_clock_was_set_back(
    shop, time_machine, by
):
    then, path = shop.data(), shop.archive()
    shop.trade()
    now = shop.data()
    first = call(shop.app, engine.restore, path).kept_as
    time_machine.move_to(clock.now() - by)
    call(shop.app, engine.clean_up)
    second = call(shop.app, engine.restore, path).kept_as
    assert second > first
    assert shop.kept() == [first, second]
    assert call(shop.app, engine.undo_restore).came_back == second
    assert shop.data() == then
    execute(shop.app, f"DROP SCHEMA {shop.kept()[-1]} CASCADE")
    assert call(shop.app, engine.undo_restore).came_back == first
    assert shop.data() == now


def test_a_clock_that_goes_back_overwrites_no_archive(shop, time_machine):
    first = make_archive(shop.app)
    time_machine.move_to(clock.now() - timedelta(days=1))
    second = make_archive(shop.app)
    assert first.path != second.path
    assert engine.check(first.path).sha256 == first.sha256


def test_what_is_kept_for_an_undo_lives_its_days_after_the_clock_was_put_right(shop, time_machine):
    path = shop.archive()
    shop.trade()
    now = shop.data()
    right = clock.now()
    time_machine.move_to(right - timedelta(days=6))
    call(shop.app, engine.restore, path)
    time_machine.move_to(right)
    call(shop.app, engine.clean_up)
    call(shop.app, engine.undo_restore)
    assert shop.data() == now
