"""Training the abuse classifier: seeded, and the same tables always give the same model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from models.text.abuse import LABELS, NGRAMS_OF, THRESHOLD
from models.text.classifier import Floats, NgramClassifier, softmax
from models.text.labelled import digest_of, read_texts
from models.text.ngrams import NGRAMS
from models.text.training import Trained, figure_of, fill_templates, find_temperature, fold_of, strongest, weighted
from qa_pipeline.errors import N_, InputError
from qa_pipeline.services.validate.abuse import ABUSIVE, CLEAN, DECISION, measure_abuse, read_abuse_rows

_WORDING = Path(__file__).parent / "abuse_wording.yaml"
_FOLDS = 3
_HELD_OUT_OF = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class AbuseOptions:
    """What can be chosen, with what was chosen by training on two topics of COLD and testing on the third.

    Attributes
    ----------
    seed : int
        Chooses the texts that are held out.
    inverse_penalty : float
        C of the logistic regression.
    clean_share : float
        Weight of the clean tables, as a share of the labelled tables' weight.
    wording_share : float
        Weight of the project's own sentences, likewise.
    false_alarms : float
        Share of clean service texts on which a hint may fall; gives the threshold of hints.
    hint_minimum : float
        The threshold is no lower: forums mix both labels half and half, while in service one utterance in thousands is
        abusive.
    ngrams_max : int
        N-grams that are kept.
    min_count : int
        An n-gram must occur in this many texts.
    """

    seed: int = 0
    inverse_penalty: float = 10.0
    clean_share: float = 0.3
    wording_share: float = 0.05
    false_alarms: float = 1 / 2000
    hint_minimum: float = 0.9
    ngrams_max: int = 150_000
    min_count: int = 2


@dataclass(frozen=True, slots=True)
class AbuseTable:
    """One table of training or evaluation; ``labels`` 0 clean, 1 abusive; ``is_service``: clean service talk."""

    name: str
    sha256: str
    texts: tuple[str, ...]
    labels: tuple[int, ...]
    is_service: bool = False
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class _Rows:
    """Training rows: ``source`` numbers the table (the project's own sentences come last), ``fold`` 0-2."""

    texts: list[str]
    labels: npt.NDArray[np.intp]
    source: npt.NDArray[np.intp]
    fold: npt.NDArray[np.intp]
    weights: Floats


@dataclass(frozen=True, slots=True)
class _Fit:
    weights: Floats  # of the n-grams
    coefficients: Floats
    intercept: float


def read_abuse_table(path: Path) -> AbuseTable:
    """Read a labelled table, as ``callqa validate abuse`` takes it; raises its first wrong row."""
    rows = read_abuse_rows(path)
    if rows.left_out:
        raise rows.left_out[0]
    return AbuseTable(path.name, digest_of(path), rows.texts, rows.labels)


def read_clean_table(path: Path) -> AbuseTable:
    """Read the column ``text`` of a table of service talk that holds no abuse."""
    texts = tuple(text for text in read_texts(path) if text)
    return AbuseTable(path.name, digest_of(path), texts, (CLEAN,) * len(texts), is_service=True)


def train_abuse(
    tables: Sequence[AbuseTable],
    language: str,
    options: AbuseOptions | None = None,
    *,
    evaluate: Sequence[AbuseTable] = (),
    progress: Callable[[str], None] = lambda _: None,
) -> Trained:
    """Train an abuse classifier on labelled tables, clean service talk and the project's own sentences.

    N-grams weigh by inverse document frequency times the square root of their log-count ratio between the labels (after
    Wang and Manning 2012). One text in ten of the labelled tables is held out and gives the figures of the card. One
    temperature, found on out-of-fold scores, calibrates the probabilities. The threshold of hints is where the
    out-of-fold probabilities of the clean tables reach `options.false_alarms`, `options.hint_minimum` at least.

    Raises
    ------
    InputError
        When the tables together do not show both labels.
    """
    options = options or AbuseOptions()
    kept = [(table, _held_out(table, options.seed)) for table in tables]
    if {label for table, held in kept for label, out in zip(table.labels, held, strict=True) if not out} != {0, 1}:
        raise InputError(N_("The tables must show abusive and clean texts."))
    rows = _rows_of(kept, language, options)
    progress(N_("Counting n-grams"))
    vectorizer = CountVectorizer(analyzer=NGRAMS[NGRAMS_OF[language]], min_df=options.min_count, dtype=np.float32)
    counts = vectorizer.fit_transform(rows.texts).tocsr()
    progress(N_("Fitting"))
    everything = np.ones(len(rows.labels), dtype=bool)
    first = _fit(counts, rows, everything, options)
    best = strongest(np.abs(first.coefficients) * first.weights, options.ngrams_max)
    counts = counts[:, best]
    scores = _out_of_fold(counts, rows, options)
    temperature = _temperature(scores, rows)
    final = _fit(counts, rows, everything, options)
    names = vectorizer.get_feature_names_out()[best]
    model = NgramClassifier(
        language=NGRAMS_OF[language],
        labels=LABELS,
        vocabulary=tuple(str(name) for name in names),
        idf=final.weights.astype(np.float16),
        coefficients=np.column_stack([np.zeros(len(best)), final.coefficients / temperature]).astype(np.float16),
        intercepts=np.array([0.0, final.intercept / temperature]),
    )
    chances = _chances(scores / temperature)
    is_service = np.array([table.is_service for table in tables] + [False])[rows.source]
    threshold = hint_threshold(chances[is_service], options)
    progress(N_("Measuring on held-out texts"))
    card = _card(model, threshold, kept, options) | {"temperature": round(temperature, 4)}
    return Trained(model, card | {"evaluated": {table.name: _figures(model, threshold, table) for table in evaluate}})


def _card(
    model: NgramClassifier,
    threshold: float,
    kept: Sequence[tuple[AbuseTable, npt.NDArray[np.bool_]]],
    options: AbuseOptions,
) -> dict[str, Any]:
    language = next(name for name, ngrams in NGRAMS_OF.items() if ngrams == model.language)
    return {
        "name": f"abuse-{language}",
        "kind": "abuse",
        "language": language,
        "method": "n-grams weighted by idf and log-count ratio, logistic regression",
        "options": asdict(options),
        THRESHOLD: threshold,
        "data": [abuse_data_card(table, held) for table, held in kept],
        "held_out": {table.name: _figures(model, threshold, _part(table, held)) for table, held in kept if held.any()},
    }


def _held_out(table: AbuseTable, seed: int) -> npt.NDArray[np.bool_]:
    if table.is_service:  # their out-of-fold scores are wanted, all of them
        return np.zeros(len(table.texts), dtype=bool)
    return np.array([fold_of(seed, text, _HELD_OUT_OF) == 0 for text in table.texts], dtype=bool)


def _part(table: AbuseTable, rows: npt.NDArray[np.bool_]) -> AbuseTable:
    places = np.flatnonzero(rows)
    return AbuseTable(
        table.name,
        table.sha256,
        tuple(table.texts[place] for place in places),
        tuple(table.labels[place] for place in places),
        table.is_service,
    )


def abuse_data_card(table: AbuseTable, held: npt.NDArray[np.bool_]) -> dict[str, Any]:
    """Return what a card says of a table of abuse, some of whose texts may be held out."""
    return {
        "file": table.name,
        "sha256": table.sha256,
        "rows": len(table.texts),
        "trained_on": int((~held).sum()),
        "service": table.is_service,
    }


def _rows_of(kept: Sequence[tuple[AbuseTable, npt.NDArray[np.bool_]]], language: str, options: AbuseOptions) -> _Rows:
    parts = [_part(table, ~held) for table, held in kept]
    own = [
        (text, label)
        for label, name in ((CLEAN, "clean"), (ABUSIVE, "abusive"))
        for text in fill_templates(_WORDING, language, name)
    ]
    texts = [text for part in parts for text in part.texts] + [text for text, _ in own]
    labels = np.array([label for part in parts for label in part.labels] + [label for _, label in own], dtype=np.intp)
    source = np.repeat(np.arange(len(parts) + 1), [*(len(part.texts) for part in parts), len(own)])
    wording_weight = options.wording_share * sum(len(part.texts) for part in parts if not part.is_service)
    own_weights = _balanced(labels[source == len(parts)], wording_weight)
    weights = np.concatenate([table_weights(parts, options.clean_share), own_weights])
    return _Rows(texts, labels, source, np.array([fold_of(1, text, _FOLDS) for text in texts]), weights)


def table_weights(tables: Sequence[AbuseTable], clean_share: float) -> Floats:
    """Return weights of all rows: labels of a table weigh the same, clean talk by its share of the labelled texts."""
    labelled = sum(len(table.texts) for table in tables if not table.is_service)
    service = sum(len(table.texts) for table in tables if table.is_service)
    weights = []
    for table in tables:
        share = clean_share * labelled / max(service, 1) if table.is_service else 1.0
        weights.append(_balanced(np.array(table.labels, dtype=np.intp), share * len(table.texts)))
    return np.concatenate(weights)


def _balanced(labels: npt.NDArray[np.intp], total: float) -> Floats:
    """Return weights of one table that sum to `total`, its labels weighing the same."""
    counts = np.bincount(labels, minlength=len(LABELS))
    return total / np.count_nonzero(counts) / np.maximum(counts, 1)[labels]


def _fit(counts: sparse.csr_matrix, rows: _Rows, mask: npt.NDArray[np.bool_], options: AbuseOptions) -> _Fit:
    part, labels, weights = counts[mask], rows.labels[mask], rows.weights[mask]
    present = part.copy()
    present.data = np.ones_like(present.data)
    sums = [np.asarray((weights * (labels == label)) @ present).ravel() + 1 for label in (CLEAN, ABUSIVE)]
    ratio = np.log(sums[ABUSIVE] / sums[ABUSIVE].sum()) - np.log(sums[CLEAN] / sums[CLEAN].sum())
    idf = np.log((1 + part.shape[0]) / (1 + np.asarray(present.sum(axis=0)).ravel())) + 1
    # Rounded as it is stored, so that training sees what prediction will.
    ngram_weights: Floats = (idf * np.sqrt(np.abs(ratio))).astype(np.float16).astype(np.float64)
    model = LogisticRegression(C=options.inverse_penalty, solver="liblinear", tol=1e-3, random_state=0)
    model.fit(weighted(part, ngram_weights), labels, sample_weight=weights)
    return _Fit(ngram_weights, model.coef_[0], float(model.intercept_[0]))


def _out_of_fold(counts: sparse.csr_matrix, rows: _Rows, options: AbuseOptions) -> Floats:
    scores = np.zeros(len(rows.labels))
    for fold in range(_FOLDS):
        apart = rows.fold == fold
        fit = _fit(counts, rows, ~apart, options)
        scores[apart] = weighted(counts[apart], fit.weights) @ fit.coefficients + fit.intercept
    return scores


def _chances(scores: Floats) -> Floats:
    chances: Floats = softmax(np.column_stack([np.zeros(len(scores)), scores]))[:, ABUSIVE]
    return chances


def _temperature(scores: Floats, rows: _Rows) -> float:
    """Return the temperature with the least out-of-fold log-loss."""
    signs = np.where(rows.labels == ABUSIVE, 1.0, -1.0)

    def loss(temperature: float) -> float:
        return float((rows.weights * np.logaddexp(0.0, -signs * scores / temperature)).sum())

    return find_temperature(loss)


def hint_threshold(chances: Floats, options: AbuseOptions) -> float:
    """Return the threshold of hints by the probabilities of clean service texts, none of which training saw."""
    clean = np.sort(chances)[::-1]
    allowed = int(len(clean) * options.false_alarms)
    # Just above the first text that may not set it off.
    over = float(clean[allowed]) + 1e-4 if len(clean) else 0.0
    return round(min(max(over, options.hint_minimum), 1.0), 4)


def abuse_figures(labels: Sequence[int], chances: Floats, threshold: float) -> dict[str, Any]:
    """Return the figures of a card for the probabilities of abuse of labelled texts."""
    known = np.array(labels, dtype=np.intp)
    metrics = measure_abuse(known, (chances >= DECISION).astype(np.intp), chances >= threshold)
    return {"n": len(known), **{name: figure_of(metric) for name, metric in metrics.items()}}


def _figures(model: NgramClassifier, threshold: float, table: AbuseTable) -> dict[str, Any]:
    return abuse_figures(table.labels, model.predict(table.texts)[:, ABUSIVE], threshold)
