"""The settings, read from the environment once into one frozen object."""

import contextlib
import hashlib
import os
import secrets
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from environs import Env, EnvError
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

VERSION = "0.1.0"
ROOT = Path(__file__).resolve().parent.parent
SECRETS = frozenset({"SECRET_KEY", "DATABASE_URL", "WIFIAPP_ADMIN_PASSWORD"})


class ConfigError(Exception):
    """A setting cannot be used; the message is one line and names the setting."""


@dataclass(frozen=True)
class Config:
    """Everything the environment decides.

    `database_url` None means the embedded PostgreSQL under `instance`.
    Secrets are left out of the repr, so that a log cannot show them.
    """

    instance: Path
    backup_dir: Path
    secret_key: str = field(repr=False)
    database_url: str | None = field(default=None, repr=False)
    host: str = "0.0.0.0"  # noqa: S104 - phones at the till reach the PC over the LAN
    port: int = 8080
    workers: int = 2  # gunicorn's processes, and the threads of each
    threads: int = 8
    behind_proxy: bool = False
    admin_email: str | None = None
    admin_password: str | None = field(default=None, repr=False)
    upload_limit: int = 20_000 << 20  # bytes of an archive that is sent to be restored
    backup_hook: tuple[str, ...] = ()
    backup_hook_seconds: int = 3600
    testing: bool = False

    @classmethod
    def from_environment(cls) -> "Config":
        """Read the settings, or raise `ConfigError`."""
        env = Env()
        try:
            instance = Path(env.str("WIFIAPP_INSTANCE", str(ROOT / "instance"))).resolve()
            database_url = env.str("DATABASE_URL", "").strip() or None
            return cls(
                instance=instance,
                backup_dir=Path(env.str("BACKUP_DIR", str(instance / "backups"))).resolve(),
                secret_key=env.str("SECRET_KEY", "") or kept_secret(instance / "secret_key"),
                database_url=database_url and as_psycopg_url(database_url),
                host=env.str("HOST", cls.host),
                port=env.int("PORT", cls.port, validate=_port),
                workers=env.int(
                    "WEB_CONCURRENCY", cls.workers, validate=_positive("WEB_CONCURRENCY")
                ),
                threads=env.int("WEB_THREADS", cls.threads, validate=_positive("WEB_THREADS")),
                behind_proxy=env.bool("WIFIAPP_BEHIND_PROXY", default=False),
                admin_email=env.str("WIFIAPP_ADMIN_EMAIL", "") or None,
                admin_password=env.str("WIFIAPP_ADMIN_PASSWORD", "") or None,
                upload_limit=env.int("UPLOAD_LIMIT_MB", cls.upload_limit >> 20) << 20,
                backup_hook=_words("BACKUP_HOOK", env.str("BACKUP_HOOK", "")),
                backup_hook_seconds=env.int(
                    "BACKUP_HOOK_SECONDS",
                    cls.backup_hook_seconds,
                    validate=_positive("BACKUP_HOOK_SECONDS"),
                ),
            )
        except EnvError as error:
            raise ConfigError(str(error)) from error

    @property
    def key_fingerprint(self) -> str:
        """Name the secret key without telling it: 16 hexadecimal digits."""
        return hashlib.sha256(b"wifiapp key fingerprint:" + self.secret_key.encode()).hexdigest()[
            :16
        ]


def as_psycopg_url(text: str) -> str:
    """Return the URL with psycopg as its driver, or raise `ConfigError`."""
    try:
        url: URL = make_url(text)
    except (ArgumentError, ValueError):  # ValueError: a port that is no number
        raise ConfigError(
            "DATABASE_URL is not a URL. It looks like postgresql://user:password@host:5432/name."
        ) from None
    if url.get_backend_name() not in {"postgresql", "postgres"}:
        raise ConfigError(
            f"DATABASE_URL names {url.get_backend_name()}; wifiapp keeps its data in PostgreSQL "
            "15 or newer (postgresql://user:password@host:5432/name)."
        )
    return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def kept_secret(path: Path) -> str:
    """Return the secret in the file, made once (mode 600), or raise `ConfigError`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
        # Written aside and linked, so that two processes starting at once agree on one secret
        # and none ever reads half of it.
        if not path.exists():
            aside = path.with_name(f".{path.name}.{os.getpid()}")
            with os.fdopen(os.open(aside, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w") as f:
                f.write(secrets.token_hex(32))
            with contextlib.suppress(FileExistsError):
                os.link(aside, path)
            aside.unlink()
        return path.read_text().strip()
    except OSError as error:
        raise ConfigError(
            f"The secret key cannot be kept in {path} ({error.strerror}). "
            "Make the folder writable, or set SECRET_KEY."
        ) from error


def environment_for_others() -> dict[str, str]:
    """Return the environment for a program that is not ours: all of it but our secrets."""
    return {name: value for name, value in os.environ.items() if name not in SECRETS}


def _words(name: str, text: str) -> tuple[str, ...]:
    """Split a command into its words as a shell would, or raise `ConfigError`; no shell runs."""
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise ConfigError(f"{name} is no command: {error}. Close what was quoted.") from error


def _positive(name: str) -> Callable[[int], None]:
    def check(value: int) -> None:
        if value < 1:
            raise EnvError(f"{name} must be 1 or more.")

    return check


def _port(value: int) -> None:
    if not 1 <= value <= 65535:  # noqa: PLR2004 - the range of TCP ports
        raise EnvError("PORT must be between 1 and 65535.")
