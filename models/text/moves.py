"""The embedded move tagger: one small n-gram classifier per language, no torch."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from models.text.classifier import Floats, NgramClassifier, find_model, load_classifier, read_card, unfit
from qa_pipeline.domain.annotation import MoveKind
from qa_pipeline.domain.engine import EngineSpec
from qa_pipeline.scoring.languages import written_language

LANGUAGES = ("zh", "en")
MOVES = tuple(MoveKind)
# A label of the classifier is a set of moves that occur together, such as ``thanks|closing``.
JOINT = "|"
NO_MOVE = ""
NGRAMS_OF = {"zh": "zh", "en": "en-edges"}


class EmbeddedMoves:
    """Moves by the shipped models, or by the user's own where `directory` holds one.

    Parameters
    ----------
    directory : Path, optional
        Folder with ``moves-zh`` and/or ``moves-en`` as ``callqa train moves`` writes them; a language that is not there
        is answered by the shipped model.

    Raises
    ------
    EngineError
        When a model is damaged.
    """

    def __init__(self, directory: Path | None = None) -> None:
        self._folders = {language: find_model(f"moves-{language}", directory) for language in LANGUAGES}
        self.spec = describe(directory=directory)

    @cached_property
    def _chinese(self) -> tuple[NgramClassifier, Floats]:
        return _load(self._folders["zh"])

    @cached_property
    def _english(self) -> tuple[NgramClassifier, Floats]:
        return _load(self._folders["en"])

    def predict(self, texts: Sequence[str], language: str) -> Floats:
        """Return probabilities of shape (len(texts), len(MoveKind)), in its order; 0 for a move that is not known.

        A move's probability is the sum over the sets of moves that hold it. In a language without a model all are 0:
        there the wording alone decides.
        """
        primary = written_language(language)
        if primary not in LANGUAGES or not texts:
            return np.zeros((len(texts), len(MOVES)))
        model, holds = self._chinese if primary == "zh" else self._english
        # Row by row: a product of all rows at once may round the sums of one otherwise where others are asked with it.
        chances: Floats = np.matmul(model.predict(texts)[:, None, :], holds)[:, 0]
        return chances


def membership(labels: Sequence[str]) -> Floats:
    """Return a matrix of shape (labels, moves): 1 where the set of moves holds the move.

    Raises
    ------
    ValueError
        When a label is no set of moves.
    """
    holds = np.zeros((len(labels), len(MOVES)))
    for row, label in enumerate(labels):
        for name in filter(None, label.split(JOINT)):
            holds[row, MOVES.index(MoveKind(name))] = 1.0
    return holds


def load(directory: Path | str | None = None) -> EmbeddedMoves:
    """Return the embedded engine; see `EmbeddedMoves`."""
    return EmbeddedMoves(Path(directory) if directory else None)


def describe(directory: Path | str | None = None) -> EngineSpec:
    """Return the identity of the models in use, by the digests of their weights; loads no weights."""
    own = Path(directory) if directory else None
    cards = {language: read_card(find_model(f"moves-{language}", own)) for language in LANGUAGES}
    digests = tuple((language, str(card["weights_sha256"])[:12]) for language, card in cards.items())
    return EngineSpec(kind="moves", name="embedded", version="1", params=digests, piecewise=True)


def _load(folder: Path) -> tuple[NgramClassifier, Floats]:
    model = load_classifier(folder)
    try:
        return model, membership(model.labels)
    except ValueError as problem:
        raise unfit(folder, ", ".join(model.labels)) from problem
