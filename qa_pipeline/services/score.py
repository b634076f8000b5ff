"""Batch scoring: what is missing is done, each contact in a transaction of its own; the same command goes on."""

from __future__ import annotations

import secrets
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter, time
from typing import Any

from qa_pipeline.domain.contact import Contact
from qa_pipeline.domain.inspection import Inspection
from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.domain.webhook import WebhookKind
from qa_pipeline.engines.text import asked_engines
from qa_pipeline.errors import N_, CallqaError, PendingError, StoreError, WorkerDied
from qa_pipeline.execution.processes import peak_memory_mib
from qa_pipeline.intake.discover import IgnoredFiles
from qa_pipeline.intake.options import IntakeOptions
from qa_pipeline.ports import Executor, TaskOutcome, never
from qa_pipeline.services.bundles import bundled, contacts_for
from qa_pipeline.services.capacity.costs import CostKeeper
from qa_pipeline.services.ingest import Failure, Ingested, ingest_paths
from qa_pipeline.services.webhooks import emit
from qa_pipeline.stages.bundle import Bundle, PartTask, work
from qa_pipeline.stages.inspect import (
    InspectionOptions,
    InspectionResult,
    InspectionTask,
    LongCall,
    fingerprints_of,
)
from qa_pipeline.store import Store, Transaction
from qa_pipeline.store.listing import INDEXED


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where a batch stands; ``current`` is the path that was just finished."""

    finished: int
    total: int
    current: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """One contact that is through. ``error``: why it was not inspected, None when it was."""

    contact_id: str
    subject: str
    error: CallqaError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What a batch tells while it runs, and asks. By itself it tells nobody and runs to its end.

    ``on_commit`` is called inside the transaction that keeps the result of a contact. Once ``is_ending`` says so no
    contact is begun any more; once ``is_stopped`` does, those under way are dropped too.
    """

    on_progress: Callable[[Progress], None] = lambda progress: None
    on_commit: Callable[[Transaction, Finished], None] = lambda tx, finished: None
    is_ending: Callable[[], bool] = never
    is_stopped: Callable[[], bool] = never


@dataclass(slots=True, kw_only=True)
class ScoreRun:
    """Result of one batch. ``contact_ids``: all contacts under the given paths that have an inspection now."""

    id: str
    done: int = 0
    skipped: int = 0
    pending: list[Failure] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    contact_ids: list[str] = field(default_factory=list)
    duplicates: int = 0
    ignored: IgnoredFiles = field(default_factory=lambda: IgnoredFiles(0, ()))
    interrupted: bool = False
    stage_s: Counter[str] = field(default_factory=Counter)
    audio_s: float = 0.0
    wall_s: float = 0.0
    costs: CostKeeper = field(default_factory=lambda: CostKeeper(time()))

    @property
    def complete(self) -> bool:
        """Whether nothing failed, is pending or was left out by an interruption."""
        return not (self.pending or self.failed or self.interrupted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What a batch works with: the cards to choose from (one when the user named it) and how to inspect."""

    cards: Sequence[Scorecard]
    intake: IntakeOptions
    inspection: InspectionOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorePlan:
    """What a batch would do: contacts to inspect, the longest work first, and those that are done already.

    ``ingest_s``: how long taking them in took; ``database_bytes``: how large the database was before.
    """

    run_id: str
    ingested: Ingested
    missing: Sequence[str]
    done: Sequence[str]
    ingest_s: float
    database_bytes: int


def start_run(store: Store, command: str) -> str:
    """Record that a run of a command begins and return its id."""
    now = datetime.now(UTC)
    run_id = f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
    with store.transaction() as tx:
        tx.runs.start(run_id, command)
    return run_id


def plan_score(store: Store, paths: Sequence[Path], metadata: Path | None, batch: Batch) -> ScorePlan:
    """Ingest the paths and tell which contacts have no inspection by today's methods yet.

    Raises
    ------
    StoreError
        The database, or the place of stage outputs, takes nothing.
    """
    batch.inspection.artifacts.check(writing=True)
    database_bytes, began = store.size_bytes(), perf_counter()
    run_id = start_run(store, "score")
    ingested = ingest_paths(store, paths, metadata, batch.intake, run_id)
    ingest_s = perf_counter() - began
    missing: list[tuple[tuple[bool, int], str]] = []
    done: list[str] = []
    with store.reading() as tx:
        batch = with_holds(tx, batch)
        for contact_id in ingested.contact_ids:
            contact = tx.contacts.get(contact_id)
            if tx.inspections.has(task_of(contact, batch).fingerprints.inspect):
                done.append(contact_id)
            else:
                missing.append((_work(contact), contact_id))
    # A long call that comes last would keep one worker busy while all others idle.
    missing.sort(key=lambda item: item[0], reverse=True)
    return ScorePlan(
        run_id=run_id,
        ingested=ingested,
        missing=[contact_id for _, contact_id in missing],
        done=done,
        ingest_s=ingest_s,
        database_bytes=database_bytes,
    )


def _work(contact: Contact) -> tuple[bool, int]:
    """Return what orders contacts by the work they give: recognition costs far more than listening, then the bytes."""
    return contact.transcript_source is None, sum(source.size_bytes for source in contact.audio)


def needs_recognition(task: Bundle | PartTask) -> bool:
    """Tell whether speech has to become words in a task: what a GPU is for."""
    return isinstance(task, PartTask) or any(one.contact.transcript_source is None for one in task)


def score_paths(
    store: Store,
    plan: ScorePlan,
    batch: Batch,
    executor: Executor,
    watch: Watch = Watch(),
    *,
    contacts_max: int | None = None,
) -> ScoreRun:
    """Inspect what the plan says is missing.

    Many short contacts are done in one task, `contacts_max` at most; None leaves it to the size of the batch. Every
    contact that came back is committed at once. Ctrl-C ends the batch in good order; a kill loses at most the contacts
    that were being worked on, and the artifacts that they had finished stay.

    Raises
    ------
    StoreError
        The store or the artifact folder cannot take results any more: going on would lose work.
    """
    began = perf_counter()
    run = ScoreRun(
        id=plan.run_id,
        skipped=len(plan.done),
        contact_ids=list(plan.done),
        failed=list(plan.ingested.failed),
        duplicates=len(plan.ingested.duplicates),
        ignored=plan.ingested.ignored,
    )
    finished = 0
    tasks = _tasks(store, plan.missing, batch)
    bundles = bundled(tasks, _size_of, contacts_max=contacts_max or contacts_for(len(plan.missing)))
    outcomes = _outcomes(executor, bundles, watch, run.stage_s)
    try:
        for outcome in outcomes:
            _commit(store, outcome, run, watch)
            finished += 1
            watch.on_progress(Progress(finished=finished, total=len(plan.missing), current=_path(outcome.task)))
        run.interrupted = finished < len(plan.missing)
    except KeyboardInterrupt:
        run.interrupted = True
    finally:
        outcomes.close()
        run.wall_s = perf_counter() - began
    _end_costs(store, plan, batch, executor, run)
    with store.transaction() as tx:
        tx.runs.end(run.id, _totals(run) | run.costs.document())
    return run


def _end_costs(store: Store, plan: ScorePlan, batch: Batch, executor: Executor, run: ScoreRun) -> None:
    """Add what is known of the whole batch alone to what its contacts cost."""
    run.costs.end(getattr(executor, "workers", None), run.wall_s, sum(run.stage_s.values()))
    costs = run.costs.costs
    costs.device = batch.inspection.speech.asr.device
    costs.database = store.engine.dialect.name
    costs.ingested, costs.ingest_s = len(plan.ingested.contact_ids), plan.ingest_s
    costs.database_bytes = max(store.size_bytes() - plan.database_bytes, 0)
    costs.parent_peak_mib = peak_memory_mib() or 0.0
    with store.reading() as tx:
        costs.database_contacts = tx.contacts.count()


def with_holds(tx: Transaction, batch: Batch) -> Batch:
    """Return the batch with the holds on criteria as they stand."""
    return replace(batch, inspection=replace(batch.inspection, holds=tuple(tx.holds.list())))


class _Queue:
    """Tasks of a batch in the order in which they are begun. After it had none it may have some again."""

    def __init__(self, bundles: Iterator[Bundle], is_ending: Callable[[], bool]) -> None:
        self._bundles = bundles
        self._is_ending = is_ending
        self._first: deque[Bundle | PartTask] = deque()

    def __iter__(self) -> _Queue:
        return self

    def __next__(self) -> Bundle | PartTask:
        if self._is_ending():
            raise StopIteration
        return self._first.popleft() if self._first else next(self._bundles)

    def put_first(self, tasks: Iterable[Bundle | PartTask]) -> None:
        """Put tasks before all others, in their order."""
        self._first.extendleft(reversed(list(tasks)))

    def drop_parts(self, contact_id: str) -> None:
        """Take back the parts of a call that nobody has begun."""
        self._first = deque(
            one for one in self._first if not (isinstance(one, PartTask) and one.task.contact.id == contact_id)
        )


def _outcomes(
    executor: Executor, bundles: Iterator[Bundle], watch: Watch, stage_s: Counter[str]
) -> Generator[TaskOutcome]:
    """Yield an outcome per contact as the bundles come back.

    Where a whole bundle came to nothing, since its worker died or took too long, its contacts are begun again one by
    one: only the one that it was for has the error. A long call is recognised in parts, each a task, and inspected
    when the last is through; where one fails the call has its error, and the others are kept for the next batch.
    """
    queue = _Queue(bundles, watch.is_ending)
    parts_left: dict[str, int] = {}
    run = executor.run(work, queue, watch.is_stopped)
    try:
        for outcome in run:
            if isinstance(outcome.task, PartTask):
                yield from _of_part(outcome, queue, parts_left, stage_s)
            elif outcome.error is not None and len(outcome.task) > 1:
                queue.put_first((task,) for task in outcome.task)
            else:
                for one in _of_each(outcome):
                    if isinstance(one.value, LongCall):
                        stage_s.update(one.value.stage_s)
                        parts_left[one.task.contact.id] = len(one.value.parts)
                        queue.put_first(PartTask(task=one.task, number=number) for number in one.value.parts)
                    else:
                        yield one
    finally:
        close = getattr(run, "close", None)
        if close is not None:
            close()


def _of_part(
    outcome: TaskOutcome, queue: _Queue, parts_left: dict[str, int], stage_s: Counter[str]
) -> Iterator[TaskOutcome]:
    """Take what became of a part: nothing to tell, or the error of its call, once."""
    task: InspectionTask = outcome.task.task
    if outcome.error is None:
        stage_s.update(outcome.value)
    if task.contact.id not in parts_left:
        return  # another part has failed
    if outcome.error is not None:
        del parts_left[task.contact.id]
        queue.drop_parts(task.contact.id)
        yield TaskOutcome(task=task, error=outcome.error)
        return
    parts_left[task.contact.id] -= 1
    if parts_left[task.contact.id] == 0:
        queue.put_first([(replace(task, whole=True),)])


def _of_each(outcome: TaskOutcome) -> Iterator[TaskOutcome]:
    for place, task in enumerate(outcome.task):
        found = outcome.error if outcome.error is not None else outcome.value[place]
        is_error = isinstance(found, BaseException)
        yield TaskOutcome(task=task, error=found) if is_error else TaskOutcome(task=task, value=found)


def _size_of(task: InspectionTask) -> int | None:
    """Return the bytes of a contact that is done in moments; None where somebody has to listen or a judge is asked."""
    if task.contact.audio or any(engine.kind == "judge" for engine in asked_engines(task.cards, task.options.text)):
        return None
    return sum(source.size_bytes for source in task.contact.sources)


def _tasks(store: Store, contact_ids: Sequence[str], batch: Batch) -> Iterator[InspectionTask]:
    with store.reading() as tx:
        batch = with_holds(tx, batch)
    for contact_id in contact_ids:
        with store.reading() as tx:
            contact = tx.contacts.get(contact_id)
        yield task_of(contact, batch)


def task_of(contact: Contact, batch: Batch) -> InspectionTask:
    """Return what a worker gets for one contact."""
    cards = _candidates(contact, batch.cards)
    return InspectionTask(
        contact=contact,
        cards=cards,
        options=batch.inspection,
        fingerprints=fingerprints_of(contact, cards, batch.inspection),
    )


def _candidates(contact: Contact, cards: Sequence[Scorecard]) -> tuple[Scorecard, ...]:
    """Return the cards that may apply; which one does is known once the words tell the language."""
    if len(cards) == 1:
        return tuple(cards)
    return tuple(
        card
        for card in cards
        if card.kind is contact.kind and (contact.language is None or card.language in (None, contact.language))
    )


def _pass_points(task: InspectionTask, inspection: Inspection) -> float:
    """Return the pass line of the card that a contact was inspected by."""
    key = (inspection.scorecard_id, inspection.scorecard_version)
    return next(card.pass_points for card in task.cards if (card.id, card.version) == key)


def _commit(store: Store, outcome: TaskOutcome, run: ScoreRun, watch: Watch) -> None:
    task: InspectionTask = outcome.task
    path = _path(task)
    if outcome.error is None:
        result: InspectionResult = outcome.value
        began = perf_counter()
        with store.transaction() as tx:
            tx.contacts.lock()
            added = tx.inspections.add(result.inspection, run.id, pass_points=_pass_points(task, result.inspection))
            tx.artifacts.put(task.contact.id, _artifacts(task))
            tx.utterances.put(task.contact.id, result.said)
            tx.problems.clear(subject_of(task.contact))
            if added and result.inspection.score.fatal:
                _tell_red_line(tx, result.inspection)
            watch.on_commit(tx, Finished(contact_id=task.contact.id, subject=subject_of(task.contact)))
        run.done += int(added)
        run.skipped += int(not added)
        run.contact_ids.append(task.contact.id)
        run.stage_s.update(result.stage_s)
        run.audio_s += result.inspection.audio_s or 0.0
        recording_bytes = sum(source.size_bytes for source in task.contact.audio)
        run.costs.add(result, perf_counter() - began, recording_bytes)
        return
    if isinstance(outcome.error, StoreError):
        raise outcome.error
    error = as_ours(outcome.error, path)
    is_pending = isinstance(error, PendingError)
    with store.transaction() as tx:
        tx.contacts.lock()
        tx.problems.put(subject_of(task.contact), "pending" if is_pending else "failed", error, run.id, task.contact.id)
        if is_pending and task.fingerprints.listen:
            # Its words wait for an engine, but who spoke when is known and can be shown.
            tx.artifacts.put(task.contact.id, {"listen": task.fingerprints.listen})
        watch.on_commit(tx, Finished(contact_id=task.contact.id, subject=subject_of(task.contact), error=error))
    (run.pending if is_pending else run.failed).append(Failure(path=path, error=error))


def _tell_red_line(tx: Transaction, inspection: Inspection) -> None:
    emit(
        tx,
        WebhookKind.RED_LINE,
        inspection.contact_id,
        scorecard_id=inspection.scorecard_id,
        scorecard_version=inspection.scorecard_version,
        criteria=", ".join(inspection.score.fatal),
    )


def as_ours(error: BaseException, path: str) -> CallqaError:
    """Return the error that ended one task as one that the user can read; a defect of ours says that it is one."""
    if isinstance(error, CallqaError):
        return error
    if isinstance(error, MemoryError):
        return WorkerDied(
            N_("There was too little memory to work on it."),
            hint=N_("Use fewer --workers or a smaller model, then run it again."),
            file=path,
        )
    return CallqaError(
        N_("callqa failed on this contact ({kind}: {problem}): this is a defect of the program."),
        hint=N_("Please report it; the other contacts are not affected."),
        file=path,
        kind=type(error).__name__,
        problem=error,
    )


def _artifacts(task: InspectionTask) -> dict[str, str]:
    prints = task.fingerprints
    found = {"transcribe": prints.transcribe, "annotate": prints.annotate, INDEXED: prints.annotate}
    return found | ({"listen": prints.listen} if prints.listen else {})


def _path(task: Any) -> str:
    return str(task.contact.sources[0].uri)


def subject_of(contact: Contact) -> str:
    """Return what the problems of a contact are kept under: its path, with the place in it."""
    source = contact.sources[0]
    return source.uri if source.selector is None else f"{source.uri}#{source.selector}"


def _totals(run: ScoreRun) -> dict[str, Any]:
    counts = {"done": run.done, "skipped": run.skipped, "pending": len(run.pending), "failed": len(run.failed)}
    seconds = {f"{name}_s": round(value, 3) for name, value in run.stage_s.items()}
    return counts | seconds | {"audio_s": round(run.audio_s, 3), "wall_s": round(run.wall_s, 3)}
