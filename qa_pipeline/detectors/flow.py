"""``flow``: a conversation goes its way step by step, and where the customer turns, down the branch for that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Annotated

from pydantic import Field, model_validator

from qa_pipeline.detectors.cue import Cue, Judge, Sightings, Sought, see
from qa_pipeline.detectors.flow_walk import Walk, walk
from qa_pipeline.detectors.params import Count, NestedCheck, Params, Seconds
from qa_pipeline.detectors.scene import Scene
from qa_pipeline.detectors.verdict import SURE, SURE_OF_ABSENCE, Verdict, undetermined
from qa_pipeline.domain.inspection import Outcome, Reason
from qa_pipeline.errors import N_

STEPS_MAX = 50


class FlowStep(Sought):
    """A step (``any``, ``move`` or ``check``), or a branch (``when`` with ``then``, and ``otherwise``).

    A step comes after the one before it. ``optional``: may be left out. ``within_utterances``: among so many utterances
    of its speaker after the step before; ``within_s``: so many seconds after it; one of those given is enough. Before
    the first step lies the start of the contact. ``name``: what the reason calls the step.

    A branch is taken when its cue is seen anywhere in the contact; its steps come after the cue and after the step
    before the branch.
    """

    optional: bool = False
    within_utterances: Count | None = None
    within_s: Seconds | None = None
    name: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    when: Cue | None = None
    then: Annotated[tuple[FlowStep, ...], Field(min_length=1, max_length=STEPS_MAX)] | None = None
    otherwise: Annotated[tuple[FlowStep, ...], Field(min_length=1, max_length=STEPS_MAX)] | None = None

    @model_validator(mode="after")
    def _is_step_or_branch(self) -> FlowStep:
        if (self.when is None) != (self.then is None) or (self.when is None and self.otherwise is not None):
            raise ValueError(N_("a branch needs when and then; otherwise stands only beside them"))
        if self.when is not None:
            if self.given_count or self.optional or self.within_s is not None or self.within_utterances is not None:
                raise ValueError(N_("a branch has when, then and otherwise alone; write its steps under then"))
        elif self.given_count != 1:
            raise ValueError(N_("a step needs exactly one of any, move and check, or when and then"))
        return self

    @property
    def has_limit(self) -> bool:
        """Whether the step has to come soon after the one before."""
        return self.within_utterances is not None or self.within_s is not None

    @property
    def sought(self) -> Iterator[Sought]:
        """What the step and all steps inside it look for."""
        yield self.when or self
        for inner in (*(self.then or ()), *(self.otherwise or ())):
            yield from inner.sought

    def called(self, scene: Scene) -> str:
        """Return what the reason calls the step."""
        return self.name or self.named(scene)


class FlowParams(Params):
    """``steps`` in their order. ``partly_steps``: so many steps done give PARTLY_MET.

    ``partly_unordered``: all said, but out of order or too late, gives PARTLY_MET instead of NOT_MET.
    """

    steps: Annotated[tuple[FlowStep, ...], Field(min_length=1, max_length=STEPS_MAX)]
    partly_steps: Count | None = None
    partly_unordered: bool = True

    @cached_property
    def sought(self) -> tuple[Sought, ...]:
        """What all steps look for, in the order of the card."""
        return tuple(sought for step in self.steps for sought in step.sought)

    @property
    def nested(self) -> tuple[NestedCheck, ...]:
        """The checks inside the steps."""
        return tuple(sought.check for sought in self.sought if sought.check is not None)


def judge_flow(scene: Scene, params: FlowParams, judges: Sequence[Judge]) -> Verdict:
    """Judge whether a conversation went its way; `judges` are those of the checks inside it, in their order.

    What was seen for sure and what was perhaps seen are judged apart: where they disagree, nobody knows.
    """
    waiting = iter(judges)
    seen: dict[int, Sightings] = {}
    for sought in params.sought:
        seen[id(sought)] = see(scene, sought, next(waiting) if sought.check is not None else None)
    problem = next((part.problem for part in seen.values() if part.problem is not None), None)
    if problem is not None:
        return problem
    found = walk(scene, params.steps, seen, with_doubt=False)
    verdict = _judged(scene, params, found)
    if scene.is_draft and (verdict.outcome is not Outcome.MET or found.untaken):
        return undetermined(
            N_("Not heard, but the recognised text is only a draft, so it may have been said."), verdict.evidence
        )
    perhaps = _judged(scene, params, walk(scene, params.steps, seen, with_doubt=True))
    if perhaps.outcome is not verdict.outcome:
        why = N_("The steps may have gone another way: who said something, or the words themselves are not sure.")
        return undetermined(N_("The transcript carries no times.") if found.untimed else why, perhaps.evidence)
    return verdict


def _judged(scene: Scene, params: FlowParams, found: Walk) -> Verdict:
    evidence = found.evidence
    if not found.wanted_count:
        return Verdict(
            outcome=Outcome.NOT_APPLICABLE,
            confidence=SURE_OF_ABSENCE,
            reason=Reason(message=N_("The occasion for this did not arise.")),
            evidence=evidence,
        )
    count = found.wanted_count - len(found.missed)
    values: Mapping[str, str | int] = {"count": count, "wanted": found.wanted_count}
    if not found.missed:
        return Verdict(
            outcome=Outcome.MET,
            confidence=SURE * found.confidence,
            reason=Reason(message=N_("All {count} steps were said in their order."), params=values),
            evidence=evidence,
        )
    absent = [missed.step for missed in found.missed if not missed.was_said]
    if absent:
        message = N_("{count} of {wanted} steps were said; missing: “{example}”.")
    else:
        message = N_("{count} of {wanted} steps were said in their place; too late or out of order: “{example}”.")
    example = (absent or [found.missed[0].step])[0].called(scene)
    is_partly = (not absent and params.partly_unordered) or (
        params.partly_steps is not None and count >= params.partly_steps
    )
    return Verdict(
        outcome=Outcome.PARTLY_MET if is_partly else Outcome.NOT_MET,
        confidence=SURE_OF_ABSENCE,
        reason=Reason(message=message, params={**values, "example": example}),
        evidence=evidence,
    )
