"""The workers' signs of life."""

from sqlalchemy.orm import Mapped

from wifiapp.columns import Id, Moment
from wifiapp.db import Model, archived


class WorkerState(Model):
    """A background worker, the process it is and when it last ran."""

    __tablename__ = "worker_states"
    __table_args__ = (archived("never", "processes of this machine, gone when it stops"),)

    id: Mapped[Id]
    name: Mapped[str]
    started_at: Mapped[Moment]
    last_run_at: Mapped[Moment]
