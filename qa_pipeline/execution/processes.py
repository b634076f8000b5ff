"""Worker processes on this machine. A worker that dies takes its one task with it, never the batch."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, TimeoutError, wait
from itertools import islice
from pathlib import Path
from typing import Any

from pebble import ProcessExpired, ProcessFuture, ProcessPool

from qa_pipeline.errors import N_, WorkerDied
from qa_pipeline.ports import TaskOutcome, never

# Tasks under way per worker: one in work and one waiting, so that no worker idles and the parent's memory stays flat.
IN_FLIGHT_PER_WORKER = 2
# A recording may take an hour; whoever cancels does not wait for it.
STOP_CHECK_S = 0.5


def cpu_count() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def peak_memory_mib() -> float | None:
    """Return the most memory that this process has had; None where the system does not tell.

    Unlike ``ru_maxrss`` it holds nothing of the process that started it.
    """
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), None)


class ProcessExecutor:
    """Runs tasks in `workers` processes, each on one thread.

    Parameters
    ----------
    workers : int
        At least 1.
    task_timeout_s : float
        A task that takes longer is ended and reported; nothing else is touched.
    log_level : int
        Level of the workers' logging to stderr.
    modules : sequence of str
        What workers will need: imported once, in the server process that all workers of this process are forked from.
        None of them may start a thread. Without such a server, as on Windows, each worker imports by itself.
    """

    def __init__(
        self, workers: int, task_timeout_s: float, log_level: int = logging.WARNING, modules: Sequence[str] = ()
    ) -> None:
        self.workers = workers
        self.task_timeout_s = task_timeout_s
        self.log_level = log_level
        self.modules = modules

    def run(
        self, function: Callable[[Any], Any], tasks: Iterable[Any], is_stopped: Callable[[], bool] = never
    ) -> Iterator[TaskOutcome]:
        """Yield an outcome per task as they finish. Closing the iterator, or `is_stopped`, ends the workers."""
        context = _Context(self.modules)
        pool = ProcessPool(
            max_workers=self.workers,
            context=context,
            initializer=_start,
            initargs=(self.log_level, dict(os.environ)),
        )
        waiting = iter(tasks)
        running: dict[ProcessFuture, Any] = {}
        try:
            while not is_stopped():
                for task in islice(waiting, self.workers * IN_FLIGHT_PER_WORKER - len(running)):
                    running[pool.schedule(function, args=(task,), timeout=self.task_timeout_s)] = task
                if not running:
                    break
                finished, _ = wait(running, STOP_CHECK_S, return_when=FIRST_COMPLETED)
                for future in finished:
                    yield self._outcome(future, running.pop(future))
        finally:
            pool.stop()
            pool.join()
            context.locks.clear()

    def _outcome(self, future: ProcessFuture, task: Any) -> TaskOutcome:
        try:
            return TaskOutcome(task=task, value=future.result())
        except TimeoutError:
            error: BaseException = took_too_long(self.task_timeout_s)
        except ProcessExpired as problem:
            error = WorkerDied(
                N_("The worker process died while working on it (exit code {code})."),
                hint=N_("Often this is too little memory: use fewer --workers or a smaller model. Run it again."),
                code=problem.exitcode,
            )
        except Exception as problem:  # noqa: BLE001 -- the border of a task: its error is its outcome
            error = problem
        return TaskOutcome(task=task, error=error)


class _Context:
    """What a pool makes its workers with; keeps its locks until the last worker has ended.

    A pool that stops drops its locks before its workers, and a worker that is still starting then cannot find them by
    name and dies with a traceback.
    """

    def __init__(self, modules: Sequence[str]) -> None:
        # Forking a process that has threads (progress bar, database driver) can deadlock the child.
        method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
        context: Any = multiprocessing.get_context(method)
        if method == "forkserver":
            _serve(context, modules)
        self.Process, self.Pipe, self._new_lock = context.Process, context.Pipe, context.RLock
        self.locks: list[Any] = []

    def RLock(self) -> Any:  # noqa: N802 -- the name that multiprocessing gives it
        self.locks.append(self._new_lock())
        return self.locks[-1]


def _start(log_level: int, environment: dict[str, str]) -> None:
    """Make a worker ready that knows its parent's environment as it is now, not as it was when the server began."""
    for name in os.environ.keys() - environment.keys():
        del os.environ[name]
    os.environ.update(environment)
    start_worker(log_level)


def _serve(context: Any, modules: Sequence[str]) -> None:
    """Start the server that workers are forked from, where it does not run yet; it goes with this process."""
    from multiprocessing import forkserver

    context.set_forkserver_preload(list(modules))
    before = dict(os.environ)
    os.environ.update(_threads(1))  # libraries read it when they are imported, and it has its environment from here
    try:
        forkserver.ensure_running()
    finally:
        for name in _threads(1):
            if name in before:
                os.environ[name] = before[name]
            else:
                del os.environ[name]


def _threads(count: int) -> dict[str, str]:
    return dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), str(count))


def took_too_long(seconds: float) -> WorkerDied:
    """Return the error of a task that was stopped after its time."""
    return WorkerDied(
        N_("It was still not finished after {seconds} s and was stopped."),
        hint=N_("Raise CALLQA_BATCH__TASK_TIMEOUT_S, or choose a faster engine."),
        seconds=round(seconds),
    )


def start_worker(log_level: int, threads: int = 1) -> None:
    """Make a process ready to work on `threads` threads for a parent that alone decides when it ends."""
    # Ctrl-C reaches the whole process group; the parent decides what happens then.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.basicConfig(level=log_level, format="%(levelname)s %(name)s: %(message)s")
    # One process per core, each on one thread: measured faster than one process with many threads.
    os.environ.update(_threads(threads))
