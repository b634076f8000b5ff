"""``callqa assignments``: which role, team and template an agent has from which day on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any

import typer

from callqa.cli.console import INCOMPLETE, AppContext, context, out
from callqa.cli.options import AgentOption, AnyAgentOption, ByOption, KnownAgentsOption, TableArgument
from callqa.cli.refused import leftover_document, print_leftovers
from qa_pipeline.appraisal.assignments import find_role, held_days
from qa_pipeline.appraisal.templates import get_template, list_templates
from qa_pipeline.domain.cycle import Assignment
from qa_pipeline.errors import N_, ConfigurationError
from qa_pipeline.kpi.catalogue import shipped
from qa_pipeline.report.labels import joined
from qa_pipeline.services.assignments import add_assignment, withdraw_assignment
from qa_pipeline.services.assignments_import import AssignmentImport, import_assignments
from qa_pipeline.store.assignments import RecordedAssignment

app = typer.Typer(
    name="assignments", no_args_is_help=True, help="Which role, team and template an agent has from which day on."
)

_OUTCOMES = {
    "added": N_("{agent}: the assignment from {date} on was added."),
    "replaced": N_("{agent}: the assignment from {date} on was replaced; the older one stays in the history."),
    "unchanged": N_("{agent}: the assignment from {date} on is there already."),
}

Day = Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First day, YYYY-MM-DD.")]


@app.command("import")
def import_(
    ctx: typer.Context,
    file: TableArgument,
    known_agents_only: KnownAgentsOption = False,
) -> None:
    """Import a table with columns agent, role, team, template, from and to; Chinese headers are understood."""
    here = context(ctx)
    result = import_assignments(
        here.store(), file, templates=here.settings.templates, known_agents_only=known_agents_only
    )
    document = {
        "imported": result.added_count + result.replaced_count,
        "replaced": result.replaced_count,
        "unchanged": result.unchanged_count,
        **leftover_document(here, result),
        "new_agents": list(result.new_agents),
    }
    here.emit(document, lambda: _print_import(here, result))
    if result.rejected:
        raise typer.Exit(INCOMPLETE)


@app.command()
def add(
    ctx: typer.Context,
    agent: AgentOption,
    since: Day,
    by: ByOption,
    role: Annotated[
        str | None, typer.Option(help="Role, such as front-line; that of the template if left out.")
    ] = None,
    team: Annotated[str | None, typer.Option(help="Team.")] = None,
    template: Annotated[
        str | None, typer.Option(help="Template id, or id@version; that of the role when left out.")
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option("--to", formats=["%Y-%m-%d"], help="Last day; without it until the next assignment begins."),
    ] = None,
) -> None:
    """Assign one agent; an assignment with the same first day is replaced."""
    here = context(ctx)
    assignment = Assignment(
        agent_id=agent,
        role=_role(here, role, template),
        team=team,
        template_id=template,
        valid_from=since.date(),
        valid_to=until.date() if until else None,
        source=by,
    )
    added = add_assignment(here.store(), assignment, templates=here.settings.templates)
    document = {"outcome": added.outcome, "new_agent": added.is_new_agent, "assignment": _document(assignment)}
    here.emit(document, lambda: here.say(_OUTCOMES[added.outcome], agent=agent, date=assignment.valid_from))
    if added.is_new_agent:
        here.say(N_("Agents named for the first time: {agents}"), agents=agent)


@app.command()
def withdraw(ctx: typer.Context, agent: AgentOption, since: Day, by: ByOption) -> None:
    """Take an assignment out of force that should not have been; it stays in the history."""
    here = context(ctx)
    withdraw_assignment(here.store(), agent, since.date(), by)
    document = {"withdrawn": True, "agent": agent, "from": since.date().isoformat()}
    here.emit(
        document,
        lambda: here.say(N_("{agent}: the assignment from {date} on was withdrawn."), agent=agent, date=since.date()),
    )


@app.command("list")
def list_(
    ctx: typer.Context,
    agent: AnyAgentOption = None,
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only those that count on this day.")
    ] = None,
    history: Annotated[
        bool, typer.Option("--history", help="With replaced and withdrawn ones; needs --agent.")
    ] = False,
) -> None:
    """List the assignments in force."""
    here = context(ctx)
    if history and agent is None:
        raise ConfigurationError(
            N_("The history is shown of one agent."), hint=N_("Name the agent with --agent."), field="agent"
        )
    with here.store().reading() as tx:
        recorded = tx.assignments.history(agent) if history and agent else []
        found = tx.assignments.list(agent)
    if on is not None:
        found = _counting_on(found, on.date())
    document: dict[str, Any] = {"assignments": [_document(one) for one in found]}
    if history:
        document["history"] = [_recorded(one) for one in recorded]
    here.emit(document, lambda: _print_history(here, recorded) if history else _print(here, found))


def _role(here: AppContext, role: str | None, template: str | None) -> str:
    templates = list_templates(shipped(), here.settings.templates)
    if role is not None:
        return find_role(role, templates) or role
    if template is None:
        raise ConfigurationError(N_("The role is missing."), hint=N_("Give --role, --template or both."), field="role")
    return get_template(template, shipped(), here.settings.templates).role


def _counting_on(assignments: Sequence[Assignment], day: date) -> list[Assignment]:
    by_agent: dict[str, list[Assignment]] = {}
    for one in assignments:
        by_agent.setdefault(one.agent_id, []).append(one)
    return [held.assignment for listed in by_agent.values() for held in held_days(listed, day, day)]


def _document(one: Assignment) -> dict[str, Any]:
    return {
        "agent": one.agent_id,
        "role": one.role,
        "team": one.team,
        "template": one.template_id,
        "from": one.valid_from.isoformat(),
        "to": one.valid_to.isoformat() if one.valid_to else None,
        "source": one.source,
    }


def _recorded(one: RecordedAssignment) -> dict[str, Any]:
    return _document(one.assignment) | {
        "recorded_at": one.recorded_at.isoformat(),
        "superseded_at": one.superseded_at.isoformat() if one.superseded_at else None,
        "superseded_by": one.superseded_by,
    }


_HEADINGS = (N_("Agent"), N_("Role"), N_("Team"), N_("Template"), N_("First day"), N_("Last day"), N_("Source"))


def _cells(one: Assignment) -> tuple[str, ...]:
    last_day = one.valid_to.isoformat() if one.valid_to else "–"
    template = one.template_id or "–"
    return one.agent_id, one.role, one.team or "–", template, one.valid_from.isoformat(), last_day, one.source


def _print(here: AppContext, found: Sequence[Assignment]) -> None:
    if not found:
        here.say(N_("There are no assignments. Import some with `callqa assignments import FILE`."))
        return
    table = here.table(_HEADINGS)
    for one in found:
        table.add_row(*_cells(one))
    out.print(table)


def _print_history(here: AppContext, recorded: Sequence[RecordedAssignment]) -> None:
    table = here.table((*_HEADINGS, N_("Recorded"), N_("Replaced or withdrawn by")))
    for one in recorded:
        table.add_row(*_cells(one.assignment), f"{one.recorded_at:%Y-%m-%d %H:%M}", one.superseded_by or "–")
    out.print(table)


def _print_import(here: AppContext, result: AssignmentImport) -> None:
    here.say(
        N_("{added} assignments added, {replaced} replaced, {unchanged} unchanged."),
        added=result.added_count,
        replaced=result.replaced_count,
        unchanged=result.unchanged_count,
    )
    if result.new_agents:
        here.say(N_("Agents named for the first time: {agents}"), agents=joined(result.new_agents, here.translate))
    print_leftovers(here, result)
