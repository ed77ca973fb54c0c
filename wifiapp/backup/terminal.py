"""A progress bar for people at a terminal; scripts see nothing of it."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from wifiapp.backup import engine


class Bar:
    """Shows stage, table and rows on standard error, one line a stage."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self.progress = Progress(
            TextColumn("{task.description:<12}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%"),
            TextColumn("{task.fields[table]}"),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self.stages: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self.progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self._complete()
        self.progress.stop()

    def report(self, now: engine.Progress) -> None:
        """Draw how far the engine is."""
        if now.stage not in self.stages:
            self._complete()
            self.stages[now.stage] = self.progress.add_task(now.stage, table="")
        self.progress.update(
            self.stages[now.stage],
            total=now.rows_expected,
            completed=now.rows_done,
            table=now.table or "",
        )

    def _complete(self) -> None:
        for task in self.stages.values():
            total = self.progress.tasks[task].total or 1
            self.progress.update(task, completed=total, total=total, table="")
