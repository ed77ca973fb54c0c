"""The catalogue of backups: what was made, how far a running one is, why one failed."""

from datetime import date
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, false, text, true
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from wifiapp.columns import Count, CreatedAt, Id, Moment, UpdatedAt, at_least_zero, one_of
from wifiapp.db import Model, archived

STATUSES = ("QUEUED", "RUNNING", "VERIFIED", "FAILED", "CANCELLED")
STARTED_BY = ("PAGE", "COMMAND", "SCHEDULE", "RESTORE")


class Backup(Model):
    """One run of the backup engine and the archive it made.

    Sizes are bytes. `business_id` and `created_by` (an email) have no foreign key: the
    catalogue stays when a restore replaces businesses and users.
    """

    __tablename__ = "backups"
    __table_args__ = (
        one_of("status", STATUSES),
        one_of("startedBy", STARTED_BY),
        Index("backups_createdAt_idx", "created_at", "id"),
        archived("never", "the list of archives on this machine, which a restore must not undo"),
    )

    id: Mapped[Id]
    status: Mapped[str] = mapped_column(String(10), default="QUEUED", server_default="QUEUED")
    started_by: Mapped[str] = mapped_column(String(10))
    created_by: Mapped[str | None]
    business_id: Mapped[str | None]
    business_name: Mapped[str | None]
    has_business_data: Mapped[bool] = mapped_column(default=True, server_default=true())
    has_audit_logs: Mapped[bool] = mapped_column(default=False, server_default=false())
    has_demo_data: Mapped[bool] = mapped_column(default=False, server_default=false())
    is_encrypted: Mapped[bool] = mapped_column(default=False, server_default=false())
    key_fingerprint: Mapped[str | None] = mapped_column(String(9))
    is_pinned: Mapped[bool] = mapped_column(default=False, server_default=false())
    file_name: Mapped[str | None]
    size: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(String(64))
    row_count: Mapped[int | None] = mapped_column(BigInteger)
    revision: Mapped[str | None]
    stage: Mapped[str | None]
    stage_table: Mapped[str | None]
    rows_done: Mapped[int] = mapped_column(BigInteger, default=0, server_default=text("0"))
    rows_expected: Mapped[int | None] = mapped_column(BigInteger)
    bytes_done: Mapped[int] = mapped_column(BigInteger, default=0, server_default=text("0"))
    error: Mapped[str | None]
    started_at: Mapped[Moment | None]
    finished_at: Mapped[Moment | None]
    verified_at: Mapped[Moment | None]
    cancel_requested_at: Mapped[Moment | None]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]


class BackupRoutine(Model):
    """What the daily backup of this machine did last; one row, which a worker locks to decide.

    `last_day` is the day, in the installation's zone, that was last begun, `attempts` how often
    that was tried and `backup_id` the last try. `pruned_for` is the newest proved backup when
    old ones were last deleted.
    """

    __tablename__ = "backup_routines"
    __table_args__ = (
        at_least_zero("attempts"),
        archived("never", "what this machine has done, which a restore must not undo"),
    )

    id: Mapped[Id]
    last_day: Mapped[date]
    attempts: Mapped[Count]
    backup_id: Mapped[str | None]
    pruned_for: Mapped[str | None]
    updated_at: Mapped[UpdatedAt]


class BackupReport(Model):
    """What a run left in writing: its log, and what was proved of the archive."""

    __tablename__ = "backup_reports"
    __table_args__ = (archived("never", "belongs to an archive on this machine"),)

    backup_id: Mapped[str] = mapped_column(
        Text, ForeignKey("backups.id", ondelete="CASCADE"), primary_key=True
    )
    log: Mapped[str] = mapped_column(default="", server_default="")
    proof: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    updated_at: Mapped[UpdatedAt]


class HookRun(Model):
    """One run of the off-site command for a proved backup; due until `finished_at` is set.

    `exit_code` is negative for a signal, None when the command never ran; `output` is the end of
    what it printed.
    """

    __tablename__ = "hook_runs"
    __table_args__ = (archived("never", "belongs to an archive on this machine"),)

    id: Mapped[Id]
    backup_id: Mapped[str] = mapped_column(
        Text, ForeignKey("backups.id", ondelete="CASCADE"), index=True
    )
    started_at: Mapped[Moment | None]
    finished_at: Mapped[Moment | None]
    exit_code: Mapped[int | None]
    output: Mapped[str | None]
    error: Mapped[str | None]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]


class BackupKey(Model):
    """A key that archives are encrypted for: its public half, the only one that is kept.

    In force from `confirmed_at`, when the owner showed that the secret half was kept, until
    `retired_at`. `proof` is what the typed characters are compared with until then.
    """

    __tablename__ = "backup_keys"
    __table_args__ = (
        Index(
            "backup_keys_inForce_key",
            text('("retiredAt" IS NULL)'),
            unique=True,
            postgresql_where=text('"confirmedAt" IS NOT NULL AND "retiredAt" IS NULL'),
        ),
        archived("never", "says who can open the archives of this machine, whatever was restored"),
    )

    id: Mapped[Id]
    recipient: Mapped[str]
    fingerprint: Mapped[str] = mapped_column(String(9), unique=True)
    proof: Mapped[str | None] = mapped_column(String(64))
    created_by: Mapped[str]
    created_at: Mapped[CreatedAt]
    confirmed_at: Mapped[Moment | None]
    retired_at: Mapped[Moment | None]
