"""`flask backup …`: one line an error, exit 0 only on success, the same engine as the page."""

import json
from hashlib import sha256

import pytest

from tests.factories import make_business, make_sale, make_token, make_user
from wifiapp.backup.models import Backup
from wifiapp.businesses.models import Business
from wifiapp.db import db


@pytest.fixture
def run(own_app):
    """Return a function that runs `flask backup …` on a small shop."""
    with own_app.app_context():
        make_sale(make_token(make_business(name="Corner Shop"), status="SOLD"))
        make_user("ADMIN", email="boss@example.org")
        db.session.commit()
    runner = own_app.test_cli_runner()

    def flask(*arguments, code=0):
        result = runner.invoke(args=["backup", *map(str, arguments)])
        assert result.exit_code == code, result.output
        assert "Traceback" not in result.output
        return result

    return flask


@pytest.fixture
def archive(run, own_app):
    made = json.loads(run("create", "--json").stdout)
    return own_app.config["WIFIAPP"].backup_dir / made["fileName"]


def facts(text):
    return dict(line.split(maxsplit=1) for line in text.splitlines())


def test_create_prints_path_rows_bytes_and_hash(run, own_app):
    said = facts(run("create").stdout)
    with own_app.app_context():
        (row,) = db.session.query(Backup)
        path = own_app.config["WIFIAPP"].backup_dir / row.file_name
        assert row.status == "VERIFIED"
    assert said == {
        "path": str(path),
        "rows": str(row.row_count),
        "bytes": str(path.stat().st_size),
        "sha256": sha256(path.read_bytes()).hexdigest(),
    }


def test_create_as_json_is_the_row_of_the_catalogue(run):
    made = json.loads(run("create", "--json", "--audit-logs", "--demo-data").stdout)
    assert (made["status"], made["startedBy"]) == ("VERIFIED", "COMMAND")
    assert (made["hasAuditLogs"], made["hasDemoData"], made["hasBusinessData"]) == (True,) * 3
    assert made["path"].endswith(made["fileName"])
    assert json.loads(run("list", "--json").stdout)[0]["id"] == made["id"]


def test_create_copies_to_a_folder_or_a_new_file_and_never_over_one(run, tmp_path):
    folder = tmp_path / "stick"
    folder.mkdir()
    run("create", "--output", folder)
    (copy,) = folder.iterdir()
    assert (copy.suffix, copy.stat().st_mode & 0o777) == (".zip", 0o600)
    run("create", "--output", folder / "mine.zip")
    assert (folder / "mine.zip").exists()
    refused = run("create", "--output", folder / "mine.zip", code=1)
    assert "exists already" in refused.stderr
    assert "not a folder to write to" in run("create", "--output", "/no/where", code=1).stderr


def test_create_of_one_business_takes_its_id(run, own_app):
    with own_app.app_context():
        (shop,) = db.session.query(Business)
        name = shop.id
    assert json.loads(run("create", "--json", "--business", name).stdout)["businessId"] == name
    assert "no such business" in run("create", "--business", "nobody", code=1).stderr
    run("create", "--business", name, "--no-business-data", code=2)


def test_create_on_a_sick_schema_names_every_gap_and_makes_nothing(run, own_app):
    with own_app.app_context():
        db.session.execute(db.text("DROP TABLE wifi_usage_analytics"))
        db.session.execute(db.text('ALTER TABLE wifi_token_sales DROP COLUMN "saleChannel"'))
        db.session.commit()
    said = run("create", code=1).stderr
    assert "wifi_usage_analytics" in said
    assert "saleChannel" in said
    assert "flask doctor" in said
    assert json.loads(run("list", "--json").stdout) == []


def test_list_shows_what_there_is(run, archive):
    said = run("list").stdout
    assert archive.name in said
    assert "VERIFIED" in said


def test_inspect_shows_the_manifest_by_path_and_by_name(run, archive):
    assert "wifi_token_sales" in run("inspect", archive).stdout
    manifest = json.loads(run("inspect", archive.name, "--json").stdout)
    assert manifest["made_by"] == "command line"
    assert {table["name"]: table["rows"] for table in manifest["tables"]}["businesses"] == 1


def test_verify_tells_that_the_archive_restores(run, archive):
    said = run("verify", archive).stdout
    assert "came back equal" in said
    assert sha256(archive.read_bytes()).hexdigest() in said


def test_a_damaged_or_missing_file_is_one_line_and_exit_1(run, archive, tmp_path):
    cut = tmp_path / "cut.zip"
    cut.write_bytes(archive.read_bytes()[:-200])
    for command in ("verify", "inspect", "restore"):
        said = run(command, cut, code=1).stderr.strip()
        assert said.startswith("Error: ")
        assert "damaged" in said
        assert "There is no file" in run(command, tmp_path / "nothing.zip", code=1).stderr


def test_restore_asks_for_yes_and_changes_nothing_without(run, archive, own_app):
    said = run("restore", archive, code=2).stdout
    assert "Nothing was changed" in said
    assert "undo-restore" in said
    run("undo-restore", code=2)
    with own_app.app_context():
        assert db.session.query(Business).count() == 1


def test_restore_brings_the_archive_back_and_undo_takes_that_back(run, archive, own_app):
    def names():
        with own_app.app_context():
            return [shop.name for shop in db.session.query(Business).order_by(Business.name)]

    with own_app.app_context():
        make_business(name="Added since")
        db.session.commit()
    said = run("restore", archive, "--yes").stdout
    assert "Restored" in said
    assert names() == ["Corner Shop"]
    run("undo-restore", "--yes")
    assert names() == ["Added since", "Corner Shop"]
    assert json.loads(run("list", "--json").stdout)[0]["status"] == "VERIFIED"


@pytest.mark.parametrize(
    "command", ["create", "list", "inspect", "verify", "restore", "undo-restore"]
)
def test_every_command_explains_itself(run, command):
    said = run(command, "--help").stdout
    assert "Options:" in said
    assert len(said.splitlines()) > 5
