"""Who has which role, team and template: asking for a period, adding and withdrawing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from qa_pipeline.appraisal.assignments import Assigned, assign, find_overlap, template_for
from qa_pipeline.appraisal.templates import list_templates
from qa_pipeline.domain.cycle import Assignment
from qa_pipeline.domain.performance import Agent, Template
from qa_pipeline.domain.period import period_days
from qa_pipeline.errors import N_, ConfigurationError, Conflict, NotFound
from qa_pipeline.kpi.catalogue import shipped
from qa_pipeline.store import Store, Transaction


def find_templates(
    tx: Transaction, period: str, agent_ids: Collection[str], templates: Sequence[Template]
) -> Mapping[str, Assigned]:
    """Return the template and team of each agent in a period, with what there is to say about it.

    Parameters
    ----------
    period : str
        ``YYYY-MM``, ``YYYY-Qn`` or ``YYYY``.
    templates : sequence of Template
        All versions of all templates, shipped and the user's own.

    Raises
    ------
    ConfigurationError
        `period` is none.
    """
    days = period_days(period)
    assignments: dict[str, list[Assignment]] = defaultdict(list)
    for one in tx.assignments.list(until=days[1]):
        assignments[one.agent_id].append(one)
    agents = {agent.id: agent for agent in tx.agents.list()}
    return {
        agent_id: assign(agents.get(agent_id, Agent(id=agent_id)), assignments[agent_id], days, templates)
        for agent_id in sorted(agent_ids)
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What became of one assignment: "added", "replaced" or "unchanged", and whether the agent was new."""

    outcome: str
    is_new_agent: bool


def add_assignment(store: Store, assignment: Assignment, *, templates: Path | None = None) -> Added:
    """Record one assignment. One with the same first day is replaced, and stays in the history.

    Raises
    ------
    NotFound
        There is no such template, or none for the role.
    ConfigurationError
        The last day is before the first.
    Conflict
        Another assignment of the agent has days in common with it.
    """
    if assignment.valid_to is not None and assignment.valid_to < assignment.valid_from:
        raise ConfigurationError(
            N_("The last day {to} is before the first day {from_}."),
            hint=N_("Swap the two, or leave the last day out."),
            field="to",
            to=assignment.valid_to.isoformat(),
            from_=assignment.valid_from.isoformat(),
        )
    template_for(assignment, list_templates(shipped(), templates))
    with store.transaction() as tx:
        others = [one for one in tx.assignments.list(assignment.agent_id) if one.valid_from != assignment.valid_from]
        other = find_overlap(assignment, others)
        if other is not None:
            raise overlap(assignment, other)
        is_new = keep_agent(tx, assignment)
        return Added(outcome=tx.assignments.put(assignment), is_new_agent=is_new)


def withdraw_assignment(store: Store, agent_id: str, valid_from: date, by: str) -> None:
    """Take an assignment out of force that should not have been; it stays in the history with who did it.

    Raises
    ------
    NotFound
        The agent has none from that day on.
    """
    with store.transaction() as tx:
        if tx.assignments.withdraw(agent_id, valid_from, by):
            return
        known = ", ".join(one.valid_from.isoformat() for one in tx.assignments.list(agent_id))
    raise NotFound(
        N_("{agent} has no assignment from {date} on."),
        hint=N_("First days of this agent's assignments: {known}.") if known else N_("This agent has none."),
        agent=agent_id,
        date=valid_from.isoformat(),
        known=known,
    )


def keep_agent(tx: Transaction, assignment: Assignment, name: str | None = None) -> bool:
    """Add the agent of an assignment whom nothing has named before, for new people are assigned before they work.

    Somebody who is known keeps the role and team that imports name; assignments come before those anyway.
    """
    if tx.agents.find(assignment.agent_id) is not None:
        return False
    tx.agents.put(Agent(id=assignment.agent_id, name=name, team=assignment.team, role=assignment.role))
    return True


def overlap(assignment: Assignment, other: Assignment) -> Conflict:
    """Return the error of two assignments with days in common."""
    return Conflict(
        OVERLAP,
        hint=OVERLAP_HINT,
        field="from",
        agent=assignment.agent_id,
        role=other.role,
        from_=other.valid_from.isoformat(),
        to=other.valid_to.isoformat() if other.valid_to else "…",
    )


OVERLAP = N_("{agent} is assigned to {role} from {from_} to {to} already, and the days overlap.")
OVERLAP_HINT = N_(
    "End that one earlier by giving it again with the same first day and another last day, or withdraw it."
)
