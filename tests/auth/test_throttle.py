import threading
from datetime import timedelta

import pytest

from wifiapp import clock
from wifiapp.auth import throttle
from wifiapp.auth.models import RateLimit
from wifiapp.db import db

NOW = clock.now()


def keys():
    return set(db.session.scalars(db.select(RateLimit.key)))


def test_tries_are_counted_in_one_window_that_begins_with_the_first():
    first = throttle.count({"a": 2}, NOW)[0]
    second = throttle.count({"a": 2}, NOW + timedelta(minutes=5))[0]
    third = throttle.count({"a": 2}, NOW + timedelta(minutes=14))[0]
    assert [first.hits, second.hits, third.hits] == [1, 2, 3]
    assert [first.exceeded, second.exceeded, third.exceeded] == [False, False, True]
    assert third.wait == 60


def test_a_window_ends_however_many_tries_came_in_it():
    for _each in range(10):
        throttle.count({"a": 2}, NOW + timedelta(minutes=14))
    again = throttle.count({"a": 2}, NOW + timedelta(minutes=29))[0]
    assert again.hits == 1


def test_several_keys_are_counted_together():
    throttle.count({"b": 5}, NOW)
    counts = throttle.count({"b": 5, "a": 5}, NOW)
    assert {each.key: each.hits for each in counts} == {"a": 1, "b": 2}


def test_old_counters_are_cleaned_and_those_in_use_stay():
    throttle.count({"old": 5}, NOW - timedelta(minutes=15))
    throttle.count({"new": 5}, NOW - timedelta(minutes=14))
    throttle.clean(NOW)
    assert keys() == {"new"}


def test_a_success_resets_the_account_and_gives_the_address_its_try_back():
    limits = throttle.sign_in_limits("a@example.org", "192.0.2.1", None)
    throttle.count(limits, NOW)
    throttle.count(limits, NOW)
    throttle.give_back(sorted(limits))
    rows = db.session.execute(db.select(RateLimit.key, RateLimit.hits)).all()
    assert rows == [("sign-in:address:192.0.2.1", 1)]


def test_the_case_of_the_email_and_spaces_around_it_make_no_other_account():
    digests = {throttle.account_digest(each) for each in ("A@x.org", " a@X.ORG ", "a@x.org")}
    assert len(digests) == 1


@pytest.mark.parametrize(
    ("ip", "key"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::9", "2001:db8:1:2::/64"),
        (None, "unknown"),
        ("garbage", "unknown"),
    ],
)
def test_an_ipv6_household_is_one_address(ip, key):
    assert f"sign-in:address:{key}" in throttle.sign_in_limits("a@x.org", ip, None)


def test_a_known_browser_has_a_counter_of_its_own():
    strangers = throttle.sign_in_limits("a@x.org", "192.0.2.1", None)
    known = throttle.sign_in_limits("a@x.org", "192.0.2.1", "mark")
    assert not set(strangers) & set(known)


def test_workers_that_count_at_once_lose_no_try(own_app):
    hits = []

    def work():
        with own_app.app_context():
            for _each in range(10):
                hits.extend(each.hits for each in throttle.count({"a": 99, "b": 99}, NOW))
                throttle.clean(NOW)
                db.session.commit()

    threads = [threading.Thread(target=work) for _each in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(hits) == sorted([*range(1, 41)] * 2)
