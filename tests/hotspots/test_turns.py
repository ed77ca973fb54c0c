"""One conversation at a time with each hotspot, over threads, processes and lost connections."""

import threading

import pytest
from sqlalchemy.engine import make_url

from tests.conftest import admin
from wifiapp.hotspots.driver import Busy
from wifiapp.hotspots.turns import turn

CONNECTIONS = """
    SELECT pid FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND pg_stat_activity.datname = %s
"""


def holders(database_url):
    name = make_url(database_url).database
    with admin() as connection:
        return [row[0] for row in connection.execute(CONNECTIONS, [name])]


@pytest.fixture
def here(own_app):
    with own_app.app_context():
        yield own_app


def test_a_second_turn_is_refused_in_the_same_process(here):
    with turn("one"), pytest.raises(Busy), turn("one"):
        pass
    with turn("one"):
        pass


def test_a_second_turn_is_refused_in_another_process(here, app_on, own_database):
    there = app_on(own_database)
    with turn("one"):
        with there.app_context(), pytest.raises(Busy), turn("one"):
            pass
        with there.app_context(), turn("two"):
            pass
    with there.app_context(), turn("one"):
        pass


def test_hundreds_of_turns_are_one_connection_and_none_when_given_back(here, own_database):
    with turn("0"):
        held = [turn(str(number)) for number in range(1, 200)]
        for one in held:
            one.__enter__()
        assert len(set(holders(own_database))) == 1
        assert len(holders(own_database)) == 200
        for one in held:
            one.__exit__(None, None, None)
        assert len(holders(own_database)) == 1
    assert holders(own_database) == []


def test_a_turn_can_be_waited_for(here):
    begun, end = threading.Event(), threading.Event()

    def hold():
        with here.app_context(), turn("one"):
            begun.set()
            end.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    begun.wait(10)
    threading.Timer(0.05, end.set).start()
    with turn("one", wait=10):
        assert end.is_set()
    thread.join()


def test_a_turn_is_given_back_after_an_error(here):
    with pytest.raises(ZeroDivisionError), turn("one"):
        raise ZeroDivisionError
    with turn("one"):
        pass


def test_turns_outlive_a_lost_connection(here, app_on, own_database):
    with turn("one"):
        with admin() as connection:
            for pid in holders(own_database):
                connection.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        with turn("two"), app_on(own_database).app_context(), pytest.raises(Busy), turn("one"):
            pass
