"""What somebody could do to an archive by hand, beside what is in test_archive.py."""

import hashlib
import json
import zipfile

import pytest

from tests.backup.archives import (
    altered,
    call,
    contents,
    fill,
    make_archive,
    schemas,
    table_of,
    with_manifest,
)
from tests.backup.test_restore import rewritten
from tests.factories import make_device, make_sale
from wifiapp.backup import engine
from wifiapp.backup.engine import BackupError, Damaged, RefusedRow


@pytest.fixture
def path(own_app):
    fill(own_app, make_sale, make_device)
    return make_archive(own_app).path


def refuse(app, path, error, words):
    """Expect verify and restore to refuse it in words, and nothing to have changed."""
    before = contents(app)
    for read in (engine.verify, engine.restore):
        with pytest.raises(error, match=words) as caught:
            call(app, read, path)
        assert "our data was not changed" in str(caught.value)
    assert contents(app) == before
    assert schemas(app) == []


def renamed(members, name, new):
    members[new] = members.pop(name)


@pytest.mark.parametrize(
    "new", ["tables/sales.csv", "users.csv", "tables\\users.csv", "../users.csv"]
)
def test_a_member_under_another_name_is_refused(own_app, path, new):
    wrong = altered(path, lambda members: renamed(members, "tables/users.csv", new))
    refuse(own_app, wrong, Damaged, "does not belong in a backup|users.csv is missing")


def test_two_members_that_changed_their_names_are_refused(own_app, path):
    def swap(members):
        one, other = "tables/businesses.csv", "tables/users.csv"
        members[one], members[other] = members[other], members[one]

    refuse(own_app, altered(path, swap), Damaged, r"tables/\w+\.csv has")


def test_a_table_that_nobody_knows_is_named(own_app, path):
    def add(members):
        members["tables/pirates.csv"] = b"id\n"
        said = json.loads(members["manifest.json"])
        said["tables"].append(table_of(said, "users") | {"name": "pirates", "bytes": 3, "rows": 0})
        members["manifest.json"] = json.dumps(said).encode()

    refuse(own_app, altered(path, add), Damaged, "pirates")


def test_the_table_of_the_revision_cannot_be_smuggled_in_beside_the_others(own_app, path):
    def add(members):
        members["tables/alembic_version.csv"] = rows = b"version_num\nelsewhere\n"
        said = json.loads(members["manifest.json"])
        facts = {"bytes": len(rows), "rows": 1, "sha256": hashlib.sha256(rows).hexdigest()}
        columns = [{"name": "version_num", "type": "character varying(32)"}]
        more = {"name": "alembic_version", "columns": columns}
        said["tables"].append(table_of(said, "settings") | facts | more)
        members["manifest.json"] = json.dumps(said).encode()

    refuse(own_app, altered(path, add), Damaged, "alembic_version, no table of its revision")


@pytest.mark.parametrize("table", ["backups", "alembic_version", "pg_authid"])
def test_a_table_that_never_travels_cannot_be_smuggled_in(own_app, path, table):
    def rename(members):
        renamed(members, "tables/settings.csv", f"tables/{table}.csv")
        with_manifest(lambda said: table_of(said, "settings").update(name=table))(members)

    refuse(own_app, altered(path, rename), Damaged, "lacks the table|no table of its revision")


def test_a_column_that_nobody_knows_is_named_with_its_table(own_app, path):
    def rename(said):
        table_of(said, "users")["columns"][0]["name"] = "identity"

    refuse(own_app, altered(path, with_manifest(rename)), Damaged, "columns")


def test_a_header_with_other_columns_than_the_manifest_is_refused(own_app, path):
    wrong = rewritten(path, "users", lambda rows: rows.replace(b"email,name", b"name,email", 1))
    refuse(own_app, wrong, BackupError, "users")
    with pytest.raises(Damaged, match="does not begin with the columns announced"):
        engine.check(wrong)  # without a database that would see it, too


def test_a_row_that_breaks_a_foreign_key_is_refused_with_its_table(own_app, path):
    def orphan(rows):
        head, row, rest = rows.split(b"\n", 2)
        cells = row.split(b",")
        cells[1] = b"nobody"
        return b"\n".join((head, b",".join(cells), rest))

    refuse(own_app, rewritten(path, "wifi_token_sales", orphan), (RefusedRow, Damaged), "sales")


def test_the_sum_of_another_archive_does_not_help(own_app, path):
    fill(own_app, make_sale)
    other = make_archive(own_app).path
    with zipfile.ZipFile(other) as archive:
        manifest = archive.read("manifest.json")
    wrong = altered(path, lambda members: members.update({"manifest.json": manifest}))
    refuse(own_app, wrong, Damaged, r"tables/\w+\.csv has")
