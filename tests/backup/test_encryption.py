"""Archives in the age format: what opens them, what does not, and what never stays on the disk."""

import errno
import os
import subprocess
import sys
import tracemalloc
from hashlib import sha256

import pytest

from wifiapp import clock
from wifiapp.backup import encryption, engine, keys, rooms
from wifiapp.backup.engine import Cancelled, Damaged, DiskFull, NotAnArchive
from wifiapp.backup.errors import KeyNeeded, WrongKey
from wifiapp.backup.writing import remove_dead_parts

KEY, OTHER = keys.make(), keys.make()
pytestmark = pytest.mark.usefixtures("no_database")


@pytest.fixture
def plain(tmp_path):
    path = tmp_path / "wifiapp-all-1.zip"
    path.write_bytes(os.urandom(300_000))
    return path


@pytest.fixture
def sealed(plain):
    return encryption.encrypt(plain, plain.parent, KEY.recipient)


def opened(path, *given, **also):
    """Return what the archive holds, as the keys open it."""
    with rooms.room(path.parent) as room:
        return encryption.decrypt(path, room, given or (KEY,), **also).path.read_bytes()


def altered(path, change, name="altered.zip.age"):
    content = bytearray(path.read_bytes())
    target = path.with_name(name)
    target.write_bytes(change(content) or content)
    return target


def flip(at):
    def change(content):
        content[at] ^= 1

    return change


def another_letter_of_the_head(content):
    content[60] = ord("C") if content[60] == ord("B") else ord("B")


# -- there and back --------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 200_000])
def test_what_is_encrypted_comes_back_equal(tmp_path, size):
    plain = tmp_path / "wifiapp-x.zip"
    plain.write_bytes(os.urandom(size))
    sealed = encryption.encrypt(plain, tmp_path, KEY.recipient)
    assert opened(sealed.path) == plain.read_bytes()


def test_the_file_is_age_s_own_format_private_and_known_by_its_hash(plain, sealed):
    content = sealed.path.read_bytes()
    assert content.startswith(b"age-encryption.org/v1\n-> X25519 ")
    assert sealed.path.name == "wifiapp-all-1.zip.age"
    assert sealed.path.stat().st_mode & 0o777 == 0o600
    assert (sealed.size, sealed.sha256) == (len(content), sha256(content).hexdigest())
    assert plain.read_bytes()[:1000] not in content


def test_a_plain_copy_is_private_and_goes_with_its_room(sealed):
    with rooms.room(sealed.path.parent) as room:
        copy = encryption.decrypt(sealed.path, room, [KEY])
        assert copy.path.name == "wifiapp-all-1.zip"
        assert copy.sha256 == sealed.sha256
        assert copy.path.stat().st_mode & 0o777 == 0o600
        assert room.stat().st_mode & 0o777 == 0o700
    assert not room.exists()


def test_one_of_several_keys_is_enough(sealed):
    assert opened(sealed.path, OTHER, KEY)


def test_two_archives_of_one_name_do_not_overwrite_each_other(plain, sealed):
    again = encryption.encrypt(plain, plain.parent, OTHER.recipient)
    assert again.path.name == "wifiapp-all-1-2.zip.age"
    assert opened(sealed.path) == opened(again.path, OTHER)


def test_memory_stays_flat_whatever_the_size(tmp_path):
    plain = tmp_path / "wifiapp-x.zip"
    with plain.open("wb") as file:
        file.truncate(64 << 20)
    tracemalloc.start()
    try:
        sealed = encryption.encrypt(plain, tmp_path, KEY.recipient)
        with rooms.room(tmp_path) as room:
            encryption.decrypt(sealed.path, room, [KEY])
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


# -- what does not open ------------------------------------------------------------------------


def test_a_wrong_key_is_told_from_a_damaged_file(sealed):
    with pytest.raises(WrongKey, match=f"another key than {OTHER.fingerprint}") as refusal:
        opened(sealed.path, OTHER)
    assert "damaged" not in str(refusal.value)
    damaged = altered(sealed.path, flip(-1000))
    with pytest.raises(Damaged, match="altered") as refusal:
        opened(damaged)
    assert "key" not in str(refusal.value)
    assert "our data was not changed" in str(refusal.value)


def test_a_damaged_head_is_no_wrong_key_where_the_right_one_is_known(sealed):
    damaged = altered(sealed.path, another_letter_of_the_head)
    with pytest.raises(Damaged, match="not opened by its own key"):
        opened(damaged, KEY, fingerprint=KEY.fingerprint)
    with pytest.raises(WrongKey):
        opened(sealed.path, OTHER, fingerprint=KEY.fingerprint)


@pytest.mark.parametrize("left", [1, 10, 22, 100, 300, 65_800, 200_000, -1])
def test_a_file_cut_off_anywhere_is_called_so(sealed, left):
    with pytest.raises(Damaged, match="cut off"):
        opened(altered(sealed.path, lambda content: content[:left]))


@pytest.mark.parametrize("at", [-1, -100_000, 250, 180])
def test_one_wrong_bit_is_found(sealed, at):
    with pytest.raises(Damaged):
        opened(altered(sealed.path, flip(at)))


def test_bytes_after_the_end_are_found(sealed):
    with pytest.raises(Damaged):
        opened(altered(sealed.path, lambda content: content + b"x"))


@pytest.mark.parametrize("content", [b"", b"PK\3\4 a zip", b"Dear Sir or Madam", bytes(100)])
def test_what_is_no_age_file_is_called_so(tmp_path, content):
    path = tmp_path / "letter.zip.age"
    path.write_bytes(content)
    with pytest.raises(NotAnArchive, match="no age file"):
        opened(path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(NotAnArchive, match="There is no file"):
        opened(tmp_path / "absent.zip.age")


def test_the_engine_says_that_a_key_is_needed(sealed):
    upload = sealed.path.with_name("upload.zip")
    upload.write_bytes(sealed.path.read_bytes())
    for path in (sealed.path, upload):
        assert encryption.is_encrypted(path)
        with pytest.raises(KeyNeeded, match="is encrypted"):
            engine.check(path)


def test_a_plain_archive_is_not_taken_for_an_encrypted_one(plain, tmp_path):
    assert not encryption.is_encrypted(plain)
    assert not encryption.is_encrypted(tmp_path / "absent.zip")


# -- what can go wrong on the way --------------------------------------------------------------


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_cancelled_encryption_leaves_nothing(plain, monkeypatch):
    monkeypatch.setattr(encryption, "TELL_EVERY", 1 << 14)
    said = []

    def cancel(progress):
        said.append(progress)
        if progress.bytes_done > 400_000:
            raise Cancelled

    with pytest.raises(Cancelled):
        encryption.encrypt(plain, plain.parent, KEY.recipient, cancel, rows=50)
    assert names(plain.parent) == [plain.name]
    assert {progress.stage for progress in said} == {"encrypting"}


def test_a_disk_that_fills_up_is_called_full(plain, sealed, monkeypatch):
    def full(self, _block):
        self.error = OSError(errno.ENOSPC, "No space left on device")
        raise self.error

    monkeypatch.setattr(encryption._Stream, "write", full)
    with pytest.raises(DiskFull, match="was not made: the disk is full"):
        encryption.encrypt(plain, plain.parent, KEY.recipient)
    with pytest.raises(DiskFull, match="was not opened: the disk is full"):
        opened(sealed.path)
    assert names(plain.parent) == [plain.name, sealed.path.name]


def test_too_little_space_is_seen_before_anything_is_written(plain, sealed, monkeypatch):
    monkeypatch.setattr(rooms, "SPARE", 1 << 60)
    for act in (
        lambda: encryption.encrypt(plain, plain.parent, KEY.recipient),
        lambda: opened(sealed.path),
    ):
        with pytest.raises(DiskFull, match="MB free"):
            act()
    assert names(plain.parent) == [plain.name, sealed.path.name]


def test_what_does_not_read_back_is_thrown_away(plain, monkeypatch):
    write = encryption._Stream.write

    def drop_a_bit(self, block):
        if self._file is None:
            return write(self, bytes([block[0] ^ 1]) + block[1:])
        return write(self, block)

    monkeypatch.setattr(encryption._Stream, "write", drop_a_bit)
    with pytest.raises(Damaged, match="did not read back"):
        encryption.encrypt(plain, plain.parent, KEY.recipient)
    assert names(plain.parent) == [plain.name]


# -- rooms -------------------------------------------------------------------------------------


def test_a_room_in_use_is_not_cleared(tmp_path):
    with rooms.room(tmp_path) as room:
        (room / "plain.zip").write_bytes(b"rows")
        rooms.clear_dead(tmp_path)
        assert room.exists()


KILLED = """
import os, signal, sys
from pathlib import Path
from wifiapp.backup import rooms

with rooms.room(Path(sys.argv[1])) as room:
    (room / "plain.zip").write_bytes(b"rows")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_process_left_is_cleared_at_the_next_start(tmp_path):
    command = [sys.executable, "-c", KILLED, str(tmp_path)]
    assert subprocess.run(command, check=False).returncode == -9
    assert len(names(tmp_path)) == 1
    rooms.clear_dead(tmp_path)
    assert names(tmp_path) == []


def test_a_room_left_for_a_worker_waits_an_hour(tmp_path):
    with rooms.room(tmp_path) as room:
        (room / "plain.zip").write_bytes(b"rows")
        rooms.leave(room, "job")
    rooms.clear_dead(tmp_path)
    with rooms.left(tmp_path, "job") as path:
        assert path.read_bytes() == b"rows"
        hour_ago = clock.now().timestamp() - rooms.PATIENCE - 1
        os.utime(path.parent, (hour_ago, hour_ago))
        rooms.clear_dead(tmp_path)
        assert path.exists()
    rooms.clear_dead(tmp_path)
    with pytest.raises(rooms.Closed, match="more than an hour ago"), rooms.left(tmp_path, "job"):
        pass
    rooms.clear(tmp_path, "job")


def test_a_part_whose_writer_is_gone_goes_with_the_next_clean_up(tmp_path):
    part = tmp_path / "wifiapp-all-1.zip.age.part"
    part.write_bytes(b"half")
    remove_dead_parts(tmp_path)
    assert not part.exists()
