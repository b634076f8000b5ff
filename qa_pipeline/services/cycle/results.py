"""Published results: their versions, corrections, and where a period stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise

from qa_pipeline.appraisal.consequences import ConsequenceLine, find_no_consequence
from qa_pipeline.appraisal.differences import Change, changes_between, has_own_change
from qa_pipeline.appraisal.workflow import Attempt, get_workflow
from qa_pipeline.domain.cycle import Publication, Transition
from qa_pipeline.domain.performance import Evaluation
from qa_pipeline.domain.period import period_days
from qa_pipeline.errors import N_, Conflict, NotFound
from qa_pipeline.services.cycle.advance import Guard, advance, state_of
from qa_pipeline.services.cycle.appeals import AppealState, Times, get_published, list_appeals
from qa_pipeline.services.cycle.current import Compute, Outdated, find_outdated
from qa_pipeline.services.cycle.periods import MACHINE, due_corrections, window_end
from qa_pipeline.services.cycle.plans import list_plans
from qa_pipeline.store import Store, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One published version with what differs from the one before, nothing for the first."""

    publication: Publication
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodState:
    """Where a period stands.

    ``outdated``: stored evaluations against today's inputs, before publication; ``changed``: agents whose published
    result today's inputs would change, afterwards. ``plans``: how many agents by the state of their plan, empty where
    the period has none. ``appeals_until``: the last day for appeals. ``corrections``: upheld appeals without a
    correction yet. ``steps_possible``: what may be done next.
    """

    period: str
    state: str
    steps: Sequence[Transition]
    steps_possible: Sequence[str]
    first_on: date
    last_on: date
    evaluated_count: int
    outdated: Outdated | None
    published_count: int
    changed: tuple[str, ...]
    no_consequence: tuple[str, ...]
    plans: Mapping[str, int]
    appeals: Sequence[AppealState]
    appeals_until: date | None
    corrections: Sequence[AppealState]


def read_versions(store: Store, agent_id: str, period: str) -> Sequence[Version]:
    """Return all published versions of a result, oldest first.

    Raises
    ------
    NotFound
        Nothing is published.
    """
    period_days(period)
    with store.reading() as tx:
        get_published(tx, agent_id, period)
        versions = tx.publications.versions(agent_id, period)
    first = Version(publication=versions[0], changes=())
    return [first, *(_version(before, after) for before, after in pairwise(versions))]


def correct_result(
    store: Store,
    agent_id: str,
    period: str,
    attempt: Attempt,
    now: datetime,
    *,
    compute: Compute,
    line: ConsequenceLine,
) -> Version:
    """Evaluate a published result anew and publish it as the next version; the earlier ones stay.

    The period is published again, so that the time for appeals runs anew for this agent.

    Raises
    ------
    NotFound
        Nothing is published of the agent.
    Conflict
        Nothing would change, the period is not published, or an instance has yet to decide on an appeal of the agent:
        what it decides belongs into the same version.
    NotAllowed
        The role may not correct, or the reason is missing.
    """
    period_days(period)
    with store.transaction() as tx:
        before = tx.publications.versions(agent_id, period)
        after = next((one for one in compute(tx, period) if one.agent_id == agent_id), None)
        guards: Mapping[str, Guard] = {
            "result_published": lambda: _check_published(tx, agent_id, period),
            "no_undecided_appeal": lambda: _check_decided(tx, agent_id, period),
            "result_changed": lambda: _check_changed(tx, before[-1].evaluation, after),
        }
        advance(tx, MACHINE, period, "correct", attempt, now, guards=guards)
        advance(
            tx,
            MACHINE,
            period,
            "publish_correction",
            attempt,
            now,
            guards=guards,
            basis=after.fingerprint if after else "",
        )
        assert after is not None, "the guard result_changed refuses it"
        tx.evaluations.put(after)
        publication = Publication(
            agent_id=agent_id,
            period=period,
            version=before[-1].version + 1,
            evaluation=after,
            published_by=attempt.actor.strip(),
            reason=attempt.reason.strip(),
            published_at=now,
            no_consequence=find_no_consequence(after, line),
        )
        tx.publications.add(publication)
        return _version(before[-1], publication)


def read_period(store: Store, period: str, *, compute: Compute, times: Times) -> PeriodState:
    """Return where a period stands and what it waits for."""
    first_on, last_on = period_days(period)
    with store.reading() as tx:
        steps = tx.transitions.list(MACHINE, period)
        state = state_of(tx, MACHINE, period)
        stored = tx.evaluations.list(period)
        published = tx.publications.latest(period)
        computed = _computed(tx, period, compute)
        return PeriodState(
            period=period,
            state=state,
            steps=steps,
            steps_possible=[step.id for step in get_workflow(MACHINE).steps_from(state)],
            first_on=first_on,
            last_on=last_on,
            evaluated_count=len(stored),
            outdated=None if published else find_outdated(stored, computed),
            published_count=len(published),
            changed=_changed(published, computed),
            no_consequence=tuple(one.agent_id for one in published if one.no_consequence is not None),
            plans=Counter(one.state for one in list_plans(tx, period)),
            appeals=list_appeals(tx, period),
            appeals_until=window_end(tx, period, times),
            corrections=due_corrections(tx, period),
        )


def _version(before: Publication, after: Publication) -> Version:
    return Version(publication=after, changes=changes_between(before.evaluation, after.evaluation))


def _computed(tx: Transaction, period: str, compute: Compute) -> Sequence[Evaluation]:
    try:
        return compute(tx, period)
    except NotFound:
        return []  # a period in which nothing has happened yet


def _changed(published: Sequence[Publication], computed: Sequence[Evaluation]) -> tuple[str, ...]:
    today = {one.agent_id: one for one in computed}
    return tuple(
        one.agent_id
        for one in published
        if one.agent_id not in today or has_own_change(one.evaluation, today[one.agent_id])
    )


def _check_published(tx: Transaction, agent_id: str, period: str) -> None:
    get_published(tx, agent_id, period)


def _check_decided(tx: Transaction, agent_id: str, period: str) -> None:
    waiting = [one.appeal.id for one in list_appeals(tx, period, agent_id) if one.is_undecided]
    if waiting:
        raise Conflict(
            N_("Appeals against the result of {agent} wait for a decision: {ids}."),
            hint=N_("Correct the result afterwards, so that one version answers all: `callqa appeals list`."),
            agent=agent_id,
            ids=", ".join(waiting),
        )


def _check_changed(tx: Transaction, before: Evaluation, after: Evaluation | None) -> None:
    # An upheld appeal is answered by a version of its own, even where it moves no figure or an earlier one has it.
    is_due = any(one.appeal.agent_id == before.agent_id for one in due_corrections(tx, before.period))
    if after is None or not (is_due or changes_between(before, after)):
        raise Conflict(
            N_("Today's inputs give the published result of {agent} in {period} again: there is nothing to correct."),
            hint=N_("Import or review what is to change first."),
            agent=before.agent_id,
            period=before.period,
        )
