"""From the measured cost of a call to machines, hours and storage. Pure.

A call of so many minutes costs what the measured calls cost on average, times its length over theirs. A batch takes its
calls in (one process), then workers inspect them while that process commits one after the other. docs/capacity.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.special import stdtrit

from qa_pipeline.errors import N_, ConfigurationError, Message, NotFound
from qa_pipeline.services.capacity.costs import STAGES, EngineCosts, RunCosts, Sum, added, engine_name

CONTACTS_MIN = 3
"""Calls below which nobody can say how far their costs lie apart."""

DAYS_SHOWN = 365
"""Days of storage where nothing is ever deleted."""

_CONFIDENCE = 0.95
_HOUR_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What a site wants: calls a day and their mean length in minutes, done within so many hours of the night.

    ``headroom_ratio``: share of the hours, and of each machine's memory, that stays free, 0 to below 1. Days are those
    for which contacts and their recordings are kept: None for ever, 0 not at all.
    """

    calls_per_day: int
    minutes: float
    hours: float
    headroom_ratio: float
    retention_days: int | None = None
    audio_days: int | None = None

    @property
    def available_s(self) -> float:
        """Seconds of the night that are planned with."""
        return self.hours * _HOUR_S * (1 - self.headroom_ratio)


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One of the machines. ``speed_ratio``: of one core to the measured machine's; None is unknown and limits nothing.

    ``workers_per_gpu`` counts where the costs were measured on a GPU.
    """

    cores: int
    memory_gb: float | None = None
    gpus: int = 0
    workers_per_gpu: int = 1
    speed_ratio: float = 1.0
    disk_gb: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A figure with the ends of its 95 % interval, by the spread between the measured calls."""

    value: float
    low: float
    high: float

    def times(self, factor: float) -> Estimate:
        """Return the same of so many."""
        return Estimate(value=self.value * factor, low=self.low * factor, high=self.high * factor)

    def plus(self, more: float) -> Estimate:
        """Return the same with something added that is known."""
        return Estimate(value=self.value + more, low=self.low + more, high=self.high + more)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallCosts:
    """What one call of the asked length costs on the planned machine, in seconds and bytes.

    ``work``: of one worker, ``stages`` its parts; ``ingest_s`` and ``commit``: of the process that runs the batch;
    ``start_s``: until a worker has begun and loaded its models; ``efficiency_ratio``: share of the workers' time that
    went into stages when so many worked side by side.
    """

    work: Estimate
    stages: dict[str, Estimate]
    commit: Estimate
    ingest_s: float
    start_s: float
    efficiency_ratio: float
    artifact_bytes: float
    recording_bytes: float
    database_bytes: float

    def batch_s(self, calls: float, workers: float) -> Estimate:
        """Return the wall seconds of a batch whose calls are taken in already, as `callqa score` states them."""
        rate = workers * self.efficiency_ratio
        each = {end: max(getattr(self.work, end) / rate, getattr(self.commit, end)) for end in ("value", "low", "high")}
        return Estimate(**{end: self.start_s + calls * seconds for end, seconds in each.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The costs that a plan goes by: those of one engine, with as many workers side by side as come nearest."""

    engine: str
    costs: RunCosts

    @property
    def of_engine(self) -> EngineCosts:
        """The calls of this engine."""
        return self.costs.engines[self.engine]

    @property
    def minutes(self) -> float:
        """Mean length of the measured calls."""
        return self.of_engine.audio_s / self.of_engine.contacts / 60

    @property
    def cpu_ratio(self) -> float:
        """Processor seconds by worker seconds: well below 1 the workers waited, for other programs or for a service."""
        return self.of_engine.cpu_s / self.of_engine.sums["work"].total

    @property
    def flagged_ratio(self) -> float:
        """Share of the measured calls with a flag."""
        return self.of_engine.flagged / self.of_engine.contacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """Bytes a day, and at the end of the days for which each is kept."""

    recordings_daily: float
    artifacts_daily: float
    database_daily: float
    recordings_kept: float
    artifacts_kept: float
    database_kept: float

    @property
    def kept(self) -> float:
        """All bytes that are kept."""
        return self.recordings_kept + self.artifacts_kept + self.database_kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """What it takes. ``homes``: databases, each with one process that commits; 95 % intervals as in `Estimate`.

    ``workers_bound``: what limits the workers of a machine: cores, memory or gpus. ``one_machine_h``: hours that one
    machine alone would need; ``night_h``: that all of them together need, the headroom not counted.
    """

    demand: Demand
    call: CallCosts
    workers_per_machine: int
    workers_bound: str
    core_h: Estimate
    machines: Estimate
    homes: int
    one_machine_h: Estimate
    night_h: Estimate
    storage: Storage


def measured_costs(costs: Sequence[RunCosts], engine: str | None, workers: int) -> Measured:
    """Return what to plan with: batches with at most `workers` workers, the nearest below, else the fewest above.

    Parameters
    ----------
    costs
        Of batches, the newest first.
    engine
        Its name, with model and version or without: then the newest of them; None for that of the newest batch.

    Raises
    ------
    NotFound
        Nothing was measured for the engine, or too few calls.
    """
    asked, engine = engine or "auto", _newest(costs, engine)
    usable: dict[int, RunCosts] = {}
    for one in costs:
        if engine in one.engines:
            usable[one.workers] = added(usable[one.workers], one) if one.workers in usable else one
    enough = {count: one for count, one in usable.items() if engine and _is_enough(one, one.engines[engine])}
    if engine is None or not enough:
        counted = max((one.engines[engine].contacts for one in usable.values()), default=0) if engine else 0
        raise NotFound(
            N_("No costs are measured for the engine {engine}: {count} calls, and {least} are needed."),
            hint=N_("Score some calls with it (callqa score), or add --measure to measure now with shipped ones."),
            field="engine",
            engine=engine or asked,
            count=counted,
            least=CONTACTS_MIN,
        )
    return Measured(engine=engine, costs=enough[max((n for n in enough if n <= workers), default=min(enough))])


def _newest(costs: Sequence[RunCosts], engine: str | None) -> str | None:
    """Return which engine is meant, with model and version: other ones of its name have costs of their own."""
    for one in costs:
        names = [name for name in one.engines if engine in (None, name, engine_name(name))]
        if names:
            return max(names, key=lambda name: one.engines[name].contacts)
    return engine


def _is_enough(costs: RunCosts, engine: EngineCosts) -> bool:
    names = {*STAGES, "work", "commit", "artifact_bytes", "recording_bytes"}
    is_whole = names <= engine.sums.keys() and engine.audio_s > 0.1 * engine.contacts and engine.sums["work"].total > 0
    # Workers that were idle nearly all the time tell nothing of a night.
    has_run = costs.contacts > 0 and costs.ingested > 0 and 1000 * costs.busy_s > costs.worker_s > 0
    return engine.contacts >= CONTACTS_MIN and is_whole and has_run


def mean_cost(amounts: Sum, engine: EngineCosts, audio_s: float) -> Estimate:
    """Return what a call of `audio_s` costs by the ratio of the sums, with its 95 % interval.

    The ratio estimator and its variance are those of W. G. Cochran, Sampling Techniques (3rd ed. 1977), 6.4.
    """
    n, ratio = engine.contacts, amounts.total / engine.audio_s
    squares = amounts.squares - 2 * ratio * amounts.with_audio + ratio * ratio * engine.audio_squares
    standard_error = math.sqrt(max(squares, 0.0) / (n - 1) / n) / (engine.audio_s / n)
    half = float(stdtrit(n - 1, (1 + _CONFIDENCE) / 2)) * standard_error
    return Estimate(value=ratio * audio_s, low=max(ratio - half, 0.0) * audio_s, high=(ratio + half) * audio_s)


def call_costs(measured: Measured, minutes: float, speed_ratio: float = 1.0) -> CallCosts:
    """Return what a call of so many minutes costs on a machine of that speed."""
    run, engine, audio_s = measured.costs, measured.of_engine, 60 * minutes
    scale = audio_s * engine.contacts / engine.audio_s

    def seconds(name: str) -> Estimate:
        return mean_cost(engine.sums[name], engine, audio_s).times(1 / speed_ratio)

    def bytes_of(name: str) -> float:
        return engine.sums[name].total / engine.contacts * scale

    loading_s = 0.0
    if run.processes:
        # What the first tasks took beyond what their calls take once the models are there.
        usual_s = sum(_usual_s(one) for one in run.engines.values() if one.contacts and one.audio_s)
        first_s = sum(one.first_work_s for one in run.engines.values() if one.contacts and one.audio_s)
        loading_s = max(first_s - usual_s, 0.0) / run.processes
    start_s = run.start_s / run.processes if run.processes else 0.0
    # What the workers had beyond their stages; loading stands in the start and is no loss of every hour.
    lost_s = max(run.worker_s - run.busy_s, 0.0)
    steady_s = max(run.busy_s - loading_s * run.processes, 0.0)
    return CallCosts(
        work=seconds("work"),
        stages={stage: seconds(stage) for stage in STAGES},
        commit=seconds("commit"),
        ingest_s=run.ingest_s / run.ingested * scale / speed_ratio,
        start_s=(start_s + loading_s) / speed_ratio,
        efficiency_ratio=steady_s / (steady_s + lost_s) if steady_s > 0 else run.busy_s / (run.busy_s + lost_s),
        artifact_bytes=bytes_of("artifact_bytes"),
        recording_bytes=bytes_of("recording_bytes"),
        database_bytes=run.database_bytes / run.contacts * scale,
    )


def _usual_s(engine: EngineCosts) -> float:
    work = engine.sums.get("work", Sum())
    return work.total / engine.audio_s * engine.first_audio_s


def plan(demand: Demand, machine: Machine, costs: Sequence[RunCosts], engine: str | None) -> tuple[Measured, Capacity]:
    """Return the costs that are gone by, and what the demand takes on such machines.

    Raises
    ------
    NotFound
        As `measured_costs` does.
    ConfigurationError
        No worker fits on the machine, or the night has no time for more than its start.
    """
    nearest = measured_costs(costs, engine, machine.cores)
    workers, bound = workers_of(machine, nearest.costs, demand.headroom_ratio)
    measured = measured_costs(costs, nearest.engine, workers)
    call = call_costs(measured, demand.minutes, machine.speed_ratio)
    return measured, capacity(demand, call, workers, bound)


def workers_of(machine: Machine, costs: RunCosts, headroom_ratio: float) -> tuple[int, str]:
    """Return how many workers a machine has room for, each on one core, and what limits them."""
    room = {"cores": machine.cores}
    if machine.memory_gb is not None and costs.peak_mib:
        free_mib = machine.memory_gb * 1024 * (1 - headroom_ratio) - costs.parent_peak_mib
        room["memory"] = math.floor(free_mib / costs.peak_mib)
    if costs.device == "cuda":
        room["gpus"] = machine.gpus * machine.workers_per_gpu
    bound = min(room, key=lambda name: room[name])  # the first of equals: cores before memory
    if room[bound] < 1:
        raise ConfigurationError(
            N_("No worker fits on such a machine: the measured ones had {peak:.0f} MiB beside {parent:.0f} MiB{gpu}."),
            hint=N_("Plan with a larger machine or less headroom, or measure a smaller model."),
            field="machine",
            peak=costs.peak_mib,
            parent=costs.parent_peak_mib,
            gpu=Message(N_(" and a GPU")) if costs.device == "cuda" else "",
        )
    return room[bound], bound


def capacity(demand: Demand, call: CallCosts, workers: int, bound: str) -> Capacity:
    """Return what the demand takes on machines of so many workers; raises ConfigurationError as `plan` does."""
    if call.start_s >= demand.available_s:
        raise ConfigurationError(
            N_("The {seconds:.0f} s of the night that are planned with are over before the workers have begun."),
            hint=N_("Give more hours or less headroom."),
            field="hours",
            seconds=demand.available_s,
        )
    calls, rate = demand.calls_per_day, workers * call.efficiency_ratio
    homes = max(_whole(calls / calls_of_one_home(demand, call)), 1)
    low, value, high = (
        _machines(demand, rate, call, homes, work_s) for work_s in (call.work.low, call.work.value, call.work.high)
    )
    return Capacity(
        demand=demand,
        call=call,
        workers_per_machine=workers,
        workers_bound=bound,
        core_h=call.work.times(calls / _HOUR_S),
        machines=Estimate(value=value, low=low, high=high),
        homes=homes,
        one_machine_h=_hours(call, calls, rate),
        night_h=_hours(call, calls / homes, rate * value / homes),
        storage=_storage(demand, call),
    )


def calls_of_one_home(demand: Demand, call: CallCosts) -> float:
    """Return the calls that the process of one home can take in and commit in the night."""
    each_s = call.ingest_s + call.commit.value
    return (demand.available_s - call.start_s) / each_s if each_s else math.inf


def _machines(demand: Demand, rate: float, call: CallCosts, homes: int, work_s: float) -> int:
    """Return how many machines the calls need, each home at least one.

    While a home takes its calls in no worker works. As much time is set aside as its share of the calls needs, and that
    of a full home once there are several: so more calls never take fewer machines.
    """
    calls, night_s = demand.calls_per_day, demand.available_s - call.start_s
    # A tenth at least: else calls that take long to take in and nothing to commit would leave workers no time at all.
    working_s = max(night_s - min(calls, calls_of_one_home(demand, call)) * call.ingest_s, night_s / 10)
    return max(_whole(calls * work_s / (rate * working_s)), homes)


def _whole(number: float) -> int:
    """Return the number of whole things that are needed; what rounding added is none."""
    return math.ceil(number - 1e-9)


def _hours(call: CallCosts, calls: float, rate: float) -> Estimate:
    """Return the hours from the first call taken in to the last one committed, `rate` workers that never wait."""
    return call.batch_s(calls, rate / call.efficiency_ratio).plus(calls * call.ingest_s).times(1 / _HOUR_S)


def _storage(demand: Demand, call: CallCosts) -> Storage:
    days = DAYS_SHOWN if demand.retention_days is None else demand.retention_days
    audio_days = days if demand.audio_days is None else min(demand.audio_days, days)
    recordings, artifacts, database = (
        demand.calls_per_day * each for each in (call.recording_bytes, call.artifact_bytes, call.database_bytes)
    )
    return Storage(
        recordings_daily=recordings,
        artifacts_daily=artifacts,
        database_daily=database,
        recordings_kept=recordings * audio_days,
        artifacts_kept=artifacts * days,
        database_kept=database * days,
    )
