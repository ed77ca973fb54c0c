import json

import pytest

from tests.factories import make_business, make_user
from wifiapp.auth import passwords, queries
from wifiapp.businesses.queries import list_business_ids_of
from wifiapp.db import db

NEW = "nine small boats"


@pytest.fixture
def run(app):
    runner = app.test_cli_runner()
    db.session.commit()
    return lambda *args, **given: runner.invoke(args=["users", *args], **given)


def user(email):
    db.session.expire_all()
    return queries.get_user_by_email(email)


def test_a_new_user_gets_a_one_time_password_on_the_last_line(run):
    done = run("create", "ann@example.org", "--role", "ADMIN", "--name", "Ann")
    assert done.exit_code == 0
    made = user("ann@example.org")
    assert passwords.verify(made.password_hash, done.stdout.splitlines()[-1])
    assert (made.role, made.name, made.must_change_password) == ("ADMIN", "Ann", True)


def test_a_password_from_standard_input_is_kept_and_not_printed(run):
    shop = make_business().id
    db.session.commit()
    args = ("create", "ann@example.org", "--role", "seller", "--business", shop, "--password-stdin")
    done = run(*args, input=f"{NEW}\n")
    assert done.exit_code == 0 and NEW not in done.output
    made = user("ann@example.org")
    assert passwords.verify(made.password_hash, NEW)
    assert not made.must_change_password
    assert list_business_ids_of(made.id) == {shop}


def test_a_script_reads_the_new_user_as_json(run):
    row = json.loads(run("create", "ann@example.org", "--role", "ADMIN", "--json").stdout)
    assert row["id"] == user("ann@example.org").id
    assert passwords.verify(user(row["email"]).password_hash, row["oneTimePassword"])


@pytest.mark.parametrize(
    ("args", "stdin", "line"),
    [
        (("create", "TAKEN@example.org", "--role", "ADMIN"), "", "There is a user with"),
        (("create", "no email", "--role", "ADMIN"), "", "is not an email address"),
        (("create", "a@x.org", "--role", "SELLER", "--business", "none"), "", "no business none"),
        (("create", "a@x.org", "--role", "ADMIN", "--password-stdin"), "short\n", "at least 10"),
        (("create", "a@x.org", "--role", "ADMIN", "--password-stdin"), "", "No password came"),
        (("passwd", "nobody@x.org"), "", "There is no user nobody@x.org"),
        (("disable", "taken@example.org"), "", "last active administrator"),
        (("disable", "nobody@x.org"), "", "There is no user"),
    ],
)
def test_a_refusal_is_one_line_on_standard_error_and_exit_1(run, args, stdin, line):
    make_user("ADMIN", email="taken@example.org")
    db.session.commit()
    done = run(*args, input=stdin)
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: ") and line in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_an_unknown_role_is_refused_with_the_ones_there_are(run):
    done = run("create", "ann@example.org", "--role", "OWNER")
    assert done.exit_code == 2 and "seller" in done.stderr.lower()


def test_the_list_tells_who_may_do_what_and_no_secret(run):
    make_user("ADMIN", email="ann@example.org")
    make_user("SELLER", email="bob@example.org", is_active=False)
    db.session.commit()
    rows = json.loads(run("list", "--json").stdout)
    assert [(r["email"], r["role"], r["isActive"]) for r in rows] == [
        ("ann@example.org", "ADMIN", True),
        ("bob@example.org", "SELLER", False),
    ]
    assert "argon2" not in str(rows)
    table = run("list").stdout
    assert "ann@example.org" in table and "disabled" in table


def test_a_new_password_ends_sessions_and_lets_the_owner_try_at_once(run):
    before = make_user("ADMIN", email="ann@example.org").get_id()
    db.session.commit()
    done = run("passwd", "ANN@example.org", "--password-stdin", input=NEW)
    assert done.exit_code == 0
    assert passwords.verify(user("ann@example.org").password_hash, NEW)
    assert queries.find_session_user(before) is None
    once = run("passwd", "ann@example.org").stdout.splitlines()[-1]
    assert passwords.verify(user("ann@example.org").password_hash, once)


def test_disabling_and_enabling(run):
    make_user("ADMIN")
    make_user("SELLER", email="ann@example.org")
    db.session.commit()
    assert run("disable", "ann@example.org").exit_code == 0
    assert not user("ann@example.org").is_active
    assert run("enable", "ann@example.org").exit_code == 0
    assert user("ann@example.org").is_active


@pytest.mark.parametrize("command", ["create", "list", "passwd", "disable", "enable"])
def test_every_command_explains_itself(run, command):
    done = run(command, "--help")
    assert done.exit_code == 0 and len(done.output.splitlines()) > 3
