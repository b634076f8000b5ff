"""Recognised words corrected to the terms of the site, each replacement on record and reversible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from qa_pipeline.domain.transcript import Correction, Transcript, Utterance
from qa_pipeline.domain.vocabulary import Term
from qa_pipeline.scoring.match_text import has_chinese
from qa_pipeline.vocabulary.alike import Likeness, find_alike
from qa_pipeline.vocabulary.ordinary import is_ordinary_chinese, is_ordinary_english

CORRECTION_VERSION = 1
"""Raise it when the same terms correct otherwise."""

DOUBTFUL_BELOW, SURE_FROM = 0.5, 0.8
"""Confidence of the recogniser: below the first a place is no evidence for an ordinary word, from the second it is."""
_LONG_CHINESE, _LONG_ENGLISH, _VERY_ALIKE = 4, 8, 0.9


def correct(transcript: Transcript, terms: Sequence[Term]) -> Transcript:
    """Return a recognised transcript with wordings that mean a term replaced by it.

    `terms` are those that may stand in it (:meth:`Lexicon.terms_for`). Wordings that a term lists are always replaced;
    others when they sound like the term and are no ordinary words, or the recogniser doubted them. Spans that may be
    invented stay as they are. The merged word has the least confidence of those that it replaces.
    """
    corrections: list[Correction] = []
    utterances: list[Utterance] = []
    for utterance in transcript.utterances:
        corrected = utterance
        for found in find_corrections(utterance, terms) if utterance.usable else ():
            # Earlier replacements in the same utterance moved what stands behind them.
            moved = len(corrected.text) - len(utterance.text)
            corrected, correction = _put(corrected, found, found.start + moved)
            corrections.append(correction)
        utterances.append(corrected)
    return replace(transcript, utterances=tuple(utterances), corrections=transcript.corrections + tuple(corrections))


def undo(transcript: Transcript) -> Transcript:
    """Return the transcript as it was recognised, texts and words, with no corrections."""
    utterances = list(transcript.utterances)
    for correction in reversed(transcript.corrections):
        utterances[correction.utterance] = _without(utterances[correction.utterance], correction)
    return replace(transcript, utterances=tuple(utterances), corrections=())


def find_corrections(utterance: Utterance, terms: Sequence[Term]) -> tuple[Likeness, ...]:
    """Return what `correct` would replace in an utterance, in order, none overlapping."""
    places = utterance.word_spans() if utterance.words else None
    kept: list[Likeness] = []
    for found in sorted(
        find_alike(utterance.text, terms),
        key=lambda found: (not found.listed, -found.similarity, found.start - found.end, found.start),
    ):
        is_free = all(found.end <= other.start or other.end <= found.start for other in kept)
        if is_free and (found.listed or _may_replace(utterance, found, places)):
            kept.append(found)
    return tuple(sorted(kept, key=lambda found: found.start))


def _may_replace(utterance: Utterance, found: Likeness, places: Sequence[tuple[int, int]] | None) -> bool:
    confidence = _confidence(utterance, found, places)
    if confidence is not None and confidence < DOUBTFUL_BELOW:
        return True
    if not _is_ordinary(utterance.text, found.start, found.end):
        return True
    # By chance a long term is hardly ever sounded, so ordinary words give way unless the recogniser is sure of them.
    chinese = has_chinese(found.term.text)
    is_long = len(found.term.text) >= _LONG_CHINESE if chinese else " " in found.term.text.strip()
    is_long = is_long and (chinese or len(found.term.text) >= _LONG_ENGLISH)
    return is_long and found.similarity >= _VERY_ALIKE and (confidence is None or confidence < SURE_FROM)


def _is_ordinary(text: str, start: int, end: int) -> bool:
    if not has_chinese(text[start:end]):
        return is_ordinary_english(text[start:end])
    if is_ordinary_chinese(text[start:end]):
        return True
    # 发光电影: both characters belong to the words around them.
    return (
        end - start == 2
        and start > 0
        and end < len(text)
        and is_ordinary_chinese(text[start - 1 : start + 1])
        and is_ordinary_chinese(text[end - 1 : end + 1])
    )


def _confidence(utterance: Utterance, found: Likeness, places: Sequence[tuple[int, int]] | None) -> float | None:
    touched = _touched(places, found.start, found.end)
    known = [word.confidence for word in utterance.words[touched] if word.confidence is not None]
    return min(known, default=None)


def _touched(places: Sequence[tuple[int, int]] | None, start: int, end: int) -> slice:
    """Return which words lie at least partly in ``start:end``."""
    inside = [index for index, (first, last) in enumerate(places or ()) if first < end and start < last]
    return slice(inside[0], inside[-1] + 1) if inside else slice(0, 0)


def _put(utterance: Utterance, found: Likeness, start: int) -> tuple[Utterance, Correction]:
    text = utterance.text
    end = start + found.end - found.start
    term = found.term.text
    places = utterance.word_spans() if utterance.words else None
    touched = _touched(places, start, end)
    old = utterance.words[touched]
    words = utterance.words
    if places and old:
        first, last = places[touched.start][0], places[touched.stop - 1][1]
        known = [word.confidence for word in old if word.confidence is not None]
        merged = replace(
            old[0],
            text=text[min(first, start) : start] + term + text[end : max(last, end)],
            end_s=old[-1].end_s,
            confidence=min(known, default=None),
        )
        words = (*words[: touched.start], merged, *words[touched.stop :])
    correction = Correction(
        utterance=utterance.index,
        start=start,
        heard=text[start:end],
        term=term,
        similarity=found.similarity,
        first_word=touched.start,
        words=old,
    )
    return replace(utterance, text=text[:start] + term + text[end:], words=words), correction


def _without(utterance: Utterance, correction: Correction) -> Utterance:
    start, end = correction.start, correction.start + len(correction.term)
    text = utterance.text[:start] + correction.heard + utterance.text[end:]
    words = utterance.words
    if correction.words:
        place = correction.first_word
        words = words[:place] + correction.words + words[place + 1 :]
    return replace(utterance, text=text, words=words)
