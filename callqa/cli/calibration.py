"""``callqa calibration``: how far the machine and the reviewers can be trusted, from the store's own reviews."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from callqa import wiring
from callqa.cli.agreement_table import agreement_document, criterion_document, print_agreement, print_criterion
from callqa.cli.calibration_groups import groups
from callqa.cli.calibration_holds import hold, holds, release
from callqa.cli.calibration_severity import severity
from callqa.cli.console import AppContext, context, out
from qa_pipeline.errors import N_
from qa_pipeline.report.labels import p_text, percent_text
from qa_pipeline.services.calibration.agreement import AgreementOfPeriod, CardAgreement, measure_period
from qa_pipeline.services.calibration.drift import CardDrift, measure_period_drift
from qa_pipeline.services.calibration.overrides import ALARM_MIN, Overrides, count_overrides

app = typer.Typer(
    name="calibration", no_args_is_help=True, help="How far machine and reviewers agree, drift and are fair."
)
app.command()(severity)
app.command()(holds)
app.command()(hold)
app.command()(release)
app.command()(groups)

Period = Annotated[str, typer.Option(help="Month, quarter or year: 2026-10, 2026-Q4 or 2026.")]
Months = Annotated[int, typer.Option(min=2, max=60, help="How many months, up to the last one of the period.")]


@app.command()
def agreement(
    ctx: typer.Context,
    period: Period,
    scorecard: Annotated[str | None, typer.Option(help="Only this scorecard, by its id.")] = None,
) -> None:
    """Agreement per criterion, machine with people and people among themselves, and the gate for scoring alone."""
    here = context(ctx)
    cards = wiring.scorecards(here.settings)
    if scorecard is not None:
        wiring.scorecards(here.settings, scorecard)  # an id that no card has is a mistake, not an empty result
    found = measure_period(here.store(), period, cards, scorecard)
    document = {
        "period": found.period,
        "blind_reviews": found.blind_count,
        "shown_reviews": found.shown_count,
        "targeted_reviews": found.targeted_count,
        "left_out": found.left_out_count,
        "criteria": [_agreement_document(each) for each in found.criteria],
    }
    here.emit(document, lambda: _print_agreement(here, found))


def _agreement_document(each: CardAgreement) -> dict[str, Any]:
    return {
        "scorecard": each.scorecard_id,
        **criterion_document(each.blind),
        "machine_shown": agreement_document(each.shown),
    }


def _print_agreement(here: AppContext, found: AgreementOfPeriod) -> None:
    here.say(
        N_("{period}: {blind} blind reviews of random contacts, {shown} by people who saw the machine's findings"),
        period=found.period,
        blind=found.blind_count,
        shown=found.shown_count,
    )
    here.say(
        N_("Left out: {targeted} reviews of contacts that were not drawn at random, {other} by another scorecard"),
        targeted=found.targeted_count,
        other=found.left_out_count,
    )
    for each in found.criteria:
        print_criterion(here, f"{each.scorecard_id}  {each.criterion_id}", each.blind)
        print_agreement(here, N_("machine, with people who saw it"), each.shown)
        if each.blind.abstained:
            here.say(N_("  {count} ratings not applicable or undetermined, not counted"), count=each.blind.abstained)


@app.command()
def drift(ctx: typer.Context, period: Period, months: Months = 6) -> None:
    """Whether the machine has begun to disagree with people: blind random reviews, month by month."""
    here = context(ctx)
    found = measure_period_drift(here.store(), period, wiring.scorecards(here.settings), months)
    document = {
        "months": list(found.months),
        "criteria": [_drift_document(each) for each in found.criteria],
        "proposed_holds": [
            {"scorecard": each.scorecard_id, "criterion": each.criterion_id}
            for each in found.criteria
            if each.should_be_held
        ],
    }
    here.emit(document, lambda: _print_drift(here, found.criteria))


def _drift_document(each: CardDrift) -> dict[str, Any]:
    return {
        "scorecard": each.scorecard_id,
        "criterion": each.criterion_id,
        "months": [
            {
                "month": one.month,
                "n": one.n,
                "wrong": one.wrong_count,
                "gap": one.gap,
                "ci95": list(one.gap_ci95) if one.gap_ci95 else None,
            }
            for one in each.drift.months
        ],
        "p": each.drift.p,
        "drifted": each.drift.has_drifted,
        "on_hold": each.on_hold,
    }


def _print_drift(here: AppContext, criteria: Sequence[CardDrift]) -> None:
    if not criteria:
        here.say(N_("There is no blind review of a random contact in these months: drift cannot be seen."))
    for each in criteria:
        out.print(f"\n{each.scorecard_id}  {each.criterion_id}", style="bold")
        for one in each.drift.months:
            here.say(
                N_("  {month}: {wrong} of {n} differ, machine above people by {gap}"),
                month=one.month,
                wrong=one.wrong_count,
                n=one.n,
                gap=f"{one.gap:+.2f}",
            )
        if each.drift.p is None:
            here.say(N_("  cannot tell: the last month and those before need ten contacts each"))
        elif each.drift.has_drifted:
            here.say(N_("  differs more often than before ({p})"), p=p_text(each.drift.p))
        else:
            here.say(N_("  no more often than before ({p})"), p=p_text(each.drift.p))
        if each.should_be_held:
            here.say(
                N_("  Proposed: callqa calibration hold {scorecard} {criterion} --reason ... --by NAME"),
                scorecard=each.scorecard_id,
                criterion=each.criterion_id,
            )


@app.command()
def overrides(ctx: typer.Context, period: Period) -> None:
    """How often reviewers who see the machine's findings change them; never is an alarm."""
    here = context(ctx)
    found = count_overrides(here.store(), period, wiring.scorecards(here.settings))
    document = {
        "period": period,
        "reviewers": [
            {
                "reviewer": each.reviewer,
                "reviews": each.changed.n,
                "changed": each.changed.count,
                "ratio": each.changed.value,
                "ci95": list(each.changed.ci95),
                "unexplained": each.unexplained_count,
                "alarm": each.is_alarm,
            }
            for each in found
        ],
    }
    here.emit(document, lambda: _print_overrides(here, found))


def _print_overrides(here: AppContext, found: Sequence[Overrides]) -> None:
    if not found:
        here.say(N_("All reviews of the period were blind: nobody saw what there was to change."))
        return
    table = here.table([N_("Reviewer"), N_("Reviews"), N_("Changed"), N_("95 %"), N_("Without a reason")])
    for each in found:
        low, high = each.changed.ci95
        table.add_row(
            each.reviewer,
            str(each.changed.n),
            f"{each.changed.count} ({percent_text(each.changed.value)})",
            f"{percent_text(low)} – {percent_text(high)}",
            str(each.unexplained_count),
        )
    out.print(table)
    for each in found:
        if each.is_alarm:
            here.say(
                N_("{reviewer} has changed nothing in {count} reviews: look whether the findings are read at all."),
                reviewer=each.reviewer,
                count=each.changed.n,
            )
    few = [each.reviewer for each in found if each.changed.n < ALARM_MIN]
    if few:
        here.say(
            N_("Fewer than {count} reviews, no alarm is raised: {reviewers}"), count=ALARM_MIN, reviewers=", ".join(few)
        )
