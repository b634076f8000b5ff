"""Importing a table of assignments: one transaction per file, and the same file again changes nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from qa_pipeline.appraisal.assignments import find_overlap, find_role, find_template, known_roles
from qa_pipeline.appraisal.templates import list_templates
from qa_pipeline.domain.cycle import Assignment
from qa_pipeline.domain.performance import Template
from qa_pipeline.errors import N_, RowError, TableError
from qa_pipeline.intake.tables import (
    Place,
    Row,
    Table,
    match_headers,
    normalise_header,
    read_table,
)
from qa_pipeline.kpi.catalogue import shipped
from qa_pipeline.services.assignments import OVERLAP, OVERLAP_HINT, keep_agent, overlap
from qa_pipeline.services.table_rows import TableRows
from qa_pipeline.services.table_words import read_words
from qa_pipeline.store import Store, Transaction

_MAX_ROLE_CHARACTERS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentImport:
    """What became of a file: counts of rows, refused rows with their reasons, agents named for the first time."""

    added_count: int
    replaced_count: int
    unchanged_count: int
    rejected: Sequence[RowError]
    new_agents: Sequence[str]
    ignored_columns: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Claim:
    assignment: Assignment
    agent_name: str | None
    place: Place


@dataclass(slots=True)
class _Tally:
    outcomes: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    rejected: list[RowError] = field(default_factory=list)
    new_agents: list[str] = field(default_factory=list)


def import_assignments(
    store: Store, path: Path, *, templates: Path | None = None, known_agents_only: bool = False
) -> AssignmentImport:
    """Import a table with a row per assignment: agent, role or template, team, first day, last day.

    A row with the agent and first day of an assignment in force replaces it. One without a last day ends when the next
    one of the same agent begins.

    Parameters
    ----------
    templates : Path, optional
        Folder of the user's own templates.
    known_agents_only : bool
        Refuse agents whom nothing has named before; otherwise they are added.

    Raises
    ------
    TableError
        The table names no agent, no first day, or neither role nor template.
    MappingError
        Two columns mean the same.
    TemplateError
        A template file is wrong.
    """
    reader = _Reader(read_table(path), list_templates(shipped(), templates), store.time_zone)
    claims, tally = reader.read()
    with store.transaction() as tx:
        known = {agent.id for agent in tx.agents.list()}
        in_force: dict[str, dict[date, Assignment]] = defaultdict(dict)
        for one in tx.assignments.list():
            in_force[one.agent_id][one.valid_from] = one
        for agent_id, group in claims.items():
            if known_agents_only and agent_id not in known:
                tally.rejected += [_stranger(claim) for claim in group]
            else:
                _keep(tx, group, in_force[agent_id], known, tally)
    return AssignmentImport(
        added_count=tally.outcomes["added"],
        replaced_count=tally.outcomes["replaced"],
        unchanged_count=tally.outcomes["unchanged"],
        rejected=sorted(tally.rejected, key=lambda error: error.row or 0),
        new_agents=sorted(tally.new_agents),
        ignored_columns=reader.rows.ignored_columns,
    )


def _keep(
    tx: Transaction, claims: Sequence[_Claim], in_force: dict[date, Assignment], known: set[str], tally: _Tally
) -> None:
    """Keep one agent's rows: those that replace one in force first, so that a shortened one makes room for new ones."""
    for claim in sorted(claims, key=lambda claim: claim.assignment.valid_from not in in_force):
        assignment = claim.assignment
        others = [one for one in in_force.values() if one.valid_from != assignment.valid_from]
        other = find_overlap(assignment, others)
        if other is not None:
            tally.rejected.append(claim.place.error(OVERLAP, hint=OVERLAP_HINT, **overlap(assignment, other).params))
            continue
        in_force[assignment.valid_from] = assignment
        if assignment.agent_id not in known:
            keep_agent(tx, assignment, claim.agent_name)
            known.add(assignment.agent_id)
            tally.new_agents.append(assignment.agent_id)
        tally.outcomes[tx.assignments.put(assignment)] += 1


def _stranger(claim: _Claim) -> RowError:
    return claim.place.error(
        N_("The agent {agent} is not known."),
        hint=N_("Import metadata that name the agent first, or leave out --known-agents-only."),
        agent=claim.assignment.agent_id,
    )


class _Reader:
    """The rows of one table as assignments."""

    def __init__(self, table: Table, templates: Sequence[Template], zone: ZoneInfo) -> None:
        self._source = table.path.name
        self._templates = templates
        fields = match_headers(table.headers, read_words("assignments")["columns"], file=str(table.path))
        if "agent" not in fields and "agent_name" in fields:
            fields["agent"] = fields.pop("agent_name")
        _check_complete(table, fields)
        self.rows = TableRows(table, fields, zone, days=("from", "to"))

    def read(self) -> tuple[Mapping[str, Sequence[_Claim]], _Tally]:
        """Return the rows by agent, and what was refused or stands twice."""
        tally = _Tally()
        found: dict[tuple[str, date], _Claim] = {}
        for row in self.rows:
            try:
                if isinstance(row, RowError):
                    raise row
                claim = self._claim(row)
                known = found.setdefault((claim.assignment.agent_id, claim.assignment.valid_from), claim)
                if known.assignment != claim.assignment:
                    raise claim.place.error(
                        N_("Row {other} says something else about the same agent and first day."),
                        hint=N_("Keep the row that is right."),
                        other=known.place.row,
                    )
                tally.outcomes["unchanged"] += known is not claim
            except RowError as error:
                tally.rejected.append(error)
        by_agent: dict[str, list[_Claim]] = defaultdict(list)
        for claim in found.values():
            by_agent[claim.assignment.agent_id].append(claim)
        return by_agent, tally

    def _claim(self, row: Row) -> _Claim:
        place = self.rows.place(row, "from")
        agent_id = self.rows.text(row, "agent")
        if agent_id is None:
            raise self.rows.place(row, "agent").error(
                N_("The agent is missing."), hint=N_("Fill in the agent's id, or remove the row.")
            )
        template_id = self._template_of(row)
        valid_from, valid_to = self._days_of(row)
        assignment = Assignment(
            agent_id=agent_id,
            role=self._role_of(row, template_id),
            team=self.rows.text(row, "team"),
            template_id=template_id,
            valid_from=valid_from,
            valid_to=valid_to,
            source=self._source,
        )
        return _Claim(assignment, self.rows.text(row, "agent_name"), place)

    def _days_of(self, row: Row) -> tuple[date, date | None]:
        if self.rows.written(row, "from") is None:
            raise self.rows.place(row, "from").error(
                N_("The day is missing."), hint=N_("Write it as {example}."), example="2026-10-03"
            )
        valid_from = self.rows.day(row, "from")
        text = self.rows.text(row, "to")
        if text is None or normalise_header(text) in _open_ends():
            return valid_from, None
        valid_to = self.rows.day(row, "to")
        if valid_to < valid_from:
            raise self.rows.place(row, "to").error(
                N_("The last day {to} is before the first day {from_}."),
                hint=N_("Swap the two, or leave the last day out."),
                to=valid_to.isoformat(),
                from_=valid_from.isoformat(),
            )
        return valid_from, valid_to

    def _template_of(self, row: Row) -> str | None:
        text = self.rows.text(row, "template")
        if text is None:
            return None
        found = find_template(text, self._templates)
        named = [one for one in self._templates if text in (one.name.zh, one.name.en)]
        if found is None and not named:
            raise self.rows.place(row, "template").error(
                N_("There is no template with the id {id}."),
                hint=N_("Known templates: {known}."),
                id=text,
                known=", ".join(sorted({one.id for one in self._templates})),
            )
        return text if found is not None else named[0].id

    def _role_of(self, row: Row, template_id: str | None) -> str:
        text = self.rows.text(row, "role")
        template = find_template(template_id, self._templates) if template_id else None
        if text is None:
            if template is not None:
                return template.role
            raise self.rows.place(row, "role" if self.rows.has("role") else "template").error(
                N_("The role is missing."),
                hint=N_("Fill in the role, or the template; roles with a template: {known}."),
                known=", ".join(known_roles(self._templates)),
            )
        found = find_role(text, self._templates)
        if found is None and template is not None:
            return text[:_MAX_ROLE_CHARACTERS]
        if found is None:
            raise self.rows.place(row, "role").error(
                N_("There is no template for the role {role}."),
                hint=N_("Name a template beside it, or use one of these roles: {known}."),
                role=text,
                known=", ".join(known_roles(self._templates)),
            )
        return found


def _check_complete(table: Table, fields: Mapping[str, str]) -> None:
    missing = [name for name in ("agent", "from") if name not in fields]
    if not fields.keys() & {"role", "template"}:
        missing.append("role")
    if missing:
        raise TableError(
            N_("The table has no column for: {missing}."),
            hint=N_("Needed are agent, from, and role or template; team and to may follow. Columns: {columns}."),
            file=str(table.path),
            field=missing[0],
            missing=", ".join(missing),
            columns=", ".join(table.headers),
        )


@cache
def _open_ends() -> frozenset[str]:
    return frozenset(map(normalise_header, read_words("assignments")["open_ends"]))
