"""Everything that follows from the published results of a period by the rules; people decide. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from qa_pipeline.appraisal.awards.badges import propose_badge, propose_grade_points
from qa_pipeline.appraisal.awards.best import propose_best_agents, propose_best_teams
from qa_pipeline.appraisal.awards.improvement import QuotesOf, propose_improvement, propose_repeated
from qa_pipeline.appraisal.awards.result import Maker, Result
from qa_pipeline.appraisal.awards.rules import AwardRules
from qa_pipeline.domain.cycle import Proposal
from qa_pipeline.domain.inspection import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """Proposals, and what is said of those that were not made."""

    proposals: tuple[Proposal, ...]
    notes: tuple[Reason, ...]


def propose(
    period: str, results: Sequence[Result], rules: AwardRules, now: datetime, *, quotes_of: QuotesOf
) -> Proposed:
    """Return everything that follows from the published results of a period by the rules, each for a person to decide.

    Results from which nothing may follow (``Publication.no_consequence``) give no proposal but that of more reviews.
    The same results and rules give the same proposals with the same ids.

    Parameters
    ----------
    results : sequence of Result
        One per agent.
    quotes_of : callable
        The sentences of a contact that show what was not met.
    """
    counting = [one for one in results if one.publications[-1].no_consequence is None]
    made: list[Proposal] = []
    notes: list[Reason] = []
    maker = Maker(period, rules, now)
    for badge in rules.badges:
        made += propose_badge(maker, badge, counting)
    # Whose result is held back is compared all the same: a team without its lowest member looks better than it is.
    for proposals, note in (
        propose_grade_points(maker, counting),
        *propose_best_agents(maker, results),
        *propose_best_teams(maker, results),
    ):
        made += proposals
        notes += [note] if note is not None else []
    made += propose_improvement(maker, results, quotes_of)
    made += propose_repeated(maker, counting)
    return Proposed(proposals=tuple(made), notes=tuple(notes))
