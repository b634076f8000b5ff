"""A centre with known truth: people come, work, are coached and leave, month by month.

What an agent is worth in a month is a level of the person, a slow drift, a newcomer's gap and a month's fortune; what
is observed adds the sampling of contacts. Whoever is lowest in a month was unlucky too and is better later without
anybody's help: the lowest tenth by 4.7 points on average. Leaving depends on a frailty that no column shows, on falling
quality, on low satisfaction, on overtime, on the time in the job and on the time since the last raise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from coaching.simulation.floor import Floor, Person, agent_id_of
from coaching.simulation.settings import CentreSettings, Coaching, check_settings
from qa_pipeline.domain.period import period_days
from qa_pipeline.domain.risk import DepartureKind

__all__ = ["Centre", "CentreSettings", "Coaching", "simulate_centre"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_COUNT = " n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Centre:
    """What happened, of A people in M months; figures are NaN (flags False, counts 0) where somebody was not at work.

    Attributes
    ----------
    at_work : array of bool, shape (A, M)
        At the end of the month; not in the month in which somebody leaves.
    calls : array of int, shape (A, M)
        Judged contacts.
    quality_points, quality_se, true_points : arrays, shape (A, M)
        What was observed (0-100), its standard error, and what it was of.
    kpis : mapping of indicator id to array, shape (A, M)
        In the catalogue's units; ``kpi_counts``: how many observations are behind each.
    overtime_h, absence_days, schedule_changes, months_since_raise : arrays, shape (A, M)
        ``absence_days`` are unplanned ones.
    selected_month, wave, coached_from : arrays of int, shape (A,)
        -1, 0 and -1 for people who were never selected; ``coached_from`` is -1 too for who had left by then.
    """

    settings: CentreSettings
    months: tuple[str, ...]
    agent_ids: tuple[str, ...]
    team: tuple[str, ...]
    hired_on: tuple[date, ...]
    left_on: tuple[date | None, ...]
    left_kind: tuple[DepartureKind | None, ...]
    at_work: Flags
    calls: Ints
    quality_points: Floats
    quality_se: Floats
    true_points: Floats
    kpis: Mapping[str, Floats]
    kpi_counts: Mapping[str, Floats]
    overtime_h: Floats
    absence_days: Floats
    schedule_changes: Floats
    months_since_raise: Floats
    selected_month: Ints
    wave: Ints
    coached_from: Ints


def simulate_centre(settings: CentreSettings) -> Centre:
    """Return one centre; the same settings give the same one.

    Raises
    ------
    ConfigurationError
        A setting is out of its range.
    """
    check_settings(settings)
    months = _months(settings.first_month, settings.months)
    floor = Floor(settings, months)
    for month in range(settings.months):
        floor.live(month)
    return _by_person(floor, settings, months)


def _months(first: str, count: int) -> tuple[str, ...]:
    begin = int(first[:4]) * 12 + int(first[5:]) - 1
    return tuple(f"{place // 12:04d}-{place % 12 + 1:02d}" for place in range(begin, begin + count))


def _by_person(floor: Floor, settings: CentreSettings, months: Sequence[str]) -> Centre:
    shape = (len(floor.people), len(months))
    post, month = np.nonzero(floor.held >= 0)
    person = floor.held[post, month]
    at_work = np.zeros(shape, np.bool_)
    at_work[person, month] = True
    figures: dict[str, Floats] = {}
    for name, values in floor.figures.items():
        figures[name] = np.full(shape, np.nan)
        figures[name][person, month] = values[post, month]
    counts = {name.removesuffix(_COUNT): figures.pop(name) for name in list(figures) if name.endswith(_COUNT)}
    names = settings.team_names or [f"Team {place + 1}" for place in range(settings.teams)]
    return Centre(
        settings=settings,
        months=tuple(months),
        agent_ids=tuple(agent_id_of(place) for place in range(shape[0])),
        team=tuple(names[one.team] for one in floor.people),
        hired_on=tuple(one.hired_on for one in floor.people),
        left_on=tuple(one.left_on for one in floor.people),
        left_kind=tuple(one.left_kind for one in floor.people),
        at_work=at_work,
        calls=np.nan_to_num(figures.pop("calls")).astype(np.int64),
        kpis={name: figures.pop(name) for name in counts},
        kpi_counts=counts,
        selected_month=np.array([one.selected_month for one in floor.people], np.int64),
        wave=np.array([one.wave for one in floor.people], np.int64),
        coached_from=np.array([_coached_from(one, months) for one in floor.people], np.int64),
        **figures,
    )


def _coached_from(person: Person, months: Sequence[str]) -> int:
    place = person.coached_from
    if place < 0 or place >= len(months):
        return -1
    gone = person.left_on is not None and person.left_on <= period_days(months[place])[1]
    return -1 if gone else place
