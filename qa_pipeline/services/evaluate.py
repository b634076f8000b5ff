"""Evaluating all agents of a month from what the store holds."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from qa_pipeline.appraisal.evaluate import Grounds, evaluate_month
from qa_pipeline.appraisal.inspected import Inspected, judge, observe_inspected, summarise
from qa_pipeline.appraisal.observed import observe_record
from qa_pipeline.appraisal.templates import DEFAULT_ID, get_template
from qa_pipeline.domain.performance import Evaluation, KpiDefinition, KpiRecord, Template
from qa_pipeline.errors import N_, NotFound
from qa_pipeline.kpi.catalogue import shipped
from qa_pipeline.services.report import check_period
from qa_pipeline.store import Store, Transaction

# Raised when the same inputs give other figures than before.
METHOD = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodEvaluation:
    """The evaluations of a month by one template, by agent.

    ``stored_count``: those that are new or differ from the ones in force. ``unassigned_contact_count``: inspected
    contacts of the month that name no agent and so count for nobody.
    """

    period: str
    template: Template
    evaluations: Sequence[Evaluation]
    stored_count: int
    unassigned_contact_count: int


def evaluate_period(
    store: Store, period: str, template_id: str | None = None, *, templates: Path | None = None
) -> PeriodEvaluation:
    """Evaluate every agent who has inspected contacts or indicator values in a month, and keep the results.

    The same inputs give the same fingerprints, and then nothing new is stored.

    Parameters
    ----------
    period : str
        ``YYYY-MM``.
    template_id : str, optional
        Id, or ``id@version``; None is the front-line template, newest version.
    templates : Path, optional
        Folder of the user's own templates.

    Raises
    ------
    ConfigurationError
        `period` is no month.
    NotFound
        There is no such template, or the month has neither contacts nor values.
    TemplateError
        A template file is wrong.
    """
    check_period(period)
    catalogue = shipped()
    template = get_template(template_id or DEFAULT_ID, catalogue, templates)
    with store.transaction() as tx:
        judged = [judge(*pair) for pair in tx.inspections.list(period=period)]
        inspected, unassigned = summarise(judged), sum(one.agent_id is None for one in judged)
        records: dict[str, list[KpiRecord]] = defaultdict(list)
        for record in tx.kpis.list(period=period):
            records[record.agent_id].append(record)
        agent_ids = sorted({*inspected, *records})
        if not agent_ids:
            raise _nothing(tx, period, unassigned)
        evaluations = _evaluate(period, template, agent_ids, records, inspected, catalogue)
        stored = sum(tx.evaluations.put(evaluation) for evaluation in evaluations)
    return PeriodEvaluation(
        period=period,
        template=template,
        evaluations=evaluations,
        stored_count=stored,
        unassigned_contact_count=unassigned,
    )


def _evaluate(
    period: str,
    template: Template,
    agent_ids: Sequence[str],
    records: Mapping[str, Sequence[KpiRecord]],
    inspected: Mapping[str, Inspected],
    catalogue: Mapping[str, KpiDefinition],
) -> list[Evaluation]:
    wanted = {item.indicator for item in template.items}
    used = {
        agent_id: [record for record in records.get(agent_id, ()) if record.indicator in wanted]
        for agent_id in agent_ids
    }
    rules = _digest([METHOD, template.digest, [asdict(catalogue[indicator]) for indicator in sorted(wanted)]])
    own = {
        agent_id: _digest(
            [
                agent_id,
                [asdict(record) for record in used[agent_id]],
                inspected[agent_id].fingerprints if agent_id in inspected else [],
            ]
        )
        for agent_id in agent_ids
    }
    # Groups compare with all others and spreads lean on them, so everybody's inputs are inputs of each.
    together = _digest([rules, period, sorted(own.values())])
    observed = {
        agent_id: {record.indicator: observe_record(record, catalogue[record.indicator]) for record in used[agent_id]}
        | dict(observe_inspected(inspected.get(agent_id, Inspected()), catalogue))
        for agent_id in agent_ids
    }
    grounds = {
        agent_id: Grounds(
            contact_count=one.contact_count,
            scored_count=one.scored_count,
            review_count=one.review_count,
            team=one.team,
            fingerprint=_digest([together, own[agent_id]]),
        )
        for agent_id in agent_ids
        for one in [inspected.get(agent_id, Inspected())]
    }
    return list(evaluate_month(period, template, observed, grounds, catalogue))


def _digest(value: Any) -> str:
    return sha256(json.dumps(value, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def _nothing(tx: Transaction, period: str, unassigned: int) -> NotFound:
    known = ", ".join(sorted({*tx.contacts.periods(), *tx.kpis.periods()})[-12:])
    if unassigned:
        return NotFound(
            N_("No contact and no value of {period} belongs to an agent; {count} contacts name none."),
            hint=N_("Give the agents in the metadata table, then score the folder again."),
            period=period,
            count=unassigned,
        )
    return NotFound(
        N_("There are neither inspected contacts nor indicator values in {period}."),
        hint=N_("Months with data: {known}.")
        if known
        else N_("Score contacts with `callqa score` or import values with `callqa kpi import` first."),
        period=period,
        known=known,
    )
