import contextlib
import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.factories import make_audit_log
from wifiapp.audit.models import AuditLog
from wifiapp.db import db
from wifiapp.paging import LARGEST, BadCursor, decode, encode, fetch_page, stream

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
unchanging = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
KINDS = (datetime, str, int)


def cursor_of(value):
    return urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def page(after=None, size=3):
    keys = (AuditLog.at, AuditLog.id)
    query = select(AuditLog.at, AuditLog.id)
    return fetch_page(db.session(), query, keys, lambda row: (row.at, row.id), after, size)


def test_pages_together_hold_each_row_once_also_where_moments_are_the_same():
    made = [make_audit_log(at=NOON - timedelta(seconds=n // 4)) for n in range(10)]
    seen, after = [], None
    while True:
        part = page(after)
        seen += part.rows
        after = part.after
        if not after:
            break
    assert sorted(row.id for row in seen) == sorted(each.id for each in made)
    assert seen == sorted(seen, reverse=True)


def test_a_page_that_is_just_full_is_the_last_one():
    for _ in range(3):
        make_audit_log()
    assert page().after is None


def test_a_row_that_arrives_meanwhile_moves_no_row_to_another_page():
    for n in range(6):
        make_audit_log(at=NOON - timedelta(hours=n))
    first = page()
    make_audit_log(at=NOON + timedelta(hours=1))
    second = page(first.after)
    assert [row.at for row in second.rows] == [NOON - timedelta(hours=n) for n in (3, 4, 5)]


@unchanging
@given(
    moment=st.datetimes(timezones=st.just(UTC)),
    text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    number=st.integers(-LARGEST, LARGEST),
)
def test_a_cursor_gives_back_what_was_put_in(no_database, moment, text, number):
    values = [moment, text, number]
    assert decode(encode(values), KINDS) == values


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "é",
        "!!!!",
        "a" * 10_000,
        cursor_of("[" * 3),
        urlsafe_b64encode(b"[" * 50_000).decode(),
        cursor_of(None),
        cursor_of({}),
        cursor_of([]),
        cursor_of([NOON.isoformat(), "x"]),
        cursor_of([NOON.isoformat(), "x", 1, 1]),
        cursor_of([NOON.isoformat(), "x", True]),
        cursor_of([NOON.isoformat(), "x", 2**70]),
        cursor_of([NOON.isoformat(), "x", 1.5]),
        cursor_of([NOON.isoformat(), "x\0", 1]),
        cursor_of([NOON.isoformat(), "\ud800", 1]),
        cursor_of([NOON.isoformat(), None, 1]),
        cursor_of([NOON.isoformat(), ["x"], 1]),
        cursor_of([5, "x", 1]),
        cursor_of(["yesterday", "x", 1]),
        cursor_of(["2026-11-22T12:00:00", "x", 1]),
        cursor_of(["0001-01-01T00:00:00+23:59", "x", 1]),
    ],
)
def test_a_cursor_of_anybody_else_is_refused(no_database, cursor):
    with pytest.raises(BadCursor):
        decode(cursor, KINDS)


@unchanging
@given(st.text(max_size=60))
def test_no_text_breaks_the_reading_of_a_cursor(no_database, text):
    with contextlib.suppress(BadCursor):
        decode(text, KINDS)


@unchanging
@given(st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), st.lists))
def test_no_json_breaks_the_reading_of_a_cursor(no_database, value):
    with contextlib.suppress(BadCursor):
        decode(cursor_of(value), KINDS)


def test_a_stream_yields_every_row_although_the_request_is_over(own_app):
    with own_app.app_context():
        for n in range(2_500):  # more than two batches
            db.session.add(AuditLog(at=NOON + timedelta(seconds=n), action="a.b", entity="a"))
        db.session.commit()
        rows = stream(select(AuditLog.at).order_by(AuditLog.at))
        first = next(rows)
        db.session.remove()
        assert [first, *rows] == [(NOON + timedelta(seconds=n),) for n in range(2_500)]
