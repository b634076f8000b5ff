"""What a reader of KPI tables hands on."""

from __future__ import annotations

from dataclasses import dataclass, field

from qa_pipeline.domain.performance import Agent
from qa_pipeline.errors import N_, Message, RowError
from qa_pipeline.intake.tables import Row, Table, is_missing
from qa_pipeline.kpi.columns import is_total
from qa_pipeline.kpi.parts import Part
from qa_pipeline.kpi.settle import Claim
from qa_pipeline.services.kpi_import.layout import Layout

_MAX_AGENT_CHARACTERS = 200


@dataclass(slots=True)
class Reading:
    """What one file says: claims of a finished table, or parts of one with a row per thing, and refused rows.

    ``agents``: those that its rows name; ``first_rows``: the first row of each agent and month of a part.
    ``notes``: what the file as a whole leaves open.
    """

    claims: list[Claim] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    first_rows: dict[tuple[str, str], int] = field(default_factory=dict)
    notes: list[Message] = field(default_factory=list)
    rejected: list[RowError] = field(default_factory=list)
    repeated_count: int = 0
    agents: dict[str, Agent] = field(default_factory=dict)


def cell(row: Row, header: str | None) -> str | None:
    """Return the text of a cell; None when there is no such column or no value in it."""
    if header is None:
        return None
    text = row.values[header]
    return None if is_missing(text) else text


def agent_of(row: Row, table: Table, layout: Layout) -> Agent:
    """Return the agent of a row.

    Raises
    ------
    RowError
        The cell is empty, too long, or names a row of totals.
    """
    header = layout.fields["agent"]
    text = cell(row, header)
    place = table.place(row, header)
    if text is None:
        raise place.error(N_("The agent is missing."), hint=N_("Fill in the agent's id, or remove the row."))
    if is_total(text):
        raise place.error(
            N_("{text} is a row of totals, not an agent."), hint=N_("Leave such rows out of the export."), text=text
        )
    if len(text) > _MAX_AGENT_CHARACTERS:
        raise place.error(
            N_("The agent's id has more than {most} characters."),
            hint=N_("Check that the columns are in their places."),
            most=_MAX_AGENT_CHARACTERS,
        )
    return Agent(id=text, name=cell(row, layout.fields.get("agent_name")), team=cell(row, layout.fields.get("team")))
