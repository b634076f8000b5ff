"""Waiting lists of coaching; once drawn they are never changed."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, insert, select

from qa_pipeline.domain.waiting_list import WaitingList
from qa_pipeline.errors import N_, NotFound
from qa_pipeline.store.waiting_list_tables import member, waiting_list

_FIRST, _SECOND = 1, 2
_OWN = ("id", "name", "selected_period", "first_from", "second_from", "seed", "drawn_by", "drawn_at")


class WaitingLists:
    """Who begins in which wave."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, one: WaitingList) -> None:
        """Keep a list that was drawn."""
        self._connection.execute(insert(waiting_list).values({name: getattr(one, name) for name in _OWN}))
        rows = [
            {"list_id": one.id, "agent_id": agent_id, "wave": wave}
            for wave, agents in ((_FIRST, one.first), (_SECOND, one.second))
            for agent_id in agents
        ]
        self._connection.execute(insert(member), rows)

    def get(self, list_id: str) -> WaitingList:
        """Return a list; raises NotFound."""
        found = next((one for one in self.list() if one.id == list_id), None)
        if found is None:
            raise NotFound(N_("There is no waiting list with the id {id}."), id=list_id)
        return found

    def list(self) -> Sequence[WaitingList]:
        """Return the lists, the one that was drawn last first."""
        waves: dict[tuple[str, int], list[str]] = {}
        for row in self._connection.execute(select(member).order_by(member.c.agent_id)):
            waves.setdefault((row.list_id, row.wave), []).append(row.agent_id)
        query = select(waiting_list).order_by(waiting_list.c.drawn_at.desc(), waiting_list.c.id)
        return [
            WaitingList(
                **{name: getattr(row, name) for name in _OWN},
                first=tuple(waves.get((row.id, _FIRST), ())),
                second=tuple(waves.get((row.id, _SECOND), ())),
            )
            for row in self._connection.execute(query)
        ]
