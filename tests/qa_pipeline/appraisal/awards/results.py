"""Published results as tests need them."""

from __future__ import annotations

from datetime import UTC, date, datetime

from qa_pipeline.appraisal.awards.result import Result
from qa_pipeline.domain.cycle import Publication
from qa_pipeline.domain.inspection import Reason
from qa_pipeline.domain.performance import DimensionResult, Evaluation, ItemResult

PUBLISHED_AT = datetime(2026, 11, 3, 2, tzinfo=UTC)
Z = 1.959964


def item(indicator: str, points: float, se: float | None, weight: float, n: int = 400) -> ItemResult:
    return ItemResult(
        indicator=indicator,
        value=points / 100,
        n=n,
        source="kpi.csv",
        target=1.0,
        attainment_points=points,
        se_points=se,
        weight=weight,
        effective_weight=weight,
        contacts=(f"{indicator}-1", f"{indicator}-2"),
    )


def evaluation(
    agent_id: str = "A01",
    total: float | None = 90.0,
    se: float = 2.0,
    *,
    period: str = "2026-10",
    template: str = "front-line",
    team: str | None = None,
    group: str = "within",
    grade: str | None = "B",
    reviews: int = 5,
    attitude: tuple[float, float | None] = (95.0, 3.0),
    resolution: tuple[float, float | None] = (95.0, 3.0),
) -> Evaluation:
    """60 % first_contact_resolution, 40 % service_attitude_score; the total and its interval are as given."""
    dimensions = [
        ("performance", item("first_contact_resolution", *resolution, 60.0)),
        ("attitude", item("service_attitude_score", *attitude, 40.0)),
    ]
    return Evaluation(
        agent_id=agent_id,
        period=period,
        template_id=template,
        template_version=1,
        total=total,
        ci95=None if total is None else (max(0.0, total - Z * se), min(120.0, total + Z * se)),
        grade=grade if total is not None else None,
        group=group,
        dimensions=tuple(
            DimensionResult(
                id=name,
                points=one.attainment_points,
                weight=one.weight,
                effective_weight=one.weight,
                items=(one,),
            )
            for name, one in dimensions
        ),
        n_contacts=40,
        n_reviews=reviews,
        notes=(),
        fingerprint=f"{agent_id}-{period}",
        team=team,
    )


def publication(found: Evaluation, blocked: str | None = None) -> Publication:
    return Publication(
        agent_id=found.agent_id,
        period=found.period,
        version=1,
        evaluation=found,
        published_by="hr",
        reason="",
        published_at=PUBLISHED_AT,
        no_consequence=Reason(message=blocked) if blocked else None,
    )


def result(*evaluations: Evaluation, red_lines: int = 0, plans: int = 0, blocked: str | None = None) -> Result:
    """A result with earlier periods first; without any evaluation the usual one."""
    found = evaluations or (evaluation(),)
    return Result(
        publications=tuple(
            publication(one, blocked if number == len(found) - 1 else None) for number, one in enumerate(found)
        ),
        published_on=date(2026, 11, 3),
        red_line_count=red_lines,
        plan_count=plans,
    )
