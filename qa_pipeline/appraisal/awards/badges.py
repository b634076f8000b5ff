"""Points for grades, and badges for what surely holds. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from qa_pipeline.appraisal.awards.certainty import exceeds_p, find_rise, find_sure
from qa_pipeline.appraisal.awards.figures import dimension_of, indicator_of, interval, total_figure, total_of
from qa_pipeline.appraisal.awards.result import Maker, Result, said_basis, said_total
from qa_pipeline.appraisal.awards.rules import Badge, Reach
from qa_pipeline.appraisal.evaluate import INSUFFICIENT
from qa_pipeline.appraisal.notes import listed
from qa_pipeline.appraisal.uncertainty import Z95
from qa_pipeline.domain.cycle import Figure, Proposal, ProposalKind
from qa_pipeline.domain.inspection import Reason
from qa_pipeline.domain.performance import Evaluation
from qa_pipeline.domain.scorecard import Text
from qa_pipeline.errors import N_


def propose_grade_points(maker: Maker, results: Iterable[Result]) -> tuple[Sequence[Proposal], Reason | None]:
    """Propose the points that the rules give for each grade; return them, and whose grade rests on too little."""
    rule = maker.rules.points_for_grades
    proposals: list[Proposal] = []
    thin: list[str] = []
    for result in results:
        evaluation = result.evaluation
        points = rule.grades.get(evaluation.grade or "", 0.0) if rule else 0.0
        figure = total_figure(evaluation)
        if rule is None or figure is None or points <= 0:
            continue
        if evaluation.group == INSUFFICIENT:
            thin.append(result.agent_id)
            continue
        title = Text(zh=f"{rule.name.zh} {evaluation.grade}", en=f"{rule.name.en} {evaluation.grade}")
        evidence = [said_total(N_("Grade {grade}: {points} points in total{interval}."), evaluation)]
        proposals.append(
            maker.make(
                ProposalKind.POINTS,
                result.agent_id,
                "grade",
                title,
                [*evidence, said_basis(result)],
                [figure],
                points=points,
            )
        )
    message = N_("No points for the grade, for too little evidence stands behind it: {names}.")
    return proposals, Reason(message=message, params={"names": listed(thin)}) if thin else None


def propose_badge(maker: Maker, badge: Badge, results: Sequence[Result]) -> Iterator[Proposal]:
    """Propose a badge to everybody for whom all its conditions surely hold, as far as many were looked at."""
    grounds = {
        result.agent_id: found
        for result in results
        if _fits(badge, result) and (found := _grounds(badge, result, maker.rules.min_known_percent)) is not None
    }
    sure = find_sure({agent_id: found.p_value for agent_id, found in grounds.items()}, maker.rules.false_ratio)
    looked_at = Reason(
        message=N_("{count} agents were looked at; at most {percent} % of such badges are expected to be chance."),
        params={"count": len(grounds), "percent": round(100 * maker.rules.false_ratio, 1)},
    )
    for result in results:
        found = grounds.get(result.agent_id)
        if found is not None and result.agent_id in sure and found.is_enough:
            yield maker.make(
                ProposalKind.BADGE,
                result.agent_id,
                badge.id,
                badge.name.text,
                [*found.evidence, said_basis(result), looked_at],
                found.figures,
                points=badge.points or None,
            )


@dataclass(frozen=True, slots=True)
class _Grounds:
    """How surely the conditions of a badge hold: the largest p-value among them, as all must hold."""

    p_value: float
    evidence: tuple[Reason, ...]
    figures: tuple[Figure, ...]
    is_enough: bool = True


def _fits(badge: Badge, result: Result) -> bool:
    evaluation = result.evaluation
    return (
        evaluation.total is not None
        and evaluation.n_reviews >= badge.min_reviews
        and evaluation.n_contacts >= badge.min_contacts
        and not (badge.no_red_line and result.red_line_count)
    )


def _grounds(badge: Badge, result: Result, min_known_percent: float) -> _Grounds | None:
    parts: list[_Grounds] = []
    for reach in badge.surely_reaches:
        found = _reached(reach, result.evaluation, min_known_percent)
        if found is None:
            return None
        parts.append(found)
    if badge.improves is not None:
        rise = _risen(result, badge.improves.periods, badge.improves.points, min_known_percent)
        if rise is None:
            return None
        parts.append(rise)
    return _Grounds(
        p_value=max(part.p_value for part in parts),
        evidence=tuple(reason for part in parts for reason in part.evidence),
        figures=tuple(figure for part in parts for figure in part.figures),
        is_enough=all(part.is_enough for part in parts),
    )


def _reached(reach: Reach, evaluation: Evaluation, min_known_percent: float) -> _Grounds | None:
    if reach.dimension is not None:
        sure, name = dimension_of(evaluation, reach.dimension, min_known_percent), "dimension"
        message = N_(
            "{dimension}: {points} points of attainment, 95 % interval {low} to {high}, at least {bound} asked."
        )
    else:
        known = (indicator_of(evaluation, indicator) for indicator in reach.indicators)
        sure, name = next((one for one in known if one is not None), None), "indicator"
        message = N_(
            "{indicator}: {points} points of attainment, 95 % interval {low} to {high}, at least {bound} asked."
        )
    if sure is None:
        return None
    low, high = interval(sure.points, sure.se)
    reason = Reason(
        message=message,
        params={
            name: sure.figure.of,
            "points": round(sure.points, 1),
            "low": round(low, 1),
            "high": round(high, 1),
            "bound": reach.points,
        },
    )
    return _Grounds(exceeds_p(sure.points, sure.se, sure.df, reach.points), (reason,), (sure.figure,))


def _risen(result: Result, periods: int, least: float, min_known_percent: float) -> _Grounds | None:
    window = [publication.evaluation for publication in result.publications[-periods:]]
    # Totals by different templates are different things.
    if len(window) < periods or len({one.template_id for one in window}) > 1:
        return None
    totals = [total_of(one, min_known_percent) for one in window]
    known = [one for one in totals if one is not None and one.se > 0]
    if len(known) < periods:
        return None
    rise = find_rise([one.points for one in known], [one.se for one in known])
    reasons = (
        Reason(
            message=N_(
                "The total rose by {rise} points over {periods} periods, 95 % interval {low} to {high}; the interval "
                "excludes 0."
            ),
            params={
                "rise": round(rise.points, 1),
                "periods": periods,
                "low": round(rise.points - Z95 * rise.se, 1),
                "high": round(rise.points + Z95 * rise.se, 1),
            },
        ),
        Reason(
            message=N_(
                "After low periods a part of a rise comes by itself (regression to the mean): the next ones will show."
            )
        ),
    )
    p_value = exceeds_p(rise.points, rise.se, math.inf, 0.0)
    return _Grounds(p_value, reasons, tuple(one.figure for one in known), rise.points >= least)
