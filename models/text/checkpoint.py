"""Checkpoints of ``transformers``, whatever they are for: a local directory or a hub name."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models.text.classifier import Floats, softmax
from qa_pipeline.domain.engine import EngineSpec
from qa_pipeline.errors import N_, ConfigurationError, EngineError, NeedsModel

_BATCH = 32
_TOKENS_MAX = 256
READING_VERSION = "2"
"""Part of every engine's identity: raise it when batches are made otherwise, which changes the last digits."""

# What a text gets hangs on no other that it is asked with: it is padded to the next of these steps, not to the longest
# at hand, and batches are filled up, as products of fewer than four rows are rounded otherwise. So it is on processors;
# libraries for GPUs choose their way by the size of the batch.
_STEP_TOKENS = 16
_ROWS_MIN = 4
_WEIGHTS = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json")
_SEVERAL = "multi_label_classification"


@dataclass(frozen=True, slots=True)
class OpenedCheckpoint:
    """A tokenizer and its model in inference mode on a device; texts are cut at ``tokens_max``."""

    tokenizer: Any
    model: Any
    device: str
    tokens_max: int

    @property
    def piecewise(self) -> bool:
        """Whether a text gets the same with any others, to the last bit."""
        return self.device == "cpu"

    def batches(
        self, texts: Sequence[str], rows: Sequence[int], seconds: Sequence[str] | None = None
    ) -> Iterator[tuple[int, list[int]]]:
        """Yield the length in tokens to pad to, and up to 32 of the `rows` that fit it."""
        if not rows:
            return
        pairs = [seconds[row] for row in rows] if seconds else None
        taken = self.tokenizer(
            [texts[row] for row in rows], text_pair=pairs, truncation=True, max_length=self.tokens_max
        )
        by_steps: dict[int, list[int]] = defaultdict(list)
        for row, tokens in zip(rows, taken["input_ids"], strict=True):
            by_steps[-(-len(tokens) // _STEP_TOKENS)].append(row)
        for steps, alike in sorted(by_steps.items()):
            length = min(steps * _STEP_TOKENS, self.tokens_max)
            for start in range(0, len(alike), _BATCH):
                yield length, alike[start : start + _BATCH]

    def read(self, texts: Sequence[str], length: int, seconds: Sequence[str] | None = None) -> tuple[Any, Any]:
        """Return what the model says of one batch, padded to `length` tokens, and which of those are no padding.

        Both may have rows after those of the texts.
        """
        import torch

        filled = [*texts, *[texts[-1]] * (_ROWS_MIN - len(texts))]
        inputs = self.tokenizer(
            filled,
            text_pair=[*seconds, *[seconds[-1]] * (_ROWS_MIN - len(seconds))] if seconds else None,
            padding="max_length",
            truncation=True,
            max_length=length,
            return_tensors="pt",
        ).to(self.device)
        with torch.inference_mode():
            return self.model(**inputs), inputs["attention_mask"]


def open_checkpoint(
    model: str, setting: str, auto_class: str, hint: str, *, device: str = "auto", offline: bool = False
) -> OpenedCheckpoint:
    """Load a checkpoint by a class of transformers such as ``AutoModel``; `hint` says what it must hold.

    Raises
    ------
    NeedsModel
        When there are no weights; at once, without trying the network, for a path or offline.
    EngineError
        When it cannot be loaded.
    """
    import torch
    import transformers
    from safetensors import SafetensorError

    local = _find_locally(model, setting, offline)
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(model, local_files_only=local)
        loaded = getattr(transformers, auto_class).from_pretrained(model, local_files_only=local)
    except (OSError, ValueError, KeyError, ImportError, RuntimeError, SafetensorError) as problem:
        if isinstance(problem, OSError) and not Path(model).is_dir():
            raise _needs(model, setting) from problem
        raise EngineError(
            N_("The checkpoint {model} cannot be loaded: {problem}."),
            hint=hint,
            model=model,
            problem=str(problem).splitlines()[0],
        ) from problem
    chosen = "cuda" if device == "auto" and torch.cuda.is_available() else device.replace("auto", "cpu")
    limit = int(getattr(loaded.config, "max_position_embeddings", _TOKENS_MAX))
    return OpenedCheckpoint(tokenizer, loaded.to(chosen).eval(), chosen, min(_TOKENS_MAX, limit))


class Checkpoint:
    """A loaded checkpoint that classifies texts.

    Parameters
    ----------
    model : str
        Local directory, or name on the hub.
    setting : str
        The setting that names it, for errors.
    device : str
        "auto" (a GPU when there is one), "cpu" or "cuda".
    offline : bool
        Never ask the network (transformers itself also heeds HF_HUB_OFFLINE).

    Attributes
    ----------
    labels : tuple of str
        Its own labels, one per column of the probabilities.
    several : bool
        It was trained to give several labels at once.

    Raises
    ------
    NeedsModel
        When there are no weights; at once, without trying the network, for a path or offline.
    EngineError
        When it cannot be loaded.
    """

    def __init__(self, model: str, setting: str, *, device: str = "auto", offline: bool = False) -> None:
        hint = N_("It must hold a sequence classification model and its tokenizer.")
        self._opened = open_checkpoint(
            model, setting, "AutoModelForSequenceClassification", hint, device=device, offline=offline
        )
        config = self._opened.model.config
        self.labels = tuple(str(config.id2label[number]) for number in sorted(config.id2label))
        self.several = config.problem_type == _SEVERAL

    def predict(self, texts: Sequence[str], seconds: Sequence[str] | None = None) -> Floats:
        """Return probabilities of shape (len(texts), labels).

        Rows sum to 1, except those of a checkpoint that was trained to give several labels at once: there each column
        is a probability of its own. Texts are cut at 256 tokens (or at the model's own limit). `seconds`, one per
        text, makes them pairs, such as premises with their hypotheses; of a pair the longer text is cut.
        """
        probabilities = np.zeros((len(texts), len(self.labels)))
        for length, rows in self._opened.batches(texts, range(len(texts)), seconds):
            pairs = [seconds[row] for row in rows] if seconds else None
            scores = self._scores([texts[row] for row in rows], length, pairs)
            probabilities[rows] = 1 / (1 + np.exp(-scores)) if self.several else softmax(scores)
        return probabilities

    @property
    def piecewise(self) -> bool:
        """Whether a text gets the same with any others, to the last bit."""
        return self._opened.piecewise

    def _scores(self, texts: Sequence[str], length: int, seconds: Sequence[str] | None) -> Floats:
        logits = self._opened.read(texts, length, seconds)[0].logits[: len(texts)]
        scores: Floats = logits.float().cpu().numpy().astype(np.float64)
        return scores


def get_name(model: str | None, setting: str) -> str:
    """Return the checkpoint that a setting names; raises ConfigurationError when it names none."""
    if not model:
        raise ConfigurationError(
            N_("A transformers engine needs a checkpoint."),
            hint=N_("Set {setting} to a local directory or a name on the hub."),
            field=setting,
            setting=setting,
        )
    return model


def _find_locally(model: str, setting: str, offline: bool) -> bool:
    """Return whether only local files may be used; raise NeedsModel when the path shows that nothing is there."""
    directory = Path(model)
    if directory.is_dir():
        if not (directory / "config.json").is_file() or not any((directory / name).is_file() for name in _WEIGHTS):
            raise _needs(model, setting)
        return True
    if directory.is_absolute() or model.startswith((".", "~")) or model.count("/") > 1:
        raise _needs(model, setting)
    return offline


def check_checkpoint(setting: str, model: str | None = None, *, offline: bool = False, **_options: object) -> None:
    """Raise what keeps an engine from starting, as far as folders tell: no checkpoint is named, or none is there."""
    _find_locally(get_name(model, setting), setting, offline)


def meanings_of(
    own: Sequence[str], named: Mapping[str, str], model: str, hint: str, *, ours: Sequence[str], needed: Sequence[str]
) -> tuple[str, ...]:
    """Return which of `ours` each label of a checkpoint means, whatever its case, by the names in `named`.

    Raises
    ------
    ConfigurationError
        With `hint`, when a label means none of ours, or no label means one that is `needed`.
    """
    wanted = {name.casefold(): meaning for name, meaning in named.items()}
    found = tuple(wanted.get(name.casefold(), "") for name in own)
    unknown = [name for name, meaning in zip(own, found, strict=True) if meaning not in ours]
    if unknown or not set(needed) <= set(found):
        raise ConfigurationError(
            N_("The labels of the checkpoint {model} are not known: {unknown}."),
            hint=hint,
            model=model,
            unknown=", ".join(unknown or own),
        )
    return found


def describe_checkpoint(
    kind: str, model: str, labels: Mapping[str, str] | None = None, *, name: str = "transformers", **params: str
) -> EngineSpec:
    """Return the identity of an engine of `kind`, without loading it; `params` are what else it depends on.

    A local directory is identified by name, size and time of its files, a hub checkpoint by its name.
    """
    from importlib.metadata import version

    known = {"model": model, "reading": READING_VERSION}
    if Path(model).is_dir():
        known["files"] = _fingerprint(Path(model))
    if labels:
        known["labels"] = ";".join(f"{own}:{ours}" for own, ours in sorted(labels.items()))
    return EngineSpec(kind=kind, name=name, version=version("transformers"), params=tuple((known | params).items()))


def _needs(model: str, setting: str) -> NeedsModel:
    return NeedsModel(
        N_("The checkpoint {model} is not here."),
        hint=N_("Fetch it with: hf download {model} --local-dir DIR, then set {setting} = DIR"),
        model=model,
        setting=setting,
    )


def _fingerprint(directory: Path) -> str:
    files = sorted(path for path in directory.iterdir() if path.is_file())
    lines = [f"{path.name}:{path.stat().st_size}:{path.stat().st_mtime_ns}" for path in files]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]
