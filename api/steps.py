"""What has states, as documents: the state, the steps that led there, and those that may follow."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from api.listing import Document
from qa_pipeline.appraisal.workflow import get_workflow
from qa_pipeline.domain.cycle import StaffRole, Transition


class StateDocument(Document):
    """A state or a step: its id, and its name in the reader's language."""

    id: str
    name: str


class StepDocument(Document):
    """A step that somebody took."""

    step: StateDocument
    from_state: str
    to_state: str
    by: str
    role: StaffRole
    reason: str
    at: datetime


def state_document(machine: str, state: str, language: str) -> StateDocument:
    """Return a state with its name."""
    return StateDocument(id=state, name=get_workflow(machine).get_state(state).name.in_language(language))


def possible_steps(machine: str, state: str, language: str) -> tuple[StateDocument, ...]:
    """Return the steps that lead on from a state, whoever may take them."""
    return tuple(
        StateDocument(id=step.id, name=step.name.in_language(language))
        for step in get_workflow(machine).steps_from(state)
    )


def step_documents(machine: str, steps: Iterable[Transition], language: str) -> tuple[StepDocument, ...]:
    """Return logged steps, as they came."""
    workflow = get_workflow(machine)
    return tuple(
        StepDocument(
            step=StateDocument(id=one.name, name=workflow.get_step(one.name).name.in_language(language)),
            from_state=one.from_state,
            to_state=one.to_state,
            by=one.actor,
            role=one.role,
            reason=one.reason,
            at=one.at,
        )
        for one in steps
    )
