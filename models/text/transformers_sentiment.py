"""Sentiment by any sequence-classification checkpoint of ``transformers``: a local directory or a name on the hub."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from models.text.checkpoint import Checkpoint, check_checkpoint, describe_checkpoint, get_name, meanings_of
from models.text.classifier import Floats
from qa_pipeline.domain.annotation import SentimentLabel
from qa_pipeline.domain.engine import EngineSpec
from qa_pipeline.errors import N_

_LABELS = tuple(label.value for label in SentimentLabel)
_POLES = (SentimentLabel.NEGATIVE.value, SentimentLabel.POSITIVE.value)
_SETTING = "text.sentiment_model"

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
        self._checkpoint = Checkpoint(model, _SETTING, device=device, offline=offline)
        hint = N_("Say what each means with the option labels: negative, neutral or positive.")
        named = labels or _KNOWN_NAMES
        meanings = meanings_of(self._checkpoint.labels, named, model, hint, ours=_LABELS, needed=_POLES)
        self._classes = tuple(_LABELS.index(meaning) for meaning in meanings)
        spec = describe(model, labels=labels, device=device, offline=offline)
        self.spec = replace(spec, piecewise=self._checkpoint.piecewise)

    def predict(self, texts: Sequence[str], language: str, speakers: Sequence[str] | None = None) -> Floats:
        """Return probabilities of shape (len(texts), 3): negative, neutral, positive; rows sum to 1.

        `language` is the checkpoint's own business, and each text is read by itself. Texts are cut at 256 tokens (or at
        the model's own limit).
        """
        del language, speakers
        own = self._checkpoint.predict(texts)
        own /= own.sum(axis=1, keepdims=True)
        probabilities = np.zeros((len(texts), len(_LABELS)))
        for column, place in enumerate(self._classes):
            probabilities[:, place] += own[:, column]
        return probabilities


def load(
    model: str | None = None,
    *,
    labels: Mapping[str, str] | None = None,
    device: str = "auto",
    offline: bool = False,
) -> TransformersSentiment:
    """Return the engine; see `TransformersSentiment`."""
    return TransformersSentiment(get_name(model, _SETTING), labels=labels, device=device, offline=offline)


def describe(
    model: str | None = None,
    *,
    labels: Mapping[str, str] | None = None,
    device: str = "auto",
    offline: bool = False,
) -> EngineSpec:
    """Return the identity of the engine, without loading it."""
    del device, offline
    return describe_checkpoint("sentiment", get_name(model, _SETTING), labels)


check = partial(check_checkpoint, _SETTING)
