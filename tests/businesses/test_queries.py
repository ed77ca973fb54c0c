import pytest

from tests.factories import make_business, make_membership, make_user
from wifiapp.access import Viewer
from wifiapp.businesses import queries
from wifiapp.errors import NotFound


def test_a_user_belongs_to_the_businesses_of_its_memberships():
    user, business = make_user("MANAGER"), make_business()
    make_membership(user, business)
    make_membership()
    assert queries.list_business_ids_of(user.id) == {business.id}


def test_times_are_shown_in_the_zone_of_the_business_or_of_the_first_one():
    everything = Viewer("id", "ADMIN", None)
    assert queries.zone_of(everything) == "UTC"
    make_business(name="B", timezone="Europe/Berlin")
    harare = make_business(name="A", timezone="Africa/Harare")
    member = Viewer("id", "MANAGER", frozenset())
    assert queries.zone_of(everything) == "Africa/Harare"
    assert queries.zone_of(everything, harare.id) == "Africa/Harare"
    assert queries.zone_of(member, harare.id) == "UTC"


def test_a_business_beyond_the_viewer_is_not_found():
    seen, hidden = make_business(), make_business()
    member = Viewer("id", "MANAGER", frozenset({seen.id}))
    assert queries.get_business(seen.id, member) is seen
    with pytest.raises(NotFound):
        queries.get_business(hidden.id, member)
    with pytest.raises(NotFound):
        queries.get_business("nowhere")
    assert queries.list_businesses(member) == [seen]
