"""A Ray cluster as the executor needs it: reached or started in silence, and where workers have a place in it."""

from __future__ import annotations

import atexit
import logging
import os
import re
import secrets
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

from qa_pipeline.errors import N_, ConfigurationError
from qa_pipeline.execution.processes import cpu_count

# Results wait there for the parent only; Ray would take a third of the memory by itself.
_OBJECTS_BYTES = 256 * 2**20
_ANSWER_S = 10.0
_ADDRESS = re.compile(r"(?P<host>[^\s:/]+|\[[0-9a-fA-F:.]+\]):(?P<port>\d{1,5})")
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """How many workers a cluster has room for: with a GPU, or their share of one, and without."""

    with_gpu: int
    without: int

    def at_most(self, workers: int | None) -> Places:
        """Return the places of so many workers, those with a GPU first."""
        if workers is None:
            return self
        with_gpu = min(self.with_gpu, workers)
        return Places(with_gpu=with_gpu, without=min(self.without, workers - with_gpu))


def places(ray: Any, cpus: float, gpus: float) -> Places:
    """Count the places of all nodes that live now, for workers of `cpus` processors; `gpus` 0: none has a GPU."""
    with_gpu = without = 0
    for node in ray.nodes():
        if node["Alive"]:
            has_cpus, has_gpus = node["Resources"].get("CPU", 0.0), node["Resources"].get("GPU", 0.0)
            fit = min(int(has_gpus / gpus + _ROUNDING), int(has_cpus / cpus + _ROUNDING)) if gpus else 0
            with_gpu += fit
            without += int(has_cpus / cpus - fit + _ROUNDING)
    return Places(with_gpu=with_gpu, without=without)


def connect(address: str | None, workers: int | None, cpus: float) -> Any:
    """Return Ray, connected to the cluster at `address` or started on this machine, once per process.

    Raises
    ------
    ConfigurationError
        Ray is not installed, the address is none, or no cluster answers there.
    """
    ray = import_ray(alone=address is None)
    if not ray.is_initialized():
        logging.getLogger("ray").setLevel(logging.ERROR)
        if address is None:
            _start_here(ray, ceil((workers or cpu_count()) * cpus))
        else:
            _join(ray, address)
    return ray


def import_ray(*, alone: bool) -> Any:
    """Return Ray, which will write nothing to stdout and tell nobody of its use; `alone`: for this machine only.

    Raises
    ------
    ConfigurationError
        It is not installed.
    """
    # It reads its environment when it is imported.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_DEDUP_LOGS_SKIP_REGEX", "^")  # a thread of it prints what goes wrong on the nodes
    if alone:
        # Whoever knows the token may have any code run: it is in no file, and nobody else on this machine knows it.
        os.environ.setdefault("RAY_AUTH_MODE", "token")
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
        os.environ.setdefault("RAY_enable_metrics_collection", "0")
    try:
        import ray
    except ImportError as problem:
        raise ConfigurationError(
            N_("Ray is not installed."), hint=N_("Install it with: pip install 'callqa[ray]'"), field="executor"
        ) from problem
    return ray


def _start_here(ray: Any, cpus: int) -> None:
    # The sockets below it must have short names, which other temporary folders of some systems do not allow.
    short = "/tmp" if Path("/tmp").is_dir() else None  # noqa: S108 -- mkdtemp makes a name that nobody can foresee
    folder = tempfile.mkdtemp(prefix="callqa-ray-", dir=short)
    atexit.register(_end_here, ray, folder)
    try:
        ray.init(
            num_cpus=cpus,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
            object_store_memory=_OBJECTS_BYTES,
            _temp_dir=folder,
        )
    except Exception as problem:
        raise ConfigurationError(
            N_("Ray does not start on this machine: {problem}."),
            hint=N_("Use --executor local, or give the address of a cluster."),
            field="executor",
            problem=_first_line(problem),
        ) from problem


def _end_here(ray: Any, folder: str) -> None:
    """End Ray and remove what its processes wrote: their logs are nobody's any more."""
    ray.shutdown()
    shutil.rmtree(folder, ignore_errors=True)


def _join(ray: Any, address: str) -> None:
    parts = _ADDRESS.fullmatch(address)
    if not parts and address != "auto":
        raise ConfigurationError(
            N_("'{address}' is no address of a Ray cluster."),
            hint=N_("Give host:port of its head, such as 10.0.0.5:6379, or auto on a machine that belongs to it."),
            field="address",
            address=address,
        )
    try:
        if parts:  # Ray itself would try for minutes
            socket.create_connection((parts["host"].strip("[]"), int(parts["port"])), _ANSWER_S).close()
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except Exception as problem:
        raise ConfigurationError(
            N_("No Ray cluster can be used at {address}: {problem}."),
            hint=N_("Start one with `ray start --head`, and run this command on a machine that belongs to it."),
            field="address",
            address=address,
            problem=_first_line(problem),
        ) from problem
    atexit.register(ray.shutdown)


def _first_line(problem: BaseException) -> str:
    return next(iter(str(problem).strip().splitlines()), type(problem).__name__).rstrip(".")


@contextmanager
def marked(folder: Path | None) -> Iterator[Path | None]:
    """Yield a file in a folder, by which a worker elsewhere can tell whether it sees that folder.

    Raises
    ------
    ConfigurationError
        The folder cannot be written.
    """
    if folder is None:
        yield None
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        marker = tempfile.NamedTemporaryFile(dir=folder, prefix=".seen-")  # noqa: SIM115 -- closed below
    except OSError as problem:
        raise ConfigurationError(
            N_("{folder} cannot be written: {problem}."),
            hint=N_("Choose a folder that you may write to with --home or CALLQA_HOME."),
            folder=folder,
            problem=problem.strerror,
        ) from problem
    with marker:
        yield Path(marker.name)
