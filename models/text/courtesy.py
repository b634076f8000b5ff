"""Courtesy of single texts as people rate politeness, by a small linear model over n-grams and marks of courtesy.

One for English is shipped, taught on requests between volunteers; for Chinese no open set may be used for that, and a
site trains its own. Service attitude does not rest on it: see docs/attitude.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.text.classifier import Floats, NgramClassifier, find_model, load_classifier, read_card, unfit
from models.text.courtesy_marks import markers_sha256
from models.text.ngrams import as_learned

KIND = "courtesy"
LABELS = (KIND,)
NGRAMS_OF = {"zh": "zh-courtesy", "en": "en-courtesy"}
MARKERS_SHA256 = "markers_sha256"  # key of the card


@dataclass(frozen=True, slots=True)
class CourtesyModel:
    """Reads how courteous a text is; ``name`` is its identity."""

    regression: NgramClassifier
    language: str
    name: str

    def predict(self, texts: Sequence[str]) -> Floats:
        """Return readings, shape (n,): 0 is the mean of the texts it learned from, 1 their standard deviation."""
        coefficients = self.regression.coefficients.astype(np.float64)[:, 0]
        readings = np.full(len(texts), self.regression.intercepts[0])
        for row, text in enumerate(as_learned(texts, self.language)):
            places, values = self.regression.features(text)
            readings[row] += values @ coefficients[places]
        return readings


def get_courtesy(directory: Path | None, language: str) -> CourtesyModel:
    """Return the model of ``zh`` or ``en`` in a folder of trained models, else the shipped one.

    Raises
    ------
    NeedsModel
        When there is neither.
    EngineError
        When it is damaged, or was trained with other lists of polite and rude words.
    """
    folder = find_model(f"{KIND}-{language}", directory)
    card, regression = read_card(folder), load_classifier(folder)
    if regression.labels != LABELS or regression.language != NGRAMS_OF[language]:
        raise unfit(folder, ", ".join((*regression.labels, regression.language)))
    if card.get(MARKERS_SHA256) != markers_sha256():
        raise unfit(folder, MARKERS_SHA256)
    return CourtesyModel(regression, language, f"embedded@1[{language}={str(card['weights_sha256'])[:12]}]")
