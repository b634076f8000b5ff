"""``callqa coaching``: what each person could practise next, the plans for it, and whether they helped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any

import typer

from callqa import site_wiring
from callqa.cli import coaching_effect, coaching_overview
from callqa.cli.console import AppContext, context, out
from callqa.cli.cycle import today
from coaching.focus import read_focus
from coaching.plans import MACHINE, PlanState, list_plans
from qa_pipeline.appraisal.workflow import get_workflow
from qa_pipeline.errors import N_
from qa_pipeline.report.data import ExampleRow, FocusRow
from qa_pipeline.report.labels import clock_text, percent_text

app = typer.Typer(
    no_args_is_help=True, help="What each person could practise next, the plans for it, and whether they helped."
)


@app.command()
def gaps(
    ctx: typer.Context,
    period: Annotated[str, typer.Option(help="Month, such as 2026-10.")],
    agent: Annotated[str | None, typer.Option(help="Only this agent.")] = None,
) -> None:
    """List the criteria that an agent provably meets less often than the site, with a moment of each kind."""
    application = context(ctx)
    settings = application.settings
    found = read_focus(
        application.store(), period, settings.lang, rulebook=site_wiring.rulebook(settings), agent_id=agent
    )
    document = {
        "period": period,
        "agents": [{"agent": agent_id, "gaps": [_gap(row) for row in rows]} for agent_id, rows in found.items()],
    }
    application.emit(document, lambda: _print(application, found))


@app.command()
def plans(
    ctx: typer.Context,
    period: Annotated[str | None, typer.Option(help="Month whose results led to them, such as 2026-10.")] = None,
    agent: Annotated[str | None, typer.Option(help="Only this agent.")] = None,
) -> None:
    """List coaching plans: what is worked on, how far they are, how many of their sessions were held."""
    application = context(ctx)
    with application.store().reading() as tx:
        found = list_plans(tx, period, agent)
    day = today(application)
    application.emit({"plans": [_plan(one, day) for one in found]}, lambda: _print_plans(application, found))


def _plan(one: PlanState, day: date) -> dict[str, Any]:
    plan = one.plan
    return {
        "id": plan.id,
        "agent": plan.agent_id,
        "period": plan.selected_period,
        "coach": plan.coach,
        "state": one.state,
        "focus": plan.focus.id,
        "gap_kind": plan.gap_kind.value,
        "behaviour": plan.behaviour,
        "goal": plan.goal.words,
        "started_on": plan.started_on.isoformat() if plan.started_on else None,
        "sessions": [
            {"day": each.day, "planned_on": _day(each.planned_on), "held_on": _day(each.held_on)}
            for each in plan.sessions
        ],
        "due_on": _day(plan.due_on),
        "is_overdue": one.is_overdue(day),
        "reached": plan.reached,
        "follow_up_on": _day(plan.follow_up_on),
    }


def _day(value: date | None) -> str | None:
    return value.isoformat() if value else None


def _print_plans(application: AppContext, found: Sequence[PlanState]) -> None:
    language = application.settings.lang
    states = {one.id: one.name.in_language(language) for one in get_workflow(MACHINE).states}
    rows = application.table([N_("Agent"), N_("Works on"), N_("From"), N_("State"), N_("Sessions"), N_("Coach")])
    for one in found:
        held = sum(each.held_on is not None for each in one.plan.sessions)
        rows.add_row(
            one.plan.agent_id,
            one.plan.focus.name,
            one.plan.selected_period,
            states.get(one.state, one.state),
            f"{held}/{len(one.plan.sessions)}",
            one.plan.coach,
        )
    out.print(rows)


def _gap(row: FocusRow) -> dict[str, Any]:
    interval = row.met.ci95
    return {
        "criterion": row.criterion_id,
        "name": row.criterion,
        "met": row.met.count,
        "n": row.met.total,
        "ratio": row.met.ratio,
        "ci95": [interval.low, interval.high] if interval else None,
        "site_ratio": row.site_ratio,
        "action": row.action,
        "practice": row.practice,
        "if_then": row.if_then,
        "good": _example(row.good),
        "improve": _example(row.improve),
    }


def _example(row: ExampleRow | None) -> dict[str, Any] | None:
    if row is None:
        return None
    return {
        "contact": row.contact_id,
        "started_at": row.started_at.isoformat() if row.started_at else None,
        "quote": row.quote,
        "role": row.role,
        "start_s": row.start_s,
        "reason": row.reason,
    }


def _print(application: AppContext, found: Mapping[str, tuple[FocusRow, ...]]) -> None:
    if not found:
        application.say(N_("No agent falls short of the site by more than chance explains."))
    for agent_id, rows in found.items():
        out.print(agent_id, style="bold")
        for row in rows:
            application.say(
                N_("  {criterion}: met {count} of {total}, site {site}"),
                criterion=row.criterion,
                count=row.met.count,
                total=row.met.total,
                site=percent_text(row.site_ratio),
            )
            out.print(f"    {row.action}")
            for title, example in ((N_("went well"), row.good), (N_("to improve"), row.improve)):
                if example:
                    said = example.quote or example.reason
                    place = f"{example.contact_id} {clock_text(example.start_s)}"
                    application.say(
                        N_("    {title}: {place} {said}"), title=application.translate(title), place=place, said=said
                    )


app.command()(coaching_overview.groups)
app.command()(coaching_overview.workload)
app.command()(coaching_effect.effect)
app.command()(coaching_effect.power)
app.command()(coaching_effect.draw)
app.command()(coaching_effect.waiting_lists)
