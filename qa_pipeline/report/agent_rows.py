"""Agents as rows of the report: evaluation, own contacts and coaching focus together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from qa_pipeline.domain.performance import Agent, DimensionResult, Evaluation, ItemResult, TemplateDimension
from qa_pipeline.report.data import AgentRow, ContactRow, DimensionRow, FocusRow, Interval, ItemRow, Places
from qa_pipeline.report.rulebook import Rulebook
from qa_pipeline.report.tables import passed_share, points_of, red_line_count

# Above first, people who cannot be judged last; inside a group the order is by name and says nothing.
GROUP_ORDER = ("above", "within", "below", "insufficient", "none")


def agent_rows(
    evaluations: Iterable[Evaluation],
    contacts: Iterable[ContactRow],
    agents: Iterable[Agent],
    focus: Mapping[str, tuple[FocusRow, ...]],
    rulebook: Rulebook,
    language: str,
) -> tuple[AgentRow, ...]:
    """Return everybody who was evaluated or had an inspected contact, by group and then by name."""
    by_agent: dict[str, list[ContactRow]] = defaultdict(list)
    for row in contacts:
        if row.agent_id is not None:
            by_agent[row.agent_id].append(row)
    people = {agent.id: agent for agent in agents}
    evaluated = {evaluation.agent_id: evaluation for evaluation in evaluations}
    rows = [
        _agent_row(
            people.get(agent_id) or _agent_in_contacts(agent_id, by_agent[agent_id]),
            evaluated.get(agent_id),
            by_agent[agent_id],
            focus.get(agent_id, ()),
            rulebook,
            language,
        )
        for agent_id in sorted({*evaluated, *by_agent})
    ]
    return tuple(sorted(rows, key=lambda row: (GROUP_ORDER.index(row.group), row.team or "", row.label, row.agent_id)))


def _agent_in_contacts(agent_id: str, rows: Sequence[ContactRow]) -> Agent:
    return Agent(
        id=agent_id,
        name=next((row.agent_name for row in rows if row.agent_name), None),
        team=next((row.team for row in rows if row.team), None),
    )


def _agent_row(
    agent: Agent,
    evaluation: Evaluation | None,
    contacts: Sequence[ContactRow],
    focus: tuple[FocusRow, ...],
    rulebook: Rulebook,
    language: str,
) -> AgentRow:
    mean, interval = points_of(contacts)
    template, ci95, places = None, None, None
    if evaluation:
        places = places_of(evaluation)
        template = rulebook.template_name(evaluation.template_id, evaluation.template_version, language)
        ci95 = Interval(low=evaluation.ci95[0], high=evaluation.ci95[1]) if evaluation.ci95 else None
    return AgentRow(
        agent_id=agent.id,
        name=agent.name,
        team=evaluation.team or agent.team if evaluation else agent.team,
        total=evaluation.total if evaluation else None,
        ci95=ci95,
        grade=evaluation.grade if evaluation else None,
        group=evaluation.group if evaluation else "none",
        template=template,
        n_contacts=evaluation.n_contacts if evaluation else len(contacts),
        n_reviews=evaluation.n_reviews if evaluation else 0,
        mean_points=mean,
        mean_ci95=interval,
        passed=passed_share(contacts),
        red_line_count=red_line_count(contacts),
        dimensions=tuple(dimension_row(found, evaluation, rulebook, language) for found in evaluation.dimensions)
        if evaluation
        else (),
        notes=rulebook.notes_of(evaluation, language) if evaluation else (),
        focus=focus,
        places=places,
        above_average=evaluation.above_average if evaluation else None,
        basis=evaluation.basis if evaluation and evaluation.n_contacts else None,
    )


def places_of(evaluation: Evaluation) -> Places | None:
    """Return the range of places of an evaluation."""
    if evaluation.places is None:
        return None
    low, high, of = evaluation.places
    return Places(low=low, high=high, of=of)


def dimension_row(result: DimensionResult, evaluation: Evaluation, rulebook: Rulebook, language: str) -> DimensionRow:
    """Return one dimension of an evaluation with the names of its indicators."""
    known = rulebook.find_dimension(evaluation.template_id, evaluation.template_version, result.id)
    there = frozenset(item.indicator for each in evaluation.dimensions for item in each.items if item.value is not None)
    return DimensionRow(
        id=result.id,
        name=known.name.in_language(language) if known else result.id,
        points=result.points,
        weight=result.weight,
        effective_weight=result.effective_weight,
        items=tuple(_item_row(item, known, there, rulebook, language) for item in result.items),
    )


def _item_row(
    item: ItemResult,
    dimension: TemplateDimension | None,
    there: frozenset[str],
    rulebook: Rulebook,
    language: str,
) -> ItemRow:
    known = rulebook.find_indicator(item.indicator)
    own_low = (
        next((each.target_low for each in dimension.items if each.indicator == item.indicator), None)
        if dimension
        else None
    )
    return ItemRow(
        indicator=item.indicator,
        name=known.name.in_language(language) if known else item.indicator,
        unit=known.unit if known else "",
        value=item.value,
        n=item.n,
        target=item.target,
        target_low=own_low if own_low is not None or known is None else known.target_low,
        attainment_points=item.attainment_points,
        se_points=item.se_points,
        weight=item.weight,
        effective_weight=item.effective_weight,
        source=item.source,
        contacts=item.contacts,
        opposing=tuple(each for each in known.opposing if each in there) if known else (),
    )
