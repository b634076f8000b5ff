"""Training the courtesy regression: seeded, figures by cross-validation over texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import Ridge

from models.text.classifier import Floats, NgramClassifier
from models.text.courtesy import KIND, LABELS, MARKERS_SHA256, NGRAMS_OF, CourtesyModel
from models.text.courtesy_marks import MARK, markers_sha256
from models.text.labelled import digest_of
from models.text.ngrams import NGRAMS, as_learned
from models.text.training import Trained, figure_of, fold_of, weighted
from qa_pipeline.errors import N_, InputError
from qa_pipeline.services.validate.courtesy import measure_courtesy, read_rated_texts

TEXTS_MIN = 50
_FOLDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class CourtesyOptions:
    """What can be chosen, with what cross-validation within the training tables chose.

    Attributes
    ----------
    seed : int
        Chooses the folds.
    penalty : float
        Of the ridge regression.
    marks_weight : float
        How much more a mark of courtesy weighs than its idf alone; hundreds of n-grams would drown them.
    min_count : int
        An n-gram must occur in this many texts.
    ngrams_max : int
        The commonest n-grams that are kept.
    """

    seed: int = 0
    penalty: float = 1.0
    marks_weight: float = 3.0
    min_count: int = 2
    ngrams_max: int = 150_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CourtesyTable:
    """Rated texts of one table."""

    name: str
    sha256: str
    texts: tuple[str, ...]
    ratings: tuple[float, ...]


def read_courtesy_table(path: Path) -> CourtesyTable:
    """Read a table, as ``callqa validate courtesy`` takes it; raises its first wrong row."""
    texts, ratings, left_out = read_rated_texts(path)
    if left_out:
        raise left_out[0]
    return CourtesyTable(name=path.name, sha256=digest_of(path), texts=tuple(texts), ratings=tuple(ratings))


def train_courtesy(
    tables: Sequence[CourtesyTable],
    language: str,
    options: CourtesyOptions | None = None,
    *,
    evaluate: Sequence[CourtesyTable] = (),
    progress: Callable[[str], None] = lambda _: None,
) -> Trained:
    """Train a ridge regression of tf-idf n-grams and marks of courtesy.

    Ratings are brought to mean 0 and standard deviation 1 within each table, so that tables of different scales may be
    learned together. The figures of the card come from five folds of texts, equal texts in the same one; the model
    itself sees all.

    Raises
    ------
    InputError
        When there are fewer than 50 texts or a table's ratings are all the same.
    """
    options = options or CourtesyOptions()
    texts = [text for table in tables for text in as_learned(table.texts, language)]
    if len(texts) < TEXTS_MIN:
        raise InputError(N_("{count} rated texts are too few: at least {needed}."), count=len(texts), needed=TEXTS_MIN)
    ratings = np.concatenate([_standardised(table) for table in tables])
    folds = np.array([fold_of(options.seed, text, _FOLDS) for text in texts], dtype=np.intp)
    progress(N_("Fitting"))
    found = np.zeros(len(texts))
    for fold in np.unique(folds):
        apart = np.flatnonzero(folds == fold)
        model = _fit(texts, ratings, np.flatnonzero(folds != fold), language, options)
        found[apart] = CourtesyModel(model, language, "").predict([texts[row] for row in apart])
    model = _fit(texts, ratings, np.arange(len(texts)), language, options)
    reader = CourtesyModel(model, language, "")
    starts = np.cumsum([0, *(len(table.texts) for table in tables)])
    card = {
        "name": f"{KIND}-{language}",
        "kind": KIND,
        "language": language,
        "method": "tf-idf n-grams and marks of courtesy, ridge regression",
        "options": asdict(options),
        MARKERS_SHA256: markers_sha256(),
        "data": [{"file": table.name, "sha256": table.sha256, "rows": len(table.texts)} for table in tables],
        "cross_validated": {
            table.name: _figures(found[start : start + len(table.texts)], table.ratings)
            for table, start in zip(tables, starts, strict=False)
        },
        "evaluated": {table.name: _figures(reader.predict(table.texts), table.ratings) for table in evaluate},
    }
    return Trained(model, card)


def _standardised(table: CourtesyTable) -> Floats:
    ratings = np.array(table.ratings)
    spread = float(ratings.std())
    if spread == 0:
        raise InputError(N_("All ratings of the table are the same."), file=table.name)
    standardised: Floats = (ratings - ratings.mean()) / spread
    return standardised


def _fit(
    texts: Sequence[str], ratings: Floats, rows: npt.NDArray[np.intp], language: str, options: CourtesyOptions
) -> NgramClassifier:
    key = NGRAMS_OF[language]
    vectorizer = CountVectorizer(
        analyzer=NGRAMS[key], min_df=options.min_count, max_features=options.ngrams_max, dtype=np.float64
    )
    counts = vectorizer.fit_transform([texts[row] for row in rows])
    vocabulary = tuple(str(name) for name in vectorizer.get_feature_names_out())
    seen = np.bincount(counts.indices, minlength=counts.shape[1])
    marks = np.array([name.startswith(MARK) for name in vocabulary])
    # Rounded as it is stored, so that training sees what prediction will.
    idf = np.log((1 + counts.shape[0]) / (1 + seen)) + 1
    idf = np.where(marks, options.marks_weight * idf, idf).astype(np.float16)
    model = Ridge(options.penalty, solver="sparse_cg", tol=1e-4)
    model.fit(weighted(counts, idf.astype(np.float64)), ratings[rows])
    return NgramClassifier(
        language=key,
        labels=LABELS,
        vocabulary=vocabulary,
        idf=idf,
        coefficients=model.coef_[:, None].astype(np.float16),
        intercepts=np.array([model.intercept_], dtype=np.float64),
    )


def _figures(found: Floats, ratings: Sequence[float]) -> dict[str, Any]:
    metrics = measure_courtesy(found, np.array(ratings))
    return {"n": len(ratings), **{name: figure_of(metric) for name, metric in metrics.items()}}
