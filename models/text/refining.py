"""Adjusting a trained n-gram classifier to a site's own labels: few texts move it only where they say something."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import minimize

from models.text.classifier import Floats, NgramClassifier, softmax
from models.text.ngrams import NGRAMS
from models.text.training import fold_of

# Inverse penalties that are tried; 0 leaves the model as it is.
_PENALTIES = (0.0, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
FOLDS = 5
_RARE = 1e-3  # the chance of a label that the model does not know, before the texts say more


@dataclass(frozen=True, slots=True, kw_only=True)
class RefiningOptions:
    """What can be chosen when a model is adjusted.

    Attributes
    ----------
    seed : int
        Chooses the fold of each text or dialogue.
    inverse_penalty : float, optional
        How freely coefficients leave their old values; by default cross-validation chooses.
    count_min : int
        An n-gram that the model does not know must occur in this many texts.
    """

    seed: int = 0
    inverse_penalty: float | None = None
    count_min: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnTexts:
    """A site's labelled texts.

    Attributes
    ----------
    texts, labels : sequence of str
        Labels that the model does not know are learned too.
    weights : array, shape (texts,)
    folds : array, shape (texts,)
        0 to ``FOLDS`` - 1; what belongs together has the same one.
    possible : array, shape (texts, labels of the model), optional
        False where a text's table cannot show a label, as reviews are never neutral: such a text says nothing of it.
    """

    texts: Sequence[str]
    labels: Sequence[str]
    weights: Floats
    folds: npt.NDArray[np.intp]
    possible: npt.NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True)
class Refined:
    """The adjusted model, and what was predicted for each text by a model that had not seen its fold.

    Attributes
    ----------
    model : NgramClassifier
        Its labels are those of the base, then new ones.
    inverse_penalty : float
        What was used; 0 where the texts do not better the base.
    out_of_fold : array, shape (texts, labels)
        Probabilities; rows sum to 1.
    """

    model: NgramClassifier
    inverse_penalty: float
    out_of_fold: Floats


@dataclass(frozen=True, slots=True)
class _Design:
    """Weighted features of texts; ``barred``: 0 where a label is possible, else a score that rules it out."""

    features: sparse.csr_matrix
    labels: npt.NDArray[np.intp]
    weights: Floats
    barred: Floats

    def take(self, rows: npt.NDArray[np.bool_]) -> _Design:
        return _Design(self.features[rows], self.labels[rows], self.weights[rows], self.barred[rows])

    def loss(self, scores: Floats) -> float:
        """Return the weighted log-loss of the labels among those that are possible."""
        right = softmax(scores + self.barred)[np.arange(len(self.labels)), self.labels]
        return float(-(self.weights * np.log(np.maximum(right, 1e-12))).sum())


def refine(base: NgramClassifier, own: OwnTexts, options: RefiningOptions) -> Refined:
    """Fit the coefficients of `base` anew, with a penalty on how far they move from where they were.

    N-grams that the texts do not hold keep their coefficients; those that the base does not know join it with 0. How
    freely coefficients move is chosen by the log-loss of cross-validation, and when no move helps the base stays as it
    is.
    """
    start = _widened(base, own, options.count_min)
    design = _design(start, own)
    penalties = _PENALTIES if options.inverse_penalty is None else (options.inverse_penalty,)
    scores = {each: _out_of_fold(start, design, own.folds, each) for each in penalties}
    best = min(scores, key=lambda each: design.loss(scores[each]))
    model = _moved(start, design, best) if best else base
    return Refined(model, best, softmax(scores[best][:, : len(model.labels)]))


def own_folds(groups: Sequence[str], seed: int) -> npt.NDArray[np.intp]:
    """Return the fold of each text by its dialogue, or by the text itself."""
    return np.array([fold_of(seed, group, FOLDS) for group in groups], dtype=np.intp)


def _widened(base: NgramClassifier, own: OwnTexts, count_min: int) -> NgramClassifier:
    """Return the base with the texts' own n-grams and labels, whose coefficients are 0."""
    known = set(base.vocabulary)
    texts_with = Counter(ngram for text in own.texts for ngram in set(NGRAMS[base.language](text)))
    new = sorted(ngram for ngram, count in texts_with.items() if count >= count_min and ngram not in known)
    labels = sorted(set(own.labels) - set(base.labels))
    rare = np.log(_RARE) + float(np.logaddexp.reduce(base.intercepts))
    return replace(
        base,
        labels=(*base.labels, *labels),
        vocabulary=(*base.vocabulary, *new),
        idf=np.concatenate([base.idf, np.full(len(new), np.median(base.idf), dtype=np.float16)]),
        coefficients=np.pad(base.coefficients, ((0, len(new)), (0, len(labels)))),
        intercepts=np.concatenate([base.intercepts, np.full(len(labels), rare)]),
    )


def _design(model: NgramClassifier, own: OwnTexts) -> _Design:
    rows = [model.features(text) for text in own.texts]
    ends = np.cumsum([0, *(len(places) for places, _ in rows)])
    places = np.concatenate([places for places, _ in rows])
    values = np.concatenate([values for _, values in rows])
    barred = np.zeros((len(rows), len(model.labels)))
    if own.possible is not None:
        barred[:, : own.possible.shape[1]][~own.possible] = -np.inf
    return _Design(
        sparse.csr_matrix((values, places, ends), shape=(len(rows), len(model.vocabulary))),
        np.array([model.labels.index(label) for label in own.labels], dtype=np.intp),
        own.weights,
        barred,
    )


def _out_of_fold(
    start: NgramClassifier, design: _Design, folds: npt.NDArray[np.intp], inverse_penalty: float
) -> Floats:
    scores = np.zeros_like(design.barred)
    for fold in range(FOLDS):
        apart = folds == fold
        model = _moved(start, design.take(~apart), inverse_penalty)
        scores[apart] = _scores(model, design.features[apart])
    return scores


def _moved(start: NgramClassifier, design: _Design, inverse_penalty: float) -> NgramClassifier:
    """Return `start` with the coefficients that fit the labels best for the penalty on their moves.

    Intercepts are held like coefficients: how often a label stands in a site's table says how it was drawn.
    """
    if inverse_penalty == 0 or not len(design.labels):
        return start
    active = np.unique(design.features.indices)
    features = design.features[:, active]
    before = _scores(start, design.features)
    truth = np.eye(len(start.labels))[design.labels]
    shape = (len(active) + 1, len(start.labels))

    def objective(flat: Floats) -> tuple[float, Floats]:
        moves = flat.reshape(shape)
        scores = before + features @ moves[:-1] + moves[-1]
        errors = design.weights[:, None] * (softmax(scores + design.barred) - truth)
        gradient = np.vstack([features.T @ errors, errors.sum(axis=0)]) + moves / inverse_penalty
        return design.loss(scores) + 0.5 * float((moves**2).sum()) / inverse_penalty, gradient.ravel()

    found = minimize(objective, np.zeros(shape[0] * shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 200})
    moves = found.x.reshape(shape)
    coefficients = start.coefficients.copy()
    coefficients[active] = (coefficients[active].astype(np.float64) + moves[:-1]).astype(np.float16)
    return replace(start, coefficients=coefficients, intercepts=start.intercepts + moves[-1])


def _scores(model: NgramClassifier, features: sparse.csr_matrix) -> Floats:
    scores: Floats = features @ model.coefficients.astype(np.float64) + model.intercepts
    return scores
