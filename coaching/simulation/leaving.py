"""Who leaves a simulated centre, and how."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qa_pipeline.domain.risk import DepartureKind

Floats = npt.NDArray[np.float64]

FALL_WEIGHT, STREAK_WEIGHT, OVERTIME_WEIGHT = 0.5, 0.25, 0.5
NEWCOMER_WEIGHT, TENURE_WEIGHT, RAISE_WEIGHT = 0.8, 0.35, 0.3
OTHER_EXIT_RATIO = 0.002  # per month and each of the other kinds
_QUALITY_SD = 5.0
_STREAK_CAP = 4.0
_USUAL_OVERTIME_H, _OVERTIME_SD_H = 8.0, 6.0


_OTHERS = (DepartureKind.INVOLUNTARY, DepartureKind.TRANSFER, DepartureKind.LEAVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What n people leave for, at the end of a month.

    ``frailty``: what no column shows, with a mean of 0. ``memory``: observed quality of the last six months, shape
    (n, 6), the newest last; NaN before somebody came. ``low_csat_streak``: months in a row with low satisfaction.
    """

    frailty: Floats
    memory: Floats
    low_csat_streak: Floats
    overtime_h: Floats
    tenure_months: Floats
    months_since_raise: Floats


def draw_leavers(
    standing: Standing, monthly_exit_ratio: float, frailty_sd: float, random: np.random.Generator
) -> list[DepartureKind | None]:
    """Return for each person how they leave in the next month, None for who stays.

    The hazards are proportional: each reason multiplies the ratio, whose usual values are such that about the wanted
    share leaves.
    """
    pull = (
        standing.frailty
        - frailty_sd**2 / 2  # the mean of the multiplied hazards is 1
        + FALL_WEIGHT * _fall(standing.memory)
        + STREAK_WEIGHT * np.minimum(standing.low_csat_streak, _STREAK_CAP)
        + OVERTIME_WEIGHT * (standing.overtime_h - _USUAL_OVERTIME_H) / _OVERTIME_SD_H
        + NEWCOMER_WEIGHT * (standing.tenure_months <= 3)
        - TENURE_WEIGHT * np.log1p(standing.tenure_months / 12.0)
        + RAISE_WEIGHT * (standing.months_since_raise > 12)
    )
    leaves = random.random(len(pull)) < 1.0 - np.exp(-monthly_exit_ratio * np.exp(pull))
    places = (random.random(len(pull)) / OTHER_EXIT_RATIO).astype(int)
    return [
        DepartureKind.VOLUNTARY if goes else _OTHERS[place] if place < len(_OTHERS) else None
        for goes, place in zip(leaves, places, strict=True)
    ]


def _fall(memory: Floats) -> Floats:
    """Return how far the last three months lie below the three before, in SD, from -2 to 2; 0 while that is unknown."""
    known = ~np.isnan(memory)
    values = np.where(known, memory, 0.0)
    half = memory.shape[1] // 2
    counts = known[:, :half].sum(axis=1), known[:, half:].sum(axis=1)
    before = values[:, :half].sum(axis=1) / np.maximum(counts[0], 1)
    after = values[:, half:].sum(axis=1) / np.maximum(counts[1], 1)
    fall = np.clip((before - after) / _QUALITY_SD, -2.0, 2.0)
    return np.where((counts[0] > 0) & (counts[1] > 0), fall, 0.0)
