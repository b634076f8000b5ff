"""People's verdicts on single criteria beside what the machine found there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from qa_pipeline.domain.inspection import Finding, Outcome
from qa_pipeline.domain.review import Review
from qa_pipeline.services.reviews import ReviewedContact

JUDGED = (Outcome.MET, Outcome.PARTLY_MET, Outcome.NOT_MET)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewedCriterion:
    """One verdict of one review; ``machine`` is what the machine found, also where its finding is withheld."""

    reviewed: ReviewedContact
    criterion_id: str
    person: Outcome
    machine: Outcome

    @property
    def key(self) -> tuple[str, str]:
        """Scorecard and criterion."""
        return self.reviewed.card.id, self.criterion_id

    @property
    def review(self) -> Review:
        """The review that the verdict is part of."""
        return self.reviewed.review

    @property
    def both_judged(self) -> bool:
        """Whether person and machine both came to a judgement."""
        return self.person in JUDGED and self.machine in JUDGED


def list_verdicts(compared: Iterable[ReviewedContact]) -> Iterator[ReviewedCriterion]:
    """Yield every verdict of the reviews, by their order."""
    for one in compared:
        found = {finding.criterion_id: machine_outcome(finding) for finding in one.inspection.findings}
        for criterion_id, person in one.verdicts.items():
            yield ReviewedCriterion(
                reviewed=one,
                criterion_id=criterion_id,
                person=person,
                machine=found.get(criterion_id, Outcome.UNDETERMINED),
            )


def machine_outcome(finding: Finding) -> Outcome:
    """Return what the machine found, whether it counts or is withheld."""
    return finding.withheld or finding.outcome


def is_independent(review: Review) -> bool:
    """Whether a review tells how often the machine errs: drawn at random, by somebody who had not seen its findings."""
    return review.blind and not review.selection.is_targeted
