import csv
import io
import zipfile

import pytest
from sqlalchemy import Column, ForeignKey, MetaData, Table, Text

from tests.backup.archives import STAYING, call, config_of, fill, make_archive
from tests.factories import (
    make_audit_log,
    make_business,
    make_device,
    make_hotspot,
    make_hotspot_business,
    make_membership,
    make_outage,
    make_plan,
    make_presence_key,
    make_profile,
    make_rollup,
    make_sale,
    make_session,
    make_token,
    make_user,
)
from wifiapp.backup import engine, selection
from wifiapp.backup.engine import Options
from wifiapp.businesses.models import Business
from wifiapp.db import Model, db

# The tables in which `make_shop` makes one row that is the shop's alone, and how its id ends.
MADE = {
    "audit_logs": "audit",
    "device_profiles": "profile",
    "device_sessions": "session",
    "token_configurations": "plan",
    "wifi_token_devices": "device",
    "wifi_token_sales": "sale",
    "wifi_tokens": "token",
    "wifi_usage_analytics": "rollup",
}


def ids(path):
    """Return the ids in each table of the archive."""
    with zipfile.ZipFile(path) as archive:
        return {
            name[7:-4]: {
                row["id"] for row in csv.DictReader(io.StringIO(archive.read(name).decode()))
            }
            for name in archive.namelist()
            if name.startswith("tables/")
        }


def make_shop(name, **given):
    """Make a business with something in every table that hangs on it, ids named after it."""
    business = make_business(id=name, name=name, **given)
    hotspot = make_hotspot(id=f"{name}-hotspot")
    seller = make_user("SELLER", id=f"{name}-seller")
    make_membership(make_user("MANAGER", id=f"{name}-manager"), business)
    make_hotspot_business(hotspot, business, id=f"{name}-link")
    make_outage(hotspot, id=f"{name}-outage")
    make_presence_key(hotspot, id=f"{name}-presence")
    plan = make_plan(business, id=f"{name}-plan")
    token = make_token(plan=plan, hotspot=hotspot, id=f"{name}-token")
    make_session(make_device(token, id=f"{name}-device"), id=f"{name}-session")
    make_sale(token, id=f"{name}-sale", sold_by=seller.id)
    make_profile(business, id=f"{name}-profile")
    make_rollup(business_id=name, id=f"{name}-rollup")
    make_audit_log(business_id=name, id=f"{name}-audit")


@pytest.fixture
def shops(own_app):
    """Two shops and a demo shop; a hotspot that one of them shares with the demo."""
    with own_app.app_context():
        make_shop("ours")
        make_shop("theirs")
        make_shop("demo", is_demo=True)
        shared = make_hotspot(id="shared-hotspot")
        for name in ("ours", "demo"):
            business = db.session.get(Business, name)
            make_hotspot_business(shared, business)
        make_hotspot(id="new-hotspot")
        make_user("ADMIN", id="admin")
        make_rollup(id="rollup-of-all")
        make_audit_log(id="audit-of-none")
        make_audit_log(id="audit-of-a-shop-long-gone", business_id="gone")
        db.session.commit()
    return own_app


def taken(app, **options):
    created = make_archive(app, Options(**options))
    assert call(app, engine.verify, created.path).rows == created.rows  # foreign keys hold
    return ids(created.path), engine.inspect(created.path)


def names(found):
    return {name.split("-")[0] for rows in found.values() for name in rows}


def test_without_demo_data_all_that_hangs_on_a_demo_shop_stays_behind(shops):
    found, said = taken(shops, audit_logs=True)
    assert found["businesses"] == {"ours", "theirs"}
    for table, rows in found.items():
        assert not any(name.startswith("demo") for name in rows) or table == "users"
    assert found["hotspots"] == {"ours-hotspot", "theirs-hotspot", "shared-hotspot", "new-hotspot"}
    assert found["wifi_usage_analytics"] == {"ours-rollup", "theirs-rollup", "rollup-of-all"}
    assert {"demo-seller", "demo-manager", "admin"} <= found["users"]
    assert {"audit-of-none", "audit-of-a-shop-long-gone"} <= found["audit_logs"]
    left_out = {table.name: table.left_out for table in said.tables}
    assert left_out["wifi_tokens"] == "demo data"
    assert left_out["users"] is None


def test_with_demo_data_everything_travels(shops):
    found, said = taken(shops, audit_logs=True, demo_data=True)
    assert found["businesses"] == {"ours", "theirs", "demo"}
    assert "demo-hotspot" in found["hotspots"]
    assert not said.is_partial


def test_where_there_is_no_demo_data_nothing_is_said_to_be_left_out(own_app):
    fill(own_app, make_device)
    found, said = taken(own_app, audit_logs=True)
    assert len(found["wifi_token_devices"]) == 1
    assert not said.is_partial


def test_without_audit_logs_that_table_is_empty_and_says_so(shops):
    found, said = taken(shops)
    assert found["audit_logs"] == set()
    assert {table.left_out for table in said.tables if table.name == "audit_logs"} == {"audit logs"}


def test_without_business_data_only_the_installation_is_left(shops):
    found, _ = taken(shops, business_data=False)
    users = found.pop("users")
    assert {"admin", "ours-seller", "theirs-manager"} <= users
    assert set().union(*found.values()) == set()


def test_one_business_takes_its_rows_what_they_need_and_no_others(shops):
    found, said = taken(shops, business_id="ours", audit_logs=True)
    assert found.pop("businesses") == {"ours"}
    assert found.pop("hotspots") == {"ours-hotspot", "shared-hotspot"}
    assert found.pop("hotspot_outages") == {"ours-outage"}
    assert found.pop("presence_keys") == {"ours-presence"}
    assert found.pop("users") == {"ours-seller", "ours-manager"}
    assert found.pop("hotspot_businesses") > {"ours-link"}
    assert len(found.pop("memberships")) == 1
    for table, last in MADE.items():
        assert found.pop(table) == {f"ours-{last}"}
    assert found.pop("rollup_marks")  # triggers left them, with ids of their own
    assert set().union(*found.values()) == set()
    assert said.business_name == "ours"
    assert "wifiapp-ours-" in str(next(config_of(shops).backup_dir.iterdir()))


def test_a_demo_business_can_be_taken_by_itself(shops):
    found, _ = taken(shops, business_id="demo")
    assert found["wifi_tokens"] == {"demo-token"}


def test_every_table_that_travels_hangs_on_the_businesses_or_is_shared_on_purpose(no_database):
    pick = selection._Selection(Model.metadata, Options(), has_demo=True)
    shared = {table.name for table in pick.tables if not pick._hangs(table)}
    assert shared == {"users", "hotspots", "hotspot_outages", "presence_keys", "settings"}
    assert not {table.name for table in pick.tables} & set(STAYING)


def test_a_table_added_tomorrow_is_found_by_its_foreign_key(no_database):
    metadata = MetaData()
    for table in Model.metadata.sorted_tables:
        table.to_metadata(metadata)
    Table(
        "receipts",
        metadata,
        Column("id", Text, primary_key=True),
        Column("saleId", Text, ForeignKey("wifi_token_sales.id"), nullable=False),
        info={"archive": "business"},
    )
    options = Options(business_id="x")
    found = selection.queries(metadata, options, business_name="X", has_demo=False)
    (receipts,) = [query for query in found if query.name == "receipts"]
    assert "wifi_token_sales" in receipts.sql
    assert "businessId\" = 'x'" in receipts.sql
