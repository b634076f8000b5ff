"""Which criteria the machine gets wrong too often, and what becomes of its findings on them.

Two kinds of evidence, each with an exact interval: blind reviews of contacts drawn at random that disagree with the
machine, and appeals that were upheld among the contacts that the machine charged. Nobody appeals against what nobody
saw, so the second is a floor. A criterion is put on hold when the lower end of an interval lies past what is allowed:
then the error rate itself is past it, in 39 of 40 cases. People among themselves disagree too; what they disagree is
allowed to the machine on top.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from qa_pipeline.domain.cycle import CriterionHold
from qa_pipeline.domain.inspection import Finding, Outcome, Reason
from qa_pipeline.errors import N_
from qa_pipeline.scoring.proportions import Share

# Of fewer contacts rated twice, what people disagree among themselves is not known well enough to be allowed for.
PEOPLE_MIN = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRule:
    """When a criterion is put on hold.

    ``error_limit``: share of wrong findings (0-1) beyond what people disagree among themselves. ``reviews_min``,
    ``upheld_min``: blind reviews, and upheld appeals, below which nothing is decided. ``months``: how far back evidence
    counts.
    """

    error_limit: float = 0.1
    reviews_min: int = 20
    upheld_min: int = 3
    months: int = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRate:
    """What is known of the machine's errors on one criterion.

    ``reviewed``: wrong findings among blindly reviewed contacts drawn at random. ``appealed``: upheld appeals among the
    contacts that the machine charged. ``people``: contacts on which two people disagree, among those rated twice.
    """

    scorecard_id: str
    criterion_id: str
    reviewed: Share
    appealed: Share
    people: Share

    def allowed_ratio(self, rule: HoldRule) -> float:
        """Return the share of wrong findings that is allowed (0-1)."""
        among_people = self.people.value if self.people.n >= PEOPLE_MIN else None
        return rule.error_limit + (among_people or 0.0)

    def reason_to_hold(self, rule: HoldRule) -> Reason | None:
        """Return why the criterion must not score by itself, None while nothing says so."""
        allowed = self.allowed_ratio(rule)
        low, high = self.reviewed.ci95
        if self.reviewed.n >= rule.reviews_min and low > allowed:
            return Reason(
                message=N_(
                    "{wrong} of {n} blind random reviews disagree with the machine: an error rate between {low} % and "
                    "{high} %, {allowed} % are allowed."
                ),
                params=_params(self.reviewed.count, self.reviewed.n, low, high, allowed),
            )
        low, high = self.appealed.ci95
        if self.appealed.count >= rule.upheld_min and low > rule.error_limit:
            return Reason(
                message=N_(
                    "{wrong} of {n} contacts that the machine charged were appealed against with success: an error "
                    "rate of at least {low} %, {allowed} % are allowed."
                ),
                params=_params(self.appealed.count, self.appealed.n, low, high, rule.error_limit),
            )
        return None


def _params(wrong: int, n: int, low: float, high: float, allowed: float) -> Mapping[str, int | float]:
    shares = {"low": low, "high": high, "allowed": allowed}
    return {"wrong": wrong, "n": n} | {name: round(100 * share, 1) for name, share in shares.items()}


def withhold(findings: Sequence[Finding], scorecard_id: str, holds: Sequence[CriterionHold]) -> tuple[Finding, ...]:
    """Return the findings with those on criteria on hold undetermined; their evidence stays for whoever judges."""
    held = {hold.criterion_id: hold for hold in holds if hold.is_open and hold.scorecard_id == scorecard_id}
    return tuple(
        _withheld(finding, held[finding.criterion_id]) if finding.criterion_id in held else finding
        for finding in findings
    )


def _withheld(finding: Finding, hold: CriterionHold) -> Finding:
    if finding.outcome is Outcome.UNDETERMINED:
        return finding
    return replace(
        finding,
        outcome=Outcome.UNDETERMINED,
        confidence=0.0,
        reason=Reason(
            message=N_("On hold since {since} by {by}: it does not count until a person has judged it."),
            params={"since": f"{hold.held_at:%Y-%m-%d}", "by": hold.held_by},
        ),
        withheld=finding.outcome,
    )
