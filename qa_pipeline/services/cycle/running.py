"""The running view: where an agent stands while the period goes on; nothing is stored."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from qa_pipeline.appraisal.assignments import find_template
from qa_pipeline.appraisal.running import RunningItem, run_on
from qa_pipeline.appraisal.workflow import get_workflow
from qa_pipeline.domain.performance import Evaluation, Template
from qa_pipeline.domain.period import period_days
from qa_pipeline.errors import N_, Conflict, NotFound
from qa_pipeline.kpi.catalogue import shipped
from qa_pipeline.services.cycle.advance import state_of
from qa_pipeline.services.cycle.current import Compute
from qa_pipeline.services.cycle.periods import MACHINE
from qa_pipeline.store import Store

_RUNNING = ("planning", "open")


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """An agent's figures of today. ``contacts_missing``: scored contacts that a total still needs at least."""

    evaluation: Evaluation
    state: str
    elapsed_ratio: float
    last_on: date
    items: Sequence[RunningItem]
    contacts_missing: int


def read_running(
    store: Store, agent_id: str, period: str, now: datetime, *, compute: Compute, templates: Sequence[Template]
) -> Running:
    """Evaluate an agent by what is known today.

    Raises
    ------
    NotFound
        Nothing is known of the agent in the period.
    Conflict
        The period has not begun, or is closed.
    """
    found = list_running(store, period, now, compute=compute, templates=templates, agent_ids=[agent_id])
    if not found:
        raise NotFound(
            N_("Neither a contact nor a value of {agent} is known in {period}."),
            hint=N_("Check the agent's id; `callqa evaluate --period {period}` lists who is known."),
            agent=agent_id,
            period=period,
        )
    return found[0]


def list_running(
    store: Store,
    period: str,
    now: datetime,
    *,
    compute: Compute,
    templates: Sequence[Template],
    agent_ids: Collection[str],
) -> Sequence[Running]:
    """Evaluate agents by what is known today; those of whom nothing is known are left out.

    Raises
    ------
    NotFound
        Nothing is known of anybody in the period.
    Conflict
        The period has not begun, or is closed.
    """
    first_on, last_on = period_days(period)
    today = now.astimezone(store.time_zone).date()
    if today < first_on:
        raise Conflict(N_("The period {period} begins on {date}."), period=period, date=first_on.isoformat())
    with store.reading() as tx:
        state = state_of(tx, MACHINE, period)
        if state not in _RUNNING:
            raise Conflict(
                N_("The period {period} does not run any more (state '{state}')."),
                hint=N_("Published results are shown by `callqa results show`."),
                period=period,
                state=get_workflow(MACHINE).get_state(state).name,
            )
        wanted = frozenset(agent_ids)
        found = [one for one in compute(tx, period) if one.agent_id in wanted]
    elapsed = min(1.0, ((today - first_on).days + 1) / ((last_on - first_on).days + 1))
    return [_running(one, state, elapsed, last_on, templates) for one in found]


def _running(found: Evaluation, state: str, elapsed: float, last_on: date, templates: Sequence[Template]) -> Running:
    template = find_template(f"{found.template_id}@{found.template_version}", templates)
    assert template is not None, "the evaluation was made by it a moment ago"
    return Running(
        evaluation=found,
        state=state,
        elapsed_ratio=elapsed,
        last_on=last_on,
        items=run_on(found, shipped(), elapsed),
        contacts_missing=max(0, template.min_contacts - found.n_contacts),
    )
