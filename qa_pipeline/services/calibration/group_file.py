"""A file of groups that stays outside the database: ids and group columns, read for one audit and kept nowhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from qa_pipeline.errors import N_, RowError, TableError
from qa_pipeline.intake.tables import Row, is_missing, read_table

AGENT, CONTACT = "agent", "contact"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupColumn:
    """One column: id of an agent (or of a contact) -> group."""

    name: str
    of_agents: bool
    groups: Mapping[str, str]


def read_groups(path: Path) -> tuple[Sequence[GroupColumn], Sequence[RowError]]:
    """Read a table with a column ``agent`` or ``contact`` and one column per way of grouping.

    Returns
    -------
    tuple
        The columns, and the rows that could not be used: without an id, or with an id that came before.

    Raises
    ------
    TableError
        The table cannot be read, or has not these columns.
    """
    table = read_table(path)
    id_column = next((header for header in table.headers if header.strip().casefold() in (AGENT, CONTACT)), None)
    others = [header for header in table.headers if header != id_column]
    if id_column is None or not others:
        raise TableError(
            N_("A file of groups needs a column agent or contact with ids, and a column for each grouping."),
            hint=N_("The table has: {found}."),
            file=str(path),
            found=", ".join(table.headers),
        )
    rows: dict[str, Row] = {}
    problems: list[RowError] = []
    for row in table.rows:
        if isinstance(row, RowError):
            problems.append(row)
            continue
        written = row.values[id_column].strip()
        if is_missing(written) or written in rows:
            problems.append(_refused(path, row, id_column, rows.get(written)))
        else:
            rows[written] = row
    of_agents = id_column.strip().casefold() == AGENT
    columns = [
        GroupColumn(
            name=header,
            of_agents=of_agents,
            groups={
                known: row.values[header].strip() for known, row in rows.items() if not is_missing(row.values[header])
            },
        )
        for header in others
    ]
    return columns, problems


def _refused(path: Path, row: Row, column: str, first: Row | None) -> RowError:
    if first is None:
        return RowError(N_("A value is missing."), file=str(path), row=row.number, field=column)
    return RowError(
        N_("This id stands in row {first} already; that row counts."),
        hint=N_("Keep one of the rows."),
        file=str(path),
        row=row.number,
        field=column,
        first=first.number,
    )
