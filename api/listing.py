"""What lists share: a part of them in an order, and whose rows are in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, Self, TypeVar

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field

from api.filters import Paging
from qa_pipeline.access import Reach
from qa_pipeline.domain.performance import Agent
from qa_pipeline.store import Transaction

Row = TypeVar("Row")
_PERIOD = "Month as 2026-10, quarter as 2026-Q4, or year as 2026"
Period = Annotated[str, Query(description=_PERIOD, examples=["2026-10"], max_length=7)]
AnyPeriod = Annotated[str | None, Query(description=_PERIOD, examples=["2026-10"], max_length=7)]
PeriodInPath = Annotated[str, Path(description=_PERIOD, examples=["2026-10"], max_length=7)]
Month = Annotated[str, Query(description="Month as 2026-10", examples=["2026-10"], max_length=7)]
AnyMonth = Annotated[str | None, Query(description="Month as 2026-10", examples=["2026-10"], max_length=7)]
PlainText = Annotated[str, Field(max_length=10_000, pattern=r"^[^\x00]*$")]  # PostgreSQL takes no NUL in a text
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
AnyAgent = Annotated[Name | None, Query(description="Of this agent only")]
AgentInPath = Annotated[str, Path(description="Id of the agent", max_length=200, pattern=r"^[^\x00]+$")]
IdInPath = Annotated[str, Path(max_length=60, pattern=r"^[\w-]+$")]


class Document(BaseModel):
    """What the API answers or is sent; what is not described is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ReasonDocument(Document):
    """Why a step is taken; it is kept."""

    reason: PlainText = ""


class ListDocument(Document):
    """Some of ``total`` rows."""

    total: int
    offset: int
    limit: int

    @classmethod
    def cut(cls, plural: str, rows: Sequence[Row], paging: Paging, render: Callable[[Row], Any], **more: Any) -> Self:
        """Return the part of the rows that is asked for, under the name ``plural``."""
        part = rows[paging.offset : paging.offset + paging.limit]
        return cls(
            total=len(rows),
            offset=paging.offset,
            limit=paging.limit,
            **{plural: tuple(render(one) for one in part)},
            **more,
        )


def ordered(rows: Iterable[Row], sort: str, keys: Mapping[str, Callable[[Row], Any]]) -> list[Row]:
    """Return rows by a key, the other way round where ``sort`` begins with a minus; rows without a value come last."""
    found = list(rows)
    key = keys[sort.removeprefix("-")]
    known = sorted((row for row in found if key(row) is not None), key=key, reverse=sort.startswith("-"))
    return [*known, *(row for row in found if key(row) is None)]


class People:
    """Names and teams of the agents, and which of them somebody may see."""

    def __init__(self, tx: Transaction, reach: Reach) -> None:
        self._agents: Mapping[str, Agent] = {agent.id: agent for agent in tx.agents.list()}
        self._reach = reach

    def name_of(self, agent_id: str) -> str | None:
        """Return the name of an agent, None where nobody has told it."""
        found = self._agents.get(agent_id)
        return found.name if found else None

    def called(self, agent_id: str) -> str:
        """Return id and name of an agent, as people say them."""
        return " ".join(filter(None, (agent_id, self.name_of(agent_id))))

    def team_of(self, agent_id: str, stated: str | None = None) -> str | None:
        """Return the team that a row states, else the agent's latest."""
        found = self._agents.get(agent_id)
        return stated or (found.team if found else None)

    def covers(self, agent_id: str, team: str | None = None) -> bool:
        """Whether rows of an agent may be seen; ``team``: the one on the row."""
        return self._reach.covers(agent_id, self.team_of(agent_id, team))

    def check(self, agent_id: str, team: str | None = None, *, subject: str | None = None) -> None:
        """Raise NotFound where rows of an agent may not be seen."""
        self._reach.check(agent_id, self.team_of(agent_id, team), subject=subject or agent_id)

    def within(self) -> Sequence[str]:
        """Return the ids of all agents that may be seen."""
        return [agent_id for agent_id in self._agents if self.covers(agent_id)]
