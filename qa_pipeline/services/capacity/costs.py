"""What contacts have cost in batches: sums that every batch keeps with its run, and that a file can carry elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from qa_pipeline.engines.choice import IMPORT
from qa_pipeline.errors import N_, ConfigurationError
from qa_pipeline.resources.schema import problem_of
from qa_pipeline.stages.inspect import InspectionResult
from qa_pipeline.store import Transaction

STAGES = ("listen", "transcribe", "annotate", "score", "search")
"""What a worker does, in this order; `commit` and `ingest` are done by the one process that runs the batch."""

_RUNS_READ = 50  # older ones tell of older code
_TOTALS_KEY = "costs"

# Bounds that no night reaches, so that a file of nonsense cannot end in numbers that are none.
Amount = Annotated[float, Field(ge=0, le=1e24, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=10**12)]


@dataclass(slots=True, kw_only=True)
class Sum:
    """An amount per contact over many: its sum, of its squares and of its products with the seconds of audio."""

    total: Amount = 0.0
    squares: Amount = 0.0
    with_audio: Amount = 0.0

    def add(self, amount: float, audio_s: float) -> None:
        """Count one contact."""
        self.total += amount
        self.squares += amount * amount
        self.with_audio += amount * audio_s


@dataclass(slots=True, kw_only=True)
class EngineCosts:
    """Calls whose words came from one engine. Those of a worker's first task stand apart: models were loaded then.

    ``sums``: by stage in seconds; ``work`` of all stages, ``commit``, ``artifact_bytes`` and ``recording_bytes``.
    """

    contacts: Count = 0
    audio_s: Amount = 0.0
    audio_squares: Amount = 0.0
    sums: dict[str, Sum] = field(default_factory=dict)
    cpu_s: Amount = 0.0
    flagged: Count = 0
    first_contacts: Count = 0
    first_audio_s: Amount = 0.0
    first_work_s: Amount = 0.0

    def add(self, result: InspectionResult, commit_s: float, recording_bytes: int) -> None:
        """Count one call that was done from its beginning."""
        audio_s, spent = result.inspection.audio_s or 0.0, result.spent
        assert spent is not None, "what was done before is not counted"
        work_s = sum(result.stage_s.values())
        if spent.began_at is not None:
            self.first_contacts += 1
            self.first_audio_s += audio_s
            self.first_work_s += work_s
            return
        self.contacts += 1
        self.audio_s += audio_s
        self.audio_squares += audio_s * audio_s
        self.cpu_s += spent.cpu_s
        self.flagged += bool(result.inspection.flags)
        amounts = {stage: result.stage_s.get(stage, 0.0) for stage in STAGES}
        amounts |= {"work": work_s, "commit": commit_s}
        amounts |= {"artifact_bytes": spent.artifact_bytes, "recording_bytes": recording_bytes}
        for name, amount in amounts.items():
            self.sums.setdefault(name, Sum()).add(amount, audio_s)


@dataclass(slots=True, kw_only=True)
class RunCosts:
    """One batch, or several with as many workers added up.

    ``processes``: workers that began, ``start_s`` the seconds that they took to begin, added up. ``busy_s``: seconds of
    workers in stages, ``worker_s`` those that they had for it. ``database_bytes``: by how much the database grew;
    ``database_contacts``: what was in it at the end. Peaks are those of a worker and of the process of the batch.
    """

    workers: Annotated[int, Field(ge=1, le=100_000)] = 1
    runs: Count = 0
    device: str = ""
    database: str = ""
    contacts: Count = 0
    processes: Count = 0
    start_s: Amount = 0.0
    busy_s: Amount = 0.0
    worker_s: Amount = 0.0
    ingested: Count = 0
    ingest_s: Amount = 0.0
    database_bytes: Amount = 0.0
    database_contacts: Count = 0
    peak_mib: Amount = 0.0
    parent_peak_mib: Amount = 0.0
    engines: dict[str, EngineCosts] = field(default_factory=dict)  # by what transcripts name, with model and version


_LARGEST = frozenset({"workers", "peak_mib", "parent_peak_mib", "database_contacts"})
Costs = TypeVar("Costs", Sum, EngineCosts, RunCosts)


def added(first: Costs, second: Costs) -> Costs:
    """Return the costs of both together; peaks are the larger one, and names the newer one's, which comes first."""
    return type(first)(
        **{name: _added(name, getattr(first, name), getattr(second, name)) for name in first.__dataclass_fields__}
    )


def _added(name: str, one: Any, other: Any) -> Any:
    if isinstance(one, str):
        return one
    if isinstance(one, dict):
        shared = {key: added(one[key], other[key]) if key in other else one[key] for key in one}
        return {**other, **shared}
    return max(one, other) if name in _LARGEST else one + other


def engine_name(transcript_engine: str) -> str:
    """Return ``faster-whisper`` for ``faster-whisper@1.2.1[model=small]``, and ``import`` for ``import:captions``."""
    for mark in "[@:":
        transcript_engine = transcript_engine.partition(mark)[0]
    return transcript_engine


class CostKeeper:
    """Adds up what the contacts of one batch cost while it runs."""

    def __init__(self, began_at: float) -> None:
        self.costs = RunCosts(runs=1)
        self._began_at = began_at  # seconds since the epoch, as the workers tell theirs
        self._begun: set[float] = set()

    def add(self, result: InspectionResult, commit_s: float, recording_bytes: int) -> None:
        """Count one contact; of those that were begun before, only that they are there."""
        costs, spent = self.costs, result.spent
        costs.contacts += 1
        if spent is None:
            return
        costs.peak_mib = max(costs.peak_mib, spent.peak_mib or 0.0)
        if spent.began_at is not None and spent.began_at not in self._begun:
            self._begun.add(spent.began_at)
            costs.processes += 1
            costs.start_s += max(spent.began_at - self._began_at, 0.0)
        if result.inspection.audio_s:
            key = result.inspection.asr_engine
            name = key if engine_name(key) != IMPORT else IMPORT  # the form of a transcript costs nothing
            engine = costs.engines.setdefault(name, EngineCosts())
            engine.add(result, commit_s, recording_bytes)

    def end(self, workers: int | None, wall_s: float, busy_s: float) -> None:
        """Tell how many workers the batch had, None for as many as began, its seconds and those of all stages."""
        costs = self.costs
        costs.workers, costs.busy_s = workers or max(costs.processes, 1), busy_s
        start_s = costs.start_s / costs.processes if costs.processes else 0.0
        costs.worker_s = costs.workers * max(wall_s - start_s, 0.0)

    def document(self) -> dict[str, Any]:
        """Return what the run keeps; nothing of a batch that mostly went on with work of an earlier one."""
        measured = sum(one.contacts + one.first_contacts for one in self.costs.engines.values())
        if not measured or 2 * measured < self.costs.contacts:
            return {}
        return {_TOTALS_KEY: TypeAdapter(RunCosts).dump_python(self.costs, mode="json")}


def list_costs(tx: Transaction) -> list[RunCosts]:
    """Return what the latest batches of this home cost, the newest first; none of other versions."""
    found = []
    for totals in tx.runs.list_totals(_RUNS_READ):
        with suppress(ValidationError, KeyError):
            found.append(TypeAdapter(RunCosts).validate_python(totals[_TOTALS_KEY]))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class CostsFile:
    """Costs that were measured somewhere. ``machine``: where, in words."""

    callqa_costs: Annotated[int, Field(ge=1, le=1)] = 1
    machine: str
    measured: Sequence[RunCosts]


def write_costs(file: CostsFile) -> str:
    """Return the JSON document of the costs."""
    return TypeAdapter(CostsFile).dump_json(file, indent=1).decode() + "\n"


def read_costs(path: Path) -> CostsFile:
    """Return the costs of a file that `write_costs` made.

    Raises
    ------
    ConfigurationError
        It cannot be read, or holds something else.
    """
    try:
        found: CostsFile = TypeAdapter(CostsFile).validate_json(path.read_bytes())
    except OSError as problem:
        raise ConfigurationError(
            N_("The file cannot be read: {problem}."),
            hint=N_("Give the file that callqa plan --save-costs wrote."),
            file=str(path),
            field="costs",
            problem=problem.strerror,
        ) from problem
    except ValidationError as problem:
        first = problem.errors()[0]
        raise ConfigurationError(
            N_("The file holds no measured costs: {problem}."),
            hint=N_("Give the file that callqa plan --save-costs wrote."),
            file=str(path),
            field=".".join(map(str, first["loc"])) or "costs",
            problem=problem_of(first),
        ) from problem
    return found
