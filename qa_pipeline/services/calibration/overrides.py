"""How often reviewers who see the machine's findings change them: never is an alarm."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from qa_pipeline.domain.period import months_of
from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.scoring.proportions import Share
from qa_pipeline.services.calibration.verdicts import JUDGED, get_reviewed
from qa_pipeline.services.reviews import ReviewedContact
from qa_pipeline.store import Store

# Of fewer reviews, none changed is no sign of nodding through.
ALARM_MIN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """One reviewer's reviews that were not blind.

    ``changed``: those with an outcome or a total other than the machine's. ``unexplained_count``: changed ones without
    a word why.
    """

    reviewer: str
    changed: Share
    unexplained_count: int

    @property
    def is_alarm(self) -> bool:
        """Whether the machine's findings seem to be nodded through."""
        return self.changed.n >= ALARM_MIN and self.changed.count == 0


def count_overrides(store: Store, period: str, cards: Sequence[Scorecard]) -> Sequence[Overrides]:
    """Return the overrides by reviewer on contacts of a month, quarter or year; raises as `get_reviewed`."""
    with store.reading() as tx:
        compared = get_reviewed(tx, months_of(period), cards).compared
    by_reviewer: dict[str, list[ReviewedContact]] = defaultdict(list)
    for one in compared:
        if not one.review.blind:
            by_reviewer[one.reviewer].append(one)
    return [_count(name, by_reviewer[name]) for name in sorted(by_reviewer)]


def _count(reviewer: str, compared: Sequence[ReviewedContact]) -> Overrides:
    changed = [one for one in compared if _changes(one)]
    return Overrides(
        reviewer=reviewer,
        changed=Share(len(changed), len(compared)),
        unexplained_count=sum(not _explains(one) for one in changed),
    )


def _changes(one: ReviewedContact) -> bool:
    """Whether the review says other than the machine; judging what the machine left open changes nothing."""
    found = one.machine_outcomes
    if any(found.get(criterion) in JUDGED and found[criterion] is not said for criterion, said in one.verdicts.items()):
        return True
    given = one.review.points
    return given is not None and given != one.machine.get("points", given)


def _explains(one: ReviewedContact) -> bool:
    return bool(one.review.comment) or any(verdict.comment for verdict in one.review.verdicts)
