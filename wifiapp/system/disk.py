"""How much room is left where the data and the backups are."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from wifiapp.config import Config

TIGHT = 0.10  # of the disk


@dataclass(frozen=True)
class Disk:
    """The disk that holds `folder`; sizes are bytes."""

    name: str
    folder: Path
    total: int
    free: int

    @property
    def is_tight(self) -> bool:
        return self.free < TIGHT * self.total


def list_disks(config: Config) -> list[Disk]:
    """Return the disks of the backups and, when it is ours, of the database."""
    folders = {"backups": config.backup_dir}
    if config.database_url is None:
        folders = {"database": config.instance / "postgres", **folders}
    return [_disk(name, folder) for name, folder in folders.items()]


def _disk(name: str, folder: Path) -> Disk:
    existing = folder.resolve()
    while not existing.exists():
        existing = existing.parent
    usage = shutil.disk_usage(existing)
    return Disk(name, folder, usage.total, usage.free)
