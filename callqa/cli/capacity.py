"""``callqa plan``: from the measured cost of a call to machines, hours, storage and limits."""

from __future__ import annotations

import math
import os
import platform
import shutil
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from callqa import wiring
from callqa.cli.console import AppContext, context, err, out
from callqa.cli.score import with_language
from callqa.demo import SHIPPED, TROUBLED
from callqa.settings import Settings
from qa_pipeline.engines.choice import AUTO, IMPORT
from qa_pipeline.engines.registry import engine_problem
from qa_pipeline.errors import N_, ConfigurationError, Message
from qa_pipeline.execution.processes import cpu_count
from qa_pipeline.services.capacity.costs import CostsFile, RunCosts, list_costs, read_costs, write_costs
from qa_pipeline.services.capacity.limits import Basis, Bounds, Limit, Unit, list_limits
from qa_pipeline.services.capacity.measure import as_final, measure_costs
from qa_pipeline.services.capacity.model import DAYS_SHOWN, Capacity, Demand, Estimate, Machine, Measured
from qa_pipeline.services.capacity.model import plan as plan_capacity
from qa_pipeline.stages.artifacts import write_atomically

VOLUMES = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)

# What --machine may say: the least and the most of each.
_PARTS = {
    "cores": (1, 4096),
    "memory_gb": (0.1, 1e5),
    "gpus": (0, 64),
    "speed": (0.01, 100),
    "disk_gb": (0.1, 1e9),
}
_WHOLE = ("cores", "gpus")
_STAGES = {
    "ingest": N_("take in (one process)"),
    "listen": N_("decode, detect speech"),
    "transcribe": N_("recognise, read words"),
    "annotate": N_("mask, text models"),
    "score": N_("rules, score"),
    "search": N_("words for searching"),
    "work": N_("worker, all stages"),
    "commit": N_("commit (one process)"),
}
_LIMITS = {
    "machine": N_("one machine"),
    "parent": N_("one home"),
    "sqlite": N_("one SQLite file"),
    "disk": N_("disk"),
    "network": N_("network share"),
    "task_timeout": N_("time of one call"),
    "max_duration": N_("length of a recording"),
    "reviewers": N_("one reviewer"),
}
_BASES = {
    Basis.MEASURED: N_("measured"),
    Basis.EXTRAPOLATED: N_("extrapolated"),
    Basis.ASSUMED: N_("with an assumption"),
}
_UNITS = {
    (Unit.CALLS, False): N_("{figure:,.0f} calls a day"),
    (Unit.CALLS, True): N_("{figure:,.0f} calls a day and home"),
    (Unit.MINUTES, False): N_("{figure:,.0f} min a call"),
}
_BOUNDS = {"cores": N_("by cores"), "memory": N_("by memory"), "gpus": N_("by GPUs")}
_NEAR = 2.0  # times longer or shorter than the measured calls


def plan(
    ctx: typer.Context,
    calls_per_day: Annotated[int, typer.Option(min=1, max=10**9, help="Calls of a day, all scored in the night.")],
    minutes: Annotated[float, typer.Option(help="Mean length of a call in minutes.")],
    engine: Annotated[
        str | None, typer.Option(help="Engine whose costs count, or import; default that of the newest batch.")
    ] = None,
    machine: Annotated[
        str | None,
        typer.Option(help="cores=16,memory_gb=64,gpus=1,speed=1.0,disk_gb=500; what is left out is as on this one."),
    ] = None,
    hours: Annotated[float, typer.Option(help="Hours of the night.")] = 8.0,
    headroom: Annotated[float, typer.Option(help="Share of hours and memory that stays free.")] = 0.3,
    retention_days: Annotated[
        int | None, typer.Option(min=0, max=36_500, help="Days that calls are kept; default the setting.")
    ] = None,
    audio_days: Annotated[
        int | None, typer.Option(min=0, max=36_500, help="Days that recordings are kept, 0 for none; as above.")
    ] = None,
    measure: Annotated[bool, typer.Option("--measure", help="Measure now with shipped calls; takes minutes.")] = False,
    costs: Annotated[Path | None, typer.Option(help="Costs that --save-costs wrote, such as elsewhere.")] = None,
    save_costs: Annotated[Path | None, typer.Option(help="Keep the measured costs in this JSON file.")] = None,
) -> None:
    """Tell machines, hours, storage and limits for so many calls a day, by what calls cost here."""
    app = context(ctx)
    demand = _demand(app.settings, calls_per_day, minutes, hours, headroom, (retention_days, audio_days))
    planned = parse_machine(machine, app.settings)
    name = None if engine == AUTO else engine
    found = _costs(app, name, costs, measure=measure)
    measured, result = plan_capacity(demand, planned, found.measured, name)
    if save_costs is not None:
        write_atomically(save_costs, write_costs(found).encode())
    bounds = Bounds(task_timeout_s=app.settings.batch.task_timeout_s, audio_s=app.settings.audio.max_duration_s)
    limits = list_limits(result, measured, planned, bounds)
    more = [_at(count, demand, planned, found.measured, measured.engine, bounds) for count in VOLUMES]
    notes = list(_notes(demand, planned, measured, result, machine is not None))
    document = {
        "demand": asdict(demand),
        "machine": asdict(planned),
        "costs": _costs_document(measured, result, found.machine),
        "core_hours_per_day": asdict(result.core_h),
        "cpu_hours_per_day": asdict(result.core_h.times(measured.cpu_ratio)),
        "workers_per_machine": result.workers_per_machine,
        "workers_bound": result.workers_bound,
        "machines": asdict(result.machines),
        "homes": result.homes,
        "hours_of_one_machine": asdict(result.one_machine_h),
        "hours_of_all_machines": asdict(result.night_h),
        "storage_bytes": asdict(result.storage),
        "limits": [_limit_document(app, limit) for limit in limits],
        "volumes": more,
        "notes": [note.render(app.translate) for note in notes],
    }

    def show() -> None:
        _print_costs(app, measured, result, found.machine)
        _print_plan(app, measured, result)
        _print_volumes(app, more)
        _print_limits(app, limits)
        for note in notes:
            app.say("- {note}", note=note.render(app.translate))

    app.emit(document, show)


def _demand(
    settings: Settings,
    calls: int,
    minutes: float,
    hours: float,
    headroom: float,
    days: tuple[int | None, int | None],
) -> Demand:
    _check("minutes", minutes, 0.01, settings.audio.max_duration_s / 60)
    _check("hours", hours, 0.1, 24)
    _check("headroom", headroom, 0, 0.95)
    retention_days, audio_days = days
    rules = settings.retention
    return Demand(
        calls_per_day=calls,
        minutes=minutes,
        hours=hours,
        headroom_ratio=headroom,
        retention_days=rules.contact_days if retention_days is None else retention_days,
        audio_days=rules.audio_days if audio_days is None else audio_days,
    )


def _check(name: str, value: float, least: float, most: float) -> None:
    if not (math.isfinite(value) and least <= value <= most):
        raise ConfigurationError(
            N_("{name} must be a number from {least:g} to {most:g}."), field=name, name=name, least=least, most=most
        )


def parse_machine(text: str | None, settings: Settings) -> Machine:
    """Return the machine that the option describes; this one where it says nothing.

    Raises
    ------
    ConfigurationError
        A part is unknown, stands twice, or is no number in its range.
    """
    given: dict[str, float] = {}
    for part in (text or "").split(","):
        if not part.strip():
            continue
        name, _, value = (piece.strip() for piece in part.partition("="))
        if name not in _PARTS or name in given:
            raise ConfigurationError(
                N_("'{part}' says nothing new of a machine."),
                hint=N_("Write each of these at most once: cores=16,memory_gb=64,gpus=1,speed=1.0,disk_gb=500"),
                field="machine",
                part=part.strip(),
            )
        try:
            given[name] = int(value) if name in _WHOLE else float(value)
        except ValueError:
            given[name] = math.nan
        _check(f"machine {name}", given[name], *_PARTS[name])
    share = settings.batch.ray_gpus or 1.0
    return Machine(
        cores=int(given.get("cores", cpu_count())),
        memory_gb=given.get("memory_gb", _memory_gb()),
        gpus=int(given.get("gpus", 0)),
        workers_per_gpu=max(int(1 / share), 1),
        speed_ratio=given.get("speed", 1.0),
        disk_gb=given.get("disk_gb", None if text else _free_gb(settings.home)),
    )


def _memory_gb() -> float | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    except (AttributeError, ValueError, OSError):
        return None  # not every system tells


def _free_gb(home: Path) -> float | None:
    there = next((folder for folder in (home, *home.parents) if folder.is_dir()), None)
    return shutil.disk_usage(there).free / 1e9 if there else None


def _costs(app: AppContext, engine: str | None, file: Path | None, *, measure: bool) -> CostsFile:
    """Return what calls cost: by the file, measured now, or by the batches of this home."""
    if file is not None and measure:
        raise ConfigurationError(
            N_("Costs come from a file or are measured now, not both."),
            hint=N_("Leave out --costs or --measure."),
            field="costs",
        )
    if file is not None:
        return read_costs(file)
    if engine is not None:
        wiring.asr_options(app.settings, engine)  # a misspelt name is no engine without costs
    if measure:
        return CostsFile(machine=_machine_words(), measured=_measure(app, engine))
    with app.store().reading() as tx:
        return CostsFile(machine=_machine_words(), measured=list_costs(tx))


def _machine_words() -> str:
    return f"{platform.system()} {platform.machine()}, {cpu_count()} cores"


def _measure(app: AppContext, engine: str | None) -> list[RunCosts]:
    """Score the shipped calls with one worker and with as many as a batch has."""
    if engine not in (None, IMPORT):
        problem = engine_problem("asr", engine, options=wiring.asr_options(app.settings, engine))
        if problem is not None:
            raise as_final(problem)
    err.print(app.translate(N_("Measuring with the shipped calls; this takes some minutes ...")))
    language = "zh" if engine == IMPORT else "en"
    files = sorted(SHIPPED.recordings.glob("ZH20*" if engine == IMPORT else "EN100*"))
    paths = [path for path in files if path.name not in TROUBLED]
    settings = with_language(app, language).settings
    most = settings.batch.workers if settings.batch.workers is not None else cpu_count()
    executors = [wiring.executor(settings, count) for count in sorted({min(1, most), most})]
    return measure_costs(paths, wiring.batch(settings, engine=engine), executors, settings.zone)


def _at(
    count: int, demand: Demand, machine: Machine, costs: Sequence[RunCosts], engine: str, bounds: Bounds
) -> dict[str, Any]:
    """Return the row of another number of calls."""
    measured, found = plan_capacity(replace(demand, calls_per_day=count), machine, costs, engine)
    reached = [limit.name for limit in list_limits(found, measured, machine, bounds) if limit.is_reached]
    return {
        "calls_per_day": count,
        "core_hours_per_day": asdict(found.core_h),
        "machines": asdict(found.machines),
        "homes": found.homes,
        "hours_of_all_machines": asdict(found.night_h),
        "kept_bytes": found.storage.kept,
        "limits_reached": reached,
    }


def _notes(demand: Demand, machine: Machine, measured: Measured, found: Capacity, is_given: bool) -> list[Message]:
    """Return what the plan takes for granted."""
    costs, notes = measured.costs, []
    if not 1 / _NEAR <= demand.minutes / measured.minutes <= _NEAR:
        notes.append(
            Message(
                N_("Measured calls had {measured:.1f} min; that {minutes:g} min cost in proportion is an assumption."),
                {"minutes": demand.minutes, "measured": measured.minutes},
            )
        )
    if found.workers_per_machine > costs.workers:
        notes.append(
            Message(
                N_(
                    "Measured with {measured} workers side by side; that each of {planned} is as fast is an assumption."
                ),
                {"measured": costs.workers, "planned": found.workers_per_machine},
            )
        )
    if is_given:
        notes.append(
            Message(
                N_("That its cores have {speed:g} times the speed of the measured ones is an assumption."),
                {"speed": machine.speed_ratio},
            )
        )
    if machine.gpus and costs.device != "cuda":
        notes.append(Message(N_("The costs were measured without asr.device=cuda, so GPUs are not counted.")))
    if measured.cpu_ratio < 0.9:
        notes.append(
            Message(
                N_("The workers computed in {share:.0f} % of their time: something ran beside, or they waited for it."),
                {"share": measured.cpu_ratio * 100},
            )
        )
    planned = demand.calls_per_day * (DAYS_SHOWN if demand.retention_days is None else demand.retention_days)
    if planned / found.homes > costs.database_contacts:
        notes.append(
            Message(
                N_("Measured with {measured:,} contacts in the database; it is to hold {planned:,.0f}."),
                {"measured": costs.database_contacts, "planned": planned / found.homes},
            )
        )
    if demand.retention_days is None:
        notes.append(Message(N_("Calls are kept for ever; the storage shown is that of a year.")))
    notes.append(Message(N_("Intervals are 95 %, by the spread between the measured calls alone.")))
    return notes


def _costs_document(measured: Measured, found: Capacity, where: str) -> dict[str, Any]:
    run, call = measured.costs, found.call
    return {
        "engine": measured.engine,
        "measured_on": where,
        "runs": run.runs,
        "contacts": measured.of_engine.contacts,
        "mean_minutes": measured.minutes,
        "workers": run.workers,
        "efficiency_ratio": call.efficiency_ratio,
        "cpu_ratio": measured.cpu_ratio,
        "worker_peak_mib": run.peak_mib,
        "parent_peak_mib": run.parent_peak_mib,
        "database": run.database,
        "start_s": call.start_s,
        "ingest_s": call.ingest_s,
        "stages_s": {name: asdict(each) for name, each in call.stages.items()},
        "work_s": asdict(call.work),
        "cpu_s": call.work.value * measured.cpu_ratio,
        "commit_s": asdict(call.commit),
        "bytes": {
            "recording": call.recording_bytes,
            "artifacts": call.artifact_bytes,
            "database": call.database_bytes,
        },
    }


def _limit_document(app: AppContext, limit: Limit) -> dict[str, Any]:
    texts = {"why": limit.why.render(app.translate), "remedy": limit.remedy.render(app.translate)}
    return {
        "name": limit.name,
        "figure": limit.figure,
        "unit": limit.unit.value,
        "per_home": limit.per_home,
        "reached": limit.is_reached,
        "basis": limit.basis.value,
        **texts,
    }


def _print_costs(app: AppContext, measured: Measured, found: Capacity, where: str) -> None:
    run = measured.costs
    app.say(
        N_("Measured on {where}: {count} calls of {minutes:.1f} min by {engine}, {workers} workers side by side."),
        where=where,
        count=measured.of_engine.contacts,
        minutes=measured.minutes,
        engine=measured.engine,
        workers=run.workers,
    )
    app.say(
        N_("{efficiency:.0f} % of their time went into stages; a worker had {peak:.0f} MiB at most."),
        efficiency=found.call.efficiency_ratio * 100,
        peak=run.peak_mib,
    )
    table = app.table((N_("stage"), N_("ms per call"), N_("from"), N_("to")))
    ingest = Estimate(value=found.call.ingest_s, low=found.call.ingest_s, high=found.call.ingest_s)
    rows = {"ingest": ingest, **found.call.stages, "work": found.call.work, "commit": found.call.commit}
    for name, each in rows.items():
        ends = ["–", "–"] if name == "ingest" else [f"{end * 1000:,.1f}" for end in (each.low, each.high)]
        table.add_row(app.translate(_STAGES[name]), f"{each.value * 1000:,.1f}", *ends)
    out.print(table)


def _print_plan(app: AppContext, measured: Measured, found: Capacity) -> None:
    table = app.table((N_("a day"), N_("needed"), N_("from"), N_("to")))
    workers = f"{found.workers_per_machine} ({app.translate(_BOUNDS[found.workers_bound])})"
    storage = found.storage
    for name, cells in (
        (N_("core hours, in use by workers"), _cells(found.core_h)),
        (N_("core hours, computing"), _cells(found.core_h.times(measured.cpu_ratio))),
        (N_("workers of a machine"), [workers, "", ""]),
        (N_("machines"), _cells(found.machines, 0)),
        (N_("homes (databases)"), [f"{found.homes:,}", "", ""]),
        (N_("hours, one machine"), _cells(found.one_machine_h)),
        (N_("hours, all machines"), _cells(found.night_h)),
        (N_("recordings"), [_size(storage.recordings_daily), "", ""]),
        (N_("artifacts"), [_size(storage.artifacts_daily), "", ""]),
        (N_("growth of the database"), [_size(storage.database_daily), "", ""]),
        (N_("all that is kept, in the end"), [_size(storage.kept), "", ""]),
    ):
        table.add_row(app.translate(name), *cells)
    out.print(table)


def _print_volumes(app: AppContext, rows: Sequence[dict[str, Any]]) -> None:
    table = app.table(
        (
            N_("calls a day"),
            N_("core hours"),
            N_("machines"),
            N_("homes"),
            N_("hours"),
            N_("kept"),
            N_("limits reached"),
        )
    )
    for row in rows:
        machines = row["machines"]
        reached = app.translate(N_(", ")).join(app.translate(_LIMITS[name]) for name in row["limits_reached"])
        table.add_row(
            f"{row['calls_per_day']:,}",
            f"{row['core_hours_per_day']['value']:,.1f}",
            f"{machines['value']:,} ({machines['low']:,}–{machines['high']:,})",
            f"{row['homes']:,}",
            f"{row['hours_of_all_machines']['value']:,.1f}",
            _size(row["kept_bytes"]),
            reached or "–",
        )
    out.print(table)


def _print_limits(app: AppContext, limits: Sequence[Limit]) -> None:
    table = app.table((N_("limit"), N_("begins at"), N_("reached"), N_("by figures that are"), N_("why")))
    for limit in limits:
        unit = _UNITS[limit.unit, limit.per_home]
        table.add_row(
            app.translate(_LIMITS[limit.name]),
            "–" if limit.figure is None else app.translate(unit).format(figure=limit.figure),
            app.translate(N_("yes") if limit.is_reached else N_("no")),
            app.translate(_BASES[limit.basis]),
            limit.why.render(app.translate),
        )
    out.print(table)
    for limit in limits:
        if limit.is_reached:
            app.say(
                N_("{limit}: {remedy}."),
                limit=app.translate(_LIMITS[limit.name]),
                remedy=limit.remedy.render(app.translate),
            )


def _cells(each: Estimate, digits: int = 1) -> list[str]:
    return [f"{figure:,.{digits}f}" for figure in (each.value, each.low, each.high)]


def _size(count: float) -> str:
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if count < 1000:
            return f"{count:,.1f} {unit}"
        count /= 1000
    return f"{count:,.1f} PB"
