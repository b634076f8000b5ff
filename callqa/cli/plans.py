"""``callqa plans``: the indicators are put before the agents, who confirm or dispute them before a period counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from callqa.cli.console import AppContext, context, out
from callqa.cli.cycle import attempt, now, state_text
from callqa.cli.options import AgentOption, AnyPeriodOption, ByOption, PeriodOption, ReasonOption, RoleOption
from qa_pipeline.appraisal.templates import list_templates
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.errors import N_, ConfigurationError
from qa_pipeline.kpi.catalogue import shipped
from qa_pipeline.report.labels import moment_text
from qa_pipeline.services.cycle.plans import MACHINE, PlanState, Proposed, answer_plan, list_plans, propose_plans

app = typer.Typer(name="plans", no_args_is_help=True, help="Goal plans: what agents confirm before a period counts.")


@app.command()
def propose(
    ctx: typer.Context,
    period: PeriodOption,
    by: ByOption,
    agent: Annotated[list[str] | None, typer.Option("--agent", help="Id of an agent; may stand several times.")] = None,
    everybody: Annotated[bool, typer.Option("--all", help="Every known agent.")] = False,
    template: Annotated[
        str | None, typer.Option(help="Template id, or id@version; what each agent is assigned to when left out.")
    ] = None,
    note: Annotated[str, typer.Option(help="What manager and agent agreed besides.")] = "",
    role: RoleOption = StaffRole.SUPERVISOR,
) -> None:
    """Put the indicators of a template before agents for a period."""
    here = context(ctx)
    if bool(agent) == everybody:
        raise ConfigurationError(
            N_("Say to whom the goals are proposed."), hint=N_("Give --agent, or --all for everybody."), field="agent"
        )
    found = propose_plans(
        here.store(),
        period,
        agent or None,
        attempt(by, role),
        now(),
        templates=list_templates(shipped(), here.settings.templates),
        template_id=template,
        note=note,
    )
    document = {"period": period, "plans": [_proposed_document(one) for one in found]}
    here.emit(document, lambda: _print_proposed(here, period, found))


@app.command()
def confirm(ctx: typer.Context, period: PeriodOption, agent: AgentOption, by: ByOption) -> None:
    """Confirm the proposed indicators, as the agent whom they concern."""
    _answer(context(ctx), period, agent, "confirm", by)


@app.command()
def dispute(ctx: typer.Context, period: PeriodOption, agent: AgentOption, by: ByOption, reason: ReasonOption) -> None:
    """Dispute the proposed indicators, as the agent whom they concern."""
    _answer(context(ctx), period, agent, "dispute", by, reason)


@app.command()
def withdraw(
    ctx: typer.Context,
    period: PeriodOption,
    agent: AgentOption,
    by: ByOption,
    reason: ReasonOption,
    role: RoleOption = StaffRole.SUPERVISOR,
) -> None:
    """Take a plan back."""
    _answer(context(ctx), period, agent, "withdraw", by, reason, role)


@app.command("list")
def list_(
    ctx: typer.Context,
    period: AnyPeriodOption = None,
    agent: Annotated[str | None, typer.Option(help="Of this agent only.")] = None,
) -> None:
    """List the newest plan of each agent and period."""
    here = context(ctx)
    with here.store().reading() as tx:
        found = list_plans(tx, period, agent)
    here.emit({"plans": [_document(one) for one in found]}, lambda: _print_plans(here, found))


def _answer(
    here: AppContext,
    period: str,
    agent: str,
    step: str,
    by: str,
    reason: str = "",
    role: StaffRole = StaffRole.AGENT,
) -> None:
    found = answer_plan(here.store(), period, agent, step, attempt(by, role, reason), now())
    here.emit(_document(found), lambda: _print_plans(here, [found]))


def _document(found: PlanState) -> dict[str, Any]:
    plan = found.plan
    return {
        "id": plan.id,
        "agent": plan.agent_id,
        "period": plan.period,
        "template": plan.template_id,
        "template_version": plan.template_version,
        "note": plan.note,
        "proposed_by": plan.proposed_by,
        "proposed_at": plan.proposed_at.isoformat(),
        "state": found.state,
        "since": found.latest.at.isoformat(),
        "by": found.latest.actor,
        "reason": found.latest.reason,
    }


def _proposed_document(found: Proposed) -> dict[str, Any]:
    return {
        "id": found.plan.id,
        "agent": found.plan.agent_id,
        "template": found.plan.template_id,
        "template_version": found.plan.template_version,
        "outcome": "proposed" if found.is_new else "unchanged",
        "replaces": found.replaces,
    }


def _print_proposed(here: AppContext, period: str, found: Sequence[Proposed]) -> None:
    if not found:
        here.say(N_("No agent is known yet: agents come from metadata, indicator tables and assignments."))
        return
    new = [one for one in found if one.is_new]
    here.say(
        N_("{period}: goals proposed to {new} agents, {unchanged} have them already."),
        period=period,
        new=len(new),
        unchanged=len(found) - len(new),
    )
    replaced = sum(one.replaces is not None for one in found)
    if replaced:
        here.say(N_("{count} earlier plans were withdrawn for them."), count=replaced)
    here.say(
        N_("Each agent confirms with `callqa plans confirm --period {period} --agent AGENT --by AGENT`."), period=period
    )


def _print_plans(here: AppContext, found: Sequence[PlanState]) -> None:
    if not found:
        here.say(N_("There are no goal plans. `callqa plans propose` makes some."))
        return
    table = here.table([N_("Period"), N_("Agent"), N_("Template"), N_("State"), N_("Since"), N_("By"), N_("Reason")])
    for one in found:
        table.add_row(
            one.plan.period,
            one.plan.agent_id,
            f"{one.plan.template_id}@{one.plan.template_version}",
            state_text(here, MACHINE, one.state),
            moment_text(one.latest.at, here.settings.zone),
            one.latest.actor,
            one.latest.reason,
        )
    out.print(table)
