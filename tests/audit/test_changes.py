import pytest

from wifiapp.audit.changes import Line, differences, lines, words
from wifiapp.formats import NOTHING

pytestmark = pytest.mark.usefixtures("no_database")


def test_only_what_differs_is_kept():
    before = {"role": "SELLER", "name": "Ann"}
    after = {"role": "MANAGER", "name": "Ann"}
    assert differences(before, after) == {"role": {"from": "SELLER", "to": "MANAGER"}}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"role": {"from": "SELLER", "to": "MANAGER"}}, Line("Role", "SELLER", "MANAGER")),
        ({"name": {"from": None, "to": "Ann"}}, Line("Name", NOTHING, "Ann")),
        ({"isActive": False}, Line("Is active", None, "no")),
        ({"businesses": ["One", "Two"]}, Line("Businesses", None, "One, Two")),
        ({"options": {"demo": True}}, Line("Options", None, '{"demo": true}')),
        ({"rows": 47}, Line("Rows", None, "47")),
    ],
)
def test_each_kind_of_change_is_a_line_for_people(change, expected):
    assert lines(change) == [expected]


def test_what_was_left_empty_is_left_out():
    assert lines({"name": "", "businesses": [], "note": None}) == []
    assert lines(None) == []


def test_names_are_written_as_words():
    assert words("sign_in_failed") == "Sign in failed"
    assert words("soldBy") == "Sold by"
