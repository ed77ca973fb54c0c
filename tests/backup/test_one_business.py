"""An archive of one business, read byte by byte for anything that belongs to another."""

import re
import zipfile

import pytest
from flask_migrate import upgrade

from tests.backup.archives import ARCHIVED, call, connected, contents, execute, fill, make_archive
from tests.factories import (
    FACTORIES,
    make_api_key,
    make_audit_log,
    make_batch,
    make_block,
    make_business,
    make_closing,
    make_closing_sum,
    make_command,
    make_device,
    make_hotspot,
    make_hotspot_business,
    make_mark,
    make_membership,
    make_method,
    make_outage,
    make_plan,
    make_presence_key,
    make_profile,
    make_rollup,
    make_rollup_state,
    make_sale,
    make_session,
    make_token,
    make_usage,
    make_user,
)
from wifiapp.backup import engine
from wifiapp.backup.engine import BackupError, Options
from wifiapp.businesses.models import Business
from wifiapp.db import db
from wifiapp.doctor.examination import examine_now

SHORT = 6  # characters: what is shorter, like a currency, says nothing of anybody
# Every text of a row, also those within JSON, whatever its column is called.
TEXTS = """
SELECT DISTINCT found #>> '{{}}'
FROM {table} t, jsonb_path_query(to_jsonb(t), '$.** ? (@.type() == "string")') found
WHERE {condition}
"""
OURS = "'ours'"


def make_shop(business, hotspot, people):
    """Add a row that belongs to the business to every table that has such rows."""
    manager, seller = people
    make_membership(manager, business)
    make_hotspot_business(hotspot, business, ssid=f"Net of {business.name}")
    plan = make_plan(business, name=f"Plan of {business.name}")
    batch = make_batch(plan, hotspot, created_by=manager.email)
    token = make_token(plan=plan, hotspot=hotspot, batch_id=batch.id, status="SOLD")
    device = make_device(token)
    make_session(device)
    make_usage(token)
    make_command(token, reason=f"Told by {business.name}")
    make_block(business, hotspot, mac_address=device.mac_address)
    make_sale(token, sold_by=seller.id)
    make_profile(business, mac_address=device.mac_address, hostname=f"Phone at {business.name}")
    make_rollup(business_id=business.id)
    make_mark(business)
    make_rollup_state(business)
    make_method(business)
    make_api_key(business, name=f"Till of {business.name}")
    make_closing_sum(make_closing(business))
    change = {"name": business.name, "by": [manager.email]}
    make_audit_log(business_id=business.id, user_email=manager.email, change=change)


@pytest.fixture
def shops(own_app):
    """Two shops that share a hotspot and a manager, and much that belongs to neither."""
    with own_app.app_context():
        for make in FACTORIES.values():
            make()
        shared, both = make_hotspot(name="The mast"), make_user("MANAGER", email="both@example.org")
        for name, seller in (("Ours", "sells-for-us"), ("Theirs", "sells-for-them")):
            business = make_business(id=name.lower(), name=f"{name} and Sons")
            people = both, make_user("SELLER", email=f"{seller}@example.org")
            make_shop(business, shared, people)
            own = make_hotspot(name=f"Box of {name}", last_error=f"Seen by {name} only")
            make_hotspot_business(own, business)
            make_outage(own, reason=f"Silent for {name}")
            make_presence_key(own, created_by=f"portal-of-{name.lower()}@example.org")
        for text in ("about nobody in particular", "of a shop long gone"):
            make_audit_log(business_id=None if "nobody" in text else "gone", change={"why": text})
        db.session.commit()
    return own_app


def texts(app, which):
    """Return the texts of the rows, by table, for which the condition by table holds."""
    found = set()
    with connected(app) as connection:
        for table in ARCHIVED:
            query = TEXTS.format(table=table, condition=which[table])
            found |= {value for (value,) in connection.execute(query)}
    return found


def belongings():
    """Say by hand, for every table, which rows the archive of our business may hold.

    Written down apart from the engine's own way to find out, so that one checks the other.
    """
    ours = f't."businessId" = {OURS}'
    token = f'SELECT id FROM wifi_tokens WHERE "businessId" = {OURS}'
    device = f'SELECT id FROM wifi_token_devices WHERE "wifiTokenId" IN ({token})'
    closing = f'SELECT id FROM day_closings WHERE "businessId" = {OURS}'
    special = {
        "businesses": f"t.id = {OURS}",
        "users": "t.email IN ('both@example.org', 'sells-for-us@example.org')",
        "hotspots": "t.name IN ('The mast', 'Box of Ours')",
        "settings": "false",
        "wifi_token_devices": f't."wifiTokenId" IN ({token})',
        "hotspot_outages": "t.reason = 'Silent for Ours'",
        "presence_keys": "t.\"createdBy\" = 'portal-of-ours@example.org'",
        "device_sessions": f't."wifiTokenDeviceId" IN ({device})',
        "token_usage": f't."wifiTokenId" IN ({token})',
        "day_closing_sums": f't."dayClosingId" IN ({closing})',
    }
    return {table: special.get(table, ours) for table in ARCHIVED}


def test_no_byte_of_the_archive_tells_of_another_business(shops):
    allowed = belongings()
    theirs = texts(shops, {table: f"NOT coalesce({allowed[table]}, false)" for table in ARCHIVED})
    secrets = {text for text in theirs - texts(shops, allowed) if len(text) >= SHORT}
    assert {"theirs", "Theirs and Sons", "sells-for-them@example.org", "Box of Theirs"} < secrets
    assert len(secrets) > 100
    created = make_archive(shops, Options(business_id="ours", audit_logs=True))
    with zipfile.ZipFile(created.path) as archive:
        members = {name: archive.read(name).decode() for name in archive.namelist()}
    members["its name"] = created.path.name
    found = {(name, text) for name, held in members.items() for text in secrets if told(text, held)}
    assert not found


def told(text, held):
    """Tell whether the text stands there by itself: 192.168.1.5 is not a part of 192.168.1.57."""
    return re.search(rf"(?<!\w){re.escape(text)}(?!\w)", held)


def test_all_of_ours_is_in_it(shops):
    created = make_archive(shops, Options(business_id="ours", audit_logs=True))
    rows = {table.name: table.rows for table in created.tables}
    for table, condition in belongings().items():
        query = f"SELECT count(*) FROM {table} t WHERE {condition}"
        assert execute(shops, query) == [(rows[table],)], table
        assert rows[table] > 0 or table == "settings", table


def test_it_restores_by_itself_into_an_empty_installation(shops, app_on, empty_database):
    path = make_archive(shops, Options(business_id="ours")).path
    fresh = app_on(empty_database)
    with fresh.app_context():
        upgrade()
    done = call(fresh, engine.restore, path)
    found = {table: len(rows) for table, rows in contents(fresh).items() if table != "audit_logs"}
    assert found == {table.name: table.rows for table in done.tables if table.name in found}
    with fresh.app_context():
        assert examine_now().is_clean
        assert [business.name for business in db.session.query(Business)] == ["Ours and Sons"]


def test_it_never_takes_the_place_of_other_businesses(shops):
    path = make_archive(shops, Options(business_id="ours")).path
    before = contents(shops)
    with pytest.raises(BackupError, match="one business only"):
        call(shops, engine.restore, path)
    assert contents(shops) == before


def test_what_is_taken_is_closed_under_foreign_keys_for_every_business(shops):
    fill(shops, lambda: make_business(name="An empty shop"))
    for (business_id,) in execute(shops, "SELECT id FROM businesses"):
        created = make_archive(shops, Options(business_id=business_id))
        assert call(shops, engine.verify, created.path).foreign_keys > 0


def test_without_demo_data_no_byte_tells_of_a_demo_business(own_app):
    demo = ["Demo and Sons", "demo-shop"]
    with own_app.app_context():
        seller = make_user("SELLER", email="sells@example.org")
        for name, is_demo in (("Real and Sons", False), ("Demo and Sons", True)):
            shop = "demo-shop" if is_demo else "real-shop"
            business = make_business(id=shop, name=name, is_demo=is_demo)
            make_shop(business, make_hotspot(name=f"Box of {name}"), (seller, seller))
        db.session.commit()
    created = make_archive(own_app, Options(audit_logs=True))
    with zipfile.ZipFile(created.path) as archive:
        held = b"".join(archive.read(name) for name in archive.namelist()).decode()
    assert "real-shop" in held and "Real and Sons" in held
    assert not [text for text in demo if text in held]
