"""Whether the machine is harder on some contacts or people: gaps to blind and other random reviews by group."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from qa_pipeline.appraisal.gaps import GapAudit, PassRatio, measure_gaps, pass_ratios
from qa_pipeline.domain.contact import Contact
from qa_pipeline.domain.inspection import Inspection
from qa_pipeline.domain.period import months_of
from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.services.calibration.group_file import GroupColumn
from qa_pipeline.services.calibration.severity import numbered
from qa_pipeline.services.calibration.verdicts import get_reviewed
from qa_pipeline.services.reviews import ReviewedContact
from qa_pipeline.store import Store

# Smaller cells are not shown: they tell of single people, and nothing of groups.
CELL_MIN = 10

GroupOf = Callable[[Contact, Inspection], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """A way to divide contacts. ``of`` gives a contact's group, None where it is unknown.

    ``by_people``: the group belongs to the agent and may be protected, so that cells of fewer than ten agents are not
    shown either.
    """

    name: str
    of: GroupOf
    by_people: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupAudit:
    """What one way of dividing shows.

    ``names`` of the groups in the order of their numbers in ``audit``, which is None where nothing can be tested.
    ``suppressed_count``: groups with cells under ten. ``unknown_count``: reviewed contacts whose group nobody knows.
    ``ratios``: how often contacts pass, of all inspected ones.
    """

    name: str
    names: tuple[str, ...]
    audit: GapAudit | None
    ratios: tuple[PassRatio, ...]
    reviewed_count: int
    suppressed_count: int
    unknown_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditOfPeriod:
    """All ways of dividing. ``review_count`` random reviews, one per contact, ``blind_count`` of them blind."""

    period: str
    review_count: int
    blind_count: int
    groupings: tuple[GroupAudit, ...]


def from_file(column: GroupColumn) -> Grouping:
    """Return a way to divide by a column of a file of groups."""
    if column.of_agents:
        return Grouping(
            name=column.name, of=lambda contact, _: column.groups.get(contact.agent_id or ""), by_people=True
        )
    return Grouping(name=column.name, of=lambda contact, _: column.groups.get(contact.id))


def audit_groups(
    store: Store, period: str, cards: Sequence[Scorecard], groupings: Sequence[Grouping], relevant_points: float
) -> AuditOfPeriod:
    """Compare machine and people by group over the contacts of a month, quarter or year.

    Raises
    ------
    ConfigurationError
        `period` is none.
    NotFound
        There are no reviews.
    """
    months = months_of(period)
    passed: dict[str, dict[str, Counter[bool]]] = {one.name: defaultdict(Counter) for one in groupings}
    with store.reading() as tx:
        rows = _one_per_contact(get_reviewed(tx, months, cards).compared)
        for month in months:
            for contact, inspection in tx.inspections.list(period=month):
                for one in groupings:
                    group = one.of(contact, inspection)
                    if group is not None and inspection.score.passed is not None:
                        passed[one.name][group][inspection.score.passed] += 1
    return AuditOfPeriod(
        period=period,
        review_count=len(rows),
        blind_count=sum(one.review.blind for one in rows),
        groupings=tuple(_audit(one, rows, passed[one.name], relevant_points) for one in groupings),
    )


def _one_per_contact(compared: Iterable[ReviewedContact]) -> list[ReviewedContact]:
    """Return one random review of each contact: two of a contact would share what the machine got wrong there."""
    chosen: dict[str, ReviewedContact] = {}
    for one in compared:
        if one.targeted or one.agent_id is None or "points" not in one.machine or "points" not in one.reviewed:
            continue
        known = chosen.get(one.contact_id)
        # A fingerprint is as good as a throw of dice, and gives the same result tomorrow.
        if known is None or one.review.fingerprint < known.review.fingerprint:
            chosen[one.contact_id] = one
    return [chosen[contact_id] for contact_id in sorted(chosen)]


def _audit(
    grouping: Grouping,
    rows: Sequence[ReviewedContact],
    passed: Mapping[str, Counter[bool]],
    relevant_points: float,
) -> GroupAudit:
    by_group: dict[str, list[ReviewedContact]] = defaultdict(list)
    unknown_count = 0
    for one in rows:
        group = grouping.of(one.contact, one.inspection)
        if group is None:
            unknown_count += 1
        else:
            by_group[group].append(one)
    names = tuple(sorted(name for name, each in by_group.items() if _is_shown(grouping, each)))
    shown = [(place, one) for place, name in enumerate(names) for one in by_group[name]]
    counts = [(name, sum(passed[name].values()), passed[name][True]) for name in names]
    return GroupAudit(
        name=grouping.name,
        names=names,
        audit=_measure(shown, relevant_points),
        ratios=pass_ratios(counts),
        reviewed_count=len(shown),
        suppressed_count=len(by_group) - len(names),
        unknown_count=unknown_count,
    )


def _is_shown(grouping: Grouping, cell: Sequence[ReviewedContact]) -> bool:
    agents = {one.agent_id for one in cell}
    return len(cell) >= CELL_MIN and (not grouping.by_people or len(agents) >= CELL_MIN)


def _measure(rows: Sequence[tuple[int, ReviewedContact]], relevant_points: float) -> GapAudit | None:
    compared = [one for _, one in rows]
    try:
        return measure_gaps(
            np.array([one.machine["points"] - one.reviewed["points"] for one in compared]),
            numbered(str(one.agent_id) for one in compared),
            numbered(one.reviewer for one in compared),
            np.array([place for place, _ in rows], dtype=np.intp),
            relevant_points=relevant_points,
        )
    except ValueError:
        return None  # too few; said with their number
