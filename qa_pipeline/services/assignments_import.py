"""Importing a table of assignments: one transaction per file, and the same file again changes nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any
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
    find_day_first,
    is_missing,
    match_headers,
    normalise_header,
    parse_moment,
    read_table,
)
from qa_pipeline.kpi.catalogue import shipped
from qa_pipeline.resources import SHIPPED, read_yaml
from qa_pipeline.services.assignments import OVERLAP, OVERLAP_HINT, keep_agent, overlap
from qa_pipeline.store import Store, Transaction

_MAX_CHARACTERS = 200
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
    table = read_table(path)
    reader = _Reader(table, list_templates(shipped(), templates), store.time_zone)
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
        ignored_columns=[header for header in table.headers if header not in reader.fields.values()],
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
        self._table = table
        self._templates = templates
        self._zone = zone
        self.fields = match_headers(table.headers, _words()["columns"], file=str(table.path))
        if "agent" not in self.fields and "agent_name" in self.fields:
            self.fields["agent"] = self.fields.pop("agent_name")
        _check_complete(table, self.fields)
        dates = [header for name, header in self.fields.items() if name in ("from", "to")]
        self._day_first = find_day_first(
            chain.from_iterable(
                (row.values[header] for header in dates) for row in table.rows if not isinstance(row, RowError)
            )
        )

    def read(self) -> tuple[Mapping[str, Sequence[_Claim]], _Tally]:
        """Return the rows by agent, and what was refused or stands twice."""
        tally = _Tally()
        found: dict[tuple[str, date], _Claim] = {}
        for row in self._table.rows:
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
        place = self._table.place(row, self.fields["from"])
        agent_id = self._text(row, "agent")
        if agent_id is None:
            raise self._table.place(row, self.fields["agent"]).error(
                N_("The agent is missing."), hint=N_("Fill in the agent's id, or remove the row.")
            )
        template_id = self._template_of(row)
        valid_from, valid_to = self._days_of(row)
        assignment = Assignment(
            agent_id=agent_id,
            role=self._role_of(row, template_id),
            team=self._text(row, "team"),
            template_id=template_id,
            valid_from=valid_from,
            valid_to=valid_to,
            source=self._table.path.name,
        )
        return _Claim(assignment, self._text(row, "agent_name"), place)

    def _days_of(self, row: Row) -> tuple[date, date | None]:
        valid_from = self._date(row.values[self.fields["from"]], self._table.place(row, self.fields["from"]))
        text = self._text(row, "to")
        if text is None or normalise_header(text) in _open_ends():
            return valid_from, None
        place = self._table.place(row, self.fields["to"])
        valid_to = self._date(text, place)
        if valid_to < valid_from:
            raise place.error(
                N_("The last day {to} is before the first day {from_}."),
                hint=N_("Swap the two, or leave the last day out."),
                to=valid_to.isoformat(),
                from_=valid_from.isoformat(),
            )
        return valid_from, valid_to

    def _date(self, text: str, place: Place) -> date:
        if is_missing(text):
            raise place.error(N_("The day is missing."), hint=N_("Write it as {example}."), example="2026-10-03")
        return parse_moment(text, place, self._zone, day_first=self._day_first).astimezone(self._zone).date()

    def _template_of(self, row: Row) -> str | None:
        text = self._text(row, "template")
        if text is None:
            return None
        found = find_template(text, self._templates)
        named = [one for one in self._templates if text in (one.name.zh, one.name.en)]
        if found is None and not named:
            raise self._table.place(row, self.fields["template"]).error(
                N_("There is no template with the id {id}."),
                hint=N_("Known templates: {known}."),
                id=text,
                known=", ".join(sorted({one.id for one in self._templates})),
            )
        return text if found is not None else named[0].id

    def _role_of(self, row: Row, template_id: str | None) -> str:
        text = self._text(row, "role")
        template = find_template(template_id, self._templates) if template_id else None
        if text is None:
            if template is not None:
                return template.role
            header = self.fields.get("role") or self.fields["template"]
            raise self._table.place(row, header).error(
                N_("The role is missing."),
                hint=N_("Fill in the role, or the template; roles with a template: {known}."),
                known=", ".join(known_roles(self._templates)),
            )
        found = find_role(text, self._templates)
        if found is None and template is not None:
            return text[:_MAX_ROLE_CHARACTERS]
        if found is None:
            raise self._table.place(row, self.fields["role"]).error(
                N_("There is no template for the role {role}."),
                hint=N_("Name a template beside it, or use one of these roles: {known}."),
                role=text,
                known=", ".join(known_roles(self._templates)),
            )
        return found

    def _text(self, row: Row, name: str) -> str | None:
        header = self.fields.get(name)
        text = row.values[header].strip() if header else ""
        if is_missing(text) or header is None:
            return None
        if len(text) > _MAX_CHARACTERS:
            raise self._table.place(row, header).error(
                N_("The text has more than {most} characters."),
                hint=N_("Check that the columns are in their places."),
                most=_MAX_CHARACTERS,
            )
        return text


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
def _words() -> Mapping[str, Any]:
    words: Mapping[str, Any] = read_yaml(SHIPPED / "lexicons" / "assignments.yaml").data
    return words


@cache
def _open_ends() -> frozenset[str]:
    return frozenset(map(normalise_header, _words()["open_ends"]))
