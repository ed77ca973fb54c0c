import threading

import pytest

from tests.factories import make_business, make_plan, make_token
from wifiapp.access import COMMAND_LINE
from wifiapp.audit.models import AuditLog
from wifiapp.businesses import operations, queries
from wifiapp.businesses.checks import find_timezone
from wifiapp.db import db
from wifiapp.sales import till
from wifiapp.sales.operations import sell_token
from wifiapp.sales.orders import Order


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
        ({"timezone": "Berln"}, "Did you mean Europe/Berlin?"),
    ],
)
def test_what_will_not_do_is_named_and_nothing_is_added(given, message):
    with pytest.raises(operations.InvalidBusiness) as caught:
        add(**given)
    assert message in str(caught.value)
    assert queries.list_businesses() == []


@pytest.mark.parametrize(
    ("typed", "zone"),
    [
        ("New York", "America/New_York"),
        (" europe/BERLIN ", "Europe/Berlin"),
        ("harare", "Africa/Harare"),
        ("utc", "UTC"),
    ],
)
def test_a_time_zone_may_be_typed_as_people_say_it(typed, zone):
    assert add(timezone=typed).timezone == zone


def test_a_city_that_stands_for_several_zones_is_asked_for_in_full():
    assert find_timezone("Buenos Aires") is None
    assert find_timezone("America/Buenos Aires")


def test_no_two_businesses_have_one_name(own_app, app_on, own_database):
    """Two administrators at the same moment, each with a connection of their own."""
    ready, outcomes = threading.Barrier(2), []

    def add_at_once(app):
        with app.app_context():
            ready.wait(10)
            try:
                outcomes.append(add("Corner shop").name)
            except operations.InvalidBusiness as error:
                outcomes.append(sorted(error.problems))

    threads = [
        threading.Thread(target=add_at_once, args=(app,)) for app in (own_app, app_on(own_database))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes, key=str) == ["Corner shop", ["name"]]


def test_a_business_is_renamed_and_taken_out_of_use_at_once(
    own_app, app_on, own_database, monkeypatch
):
    """Whoever holds the row has to wait for nobody who waits for it."""
    with own_app.app_context():
        business_id = make_business().id
        db.session.commit()
    held, renamed = threading.Event(), threading.Event()
    other, usual, outcomes = app_on(own_database), operations._held, []

    def slowly(business_id):
        business = usual(business_id)
        if not held.is_set():
            held.set()
            renamed.wait(0.5)  # the other takes what it takes first
        return business

    def take_out_of_use():
        with own_app.app_context():
            operations.activate_business(COMMAND_LINE, business_id, active=False)
            outcomes.append("out of use")

    def rename():
        with other.app_context():
            held.wait(10)
            operations.change_business(COMMAND_LINE, business_id, "Other", "USD", "Africa/Harare")
            renamed.set()
            outcomes.append("renamed")

    monkeypatch.setattr(operations, "_held", slowly)
    threads = [threading.Thread(target=task) for task in (take_out_of_use, rename)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["out of use", "renamed"]


def test_the_currency_stays_when_a_sale_was_made_meanwhile(own_app, app_on, own_database):
    """The first sale holds its till: who changes the currency at that moment waits for it."""
    with own_app.app_context():
        plan = make_plan(make_business())
        make_token(plan=plan)
        db.session.commit()
        business_id, plan_id, name = plan.business_id, plan.id, "Corner Shop"
        till.hold(business_id)
        changed = threading.Event()
        refusals = []

        def change():
            with app_on(own_database).app_context():
                try:
                    operations.change_business(
                        COMMAND_LINE, business_id, name, "ZAR", "Africa/Harare"
                    )
                except operations.InvalidBusiness as error:
                    refusals.append(sorted(error.problems))
                changed.set()

        thread = threading.Thread(target=change)
        thread.start()
        assert not changed.wait(0.3)
        sell_token(COMMAND_LINE, Order(plan_id))
        thread.join(30)
        assert refusals == [["currency"]]
        assert queries.get_business(business_id).currency == "USD"
