import pytest

from wifiapp.access import COMMAND_LINE
from wifiapp.audit.models import AuditLog
from wifiapp.businesses import operations, queries
from wifiapp.db import db


def add(name="Corner Shop", currency="USD", timezone="Africa/Harare"):
    return operations.add_business(COMMAND_LINE, name, currency, timezone)


def test_a_business_is_added_and_written_down():
    business = add("  Corner   Shop ", "usd", "africa/harare")
    values = (business.name, business.currency, business.timezone, business.is_demo)
    assert values == ("Corner Shop", "USD", "Africa/Harare", False)
    entry = db.session.scalars(db.select(AuditLog)).one()
    assert (entry.action, entry.entity_id) == ("business.create", business.id)
    assert entry.business_id == business.id


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"name": "  "}, "needs a name"),
        ({"name": "x" * 101}, "needs a name"),
        ({"currency": "dollars"}, "not a currency"),
        ({"currency": "ZZZ"}, "not a currency"),
        ({"timezone": "Africa/Harrare"}, "Did you mean Africa/Harare?"),
        ({"timezone": "+02:00"}, "not a time zone"),
        ({"timezone": "../../etc/passwd"}, "not a time zone"),
        ({"timezone": ""}, "One looks like"),
    ],
)
def test_what_will_not_do_is_named_and_nothing_is_added(given, message):
    with pytest.raises(operations.InvalidBusiness) as caught:
        add(**given)
    assert message in str(caught.value)
    assert queries.list_businesses() == []
