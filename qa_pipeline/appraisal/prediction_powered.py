"""Means of whole teams and sites from machine scores of all contacts and random reviews of some.

Prediction-powered inference with a tuned weight (A. N. Angelopoulos, J. C. Duchi, T. Zrnic, "PPI++", arXiv 2311.01453):
the mean of the machine over everything, corrected by what people found on the reviewed contacts. Never worse than the
reviews alone for many contacts, and unbiased whatever the machine does.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from qa_pipeline.appraisal.mixed_model import Floats

_Z95 = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanEstimate:
    """A mean with its standard error and 95 % interval. ``weight``: how far the machine is believed, 0-1 or so."""

    value: float
    se: float
    weight: float

    @property
    def ci95(self) -> tuple[float, float]:
        """The 95 % interval."""
        return self.value - _Z95 * self.se, self.value + _Z95 * self.se


def estimate_mean(
    machine: Floats, reviewed_machine: Floats, review: Floats, probability: Floats | None = None
) -> MeanEstimate:
    """Return the mean that reviews of all contacts would have.

    The interval is a normal one, for 30 reviews or more; below that the mixed model over agents is the one to ask.

    Parameters
    ----------
    machine : array, shape (n,)
        Machine scores of all contacts.
    reviewed_machine, review : arrays, shape (m,)
        Machine score and people's score of the reviewed ones, m >= 2.
    probability : array, shape (m,), optional
        Probability with which each was chosen for review; without it all were as likely.

    Raises
    ------
    ValueError
        Fewer than two reviews, or a probability that is not in (0, 1].
    """
    if len(review) < 2:
        raise ValueError("a mean needs two reviews at least")
    weights = np.ones(len(review)) if probability is None else _inverse(probability)
    share = weights / weights.sum()
    centre_machine, centre_review = share @ reviewed_machine, share @ review
    shared = share @ ((reviewed_machine - centre_machine) * (review - centre_review))
    spread = share @ (reviewed_machine - centre_machine) ** 2
    effective = 1 / float(share @ share)
    # The tuned weight of the paper: the slope, less as the contacts without review are not infinitely many.
    weight = float(shared / spread / (1 + effective / len(machine))) if spread > 0 else 0.0
    rest = review - weight * reviewed_machine
    centre = float(share @ rest)
    value = weight * float(machine.mean()) + centre
    variance = weight**2 * float(machine.var(ddof=1)) / len(machine) if len(machine) > 1 else 0.0
    # Weights that differ make the mean of the rest less sure than their number says.
    variance += float(share**2 @ (rest - centre) ** 2) * effective / max(effective - 1, 1)
    return MeanEstimate(value=value, se=float(np.sqrt(variance)), weight=weight)


def _inverse(probability: Floats) -> Floats:
    if not ((probability > 0) & (probability <= 1)).all():
        raise ValueError("a probability of being reviewed lies above 0 and at most at 1")
    return np.asarray(1 / probability, dtype=np.float64)
