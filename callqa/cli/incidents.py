"""``callqa incidents``: critical incidents, good and bad, on which ratings of behaviour rest."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Annotated, Any

import typer

from callqa.cli.console import INCOMPLETE, AppContext, context, out
from callqa.cli.cycle import attempt, now, state_text
from callqa.cli.options import AgentOption, AnyAgentOption, ByOption, ReasonOption, RoleOption, TableArgument
from callqa.cli.refused import leftover_document, print_leftovers
from qa_pipeline.domain.cycle import Incident, IncidentKind, StaffRole
from qa_pipeline.domain.period import period_days
from qa_pipeline.errors import N_
from qa_pipeline.kpi.catalogue import shipped
from qa_pipeline.report.labels import joined
from qa_pipeline.services.cycle.advance import states_of
from qa_pipeline.services.incidents import (
    MACHINE,
    WITHDRAWN,
    IncidentImport,
    add_incident,
    identify,
    import_incidents,
    withdraw_incident,
)
from qa_pipeline.services.rating_words import find_rated

app = typer.Typer(
    name="incidents", no_args_is_help=True, help="Critical incidents: what happened, when, what shows it."
)

KINDS = {"good": N_("good"), "bad": N_("bad")}


@app.command()
def add(
    ctx: typer.Context,
    agent: AgentOption,
    on: Annotated[datetime, typer.Option("--on", formats=["%Y-%m-%d"], help="Day on which it happened, YYYY-MM-DD.")],
    kind: Annotated[IncidentKind, typer.Option(help="Whether it speaks for or against.")],
    title: Annotated[str, typer.Option(help="What happened, in a few words.")],
    by: ByOption,
    evidence: Annotated[str, typer.Option(help="What shows it: who saw what.")] = "",
    contact: Annotated[
        list[str] | None, typer.Option(help="Id of a contact that shows it; may stand several times.")
    ] = None,
    indicator: Annotated[
        str | None, typer.Option(help="The rated indicator that it bears on; all of them when left out.")
    ] = None,
) -> None:
    """Record one incident with its evidence."""
    here = context(ctx)
    rated = find_rated(indicator) if indicator else None
    incident = identify(
        Incident(
            id="",
            agent_id=agent,
            happened_on=on.date(),
            kind=kind,
            title=title.strip(),
            evidence=evidence.strip(),
            contacts=tuple(contact or ()),
            indicator=rated.id if rated else indicator,
            recorded_by=by.strip(),
            recorded_at=now(),
        )
    )
    is_new = add_incident(here.store(), incident, now())
    told = N_("Recorded as {id}.") if is_new else N_("It is on record already as {id}.")
    here.emit({"id": incident.id, "added": is_new}, lambda: here.say(told, id=incident.id))


@app.command("import")
def import_(
    ctx: typer.Context,
    file: TableArgument,
) -> None:
    """Import a table with a row per incident: agent, on, kind, title, evidence, contact, indicator, by.

    docs/ratings.md has the columns.
    """
    here = context(ctx)
    result = import_incidents(here.store(), file, now())
    document = {
        "imported": result.added_count,
        "unchanged": result.unchanged_count,
        **leftover_document(here, result),
    }
    here.emit(document, lambda: _print_import(here, result))
    if result.rejected:
        raise typer.Exit(INCOMPLETE)


@app.command("list")
def list_(
    ctx: typer.Context,
    agent: AnyAgentOption = None,
    period: Annotated[str | None, typer.Option(help="Month, quarter or year: 2026-10, 2026-Q4 or 2026.")] = None,
    withdrawn: Annotated[bool, typer.Option("--withdrawn", help="Also those that were withdrawn.")] = False,
) -> None:
    """List incidents by day."""
    here = context(ctx)
    first, last = period_days(period) if period else (None, None)
    with here.store().reading() as tx:
        found = tx.incidents.list(agent, since=first, until=last)
        states = states_of(tx, MACHINE, [incident.id for incident in found])
    gone = {incident.id for incident in found if states[incident.id] == WITHDRAWN}
    shown = [incident for incident in found if withdrawn or incident.id not in gone]
    document = {"incidents": [incident_document(here, incident) | {"state": states[incident.id]} for incident in shown]}
    here.emit(document, lambda: print_incidents(here, shown, gone))


@app.command()
def withdraw(
    ctx: typer.Context,
    incident: Annotated[str, typer.Argument(help="Id of the incident.")],
    by: ByOption,
    reason: ReasonOption,
    role: RoleOption = StaffRole.SUPERVISOR,
) -> None:
    """Withdraw an incident: it stays on record with the reason, and counts no more."""
    here = context(ctx)
    withdraw_incident(here.store(), incident, attempt(by, role, reason), now())
    here.emit({"id": incident, "state": WITHDRAWN}, lambda: here.say(N_("{id} is withdrawn."), id=incident))


def incident_document(here: AppContext, incident: Incident) -> dict[str, Any]:
    """Return an incident for ``--json``."""
    return {
        "id": incident.id,
        "agent": incident.agent_id,
        "on": incident.happened_on.isoformat(),
        "kind": incident.kind.value,
        "title": incident.title,
        "evidence": incident.evidence,
        "contacts": list(incident.contacts),
        "indicator": incident.indicator,
        "by": incident.recorded_by,
        "recorded_at": incident.recorded_at.astimezone(here.settings.zone).isoformat(),
    }


def print_incidents(here: AppContext, incidents: Sequence[Incident], gone: Collection[str] = ()) -> None:
    """Print incidents as a table; `gone`: ids of those that were withdrawn."""
    if not incidents:
        here.say(N_("There are no incidents."))
        return
    table = here.table(("id", N_("Day"), N_("Agent"), N_("Kind"), N_("Incident"), N_("Evidence"), N_("Recorded by")))
    for one in incidents:
        title = one.title
        if one.indicator is not None:
            title += f" ({shipped()[one.indicator].name.in_language(here.settings.lang)})"
        kind = state_text(here, MACHINE, WITHDRAWN) if one.id in gone else here.translate(KINDS[one.kind.value])
        shows = "\n".join(part for part in (one.evidence, joined(one.contacts, here.translate)) if part)
        table.add_row(one.id, one.happened_on.isoformat(), one.agent_id, kind, title, shows, one.recorded_by)
    out.print(table)


def _print_import(here: AppContext, result: IncidentImport) -> None:
    here.say(
        N_("{added} incidents recorded, {unchanged} on record already."),
        added=result.added_count,
        unchanged=result.unchanged_count,
    )
    print_leftovers(here, result)
