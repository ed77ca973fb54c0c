import csv
import io
import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wifiapp.exports import DANGEROUS, as_csv, as_file, as_json, defused

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
unchanging = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
ROWS = [{"a": 'x,\n"y"', "b": Decimal("-1.50")}, {"a": "=1+1", "b": NOON}, {"a": None, "b": True}]


@pytest.fixture
def request_context(app):
    with app.test_request_context():
        yield


def read(response):
    return list(csv.reader(io.StringIO(response.get_data(as_text=True))))


def test_a_csv_has_a_heading_and_defused_cells(request_context):
    response = as_csv("things", ["a", "b"], ROWS)
    assert response.headers["Content-Disposition"] == 'attachment; filename="things.csv"'
    assert read(response) == [
        ["a", "b"],
        ['x,\n"y"', "-1.50"],
        ["'=1+1", "2026-11-22T12:00:00Z"],
        ["", "true"],
    ]


def test_rows_for_the_end_are_asked_for_after_the_last_row(request_context):
    passed = []

    def rows():
        for row in ROWS:
            passed.append(row)
            yield row

    response = as_csv("things", ["a", "b"], rows(), lambda: [{"a": len(passed)}])
    assert read(response)[-1] == ["3", ""]
    passed.clear()
    response = as_json("things", ["a"], rows(), lambda: {"rows_sent": len(passed)}, asOf=NOON)
    answer = json.loads(response.get_data())
    assert answer["asOf"] == "2026-11-22T12:00:00Z" and answer["rows_sent"] == 3
    assert answer["rows"][1] == {"a": "=1+1"}, "what is read by programs is not changed"


def test_the_address_names_the_kind_of_file(request_context):
    response = as_file("csv", "things", ["a", "b"], ROWS, asOf=NOON)
    assert response.mimetype == "text/csv" and read(response)[0] == ["a", "b"]
    response = as_file("json", "things", ["b"], ROWS, asOf=NOON)
    answer = json.loads(response.get_data())
    assert response.mimetype == "application/json"
    assert answer["asOf"] == "2026-11-22T12:00:00Z" and answer["rows"][0] == {"b": "-1.50"}


@pytest.mark.parametrize("count", [0, 1, 5_000])
def test_a_json_of_any_length_can_be_read(request_context, count):
    rows = ({"n": n, "text": "é" * 20} for n in range(count))
    answer = json.loads(as_json("things", ["n", "text"], rows).get_data())
    assert [row["n"] for row in answer["rows"]] == list(range(count))


def test_a_long_answer_is_sent_in_parts(request_context):
    rows = ({"n": n, "text": "x" * 50} for n in range(5_000))
    parts = list(as_csv("things", ["n", "text"], rows).response)
    assert len(parts) > 5 and max(map(len, parts)) < 40_000


def test_a_query_that_fails_fails_before_the_answer_begins(request_context):
    def rows():
        raise LookupError("no such table")
        yield

    with pytest.raises(LookupError):
        as_csv("things", ["a"], rows())
    with pytest.raises(LookupError):
        as_json("things", ["a"], rows())


@unchanging
@given(st.text())
def test_no_cell_begins_with_what_a_spreadsheet_runs(no_database, text):
    assert not defused(text).startswith(DANGEROUS)
    assert defused(text).endswith(text)
