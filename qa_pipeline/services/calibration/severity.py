"""Strict and mild reviewers, their changes, and the sessions in which all review the same contacts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

import numpy as np

from qa_pipeline.appraisal.mixed_model import Indices
from qa_pipeline.appraisal.severity import PanelSeverity, Reviews, measure_severity
from qa_pipeline.domain.inspection import Outcome
from qa_pipeline.domain.period import months_of
from qa_pipeline.domain.review import Selection
from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.errors import N_, NotFound
from qa_pipeline.services.calibration.months import months_up_to
from qa_pipeline.services.calibration.verdicts import ReviewedMonths, get_reviewed
from qa_pipeline.services.reviews import ReviewedContact
from qa_pipeline.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A criterion on which the reviewers of one contact differ, with what each of them said."""

    criterion_id: str
    outcomes: Mapping[str, Outcome]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationContact:
    """One contact that several people reviewed to compare themselves.

    ``points`` by reviewer; ``sd`` of them. ``furthest``: who is furthest from the mean of the others, and
    ``furthest_points`` above it.
    """

    contact_id: str
    points: Mapping[str, float]
    sd: float
    furthest: str
    furthest_points: float
    splits: tuple[Split, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeverityOfPeriod:
    """The panel over the months, and the calibration contacts of the period.

    ``names`` of reviewers and ``months`` in the order of their numbers in ``panel``, which is None where the reviews
    are too few: ``review_count`` by ``names`` people.
    """

    months: tuple[str, ...]
    names: tuple[str, ...]
    review_count: int
    panel: PanelSeverity | None
    sessions: tuple[CalibrationContact, ...]


def measure_reviewers(store: Store, period: str, cards: Sequence[Scorecard], months: int) -> SeverityOfPeriod:
    """Measure every reviewer over the months up to the end of a period.

    Raises
    ------
    ConfigurationError
        `period` is none.
    NotFound
        There are no reviews with points in these months.
    """
    window = months_up_to(period, months)
    with store.reading() as tx:
        reviewed = get_reviewed(tx, window, cards)
    rows = [
        (place, one)
        for place, month in enumerate(window)
        for one in reviewed.by_month[month]
        if one.agent_id is not None and "points" in one.machine and "points" in one.reviewed
    ]
    if not rows:
        raise NotFound(
            N_("No review from {first} to {last} gives points that can be set beside the machine's."),
            hint=N_("Reviews need enough verdicts for a total, or points, and contacts need an agent and a score."),
            first=window[0],
            last=window[-1],
        )
    names = tuple(sorted({one.reviewer for _, one in rows}))
    try:
        panel = measure_severity(_arrays(rows, names))
    except ValueError:
        panel = None  # too few; said with their number
    return SeverityOfPeriod(
        months=window,
        names=names,
        review_count=len(rows),
        panel=panel,
        sessions=tuple(_sessions(reviewed, months_of(period))),
    )


def _arrays(rows: Sequence[tuple[int, ReviewedContact]], names: Sequence[str]) -> Reviews:
    compared = [one for _, one in rows]
    return Reviews(
        contact=numbered(one.contact_id for one in compared),
        agent=numbered(str(one.agent_id) for one in compared),
        reviewer=np.array([names.index(one.reviewer) for one in compared], dtype=np.intp),
        month=np.array([place for place, _ in rows], dtype=np.intp),
        machine=np.array([one.machine["points"] for one in compared]),
        points=np.array([one.reviewed["points"] for one in compared]),
        targeted=np.array([one.targeted for one in compared], dtype=np.bool_),
    )


def numbered(names: Iterable[str]) -> Indices:
    """Return numbers from 0 without gaps in place of names."""
    places: dict[str, int] = {}
    return np.array([places.setdefault(name, len(places)) for name in names], dtype=np.intp)


def _sessions(reviewed: ReviewedMonths, months: Sequence[str]) -> Iterable[CalibrationContact]:
    """Return the calibration contacts, those with the widest spread first."""
    by_contact: dict[str, list[ReviewedContact]] = defaultdict(list)
    for month in months:
        for one in reviewed.by_month[month]:
            if one.selection is Selection.CALIBRATION:
                by_contact[one.contact_id].append(one)
    return compare_reviewers(by_contact)


def compare_reviewers(by_contact: Mapping[str, Sequence[ReviewedContact]]) -> Sequence[CalibrationContact]:
    """Return how the reviewers of each contact differ, the widest spread first; contacts without two totals not."""
    found = [_session(contact_id, each) for contact_id, each in by_contact.items()]
    return sorted((each for each in found if each), key=lambda each: (-each.sd, each.contact_id))


def _session(contact_id: str, compared: Sequence[ReviewedContact]) -> CalibrationContact | None:
    points = {one.reviewer: one.reviewed["points"] for one in compared if "points" in one.reviewed}
    if len(points) < 2:
        return None
    total = sum(points.values())
    away = {name: value - (total - value) / (len(points) - 1) for name, value in points.items()}
    furthest = max(sorted(away), key=lambda name: abs(away[name]))
    said: dict[str, dict[str, Outcome]] = defaultdict(dict)
    for one in compared:
        for criterion_id, outcome in one.verdicts.items():
            said[criterion_id][one.reviewer] = outcome
    return CalibrationContact(
        contact_id=contact_id,
        points=points,
        sd=stdev(points.values()),
        furthest=furthest,
        furthest_points=away[furthest],
        splits=tuple(
            Split(criterion_id=criterion_id, outcomes=outcomes)
            for criterion_id, outcomes in said.items()
            if len(set(outcomes.values())) > 1
        ),
    )


def mean_spread(sessions: Sequence[CalibrationContact]) -> float | None:
    """Return the mean standard deviation of points over calibration contacts, None without any."""
    return fmean(each.sd for each in sessions) if sessions else None
