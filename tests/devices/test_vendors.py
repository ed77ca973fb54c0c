import asyncio
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata

import pytest

from wifiapp.devices import vendors
from wifiapp.devices.vendors import short, vendor_of

pytestmark = pytest.mark.usefixtures("no_database")


def test_the_maker_is_known_without_a_network():
    assert vendor_of("3C:22:FB:00:00:01") == "Apple"


def test_the_date_of_the_list_is_that_of_the_installed_version():
    """A newer version needs its own day in `vendors`."""
    assert metadata.version("aiooui") == vendors.VERSION


@pytest.mark.parametrize("mac", ["DA:A1:19:00:00:01", "C0:A8:04:02:00:00", "FC:FF:FF:00:00:01"])
def test_no_maker_is_named_for_an_address_that_names_none(mac):
    assert vendor_of(mac) is None


@pytest.mark.parametrize(
    ("registered", "said"),
    [
        ("Samsung Electronics Co.,Ltd", "Samsung Electronics"),
        ("Apple, Inc.", "Apple"),
        ("HUAWEI TECHNOLOGIES CO.,LTD", "Huawei"),
        ("GUANGDONG OPPO MOBILE TELECOMMUNICATIONS CORP.,LTD", "Guangdong OPPO Mobile"),
        ("LG Electronics (Mobile Communications)", "LG Electronics (Mobile Communications)"),
        ("HP", "HP"),
        ("Ltd", "Ltd"),
    ],
)
def test_a_registered_name_is_written_as_people_say_it(registered, said):
    assert short(registered) == said


def test_the_list_is_loaded_also_where_an_event_loop_runs(monkeypatch):
    async def ask():
        return vendor_of("3C:22:FB:00:00:01")

    vendor_of.cache_clear()
    monkeypatch.setattr(vendors.aiooui, "is_loaded", lambda: False)
    with ThreadPoolExecutor(1) as aside:  # this thread may have a browser's loop
        assert aside.submit(lambda: asyncio.run(ask())).result() == "Apple"
