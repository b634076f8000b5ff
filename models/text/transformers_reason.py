"""Reasons by any sequence-classification checkpoint of ``transformers``: a local directory or a name on the hub."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from models.text.checkpoint import Checkpoint, check_checkpoint, describe_checkpoint, get_name
from qa_pipeline.domain.engine import EngineSpec
from qa_pipeline.ports import ReasonReading

_SETTING = "text.reason_model"
_THRESHOLD = 0.5  # what is more likely wrong than right is not told; nobody has calibrated another checkpoint here


class TransformersReason:
    """A checkpoint whose labels are the categories.

    Parameters
    ----------
    model : str
        Local directory, or name on the hub.
    threshold : float
        Probability from which a reason is told.
    device, offline
        As for `Checkpoint`.

    Raises
    ------
    NeedsModel
        When there are no weights.
    """

    def __init__(
        self, model: str, *, threshold: float = _THRESHOLD, device: str = "auto", offline: bool = False
    ) -> None:
        self._checkpoint = Checkpoint(model, _SETTING, device=device, offline=offline)
        self._threshold = threshold
        self.spec = describe(model, threshold=threshold, device=device, offline=offline)

    def predict(self, texts: Sequence[str], language: str) -> ReasonReading:
        """Return the probabilities of the checkpoint's own labels, 0 for all of a blank text.

        `language` is the checkpoint's own business. One that gives several labels at once is scaled to 1 in all where
        its labels sum to more.
        """
        del language
        said = np.array([bool(text.strip()) for text in texts], dtype=bool)
        own = self._checkpoint.predict(texts)
        probabilities = own / np.maximum(own.sum(axis=1, keepdims=True), 1.0) * said[:, None]
        return ReasonReading(categories=self._checkpoint.labels, probabilities=probabilities, threshold=self._threshold)


def load(
    model: str | None = None,
    *,
    threshold: float = _THRESHOLD,
    device: str = "auto",
    offline: bool = False,
) -> TransformersReason:
    """Return the engine; see `TransformersReason`."""
    return TransformersReason(get_name(model, _SETTING), threshold=threshold, device=device, offline=offline)


def describe(
    model: str | None = None, *, threshold: float = _THRESHOLD, device: str = "auto", offline: bool = False
) -> EngineSpec:
    """Return the identity of the engine, without loading it."""
    del device, offline
    return describe_checkpoint("reason", get_name(model, _SETTING), threshold=f"{threshold:g}")


check = partial(check_checkpoint, _SETTING)
