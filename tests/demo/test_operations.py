import contextlib
import threading
from datetime import timedelta

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import func, select, text

from tests import factories
from tests.demo.conftest import NOW
from wifiapp.access import COMMAND_LINE
from wifiapp.audit.models import AuditLog
from wifiapp.businesses.models import Business
from wifiapp.db import Model, db
from wifiapp.demo import operations, queries
from wifiapp.demo.operations import DemoInUse
from wifiapp.devices.models import DeviceSession, WifiTokenDevice
from wifiapp.hotspots.models import Hotspot
from wifiapp.sales.models import WifiTokenSale
from wifiapp.tokens.models import WifiToken


def digests():
    """Return a digest of every table's rows, whatever their order; the audit log only grows."""
    connection = db.session.connection().connection.driver_connection
    return {
        name: connection.execute(
            sql.SQL(
                "SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {} t"
            ).format(sql.Identifier(name))
        ).fetchone()
        for name in Model.metadata.tables
        if name != "audit_logs"
    }


def make_a_row_in_every_table():
    for make in factories.FACTORIES.values():
        make()
    db.session.commit()


def actions():
    return db.session.scalars(select(AuditLog.action).order_by(AuditLog.at)).all()


def test_removing_leaves_every_table_as_it_was_before_the_load():
    make_a_row_in_every_table()
    before = digests()
    loaded = operations.load_demo(COMMAND_LINE, NOW)
    assert loaded.changed and digests() != before
    removed = operations.remove_demo(COMMAND_LINE)
    assert digests() == before
    assert removed.businesses == loaded.businesses
    assert loaded.rows.items() <= removed.rows.items()
    assert actions()[-2:] == ["demo.load", "demo.remove"]


def test_a_load_looks_keys_up_by_index_however_small_the_tables_were_before():
    """A connection keeps how it looks foreign keys up: in a table of a page, by reading it all."""
    for n in range(9):
        factories.make_usage(factories.make_token())
        if n == 1:
            db.session.execute(text("ANALYZE"))
    db.session.commit()
    rows = operations.load_demo(COMMAND_LINE, NOW).rows["wifi_tokens"]
    read = "SELECT seq_tup_read FROM pg_stat_xact_user_tables WHERE relname = 'wifi_tokens'"
    assert db.session.scalar(text(read)) < 10 * rows


def test_loading_again_and_removing_again_change_nothing():
    assert not operations.remove_demo(COMMAND_LINE).changed
    operations.load_demo(COMMAND_LINE, NOW)
    before = digests()
    assert not operations.load_demo(COMMAND_LINE, NOW + timedelta(days=1)).changed
    assert digests() == before
    assert actions() == ["demo.load"]


def test_two_who_load_at_once_load_one_demo(own_app):
    outcomes = []

    def load():
        with own_app.app_context():
            outcomes.append(operations.load_demo(COMMAND_LINE, NOW).changed)

    threads = [threading.Thread(target=load) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [False, True]
    with own_app.app_context():
        assert queries.count_businesses() == 4


@contextlib.contextmanager
def refused(what):
    """Expect a refusal that names `what`, and not a row changed."""
    db.session.commit()
    before = digests()
    with pytest.raises(DemoInUse, match="Nothing was removed") as refusal:
        yield
    assert what in str(refusal.value)
    assert digests() == before
    assert actions() == ["demo.load"]


def demo(model):
    return db.session.scalars(select(model).order_by(model.id).limit(1)).one()


def test_it_stays_when_a_real_business_shares_a_demo_hotspot():
    operations.load_demo(COMMAND_LINE, NOW)
    hotspot = db.session.scalars(select(Hotspot).where(Hotspot.name == "Kiez corner")).one()
    factories.make_hotspot_business(hotspot=hotspot)
    with refused("Kiez corner"):
        operations.remove_demo(COMMAND_LINE)


def test_it_stays_when_a_real_token_stands_on_a_demo_hotspot():
    operations.load_demo(COMMAND_LINE, NOW)
    hotspot = db.session.scalars(select(Hotspot).where(Hotspot.name == "Mtaa yard")).one()
    factories.make_token(hotspot=hotspot)
    with refused("Mtaa yard"):
        operations.remove_demo(COMMAND_LINE)


def test_it_stays_when_a_real_business_sold_a_demo_token():
    operations.load_demo(COMMAND_LINE, NOW)
    token = db.session.scalars(select(WifiToken).where(WifiToken.status == "UNUSED")).first()
    factories.make_sale(token=token, business_id=factories.make_business().id)
    with refused("wifi_token_sales"):
        operations.remove_demo(COMMAND_LINE)


def test_what_was_added_to_a_demo_shop_goes_with_it():
    before = digests()
    operations.load_demo(COMMAND_LINE, NOW)
    shop = demo(Business)
    user = factories.make_user("SELLER")
    factories.make_membership(user, shop)
    factories.make_rollup(business_id=shop.id)
    token = factories.make_token(shop, status="SOLD")
    factories.make_sale(token, sold_by=user.id)
    factories.make_session(factories.make_device(token))
    db.session.commit()
    operations.remove_demo(COMMAND_LINE)
    after = digests()
    # The seller is a person, and a hotspot that was theirs alone goes with the shops.
    assert after.pop("users")[0] == 1
    before.pop("users")
    assert after == before


# -- the heartbeat ---------------------------------------------------------------------------


def online():
    query = (
        select(WifiTokenDevice.id, WifiTokenDevice.last_seen, Hotspot.status, WifiToken.expires_at)
        .join(WifiToken, WifiToken.id == WifiTokenDevice.wifi_token_id)
        .join(Hotspot, Hotspot.id == WifiToken.hotspot_id)
        .where(WifiTokenDevice.is_online)
    )
    return db.session.execute(query).all()


def test_without_demo_data_the_heartbeat_touches_nothing():
    make_a_row_in_every_table()
    before = digests()
    assert operations.keep_demo_alive(NOW) == 0
    assert digests() == before


def test_the_heartbeat_reaches_the_devices_of_answering_hotspots_only():
    operations.load_demo(COMMAND_LINE, NOW)
    real = factories.make_device(last_seen=NOW - timedelta(hours=3))
    db.session.commit()
    soon = NOW + timedelta(seconds=30)
    kept = operations.keep_demo_alive(soon)
    seen = {row.id: row for row in online() if row.id != real.id}
    assert kept == sum(row.status == "OK" for row in seen.values()) > 0
    assert {row.last_seen for row in seen.values() if row.status == "OK"} == {soon}
    assert all(row.last_seen < NOW for row in seen.values() if row.status == "SILENT")
    assert any(row.status == "SILENT" for row in seen.values())
    db.session.refresh(real)
    assert real.last_seen == NOW - timedelta(hours=3)
    contacts = select(Hotspot.status, func.max(Hotspot.last_contact_at)).group_by(Hotspot.status)
    heard = dict(
        tuple(row) for row in db.session.execute(contacts.where(Hotspot.serial.like("DEMO-%")))
    )
    assert heard["OK"] == soon
    assert heard["SILENT"] < NOW
    assert actions() == ["demo.load"]


def test_the_heartbeat_steps_aside_while_somebody_removes_the_demo(own_app, own_database):
    with own_app.app_context():
        operations.load_demo(COMMAND_LINE, NOW)
        with psycopg.connect(own_database.replace("+psycopg", "")) as other:
            other.execute("SELECT pg_advisory_xact_lock(hashtext('wifiapp demo'))")
            assert operations.keep_demo_alive(NOW) == 0
        assert operations.keep_demo_alive(NOW) > 0
        db.session.remove()


def test_the_heartbeat_ends_what_has_run_out():
    operations.load_demo(COMMAND_LINE, NOW)
    later = NOW + timedelta(hours=20)
    over = {row.id for row in online() if row.expires_at <= later}
    assert over
    operations.keep_demo_alive(later)
    assert over.isdisjoint(row.id for row in online())
    answers = select(Hotspot.id, Hotspot.free_slots, Hotspot.max_tokens).filter_by(status="OK")
    for hotspot_id, free, most in db.session.execute(answers).all():
        held = select(WifiToken.id).where(
            WifiToken.hotspot_id == hotspot_id, WifiToken.status.in_(("UNUSED", "SOLD", "ACTIVE"))
        )
        assert free == (most and most - len(db.session.scalars(held).all()))
    assert not db.session.scalars(
        select(WifiToken.id).where(WifiToken.status == "ACTIVE", WifiToken.expires_at <= later)
    ).all()
    ended = db.session.execute(
        select(DeviceSession, WifiTokenDevice, WifiToken)
        .join(WifiTokenDevice, WifiTokenDevice.id == DeviceSession.wifi_token_device_id)
        .join(WifiToken, WifiToken.id == WifiTokenDevice.wifi_token_id)
        .where(WifiTokenDevice.id.in_(over), DeviceSession.ended_at > NOW)
    ).all()
    assert ended
    for session, device, token in ended:
        assert session.end_reason == "EXPIRED"
        assert session.ended_at == device.last_seen == token.expires_at
        assert token.status == "EXPIRED"
        assert not device.is_online and device.current_ip is None


def test_a_hotspot_that_serves_a_real_business_too_is_left_to_its_own_signs_of_life():
    operations.load_demo(COMMAND_LINE, NOW)
    hotspot = db.session.scalars(select(Hotspot).where(Hotspot.name == "Kiez corner")).one()
    factories.make_hotspot_business(hotspot=hotspot)
    db.session.commit()
    operations.keep_demo_alive(NOW + timedelta(minutes=1))
    db.session.refresh(hotspot)
    assert hotspot.last_contact_at == NOW


def test_a_load_says_how_many_rows_it_added():
    outcome = operations.load_demo(COMMAND_LINE, NOW)
    counted = db.session.scalar(select(func.count()).select_from(WifiTokenSale))
    assert outcome.rows["wifi_token_sales"] == counted
