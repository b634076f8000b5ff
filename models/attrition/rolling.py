"""Validation as the model is used: each month is predicted from what had happened and was known by then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.attrition.features import Features
from models.attrition.hazard import SIGNALS_ONLY_EXITS, Hazard, choose_strength, fit_hazard, updated
from models.attrition.panel import Panel
from models.attrition.staff_table import Flags, Floats, Ints
from qa_pipeline.errors import N_, InputError

HISTORY_MONTHS = 12
_HISTORY_SHARE = 2 / 3
_RECENT_MONTHS = 3
_INNER_MONTHS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    """Probabilities for snapshots of months that the models had not seen; ``rows``: of the panel."""

    rows: Ints
    month: Ints
    person: Ints
    probabilities: Floats
    left: Flags
    strengths: Sequence[float]


def first_origin(panel: Panel) -> int:
    """Return the first month that is predicted: after a year of history, so that each season was seen, or 2/3."""
    months = panel.months[-1] - panel.months[0] + 1
    return panel.months[0] + min(HISTORY_MONTHS, int(months * _HISTORY_SHARE))


def fit_at(
    panel: Panel, origin: int, horizon_months: int, people: Ints | None = None, strength: float | None = None
) -> Hazard | None:
    """Return the model that can be had at the end of a month, None while there are too few exits for a probability.

    Only snapshots whose horizon is over by then count: what happens after the origin is not known. ``strength``: of
    the penalty; without, it is chosen from the history.
    """
    usable = (panel.month + horizon_months <= origin) & panel.is_known(horizon_months)
    if people is not None:
        usable &= np.isin(panel.person, people)
    left = panel.left_within(horizon_months)
    exits = panel.exits_among(usable & left)
    if exits < SIGNALS_ONLY_EXITS:
        return None
    if strength is None:
        strength = choose_strength(_inner_folds(panel, usable, left, horizon_months), exits)
    model = fit_hazard(panel.features.rows(usable), left[usable], strength=strength, horizon_months=horizon_months)
    recent = usable & is_recent(panel, origin, horizon_months)
    return updated(model, panel.features.rows(recent), left[recent])


def is_recent(panel: Panel, origin: int, horizon_months: int) -> Flags:
    """Whether a snapshot is of the last months whose horizon is over at the origin; the intercept follows them."""
    return panel.month > origin - horizon_months - _RECENT_MONTHS


def _inner_folds(
    panel: Panel, usable: Flags, left: Flags, horizon_months: int
) -> list[tuple[Features, Flags, Features, Flags]]:
    """Return rolling folds inside the history: its last months, each predicted from those before it."""
    folds = []
    for month in sorted(set(panel.month[usable].tolist()))[-_INNER_MONTHS:]:
        train = usable & (panel.month + horizon_months <= month)
        test = usable & (panel.month == month)
        if left[train].sum() >= SIGNALS_ONLY_EXITS and not left[train].all():
            folds.append((panel.features.rows(train), left[train], panel.features.rows(test), left[test]))
    return folds


def roll(panel: Panel, horizon_months: int, people: Ints | None = None) -> Predicted:
    """Predict every month from the first origin on.

    Parameters
    ----------
    people : array of int, optional
        Learn from these people alone, for a learning curve; others are predicted.

    Raises
    ------
    InputError
        No month could be predicted: the panel is too short, or has fewer than 30 exits.
    """
    left, known = panel.left_within(horizon_months), panel.is_known(horizon_months)
    found: list[Ints] = []
    probabilities: list[Floats] = []
    strengths: list[float] = []
    for origin in range(first_origin(panel), panel.months[-1] + 1):
        test = known & (panel.month == origin)
        if people is not None:
            test &= ~np.isin(panel.person, people)
        model = fit_at(panel, origin, horizon_months, people) if test.any() else None
        if model is not None:
            found.append(np.flatnonzero(test).astype(np.int64))
            probabilities.append(model.probabilities(panel.features.rows(test)))
            strengths.append(model.strength)
    if not found:
        raise InputError(
            N_("No month can be predicted: the table has too few months, or fewer than {count} exits before them."),
            hint=N_("Until there are more, look at signals (workload, results, trends) and give no probability."),
            count=SIGNALS_ONLY_EXITS,
        )
    rows = np.concatenate(found)
    return Predicted(
        rows=rows,
        month=panel.month[rows],
        person=panel.person[rows],
        probabilities=np.concatenate(probabilities),
        left=left[rows],
        strengths=strengths,
    )
