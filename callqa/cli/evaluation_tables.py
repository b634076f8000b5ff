"""Evaluations of a period as tables for people."""

from __future__ import annotations

from collections.abc import Sequence

from callqa.cli.console import AppContext, out
from qa_pipeline.appraisal.balance import find_imbalance, find_pulls, find_tallies
from qa_pipeline.appraisal.notes import names_of, render_note
from qa_pipeline.appraisal.teams import TeamMean
from qa_pipeline.domain.performance import Evaluation, Template
from qa_pipeline.errors import N_
from qa_pipeline.kpi.catalogue import list_indicators
from qa_pipeline.report.labels import joined, label, points_text
from qa_pipeline.services.evaluate import PeriodEvaluation

# Short ones for a column; the report says them in full.
_STANDINGS = {
    "above": N_("above average"),
    "within": N_("near average"),
    "below": N_("below average"),
    "insufficient": N_("too little known"),
}
_METHODS = {
    "ppi": N_("machine and reviews"),
    "model": N_("agents' estimates"),
    "machine": N_("machine alone"),
}


def evaluations_by_template(result: PeriodEvaluation) -> list[tuple[Template, list[Evaluation]]]:
    """Return each template with the evaluations by it; only these are compared with one another."""
    return [
        (
            template,
            [
                one
                for one in result.evaluations
                if (one.template_id, one.template_version) == (template.id, template.version)
            ],
        )
        for template in result.templates
    ]


def print_evaluations(here: AppContext, result: PeriodEvaluation) -> None:
    """Print everybody by template, the teams, the reviewers, and what there is to say about all of it."""
    by_template = evaluations_by_template(result)
    for template, evaluations in by_template:
        _print_agents(here, result.period, template, evaluations)
    if result.unassigned_contact_count:
        here.say(
            N_("Inspected contacts that name no agent and count for nobody: {count}."),
            count=result.unassigned_contact_count,
        )
    _print_teams(here, result)
    _print_reviewers(here, result)
    _print_estimates(here, result)
    _print_notes(here, by_template)
    for note in result.notes:
        text = render_note(note, here.translate, names_of(list_indicators(), None), here.settings.lang)
        here.say(N_("· {note}"), note=text)
    for template, evaluations in by_template:
        _print_items(here, template, evaluations)


def _print_agents(here: AppContext, period: str, template: Template, evaluations: Sequence[Evaluation]) -> None:
    lang = here.settings.lang
    here.say(
        N_("{period}, {template} (version {version}), agents: {count}"),
        period=period,
        template=template.name.in_language(lang),
        version=template.version,
        count=len(evaluations),
    )
    headings = [N_("Agent"), N_("Total (95 %)"), N_("Grade"), N_("Standing"), N_("Places (95 %)")]
    table = here.table(headings)
    for numbers in (0, 1, 4):  # an interval is read as one
        table.columns[numbers].no_wrap = True
    for evaluation in evaluations:
        table.add_row(
            evaluation.agent_id,
            _points(evaluation.total, evaluation.ci95),
            evaluation.grade or "–",
            label(_STANDINGS, evaluation.group, here.translate),
            _places(here, evaluation),
        )
    out.print(table)
    _print_parts(here, template, evaluations)


def _print_parts(here: AppContext, template: Template, evaluations: Sequence[Evaluation]) -> None:
    """Print what each total is made of: a table of its own, since both together are wider than a window."""
    table = here.table([N_("Agent")])
    for dimension in template.dimensions:
        table.add_column(dimension.name.in_language(here.settings.lang), overflow="fold")
    for heading in (N_("Contacts"), N_("Reviews")):
        table.add_column(here.translate(heading), overflow="fold")
    table.columns[0].no_wrap = True
    for evaluation in evaluations:
        table.add_row(
            evaluation.agent_id,
            *(points_text(found.points) for found in evaluation.dimensions),
            str(evaluation.n_contacts),
            str(evaluation.n_reviews),
        )
    out.print(table)


def _places(here: AppContext, evaluation: Evaluation) -> str:
    if evaluation.places is None:
        return "–"
    low, high, count = evaluation.places
    return here.translate(N_("{low} – {high} of {count}")).format(low=low, high=high, count=count)


def _print_teams(here: AppContext, result: PeriodEvaluation) -> None:
    if not result.teams:
        return
    headings = [N_("Team"), N_("Inspection score (95 %)"), N_("Pass rate (95 %)"), N_("Contacts")]
    table = here.table([*headings, N_("Random reviews"), N_("Basis")])
    for team in result.teams:
        table.add_row(
            here.translate(N_("whole site")) if team.team is None else team.team,
            _points(team.points.value, team.points.ci95),
            _ratio(team.passed),
            str(team.points.n_contacts),
            str(team.points.n_reviews),
            label(_METHODS, team.points.method, here.translate),
        )
    out.print(table)


def _print_reviewers(here: AppContext, result: PeriodEvaluation) -> None:
    if len(result.reviewers) < 2:  # nobody to be stricter than
        return
    table = here.table([N_("Reviewer"), N_("Points above the panel"), N_("Reviews")])
    for one in result.reviewers:
        table.add_row(one.reviewer, f"{one.severity_points:+.1f}", str(one.review_count))
    out.print(table)


def indicator_of(measure: str) -> str:
    """Return the id of the indicator that a measure of inspections gives."""
    return next(one.id for one in list_indicators() if one.measure == measure)


def _print_estimates(here: AppContext, result: PeriodEvaluation) -> None:
    """Say how far each estimate tells agents apart, and how many reviews that takes."""
    names = names_of(list_indicators(), None)
    for found in result.estimates:
        minimum = found.estimates.minimum_reviews
        message = (
            N_("{indicator}: reliability of agents' estimates {low} to {high}; 0.7 takes {count} random reviews each.")
            if minimum is not None
            else N_("{indicator}: reliability of agents' estimates {low} to {high}; the contacts are too few for 0.7.")
        )
        here.say(
            message,
            indicator=names[indicator_of(found.measure)].in_language(here.settings.lang),
            low=f"{found.estimates.reliability.min():.2f}",
            high=f"{found.estimates.reliability.max():.2f}",
            count=minimum,
        )


def _points(value: float | None, ends: tuple[float, float] | None) -> str:
    return f"{points_text(value)} ({ends[0]:.1f} – {ends[1]:.1f})" if ends else points_text(value)


def _ratio(found: TeamMean | None) -> str:
    if found is None:
        return "–"
    return f"{found.value:.0%} ({found.ci95[0]:.0%} – {found.ci95[1]:.0%})" if found.ci95 else f"{found.value:.0%}"


def _print_items(here: AppContext, template: Template, evaluations: Sequence[Evaluation]) -> None:
    """Print who reaches each target and what the totals hang on, and what to think about in the template."""
    names = names_of(list_indicators(), template)
    pulls = {pull.indicator: pull for pull in find_pulls(evaluations)}
    weights = {
        item.indicator: dimension.weight * item.weight / 100
        for dimension in template.dimensions
        for item in dimension.items
    }
    headings = [N_("Indicator"), N_("Reach the target"), N_("Weight"), N_("Share of the differences")]
    table = here.table(headings, title=template.name.in_language(here.settings.lang), title_justify="left")
    for tally in find_tallies(evaluations):
        pull = pulls.get(tally.indicator)
        table.add_row(
            names[tally.indicator].in_language(here.settings.lang),
            here.translate(N_("{part} of {whole}")).format(part=tally.reached_count, whole=tally.known_count),
            # Without what nobody has, the others weigh more than in the template.
            _weight(pull.weight_percent if pull else weights.get(tally.indicator)),
            f"{round(pull.variance_percent)} % ({round(pull.low_percent)} – {round(pull.high_percent)})"
            if pull
            else "–",
        )
    out.print(table)
    for warning in find_imbalance(evaluations):
        out.print(render_note(warning, here.translate, names, here.settings.lang), style="yellow")


def _weight(percent: float | None) -> str:
    # Somebody's earlier months in a quarter may have gone by another template, with items that this one has not.
    return "–" if percent is None else f"{percent:.1f} %"


def _print_notes(here: AppContext, by_template: Sequence[tuple[Template, Sequence[Evaluation]]]) -> None:
    """Print each note once, with the agents whom it concerns."""
    agents_by_note: dict[str, list[str]] = {}
    for template, evaluations in by_template:
        names = names_of(list_indicators(), template)
        for evaluation in evaluations:
            for note in evaluation.notes:
                text = render_note(note, here.translate, names, here.settings.lang)
                agents_by_note.setdefault(text, []).append(evaluation.agent_id)
    everybody = sum(len(evaluations) for _, evaluations in by_template)
    for text, agents in agents_by_note.items():
        concerned = here.translate(N_("all")) if len(agents) == everybody else joined(agents, here.translate)
        here.say(N_("· {note} ({agents})"), note=text, agents=concerned)
