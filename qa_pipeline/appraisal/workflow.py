"""State machines of the performance cycle, read from ``resources/workflows/*.yaml``, and who may take which step. Pure.

A file names the states of one kind of thing and the steps between them: by which roles, by whom among people, whether a
reason is needed, and which guards (facts that the caller looks up) must hold.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.domain.scorecard import Text
from qa_pipeline.errors import N_, ConfigurationError, Conflict, NotAllowed, NotFound
from qa_pipeline.resources import SHIPPED, Document, read_yaml
from qa_pipeline.resources.schema import RuleModel, Words, located, parse_document

FOLDER = SHIPPED / "workflows"
Id = Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,39}$")]


class Person(StrEnum):
    """Who among the people with the right role may take a step."""

    ANY = "any"
    CONCERNED = "concerned"  # the agent whom it is about
    OTHER = "other"  # nobody whom it is about and nobody who judged it before


class GuardName(StrEnum):
    """Facts that a step may ask for; the service that takes the step looks them up."""

    PERIOD_RUNNING = "period_running"  # the period of a plan is not closed
    PERIOD_OVER = "period_over"  # its last day has passed
    EVALUATIONS_CURRENT = "evaluations_current"  # everybody is evaluated, by the inputs as they are now
    EVALUATIONS_AS_CLOSED = "evaluations_as_closed"  # nobody was evaluated again since the period was closed
    RESULT_PUBLISHED = "result_published"  # the agent's result is published
    RESULT_CHANGED = "result_changed"  # evaluating it anew gives other figures
    APPEAL_WINDOW_OVER = "appeal_window_over"  # nobody can file an appeal any more
    NO_OPEN_APPEAL = "no_open_appeal"
    NO_UNDECIDED_APPEAL = "no_undecided_appeal"  # no instance has yet to decide on an appeal of the agent
    NO_CORRECTION_DUE = "no_correction_due"  # every upheld appeal is in a published version
    PROPOSALS_DECIDED = "proposals_decided"  # somebody has decided on each that follows from the results
    IN_WINDOW = "in_window"  # an appeal comes in the stated time after publication
    ITEM_OPEN = "item_open"  # the item is neither under appeal nor settled
    IN_TIME = "in_time"  # the second instance can still be asked for
    TOO_LATE = "too_late"  # it cannot any more
    REVIEWS_IN = "reviews_in"  # all members of a calibration session have reviewed, or its time is over


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """One state; nothing leaves a ``final`` one."""

    id: str
    name: Text
    final: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One named way from states to another. ``guards``: names of facts that must hold besides."""

    id: str
    name: Text
    from_states: tuple[str, ...]
    to_state: str
    roles: tuple[StaffRole, ...]
    person: Person
    needs_reason: bool
    guards: tuple[GuardName, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """The states of one kind of thing. Without any logged step a thing is in the ``initial`` state."""

    id: str
    name: Text
    initial: str
    states: tuple[State, ...]
    steps: tuple[Step, ...]

    def get_state(self, state_id: str) -> State:
        """Return a state; raises NotFound."""
        found = next((state for state in self.states if state.id == state_id), None)
        if found is None:
            raise NotFound(N_("{machine} has no state {id}."), machine=self.id, id=state_id)
        return found

    def get_step(self, step_id: str) -> Step:
        """Return a step; raises NotFound."""
        found = next((step for step in self.steps if step.id == step_id), None)
        if found is None:
            raise NotFound(
                N_("{machine} has no step {id}."),
                hint=N_("Its steps: {known}."),
                machine=self.id,
                id=step_id,
                known=", ".join(step.id for step in self.steps),
            )
        return found

    def steps_from(self, state_id: str) -> Iterator[Step]:
        """Yield the steps that leave a state, in the order of the file."""
        return (step for step in self.steps if state_id in step.from_states)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """Somebody who wants to take a step. ``concerned``: the agent whom it is about. ``involved``: who judged before."""

    actor: str
    role: StaffRole
    reason: str = ""
    concerned: str | None = None
    involved: Collection[str] = ()


def check_step(workflow: Workflow, step: Step, state_id: str, subject: str, attempt: Attempt) -> None:
    """Check that the state, the role, the person and the reason allow a step.

    Raises
    ------
    Conflict
        The thing is in another state.
    NotAllowed
        The person may not take it, gives no name, or no reason where one is needed.
    """
    if state_id not in step.from_states:
        raise Conflict(
            N_("{subject} is in the state '{state}', where the step '{step}' is not possible."),
            hint=N_("Possible now: {known}.") if any(workflow.steps_from(state_id)) else N_("Nothing follows on it."),
            subject=subject,
            state=workflow.get_state(state_id).name,
            step=step.name,
            known=tuple(possible.name for possible in workflow.steps_from(state_id)),
        )
    if attempt.role not in step.roles:
        raise NotAllowed(
            N_("The role {role} may not take the step '{step}'."),
            hint=N_("Roles that may: {known}."),
            role=attempt.role.value,
            step=step.name,
            known=", ".join(role.value for role in step.roles),
        )
    _check_person(step, attempt)
    if step.needs_reason and not attempt.reason.strip():
        raise NotAllowed(
            N_("The step '{step}' needs a reason."), hint=N_("Say why in a sentence; it is kept."), step=step.name
        )


def same_person(one: str, other: str) -> bool:
    """Whether two names are the same, however they are typed."""
    return one.strip().casefold() == other.strip().casefold()


def _check_person(step: Step, attempt: Attempt) -> None:
    actor = attempt.actor.strip()
    if not actor:
        raise NotAllowed(
            N_("The step '{step}' needs the name of who takes it."), hint=N_("Give it with --by."), step=step.name
        )
    is_concerned = attempt.concerned is not None and same_person(actor, attempt.concerned)
    if step.person is Person.CONCERNED and not is_concerned:
        raise NotAllowed(N_("Only {agent} may take the step '{step}'."), agent=attempt.concerned or "?", step=step.name)
    if step.person is Person.OTHER and (is_concerned or any(same_person(actor, one) for one in attempt.involved)):
        raise NotAllowed(
            N_("{actor} had a part in it before: the step '{step}' is for somebody else."),
            hint=N_("Ask a colleague who has neither judged nor is judged here."),
            actor=actor,
            step=step.name,
        )


class _State(RuleModel):
    id: Id
    name: Words
    final: bool = False


class _Step(RuleModel):
    id: Id
    name: Words
    from_: Annotated[tuple[Id, ...], Field(alias="from")]
    to: Id
    roles: tuple[StaffRole, ...]
    person: Person = Person.ANY
    reason: bool = False
    guards: tuple[GuardName, ...] = ()


class _File(RuleModel):
    schema_: Annotated[Literal[1], Field(alias="schema")]
    id: Id
    name: Words
    initial: Id
    states: tuple[_State, ...]
    transitions: tuple[_Step, ...]


@cache
def shipped() -> Mapping[str, Workflow]:
    """Return the machines of the product by id, read once."""
    found = [read_workflow(path) for path in sorted(FOLDER.glob("*.yaml"))]
    return {workflow.id: workflow for workflow in found}


def get_workflow(machine: str) -> Workflow:
    """Return a machine of the product; raises NotFound, naming those that exist."""
    found = shipped().get(machine)
    if found is None:
        known = ", ".join(shipped())
        hint = N_("Known state machines: {known}.")
        raise NotFound(N_("There is no state machine with the id {id}."), hint=hint, id=machine, known=known)
    return found


def read_workflow(path: Path) -> Workflow:
    """Read one file.

    Raises
    ------
    ConfigurationError
        With file, line and key: it does not fit the schema, a state is unknown, cannot be reached or leads nowhere.
    """
    document = read_yaml(path)
    parsed = parse_document(document, _File, ConfigurationError)
    problem = next(_disagreements(document, parsed), None)
    if problem is not None:
        raise problem
    return Workflow(
        id=parsed.id,
        name=parsed.name.text,
        initial=parsed.initial,
        states=tuple(State(id=state.id, name=state.name.text, final=state.final) for state in parsed.states),
        steps=tuple(
            Step(
                id=step.id,
                name=step.name.text,
                from_states=step.from_,
                to_state=step.to,
                roles=step.roles,
                person=step.person,
                needs_reason=step.reason,
                guards=step.guards,
            )
            for step in parsed.transitions
        ),
    )


def _disagreements(document: Document, parsed: _File) -> Iterator[ConfigurationError]:
    states = [state.id for state in parsed.states]
    yield from _doubled(document, "states", states)
    yield from _doubled(document, "transitions", [step.id for step in parsed.transitions])
    named: list[tuple[tuple[str | int, ...], str]] = [(("initial",), parsed.initial)]
    for index, step in enumerate(parsed.transitions):
        for key, listed in (("from", step.from_), ("roles", step.roles)):
            if not listed:
                message = N_("The step {id} names none under {key}, so nobody could ever take it.")
                yield located(document, ConfigurationError, ("transitions", index, key), message, id=step.id, key=key)
        named += [(("transitions", index, "from"), state) for state in step.from_]
        named.append((("transitions", index, "to"), step.to))
    for keys, state in named:
        if state not in states:
            message = N_("There is no state {id} among the states of this file.")
            yield located(document, ConfigurationError, keys, message, id=state)
    yield from _astray(document, parsed)


def _doubled(document: Document, key: str, ids: Iterable[str]) -> Iterator[ConfigurationError]:
    seen: set[str] = set()
    for index, found in enumerate(ids):
        if found in seen:
            yield located(
                document, ConfigurationError, (key, index, "id"), N_("The id {id} stands here twice."), id=found
            )
        seen.add(found)


def _astray(document: Document, parsed: _File) -> Iterator[ConfigurationError]:
    """Yield what is wrong with the ways: states that nothing reaches, dead ends, and ways out of the end."""
    reached, waiting = {parsed.initial}, [parsed.initial]
    while waiting:
        state = waiting.pop()
        following = {step.to for step in parsed.transitions if state in step.from_} - reached
        reached |= following
        waiting += following
    left = {state for step in parsed.transitions for state in step.from_}
    for index, found in enumerate(parsed.states):
        problems = {
            N_("No step leads to the state {id}."): found.id not in reached,
            N_("Nothing leads out of the state {id}, and it is not final."): found.id not in left and not found.final,
            N_("The state {id} is final, but a step leaves it."): found.id in left and found.final,
        }
        for message, holds in problems.items():
            if holds:
                yield located(document, ConfigurationError, ("states", index), message, id=found.id)
