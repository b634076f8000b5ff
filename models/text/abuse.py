"""The embedded abuse model: one small n-gram classifier per language, no torch.

It was taught on insults of forums and short messages. What it gives is a hint for a person, with the threshold at which
service talk hardly ever sets it off.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from models.text.classifier import NgramClassifier, find_model, load_classifier, read_card, unfit
from models.text.identity import identity_sha256
from models.text.ngrams import as_learned
from qa_pipeline.domain.engine import EngineSpec
from qa_pipeline.ports import AbuseReading
from qa_pipeline.scoring.languages import script_of, written_language

LANGUAGES = ("zh", "en")
LABELS = ("clean", "abusive")
NGRAMS_OF = {"zh": "zh-inner-blind", "en": "en-blind"}
THRESHOLD = "hint_threshold"  # key of the card
_NEVER = 2.0  # above every probability


class EmbeddedAbuse:
    """Abuse by the shipped models, or by the user's own where `directory` holds one.

    Parameters
    ----------
    directory : Path, optional
        Folder with ``abuse-zh`` and/or ``abuse-en`` as ``callqa train abuse`` writes them; a language that is not there
        is answered by the shipped model.

    Raises
    ------
    EngineError
        When a model is damaged.
    """

    def __init__(self, directory: Path | None = None) -> None:
        self._folders = {language: find_model(f"abuse-{language}", directory) for language in LANGUAGES}
        self.spec = describe(directory=directory)

    @cached_property
    def _chinese(self) -> tuple[NgramClassifier, float]:
        return _load(self._folders["zh"])

    @cached_property
    def _english(self) -> tuple[NgramClassifier, float]:
        return _load(self._folders["en"])

    def predict(self, texts: Sequence[str], language: str) -> AbuseReading:
        """Return for each text the probability that it is abusive, and whether it is worth a person's look.

        Each text goes to the model of its own script, a text with letters of neither to the model of `language`. In a
        language without a model, and for a blank text, the probability is 0.
        """
        primary = written_language(language)
        scripts = [script_of(text) or primary for text in texts]
        probabilities, thresholds = np.zeros(len(texts)), np.full(len(texts), _NEVER)
        if primary in LANGUAGES:
            for each in LANGUAGES:
                rows = [row for row, script in enumerate(scripts) if script == each and texts[row].strip()]
                if rows:
                    model, threshold = self._chinese if each == "zh" else self._english
                    said = as_learned([texts[row] for row in rows], each)
                    probabilities[rows] = model.predict(said)[:, LABELS.index("abusive")]
                    thresholds[rows] = threshold
        return AbuseReading(probabilities=probabilities, hints=probabilities >= thresholds)


def load(directory: Path | str | None = None) -> EmbeddedAbuse:
    """Return the embedded engine; see `EmbeddedAbuse`."""
    return EmbeddedAbuse(Path(directory) if directory else None)


def describe(directory: Path | str | None = None) -> EngineSpec:
    """Return the identity of the models in use, by the digests of their weights and thresholds; loads no weights."""
    params = [("identity", identity_sha256()[:12])]
    for language in LANGUAGES:
        card = read_card(find_model(f"abuse-{language}", Path(directory) if directory else None))
        params.append((language, f"{str(card['weights_sha256'])[:12]}@{card.get(THRESHOLD)}"))
    return EngineSpec(kind="abuse", name="embedded", version="2", params=tuple(params), piecewise=True)


def _load(folder: Path) -> tuple[NgramClassifier, float]:
    model, threshold = load_classifier(folder), read_card(folder).get(THRESHOLD)
    if model.labels != LABELS or not isinstance(threshold, float):
        raise unfit(folder, ", ".join(model.labels) if model.labels != LABELS else THRESHOLD)
    return model, threshold
