"""``sentiment``: how one party felt at the start, at the end or over the contact lies in a range."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from qa_pipeline.detectors.measure import by_range
from qa_pipeline.detectors.params import Params, Range
from qa_pipeline.detectors.scene import Scene, Speaker
from qa_pipeline.detectors.verdict import Verdict, measured, undetermined
from qa_pipeline.domain.annotation import SentimentCourse
from qa_pipeline.domain.inspection import Evidence
from qa_pipeline.errors import N_

# What a sentiment model says of text; it is right less often than a phrase match.
MODEL_CONFIDENCE = 0.6

Moment = Literal["start", "end", "mean", "lowest", "change"]

_MESSAGES = {
    ("customer", "start"): N_("The customer's sentiment at the start is {value} (wanted: {limits})."),
    ("customer", "end"): N_("The customer's sentiment at the end is {value} (wanted: {limits})."),
    ("customer", "mean"): N_("The customer's mean sentiment is {value} (wanted: {limits})."),
    ("customer", "lowest"): N_("The customer's lowest sentiment is {value} (wanted: {limits})."),
    ("customer", "change"): N_("The customer's sentiment changes by {value} from start to end (wanted: {limits})."),
    ("agent", "start"): N_("The agent's sentiment at the start is {value} (wanted: {limits})."),
    ("agent", "end"): N_("The agent's sentiment at the end is {value} (wanted: {limits})."),
    ("agent", "mean"): N_("The agent's mean sentiment is {value} (wanted: {limits})."),
    ("agent", "lowest"): N_("The agent's lowest sentiment is {value} (wanted: {limits})."),
    ("agent", "change"): N_("The agent's sentiment changes by {value} from start to end (wanted: {limits})."),
}


class SentimentParams(Params):
    """``role``: agent or customer. ``at``: which figure of the course, -1..1; ``change`` is end minus start, -2..2."""

    role: Literal["agent", "customer"] = "customer"
    at: Moment
    met: Range
    partly: Range | None = None


def judge_sentiment(scene: Scene, params: SentimentParams) -> Verdict:
    """Judge the course of sentiment; over a draft transcript it judges nothing."""
    problem = scene.cannot_judge_words(Speaker(params.role))
    if problem is not None:
        return problem
    if scene.is_draft:
        return undetermined(N_("The recognised text is only a draft, so its sentiment is not judged."))
    course = next((item for item in scene.view.annotation.courses if item.role == params.role), None)
    value = _value(course, params.at) if course else None
    if course is None or value is None:
        return undetermined(N_("Too little was said to follow the sentiment."))
    evidence = measured(f"{params.role}_sentiment_{params.at}", value)
    verdict = by_range(_MESSAGES[params.role, params.at], evidence, params.met, params.partly)
    return replace(verdict, confidence=MODEL_CONFIDENCE, evidence=verdict.evidence + _lowest(scene, params, course))


def _value(course: SentimentCourse, at: Moment) -> float | None:
    if at != "change":
        value: float | None = getattr(course, at)
        return value
    return None if course.start is None or course.end is None else course.end - course.start


def _lowest(scene: Scene, params: SentimentParams, course: SentimentCourse) -> tuple[Evidence, ...]:
    """Return the sentence behind the lowest value, where that is what was judged."""
    if params.at != "lowest" or course.lowest_utterance is None:
        return ()
    utterance = scene.view.utterances[course.lowest_utterance]
    return (
        Evidence(
            quote=utterance.text,
            utterance=utterance.index,
            role=utterance.role,
            start_s=utterance.start_s,
            end_s=utterance.end_s,
        ),
    )
