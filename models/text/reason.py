"""The embedded reason model: an n-gram classifier over a site's own categories, no torch.

Contacts get a reason from the site's own model alone. The shipped English one knows what bank customers ask for; it is
there to measure the method by, and to start from.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from models.text.classifier import SHIPPED, NgramClassifier, load_classifier, read_card, unfit
from models.text.ngrams import as_learned
from qa_pipeline.domain.engine import EngineSpec
from qa_pipeline.ports import ReasonReading
from qa_pipeline.scoring.languages import written_language

LANGUAGES = ("zh", "en")
NGRAMS_OF = {"zh": "zh-inner", "en": "en-gaps"}
THRESHOLD = "threshold"  # key of the card


class EmbeddedReason:
    """Reasons by the user's own models.

    Parameters
    ----------
    directory : Path, optional
        Folder with ``reason-zh`` and/or ``reason-en`` as ``callqa train reason`` writes them.
    shipped : bool
        Answer a language that is not there by the shipped model, where there is one.

    Raises
    ------
    EngineError
        When a model is damaged.
    """

    def __init__(self, directory: Path | None = None, *, shipped: bool = False) -> None:
        self._folders = _folders(directory, shipped)
        self.spec = describe(directory=directory, shipped=shipped)

    @cached_property
    def _models(self) -> dict[str, tuple[NgramClassifier, float]]:
        return {language: _load(folder) for language, folder in self._folders.items()}

    def predict(self, texts: Sequence[str], language: str) -> ReasonReading | None:
        """Return the probabilities of the categories, None in a language without a model.

        A blank text has probability 0 for all.
        """
        primary = written_language(language)
        if primary not in self._models:
            return None
        model, threshold = self._models[primary]
        said = np.array([bool(text.strip()) for text in texts], dtype=bool)
        probabilities = model.predict(as_learned(texts, primary)) * said[:, None]
        return ReasonReading(categories=model.labels, probabilities=probabilities, threshold=threshold)


def load(directory: Path | str | None = None, *, shipped: bool = False) -> EmbeddedReason:
    """Return the embedded engine; see `EmbeddedReason`."""
    return EmbeddedReason(Path(directory) if directory else None, shipped=shipped)


def describe(directory: Path | str | None = None, *, shipped: bool = False) -> EngineSpec:
    """Return the identity of the models in use, by the digests of their weights and thresholds; loads no weights."""
    params = []
    for language, folder in _folders(Path(directory) if directory else None, shipped).items():
        card = read_card(folder)
        params.append((language, f"{str(card['weights_sha256'])[:12]}@{card.get(THRESHOLD)}"))
    return EngineSpec(kind="reason", name="embedded", version="1", params=tuple(params))


def _folders(directory: Path | None, shipped: bool) -> dict[str, Path]:
    found = {}
    for language in LANGUAGES:
        places = ([directory] if directory else []) + ([SHIPPED] if shipped else [])
        folder = next(
            (place / f"reason-{language}" for place in places if (place / f"reason-{language}").is_dir()), None
        )
        if folder is not None:
            found[language] = folder
    return found


def _load(folder: Path) -> tuple[NgramClassifier, float]:
    model, threshold = load_classifier(folder), read_card(folder).get(THRESHOLD)
    if not isinstance(threshold, float):
        raise unfit(folder, THRESHOLD)
    return model, threshold
