"""What the months in the store say about a template: its items' values, judged by it, without keeping anything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
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
class TemplateHistory:
    """Every agent of each of the months by one template; ``periods`` oldest first, empty with an empty store."""

    periods: Sequence[str]
    evaluations: Sequence[Evaluation]


def read_history(store: Store, template: Template, period_count: int) -> TemplateHistory:
    """Judge the last `period_count` >= 1 months that hold contacts or values by a template; nothing is stored."""
    indicators = {item.indicator for item in template.items}
    with store.reading() as tx:
        periods = sorted({*tx.contacts.periods(), *tx.kpis.periods()})[-period_count:]
        found = [one for period in periods for one in _month(tx, period, template, indicators)]
    return TemplateHistory(periods=periods, evaluations=found)


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


def _month(tx: Transaction, period: str, template: Template, indicators: set[str]) -> Sequence[Evaluation]:
    inspected, _ = summarise(tx.inspections.list(period=period))
    records: dict[str, list[KpiRecord]] = defaultdict(list)
    for record in tx.kpis.list(period=period):
        if record.indicator in indicators:
            records[record.agent_id].append(record)
    return [
        evaluate_agent(
            agent_id,
            period,
            template,
            records.get(agent_id, ()),
            inspected.get(agent_id, Inspected()),
            shipped(),
            fingerprint="",  # it is never kept
        )
        for agent_id in sorted({*inspected, *records})
    ]
