"""``sentiment``: how one party felt lies in a range, or the sentiment took a course such as leaving angry."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from pydantic import model_validator

from qa_pipeline.detectors.measure import by_range
from qa_pipeline.detectors.params import Params, Range
from qa_pipeline.detectors.scene import Scene, Speaker
from qa_pipeline.detectors.verdict import EVIDENCE_MAX, Verdict, measured, undetermined
from qa_pipeline.domain.annotation import CourseEvent, SentimentCourse, TurningPoint
from qa_pipeline.domain.inspection import Evidence, Outcome, Reason
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
_EVENTS = {
    ("customer", CourseEvent.LEFT_ANGRY): N_("The customer left angry."),
    ("customer", CourseEvent.RECOVERED): N_("The customer was upset and left friendly."),
    ("customer", CourseEvent.WORSENED): N_("The customer's sentiment got worse."),
    ("customer", CourseEvent.IMPROVED): N_("The customer's sentiment got better."),
    ("agent", CourseEvent.WORSENED): N_("The agent's sentiment got worse."),
    ("agent", CourseEvent.IMPROVED): N_("The agent's sentiment got better."),
}
_NO_EVENTS = {
    ("customer", CourseEvent.LEFT_ANGRY): N_("The customer did not leave angry."),
    ("customer", CourseEvent.RECOVERED): N_("There was no recovery from anger to friendliness."),
    ("customer", CourseEvent.WORSENED): N_("The customer's sentiment did not get worse."),
    ("customer", CourseEvent.IMPROVED): N_("The customer's sentiment did not get better."),
    ("agent", CourseEvent.WORSENED): N_("The agent's sentiment did not get worse."),
    ("agent", CourseEvent.IMPROVED): N_("The agent's sentiment did not get better."),
}


class SentimentParams(Params):
    """``role``: agent or customer; and either a figure in a range or an event.

    ``at``: which figure of the course, -1..1; ``change`` is end minus start, -2..2. ``met`` and ``partly`` are its
    ranges. ``event``: MET where it happened: left_angry and recovered (of the customer), worsened, improved.
    """

    role: Literal["agent", "customer"] = "customer"
    at: Moment | None = None
    met: Range | None = None
    partly: Range | None = None
    event: CourseEvent | None = None

    @model_validator(mode="after")
    def _asks_one_thing(self) -> SentimentParams:
        if (self.event is None) == (self.at is None):
            raise ValueError(N_("give at or event, and not both"))
        if self.at is not None and self.met is None:
            raise ValueError(N_("at needs met"))
        if self.event is not None:
            if self.met is not None or self.partly is not None:
                raise ValueError(N_("met and partly belong to at, not to event"))
            if (self.role, self.event) not in _EVENTS:
                raise ValueError(N_("this event is looked for in the customer alone"))
        return self


def judge_sentiment(scene: Scene, params: SentimentParams) -> Verdict:
    """Judge the course of sentiment; over a draft transcript it judges nothing."""
    problem = scene.cannot_judge_words(Speaker(params.role))
    if problem is not None:
        return problem
    if scene.is_draft:
        return undetermined(N_("The recognised text is only a draft, so its sentiment is not judged."))
    course = next((item for item in scene.view.annotation.courses if item.role == params.role), None)
    if params.event is not None:
        return _judge_event(scene, params.role, params.event, course)
    assert params.at is not None, "the parameters were validated"
    assert params.met is not None, "the parameters were validated"
    value = _value(course, params.at) if course else None
    if course is None or value is None:
        return _too_little()
    evidence = measured(f"{params.role}_sentiment_{params.at}", value)
    verdict = by_range(_MESSAGES[params.role, params.at], evidence, params.met, params.partly)
    return replace(verdict, confidence=MODEL_CONFIDENCE, evidence=verdict.evidence + _lowest(scene, params, course))


def _judge_event(scene: Scene, role: str, event: CourseEvent, course: SentimentCourse | None) -> Verdict:
    if course is None or course.mean is None:
        return _too_little()
    points = [each for each in scene.view.annotation.turning_points if (each.role, each.event) == (role, event)]
    message = (_EVENTS if points else _NO_EVENTS)[role, event]
    return Verdict(
        outcome=Outcome.MET if points else Outcome.NOT_MET,
        confidence=MODEL_CONFIDENCE,
        reason=Reason(message=message),
        evidence=tuple(_shown(scene, each) for each in points[:EVIDENCE_MAX]),
    )


def _too_little() -> Verdict:
    return undetermined(N_("Too little was said to follow the sentiment."))


def _shown(scene: Scene, point: TurningPoint) -> Evidence:
    utterance = scene.view.utterances[point.utterance]
    return Evidence(
        quote=point.quote,
        utterance=utterance.index,
        role=utterance.role,
        start_s=utterance.start_s,
        end_s=utterance.end_s,
    )


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
