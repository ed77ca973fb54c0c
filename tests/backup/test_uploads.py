"""Archives that people send: to the disk in pieces, or not at all."""

import fcntl
import io
import os
from datetime import timedelta

import pytest

from wifiapp import clock
from wifiapp.backup import uploads
from wifiapp.backup.errors import BackupError, DiskFull

BOUNDARY = b"----of-a-test"
CONTENT = bytes(range(256)) * 5000  # more than a block, with every byte there is
pytestmark = pytest.mark.usefixtures("no_database")


@pytest.fixture
def config(tmp_path):
    from tests.conftest import make_config  # noqa: PLC0415 - the only thing from there

    return make_config(tmp_path, None)


@pytest.fixture
def path(config):
    return uploads.folder_of(config) / "an-id.zip"


def part(name, content, filename=None):
    named = f'form-data; name="{name}"' + (f'; filename="{filename}"' if filename else "")
    return b"--%s\r\nContent-Disposition: %s\r\n\r\n%s\r\n" % (BOUNDARY, named.encode(), content)


def form(*parts):
    return io.BytesIO(b"".join(parts) + b"--%s--\r\n" % BOUNDARY)


def receive(stream, path, limit=1 << 30, allow=lambda token: None):
    return uploads.receive(stream, BOUNDARY, path, limit, allow)


def nothing_is_left(path):
    return list(path.parent.iterdir()) == []


def test_the_file_arrives_byte_by_byte_with_the_name_it_had(path):
    asked = []
    body = form(part("csrf_token", b"a token"), part("archive", CONTENT, "mine.zip"))
    assert receive(body, path, allow=asked.append) == "mine.zip"
    assert asked == ["a token"]
    assert path.read_bytes() == CONTENT
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("piece", [1, 7, 1000, 65536])
def test_it_does_not_matter_in_which_pieces_it_comes(path, piece):
    body = form(part("csrf_token", b"t"), part("archive", CONTENT[:5000], "a.zip")).getvalue()

    class Dripping(io.BytesIO):
        def read(self, _size):
            return super().read(piece)

    receive(Dripping(body), path)
    assert path.read_bytes() == CONTENT[:5000]


def test_no_byte_is_stored_before_the_token_was_looked_at(path):
    def refuse(_token):
        assert nothing_is_left(path)
        raise PermissionError("no token")

    stream = form(part("csrf_token", b"wrong"), part("archive", CONTENT, "a.zip"))
    with pytest.raises((PermissionError, BackupError)):
        receive(stream, path, allow=refuse)
    assert nothing_is_left(path)
    assert stream.tell() < len(CONTENT), "the file was not even read"


def test_a_token_behind_the_file_is_none(path):
    asked = []
    receive(
        form(part("archive", b"x", "a.zip"), part("csrf_token", b"t")), path, allow=asked.append
    )
    assert asked == [""]


@pytest.mark.parametrize("kept", [0, 10, 100, 200, 300_000])
def test_an_upload_that_is_cut_leaves_nothing(path, kept):
    body = form(part("csrf_token", b"t"), part("archive", CONTENT, "a.zip")).getvalue()[:kept]
    with pytest.raises(uploads.NotUploaded, match="did not arrive whole"):
        receive(io.BytesIO(body), path)
    assert nothing_is_left(path)


def test_never_more_bytes_than_allowed_are_stored(path):
    with pytest.raises(uploads.TooLarge, match="flask backup restore"):
        receive(form(part("archive", CONTENT, "a.zip")), path, limit=len(CONTENT) - 1)
    assert nothing_is_left(path)
    receive(form(part("archive", CONTENT, "a.zip")), path, limit=len(CONTENT))


@pytest.mark.parametrize(
    "parts",
    [[], [part("csrf_token", b"t")], [part("archive", b"", "a.zip")], [part("archive", b"x")]],
)
def test_a_form_without_a_file_says_so(path, parts):
    with pytest.raises(uploads.NotUploaded, match="Choose the file"):
        receive(form(*parts), path)
    assert nothing_is_left(path)


def test_other_fields_neither_fill_the_memory_nor_the_disk(path):
    with pytest.raises(uploads.NotUploaded):
        receive(form(part("csrf_token", b"t" * (1 << 20))), path)
    with pytest.raises(uploads.NotUploaded, match="Choose the file"):
        receive(form(part("other", CONTENT, "a.zip")), path)
    assert nothing_is_left(path)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("wifiapp-all.zip", "wifiapp-all.zip"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\Thandi\\my backup.zip", "my backup.zip"),
        ("a\0b\n.zip", "ab.zip"),
        ("", "upload.zip"),
        ("x" * 500 + ".zip", "x" * 116 + ".zip"),
    ],
)
def test_the_name_is_only_shown_and_made_fit_for_that(given, shown):
    assert uploads.shown_name(given) == shown


def test_what_is_too_large_or_has_no_room_is_refused_before_it_is_sent(config, monkeypatch):
    assert uploads.require_room(config, 1000) > 1000
    with pytest.raises(uploads.TooLarge):
        uploads.require_room(config, config.upload_limit + (1 << 20))
    monkeypatch.setattr(uploads, "SPARE", 1 << 60)
    with pytest.raises(DiskFull, match="free some space"):
        uploads.require_room(config, 1000)


def test_uploads_go_after_a_day_and_those_that_nobody_sends_any_more_at_once(config, path):
    now = clock.now()
    for name, age in (("old.zip", 25), ("new.zip", 1)):
        file = path.with_name(name)
        file.write_bytes(b"x")
        os.utime(file, ((now - timedelta(hours=age)).timestamp(),) * 2)
    path.with_name("dead.zip.part").write_bytes(b"x")
    with path.with_name("alive.zip.part").open("wb") as alive:
        fcntl.flock(alive, fcntl.LOCK_EX)
        assert uploads.sweep(config, now) == 2
        assert sorted(p.name for p in path.parent.iterdir()) == ["alive.zip.part", "new.zip"]


def test_without_a_folder_there_is_nothing_to_sweep(config):
    assert uploads.sweep(config, clock.now()) == 0
