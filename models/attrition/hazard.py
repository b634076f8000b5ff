"""Discrete-time logistic hazard: the chance of leaving within a horizon, from what is known at the end of a month.

A plain logistic regression over person-months is the discrete-time hazard model (Allison 1982, Sociological Methodology
13, 61-98). It is calibrated by its likelihood: no weights of classes and no resampling, which would break that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit, logit

from models.attrition.features import Features
from models.attrition.staff_table import Flags, Floats
from qa_pipeline.errors import N_, InputError

SIGNALS_ONLY_EXITS = 30  # with fewer exits in history no probability is honest
FEW_EXITS = 100
_FEW_C = 0.02
_STRENGTHS = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
_LEVEL_ROWS_MIN = 10
_PRIOR_EXITS = 10.0
_TOLERANCE, _ROUGH_TOLERANCE = 1e-10, 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of the design: a number, whether a number is missing, or a level of a category."""

    feature: str
    level: str | None
    is_missing: bool
    mean: float
    sd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoder:
    """How features become standardised columns; learned from training rows alone."""

    columns: tuple[Column, ...]

    def design(self, features: Features) -> Floats:
        """Return the design, shape (rows, columns). A level that training did not have is none of the levels."""
        made = [(_raw(column, features) - column.mean) / column.sd for column in self.columns]
        return np.column_stack(made) if made else np.zeros((0, 0))

    def unknown_levels(self, features: Features) -> Mapping[str, tuple[str, ...]]:
        """Return the levels of categories that training did not have, by feature."""
        known: dict[str, set[str]] = {name: {""} for name in features.categories}
        for column in self.columns:
            if column.level is not None:
                known[column.feature].add(column.level)
        found = {name: tuple(sorted(set(values) - known[name])) for name, values in features.categories.items()}
        return {name: levels for name, levels in found.items() if levels}


def _raw(column: Column, features: Features) -> Floats:
    if column.level is not None:
        return np.asarray(features.categories[column.feature] == column.level, np.float64)
    values = features.numbers[column.feature]
    absent = np.isnan(values)
    return absent.astype(np.float64) if column.is_missing else np.where(absent, column.mean, values)


def fit_encoder(features: Features) -> Encoder:
    """Learn columns from training rows; what is the same in all of them is left out."""
    columns: list[Column] = []
    for name, values in features.numbers.items():
        absent = np.isnan(values)
        if not absent.all():
            columns.append(_column(name, values[~absent]))
        if absent.any():
            columns.append(_column(name, absent.astype(np.float64), is_missing=True))
    for name, words in features.categories.items():
        levels, counts = np.unique(words.astype(str), return_counts=True)
        for level, count in zip(levels, counts, strict=True):
            if count >= _LEVEL_ROWS_MIN and level:
                columns.append(_column(name, (words == level).astype(np.float64), level=str(level)))
    return Encoder(columns=tuple(column for column in columns if column.sd > 0))


def _column(name: str, values: Floats, *, level: str | None = None, is_missing: bool = False) -> Column:
    mean, sd = float(values.mean()), float(values.std())
    return Column(feature=name, level=level, is_missing=is_missing, mean=mean, sd=sd if sd > 1e-12 else 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hazard:
    """A fitted model: encoder, weights per standardised column, intercept, and from how much it was learned."""

    encoder: Encoder
    weights: tuple[float, ...]
    intercept: float
    strength: float
    horizon_months: int
    rows: int
    exits: int

    def scores(self, features: Features) -> Floats:
        """Return the log odds of each row."""
        return np.asarray(self.encoder.design(features) @ np.array(self.weights) + self.intercept)

    def probabilities(self, features: Features) -> Floats:
        """Return the probability of leaving within the horizon, shape (rows,)."""
        return np.asarray(expit(self.scores(features)))

    def contributions(self, features: Features) -> tuple[Sequence[str], Floats]:
        """Return groups of features and what each adds to the log odds beside the average row, (rows, groups)."""
        parts = self.encoder.design(features) * np.array(self.weights)
        groups = tuple(dict.fromkeys(features.groups.values()))
        place = np.array([groups.index(features.groups[column.feature]) for column in self.encoder.columns])
        return groups, np.column_stack([parts[:, place == at].sum(axis=1) for at in range(len(groups))])

    def with_intercept(self, intercept: float) -> Hazard:
        """Return the model with another intercept."""
        return Hazard(**{**_fields(self), "intercept": intercept})


def _fields(model: Hazard) -> dict[str, Any]:
    return {name: getattr(model, name) for name in Hazard.__dataclass_fields__}


def fit_hazard(
    features: Features, left: Flags, *, strength: float, horizon_months: int, tolerance: float = _TOLERANCE
) -> Hazard:
    """Fit by L2-penalised likelihood.

    Parameters
    ----------
    features : Features
        Of the training rows.
    left : array of bool
        Whether the person left of their own will within the horizon.
    strength : float
        Inverse weight of the penalty (scikit-learn's C), above 0.

    Raises
    ------
    InputError
        All of the rows, or none, are of people who left.
    """
    if left.all() or not left.any():
        raise InputError(
            N_("There is nothing to learn from: all of the people left, or none."),
            hint=N_("Take a table with people who left and people who stayed."),
        )
    encoder = fit_encoder(features)
    design = encoder.design(features)
    if design.size == 0:
        raise InputError(
            N_("No feature differs between the rows."), hint=N_("Check the columns that the mapping names.")
        )
    from sklearn.linear_model import LogisticRegression

    found = LogisticRegression(C=strength, tol=tolerance, max_iter=10_000).fit(design, left)
    return Hazard(
        encoder=encoder,
        weights=tuple(float(weight) for weight in found.coef_[0]),
        intercept=float(found.intercept_[0]),
        strength=strength,
        horizon_months=horizon_months,
        rows=len(left),
        exits=int(left.sum()),
    )


def choose_strength(folds: Sequence[tuple[Features, Flags, Features, Flags]], exits: int) -> float:
    """Return the strength by how many exits there are, and above 100 by the log loss of folds.

    Parameters
    ----------
    folds : sequence of (training features, who left, test features, who left)
    exits : int
        In the whole training history.
    """
    if exits < FEW_EXITS or not folds:
        return _FEW_C
    losses = {strength: 0.0 for strength in _STRENGTHS}
    for train, train_left, test, test_left in folds:
        for strength in _STRENGTHS:
            model = fit_hazard(train, train_left, strength=strength, horizon_months=1, tolerance=_ROUGH_TOLERANCE)
            losses[strength] += _log_loss(model.probabilities(test), test_left)
    return min(losses, key=lambda strength: (losses[strength], strength))


def _log_loss(probabilities: Floats, left: Flags) -> float:
    return float(-np.log(np.where(left, probabilities, 1 - probabilities)).sum())


def updated(model: Hazard, recent: Features, left: Flags) -> Hazard:
    """Return the model with an intercept that fits recent closed months.

    Exits come in waves that no feature sees. The expected exits of the recent months are brought to the observed ones,
    both with ten exits added, so that a quiet month does not silence the model.
    """
    scores = model.scores(recent)
    expected = float(expit(scores).sum())
    if expected == 0:
        return model
    wanted = (float(left.sum()) + _PRIOR_EXITS) / (expected + _PRIOR_EXITS) * expected
    wanted = min(wanted, 0.99 * len(scores))
    from scipy.optimize import brentq

    shift = brentq(lambda step: float(expit(scores + step).sum()) - wanted, -10.0, 10.0, xtol=1e-12)
    return model.with_intercept(model.intercept + float(shift))


def calibrated_slope(probabilities: Floats, left: Flags) -> float:
    """Return the slope of the outcome's log odds on the predicted ones; 1 is calibrated, below 1 too extreme.

    Cox (1958). NaN where all or none left.
    """
    if left.all() or not left.any():
        return float("nan")
    scores = logit(np.clip(probabilities, 1e-9, 1 - 1e-9))
    if np.ptp(scores) == 0:
        return float("nan")
    slope, intercept = 1.0, 0.0
    for _ in range(50):
        fitted = expit(slope * scores + intercept)
        weight = np.maximum(fitted * (1 - fitted), 1e-12)
        residual = left - fitted
        gradient = np.array([(residual * scores).sum(), residual.sum()])
        hessian = np.array(
            [[(weight * scores**2).sum(), (weight * scores).sum()], [(weight * scores).sum(), weight.sum()]]
        )
        step = np.linalg.lstsq(hessian, gradient, rcond=None)[0]
        slope, intercept = slope + float(step[0]), intercept + float(step[1])
        if float(np.abs(step).max()) < 1e-10:
            break
    return slope
