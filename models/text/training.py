"""Training the n-gram sentiment classifier: seeded, and the same tables always give the same model."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml
from scipy import sparse
from scipy.optimize import minimize_scalar
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import normalize

from models.text.classifier import Floats, NgramClassifier, softmax
from models.text.context import ContextLayer, context_features
from models.text.labelled import LabelledTexts
from models.text.ngrams import NGRAMS
from models.text.sentiment import CONTEXT, LABELS, NGRAMS_OF
from qa_pipeline.domain.annotation import SentimentLabel
from qa_pipeline.errors import N_, InputError
from qa_pipeline.services.validate.report import Metric
from qa_pipeline.services.validate.sentiment import dialogues_of, fold_neutral, measure

_WORDING = Path(__file__).parent / "service_wording.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingOptions:
    """What can be chosen, with what was chosen by cross-validation over the shows of the training tables.

    Attributes
    ----------
    seed : int
        Chooses which rows are sampled and held out.
    inverse_penalty : float
        C of the logistic regression.
    rows_max : int
        A larger table is sampled.
    weight_max : float
        A table weighs as much as its rows, but no more than this, so that none drowns the others.
    service_share : float
        Weight of the project's own service wording, as a share of the tables' weight.
    ngrams_max : int
        N-grams that are kept.
    min_count : int
        An n-gram must occur in this many texts.
    decay_utterances : float
        How far the context of an utterance reaches.
    """

    seed: int = 0
    inverse_penalty: float = 1.0
    rows_max: int = 80_000
    weight_max: float = 10_000.0
    service_share: float = 0.15
    ngrams_max: int = 60_000
    min_count: int = 3
    decay_utterances: float = 16.0


@dataclass(frozen=True, slots=True)
class Trained:
    """The model and what its card says."""

    model: NgramClassifier
    card: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Rows:
    """Training rows: ``source`` numbers the table, ``fold`` 0-2."""

    texts: list[str]
    labels: npt.NDArray[np.intp]
    source: npt.NDArray[np.intp]
    fold: npt.NDArray[np.intp]


def train_sentiment(
    tables: Sequence[LabelledTexts],
    language: str,
    options: TrainingOptions | None = None,
    *,
    evaluate: Sequence[LabelledTexts] = (),
    progress: Callable[[str], None] = lambda _: None,
) -> Trained:
    """Train a sentiment classifier on labelled tables and the project's own service wording.

    One dialogue in ten (one text in ten where there are no dialogues) is held out of every table and gives the
    figures of the card. Within a table the labels weigh the same. A table that lacks a label gets an intercept of its
    own in training, which is dropped afterwards: without it "not a review" would become evidence for neutral.
    Probabilities are calibrated by one temperature, found on out-of-fold scores. The tables of `evaluate` have no part
    in training and only give figures.

    Raises
    ------
    InputError
        When the tables together do not show all three labels.
    """
    options = options or TrainingOptions()
    kept = [_split(table, options) for table in tables]
    rows = _rows_of([train for train, _ in kept], language)
    if len(set(rows.labels[rows.source < len(tables)].tolist())) < len(LABELS):
        raise InputError(N_("The tables must show negative, neutral and positive texts."))
    progress(N_("Counting n-grams"))
    # Words of identity are hidden when the model judges, not here: what they tell of the label stays with their own
    # n-grams, where otherwise the words beside them would take it up.
    counts, ngrams = _count(rows.texts, language, options)
    weights = _weights(rows, len(tables), options)
    partial = _partial_sources(rows)
    progress(N_("Fitting"))
    full = _Problem(counts, rows, weights, partial, options)
    best = full.strongest(options.ngrams_max)
    problem = _Problem(counts[:, best], rows, weights, partial, options)
    scores = problem.out_of_fold()
    temperature = problem.temperature(scores)
    coefficients, intercepts = problem.fit(np.ones(len(rows.labels), dtype=bool))
    model = NgramClassifier(
        language=NGRAMS_OF[language],
        labels=LABELS,
        vocabulary=tuple(ngrams[place] for place in best),
        idf=problem.idf.astype(np.float16),
        coefficients=(coefficients / temperature).astype(np.float16),
        intercepts=intercepts / temperature,
    )
    context = _fit_context([train for train, _ in kept], scores / temperature, options)
    progress(N_("Measuring on held-out texts"))

    def figures(table: LabelledTexts) -> dict[str, Any]:
        return sentiment_figures(table, model.predict(table.texts), context)

    card = _card(model, context, list(zip(tables, kept, strict=True)), options, temperature)
    card["held_out"] = {held.name: figures(held) for _, held in kept if held.texts}
    return Trained(model, card | {"evaluated": {table.name: figures(table) for table in evaluate}})


def _fit_context(tables: Sequence[LabelledTexts], scores: Floats, options: TrainingOptions) -> ContextLayer | None:
    """Fit the context layer on out-of-fold scores of the tables that name dialogues and speakers, None without any."""
    features, labels, start = [], [], 0
    for table in tables:
        chances = softmax(scores[start : start + len(table.texts)])
        start += len(table.texts)
        for rows in dialogues_of(table.groups) if table.speakers else ():
            speakers = [table.speakers[row] for row in rows]
            features.append(context_features(chances[rows], speakers, options.decay_utterances))
            labels += [table.labels[row] for row in rows]
    if len(set(labels)) < len(LABELS):
        return None
    model = LogisticRegression(max_iter=2000, class_weight="balanced").fit(np.vstack(features), labels)
    return ContextLayer(options.decay_utterances, model.coef_.T, model.intercept_)


def _card(
    model: NgramClassifier,
    context: ContextLayer | None,
    tables: Sequence[tuple[LabelledTexts, tuple[LabelledTexts, LabelledTexts]]],
    options: TrainingOptions,
    temperature: float,
) -> dict[str, Any]:
    language = next(name for name, ngrams in NGRAMS_OF.items() if ngrams == model.language)
    return {
        "name": f"sentiment-{language}",
        "kind": "sentiment",
        "language": language,
        "method": "tf-idf n-grams, multinomial logistic regression",
        "options": asdict(options),
        "temperature": round(temperature, 4),
        CONTEXT: context.document() if context else None,
        "data": [sentiment_data_card(table, len(train.texts)) for table, (train, _) in tables],
    }


def sentiment_data_card(table: LabelledTexts, trained_on: int) -> dict[str, Any]:
    """Return what a card says of a table of sentiment."""
    return {
        "file": table.name,
        "sha256": table.sha256,
        "rows": len(table.texts),
        "left_out": table.left_out,
        "trained_on": trained_on,
    }


def service_wording(language: str) -> Iterator[tuple[str, int]]:
    """Yield the project's own service sentences with their labels."""
    for number, label in enumerate(SentimentLabel):
        for text in fill_templates(_WORDING, language, label.value):
            yield text, number


def fill_templates(path: Path, language: str, name: str, per_template: int = 6) -> Iterator[str]:
    """Yield the sentences of one list of a wording file, `per_template` of each template at most, spread evenly."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))[language]
    for template in document[name]:
        yield from fill_template(template, document["slots"], per_template)


def fill_template(template: str, slots: Mapping[str, Sequence[str]], count: int) -> Iterator[str]:
    """Yield a template with its slots filled, in `count` of the many ways at most, spread evenly."""
    names = [name for name in slots if f"{{{name}}}" in template]
    filled = list(itertools.product(*(slots[name] for name in names)))
    for words in filled[:: max(1, -(-len(filled) // count))]:
        yield template.format(**dict(zip(names, words, strict=True)))


class _Problem:
    """One weighted fit over counted n-grams."""

    def __init__(
        self,
        counts: sparse.csr_matrix,
        rows: _Rows,
        weights: Floats,
        partial: sparse.csr_matrix,
        options: TrainingOptions,
    ) -> None:
        counts = counts.tocsr()
        seen = np.bincount(counts.indices, minlength=counts.shape[1])
        # Rounded as it is stored, so that training sees what prediction will.
        self.idf: Floats = (np.log((1 + counts.shape[0]) / (1 + seen)) + 1).astype(np.float16).astype(np.float64)
        self._features = weighted(counts, self.idf)
        self._design = sparse.hstack([self._features, partial]).tocsr()
        self._rows, self._weights, self._options = rows, weights, options

    def fit(self, mask: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
        """Return coefficients (n-grams, labels) and intercepts (labels,), the sources' own intercepts dropped."""
        model = LogisticRegression(C=self._options.inverse_penalty, max_iter=200, tol=1e-3)
        model.fit(self._design[mask], self._rows.labels[mask], sample_weight=self._weights[mask])
        return model.coef_[:, : self._features.shape[1]].T, model.intercept_

    def strongest(self, count: int) -> npt.NDArray[np.intp]:
        """Return the places of the n-grams that move a probability most."""
        coefficients, _ = self.fit(np.ones(len(self._rows.labels), dtype=bool))
        return strongest(np.abs(coefficients).max(axis=1) * self.idf, count)

    def out_of_fold(self) -> Floats:
        """Return the scores of each row, shape (rows, labels), by a fit that has not seen it."""
        scores = np.zeros((len(self._rows.labels), len(LABELS)))
        for fold in range(3):
            apart = self._rows.fold == fold
            coefficients, intercepts = self.fit(~apart)
            scores[apart] = self._features[apart] @ coefficients + intercepts
        return scores

    def temperature(self, scores: Floats) -> float:
        """Return the temperature with the least log-loss of out-of-fold scores over the rows of complete tables."""
        complete = np.asarray(self._design[:, self._features.shape[1] :].sum(axis=1)).ravel() == 0
        scores, labels, weights = scores[complete], self._rows.labels[complete], self._weights[complete]

        def loss(temperature: float) -> float:
            chances = softmax(scores / temperature)[np.arange(len(labels)), labels]
            return float(-(weights * np.log(np.maximum(chances, 1e-12))).sum())

        return find_temperature(loss)


def find_temperature(loss: Callable[[float], float]) -> float:
    """Return the temperature, by which scores are divided, with the least loss."""
    found = minimize_scalar(lambda log_temperature: loss(np.exp(log_temperature)), bounds=(-2.0, 2.0), method="bounded")
    return float(np.exp(found.x))


def strongest(strength: Floats, count: int) -> npt.NDArray[np.intp]:
    """Return the places of the `count` strongest n-grams, in their own order."""
    return np.sort(np.argsort(-strength, kind="stable")[:count])


def weighted(counts: sparse.csr_matrix, ngram_weights: Floats) -> sparse.csr_matrix:
    """Return counted n-grams as `NgramClassifier` weighs them: log(1 + count) times the weight, rows of length 1."""
    scaled = counts.astype(np.float64).tocsr()
    scaled.data = np.log1p(scaled.data)
    return normalize(scaled.multiply(ngram_weights).tocsr())


def fold_of(seed: int, group: str, folds: int) -> int:
    """Return the fold of a text or dialogue, 0 to `folds` - 1; what is alike lies in the same one, on every machine."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{group}".encode()).digest()[:8], "big") % folds


def _split(table: LabelledTexts, options: TrainingOptions) -> tuple[LabelledTexts, LabelledTexts]:
    held = [row for row, group in enumerate(table.groups) if fold_of(options.seed, group, 10) == 0]
    train = [row for row, group in enumerate(table.groups) if fold_of(options.seed, group, 10) != 0]
    if len(train) > options.rows_max:
        drawn = np.random.default_rng(options.seed).choice(len(train), size=options.rows_max, replace=False)
        train = [train[place] for place in np.sort(drawn)]
    return table.take(train), table.take(held)


def _rows_of(tables: Sequence[LabelledTexts], language: str) -> _Rows:
    wording = list(service_wording(language))
    texts = [text for table in tables for text in table.texts] + [text for text, _ in wording]
    labels = [label for table in tables for label in table.labels] + [label for _, label in wording]
    groups = [group for table in tables for group in table.groups] + [text for text, _ in wording]
    sizes = [len(table.texts) for table in tables] + [len(wording)]
    return _Rows(
        texts,
        np.array(labels, dtype=np.intp),
        np.repeat(np.arange(len(sizes)), sizes),
        np.array([fold_of(1, group, 3) for group in groups], dtype=np.intp),
    )


def _count(texts: Sequence[str], language: str, options: TrainingOptions) -> tuple[sparse.csr_matrix, list[str]]:
    vectorizer = CountVectorizer(analyzer=NGRAMS[language], min_df=options.min_count, dtype=np.float32)
    counts = vectorizer.fit_transform(texts)
    return counts, [str(ngram) for ngram in vectorizer.get_feature_names_out()]


def _weights(rows: _Rows, table_count: int, options: TrainingOptions) -> Floats:
    sizes = np.bincount(rows.source)
    totals = np.minimum(sizes, options.weight_max).astype(np.float64)
    totals[table_count] = options.service_share * totals[:table_count].sum()
    weights = np.zeros(len(rows.labels))
    for source, total in enumerate(totals):
        of_source = rows.source == source
        labels, counts = np.unique(rows.labels[of_source], return_counts=True)
        for label, count in zip(labels, counts, strict=True):
            weights[of_source & (rows.labels == label)] = total / len(labels) / count
    return weights


def _partial_sources(rows: _Rows) -> sparse.csr_matrix:
    """Return one column per source; rows of a source that lacks a label hold 3 there (a weakly penalised intercept)."""
    lacking = [
        source for source in np.unique(rows.source) if len(set(rows.labels[rows.source == source])) < len(LABELS)
    ]
    columns = [(rows.source == source) * 3.0 for source in lacking] or [np.zeros(len(rows.labels))]
    return sparse.csr_matrix(np.column_stack(columns))


def sentiment_figures(held: LabelledTexts, probabilities: Floats, context: ContextLayer | None) -> dict[str, Any]:
    """Return the figures of a card for texts with what was predicted for them, alone and in context."""
    figures = _measured(held, probabilities)
    if context is None or not held.speakers:
        return figures
    in_context = probabilities.copy()
    for rows in dialogues_of(held.groups):
        in_context[rows] = context.apply(probabilities[rows], [held.speakers[row] for row in rows])
    return {**_measured(held, in_context), "alone": figures}


def _measured(held: LabelledTexts, probabilities: Floats) -> dict[str, Any]:
    labels = np.array(held.labels, dtype=np.intp)
    if set(held.labels) <= {0, 2}:
        probabilities = fold_neutral(probabilities)
    metrics = measure(labels, probabilities, held.groups)
    if len(set(held.labels)) == 1:
        del metrics["macro_f1"]  # says nothing over one label
    return {"n": len(held.texts), **{name: figure_of(metric) for name, metric in metrics.items()}}


def figure_of(metric: Metric) -> dict[str, Any]:
    """Return a metric as a card writes it."""
    return {"value": round(metric.value, 4), "ci95": [round(end, 4) for end in metric.ci95 or ()]}
