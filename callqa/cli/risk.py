"""``callqa risk``: who of one's own people may need support, once the checklist is complete."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from callqa.cli.console import INCOMPLETE, AppContext, context, out
from callqa.cli.cycle import now, today
from callqa.cli.options import AgentOption, ByOption, TableArgument
from callqa.cli.refused import leftover_document, print_leftovers
from callqa.cli.risk_validate import validate
from qa_pipeline.domain.period import check_month
from qa_pipeline.domain.risk import RiskPrediction, RiskRun, RiskTerms
from qa_pipeline.errors import N_, ConfigurationError

if TYPE_CHECKING:  # scikit-learn takes a second to load, which every other command would wait for
    from coaching.risk.personnel import PersonnelImport
    from coaching.risk.runs import Monitoring, RiskList
    from qa_pipeline.domain.risk import FittedModel, RiskChecklist

app = typer.Typer(no_args_is_help=True, help="Attrition risk: calibrated, explained, for support only.")
app.command()(validate)
checklist_app = typer.Typer(no_args_is_help=True, help="What must be there before any risk is computed or shown.")
app.add_typer(checklist_app, name="checklist")
_BANDS = {"now": N_("support now"), "watch": N_("watch"), "none": N_("none")}
AsOf = Annotated[
    str | None, typer.Option("--as-of", help="YYYY-MM, the month at whose end things stand; the last one.")
]


@app.command()
def departures(ctx: typer.Context, file: TableArgument) -> None:
    """Import who left when and why: agent, last day, kind (voluntary, involuntary, transfer, leave)."""
    from coaching.risk.personnel import import_departures

    here = context(ctx)
    _tell_import(here, import_departures(here.store(), file))


@app.command()
def figures(ctx: typer.Context, file: TableArgument) -> None:
    """Import figures of personnel by agent and month: overtime, absence, changes of the roster, last raise."""
    from coaching.risk.personnel import import_figures

    here = context(ctx)
    _tell_import(here, import_figures(here.store(), file))


def _tell_import(here: AppContext, found: PersonnelImport) -> None:
    document = {
        "imported": found.imported_count,
        "unchanged": found.unchanged_count,
        **leftover_document(here, found),
    }

    def tell() -> None:
        here.say(
            N_("{new} values kept, {same} were there already."), new=found.imported_count, same=found.unchanged_count
        )
        print_leftovers(here, found)

    here.emit(document, tell)
    if found.rejected:
        raise typer.Exit(INCOMPLETE)


@checklist_app.command("show")
def show_checklist(ctx: typer.Context) -> None:
    """Say what is there and what is missing, and where the templates of both documents lie."""
    here = context(ctx)
    with here.store().reading() as tx:
        found = tx.risk.checklist()
    _tell_checklist(here, found)


@checklist_app.command("complete")
def complete(
    ctx: typer.Context,
    by: ByOption,
    impact_assessment: Annotated[Path | None, typer.Option(help="The finished impact assessment.")] = None,
    staff_notice: Annotated[Path | None, typer.Option(help="The notice that the staff got.")] = None,
    owner: Annotated[str | None, typer.Option(help="The person who answers for the use.")] = None,
) -> None:
    """Put in what is given; what was there stays. The files themselves are not kept, only name and SHA-256."""
    from coaching.risk.checklist import complete_checklist, proof_of

    here = context(ctx)
    proofs = [proof_of(path.name, _content(path)) if path else None for path in (impact_assessment, staff_notice)]
    with here.store().transaction() as tx:
        found = complete_checklist(
            tx, impact_assessment=proofs[0], staff_notice=proofs[1], owner=owner, by=by, now=now()
        )
    _tell_checklist(here, found)


@checklist_app.command("withdraw")
def withdraw(ctx: typer.Context, by: ByOption) -> None:
    """Empty the checklist: the module is off at once, and nothing of earlier runs is shown."""
    from coaching.risk.checklist import withdraw_checklist

    here = context(ctx)
    with here.store().transaction() as tx:
        found = withdraw_checklist(tx, by=by, now=now())
    _tell_checklist(here, found)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as problem:
        raise ConfigurationError(
            N_("The file cannot be read: {problem}."),
            hint=N_("Check the name and the rights."),
            file=str(path),
            problem=problem.strerror or str(problem),
        ) from problem


def _tell_checklist(here: AppContext, found: RiskChecklist) -> None:
    from coaching.risk.checklist import list_templates

    proofs = {"impact_assessment": found.impact_assessment, "staff_notice": found.staff_notice}
    document = {
        "is_complete": found.is_complete,
        **{name: {"name": one.name, "sha256": one.sha256} if one else None for name, one in proofs.items()},
        "owner": found.owner,
        "completed_by": found.completed_by,
        "completed_at": found.completed_at.isoformat() if found.completed_at else None,
        "templates": [str(path) for path in list_templates()],
    }

    def tell() -> None:
        missing = here.translate(N_("missing"))
        rows = here.table([N_("Needed"), N_("There")])
        assessment, notice = found.impact_assessment, found.staff_notice
        rows.add_row(here.translate(N_("Impact assessment")), assessment.name if assessment else missing)
        rows.add_row(here.translate(N_("Notice to the staff")), notice.name if notice else missing)
        rows.add_row(here.translate(N_("Owner")), found.owner or missing)
        out.print(rows)
        here.say(N_("The module is on.") if found.is_complete else N_("The module is off."))
        for path in list_templates():
            here.say(N_("Template: {path}"), path=path)

    here.emit(document, tell)


@app.command()
def fit(ctx: typer.Context, by: ByOption, as_of: AsOf = None) -> None:
    """Fit the model on all that is known of one's own people; fewer than 30 exits give signals only."""
    from coaching.risk.runs import fit_site

    here = context(ctx)
    month = _as_of(here, as_of)
    fitted = fit_site(here.store(), here.settings.risk_models, month, by, now())
    here.emit({"as_of": month, "model": _model(fitted)}, lambda: _print_fitted(here, month, fitted))


def _model(fitted: FittedModel | None) -> dict[str, Any] | None:
    if fitted is None:
        return None
    return {
        "version": fitted.version,
        "as_of": fitted.as_of,
        "people": fitted.people,
        "exits": fitted.exits,
        "months": list(fitted.months),
        "boosted": list(fitted.boosted),
        "fitted_by": fitted.fitted_by,
        "fitted_at": fitted.fitted_at.isoformat(),
    }


def _print_fitted(here: AppContext, month: str, fitted: FittedModel | None) -> None:
    if fitted is None:
        here.say(
            N_("Fewer than 30 people left by the end of {month}: there are signals and no probability."), month=month
        )
        return
    here.say(
        N_("Model {version}: learned from {people} people, {exits} of whom left, {first} to {last}."),
        version=fitted.version,
        people=fitted.people,
        exits=fitted.exits,
        first=fitted.months[0],
        last=fitted.months[1],
    )
    here.say(N_("Its card: {path}"), path=here.settings.risk_models / fitted.version)


@app.command()
def score(
    ctx: typer.Context,
    by: ByOption,
    capacity: Annotated[int, typer.Option(help="How many people can be supported at a time.")],
    cost: Annotated[float, typer.Option(help="What supporting one person costs.")],
    effect: Annotated[float, typer.Option(help="Share of exits that support prevents, 0 to 1: an assumption.")],
    replacement_cost: Annotated[float, typer.Option(help="What one exit costs, in the same currency.")],
    as_of: AsOf = None,
) -> None:
    """Look at everybody at work at the end of a month: bands by capacity and break-even, reasons, signals."""
    from coaching.risk.runs import latest_list, score_site

    here = context(ctx)
    terms = RiskTerms(capacity=capacity, cost=cost, effect_ratio=effect, replacement_cost=replacement_cost)
    score_site(here.store(), here.settings.risk_models, _as_of(here, as_of), terms, by, now())
    with here.store().reading() as tx:
        found = latest_list(tx)
    assert found is not None  # it was kept just now
    here.emit(_list_document(found), lambda: _print_list(here, found))


def _run(run: RiskRun) -> dict[str, Any]:
    return {
        "id": run.id,
        "as_of": run.as_of,
        "model": run.model_version,
        "gate": run.gate or None,
        "n": run.count,
        "late": run.late_count,
        "shifted": dict(run.shifted),
        "assumptions": {
            "capacity": run.terms.capacity,
            "cost": run.terms.cost,
            "effect": run.terms.effect_ratio,
            "replacement_cost": run.terms.replacement_cost,
        },
        "scored_by": run.scored_by,
        "scored_at": run.scored_at.isoformat(),
    }


def _list_document(found: RiskList) -> dict[str, Any]:
    return {**_run(found.run), "break_even": found.break_even, "agents": [_said(one) for one in found.predictions]}


def _said(one: RiskPrediction) -> dict[str, Any]:
    return {
        "agent": one.agent_id,
        "team": one.team,
        "band": one.band,
        "probabilities": {str(horizon): chance for horizon, chance in one.probabilities.items()},
        "reasons": [{"group": reason.group, "log_odds": reason.weight} for reason in one.reasons],
        "signals": list(one.signals),
    }


def _print_list(here: AppContext, found: RiskList) -> None:
    run = found.run
    here.say(N_("{n} people at work at the end of {month}."), n=run.count, month=run.as_of)
    if run.model_version is None:
        here.say(N_("There is no model: fewer than 30 exits, or `callqa risk fit` has not run. Signals only."))
    elif run.gate == "hidden":
        here.say(
            N_("Scores are hidden: over six closed months the model predicted too many or too few exits. Fit it again.")
        )
    else:
        here.say(
            N_(
                "Assumed: {capacity} people at a time; support is worth its cost from a probability of {break_even} on."
            ),
            capacity=run.terms.capacity,
            break_even=f"{found.break_even:.3f}",
        )
    if run.late_count:
        here.say(N_("{count} figures came after their month and were left out."), count=run.late_count)
    rows = here.table([N_("Agent"), N_("Team"), N_("Support"), N_("Associated with"), N_("Signals")])
    shown = [one for one in found.predictions if one.band != "none" or one.signals]
    for one in shown:
        rows.add_row(
            one.agent_id, one.team or "–", here.translate(_BANDS[one.band]), _reasons(here, one), _signals(here, one)
        )
    out.print(rows)
    here.say(N_("Nothing stands out for {count} others."), count=run.count - len(shown))


def _reasons(here: AppContext, one: RiskPrediction) -> str:
    from models.attrition.signals import GROUPS

    return " · ".join(here.translate(GROUPS[reason.group]) for reason in one.reasons) or "–"


def _signals(here: AppContext, one: RiskPrediction) -> str:
    from models.attrition.signals import SIGNALS

    return " · ".join(here.translate(SIGNALS[signal]) for signal in one.signals) or "–"


@app.command()
def explain(ctx: typer.Context, agent: AgentOption) -> None:
    """Say what the runs say of one agent: inputs, reasons, signals. It is kept who asked."""
    from coaching.risk.runs import explain_agent
    from models.attrition.signals import INPUTS

    here = context(ctx)
    with here.store().reading() as tx:
        found = explain_agent(tx, agent)
    document = {
        "agent": agent,
        "runs": [_run(run) | _said(one) | {"inputs": dict(one.inputs)} for run, one in found],
    }

    def tell() -> None:
        for run, one in found:
            here.say(N_("{month}: {band}"), month=run.as_of, band=here.translate(_BANDS[one.band]))
            here.say(N_("Associated with: {reasons}"), reasons=_reasons(here, one))
            here.say(N_("Signals: {signals}"), signals=_signals(here, one))
        rows = here.table([N_("Input"), N_("Value")])
        for name, value in found[0][1].inputs.items():
            said = INPUTS[name]
            rows.add_row(here.translate(said.name), "–" if value is None else f"{said.plain(value):.3g}")
        out.print(rows)

    here.emit(document, tell)


@app.command()
def monitor(ctx: typer.Context, as_of: AsOf = None) -> None:
    """Compare predicted and observed exits of closed months, and the inputs with those learned from."""
    from coaching.risk.history import check_over
    from coaching.risk.runs import read_monitoring

    here = context(ctx)
    month = _as_of(here, as_of)
    with here.store().reading() as tx:
        check_over(month, now(), tx.time_zone)
        found = read_monitoring(tx, here.settings.risk_models, month)
    here.emit(_monitoring_document(found) if found else {"model": None}, lambda: _print_monitoring(here, found))


def _monitoring_document(found: Monitoring) -> dict[str, Any]:
    from coaching.risk.spells import month_name

    return {
        "model": _model(found.model),
        "gate": {
            "state": found.gate.state.value,
            "months": found.gate.months,
            "predicted": found.gate.predicted,
            "observed": found.gate.observed,
            "ratio": found.gate.ratio,
            "ci95": list(found.gate.ci95) if found.gate.ci95 else None,
        },
        "months": [
            {
                "month": month_name(one.month),
                "predicted": one.predicted,
                "observed": one.observed,
                "cumulative": surprise.cumulative,
                "limits": [surprise.low, surprise.high],
            }
            for one, surprise in zip(sorted(found.closed, key=lambda each: each.month), found.surprises, strict=True)
        ],
        "stability": dict(found.stability),
    }


def _print_monitoring(here: AppContext, found: Monitoring | None) -> None:
    from models.attrition.drift import PSI_WARNING
    from models.attrition.signals import INPUTS

    if found is None:
        here.say(N_("There is no model yet: `callqa risk fit`."))
        return
    words = {
        "open": N_("Predicted and observed exits agree over six closed months: scores are shown."),
        "hidden": N_(
            "Predicted and observed exits do not agree over six closed months: scores are hidden until a refit."
        ),
        "too_few_months": N_("Fewer than six months are closed, so nothing can be said of the model's fit yet."),
    }
    here.say(words[found.gate.state.value])
    rows = here.table(
        [N_("Month"), N_("Predicted"), N_("Observed"), N_("Observed minus predicted, summed up"), N_("95% limits")]
    )
    for one, surprise in zip(_monitoring_document(found)["months"], found.surprises, strict=True):
        limits = f"{surprise.low:+.1f} – {surprise.high:+.1f}"
        rows.add_row(one["month"], f"{one['predicted']:.1f}", str(one["observed"]), f"{one['cumulative']:+.1f}", limits)
    out.print(rows)
    for name, value in found.stability.items():
        if value > PSI_WARNING:
            here.say(
                N_("The input {name} differs from what was learned from (PSI {value})."),
                name=here.translate(INPUTS[name].name),
                value=f"{value:.2f}",
            )


def _as_of(here: AppContext, asked: str | None) -> str:
    from coaching.risk.history import closed_month

    if asked is None:
        return closed_month(f"{today(here):%Y-%m}")
    check_month(asked)
    return asked
