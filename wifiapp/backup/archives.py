"""Where archives lie on the disk, and how much room there is for more."""

import os
import shutil
from pathlib import Path

from wifiapp.backup.errors import BackupError
from wifiapp.config import Config


class FileGone(BackupError):
    """The catalogue knows the archive, the folder does not hold it."""

    status = 410

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"The file {path.name} is no longer in {path.parent}. Your data was not changed. Put "
            "the file back there, or delete this entry and create a new backup."
        )


def path_of(config: Config, file_name: str | None) -> Path:
    """Return where the catalogued archive lies, or raise `FileGone`."""
    path = config.backup_dir / Path(file_name or "unfinished").name
    if not path.is_file():
        raise FileGone(path)
    return path


def exists(config: Config, file_name: str | None) -> bool:
    """Tell whether the archive is where the catalogue says."""
    return file_name is not None and (config.backup_dir / Path(file_name).name).is_file()


def remove(config: Config, file_name: str | None) -> None:
    """Delete the archive's file, which may be gone already; raise `BackupError` if that fails."""
    if file_name is None:
        return
    path = config.backup_dir / Path(file_name).name
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise BackupError(
            f"The file {path} could not be deleted: {error.strerror}. Nothing was changed. Make "
            "the folder writable for wifiapp and try again."
        ) from error


def copy(path: Path, target: Path) -> Path:
    """Copy the archive to the file or folder; return the copy's path, or raise `BackupError`.

    It is written beside its name and renamed, so that no half file bears that.
    """
    target = target / path.name if target.is_dir() else target
    part = target.with_name(target.name + ".part")
    try:
        private = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with path.open("rb") as source, os.fdopen(private, "wb") as sink:
            shutil.copyfileobj(source, sink, 1 << 20)
            sink.flush()
            os.fsync(sink.fileno())
        part.rename(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise BackupError(
            f"The backup is made and safe in {path}, but it could not be copied to {target}: "
            f"{error.strerror}."
        ) from error
    return target


def free_space(config: Config) -> int:
    """Return the bytes that are free where backups are kept."""
    folder = config.backup_dir
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free
