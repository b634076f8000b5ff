"""Whether a risk model still fits: inputs that moved, and exits that were predicted beside those that came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt

import numpy as np
from scipy.special import chdtri

from models.attrition.features import Features
from models.attrition.staff_table import Floats

GATE_MONTHS = 6
GATE_RATIO = (0.8, 1.25)
PSI_WARNING = 0.2
_BINS = 10
_FLOOR = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """How a feature lay in the training rows: the borders of its bins (or its levels) and the share of each.

    The last share is of missing values; of a category, the one before it of levels that are not listed.
    """

    borders: tuple[float, ...] = ()
    levels: tuple[str, ...] = ()
    shares: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedMonth:
    """A month whose horizon is over. ``month``: 12 x year + month - 1.

    ``predicted``: the sum of the probabilities; ``variance``: of the count if they are right, the sum of p (1 - p).
    """

    month: int
    predicted: float
    variance: float
    observed: int


class GateState(StrEnum):
    """Whether scores may be shown."""

    OPEN = "open"
    HIDDEN = "hidden"
    TOO_FEW_MONTHS = "too_few_months"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Predicted over observed exits of the last six closed months, with the exact interval of a Poisson count.

    ``ratio`` and ``ci95`` are None while nobody left. An end is infinite where the interval has none.
    """

    state: GateState
    months: int
    predicted: float
    observed: int
    ratio: float | None
    ci95: tuple[float, float] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Surprise:
    """Observed minus predicted exits of a month and summed up to it; ``low``, ``high``: 95 % limits of the sum."""

    month: int
    difference: float
    cumulative: float
    low: float
    high: float


def learn_reference(features: Features) -> Mapping[str, Reference]:
    """Return how each feature lies in the training rows: numbers in ten parts, categories by level."""
    found: dict[str, Reference] = {}
    for name, values in features.numbers.items():
        known = values[~np.isnan(values)]
        inner = np.unique(np.quantile(known, np.linspace(0, 1, _BINS + 1)[1:-1])) if known.size else np.empty(0)
        borders = tuple(float(each) for each in inner)
        found[name] = Reference(borders=borders, shares=_number_shares(borders, values))
    for name, words in features.categories.items():
        levels = tuple(str(level) for level in np.unique(words.astype(str)) if level)
        found[name] = Reference(levels=levels, shares=_word_shares(levels, words.astype(str)))
    return found


def _number_shares(borders: Sequence[float], values: Floats) -> tuple[float, ...]:
    absent = np.isnan(values)
    # A value on a border belongs below it: a feature of few values keeps each of them in one bin.
    counts = np.bincount(np.searchsorted(borders, values[~absent], side="left"), minlength=len(borders) + 1)
    return tuple(float(each) for each in np.append(counts, absent.sum()) / max(len(values), 1))


def _word_shares(levels: Sequence[str], words: np.ndarray) -> tuple[float, ...]:
    counts = [float((words == level).sum()) for level in levels]
    absent = float((words == "").sum())
    return tuple(each / max(len(words), 1) for each in (*counts, len(words) - sum(counts) - absent, absent))


def psi(reference: Mapping[str, Reference], features: Features) -> Mapping[str, float]:
    """Return the population stability index of each feature; above .2 the people differ from those learned from.

    Sum of (now - then) log(now / then) over the bins (Siddiqi 2006, Credit Risk Scorecards).
    """
    found = {}
    for name, one in reference.items():
        if name in features.categories:
            now = _word_shares(one.levels, features.categories[name].astype(str))
        else:
            now = _number_shares(one.borders, features.numbers[name])
        then = np.maximum(one.shares, _FLOOR)
        here = np.maximum(now, _FLOOR)
        found[name] = float(((here - then) * np.log(here / then)).sum())
    return found


def gate(closed: Sequence[ClosedMonth]) -> Gate:
    """Return whether scores may be shown: hidden where six closed months together are outside .8 to 1.25.

    Exits are booked in waves, so that no single month says anything.
    """
    last = sorted(closed, key=lambda one: one.month)[-GATE_MONTHS:]
    predicted, observed = sum(one.predicted for one in last), sum(one.observed for one in last)
    ratio = predicted / observed if observed else None
    if len(last) < GATE_MONTHS:
        state = GateState.TOO_FEW_MONTHS
    else:
        is_right = ratio is not None and GATE_RATIO[0] <= ratio <= GATE_RATIO[1]
        state = GateState.OPEN if is_right else GateState.HIDDEN
    return Gate(
        state=state,
        months=len(last),
        predicted=predicted,
        observed=observed,
        ratio=ratio,
        ci95=_ratio_interval(predicted, observed) if observed else None,
    )


def _ratio_interval(predicted: float, observed: int) -> tuple[float, float]:
    """Garwood's exact limits of a Poisson mean, turned over."""
    low = float(chdtri(2 * observed, 0.975)) / 2
    high = float(chdtri(2 * observed + 2, 0.025)) / 2
    return predicted / high, predicted / low


def observed_minus_expected(closed: Sequence[ClosedMonth]) -> tuple[Surprise, ...]:
    """Return the running sum of observed minus predicted exits, with limits that a right model leaves 1 in 20 times."""
    total, variance, found = 0.0, 0.0, []
    for one in sorted(closed, key=lambda each: each.month):
        total += one.observed - one.predicted
        variance += one.variance
        limit = 1.96 * sqrt(variance)
        found.append(
            Surprise(month=one.month, difference=one.observed - one.predicted, cumulative=total, low=-limit, high=limit)
        )
    return tuple(found)
