"""A simulated centre as the tables that callqa imports."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from coaching.simulation.centre import Centre
from coaching.simulation.figures import SHIFT_H
from coaching.simulation.floor import CONTACT_SD
from qa_pipeline.domain.period import period_days

# Shifts give it, one by one.
_FROM_SHIFTS = "attendance_rate"


@dataclass(frozen=True, slots=True, kw_only=True)
class CentreFiles:
    """Where the tables lie; ``kpis`` and ``attendance`` have one per month, oldest first."""

    assignments: Path
    kpis: tuple[Path, ...]
    attendance: tuple[Path, ...]
    departures: Path
    staff_months: Path


def write_centre(centre: Centre, folder: Path) -> CentreFiles:
    """Write all tables of a centre into a folder, which is made; what lies there under the same names is replaced.

    Assignments, indicators by month (inspection scores among them), shifts by month, departures with their kind, and
    what personnel keeps of each month: overtime, unplanned absence, changed shifts, months since the last raise. Nobody
    has a row in the month of leaving: its figures are made by leaving.
    """
    for name in ("kpi", "attendance"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    places = range(len(centre.months))
    return CentreFiles(
        assignments=_write(folder / "assignments.csv", ("agent", "role", "team", "from", "to"), _assignments(centre)),
        kpis=tuple(_write_kpis(centre, place, folder / "kpi") for place in places),
        attendance=tuple(_write_attendance(centre, place, folder / "attendance") for place in places),
        departures=_write(folder / "departures.csv", ("agent", "last_day", "kind"), _departures(centre)),
        staff_months=_write(
            folder / "staff_months.csv",
            ("agent", "month", "overtime_h", "absence_days", "schedule_changes", "months_since_raise"),
            _staff_months(centre),
        ),
    )


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
    return path


def _assignments(centre: Centre) -> Iterator[Sequence[object]]:
    for agent, team, hired, left in zip(centre.agent_ids, centre.team, centre.hired_on, centre.left_on, strict=True):
        yield agent, "front-line", team, hired.isoformat(), left.isoformat() if left else ""


def _departures(centre: Centre) -> Iterator[Sequence[object]]:
    for agent, left, kind in zip(centre.agent_ids, centre.left_on, centre.left_kind, strict=True):
        if left is not None and kind is not None:
            yield agent, left.isoformat(), kind.value


def _staff_months(centre: Centre) -> Iterator[Sequence[object]]:
    for person, place in np.argwhere(centre.at_work):
        yield (
            centre.agent_ids[person],
            centre.months[place],
            f"{centre.overtime_h[person, place]:.1f}",
            int(centre.absence_days[person, place]),
            int(centre.schedule_changes[person, place]),
            int(centre.months_since_raise[person, place]),
        )


def _write_kpis(centre: Centre, place: int, folder: Path) -> Path:
    indicators = [name for name in centre.kpis if name != _FROM_SHIFTS]
    counted = [cell for name in indicators for cell in (name, f"{name} n")]
    header = ("agent", "team", "period", *counted, "inspection_score", "inspection_score n", "inspection_score sd")
    month = centre.months[place]
    rows: list[Sequence[object]] = []
    for person in np.flatnonzero(centre.at_work[:, place]):
        cells: list[object] = [centre.agent_ids[person], centre.team[person], month]
        for name in indicators:
            value, count = centre.kpis[name][person, place], centre.kpi_counts[name][person, place]
            cells += ["", ""] if np.isnan(value) else [f"{value:.6g}", int(count)]
        points = centre.quality_points[person, place]
        rows.append([*cells, f"{points:.3f}", int(centre.calls[person, place]), CONTACT_SD])
    return _write(folder / f"kpi-{month}.csv", header, rows)


def _write_attendance(centre: Centre, place: int, folder: Path) -> Path:
    month = centre.months[place]
    random = np.random.default_rng((centre.settings.seed, place))
    rows: list[Sequence[object]] = []
    for person in np.flatnonzero(centre.at_work[:, place]):
        days = _shifts(max(centre.hired_on[person], period_days(month)[0]), period_days(month)[1])
        absent = set(random.permutation(len(days))[: int(centre.absence_days[person, place])].tolist())
        longer_h = centre.overtime_h[person, place] / max(len(days) - len(absent), 1)
        for at, day in enumerate(days):
            state, worked_h = ("absent", 0.0) if at in absent else ("present", SHIFT_H + longer_h)
            rows.append((centre.agent_ids[person], day.isoformat(), state, SHIFT_H, f"{worked_h:.2f}"))
    header = ("agent", "date", "attendance", "planned_hours", "worked_hours")
    return _write(folder / f"attendance-{month}.csv", header, rows)


def _shifts(first_on: date, last_on: date) -> list[date]:
    """Return the working days, Monday to Friday."""
    days = (first_on + timedelta(days=at) for at in range((last_on - first_on).days + 1))
    return [day for day in days if day.weekday() < 5]
