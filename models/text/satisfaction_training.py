"""Training the satisfaction classifier: seeded, figures by cross-validation over dialogues."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from models.text.classifier import NgramClassifier
from models.text.labelled import digest_of
from models.text.ngrams import NGRAMS
from models.text.satisfaction import KIND, SatisfactionModel, last_words
from models.text.training import Trained, figure_of, fold_of, weighted
from qa_pipeline.errors import N_, InputError
from qa_pipeline.services.validate.satisfaction import (
    NAMES,
    Exchange,
    RatedTurns,
    measure_satisfaction,
    read_rated_turns,
)

_FOLDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class SatisfactionOptions:
    """What can be chosen, with what cross-validation over the dialogues of a training table chose.

    Attributes
    ----------
    seed : int
        Chooses the folds.
    inverse_penalty : float
        C of the logistic regression.
    evenness : float
        0 predicts the commonest rating when in doubt (best accuracy), 1 treats the ratings as equally common.
    ngrams_max : int
        N-grams that are kept.
    min_count : int
        An n-gram must occur in this many turns.
    """

    seed: int = 0
    inverse_penalty: float = 1.0
    evenness: float = 0.3
    ngrams_max: int = 60_000
    min_count: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class SatisfactionTable:
    """Rated turns of one table."""

    name: str
    sha256: str
    turns: RatedTurns


def read_satisfaction_table(path: Path) -> SatisfactionTable:
    """Read a table, as ``callqa validate satisfaction`` takes it; raises its first wrong row."""
    turns = read_rated_turns(path)
    if turns.left_out:
        raise turns.left_out[0]
    return SatisfactionTable(name=path.name, sha256=digest_of(path), turns=turns)


def train_satisfaction(
    tables: Sequence[SatisfactionTable],
    language: str,
    options: SatisfactionOptions | None = None,
    *,
    evaluate: Sequence[SatisfactionTable] = (),
    progress: Callable[[str], None] = lambda _: None,
) -> Trained:
    """Train a classifier of the customer's last words: tf-idf n-grams, multinomial logistic regression.

    The figures of the card come from five folds of whole dialogues; the model itself sees all turns.

    Raises
    ------
    InputError
        When the tables together do not show all three ratings, or too few dialogues to hold some out.
    """
    options = options or SatisfactionOptions()
    talks = [talk for table in tables for talk in table.turns.talks]
    ratings = np.array([rating for table in tables for rating in table.turns.ratings], dtype=np.intp)
    groups = [f"{table.name}:{group}" for table in tables for group in _groups_of(table.turns)]
    folds = np.array([fold_of(options.seed, group, _FOLDS) for group in groups], dtype=np.intp)
    if any(len(set(ratings[folds != fold].tolist())) < len(NAMES) for fold in range(_FOLDS)):
        raise InputError(N_("The tables must show the ratings 0, 1 and 2, in several dialogues each."))
    progress(N_("Fitting"))
    found = np.zeros(len(ratings), dtype=np.intp)
    for fold in np.unique(folds):
        apart = folds == fold
        model = _fit(
            [talk for talk, out in zip(talks, apart, strict=True) if not out], ratings[~apart], language, options
        )
        found[apart] = _found(model, [talk for talk, out in zip(talks, apart, strict=True) if out])
    model = _fit(talks, ratings, language, options)
    card = {
        "name": f"{KIND}-{language}",
        "kind": KIND,
        "language": language,
        "method": "tf-idf n-grams of the customer's last words, multinomial logistic regression",
        "options": asdict(options),
        "data": [{"file": table.name, "sha256": table.sha256, "rows": len(table.turns.ratings)} for table in tables],
        "cross_validated": _figures(ratings, found, groups),
        "evaluated": {
            table.name: _figures(
                np.array(table.turns.ratings, dtype=np.intp), _found(model, table.turns.talks), table.turns.groups
            )
            for table in evaluate
        },
    }
    return Trained(model, card)


def _groups_of(turns: RatedTurns) -> tuple[str, ...]:
    return turns.groups or tuple(str(place) for place in range(len(turns.ratings)))


def _fit(
    talks: Sequence[Sequence[Exchange]], ratings: npt.NDArray[np.intp], language: str, options: SatisfactionOptions
) -> NgramClassifier:
    vectorizer = CountVectorizer(
        analyzer=NGRAMS[language], min_df=options.min_count, max_features=options.ngrams_max, dtype=np.float64
    )
    counts = vectorizer.fit_transform(last_words(talks))
    seen = np.bincount(counts.indices, minlength=counts.shape[1])
    # Rounded as it is stored, so that training sees what prediction will.
    idf = (np.log((1 + counts.shape[0]) / (1 + seen)) + 1).astype(np.float16)
    model = LogisticRegression(C=options.inverse_penalty, max_iter=300, tol=1e-3)
    model.fit(weighted(counts, idf.astype(np.float64)), ratings)
    shares = np.bincount(ratings, minlength=len(NAMES)) / len(ratings)
    return NgramClassifier(
        language=language,
        labels=NAMES,
        vocabulary=tuple(str(name) for name in vectorizer.get_feature_names_out()),
        idf=idf,
        coefficients=model.coef_.T.astype(np.float16),
        intercepts=model.intercept_ - options.evenness * np.log(shares),
    )


def _found(model: NgramClassifier, talks: Sequence[Sequence[Exchange]]) -> npt.NDArray[np.intp]:
    return SatisfactionModel(model, "").predict(talks)


def _figures(
    ratings: npt.NDArray[np.intp], found: npt.NDArray[np.intp], groups: Sequence[str] | None
) -> dict[str, Any]:
    metrics = measure_satisfaction(ratings, found, groups)
    return {"n": len(ratings), **{name: figure_of(metric) for name, metric in metrics.items()}}
