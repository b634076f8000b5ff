"""What the months in the store say about a template: its items' values, judged by it, without keeping anything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from qa_pipeline.appraisal.evaluate import Grounds, evaluate_month
from qa_pipeline.appraisal.inspected import Inspected, judge, observe_inspected, summarise
from qa_pipeline.appraisal.observed import RATING, Observed, observe_record
from qa_pipeline.appraisal.proposals import Proposal, propose_levels
from qa_pipeline.appraisal.smart import find_unproven
from qa_pipeline.appraisal.templates import TemplateCheck
from qa_pipeline.domain.cycle import Rating
from qa_pipeline.domain.performance import Evaluation, KpiDefinition, KpiRecord, Template
from qa_pipeline.errors import TemplateError
from qa_pipeline.kpi.catalogue import shipped
from qa_pipeline.resources import read_yaml
from qa_pipeline.services.ratings import merge_period
from qa_pipeline.store import Store, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """The inputs of one month's evaluations, by agent; inspections are the machine's, without people's reviews."""

    period: str
    records: Mapping[str, Sequence[KpiRecord]]
    inspected: Mapping[str, Inspected]
    ratings: Sequence[Rating]


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateHistory:
    """Every agent of each of the months by one template; ``periods`` oldest first, empty with an empty store."""

    periods: Sequence[str]
    evaluations: Sequence[Evaluation]


def read_months(store: Store, count: int) -> Sequence[Month]:
    """Return the last `count` >= 1 months that hold contacts or values, oldest first."""
    with store.reading() as tx:
        periods = sorted({*tx.contacts.periods(), *tx.kpis.periods()})[-count:]
        return [_month(tx, period) for period in periods]


def judge_months(template: Template, months: Sequence[Month]) -> TemplateHistory:
    """Judge every agent of these months by a template, as an evaluation would; nothing is stored."""
    catalogue = shipped()
    return TemplateHistory(
        periods=[month.period for month in months],
        evaluations=[
            evaluation
            for month in months
            for evaluation in evaluate_month(
                month.period, template, _observed(month, template, catalogue), _grounds(month), catalogue
            )
        ],
    )


def _observed(
    month: Month, template: Template, catalogue: Mapping[str, KpiDefinition]
) -> Mapping[str, Mapping[str, Observed]]:
    rated: dict[str, dict[str, Observed]] = defaultdict(dict)
    for indicator, merged in merge_period(month.ratings, template).items():
        for agent_id, one in merged.items():
            rated[agent_id][indicator] = Observed(value=one.value, n=one.n, se=one.se, df=one.df, source=RATING)
    return {
        agent_id: {
            **{
                record.indicator: observe_record(record, catalogue[record.indicator])
                for record in month.records.get(agent_id, ())
                if record.indicator in catalogue
            },
            **rated[agent_id],
            **observe_inspected(month.inspected.get(agent_id, Inspected()), catalogue),
        }
        for agent_id in _agents(month)
    }


def _grounds(month: Month) -> Mapping[str, Grounds]:
    found = {agent_id: month.inspected.get(agent_id, Inspected()) for agent_id in _agents(month)}
    return {
        agent_id: Grounds(contact_count=one.contact_count, scored_count=one.scored_count, review_count=one.review_count)
        for agent_id, one in found.items()
    }


def _agents(month: Month) -> set[str]:
    return {*month.inspected, *month.records, *(rating.agent_id for rating in month.ratings)}


def with_history(checked: TemplateCheck, history: TemplateHistory) -> TemplateCheck:
    """Return a check of a sound template with what the months say as further warnings."""
    assert checked.template is not None, "only a template without errors can be judged by"
    if not history.periods:
        return checked
    document = read_yaml(checked.path, TemplateError)
    unproven = find_unproven(document, checked.template, history.periods, history.evaluations)
    return replace(checked, warnings=(*checked.warnings, *unproven))


def propose_targets(template: Template, history: TemplateHistory) -> Sequence[Proposal]:
    """Return floor, target and stretch of each item as the months suggest them, in the order of the template."""
    catalogue = shipped()
    return [propose_levels(item, catalogue[item.indicator], history.evaluations) for item in template.items]


def _month(tx: Transaction, period: str) -> Month:
    inspected = summarise(judge(*pair) for pair in tx.inspections.list(period=period))
    records: dict[str, list[KpiRecord]] = defaultdict(list)
    for record in tx.kpis.list(period=period):
        records[record.agent_id].append(record)
    return Month(period=period, records=records, inspected=inspected, ratings=tx.ratings.list(period))
