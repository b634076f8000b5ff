"""The effective judgement of a contact: a pure fold of people's reviews over the machine's inspection."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from qa_pipeline.domain.inspection import Finding, Inspection, Reason, Score
from qa_pipeline.domain.review import Review, Selection
from qa_pipeline.domain.scorecard import Criterion, Scorecard
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
        return _known(self.points, self.passed, self.script_ratio, self.attitude_value)


def machine_values(inspection: Inspection) -> Mapping[str, float]:
    """Return the known measures of an inspection by the names of :attr:`Effective.values`."""
    score = inspection.score
    return _known(score.points, score.passed, inspection.script_ratio, inspection.attitude_value)


def _known(
    points: float | None, passed: bool | None, script: float | None, attitude: float | None
) -> Mapping[str, float]:
    share = None if passed is None else float(passed)
    found = {"points": points, "passed": share, "script": script, "attitude": attitude}
    return {name: value for name, value in found.items() if value is not None}


def effective(inspection: Inspection, reviews: Iterable[Review], card: Scorecard) -> Effective:
    """Return the judgement that counts: each review replaces what it judges, the last one has the last word.

    Blind second reviews and calibration measure how reviewers agree; they count where nobody else has reviewed the
    contact. Decisions on appeals come last whenever they were written down.

    Parameters
    ----------
    card : Scorecard
        The one of the inspection. Reviews by another version come through :func:`carried` first.
    """
    findings = {finding.criterion_id: finding for finding in inspection.findings}
    points, attitude, reviewers = None, inspection.attitude_value, []
    for review in sorted(reviews, key=_in_order):
        reviewers.append(review.reviewer)
        findings |= _findings(review, findings)
        if review.points is not None or review.verdicts:
            # Verdicts after a total make the total old.
            points = review.points
        attitude = attitude if review.attitude_value is None else review.attitude_value
    return _effective(tuple(findings.values()), card, points, attitude, reviewers)


def judged_by(inspection: Inspection, review: Review, card: Scorecard) -> Effective:
    """Return the judgement of one reviewer alone, as the estimation compares it with the machine's.

    A blind reviewer's consists of the verdicts and nothing else; who has gone through the machine's findings agrees
    with those that stand without a verdict. Who reviewed by another version of the card has not seen these findings,
    and who gave a total alone says nothing on any of them.
    """
    seen = bool(review.verdicts) and not review.blind and review.scorecard_version == card.version
    findings = {finding.criterion_id: finding for finding in inspection.findings} if seen else {}
    findings |= _findings(review, {finding.criterion_id: finding for finding in inspection.findings})
    return _effective(tuple(findings.values()), card, review.points, review.attitude_value, [review.reviewer])


def carried(review: Review, written_for: Scorecard, card: Scorecard) -> Review | None:
    """Return what a review by one version of a card says by another one, None when that is nothing.

    Verdicts stay on criteria that ask the same in both; a total belongs to its own version; attitude to none.
    """
    if written_for.key == card.key:
        return review
    before = {criterion.id: _asked(criterion) for criterion in written_for.criteria}
    same = {criterion.id for criterion in card.criteria if before.get(criterion.id) == _asked(criterion)}
    verdicts = tuple(verdict for verdict in review.verdicts if verdict.criterion_id in same)
    found = replace(review, verdicts=verdicts, points=None)
    return found if verdicts or found.attitude_value is not None else None


def _asked(criterion: Criterion) -> tuple[object, ...]:
    return criterion.name, criterion.check, criterion.applies_when


def _in_order(review: Review) -> tuple[int, datetime]:
    rank = {Selection.DOUBLE: 0, Selection.CALIBRATION: 0, Selection.APPEAL: 2}
    return rank.get(review.selection, 1), review.reviewed_at


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
