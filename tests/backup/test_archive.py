import tracemalloc
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
from wifiapp.backup import engine
from wifiapp.backup.engine import BackupError, Damaged, NewerArchive, NotAnArchive


@pytest.fixture
def archive(own_app):
    fill(own_app)
    return make_archive(own_app).path


def refuse(app, path, error, words):
    """Expect each way in to refuse the file, and nothing to have changed."""
    before = contents(app)
    for read in (engine.check, engine.verify, engine.restore):
        with pytest.raises(error, match=words) as caught:
            read(path) if read is engine.check else call(app, read, path)
        assert "our data was not changed" in str(caught.value)
    assert contents(app) == before
    assert schemas(app) == []


def replaced(name, old, new):
    def change(members):
        assert old in members[name]
        members[name] = members[name].replace(old, new)

    return change


def test_a_file_cut_short_is_refused(own_app, archive):
    whole = archive.read_bytes()
    for size in (len(whole) // 3, len(whole) - 1, 10):
        cut = archive.with_name(f"cut-{size}.zip")
        cut.write_bytes(whole[:size])
        refuse(own_app, cut, Damaged, "cut off")


def test_one_wrong_bit_anywhere_in_the_rows_is_found(own_app, archive):
    with zipfile.ZipFile(archive) as opened:
        info = opened.getinfo("tables/wifi_tokens.csv")
    whole = bytearray(archive.read_bytes())
    whole[info.header_offset + 60 + info.compress_size // 2] ^= 1
    wrong = archive.with_name("wrong.zip")
    wrong.write_bytes(whole)
    refuse(own_app, wrong, Damaged, "tables/wifi_tokens.csv")


def test_what_is_no_archive_is_called_so(own_app, archive):
    text = archive.with_name("letter.zip")
    text.write_text("Dear Sir or Madam")
    refuse(own_app, text, NotAnArchive, "no ZIP file")
    empty = archive.with_name("empty.zip")
    empty.write_bytes(b"")
    refuse(own_app, empty, NotAnArchive, "no ZIP file")
    photos = archive.with_name("photos.zip")
    with zipfile.ZipFile(photos, "w") as opened:
        opened.writestr("photo.jpg", b"...")
    refuse(own_app, photos, NotAnArchive, "no manifest.json")
    refuse(own_app, archive.with_name("absent.zip"), NotAnArchive, "There is no file")


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "tables/more.csv", "tables/"])
def test_a_member_that_does_not_belong_is_named(own_app, archive, name):
    path = altered(archive, lambda members: members.update({name: b"x"}))
    refuse(own_app, path, Damaged, name)


@pytest.mark.parametrize("name", ["tables/users.csv", "README.txt", "check.py"])
def test_a_missing_member_is_named(own_app, archive, name):
    path = altered(archive, lambda members: members.pop(name))
    refuse(own_app, path, Damaged, f"{name} is missing")


def test_a_member_that_stands_twice_is_refused(own_app, archive):
    with (
        zipfile.ZipFile(archive, "a") as opened,
        pytest.warns(UserWarning, match="Duplicate name"),
    ):
        opened.writestr("tables/users.csv", b"id\n")
    refuse(own_app, archive, Damaged, "stands twice")


def test_members_that_share_their_bytes_are_refused(own_app, archive):
    whole = archive.read_bytes()
    with zipfile.ZipFile(archive) as opened:
        one, other = (opened.getinfo(f"tables/{name}.csv") for name in ("users", "hotspots"))
    record = whole.rindex(b"tables/hotspots.csv") - 46
    at = record + 42
    assert int.from_bytes(whole[at : at + 4], "little") == other.header_offset
    joined = bytearray(whole)
    joined[at : at + 4] = one.header_offset.to_bytes(4, "little")
    archive.write_bytes(joined)
    refuse(own_app, archive, Damaged, "shares its bytes")


def test_rows_changed_by_hand_are_found_even_with_a_new_checksum_of_the_zip(own_app, archive):
    path = altered(archive, replaced("tables/users.csv", b"ADMIN", b"OWNER"))
    refuse(own_app, path, Damaged, "users.csv has another SHA-256")


def test_rows_left_out_or_added_by_hand_are_found(own_app, archive):
    path = altered(archive, replaced("tables/users.csv", b"\n", b"\n\n"))
    refuse(own_app, path, Damaged, "users.csv has")


def test_a_member_longer_than_announced_is_refused(own_app, archive):
    def lie(manifest):
        table_of(manifest, "users")["bytes"] -= 10

    refuse(own_app, altered(archive, with_manifest(lie)), Damaged, "users.csv has")


def test_a_wrong_number_of_rows_is_found(own_app, archive):
    def lie(manifest):
        table_of(manifest, "users")["rows"] += 1

    refuse(own_app, altered(archive, with_manifest(lie)), Damaged, "users.csv has")


def test_a_bomb_is_refused_before_it_goes_off(own_app, archive):
    size = 300 << 20

    def plant(manifest):
        table_of(manifest, "users")["bytes"] = size

    bomb = altered(archive, with_manifest(plant), "bomb-shell.zip")
    with zipfile.ZipFile(bomb) as opened:
        members = {info.filename: opened.read(info) for info in opened.infolist()}
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in members.items():
            if name != "tables/users.csv":
                opened.writestr(name, content)
        with opened.open("tables/users.csv", "w") as member:
            for _ in range(size >> 20):
                member.write(bytes(1 << 20))
    tracemalloc.start()
    try:
        with pytest.raises(Damaged, match=r"users\.csv claims"):
            engine.check(bomb)
        assert tracemalloc.get_traced_memory()[1] < 20 << 20
    finally:
        tracemalloc.stop()


def test_a_manifest_of_another_program_or_of_nonsense_is_refused(own_app, archive):
    for number, change in enumerate(
        (
            with_manifest(lambda said: said.update(application="other")),
            with_manifest(lambda said: said.pop("tables")),
            with_manifest(lambda said: table_of(said, "users").update(rows=-1)),
            with_manifest(lambda said: table_of(said, "users").update(rows=True)),
            with_manifest(lambda said: table_of(said, "users").update(name="a; DROP TABLE b")),
            with_manifest(lambda said: said["tables"].append(said["tables"][0])),
            lambda members: members.update({"manifest.json": b"[" * 100_000}),
            lambda members: members.update({"manifest.json": b"\xff"}),
        )
    ):
        path = altered(archive, change, f"nonsense-{number}.zip")
        refuse(own_app, path, NotAnArchive, "manifest is wrong")


def test_a_manifest_that_names_other_columns_than_its_revision_has_is_refused(own_app, archive):
    def rename(said):
        table_of(said, "users")["columns"][0]["type"] = "integer"

    path = altered(archive, with_manifest(rename))
    for read in (engine.verify, engine.restore):
        with pytest.raises(Damaged, match="other columns of users"):
            call(own_app, read, path)


def test_a_manifest_without_a_table_that_its_revision_has_is_refused(own_app, archive):
    def forget(members):
        with_manifest(lambda said: said["tables"].remove(table_of(said, "wifi_token_sales")))(
            members
        )
        del members["tables/wifi_token_sales.csv"]

    with pytest.raises(Damaged, match="lacks the table wifi_token_sales"):
        call(own_app, engine.restore, altered(archive, forget))


def test_a_newer_format_is_refused_as_newer(own_app, archive):
    path = altered(archive, with_manifest(lambda said: said.update(format=2)))
    refuse(own_app, path, NewerArchive, "format 2, newer than this app, which knows format 1")


def test_an_archive_packed_again_by_another_program_still_restores(own_app, archive):
    again = altered(archive, lambda members: None)
    before = contents(own_app)
    call(own_app, engine.restore, again)
    after = contents(own_app)
    del before["audit_logs"], after["audit_logs"]
    assert after == before


def test_every_refusal_is_one_of_the_engine(no_database):
    for error in (Damaged, NewerArchive, NotAnArchive):
        assert issubclass(error, BackupError)
