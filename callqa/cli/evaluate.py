"""``callqa evaluate``: all agents of a month, quarter or year, each number open into its parts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from callqa.cli.console import AppContext, context
from callqa.cli.evaluation_tables import evaluations_by_template, indicator_of, print_evaluations
from qa_pipeline.appraisal.balance import Pull, find_imbalance, find_pulls, find_tallies
from qa_pipeline.appraisal.estimated import MeasureEstimate
from qa_pipeline.appraisal.notes import names_of, render_note
from qa_pipeline.appraisal.teams import TeamMean, TeamResult
from qa_pipeline.domain.performance import DimensionResult, Evaluation, ItemResult, Template
from qa_pipeline.domain.period import months_of
from qa_pipeline.kpi.catalogue import get_indicator, list_indicators
from qa_pipeline.services.evaluate import PeriodEvaluation, evaluate_period
from qa_pipeline.services.rollup import roll_up


def evaluate(
    ctx: typer.Context,
    period: Annotated[str, typer.Option(help="2026-10, or of evaluated months 2026-Q4 or 2026.")],
    template: Annotated[
        str | None,
        typer.Option(help="Template id, or id@version, for everybody; each agent's own by role when left out."),
    ] = None,
) -> None:
    """Evaluate every agent with contacts or indicator values in a month; quarters and years from their months."""
    here = context(ctx)
    settings = here.settings
    if len(months_of(period)) > 1:
        result = roll_up(here.store(), period, template, templates=settings.templates)
    else:
        result = evaluate_period(
            here.store(), period, template, templates=settings.templates, scorecards=settings.scorecards
        )
    here.emit(_document(here, result), lambda: print_evaluations(here, result))


def _document(here: AppContext, result: PeriodEvaluation) -> dict[str, Any]:
    by_template = evaluations_by_template(result)
    return {
        "period": result.period,
        "template": result.template.id,
        "template_version": result.template.version,
        "templates": [f"{template.id}@{template.version}" for template in result.templates],
        "evaluations": [
            _evaluation(here, one, template)
            for one, template in sorted(
                ((one, template) for template, found in by_template for one in found), key=lambda pair: pair[0].agent_id
            )
        ],
        "teams": [_team(team) for team in result.teams],
        "reviewers": [
            {"reviewer": one.reviewer, "severity": one.severity_points, "n": one.review_count}
            for one in result.reviewers
        ],
        "estimates": [_estimate(one) for one in result.estimates],
        "items": [item for template, found in by_template for item in _items(template, found)],
        "warnings": list(_warnings(here, result)),
        "notes": [
            render_note(note, here.translate, names_of(list_indicators(), None), here.settings.lang)
            for note in result.notes
        ],
        "stored": result.stored_count,
        "unassigned_contacts": result.unassigned_contact_count,
    }


def _evaluation(here: AppContext, one: Evaluation, template: Template) -> dict[str, Any]:
    names = names_of(list_indicators(), template)
    return {
        "agent": one.agent_id,
        "team": one.team,
        "template": one.template_id,
        "template_version": one.template_version,
        "total": one.total,
        "ci95": list(one.ci95) if one.ci95 else None,
        "grade": one.grade,
        "group": one.group,
        "places": dict(zip(("low", "high", "of"), one.places, strict=True)) if one.places else None,
        "above_average": one.above_average,
        "basis": one.basis,
        "dimensions": {found.id: _dimension(found) for found in one.dimensions},
        "n_contacts": one.n_contacts,
        "n_reviews": one.n_reviews,
        "notes": [render_note(note, here.translate, names, here.settings.lang) for note in one.notes],
        "fingerprint": one.fingerprint,
    }


def _warnings(here: AppContext, result: PeriodEvaluation) -> Iterator[str]:
    """Yield what to think about in each template."""
    for template, found in evaluations_by_template(result):
        names = names_of(list_indicators(), template)
        for warning in find_imbalance(found):
            yield render_note(warning, here.translate, names, here.settings.lang)


def _team(found: TeamResult) -> dict[str, Any]:
    return {
        "team": found.team,
        **_mean(found.points),
        "pass_rate": None if found.passed is None else _mean(found.passed),
    }


def _estimate(found: MeasureEstimate) -> dict[str, Any]:
    known = found.estimates
    columns = zip(
        found.agents,
        known.reliability.tolist(),
        known.random_review_count.tolist(),
        known.sufficient.tolist(),
        strict=True,
    )
    return {
        "indicator": indicator_of(found.measure),
        "minimum_reviews": known.minimum_reviews,
        "agents": [
            {"agent": agent_id, "reliability": reliability, "random_reviews": count, "sufficient": sufficient}
            for agent_id, reliability, count, sufficient in columns
        ],
    }


def _mean(found: TeamMean) -> dict[str, Any]:
    return {
        "value": found.value,
        "ci95": list(found.ci95) if found.ci95 else None,
        "n_contacts": found.n_contacts,
        "n_reviews": found.n_reviews,
        "method": found.method,
    }


def _items(template: Template, evaluations: list[Evaluation]) -> list[dict[str, Any]]:
    pulls = {pull.indicator: pull for pull in find_pulls(evaluations)}
    present = {item.indicator for item in template.items}
    return [
        {
            "template": template.id,
            "indicator": tally.indicator,
            "known": tally.known_count,
            "reached": tally.reached_count,
            "opposing": [other for other in get_indicator(tally.indicator).opposing if other in present],
            "variance": _pull(pulls[tally.indicator]) if tally.indicator in pulls else None,
        }
        for tally in find_tallies(evaluations)
    ]


def _pull(found: Pull) -> dict[str, Any]:
    return {
        "weight": found.weight_percent,
        "share": found.variance_percent,
        "ci95": [found.low_percent, found.high_percent],
    }


def _dimension(found: DimensionResult) -> dict[str, Any]:
    return {
        "points": found.points,
        "weight": found.weight,
        "effective_weight": found.effective_weight,
        "items": [item_document(item) for item in found.items],
    }


def item_document(item: ItemResult) -> dict[str, Any]:
    """Return one indicator of an evaluation for ``--json``."""
    return {
        "indicator": item.indicator,
        "value": item.value,
        "n": item.n,
        "source": item.source,
        "target": item.target,
        "attainment": item.attainment_points,
        "se": item.se_points,
        "weight": item.weight,
        "effective_weight": item.effective_weight,
        "contacts": list(item.contacts),
    }
