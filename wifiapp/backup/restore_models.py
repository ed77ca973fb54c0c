"""The restores of this machine: what was chosen, what it would change, how it ended."""

from decimal import Decimal
from typing import Annotated, Any

from sqlalchemy import BigInteger, Index, Numeric, String, false, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from wifiapp.backup.models import STARTED_BY
from wifiapp.columns import CreatedAt, Id, Ip, Moment, UpdatedAt, one_of
from wifiapp.db import Model, archived

# QUEUED and CHECKING prove the archive and compare it with what is live; READY waits for somebody
# to confirm; CONFIRMED and RUNNING restore. RESTORED can become UNDONE and
# that RESTORED again, as often as somebody likes; nothing else changes.
STATUSES = (
    *("QUEUED", "CHECKING", "READY", "CONFIRMED", "RUNNING"),
    *("RESTORED", "UNDONE", "FAILED", "CANCELLED"),
)
Seconds = Annotated[Decimal | None, mapped_column(Numeric(12, 3))]
Facts = Annotated[dict[str, Any] | None, mapped_column(JSONB(none_as_null=True))]


class Restore(Model):
    """An archive on its way into the place of the live data, or what became of that.

    `file_name` is the catalogued archive's, or of an upload the name it came with; where that
    lies is told by the id. `user_id` and `backup_id` have no foreign key: the row outlives them.
    `preview` is what `preview.compare` found, `outcome` what the engine said in the end.
    `log` is what its runs wrote, `kept_as` names the schema with what its last swap took away,
    until `undo_until`.
    """

    __tablename__ = "restores"
    __table_args__ = (
        one_of("status", STATUSES),
        one_of("startedBy", STARTED_BY),
        Index("restores_createdAt_idx", "created_at", "id"),
        archived("never", "what was done to this machine's data, which a restore must not undo"),
    )

    id: Mapped[Id]
    status: Mapped[str] = mapped_column(String(10), default="QUEUED", server_default="QUEUED")
    started_by: Mapped[str] = mapped_column(String(10))
    created_by: Mapped[str]
    user_id: Mapped[str | None]
    ip: Mapped[Ip | None]
    backup_id: Mapped[str | None]
    safety_backup_id: Mapped[str | None]
    file_name: Mapped[str]
    is_uploaded: Mapped[bool] = mapped_column(default=False, server_default=false())
    size: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(String(64))
    row_count: Mapped[int | None] = mapped_column(BigInteger)
    revision: Mapped[str | None]
    made_at: Mapped[Moment | None]
    preview: Mapped[Facts]
    outcome: Mapped[Facts]
    stage: Mapped[str | None]
    stage_table: Mapped[str | None]
    rows_done: Mapped[int] = mapped_column(BigInteger, default=0, server_default=text("0"))
    rows_expected: Mapped[int | None] = mapped_column(BigInteger)
    bytes_done: Mapped[int] = mapped_column(BigInteger, default=0, server_default=text("0"))
    error: Mapped[str | None]
    log: Mapped[str] = mapped_column(default="", server_default="")
    seconds: Mapped[Seconds]
    lock_milliseconds: Mapped[Seconds]
    kept_as: Mapped[str | None]
    undo_until: Mapped[Moment | None]
    undone_at: Mapped[Moment | None]
    undone_by: Mapped[str | None]
    started_at: Mapped[Moment | None]
    confirmed_at: Mapped[Moment | None]
    finished_at: Mapped[Moment | None]
    cancel_requested_at: Mapped[Moment | None]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]
