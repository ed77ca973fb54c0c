from datetime import timedelta

import pytest

from wifiapp import clock


@pytest.fixture
def later(time_machine):
    """Return a function that lets so many seconds pass in no time."""
    return lambda seconds: time_machine.move_to(clock.now() + timedelta(seconds=seconds))
