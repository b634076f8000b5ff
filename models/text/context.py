"""What was said around an utterance tells of its mood too: a small layer over the scores of a whole conversation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models.text.classifier import Floats, softmax

_FLOOR = 1e-6
_PRIOR = 1.0  # mass of a neighbour that says nothing: few neighbours count little


@dataclass(frozen=True, slots=True)
class ContextLayer:
    """Multinomial logistic regression over the scores of an utterance and the mean scores of those around it.

    Attributes
    ----------
    decay_utterances : float
        An utterance n places away weighs exp(-n / decay).
    coefficients : array, shape (3 x labels, labels)
        Of the utterance's own scores, of the same speaker's around it, of the others' around it.
    intercepts : array, shape (labels,)
    """

    decay_utterances: float
    coefficients: Floats
    intercepts: Floats

    def apply(self, probabilities: Floats, speakers: Sequence[str]) -> Floats:
        """Return the probabilities of one conversation in order, shape (n, labels), read in context."""
        features = context_features(probabilities, speakers, self.decay_utterances)
        return softmax(features @ self.coefficients + self.intercepts)

    def document(self) -> dict[str, Any]:
        """Return the layer as a card writes it."""
        return {
            "decay_utterances": self.decay_utterances,
            "coefficients": self.coefficients.round(4).tolist(),
            "intercepts": self.intercepts.round(4).tolist(),
        }


def parse_context(document: Mapping[str, Any], label_count: int) -> ContextLayer:
    """Return the layer of a card; raises ValueError, KeyError or TypeError when it is none."""
    layer = ContextLayer(
        float(document["decay_utterances"]),
        np.array(document["coefficients"], dtype=np.float64),
        np.array(document["intercepts"], dtype=np.float64),
    )
    fits = layer.coefficients.shape == (3 * label_count, label_count) and layer.intercepts.shape == (label_count,)
    if not fits or not layer.decay_utterances > 0:
        raise ValueError("context")
    return layer


def context_features(probabilities: Floats, speakers: Sequence[str], decay_utterances: float) -> Floats:
    """Return own, same speaker's and others' scores, shape (n, 3 x labels).

    Scores are logarithms of the probabilities, centred. Those around an utterance are weighted means over what was said
    before and after it, shrunk towards 0 where little was said.
    """
    logs = np.log(np.maximum(probabilities, _FLOOR))
    own = logs - logs.mean(axis=1, keepdims=True)
    names = {name: place for place, name in enumerate(dict.fromkeys(speakers))}
    who = np.array([names[name] for name in speakers], dtype=np.intp)
    by_speaker = np.zeros((len(own), len(names), own.shape[1] + 1))
    by_speaker[np.arange(len(own)), who] = np.column_stack([own, np.ones(len(own))])
    around = _decayed(by_speaker, decay_utterances) + _decayed(by_speaker[::-1], decay_utterances)[::-1]
    same = around[np.arange(len(own)), who]
    return np.hstack([own, _means(same), _means(around.sum(axis=1) - same)])


def _decayed(values: npt.NDArray[np.float64], decay: float) -> npt.NDArray[np.float64]:
    """Return for each place the sum of all before it, each weighing exp(-distance / decay)."""
    sums, factor = np.zeros_like(values), np.exp(-1 / decay)
    for place in range(1, len(values)):
        sums[place] = factor * (sums[place - 1] + values[place - 1])
    return sums


def _means(sums: Floats) -> Floats:
    means: Floats = sums[:, :-1] / (sums[:, -1:] + _PRIOR)
    return means
