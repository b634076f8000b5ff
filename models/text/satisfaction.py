"""Satisfaction of a customer turn by turn, by a small model that a site trains on its own rated dialogues.

None is shipped: the open sets of rated service dialogues may not be used for that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.text.classifier import NgramClassifier, load_classifier, read_card, unfit
from qa_pipeline.errors import N_, NeedsModel
from qa_pipeline.services.validate.satisfaction import NAMES, Exchange

KIND = "satisfaction"


@dataclass(frozen=True, slots=True)
class SatisfactionModel:
    """Reads how satisfied a customer is from the customer's last words; ``name`` is its identity."""

    classifier: NgramClassifier
    name: str

    def predict(self, talks: Sequence[Sequence[Exchange]]) -> npt.NDArray[np.intp]:
        """Return ratings 0-2, shape (n,)."""
        ratings: npt.NDArray[np.intp] = self.classifier.predict(last_words(talks)).argmax(axis=1)
        return ratings


def load_satisfaction(directory: Path, language: str) -> SatisfactionModel:
    """Return the model of a language in a folder of trained models.

    Raises
    ------
    NeedsModel
        When none was trained.
    EngineError
        When it is damaged.
    """
    folder = directory / f"{KIND}-{language}"
    if not folder.is_dir():
        raise NeedsModel(
            N_("There is no satisfaction model in {directory}: none may be shipped."),
            hint=N_("Train one on rated dialogues with: callqa train satisfaction TABLE --language {language}"),
            directory=directory,
            language=language,
        )
    classifier = load_classifier(folder)
    if classifier.labels != NAMES:
        raise unfit(folder, ", ".join(classifier.labels))
    return SatisfactionModel(classifier, f"embedded@1[{language}={str(read_card(folder)['weights_sha256'])[:12]}]")


def last_words(talks: Sequence[Sequence[Exchange]]) -> list[str]:
    """Return what the customer said last in each talk."""
    return [talk[-1].customer for talk in talks]
