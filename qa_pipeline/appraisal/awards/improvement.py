"""Help for results that are surely low, and what repeated ones put up for a person to consider. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from qa_pipeline.appraisal.awards.figures import item_figure, total_figure
from qa_pipeline.appraisal.awards.result import Maker, Result, said_basis, said_total
from qa_pipeline.appraisal.awards.rules import Improvement
from qa_pipeline.domain.cycle import Figure, Proposal, ProposalKind, Quote
from qa_pipeline.domain.inspection import Reason
from qa_pipeline.domain.performance import Evaluation
from qa_pipeline.errors import N_

BELOW = "below"
_TARGET_POINTS = 100.0
_CONTACTS_PER_GAP = 3

QuotesOf = Callable[[str], Sequence[Quote]]


def propose_improvement(maker: Maker, results: Iterable[Result], quotes_of: QuotesOf) -> Iterator[Proposal]:
    """Propose a plan to those who are told apart below the average and miss their targets: never a fixed share."""
    rule = maker.rules.improvement
    for result in results if rule is not None else ():
        assert rule is not None, "without the rule there is nobody"
        blocked = result.publications[-1].no_consequence
        is_low = _is_low(result.evaluation, rule)
        figure = total_figure(result.evaluation)
        if figure is None or (not is_low and blocked is None):
            continue
        unreviewed = result.evaluation.n_contacts > 0 and result.evaluation.n_reviews < rule.min_reviews
        if blocked is not None or unreviewed:
            yield _more_reviews(maker, rule, result, blocked, figure)
        else:
            yield _plan(maker, rule, result, figure, quotes_of)


def _more_reviews(maker: Maker, rule: Improvement, result: Result, blocked: Reason | None, figure: Figure) -> Proposal:
    needed = Reason(
        message=N_("Nothing follows from a low result before {needed} reviews by people; there are {count}."),
        params={"needed": rule.min_reviews, "count": result.evaluation.n_reviews},
    )
    return maker.make(
        ProposalKind.MORE_REVIEWS,
        result.agent_id,
        "more-reviews",
        rule.more_reviews_name.text,
        [said_total(N_("{points} points in total{interval}."), result.evaluation), blocked or needed],
        [figure],
    )


def _plan(maker: Maker, rule: Improvement, result: Result, figure: Figure, quotes_of: QuotesOf) -> Proposal:
    gaps = _gaps(result.evaluation, rule.gaps, quotes_of)
    said = said_total(N_("{points} points in total{interval}, with {bound} as the line."), result.evaluation)
    return maker.make(
        ProposalKind.IMPROVEMENT_PLAN,
        result.agent_id,
        "improvement-plan",
        rule.name.text,
        [
            replace(said, params={**said.params, "bound": rule.below_points}),
            Reason(message=N_("Told apart from the average of the others, below it.")),
            said_basis(result),
            *(_said_gap(gap, lost) for gap, lost in gaps),
            Reason(
                message=N_(
                    "Why this is so is for a person to find out together with the agent: skill, knowledge, process, "
                    "system or roster."
                )
            ),
        ],
        [figure, *(gap for gap, _ in gaps)],
        due_on=result.published_on + timedelta(days=rule.due_days),
    )


def _is_low(evaluation: Evaluation, rule: Improvement) -> bool:
    return evaluation.group == BELOW and evaluation.total is not None and evaluation.total < rule.below_points


def _gaps(evaluation: Evaluation, count: int, quotes_of: QuotesOf) -> list[tuple[Figure, float]]:
    """Return the items that cost the most points of the total, with sentences from their worst contacts."""
    missed = [
        (item_figure(item, evaluation.period, item.attainment_points), item.effective_weight)
        for dimension in evaluation.dimensions
        for item in dimension.items
        if item.attainment_points is not None and item.attainment_points < _TARGET_POINTS
    ]
    costs = [(figure, weight / 100 * (_TARGET_POINTS - figure.points)) for figure, weight in missed]
    worst = sorted(costs, key=lambda cost: (-cost[1], cost[0].of))[:count]
    return [
        (
            replace(
                figure,
                quotes=tuple(quote for contact in figure.contacts[:_CONTACTS_PER_GAP] for quote in quotes_of(contact)),
            ),
            lost,
        )
        for figure, lost in worst
    ]


def _said_gap(gap: Figure, lost: float) -> Reason:
    if gap.ci95 is None:
        return Reason(
            message=N_("{indicator}: {points} points of attainment, no interval; costs {lost} points of the total."),
            params={"indicator": gap.of, "points": round(gap.points, 1), "lost": round(lost, 1)},
        )
    return Reason(
        message=N_(
            "{indicator}: {points} points of attainment, 95 % interval {low} to {high}; costs {lost} points of the "
            "total."
        ),
        params={
            "indicator": gap.of,
            "points": round(gap.points, 1),
            "low": round(gap.ci95[0], 1),
            "high": round(gap.ci95[1], 1),
            "lost": round(lost, 1),
        },
    )


def propose_repeated(maker: Maker, results: Iterable[Result]) -> Iterator[Proposal]:
    """Put a change of post up for a person to consider after low results in several periods running."""
    rule, low = maker.rules.repeated, maker.rules.improvement
    for result in results if rule is not None else ():
        assert rule is not None and low is not None, "rules on improvement come with it"
        window = result.publications[-rule.periods :]
        enough = all(
            publication.no_consequence is None
            and _is_low(publication.evaluation, low)
            and publication.evaluation.n_reviews >= low.min_reviews
            for publication in window
        )
        if len(window) < rule.periods or not enough:
            continue
        figures = [figure for publication in window if (figure := total_figure(publication.evaluation)) is not None]
        yield maker.make(
            ProposalKind.REPEATED_LAST,
            result.agent_id,
            "repeated-last",
            rule.name.text,
            [
                Reason(
                    message=N_("Told apart below the average and under {bound} points in {count} periods running."),
                    params={"bound": low.below_points, "count": len(window)},
                ),
                Reason(
                    message=N_("Improvement plans that people approved in these periods: {count}."),
                    params={"count": result.plan_count},
                ),
                Reason(
                    message=N_(
                        "A low place is not unfitness for the work (China: guiding case 18 of the Supreme People's "
                        "Court). A change of post needs reasons of its own, after help and a talk; nothing follows by "
                        "itself."
                    )
                ),
            ],
            figures,
        )
