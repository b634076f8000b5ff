"""What a run of the benchmarks found, as a JSON document, and what became slower since another."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

LATEST = Path(__file__).parent / "results" / "latest.json"
SLOWER_RATIO = 1.1
PACKAGES = (
    *("av", "ctranslate2", "fastapi", "faster-whisper", "numpy", "onnxruntime", "openai-whisper", "pandas"),
    *("pocketsphinx", "pydantic", "scikit-learn", "soxr", "sqlalchemy", "torch", "transformers"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One way. ``median_s`` and ``spread_s`` (interquartile range, None of a single repetition): for one unit.

    ``speed_ratio``: the alternative's median by this one, above 1 is faster. ``memory_ratio``: this peak by the
    alternative's. ``speed_at_least`` and ``memory_at_most``: the bars.
    """

    size: int
    repetitions: int
    median_s: float
    spread_s: float | None
    speed_ratio: float
    peak_mib: float
    memory_ratio: float
    speed_at_least: float | None = None
    memory_at_most: float | None = None

    @property
    def bars(self) -> list[tuple[str, bool]]:
        """What was to be reached, and whether it was."""
        found = []
        if self.speed_at_least is not None:
            found.append((f"speed ≥ {self.speed_at_least:g}", self.speed_ratio >= self.speed_at_least))
        if self.memory_at_most is not None:
            found.append((f"memory ≤ {self.memory_at_most:g}", self.memory_ratio <= self.memory_at_most))
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One benchmark; see `benchmarks.benchmark.Benchmark` for the words."""

    about: str
    unit: str
    clock: str
    alternative: str
    ways: dict[str, Figure]


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Where it was measured."""

    processor: str
    core_count: int
    memory_gib: float
    system: str
    python: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """One run. ``commit``: of the code, None outside a repository. ``load``: processes that wanted to run before."""

    measured_at: datetime
    commit: str | None
    machine: Machine
    load: float
    packages: dict[str, str]
    benchmarks: dict[str, Measured] = field(default_factory=dict)


_RESULTS: TypeAdapter[Results] = TypeAdapter(Results)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """How much longer one way took than before, as a ratio."""

    name: str
    way: str
    ratio: float

    @property
    def is_slower(self) -> bool:
        """Whether it is slower by more than the tenth that is let pass."""
        return self.ratio > SLOWER_RATIO


def begin() -> Results:
    """Return the document of a run that begins now on this machine."""
    return Results(
        measured_at=datetime.now(UTC).replace(microsecond=0),
        commit=_commit(),
        machine=Machine(
            processor=_processor(),
            core_count=len(os.sched_getaffinity(0)),
            memory_gib=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
            system=_system(),
            python=platform.python_version(),
        ),
        load=round(os.getloadavg()[0], 1),
        packages=dict(_versions()),
    )


def read(path: Path) -> Results:
    """Read a document that `write` wrote.

    Raises
    ------
    SystemExit
        There is none, or it is no such document.
    """
    try:
        return _RESULTS.validate_json(path.read_bytes())
    except OSError as problem:
        raise SystemExit(f"{path}: {problem.strerror}") from problem
    except ValidationError as problem:
        raise SystemExit(f"{path} holds no results of benchmarks: {problem.errors()[0]['msg']}") from problem


def write(results: Results, path: Path) -> None:
    """Write the document."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_RESULTS.dump_json(results, indent=1) + b"\n")


def changes(new: Results, old: Results) -> Iterator[Change]:
    """Yield what was measured both times in the same size; nothing where the machine is another one."""
    if not same_machine(new, old):
        return
    for name, measured in new.benchmarks.items():
        before = old.benchmarks[name].ways if name in old.benchmarks else {}
        for way, figure in measured.ways.items():
            if way in before and before[way].size == figure.size:
                yield Change(name=name, way=way, ratio=figure.median_s / before[way].median_s)


def same_machine(new: Results, old: Results) -> bool:
    """Whether times of both can be compared."""
    one, other = new.machine, old.machine
    return (one.processor, one.core_count, one.memory_gib) == (other.processor, other.core_count, other.memory_gib)


def _commit() -> str | None:
    here = Path(__file__).parent

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=here, check=True, capture_output=True, text=True).stdout.strip()

    with suppress(OSError, subprocess.CalledProcessError):
        return git("rev-parse", "--short", "HEAD") + (" with changes" if git("status", "--porcelain", "-uno") else "")
    return None


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def _system() -> str:
    with suppress(OSError):
        return f"{platform.freedesktop_os_release()['PRETTY_NAME']}, {platform.system()} {_release()}"
    return platform.platform()


def _release() -> str:
    """Return the version of the kernel, without what a distribution adds."""
    return ".".join(platform.release().split(".")[:2])


def _versions() -> Iterator[tuple[str, str]]:
    for name in PACKAGES:
        with suppress(PackageNotFoundError):
            yield name, version(name)
