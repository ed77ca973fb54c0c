"""A restore that begins while a device is waited for."""

from functools import partial
from threading import Barrier, Event

import psycopg
from sqlalchemy import text
from sqlalchemy.engine import make_url

from tests.conftest import sign_in
from tests.factories import make_business, make_plan, make_sale, make_token, make_user
from tests.live.conftest import portal
from wifiapp.backup import hold
from wifiapp.businesses.models import Business
from wifiapp.db import db
from wifiapp.hotspots import talking
from wifiapp.sales import returning
from wifiapp.sales.models import WifiTokenSale
from wifiapp.tokens import outbox_operations
from wifiapp.tokens.models import WifiToken
from wifiapp.tokens.outbox_kinds import TOKEN_KINDS


def test_what_would_be_written_then_is_not_and_is_made_up_for_afterwards(
    own_app, own_database, box, monkeypatch
):
    with own_app.app_context():
        business = make_business()
        code = box.add_token(business.id)
        token = make_token(plan=make_plan(business), hotspot=portal(box, business), token=code)
        client, token_id = sign_in(own_app.test_client(), make_user("ADMIN")), token.id
        db.session.commit()
    url = make_url(own_database).set(drivername="postgresql")
    talk = talking.talk
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as restore:

        def restore_meanwhile(*given):
            answer = talk(*given)
            restore.execute(hold.SHUT)
            return answer

        monkeypatch.setattr(talking, "talk", restore_meanwhile)
        page = client.post(
            f"/tokens/{token_id}/disable", data={"reason": "torn"}, follow_redirects=True
        )
        assert "A backup is being restored, so this was not written" in page.text
        restore.execute(hold.OPEN)
    monkeypatch.undo()
    assert box.tokens == {}
    with own_app.app_context():
        assert db.session.get(WifiToken, token_id).status == "UNUSED"
        db.session.rollback()
        assert outbox_operations.run_due(TOKEN_KINDS, Event()) == {"commands": 1}
        assert db.session.get(WifiToken, token_id).status == "DISABLED"


def test_a_void_holds_nothing_while_the_device_is_asked(own_app, own_database, box, monkeypatch):
    with own_app.app_context():
        business = make_business()
        code = box.add_token(business.id)
        token = make_token(
            plan=make_plan(business), hotspot=portal(box, business), token=code, status="SOLD"
        )
        sale_id, token_id = make_sale(token).id, token.id
        client = sign_in(own_app.test_client(), make_user("ADMIN"))
        db.session.commit()
    url = make_url(own_database).set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as restore:
        restore.execute("SET lock_timeout = '2s'")

        def restore_meanwhile(*given):
            restore.execute(hold.SHUT)  # raises when somebody holds a share
            return talking.talk(*given)

        monkeypatch.setattr(returning, "talk", restore_meanwhile)
        page = client.post(f"/sales/{sale_id}/void", data={"reason": "wrong plan"})
        assert page.status_code == 503
        assert "A backup is being restored, so this was not written" in page.text
        restore.execute(hold.OPEN)
    monkeypatch.undo()
    with own_app.app_context():
        assert db.session.get(WifiToken, token_id).status == "SOLD"
        assert db.session.get(WifiTokenSale, sale_id).voided_at is None
    done = client.post(f"/sales/{sale_id}/void", data={"reason": "wrong plan"})
    assert done.status_code == 303
    with own_app.app_context():
        assert db.session.get(WifiToken, token_id).status == "UNUSED"


def test_a_step_that_meets_the_gate_shut_lets_no_other_past(own_app, own_database, monkeypatch):
    url = make_url(own_database).set(drivername="postgresql")
    names, together = ["one", "two"], Barrier(2)

    def list_due():
        db.session.execute(text("SELECT 1"))
        db.session.rollback()
        return [(name, partial(step, name)) for name in [*names, *(["late"] * together.broken)]]

    def step(name):
        make_business(name=name)
        db.session.commit()
        yield name, None
        make_business(name=f"{name}, behind the gate")
        db.session.commit()
        return 1

    with (
        psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as restore,
        own_app.app_context(),
    ):

        def restore_meanwhile(name, _question):
            together.wait(10)
            if name == "one":
                restore.execute(hold.SHUT)
                together.wait(10)
                together.abort()
            else:
                together.wait(10)

        def work(stop):
            return {"done": talking.take_each(list_due, stop)}

        monkeypatch.setattr(talking, "talk", restore_meanwhile)
        assert hold.unless_shut(work)(Event()) is None
        restore.execute(hold.OPEN)
        assert {each.name for each in db.session.query(Business)} == set(names)


def test_a_task_of_the_worker_holds_nothing_between_its_transactions(own_app, own_database):
    url = make_url(own_database).set(drivername="postgresql")
    with (
        psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as restore,
        own_app.app_context(),
    ):
        restore.execute("SET lock_timeout = '2s'")

        def work(_stop):
            make_business(name="before")
            db.session.commit()
            assert db.engine.pool.checkedout() == 0
            restore.execute(hold.SHUT)
            make_business(name="behind the gate")
            db.session.commit()

        assert hold.unless_shut(work)(Event()) is None
        assert hold.unless_shut(lambda _stop: {"ran": True})(Event()) is None
        restore.execute(hold.OPEN)
        assert [each.name for each in db.session.query(Business)] == ["before"]
        make_business(name="after the task, at the terminal")  # which asks nobody
        db.session.commit()
