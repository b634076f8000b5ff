"""Abuse by any sequence-classification checkpoint of ``transformers``: a local directory or a name on the hub."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from models.text.checkpoint import Checkpoint, check_checkpoint, describe_checkpoint, get_name, meanings_of
from models.text.classifier import Floats
from qa_pipeline.domain.engine import EngineSpec
from qa_pipeline.errors import N_
from qa_pipeline.ports import AbuseReading

_SETTING = "text.abuse_model"
_THRESHOLD = 0.9  # of hints, as the embedded model has it; nobody has measured another checkpoint on service talk
_ABUSIVE, _CLEAN = _SIDES = ("abusive", "clean")

# How checkpoints call the two sides. "LABEL_n" says nothing by itself: it needs the option `labels`.
_KNOWN_NAMES: Mapping[str, str] = dict.fromkeys(
    ("abusive", "abuse", "toxic", "toxicity", "offensive", "offense", "hate", "hateful", "insult", "obscene", "threat",
     "severe_toxic", "severe_toxicity", "identity_hate", "identity_attack", "辱骂", "冒犯", "攻击"), _ABUSIVE
) | dict.fromkeys(
    ("clean", "neutral", "normal", "neither", "non-toxic", "not-toxic", "nontoxic", "non-offensive", "not-offensive",
     "non-hate", "nothate", "acceptable", "正常"), _CLEAN
)  # fmt: skip


class TransformersAbuse:
    """A checkpoint, of one label per text or of several, whose labels are mapped to abusive and clean.

    Parameters
    ----------
    model : str
        Local directory, or name on the hub.
    labels : mapping, optional
        Label of the checkpoint -> abusive or clean. Without it the names in the checkpoint decide.
    threshold : float
        Probability from which a text is worth a person's look.
    device, offline
        As for `Checkpoint`.

    Raises
    ------
    NeedsModel
        When there are no weights.
    ConfigurationError
        When a label of the checkpoint cannot be mapped, or none is abusive.
    """

    def __init__(
        self,
        model: str,
        *,
        labels: Mapping[str, str] | None = None,
        threshold: float = _THRESHOLD,
        device: str = "auto",
        offline: bool = False,
    ) -> None:
        self._checkpoint = Checkpoint(model, _SETTING, device=device, offline=offline)
        hint = N_("Say what each means with the option labels: abusive or clean.")
        named = labels or _KNOWN_NAMES
        sides = meanings_of(self._checkpoint.labels, named, model, hint, ours=_SIDES, needed=[_ABUSIVE])
        self._abusive = [column for column, side in enumerate(sides) if side == _ABUSIVE]
        self._threshold = threshold
        spec = describe(model, labels=labels, threshold=threshold, device=device, offline=offline)
        self.spec = replace(spec, piecewise=self._checkpoint.piecewise)

    def predict(self, texts: Sequence[str], language: str) -> AbuseReading:
        """Return one probability per text: the abusive labels added up, or the highest where each has its own.

        `language` is the checkpoint's own business. A blank text is never abusive.
        """
        del language
        own = self._checkpoint.predict(texts)[:, self._abusive]
        total: Floats = own.max(axis=1, initial=0.0) if self._checkpoint.several else own.sum(axis=1)
        said = np.array([bool(text.strip()) for text in texts], dtype=bool)
        probabilities = np.where(said, np.clip(total, 0.0, 1.0), 0.0)
        return AbuseReading(probabilities=probabilities, hints=probabilities >= self._threshold)


def load(
    model: str | None = None,
    *,
    labels: Mapping[str, str] | None = None,
    threshold: float = _THRESHOLD,
    device: str = "auto",
    offline: bool = False,
) -> TransformersAbuse:
    """Return the engine; see `TransformersAbuse`."""
    named = get_name(model, _SETTING)
    return TransformersAbuse(named, labels=labels, threshold=threshold, device=device, offline=offline)


def describe(
    model: str | None = None,
    *,
    labels: Mapping[str, str] | None = None,
    threshold: float = _THRESHOLD,
    device: str = "auto",
    offline: bool = False,
) -> EngineSpec:
    """Return the identity of the engine, without loading it."""
    del device, offline
    return describe_checkpoint("abuse", get_name(model, _SETTING), labels, threshold=f"{threshold:g}")


check = partial(check_checkpoint, _SETTING)
