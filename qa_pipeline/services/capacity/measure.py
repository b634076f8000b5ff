"""Measuring what calls cost now: a few of them through the real pipeline, into a store that is thrown away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from qa_pipeline.errors import CallqaError, EngineError, PendingError
from qa_pipeline.ports import Executor
from qa_pipeline.services.capacity.costs import RunCosts
from qa_pipeline.services.score import Batch, plan_score, score_paths
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.store import open_store


def measure_costs(paths: Sequence[Path], batch: Batch, executors: Sequence[Executor], zone: ZoneInfo) -> list[RunCosts]:
    """Score the calls once on each executor, each time from the beginning, and return what each batch cost.

    Raises
    ------
    CallqaError
        What kept the first call from being scored: costs of a part would tell of another set.
    """
    found = []
    for executor in executors:
        with TemporaryDirectory(prefix="callqa-plan-") as folder:
            store = open_store(f"sqlite:///{folder}/callqa.db", zone)
            try:
                fresh = replace(
                    batch, inspection=replace(batch.inspection, artifacts=ArtifactFolder(Path(folder) / "artifacts"))
                )
                run = score_paths(store, plan_score(store, paths, None, fresh), fresh, executor)
            finally:
                store.close()
        for failure in (*run.failed, *run.pending):
            raise as_final(failure.error)
        if run.interrupted:
            raise KeyboardInterrupt
        found.append(run.costs.costs)
    return found


def as_final(error: CallqaError) -> CallqaError:
    """Return the error of a call as that of the measurement: nothing is kept here that could wait for an engine."""
    if not isinstance(error, PendingError):
        return error
    return EngineError(error.message, hint=error.hint, file=None, row=None, field="engine", **error.params)
