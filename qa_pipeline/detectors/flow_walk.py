"""Walking the steps of a flow over what was seen: every place that can be reached is kept, so no choice is regretted.

Each step turns the places that the steps before it can have reached into those that it can reach, in one pass over
both. The time grows with steps times sightings.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qa_pipeline.detectors.cue import Sighting, Sightings, Sought
from qa_pipeline.detectors.scene import Scene, Speaker
from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.inspection import Evidence

if TYPE_CHECKING:
    from qa_pipeline.detectors.flow import FlowStep

_SPEAKERS = {Role.AGENT: Speaker.AGENT, Role.CUSTOMER: Speaker.CUSTOMER}


@dataclass(frozen=True, slots=True)
class Missed:
    """A step that was not done in its place; whether it was said somewhere else."""

    step: FlowStep
    was_said: bool


@dataclass(frozen=True, slots=True)
class _Place:
    """Behind a sighting, with the way there. The start of the contact has no sighting."""

    utterance: int
    end: int
    time_s: float | None
    length: int = 0
    seen: Sighting | None = None
    before: _Place | None = None

    @property
    def key(self) -> tuple[int, int]:
        return self.utterance, self.end


_START = _Place(-1, 0, 0.0)


@dataclass(slots=True)
class Walk:
    """What came of a walk: how many steps were wanted, which were missed, and the quotes on the way.

    ``untaken``: a branch with steps to do was not entered. ``untimed``: a limit in seconds met words without times.
    ``confidence``: of the least sure quote, 0-1.
    """

    wanted_count: int = 0
    missed: list[Missed] = field(default_factory=list)
    untaken: bool = False
    untimed: bool = False
    evidence: tuple[Evidence, ...] = ()
    confidence: float = 1.0


def walk(scene: Scene, steps: Sequence[FlowStep], seen: Mapping[int, Sightings], *, with_doubt: bool) -> Walk:
    """Walk the steps; `seen` by ``id`` of what is sought. `with_doubt`: what was perhaps seen counts too."""
    walker = _Walker(scene, seen, with_doubt=with_doubt)
    places = walker.walk(steps, [_START])
    # The fullest way, and the earliest of those.
    place: _Place | None = max(places, key=lambda item: item.length)
    way: list[Sighting] = []
    while place is not None:
        if place.seen is not None:
            way.append(place.seen)
        place = place.before
    way.sort(key=lambda item: (item.utterance, item.start))
    walker.walk_.evidence = tuple(dict.fromkeys(item.evidence for item in way))
    walker.walk_.confidence = min((item.confidence for item in way), default=1.0)
    return walker.walk_


class _Walker:
    def __init__(self, scene: Scene, seen: Mapping[int, Sightings], *, with_doubt: bool) -> None:
        self._scene = scene
        self._seen = seen
        self._with_doubt = with_doubt
        self._indexes: dict[Speaker, list[int]] = {}
        self.walk_ = Walk()

    def walk(self, steps: Sequence[FlowStep], places: list[_Place]) -> list[_Place]:
        """Return the places that the steps can reach from `places`, in order."""
        for step in steps:
            places = self._branch(step, step.when, places) if step.when is not None else self._step(step, places)
        return places

    def _sightings(self, sought: Sought) -> Sequence[Sighting]:
        found = self._seen[id(sought)]
        if not self._with_doubt or not found.doubtful:
            return found.sure
        return sorted(found.sure + found.doubtful, key=lambda item: (item.utterance, item.start))

    def _step(self, step: FlowStep, places: list[_Place]) -> list[_Place]:
        if not step.optional:
            self.walk_.wanted_count += 1
        sightings = self._sightings(step)
        reached = self._reached(step, sightings, places)
        if step.optional or self._seen[id(step)].placeless:
            return _merged(reached, places)
        if not reached:
            self.walk_.missed.append(Missed(step, was_said=bool(sightings)))
            return places
        return reached

    def _reached(self, step: FlowStep, sightings: Sequence[Sighting], places: list[_Place]) -> list[_Place]:
        keys = [place.key for place in places]
        reached = []
        for sighting in sightings:
            at = bisect_right(keys, (sighting.utterance, sighting.start)) - 1
            # The nearest place before is the one from which a limit is kept, if it is kept from any.
            if at >= 0 and (not step.has_limit or self._is_in_time(step, sighting, places[at])):
                reached.append(_behind(sighting, places[at]))
        return _merged(reached, [])

    def _branch(self, step: FlowStep, when: Sought, places: list[_Place]) -> list[_Place]:
        triggers = self._sightings(when)
        if not triggers and not self._seen[id(when)].placeless:
            self.walk_.untaken |= any(not inner.optional for inner in step.then or ())
            return self.walk(step.otherwise or (), places)
        if not triggers:
            return self.walk(step.then or (), places)
        keys = [place.key for place in places]
        first = triggers[0]
        entered = []
        for trigger in triggers:
            at = bisect_right(keys, (trigger.utterance, trigger.start)) - 1
            if at >= 0:
                entered.append(_behind(trigger, places[at]))
        # Where the cue came first, the branch goes on from the step before it.
        entered += [
            _Place(place.utterance, place.end, place.time_s, place.length + 1, first, place)
            for place in places
            if place.key >= (first.utterance, first.end)
        ]
        return self.walk(step.then or (), _merged(entered, []))

    def _is_in_time(self, step: FlowStep, sighting: Sighting, place: _Place) -> bool:
        if step.within_utterances is not None and self._distance(sighting, place) <= step.within_utterances:
            return True
        if step.within_s is None:
            return False
        start_s = sighting.evidence.start_s
        if start_s is None or place.time_s is None or not self._scene.timing_reliable:
            self.walk_.untimed = True
            # Nobody knows, so that only the walk that heeds doubt may pass; another limit has decided, if given.
            return self._with_doubt and step.within_utterances is None
        return start_s - place.time_s <= step.within_s

    def _distance(self, sighting: Sighting, place: _Place) -> int:
        """Return how many utterances of the speaker lie behind a place up to a sighting, its own included."""
        speaker = _SPEAKERS.get(sighting.evidence.role or Role.UNKNOWN, Speaker.ANY)
        if speaker not in self._indexes:
            self._indexes[speaker] = [item.index for item in self._scene.said_by(speaker).utterances]
        indexes = self._indexes[speaker]
        return bisect_right(indexes, sighting.utterance) - bisect_right(indexes, place.utterance)


def _behind(sighting: Sighting, before: _Place) -> _Place:
    evidence = sighting.evidence
    time_s = evidence.end_s if evidence.end_s is not None else evidence.start_s
    return _Place(sighting.utterance, sighting.end, time_s, before.length + 1, sighting, before)


def _merged(one: list[_Place], other: list[_Place]) -> list[_Place]:
    """Return places in order, of those at one point the one with the fullest way."""
    best: dict[tuple[int, int], _Place] = {}
    for place in (*one, *other):
        known = best.get(place.key)
        if known is None or place.length > known.length:
            best[place.key] = place
    return [best[key] for key in sorted(best)]
