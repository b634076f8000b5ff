"""Figures about groups of people, never about single ones: leavers, and whom the machine is harder on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal

from fastapi import Query

from api.caller import Caller
from api.listing import Document, Period
from api.router import FromCaller, Routes
from qa_pipeline.access import Permission
from qa_pipeline.appraisal.gaps import GapVerdict
from qa_pipeline.report.data import Interval, Share
from qa_pipeline.services.calibration.groupings import make_groupings
from qa_pipeline.services.calibration.groups import GroupAudit, audit_groups
from qa_pipeline.services.turnover import LeavingRate, Turnover, find_turnover

router = Routes()
# A smaller gap in points does not matter, as in `callqa calibration groups`.
MATTERS_POINTS = 3.0
# The band of the line is left out: it would read what was heard in every single recording.
WAYS = ("team", "queue", "language", "tenure", "recognition")


class MonthTurnoverDocument(Document):
    """One month; ``left`` of all who were there in it, null for fewer than ten."""

    month: str
    at_start_count: int
    joined_count: int
    left_count: int
    left: Share | None


class LeavingRateDocument(Document):
    """Leavers of a group per 100 months that people spent in it, with a 95 % interval."""

    group: str | None
    people_count: int
    person_months: float
    left_count: int
    rate: float
    ci95: Interval


class LeaversDocument(Document):
    """Who joined and who left in the last months. Groups of fewer than ten people are counted and not shown."""

    first_on: date
    last_on: date
    people_count: int
    joined_count: int
    left_count: int
    months: tuple[MonthTurnoverDocument, ...]
    site: LeavingRateDocument | None
    teams: tuple[LeavingRateDocument, ...]
    tenures: tuple[LeavingRateDocument, ...]
    suppressed_teams: int
    suppressed_tenures: int
    unknown_tenure_count: int


class GroupDocument(Document):
    """One group: the machine above people in points, beside the other groups, and how often its contacts pass.

    ``difference``: negative where the machine is harder on this group; ``pass_ratio`` over the best group's, where
    ``is_small_cell`` says that chance alone may bring it below four fifths.
    """

    group: str
    n: int | None
    agents_count: int | None
    gap: float | None
    difference: float | None
    ci95: tuple[float, float] | None
    p: float | None
    detectable: float | None
    verdict: GapVerdict | None
    pass_ratio: float | None
    is_small_cell: bool | None


class GroupingDocument(Document):
    """One way to divide contacts; ``p``: one and the same gap in all groups. Cells under ten are not shown."""

    by: str
    reviews_count: int
    p: float | None
    groups: tuple[GroupDocument, ...]
    suppressed_count: int
    unknown_count: int


class FairnessDocument(Document):
    """Machine beside people by group, over the random reviews of a period."""

    period: str
    reviews_count: int
    blind_count: int
    matters_points: float
    groupings: tuple[GroupingDocument, ...]


@router.read("/leavers", Permission.FIGURES_READ, operation_id="get_leavers")
def leavers(
    call: FromCaller, months: Annotated[int, Query(ge=1, le=60, description="How many months")] = 12
) -> LeaversDocument:
    """Joiners and leavers by month, and rates of leaving by team and time in the job, with intervals."""
    call.record("leavers.view", "all", months=months)
    return _leavers(_turnover(call, months))


@router.read("/fairness", Permission.FIGURES_READ, operation_id="get_fairness")
def fairness(
    call: FromCaller,
    period: Period,
    by: Annotated[
        list[Literal["team", "queue", "language", "tenure", "recognition"]] | None, Query(description="How to divide")
    ] = None,
) -> FairnessDocument:
    """Whether the machine is harder on some groups than people are, tested, with intervals and pass rates."""
    sources = call.sources
    ways = make_groupings(call.store, sources.artifacts)
    chosen = [ways[each] for each in by or WAYS]
    found = audit_groups(call.store, period, sources.site.cards(), chosen, MATTERS_POINTS)
    call.record("fairness.view", period)
    return FairnessDocument(
        period=period,
        reviews_count=found.review_count,
        blind_count=found.blind_count,
        matters_points=MATTERS_POINTS,
        groupings=tuple(_grouping(each) for each in found.groupings),
    )


def _leavers(found: Turnover) -> LeaversDocument:
    return LeaversDocument(
        first_on=found.first_on,
        last_on=found.last_on,
        people_count=found.people_count,
        joined_count=found.joined_count,
        left_count=found.left_count,
        months=tuple(
            MonthTurnoverDocument(
                month=one.month,
                at_start_count=one.at_start_count,
                joined_count=one.joined_count,
                left_count=one.left_count,
                left=one.left,
            )
            for one in found.months
        ),
        site=_rate(found.site) if found.site else None,
        teams=_all_rates(found.teams),
        tenures=_all_rates(found.tenures),
        suppressed_teams=found.suppressed_teams,
        suppressed_tenures=found.suppressed_tenures,
        unknown_tenure_count=found.unknown_tenure_count,
    )


def _turnover(call: Caller, months: int) -> Turnover:
    with call.store.reading() as tx:
        assignments = tx.assignments.list()
    return find_turnover(assignments, call.now.astimezone(call.store.time_zone).date(), months=months)


def _all_rates(found: Sequence[LeavingRate]) -> tuple[LeavingRateDocument, ...]:
    return tuple(_rate(one) for one in found)


def _rate(one: LeavingRate) -> LeavingRateDocument:
    return LeavingRateDocument(
        group=one.group,
        people_count=one.people_count,
        person_months=one.person_months,
        left_count=one.left_count,
        rate=one.rate,
        ci95=one.ci95,
    )


def _grouping(found: GroupAudit) -> GroupingDocument:
    measured = {found.names[each.group]: each for each in found.audit.groups} if found.audit else {}
    ratios = {each.group: each for each in found.ratios}
    groups = []
    for name in found.names:
        gap, ratio = measured.get(name), ratios.get(name)
        groups.append(
            GroupDocument(
                group=name,
                n=gap.n if gap else None,
                agents_count=gap.agent_count if gap else None,
                gap=gap.gap if gap else None,
                difference=gap.difference if gap else None,
                ci95=gap.ci95 if gap else None,
                p=gap.p if gap else None,
                detectable=gap.detectable if gap else None,
                verdict=gap.verdict if gap else None,
                pass_ratio=ratio.ratio if ratio else None,
                is_small_cell=ratio.is_small if ratio else None,
            )
        )
    return GroupingDocument(
        by=found.name,
        reviews_count=found.reviewed_count,
        p=found.audit.p if found.audit else None,
        groups=tuple(groups),
        suppressed_count=found.suppressed_count,
        unknown_count=found.unknown_count,
    )
