from tests.factories import make_business, make_membership, make_user
from wifiapp.businesses import queries


def test_a_user_belongs_to_the_businesses_of_its_memberships():
    user, business = make_user("MANAGER"), make_business()
    make_membership(user, business)
    make_membership()
    assert queries.list_business_ids_of(user.id) == {business.id}
