"""Satisfaction of a customer turn by turn and of a contact, by a small model that a site trains on its own ratings.

None is shipped: the open sets of rated service dialogues may not be used for that.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.text.classifier import NgramClassifier, load_classifier, read_card, unfit
from models.text.satisfaction_interval import ContactCalibration, parse_calibration
from qa_pipeline.domain.engine import EngineSpec
from qa_pipeline.errors import N_, NeedsModel
from qa_pipeline.ports import SatisfactionReading
from qa_pipeline.scoring.languages import written_language
from qa_pipeline.services.validate.satisfaction import NAMES, ContactReading, Exchange

KIND = "satisfaction"
LANGUAGES = ("zh", "en")
CONTACT = "contact"  # key of the card

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TrainedSatisfaction:
    """Reads how satisfied a customer is from the customer's last words; ``name`` is its identity.

    ``contact``: how the rating of a contact follows, None where the training tables named no dialogues.
    """

    classifier: NgramClassifier
    name: str
    contact: ContactCalibration | None = None

    def predict(self, talks: Sequence[Sequence[Exchange]]) -> npt.NDArray[np.intp]:
        """Return ratings 0-2, shape (n,)."""
        ratings: npt.NDArray[np.intp] = self.classifier.predict(last_words(talks)).argmax(axis=1)
        return ratings

    def read_contact(self, talks: Sequence[Sequence[Exchange]]) -> ContactReading:
        """Return the predicted rating of a contact from what was said up to each of its turns; needs ``contact``."""
        assert self.contact is not None, "asked only of models that know dialogues"
        values = expected_ratings(self.classifier, last_words(talks))
        return ContactReading(value=self.contact.value_of(values), ci95=self.contact.interval_of(values))


class EmbeddedSatisfaction:
    """Satisfaction by the user's own models.

    Parameters
    ----------
    directory : Path, optional
        Folder with ``satisfaction-zh`` and/or ``satisfaction-en`` as ``callqa train satisfaction`` writes them.

    Raises
    ------
    EngineError
        When a model is damaged.
    """

    def __init__(self, directory: Path | None = None) -> None:
        self._folders = _folders(directory)
        self.spec = describe(directory=directory)

    @cached_property
    def _models(self) -> dict[str, TrainedSatisfaction]:
        return {language: _load(folder, language) for language, folder in self._folders.items()}

    def read(self, turns: Sequence[str], language: str) -> SatisfactionReading | None:
        """Read the turns of one customer, at least one; None without a model of the language that knows dialogues."""
        model = self._models.get(written_language(language))
        if model is None or model.contact is None:
            return None
        values = expected_ratings(model.classifier, turns)
        return SatisfactionReading(
            turns=values, value=model.contact.value_of(values), ci95=model.contact.interval_of(values)
        )


def load(directory: Path | str | None = None) -> EmbeddedSatisfaction:
    """Return the embedded engine; see `EmbeddedSatisfaction`."""
    return EmbeddedSatisfaction(Path(directory) if directory else None)


def describe(directory: Path | str | None = None) -> EngineSpec:
    """Return the identity of the models in use, by the digests of their weights; loads no weights."""
    folders = _folders(Path(directory) if directory else None)
    return EngineSpec(
        kind=KIND,
        name="embedded",
        version="2",
        params=tuple((language, _digest_of(folder)) for language, folder in folders.items()),
    )


def check(directory: Path | str | None = None) -> EngineSpec:
    """Return the identity as `describe` does; raises NeedsModel when no model was trained."""
    found = describe(directory)
    if not found.params:
        raise _needs_model(Path(directory) if directory else Path(), "zh")
    return found


def load_satisfaction(directory: Path, language: str) -> TrainedSatisfaction:
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
        raise _needs_model(directory, language)
    return _load(folder, language)


def last_words(talks: Sequence[Sequence[Exchange]]) -> list[str]:
    """Return what the customer said last in each talk."""
    return [talk[-1].customer for talk in talks]


def expected_ratings(classifier: NgramClassifier, texts: Sequence[str]) -> Floats:
    """Return the means of the ratings 0-2 over their probabilities, shape (n,)."""
    expected: Floats = classifier.predict(texts) @ np.arange(len(NAMES), dtype=np.float64)
    return expected


def _needs_model(directory: Path, language: str) -> NeedsModel:
    return NeedsModel(
        N_("There is no satisfaction model in {directory}: none may be shipped."),
        hint=N_("Train one on rated dialogues with: callqa train satisfaction TABLE --language {language}"),
        directory=directory,
        language=language,
    )


def _folders(directory: Path | None) -> dict[str, Path]:
    places = {language: directory / f"{KIND}-{language}" for language in LANGUAGES} if directory else {}
    return {language: folder for language, folder in places.items() if folder.is_dir()}


def _digest_of(folder: Path) -> str:
    card = read_card(folder)
    parts = [card["weights_sha256"], card.get(CONTACT)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]


def _load(folder: Path, language: str) -> TrainedSatisfaction:
    classifier = load_classifier(folder)
    if classifier.labels != NAMES:
        raise unfit(folder, ", ".join(classifier.labels))
    document = read_card(folder).get(CONTACT)
    try:
        contact = parse_calibration(document) if document is not None else None
    except (KeyError, TypeError, ValueError) as problem:
        raise unfit(folder, CONTACT) from problem
    return TrainedSatisfaction(classifier, f"embedded@2[{language}={_digest_of(folder)}]", contact)
