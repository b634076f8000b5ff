"""From findings to points. Pure: the same findings and card give the same score, whoever judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from qa_pipeline.domain.inspection import Finding, Outcome, Score
from qa_pipeline.domain.scorecard import Criterion, Scorecard

FULL_POINTS = 100.0
_SHARE = {Outcome.MET: 1.0, Outcome.PARTLY_MET: 0.5, Outcome.NOT_MET: 0.0}


def score_findings(findings: Sequence[Finding], card: Scorecard) -> Score:
    """Return the score of one contact.

    A criterion gives its whole weight when MET, half when PARTLY_MET and nothing when NOT_MET; NOT_APPLICABLE and
    UNDETERMINED leave the denominator. A fatal criterion that is NOT_MET caps the total at its cap. Below the card's
    ``min_coverage_ratio`` of determined weight there are no points, unless what is undetermined cannot move the total
    (a broken red line caps it at 0). A criterion without a finding is UNDETERMINED.

    Raises
    ------
    ValueError
        When a finding belongs to no criterion of the card, or two belong to the same.
    """
    outcomes = outcomes_by_criterion(findings, card)
    criteria = tuple(card.criteria)
    applicable = [item for item in criteria if outcomes[item.id] is not Outcome.NOT_APPLICABLE]
    determined = [item for item in applicable if outcomes[item.id] in _SHARE]
    fatal = tuple(item.id for item in criteria if item.fatal and outcomes[item.id] is Outcome.NOT_MET)

    applicable_weight = _weight(applicable)
    determined_weight = _weight(determined)
    coverage_ratio = determined_weight / applicable_weight if applicable_weight else 0.0
    uncapped = points = None
    if determined_weight and coverage_ratio >= card.min_coverage_ratio:
        uncapped = FULL_POINTS * _earned(determined, outcomes) / determined_weight
        points = min(uncapped, _cap(criteria, outcomes, Outcome.NOT_MET))
    span = _range(applicable, outcomes)
    if points is None and span is not None and span[0] == span[1]:
        points = span[0]
    return Score(
        points=points,
        uncapped_points=uncapped,
        range_points=span,
        coverage_ratio=coverage_ratio,
        passed=None if points is None else points >= card.pass_points,
        fatal=fatal,
        undetermined_count=sum(outcome is Outcome.UNDETERMINED for outcome in outcomes.values()),
        not_applicable_count=sum(outcome is Outcome.NOT_APPLICABLE for outcome in outcomes.values()),
    )


def script_ratio(findings: Sequence[Finding], card: Scorecard) -> float | None:
    """Return the weighted share (0-1) that the card's ``script`` criteria reached, the indicator 话术规范度.

    None when less than the card's ``min_coverage_ratio`` of their applicable weight is determined.
    """
    return _indicator_ratio(findings, card, "script")


def outcomes_by_criterion(findings: Iterable[Finding], card: Scorecard) -> Mapping[str, Outcome]:
    """Return the outcome of every criterion of the card; raises ValueError as :func:`score_findings`."""
    outcomes = {criterion.id: Outcome.UNDETERMINED for criterion in card.criteria}
    seen: set[str] = set()
    for finding in findings:
        if finding.criterion_id not in outcomes:
            raise ValueError(f"{card.key} has no criterion {finding.criterion_id!r}")
        if finding.criterion_id in seen:
            raise ValueError(f"two findings for criterion {finding.criterion_id!r}")
        seen.add(finding.criterion_id)
        outcomes[finding.criterion_id] = finding.outcome
    return outcomes


def _weight(criteria: Iterable[Criterion]) -> float:
    return sum(criterion.weight for criterion in criteria)


def _earned(criteria: Iterable[Criterion], outcomes: Mapping[str, Outcome]) -> float:
    return sum(criterion.weight * _SHARE[outcomes[criterion.id]] for criterion in criteria)


def _cap(criteria: Iterable[Criterion], outcomes: Mapping[str, Outcome], *broken: Outcome) -> float:
    caps = (item.fatal_cap_points for item in criteria if item.fatal and outcomes[item.id] in broken)
    return min(caps, default=FULL_POINTS)


def _range(applicable: Sequence[Criterion], outcomes: Mapping[str, Outcome]) -> tuple[float, float] | None:
    """Return the totals with every undetermined criterion NOT_MET and with every one MET."""
    weight = _weight(applicable)
    if not weight:
        return None
    earned = _earned((item for item in applicable if outcomes[item.id] in _SHARE), outcomes)
    open_weight = _weight(item for item in applicable if outcomes[item.id] is Outcome.UNDETERMINED)
    lowest = min(FULL_POINTS * earned / weight, _cap(applicable, outcomes, Outcome.NOT_MET, Outcome.UNDETERMINED))
    highest = min(FULL_POINTS * (earned + open_weight) / weight, _cap(applicable, outcomes, Outcome.NOT_MET))
    return lowest, highest


def _indicator_ratio(findings: Sequence[Finding], card: Scorecard, indicator: str) -> float | None:
    outcomes = outcomes_by_criterion(findings, card)
    applicable = [
        item
        for item in card.criteria
        if item.indicator == indicator and outcomes[item.id] is not Outcome.NOT_APPLICABLE
    ]
    determined = [item for item in applicable if outcomes[item.id] in _SHARE]
    weight = _weight(determined)
    if not weight or weight / _weight(applicable) < card.min_coverage_ratio:
        return None
    return _earned(determined, outcomes) / weight
