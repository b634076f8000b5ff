"""What the months in the store say about a template: its items' values, judged by it, without keeping anything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from qa_pipeline.appraisal.evaluate import evaluate_agent
from qa_pipeline.appraisal.inspected import Inspected, summarise
from qa_pipeline.appraisal.proposals import Proposal, propose_levels
from qa_pipeline.appraisal.smart import find_unproven
from qa_pipeline.appraisal.templates import TemplateCheck
from qa_pipeline.domain.performance import Evaluation, KpiRecord, Template
from qa_pipeline.errors import TemplateError
from qa_pipeline.kpi.catalogue import shipped
from qa_pipeline.resources import read_yaml
from qa_pipeline.store import Store, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """The inputs of one month's evaluations, by agent."""

    period: str
    records: Mapping[str, Sequence[KpiRecord]]
    inspected: Mapping[str, Inspected]


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
    wanted = {item.indicator for item in template.items}
    return TemplateHistory(
        periods=[month.period for month in months],
        evaluations=[
            evaluate_agent(
                agent_id,
                month.period,
                template,
                [record for record in month.records.get(agent_id, ()) if record.indicator in wanted],
                month.inspected.get(agent_id, Inspected()),
                catalogue,
                fingerprint="",  # it is never kept
            )
            for month in months
            for agent_id in sorted({*month.inspected, *month.records})
        ],
    )


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
    inspected, _ = summarise(tx.inspections.list(period=period))
    records: dict[str, list[KpiRecord]] = defaultdict(list)
    for record in tx.kpis.list(period=period):
        records[record.agent_id].append(record)
    return Month(period=period, records=records, inspected=inspected)
