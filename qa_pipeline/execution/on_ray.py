"""Actors on the nodes of a Ray cluster. The tasks of a node or an actor that is lost are begun again.

So a task may run twice. That does no harm: its stage outputs lie under their fingerprints, and only the parent commits.
"""

from __future__ import annotations

import logging
import os
import pickle
import platform
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

from qa_pipeline.errors import N_, ConfigurationError, TooLarge, WorkerDied
from qa_pipeline.execution.processes import IN_FLIGHT_PER_WORKER, STOP_CHECK_S, start_worker, took_too_long
from qa_pipeline.execution.ray_cluster import Places, connect, marked, places
from qa_pipeline.ports import TaskOutcome, never

ATTEMPTS_MAX = 3
"""So often a task is begun whose worker or node is lost each time; then it is the task that kills its worker."""

MESSAGE_MIB = 16
"""Largest task and largest result, pickled. A contact has some hundred KiB: of a recording only the path travels."""

# A worker gets a task ahead only while its tasks are this short. Behind a long recording a task would wait though
# another worker has nothing to do, and beside a long one the moment between two tasks is nothing.
_SHORT_S = 2.0
# How often the nodes of the cluster are counted, which is also how soon after a failed start another is tried.
_GROW_EVERY_S = 5.0
_STARTS_MAX = 3


def no_gpu(task: Any) -> bool:
    """Tell that a task needs no GPU."""
    del task
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class RayOptions:
    """What is asked of Ray.

    ``address``: ``host:port`` of a cluster's head, or ``auto``; None starts Ray on this machine alone. ``workers``: at
    most so many, None for one in each place. ``cpus``, ``gpus``: of one worker; several share a GPU below 1.
    ``needs_gpu``: which tasks do; the others also go to workers without one. ``shared``: a folder that all nodes must
    see under this very path. ``wait_s``: how long a task may wait for the first worker that can do it.
    """

    address: str | None = None
    workers: int | None = None
    cpus: float = 1.0
    gpus: float = 0.0
    needs_gpu: Callable[[Any], bool] = no_gpu
    shared: Path | None = None
    wait_s: float = 300.0


class RayExecutor:
    """Runs tasks in actors, one for each place of the cluster, which keep their models from task to task.

    Parameters
    ----------
    options : RayOptions
    task_timeout_s : float
        A task that takes longer is ended and reported; nothing else is touched.
    log_level : int
        Level of the workers' logging, which Ray keeps among the logs of its nodes.
    """

    def __init__(self, options: RayOptions, task_timeout_s: float, log_level: int = logging.WARNING) -> None:
        self.options = options
        self.task_timeout_s = task_timeout_s
        self.log_level = log_level

    def run(
        self, function: Callable[[Any], Any], tasks: Iterable[Any], is_stopped: Callable[[], bool] = never
    ) -> Iterator[TaskOutcome]:
        """Yield an outcome per task as they finish. Closing the iterator, or `is_stopped`, ends the workers.

        Raises
        ------
        ConfigurationError
            Ray is not installed, no cluster answers, no node has what a worker needs, or workers cannot work there.
        """
        options = self.options
        waiting = _Waiting(tasks, options.needs_gpu if options.gpus else no_gpu)
        waiting.take(1)
        if not waiting or is_stopped():
            return
        ray = connect(options.address, options.workers, options.cpus)
        with marked(options.shared) as marker:
            crew = _Crew(ray, self, function, marker)
            try:
                while not is_stopped():
                    yield from waiting.refused()
                    if not (waiting or crew.under_way_count):
                        break
                    crew.grow()
                    crew.begin(waiting)
                    crew.check_able(waiting)
                    yield from crew.finished(waiting)
                    waiting.take(max(1, crew.capacity) - crew.under_way_count)
            finally:
                crew.end()


class RayWorker:
    """What runs in an actor: one function, for one task after the other. Models stay loaded between them."""

    def start(
        self, function: bytes, marker: Path | None, log_level: int, threads: int, has_gpu: bool
    ) -> tuple[str, str, bool]:
        """Make ready; return the machine, the version of callqa there, and whether the shared folder is seen."""
        start_worker(log_level, threads)
        if not has_gpu:
            os.environ["CUDA_VISIBLE_DEVICES"] = ""  # an engine that chooses by itself must not take that of another
        self._function: Callable[[Any], Any] = _unpacked(function)
        return platform.node(), version("callqa"), marker is None or marker.exists()

    def work(self, message: bytes) -> bytes:
        """Do a task and return the pickled pair of its value and its error, one of them None."""
        try:
            answer = pickle.dumps((self._function(_unpacked(message)), None))
        except Exception as error:  # noqa: BLE001 -- the border of a task: its error is its outcome
            answer = pickle.dumps((None, error))
        if _is_too_large(answer):
            refusal = _too_large(N_("Its result has {size:.1f} MiB, and at most {limit} MiB travel."), answer)
            return pickle.dumps((None, refusal))
        return answer


def _unpacked(message: bytes) -> Any:
    return pickle.loads(message)  # noqa: S301 -- from our own process, over the cluster's own connection


def _is_too_large(message: bytes) -> bool:
    return len(message) > MESSAGE_MIB * 2**20


def _too_large(text: str, message: bytes) -> TooLarge:
    return TooLarge(text, hint=N_("Score it with --executor local."), size=len(message) / 2**20, limit=MESSAGE_MIB)


@dataclass(slots=True, eq=False)
class _Try:
    """A task, as it is sent, and how often its worker has been lost."""

    task: Any
    message: bytes
    needs_gpu: bool
    lost_count: int = 0


class _Waiting:
    """Tasks that are taken from the batch and wait for a worker: few, so that the parent's memory stays flat."""

    def __init__(self, tasks: Iterable[Any], needs_gpu: Callable[[Any], bool]) -> None:
        self._source = iter(tasks)
        self._needs_gpu = needs_gpu
        self._tries: deque[_Try] = deque()
        self._refused: deque[TaskOutcome] = deque()

    def __bool__(self) -> bool:
        return bool(self._tries or self._refused)

    @property
    def need_gpu(self) -> bool:
        """Whether one of them does."""
        return any(one.needs_gpu for one in self._tries)

    def take(self, most: int) -> None:
        """Take tasks until `most` wait."""
        for task in islice(self._source, max(0, most - len(self._tries))):
            message = pickle.dumps(task)
            if _is_too_large(message):
                error = _too_large(
                    N_("What a worker needs has {size:.1f} MiB, and at most {limit} MiB travel."), message
                )
                self._refused.append(TaskOutcome(task=task, error=error))
            else:
                self._tries.append(_Try(task=task, message=message, needs_gpu=self._needs_gpu(task)))

    def refused(self) -> Iterator[TaskOutcome]:
        """Yield the tasks that no worker gets."""
        while self._refused:
            yield self._refused.popleft()
            self.take(1)

    def next_for(self, *, has_gpu: bool) -> _Try | None:
        """Hand out the first task that a worker can do: with a GPU it does any."""
        for place, one in enumerate(self._tries):
            if has_gpu or not one.needs_gpu:
                del self._tries[place]
                return one
        return None

    def again(self, tries: Sequence[_Try]) -> None:
        """Put tasks back before all others, in their order."""
        self._tries.extendleft(reversed(tries))


@dataclass(slots=True, eq=False)
class _Worker:
    """An actor as the parent sees it.

    ``hello``: the answer of its start, None once it is there. ``under_way``: answers to come with their tasks, that in
    work first; ``begun_at``: since when. ``last_s``: how long the last one took.
    """

    actor: Any
    has_gpu: bool
    hello: Any
    grown: int
    under_way: deque[tuple[Any, _Try]] = field(default_factory=deque)
    begun_at: float = 0.0
    last_s: float = _SHORT_S

    @property
    def is_ready(self) -> bool:
        """Whether it takes tasks."""
        return self.hello is None

    @property
    def awaited(self) -> Any:
        """What comes next from it, None when it has nothing to do."""
        return self.hello if self.hello is not None else self.under_way[0][0] if self.under_way else None

    @property
    def room(self) -> int:
        """How many tasks it may have now."""
        return 0 if not self.is_ready else IN_FLIGHT_PER_WORKER if self.last_s < _SHORT_S else 1


class _Crew:
    """The workers of one run."""

    def __init__(self, ray: Any, executor: RayExecutor, function: Callable[[Any], Any], marker: Path | None) -> None:
        self._ray = ray
        self._options = executor.options
        self._timeout_s = executor.task_timeout_s
        self._start = (pickle.dumps(function), marker, executor.log_level, max(1, int(self._options.cpus)))
        self._workers: list[_Worker] = []
        self._grow_at = 0.0
        self._grown = 0
        self._failed: set[int] = set()
        self._able_at = time.monotonic()

    @property
    def under_way_count(self) -> int:
        """Tasks that workers have."""
        return sum(len(worker.under_way) for worker in self._workers)

    @property
    def capacity(self) -> int:
        """Tasks that may be out of the batch."""
        return IN_FLIGHT_PER_WORKER * sum(worker.is_ready for worker in self._workers)

    def grow(self) -> None:
        """See that each place has a worker, from time to time: nodes come and go."""
        now = time.monotonic()
        if now < self._grow_at:
            return
        self._grow_at = now + _GROW_EVERY_S
        self._grown += 1
        wanted = places(self._ray, self._options.cpus, self._options.gpus).at_most(self._options.workers)
        gpu_count = sum(worker.has_gpu for worker in self._workers)
        have = Places(with_gpu=gpu_count, without=len(self._workers) - gpu_count)
        for _ in range(wanted.with_gpu - have.with_gpu):
            self._workers.append(self._new_worker(has_gpu=True))
        for _ in range(wanted.without - have.without):
            self._workers.append(self._new_worker(has_gpu=False))

    def _new_worker(self, *, has_gpu: bool) -> _Worker:
        kind = self._ray.remote(RayWorker).options(
            num_cpus=self._options.cpus,
            num_gpus=self._options.gpus if has_gpu else 0,
            max_restarts=0,  # a lost one is replaced here, where its tasks are known
        )
        actor = kind.remote()
        return _Worker(actor, has_gpu, hello=actor.start.remote(*self._start, has_gpu), grown=self._grown)

    def begin(self, waiting: _Waiting) -> None:
        """Give tasks to workers, first to those that have none."""
        for depth in range(IN_FLIGHT_PER_WORKER):
            for worker in self._workers:
                if len(worker.under_way) != depth or worker.room <= depth:
                    continue
                one = waiting.next_for(has_gpu=worker.has_gpu)
                if one is not None:
                    if not worker.under_way:
                        worker.begun_at = time.monotonic()
                    worker.under_way.append((worker.actor.work.remote(one.message), one))

    def check_able(self, waiting: _Waiting) -> None:
        """Raise ConfigurationError when for too long there has been no worker that can do what waits."""
        need_gpu, now = waiting.need_gpu, time.monotonic()
        if any(worker.is_ready and (worker.has_gpu or not need_gpu) for worker in self._workers):
            self._able_at = now
        elif now - self._able_at > self._options.wait_s:
            raise ConfigurationError(
                N_("For {seconds} s no node of the Ray cluster has had {cpus} free processors and {gpus} free GPUs."),
                hint=N_("Start nodes that have them, or ask for less: batch.ray_cpus, batch.ray_gpus."),
                field="batch.ray_gpus" if need_gpu else "batch.ray_cpus",
                seconds=round(self._options.wait_s),
                cpus=self._options.cpus,
                gpus=self._options.gpus if need_gpu else 0,
            )

    def finished(self, waiting: _Waiting) -> Iterator[TaskOutcome]:
        """Wait for a moment; yield what has come to an end and put back what is to be begun again."""
        awaited = {worker.awaited: worker for worker in self._workers if worker.awaited is not None}
        if not awaited:
            time.sleep(STOP_CHECK_S)
            return
        self._ray.wait(list(awaited), num_returns=1, timeout=STOP_CHECK_S)
        come, _ = self._ray.wait(list(awaited), num_returns=len(awaited), timeout=0)
        for answer in come:
            worker = awaited[answer]
            if worker.is_ready:
                yield from self._take(worker, waiting)
            else:
                self._greet(worker)
        for worker in [one for one in self._workers if self._is_overdue(one)]:
            yield TaskOutcome(task=worker.under_way.popleft()[1].task, error=took_too_long(self._timeout_s))
            self._let_go(worker, waiting)

    def _is_overdue(self, worker: _Worker) -> bool:
        return bool(worker.under_way) and time.monotonic() - worker.begun_at > self._timeout_s

    def _take(self, worker: _Worker, waiting: _Waiting) -> Iterator[TaskOutcome]:
        answer, one = worker.under_way[0]
        try:
            message = self._ray.get(answer)
        except self._ray.exceptions.RayError:
            one.lost_count += 1
            if one.lost_count == ATTEMPTS_MAX:
                worker.under_way.popleft()
                yield TaskOutcome(task=one.task, error=_lost(one.lost_count))
            self._let_go(worker, waiting)
            return
        worker.under_way.popleft()
        now = time.monotonic()
        worker.last_s, worker.begun_at = now - worker.begun_at, now
        try:
            value, error = _unpacked(message)
        except Exception as problem:  # noqa: BLE001 -- an error that cannot be made again from its pickle
            value, error = None, problem
        yield TaskOutcome(task=one.task, value=value, error=error)

    def _let_go(self, worker: _Worker, waiting: _Waiting) -> None:
        """End a worker; what it still had is begun again by another."""
        self._workers.remove(worker)
        self._ray.kill(worker.actor, no_restart=True)
        waiting.again([one for _, one in worker.under_way])
        self._grow_at = 0.0

    def _greet(self, worker: _Worker) -> None:
        """Let a worker begin that has started; raises ConfigurationError when it cannot work there."""
        try:
            host, its_version, is_seen = self._ray.get(worker.hello)
        except self._ray.exceptions.RayError as problem:
            self._workers.remove(worker)
            # A node that is lost takes all that start on it: that is one failure.
            self._failed.add(worker.grown)
            if len(self._failed) >= _STARTS_MAX and not any(one.is_ready for one in self._workers):
                raise ConfigurationError(
                    N_("Workers do not start on the Ray cluster: {problem}."),
                    hint=N_("Install the same callqa on every node; docs/ray.md says what a node needs."),
                    field="executor",
                    problem=str(problem).strip().splitlines()[-1].strip().rstrip("."),
                ) from problem
            return
        if its_version != version("callqa"):
            raise ConfigurationError(
                N_("callqa has version {other} on {host}, and {own} here."),
                hint=N_("Install the same callqa on every node; docs/ray.md says what a node needs."),
                field="executor",
                other=its_version,
                host=host,
                own=version("callqa"),
            )
        if not is_seen:
            raise ConfigurationError(
                N_("{host} does not see {folder}."),
                hint=N_("Mount the home folder and the recordings on every node under the same path; see docs/ray.md."),
                field="home",
                host=host,
                folder=self._options.shared,
            )
        worker.hello = None
        self._failed.clear()

    def end(self) -> None:
        """End all workers with what they do."""
        for worker in self._workers:
            self._ray.kill(worker.actor, no_restart=True)
        self._workers.clear()


def _lost(count: int) -> WorkerDied:
    return WorkerDied(
        N_("It was begun {count} times, and each time its worker or the machine was lost."),
        hint=N_("Often this is too little memory: give a worker more of batch.ray_cpus. Run it again."),
        count=count,
    )
