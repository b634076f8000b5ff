"""Searching with doubt kept apart: hits that can be evidence, and hits that only might be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from qa_pipeline.detectors.params import Window
from qa_pipeline.detectors.scene import Scene, Seam, Speaker
from qa_pipeline.scoring.match import Hit, Passage, Phrase

# Deciding words that were recognised below this are no ground for a judgement.
WORD_CONFIDENCE_MIN = 0.5
# A whole phrase that came out of a draft is rarely chance (precision .93), so crediting it asks less than charging it.
DRAFT_CREDIT_CONFIDENCE_MIN = 0.3
# One misheard word makes a forbidden phrase of a friendly one ("how can I help you" came out as "cannot help you"), so
# a draft charges only when its least certain word reaches this. Of two to four words in a row that do so in the demo's
# calls as pocketsphinx heard them, 95 to 97 % were right word for word; by a mean of .6 it was 85 to 95 %, the longer
# the fewer.
DRAFT_CHARGE_CONFIDENCE_MIN = 0.6

Finder = Callable[[Passage], tuple[Hit, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Hits of one search: ``sure`` inside the window, ``outside`` of it, and ``doubtful``.

    ``reported``: hits that are sure but not the speaker's own words, where somebody set them apart.
    """

    sure: tuple[Hit, ...] = ()
    outside: tuple[Hit, ...] = ()
    doubtful: tuple[Hit, ...] = ()
    reported: tuple[Hit, ...] = ()

    @property
    def confidence(self) -> float:
        """How well the sure hits were recognised and matched, 0-1; 1 without any."""
        return min((hit.likeness * _confidence_or_sure(hit) for hit in self.sure), default=1.0)


def search(
    scene: Scene, speaker: Speaker, find: Finder, *, window: Window | None = None, charges: bool = False
) -> Found:
    """Search what `speaker` said.

    A hit is doubtful when its speaker is unknown, its span cannot be evidence, its words were recognised with low
    confidence, or the window asks for a time that the transcript cannot tell. `charges`: a hit counts against
    somebody, so that a draft must have recognised every word of it well.
    """
    passage = scene.said_by(speaker)
    sure: list[Hit] = []
    outside: list[Hit] = []
    doubtful = list(find(scene.doubtful_by(speaker)))
    for hit in find(passage):
        inside = _is_inside(hit, window, passage, scene) if window else True
        if inside is None or _is_badly_heard(hit, is_draft=scene.is_draft, charges=charges):
            doubtful.append(hit)
        elif inside:
            sure.append(hit)
        else:
            outside.append(hit)
    return Found(sure=tuple(sure), outside=tuple(outside), doubtful=tuple(doubtful))


def search_across(scene: Scene, speaker: Speaker, find: Finder, found: Found, *, window: Window) -> Found:
    """Return `found`, where nothing was found with doubtful hits that run on from one utterance into the next.

    The hit is the longer of the two parts, since a quote stands in one utterance. `find` must go by words alone.
    """
    if found.sure or found.outside or found.doubtful:
        return found
    seams, joined = scene.seams_of(speaker)
    parts = [part for hit in find(joined) for part in _longer_part(hit, seams[hit.place])]
    passage = scene.said_by(speaker)
    return replace(found, doubtful=tuple(hit for hit in parts if _is_inside(hit, window, passage, scene) is not False))


def _longer_part(hit: Hit, seam: Seam) -> Iterator[Hit]:
    """Yield the longer part of a hit that lies on both sides of a seam."""
    if hit.start < seam.end and seam.start < hit.end:
        if seam.end - hit.start >= hit.end - seam.start:
            start, end = hit.start + seam.cut, seam.end + seam.cut
            yield replace(hit, utterance=seam.first, place=seam.place, start=start, end=end)
        else:
            yield replace(hit, utterance=seam.second, place=seam.place + 1, start=0, end=hit.end - seam.start)


def reported_apart(scene: Scene, speaker: Speaker, found: Found) -> Found:
    """Return `found` with the sure hits apart in which `speaker` quotes, reports or denies something.

    An agent who repeats what a customer complains of has not said it to the customer.
    """
    if not found.sure:
        return found
    speech = scene.reported_by(speaker)
    reported = tuple(hit for hit in found.sure if speech.covers(hit))
    return replace(found, sure=tuple(hit for hit in found.sure if hit not in reported), reported=reported)


def phrase_finder(phrases: tuple[Phrase, ...], unless: tuple[Phrase, ...] = (), *, tolerant: bool) -> Finder:
    """Return a finder of `phrases`; a hit that overlaps a hit of `unless` does not count."""
    return lambda passage: passage.find_all(phrases, tolerant=tolerant, unless=unless)


def words_confidence(hit: Hit) -> float | None:
    """Return the mean confidence of the words under a hit, else of its utterance, None when nobody knows."""
    known = _known_confidences(hit)
    return sum(known) / len(known) if known else None


def _confidence_or_sure(hit: Hit) -> float:
    """Return the mean confidence of the words under a hit, 1 where nobody doubts them."""
    known = words_confidence(hit)
    return 1.0 if known is None else known


def _known_confidences(hit: Hit) -> list[float]:
    """Return the confidences of the words under a hit, else that of its utterance; empty when nobody knows."""
    known = [
        word.confidence
        for word, (start, end) in zip(hit.utterance.words, hit.utterance.word_spans() or (), strict=False)
        if word.confidence is not None and start < hit.end and end > hit.start
    ]
    if not known and hit.utterance.confidence is not None:
        return [hit.utterance.confidence]
    return known


def _is_badly_heard(hit: Hit, *, is_draft: bool, charges: bool) -> bool:
    if is_draft and charges:
        return min(_known_confidences(hit), default=1.0) < DRAFT_CHARGE_CONFIDENCE_MIN
    confidence = words_confidence(hit)
    return confidence is not None and confidence < (DRAFT_CREDIT_CONFIDENCE_MIN if is_draft else WORD_CONFIDENCE_MIN)


def _is_inside(hit: Hit, window: Window, passage: Passage, scene: Scene) -> bool | None:
    """Whether a hit lies in the window; None when only a missing time could tell."""
    if window.is_open:
        return True
    by_place = window.within_utterances is not None and hit.place < window.within_utterances
    by_end = window.in_last_utterances is not None and hit.place >= len(passage.utterances) - window.in_last_utterances
    if by_place or by_end:
        return True
    if window.within_s is None:
        return False
    if hit.utterance.start_s is None or not scene.timing_reliable:
        counted = window.within_utterances is not None or window.in_last_utterances is not None
        return False if counted else None
    return hit.utterance.start_s <= window.within_s
