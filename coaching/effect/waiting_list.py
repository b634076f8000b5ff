"""A waiting list whose order is drawn: the first wave beside the second, until the second begins too."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from coaching.effect.difference import BEFORE, MONTHS_MIN, PEOPLE_MIN
from coaching.effect.verdict import Design, Effect

Floats = npt.NDArray[np.float64]
_FITTED = 3  # intercept, wave, level from before


def draw_waves(agent_ids: Sequence[str], seed: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the first and the second wave, in the order of their ids; of an odd number the first has one more.

    Who comes first follows from the seed and the ids alone, by SHA-256, so that anybody can draw it again with any
    tool: the order of the list that it is drawn from, or the version of a library, change nothing.
    """
    order = sorted(set(agent_ids), key=lambda agent: sha256(f"{seed}:{agent}".encode()).digest())
    half = (len(order) + 1) // 2
    return tuple(sorted(order[:half])), tuple(sorted(order[half:]))


def find_waiting_list_effect(
    points: Floats,
    first: Sequence[int],
    second: Sequence[int],
    *,
    selected_month: int,
    first_from: int,
    second_from: int,
) -> Effect | None:
    """Return the effect of coaching the first wave, None while there are fewer than three people in a wave.

    The waves differ by chance alone, in the month of selection too. So the months between both starts are compared
    directly, with what people were before (the months -5 to 0 that are known) taken into account by least squares.

    Parameters
    ----------
    points : array, shape (A, M)
        The outcome by person and month, NaN where there is none.
    first, second : sequence of int
        People of each wave as they were drawn, whether or not they were coached in the end.
    selected_month, first_from, second_from : int
        Places of months; ``second_from`` is later than ``first_from``.
    """
    people = np.array([*first, *second], np.intp)
    wave = np.array([1.0] * len(first) + [0.0] * len(second))
    after = points[people, first_from : min(second_from, points.shape[1])]
    before = points[people, max(selected_month + BEFORE[0], 0) : selected_month + 1]
    usable = ((~np.isnan(after)).sum(axis=1) >= MONTHS_MIN) & (~np.isnan(before)).any(axis=1)
    counts = int(wave[usable].sum()), int((1 - wave[usable]).sum())
    if min(counts) < PEOPLE_MIN:
        return None
    level = np.nanmean(before[usable], axis=1)
    outcome = np.nanmean(after[usable], axis=1)
    design = np.column_stack([np.ones(len(level)), wave[usable], level - level.mean()])
    weights = np.linalg.lstsq(design, outcome, rcond=None)[0]
    residual = outcome - design @ weights
    df = float(len(outcome) - _FITTED)
    spread = float((residual**2).sum()) / df * float(np.linalg.pinv(design.T @ design)[1, 1])
    half = float(stdtrit(df, 0.975)) * float(np.sqrt(spread))
    effect = float(weights[1])
    return Effect(
        design=Design.WAITING_LIST,
        points=effect,
        se=float(np.sqrt(spread)),
        df=df,
        low=effect - half,
        high=effect + half,
        coached_count=counts[0],
        others_count=counts[1],
        left_out_count=len(first) - counts[0],
    )
