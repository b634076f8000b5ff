"""The embedded sentiment engine: one small n-gram classifier per language, no torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from models.text.classifier import Floats, NgramClassifier, find_model, load_classifier, read_card, unfit
from models.text.context import ContextLayer, parse_context
from models.text.identity import identity_sha256
from models.text.ngrams import as_learned
from qa_pipeline.domain.annotation import SentimentLabel
from qa_pipeline.domain.engine import EngineSpec
from qa_pipeline.errors import N_, EngineError
from qa_pipeline.scoring.languages import script_of, written_language

LANGUAGES = ("zh", "en")
NGRAMS_OF = {"zh": "zh-blind", "en": "en-blind"}
LABELS = tuple(label.value for label in SentimentLabel)
CONTEXT = "context"  # key of the card


class EmbeddedSentiment:
    """Sentiment by the shipped models, or by the user's own where `directory` holds one.

    Parameters
    ----------
    directory : Path, optional
        Folder with ``sentiment-zh`` and/or ``sentiment-en`` as ``callqa train sentiment`` writes them; a language
        that is not there is answered by the shipped model.
    context : bool
        Read Chinese conversations in context where the speakers are given. Off by default: the shipped context layer
        was taught on television dialogue, and on service chats it blurs what single sentences tell (see the card).

    Raises
    ------
    EngineError
        When a model is damaged.
    """

    def __init__(self, directory: Path | None = None, *, context: bool = False) -> None:
        self._folders = {language: find_model(f"sentiment-{language}", directory) for language in LANGUAGES}
        self._in_context = context
        self.spec = describe(directory=directory, context=context)

    @cached_property
    def _chinese(self) -> NgramClassifier:
        return _load(self._folders["zh"])

    @cached_property
    def _english(self) -> NgramClassifier:
        return _load(self._folders["en"])

    @cached_property
    def _context(self) -> ContextLayer | None:
        return _load_context(self._folders["zh"]) if self._in_context else None

    def predict(self, texts: Sequence[str], language: str, speakers: Sequence[str] | None = None) -> Floats:
        """Return probabilities of shape (len(texts), 3): negative, neutral, positive; rows sum to 1.

        Each text goes to the model of its own script, so that an English sentence in a Chinese contact is read as
        English; a text with letters of neither goes to the model of `language`. A blank text gets 1/3 each. With
        `speakers` the texts are one conversation in order, and an engine with context reads a Chinese one in it; for
        English no open set that may be used teaches it.

        Raises
        ------
        EngineError
            When there is no model for `language`.
        """
        primary = primary_language(language)
        scripts = [script_of(text) or primary for text in texts]
        probabilities = np.full((len(texts), len(LABELS)), 1 / len(LABELS))
        for each in LANGUAGES:
            rows = [row for row, script in enumerate(scripts) if script == each and texts[row].strip()]
            if rows:
                model = self._chinese if each == "zh" else self._english
                probabilities[rows] = model.predict(as_learned([texts[row] for row in rows], each))
        if speakers is not None and primary == "zh" and self._context is not None and len(texts):
            return self._context.apply(probabilities, speakers)
        return probabilities


def primary_language(language: str) -> str:
    """Return ``zh`` or ``en``; raises EngineError for other languages."""
    primary = written_language(language)
    if primary not in LANGUAGES:
        raise EngineError(
            N_("The embedded sentiment model does not know the language {language}."),
            hint=N_("Use a checkpoint of that language with the engine transformers."),
            language=language,
        )
    return primary


def load(directory: Path | str | None = None, *, context: bool = False) -> EmbeddedSentiment:
    """Return the embedded engine; see `EmbeddedSentiment`."""
    return EmbeddedSentiment(Path(directory) if directory else None, context=context)


def describe(directory: Path | str | None = None, *, context: bool = False) -> EngineSpec:
    """Return the identity of the models in use, by the digests of their weights; loads no weights."""
    own = Path(directory) if directory else None
    cards = {language: read_card(find_model(f"sentiment-{language}", own)) for language in LANGUAGES}
    params = [(language, str(card["weights_sha256"])[:12]) for language, card in cards.items()]
    params.append(("identity", identity_sha256()[:12]))
    if context:
        layer = json.dumps(cards["zh"].get(CONTEXT), sort_keys=True)
        params.append(("context", hashlib.sha256(layer.encode()).hexdigest()[:12]))
    return EngineSpec(kind="sentiment", name="embedded", version="2", params=tuple(params), piecewise=not context)


def _load(folder: Path) -> NgramClassifier:
    model = load_classifier(folder)
    if model.labels != LABELS:
        raise unfit(folder, ", ".join(model.labels))
    return model


def _load_context(folder: Path) -> ContextLayer | None:
    document = read_card(folder).get(CONTEXT)
    try:
        return parse_context(document, len(LABELS)) if document is not None else None
    except (KeyError, TypeError, ValueError) as problem:
        raise unfit(folder, CONTEXT) from problem
