"""``measure``: a measured fact of the conversation lies in a range."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, model_validator

from qa_pipeline.detectors.params import Params, Range
from qa_pipeline.detectors.scene import Scene
from qa_pipeline.detectors.suggest import suggestion
from qa_pipeline.detectors.verdict import SURE, Verdict, measured, undetermined
from qa_pipeline.domain.inspection import Evidence, Outcome, Reason
from qa_pipeline.domain.listening import ThirdFacts
from qa_pipeline.errors import N_, Message

# What a supervisor reads. Places in the contact (_PLACES) are no quantities and no measures.
MEASURES = {
    "duration_s": N_("The contact lasts {value} s (allowed: {limits})."),
    "agent_talk_s": N_("The agent talks for {value} s (allowed: {limits})."),
    "customer_talk_s": N_("The customer talks for {value} s (allowed: {limits})."),
    "agent_talk_ratio": N_("The agent's share of all talk is {value} (allowed: {limits})."),
    "silence_ratio": N_("Silence is {value} of the contact (allowed: {limits})."),
    "longest_silence_s": N_("The longest silence lasts {value} s (allowed: {limits})."),
    "overlap_ratio": N_("Both talk at once for {value} of the contact (allowed: {limits})."),
    "agent_overlaps_count": N_("The agent joins in {value} times while the customer talks (allowed: {limits})."),
    "agent_overlaps_s": N_("Both talk at once for {value} s because the agent joined in (allowed: {limits})."),
    "customer_overlaps_count": N_("The customer joins in {value} times while the agent talks (allowed: {limits})."),
    "customer_overlaps_s": N_("Both talk at once for {value} s because the customer joined in (allowed: {limits})."),
    "agent_interruptions_count": N_("The agent interrupts {value} times (allowed: {limits})."),
    "customer_interruptions_count": N_("The customer interrupts {value} times (allowed: {limits})."),
    "longest_agent_monologue_s": N_("The agent's longest monologue lasts {value} s (allowed: {limits})."),
    "longest_customer_monologue_s": N_("The customer's longest monologue lasts {value} s (allowed: {limits})."),
    "first_agent_speech_s": N_("The agent first speaks after {value} s (allowed: {limits})."),
    "response_latency_s": N_("The agent usually answers after {value} s (allowed: {limits})."),
    "longest_response_latency_s": N_("The agent's slowest answer comes after {value} s (allowed: {limits})."),
    "hold_count": N_("The line is on hold {value} times (allowed: {limits})."),
    "hold_s": N_("The line is on hold for {value} s (allowed: {limits})."),
    "longest_hold_s": N_("The longest hold lasts {value} s (allowed: {limits})."),
    "agent_speech_rate": N_("The agent speaks {value} words or characters a minute (allowed: {limits})."),
    "customer_speech_rate": N_("The customer speaks {value} words or characters a minute (allowed: {limits})."),
    "agent_speech_db": N_("The agent's voice has a level of {value} dBFS (allowed: {limits})."),
    "customer_speech_db": N_("The customer's voice has a level of {value} dBFS (allowed: {limits})."),
}
_IN_A_THIRD = N_("In third {third} of the call: {measure} is {value} (allowed: {limits}).")
# Measures that each third of a call has as well.
_OF_A_THIRD = frozenset(MEASURES) & {field.name for field in fields(ThirdFacts)}
_PLACES = {"longest_silence_s": "longest_silence_start_s", "longest_hold_s": "longest_hold_start_s"}
# These hold however the parties lie on the channels; all others ask who spoke when.
_SPEAKERLESS = frozenset({"duration_s", "silence_ratio", "longest_silence_s", "hold_count", "hold_s", "longest_hold_s"})


def _is_measure(name: str) -> str:
    if name not in MEASURES:
        params = {"name": name, "suggestion": suggestion(name, MEASURES)}
        raise ValueError(Message(N_("there is no measure '{name}'{suggestion}"), params))
    return name


class MeasureParams(Params):
    """``measure``: a field of Facts. ``met``: the range for MET. ``partly``: a wider range for PARTLY_MET.

    ``third``: 1, 2 or 3 judges that third of the call alone.
    """

    measure: Annotated[str, AfterValidator(_is_measure)]
    met: Range
    partly: Range | None = None
    third: Literal[1, 2, 3] | None = None

    @model_validator(mode="after")
    def _third_has_it(self) -> Self:
        if self.third is not None and self.measure not in _OF_A_THIRD:
            raise ValueError(Message(N_("a third of a call has no '{name}'"), {"name": self.measure}))
        return self


def judge_measure(scene: Scene, params: MeasureParams) -> Verdict:
    """Judge a measured value; a value that could not be measured judges nothing."""
    if params.measure not in _SPEAKERLESS and not scene.timing_reliable:
        return undetermined(N_("Who spoke when is not sure for this recording, so times are not judged."))
    facts = scene.view.facts
    third = None
    if params.third is not None:
        third = facts.thirds[params.third - 1] if facts.thirds else ThirdFacts(start_s=0.0, end_s=0.0)
    value = getattr(third or facts, params.measure)
    if value is None:
        return undetermined(N_("This could not be measured for this contact ({measure})."), measure=params.measure)
    if third is not None:
        evidence = measured(params.measure, float(value), third.start_s)
        named = {"third": params.third or 0, "measure": params.measure}
        return by_range(_IN_A_THIRD, evidence, params.met, params.partly, named)
    start_s = getattr(facts, _PLACES[params.measure]) if params.measure in _PLACES else None
    evidence = measured(params.measure, float(value), start_s)
    return by_range(MEASURES[params.measure], evidence, params.met, params.partly)


def by_range(
    message: str,
    evidence: Evidence,
    met: Range,
    partly: Range | None,
    named: Mapping[str, str | int] = MappingProxyType({}),
) -> Verdict:
    """Return the verdict over a measured value: MET in `met`, PARTLY_MET in `partly`, else NOT_MET.

    `message` has the places ``{value}``, ``{limits}`` and those of `named`.
    """
    value = evidence.value or 0.0
    if met.holds(value):
        outcome = Outcome.MET
    else:
        outcome = Outcome.PARTLY_MET if partly is not None and partly.holds(value) else Outcome.NOT_MET
    return Verdict(
        outcome=outcome,
        confidence=SURE,
        reason=Reason(message=message, params={"value": f"{round(value, 2):g}", "limits": _render_range(met), **named}),
        evidence=(evidence,),
    )


def _render_range(limits: Range) -> str:
    if limits.at_least is None:
        return f"≤ {limits.at_most:g}"
    if limits.at_most is None:
        return f"≥ {limits.at_least:g}"
    return f"{limits.at_least:g} – {limits.at_most:g}"
