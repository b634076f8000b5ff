"""Boosted trees beside the hazard model: taken only where a site has many exits and they predict provably better.

Kept as skops, which reads listed types alone: a file that names any other is refused and nothing of it runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

import numpy as np

from models.attrition.features import Features
from models.attrition.hazard import Encoder, fit_encoder, fit_hazard, updated
from models.attrition.panel import Panel
from models.attrition.rolling import is_recent
from models.attrition.staff_table import Flags, Floats, Ints
from qa_pipeline.errors import N_, InputError

if TYPE_CHECKING:  # loading them takes seconds, and few programs fit or read trees
    from sklearn.ensemble import HistGradientBoostingClassifier

EXITS_MIN = 500  # below, boosting loses to the hazard model on tables of the field
_COMPARED_MONTHS = 6
_DRAWS = 400
_TRUSTED = frozenset({"sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"})  # beside skops's own list


@dataclass(frozen=True)
class Boosted:
    """Trees over the columns of an encoder."""

    encoder: Encoder
    trees: HistGradientBoostingClassifier

    def probabilities(self, features: Features) -> Floats:
        """Return the probability of leaving within the horizon, shape (rows,)."""
        return np.asarray(self.trees.predict_proba(self.encoder.design(features))[:, 1], np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Mean log loss of the trees minus that of the hazard model over months that neither had seen, with 95 % interval.

    Below zero the trees are better.
    """

    difference: float
    ci95: tuple[float, float]
    months: int

    @property
    def is_better(self) -> bool:
        """Whether the trees are better beyond chance."""
        return self.ci95[1] < 0


def fit_boosted(features: Features, left: Flags) -> Boosted:
    """Fit small trees slowly; without weights of classes, so that the probabilities stay probabilities."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    encoder = fit_encoder(features)
    trees = HistGradientBoostingClassifier(
        learning_rate=0.05,
        max_iter=120,
        max_depth=3,
        min_samples_leaf=100,
        l2_regularization=1.0,
        early_stopping=False,
        random_state=0,
    )
    return Boosted(encoder, trees.fit(encoder.design(features), left))


def challenge(
    panel: Panel, as_of_month: int, horizon_months: int, strength: float
) -> tuple[Boosted | None, Comparison] | None:
    """Return how trees compare, and if they are better trees of all that is known; None below 500 exits.

    Each of the last six months whose outcome is known is predicted by both from what was known before it, by the hazard
    model as it would be used.

    Parameters
    ----------
    strength : float
        Of the hazard model that is challenged.
    """
    usable = (panel.month + horizon_months <= as_of_month) & panel.is_known(horizon_months)
    left = panel.left_within(horizon_months)
    if panel.exits_among(usable & left) < EXITS_MIN:
        return None
    losses: list[Floats] = []
    people: list[Ints] = []
    for month in sorted(set(panel.month[usable].tolist()))[-_COMPARED_MONTHS:]:
        train, test = usable & (panel.month + horizon_months <= month), usable & (panel.month == month)
        if panel.exits_among(train & left) < EXITS_MIN:
            continue
        features, gone = panel.features.rows(train), left[train]
        hazard = fit_hazard(features, gone, strength=strength, horizon_months=horizon_months, tolerance=1e-4)
        recent = train & is_recent(panel, month, horizon_months)
        hazard = updated(hazard, panel.features.rows(recent), left[recent])
        trees = fit_boosted(features, gone)
        shown = panel.features.rows(test)
        losses.append(
            _log_losses(trees.probabilities(shown), left[test]) - _log_losses(hazard.probabilities(shown), left[test])
        )
        people.append(panel.person[test])
    if not losses:
        return None
    compared = _compared(np.concatenate(losses), np.concatenate(people), len(losses))
    return fit_boosted(panel.features.rows(usable), left[usable]) if compared.is_better else None, compared


def _log_losses(probabilities: Floats, left: Flags) -> Floats:
    held = np.clip(probabilities, 1e-9, 1 - 1e-9)
    return np.asarray(-np.log(np.where(left, held, 1 - held)))


def _compared(differences: Floats, people: Ints, months: int) -> Comparison:
    """Draw people with replacement: the months of one person are no separate evidence."""
    _, codes = np.unique(people, return_inverse=True)
    totals, counts = np.bincount(codes, differences), np.bincount(codes)
    random = np.random.default_rng(0)
    drawn = random.integers(0, len(totals), (_DRAWS, len(totals)))
    means = totals[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return Comparison(difference=float(differences.mean()), ci95=(float(low), float(high)), months=months)


def save_trees(model: Boosted, path: Path) -> None:
    """Write the trees; their encoder stands with the hazard model."""
    from skops import io as skops_io

    skops_io.dump(model.trees, path)


def load_trees(path: Path, encoder: Encoder) -> Boosted:
    """Read trees that :func:`save_trees` wrote.

    Raises
    ------
    InputError
        The file is no such file, or names a type that is not on the list.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from skops import io as skops_io

    try:
        unknown = set(skops_io.get_untrusted_types(file=path)) - _TRUSTED
        if unknown:
            raise ValueError(f"it names {', '.join(sorted(unknown))}")
        trees = skops_io.load(path, trusted=sorted(_TRUSTED))
        if type(trees) is not HistGradientBoostingClassifier or trees.n_features_in_ != len(encoder.columns):
            raise ValueError("other inputs")
    except (OSError, ValueError, TypeError, KeyError, AttributeError, BadZipFile) as problem:
        raise InputError(
            N_("This is no risk model that callqa has written: {problem}."),
            hint=N_("Fit it again with `callqa risk fit`."),
            file=str(path),
            problem=str(problem),
        ) from problem
    return Boosted(encoder, trees)
