from datetime import date

import pytest
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest
from wtforms import SelectChoice

from wifiapp.filters import ChoiceField, DayField, FilterForm, OpenField, SearchField

pytestmark = pytest.mark.usefixtures("request_context")


@pytest.fixture
def request_context(app):
    with app.test_request_context():
        yield


class Filters(FilterForm):
    q = SearchField("Search")
    size = ChoiceField("Size", "No such size.", SelectChoice("S"), SelectChoice("L"), default="S")
    shop = ChoiceField("Shop", "No such shop.", SelectChoice("", "All"))
    colour = OpenField("Colour", SelectChoice("", "All"))
    day = DayField("Day", name="on")


def read(**args):
    return Filters(MultiDict(args), shop=[("a1", "Harare")])


def test_without_filters_the_defaults_are_in_force():
    form = read()
    assert not form.errors and form.applied == {}
    assert form.value("size") == "S" and form.value("shop") == "" and form.value("day") is None


def test_usable_filters_stand_in_the_address_as_they_are_written():
    form = read(q="  x y ", size="l", shop="A1", colour="red", on="2026-11-22", else_="what")
    assert not form.errors
    assert form.applied == {
        "q": "x y",
        "size": "L",
        "shop": "a1",
        "colour": "red",
        "on": "2026-11-22",
    }
    assert form.value("day") == date(2026, 11, 22)


@pytest.mark.parametrize(
    ("name", "field", "value", "message"),
    [
        ("size", "size", "XL", "No such size."),
        ("shop", "shop", "b2", "No such shop."),
        ("q", "q", "x" * 101, "A search has at most 100 characters."),
        ("on", "day", "22.11.2026", "Enter a day such as 2026-11-22."),
        ("on", "day", "2026-02-30", "Enter a day such as 2026-11-22."),
        ("on", "day", "9999-12-31", "Choose a day between 2000 and 2099."),
        ("on", "day", "1999-12-31", "Choose a day between 2000 and 2099."),
    ],
)
def test_a_bad_filter_has_its_message_and_the_others_stay(name, field, value, message):
    form = read(**{"colour": "red", name: value})
    assert {key: list(map(str, errors)) for key, errors in form.errors.items()} == {
        field: [message]
    }
    assert form.applied == {"colour": "red"}


def test_a_file_is_refused_with_every_message_instead_of_leaving_out_a_filter():
    read(colour="red").refuse_errors()
    with pytest.raises(BadRequest) as refusal:
        read(size="XL", shop="b2").refuse_errors()
    assert refusal.value.description == "No such size. No such shop."


def test_what_postgresql_cannot_hold_is_replaced_and_endless_values_are_cut():
    form = read(q="a\0b", colour="\ud800" + "x" * 10_000)
    assert form.value("q") == "a\N{REPLACEMENT CHARACTER}b"
    assert form.value("colour") == "\N{REPLACEMENT CHARACTER}" + "x" * 199


def test_an_open_list_offers_what_was_found_and_what_is_asked_for():
    form = read(colour="red")
    form.colour.offer([("blue", "Blue")])
    assert [choice.value for choice in form.colour.choices] == ["", "blue", "red"]
    assert not form.colour.is_known
    form = read(colour="blue")
    form.colour.offer([("blue", "Blue")])
    assert form.colour.is_known and len(form.colour.choices) == 2
