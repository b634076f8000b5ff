"""``callqa appeals``: agents appeal per item, somebody else decides, and a second instance decides finally."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from callqa import site_wiring, wiring
from callqa.cli.calibration_holds import hold_documents, tell_holds
from callqa.cli.console import AppContext, context, err, out
from callqa.cli.cycle import attempt, now, print_steps, state_text, step_document, today
from callqa.cli.options import AgentOption, AnyPeriodOption, ByOption, PeriodOption, ReasonOption, RoleOption
from qa_pipeline.domain.cycle import AppealDecision, AppealOutcome, StaffRole
from qa_pipeline.domain.inspection import Outcome
from qa_pipeline.errors import N_
from qa_pipeline.kpi.catalogue import shipped
from qa_pipeline.report.labels import APPEAL_OUTCOMES, OUTCOMES, ROLES, joined, label, moment_text, number_text
from qa_pipeline.services.cycle.appeals import (
    MACHINE,
    Appealable,
    AppealState,
    Item,
    answer_appeal,
    file_appeal,
    get_appeal,
    list_appeals,
    list_items,
)
from qa_pipeline.services.cycle.rulings import BlindSheet, Decided, Ruling, decide_appeal, read_sheet

app = typer.Typer(name="appeals", no_args_is_help=True, help="Appeals against published results, item by item.")

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="Id of the appeal.")]


@app.command("file")
def file_(
    ctx: typer.Context,
    agent: AgentOption,
    period: PeriodOption,
    statement: Annotated[str, typer.Option(help="What is wrong with the judgement, in the agent's words.")],
    by: ByOption,
    contact: Annotated[str | None, typer.Option(help="Id of the contact.")] = None,
    criterion: Annotated[str | None, typer.Option(help="Id of the criterion that was judged on it.")] = None,
    indicator: Annotated[str | None, typer.Option(help="Id of an indicator of the result instead.")] = None,
) -> None:
    """File an appeal on one item of a published result, as the agent whom it concerns."""
    here = context(ctx)
    found = file_appeal(
        here.store(),
        agent,
        period,
        Item(contact_id=contact, criterion_id=criterion, indicator=indicator),
        attempt(by, StaffRole.AGENT, statement),
        now(),
        cards=wiring.scorecards(here.settings),
        times=site_wiring.times(here.settings),
    )
    _emit(here, found)


@app.command()
def items(ctx: typer.Context, agent: AgentOption, period: PeriodOption) -> None:
    """List what an agent can appeal of a published result."""
    here = context(ctx)
    cards = wiring.scorecards(here.settings)
    with here.store().reading() as tx:
        found = list_items(tx, agent, period, cards)
    here.emit(
        {"agent": agent, "period": period, "items": [_item_document(one) for one in found]},
        lambda: _print_items(here, found),
    )


@app.command()
def sheet(ctx: typer.Context, appeal_id: IdArgument, by: ByOption, role: RoleOption = StaffRole.QA) -> None:
    """Print what is needed to judge the item anew, without names and without what was judged; takes the appeal up."""
    here = context(ctx)
    found = read_sheet(
        here.store(),
        wiring.artifacts(here.settings),
        appeal_id,
        attempt(by, role),
        now(),
        cards=wiring.scorecards(here.settings),
    )
    here.emit(_sheet_document(here, found), lambda: _print_sheet(here, found))


@app.command()
def decide(
    ctx: typer.Context,
    appeal_id: IdArgument,
    outcome: Annotated[AppealOutcome, typer.Option(help="What is decided.")],
    reason: ReasonOption,
    by: ByOption,
    instance: Annotated[int, typer.Option(min=1, max=2, help="1, or 2 as the last.")] = 1,
    verdict: Annotated[Outcome | None, typer.Option(help="What the criterion is judged instead.")] = None,
    points: Annotated[float | None, typer.Option(help="Points of the whole contact instead, 0 to 100.")] = None,
    role: RoleOption = StaffRole.QA,
) -> None:
    """Decide on an appeal, as somebody who has judged neither the item nor the appeal before."""
    here = context(ctx)
    found = decide_appeal(
        here.store(),
        appeal_id,
        Ruling(instance=instance, outcome=outcome, verdict=verdict, points=points),
        attempt(by, role, reason),
        now(),
        times=site_wiring.times(here.settings),
        cards=wiring.scorecards(here.settings),
        hold_rule=site_wiring.hold_rule(here.settings),
    )
    document = _document(here, found.appeal) | {
        "review": found.review.fingerprint if found.review else None,
        "holds": hold_documents(here, found.holds),
    }
    here.emit(document, lambda: _print_decided(here, found))


@app.command()
def escalate(ctx: typer.Context, appeal_id: IdArgument, by: ByOption, reason: ReasonOption) -> None:
    """Ask for the second instance, as the agent."""
    _answer(context(ctx), appeal_id, "escalate", by, reason)


@app.command()
def accept(ctx: typer.Context, appeal_id: IdArgument, by: ByOption) -> None:
    """Accept the decision of the first instance, as the agent."""
    _answer(context(ctx), appeal_id, "accept", by)


@app.command()
def withdraw(ctx: typer.Context, appeal_id: IdArgument, by: ByOption) -> None:
    """Take an appeal back, as the agent."""
    _answer(context(ctx), appeal_id, "withdraw", by)


@app.command()
def show(ctx: typer.Context, appeal_id: IdArgument) -> None:
    """Show an appeal with every step and decision."""
    here = context(ctx)
    with here.store().reading() as tx:
        found = get_appeal(tx, appeal_id)
    _emit(here, found)


@app.command("list")
def list_(
    ctx: typer.Context,
    period: AnyPeriodOption = None,
    agent: Annotated[str | None, typer.Option(help="Of this agent only.")] = None,
) -> None:
    """List appeals with their deadlines."""
    here = context(ctx)
    with here.store().reading() as tx:
        found = list_appeals(tx, period, agent)
    here.emit({"appeals": [_document(here, one) for one in found]}, lambda: _print_list(here, found))


def _answer(here: AppContext, appeal_id: str, step: str, by: str, reason: str = "") -> None:
    _emit(here, answer_appeal(here.store(), appeal_id, step, attempt(by, StaffRole.AGENT, reason), now()))


def _emit(here: AppContext, found: AppealState) -> None:
    here.emit(_document(here, found), lambda: _print(here, found))


def _item_document(found: Appealable) -> dict[str, Any]:
    return {
        "contact": found.item.contact_id,
        "criterion": found.item.criterion_id,
        "indicator": found.item.indicator,
        "outcome": found.outcome.value if found.outcome else None,
        "appeal": found.appeal.appeal.id if found.appeal else None,
    }


def _print_items(here: AppContext, found: Sequence[Appealable]) -> None:
    if not found:
        here.say(N_("Nothing of this result can be appealed."))
        return
    table = here.table([N_("Contact"), N_("Criterion or indicator"), N_("Judged"), N_("Appeal")])
    for one in found:
        table.add_row(
            one.item.contact_id or "",
            one.item.criterion_id or one.item.indicator or "",
            label(OUTCOMES, one.outcome.value, here.translate) if one.outcome else "",
            f"{one.appeal.appeal.id} {state_text(here, MACHINE, one.appeal.state)}" if one.appeal else "",
        )
    out.print(table)


def _document(here: AppContext, found: AppealState) -> dict[str, Any]:
    appeal = found.appeal
    return {
        "id": appeal.id,
        "agent": appeal.agent_id,
        "period": appeal.period,
        "version": appeal.version,
        "contact": appeal.contact_id,
        "criterion": appeal.criterion_id,
        "indicator": appeal.indicator,
        "contested": appeal.contested.value if appeal.contested else None,
        "statement": appeal.statement,
        "state": found.state,
        "open": found.is_open(now()),
        "due_on": found.due_on.isoformat() if found.due_on else None,
        "overdue": found.is_overdue(today(here)),
        "open_until": found.open_until.isoformat() if found.open_until else None,
        "decisions": [_decision(one) for one in found.decisions],
        "steps": [step_document(step) for step in found.steps],
    }


def _decision(one: AppealDecision) -> dict[str, Any]:
    return {
        "instance": one.instance,
        "outcome": one.outcome.value,
        "reason": one.reason,
        "by": one.decided_by,
        "at": one.decided_at.isoformat(),
        "verdict": one.verdict.value if one.verdict else None,
        "points": one.points,
    }


def _item_text(here: AppContext, found: AppealState) -> str:
    appeal = found.appeal
    if appeal.indicator is not None:
        return shipped()[appeal.indicator].name.in_language(here.settings.lang)
    return f"{appeal.contact_id} {appeal.criterion_id}"


def _print(here: AppContext, found: AppealState) -> None:
    here.say(
        N_("Appeal {id}: {agent}, {period}, {item}: {state}"),
        id=found.appeal.id,
        agent=found.appeal.agent_id,
        period=found.appeal.period,
        item=_item_text(here, found),
        state=state_text(here, MACHINE, found.state),
    )
    if found.due_on is not None:
        here.say(N_("An answer is due on {date}."), date=found.due_on)
    if found.open_until is not None:
        here.say(
            N_("The agent may ask for the second instance until {moment}."),
            moment=moment_text(found.open_until, here.settings.zone),
        )
    if found.is_overdue(today(here)):
        err.print(here.translate(N_("The answer is overdue.")), style="yellow")
    print_steps(here, MACHINE, found.steps)
    for one in found.decisions:
        here.say(
            N_("Instance {instance}: {outcome}. {reason}"),
            instance=one.instance,
            outcome=label(APPEAL_OUTCOMES, one.outcome.value, here.translate),
            reason=one.reason,
        )


def _print_decided(here: AppContext, found: Decided) -> None:
    _print(here, found.appeal)
    appeal = found.appeal.appeal
    if found.appeal.is_upheld:
        here.say(
            N_(
                "The published result stays until `callqa periods correct {period} --agent {agent}` publishes the next."
            ),
            period=appeal.period,
            agent=appeal.agent_id,
        )
    tell_holds(here, found.holds)


def _print_list(here: AppContext, found: Sequence[AppealState]) -> None:
    if not found:
        here.say(N_("There are no appeals."))
        return
    headings = ("id", N_("Period"), N_("Agent"), N_("Item"), N_("State"), N_("Decision"), N_("Due"))
    table = here.table(headings)
    day = today(here)
    for one in found:
        due = str(one.due_on) if one.due_on else "–"
        table.add_row(
            one.appeal.id,
            one.appeal.period,
            one.appeal.agent_id,
            _item_text(here, one),
            state_text(here, MACHINE, one.state),
            label(APPEAL_OUTCOMES, one.standing.outcome.value, here.translate) if one.standing else "–",
            here.translate(N_("{date}, overdue")).format(date=due) if one.is_overdue(day) else due,
        )
    out.print(table)


def _sheet_document(here: AppContext, found: BlindSheet) -> dict[str, Any]:
    appeal, criterion = found.appeal.appeal, found.criterion
    return {
        "id": appeal.id,
        "contact": appeal.contact_id,
        "criterion": appeal.criterion_id,
        "criterion_name": criterion.name.in_language(here.settings.lang) if criterion else None,
        "scorecard": appeal.scorecard_id,
        "indicator": appeal.indicator,
        "source": found.source,
        "n": found.n,
        "contacts": list(found.contacts),
        "statement": appeal.statement,
        "utterances": [
            {"role": one.role.value, "start_s": one.start_s, "end_s": one.end_s, "text": one.text}
            for one in (found.transcript.utterances if found.transcript else ())
        ],
    }


def _print_sheet(here: AppContext, found: BlindSheet) -> None:
    appeal = found.appeal.appeal
    here.say(N_("Appeal {id}: judge this item anew. Names and earlier judgements are left out."), id=appeal.id)
    if appeal.indicator is not None:
        definition = shipped()[appeal.indicator]
        here.say(
            N_("Indicator {name}, from {source}, {n} observations."),
            name=definition.name.in_language(here.settings.lang),
            source=found.source or "–",
            n=number_text(found.n),
        )
        if definition.formula is not None:
            here.say(N_("Formula: {formula}"), formula=definition.formula.in_language(here.settings.lang))
        if found.contacts:
            here.say(N_("Contacts: {contacts}"), contacts=joined(found.contacts, here.translate))
    else:
        name = found.criterion.name.in_language(here.settings.lang) if found.criterion else appeal.criterion_id
        here.say(N_("Contact {contact}, criterion: {name}"), contact=appeal.contact_id, name=name)
        _print_words(here, found)
    here.say(N_("What the agent says: {statement}"), statement=appeal.statement)
    here.say(N_("Decide with `callqa appeals decide {id} --outcome … --reason … --by …`."), id=appeal.id)


def _print_words(here: AppContext, found: BlindSheet) -> None:
    if found.transcript is None:
        here.say(N_("There is no transcript; listen to the recording."))
        return
    for one in found.transcript.utterances:
        clock = "--:--" if one.start_s is None else f"{int(one.start_s // 60):02d}:{int(one.start_s % 60):02d}"
        here.say(
            N_("{clock} {role}: {text}"), clock=clock, role=label(ROLES, one.role.value, here.translate), text=one.text
        )
