"""What a restore would change, and how that is said."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.backup.archives import EVERYTHING, call, fill, make_archive
from tests.factories import (
    make_audit_log,
    make_business,
    make_device,
    make_sale,
    make_token,
    make_user,
)
from wifiapp import clock
from wifiapp.backup import engine, preview, restore_words
from wifiapp.backup.engine import Options
from wifiapp.businesses.models import Business
from wifiapp.db import db
from wifiapp.sales.models import WifiTokenSale
from wifiapp.tokens.models import WifiToken


@pytest.fixture
def shop(own_app):
    """A real and a demo business with a sale each, and somebody who signs in."""
    fill(
        own_app,
        lambda: make_user("ADMIN", id="boss", email="boss@example.org"),
        lambda: make_sale(make_token(make_business(id="real"), status="SOLD")),
        lambda: make_sale(make_token(make_business(id="demo", is_demo=True), status="SOLD")),
        make_audit_log,
    )
    return own_app


def sell(business="real", **given):
    with_token = make_token(db.session.get(Business, business), status="SOLD")
    return make_sale(with_token, **given)


def compared(app, path, options=EVERYTHING, **given):
    found = []

    def look(connection, schema):
        found.append(preview.compare(connection, schema, options, **given))

    call(app, engine.verify, path, look=look)
    return found[0]


def change_of(seen, table):
    return next(each for each in seen.tables if each.name == table)


def figures(seen, table):
    change = change_of(seen, table)
    return (change.now, change.after, change.lost, change.back, change.left_out)


def test_a_restore_of_what_is_there_changes_nothing(shop):
    seen = compared(shop, make_archive(shop, EVERYTHING).path)
    for change in seen.tables:
        assert (change.now, change.lost, change.back) == (change.after, 0, 0), change
    assert seen.money == ()
    assert restore_words.lost(seen.as_json()) == ""


def test_rows_added_since_are_lost_and_sales_are_summed_in_their_currency(shop):
    path = make_archive(shop, EVERYTHING).path
    fill(
        shop,
        lambda: sell(sale_amount=Decimal("1.50")),
        lambda: sell(sale_amount=Decimal("60.00")),
        lambda: sell(sale_amount=Decimal("9.00"), voided_at=clock.now(), void_reason="wrong plan"),
        make_device,
    )
    seen = compared(shop, path)
    assert figures(seen, "wifi_token_sales") == (5, 2, 3, 0, 0)
    (money,) = seen.money
    assert (money.currency, money.sales, money.amount) == ("USD", 2, "61.50")
    with shop.test_request_context():
        said = restore_words.lost(seen.as_json())
    assert said.startswith("3 sales (USD 61.50), 4 tokens, 1 device")


def test_rows_deleted_since_come_back(shop):
    path = make_archive(shop, EVERYTHING).path
    with shop.app_context():
        db.session.query(WifiTokenSale).filter_by(business_id="real").delete()
        db.session.query(WifiToken).filter_by(business_id="real").delete()
        db.session.commit()
    seen = compared(shop, path)
    assert figures(seen, "wifi_token_sales") == (1, 2, 0, 1, 0)
    with shop.test_request_context():
        assert restore_words.coming_back(seen.as_json()) == "1 sale and 1 token"


def test_what_the_options_left_out_is_told_apart_from_what_was_added_since(shop):
    path = make_archive(shop, Options()).path
    fill(shop, sell, lambda: sell("demo"))
    seen = compared(shop, path, Options())
    assert figures(seen, "wifi_token_sales") == (4, 1, 1, 0, 2)
    assert figures(seen, "businesses") == (2, 1, 0, 0, 1)
    assert [money.sales for money in seen.money] == [1]


def test_an_archive_of_users_only_takes_all_business_data_along(shop):
    path = make_archive(shop, Options(business_data=False)).path
    seen = compared(shop, path, Options(business_data=False))
    assert figures(seen, "wifi_token_sales") == (2, 0, 0, 0, 2)
    assert figures(seen, "users")[2:] == (0, 0, 0)


@pytest.mark.parametrize("options", [EVERYTHING, Options(demo_data=True)])
def test_nothing_of_the_audit_log_is_ever_lost(shop, options):
    path = make_archive(shop, options).path
    fill(shop, make_audit_log)
    change = change_of(compared(shop, path, options), "audit_logs")
    assert (change.after, change.lost, change.left_out) == (change.now, 0, 0)


@pytest.mark.parametrize(
    ("user_id", "email", "you"),
    [
        ("boss", "boss@example.org", "same"),
        ("another", "BOSS@example.org", "known"),
        ("another", "nobody@example.org", "missing"),
        (None, "", "missing"),
    ],
)
def test_it_tells_what_becomes_of_who_asks(shop, user_id, email, you):
    path = make_archive(shop, EVERYTHING).path
    assert compared(shop, path, user_id=user_id, email=email).you == you


def test_a_table_that_is_missing_here_comes_back_whole(shop):
    path = make_archive(shop, EVERYTHING).path
    with shop.app_context():
        db.session.execute(db.text("DROP TABLE wifi_usage_analytics"))
        db.session.execute(db.text('ALTER TABLE wifi_token_sales DROP COLUMN "saleChannel"'))
        db.session.commit()
    seen = compared(shop, path)
    assert figures(seen, "wifi_usage_analytics") == (0, 0, 0, 0, 0)
    assert figures(seen, "wifi_token_sales") == (2, 2, 0, 0, 0)


# -- words ---------------------------------------------------------------------------------------


def test_lists_are_joined_as_people_do(app):
    with app.test_request_context():
        assert restore_words.joined([]) == ""
        assert restore_words.joined(["a"]) == "a"
        assert restore_words.joined(["a", "b", "c"]) == "a, b and c"


def test_a_table_that_pages_do_not_show_is_named_as_it_is_and_counted_as_others(app):
    with app.test_request_context():
        assert restore_words.table_name("wifi_tokens") == "Tokens"
        assert restore_words.table_name("some_table") == "some_table"
        seen = {"tables": [{"name": "some_table", "lost": 1200}], "money": []}
        assert restore_words.lost(seen) == "1,200 other rows"


def test_what_is_worked_out_anew_from_other_rows_is_no_loss(app):
    tables = [{"name": name, "lost": 9} for name in (*restore_words.DERIVED, "users")]
    with app.test_request_context():
        assert restore_words.lost({"tables": tables, "money": []}) == "9 users"


def test_tables_that_change_stand_first_and_the_others_are_named_behind_them(app):
    def table(name, lost=0, left_out=0, back=0):
        return {"name": name, "now": 1200, "lost": lost, "left_out": left_out, "back": back}

    seen = {
        "tables": [
            table("users"),
            table("hotspots", back=1),
            table("wifi_tokens", lost=2),
            table("wifi_token_sales", left_out=3),
        ],
        "left_out": {"audit_logs": "audit logs", "wifi_token_sales": "demo data"},
    }
    with app.test_request_context():
        names = [each["name"] for each in restore_words.changed(seen)]
        assert names == ["wifi_token_sales", "wifi_tokens", "hotspots"]
        assert restore_words.unchanged(seen) == "Users (1,200)"
        assert restore_words.reasons(seen) == "demo data"


def test_the_moment_is_told_in_the_zone_of_the_shop(app):
    with app.test_request_context():
        moment = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)
        assert restore_words.back_to(moment, "Africa/Harare") == "Tue 24 Nov 2026, 09:00"
