import json
import re

import pytest

from wifiapp.db import db


@pytest.fixture
def doctor(app):
    """Return a function that runs `flask doctor` with these arguments."""
    return lambda *arguments: app.test_cli_runner().invoke(args=["doctor", *arguments])


def damage(sql):
    db.session.execute(db.text(sql))


def test_a_sound_database_is_told_in_a_line_with_exit_code_0(doctor):
    result = doctor()
    assert result.exit_code == 0
    assert "Nothing differs." in result.output


def test_differences_are_grouped_by_table_with_what_mends_them_and_exit_code_1(doctor):
    damage("ALTER TABLE users DROP COLUMN name, ADD COLUMN nickname text")
    damage("DROP TABLE device_sessions")
    result = doctor()
    assert result.exit_code == 1
    assert re.search(r"^users$\n  extra column nickname\n", result.output, re.MULTILINE)
    assert "missing column name" in result.output
    assert 'mend     ALTER TABLE "users" DROP COLUMN "nickname"' in result.output
    assert re.search(r"^device_sessions$\n  missing table$", result.output, re.MULTILINE)
    assert "3 differences. Nothing was changed." in result.output
    assert "\x1b[" not in result.output, "colour outside of a terminal"


def test_json_has_the_documented_keys_and_says_the_same(doctor):
    damage("ALTER TABLE users DROP COLUMN name")
    result = doctor("--json")
    report = json.loads(result.output)
    assert result.exit_code == 1
    assert report["status"] == "sick"
    (difference,) = report["differences"]
    assert difference == {
        "kind": "column",
        "table": "users",
        "name": "name",
        "problem": "missing",
        "expected": "text DEFAULT ''::text NOT NULL",
        "found": None,
        "mend": 'ALTER TABLE "users" ADD COLUMN "name" text DEFAULT \'\'::text NOT NULL',
        "note": "",
        "blocks": True,
    }


def test_the_help_describes_every_key_of_the_json(doctor):
    report = json.loads(doctor("--json").output)
    described = set(re.findall(r"^    (\w+)  +\w", doctor("--help").output, re.MULTILINE))
    assert described == set(report)


def test_extras_that_harm_nobody_are_still_named_with_exit_code_1(doctor):
    damage("CREATE TABLE mine (id int)")
    result = doctor("--json")
    assert result.exit_code == 1
    assert json.loads(result.output)["status"] == "extras"


def test_a_database_that_does_not_answer_is_one_line_with_exit_code_1(app_on, no_database):
    app = app_on("postgresql://nobody@127.0.0.1:1/nowhere")
    result = app.test_cli_runner().invoke(args=["doctor"])
    assert result.exit_code == 1
    assert "The database does not answer" in result.output
    assert "Traceback" not in result.output
