"""What a site meets as it grows: at which figure each limit begins to bind, why, and what helps. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from qa_pipeline.errors import N_, Message
from qa_pipeline.services.capacity.model import DAYS_SHOWN, Capacity, Machine, Measured, calls_of_one_home

GIGABIT_BYTES_S = 125e6
"""What a network of 1 Gbit/s carries at most."""

REVIEW_HOURS = 8.0
"""Hours a day in which one person listens; each flagged call is heard once, from its begin to its end."""


class Basis(StrEnum):
    """What the figure of a limit rests on."""

    MEASURED = "measured"  # in the range that was measured
    EXTRAPOLATED = "extrapolated"  # from measured figures, beyond what was measured
    ASSUMED = "assumed"  # with a figure that was given or assumed beside the measured ones


class Unit(StrEnum):
    """What the figure of a limit counts."""

    CALLS = "calls_per_day"
    MINUTES = "minutes_per_call"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """``figure``: calls a day, or minutes of a call, from which it binds; None where nothing was seen of it.

    ``per_home``: the figure is that of each home, so that more homes lift it.
    """

    name: str
    figure: float | None
    unit: Unit
    is_reached: bool
    per_home: bool
    basis: Basis
    why: Message
    remedy: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What the settings bound: seconds of one contact in a worker, and of a recording."""

    task_timeout_s: float
    audio_s: float


def list_limits(found: Capacity, measured: Measured, machine: Machine, bounds: Bounds) -> tuple[Limit, ...]:
    """Return all limits, those of calls a day first, by their figures; unknown figures last."""
    limits = [*_of_machines(found, measured, machine), *_of_storage(found, machine), *_of_calls(found, bounds)]
    limits.append(_of_people(found, measured))
    return tuple(sorted(limits, key=lambda one: (one.unit is not Unit.CALLS, one.figure is None, one.figure or 0.0)))


def _of_machines(found: Capacity, measured: Measured, machine: Machine) -> Iterator[Limit]:
    demand, call = found.demand, found.call
    rate = found.workers_per_machine * call.efficiency_ratio
    each_s = call.ingest_s + max(call.work.value / rate, call.commit.value)
    is_beyond = found.workers_per_machine > measured.costs.workers or machine.speed_ratio != 1
    yield _per_day(
        found,
        "machine",
        (demand.available_s - call.start_s) / each_s,
        Basis.EXTRAPOLATED if is_beyond else Basis.MEASURED,
        Message(
            N_("{workers} workers, {seconds:.2f} worker seconds for a call"),
            {"workers": found.workers_per_machine, "seconds": call.work.value},
        ),
        Message(N_("More machines: Ray on a shared folder, or several homes")),
    )
    yield _per_day(
        found,
        "parent",
        calls_of_one_home(demand, call),
        Basis.EXTRAPOLATED,
        Message(
            N_("One process takes calls in and commits them: {ingest:.1f} + {commit:.1f} ms each ({database})"),
            {
                "ingest": call.ingest_s * 1000,
                "commit": call.commit.value * 1000,
                "database": measured.costs.database,
            },
        ),
        Message(N_("Several homes, such as one for each team or site; more workers do not help")),
    )
    if measured.costs.database == "sqlite":
        yield _per_day(
            found,
            "sqlite",
            demand.available_s / call.commit.value if call.commit.value else None,
            Basis.EXTRAPOLATED,
            Message(
                N_("One SQLite file takes one commit after the other, whoever writes: {commit:.1f} ms for a call"),
                {"commit": call.commit.value * 1000},
            ),
            Message(N_("PostgreSQL, where several commands commit side by side; measure it there")),
        )


def _of_storage(found: Capacity, machine: Machine) -> Iterator[Limit]:
    demand, call, storage = found.demand, found.call, found.storage
    if machine.disk_gb is not None and storage.kept > 0:
        yield _per_day(
            found,
            "disk",
            machine.disk_gb * 1e9 / (storage.kept / demand.calls_per_day),
            Basis.EXTRAPOLATED,
            Message(
                N_("{disk:.0f} GB of disk for recordings, artifacts and database, kept for {days} days"),
                {"disk": machine.disk_gb, "days": _days(found)},
            ),
            Message(N_("More disk, recordings elsewhere, or fewer days: docs/retention.md")),
            per_home=True,
        )
    moved = call.recording_bytes + call.artifact_bytes
    yield _per_day(
        found,
        "network",
        GIGABIT_BYTES_S * demand.available_s / moved if moved and found.machines.value > found.homes else None,
        Basis.ASSUMED,
        Message(
            N_("{bytes:.2f} MB for a call over a share of 1 Gbit/s, where a home has several machines"),
            {"bytes": moved / 1e6},
        ),
        Message(N_("A faster network, or several homes with a share each")),
        per_home=True,
    )


def _of_calls(found: Capacity, bounds: Bounds) -> Iterator[Limit]:
    minutes, work_s = found.demand.minutes, found.call.work.high
    for name, figure, why, remedy in (
        (
            "task_timeout",
            bounds.task_timeout_s / work_s * minutes if work_s else math.inf,
            Message(
                N_("A call may take {seconds:.0f} s of a worker, by the setting batch.task_timeout_s"),
                {"seconds": bounds.task_timeout_s},
            ),
            Message(
                N_("Raise the setting; long calls in a language that is told are done in parts, each with this time")
            ),
        ),
        (
            "max_duration",
            bounds.audio_s / 60,
            Message(
                N_("A recording may have {minutes:.0f} min, by the setting audio.max_duration_s"),
                {"minutes": bounds.audio_s / 60},
            ),
            Message(N_("Raise the setting")),
        ),
    ):
        yield Limit(
            name=name,
            figure=figure if math.isfinite(figure) else None,
            unit=Unit.MINUTES,
            is_reached=minutes >= figure,
            per_home=False,
            basis=Basis.EXTRAPOLATED if name == "task_timeout" else Basis.ASSUMED,
            why=why,
            remedy=remedy,
        )


def _of_people(found: Capacity, measured: Measured) -> Limit:
    share = measured.flagged_ratio
    return _per_day(
        found,
        "reviewers",
        REVIEW_HOURS * 60 / (share * found.demand.minutes) if share else None,
        Basis.ASSUMED,
        Message(
            N_("{share:.0f} % of the measured calls had a flag; to hear all takes {people:,} people {hours:.0f} h"),
            {
                "share": share * 100,
                "hours": REVIEW_HOURS,
                "people": math.ceil(found.demand.calls_per_day * share * found.demand.minutes / 60 / REVIEW_HOURS),
            },
        ),
        Message(N_("More people, or samples in place of every flagged call: docs/review-flow.md")),
    )


def _per_day(
    found: Capacity,
    name: str,
    figure: float | None,
    basis: Basis,
    why: Message,
    remedy: Message,
    *,
    per_home: bool = False,
) -> Limit:
    calls = found.demand.calls_per_day / (found.homes if per_home else 1)
    known = figure if figure is not None and math.isfinite(figure) else None
    return Limit(
        name=name,
        figure=known,
        unit=Unit.CALLS,
        is_reached=known is not None and calls > known,
        per_home=per_home,
        basis=basis,
        why=why,
        remedy=remedy,
    )


def _days(found: Capacity) -> int:
    days = found.demand.retention_days
    return max(DAYS_SHOWN if days is None else days, 1)
