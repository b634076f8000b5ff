"""The difference of differences: how coached people changed, minus how people changed who were not coached.

Whoever is selected for a bad month is better later without anybody's help, by 4.7 points for the lowest tenth in the
simulated centre. So the month of selection, and the one before it, are not used: months -5 to -2 are the level from
before. The others are those who are not coached until the end of the months after; each person gives one change, and
the interval is clustered by person, who may stand beside several cohorts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from coaching.effect.verdict import Design, Effect

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

BEFORE = (-5, -4, -3, -2)  # months from that of selection
AFTER_MONTHS = 4
MONTHS_MIN = 2  # known months on each side; one month alone is mostly luck
PEOPLE_MIN = 3  # in each group; with fewer there is no spread to speak of


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """When somebody's coaching began; months are places in the table of outcomes.

    ``selected_month``: whose result led to it.
    """

    person: int
    selected_month: int
    coached_from: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """People who were selected and coached in the same months, and the others then; all have months on both sides.

    ``changes``: of everybody, shape (A,), NaN where not known.
    """

    selected_month: int
    coached_from: int
    coached: npt.NDArray[np.intp]
    others: npt.NDArray[np.intp]
    changes: Floats


def change_of(points: Floats, selected_month: int, coached_from: int, after_months: int = AFTER_MONTHS) -> Floats:
    """Return the mean after minus the mean before of each person, NaN with fewer than two known months on a side.

    Parameters
    ----------
    points : array, shape (A, M)
        The outcome by person and month, NaN where there is none.
    """
    after = list(range(coached_from, min(coached_from + after_months, points.shape[1])))
    return _mean(points[:, after]) - level_before(points, selected_month)


def level_before(points: Floats, selected_month: int) -> Floats:
    """Return each person's mean over the months -5 to -2 from that of selection, NaN with fewer than two known."""
    return _mean(points[:, [selected_month + place for place in BEFORE if selected_month + place >= 0]])


def find_difference(points: Floats, starts: Sequence[Start], *, after_months: int = AFTER_MONTHS) -> Effect | None:
    """Return the effect, None while there are fewer than three people in a group with months on both sides.

    Parameters
    ----------
    points : array, shape (A, M)
        The outcome by person and month, NaN where there is none.
    starts : sequence of Start
        One per coached person; whoever is in it belongs to the others only until their own coaching begins.
    """
    cohorts = list(find_cohorts(points, starts, after_months))
    gains = [cohort.changes[cohort.coached] - cohort.changes[cohort.others].mean() for cohort in cohorts]
    coached = sum(len(cohort.coached) for cohort in cohorts)
    others = np.unique(np.concatenate([cohort.others for cohort in cohorts])) if cohorts else np.array([])
    if coached < PEOPLE_MIN or len(others) < PEOPLE_MIN:
        return None
    effect = float(np.concatenate(gains).mean())
    own, shared = np.zeros(len(points)), np.zeros(len(points))
    for cohort, gain in zip(cohorts, gains, strict=True):
        own[cohort.coached] += (gain - effect) / coached
        spread = cohort.changes[cohort.others] - cohort.changes[cohort.others].mean()
        shared[cohort.others] += spread * len(cohort.coached) / coached / len(cohort.others)
    own *= np.sqrt(coached / (coached - 1))
    shared *= np.sqrt(len(others) / (len(others) - 1))
    se = float(np.sqrt(((own - shared) ** 2).sum()))
    df = _welch(float((own**2).sum()), coached, float((shared**2).sum()), len(others))
    half = float(stdtrit(df, 0.975)) * se
    return Effect(
        design=Design.DIFFERENCE,
        points=effect,
        se=se,
        df=df,
        low=effect - half,
        high=effect + half,
        coached_count=coached,
        others_count=len(others),
        left_out_count=len(starts) - coached,
    )


def _mean(values: Floats) -> Floats:
    """Return the means of rows over their known months, NaN with fewer than two."""
    known = ~np.isnan(values)
    counts = known.sum(axis=1)
    return np.where(counts >= MONTHS_MIN, np.where(known, values, 0.0).sum(axis=1) / np.maximum(counts, 1), np.nan)


def _welch(own: float, own_count: int, shared: float, shared_count: int) -> float:
    """Return the degrees of freedom of a sum of two variances (Welch 1947, Biometrika 34, 28-35)."""
    total = own + shared
    if total == 0:
        return float(own_count + shared_count - 2)
    return float(total**2 / (own**2 / (own_count - 1) + shared**2 / (shared_count - 1)))


def find_cohorts(points: Floats, starts: Sequence[Start], after_months: int = AFTER_MONTHS) -> Iterator[Cohort]:
    """Yield the cohorts that have people on both sides; parameters as of :func:`find_difference`."""
    begins = np.full(len(points), np.iinfo(np.int64).max)
    for start in starts:
        begins[start.person] = min(begins[start.person], start.coached_from)
    for selected, begun in sorted({(start.selected_month, start.coached_from) for start in starts}):
        if begun >= points.shape[1]:
            continue
        changes = change_of(points, selected, begun, after_months)
        known = ~np.isnan(changes)
        mine = [each.person for each in starts if (each.selected_month, each.coached_from) == (selected, begun)]
        coached = np.array([person for person in mine if known[person]], np.intp)
        others = np.flatnonzero(known & (begins >= min(begun + after_months, points.shape[1])))
        if len(coached) and len(others) >= PEOPLE_MIN:
            yield Cohort(selected_month=selected, coached_from=begun, coached=coached, others=others, changes=changes)
