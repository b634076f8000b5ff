"""People's verdicts on single criteria beside what the machine found there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from qa_pipeline.domain.inspection import Finding, Outcome
from qa_pipeline.domain.review import Review
from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.errors import N_, NotFound
from qa_pipeline.services.reviews import ReviewedContact, reviewed_values
from qa_pipeline.store import Transaction
from qa_pipeline.store.reviews import MachineOutcome

Key = tuple[str, str]
"""Scorecard and criterion."""

JUDGED = (Outcome.MET, Outcome.PARTLY_MET, Outcome.NOT_MET)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewedCriterion:
    """One verdict of one review; ``machine`` is what the machine found, also where its finding is withheld."""

    reviewed: ReviewedContact
    criterion_id: str
    person: Outcome
    machine: Outcome

    @property
    def key(self) -> Key:
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


def list_independent(
    compared: Iterable[ReviewedContact],
) -> Mapping[Key, Mapping[str, Sequence[ReviewedCriterion]]]:
    """Return by criterion and contact the verdicts that tell how often the machine errs, reviewers by name.

    Both sides must have come to a judgement. Of several people the first stands for all where the machine is set beside
    one of them, as one of them is beside one other.
    """
    found: dict[Key, dict[str, list[ReviewedCriterion]]] = defaultdict(lambda: defaultdict(list))
    for verdict in sorted(list_verdicts(compared), key=lambda one: one.reviewed.reviewer):
        if is_independent(verdict.review) and verdict.both_judged:
            found[verdict.key][verdict.reviewed.contact_id].append(verdict)
    return found


def machine_outcome(finding: Finding | MachineOutcome) -> Outcome:
    """Return what the machine found, whether it counts or is withheld."""
    return finding.withheld or finding.outcome


def is_independent(review: Review) -> bool:
    """Whether a review tells how often the machine errs: drawn at random, by somebody who had not seen its findings."""
    return review.blind and not review.selection.is_targeted


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewedMonths:
    """The reviews of contacts of some months beside the machine, by month. ``left_out_count``: not comparable."""

    by_month: Mapping[str, tuple[ReviewedContact, ...]]
    left_out_count: int

    @property
    def compared(self) -> tuple[ReviewedContact, ...]:
        """All of them, in the order of the months."""
        return tuple(one for month in self.by_month.values() for one in month)


def get_reviewed(tx: Transaction, months: Sequence[str], cards: Sequence[Scorecard]) -> ReviewedMonths:
    """Return the reviews in force of contacts of these months; raises NotFound where there are none."""
    found = {month: reviewed_values(tx, month, cards) for month in months}
    left_out_count = sum(len(each.left_out) for each in found.values())
    if not any(each.compared for each in found.values()):
        raise NotFound(
            N_("None of the {count} reviews of contacts from {first} to {last} can be set beside the machine.")
            if left_out_count
            else N_("There is no review of contacts from {first} to {last}."),
            hint=N_("Bring reviews in with `callqa reviews import`, or name another period."),
            first=months[0],
            last=months[-1],
            count=left_out_count,
        )
    return ReviewedMonths(
        by_month={month: each.compared for month, each in found.items()}, left_out_count=left_out_count
    )
