"""One task after the other in this process: for debugging and for tests of what runs inside."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from qa_pipeline.ports import TaskOutcome, never


class InlineExecutor:
    """Runs tasks here. A task that kills its process kills the batch: use ProcessExecutor for real nights."""

    workers = 1

    def run(
        self, function: Callable[[Any], Any], tasks: Iterable[Any], is_stopped: Callable[[], bool] = never
    ) -> Iterator[TaskOutcome]:
        """Yield an outcome per task, in the order of the tasks, until `is_stopped` says to end."""
        for task in tasks:
            if is_stopped():
                return
            try:
                outcome = TaskOutcome(task=task, value=function(task))
            except Exception as error:  # noqa: BLE001 -- the border of a task: its error is its outcome
                outcome = TaskOutcome(task=task, error=error)
            yield outcome
