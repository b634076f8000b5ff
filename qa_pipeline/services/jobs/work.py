"""What is done in a job of each kind. Batches go on where they were: what has a result is not done again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any, Protocol

from qa_pipeline.domain.job import ItemOutcome, Job, JobKind
from qa_pipeline.domain.period import months_of
from qa_pipeline.domain.retention import RetentionRules
from qa_pipeline.errors import PendingError
from qa_pipeline.ports import Executor
from qa_pipeline.services.evaluate import evaluate_period
from qa_pipeline.services.retention import Doer, Terms, apply_retention
from qa_pipeline.services.rollup import roll_up
from qa_pipeline.services.score import (
    Batch,
    Finished,
    ScorePlan,
    ScoreRun,
    Watch,
    plan_score,
    score_paths,
    subject_of,
)
from qa_pipeline.services.search import reindex
from qa_pipeline.stages.artifacts import Artifacts
from qa_pipeline.store import Store, Transaction
from qa_pipeline.store.jobs import trouble_of

PROGRESS_EVERY = timedelta(seconds=1)
_ITEMS_PER_TRANSACTION = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What jobs are done with, as the settings choose it.

    ``batch``: from the ids of scorecard and engine, None for the choice by contact. ``uploads``: folder that holds one
    folder of files per batch. ``others``: kinds of jobs that packages above this one do.
    """

    batch: Callable[[str | None, str | None], Batch]
    executor: Callable[[], Executor]
    artifacts: Artifacts
    uploads: Path
    scorecards: Path
    templates: Path
    retention: RetentionRules = field(default_factory=RetentionRules)
    others: Mapping[JobKind, Callable[[Store, Job], Mapping[str, Any]]] = field(default_factory=dict)


class Hold(Protocol):
    """The worker's hold on a job."""

    def check(self, tx: Transaction) -> None:
        """Raise LeaseLost unless the job is still the worker's until the transaction ends."""
        ...

    def is_ending(self) -> bool:
        """Whether nothing new is begun."""
        ...

    def is_stopped(self) -> bool:
        """Whether what is under way is dropped."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What came of a job. ``is_whole``: False when it was ended before everything was done."""

    result: Mapping[str, Any]
    is_whole: bool = True


def do_job(store: Store, job: Job, tools: Tools, hold: Hold) -> Done:
    """Do a job and return what came of it.

    Raises
    ------
    CallqaError
        The job cannot be done.
    LeaseLost
        Another worker has it now.
    """
    if job.kind in tools.others:
        return Done(result=tools.others[job.kind](store, job))
    return _KINDS[job.kind](store, job, tools, hold)


def paths_of(job: Job, uploads: Path) -> list[Path]:
    """Return where the files of a batch are."""
    if job.params.get("paths") is not None:
        return [Path(path) for path in job.params["paths"]]
    return [Path(job.params["folder"])] if job.params.get("folder") else [uploads / job.id]


def _score(store: Store, job: Job, tools: Tools, hold: Hold) -> Done:
    batch = tools.batch(job.params.get("scorecard"), job.params.get("engine"))
    paths = paths_of(job, tools.uploads)
    if job.params.get("folder"):
        batch = replace(batch, intake=replace(batch.intake, inside=paths[0]))
    metadata = job.params.get("metadata")
    plan = plan_score(store, paths, paths[0] / metadata if metadata else None, batch)
    _keep_plan(store, job, plan, hold)
    notes = _Notes(job, hold)
    watch = Watch(
        on_commit=notes.keep,
        is_ending=hold.is_ending,
        is_stopped=hold.is_stopped,
    )
    run = score_paths(store, plan, batch, tools.executor(), watch)
    with store.transaction() as tx:
        hold.check(tx)
        notes.write(tx)
        counts = tx.jobs.counts([job.id])[job.id]
    return Done(result=_told(run, counts), is_whole=not run.interrupted)


def _keep_plan(store: Store, job: Job, plan: ScorePlan, hold: Hold) -> None:
    """Keep what is known before the first contact: what was done earlier, and what cannot be used."""
    with store.transaction() as tx:
        hold.check(tx)
        known = tx.jobs.done_contacts(job.id)
        tx.jobs.forget_undone(job.id)
        tx.jobs.change(job.id, {job.state}, total_count=len(plan.missing), finished_count=0, current="")
        for failure in plan.ingested.failed:
            tx.jobs.put_item(job.id, failure.subject, None, ItemOutcome.FAILED, trouble_of(failure.error))
    new = [contact_id for contact_id in plan.done if contact_id not in known]
    for begin in range(0, len(new), _ITEMS_PER_TRANSACTION):
        with store.transaction() as tx:
            hold.check(tx)
            for contact_id in new[begin : begin + _ITEMS_PER_TRANSACTION]:
                subject = subject_of(tx.contacts.get(contact_id))
                tx.jobs.put_item(job.id, subject, contact_id, ItemOutcome.DONE, None)


class _Notes:
    """What is kept of a batch while it runs: each item with its result, the progress once a second."""

    def __init__(self, job: Job, hold: Hold) -> None:
        self._job, self._hold = job, hold
        self._finished = 0
        self._current = ""
        self._has_done = False
        self._written = monotonic()

    def keep(self, tx: Transaction, finished: Finished) -> None:
        self._hold.check(tx)
        outcome = ItemOutcome.DONE
        if finished.error is not None:
            outcome = ItemOutcome.PENDING if isinstance(finished.error, PendingError) else ItemOutcome.FAILED
        problem = None if finished.error is None else trouble_of(finished.error)
        tx.jobs.put_item(self._job.id, finished.subject, finished.contact_id, outcome, problem)
        self._has_done |= outcome is ItemOutcome.DONE
        # Counted before it is committed: what is written below holds it, also when the next one takes an hour.
        self._finished += 1
        self._current = finished.subject
        if monotonic() - self._written >= PROGRESS_EVERY.total_seconds():
            self.write(tx)

    def write(self, tx: Transaction) -> None:
        changes: dict[str, Any] = {"finished_count": self._finished, "current": self._current}
        if self._has_done:
            changes["attempts"] = 1  # it gets on: only attempts without a result are counted
        tx.jobs.change(self._job.id, {self._job.state}, **changes)
        self._written = monotonic()


def _told(run: ScoreRun, counts: Mapping[ItemOutcome, int]) -> Mapping[str, Any]:
    return {
        "run": run.id,
        **{outcome.value: counts[outcome] for outcome in ItemOutcome},
        "duplicates": run.duplicates,
        "ignored": run.ignored.count,
        "ignored_files": [Path(path).name for path in run.ignored.paths],
    }


def _evaluate(store: Store, job: Job, tools: Tools, hold: Hold) -> Done:
    del hold  # one transaction of seconds
    period, template = job.params["period"], job.params.get("template")
    if len(months_of(period)) > 1:
        found = roll_up(store, period, template, templates=tools.templates)
    else:
        found = evaluate_period(store, period, template, templates=tools.templates, scorecards=tools.scorecards)
    return Done(
        result={"period": period, "evaluations": len(found.evaluations), "stored": found.stored_count},
    )


def _reindex(store: Store, job: Job, tools: Tools, hold: Hold) -> Done:
    del job, hold
    found = reindex(store, tools.artifacts)
    return Done(result={"contacts": found.contacts_count, "missing": len(found.missing)})


def _retention(store: Store, job: Job, tools: Tools, hold: Hold) -> Done:
    del hold  # what another run has begun is finished, not done twice
    terms = Terms(rules=tools.retention, home=tools.uploads.parent, artifacts=tools.artifacts, now=datetime.now(UTC))
    done = apply_retention(store, terms, Doer(name=job.created_by, role="", via="job"))
    return Done(result={one.rule.value: one.subject_count for one in done})


_KINDS: Mapping[JobKind, Callable[[Store, Job, Tools, Hold], Done]] = {
    JobKind.SCORE: _score,
    JobKind.EVALUATE: _evaluate,
    JobKind.REINDEX: _reindex,
    JobKind.RETENTION: _retention,
}
