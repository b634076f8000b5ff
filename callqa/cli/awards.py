"""``callqa awards``: what follows from published results is proposed, and a named person decides."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from callqa import wiring
from callqa.cli.console import INCOMPLETE, USAGE, AppContext, context, in_one_line, out
from callqa.cli.cycle import attempt, now, state_text
from callqa.cli.options import AnyPeriodOption, ByOption, PeriodOption, RoleOption
from qa_pipeline.appraisal.awards.figures import TOTAL
from qa_pipeline.appraisal.awards.rules import DEFAULT_ID, check_rules, get_rules, rules_paths
from qa_pipeline.appraisal.notes import names_of, render_note
from qa_pipeline.appraisal.templates import list_templates
from qa_pipeline.domain.cycle import Figure, Proposal, ProposalKind, StaffRole
from qa_pipeline.domain.scorecard import Text
from qa_pipeline.errors import N_, ConfigurationError
from qa_pipeline.kpi.catalogue import list_indicators, shipped
from qa_pipeline.report.labels import joined, moment_text, number_text, value_text
from qa_pipeline.services.awards import (
    MACHINE,
    PROPOSED,
    AwardsRun,
    LedgerEntry,
    ProposalState,
    decide_proposals,
    list_proposals,
    propose_awards,
    read_ledger,
)

app = typer.Typer(
    name="awards", no_args_is_help=True, help="What follows from published results: proposed, and decided by a person."
)

Ids = Annotated[list[str], typer.Argument(metavar="ID...", help="Ids of proposals, as `awards list` shows them.")]


@app.command()
def propose(
    ctx: typer.Context,
    period: PeriodOption,
    rules: Annotated[str, typer.Option(help="Id of the rules, or id@version.")] = DEFAULT_ID,
) -> None:
    """Propose points, badges, best agent and team, and improvement plans from the published results of a period."""
    here = context(ctx)
    found = propose_awards(
        here.store(),
        period,
        now(),
        rules=get_rules(rules, here.settings.awards),
        cards=wiring.scorecards(here.settings),
    )
    here.emit(_run_document(here, found), lambda: _print_run(here, found))


@app.command()
def approve(
    ctx: typer.Context,
    by: ByOption,
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Ids of proposals.")] = None,
    all_points_of: Annotated[
        str | None, typer.Option(help="All undecided points for grades of this period, in place of ids.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why; improvement plans need the causes in words.")] = "",
    role: RoleOption = StaffRole.SUPERVISOR,
) -> None:
    """Approve proposals. Nothing is carried out: it is logged, and points go into the ledger."""
    here = context(ctx)
    if bool(ids) == (all_points_of is not None):
        raise ConfigurationError(
            N_("Say which proposals are meant."), hint=N_("Give their ids, or --all-points-of PERIOD."), field="ID"
        )
    wanted = list(ids or ()) if all_points_of is None else _undecided(here, all_points_of, ProposalKind.POINTS)
    _decide(here, wanted, "approve", by, role, reason)


@app.command()
def decline(
    ctx: typer.Context,
    ids: Ids,
    by: ByOption,
    reason: Annotated[str, typer.Option(help="Why not; it is kept.")],
    role: RoleOption = StaffRole.SUPERVISOR,
) -> None:
    """Decline proposals."""
    _decide(context(ctx), ids, "decline", by, role, reason)


@app.command("list")
def list_(
    ctx: typer.Context,
    period: AnyPeriodOption = None,
    subject: Annotated[str | None, typer.Option("--agent", help="Agent id, or the name of a team.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also undecided ones that do not follow any more.")] = False,
) -> None:
    """List proposals with their states."""
    here = context(ctx)
    found = list_proposals(here.store(), now(), period=period, subject=subject, superseded=everything)
    document = {"proposals": _state_documents(here, found)}
    here.emit(document, lambda: _print_states(here, found))


@app.command()
def show(ctx: typer.Context, ids: Ids) -> None:
    """Show proposals with all their evidence, down to the contacts and sentences."""
    here = context(ctx)
    with here.store().reading() as tx:
        wanted = [tx.proposals.get(one).proposal.id for one in ids]
    found = [one for one in list_proposals(here.store(), now(), superseded=True) if one.proposal.id in wanted]
    document = {"proposals": _state_documents(here, found)}
    here.emit(document, lambda: _print_evidence(here, found))


@app.command()
def points(
    ctx: typer.Context, agent: Annotated[str | None, typer.Option(help="Agent id; everybody when left out.")] = None
) -> None:
    """Show the ledger of approved points, by agent."""
    here = context(ctx)
    entries = read_ledger(here.store(), agent)
    sums: dict[str, float] = defaultdict(float)
    for entry in entries:
        sums[entry.proposal.subject] += entry.points
    document = {"points": sums, "ledger": [_entry_document(here, entry) for entry in entries]}
    here.emit(document, lambda: _print_ledger(here, entries, sums))


@app.command()
def check(
    ctx: typer.Context,
    files: Annotated[list[Path] | None, typer.Argument(metavar="[FILE]...", help="Rule files; all without.")] = None,
) -> None:
    """Check rule files; amounts of money and consequences for pay or employment are refused."""
    here = context(ctx)
    checked = [(path, *check_rules(path)) for path in files or rules_paths(here.settings.awards)]
    document = {
        "files": [
            {
                "file": str(path),
                "id": rules.id if rules else None,
                "version": rules.version if rules else None,
                "errors": [problem.as_dict(here.translate) for problem in problems],
            }
            for path, rules, problems in checked
        ]
    }
    here.emit(document, lambda: None)
    for path, rules, problems in checked:
        if rules is not None:
            here.say(N_("{file}: {id}, version {version}: no errors"), file=path, id=rules.id, version=rules.version)
        for problem in problems if not here.json else ():
            here.tell_problem(problem, "red")
    if any(problems for _, _, problems in checked):
        raise typer.Exit(USAGE)


def _decide(here: AppContext, ids: Sequence[str], step: str, by: str, role: StaffRole, reason: str) -> None:
    found = decide_proposals(
        here.store(),
        ids,
        step,
        attempt(by, role, reason),
        now(),
        rules_folder=here.settings.awards,
        cards=wiring.scorecards(here.settings),
    )
    if len(ids) == len(found.refused) == 1:
        raise found.refused[0][1]
    document = {
        "decided": _state_documents(here, found.decided),
        "refused": [{"id": one, **problem.as_dict(here.translate)} for one, problem in found.refused],
    }
    here.emit(document, lambda: _print_states(here, found.decided) if found.decided or not found.refused else None)
    for proposal_id, problem in found.refused:
        here.say(N_("{id}: {problem}"), id=proposal_id, problem=in_one_line(problem, here.translate))
    if found.refused:
        raise typer.Exit(INCOMPLETE)


def _undecided(here: AppContext, period: str, kind: ProposalKind) -> list[str]:
    """Return what waits for a decision and is not held by an appeal."""
    found = list_proposals(here.store(), now(), period=period)
    return [
        one.proposal.id
        for one in found
        if one.proposal.kind is kind and one.state == PROPOSED and not one.is_frozen and one.superseded_at is None
    ]


def _names(here: AppContext) -> Mapping[str, Text]:
    names: dict[str, Text] = {}
    for template in list_templates(shipped(), here.settings.templates):
        names |= names_of(list_indicators(), template)
    return names


def _run_document(here: AppContext, run: AwardsRun) -> dict[str, Any]:
    return {
        "period": run.period,
        "rules": run.rules.key,
        "new": run.new_count,
        "proposals": _state_documents(here, run.proposals),
        "lapsed": [one.id for one in run.lapsed],
        "outlived": [one.id for one in run.outlived],
        "notes": [render_note(note, here.translate, {}, here.settings.lang) for note in run.notes],
    }


def _state_documents(here: AppContext, found: Sequence[ProposalState]) -> list[dict[str, Any]]:
    names = _names(here)
    return [_state_document(here, one, names) for one in found]


def _state_document(here: AppContext, one: ProposalState, names: Mapping[str, Text]) -> dict[str, Any]:
    proposal = one.proposal
    return {
        "id": proposal.id,
        "period": proposal.period,
        "kind": proposal.kind.value,
        "subject": proposal.subject,
        "name": proposal.name,
        "title": {"zh": proposal.title.zh, "en": proposal.title.en},
        "state": one.state,
        "frozen": one.is_frozen,
        "follows": one.superseded_at is None,
        "points": proposal.points,
        "due_on": proposal.due_on.isoformat() if proposal.due_on else None,
        "rules": proposal.rules,
        "evidence": [render_note(note, here.translate, names, here.settings.lang) for note in proposal.evidence],
        "figures": [_figure_document(figure) for figure in proposal.figures],
        "decision": {
            "by": one.decision.actor,
            "role": one.decision.role.value,
            "reason": one.decision.reason,
            "at": one.decision.at.isoformat(),
        }
        if one.decision
        else None,
    }


def _figure_document(figure: Figure) -> dict[str, Any]:
    return {
        "of": figure.of,
        "period": figure.period,
        "points": figure.points,
        "ci95": list(figure.ci95) if figure.ci95 else None,
        "value": figure.value,
        "target": figure.target,
        "n": figure.n,
        "contacts": list(figure.contacts),
        "quotes": [
            {"contact": quote.contact_id, "criterion": quote.criterion_id, "text": quote.text}
            for quote in figure.quotes
        ],
    }


def _entry_document(here: AppContext, entry: LedgerEntry) -> dict[str, Any]:
    return {
        "agent": entry.proposal.subject,
        "period": entry.proposal.period,
        "title": entry.proposal.title.in_language(here.settings.lang),
        "points": entry.points,
        "approved_by": entry.approved_by,
        "approved_at": entry.approved_at.isoformat(),
        "proposal": entry.proposal.id,
    }


def _print_run(here: AppContext, run: AwardsRun) -> None:
    here.say(
        N_("{period}, {rules}: {count} proposals, {new} of them new. Each waits for a person."),
        period=run.period,
        rules=run.rules.name.text.in_language(here.settings.lang),
        count=len(run.proposals),
        new=run.new_count,
    )
    _print_states(here, run.proposals)
    for note in run.notes:
        here.say(N_("· {note}"), note=render_note(note, here.translate, {}, here.settings.lang))
    if run.lapsed:
        here.say(
            N_("Do not follow any more, undecided: {ids}"),
            ids=joined([one.id for one in run.lapsed], here.translate),
        )
    if run.outlived:
        here.say(
            N_("Approved, but do not follow any more since a correction; look at them: {ids}"),
            ids=joined([one.id for one in run.outlived], here.translate),
        )


def _print_states(here: AppContext, found: Sequence[ProposalState]) -> None:
    if not found:
        here.say(N_("There are no proposals."))
        return
    table = here.table(("id", N_("Period"), N_("For"), N_("Proposal"), N_("Points"), N_("Due"), N_("State")))
    for one in found:
        proposal = one.proposal
        table.add_row(
            proposal.id,
            proposal.period,
            proposal.subject,
            proposal.title.in_language(here.settings.lang),
            number_text(proposal.points) if proposal.points else "–",
            proposal.due_on.isoformat() if proposal.due_on else "–",
            _state_text(here, one),
        )
    out.print(table)


def _state_text(here: AppContext, one: ProposalState) -> str:
    told = state_text(here, MACHINE, one.state)
    if one.is_frozen:
        return here.translate(N_("{state}; held by an open appeal")).format(state=told)
    if one.superseded_at is not None:
        return here.translate(N_("{state}; does not follow any more")).format(state=told)
    return told


def _print_evidence(here: AppContext, found: Sequence[ProposalState]) -> None:
    names = _names(here)
    for one in found:
        proposal = one.proposal
        here.say(
            N_("{id} {period} {subject}: {title} ({state})"),
            id=proposal.id,
            period=proposal.period,
            subject=proposal.subject,
            title=proposal.title.in_language(here.settings.lang),
            state=_state_text(here, one),
        )
        if proposal.due_on:
            here.say(N_("  due on {date}"), date=proposal.due_on)
        for note in proposal.evidence:
            here.say(N_("  · {note}"), note=render_note(note, here.translate, names, here.settings.lang))
        _print_figures(here, proposal, names)
        if one.decision:
            here.say(
                N_("  {moment} {state}: {actor} {reason}"),
                moment=moment_text(one.decision.at, here.settings.zone),
                state=state_text(here, MACHINE, one.state),
                actor=one.decision.actor,
                reason=one.decision.reason,
            )


def _print_figures(here: AppContext, proposal: Proposal, names: Mapping[str, Text]) -> None:
    definitions = shipped()
    table = here.table(
        (N_("Figure"), N_("Period"), N_("Attainment"), N_("95 %"), N_("Value"), N_("Target"), "n", N_("Contacts"))
    )
    for figure in proposal.figures:
        unit = definitions[figure.of].unit if figure.of in definitions else ""
        table.add_row(
            _figure_name(here, figure, names),
            figure.period,
            f"{figure.points:.1f}",
            f"{figure.ci95[0]:.1f} – {figure.ci95[1]:.1f}" if figure.ci95 else "–",
            "–" if figure.value is None else value_text(figure.value, unit, here.translate),
            "–" if figure.target is None else value_text(figure.target, unit, here.translate),
            "–" if figure.n is None else str(figure.n),
            joined(figure.contacts[:3], here.translate) or "–",
        )
    out.print(table)
    for quote in (quote for figure in proposal.figures for quote in figure.quotes):
        here.say(
            N_("    {contact}, {criterion}: “{text}”"),
            contact=quote.contact_id,
            criterion=quote.criterion_id,
            text=quote.text,
        )


def _figure_name(here: AppContext, figure: Figure, names: Mapping[str, Text]) -> str:
    if figure.of == TOTAL:
        return here.translate(N_("Total"))
    name = names.get(figure.of)
    return name.in_language(here.settings.lang) if name else figure.of


def _print_ledger(here: AppContext, entries: Sequence[LedgerEntry], sums: Mapping[str, float]) -> None:
    if not entries:
        here.say(N_("There are no approved points."))
        return
    table = here.table((N_("Agent"), N_("Period"), N_("For"), N_("Points"), N_("Approved by"), N_("When")))
    for entry in entries:
        table.add_row(
            entry.proposal.subject,
            entry.proposal.period,
            entry.proposal.title.in_language(here.settings.lang),
            number_text(entry.points),
            entry.approved_by,
            moment_text(entry.approved_at, here.settings.zone),
        )
    out.print(table)
    for agent_id, total in sorted(sums.items()):
        here.say(N_("{agent}: {points} points"), agent=agent_id, points=number_text(total))
