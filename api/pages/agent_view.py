"""What stands around the result of one agent: ratings, incidents, plans and talks, as the API gives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from api.caller import Caller
from api.v1.coaching_plans import PlanQuery as CoachingQuery
from api.v1.coaching_plans import plans as list_coaching
from api.v1.coaching_plans_documents import PlanSummaryDocument
from api.v1.incidents import IncidentDocument, IncidentQuery
from api.v1.incidents import incidents as list_incidents
from api.v1.plans import PlanDocument, PlanQuery
from api.v1.plans import plans as list_plans
from api.v1.ratings import MergedRatingDocument, RatingDocument, RatingQuery
from api.v1.ratings import merged as merge_ratings
from api.v1.ratings import ratings as list_ratings
from api.v1.talks import TalkQuery
from api.v1.talks import talks as list_talks
from api.v1.talks_documents import TalkSummaryDocument
from qa_pipeline.access import Permission
from qa_pipeline.domain.period import months_of
from qa_pipeline.kpi.catalogue import shipped


@dataclass(frozen=True, slots=True, kw_only=True)
class RatedItem:
    """An indicator that people rate: what the ratings come to, the scale in words, and what the caller has given."""

    merged: MergedRatingDocument
    anchors: Sequence[str]
    own: RatingDocument | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AroundAgent:
    """Everything around a result that the caller may see."""

    ratings: Sequence[RatedItem]
    incidents: Sequence[IncidentDocument]
    plans: Sequence[PlanDocument]
    talks: Sequence[TalkSummaryDocument]
    coaching: Sequence[PlanSummaryDocument]


def read_agent(call: Caller, language: str, agent_id: str, period: str) -> AroundAgent:
    """Return what stands around the result of an agent in a period, as far as the caller may see it."""
    return AroundAgent(
        ratings=_ratings(call, language, agent_id, period) if len(months_of(period)) == 1 else (),
        incidents=_incidents(call, language, agent_id, period),
        plans=_plans(call, language, agent_id, period),
        talks=_talks(call, language, agent_id),
        coaching=_coaching(call, language, agent_id),
    )


def _ratings(call: Caller, language: str, agent_id: str, period: str) -> Sequence[RatedItem]:
    if not call.may(Permission.RATINGS_READ):
        return ()
    asked = call.using(Permission.RATINGS_READ)
    items = merge_ratings(call=asked, language=language, period=period, agent_id=agent_id).items
    wanted = RatingQuery(period=period, agent_id=agent_id, limit=500)
    given = list_ratings(call=asked, language=language, wanted=wanted).ratings
    own: Mapping[str, RatingDocument] = {one.indicator: one for one in given if one.rater_id == call.user.actor}
    return [
        RatedItem(
            merged=one,
            anchors=[words.in_language(language) for words in shipped()[one.indicator].anchors],
            own=own.get(one.indicator),
        )
        for one in items
    ]


def _incidents(call: Caller, language: str, agent_id: str, period: str) -> Sequence[IncidentDocument]:
    if not call.may(Permission.INCIDENTS_READ):
        return ()
    asked = call.using(Permission.INCIDENTS_READ)
    wanted = IncidentQuery(period=period, agent_id=agent_id, limit=500)
    return list_incidents(call=asked, language=language, wanted=wanted).incidents


def _plans(call: Caller, language: str, agent_id: str, period: str) -> Sequence[PlanDocument]:
    if not call.may(Permission.PLANS_READ):
        return ()
    asked = call.using(Permission.PLANS_READ)
    wanted = PlanQuery(agent_id=agent_id, sort="-period", limit=500)
    found = list_plans(call=asked, language=language, wanted=wanted).plans
    return [one for one in found if one.period >= period]


def _talks(call: Caller, language: str, agent_id: str) -> Sequence[TalkSummaryDocument]:
    if not call.may(Permission.COACHING_READ):
        return ()
    asked = call.using(Permission.COACHING_READ)
    wanted = TalkQuery(agent_id=agent_id, sort="-period", limit=500)
    return list_talks(call=asked, language=language, wanted=wanted).talks


def _coaching(call: Caller, language: str, agent_id: str) -> Sequence[PlanSummaryDocument]:
    if not call.may(Permission.COACHING_READ):
        return ()
    asked = call.using(Permission.COACHING_READ)
    wanted = CoachingQuery(agent_id=agent_id, limit=500)
    return list_coaching(call=asked, language=language, wanted=wanted).plans
