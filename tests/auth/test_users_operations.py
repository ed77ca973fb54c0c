import threading

import pytest

from tests.factories import make_business, make_membership, make_user
from wifiapp.access import COMMAND_LINE, Actor
from wifiapp.audit.models import AuditLog
from wifiapp.auth import operations, passwords, queries
from wifiapp.auth import users_operations as users
from wifiapp.auth.emails import InvalidEmail
from wifiapp.auth.models import User
from wifiapp.businesses.queries import list_business_ids_of
from wifiapp.db import db
from wifiapp.errors import NotFound


def last_entry():
    return db.session.scalars(db.select(AuditLog).order_by(AuditLog.at.desc())).first()


def change(user, **given):
    values = {"name": user.name, "role": user.role, "business_ids": ()}
    return users.change_user(COMMAND_LINE, user.id, **values | given)


def test_an_invited_user_gets_a_password_for_one_sign_in():
    shop = make_business()
    user, password = users.create_user(
        COMMAND_LINE, " Ann@Example.org ", "SELLER", name="Ann", business_ids=[shop.id]
    )
    assert (user.email, user.must_change_password) == ("Ann@Example.org", True)
    assert passwords.verify(user.password_hash, password)
    assert list_business_ids_of(user.id) == {shop.id}
    entry = last_entry()
    assert (entry.action, entry.user_email) == ("user.create", "command line")
    assert entry.change["businesses"] == [shop.name]
    assert password not in str(entry.change)


def test_a_given_password_may_be_kept():
    user, password = users.create_user(
        COMMAND_LINE, "ann@example.org", "ADMIN", password="nine small boats"
    )
    assert password is None and not user.must_change_password


def test_an_email_is_taken_whatever_its_case():
    make_user(email="ann@example.org")
    db.session.commit()
    with pytest.raises(users.EmailTaken, match="already"):
        users.create_user(COMMAND_LINE, "ANN@example.org", "SELLER")


def test_bad_emails_passwords_and_businesses_are_refused():
    with pytest.raises(InvalidEmail):
        users.create_user(COMMAND_LINE, "ann at example", "SELLER")
    with pytest.raises(operations.WeakPassword):
        users.create_user(COMMAND_LINE, "ann@example.org", "SELLER", password="short")
    with pytest.raises(NotFound):
        users.create_user(COMMAND_LINE, "ann@example.org", "SELLER", business_ids=["nowhere"])
    assert not queries.has_users()


def test_another_role_ends_the_sessions_and_is_written_down():
    user = make_user("SELLER")
    before = user.get_id()
    change(user, role="MANAGER")
    assert queries.find_session_user(before) is None
    assert last_entry().change == {
        "email": user.email,
        "role": {"from": "SELLER", "to": "MANAGER"},
    }


def test_another_name_or_business_keeps_the_sessions():
    user, old, new = make_user("SELLER"), make_business(), make_business()
    make_membership(user, old)
    before = user.get_id()
    change(user, name="Ann", business_ids=[new.id])
    assert queries.find_session_user(before) is user
    assert list_business_ids_of(user.id) == {new.id}
    assert last_entry().change["businesses"] == {"from": [old.name], "to": [new.name]}


def test_a_change_that_changes_nothing_is_not_written_down():
    change(make_user("SELLER"))
    assert last_entry() is None


def test_a_disabled_user_is_out_at_once_and_may_come_back():
    make_user("ADMIN")
    user = make_user("SELLER")
    before = user.get_id()
    users.disable_user(COMMAND_LINE, user.id)
    assert queries.find_session_user(before) is None
    users.enable_user(COMMAND_LINE, user.id)
    assert queries.find_session_user(before) is None
    assert queries.find_session_user(user.get_id()) is user


def test_one_cannot_disable_oneself():
    user = make_user("ADMIN")
    make_user("ADMIN")
    with pytest.raises(users.NotYourself):
        users.disable_user(Actor(user.id, user.email), user.id)


def test_the_last_active_administrator_stays_one():
    admin = make_user("ADMIN")
    make_user("ADMIN", is_active=False)
    make_user("MANAGER")
    with pytest.raises(users.LastAdmin, match="Nothing was changed"):
        users.disable_user(COMMAND_LINE, admin.id)
    with pytest.raises(users.LastAdmin):
        change(admin, role="MANAGER")
    assert admin.is_active and admin.role == "ADMIN"


def test_two_administrators_cannot_disable_each_other_at_the_same_moment(own_app):
    with own_app.app_context():
        pair = [make_user("ADMIN").id, make_user("ADMIN").id]
        db.session.commit()
    refused, together = [], threading.Barrier(2)

    def disable(user_id):
        with own_app.app_context():
            together.wait()
            try:
                users.disable_user(COMMAND_LINE, user_id)
            except users.LastAdmin as error:
                refused.append(error)

    threads = [threading.Thread(target=disable, args=(user_id,)) for user_id in pair]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with own_app.app_context():
        active = db.session.scalars(db.select(User.id).where(User.is_active)).all()
    assert len(refused) == len(active) == 1


def test_a_reset_password_ends_the_sessions_and_works_once_more_at_once():
    user = make_user("SELLER")
    before = user.get_id()
    made = users.reset_password(COMMAND_LINE, user.id)
    assert queries.find_session_user(before) is None
    assert passwords.verify(user.password_hash, made) and user.must_change_password
    assert users.reset_password(COMMAND_LINE, user.id, "nine small boats") is None
    assert not user.must_change_password


@pytest.mark.parametrize(
    "verb", [users.disable_user, users.enable_user, users.reset_password], ids=lambda v: v.__name__
)
def test_nobody_by_that_id_is_not_found(verb):
    with pytest.raises(NotFound):
        verb(COMMAND_LINE, "nobody")
