import contextlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wifiapp.devices.mac import digits_of, is_private, made_up_from, pieces, spellings
from wifiapp.devices.search import NoCodeError, NotAnAddressError, Search, parse

pytestmark = pytest.mark.usefixtures("no_database")
unchanging = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize(
    "text",
    [
        "aa:bb:cc:dd:ee:ff",
        "AA-BB-CC-DD-EE-FF",
        "aabb.ccdd.eeff",
        "aa bb cc dd ee ff",
        "AABBCCDDEEFF",
    ],
)
def test_a_mac_address_is_read_with_any_separator(text):
    assert parse(text).mac == "AABBCCDDEEFF"


@given(st.data())
@unchanging
def test_any_part_of_an_address_is_found_in_it(data):
    digits = data.draw(st.text("0123456789ABCDEF", min_size=12, max_size=12))
    start = data.draw(st.integers(0, 10))
    part = digits[start : data.draw(st.integers(start + 2, 12))]
    address = spellings(digits)[0]
    found = [it for it in spellings(digits_of(part.lower())) if it in address]
    assert found
    held = {address[at : at + 4] for at in (0, 3, 6, 9, 12)}  # as the index has them
    assert all(held.issuperset(pieces(spelling)) for spelling in found)


def test_four_digits_have_a_piece_wherever_they_begin():
    assert [pieces(it) for it in spellings("B123")] == [["B1:2"], ["12:3"]]
    assert [pieces(it) for it in spellings("3C22FB")] == [["3C:2", "22:F"], ["C2:2", "2F:B"]]


@pytest.mark.parametrize("text", ["aa:", "AA:B", "aa:bb", "AA:BB:CC:", "aa:bb:cc:dd:ee:f"])
def test_bytes_with_colons_are_a_part_of_a_mac_address_alone(text):
    assert parse(text) == Search(mac=digits_of(text), token=text)


@pytest.mark.parametrize("text", ["192.168.4.2", "10.0.0.1", "fd42:10:20::731"])
def test_a_whole_ip_address_is_meant_as_it_is(text):
    assert (parse(text).ip, parse(text).whole_ip) == (text, True)


@pytest.mark.parametrize("text", ["192.168", "192.168.4.", "10.20.5", "fd42:10:", "fe80:"])
def test_the_beginning_of_an_ip_address_is_enough(text):
    assert (parse(text).ip, parse(text).whole_ip) == (text, False)


@pytest.mark.parametrize("word", ["voucher ", "Token: ", "guest pass ", "VOUCHER #", "guestpass: "])
def test_the_words_for_a_token_lead_to_a_code_only(word):
    assert parse(word + "A3K9M7P2") == Search(token="A3K9M7P2")


def test_a_word_without_a_code_asks_for_one():
    for word in ("voucher", " Token ", "guest pass:"):
        with pytest.raises(NoCodeError):
            parse(word)


def test_a_name_that_only_begins_like_the_word_is_a_name():
    assert parse("tokenizer").hostname == "tokenizer"
    assert parse("voucher-printer").hostname == "voucher-printer"


@pytest.mark.parametrize(
    "text",
    ["AA:BB:GG", "AA-BB-CC-DD-EE-GG", "999.1.4.2", "192.168.4.256", "AA:BB:CC:DD:EE:0Z"],
)
def test_what_is_written_like_an_address_but_is_none_is_said_so(text):
    with pytest.raises(NotAnAddressError):
        parse(text)


@pytest.mark.parametrize("text", ["iPhone-13", "Thandi's phone", "A", "x" * 100, "%", "日本"])
def test_everything_else_is_a_code_or_a_name(text):
    assert parse(text) == Search(token=text, hostname=text)


@given(st.text(min_size=1).filter(str.strip))
@unchanging
def test_no_text_breaks_the_search(text):
    with contextlib.suppress(NoCodeError, NotAnAddressError):
        assert parse(text.strip()) != Search()


def test_the_second_digit_tells_a_private_address():
    assert [is_private(f"{n:02X}:00:00:00:00:01") for n in range(16)] == [
        f"{n:X}" in "26AE" for n in range(16)
    ]


@pytest.mark.parametrize(
    ("mac", "ip"),
    [
        ("C0:A8:04:02:00:00", "192.168.4.2"),
        ("0A:00:00:05:00:00", "10.0.0.5"),
        ("C0:A8:04:02:00:01", None),
        ("AC:DE:48:00:00:00", None),
        ("00:00:00:00:00:00", None),
    ],
)
def test_an_address_made_of_an_ip_gives_it_back(mac, ip):
    assert made_up_from(mac) == ip
