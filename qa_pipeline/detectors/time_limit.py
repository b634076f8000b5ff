"""``time_limit``: something is said within so many seconds of the start or of another event."""

from __future__ import annotations

from functools import cached_property

from pydantic import model_validator

from qa_pipeline.detectors.params import Params, Phrases, Seconds
from qa_pipeline.detectors.scene import Scene, Speaker
from qa_pipeline.detectors.search import Finder, phrase_finder, search
from qa_pipeline.detectors.verdict import SURE, SURE_OF_ABSENCE, Verdict, measured, quote_of, undetermined
from qa_pipeline.domain.inspection import Evidence, Outcome, Reason
from qa_pipeline.errors import N_
from qa_pipeline.scoring.match import Hit, Passage, prepare_phrases


class Event(Params):
    """Words of `role`; without ``any``, whatever that party says first."""

    role: Speaker = Speaker.AGENT
    any: Phrases | None = None

    @cached_property
    def finder(self) -> Finder:
        """Finder of the event."""
        return phrase_finder(prepare_phrases(self.any), tolerant=True) if self.any else _every_utterance


class TimeLimitParams(Event):
    """``within_s`` for MET, ``partly_s`` for PARTLY_MET; counted from the start or from each ``after`` event.

    With ``after``, every event must be followed in time: the slowest decides.
    """

    within_s: Seconds
    partly_s: Seconds | None = None
    after: Event | None = None

    @model_validator(mode="after")
    def _limits_grow(self) -> TimeLimitParams:
        if self.partly_s is not None and self.partly_s <= self.within_s:
            raise ValueError(N_("partly_s must be greater than within_s"))
        return self


def judge_time_limit(scene: Scene, params: TimeLimitParams) -> Verdict:
    """Judge how soon something was said."""
    speakers = {params.role} | ({params.after.role} if params.after else set())
    for speaker in sorted(speakers):
        problem = scene.cannot_judge_words(speaker)
        if problem is not None:
            return problem
    if not scene.timing_reliable:
        return undetermined(N_("Who spoke when is not sure for this recording, so times are not judged."))
    said = search(scene, params.role, params.finder)
    events = search(scene, params.after.role, params.after.finder) if params.after else None
    everything = said.sure + (events.sure if events else ())
    if any(hit.utterance.start_s is None for hit in everything):
        return undetermined(N_("The transcript carries no times."))
    if events is not None and not events.sure:
        return undetermined(N_("The event from which the time counts was not found."))
    waits = [_wait_from(_end_s(event), said.sure) for event in events.sure] if events else [_wait_from(0.0, said.sure)]
    if any(wait is None for wait in waits):
        return _never_said(scene, params, bool(said.doubtful))
    slowest_s, hit = max((wait for wait in waits if wait is not None), key=lambda wait: wait[0])
    return _by_wait(scene, params, slowest_s, hit, said.confidence)


def _every_utterance(passage: Passage) -> tuple[Hit, ...]:
    return tuple(
        Hit("", utterance, place, 0, len(utterance.text), "words", 1.0)
        for place, utterance in enumerate(passage.utterances)
        if utterance.text.strip()
    )


def _end_s(hit: Hit) -> float:
    end_s = hit.utterance.end_s
    return end_s if end_s is not None else hit.utterance.start_s or 0.0


def _start_s(hit: Hit) -> float:
    return quote_of(hit).start_s or 0.0


def _wait_from(start_s: float, said: tuple[Hit, ...]) -> tuple[float, Hit] | None:
    """Return how long after `start_s` the first of `said` comes; None when none does."""
    later = [(_start_s(hit) - start_s, hit) for hit in said if _start_s(hit) >= start_s]
    return min(later, key=lambda wait: wait[0]) if later else None


def _never_said(scene: Scene, params: TimeLimitParams, has_doubtful: bool) -> Verdict:
    if scene.is_draft or has_doubtful:
        return undetermined(N_("Not heard with certainty, so the time is unknown."))
    return Verdict(
        outcome=Outcome.NOT_MET,
        confidence=SURE_OF_ABSENCE,
        reason=Reason(message=N_("Not said within {limit} s."), params={"limit": f"{params.within_s:g}"}),
    )


def _by_wait(scene: Scene, params: TimeLimitParams, wait_s: float, hit: Hit, confidence: float) -> Verdict:
    evidence: tuple[Evidence, ...] = (quote_of(hit), measured("wait_s", round(wait_s, 2), _start_s(hit)))
    values: dict[str, str | int | float] = {"wait": f"{round(wait_s, 1):g}", "limit": f"{params.within_s:g}"}
    if wait_s <= params.within_s:
        message, outcome = N_("Said after {wait} s, within {limit} s."), Outcome.MET
    elif scene.is_draft and params.any:
        return undetermined(
            N_("Heard after {wait} s; an earlier time may have been missed in the draft."),
            evidence,
            wait=f"{round(wait_s, 1):g}",
        )
    else:
        is_partly = params.partly_s is not None and wait_s <= params.partly_s
        message = N_("Said after {wait} s, later than {limit} s.")
        outcome = Outcome.PARTLY_MET if is_partly else Outcome.NOT_MET
    return Verdict(
        outcome=outcome,
        confidence=SURE * confidence,
        reason=Reason(message=message, params=values),
        evidence=evidence,
    )
