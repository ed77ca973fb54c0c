"""The disk is full in the middle: nothing has changed, nothing half-made stays, space is named."""

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.backup.archives import EVERYTHING, call
from tests.backup.faults.conftest import Shop, fill
from tests.backup.faults.servers import Server
from wifiapp.backup import archives, engine
from wifiapp.backup.engine import BackupError, DiskFull


def test_a_backup_that_may_not_grow_leaves_nothing_and_says_so(shop, runner):
    """A limit on the size of files, as of a quota, which every account can set."""
    before = shop.data()
    assert runner.start("backup", "create", limit=4096).exit_code() == 1
    assert "cannot be written" in runner.log and "Your data was not changed" in runner.log
    assert "Traceback" not in runner.log
    shop.must_be_tidy()
    assert [status for status, *_ in shop.catalogue()] == ["FAILED"]
    assert shop.data() == before
    runner.do("backup", "create")


def may_mount():
    """Tell whether this process may mount a disk, which root in a container may not always."""
    rights = re.search(r"CapEff:\s*(\w+)", Path("/proc/self/status").read_text())
    return os.geteuid() == 0 and bool(int(rights[1], 16) >> 21 & 1)


if may_mount():

    class Disk:
        """A disk of a few MB, in memory, that can be filled to the last byte."""

        def __init__(self, folder, size):
            self.folder = folder
            folder.mkdir()
            command = ["mount", "-t", "tmpfs", "-o", f"size={size}m,mode=755", "none", str(folder)]
            subprocess.run(command, check=True)

        def fill(self):
            with (self.folder / "others").open("wb", buffering=0) as file:
                with contextlib.suppress(OSError):
                    while True:
                        file.write(bytes(1 << 16))
                with contextlib.suppress(OSError):
                    while True:
                        file.write(bytes(1 << 10))

        def make_room(self):
            (self.folder / "others").unlink()

        def remove(self):
            subprocess.run(["umount", "--lazy", str(self.folder)], check=True)

    @pytest.fixture
    def disk(tmp_path):
        disk = Disk(tmp_path / "disk", 24)
        yield disk
        disk.remove()

    def filling(disk, stage):
        def report(progress):
            if progress.stage == stage and not (disk.folder / "others").exists():
                disk.fill()

        return report

    def create(shop, disk, **given):
        folder = disk.folder / "backups"
        return call(shop.app, engine.create, EVERYTHING, folder, made_by="a test", **given)

    @pytest.mark.parametrize("stage", ["preparing", "copying"])
    def test_a_backup_on_a_full_disk_leaves_nothing_and_the_next_one_works(shop, disk, stage):
        before = shop.data()
        with pytest.raises(DiskFull, match="Your data was not changed") as caught:
            create(shop, disk, report=filling(disk, stage))
        assert "free some space" in str(caught.value).lower()
        assert list((disk.folder / "backups").iterdir()) == []
        assert shop.data() == before
        disk.make_room()
        assert engine.check(create(shop, disk).path).rows > 0

    def test_without_throwing_away_what_is_unfinished_it_would_stay(shop, disk, monkeypatch):
        with monkeypatch.context() as changed:
            changed.setattr(Path, "unlink", lambda *_, **__: None)
            with pytest.raises(DiskFull):
                create(shop, disk, report=filling(disk, "copying"))
        assert len(list((disk.folder / "backups").iterdir())) == 1

    def test_a_copy_on_a_full_disk_is_no_copy_and_the_backup_is_safe(shop, disk):
        path = shop.archive()
        disk.fill()
        with pytest.raises(BackupError, match="made and safe in"):
            archives.copy(path, disk.folder)
        assert [each.name for each in disk.folder.iterdir()] == ["others"]
        assert engine.check(path).rows > 0

    @pytest.fixture(scope="module")
    def database_disk():
        folder = Path(tempfile.mkdtemp(prefix="wifiapp-faults-"))
        folder.chmod(0o755)  # the server runs as another user
        with contextlib.ExitStack() as stack:
            stack.callback(shutil.rmtree, folder)
            disk = Disk(folder / "disk", 400)
            stack.callback(disk.remove)
            server = Server(disk.folder)
            stack.callback(server.remove)
            yield disk, server, server.migrated_database()

    @pytest.fixture
    def crowded(database_disk, no_database, app_on):
        """A shop whose database lies on a disk that somebody else fills."""
        disk, server, template = database_disk
        shop = Shop(app_on(server.url(server.new_database(template))))
        fill(shop.app)
        shop.backups.mkdir(parents=True)
        shop.trade(20)
        yield shop, disk
        if (disk.folder / "others").exists():
            disk.make_room()

    @pytest.mark.parametrize("read", [engine.verify, engine.restore])
    def test_a_load_into_a_full_database_changes_nothing_and_the_next_one_works(crowded, read):
        shop, disk = crowded
        path = shop.archive()
        shop.trade()
        before = shop.data()
        with pytest.raises(DiskFull, match="database's disk is full"):
            call(shop.app, read, path, filling(disk, "loading"))
        disk.make_room()
        shop.restart()
        assert shop.data() == before
        shop.must_be_tidy()
        call(shop.app, read, path)
