"""Validation of tables without months: whole people are left out in turn, several times over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from models.attrition.features import Features
from models.attrition.hazard import SIGNALS_ONLY_EXITS, choose_strength, fit_hazard
from models.attrition.snapshot import check_apart
from models.attrition.staff_table import Flags, Floats, Ints
from qa_pipeline.errors import N_, InputError

FOLDS, REPETITIONS = 10, 5
_INNER_FOLDS = 3
_KNOTS_MONTHS = (1, 3, 6, 12, 24, 36, 60)
Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfFold:
    """Probabilities, shape (repetitions, rows), each by a model that saw nobody of the row's fold."""

    probabilities: Floats
    strengths: Sequence[float]


def person_folds(person: Ints, left: Flags, folds: int, seed: int) -> Iterator[Rows]:
    """Give the rows of each fold: whole people, those who left spread evenly."""
    random = np.random.default_rng(seed)
    people = np.unique(person)
    gone = np.zeros(len(people), np.bool_)
    np.maximum.at(gone, np.searchsorted(people, person), left)
    order = random.permutation(len(people))
    order = np.concatenate([order[gone[order]], order[~gone[order]]])
    fold_of = np.empty(len(people), np.intp)
    fold_of[order] = np.arange(len(people)) % folds
    of_row = fold_of[np.searchsorted(people, person)]
    for fold in range(folds):
        yield np.flatnonzero(of_row == fold)


def check_exits(left: Flags) -> None:
    """Raise InputError where too few people left, or stayed, for a probability to be honest."""
    fewer = min(int(left.sum()), int((~left).sum()))
    if fewer < SIGNALS_ONLY_EXITS:
        raise InputError(
            N_("Only {found} people left or only so many stayed; a probability needs {count} of both."),
            hint=N_("Until there are more, look at signals (workload, results, trends) and give no probability."),
            found=fewer,
            count=SIGNALS_ONLY_EXITS,
        )


def cross_validate(features: Features, person: Ints, left: Flags, *, repetitions: int = REPETITIONS) -> OutOfFold:
    """Predict each person by models that did not see them: 10 folds, several times over."""
    check_exits(left)
    probabilities = np.zeros((repetitions, len(left)))
    strengths: list[float] = []
    for repetition in range(repetitions):
        for test in person_folds(person, left, FOLDS, repetition):
            train = np.setdiff1d(np.arange(len(left)), test)
            check_apart(person[train], person[test])
            inner = []
            for part in person_folds(person[train], left[train], _INNER_FOLDS, repetition):
                rest = np.setdiff1d(train, train[part])
                inner.append((features.rows(rest), left[rest], features.rows(train[part]), left[train[part]]))
            strength = choose_strength(inner, int(left[train].sum()))
            model = fit_hazard(features.rows(train), left[train], strength=strength, horizon_months=1)
            probabilities[repetition, test] = model.probabilities(features.rows(test))
            strengths.append(strength)
    return OutOfFold(probabilities=probabilities, strengths=strengths)


@dataclass(frozen=True, slots=True, kw_only=True)
class Survival:
    """Out-of-fold results of a table of durations, each of shape (repetitions, rows).

    ``by_horizon``: probability of leaving within the horizon; ``risk``: log odds without time, for the order of people.
    """

    by_horizon: Floats
    risk: Floats
    strengths: Sequence[float]


def cross_validate_survival(
    features: Features,
    person: Ints,
    durations: Floats,
    left: Flags,
    horizon_months: int,
    *,
    repetitions: int = REPETITIONS,
) -> Survival:
    """Predict each person's months by hazards that did not see them; time enters as steps at set months."""
    check_exits(left)
    by_horizon, risk = np.zeros((repetitions, len(left))), np.zeros((repetitions, len(left)))
    strengths: list[float] = []
    for repetition in range(repetitions):
        for test in person_folds(person, left, FOLDS, repetition):
            train = np.setdiff1d(np.arange(len(left)), test)
            check_apart(person[train], person[test])
            inner = []
            for part in person_folds(person[train], left[train], _INNER_FOLDS, repetition):
                rest = np.setdiff1d(train, train[part])
                inner.append(
                    _months(features.rows(rest), durations[rest], left[rest])
                    + _months(features.rows(train[part]), durations[train[part]], left[train[part]])
                )
            strength = choose_strength(inner, int(left[train].sum()))
            months, went = _months(features.rows(train), durations[train], left[train])
            model = fit_hazard(months, went, strength=strength, horizon_months=1)
            strengths.append(strength)
            every = features.rows(test)
            staying = np.ones(len(test))
            for month in range(1, horizon_months + 1):
                scores = model.scores(_at_month(every, np.full(len(test), float(month))))
                staying *= 1 - expit(scores)
                risk[repetition, test] += scores / horizon_months
            by_horizon[repetition, test] = 1 - staying
    return Survival(by_horizon=by_horizon, risk=risk, strengths=strengths)


def _months(features: Features, durations: Floats, left: Flags) -> tuple[Features, Flags]:
    """Return a row for each month of each person, and whether the person left in it."""
    months = np.maximum(np.ceil(durations).astype(np.intp), 1)
    rows = np.repeat(np.arange(len(months)), months)
    month = np.concatenate([np.arange(1, count + 1) for count in months]).astype(np.float64)
    went = np.zeros(len(rows), np.bool_)
    went[months.cumsum() - 1] = left
    return _at_month(features.rows(rows), month), went


def _at_month(features: Features, month: Floats) -> Features:
    steps: Mapping[str, Floats] = {f"from month {knot}": (month > knot).astype(np.float64) for knot in _KNOTS_MONTHS}
    groups = {**features.groups, **dict.fromkeys([*steps, "log month"], "tenure")}
    numbers = {**features.numbers, **steps, "log month": np.log(month)}
    return Features(numbers=numbers, categories=features.categories, groups=groups)
