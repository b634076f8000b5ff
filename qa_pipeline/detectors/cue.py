"""Cues: something that somebody says or does in a contact, found with its place, on which other rules build."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

from pydantic import model_validator

from qa_pipeline.detectors.move import move_finder, moves_missing
from qa_pipeline.detectors.params import NestedCheck, Params, Phrases
from qa_pipeline.detectors.scene import Scene, Speaker
from qa_pipeline.detectors.search import Finder, Found, phrase_finder, search, words_confidence
from qa_pipeline.detectors.verdict import Verdict, quote_of
from qa_pipeline.domain.annotation import MoveKind
from qa_pipeline.domain.inspection import Evidence, Outcome
from qa_pipeline.errors import N_
from qa_pipeline.scoring.match import Hit, prepare_phrases
from qa_pipeline.scoring.move_lexicon import move_names

Judge = Callable[[Scene], Verdict]


class Sought(Params):
    """What can be looked for: ``any`` (phrases), ``move`` (a service move) or ``check`` (by its quotes)."""

    role: Speaker = Speaker.AGENT
    any: Phrases | None = None
    move: MoveKind | None = None
    check: NestedCheck | None = None

    @property
    def given_count(self) -> int:
        """How many of any, move and check are given."""
        return sum(part is not None for part in (self.any, self.move, self.check))

    @cached_property
    def finder(self) -> Finder:
        """Finder of the wordings."""
        return phrase_finder(prepare_phrases(self.any or ()), tolerant=True)

    def named(self, scene: Scene) -> str:
        """Return what a reader calls it: an example, the move or the kind of check."""
        if self.any is not None:
            return scene.example_of(self.any)
        if self.move is not None:
            return move_names()[self.move].in_language(scene.view.language)
        return self.check.detector if self.check is not None else ""


class Cue(Sought):
    """Exactly one thing to look for.

    ``role`` is the speaker of ``any`` and ``move``; a check has its own. Of a check the quotes of its finding count,
    the first few.
    """

    @model_validator(mode="after")
    def _is_one_cue(self) -> Cue:
        if self.given_count != 1:
            raise ValueError(N_("give exactly one of any, move and check"))
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A place where a cue was seen: utterance, span in its text, and the quote; confidence 0-1."""

    utterance: int
    start: int
    end: int
    evidence: Evidence
    confidence: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sightings:
    """Where a cue was seen for sure and where perhaps, in order of place.

    ``placeless``: a check holds without a quote to show. ``problem``: why nobody can say whether it was seen.
    """

    sure: tuple[Sighting, ...] = ()
    doubtful: tuple[Sighting, ...] = ()
    placeless: bool = False
    problem: Verdict | None = None


def see(scene: Scene, cue: Sought, judge: Judge | None) -> Sightings:
    """Look for a cue in a contact; `judge` is that of its check, if it is one."""
    if cue.check is not None and judge is not None:
        return _of_verdict(scene, judge(scene))
    problem = scene.cannot_judge_words(cue.role)
    if problem is not None:
        return Sightings(problem=problem)
    if cue.move is None:
        return _of_found(search(scene, cue.role, cue.finder))
    problem = moves_missing(scene)
    if problem is not None:
        return Sightings(problem=problem)
    return _of_found(search(scene, cue.role, move_finder(scene.view.annotation.moves, cue.move)))


def _of_found(found: Found) -> Sightings:
    return Sightings(sure=_ordered(map(_of_hit, found.sure)), doubtful=_ordered(map(_of_hit, found.doubtful)))


def _of_hit(hit: Hit) -> Sighting:
    return Sighting(
        utterance=hit.utterance.index,
        start=hit.start,
        end=hit.end,
        evidence=quote_of(hit),
        confidence=hit.likeness * (words_confidence(hit) or 1.0),
    )


def _of_verdict(scene: Scene, verdict: Verdict) -> Sightings:
    if verdict.outcome in (Outcome.NOT_MET, Outcome.PARTLY_MET, Outcome.NOT_APPLICABLE):
        return Sightings()
    seen = _ordered(_of_evidence(scene, part, verdict.confidence) for part in verdict.evidence if part.quote)
    if verdict.outcome is Outcome.MET:
        return Sightings(sure=seen, placeless=not seen)
    return Sightings(doubtful=seen, problem=None if seen else verdict)


def _of_evidence(scene: Scene, evidence: Evidence, confidence: float) -> Sighting:
    utterance = evidence.utterance or 0
    start = max(0, scene.view.utterances[utterance].text.find(evidence.quote))
    return Sighting(
        utterance=utterance,
        start=start,
        end=start + len(evidence.quote),
        evidence=evidence,
        confidence=min(1.0, confidence or 1.0),
    )


def _ordered(seen: Iterable[Sighting]) -> tuple[Sighting, ...]:
    return tuple(sorted(seen, key=lambda item: (item.utterance, item.start)))
