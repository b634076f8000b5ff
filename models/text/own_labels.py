"""Adjusting a text model to a site's own labelled tables: what each task makes of its tables, and the cards.

A few hundred labels are too few to train a model anew, and the public tables are not at hand where it is used. So the
coefficients of a trained model are moved as far as the labels ask for it, and no further.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models.text import abuse, moves, sentiment
from models.text.abuse_training import (
    AbuseOptions,
    AbuseTable,
    abuse_data_card,
    abuse_figures,
    hint_threshold,
    table_weights,
)
from models.text.classifier import CARD, Floats, NgramClassifier, load_classifier, read_card, unfit
from models.text.context import parse_context
from models.text.labelled import NEGATIVE, POSITIVE, LabelledTexts
from models.text.moves_training import (
    MoveTrainingOptions,
    labels_of_texts,
    learned_moves,
    move_data_card,
    move_figures,
)
from models.text.refining import OwnTexts, Refined, RefiningOptions, own_folds, refine
from models.text.training import Trained, sentiment_data_card, sentiment_figures
from qa_pipeline.domain.annotation import MoveKind
from qa_pipeline.errors import N_, InputError
from qa_pipeline.services.validate.abuse import ABUSIVE
from qa_pipeline.services.validate.move_table import LabelledMoves, MoveTable

_TEXTS_MIN = 20
_POLAR = {NEGATIVE, POSITIVE}


def refine_sentiment(
    folder: Path, tables: Sequence[LabelledTexts], options: RefiningOptions, *, evaluate: Sequence[LabelledTexts] = ()
) -> Trained:
    """Adjust the sentiment model in `folder` to labelled tables.

    Rare labels of a table weigh more, by the square root of how rare they are. A table of negative and positive texts
    only, as reviews are, says nothing of neutral ones. The figures of the card are of cross-validation over dialogues
    (texts where there are none), beside those of the model as it was. A context layer stays as it was.

    Raises
    ------
    InputError
        When the tables hold too few texts.
    NeedsModel, EngineError
        When there is no such model in `folder`, or it is damaged or another.
    """
    base, card = _base(folder, tuple(sentiment.NGRAMS_OF.values()), sentiment.LABELS)
    context = parse_context(card[sentiment.CONTEXT], len(base.labels)) if card.get(sentiment.CONTEXT) else None
    labels = [np.array(table.labels, dtype=np.intp) for table in tables]
    own = OwnTexts(
        texts=[text for table in tables for text in table.texts],
        labels=[base.labels[label] for each in labels for label in each],
        weights=np.concatenate([_rare_first(each) for each in labels]),
        folds=own_folds([group for table in tables for group in table.groups], options.seed),
        possible=np.vstack([_possible(each, len(base.labels)) for each in labels]),
    )
    refined = _refine(base, own, options)
    before = [base.predict(table.texts) for table in tables]
    after = np.split(refined.out_of_fold, np.cumsum([len(each) for each in labels])[:-1])
    found = refined.model

    def figures(kind: Sequence[Floats]) -> dict[str, Any]:
        return {table.name: sentiment_figures(table, each, context) for table, each in zip(tables, kind, strict=True)}

    return Trained(
        found,
        _card(card, refined, options, figures(before))
        | {sentiment.CONTEXT: card.get(sentiment.CONTEXT)}
        | {"data": [sentiment_data_card(table, len(table.texts)) for table in tables]}
        | {"held_out": figures(after)}
        | {"evaluated": {each.name: sentiment_figures(each, found.predict(each.texts), context) for each in evaluate}},
    )


def refine_moves(folder: Path, tables: Sequence[MoveTable], options: RefiningOptions) -> Trained:
    """Adjust the move tagger in `folder` to labelled tables.

    A text counts as not making a known move that it is not labelled with. A move that the model does not know is
    learned from five different texts. Equal texts are one example with their commonest label. The figures of the card
    are of cross-validation over different texts, beside those of the model as it was.

    Raises
    ------
    InputError
        When the tables hold too few texts.
    NeedsModel, EngineError
        When there is no such model in `folder`, or it is damaged or another.
    """
    base, card = _base(folder, tuple(moves.NGRAMS_OF.values()))
    try:
        holds = moves.membership(base.labels)
    except ValueError as problem:
        raise unfit(folder, ", ".join(base.labels)) from problem
    known = frozenset(move for column, move in enumerate(moves.MOVES) if holds[:, column].any())
    rows = [row for table in tables for row in table.rows]
    texts_min = MoveTrainingOptions().texts_min
    learned = known | learned_moves(rows, texts_min)
    commonest = {text: counts.most_common(1)[0][0] for text, counts in labels_of_texts(rows, learned).items()}
    often = Counter(commonest.values())
    kept = [text for text, label in commonest.items() if label in base.labels or often[label] >= texts_min]
    own = OwnTexts(
        texts=kept,
        labels=[commonest[text] for text in kept],
        weights=np.ones(len(kept)),
        folds=own_folds(kept, options.seed),
    )
    refined = _refine(base, own, options)
    before, after = base.predict(kept) @ holds, refined.out_of_fold @ moves.membership(refined.model.labels)
    return Trained(
        refined.model,
        _card(card, refined, options, _move_figures(tables, kept, before, learned))
        | {"moves": [move.value for move in moves.MOVES if move in learned]}
        | {"data": [move_data_card(table) for table in tables]}
        | {"held_out": _move_figures(tables, kept, after, learned)},
    )


def refine_abuse(
    folder: Path, tables: Sequence[AbuseTable], options: RefiningOptions, *, evaluate: Sequence[AbuseTable] = ()
) -> Trained:
    """Adjust the finder of abuse in `folder` to labelled tables and clean service talk.

    The threshold of hints is no lower than it was; clean tables raise it as in training anew. The figures of the card
    are of cross-validation over texts, beside those of the model as it was.

    Raises
    ------
    InputError
        When the tables hold too few texts.
    NeedsModel, EngineError
        When there is no such model in `folder`, or it is damaged or another.
    """
    base, card = _base(folder, tuple(abuse.NGRAMS_OF.values()), abuse.LABELS)
    texts = [text for table in tables for text in table.texts]
    own = OwnTexts(
        texts=texts,
        labels=[abuse.LABELS[label] for table in tables for label in table.labels],
        weights=table_weights(tables, AbuseOptions().clean_share),
        folds=own_folds(texts, options.seed),
    )
    refined = _refine(base, own, options)
    is_service = np.repeat([table.is_service for table in tables], [len(table.texts) for table in tables])
    was = float(card[abuse.THRESHOLD])
    threshold = max(was, hint_threshold(refined.out_of_fold[is_service, ABUSIVE], AbuseOptions()))
    ends = np.cumsum([len(table.texts) for table in tables])[:-1]

    def figures(chances: Floats, hints_from: float) -> dict[str, Any]:
        parts = zip(tables, np.split(chances[:, ABUSIVE], ends), strict=True)
        return {each.name: abuse_figures(each.labels, part, hints_from) for each, part in parts if not each.is_service}

    return Trained(
        refined.model,
        _card(card, refined, options, figures(base.predict(texts), was))
        | {abuse.THRESHOLD: threshold}
        | {"data": [abuse_data_card(table, np.zeros(len(table.texts), dtype=bool)) for table in tables]}
        | {"held_out": figures(refined.out_of_fold, threshold)}
        | {
            "evaluated": {
                each.name: abuse_figures(each.labels, refined.model.predict(each.texts)[:, ABUSIVE], threshold)
                for each in evaluate
            }
        },
    )


def _base(
    folder: Path, ngrams: Sequence[str], labels: tuple[str, ...] | None = None
) -> tuple[NgramClassifier, dict[str, Any]]:
    base = load_classifier(folder)
    if base.language not in ngrams or (labels is not None and base.labels != labels):
        raise unfit(folder / CARD, ", ".join(base.labels))
    return base, read_card(folder)


def _refine(base: NgramClassifier, own: OwnTexts, options: RefiningOptions) -> Refined:
    if len(own.texts) < _TEXTS_MIN:
        raise InputError(
            N_("The tables hold {count} different texts; {needed} are needed to adjust a model."),
            hint=N_("Give more labelled texts."),
            count=len(own.texts),
            needed=_TEXTS_MIN,
        )
    return refine(base, own, options)


def _card(card: dict[str, Any], refined: Refined, options: RefiningOptions, before: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": card["name"],
        "kind": card["kind"],
        "language": card["language"],
        "method": "a trained model, its coefficients adjusted to own labels",
        "options": asdict(options) | {"inverse_penalty": refined.inverse_penalty},
        # What the model was before, on the same texts.
        "base": {"name": card["name"], "weights_sha256": card["weights_sha256"], "figures": before},
    }


def _rare_first(labels: npt.NDArray[np.intp]) -> Floats:
    """Return weights that sum to the number of texts."""
    weights = 1 / np.sqrt(np.bincount(labels)[labels])
    scaled: Floats = weights * len(labels) / weights.sum()
    return scaled


def _possible(labels: npt.NDArray[np.intp], label_count: int) -> npt.NDArray[np.bool_]:
    possible = np.ones((len(labels), label_count), dtype=bool)
    if set(labels.tolist()) == _POLAR:
        possible[:, [label for label in range(label_count) if label not in _POLAR]] = False
    return possible


def _move_figures(
    tables: Sequence[MoveTable], texts: Sequence[str], chances: Floats, learned: frozenset[MoveKind]
) -> dict[str, Any]:
    places = {text: place for place, text in enumerate(texts)}
    figures = {}
    for table in tables:
        rows: dict[str, LabelledMoves] = {row.text: row for row in table.rows if row.text in places}
        found = chances[[places[text] for text in rows]]
        figures[table.path.name] = move_figures(list(rows.values()), found, learned)
    return figures
