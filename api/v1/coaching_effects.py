"""Whether coaching helped, beside people who were not coached; and waiting lists whose order is drawn."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import Query
from pydantic import Field

from api.filters import Asked, Paging
from api.listing import IdInPath, Name
from api.router import FromCaller, Routes
from api.v1.coaching_effects_documents import (
    CoachingEffectDocument,
    NewWaitingList,
    PowerDocument,
    WaitingListDocument,
    WaitingListListDocument,
    WaitingListSummaryDocument,
)
from coaching.effect.cohorts import DEFAULT_OUTCOME, Draw, draw_list, read_effect, read_lists, read_power
from qa_pipeline.access import Permission

router = Routes()
_READ = Permission.FIGURES_READ
Points = Annotated[float, Field(gt=0, le=1e6)]
Outcome = Annotated[
    Name,
    Query(
        description="total, or the id of an indicator of which more is better. Shares are told in percentage points, "
        "all else in its own unit"
    ),
]
People = Annotated[int, Field(ge=1, le=1_000_000)]


class EffectQuery(Asked):
    """What is compared, and what matters."""

    outcome: Outcome = DEFAULT_OUTCOME
    relevant: Annotated[
        Points | None, Query(description="The smallest effect that matters; by itself what is usual of the outcome")
    ] = None


class ListsQuery(Paging, EffectQuery):
    """Which lists, and what they are judged by."""


class PowerQuery(Asked):
    """How many people are to be compared, and the effect that is expected of coaching them."""

    coached: Annotated[People, Query(description="People who will be coached")]
    others: Annotated[People, Query(description="People who will not, in the same months")]
    outcome: Outcome = DEFAULT_OUTCOME
    effect: Annotated[
        Points | None, Query(description="The expected effect; by itself what is usual of the outcome")
    ] = None


@router.read("/coaching-effects", _READ, operation_id="get_coaching_effect")
def effect(call: FromCaller, wanted: Annotated[EffectQuery, Query()]) -> CoachingEffectDocument:
    """Whether coaching helped: the change of coached people minus that of others, the month of selection left out."""
    with call.store.reading() as tx:
        found = read_effect(tx, wanted.outcome, wanted.relevant)
    call.record("coaching_effect.view", wanted.outcome, cohorts=len(found.cohorts))
    return CoachingEffectDocument.of(found)


@router.read("/coaching-effects/power", _READ, operation_id="get_coaching_power")
def power(call: FromCaller, wanted: Annotated[PowerQuery, Query()]) -> PowerDocument:
    """What a comparison will be able to tell, by how much people's results change by themselves."""
    with call.store.reading() as tx:
        found = read_power(tx, wanted.coached, wanted.others, outcome=wanted.outcome, effect_points=wanted.effect)
    call.record("coaching_effect.power", wanted.outcome)
    return PowerDocument.of(wanted.outcome, found)


@router.read("/coaching-effects/waiting-lists", _READ, operation_id="list_waiting_lists")
def waiting_lists(call: FromCaller, wanted: Annotated[ListsQuery, Query()]) -> WaitingListListDocument:
    """Waiting lists that were drawn, and what each shows so far."""
    with call.store.reading() as tx:
        found = read_lists(tx, tx.waiting_lists.list(), wanted.outcome, wanted.relevant)
    call.record("waiting_list.list", "all", count=len(found))
    return WaitingListListDocument.cut("waiting_lists", found, wanted, WaitingListSummaryDocument.of)


@router.read("/coaching-effects/waiting-lists/{waiting_list_id}", _READ, operation_id="get_waiting_list")
def waiting_list(
    call: FromCaller, waiting_list_id: IdInPath, wanted: Annotated[EffectQuery, Query()]
) -> WaitingListDocument:
    """One waiting list, and the effect that its first wave shows."""
    with call.store.reading() as tx:
        (found,) = read_lists(tx, [tx.waiting_lists.get(waiting_list_id)], wanted.outcome, wanted.relevant)
    call.record("waiting_list.view", waiting_list_id)
    return WaitingListDocument.whole(found, wanted.outcome)


@router.write(
    "POST",
    "/coaching-effects/waiting-lists",
    Permission.COACHING_DRAW,
    operation_id="draw_waiting_list",
    status_code=HTTPStatus.CREATED,
)
def draw(call: FromCaller, wanted: NewWaitingList) -> WaitingListDocument:
    """Draw who begins first; the seed is kept, and with it anybody can draw the same again."""
    with call.store.transaction() as tx:
        drawn = draw_list(tx, Draw(**wanted.model_dump()), call.user.actor, call.now)
        (found,) = read_lists(tx, [drawn])
    call.record("waiting_list.draw", drawn.id, seed=drawn.seed, first=len(drawn.first), second=len(drawn.second))
    return WaitingListDocument.whole(found, DEFAULT_OUTCOME)
