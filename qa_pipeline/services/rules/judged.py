"""A card over one sampled contact, with the time that each criterion took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

from qa_pipeline.detectors.run import detect_each
from qa_pipeline.domain.inspection import Finding, Outcome, Score
from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.ports import ContactView, JudgingModels
from qa_pipeline.scoring.confidence import Calibration
from qa_pipeline.scoring.score import score_findings

DETERMINED = (Outcome.MET, Outcome.PARTLY_MET, Outcome.NOT_MET)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Findings and score of one contact; ``seconds``: of each criterion, in the order of the card."""

    findings: tuple[Finding, ...]
    score: Score
    seconds: tuple[float, ...]

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """The outcome of each criterion."""
        return tuple(finding.outcome for finding in self.findings)


def judge_view(
    view: ContactView, card: Scorecard, models: JudgingModels, calibration: Calibration | None = None
) -> Judged:
    """Judge a contact by a card as a batch would.

    What all criteria share, such as folding the words, falls to the first one that needs it.
    """
    findings: list[Finding] = []
    seconds: list[float] = []
    began = perf_counter()
    for finding in detect_each(view, card, models, calibration):
        findings.append(finding)
        seconds.append(perf_counter() - began)
        began = perf_counter()
    return Judged(findings=tuple(findings), score=score_findings(findings, card), seconds=tuple(seconds))


def warm_up(views: Sequence[ContactView], card: Scorecard, models: JudgingModels) -> None:
    """Judge once for nothing, so that compiling patterns and reading dictionaries is no part of what is timed."""
    for view in views[:1]:
        judge_view(view, card, models)
