import pytest
from sqlalchemy.exc import DatabaseError

from tests.factories import make_audit_log
from wifiapp.access import Actor
from wifiapp.audit import queries
from wifiapp.audit.models import AuditLog
from wifiapp.audit.record import record
from wifiapp.db import db


def test_an_entry_stands_or_falls_with_its_transaction():
    record(Actor("id", "ann@example.org", "192.0.2.1", "req"), "user.create", "user", "row")
    db.session.rollback()
    assert db.session.scalar(db.select(AuditLog)) is None
    record(Actor("id", "ann@example.org", "192.0.2.1", "req"), "user.create", "user", "row")
    db.session.commit()
    assert db.session.scalar(db.select(AuditLog.user_email)) == "ann@example.org"


@pytest.mark.parametrize("statement", [db.update(AuditLog).values(ip=None), db.delete(AuditLog)])
def test_the_log_only_grows(statement):
    make_audit_log()
    with pytest.raises(DatabaseError, match="only grows"):
        db.session.execute(statement)


def test_every_action_and_kind_of_the_log_is_listed_once():
    assert queries.list_actions() == []
    for action in ("user.create", "sale.void", "user.create", "backup.create"):
        make_audit_log(action=action, entity=action.partition(".")[0])
    assert queries.list_actions() == ["backup.create", "sale.void", "user.create"]
    assert queries.list_entities() == ["backup", "sale", "user"]
