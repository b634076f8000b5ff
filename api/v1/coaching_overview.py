"""Groups of agents for talks, and what each coach has to do."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, Field

from api.listing import Document, Name, People
from api.router import FromCaller, Routes
from api.sources import InLanguage
from api.v1.coaching_plans import drafting_of, today_of
from api.v1.coaching_plans_documents import FocusDocument, focus_document
from coaching.groups import find_groups
from coaching.workload import WEEKS, WEEKS_MAX, read_workload
from qa_pipeline.access import Permission
from qa_pipeline.domain.coaching_plan import GapKind

router = Routes()


class GroupQuery(BaseModel):
    """Which period, and which team."""

    period: Annotated[str, Query(max_length=7, examples=["2026-10"])]
    team: Annotated[Name | None, Query(description="Agents of this team only")] = None


class LoadQuery(BaseModel):
    """How many weeks from this one on."""

    weeks: Annotated[int, Query(ge=1, le=WEEKS_MAX)] = WEEKS


class GroupedAgentDocument(Document):
    """An agent of a group; ``focus`` is null where no gap is proven."""

    agent_id: str
    agent_name: str | None
    team: str | None
    focus: FocusDocument | None


class TalkGroupDocument(Document):
    """Agents who can be prepared for together; their order says nothing. ``level``: none where nothing is published."""

    level: str
    gap_kind: GapKind | None
    agents: tuple[GroupedAgentDocument, ...]


class TalkGroupsDocument(Document):
    """The groups of a period, by level and kind of gap."""

    period: str
    groups: tuple[TalkGroupDocument, ...]


class CoachLoadDocument(Document):
    """What a coach has open. ``sessions``, ``talks``: planned by week; ``late``: not held on their day."""

    coach: str
    drafted: int
    offered: int
    running: int
    late: int
    sessions: tuple[Annotated[int, Field(ge=0)], ...]
    talks: tuple[Annotated[int, Field(ge=0)], ...]


class WorkloadDocument(Document):
    """Coaches with something open; ``weeks``: the Mondays."""

    weeks: tuple[date, ...]
    coaches: tuple[CoachLoadDocument, ...]


@router.read("/coaching/groups", Permission.COACHING_OVERVIEW, operation_id="list_talk_groups")
def groups(call: FromCaller, language: InLanguage, wanted: Annotated[GroupQuery, Query()]) -> TalkGroupsDocument:
    """Agents in groups for talks, by the level of the published result and the kind of gap."""
    with call.store.reading() as tx:
        people = People(tx, call.reach)
        within = {
            one for one in people.within() if one != call.user.agent_id and wanted.team in (None, people.team_of(one))
        }
        found = find_groups(tx, wanted.period, drafting_of(call, language), within)
    call.record("coaching.groups", wanted.period, count=sum(len(one.agents) for one in found))
    return TalkGroupsDocument(
        period=wanted.period,
        groups=tuple(
            TalkGroupDocument(
                level=group.level,
                gap_kind=group.gap_kind,
                agents=tuple(
                    GroupedAgentDocument(
                        agent_id=one.agent_id,
                        agent_name=people.name_of(one.agent_id),
                        team=people.team_of(one.agent_id),
                        focus=focus_document(one.focus) if one.focus else None,
                    )
                    for one in group.agents
                ),
            )
            for group in found
        ),
    )


@router.read("/coaching/workload", Permission.COACHING_OVERVIEW, operation_id="get_coaching_workload")
def workload(call: FromCaller, wanted: Annotated[LoadQuery, Query()]) -> WorkloadDocument:
    """Open plans by coach, and the sessions and talks of the coming weeks, with agents whom the caller may see."""
    with call.store.reading() as tx:
        people = People(tx, call.reach)
        found = read_workload(tx, today_of(call), wanted.weeks, covers=people.covers)
    call.record("coaching.workload", "all", count=len(found.coaches))
    return WorkloadDocument(
        weeks=tuple(found.weeks),
        coaches=tuple(
            CoachLoadDocument(
                coach=one.coach,
                drafted=one.drafted,
                offered=one.offered,
                running=one.running,
                late=one.late,
                sessions=tuple(one.sessions),
                talks=tuple(one.talks),
            )
            for one in found.coaches
        ),
    )
