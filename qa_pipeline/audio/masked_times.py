"""When personal data is spoken: the spans that are masked in the words, in seconds of the recording. Pure.

Every doubt is decided for silence: where the words do not tell when something was said, the whole utterance counts.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from qa_pipeline.audio.intervals import Interval, Intervals, difference, intersection, union
from qa_pipeline.domain.transcript import Transcript, Utterance, Word
from qa_pipeline.errors import N_, TranscriptError
from qa_pipeline.privacy.digits import spells_digits
from qa_pipeline.privacy.finding import PersonalSpan
from qa_pipeline.privacy.kinds import Kind, Span
from qa_pipeline.privacy.masking import find_personal_spans

PADDING_S = 0.2
"""Silenced before and after: word times of recognisers are off by a tenth of a second or two."""

CLOCK_STEP_S = 1.0
"""Transcripts whose clock has whole seconds cut the rest off: what they write as 12 s may be at 12.9 s."""

SAME_DICTATION_S = 1.0
"""Pieces of personal data, and digits beside them, that lie nearer than this are one dictation."""

UNHEARD_S = 1.0
"""Nobody says six digits in less: shorter speech without words cannot hold a whole number."""


def masked_intervals(
    transcript: Transcript,
    duration_s: float,
    speech: Iterable[Interval] = (),
    keyed: Iterable[Interval] = (),
    lag_s: float = 0.0,
    known: Sequence[str] = (),
) -> Intervals:
    """Return the time to silence, so that nothing that the words mask can be heard.

    Silenced are the words under each span of personal data, from the first to the last of a number that is dictated
    over several turns; the word before and after a number ("four" is easily heard as "for"), and single digits beside
    it, of either speaker, because they may belong to it or repeat it; utterances that failed the checks against
    invented text; and speech that no utterance covers, because nobody knows what was said there. An utterance is
    silenced whole when its words do not make up the masked text or have no length.

    Parameters
    ----------
    transcript
        With the words as they were said, not masked.
    duration_s
        Length of the recording; nothing after it is returned.
    speech
        Where somebody speaks, on any channel.
    keyed
        Where keys are pressed: their tones spell numbers, so they are silenced too.
    lag_s
        How far the clocks of two files of one call may be apart; at least 0.
    known
        Names and references that the metadata of the contact give away.

    Returns
    -------
    tuple of (start_s, end_s)
        Sorted, disjoint.

    Raises
    ------
    TranscriptError
        When an utterance that holds personal data has no time.
    """
    clock = _Clock(transcript, duration_s)
    spans = find_personal_spans(transcript, known)
    numbers = [clock.interval_of(span) for span in spans if span.kind is not Kind.NAME]
    names = [clock.interval_of(span) for span in spans if span.kind is Kind.NAME]
    distrusted = [clock.whole(utterance) for utterance in transcript.utterances if not utterance.usable]
    found = [*_with_digits_beside(numbers, transcript.utterances), *names, *distrusted, *clock.unheard(speech), *keyed]
    padding_s = clock.padding_s + lag_s
    padded = ((start - padding_s, end + padding_s) for start, end in found)
    return intersection(union(padded), ((0.0, duration_s),))


class _Clock:
    """Tells when utterances and their parts were said."""

    def __init__(self, transcript: Transcript, duration_s: float) -> None:
        self._utterances = transcript.utterances
        self._duration_s = duration_s
        self._starts = sorted({item.start_s for item in transcript.utterances if item.start_s is not None})
        spans = [(item.start_s, item.end_s) for item in transcript.utterances]
        spans += [(word.start_s, word.end_s) for item in transcript.utterances for word in item.words]
        times = [float(time) for span in spans for time in span if time is not None]
        self.padding_s = CLOCK_STEP_S if all(time.is_integer() for time in times) else PADDING_S

    def interval_of(self, span: PersonalSpan) -> Interval:
        """Return the time from the first to the last piece of a span."""
        pieces = [
            _time_by_words(self._utterances[index], part) or self.whole(self._utterances[index])
            for index, part in span.parts
        ]
        return min(start for start, _ in pieces), max(end for _, end in pieces)

    def whole(self, utterance: Utterance) -> Interval:
        """Return the time of an utterance; one without an end lasts until the next begins."""
        start_s, end_s = utterance.start_s, utterance.end_s
        if start_s is None:
            raise TranscriptError(
                N_("The transcript does not say when utterance {number} is spoken, and it holds personal data."),
                hint=N_("Give a transcript with times, or leave it out so that the recording itself is recognised."),
                number=utterance.index + 1,
            )
        if end_s is None or end_s <= start_s:
            end_s = next((start for start in self._starts if start > start_s), self._duration_s)
        words = [time for word in utterance.words for time in (word.start_s, word.end_s)]
        return min([start_s, *words]), max([end_s, start_s + self.padding_s, *words])

    def unheard(self, speech: Iterable[Interval]) -> Iterator[Interval]:
        """Yield the speech that no utterance covers; nothing when some utterances have no time."""
        if any(utterance.start_s is None for utterance in self._utterances):
            return
        heard = [self.whole(utterance) for utterance in self._utterances if utterance.text.strip()]
        covered = ((start - self.padding_s, end + self.padding_s) for start, end in heard)
        yield from (
            (start, end) for start, end in difference(union(speech), union(covered)) if end - start >= UNHEARD_S
        )


def _time_by_words(utterance: Utterance, part: Span) -> Interval | None:
    """Return the time of the words under a part of the text, with a number's neighbours; None when they do not tell."""
    spoken = {place for place in range(part.start, part.end) if utterance.text[place].isalnum()}
    under: list[int] = []
    for number, (start, end) in enumerate(utterance.word_spans() or ()):
        if start < part.end and part.start < end:
            under.append(number)
            spoken.difference_update(range(start, end))
    if spoken or not under or any(_is_timeless(utterance.words[number]) for number in under):
        return None
    words = utterance.words[under[0] : under[-1] + 1]
    start_s, end_s = min(word.start_s for word in words), max(word.end_s for word in words)
    if part.kind is Kind.NAME:
        return start_s, end_s
    beside = [*utterance.words[under[0] - 1 : under[0]], *utterance.words[under[-1] + 1 : under[-1] + 2]]
    near = [word for word in beside if _gap_s((start_s, end_s), (word.start_s, word.end_s)) < SAME_DICTATION_S]
    return min([start_s, *(word.start_s for word in near)]), max([end_s, *(word.end_s for word in near)])


def _is_timeless(word: Word) -> bool:
    return not (math.isfinite(word.start_s) and word.start_s < word.end_s < math.inf)


def _gap_s(one: Interval, other: Interval) -> float:
    return max(one[0], other[0]) - min(one[1], other[1])


def _with_digits_beside(numbers: Sequence[Interval], utterances: Iterable[Utterance]) -> Intervals:
    """Return the numbers grown by the digits that stand beside them, and joined where they are one dictation."""
    digits = [
        (word.start_s, word.end_s) for utterance in utterances for word in utterance.words if spells_digits(word.text)
    ]
    joined = union([*numbers, *digits], join_gap_s=SAME_DICTATION_S)
    return tuple((start, end) for start, end in joined if any(start < b and a < end for a, b in numbers))
