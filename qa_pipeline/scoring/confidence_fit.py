"""Fitting a calibration to labels: monotone curves, each drawn to the more general one by as much as labels lack."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from qa_pipeline.domain.inspection import Outcome
from qa_pipeline.scoring.confidence import (
    ANY_KIND,
    Calibration,
    ConfidenceCurve,
    Curves,
    Values,
    brier,
    expected_calibration_error,
)
from qa_pipeline.scoring.proportions import clopper_pearson

# A criterion with fewer labels on which it decided has no curve of its own.
CRITERION_MIN = 50
# What the more general curve counts for, in labels.
PRIOR_LABELS = 20.0
FOLDS = 5
# Confidences are told apart to this; more would only make the file long.
_STEP = 0.01

Prior = Callable[[float], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledFinding:
    """A finding that a rule decided, and whether people gave the same outcome.

    ``contact``: number of the contact, which keeps findings of one contact together in cross-fitting.
    """

    contact: int
    key: str
    detector: str
    outcome: Outcome
    confidence: float
    right: bool


def fit_calibration(findings: Sequence[LabelledFinding], error_limit: float) -> Calibration:
    """Return the curves of all findings, of each kind of check and of each criterion with enough labels.

    Isotonic regression of being right on the rule's confidence, over the labels and `PRIOR_LABELS` made-up ones that
    lie on the more general curve: that of the kind of check, of all checks, and at last the confidence itself. So few
    labels move little, and curves never fall.

    A criterion is silenced where its curve says that more than `error_limit` of its findings are wrong, and only when
    the labels prove it: the whole 95 % interval of the share of errors there lies above the limit.
    """
    general = _curves(findings, lambda outcome: lambda raw: raw)
    kinds = {ANY_KIND: general}
    for kind, part in _split(findings, lambda finding: finding.detector).items():
        kinds[kind] = _curves(part, _prior_of(general))
    criteria = {
        key: _silenced(_curves(part, _prior_of(kinds[part[0].detector])), part, error_limit)
        for key, part in _split(findings, lambda finding: finding.key).items()
        if len(part) >= CRITERION_MIN
    }
    return Calibration(error_limit=error_limit, criteria=criteria, kinds=kinds)


def cross_fitted(findings: Sequence[LabelledFinding], error_limit: float) -> tuple[Values, Values]:
    """Return what curves fitted to other contacts say of each finding, and whether they would keep it (1 or 0).

    Raises
    ------
    ValueError
        With findings of one contact alone.
    """
    contacts = sorted({finding.contact for finding in findings})
    if len(contacts) < 2:
        raise ValueError("cross-fitting needs two contacts")
    order = np.random.default_rng(0).permutation(len(contacts))
    fold_of = {contacts[int(place)]: index % FOLDS for index, place in enumerate(order)}
    confidences, kept = np.zeros(len(findings)), np.ones(len(findings))
    for fold in range(FOLDS):
        model = fit_calibration([item for item in findings if fold_of[item.contact] != fold], error_limit)
        for place, item in enumerate(findings):
            if fold_of[item.contact] != fold:
                continue
            curve = model.curve_of(item.key, item.detector, item.outcome)
            confidences[place] = item.confidence if curve is None else curve.at(item.confidence)
            kept[place] = not (curve and curve.silent_to is not None and item.confidence <= curve.silent_to)
    return confidences, kept


def calibration_card(findings: Sequence[LabelledFinding], error_limit: float) -> dict[str, str | int | float | None]:
    """Return what a calibration was learned from and how good it is on contacts that it did not see."""
    right = np.array([finding.right for finding in findings], dtype=np.float64)
    raw = np.array([finding.confidence for finding in findings])
    fitted, kept = cross_fitted(findings, error_limit)
    error_kept = float(1 - right[kept == 1].mean()) if kept.any() else None
    return {
        "labels": len(findings),
        "contacts": len({finding.contact for finding in findings}),
        "error": float(1 - right.mean()),
        "error_kept": error_kept,
        "kept": float(kept.mean()),
        "ece_before": expected_calibration_error(raw, right),
        "ece_after": expected_calibration_error(fitted, right),
        "brier_before": brier(raw, right),
        "brier_after": brier(fitted, right),
    }


def _split(
    findings: Sequence[LabelledFinding], name: Callable[[LabelledFinding], str]
) -> Mapping[str, list[LabelledFinding]]:
    parts: dict[str, list[LabelledFinding]] = defaultdict(list)
    for finding in findings:
        parts[name(finding)].append(finding)
    return parts


def _prior_of(curves: Curves) -> Callable[[Outcome], Prior]:
    return lambda outcome: curves[outcome].at


def _curves(findings: Sequence[LabelledFinding], prior: Callable[[Outcome], Prior]) -> Curves:
    by_outcome: dict[Outcome, list[LabelledFinding]] = defaultdict(list)
    for finding in findings:
        by_outcome[finding.outcome].append(finding)
    return {outcome: _curve(part, prior(outcome)) for outcome, part in by_outcome.items()}


def _curve(findings: Sequence[LabelledFinding], prior: Prior) -> ConfidenceCurve:
    from sklearn.isotonic import IsotonicRegression

    raw = _rounded(findings)
    right = np.array([finding.right for finding in findings], dtype=np.float64)
    values, counts = np.unique(raw, return_counts=True)
    expected = np.array([prior(float(value)) for value in values])
    model = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip")
    model.fit(
        np.concatenate([raw, values]),
        np.concatenate([right, expected]),
        sample_weight=np.concatenate([np.ones(len(raw)), PRIOR_LABELS * counts / len(raw)]),
    )
    fitted = model.predict(values)
    return ConfidenceCurve(
        raw=tuple(float(value) for value in values), right=tuple(float(value) for value in fitted), n=len(findings)
    )


def _rounded(findings: Sequence[LabelledFinding]) -> Values:
    return np.round(np.array([finding.confidence for finding in findings]) / _STEP) * _STEP


def _silenced(curves: Curves, findings: Sequence[LabelledFinding], error_limit: float) -> Curves:
    """Return the curves with the confidences below which the criterion does not decide."""
    found: dict[Outcome, ConfidenceCurve] = {}
    for outcome, curve in curves.items():
        part = [finding for finding in findings if finding.outcome is outcome]
        doubted = [raw for raw, right in zip(curve.raw, curve.right, strict=True) if right < 1 - error_limit]
        below = _rounded(part) <= max(doubted, default=-1.0)
        count = sum(not finding.right for finding, is_below in zip(part, below, strict=True) if is_below)
        n = int(below.sum())
        is_proven = clopper_pearson(count, n)[0] > error_limit
        found[outcome] = (
            replace(curve, silent_to=max(doubted) + _STEP / 2, silent_n=n, silent_wrong=count) if is_proven else curve
        )
    return found
