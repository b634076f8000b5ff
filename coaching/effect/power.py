"""What a comparison will be able to tell, before anybody is coached."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import nctdtr, stdtrit

from coaching.effect.difference import AFTER_MONTHS, BEFORE, PEOPLE_MIN, change_of
from qa_pipeline.errors import N_, InputError

Floats = npt.NDArray[np.float64]
WANTED_POWER = 0.8
_MOST = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSpread:
    """Standard deviation of people's changes, in points, from ``change_count`` changes that nobody's coaching made."""

    sd_points: float
    change_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """``power``: chance that the 95 % interval leaves out 0 when the effect is there.

    ``half_width_points``: what the interval will reach to either side. ``needed_count``: coached people for a power of
    .8 with as many others, None where 5,000 are not enough.
    """

    coached_count: int
    others_count: int
    effect_points: float
    sd_points: float
    power: float
    half_width_points: float
    needed_count: int | None


def find_change_spread(points: Floats, *, after_months: int = AFTER_MONTHS) -> ChangeSpread:
    """Return how much people's changes differ by themselves: each month taken as one of selection, months pooled.

    Raises
    ------
    InputError
        The table is too short: no month has people with months on both sides.
    """
    squares, degrees, count = 0.0, 0, 0
    for month in range(-BEFORE[0], points.shape[1] - after_months):
        changes = change_of(points, month, month + 1, after_months)
        changes = changes[~np.isnan(changes)]
        if len(changes) >= PEOPLE_MIN:
            squares += float(((changes - changes.mean()) ** 2).sum())
            degrees += len(changes) - 1
            count += len(changes)
    if degrees == 0:
        raise InputError(
            N_("There are too few months with results to tell how much people change by themselves."),
            hint=N_("Results of ten months in a row of at least three people are needed."),
        )
    return ChangeSpread(sd_points=float(np.sqrt(squares / degrees)), change_count=count)


def find_power(coached_count: int, others_count: int, effect_points: float, sd_points: float) -> Power:
    """Return what so many people will tell about an effect.

    Parameters
    ----------
    coached_count, others_count : int
        People with results on both sides, at least two in each group.
    effect_points : float
        The effect that is expected.
    sd_points : float
        Of people's changes, see :func:`find_change_spread`.
    """
    if min(coached_count, others_count) < PEOPLE_MIN or sd_points <= 0:
        raise InputError(
            N_("The power cannot be told: at least three people in each group are needed, and a spread above 0."),
            hint=N_("Give more people."),
        )
    return Power(
        coached_count=coached_count,
        others_count=others_count,
        effect_points=effect_points,
        sd_points=sd_points,
        power=_power(coached_count, others_count, effect_points, sd_points),
        half_width_points=_half_width(coached_count, others_count, sd_points),
        needed_count=_needed(effect_points, sd_points),
    )


def _se(coached: int, others: int, sd: float) -> tuple[float, float]:
    """Return the standard error and its degrees of freedom by Welch."""
    own, shared = sd**2 / coached, sd**2 / others
    df = (own + shared) ** 2 / (own**2 / (coached - 1) + shared**2 / (others - 1))
    return float(np.sqrt(own + shared)), df


def _half_width(coached: int, others: int, sd: float) -> float:
    se, df = _se(coached, others, sd)
    return float(stdtrit(df, 0.975)) * se


def _power(coached: int, others: int, effect: float, sd: float) -> float:
    se, df = _se(coached, others, sd)
    shift, limit = abs(effect) / se, float(stdtrit(df, 0.975))
    # Far beyond 0 the function has no value for the other tail, where there is next to nothing.
    other = float(np.nan_to_num(nctdtr(df, shift, -limit)))
    return 1.0 - float(nctdtr(df, shift, limit)) + other


def _needed(effect: float, sd: float) -> int | None:
    if effect == 0 or _power(_MOST, _MOST, effect, sd) < WANTED_POWER:
        return None
    low, high = PEOPLE_MIN, _MOST
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if _power(middle, middle, effect, sd) >= WANTED_POWER else (middle + 1, high)
    return low
