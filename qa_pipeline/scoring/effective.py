"""The effective judgement of a contact: a pure fold of people's reviews over the machine's inspection."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from qa_pipeline.domain.inspection import Finding, Inspection, Reason, Score
from qa_pipeline.domain.review import Review
from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.errors import N_
from qa_pipeline.scoring.score import score_findings, script_ratio


@dataclass(frozen=True, slots=True, kw_only=True)
class Effective:
    """What counts for a contact. ``points`` may be a reviewer's own total, then it differs from ``score.points``.

    ``reviewers``: who has a part in it, first to last; empty when only the machine has judged.
    """

    findings: tuple[Finding, ...]
    score: Score
    points: float | None
    passed: bool | None
    script_ratio: float | None
    attitude_value: float | None
    reviewers: tuple[str, ...]

    @property
    def values(self) -> Mapping[str, float]:
        """The known measures by name: points, passed (1 or 0), script (0-1), attitude (1-5)."""
        found = {
            "points": self.points,
            "passed": None if self.passed is None else float(self.passed),
            "script": self.script_ratio,
            "attitude": self.attitude_value,
        }
        return {name: value for name, value in found.items() if value is not None}


def effective(inspection: Inspection, reviews: Iterable[Review], card: Scorecard) -> Effective:
    """Return the judgement that counts: each review replaces what it judges, the last one has the last word."""
    findings = {finding.criterion_id: finding for finding in inspection.findings}
    points, attitude, reviewers = None, inspection.attitude_value, []
    for review in reviews:
        reviewers.append(review.reviewer)
        findings |= _findings(review, findings)
        # Verdicts after a total make the total old.
        points = review.points if review.points is not None or not review.verdicts else None
        attitude = attitude if review.attitude_value is None else review.attitude_value
    return _effective(tuple(findings.values()), card, points, attitude, reviewers)


def judged_by(inspection: Inspection, review: Review, card: Scorecard) -> Effective:
    """Return the judgement of one reviewer alone, as the estimation compares it with the machine's.

    A blind reviewer's consists of the verdicts and nothing else; who has seen the machine's findings agrees with those
    that stand without a verdict.
    """
    findings = {} if review.blind else {finding.criterion_id: finding for finding in inspection.findings}
    findings |= _findings(review, {finding.criterion_id: finding for finding in inspection.findings})
    return _effective(tuple(findings.values()), card, review.points, review.attitude_value, [review.reviewer])


def _findings(review: Review, before: Mapping[str, Finding]) -> dict[str, Finding]:
    return {
        verdict.criterion_id: Finding(
            criterion_id=verdict.criterion_id,
            outcome=verdict.outcome,
            confidence=1.0,
            reason=Reason(
                message=N_("{reviewer}: {comment}") if verdict.comment else N_("Judged by {reviewer}."),
                params={"reviewer": review.reviewer, "comment": verdict.comment},
            ),
            evidence=before[verdict.criterion_id].evidence if verdict.criterion_id in before else (),
        )
        for verdict in review.verdicts
    }


def _effective(
    findings: tuple[Finding, ...],
    card: Scorecard,
    points: float | None,
    attitude: float | None,
    reviewers: Sequence[str],
) -> Effective:
    score = score_findings(findings, card)
    total = score.points if points is None else points
    return Effective(
        findings=findings,
        score=score,
        points=total,
        passed=None if total is None else total >= card.pass_points,
        script_ratio=script_ratio(findings, card),
        attitude_value=attitude,
        reviewers=tuple(reviewers),
    )
