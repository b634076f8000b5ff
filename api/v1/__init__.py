"""JSON under /api/v1: one module per area, each with a router made of routes with a rule."""

from types import ModuleType

from fastapi import APIRouter

from api.router import REFUSALS
from api.v1 import (
    account,
    appeals,
    assignments,
    audit,
    batches,
    calibration,
    calibration_sessions,
    coaching,
    coaching_effects,
    coaching_overview,
    coaching_plans,
    contacts,
    evaluations,
    figures,
    incidents,
    kpis,
    objectives,
    people,
    periods,
    plans,
    problems,
    proposals,
    queue,
    ratings,
    reports,
    results,
    retention,
    reviews,
    risk,
    samples,
    scorecards,
    session,
    suggestions,
    system,
    talks,
    templates,
    topics,
    users,
    views,
    webhooks,
)

# In the order in which the OpenAPI document tells of them; each module is a tag of it.
AREAS: tuple[ModuleType, ...] = (
    # Reviews before contacts, whose ids may hold a slash: /contacts/{contact_id}/reviews would be one of them.
    *(system, account, session, users, audit, retention, people, reviews, contacts, evaluations, batches, problems),
    *(webhooks, queue, samples, calibration, calibration_sessions),
    *(periods, plans, results, appeals, ratings, incidents, objectives, assignments, proposals, reports),
    *(
        figures,
        risk,
        coaching,
        suggestions,
        talks,
        coaching_plans,
        coaching_effects,
        coaching_overview,
        kpis,
        scorecards,
        templates,
        topics,
        views,
    ),
)


def name_of(area: ModuleType) -> str:
    """Return the tag of an area."""
    return area.__name__.rpartition(".")[2].replace("_", "-")


router = APIRouter(prefix="/api/v1", responses=REFUSALS)
for _area in AREAS:
    router.include_router(_area.router, tags=[name_of(_area)])
