"""Sentiment by any sequence-classification checkpoint of ``transformers``: a local directory or a name on the hub."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from models.text.classifier import Floats, softmax
from qa_pipeline.domain.annotation import SentimentLabel
from qa_pipeline.domain.engine import EngineSpec
from qa_pipeline.errors import N_, ConfigurationError, EngineError, NeedsModel

_LABELS = tuple(label.value for label in SentimentLabel)
_BATCH = 32
_TOKENS_MAX = 256
_WEIGHTS = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json")

# How checkpoints call the three classes. "LABEL_n" and bare star ratings say nothing by themselves: only the usual
# five-star scale is known, everything else needs the option `labels`.
_KNOWN_NAMES: Mapping[str, str] = {
    "negative": "negative", "neg": "negative", "负面": "negative", "消极": "negative", "very negative": "negative",
    "neutral": "neutral", "neu": "neutral", "中性": "neutral",
    "positive": "positive", "pos": "positive", "正面": "positive", "积极": "positive", "very positive": "positive",
    "1 star": "negative", "2 stars": "negative", "3 stars": "neutral", "4 stars": "positive", "5 stars": "positive",
}  # fmt: skip


class TransformersSentiment:
    """A checkpoint whose labels are mapped to negative, neutral and positive.

    Parameters
    ----------
    model : str
        Local directory, or name on the hub.
    labels : mapping, optional
        Label of the checkpoint -> negative, neutral or positive; labels mapped to the same class are added up. Without
        it the names in the checkpoint decide. A checkpoint without a neutral label never answers neutral.
    device : str
        "auto" (a GPU when there is one), "cpu" or "cuda".
    offline : bool
        Never ask the network (transformers itself also heeds HF_HUB_OFFLINE).

    Raises
    ------
    NeedsModel
        When there are no weights; at once, without trying the network, for a path or offline.
    ConfigurationError
        When the labels of the checkpoint cannot be mapped.
    """

    def __init__(
        self, model: str, *, labels: Mapping[str, str] | None = None, device: str = "auto", offline: bool = False
    ) -> None:
        import torch
        from safetensors import SafetensorError
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        local = _local_only(model, offline)
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(model, local_files_only=local)
            self._model = AutoModelForSequenceClassification.from_pretrained(model, local_files_only=local)
        except (OSError, ValueError, KeyError, ImportError, RuntimeError, SafetensorError) as problem:
            if isinstance(problem, OSError) and not Path(model).is_dir():
                raise _needs(model) from problem
            raise EngineError(
                N_("The checkpoint {model} cannot be loaded: {problem}."),
                hint=N_("It must hold a sequence classification model and its tokenizer."),
                model=model,
                problem=str(problem).splitlines()[0],
            ) from problem
        self._torch = torch
        self._device = "cuda" if device == "auto" and torch.cuda.is_available() else device.replace("auto", "cpu")
        self._model.to(self._device).eval()
        self._classes = _classes_of(dict(self._model.config.id2label), labels, model)
        limit = getattr(self._model.config, "max_position_embeddings", _TOKENS_MAX)
        self._tokens_max = min(_TOKENS_MAX, int(limit))
        self.spec = describe(model, labels=labels, device=device, offline=offline)

    def predict(self, texts: Sequence[str], language: str, speakers: Sequence[str] | None = None) -> Floats:
        """Return probabilities of shape (len(texts), 3): negative, neutral, positive; rows sum to 1.

        `language` is the checkpoint's own business, and each text is read by itself. Texts are cut at 256 tokens (or at
        the model's own limit).
        """
        del language, speakers
        probabilities = np.zeros((len(texts), len(_LABELS)))
        by_length = sorted(range(len(texts)), key=lambda row: len(texts[row]))
        for start in range(0, len(by_length), _BATCH):
            rows = by_length[start : start + _BATCH]
            own = softmax(self._scores([texts[row] for row in rows]))
            for column, place in enumerate(self._classes):
                probabilities[rows, place] += own[:, column]
        return probabilities

    def _scores(self, texts: Sequence[str]) -> Floats:
        inputs = self._tokenizer(
            list(texts), padding=True, truncation=True, max_length=self._tokens_max, return_tensors="pt"
        )
        with self._torch.inference_mode():
            logits = self._model(**inputs.to(self._device)).logits
        scores: Floats = logits.float().cpu().numpy().astype(np.float64)
        return scores


def load(
    model: str | None = None,
    *,
    labels: Mapping[str, str] | None = None,
    device: str = "auto",
    offline: bool = False,
) -> TransformersSentiment:
    """Return the engine; see `TransformersSentiment`."""
    return TransformersSentiment(_named(model), labels=labels, device=device, offline=offline)


def describe(
    model: str | None = None,
    *,
    labels: Mapping[str, str] | None = None,
    device: str = "auto",
    offline: bool = False,
) -> EngineSpec:
    """Return the identity of the engine, without loading it.

    A local directory is identified by name, size and time of its files, a hub checkpoint by its name.
    """
    from importlib.metadata import version

    del device, offline
    named = _named(model)
    params = [("model", named)]
    if Path(named).is_dir():
        params.append(("files", _fingerprint(Path(named))))
    if labels:
        params.append(("labels", ";".join(f"{own}:{ours}" for own, ours in sorted(labels.items()))))
    return EngineSpec(kind="sentiment", name="transformers", version=version("transformers"), params=tuple(params))


def check(
    model: str | None = None,
    *,
    labels: Mapping[str, str] | None = None,
    device: str = "auto",
    offline: bool = False,
) -> None:
    """Raise what keeps the engine from starting, as far as folders tell: no checkpoint is named, or none is there."""
    del labels, device
    _local_only(_named(model), offline)


def _named(model: str | None) -> str:
    if not model:
        raise ConfigurationError(
            N_("The transformers sentiment engine needs a checkpoint."),
            hint=N_("Set text.sentiment_model to a local directory or a name on the hub."),
            field="text.sentiment_model",
        )
    return model


def _local_only(model: str, offline: bool) -> bool:
    """Return whether only local files may be used; raise NeedsModel when the path shows that nothing is there."""
    directory = Path(model)
    if directory.is_dir():
        if not (directory / "config.json").is_file() or not any((directory / name).is_file() for name in _WEIGHTS):
            raise _needs(model)
        return True
    if directory.is_absolute() or model.startswith((".", "~")) or model.count("/") > 1:
        raise _needs(model)
    return offline


def _needs(model: str) -> NeedsModel:
    return NeedsModel(
        N_("The sentiment checkpoint {model} is not here."),
        hint=N_("Fetch it with: hf download {model} --local-dir DIR, then set text.sentiment_model = DIR"),
        model=model,
    )


def _classes_of(names: Mapping[int, str], labels: Mapping[str, str] | None, model: str) -> tuple[int, ...]:
    wanted = {own.casefold(): ours for own, ours in (labels or _KNOWN_NAMES).items()}
    found = [wanted.get(names[number].casefold()) for number in sorted(names)]
    unknown = [names[number] for number, ours in zip(sorted(names), found, strict=True) if ours not in _LABELS]
    classes = tuple(_LABELS.index(ours) for ours in found if ours in _LABELS)
    if unknown or not {0, 2} <= set(classes):
        raise ConfigurationError(
            N_("The labels of the checkpoint {model} are not known: {unknown}."),
            hint=N_("Say what each means with the option labels: negative, neutral or positive."),
            model=model,
            unknown=", ".join(unknown or names.values()),
        )
    return classes


def _fingerprint(directory: Path) -> str:
    files = sorted(path for path in directory.iterdir() if path.is_file())
    lines = [f"{path.name}:{path.stat().st_size}:{path.stat().st_mtime_ns}" for path in files]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]
