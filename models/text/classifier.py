"""A linear classifier over n-grams that needs numpy alone to run, and its two files: weights and card."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, wraps
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from models.text.ngrams import NGRAMS
from qa_pipeline.errors import N_, EngineError, NeedsModel, StoreError

SHIPPED = Path(__file__).parent / "shipped"
Loaded = TypeVar("Loaded")
WEIGHTS, CARD = "weights.npz", "card.json"
FORMAT = "callqa-ngram-classifier/1"
_ARRAYS = {"vocabulary": np.uint8, "idf": np.float16, "coefficients": np.float16, "intercepts": np.float64}
_SEPARATOR = "\n"  # normalised text holds no line break

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class NgramClassifier:
    """Multinomial logistic regression over n-grams, weighted by tf-idf or by their presence.

    Attributes
    ----------
    language : str
        Key of ``NGRAMS``: which n-grams.
    labels : tuple of str
        One per column of the probabilities.
    vocabulary : tuple of str
        The n-grams that count, m of them.
    idf : array, shape (m,), float16
    coefficients : array, shape (m, labels), float16
        Half precision is what is stored, so a loaded model predicts exactly what the trained one does.
    intercepts : array, shape (labels,), float64
    length_power : float, optional
        Each known n-gram of a text counts once, and the sum is divided by their number to this power; ``idf`` has no
        part. Near 0, three words of thanks weigh about the same at the end of a long sentence as alone. Without it
        n-grams weigh by tf-idf and a text has length 1.
    """

    language: str
    labels: tuple[str, ...]
    vocabulary: tuple[str, ...]
    idf: npt.NDArray[np.float16]
    coefficients: npt.NDArray[np.float16]
    intercepts: Floats
    length_power: float | None = None

    @cached_property
    def _places(self) -> dict[str, int]:
        return {ngram: place for place, ngram in enumerate(self.vocabulary)}

    @cached_property
    def _wide_idf(self) -> Floats:
        return self.idf.astype(np.float64)

    @cached_property
    def _wide_coefficients(self) -> Floats:
        return self.coefficients.astype(np.float64)

    def predict(self, texts: Sequence[str]) -> Floats:
        """Return probabilities of shape (len(texts), len(labels)); each row sums to 1.

        A text without a known n-gram gets what the intercepts say.
        """
        scores = np.tile(self.intercepts, (len(texts), 1))
        coefficients = self._wide_coefficients
        for row, text in enumerate(texts):
            places, values = self.features(text)
            if len(places):
                scores[row] += values @ coefficients[places]
        return softmax(scores)

    def features(self, text: str) -> tuple[npt.NDArray[np.intp], Floats]:
        """Return the places of the known n-grams of a text, and what their coefficients are multiplied with."""
        known = Counter(
            place for ngram in NGRAMS[self.language](text) if (place := self._places.get(ngram)) is not None
        )
        places = np.fromiter(known.keys(), dtype=np.intp, count=len(known))
        if self.length_power is not None or not known:
            return places, np.full(len(known), max(len(known), 1) ** -(self.length_power or 0.0))
        counts = np.fromiter(known.values(), dtype=np.float64, count=len(known))
        weights = np.log1p(counts) * self._wide_idf[places]
        return places, weights / np.linalg.norm(weights)

    @property
    def schema(self) -> dict[str, Any]:
        """What must agree between the writer and the reader of the weights."""
        schema = {
            "format": FORMAT,
            "language": self.language,
            "labels": list(self.labels),
            "ngram_count": len(self.vocabulary),
            "arrays": {name: np.dtype(kind).name for name, kind in _ARRAYS.items()},
        }
        return schema if self.length_power is None else {**schema, "length_power": self.length_power}

    def save(self, directory: Path, card: Mapping[str, Any]) -> None:
        """Write weights and card into `directory`; `card` says what the model is, the schema is added here.

        Raises
        ------
        StoreError
            When the folder cannot be written.
        """
        arrays = {
            "vocabulary": pack_ngrams(self.vocabulary),
            "idf": self.idf,
            "coefficients": self.coefficients,
            "intercepts": self.intercepts,
        }
        write_model(directory, card, self.schema, arrays)


def pack_ngrams(vocabulary: Sequence[str]) -> npt.NDArray[np.uint8]:
    """Return n-grams as the bytes that a file holds."""
    return np.frombuffer(_SEPARATOR.join(vocabulary).encode("utf-8"), dtype=np.uint8)


def unpack_ngrams(packed: npt.NDArray[np.uint8]) -> tuple[str, ...]:
    """Return what `pack_ngrams` packed."""
    return tuple(packed.tobytes().decode("utf-8").split(_SEPARATOR))


def write_model(directory: Path, card: Mapping[str, Any], schema: Mapping[str, Any], arrays: Mapping[str, Any]) -> None:
    """Write arrays and card into `directory`, with the digests by which reading knows them again.

    Raises
    ------
    StoreError
        When the folder cannot be written.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(directory / WEIGHTS, **arrays)
        digest = hashlib.sha256((directory / WEIGHTS).read_bytes()).hexdigest()
        document = {**card, "schema": schema, "schema_sha256": _digest_of(schema), "weights_sha256": digest}
        (directory / CARD).write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    except OSError as problem:
        raise StoreError(
            N_("The model cannot be written: {problem}."),
            hint=N_("Choose a folder that you may write to, with space left."),
            file=str(directory),
            problem=problem.strerror or str(problem),
        ) from problem


def softmax(scores: Floats) -> Floats:
    """Return rows that sum to 1."""
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    normalised: Floats = shifted / shifted.sum(axis=1, keepdims=True)
    return normalised


def read_card(directory: Path, file_format: str = FORMAT) -> dict[str, Any]:
    """Read the card of a model of `file_format` and check its schema hash.

    Raises
    ------
    NeedsModel
        When there is no model in `directory`.
    EngineError
        When the card is damaged or of another format.
    """
    path = directory / CARD
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as problem:
        raise NeedsModel(
            N_("There is no text model in {directory}."),
            hint=N_("Train one with: callqa train {task}"),
            directory=directory,
            task=_task_of(directory),
        ) from problem
    except (OSError, ValueError, RecursionError) as problem:
        raise unfit(path, str(problem)) from problem
    schema = card.get("schema") if isinstance(card, dict) else None
    if (
        not isinstance(schema, dict)
        or schema.get("format") != file_format
        or card.get("schema_sha256") != _digest_of(schema)
    ):
        raise unfit(path, "schema hash")
    return dict(card)


def loaded_once(load: Callable[[Path], Loaded]) -> Callable[[Path], Loaded]:
    """Keep what was loaded from a folder while its files stay as they are.

    Homes without a model of their own share the shipped one, so that its weights are in memory once.
    """

    @lru_cache(maxsize=16)
    def kept(directory: Path, state: tuple[tuple[int, int, int], ...]) -> Loaded:
        del state
        return load(directory)

    @wraps(load)
    def load_or_take(directory: Path) -> Loaded:
        try:
            stats = [(directory / name).stat() for name in (CARD, WEIGHTS)]
        except OSError:
            return load(directory)
        return kept(directory, tuple((one.st_ino, one.st_mtime_ns, one.st_size) for one in stats))

    return load_or_take


@loaded_once
def load_classifier(directory: Path) -> NgramClassifier:
    """Load a model that ``NgramClassifier.save`` wrote; nothing in its files is executed.

    Raises
    ------
    NeedsModel
        When there is no model in `directory`.
    EngineError
        When a file is damaged, changed, of another format, or holds anything but the plain arrays.
    """
    card = read_card(directory)
    arrays = read_arrays(directory, card, _ARRAYS)
    schema = card["schema"]
    found = NgramClassifier(
        language=schema["language"],
        labels=tuple(schema["labels"]),
        vocabulary=unpack_ngrams(arrays["vocabulary"]),
        idf=arrays["idf"],
        coefficients=arrays["coefficients"],
        intercepts=arrays["intercepts"],
        length_power=schema.get("length_power"),
    )
    shape = (len(found.vocabulary), len(found.labels))
    if found.schema != schema or found.coefficients.shape != shape or found.idf.shape != shape[:1]:
        raise unfit(directory / WEIGHTS, "schema")
    return found


def read_arrays(
    directory: Path, card: Mapping[str, Any], kinds: Mapping[str, npt.DTypeLike]
) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays that `write_model` wrote beside a card; nothing in the file is executed.

    Raises
    ------
    EngineError
        When the file is damaged, changed, or holds anything but arrays of these names and kinds.
    """
    path = directory / WEIGHTS
    try:
        if hashlib.sha256(path.read_bytes()).hexdigest() != card.get("weights_sha256"):
            raise unfit(path, "sha256")
        with np.load(path, allow_pickle=False) as file:
            if set(file.files) != set(kinds):
                raise unfit(path, ", ".join(sorted(file.files)))
            arrays = {name: file[name] for name in kinds}
    # A header may state any size, so that memory is what ends first.
    except (OSError, ValueError, MemoryError, zipfile.BadZipFile) as problem:
        raise unfit(path, str(problem)) from problem
    if any(arrays[name].dtype != kind for name, kind in kinds.items()):
        raise unfit(path, "schema")
    for name, array in arrays.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise unfit(path, f"{name}: NaN")
    return arrays


def find_model(name: str, directory: Path | None) -> Path:
    """Return the folder of a model such as ``moves-zh``: that in `directory` if it is there, else the shipped one."""
    own = directory / name if directory else None
    return own if own is not None and own.is_dir() else SHIPPED / name


def unfit(path: Path, problem: str) -> EngineError:
    """Return the error of a model's folder, or of a file in it, that is not what its task needs."""
    return EngineError(
        N_("The text model cannot be used: {problem} does not fit."),
        hint=N_("Train it again with: callqa train {task}"),
        file=str(path),
        problem=problem,
        task=_task_of(path if path.is_dir() else path.parent),
    )


def _digest_of(schema: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(schema, sort_keys=True).encode()).hexdigest()


def _task_of(directory: Path) -> str:
    """Return the task of the model in a folder such as ``sentiment-zh``."""
    return directory.name.partition("-")[0]
