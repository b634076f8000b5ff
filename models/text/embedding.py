"""The embedded measure of likeness: one small table of n-grams per language, numpy alone at run time.

A vector has two parts. In the lexical part every n-gram, known or not, lies in a few fixed places that its hash names,
weighted by how much it tells; texts that share telling words are near. In the learned part n-grams that stand in
sentences of the same intent lie near each other. It is no sentence transformer: what was never seen together in
training is alike only where the words are.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models.text.classifier import (
    find_model,
    loaded_once,
    pack_ngrams,
    read_arrays,
    read_card,
    unfit,
    unpack_ngrams,
    write_model,
)
from models.text.ngrams import NGRAMS, as_learned
from qa_pipeline.domain.engine import EngineSpec
from qa_pipeline.scoring.languages import script_of, written_language

LANGUAGES = ("zh", "en")
NGRAMS_OF = {"zh": "zh-sound", "en": "en-words"}
FORMAT = "callqa-text-embedding/1"
LEXICAL_PLACES = 384
_HASHES = 4
_ARRAYS = {"vocabulary": np.uint8, "weights": np.float16, "directions": np.int8, "scales": np.float16}

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True)
class NgramEmbedding:
    """Vectors of texts from their n-grams.

    Attributes
    ----------
    language : str
        Key of ``NGRAMS``: which n-grams.
    vocabulary : tuple of str
        The n-grams that were learned, m of them.
    weights : array, shape (m,), float16
        How much each tells.
    unknown_weight : float
        How much an n-gram outside the vocabulary tells; it has a lexical part alone.
    directions : array, shape (m, d), int8
        The learned part, times ``scales``.
    scales : array, shape (m,), float16
    lexical_share : float
        Part of a likeness that the lexical part gives, 0-1.
    """

    language: str
    vocabulary: tuple[str, ...]
    weights: npt.NDArray[np.float16]
    unknown_weight: float
    directions: npt.NDArray[np.int8]
    scales: npt.NDArray[np.float16]
    lexical_share: float

    @cached_property
    def _places(self) -> dict[str, int]:
        return {ngram: place for place, ngram in enumerate(self.vocabulary)}

    @cached_property
    def _learned(self) -> Vectors:
        learned: Vectors = self.directions.astype(np.float32) * self.scales.astype(np.float32)[:, None]
        return learned

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return vectors of shape (len(texts), 384 + d), each of length 1, or 0 for a text without a known n-gram."""
        vectors = np.zeros((len(texts), LEXICAL_PLACES + self.directions.shape[1]), dtype=np.float32)
        for row, text in enumerate(texts):
            counts = Counter(NGRAMS[self.language](text))
            known = [(place, counts[ngram]) for ngram in counts if (place := self._places.get(ngram)) is not None]
            if not known:
                continue
            places = np.array([place for place, _ in known])
            learned = np.log1p([count for _, count in known]).astype(np.float32) @ self._learned[places]
            vectors[row, :LEXICAL_PLACES] = np.sqrt(self.lexical_share) * _of_length_one(self._lexical(counts))
            vectors[row, LEXICAL_PLACES:] = np.sqrt(1 - self.lexical_share) * _of_length_one(learned)
        return _rows_of_length_one(vectors)

    def _lexical(self, counts: Mapping[str, int]) -> Vectors:
        ngrams = list(counts)
        places = np.array([self._places.get(ngram, -1) for ngram in ngrams])
        weights = np.where(places >= 0, self.weights[places].astype(np.float32), np.float32(self.unknown_weight))
        weights = weights * np.log1p(np.fromiter(counts.values(), dtype=np.float32))
        spots, signs = hashed(ngrams)
        return np.bincount(spots.ravel(), weights=(signs * weights[:, None]).ravel(), minlength=LEXICAL_PLACES).astype(
            np.float32
        )

    @property
    def schema(self) -> dict[str, Any]:
        """What must agree between the writer and the reader of the arrays."""
        return {
            "format": FORMAT,
            "language": self.language,
            "ngram_count": len(self.vocabulary),
            "learned_places": self.directions.shape[1],
            "lexical_places": LEXICAL_PLACES,
            "lexical_share": self.lexical_share,
            "unknown_weight": self.unknown_weight,
            "arrays": {name: np.dtype(kind).name for name, kind in _ARRAYS.items()},
        }

    def save(self, directory: Path, card: Mapping[str, Any]) -> None:
        """Write arrays and card into `directory`; raises StoreError when it cannot be written."""
        arrays = {
            "vocabulary": pack_ngrams(self.vocabulary),
            "weights": self.weights,
            "directions": self.directions,
            "scales": self.scales,
        }
        write_model(directory, card, self.schema, arrays)


def hashed(ngrams: Sequence[str]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int8]]:
    """Return the places and signs of n-grams in the lexical part, each of shape (len(ngrams), 4)."""
    codes = np.array([zlib.crc32(ngram.encode("utf-8", "replace")) for ngram in ngrams], dtype=np.uint64)
    # One code gives all places and signs, mixed as splitmix64 does (Steele et al. 2014).
    mixed = codes[:, None] + np.arange(1, _HASHES + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    signs = np.where(mixed & np.uint64(1), 1, -1).astype(np.int8)
    return ((mixed >> np.uint64(1)) % np.uint64(LEXICAL_PLACES)).astype(np.intp), signs


class EmbeddedEmbedder:
    """Likeness by the shipped models, or by the user's own where `directory` holds one.

    Parameters
    ----------
    directory : Path, optional
        Folder with ``embedding-zh`` and/or ``embedding-en`` as ``callqa train embedding`` writes them.

    Raises
    ------
    EngineError
        When a model is damaged.
    """

    def __init__(self, directory: Path | None = None) -> None:
        self._folders = {language: find_model(f"embedding-{language}", directory) for language in LANGUAGES}
        self._widths = {language: _width_of(folder) for language, folder in self._folders.items()}
        self.spec = describe(directory=directory)

    @cached_property
    def _chinese(self) -> NgramEmbedding:
        return load_embedding(self._folders["zh"])

    @cached_property
    def _english(self) -> NgramEmbedding:
        return load_embedding(self._folders["en"])

    def embed(self, texts: Sequence[str], language: str) -> Vectors:
        """Return vectors of length 1; 0 for a text without a known n-gram, and in a language without a model.

        Each text is read in its own script, one with letters of neither in `language`. Vectors of texts in different
        scripts say nothing about each other: the product of any two is 0.
        """
        primary = written_language(language)
        scripts = [script_of(text) or primary for text in texts]
        together = np.zeros((len(texts), sum(self._widths.values())), dtype=np.float32)
        start = 0
        for each, width in self._widths.items():
            rows = [row for row, script in enumerate(scripts) if script == each]
            if rows and primary in LANGUAGES:
                together[rows, start : start + width] = self._in(each, [texts[row] for row in rows])
            start += width
        return together

    def _in(self, language: str, texts: Sequence[str]) -> Vectors:
        model = self._chinese if language == "zh" else self._english
        return model.embed(as_learned(texts, language))


def load(directory: Path | str | None = None) -> EmbeddedEmbedder:
    """Return the embedded engine; see `EmbeddedEmbedder`."""
    return EmbeddedEmbedder(Path(directory) if directory else None)


def describe(directory: Path | str | None = None) -> EngineSpec:
    """Return the identity of the models in use, by the digests of their weights; loads no weights."""
    params = []
    for language in LANGUAGES:
        card = read_card(find_model(f"embedding-{language}", Path(directory) if directory else None), FORMAT)
        params.append((language, str(card["weights_sha256"])[:12]))
    return EngineSpec(kind="embedding", name="embedded", version="1", params=tuple(params), piecewise=True)


@loaded_once
def load_embedding(directory: Path) -> NgramEmbedding:
    """Load a model that ``NgramEmbedding.save`` wrote; nothing in its files is executed.

    Raises
    ------
    NeedsModel
        When there is no model in `directory`.
    EngineError
        When a file is damaged, changed, of another format, or holds anything but the plain arrays.
    """
    card = read_card(directory, FORMAT)
    arrays = read_arrays(directory, card, _ARRAYS)
    schema = card["schema"]
    found = NgramEmbedding(
        language=schema["language"],
        vocabulary=unpack_ngrams(arrays["vocabulary"]),
        weights=arrays["weights"],
        unknown_weight=schema["unknown_weight"],
        directions=arrays["directions"],
        scales=arrays["scales"],
        lexical_share=schema["lexical_share"],
    )
    count = len(found.vocabulary)
    lengths = {len(found.weights), len(found.scales), len(found.directions)}
    if found.schema != schema or lengths != {count}:
        raise unfit(directory, "schema")
    return found


def _width_of(folder: Path) -> int:
    schema = read_card(folder, FORMAT)["schema"]
    return int(schema["lexical_places"]) + int(schema["learned_places"])


def _of_length_one(vector: Vectors) -> Vectors:
    length = float(np.linalg.norm(vector))
    return vector / np.float32(length) if length else vector


def _rows_of_length_one(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Vectors = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    return unit
