"""Long calls in parts, which several workers recognise at once and of which a batch that was cut off keeps each.

What a call is cut into hangs on its speech alone, and cuts lie between windows: the words are those of the whole call.
The spans of a part are an artifact until the transcript is there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from qa_pipeline.domain.contact import Contact
from qa_pipeline.domain.listening import Listening
from qa_pipeline.domain.vocabulary import SpeechHints
from qa_pipeline.engines.options import SpeechOptions
from qa_pipeline.engines.transcribe import recognise_between, recognises_apart
from qa_pipeline.ports import RecognizedSpan
from qa_pipeline.stages.artifacts import Artifacts, name_of
from qa_pipeline.stages.fingerprint import fingerprint

STAGE = "spans"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartSpans:
    """Artifact of one part: what was recognised in it, in order."""

    spans: tuple[RecognizedSpan, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallParts:
    """The parts of one long call.

    ``transcribe``: the fingerprint of the transcript that they are for. ``edges_s``: where they begin, ascending, first
    0; a part has the windows that begin before the next one does.
    """

    contact: Contact
    listening: Listening
    options: SpeechOptions
    hints: SpeechHints
    transcribe: str
    edges_s: tuple[float, ...]

    @property
    def numbers(self) -> range:
        """The parts, from 0."""
        return range(len(self.edges_s))

    def missing(self, artifacts: Artifacts) -> tuple[int, ...]:
        """Return the parts that nobody has recognised yet."""
        return tuple(number for number in self.numbers if self._found(artifacts, number) is None)

    def recognise(self, artifacts: Artifacts, number: int) -> PartSpans:
        """Return what is said in a part, recognised where no artifact tells; raises as `transcribe`."""
        part = self._found(artifacts, number)
        if part is None:
            end_s = self.edges_s[number + 1] if number + 1 < len(self.edges_s) else None
            between = (self.edges_s[number], end_s)
            spans = recognise_between(self.contact, self.listening, self.options, self.hints, between)
            part = PartSpans(spans=spans)
            artifacts.write(part, STAGE, self._fingerprint(number))
        return part

    def spans(self, artifacts: Artifacts) -> tuple[RecognizedSpan, ...]:
        """Return what is said in the whole call."""
        return tuple(chain.from_iterable(self.recognise(artifacts, number).spans for number in self.numbers))

    def remove(self, artifacts: Artifacts) -> None:
        """Remove the artifacts: the transcript is there."""
        artifacts.remove(name_of(STAGE, self._fingerprint(number)) for number in self.numbers)

    def _found(self, artifacts: Artifacts, number: int) -> PartSpans | None:
        return artifacts.find(PartSpans, STAGE, self._fingerprint(number))

    def _fingerprint(self, number: int) -> str:
        return fingerprint(STAGE, transcribe=self.transcribe, edges_s=self.edges_s, number=number)


def parts_of(
    contact: Contact,
    listening: Listening,
    options: SpeechOptions,
    hints: SpeechHints,
    *,
    transcribe: str,
    part_s: float | None,
) -> CallParts | None:
    """Return the parts of a call, None where it is not long or cannot be recognised in parts.

    Parameters
    ----------
    part_s
        Seconds of speech that a part has at least; None: no call is long.

    Raises
    ------
    NeedsModel, EngineError
        As `transcribe` would, for a call that is long enough.
    """
    if part_s is None:
        return None
    edges_s = edges_of([span for channel in listening.channels for span in channel.spans], part_s)
    if len(edges_s) < 2 or not recognises_apart(contact, options):
        return None
    return CallParts(
        contact=contact, listening=listening, options=options, hints=hints, transcribe=transcribe, edges_s=edges_s
    )


def edges_of(spans: Sequence[tuple[float, float]], part_s: float) -> tuple[float, ...]:
    """Return where the parts of a call begin: as many as have `part_s` of the speech each, with equal shares of it.

    Parameters
    ----------
    spans
        Start and end of speech in seconds, of all channels in any order.
    """
    speech_s = sum(end - start for start, end in spans)
    count = max(1, int(speech_s / part_s))
    return tuple(dict.fromkeys(_edges(sorted(spans), speech_s / count, count)))


def _edges(spans: Sequence[tuple[float, float]], share_s: float, count: int) -> Iterator[float]:
    yield 0.0
    passed_s, number = 0.0, 1
    for start, end in spans:
        while number < count and passed_s + (end - start) > number * share_s:
            # Within a span too: one that is longer than a window is cut into windows that begin there.
            yield round(start + number * share_s - passed_s, 3)
            number += 1
        passed_s += end - start
