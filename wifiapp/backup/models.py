"""The catalogue of backups: what was made, how far a running one is, why one failed."""

from sqlalchemy import BigInteger, Index, String, false, text, true
from sqlalchemy.orm import Mapped, mapped_column

from wifiapp.columns import CreatedAt, Id, Moment, UpdatedAt, one_of
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
