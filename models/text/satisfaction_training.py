"""Training the satisfaction classifier: seeded, figures and intervals by cross-validation over dialogues."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from models.text.classifier import NgramClassifier
from models.text.labelled import digest_of
from models.text.ngrams import NGRAMS
from models.text.satisfaction import CONTACT, KIND, TrainedSatisfaction, expected_ratings, last_words
from models.text.satisfaction_interval import ContactCalibration, Floats
from models.text.training import Trained, figure_of, fold_of, weighted
from qa_pipeline.errors import N_, InputError
from qa_pipeline.services.validate.satisfaction import (
    NAMES,
    Exchange,
    RatedTurns,
    measure_contacts,
    measure_satisfaction,
    read_rated_turns,
)

_FOLDS = 5
COVERAGE = 0.95
# With fewer the 95 % quantile is not among the errors.
DIALOGUES_MIN = 20
_SPREAD_MIN = 1e-3


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

    The figures of the card come from five folds of whole dialogues, and so do the intervals of contacts, where all
    tables name the dialogues of their turns; the model itself sees all turns.

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
    expected = np.zeros(len(ratings))
    for fold in np.unique(folds):
        apart = folds == fold
        model = _fit(
            [talk for talk, out in zip(talks, apart, strict=True) if not out], ratings[~apart], language, options
        )
        held_out = [talk for talk, out in zip(talks, apart, strict=True) if out]
        found[apart] = TrainedSatisfaction(model, "").predict(held_out)
        expected[apart] = expected_ratings(model, last_words(held_out))
    is_grouped = all(table.turns.groups is not None for table in tables)
    contact = _calibrated(ratings, expected, groups, folds) if is_grouped else None
    model = _fit(talks, ratings, language, options)
    card = {
        "name": f"{KIND}-{language}",
        "kind": KIND,
        "language": language,
        "method": "tf-idf n-grams of the customer's last words, multinomial logistic regression",
        "options": asdict(options),
        "data": [{"file": table.name, "sha256": table.sha256, "rows": len(table.turns.ratings)} for table in tables],
        "cross_validated": _figures(ratings, found, groups),
        "evaluated": {table.name: _evaluated(TrainedSatisfaction(model, "", contact), table) for table in evaluate},
    } | ({CONTACT: contact.as_dict()} if contact else {})
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


def _evaluated(model: TrainedSatisfaction, table: SatisfactionTable) -> dict[str, Any]:
    turns = table.turns
    found = _figures(np.array(turns.ratings, dtype=np.intp), model.predict(turns.talks), turns.groups)
    if turns.groups is None or model.contact is None:
        return found
    contacts = measure_contacts(turns, model.read_contact)
    return found | {f"contact_{name}": figure_of(metric) for name, metric in contacts.items()}


def _calibrated(
    ratings: npt.NDArray[np.intp], expected: Floats, groups: Sequence[str], folds: npt.NDArray[np.intp]
) -> ContactCalibration | None:
    places: dict[str, list[int]] = {}
    for place, group in enumerate(groups):
        places.setdefault(group, []).append(place)
    dialogues = list(places.values())
    return calibrate(
        [ratings[rows].astype(np.float64) for rows in dialogues],
        [expected[rows] for rows in dialogues],
        [int(folds[rows[0]]) for rows in dialogues],
    )


def calibrate(ratings: Sequence[Floats], turns: Sequence[Floats], folds: Sequence[int]) -> ContactCalibration | None:
    """Return the calibration from dialogues that the classifier did not see, None with fewer than 20 of them.

    Parameters
    ----------
    ratings, turns : sequence of array
        One array per dialogue: the ratings that people gave its turns, and the expected values.
    folds : sequence of int
        One per dialogue. The line is fitted without the dialogues of a fold before their errors are taken.
    """
    if len(ratings) < DIALOGUES_MIN:
        return None
    given = np.array([each.mean() for each in ratings])
    expected = np.array([each.mean() for each in turns])
    counts = np.array([len(each) for each in turns], dtype=np.float64)
    apart = np.array(folds)
    errors = np.empty(len(given))
    for fold in np.unique(apart):
        out = apart == fold
        intercept, slope = _line(expected[~out], given[~out])
        errors[out] = np.abs(given[out] - intercept - slope * expected[out])
    (between, within), _ = nnls(np.column_stack([np.ones(len(counts)), 1 / counts]), errors**2)
    between = max(float(between), _SPREAD_MIN**2)
    scaled = np.sort(errors / np.sqrt(between + within / counts))
    rank = min(math.ceil((len(scaled) + 1) * COVERAGE), len(scaled))
    intercept, slope = _line(expected, given)
    return ContactCalibration(
        intercept=intercept,
        slope=slope,
        between=between,
        within=float(within),
        quantile=float(scaled[rank - 1]),
        dialogues_count=len(given),
    )


def _line(expected: Floats, given: Floats) -> tuple[float, float]:
    spread = float(expected.var())
    slope = float(((expected - expected.mean()) * (given - given.mean())).mean() / spread) if spread else 0.0
    return float(given.mean() - slope * expected.mean()), slope


def _figures(
    ratings: npt.NDArray[np.intp], found: npt.NDArray[np.intp], groups: Sequence[str] | None
) -> dict[str, Any]:
    metrics = measure_satisfaction(ratings, found, groups)
    return {"n": len(ratings), **{name: figure_of(metric) for name, metric in metrics.items()}}
