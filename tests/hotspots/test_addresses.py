"""Where a hotspot may be: what people type, and what is no hotspot's."""

import pytest

from wifiapp.hotspots.addresses import BadAddress, parse

pytestmark = pytest.mark.usefixtures("app")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("192.168.1.5", "192.168.1.5"),
        (" 192.168.1.5:8080 ", "192.168.1.5:8080"),
        ("192.168.1.5:0080", "192.168.1.5:80"),
        ("127.0.0.1:8350", "127.0.0.1:8350"),
        ("Portal.LAN", "portal.lan"),
        ("portal:81", "portal:81"),
        ("2001:db8::5", "[2001:db8::5]"),
        ("[2001:DB8::5]", "[2001:db8::5]"),
        ("[2001:db8::5]:443", "[2001:db8::5]:443"),
    ],
)
def test_an_address_is_kept_in_one_spelling(typed, kept):
    assert parse(typed) == kept
    assert parse(kept) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "http://192.168.1.5",
        "192.168.1.5/api",
        "192.168.1.5?x=1",
        "192.168.1.5#x",
        "user@192.168.1.5",
        "192.168.1.5\\x",
        "two words",
        "",
        "-portal",
        "portal_1",
        "a" * 64,
        ".".join(["a" * 60] * 5),
        "fe80::1%eth0",
        "fd00::1%eth0",
        "fd00::1%\x00",
    ],
)
def test_what_is_no_address_is_refused(typed):
    with pytest.raises(BadAddress):
        parse(typed)


@pytest.mark.parametrize("typed", ["1", "300.1.1.1", "192.168.1", "0x7f.1", "0x7f000001", "lan.1"])
def test_numbers_that_some_resolvers_take_for_an_address_are_refused(typed):
    with pytest.raises(BadAddress, match="IP address"):
        parse(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "0.0.0.0",
        "224.0.0.1",
        "169.254.169.254",
        "100.100.100.200",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "::",
        "255.255.255.255",
        "[ff02::1]",
        "::ffff:a9fe:a9fe",
        "[::ffff:169.254.169.254]",
        "[64:ff9b::169.254.169.254]",
        "64:ff9b::6464:64c8",
    ],
)
def test_an_address_that_no_hotspot_has_is_refused(typed):
    with pytest.raises(BadAddress, match="address"):
        parse(typed)


@pytest.mark.parametrize("port", ["", "0", "65536", "x", "-1", "80x", "123456"])
def test_a_port_is_a_number_that_ports_have(port):
    with pytest.raises(BadAddress, match="port"):
        parse(f"192.168.1.5:{port}")
    with pytest.raises(BadAddress, match="port"):
        parse(f"[2001:db8::5]:{port}")
