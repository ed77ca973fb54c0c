import pytest
from sqlalchemy import select

from tests.factories import make_hotspot_business, make_user
from wifiapp.audit.models import AuditLog
from wifiapp.db import db
from wifiapp.demo import queries
from wifiapp.hotspots.models import Hotspot


@pytest.fixture(autouse=True)
def _without_csrf(app, monkeypatch):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)


def test_an_admin_loads_and_removes_the_demo_by_buttons(admin_client):
    page = admin_client.post("/demo/load", follow_redirects=True)
    assert "The demo shops are open" in page.text
    assert queries.has_demo()
    again = admin_client.post("/demo/load", follow_redirects=True)
    assert "there already" in again.text
    page = admin_client.post("/demo/remove", follow_redirects=True)
    assert "The demo shops are gone" in page.text
    assert not queries.has_demo()
    entries = db.session.execute(select(AuditLog.action, AuditLog.user_email, AuditLog.ip)).all()
    assert [entry.action for entry in entries] == ["demo.load", "demo.remove"]
    assert all("@" in entry.user_email and entry.ip for entry in entries)


@pytest.mark.parametrize("role", ["MANAGER", "SELLER"])
@pytest.mark.parametrize("path", ["/demo/load", "/demo/remove"])
def test_nobody_else_does(sign_in_as, role, path):
    assert sign_in_as(make_user(role)).post(path).status_code == 403


def test_a_refusal_is_a_page_that_says_what_is_safe(admin_client):
    admin_client.post("/demo/load")
    make_hotspot_business(hotspot=db.session.scalars(select(Hotspot)).first())
    db.session.commit()
    page = admin_client.post("/demo/remove")
    assert page.status_code == 409
    assert "Nothing was removed" in page.text.replace("\n", " ")
    assert queries.has_demo()
