"""``attitude``: a dimension of service attitude, or its overall value, lies in a range of the 1-5 scale."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from qa_pipeline.detectors.measure import by_range
from qa_pipeline.detectors.params import Params, Range
from qa_pipeline.detectors.scene import Scene, Speaker
from qa_pipeline.detectors.sentiment import MODEL_CONFIDENCE
from qa_pipeline.detectors.verdict import EVIDENCE_MAX, Verdict, measured, undetermined
from qa_pipeline.domain.annotation import AttitudeMark
from qa_pipeline.domain.inspection import Evidence
from qa_pipeline.errors import N_

Dimension = Literal["overall", "courtesy", "empathy", "patience", "ownership", "professionalism"]

_MESSAGES = {
    "overall": N_("Service attitude is {value} of 5 (wanted: {limits})."),
    "courtesy": N_("Courtesy is {value} of 5 (wanted: {limits})."),
    "empathy": N_("Empathy is {value} of 5 (wanted: {limits})."),
    "patience": N_("Patience is {value} of 5 (wanted: {limits})."),
    "ownership": N_("Ownership is {value} of 5 (wanted: {limits})."),
    "professionalism": N_("Professionalism is {value} of 5 (wanted: {limits})."),
}


class AttitudeParams(Params):
    """``dimension`` of service attitude, 1-5."""

    dimension: Dimension = "overall"
    met: Range
    partly: Range | None = None


def judge_attitude(scene: Scene, params: AttitudeParams) -> Verdict:
    """Judge service attitude; the marks that moved it are the evidence."""
    problem = scene.cannot_judge_words(Speaker.AGENT)
    if problem is not None:
        return problem
    if scene.is_draft:
        return undetermined(N_("The recognised text is only a draft, so the attitude in it is not judged."))
    scores = [item for item in scene.view.annotation.attitude if params.dimension in ("overall", item.dimension)]
    value = scene.view.annotation.attitude_value if params.dimension == "overall" else None
    confidence = min((item.confidence for item in scores if item.value is not None), default=MODEL_CONFIDENCE)
    if params.dimension != "overall" and scores:
        value = scores[0].value
    if value is None:
        return undetermined(N_("There was nothing to judge this attitude by."))
    evidence = measured(f"attitude_{params.dimension}", value)
    verdict = by_range(_MESSAGES[params.dimension], evidence, params.met, params.partly)
    marks = sorted((mark for item in scores for mark in item.marks), key=lambda mark: -abs(mark.effect))
    quotes = dict.fromkeys(_quote(scene, mark) for mark in marks if mark.utterance is not None and mark.quote)
    return replace(
        verdict, confidence=min(confidence, MODEL_CONFIDENCE), evidence=(*verdict.evidence, *quotes)[: EVIDENCE_MAX + 1]
    )


def _quote(scene: Scene, mark: AttitudeMark) -> Evidence:
    utterance = scene.view.utterances[mark.utterance or 0]
    return Evidence(
        quote=mark.quote,
        utterance=utterance.index,
        role=utterance.role,
        start_s=utterance.start_s,
        end_s=utterance.end_s,
    )
