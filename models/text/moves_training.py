"""Training the move tagger: seeded, and the same tables always give the same model."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from models.text.classifier import Floats, NgramClassifier
from models.text.labelled import digest_of
from models.text.moves import JOINT, MOVES, NGRAMS_OF, NO_MOVE, membership
from models.text.ngrams import NGRAMS
from models.text.training import Trained, fill_template, fold_of, strongest
from qa_pipeline.domain.annotation import MoveKind
from qa_pipeline.errors import N_, InputError
from qa_pipeline.scoring.moves import TAGGED_MIN
from qa_pipeline.services.validate.move_table import LabelledMoves, MoveTable

_WORDING = Path(__file__).parent / "move_wording.yaml"
_NONE = "none"
_PER_TEMPLATE = 8
_HELD_OUT_OF = 10
_USUAL_NGRAMS = 30.0

MoveSet = frozenset[MoveKind]


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveTrainingOptions:
    """What can be chosen, with what was chosen by cross-validation within the training tables.

    Attributes
    ----------
    seed : int
        Chooses the dialogues that are held out.
    inverse_penalty : float
        C of the logistic regression.
    length_power : float
        See ``NgramClassifier``.
    wording_share : float
        Weight of the project's own sentences, as a share of the tables' weight.
    texts_min : int
        A move is learned from as many different texts of the tables, a set of moves too; rarer ones are left to the
        wording.
    ngrams_max, count_min : int
        N-grams that are kept; each must occur in so many texts.
    """

    seed: int = 0
    inverse_penalty: float = 0.3
    length_power: float = 0.15
    wording_share: float = 0.03
    texts_min: int = 5
    ngrams_max: int = 60_000
    count_min: int = 2


@dataclass(frozen=True, slots=True)
class _Examples:
    """Different texts with a label each and a weight."""

    texts: list[str]
    labels: list[str]
    weights: Floats


def train_moves(
    tables: Sequence[MoveTable],
    language: str,
    options: MoveTrainingOptions | None = None,
    *,
    progress: Callable[[str], None] = lambda _: None,
) -> Trained:
    """Train a move tagger on labelled tables and the project's own sentences.

    All tables together say which moves are learned: a text of any of them counts as not making a move that it is not
    labelled with. Equal texts are one example with their commonest label, weighted by the logarithm of their number.
    The figures of the card are those of a first model that did without one dialogue in ten (one text in ten where there
    are none), over texts of these that it did not see; the model itself is then fitted to every row.

    Raises
    ------
    InputError
        When the tables show no move often enough.
    """
    options = options or MoveTrainingOptions()
    split = [_split(table, options) for table in tables]
    first_rows = [row for train, _ in split for row in train]
    rows = [row for table in tables for row in table.rows]
    learned = learned_moves(first_rows, options.texts_min)
    if not learned:
        raise InputError(
            N_("The tables show no move in {count} different texts."),
            hint=N_("Give more labelled texts."),
            count=options.texts_min,
        )
    progress(N_("Measuring on held-out texts"))
    first = _model(first_rows, language, learned, options)
    seen = {row.text for row in first_rows}
    card = {
        "name": f"moves-{language}",
        "kind": "moves",
        "language": language,
        "moves": [move.value for move in MOVES if move in learned],
        "options": asdict(options),
        "data": [move_data_card(table) for table in tables],
        "held_out": {
            table.path.name: _held_out_figures(first, held, seen, learned)
            for table, (_, held) in zip(tables, split, strict=True)
        },
    }
    progress(N_("Fitting"))
    return Trained(_model(rows, language, learned, options), card)


def _model(
    rows: Sequence[LabelledMoves], language: str, learned: MoveSet, options: MoveTrainingOptions
) -> NgramClassifier:
    examples = _examples(rows, language, learned, options)
    vectorizer = CountVectorizer(
        analyzer=NGRAMS[NGRAMS_OF[language]], min_df=options.count_min, binary=True, dtype=np.float64
    )
    present = vectorizer.fit_transform(examples.texts).tocsr()
    ngrams = vectorizer.get_feature_names_out()
    best = strongest(np.abs(_fit(present, examples, options).coef_).max(axis=0), options.ngrams_max)
    fitted = _fit(present[:, best], examples, options)
    coefficients, intercepts = _every_class(fitted)
    return NgramClassifier(
        language=NGRAMS_OF[language],
        labels=tuple(str(label) for label in fitted.classes_),
        vocabulary=tuple(str(ngrams[place]) for place in best),
        idf=np.ones(len(best), dtype=np.float16),
        coefficients=coefficients.astype(np.float16),
        intercepts=intercepts,
        length_power=options.length_power,
    )


def move_wording(language: str) -> Iterator[tuple[str, MoveSet]]:
    """Yield the project's own sentences with their moves, every slot filled, few of a template's many ways."""
    document = yaml.safe_load(_WORDING.read_text(encoding="utf-8"))[language]
    for label, templates in document["sentences"].items():
        moves = frozenset(MoveKind(name) for name in label.split(JOINT) if name != _NONE)
        for template in templates:
            for text in fill_template(template, document["slots"], _PER_TEMPLATE):
                yield text, moves


def _split(
    table: MoveTable, options: MoveTrainingOptions
) -> tuple[tuple[LabelledMoves, ...], tuple[LabelledMoves, ...]]:
    held = [fold_of(options.seed, row.dialogue or row.text, _HELD_OUT_OF) == 0 for row in table.rows]
    return (
        tuple(row for row, apart in zip(table.rows, held, strict=True) if not apart),
        tuple(row for row, apart in zip(table.rows, held, strict=True) if apart),
    )


def learned_moves(rows: Sequence[LabelledMoves], texts_min: int) -> MoveSet:
    """Return the moves that so many different texts make."""
    texts: dict[MoveKind, set[str]] = defaultdict(set)
    for row in rows:
        for move in row.moves:
            texts[move].add(row.text)
    return frozenset(move for move, found in texts.items() if len(found) >= texts_min)


def labels_of_texts(rows: Sequence[LabelledMoves], learned: MoveSet) -> dict[str, Counter[str]]:
    """Return each different text with how often it has which label, a set of learned moves that occur together."""
    by_text: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        if not row.open & learned:
            by_text[row.text][_label_of(row.moves & learned)] += 1
    return by_text


def _examples(
    rows: Sequence[LabelledMoves], language: str, learned: MoveSet, options: MoveTrainingOptions
) -> _Examples:
    by_text = labels_of_texts(rows, learned)
    own = dict.fromkeys((text, _label_of(moves & learned)) for text, moves in move_wording(language))
    labels = [counts.most_common(1)[0][0] for counts in by_text.values()]
    weights = np.log1p([counts.total() for counts in by_text.values()])
    own_weight = options.wording_share * weights.sum() / len(own)
    examples = _Examples(
        [*by_text, *(text for text, _ in own)],
        [*labels, *(label for _, label in own)],
        np.concatenate([weights, np.full(len(own), own_weight)]),
    )
    often = {label for label, count in Counter(examples.labels).items() if count >= options.texts_min}
    kept = [place for place, label in enumerate(examples.labels) if label in often or label == NO_MOVE]
    return _Examples(
        [examples.texts[place] for place in kept], [examples.labels[place] for place in kept], examples.weights[kept]
    )


def _label_of(moves: MoveSet) -> str:
    return JOINT.join(move.value for move in MOVES if move in moves)


def _fit(present: Any, examples: _Examples, options: MoveTrainingOptions) -> LogisticRegression:
    """Return a fit whose coefficients are those of ``NgramClassifier`` with the length power of the options."""
    counts = np.maximum(np.asarray(present.sum(axis=1)).ravel(), 1.0)
    # Around a usual length features stay near 1, so that the penalty means the same at every power.
    features = sparse.diags_array((_USUAL_NGRAMS / counts) ** options.length_power) @ present
    model = LogisticRegression(C=options.inverse_penalty, max_iter=300, tol=1e-3)
    model.fit(features.tocsr(), examples.labels, sample_weight=examples.weights)
    model.coef_ *= _USUAL_NGRAMS**options.length_power
    return model


def _every_class(fitted: LogisticRegression) -> tuple[Floats, Floats]:
    """Return coefficients (n-grams, labels) and intercepts (labels,); of two labels the solver gives the second."""
    if len(fitted.classes_) > 2:
        return fitted.coef_.T, fitted.intercept_
    return np.vstack([np.zeros_like(fitted.coef_), fitted.coef_]).T, np.array([0.0, fitted.intercept_[0]])


def move_data_card(table: MoveTable) -> dict[str, Any]:
    """Return what a card says of a table of moves."""
    return {
        "file": table.path.name,
        "sha256": digest_of(table.path),
        "rows": len(table.rows),
        "left_out": len(table.left_out),
    }


def move_figures(rows: Sequence[LabelledMoves], chances: Floats, learned: MoveSet) -> dict[str, Any]:
    """Return F1 of each learned move by the model alone; `chances` has the shape (rows, moves)."""
    figures: dict[str, Any] = {"n": len(rows)}
    for move in sorted(learned, key=MOVES.index):
        made = np.array([move in row.moves for row in rows], dtype=bool)
        tagged = chances[:, MOVES.index(move)] >= TAGGED_MIN
        either = int(made.sum() + tagged.sum())
        f1 = round(2 * float((made & tagged).sum()) / either, 4) if either else None
        figures[move.value] = {"n": int(made.sum()), "f1": f1}
    return figures


def _held_out_figures(
    model: NgramClassifier, held: Sequence[LabelledMoves], seen: set[str], learned: MoveSet
) -> dict[str, Any]:
    rows = list({row.text: row for row in held if row.text not in seen}.values())
    return move_figures(rows, model.predict([row.text for row in rows]) @ membership(model.labels), learned)
