"""Where a name leads at the moment of the call, whatever it meant when it was typed."""

import socket
from contextlib import closing

import pytest

from tests.hotspots.talk import ask
from wifiapp.hotspots.driver import Unreachable
from wifiapp.hotspots.reaching import Misled, sockets_for

pytestmark = pytest.mark.usefixtures("no_database")


@pytest.fixture
def leads(monkeypatch):
    """Return a function that lets every name lead to these addresses."""

    def to(*addresses):
        def found(_host, port, *_given, **_named):
            return [
                (
                    socket.AF_INET6 if ":" in each else socket.AF_INET,
                    socket.SOCK_STREAM,
                    socket.IPPROTO_TCP,
                    "",
                    (each, port, 0, 0) if ":" in each else (each, port),
                )
                for each in addresses
            ]

        monkeypatch.setattr(socket, "getaddrinfo", found)

    return to


def identify(box, name):
    box.address = f"{name}:{box.port}"
    return ask(box, lambda driver: driver.identify())


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "::1",
        "0.0.0.0",
        "169.254.169.254",
        "::ffff:169.254.169.254",
        "fe80::1",
        "100.100.100.200",
        "fd00:ec2::254",
        "64:ff9b::a9fe:a9fe",
        "224.0.0.1",
        "255.255.255.255",
    ],
)
def test_a_name_that_leads_to_no_hotspot_is_not_followed(box, leads, address):
    leads(address)
    told = address.removeprefix("::ffff:")
    with pytest.raises(Unreachable, match=f"leads to .*{told}.* Nothing was sent"):
        identify(box, "portal.lan")
    assert box.requests == []


def test_this_machine_is_meant_by_who_says_so(box, leads):
    leads("127.0.0.1")
    assert identify(box, "localhost").serial
    assert identify(box, "127.0.0.1").serial


def test_of_several_addresses_the_one_that_can_be_a_hotspots_is_taken(box, leads):
    leads("169.254.169.254", "127.0.0.1")
    assert identify(box, "localhost").serial


@pytest.mark.parametrize("address", ["192.168.1.5", "10.0.0.1", "203.0.113.7", "fd00::5"])
def test_the_addresses_of_a_network_are_as_good_as_ever(address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    for typed in ("portal.lan:8080", "portal.lan", address):
        make = sockets_for(typed)
        with closing(make((family, socket.SOCK_STREAM, 0, "", (address, 80)))) as made:
            assert made.family == family


def test_an_address_that_was_saved_before_it_was_refused_is_refused_now():
    make = sockets_for("169.254.169.254")
    with pytest.raises(Misled):
        make((socket.AF_INET, socket.SOCK_STREAM, 0, "", ("169.254.169.254", 80)))
