"""``callqa calibration severity``: strict and mild reviewers, changes, and calibration sessions."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from callqa import wiring
from callqa.cli.console import AppContext, context, out
from qa_pipeline.appraisal.severity import REVIEWERS_MIN, REVIEWS_MIN, PanelSeverity, ReviewerSeverity
from qa_pipeline.errors import N_
from qa_pipeline.report.labels import OUTCOMES, label, p_text
from qa_pipeline.services.calibration.severity import (
    CalibrationContact,
    SeverityOfPeriod,
    mean_spread,
    measure_reviewers,
)


def severity(
    ctx: typer.Context,
    period: Annotated[str, typer.Option(help="Month, quarter or year: 2026-10, 2026-Q4 or 2026.")],
    months: Annotated[int, typer.Option(min=1, max=60, help="How many months, up to the last one of the period.")] = 6,
) -> None:
    """Who is strict or mild beside the panel, who gives everybody the same, who has changed; calibration sessions."""
    here = context(ctx)
    found = measure_reviewers(here.store(), period, wiring.scorecards(here.settings), months)
    here.emit(_document(period, found), lambda: _print(here, found))


def _document(period: str, found: SeverityOfPeriod) -> dict[str, Any]:
    panel = found.panel
    return {
        "period": period,
        "months": list(found.months),
        "reviews": found.review_count,
        "reviewer_sd": panel.reviewer_sd if panel else None,
        "residual_sd": panel.residual_sd if panel else None,
        "change_p": panel.change_p if panel else None,
        "reviewers": [_reviewer(found, each) for each in panel.reviewers] if panel else [],
        "calibration": {
            "mean_sd": mean_spread(found.sessions),
            "contacts": [_session(each) for each in found.sessions],
        },
    }


def _reviewer(found: SeverityOfPeriod, each: ReviewerSeverity) -> dict[str, Any]:
    return {
        "reviewer": found.names[each.reviewer],
        "points": each.points,
        "ci95": list(each.ci95),
        "reviews": each.n,
        "shared_contacts": each.shared_count,
        "spread_ratio": each.spread_ratio,
        "spread_ci95": list(each.spread_ci95) if each.spread_ci95 else None,
        "narrow": each.is_narrow,
        "gives_all_the_same": each.gives_all_the_same,
        "months": [
            {"month": found.months[one.month], "n": one.n, "points": one.points, "se": one.se} for one in each.months
        ],
        "change": {
            "points": each.change.points,
            "ci95": list(each.change.ci95),
            "p": each.change.p,
            "certain": each.change.is_certain,
        }
        if each.change
        else None,
    }


def _session(each: CalibrationContact) -> dict[str, Any]:
    return {
        "contact": each.contact_id,
        "sd": each.sd,
        "points": dict(each.points),
        "furthest": each.furthest,
        "furthest_points": each.furthest_points,
        "splits": [
            {"criterion": one.criterion_id, "outcomes": {name: said.value for name, said in one.outcomes.items()}}
            for one in each.splits
        ],
    }


def _print(here: AppContext, found: SeverityOfPeriod) -> None:
    if found.panel is None:
        here.say(
            N_("{reviews} reviews by {people} people: {reviews_min} by {people_min} are needed to tell who is strict."),
            reviews=found.review_count,
            people=len(found.names),
            reviews_min=REVIEWS_MIN,
            people_min=REVIEWERS_MIN,
        )
    else:
        _print_panel(here, found, found.panel)
    _print_sessions(here, found)


def _print_panel(here: AppContext, found: SeverityOfPeriod, panel: PanelSeverity) -> None:
    here.say(
        N_("{first} to {last}: {reviews} reviews; points above the panel's average, negative for strict reviewers"),
        first=found.months[0],
        last=found.months[-1],
        reviews=found.review_count,
    )
    headings = [N_("Reviewer"), N_("Points, 95 %"), N_("Reviews / shared"), N_("Spread"), N_("Last month")]
    table = here.table([*headings, N_("Remarks")])
    for each in sorted(panel.reviewers, key=lambda one: one.points):
        table.add_row(
            found.names[each.reviewer],
            f"{each.points:+.1f} ({each.ci95[0]:+.1f} – {each.ci95[1]:+.1f})",
            f"{each.n} / {each.shared_count}",
            "–" if each.spread_ratio is None else f"{each.spread_ratio:.2f}",
            "–" if each.change is None else f"{each.change.points:+.1f} ({p_text(each.change.p)})",
            here.translate(N_("; ")).join(here.translate(remark) for remark in _remarks(each)),
        )
    out.print(table)
    if panel.change_p is not None:
        here.say(N_("All last months beside those before, that nobody has changed: {p}"), p=p_text(panel.change_p))


def _remarks(each: ReviewerSeverity) -> list[str]:
    told = {
        N_("strict"): each.is_strict,
        N_("mild"): each.is_mild,
        N_("gives everybody the same"): each.gives_all_the_same,
        N_("spreads less than the contacts do"): each.is_narrow and not each.gives_all_the_same,
        N_("has changed"): each.change is not None and each.change.is_certain,
        N_("no shared contacts: rests on the machine alone"): each.shared_count == 0,
    }
    return [remark for remark, is_told in told.items() if is_told]


def _print_sessions(here: AppContext, found: SeverityOfPeriod) -> None:
    spread = mean_spread(found.sessions)
    if spread is None:
        here.say(N_("No calibration contact of the period was reviewed by two people."))
        return
    here.say(
        N_("{count} calibration contacts, reviewers differ by a standard deviation of {sd} points"),
        count=len(found.sessions),
        sd=f"{spread:.1f}",
    )
    for each in found.sessions:
        if each.sd == 0:
            here.say(N_("  {contact}: all give the same points"), contact=each.contact_id)
        else:
            here.say(
                N_("  {contact}: {sd} points; {reviewer} is furthest, {points} from the others"),
                contact=each.contact_id,
                sd=f"{each.sd:.1f}",
                reviewer=each.furthest,
                points=f"{each.furthest_points:+.1f}",
            )
        for one in each.splits:
            said = ", ".join(
                f"{name} {label(OUTCOMES, outcome.value, here.translate)}" for name, outcome in one.outcomes.items()
            )
            out.print(f"    {one.criterion_id}: {said}")
