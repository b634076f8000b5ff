"""Training the reason classifier on a site's own labels: seeded, and the same tables always give the same model."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.svm import LinearSVC

from models.text.classifier import Floats, NgramClassifier, softmax
from models.text.labelled import digest_of
from models.text.ngrams import NGRAMS, as_learned, normalise
from models.text.reason import NGRAMS_OF, THRESHOLD
from models.text.training import Trained, figure_of, find_temperature, weighted
from qa_pipeline.errors import N_, InputError
from qa_pipeline.ports import ReasonReading
from qa_pipeline.services.validate.reason import measure_reason, numbered, read_reason_rows

_FOLDS = 5
_SURE_MIN = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonOptions:
    """What can be chosen, with what was chosen by cross-validation over the training table of banking77.

    Attributes
    ----------
    seed : int
        Chooses the folds.
    inverse_penalty : float
        C of the support vector machine.
    texts_min : int
        A category with fewer different texts is left out: nothing could be learned and measured.
    precision : float
        How many of the reasons that are told should be right; gives the threshold.
    coefficients_max : int
        Coefficients that are kept, those that move a score most; the rest is 0 and takes no room.
    min_count : int
        An n-gram must occur in this many texts.
    """

    seed: int = 0
    inverse_penalty: float = 1.0
    texts_min: int = 5
    precision: float = 0.95
    coefficients_max: int = 600_000
    min_count: int = 2


@dataclass(frozen=True, slots=True)
class ReasonTable:
    """One table of training or evaluation."""

    name: str
    sha256: str
    texts: tuple[str, ...]
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Fit:
    idf: Floats
    coefficients: Floats  # (n-grams, categories)
    intercepts: Floats


def read_reason_table(path: Path) -> ReasonTable:
    """Read a labelled table, as ``callqa validate reason`` takes it; rows that miss a value are not labelled yet.

    Raises
    ------
    TableError
        When a column is missing, or there is no row.
    RowError
        When no row is labelled: what is missing in the first.
    """
    rows = read_reason_rows(path)
    return ReasonTable(path.name, digest_of(path), rows.texts, rows.categories)


def train_reason(
    tables: Sequence[ReasonTable],
    language: str,
    options: ReasonOptions | None = None,
    *,
    evaluate: Sequence[ReasonTable] = (),
    progress: Callable[[str], None] = lambda _: None,
) -> Trained:
    """Train a classifier of reasons on labelled tables.

    One linear support vector machine per category over tf-idf n-grams. Scores of five-fold cross-validation give the
    figures of the card, the temperature that makes probabilities of the scores, and the threshold: the lowest
    probability, a half at least, from which `options.precision` of the reasons were right. The tables of `evaluate`
    have no part in training and only give figures.

    Raises
    ------
    InputError
        When fewer than two categories have enough texts.
    """
    options = options or ReasonOptions()
    texts, names, left_out = _rows_of(tables, language, options)
    categories = tuple(sorted(set(names)))
    labels = numbered(names, categories)
    progress(N_("Counting n-grams"))
    vectorizer = CountVectorizer(analyzer=NGRAMS[NGRAMS_OF[language]], min_df=options.min_count, dtype=np.float32)
    counts = vectorizer.fit_transform(texts).tocsr()
    progress(N_("Fitting"))
    scores = _out_of_fold(counts, labels, texts, options)
    temperature = _temperature(scores, labels)
    chances = softmax(scores / temperature)
    threshold = _threshold(chances, labels, options.precision)
    final = _pruned(_fit(counts, labels, options), options.coefficients_max)
    kept = np.flatnonzero(np.abs(final.coefficients).max(axis=1) > 0)
    ngrams = vectorizer.get_feature_names_out()[kept]
    model = NgramClassifier(
        language=NGRAMS_OF[language],
        labels=categories,
        vocabulary=tuple(str(ngram) for ngram in ngrams),
        idf=final.idf[kept].astype(np.float16),
        coefficients=(final.coefficients[kept] / temperature).astype(np.float16),
        intercepts=final.intercepts / temperature,
    )
    progress(N_("Measuring on held-out texts"))
    card = {
        "name": f"reason-{language}",
        "kind": "reason",
        "language": language,
        "method": "tf-idf n-grams, linear support vector machines, one against the rest",
        "options": asdict(options),
        THRESHOLD: threshold,
        "temperature": round(temperature, 4),
        "data": [{"file": table.name, "sha256": table.sha256, "rows": len(table.texts)} for table in tables],
        "trained_on": len(texts),
        "left_out": left_out,
        "cross_validated": _figures(
            labels, ReasonReading(categories=categories, probabilities=chances, threshold=threshold)
        ),
        "evaluated": {table.name: _evaluated(model, threshold, table, language) for table in evaluate},
    }
    return Trained(model, card)


def _rows_of(
    tables: Sequence[ReasonTable], language: str, options: ReasonOptions
) -> tuple[list[str], list[str], dict[str, int]]:
    """Return texts and categories, and of the categories with too few texts how many they had."""
    texts = [text for table in tables for text in as_learned(table.texts, language)]
    names = [name for table in tables for name in table.categories]
    different: dict[str, set[str]] = {}
    for text, name in zip(texts, names, strict=True):
        different.setdefault(name, set()).add(normalise(text))
    rare = {name: len(said) for name, said in sorted(different.items()) if len(said) < options.texts_min}
    if len(different) - len(rare) < 2:
        raise InputError(
            N_("A reason model needs two categories or more with {count} different texts each."),
            hint=N_("Label more texts, or join categories that are rare."),
            count=options.texts_min,
        )
    kept = [row for row, name in enumerate(names) if name not in rare]
    return [texts[row] for row in kept], [names[row] for row in kept], rare


def _folds(labels: npt.NDArray[np.intp], texts: Sequence[str], seed: int) -> npt.NDArray[np.intp]:
    """Return a fold per row: what is alike lies in the same one, and each category lies in all of them."""
    folds = np.zeros(len(labels), dtype=np.intp)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        keys = [hashlib.sha256(f"{seed}:{normalise(texts[int(row)])}".encode()).hexdigest() for row in rows]
        places = {key: place for place, key in enumerate(sorted(set(keys)))}
        folds[rows] = [places[key] % _FOLDS for key in keys]
    return folds


def _fit(counts: sparse.csr_matrix, labels: npt.NDArray[np.intp], options: ReasonOptions) -> _Fit:
    seen = np.bincount(counts.indices, minlength=counts.shape[1])
    # Rounded as it is stored, so that training sees what prediction will.
    idf: Floats = (np.log((1 + counts.shape[0]) / (1 + seen)) + 1).astype(np.float16).astype(np.float64)
    machine = LinearSVC(C=options.inverse_penalty, tol=1e-3, random_state=0, max_iter=5000)
    machine.fit(weighted(counts, idf), labels)
    if len(machine.classes_) > 2:
        return _Fit(idf, machine.coef_.T, machine.intercept_)
    # Of two categories scikit-learn keeps the second alone.
    return _Fit(idf, np.vstack([-machine.coef_, machine.coef_]).T, np.repeat(machine.intercept_, 2) * [-1, 1])


def _pruned(fit: _Fit, count: int) -> _Fit:
    """Return the fit with its `count` strongest coefficients, and those as strong as the last of them; others are 0."""
    strength = np.abs(fit.coefficients) * fit.idf[:, None]
    if strength.size <= count:
        return fit
    least = np.partition(strength.ravel(), -count)[-count]
    return _Fit(fit.idf, np.where(strength >= least, fit.coefficients, 0.0), fit.intercepts)


def _out_of_fold(
    counts: sparse.csr_matrix, labels: npt.NDArray[np.intp], texts: Sequence[str], options: ReasonOptions
) -> Floats:
    folds = _folds(labels, texts, options.seed)
    scores = np.zeros((len(labels), int(labels.max()) + 1))
    for fold in range(_FOLDS):
        apart = folds == fold
        fit = _pruned(_fit(counts[~apart], labels[~apart], options), options.coefficients_max)
        scores[apart] = weighted(counts[apart], fit.idf) @ fit.coefficients + fit.intercepts
    return scores


def _temperature(scores: Floats, labels: npt.NDArray[np.intp]) -> float:
    """Return the temperature with the least out-of-fold log-loss."""
    rows = np.arange(len(labels))

    def loss(temperature: float) -> float:
        return float(-np.log(np.maximum(softmax(scores / temperature)[rows, labels], 1e-12)).sum())

    return find_temperature(loss)


def _threshold(chances: Floats, labels: npt.NDArray[np.intp], precision: float) -> float:
    """Return the lowest probability, a half at least, from which `precision` of the answers are right.

    Where none reaches that, the precision itself: probabilities are calibrated, so it means the same.
    """
    confidence = chances.max(axis=1)
    order = np.argsort(-confidence, kind="stable")
    right = np.cumsum((chances.argmax(axis=1) == labels)[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(right >= precision)
    lowest = float(confidence[order[enough[-1]]]) if len(enough) else precision
    return round(max(lowest, _SURE_MIN), 4)


def _evaluated(model: NgramClassifier, threshold: float, table: ReasonTable, language: str) -> dict[str, Any]:
    probabilities = model.predict(as_learned(table.texts, language))
    reading = ReasonReading(categories=model.labels, probabilities=probabilities, threshold=threshold)
    return _figures(numbered(table.categories, model.labels), reading)


def _figures(labels: npt.NDArray[np.intp], reading: ReasonReading) -> dict[str, Any]:
    metrics = measure_reason(labels, reading)
    known = {name: metric for name, metric in metrics.items() if not np.isnan(metric.value)}
    return {"n": len(labels), **{name: figure_of(metric) for name, metric in known.items()}}
