"""Periods of the cycle: opened, closed on evaluations that are complete, published, corrected, ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from qa_pipeline.appraisal.consequences import ConsequenceLine, find_no_consequence
from qa_pipeline.appraisal.deadlines import day_after, end_after
from qa_pipeline.appraisal.notes import listed
from qa_pipeline.appraisal.workflow import Attempt
from qa_pipeline.domain.cycle import Publication
from qa_pipeline.domain.period import period_days
from qa_pipeline.errors import N_, Conflict
from qa_pipeline.services.cycle.advance import Guard, advance, state_of, states_of
from qa_pipeline.services.cycle.appeals import AppealState, Times, list_appeals, take_step
from qa_pipeline.services.cycle.current import Compute, digest_of, find_outdated
from qa_pipeline.store import Store, Transaction

MACHINE = "period"


def open_period(store: Store, period: str, attempt: Attempt, now: datetime) -> str:
    """Open a period, and return its new state."""
    return _take(store, period, "open", attempt, now)


def reopen_period(store: Store, period: str, attempt: Attempt, now: datetime) -> str:
    """Open a closed period again that is not published yet."""
    return _take(store, period, "reopen", attempt, now)


def apply_period(store: Store, period: str, attempt: Attempt, now: datetime) -> str:
    """Record that what follows from the results has been decided by people.

    Raises
    ------
    Conflict
        The time for appeals is not over, or a proposal waits for somebody's decision.
    """
    period_days(period)
    with store.transaction() as tx:
        guards: Mapping[str, Guard] = {"proposals_decided": lambda: _check_proposals(tx, period)}
        return advance(tx, MACHINE, period, "apply", attempt, now, guards=guards).to_state


def close_period(store: Store, period: str, attempt: Attempt, now: datetime, compute: Compute) -> str:
    """End collecting: what is published later are the evaluations as they are now.

    Raises
    ------
    Conflict
        The period is not over, or evaluations are missing or rest on inputs that have changed since.
    """
    period_days(period)
    with store.transaction() as tx:
        stored = tx.evaluations.list(period)
        guards: Mapping[str, Guard] = {
            "period_over": lambda: _check_over(tx, period, now),
            "evaluations_current": lambda: _check_current(tx, period, compute),
        }
        return advance(tx, MACHINE, period, "close", attempt, now, guards=guards, basis=digest_of(stored)).to_state


def publish_period(
    store: Store, period: str, attempt: Attempt, now: datetime, line: ConsequenceLine
) -> Sequence[Publication]:
    """Publish each evaluation as version 1 of the agent's result.

    Raises
    ------
    Conflict
        The period is not closed, or was evaluated again since.
    """
    period_days(period)
    with store.transaction() as tx:
        stored = tx.evaluations.list(period)
        guards: Mapping[str, Guard] = {"evaluations_as_closed": lambda: _check_as_closed(tx, period)}
        if state_of(tx, MACHINE, period) == "closed":
            advance(tx, MACHINE, period, "evaluate", attempt, now, guards=guards)
        advance(tx, MACHINE, period, "publish", attempt, now, guards=guards, basis=digest_of(stored))
        published = [
            Publication(
                agent_id=evaluation.agent_id,
                period=period,
                version=1,
                evaluation=evaluation,
                published_by=attempt.actor.strip(),
                reason=attempt.reason.strip(),
                published_at=now,
                no_consequence=find_no_consequence(evaluation, line),
            )
            for evaluation in stored
        ]
        for publication in published:
            tx.publications.add(publication)
        return published


def finish_period(store: Store, period: str, attempt: Attempt, now: datetime, times: Times) -> str:
    """End the time for appeals. Decisions that nobody has taken further in time stand.

    Raises
    ------
    Conflict
        The time runs, an appeal is open, or an upheld one waits for its correction.
    """
    period_days(period)
    with store.transaction() as tx:
        guards: Mapping[str, Guard] = {
            "no_open_appeal": lambda: _check_no_appeal(tx, period, now),
            "no_correction_due": lambda: _check_no_correction(tx, period),
            "appeal_window_over": lambda: _check_window_over(tx, period, now, times),
        }
        state = advance(tx, MACHINE, period, "close_appeals", attempt, now, guards=guards).to_state
        for one in list_appeals(tx, period):
            if one.state == "decided":
                take_step(tx, one, "expire", attempt, now)
        return state


def due_corrections(tx: Transaction, period: str) -> Sequence[AppealState]:
    """Return the upheld appeals that came after the agent's newest published version."""
    published_at = {one.agent_id: one.published_at for one in tx.publications.latest(period)}
    return [
        one
        for one in list_appeals(tx, period)
        if one.is_upheld and one.standing is not None and one.standing.decided_at > published_at[one.appeal.agent_id]
    ]


def window_end(tx: Transaction, period: str, times: Times) -> date | None:
    """Return the last day on which somebody may file an appeal, None when nothing is published."""
    latest = [one.published_at for one in tx.publications.latest(period)]
    return day_after(max(latest), times.appeal_days, tx.time_zone) if latest else None


def _take(store: Store, period: str, step: str, attempt: Attempt, now: datetime) -> str:
    period_days(period)
    with store.transaction() as tx:
        return advance(tx, MACHINE, period, step, attempt, now).to_state


def _check_over(tx: Transaction, period: str, now: datetime) -> None:
    last_on = period_days(period)[1]
    if now.astimezone(tx.time_zone).date() <= last_on:
        raise Conflict(
            N_("The period {period} runs until {date}."),
            hint=N_("Close it on a later day; `callqa running` shows where somebody stands meanwhile."),
            period=period,
            date=last_on.isoformat(),
        )


def _check_current(tx: Transaction, period: str, compute: Compute) -> None:
    found = find_outdated(tx.evaluations.list(period), compute(tx, period))
    told = {
        N_("{count} agents of {period} are not evaluated: {agents}."): found.missing,
        N_("The inputs of {count} evaluations of {period} have changed since: {agents}."): found.stale,
        N_("{count} evaluations of {period} rest on nothing any more: {agents}."): found.surplus,
    }
    for message, agents in told.items():
        if agents:
            raise Conflict(
                message,
                hint=N_("Run `callqa evaluate --period {period}`, look at the results, then close the period."),
                count=len(agents),
                period=period,
                agents=listed(agents),
            )


def _check_as_closed(tx: Transaction, period: str) -> None:
    closed = [step for step in tx.transitions.list(MACHINE, period) if step.name == "close"][-1]
    if closed.basis != digest_of(tx.evaluations.list(period)):
        raise Conflict(
            N_("{period} was evaluated again after it was closed on {date}."),
            hint=N_("Open it again with `callqa periods reopen` and close it on the new results."),
            period=period,
            date=closed.at.astimezone(tx.time_zone).date().isoformat(),
        )


def _check_no_appeal(tx: Transaction, period: str, now: datetime) -> None:
    found = [one.appeal.id for one in list_appeals(tx, period) if one.is_open(now)]
    if found:
        raise Conflict(
            N_("{count} appeals are open: {ids}."),
            hint=N_("`callqa appeals list --period {period}` tells what each waits for."),
            count=len(found),
            ids=listed(found),
            period=period,
        )


def _check_no_correction(tx: Transaction, period: str) -> None:
    found = sorted({one.appeal.agent_id for one in due_corrections(tx, period)})
    if found:
        raise Conflict(
            N_("Upheld appeals wait for a correction of the published result: {agents}."),
            hint=N_("Publish it with `callqa periods correct {period} --agent AGENT`."),
            agents=listed(found),
            period=period,
        )


def _check_window_over(tx: Transaction, period: str, now: datetime, times: Times) -> None:
    latest = max(one.published_at for one in tx.publications.latest(period))
    if now < end_after(latest, times.appeal_days, tx.time_zone):
        last_on = day_after(latest, times.appeal_days, tx.time_zone)
        raise Conflict(N_("Appeals may be filed until {date}."), date=last_on.isoformat())


def _check_proposals(tx: Transaction, period: str) -> None:
    following = [one.proposal.id for one in tx.proposals.list(period) if one.superseded_at is None]
    states = states_of(tx, "proposal", following)
    waiting = [proposal_id for proposal_id in following if states[proposal_id] == "proposed"]
    if waiting:
        raise Conflict(
            N_("{count} proposals of {period} wait for a decision: {ids}."),
            hint=N_("`callqa awards list --period {period}` shows them."),
            count=len(waiting),
            period=period,
            ids=listed(waiting),
        )
