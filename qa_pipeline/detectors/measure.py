"""``measure``: a measured fact of the conversation lies in a range."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from qa_pipeline.detectors.params import Params, Range
from qa_pipeline.detectors.scene import Scene
from qa_pipeline.detectors.suggest import suggestion
from qa_pipeline.detectors.verdict import SURE, Verdict, measured, undetermined
from qa_pipeline.domain.inspection import Evidence, Outcome, Reason
from qa_pipeline.errors import N_, Message

# What a supervisor reads. Places in the contact (longest_silence_start_s) are no quantities and no measures.
MEASURES = {
    "duration_s": N_("The contact lasts {value} s (allowed: {limits})."),
    "agent_talk_s": N_("The agent talks for {value} s (allowed: {limits})."),
    "customer_talk_s": N_("The customer talks for {value} s (allowed: {limits})."),
    "agent_talk_ratio": N_("The agent's share of all talk is {value} (allowed: {limits})."),
    "silence_ratio": N_("Silence is {value} of the contact (allowed: {limits})."),
    "longest_silence_s": N_("The longest silence lasts {value} s (allowed: {limits})."),
    "overlap_ratio": N_("Both talk at once for {value} of the contact (allowed: {limits})."),
    "agent_interruptions_count": N_("The agent interrupts {value} times (allowed: {limits})."),
    "longest_agent_monologue_s": N_("The agent's longest monologue lasts {value} s (allowed: {limits})."),
    "first_agent_speech_s": N_("The agent first speaks after {value} s (allowed: {limits})."),
    "response_latency_s": N_("The agent usually answers after {value} s (allowed: {limits})."),
    "agent_speech_rate": N_("The agent speaks {value} words or characters a minute (allowed: {limits})."),
    "customer_speech_rate": N_("The customer speaks {value} words or characters a minute (allowed: {limits})."),
}
# These hold however the parties lie on the channels; all others ask who spoke when.
_SPEAKERLESS = frozenset({"duration_s", "silence_ratio", "longest_silence_s"})


def _is_measure(name: str) -> str:
    if name not in MEASURES:
        params = {"name": name, "suggestion": suggestion(name, MEASURES)}
        raise ValueError(Message(N_("there is no measure '{name}'{suggestion}"), params))
    return name


class MeasureParams(Params):
    """``measure``: a field of Facts. ``met``: the range for MET. ``partly``: a wider range for PARTLY_MET."""

    measure: Annotated[str, AfterValidator(_is_measure)]
    met: Range
    partly: Range | None = None


def judge_measure(scene: Scene, params: MeasureParams) -> Verdict:
    """Judge a measured value; a value that could not be measured judges nothing."""
    if params.measure not in _SPEAKERLESS and not scene.timing_reliable:
        return undetermined(N_("Who spoke when is not sure for this recording, so times are not judged."))
    value = getattr(scene.view.facts, params.measure)
    if value is None:
        return undetermined(N_("This could not be measured for this contact ({measure})."), measure=params.measure)
    start_s = scene.view.facts.longest_silence_start_s if params.measure == "longest_silence_s" else None
    evidence = measured(params.measure, float(value), start_s)
    return by_range(MEASURES[params.measure], evidence, params.met, params.partly)


def by_range(message: str, evidence: Evidence, met: Range, partly: Range | None) -> Verdict:
    """Return the verdict over a measured value: MET in `met`, PARTLY_MET in `partly`, else NOT_MET.

    `message` has the places ``{value}`` and ``{limits}``.
    """
    value = evidence.value or 0.0
    if met.holds(value):
        outcome = Outcome.MET
    else:
        outcome = Outcome.PARTLY_MET if partly is not None and partly.holds(value) else Outcome.NOT_MET
    return Verdict(
        outcome=outcome,
        confidence=SURE,
        reason=Reason(message=message, params={"value": f"{round(value, 2):g}", "limits": _render_range(met)}),
        evidence=(evidence,),
    )


def _render_range(limits: Range) -> str:
    if limits.at_least is None:
        return f"≤ {limits.at_most:g}"
    if limits.at_most is None:
        return f"≥ {limits.at_least:g}"
    return f"{limits.at_least:g} – {limits.at_most:g}"
