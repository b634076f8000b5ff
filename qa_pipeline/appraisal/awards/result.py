"""What proposals are made from and how they are made: published results, and sentences that all of them share."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from hashlib import sha256

from qa_pipeline.appraisal.awards.rules import AwardRules
from qa_pipeline.domain.cycle import Figure, Proposal, ProposalKind, Publication
from qa_pipeline.domain.inspection import Reason
from qa_pipeline.domain.performance import Evaluation
from qa_pipeline.domain.scorecard import Text
from qa_pipeline.errors import N_


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What is published of one agent.

    ``publications``: of consecutive periods, this one last, each in its latest version. ``published_on``: the site's
    day of this one. ``red_line_count``: contacts of the period with a red line that stands. ``plan_count``: improvement
    plans that people approved in these periods.
    """

    publications: tuple[Publication, ...]
    published_on: date
    red_line_count: int = 0
    plan_count: int = 0

    @property
    def evaluation(self) -> Evaluation:
        """The evaluation of this period."""
        return self.publications[-1].evaluation

    @property
    def agent_id(self) -> str:
        """Whose result it is."""
        return self.evaluation.agent_id


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes proposals of one period by one set of rules; the same content has the same id."""

    period: str
    rules: AwardRules
    at: datetime

    def make(
        self,
        kind: ProposalKind,
        subject: str,
        name: str,
        title: Text,
        evidence: Iterable[Reason],
        figures: Iterable[Figure],
        *,
        points: float | None = None,
        due_on: date | None = None,
    ) -> Proposal:
        """Return a proposal with its id."""
        proposal = Proposal(
            id="",
            period=self.period,
            kind=kind,
            subject=subject,
            name=name,
            title=title,
            evidence=tuple(evidence),
            figures=tuple(figures),
            points=points,
            due_on=due_on,
            rules=self.rules.key,
            proposed_at=self.at,
        )
        content = asdict(proposal)
        del content["proposed_at"]  # the day on which somebody looks is no content
        digest = sha256(json.dumps(content, ensure_ascii=False, sort_keys=True, default=str).encode()).hexdigest()
        return replace(proposal, id=digest[:12])


def said_total(message: str, evaluation: Evaluation) -> Reason:
    """Return a sentence with grade, total and interval of an evaluation in its places."""
    low_high = evaluation.ci95
    return Reason(
        message=message,
        params={
            "grade": evaluation.grade or "–",
            "points": round(evaluation.total or 0.0, 1),
            "interval": f" ({low_high[0]:.1f} – {low_high[1]:.1f})" if low_high else "",
        },
    )


def said_basis(result: Result) -> Reason:
    """Return the sentence on how much a result rests."""
    return Reason(
        message=N_("{contacts} contacts with a score, {reviews} reviews by people, {red_lines} red lines."),
        params={
            "contacts": result.evaluation.n_contacts,
            "reviews": result.evaluation.n_reviews,
            "red_lines": result.red_line_count,
        },
    )
