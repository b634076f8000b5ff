"""What each person could practise next."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import Query

from api.filters import Paging
from api.judgements import blind_to
from api.listing import AnyAgent, Document, ListDocument, Month, Name, People
from api.router import FromCaller, Routes
from api.sources import InLanguage
from coaching.focus import read_focus
from qa_pipeline.access import Permission, find_reach
from qa_pipeline.report.data import FocusRow

router = Routes()


class AgentGapsDocument(Document):
    """The criteria that an agent provably meets less often than the site, at most two."""

    agent_id: str
    agent_name: str | None
    team: str | None
    gaps: tuple[FocusRow, ...]


class GapListDocument(ListDocument):
    """Some of ``total`` agents with a gap."""

    agents: tuple[AgentGapsDocument, ...]


class GapQuery(Paging):
    """Filters of the list of gaps."""

    period: Month
    agent_id: AnyAgent = None
    team: Annotated[Name | None, Query(description="Agents of this team only")] = None


@router.read("/coaching/gaps", Permission.COACHING_READ, operation_id="list_coaching_gaps")
def gaps(call: FromCaller, language: InLanguage, wanted: Annotated[GapQuery, Query()]) -> GapListDocument:
    """What an agent provably meets less often than the site, with a moment of each kind for who may see contacts."""
    with call.store.reading() as tx:
        people = People(tx, call.reach)
    rulebook = call.sources.rulebook
    found = read_focus(
        call.store, wanted.period, language, rulebook=rulebook, agent_id=wanted.agent_id, hidden=blind_to(call)
    )
    shown = [
        (agent_id, rows)
        for agent_id, rows in found.items()
        if people.covers(agent_id) and wanted.team in (None, people.team_of(agent_id))
    ]
    call.record("coaching.gaps", wanted.period, count=len(shown))
    contacts = find_reach(call.user, Permission.CONTACTS_READ, call.scopes)

    def document(pair: tuple[str, tuple[FocusRow, ...]]) -> AgentGapsDocument:
        agent_id, rows = pair
        team = people.team_of(agent_id)
        if contacts is None or not contacts.covers(agent_id, team):
            rows = tuple(replace(row, good=None, improve=None) for row in rows)
        return AgentGapsDocument(agent_id=agent_id, agent_name=people.name_of(agent_id), team=team, gaps=rows)

    return GapListDocument.cut("agents", shown, wanted, document)
