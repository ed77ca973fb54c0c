"""After a restore the roll-ups are what the restored rows say, whatever the archive held."""

import os
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from tests.analytics.rolled import NOW, Shop, assert_proven, at, marks, roll_up, rows, table
from tests.backup.archives import call, make_archive
from tests.conftest import TEMPLATE, create_database, database_url, drop_database
from tests.factories import make_device, make_sale, make_session
from wifiapp.backup import engine
from wifiapp.backup.engine import Options
from wifiapp.businesses.models import Business
from wifiapp.db import db

NINE = at("2026-11-16T09:00")


@pytest.fixture
def shops(own_app):
    """The ids of two shops that sold, of which a sale still waits to be rolled up."""
    with own_app.app_context():
        shops = [Shop(), Shop(timezone="Asia/Kathmandu")]
        for shop in shops:
            make_sale(shop.token(), sold_at=NINE, sale_amount=Decimal("1.50"))
            make_session(make_device(shop.token()), started_at=NOW - timedelta(hours=3))
        roll_up()
        make_sale(shops[0].token(), sold_at=NINE)
        db.session.commit()
        return [shop.business.id for shop in shops]


def test_what_waited_when_the_backup_was_made_is_rolled_up_after_the_restore(own_app, shops):
    path = make_archive(own_app).path
    with own_app.app_context():
        waiting = marks()
        roll_up()
        rolled = table()
    call(own_app, engine.restore, path)
    with own_app.app_context():
        assert marks() == waiting and shops[0] in {mark[0] for mark in waiting}
        assert roll_up().rows
        assert table() == rolled
        assert_proven()


@pytest.fixture
def empty_app(app_on):
    """The app on another database, without a business."""
    name = f"wifiapp_own_{uuid4().hex[:8]}"
    create_database(name, os.environ[TEMPLATE])
    yield app_on(database_url(name))
    drop_database(name)


def test_an_archive_of_one_business_makes_all_of_them_that_one(own_app, empty_app, shops):
    path = make_archive(own_app, Options(business_id=shops[1])).path
    with own_app.app_context():
        roll_up()
        assert rows()[NINE].total_revenue > Decimal("1.50")
    call(empty_app, engine.restore, path)
    with empty_app.app_context():
        roll_up()
        (business,) = db.session.query(Business)
        assert business.id == shops[1]
        found = [row for row in rows().values() if row.tokens_sold]
        assert [row.total_revenue for row in found] == [Decimal("1.50")]
        assert_proven()
