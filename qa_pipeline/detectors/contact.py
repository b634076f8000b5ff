"""``contact``: the contact itself is of a kind, queue, direction, length or shape; mostly a condition for others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, model_validator

from qa_pipeline.detectors.params import Params, Range
from qa_pipeline.detectors.scene import Scene
from qa_pipeline.detectors.verdict import SURE, Verdict, measured, undetermined
from qa_pipeline.domain.contact import ContactKind, Role
from qa_pipeline.domain.inspection import Evidence, Outcome, Reason
from qa_pipeline.errors import N_

Party = Literal["agent", "customer"]
Queues = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=200)], ...], Field(min_length=1)]


class ContactParams(Params):
    """All that is given must hold.

    ``kind``: call or chat. ``queues``: one of these, letter case ignored. ``direction``: inbound or outbound.
    ``duration_s``: length in seconds. ``utterances``: how many there are. ``first_speaker``, ``last_speaker``: who says
    the first or last thing, announcements left out.
    """

    kind: ContactKind | None = None
    queues: Queues | None = None
    direction: Literal["inbound", "outbound"] | None = None
    duration_s: Range | None = None
    utterances: Range | None = None
    first_speaker: Party | None = None
    last_speaker: Party | None = None

    @model_validator(mode="after")
    def _asks_something(self) -> ContactParams:
        if not self.model_fields_set:
            raise ValueError(
                N_("give at least one of kind, queues, direction, duration_s, utterances and the speakers")
            )
        return self


def judge_contact(scene: Scene, params: ContactParams) -> Verdict:
    """Judge what is known of the contact; what is not known is not judged, unless something known speaks against it."""
    answers = dict(_answers(scene, params))
    evidence = _evidence(scene, params)
    wrong = [name for name, holds in answers.items() if holds is False]
    unknown = [name for name, holds in answers.items() if holds is None]
    if unknown and not wrong:
        return undetermined(N_("This is not known of the contact: {name}."), evidence, name=unknown[0])
    if wrong:
        reason = Reason(message=N_("The contact is another one: {name}."), params={"name": ", ".join(wrong)})
        return Verdict(outcome=Outcome.NOT_MET, confidence=SURE, reason=reason, evidence=evidence)
    reason = Reason(message=N_("The contact is such a one: {name}."), params={"name": ", ".join(answers)})
    return Verdict(outcome=Outcome.MET, confidence=SURE, reason=reason, evidence=evidence)


def _answers(scene: Scene, params: ContactParams) -> Iterator[tuple[str, bool | None]]:
    """Yield whether each thing asked for holds, None where nobody knows."""
    view = scene.view
    if params.kind is not None:
        yield "kind", view.kind is params.kind
    if params.queues is not None:
        wanted = {queue.strip().casefold() for queue in params.queues}
        yield "queues", None if not view.queue else view.queue.strip().casefold() in wanted
    if params.direction is not None:
        yield "direction", None if view.direction == "unknown" else view.direction == params.direction
    if params.duration_s is not None:
        duration_s = view.facts.duration_s
        yield "duration_s", None if duration_s is None else params.duration_s.holds(duration_s)
    if params.utterances is not None:
        yield "utterances", params.utterances.holds(len(_spoken(scene))) if view.utterances else None
    roles = _spoken(scene)
    for name, wanted_role, at in (
        ("first_speaker", params.first_speaker, 0),
        ("last_speaker", params.last_speaker, -1),
    ):
        if wanted_role is not None:
            yield name, None if not roles or roles[at] is Role.UNKNOWN else roles[at] == wanted_role


def _spoken(scene: Scene) -> list[Role]:
    return [item.role for item in scene.view.utterances if item.role is not Role.SYSTEM and item.text.strip()]


def _evidence(scene: Scene, params: ContactParams) -> tuple[Evidence, ...]:
    found = []
    if params.duration_s is not None and scene.view.facts.duration_s is not None:
        found.append(measured("duration_s", scene.view.facts.duration_s))
    if params.utterances is not None and scene.view.utterances:
        found.append(measured("utterances_count", float(len(_spoken(scene)))))
    return tuple(found)
