import threading
from datetime import timedelta

import pytest
from argon2 import PasswordHasher

from tests.factories import PASSWORD, make_user
from wifiapp import clock
from wifiapp.access import Actor
from wifiapp.audit.models import AuditLog
from wifiapp.auth import operations, queries
from wifiapp.auth.emails import InvalidEmail
from wifiapp.auth.models import User
from wifiapp.db import db

NEW = "nine small boats"


def visitor(ip="192.0.2.1"):
    return Actor(None, "", ip, "request")


def sign_in(email, password=PASSWORD, ip="192.0.2.1", now=None, browser=None):
    return operations.sign_in(email, password, visitor(ip), now or clock.now(), browser)


def refused(email, password="wrong", **given):
    with pytest.raises(operations.SignInRefused) as caught:
        sign_in(email, password, **given)
    return str(caught.value)


def logged():
    query = db.select(AuditLog.action, AuditLog.user_email).order_by(AuditLog.at)
    return [tuple(row) for row in db.session.execute(query)]


def test_one_signs_in_whatever_the_case_of_the_email():
    user = make_user(email="Thandi@Example.org")
    now = clock.now()
    assert sign_in(" thandi@example.ORG ", now=now) is user
    assert user.last_sign_in_at == now
    assert logged() == [("user.sign_in", "Thandi@Example.org")]


def test_unknown_wrong_and_disabled_are_told_the_same():
    known, disabled = make_user(), make_user(is_active=False)
    messages = {
        refused("nobody@example.org", PASSWORD),
        refused(known.email),
        refused(disabled.email, PASSWORD),
        refused("no email at all", PASSWORD),
    }
    assert len(messages) == 1


def test_each_refusal_costs_one_check_of_a_password(monkeypatch):
    checks = []
    verify = operations.passwords.verify
    monkeypatch.setattr(
        operations.passwords, "verify", lambda *given: checks.append(given[0]) or verify(*given)
    )
    known, disabled = make_user(), make_user(is_active=False)
    for email in (known.email, disabled.email, "nobody@example.org", "no email at all"):
        refused(email)
    assert len(checks) == 4 and all(each.startswith("$argon2id$") for each in checks)


def test_a_failure_is_written_down_with_the_email_and_never_the_password():
    user = make_user()
    refused(user.email, "hunter2 hunter2")
    refused("nobody@example.org", "hunter2 hunter2")
    entries = db.session.scalars(db.select(AuditLog).order_by(AuditLog.at)).all()
    assert [(e.action, e.user_email, e.entity_id, e.ip) for e in entries] == [
        ("user.sign_in_failed", user.email, user.id, "192.0.2.1"),
        ("user.sign_in_failed", "nobody@example.org", None, "192.0.2.1"),
    ]
    assert "hunter2" not in str([vars(entry) for entry in entries])


def test_the_sixth_try_is_not_checked_even_when_it_would_be_right():
    user, now = make_user(), clock.now()
    for _each in range(5):
        refused(user.email, now=now)
    with pytest.raises(operations.TooManyTries) as caught:
        sign_in(user.email, now=now + timedelta(minutes=5))
    assert caught.value.retry_after == 600
    assert sign_in(user.email, now=now + timedelta(minutes=15)) is user


def test_being_blocked_is_written_down_once_a_window():
    user = make_user()
    for _each in range(5):
        refused(user.email)
    for _each in range(3):
        with pytest.raises(operations.TooManyTries):
            sign_in(user.email)
    assert [action for action, _email in logged()].count("user.sign_in_blocked") == 1


def test_an_address_may_not_go_through_many_accounts():
    for each in range(20):
        refused(f"user{each}@example.net")
    with pytest.raises(operations.TooManyTries):
        sign_in(make_user().email)
    sign_in(make_user().email, ip="192.0.2.2")


def test_strangers_who_keep_trying_do_not_lock_out_a_known_browser():
    user = make_user()
    for each in range(5):
        refused(user.email, ip=f"192.0.2.{each}")
    with pytest.raises(operations.TooManyTries):
        sign_in(user.email, ip="198.51.100.1")
    assert sign_in(user.email, ip="198.51.100.1", browser="mark") is user


def test_a_known_browser_may_not_try_for_ever_either():
    user = make_user()
    for _each in range(5):
        refused(user.email, browser="mark")
    with pytest.raises(operations.TooManyTries):
        sign_in(user.email, browser="mark")


def test_a_success_resets_the_counter_of_the_account():
    user = make_user()
    for _round in range(3):
        for _each in range(4):
            refused(user.email)
        sign_in(user.email)


def test_a_hash_with_other_parameters_is_made_anew_at_the_next_sign_in():
    old = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    user = make_user(password_hash=old)
    sign_in(user.email)
    assert user.password_hash != old
    sign_in(user.email)


def test_a_new_password_ends_every_session_and_the_need_for_one():
    user = make_user(must_change_password=True)
    before = user.get_id()
    operations.change_own_password(visitor(), user.id, PASSWORD, NEW, clock.now())
    assert not user.must_change_password
    assert queries.find_session_user(before) is None
    assert queries.find_session_user(user.get_id()) is user
    assert sign_in(user.email, NEW) is user


@pytest.mark.parametrize("new", ["short", PASSWORD, "1234567890"])
def test_a_weak_or_the_same_password_is_refused(new):
    user = make_user()
    with pytest.raises(operations.WeakPassword):
        operations.change_own_password(visitor(), user.id, PASSWORD, new, clock.now())


def test_a_wrong_present_password_changes_nothing_and_cannot_be_tried_for_ever():
    user = make_user()
    for _each in range(5):
        with pytest.raises(operations.WrongPassword):
            operations.change_own_password(visitor(), user.id, "wrong", NEW, clock.now())
    with pytest.raises(operations.TooManyTries):
        operations.change_own_password(visitor(), user.id, PASSWORD, NEW, clock.now())
    assert sign_in(user.email) is user


def test_an_installation_without_users_gets_an_administrator_for_one_sign_in():
    email, password = operations.ensure_first_admin(None, None)
    user = queries.get_user_by_email(email)
    assert (email, user.role, user.must_change_password) == ("admin@wifiapp.local", "ADMIN", True)
    assert sign_in(email, password) is user
    assert operations.ensure_first_admin(None, None) is None


def test_a_first_password_that_was_given_may_be_kept_and_is_not_told_again():
    assert operations.ensure_first_admin("ann@example.org", NEW) == ("ann@example.org", None)
    assert not queries.get_user_by_email("ann@example.org").must_change_password
    sign_in("ann@example.org", NEW)


def test_a_bad_first_email_or_password_is_named():
    with pytest.raises(InvalidEmail):
        operations.ensure_first_admin("ann", NEW)
    with pytest.raises(operations.WeakPassword, match="at least 10"):
        operations.ensure_first_admin("ann@example.org", "short")
    assert not queries.has_users()


def test_two_processes_that_start_at_once_make_one_administrator(own_app):
    made = []

    def start():
        with own_app.app_context():
            made.append(operations.ensure_first_admin(None, None))

    threads = [threading.Thread(target=start) for _each in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with own_app.app_context():
        assert db.session.scalar(db.select(db.func.count()).select_from(User)) == 1
    assert sum(each is not None for each in made) == 1
