"""``callqa periods``: a period is opened, closed, published, corrected and ended."""

from __future__ import annotations

from typing import Any

import typer

from callqa import site_wiring
from callqa.cli.changes import change_documents, print_changes
from callqa.cli.console import AppContext, context, out
from callqa.cli.cycle import attempt, now, print_steps, state_text, step_document, today
from callqa.cli.options import AgentOption, ByOption, PeriodArgument, ReasonOption, RoleOption
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.errors import N_
from qa_pipeline.report.labels import joined
from qa_pipeline.services.cycle import periods
from qa_pipeline.services.cycle.results import PeriodState, correct_result, read_period

app = typer.Typer(name="periods", no_args_is_help=True, help="Periods of the cycle, from their plan to their results.")
MACHINE = periods.MACHINE


@app.command("open")
def open_(ctx: typer.Context, period: PeriodArgument, by: ByOption, role: RoleOption = StaffRole.HR) -> None:
    """Open a period: goals are agreed, data is collected."""
    here = context(ctx)
    _tell(here, period, periods.open_period(here.store(), period, attempt(by, role), now()))


@app.command()
def close(ctx: typer.Context, period: PeriodArgument, by: ByOption, role: RoleOption = StaffRole.HR) -> None:
    """Close a period on its evaluations; refused while some are missing or older than their inputs."""
    here = context(ctx)
    compute = site_wiring.evaluations_of(here.settings)
    _tell(here, period, periods.close_period(here.store(), period, attempt(by, role), now(), compute))


@app.command()
def reopen(
    ctx: typer.Context, period: PeriodArgument, by: ByOption, reason: ReasonOption, role: RoleOption = StaffRole.HR
) -> None:
    """Open a closed period again, before it is published."""
    here = context(ctx)
    _tell(here, period, periods.reopen_period(here.store(), period, attempt(by, role, reason), now()))


@app.command()
def publish(ctx: typer.Context, period: PeriodArgument, by: ByOption, role: RoleOption = StaffRole.HR) -> None:
    """Publish the results that the period was closed on, each as version 1."""
    here = context(ctx)
    line = site_wiring.consequence_line(here.settings)
    found = periods.publish_period(here.store(), period, attempt(by, role), now(), line)
    held = [one.agent_id for one in found if one.no_consequence is not None]
    document = {"period": period, "state": "published", "published": len(found), "no_consequence": held}

    def told() -> None:
        here.say(N_("{period}: the results of {count} agents are published."), period=period, count=len(found))
        _say_held(here, held)

    here.emit(document, told)


@app.command()
def correct(
    ctx: typer.Context,
    period: PeriodArgument,
    agent: AgentOption,
    reason: ReasonOption,
    by: ByOption,
    role: RoleOption = StaffRole.HR,
) -> None:
    """Publish the result of an agent anew, as the next version; earlier ones stay."""
    here = context(ctx)
    found = correct_result(
        here.store(),
        agent,
        period,
        attempt(by, role, reason),
        now(),
        compute=site_wiring.evaluations_of(here.settings),
        line=site_wiring.consequence_line(here.settings),
    )
    document = {
        "period": period,
        "agent": agent,
        "version": found.publication.version,
        "changes": change_documents(found.changes),
    }

    def told() -> None:
        here.say(
            N_("{agent}, {period}: version {version} is published."),
            agent=agent,
            period=period,
            version=found.publication.version,
        )
        print_changes(here, found.changes)

    here.emit(document, told)


@app.command()
def finish(ctx: typer.Context, period: PeriodArgument, by: ByOption, role: RoleOption = StaffRole.HR) -> None:
    """End the time for appeals; refused while one is open or an upheld one waits for its correction."""
    here = context(ctx)
    state = periods.finish_period(here.store(), period, attempt(by, role), now(), site_wiring.times(here.settings))
    _tell(here, period, state)


@app.command()
def apply(ctx: typer.Context, period: PeriodArgument, by: ByOption, role: RoleOption = StaffRole.HR) -> None:
    """Record that people have decided what follows from the results."""
    here = context(ctx)
    _tell(here, period, periods.apply_period(here.store(), period, attempt(by, role), now()))


@app.command()
def show(ctx: typer.Context, period: PeriodArgument) -> None:
    """Show how far a period is, what is missing, and whether inputs have changed since publication."""
    here = context(ctx)
    compute = site_wiring.evaluations_of(here.settings)
    found = read_period(here.store(), period, compute=compute, times=site_wiring.times(here.settings))
    here.emit(_document(here, found), lambda: _print(here, found))


def _tell(here: AppContext, period: str, state: str) -> None:
    here.emit(
        {"period": period, "state": state},
        lambda: here.say(N_("{period}: {state}."), period=period, state=state_text(here, MACHINE, state)),
    )


def _document(here: AppContext, found: PeriodState) -> dict[str, Any]:
    day, moment = today(here), now()
    outdated = found.outdated
    return {
        "period": found.period,
        "state": found.state,
        "first_on": found.first_on.isoformat(),
        "last_on": found.last_on.isoformat(),
        "possible": list(found.steps_possible),
        "evaluated": found.evaluated_count,
        "missing": list(outdated.missing) if outdated else [],
        "stale": list(outdated.stale) if outdated else [],
        "surplus": list(outdated.surplus) if outdated else [],
        "published": found.published_count,
        "changed": list(found.changed),
        "no_consequence": list(found.no_consequence),
        "plans": dict(found.plans),
        "appeals": {
            "until": found.appeals_until.isoformat() if found.appeals_until else None,
            "open": [one.appeal.id for one in found.appeals if one.is_open(moment)],
            "overdue": [one.appeal.id for one in found.appeals if one.is_overdue(day)],
            "total": len(found.appeals),
        },
        "corrections_due": sorted({one.appeal.agent_id for one in found.corrections}),
        "steps": [step_document(step) for step in found.steps],
    }


def _print(here: AppContext, found: PeriodState) -> None:
    here.say(
        N_("{period} ({first} to {last}): {state}"),
        period=found.period,
        first=found.first_on,
        last=found.last_on,
        state=state_text(here, MACHINE, found.state),
    )
    print_steps(here, MACHINE, found.steps)
    _print_plans(here, found)
    here.say(N_("Evaluated: {count} agents"), count=found.evaluated_count)
    if found.outdated is not None:
        told = {
            N_("Not evaluated yet: {agents}"): found.outdated.missing,
            N_("Inputs changed since the evaluation: {agents}"): found.outdated.stale,
            N_("Evaluated, but without inputs now: {agents}"): found.outdated.surplus,
        }
        for message, agents in told.items():
            _warn(here, message, agents)
    if found.published_count:
        _print_published(here, found)


def _print_plans(here: AppContext, found: PeriodState) -> None:
    if not found.plans:
        here.say(N_("No goals were proposed for this period, so nobody has confirmed any."))
        return
    counts = [
        here.translate(N_("{state} {count}")).format(state=state_text(here, "goal_plan", state), count=count)
        for state, count in sorted(found.plans.items())
    ]
    here.say(N_("Goal plans: {counts}"), counts=joined(counts, here.translate))


def _print_published(here: AppContext, found: PeriodState) -> None:
    moment, day = now(), today(here)
    here.say(N_("Published: {count} agents"), count=found.published_count)
    _say_held(here, found.no_consequence)
    _warn(here, N_("Inputs changed since publication, the published results stay: {agents}"), found.changed)
    here.say(
        N_("Appeals: {total}, of them {open} open; they may be filed until {date}."),
        total=len(found.appeals),
        open=sum(one.is_open(moment) for one in found.appeals),
        date=found.appeals_until,
    )
    _warn(here, N_("Answers overdue: {agents}"), [one.appeal.id for one in found.appeals if one.is_overdue(day)])
    due = sorted({one.appeal.agent_id for one in found.corrections})
    _warn(here, N_("Upheld appeals wait for a correction: {agents}"), due)


def _say_held(here: AppContext, agents: list[str] | tuple[str, ...]) -> None:
    if agents:
        here.say(N_("Nothing may follow from the results of: {agents}"), agents=joined(agents, here.translate))


def _warn(here: AppContext, message: str, agents: list[str] | tuple[str, ...]) -> None:
    if agents:
        text = here.translate(message).format(agents=joined(agents, here.translate))
        out.print(text, style="yellow")
