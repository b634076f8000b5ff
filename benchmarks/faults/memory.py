"""Workers that run out of memory: they are told so by the system, or the system ends them."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.faults.whole import ZONE, Outcome, Rows, Site, score, timed
from callqa import wiring
from callqa.settings import read_settings
from qa_pipeline.errors import CallqaError, WorkerDied
from qa_pipeline.execution.processes import ProcessExecutor
from qa_pipeline.ports import TaskOutcome, never
from qa_pipeline.services.score import plan_score, score_paths
from qa_pipeline.stages.inspect import InspectionTask
from qa_pipeline.store import open_store

HUNGRY, KILLED = "call001", "call003"  # the contact that needs more than there is, and the one that the kernel ends


class _Starving(ProcessExecutor):
    """One worker process, which gets no more memory for one contact and is killed at another."""

    def __init__(self) -> None:
        super().__init__(workers=1, task_timeout_s=120)

    def run(
        self, function: Callable[[Any], Any], tasks: Iterable[Any], is_stopped: Callable[[], bool] = never
    ) -> Iterator[TaskOutcome]:
        return super().run(partial(_starved, function), tasks, is_stopped)


def _starved(function: Callable[[Any], Any], task: Sequence[InspectionTask]) -> Any:
    contact_ids = {each.contact.id for each in task}
    if KILLED in contact_ids:
        os.kill(os.getpid(), signal.SIGKILL)  # as the kernel does with the one that has most
    if HUNGRY not in contact_ids:
        return function(task)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + (1 << 20), before[1]))
    try:
        return _with_room(function, task)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def _with_room(function: Callable[[Any], Any], task: Sequence[InspectionTask]) -> Any:
    """Work on a contact as one does that takes 64 MB."""
    room = bytearray(64 << 20)
    found = function(task)
    del room
    return found


def starve_worker(site: Site, undisturbed: Rows) -> Outcome:
    """Score with a worker that fails for memory twice: the other contacts are done, and the same command goes on."""
    with timed(Outcome(fault="out of memory")) as outcome:
        failed = _score_starving(site)
        outcome.expect(sorted(failed) == [HUNGRY, KILLED], f"these failed: {failed}")
        outcome.expect(all(isinstance(each, WorkerDied) and each.hint for each in failed.values()), f"{failed}")
        said = score(site)
        outcome.expect((said.code, said.document["done"]) == (0, 2), said.errors)
        outcome.add(site, undisturbed)
    return outcome


def _score_starving(site: Site) -> dict[str, CallqaError]:
    settings = read_settings(home=site.home)
    store = open_store(site.store_url, ZONE)
    batch = wiring.batch(settings)
    plan = plan_score(store, [site.night], None, batch)
    run = score_paths(store, plan, batch, _Starving())
    store.close()
    return {Path(failure.path).stem: failure.error for failure in run.failed}
