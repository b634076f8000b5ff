"""From how sure a rule is to how often people agree with it, learned from their labels.

A rule's own confidence only orders its findings. A `Calibration` turns it into the share of such findings that people
confirmed, and silences a rule where labels show that it is wrong too often.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256

import numpy as np
import numpy.typing as npt

from qa_pipeline.domain.inspection import Finding, Outcome, Reason
from qa_pipeline.domain.scorecard import Criterion
from qa_pipeline.errors import N_

ANY_KIND = ""

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfidenceCurve:
    """How often people confirm an outcome, by the rule's own confidence: ``right[i]`` at ``raw[i]``, ascending.

    Linear between the points, level outside. ``n``: labels behind it. Findings of at most ``silent_to`` are withheld:
    of ``silent_n`` of them ``silent_wrong`` were wrong.
    """

    raw: tuple[float, ...]
    right: tuple[float, ...]
    n: int
    silent_to: float | None = None
    silent_n: int = 0
    silent_wrong: int = 0

    def at(self, raw: float) -> float:
        """Return the share of findings with this confidence that people confirm, 0-1."""
        place = bisect_right(self.raw, raw)
        if place == 0:
            return self.right[0]
        if place == len(self.raw):
            return self.right[-1]
        low, high = self.raw[place - 1], self.raw[place]
        share = (raw - low) / (high - low)
        return self.right[place - 1] + share * (self.right[place] - self.right[place - 1])


Curves = Mapping[Outcome, ConfidenceCurve]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Curves by outcome: of single criteria, by `criterion_key`, and of kinds of checks, ``ANY_KIND`` for all of them.

    ``error_limit``: the share of wrong findings that a rule may have before it is silenced. ``card`` says what the
    curves were learned from and how good they are.
    """

    error_limit: float
    criteria: Mapping[str, Curves] = field(default_factory=dict)
    kinds: Mapping[str, Curves] = field(default_factory=dict)
    card: Mapping[str, str | int | float | None] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Identity of everything that moves a confidence."""
        content = {"limit": self.error_limit, "criteria": _plain(self.criteria), "kinds": _plain(self.kinds)}
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return sha256(text.encode()).hexdigest()

    def curve_of(self, key: str, detector: str, outcome: Outcome) -> ConfidenceCurve | None:
        """Return the nearest curve: of the criterion, else of its kind of check, else of all; None without any."""
        for curves in (self.criteria.get(key), self.kinds.get(detector), self.kinds.get(ANY_KIND)):
            if curves and outcome in curves:
                return curves[outcome]
        return None

    def read(self, finding: Finding, key: str, detector: str) -> Finding:
        """Return a finding with the calibrated confidence, or UNDETERMINED where the rule is silenced."""
        if finding.outcome is Outcome.UNDETERMINED:
            return finding
        curve = self.curve_of(key, detector, finding.outcome)
        if curve is None:
            return finding
        if curve.silent_to is not None and finding.confidence <= curve.silent_to:
            return replace(
                finding,
                outcome=Outcome.UNDETERMINED,
                confidence=0.0,
                reason=Reason(
                    message=N_(
                        "People disagreed with {wrong} of {n} such findings, so this rule does not decide here."
                    ),
                    params={"wrong": curve.silent_wrong, "n": curve.silent_n},
                ),
            )
        return replace(finding, confidence=curve.at(finding.confidence))


def criterion_key(criterion: Criterion) -> str:
    """Return the identity of what a criterion checks: the same in another version of the card that leaves it alone."""
    content = {
        "check": asdict(criterion.check),
        "applies_when": criterion.applies_when and asdict(criterion.applies_when),
    }
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()[:16]


def expected_calibration_error(confidences: Values, right: Values, bins: int = 10) -> float:
    """Return the mean gap between confidence and share of right findings over bins of equal width; NaN of nothing.

    Both of shape (n,), 0-1. Each bin weighs what its findings count (Naeini et al. 2015).
    """
    if not confidences.size:
        return float("nan")
    places = np.minimum((confidences * bins).astype(np.intp), bins - 1)
    gaps = np.bincount(places, weights=confidences - right, minlength=bins)
    return float(np.abs(gaps).sum() / confidences.size)


def brier(confidences: Values, right: Values) -> float:
    """Return the mean squared difference between confidence and being right (Brier 1950); NaN of nothing."""
    return float(np.mean((confidences - right) ** 2)) if confidences.size else float("nan")


def _plain(curves: Mapping[str, Curves]) -> dict[str, dict[str, object]]:
    return {name: {outcome.value: asdict(curve) for outcome, curve in each.items()} for name, each in curves.items()}
