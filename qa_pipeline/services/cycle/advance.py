"""Taking one step of a state machine: checked, and logged as who took it, when and why."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from qa_pipeline.appraisal.workflow import Attempt, check_step, get_workflow
from qa_pipeline.domain.cycle import Transition
from qa_pipeline.store import Transaction

Guard = Callable[[], None]


def advance(
    tx: Transaction,
    machine: str,
    subject: str,
    step: str,
    attempt: Attempt,
    now: datetime,
    *,
    guards: Mapping[str, Guard] | None = None,
    basis: str = "",
) -> Transition:
    """Take a step if everything allows it, and log it.

    Parameters
    ----------
    machine, subject, step : str
        Which state machine (a file of ``resources/workflows``), which thing, and the id of the transition.
    attempt : Attempt
        Who takes it, in which role and why; whom the thing is about, and who judged before.
    guards : mapping, optional
        By name, what looks up each fact that the step asks for; a guard raises where it does not hold. One that the
        step names and the caller does not give is a defect (KeyError).
    basis : str
        Fingerprint of what the step rests on.

    Raises
    ------
    Conflict
        The thing is in another state, or somebody else took a step at the same moment.
    NotAllowed
        The role or the person may not take it, or a reason is missing.
    """
    workflow = get_workflow(machine)
    found = workflow.get_step(step)
    latest = tx.transitions.latest(machine, [subject]).get(subject)
    state = latest.to_state if latest else workflow.initial
    check_step(workflow, found, state, subject, attempt)
    for name in found.guards:
        (guards or {})[name]()
    transition = Transition(
        machine=machine,
        subject=subject,
        number=latest.number + 1 if latest else 1,
        name=step,
        from_state=state,
        to_state=found.to_state,
        actor=attempt.actor.strip(),
        role=attempt.role,
        reason=attempt.reason.strip(),
        at=now,
        basis=basis,
    )
    tx.transitions.add(transition)
    return transition


def state_of(tx: Transaction, machine: str, subject: str) -> str:
    """Return the state that a thing is in now."""
    return states_of(tx, machine, [subject])[subject]


def states_of(tx: Transaction, machine: str, subjects: Collection[str]) -> Mapping[str, str]:
    """Return the state of each of these things."""
    initial = get_workflow(machine).initial
    latest = tx.transitions.latest(machine, subjects)
    return {subject: latest[subject].to_state if subject in latest else initial for subject in subjects}


def drafts_among(tx: Transaction, machine: str, subjects: Collection[str]) -> frozenset[str]:
    """Return those of these things that are drafts, or were given up as such: only who drafted has been shown them."""
    workflow, latest = get_workflow(machine), tx.transitions.latest(machine, subjects)

    def is_draft(subject: str) -> bool:
        step = latest.get(subject)
        return step is None or (step.from_state == workflow.initial and workflow.get_state(step.to_state).final)

    return frozenset(filter(is_draft, subjects))
